//! Seeding of a registry's settings: policy, templates, account settings, scanning, signing, exclusions.
//!
//! Each function makes a setting be so, and says whether it was. What a caller of the operation would be asked besides,
//! such as not to lock itself out, is not asked.

use std::sync::Arc;

use super::{Change, Error};
use crate::registry::account_settings::{AccountSettings, BlobMounting};
use crate::registry::errors::{InvalidParameter, LimitExceeded, Limited};
use crate::registry::ops::signing_configuration;
use crate::registry::policy::iam::{PolicyDocument, RegistryPolicyScope};
use crate::registry::scanning::{RegistryScanning, ScanningConfiguration};
use crate::registry::signing::SigningConfiguration;
use crate::registry::state::Registry;
use crate::registry::templates::Template;
use crate::registry::types::{Arn, Timestamp};

/// Account settings to have; what is absent stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SeedAccountSettings {
    /// Whether blobs are mounted from other repositories.
    pub blob_mounting: Option<BlobMounting>,
    /// Which actions the registry's policy governs. Unlike a call, a seed can go back to V1.
    pub registry_policy_scope: Option<RegistryPolicyScope>,
}

/// Makes this the registry's policy.
pub fn policy(registry: &mut Registry, policy: PolicyDocument) -> Change {
    match registry.policy.replace(policy) {
        None => Change::Created,
        Some(former) if registry.policy.as_ref() == Some(&former) => Change::Unchanged,
        Some(_) => Change::Updated,
    }
}

/// Makes a template be there; its times are those of the one that its prefix has, or now.
pub fn template(registry: &mut Registry, now: Timestamp, mut template: Template) -> Result<Change, Error> {
    registry.quotas().check_resource_tags(template.resource_tags.as_slice().len())?;
    if let Some(policy) = &template.lifecycle_policy {
        registry.quotas().check_lifecycle_policy(policy)?;
    }
    let present = registry.template(&template.prefix).ok().cloned();
    let Some(present) = present else {
        let (templates, most) = (registry.templates.len(), registry.quotas().creation_templates_per_registry);
        registry.check_room(Limited::CreationTemplates, templates, most)?;
        (template.created_at, template.updated_at) = (now, now);
        registry.put_template(Arc::new(template));
        return Ok(Change::Created);
    };
    (template.created_at, template.updated_at) = (present.created_at, present.updated_at);
    if *present == template {
        return Ok(Change::Unchanged);
    }
    template.updated_at = now;
    registry.put_template(Arc::new(template));
    Ok(Change::Updated)
}

/// Gives the account these settings.
pub fn account_settings(registry: &mut Registry, seed: SeedAccountSettings) -> Change {
    let former = registry.account_settings;
    registry.account_settings = AccountSettings {
        blob_mounting: seed.blob_mounting.unwrap_or(former.blob_mounting),
        registry_policy_scope: seed.registry_policy_scope.unwrap_or(former.registry_policy_scope),
    };
    if registry.account_settings == former { Change::Unchanged } else { Change::Updated }
}

/// Makes this the scanning configuration. It was always there, so it is never created.
pub fn scanning(
    registry: &mut Registry,
    now: Timestamp,
    configuration: ScanningConfiguration,
) -> Result<Change, InvalidParameter> {
    configuration.check(registry.quotas())?;
    let former = registry.scanning();
    if former.configuration == configuration {
        return Ok(Change::Unchanged);
    }
    let same_type = former.configuration.scan_type() == configuration.scan_type();
    let type_since = if same_type { former.type_since } else { now };
    registry.scanning = Arc::new(RegistryScanning { configuration, type_since });
    Ok(Change::Updated)
}

/// Makes this the signing configuration.
pub fn signing(
    registry: &mut Registry,
    configuration: SigningConfiguration,
) -> Result<Change, signing_configuration::Error> {
    signing_configuration::check(registry, &configuration)?;
    Ok(match registry.signing.replace(Arc::new(configuration)) {
        None => Change::Created,
        Some(former) if registry.signing.as_ref() == Some(&former) => Change::Unchanged,
        Some(_) => Change::Updated,
    })
}

/// Makes a user or role be one whose pulls are not recorded.
pub fn pull_time_exclusion(registry: &mut Registry, now: Timestamp, principal: Arn) -> Result<Change, LimitExceeded> {
    let exclusions = &registry.pull_time_exclusions.0;
    if exclusions.contains_key(&principal) {
        return Ok(Change::Unchanged);
    }
    registry.check_room(Limited::PullTimeExclusions, exclusions.len(), registry.quotas().pull_time_exclusions)?;
    registry.pull_time_exclusions.0.insert(principal, now);
    Ok(Change::Created)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::encryption::Encryption;
    use crate::registry::policy::iam::PolicyKind;
    use crate::registry::quotas::Quotas;
    use crate::registry::scanning::ScanType;
    use crate::registry::signing::SigningRule;
    use crate::registry::templates::AppliedFor;
    use crate::registry::testing::{ACTIONS, NOON, registry};
    use crate::registry::{ResourceTags, TagMutability};

    const LATER: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    fn bare_template() -> Template {
        Template {
            prefix: "prod".parse().unwrap(),
            description: None,
            encryption: Encryption::default(),
            resource_tags: ResourceTags::default(),
            tag_mutability: TagMutability::default(),
            repository_policy: None,
            lifecycle_policy: None,
            applied_for: vec![AppliedFor::Replication],
            custom_role_arn: None,
            created_at: Timestamp::EPOCH,
            updated_at: Timestamp::EPOCH,
        }
    }

    fn signing_in(region: &str) -> SigningConfiguration {
        let arn = format!("arn:aws:signer:{region}:123456789012:/signing-profiles/release");
        SigningConfiguration { rules: vec![SigningRule { signing_profile_arn: arn.parse().unwrap(), filters: vec![] }] }
    }

    #[test]
    fn settings_are_as_seeded_and_the_second_time_changes_nothing() {
        let mut registry = registry();
        let text = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"999999999999"},
            "Action":"ecr:ReplicateImage","Resource":"*"}]}"#;
        let document = registry.read_policy(PolicyKind::Registry, text, ACTIONS).unwrap();
        let enhanced = ScanningConfiguration::new(ScanType::Enhanced, vec![]).unwrap();
        let settings = SeedAccountSettings {
            blob_mounting: Some(BlobMounting::Enabled),
            registry_policy_scope: Some(RegistryPolicyScope::V1),
        };
        let role: Arn = "arn:aws:iam::123456789012:role/ci".parse().unwrap();
        for (now, created, updated) in
            [(NOON, Change::Created, Change::Updated), (LATER, Change::Unchanged, Change::Unchanged)]
        {
            assert_eq!(policy(&mut registry, document.clone()), created);
            assert_eq!(template(&mut registry, now, bare_template()).unwrap(), created);
            assert_eq!(account_settings(&mut registry, settings), updated);
            assert_eq!(scanning(&mut registry, now, enhanced.clone()).unwrap(), updated);
            assert_eq!(signing(&mut registry, signing_in("us-east-1")).unwrap(), created);
            assert_eq!(pull_time_exclusion(&mut registry, now, role.clone()).unwrap(), created);
        }
        assert_eq!(registry.scanning().type_since, NOON);
        assert_eq!(registry.account_settings().registry_policy_scope, RegistryPolicyScope::V1);
        let described = Template { description: Some("new".to_owned()), ..bare_template() };
        assert_eq!(template(&mut registry, LATER, described).unwrap(), Change::Updated);
        let kept = registry.template(&"prod".parse().unwrap()).unwrap();
        assert_eq!((kept.created_at, kept.updated_at), (NOON, LATER));
        assert_eq!(account_settings(&mut registry, SeedAccountSettings::default()), Change::Unchanged);
    }

    #[test]
    fn d_034_quotas_hold_for_seeds_too() {
        let quotas = Quotas {
            creation_templates_per_registry: 0,
            signing_rules: 0,
            pull_time_exclusions: 0,
            ..Quotas::default()
        };
        let mut registry = registry().with_quotas(Arc::new(quotas));
        assert!(matches!(template(&mut registry, NOON, bare_template()), Err(Error::LimitExceeded(_))));
        assert!(signing(&mut registry, signing_in("us-east-1")).is_err());
        let role = "arn:aws:iam::123456789012:role/ci".parse().unwrap();
        assert!(pull_time_exclusion(&mut registry, NOON, role).is_err());
        assert!(registry.templates.is_empty() && registry.signing().is_none());
    }

    #[test]
    fn c_197_unconfirmed_a_seeded_profile_is_in_the_region_of_the_registry() {
        assert!(signing(&mut registry(), signing_in("eu-west-1")).is_err());
    }
}
