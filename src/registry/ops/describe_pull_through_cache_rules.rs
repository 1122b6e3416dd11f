//! `DescribePullThroughCacheRules`: some rules by prefix, or all of them in pages.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribePullThroughCacheRules.html>

use std::sync::Arc;

use crate::registry::cache_rules::CacheRule;
use crate::registry::errors::{CacheRuleNotFound, InvalidParameter};
use crate::registry::map::after;
use crate::registry::page::{PageRequest, Scope, take_page};
use crate::registry::state::Registry;
use crate::registry::types::CacheRulePrefix;

/// Which rules.
#[derive(Clone, Debug)]
pub enum Input {
    /// These, in this order; one that is missing fails the call.
    Named(Vec<CacheRulePrefix>),
    /// All, in order of their prefixes.
    Page(PageRequest),
}

/// The rules.
#[derive(Clone, Debug)]
pub struct Output {
    /// This page of them.
    pub rules: Vec<Arc<CacheRule>>,
    /// Token of the next page; absent on the last one.
    pub next_token: Option<String>,
}

/// What can go wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A named rule is missing.
    #[error(transparent)]
    NotFound(#[from] CacheRuleNotFound),
    /// The token is not one of this listing.
    #[error(transparent)]
    InvalidParameter(#[from] InvalidParameter),
}

/// Looks the rules up.
pub fn apply(registry: &Registry, input: &Input) -> Result<Output, Error> {
    match input {
        Input::Named(prefixes) => {
            let found = prefixes.iter().map(|prefix| registry.cache_rule(prefix).cloned());
            Ok(Output { rules: found.collect::<Result<_, _>>()?, next_token: None })
        }
        Input::Page(request) => Ok(page(registry, request)?),
    }
}

fn page(registry: &Registry, request: &PageRequest) -> Result<Output, InvalidParameter> {
    let scope =
        Scope { operation: "DescribePullThroughCacheRules", registry: registry.key(), repository: None, filter: "" };
    let cursor = scope.cursor(request)?;
    let rest = after(registry.cache_rules(), cursor.as_deref());
    let rules = rest.map(|(_, rule)| Arc::clone(rule));
    let (rules, next_token) = take_page(rules, request.size(), |last| scope.token(last.prefix.as_str()));
    Ok(Output { rules, next_token })
}

#[cfg(test)]
mod tests {
    use super::super::delete_pull_through_cache_rule;
    use super::*;
    use crate::registry::seeding;
    use crate::registry::testing::{NOON, registry, with};

    #[test]
    fn c_187_c_191_rules_are_named_paged_and_deleted() {
        let mut registry = registry();
        let prefix = |text: &str| CacheRulePrefix::parse(text).unwrap();
        for text in ["bb", "aa", "ROOT"] {
            seeding::cache_rule(&mut registry, NOON, prefix(text), "quay.io".to_owned(), None, None).unwrap();
        }
        assert_eq!(apply(&registry, &Input::Named(vec![prefix("bb/")])).unwrap().rules.len(), 1);
        assert!(matches!(apply(&registry, &Input::Named(vec![prefix("aa"), prefix("cc")])), Err(Error::NotFound(_))));
        let first = PageRequest { max_results: Some(2), next_token: None };
        let first = apply(&registry, &Input::Page(first)).unwrap();
        let rest = PageRequest { max_results: Some(2), next_token: first.next_token };
        assert_eq!(apply(&registry, &Input::Page(rest)).unwrap().rules.len(), 1);

        let input = delete_pull_through_cache_rule::Input { prefix: prefix("aa") };
        let deleted = with(|cx| delete_pull_through_cache_rule::apply(&mut registry, cx, &input)).unwrap();
        assert_eq!(deleted.rule.upstream_registry_url, "quay.io");
        assert!(with(|cx| delete_pull_through_cache_rule::apply(&mut registry, cx, &input)).is_err());
    }
}
