//! Errors about the policies of repositories and of the registry.

use crate::registry::types::{AccountId, RepositoryName};

/// The repository has no policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "Repository policy does not exist for the repository with name '{repository}' in the registry with id \
     '{registry_id}'"
)]
pub struct RepositoryPolicyNotFound {
    /// The repository.
    pub repository: RepositoryName,
    /// Its registry.
    pub registry_id: AccountId,
}

/// The registry has no policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Registry policy does not exist in the registry with id '{registry_id}'")]
pub struct RegistryPolicyNotFound {
    /// The registry.
    pub registry_id: AccountId,
}
