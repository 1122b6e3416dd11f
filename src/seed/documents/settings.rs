//! Settings of a registry: the account's, scanning, signing, and principals whose pulls are not recorded.

use super::{Ground, parse, principal};
use crate::proto;
use crate::registry::errors::SigningProfileElsewhere;
use crate::registry::policy::iam::RegistryPolicyScope;
use crate::registry::scanning::{ScanFilter, ScanFrequency, ScanType, ScanningConfiguration, ScanningRule};
use crate::registry::seeding::SeedAccountSettings;
use crate::registry::signing::{SigningConfiguration, SigningFilter, SigningProfileArn, SigningRule};
use crate::registry::types::{Arn, RegistryKey};
use crate::registry::{BlobMounting, limits};
use crate::seed::violation::Place;

/// Checks account settings.
pub(super) fn account_settings(document: &proto::AccountSettingsDocument, place: &Place<'_>) -> SeedAccountSettings {
    let place = place.member("account_settings");
    let one_of = |member, value: Option<&String>, names: &[&str]| {
        let found = names.iter().position(|name| Some(*name) == value.map(String::as_str));
        if value.is_some() && found.is_none() {
            place.member(member).refuse(format_args!("must be {}", names.join(" or ")));
        }
        found
    };
    let blob_mounting = one_of("blob_mounting", document.blob_mounting.as_ref(), &["DISABLED", "ENABLED"]);
    let scope = one_of("registry_policy_scope", document.registry_policy_scope.as_ref(), &["V1", "V2"]);
    one_of("basic_scan_type_version", document.basic_scan_type_version.as_ref(), &["AWS_NATIVE"]);
    SeedAccountSettings {
        blob_mounting: blob_mounting.map(|at| [BlobMounting::Disabled, BlobMounting::Enabled][at]),
        registry_policy_scope: scope.map(|at| [RegistryPolicyScope::V1, RegistryPolicyScope::V2][at]),
    }
}

/// Checks a scanning configuration.
pub(super) fn scanning(
    document: &proto::ScanningDocument,
    place: &Place<'_>,
    ground: &Ground<'_>,
) -> Option<ScanningConfiguration> {
    let place = place.member("scanning");
    let scan_type = document.scan_type.as_deref().map_or(Some(ScanType::default()), |name| {
        let known = ScanType::ALL.into_iter().find(|scan_type| scan_type.as_str() == name);
        place.member("scan_type").accept(known.ok_or("must be BASIC or ENHANCED"))
    });
    let mut is_complete = true;
    let rules = place.each("rules", &document.rules, |rule, place| {
        let known = ScanFrequency::ALL.into_iter().find(|frequency| frequency.as_str() == rule.scan_frequency);
        let known = known.ok_or("must be one of `SCAN_ON_PUSH`, `CONTINUOUS_SCAN` and `MANUAL`");
        let scan_frequency = place.member("scan_frequency").accept(known);
        let filters =
            place.each("repository_filters", &rule.repository_filters, |text, place| parse::<ScanFilter>(text, place));
        is_complete &= scan_frequency.is_some() && filters.len() == rule.repository_filters.len();
        Some(ScanningRule { scan_frequency: scan_frequency?, filters })
    });
    if !is_complete {
        return None;
    }
    let configuration = ScanningConfiguration::new(scan_type?, rules);
    let checked = configuration.and_then(|configuration| {
        configuration.check(&ground.quotas)?;
        Ok(configuration)
    });
    place.accept(checked.map_err(|error| error.constraint))
}

/// Checks the signing configuration of a registry, which is absent if it was refused.
pub(super) fn signing(
    document: &proto::SigningDocument,
    place: &Place<'_>,
    registry: Option<&RegistryKey>,
    ground: &Ground<'_>,
) -> Option<SigningConfiguration> {
    let place = place.member("signing");
    let rules = place.each("rules", &document.rules, |rule, place| {
        let member = place.member("signing_profile_arn");
        let signing_profile_arn = parse::<SigningProfileArn>(&rule.signing_profile_arn, &member).and_then(|profile| {
            let region = registry.map(|registry| registry.region.clone());
            match region.filter(|region| region.as_str() != profile.region()) {
                None => Some(profile),
                Some(region) => {
                    member.refuse(SigningProfileElsewhere { signing_profile_arn: profile, region });
                    None
                }
            }
        });
        let filters = place
            .each("repository_filters", &rule.repository_filters, |text, place| parse::<SigningFilter>(text, place));
        Some(SigningRule { signing_profile_arn: signing_profile_arn?, filters })
    });
    let configuration = SigningConfiguration { rules };
    place.accept(configuration.check(&ground.quotas).map_err(|error| error.constraint))?;
    Some(configuration)
}

/// Checks a user or role whose pulls are not to be recorded.
pub(super) fn pull_time_exclusion(text: &str, place: &Place<'_>) -> Option<Arn> {
    if text.chars().count() > limits::PRINCIPAL_ARN_CHARACTERS {
        place.refuse(format_args!("must have length less than or equal to {}", limits::PRINCIPAL_ARN_CHARACTERS));
        return None;
    }
    principal::arn(text, place).map(|(arn, _)| arn)
}
