//! Errors about signing configurations. Both texts are unconfirmed.

use crate::registry::signing::SigningProfileArn;
use crate::registry::types::{AccountId, Region};

/// The registry has no signing configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Signing configuration does not exist in the registry with id '{registry_id}'")]
pub struct SigningConfigurationNotFound {
    /// The registry.
    pub registry_id: AccountId,
}

/// A profile is in another region than the registry. `ValidationException`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("The signing profile '{signing_profile_arn}' must be in the Region '{region}' of the registry")]
pub struct SigningProfileElsewhere {
    /// The profile.
    pub signing_profile_arn: SigningProfileArn,
    /// Region of the registry.
    pub region: Region,
}
