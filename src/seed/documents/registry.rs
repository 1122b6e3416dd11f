//! The document of one registry: replication and pull-through cache rules.

use std::sync::Arc;

use super::{Distinct, parse, registry_key};
use crate::proto;
use crate::registry::types::{AccountId, CacheRulePrefix, RegistryKey};
use crate::registry::{ReplicationConfiguration, ReplicationRule};
use crate::seed::plan::{CacheRulePlan, RegistryPlan};
use crate::seed::violation::Place;

/// Checks a registry document.
pub(super) fn check(
    document: &proto::RegistryDocument,
    place: &Place<'_>,
    defaults: &RegistryKey,
) -> Option<RegistryPlan> {
    let registry = registry_key(document.account.as_deref(), document.region.as_deref(), place, defaults);
    // A registry that cannot be told is refused already; its rules are still checked, as those of the default account.
    let account = registry.as_ref().map_or(defaults.account, |registry| registry.account);
    let replication = document.replication.as_ref().map(|replication| {
        let place = place.member("replication");
        let rules = place.each("rules", &replication.rules, |rule, place| Some(replication_rule(rule, place, account)));
        ReplicationConfiguration { rules }
    });
    if let (Some(configuration), Some(own)) = (&replication, &registry) {
        place.member("replication").accept(configuration.check(own).map_err(|error| error.constraint));
    }
    let mut prefixes = Distinct::default();
    let cache_rules =
        place.each("cache_rules", &document.cache_rules, |rule, place| cache_rule(rule, place, &mut prefixes));
    let replication_sources =
        place.each("replication_sources", &document.replication_sources, |text, place| parse(text, place));
    Some(RegistryPlan { registry: registry?, replication, cache_rules, replication_sources })
}

fn replication_rule(rule: &proto::ReplicationRuleDocument, place: &Place<'_>, account: AccountId) -> ReplicationRule {
    if rule.destinations.is_empty() {
        place.member("destinations").refuse("must not be empty");
    }
    let destinations = place.each("destinations", &rule.destinations, |destination, place| {
        let region = parse(&destination.region, &place.member("region"));
        let named = destination.account.as_deref();
        let account = named.map_or(Some(account), |text| parse(text, &place.member("account")));
        Some(RegistryKey { account: account?, region: region? })
    });
    let repository_prefixes = place.each("repository_prefixes", &rule.repository_prefixes, |text, place| {
        if is_repository_prefix(text) {
            return Some(Arc::from(text.as_str()));
        }
        place.refuse("must be 2 to 256 characters that can begin a repository name");
        None
    });
    ReplicationRule { destinations, repository_prefixes, delete_replication: None }
}

/// Whether the text can be a filter of a replication rule, which may end in the middle of a word or in `/`.
///
/// Source: `RepositoryFilterValue` of the service model `ecr/2015-09-21`.
fn is_repository_prefix(text: &str) -> bool {
    let alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let legal = |byte: u8| alphanumeric(byte) || matches!(byte, b'.' | b'_' | b'-' | b'/');
    let (complete, _) = text.rsplit_once('/').unzip();
    (2..=256).contains(&text.len())
        && text.bytes().all(legal)
        && complete.is_none_or(|complete| {
            complete.split('/').all(|component| component.bytes().next().is_some_and(alphanumeric))
        })
}

fn cache_rule(
    rule: &proto::CacheRuleDocument,
    place: &Place<'_>,
    prefixes: &mut Distinct<CacheRulePrefix>,
) -> Option<CacheRulePlan> {
    let member = place.member("prefix");
    let prefix = cache_rule_prefix(&rule.prefix, &member).and_then(|prefix| prefixes.note(prefix, &member));
    let upstream = parse(&rule.upstream, &place.member("upstream"));
    let upstream_prefix =
        cache_rule_prefix(rule.upstream_prefix.as_deref().unwrap_or("ROOT"), &place.member("upstream_prefix"));
    Some(CacheRulePlan { prefix: prefix?, upstream: upstream?, upstream_prefix: upstream_prefix? })
}

fn cache_rule_prefix(text: &str, place: &Place<'_>) -> Option<CacheRulePrefix> {
    place.accept(CacheRulePrefix::parse(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_prefix_can_end_anywhere() {
        let longest = "a".repeat(256);
        for text in ["prod-", "team/", "team/ap", "a_", "team/-", &longest] {
            assert!(is_repository_prefix(text), "{text:?}");
        }
        let too_long = "a".repeat(257);
        for text in ["", "a", "/a", "a//b", "Prod", "a b", "-a/b", &too_long] {
            assert!(!is_repository_prefix(text), "{text:?}");
        }
    }
}
