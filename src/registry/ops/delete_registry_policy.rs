//! `DeleteRegistryPolicy`: takes the registry's policy away.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DeleteRegistryPolicy.html>

use crate::registry::context::Context;
use crate::registry::errors::RegistryPolicyNotFound;
use crate::registry::policy::iam::PolicyDocument;
use crate::registry::state::Registry;

/// What was deleted.
#[derive(Clone, Debug)]
pub struct Output {
    /// The policy that the registry had.
    pub policy: PolicyDocument,
}

/// Deletes the policy.
pub fn apply(registry: &mut Registry, _cx: &mut Context<'_>) -> Result<Output, RegistryPolicyNotFound> {
    let registry_id = registry.id();
    let policy = registry.policy.take().ok_or(RegistryPolicyNotFound { registry_id })?;
    Ok(Output { policy })
}
