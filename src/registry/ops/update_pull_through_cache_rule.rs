//! `UpdatePullThroughCacheRule`: changes how a rule logs in to its upstream; nothing else of a rule can change.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_UpdatePullThroughCacheRule.html>

use std::sync::Arc;

use super::create_pull_through_cache_rule::check_login;
use crate::registry::cache_rules::CacheRule;
use crate::registry::context::Context;
use crate::registry::errors::{CacheRuleNotFound, InvalidParameter};
use crate::registry::secrets::{self, SecretError};
use crate::registry::state::Registry;
use crate::registry::types::CacheRulePrefix;

/// What is to change. An absent member stays as it is.
#[derive(Clone, Debug)]
pub struct Input {
    /// Prefix of the rule.
    pub prefix: CacheRulePrefix,
    /// Secret with the upstream's login.
    pub credential_arn: Option<String>,
    /// Role for an upstream ECR registry of another account.
    pub custom_role_arn: Option<String>,
}

/// The rule as it is now.
#[derive(Clone, Debug)]
pub struct Output {
    /// It.
    pub rule: Arc<CacheRule>,
}

/// What can go wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Nothing is to change, or the upstream takes no such login (unconfirmed: that it is this error).
    #[error(transparent)]
    InvalidParameter(#[from] InvalidParameter),
    /// The prefix has no rule.
    #[error(transparent)]
    NotFound(#[from] CacheRuleNotFound),
    /// The secret cannot be used.
    #[error(transparent)]
    Secret(#[from] SecretError),
}

/// Changes the rule.
pub fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: Input) -> Result<Output, Error> {
    let mut rule = CacheRule::clone(registry.cache_rule(&input.prefix)?);
    if input.credential_arn.is_none() && input.custom_role_arn.is_none() {
        let constraint = "Either credentialArn or customRoleArn must be specified";
        return Err(InvalidParameter::new("credentialArn", constraint).into());
    }
    let is_declared = cx.surroundings.declares_upstream(&rule.upstream_registry_url);
    let (credential_arn, custom_role_arn) = (input.credential_arn.as_deref(), input.custom_role_arn.as_deref());
    check_login(rule.upstream_registry, is_declared, credential_arn, custom_role_arn)?;
    secrets::fetch(cx.surroundings, credential_arn)?;
    rule.credential_arn = input.credential_arn.or(rule.credential_arn);
    rule.custom_role_arn = input.custom_role_arn.or(rule.custom_role_arn);
    rule.updated_at = cx.now;
    let rule = Arc::new(rule);
    registry.cache_rules.insert(input.prefix, Arc::clone(&rule));
    Ok(Output { rule })
}

#[cfg(test)]
mod tests {
    use super::super::{create_pull_through_cache_rule, validate_pull_through_cache_rule};
    use super::*;
    use crate::registry::context::Surroundings;
    use crate::registry::secrets::SecretState;
    use crate::registry::testing::{NOON, at, registry, with};
    use crate::registry::types::Timestamp;

    const LATER: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    /// A world whose secrets are what their names say.
    struct Secrets;

    impl Surroundings for Secrets {
        fn actions(&self) -> &[&'static str] {
            &[]
        }

        fn declares_upstream(&self, _host: &str) -> bool {
            false
        }

        fn secret(&self, arn: &str) -> SecretState {
            match arn.rsplit('/').next() {
                Some("gone") => SecretState::NotFound,
                Some("shut") => SecretState::AccessDenied,
                Some("sealed") => SecretState::Undecryptable,
                Some("odd") => SecretState::Malformed,
                _ => SecretState::Usable,
            }
        }
    }

    fn secret(name: &str) -> String {
        format!("arn:aws:secretsmanager:us-east-1:123456789012:secret:ecr-pullthroughcache/{name}")
    }

    fn create(registry: &mut Registry, prefix: &str, host: &str, credential: Option<&str>) -> Result<(), String> {
        let input = create_pull_through_cache_rule::Input {
            prefix: prefix.parse().unwrap(),
            upstream_registry_url: host.to_owned(),
            upstream_registry: None,
            upstream_repository_prefix: None,
            credential_arn: credential.map(secret),
            custom_role_arn: None,
        };
        with(|cx| {
            cx.surroundings = &Secrets;
            create_pull_through_cache_rule::apply(registry, cx, input)
        })
        .map(|_| ())
        .map_err(|error| error.to_string())
    }

    fn update(
        registry: &mut Registry,
        prefix: &str,
        credential: Option<&str>,
        role: Option<&str>,
    ) -> Result<Output, Error> {
        let input = Input {
            prefix: prefix.parse().unwrap(),
            credential_arn: credential.map(secret),
            custom_role_arn: role.map(str::to_owned),
        };
        at(LATER, |cx| {
            cx.surroundings = &Secrets;
            apply(registry, cx, input)
        })
    }

    #[test]
    fn c_188_credentials_and_role_change_and_nothing_else() {
        let mut registry = registry();
        create(&mut registry, "hub", "registry-1.docker.io", Some("one")).unwrap();
        create(&mut registry, "own", "111122223333.dkr.ecr.eu-west-1.amazonaws.com", None).unwrap();
        let rule = update(&mut registry, "hub", Some("two"), None).unwrap().rule;
        assert_eq!((rule.credential_arn.clone(), rule.custom_role_arn.as_deref()), (Some(secret("two")), None));
        assert_eq!((rule.created_at, rule.updated_at), (NOON, LATER));
        let rule = update(&mut registry, "own", None, Some("role")).unwrap().rule;
        assert_eq!((rule.credential_arn.as_deref(), rule.custom_role_arn.as_deref()), (None, Some("role")));
        assert!(matches!(update(&mut registry, "no", Some("two"), None), Err(Error::NotFound(_))));
    }

    #[test]
    fn unconfirmed_an_update_of_nothing_or_of_a_login_that_the_upstream_does_not_take_is_refused() {
        let mut registry = registry();
        create(&mut registry, "hub", "registry-1.docker.io", Some("one")).unwrap();
        create(&mut registry, "quay", "quay.io", None).unwrap();
        for (prefix, credential, role) in [
            ("hub", None, None),
            ("hub", None, Some("role")),
            ("quay", Some("one"), None),
            ("quay", None, Some("role")),
        ] {
            let refused = update(&mut registry, prefix, credential, role).unwrap_err();
            assert!(matches!(refused, Error::InvalidParameter(_)), "{prefix}: {refused}");
        }
    }

    #[test]
    fn c_184_secrets_that_the_world_declares_are_fetched_when_a_rule_is_made_or_changed() {
        let mut registry = registry();
        create(&mut registry, "hub", "registry-1.docker.io", Some("good")).unwrap();
        for (name, is_refused) in [("gone", true), ("shut", true), ("sealed", true), ("odd", false)] {
            let created = create(&mut registry, &format!("made-{name}"), "ghcr.io", Some(name));
            assert_eq!(created.is_err(), is_refused, "{name}");
            let updated = update(&mut registry, "hub", Some(name), None);
            assert_eq!(matches!(updated, Err(Error::Secret(_))), is_refused, "{name}");
        }
    }

    #[test]
    fn c_190_a_rule_is_as_valid_as_its_secret() {
        let mut registry = registry();
        create(&mut registry, "hub", "registry-1.docker.io", Some("good")).unwrap();
        create(&mut registry, "quay", "quay.io", None).unwrap();
        let validate = |registry: &Registry, prefix: &str| {
            let input = validate_pull_through_cache_rule::Input { prefix: prefix.parse().unwrap() };
            validate_pull_through_cache_rule::apply(registry, &Secrets, &input).map(|output| output.failure)
        };
        assert_eq!(validate(&registry, "hub"), Ok(None));
        assert_eq!(validate(&registry, "quay"), Ok(None));
        assert!(validate(&registry, "none").is_err());
        for name in ["gone", "shut", "sealed", "odd"] {
            let rule = Arc::make_mut(registry.cache_rules.get_mut("hub").unwrap());
            rule.credential_arn = Some(secret(name));
            assert!(validate(&registry, "hub").unwrap().is_some(), "{name}");
        }
    }
}
