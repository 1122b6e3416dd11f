//! Errors about the settings of an account: named settings, and principals whose pulls are not recorded.

use crate::registry::types::{AccountId, Arn};

/// An account setting is unknown or cannot have a value. `ValidationException`. Unconfirmed exception and texts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAccountSetting {
    /// No setting has this name.
    #[error("The account setting name '{name}' is not valid. Valid names are [{}].", valid.join(", "))]
    Name {
        /// Name that was given.
        name: String,
        /// Names that there are.
        valid: Vec<&'static str>,
    },
    /// The setting cannot be given this value.
    #[error("The value '{value}' is not valid for the account setting '{name}'. Valid values are [{}].", valid.join(", "))]
    Value {
        /// Name of the setting.
        name: &'static str,
        /// Value that was given.
        value: String,
        /// Values that it can be given.
        valid: &'static [&'static str],
    },
}

/// The principal is excluded already. Unconfirmed text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "The pull time update exclusion for the principal with ARN '{principal_arn}' already exists in the registry with id \
     '{registry_id}'"
)]
pub struct ExclusionAlreadyExists {
    /// The principal.
    pub principal_arn: Arn,
    /// The registry.
    pub registry_id: AccountId,
}

/// The principal is not excluded. Unconfirmed text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "The pull time update exclusion for the principal with ARN '{principal_arn}' does not exist in the registry with id \
     '{registry_id}'"
)]
pub struct ExclusionNotFound {
    /// The principal.
    pub principal_arn: Arn,
    /// The registry.
    pub registry_id: AccountId,
}
