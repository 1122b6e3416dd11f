//! Managed signing: a registry's configuration, and how the signing of an image by each profile goes.
//!
//! Nothing is signed here, and no signature is stored: the statuses are told, the artifact is not made.
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/userguide/managed-signing.html>

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::errors::InvalidParameter;
use super::quotas::{Quotas, check_list};
use super::repository_filter::has_filter_form;
use super::stars::matches_whole;
use super::state::Registry;
use super::types::{AccountId, Digest, InvalidName, RepositoryName};
use super::work::{Work, WorkResult};
use super::{Manifest, limits};

/// A signing configuration: at most ten rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SigningConfiguration {
    /// The rules, in order.
    pub rules: Vec<SigningRule>,
}

/// One rule: with which profile pushes to some repositories are signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningRule {
    /// The profile.
    pub signing_profile_arn: SigningProfileArn,
    /// Which repositories; none: every one.
    pub filters: Vec<SigningFilter>,
}

impl SigningConfiguration {
    /// Checks numbers of rules and of filters.
    pub fn check(&self, quotas: &Quotas) -> Result<(), InvalidParameter> {
        check_list("signingConfiguration.rules", self.rules.len(), quotas.signing_rules)?;
        let mut filters = self.rules.iter().map(|rule| rule.filters.len());
        let member = "signingConfiguration.rules.repositoryFilters";
        filters.try_for_each(|length| check_list(member, length, quotas.signing_filters_per_rule))
    }

    /// The profiles that sign what is pushed to a repository, each once, in the order of the rules.
    pub fn profiles_for(&self, repository: &RepositoryName) -> Vec<SigningProfileArn> {
        let mut profiles: Vec<SigningProfileArn> = Vec::new();
        for rule in &self.rules {
            let matches = rule.filters.is_empty() || rule.filters.iter().any(|filter| filter.matches(repository));
            if matches && !profiles.contains(&rule.signing_profile_arn) {
                profiles.push(rule.signing_profile_arn.clone());
            }
        }
        profiles
    }
}

/// ARN of a signing profile of AWS Signer: at most 200 characters.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningProfileArn(Arc<str>);

impl SigningProfileArn {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Region of the profile.
    pub fn region(&self) -> &str {
        self.0.split(':').nth(3).unwrap_or_default()
    }
}

impl FromStr for SigningProfileArn {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.chars().count() > limits::SIGNING_PROFILE_ARN_CHARACTERS {
            return Err(InvalidName::TooLong(limits::SIGNING_PROFILE_ARN_CHARACTERS));
        }
        if is_profile_arn(text) {
            Ok(Self(Arc::from(text)))
        } else {
            Err(InvalidName::Pattern(SIGNING_PROFILE_PATTERN))
        }
    }
}

fn is_profile_arn(text: &str) -> bool {
    let parts: Vec<&str> = text.split(':').collect();
    let &["arn", partition, "signer", region, account, resource] = parts.as_slice() else { return false };
    let in_region = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let in_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let is_partition = |suffix: &str| {
        let words = suffix.split('-').skip(1);
        (suffix.is_empty() || suffix.starts_with('-'))
            && words.into_iter().all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase()))
    };
    partition.strip_prefix("aws").is_some_and(is_partition)
        && !region.is_empty()
        && region.bytes().all(in_region)
        && account.parse::<AccountId>().is_ok()
        && resource.strip_prefix("/signing-profiles/").is_some_and(|name| name.len() >= 2 && name.bytes().all(in_name))
}

/// The pattern that ECR quotes for profiles.
pub const SIGNING_PROFILE_PATTERN: &str =
    "^arn:aws(-[a-z]+)*:signer:[a-z0-9-]+:[0-9]{12}:\\/signing-profiles\\/[a-zA-Z0-9_]{2,}$";

/// A filter over whole repository names: 1 to 256 characters, stars for any run of characters.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningFilter(Arc<str>);

impl SigningFilter {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it picks a repository.
    pub fn matches(&self, repository: &RepositoryName) -> bool {
        matches_whole(&self.0, repository.as_str())
    }
}

impl FromStr for SigningFilter {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.chars().count() {
            0 => Err(InvalidName::TooShort(1)),
            length if length > limits::SIGNING_FILTER_CHARACTERS => {
                Err(InvalidName::TooLong(limits::SIGNING_FILTER_CHARACTERS))
            }
            _ if !has_filter_form(text) => Err(InvalidName::Pattern(SIGNING_FILTER_PATTERN)),
            _ => Ok(Self(Arc::from(text))),
        }
    }
}

/// The pattern that ECR quotes for such filters.
pub const SIGNING_FILTER_PATTERN: &str = "^(?:[a-z0-9*]+(?:[._-][a-z0-9*]+)*/)*[a-z0-9*]+(?:[._-][a-z0-9*]+)*$";

macro_rules! shown_as_text {
    ($($name:ident),+) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }
    )+};
}

shown_as_text!(SigningProfileArn, SigningFilter);

/// Where the signing of an image by one profile stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningStatus {
    /// The profile.
    pub signing_profile_arn: SigningProfileArn,
    /// How far it is.
    pub state: SigningState,
}

/// State of one signing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SigningState {
    /// Under way.
    InProgress,
    /// Done.
    Complete,
    /// It failed.
    Failed {
        /// ECR's `failureCode`.
        failure_code: Arc<str>,
    },
}

impl SigningState {
    /// ECR's name of the state.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::InProgress => "IN_PROGRESS",
            Self::Complete => "COMPLETE",
            Self::Failed { .. } => "FAILED",
        }
    }
}

impl SigningStatus {
    /// Code and reason of a failure. The reason is our text; AWS documents none.
    pub fn failure(&self) -> Option<(&str, String)> {
        let SigningState::Failed { failure_code } = &self.state else { return None };
        let reason = format!("Signing with the profile '{}' failed: {failure_code}", self.signing_profile_arn);
        Some((failure_code, reason))
    }
}

/// Begins the signings that a push starts: one for each profile that signs the repository, again for an image that is
/// signed already (unconfirmed). Signatures and whatever else refers to another image are not signed.
pub(super) fn on_push(registry: &mut Registry, repository: &RepositoryName, manifest: &Manifest) -> Vec<Work> {
    let Some(configuration) = registry.signing.clone() else { return Vec::new() };
    if manifest.subject().is_some() {
        return Vec::new();
    }
    let profiles = configuration.profiles_for(repository);
    let digest = manifest.digest();
    for profile in &profiles {
        note(registry, repository, digest, profile, SigningState::InProgress);
    }
    let work = profiles.into_iter().map(|signing_profile_arn| Work::Signing {
        repository: repository.clone(),
        digest: digest.clone(),
        signing_profile_arn,
    });
    work.collect()
}

/// Ends a signing. Nothing happens if the image is gone.
pub(super) fn settle(
    registry: &mut Registry,
    repository: &RepositoryName,
    digest: &Digest,
    profile: &SigningProfileArn,
    result: &WorkResult,
) {
    let state = match result {
        Ok(()) => SigningState::Complete,
        Err(code) => SigningState::Failed { failure_code: Arc::clone(code) },
    };
    let there = registry.repository(repository).ok().and_then(|repository| repository.images().get(digest));
    // An image that went and came back is not the one that was to be signed.
    let is_awaited = |status: &SigningStatus| status.signing_profile_arn == *profile;
    if there.is_some_and(|image| image.signing_statuses().iter().any(is_awaited)) {
        note(registry, repository, digest, profile, state);
    }
}

fn note(
    registry: &mut Registry,
    repository: &RepositoryName,
    digest: &Digest,
    profile: &SigningProfileArn,
    state: SigningState,
) {
    let Ok(repository) = registry.repository_mut(repository) else { return };
    repository.change_services(digest, |services| {
        match services.signing.iter_mut().find(|status| status.signing_profile_arn == *profile) {
            Some(status) => status.state = state,
            None => services.signing.push(SigningStatus { signing_profile_arn: profile.clone(), state }),
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::testing::{NOON, image_about, image_of, link, name, push, with_repository};

    const PROFILE: &str = "arn:aws:signer:us-east-1:123456789012:/signing-profiles/release";

    #[test]
    fn c_197_profiles_are_arns_of_the_signer() {
        let regex = regex::Regex::new(SIGNING_PROFILE_PATTERN).unwrap();
        for (text, legal) in [
            (PROFILE, true),
            ("arn:aws-us-gov:signer:us-gov-west-1:123456789012:/signing-profiles/p_1", true),
            ("arn:aws:signer:us-east-1:123456789012:/signing-profiles/p", false),
            ("arn:aws:signer:us-east-1:12345678901:/signing-profiles/pp", false),
            ("arn:aws:signer::123456789012:/signing-profiles/pp", false),
            ("arn:aws-:signer:us-east-1:123456789012:/signing-profiles/pp", false),
            ("arn:awsx:signer:us-east-1:123456789012:/signing-profiles/pp", false),
            ("arn:aws:signer:us-east-1:123456789012:signing-profiles/pp", false),
            ("arn:aws:signer:us-east-1:123456789012:/signing-profiles/p-p", false),
            ("arn:aws:ecr:us-east-1:123456789012:/signing-profiles/pp", false),
            ("", false),
        ] {
            assert_eq!(text.parse::<SigningProfileArn>().is_ok(), legal, "{text}");
            assert_eq!(regex.is_match(text), legal, "{text}");
        }
        let long = format!("{PROFILE}{}", "x".repeat(200));
        assert_eq!(long.parse::<SigningProfileArn>(), Err(InvalidName::TooLong(200)));
        assert_eq!(PROFILE.parse::<SigningProfileArn>().unwrap().region(), "us-east-1");
    }

    #[test]
    fn c_197_filters_match_whole_names_and_none_matches_all() {
        let profile = |number: u32| -> SigningProfileArn { format!("{PROFILE}{number}").parse().unwrap() };
        let rule = |number, filters: &[&str]| SigningRule {
            signing_profile_arn: profile(number),
            filters: filters.iter().map(|text| text.parse().unwrap()).collect(),
        };
        let configuration = SigningConfiguration {
            rules: vec![rule(1, &["prod", "team/*"]), rule(2, &[]), rule(1, &["*"]), rule(3, &["*/web"])],
        };
        for (repository, numbers) in [("team/app", vec![1, 2]), ("prod", vec![1, 2]), ("x/web", vec![2, 1, 3])] {
            let expected: Vec<SigningProfileArn> = numbers.into_iter().map(profile).collect();
            assert_eq!(configuration.profiles_for(&name(repository)), expected, "{repository}");
        }
        for text in ["", "/a", "a//b", "A", "a."] {
            assert!(text.parse::<SigningFilter>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn d_031_c_203_a_push_is_signed_by_each_profile_and_referrers_are_not() {
        let mut registry = with_repository();
        link(&mut registry, &["{}", "layer"]);
        let rule = |number: u32| SigningRule {
            signing_profile_arn: format!("{PROFILE}{number}").parse().unwrap(),
            filters: vec![],
        };
        registry.signing = Some(Arc::new(SigningConfiguration { rules: vec![rule(1), rule(2)] }));
        let image = image_of("{}", &["layer"], "");
        push(&mut registry, &image, Some("v1")).unwrap();
        let states = |registry: &Registry, digest: &Digest| -> Vec<SigningState> {
            let images = registry.repository(&name("team/app")).unwrap().images();
            images[digest].signing_statuses().iter().map(|status| status.state.clone()).collect()
        };
        assert_eq!(states(&registry, image.digest()), [SigningState::InProgress, SigningState::InProgress]);
        let work = on_push(&mut registry, &name("team/app"), &image);
        assert_eq!(work.iter().map(Work::kind).collect::<Vec<_>>(), ["signing", "signing"]);
        work[0].settle(&mut registry, NOON, &Ok(()));
        work[1].settle(&mut registry, NOON, &Err(Arc::from("ACCESS_DENIED")));
        let failed = SigningState::Failed { failure_code: Arc::from("ACCESS_DENIED") };
        assert_eq!(states(&registry, image.digest()), [SigningState::Complete, failed]);

        let signature = image_about("{}", &["layer"], "", Some(image.digest()));
        push(&mut registry, &signature, None).unwrap();
        assert_eq!(states(&registry, signature.digest()), []);
        registry.repository_mut(&name("team/app")).unwrap().remove_image(image.digest());
        work[0].settle(&mut registry, NOON, &Ok(()));
    }
}
