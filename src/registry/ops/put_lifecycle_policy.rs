//! `PutLifecyclePolicy`: sets a repository's lifecycle policy. Nothing is deleted or archived by the call itself.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutLifecyclePolicy.html>

use crate::registry::context::Context;
use crate::registry::errors::{InvalidParameter, RepositoryNotFound};
use crate::registry::lifecycle::StoredLifecyclePolicy;
use crate::registry::policy::lifecycle::{LifecyclePolicy, LifecyclePolicyError};
use crate::registry::state::Registry;
use crate::registry::types::RepositoryName;

/// The new policy.
#[derive(Clone, Debug)]
pub struct Input {
    /// The repository.
    pub repository: RepositoryName,
    /// The policy, read before the world's writer is entered; if it is none, that shows after the repository's existence.
    pub policy: Result<LifecyclePolicy, LifecyclePolicyError>,
}

/// The policy as it is kept.
#[derive(Clone, Debug)]
pub struct Output {
    /// The policy; its text is minified.
    pub policy: LifecyclePolicy,
}

/// What can go wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No such repository.
    #[error(transparent)]
    RepositoryNotFound(#[from] RepositoryNotFound),
    /// The text is no lifecycle policy.
    #[error(transparent)]
    InvalidParameter(#[from] InvalidParameter),
}

/// Sets the policy in place of any other. It counts as never evaluated (unconfirmed for the policy that was there before).
pub fn apply(registry: &mut Registry, _cx: &mut Context<'_>, input: Input) -> Result<Output, Error> {
    registry.repository(&input.repository)?;
    let policy = input.policy.map_err(|error| invalid(&error))?;
    registry.quotas().check_lifecycle_policy(&policy)?;
    let policy = policy.into_minified();
    let stored = StoredLifecyclePolicy { policy: policy.clone(), last_evaluated_at: None };
    registry.repository_mut(&input.repository)?.lifecycle_mut().policy = Some(stored);
    Ok(Output { policy })
}

/// The refusal of a text that is no policy. Its member begins with a capital, unlike that of a text of a wrong length.
pub(super) fn invalid(error: &LifecyclePolicyError) -> InvalidParameter {
    InvalidParameter::new("LifecyclePolicyText", error.to_string())
}
