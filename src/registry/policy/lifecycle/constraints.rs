//! Which policies make sense: what a schema cannot say, of one rule and of all rules together.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_parameters.html>

use std::collections::HashSet;

use super::errors::LifecyclePolicyFault;
use super::parse::{PATTERN_LIST, PREFIX_LIST};
use super::rule::{Action, CountType, Rule, StorageClass, TagCriteria, TagPattern};

/// Checks that count type, storage class and action go together.
pub(super) fn check_rule(rule: &Rule) -> Result<(), LifecyclePolicyFault> {
    let selection = &rule.selection;
    let fault = match (selection.count_type, selection.storage_class, rule.action) {
        (CountType::SinceImageTransitioned, StorageClass::Standard, _) => {
            Some(LifecyclePolicyFault::ArchiveStorageClassOnly)
        }
        (CountType::SinceImageTransitioned, StorageClass::Archive, Action::Transition) => {
            Some(LifecyclePolicyFault::ExpireOnly)
        }
        (CountType::SinceImageTransitioned, StorageClass::Archive, Action::Expire) => {
            (selection.count_number < ARCHIVE_DAYS).then_some(LifecyclePolicyFault::ArchiveRetention(ARCHIVE_DAYS))
        }
        (_, StorageClass::Archive, _) => Some(LifecyclePolicyFault::StandardStorageClassOnly),
        (CountType::SinceImagePulled, StorageClass::Standard, Action::Expire) => {
            Some(LifecyclePolicyFault::TransitionOnly)
        }
        (_, StorageClass::Standard, _) => None,
    };
    fault.map_or(Ok(()), Err)
}

/// Checks rules against each other; they come by ascending priority number.
pub(super) fn check_rules(rules: &[Rule]) -> Result<(), LifecyclePolicyFault> {
    if rules.windows(2).any(|pair| pair[0].priority == pair[1].priority) {
        return Err(LifecyclePolicyFault::DuplicatePriority);
    }
    for storage_class in [StorageClass::Standard, StorageClass::Archive] {
        let tags = rules.iter().filter(|rule| rule.selection.storage_class == storage_class);
        check_tags(&tags.map(|rule| &rule.selection.tags).collect::<Vec<_>>())?;
    }
    Ok(())
}

/// Checks the tag criteria of all rules of one storage class.
fn check_tags(rules: &[&TagCriteria]) -> Result<(), LifecyclePolicyFault> {
    if rules.iter().filter(|tags| ***tags == TagCriteria::Untagged).count() > 1 {
        return Err(LifecyclePolicyFault::SecondUntaggedRule);
    }
    if rules.iter().filter(|tags| ***tags == TagCriteria::Any).count() > 1 {
        return Err(LifecyclePolicyFault::SecondAnyRule);
    }
    if rules.iter().rev().skip(1).any(|tags| **tags == TagCriteria::Any) {
        return Err(LifecyclePolicyFault::AnyRuleNotLast);
    }
    let mut seen = HashSet::new();
    for tags in rules {
        let (list, texts): (_, HashSet<&str>) = match tags {
            TagCriteria::Prefixes(prefixes) => (PREFIX_LIST, prefixes.iter().map(String::as_str).collect()),
            TagCriteria::Patterns(patterns) => (PATTERN_LIST, patterns.iter().map(TagPattern::as_str).collect()),
            TagCriteria::Any | TagCriteria::Untagged => continue,
        };
        // Within one rule a repetition changes nothing, and nobody saw it refused.
        if !texts.into_iter().all(|text| seen.insert((list, text))) {
            return Err(LifecyclePolicyFault::DuplicateTag { list });
        }
    }
    Ok(())
}

/// Days that an archived image stays at least.
/// Source: <https://docs.aws.amazon.com/AmazonECR/latest/userguide/archive-image.html>
const ARCHIVE_DAYS: u32 = 90;
