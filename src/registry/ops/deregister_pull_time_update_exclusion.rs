//! `DeregisterPullTimeUpdateExclusion`: from now on pulls of this principal are recorded again.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DeregisterPullTimeUpdateExclusion.html>

use crate::registry::context::Context;
use crate::registry::errors::ExclusionNotFound;
use crate::registry::state::Registry;
use crate::registry::types::Arn;

/// Whom to take off the list.
#[derive(Clone, Debug)]
pub struct Input {
    /// A user or role, as it was registered.
    pub principal_arn: Arn,
}

/// Who was taken off.
#[derive(Clone, Debug)]
pub struct Output {
    /// The user or role.
    pub principal_arn: Arn,
}

/// Takes the principal off the list.
pub fn apply(registry: &mut Registry, _cx: &mut Context<'_>, input: &Input) -> Result<Output, ExclusionNotFound> {
    let principal_arn = input.principal_arn.clone();
    match registry.pull_time_exclusions.0.remove(&input.principal_arn) {
        Some(_) => Ok(Output { principal_arn }),
        None => Err(ExclusionNotFound { principal_arn, registry_id: registry.id() }),
    }
}
