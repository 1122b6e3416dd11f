//! How much a registry may hold: ECR's quotas, which an account can have changed and which a world may set.
//!
//! Who is at a quota gets ECR's error for it from the operation. Limits that belong to the shape of a call, such as the
//! length of a policy, are not here but in [`super::limits`].
//!
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/userguide/service-quotas.html>

use std::ops::RangeInclusive;

use super::errors::{InvalidParameter, TooManyTags};
use super::limits;
use super::policy::lifecycle::{LifecyclePolicy, LifecyclePolicyError, LifecyclePolicyFault};

macro_rules! quotas {
    ($($(#[$doc:meta])* $name:ident = $default:expr, $range:expr;)+) => {
        /// The quotas of a world's registries; at first those of a new account.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct Quotas { $($(#[$doc])* pub $name: u64),+ }

        impl Default for Quotas {
            fn default() -> Self {
                Self { $($name: $default as u64),+ }
            }
        }

        impl Quotas {
            /// The name of every quota.
            pub const NAMES: &'static [&'static str] = &[$(stringify!($name)),+];

            /// The quota of this name, and the values that it can have.
            fn entry(&mut self, name: &str) -> Option<(&mut u64, RangeInclusive<u64>)> {
                match name {
                    $(stringify!($name) => Some((&mut self.$name, $range)),)+
                    _ => None,
                }
            }
        }
    };
}

/// Any number, none at all too.
const ANY: RangeInclusive<u64> = 0..=u64::MAX;
/// Any number but none, with which nothing could ever be pushed.
const SOME: RangeInclusive<u64> = 1..=u64::MAX;

const fn up_to(most: usize) -> RangeInclusive<u64> {
    0..=most as u64
}

quotas! {
    /// Repositories of a registry.
    repositories_per_registry = limits::REPOSITORIES_PER_REGISTRY, ANY;
    /// Images of a repository; those in the archive do not count.
    images_per_repository = limits::IMAGES_PER_REPOSITORY, ANY;
    /// Tags of an image.
    tags_per_image = limits::TAGS_PER_IMAGE, ANY;
    /// Resource tags of a repository.
    resource_tags_per_repository = limits::RESOURCE_TAGS_PER_REPOSITORY, ANY;
    /// Parts of a layer.
    layer_parts = u64::from(limits::LAYER_PARTS), SOME;
    /// Bytes of the smallest part that is not the last.
    layer_part_minimum_bytes = limits::LAYER_PART_LEAST_BYTES, ANY;
    /// Bytes of the largest part.
    layer_part_maximum_bytes = limits::LAYER_PART_MOST_BYTES, 1..=limits::LAYER_PART_MOST_BYTES;
    /// Bytes of a layer.
    layer_maximum_bytes = limits::LAYER_BYTES, SOME;
    /// Rules of a lifecycle policy.
    lifecycle_policy_rules = limits::LIFECYCLE_POLICY_RULES, 1..=limits::LIFECYCLE_POLICY_RULES as u64;
    /// Characters of a lifecycle policy.
    lifecycle_policy_characters = limits::LIFECYCLE_POLICY_MOST_CHARACTERS,
        limits::LIFECYCLE_POLICY_LEAST_CHARACTERS as u64..=limits::LIFECYCLE_POLICY_MOST_CHARACTERS as u64;
    /// Pull-through cache rules of a registry.
    cache_rules_per_registry = limits::CACHE_RULES_PER_REGISTRY, ANY;
    /// Repository creation templates of a registry.
    creation_templates_per_registry = limits::CREATION_TEMPLATES_PER_REGISTRY, ANY;
    /// Rules of a replication configuration.
    replication_rules = limits::REPLICATION_RULES, up_to(limits::REPLICATION_RULES);
    /// Different destinations over all rules of a replication configuration.
    replication_destinations = limits::REPLICATION_DESTINATIONS, ANY;
    /// Repository filters of one replication rule.
    replication_filters_per_rule = limits::REPLICATION_FILTERS_PER_RULE, up_to(limits::REPLICATION_FILTERS_PER_RULE);
    /// Replication backfills of a registry that have not ended.
    running_backfills = limits::RUNNING_BACKFILLS, ANY;
    /// Rules of a scanning configuration.
    scanning_rules = limits::SCANNING_RULES, up_to(limits::SCANNING_RULES);
    /// Repository filters of one scanning rule.
    scanning_filters_per_rule = limits::SCANNING_FILTERS_PER_RULE, up_to(limits::SCANNING_FILTERS_PER_RULE);
    /// Rules of a signing configuration.
    signing_rules = limits::SIGNING_RULES, up_to(limits::SIGNING_RULES);
    /// Repository filters of one signing rule.
    signing_filters_per_rule = limits::SIGNING_FILTERS_PER_RULE, up_to(limits::SIGNING_FILTERS_PER_RULE);
    /// Principals of a registry whose pulls are not recorded.
    pull_time_exclusions = limits::PULL_TIME_EXCLUSIONS, ANY;
}

/// A quota cannot have this value, or there is none of the name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidQuota {
    /// No such quota.
    #[error("is no quota; must be one of {}", Quotas::NAMES.join(", "))]
    Unknown,
    /// Too small.
    #[error("must be at least {0}")]
    TooSmall(u64),
    /// More than a call can carry.
    #[error("must be at most {0}")]
    TooLarge(u64),
}

impl Quotas {
    /// Gives the quota of this name a value.
    pub fn set(&mut self, name: &str, value: u64) -> Result<(), InvalidQuota> {
        let (quota, range) = self.entry(name).ok_or(InvalidQuota::Unknown)?;
        if value < *range.start() {
            return Err(InvalidQuota::TooSmall(*range.start()));
        }
        if value > *range.end() {
            return Err(InvalidQuota::TooLarge(*range.end()));
        }
        *quota = value;
        Ok(())
    }

    /// Refuses more resource tags of a repository than it may have.
    pub fn check_resource_tags(&self, number: usize) -> Result<(), TooManyTags> {
        let most = self.resource_tags_per_repository;
        if number as u64 <= most { Ok(()) } else { Err(TooManyTags { most }) }
    }

    /// Refuses a lifecycle policy that is too long or has too many rules.
    pub fn check_lifecycle_policy(&self, policy: &LifecyclePolicy) -> Result<(), InvalidParameter> {
        if policy.text().chars().count() as u64 > self.lifecycle_policy_characters {
            let most = self.lifecycle_policy_characters;
            return Err(InvalidParameter::new(
                "lifecyclePolicyText",
                format!("must have length less than or equal to {most}"),
            ));
        }
        let (most, found) = (self.lifecycle_policy_rules as usize, policy.rules().len());
        if found > most {
            let error = LifecyclePolicyError::from(LifecyclePolicyFault::TooManyElements { most, found });
            return Err(InvalidParameter::new("LifecyclePolicyText", error.to_string()));
        }
        Ok(())
    }
}

/// Refuses a list of more elements than a quota allows, in the words in which ECR refuses one that is too long.
pub(super) fn check_list(member: &'static str, length: usize, most: u64) -> Result<(), InvalidParameter> {
    if length as u64 <= most {
        return Ok(());
    }
    Err(InvalidParameter::new(member, format!("Member must have length less than or equal to {most}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d_034_every_quota_can_be_set_and_starts_as_in_ecr() {
        let ecr = Quotas::default();
        assert_eq!((ecr.repositories_per_registry, ecr.tags_per_image, ecr.layer_parts), (100_000, 1_000, 4_200));
        for name in Quotas::NAMES {
            let mut quotas = ecr;
            let (default, range) = quotas.entry(name).map(|(value, range)| (*value, range)).unwrap();
            assert!(range.contains(&default), "{name}");
            quotas.set(name, *range.start()).unwrap();
            assert_ne!(quotas, ecr, "{name}");
            quotas.set(name, default).unwrap();
            assert_eq!(quotas, ecr, "{name}");
        }
    }

    #[test]
    fn d_034_values_without_sense_and_unknown_names_are_refused() {
        let refused = |name: &str, value: u64| Quotas::default().set(name, value).unwrap_err().to_string();
        assert_eq!(refused("layer_parts", 0), "must be at least 1");
        assert_eq!(refused("lifecycle_policy_characters", 0), "must be at least 100");
        assert_eq!(refused("scanning_rules", 3), "must be at most 2");
        assert!(refused("layers", 1).starts_with("is no quota; must be one of repositories_per_registry, "));
        assert_eq!(Quotas::default().set("images_per_repository", 0), Ok(()), "no room is a quota, too");
    }
}
