//! Errors about repository creation templates.

use crate::registry::types::{AccountId, TemplatePrefix};

/// The prefix has a template already. Unconfirmed text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "The repository creation template with the prefix '{prefix}' already exists in the registry with id '{registry_id}'"
)]
pub struct TemplateAlreadyExists {
    /// The prefix as given.
    pub prefix: TemplatePrefix,
    /// The registry.
    pub registry_id: AccountId,
}

/// The prefix has no template. The end of the text is unconfirmed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "The repository creation template with the prefix '{prefix}' does not exist in the registry with id '{registry_id}'"
)]
pub struct TemplateNotFound {
    /// The prefix as given.
    pub prefix: TemplatePrefix,
    /// The registry.
    pub registry_id: AccountId,
}

/// A repository cannot be created, since its template has a KMS key or resource tags and names no role that could set
/// them. That creation fails is documented; name and text of the error are unconfirmed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "The repository creation template with the prefix '{prefix}' in the registry with id '{registry_id}' must specify a \
     customRoleArn to create repositories with KMS encryption or resource tags"
)]
pub struct TemplateRoleMissing {
    /// Prefix of the template.
    pub prefix: TemplatePrefix,
    /// The registry.
    pub registry_id: AccountId,
}
