//! `PutSigningConfiguration`, `GetSigningConfiguration`, `DeleteSigningConfiguration`: with which profiles pushes are
//! signed. Each acts on later pushes only; signatures stay.
//!
//! Whether a profile exists is not asked; it has to be in the region of the registry.
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutSigningConfiguration.html>

use std::sync::Arc;

use crate::registry::context::Context;
use crate::registry::errors::{InvalidParameter, SigningConfigurationNotFound, SigningProfileElsewhere};
use crate::registry::signing::{SigningConfiguration, SigningProfileArn};
use crate::registry::state::Registry;

/// The configuration as it is, or was before it was deleted.
pub type Output = Arc<SigningConfiguration>;

/// Why a configuration is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A profile is of another region.
    #[error(transparent)]
    Elsewhere(#[from] SigningProfileElsewhere),
    /// Too many rules or filters.
    #[error(transparent)]
    InvalidParameter(#[from] InvalidParameter),
}

/// Replaces the whole configuration.
pub fn put(registry: &mut Registry, _cx: &mut Context<'_>, signing: SigningConfiguration) -> Result<Output, Error> {
    check(registry, &signing)?;
    let signing = Arc::new(signing);
    registry.signing = Some(Arc::clone(&signing));
    Ok(signing)
}

/// Says whether the registry can have this configuration.
pub(in crate::registry) fn check(registry: &Registry, signing: &SigningConfiguration) -> Result<(), Error> {
    signing.check(registry.quotas())?;
    let region = &registry.key().region;
    let is_elsewhere = |profile: &&SigningProfileArn| profile.region() != region.as_str();
    let mut profiles = signing.rules.iter().map(|rule| &rule.signing_profile_arn);
    match profiles.find(is_elsewhere) {
        None => Ok(()),
        Some(profile) => {
            Err(SigningProfileElsewhere { signing_profile_arn: profile.clone(), region: region.clone() }.into())
        }
    }
}

/// Tells the configuration.
pub fn get(registry: &Registry) -> Result<Output, SigningConfigurationNotFound> {
    let not_found = || SigningConfigurationNotFound { registry_id: registry.id() };
    registry.signing().cloned().ok_or_else(not_found)
}

/// Takes the configuration away.
pub fn delete(registry: &mut Registry, _cx: &mut Context<'_>) -> Result<Output, SigningConfigurationNotFound> {
    let signing = get(registry)?;
    registry.signing = None;
    Ok(signing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::signing::SigningRule;
    use crate::registry::testing::{registry, with};

    fn of(region: &str) -> SigningConfiguration {
        let arn = format!("arn:aws:signer:{region}:999999999999:/signing-profiles/release");
        SigningConfiguration { rules: vec![SigningRule { signing_profile_arn: arn.parse().unwrap(), filters: vec![] }] }
    }

    #[test]
    fn c_198_c_199_a_configuration_is_put_told_and_deleted() {
        let mut registry = registry();
        let text = "Signing configuration does not exist in the registry with id '123456789012'";
        assert_eq!(get(&registry).unwrap_err().to_string(), text);
        assert_eq!(with(|cx| delete(&mut registry, cx)).unwrap_err().to_string(), text);
        for signing in [of("us-east-1"), SigningConfiguration::default()] {
            assert_eq!(*with(|cx| put(&mut registry, cx, signing.clone())).unwrap(), signing);
            assert_eq!(*get(&registry).unwrap(), signing);
        }
        assert_eq!(*with(|cx| delete(&mut registry, cx)).unwrap(), SigningConfiguration::default());
        assert!(get(&registry).is_err());
    }

    #[test]
    fn c_197_unconfirmed_a_profile_is_in_the_region_of_the_registry() {
        let mut registry = registry();
        let refused = with(|cx| put(&mut registry, cx, of("eu-west-1"))).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "The signing profile 'arn:aws:signer:eu-west-1:999999999999:/signing-profiles/release' must be in the Region \
             'us-east-1' of the registry"
        );
        assert!(get(&registry).is_err());
    }
}
