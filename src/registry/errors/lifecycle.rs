//! Errors about lifecycle policies and their previews.

use crate::registry::types::{AccountId, RepositoryName};

/// The repository has no lifecycle policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "Lifecycle policy does not exist for the repository with name '{repository}' in the registry with id \
     '{registry_id}'"
)]
pub struct LifecyclePolicyNotFound {
    /// The repository.
    pub repository: RepositoryName,
    /// Its registry.
    pub registry_id: AccountId,
}

/// There never was a preview in the repository. Unconfirmed text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "Lifecycle policy preview does not exist for the repository with name '{repository}' in the registry with id \
     '{registry_id}'"
)]
pub struct LifecyclePolicyPreviewNotFound {
    /// The repository.
    pub repository: RepositoryName,
    /// Its registry.
    pub registry_id: AccountId,
}

/// The repository's last preview has not ended yet. Unconfirmed text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "Lifecycle policy preview is already in progress for the repository with name '{repository}' in the registry with \
     id '{registry_id}'"
)]
pub struct LifecyclePolicyPreviewInProgress {
    /// The repository.
    pub repository: RepositoryName,
    /// Its registry.
    pub registry_id: AccountId,
}
