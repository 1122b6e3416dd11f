//! The document of one registry: replication, pull-through cache rules, templates and settings.

use std::sync::Arc;

use super::{Distinct, Ground, parse, policies, registry_key, secret, settings, template};
use crate::proto;
use crate::registry::policy::iam::PolicyKind;
use crate::registry::types::{AccountId, CacheRulePrefix, RegistryKey};
use crate::registry::{ReplicationConfiguration, ReplicationRule};
use crate::seed::plan::{CacheRulePlan, RegistryPlan};
use crate::seed::violation::Place;

/// Checks a registry document.
pub(super) fn check(
    document: &proto::RegistryDocument,
    place: &Place<'_>,
    ground: &Ground<'_>,
) -> Option<RegistryPlan> {
    let registry = registry_key(document.account.as_deref(), document.region.as_deref(), place, ground.defaults);
    // A registry that cannot be told is refused already; its rules are still checked, as those of the default account.
    let account = registry.as_ref().map_or(ground.defaults.account, |registry| registry.account);
    let replication = document.replication.as_ref().map(|replication| {
        let place = place.member("replication");
        let rules = place.each("rules", &replication.rules, |rule, place| Some(replication_rule(rule, place, account)));
        ReplicationConfiguration { rules }
    });
    if let (Some(configuration), Some(own)) = (&replication, &registry) {
        place.member("replication").accept(configuration.check(own, &ground.quotas).map_err(|error| error.constraint));
    }
    let mut prefixes = Distinct::default();
    let cache_rules =
        place.each("cache_rules", &document.cache_rules, |rule, place| cache_rule(rule, place, &mut prefixes));
    let replication_sources =
        place.each("replication_sources", &document.replication_sources, |text, place| parse(text, place));
    let own = registry.as_ref();
    let policy = document
        .policy
        .as_ref()
        .map(|text| policies::resource_policy(text, PolicyKind::Registry, own, &place.member("policy")));
    let mut prefixes = Distinct::default();
    let templates = place.each("creation_templates", &document.creation_templates, |document, place| {
        template::check(document, place, own, &mut prefixes, ground)
    });
    let account_settings = document.account_settings.as_ref();
    let scanning = document.scanning.as_ref().map(|document| settings::scanning(document, place, ground));
    let signing = document.signing.as_ref().map(|document| settings::signing(document, place, own, ground));
    let exclusions = &document.pull_time_exclusions;
    Some(RegistryPlan {
        replication,
        cache_rules,
        replication_sources,
        policy: policy.flatten(),
        templates,
        account_settings: account_settings.map(|document| settings::account_settings(document, place)),
        scanning: scanning.flatten(),
        signing: signing.flatten(),
        pull_time_exclusions: place
            .each("pull_time_exclusions", exclusions, |text, place| settings::pull_time_exclusion(text, place)),
        registry: registry?,
    })
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
    ReplicationRule { destinations, repository_prefixes, delete_replication: rule.delete_replication }
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
    let credential_arn = rule.credential_arn.as_ref().map(|text| secret::arn(text, &place.member("credential_arn")));
    Some(CacheRulePlan {
        prefix: prefix?,
        upstream: upstream?,
        upstream_prefix: upstream_prefix?,
        credential_arn: credential_arn.flatten(),
    })
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
