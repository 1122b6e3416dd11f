//! `GetLifecyclePolicy`: a repository's lifecycle policy, and when it was last applied.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetLifecyclePolicy.html>

use crate::registry::errors::{LifecyclePolicyNotFound, RepositoryNotFound};
use crate::registry::lifecycle::StoredLifecyclePolicy;
use crate::registry::state::Registry;
use crate::registry::types::RepositoryName;

/// Whose policy.
#[derive(Clone, Debug)]
pub struct Input {
    /// The repository.
    pub repository: RepositoryName,
}

/// The policy.
#[derive(Clone, Debug)]
pub struct Output {
    /// It, and when it was last applied.
    pub stored: StoredLifecyclePolicy,
}

/// What can go wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No such repository.
    #[error(transparent)]
    RepositoryNotFound(#[from] RepositoryNotFound),
    /// It has no policy.
    #[error(transparent)]
    NotFound(#[from] LifecyclePolicyNotFound),
}

/// Looks the policy up.
pub fn apply(registry: &Registry, input: &Input) -> Result<Output, Error> {
    let stored = registry.repository(&input.repository)?.lifecycle_policy().cloned();
    let not_found = || LifecyclePolicyNotFound { repository: input.repository.clone(), registry_id: registry.id() };
    Ok(Output { stored: stored.ok_or_else(not_found)? })
}
