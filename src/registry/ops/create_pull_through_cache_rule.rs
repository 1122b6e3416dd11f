//! `CreatePullThroughCacheRule`: makes names under a prefix stand for repositories of an upstream.
//!
//! There is no Secrets Manager here: a secret of which the world declares nothing counts as a good one.
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreatePullThroughCacheRule.html>

use std::sync::Arc;

use crate::registry::cache_rules::{CacheRule, UpstreamRegistry};
use crate::registry::context::Context;
use crate::registry::errors::{
    CacheRuleAlreadyExists, InvalidParameter, LimitExceeded, Limited, UnsupportedUpstreamRegistry,
};
use crate::registry::secrets::{self, SecretError};
use crate::registry::state::Registry;
use crate::registry::types::CacheRulePrefix;

/// The rule to be.
#[derive(Clone, Debug)]
pub struct Input {
    /// Prefix of repository names in this registry.
    pub prefix: CacheRulePrefix,
    /// Host of the upstream, without scheme.
    pub upstream_registry_url: String,
    /// Kind of the upstream; absent: derived from the host.
    pub upstream_registry: Option<UpstreamRegistry>,
    /// Prefix of names upstream; absent: `ROOT`.
    pub upstream_repository_prefix: Option<CacheRulePrefix>,
    /// Secret with the upstream's login.
    pub credential_arn: Option<String>,
    /// Role for an upstream ECR registry of another account.
    pub custom_role_arn: Option<String>,
}

/// What was created.
#[derive(Clone, Debug)]
pub struct Output {
    /// The rule.
    pub rule: Arc<CacheRule>,
}

/// What can go wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Members that do not go together (unconfirmed: that it is this error).
    #[error(transparent)]
    InvalidParameter(#[from] InvalidParameter),
    /// The upstream cannot be cached.
    #[error(transparent)]
    UnsupportedUpstreamRegistry(#[from] UnsupportedUpstreamRegistry),
    /// The secret cannot be used.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The prefix has a rule.
    #[error(transparent)]
    AlreadyExists(#[from] CacheRuleAlreadyExists),
    /// The registry has too many rules.
    #[error(transparent)]
    LimitExceeded(#[from] LimitExceeded),
}

/// Creates the rule.
pub fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: Input) -> Result<Output, Error> {
    let is_declared = cx.surroundings.declares_upstream(&input.upstream_registry_url);
    let upstream_registry = upstream_kind(&input, is_declared)?;
    check_members(&input, upstream_registry, is_declared)?;
    if registry.cache_rules().contains_key(&input.prefix) {
        return Err(CacheRuleAlreadyExists { prefix: input.prefix, registry_id: registry.id() }.into());
    }
    let (rules, most) = (registry.cache_rules().len(), registry.quotas().cache_rules_per_registry);
    registry.check_room(Limited::CacheRules, rules, most)?;
    secrets::fetch(cx.surroundings, input.credential_arn.as_deref())?;
    let rule = Arc::new(CacheRule {
        prefix: input.prefix.clone(),
        upstream_registry_url: input.upstream_registry_url,
        upstream_registry,
        upstream_repository_prefix: input.upstream_repository_prefix.unwrap_or_else(CacheRule::root),
        credential_arn: input.credential_arn,
        custom_role_arn: input.custom_role_arn,
        created_at: cx.now,
        updated_at: cx.now,
    });
    registry.cache_rules.insert(input.prefix, Arc::clone(&rule));
    Ok(Output { rule })
}

/// The kind of upstream, if ECR knows the host; a host that only the world declares may be called any kind, or none.
fn upstream_kind(input: &Input, is_declared: bool) -> Result<Option<UpstreamRegistry>, UnsupportedUpstreamRegistry> {
    let of_host = UpstreamRegistry::of_host(&input.upstream_registry_url);
    match (of_host, input.upstream_registry) {
        (Some(kind), None) => Ok(Some(kind)),
        (Some(kind), Some(named)) if kind == named => Ok(Some(kind)),
        (None, named) if is_declared => Ok(named),
        _ => Err(UnsupportedUpstreamRegistry::Unknown { upstream_registry_url: input.upstream_registry_url.clone() }),
    }
}

fn check_members(input: &Input, kind: Option<UpstreamRegistry>, is_declared: bool) -> Result<(), Error> {
    let has_upstream_prefix = input.upstream_repository_prefix.as_ref().is_some_and(|prefix| !prefix.is_root());
    if input.prefix.is_root() && has_upstream_prefix {
        let constraint = "upstreamRepositoryPrefix cannot be specified when ecrRepositoryPrefix is ROOT";
        return Err(InvalidParameter::new("upstreamRepositoryPrefix", constraint).into());
    }
    check_login(kind, is_declared, input.credential_arn.as_deref(), input.custom_role_arn.as_deref())?;
    let needs_credentials = !is_declared && kind.is_some_and(UpstreamRegistry::needs_credentials);
    if needs_credentials && input.credential_arn.is_none() {
        return Err(UnsupportedUpstreamRegistry::CredentialsRequired.into());
    }
    Ok(())
}

/// Whether an upstream takes these ways of logging in.
pub(super) fn check_login(
    kind: Option<UpstreamRegistry>,
    is_declared: bool,
    credential_arn: Option<&str>,
    custom_role_arn: Option<&str>,
) -> Result<(), InvalidParameter> {
    if custom_role_arn.is_some() && kind.is_some_and(|kind| kind != UpstreamRegistry::Ecr) {
        let constraint = "customRoleArn can only be specified for an Amazon ECR upstream registry";
        return Err(InvalidParameter::new("customRoleArn", constraint));
    }
    // What only the world declares may be open or closed as it likes.
    let takes_credentials = is_declared || kind.is_none_or(UpstreamRegistry::needs_credentials);
    if credential_arn.is_some() && !takes_credentials {
        let constraint = "credentialArn cannot be specified for this upstream registry";
        return Err(InvalidParameter::new("credentialArn", constraint));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::context::Surroundings;
    use crate::registry::limits;
    use crate::registry::testing::{registry, with};

    /// A world that declares two upstreams.
    struct Mirrors;

    impl Surroundings for Mirrors {
        fn actions(&self) -> &[&'static str] {
            &[]
        }

        fn declares_upstream(&self, host: &str) -> bool {
            ["mirror.test", "ghcr.io"].contains(&host)
        }
    }

    const SECRET: &str = "arn:aws:secretsmanager:us-east-1:123456789012:secret:ecr-pullthroughcache/hub-AbCdEf";

    fn input(prefix: &str, url: &str) -> Input {
        Input {
            prefix: CacheRulePrefix::parse(prefix).unwrap(),
            upstream_registry_url: url.to_owned(),
            upstream_registry: None,
            upstream_repository_prefix: None,
            credential_arn: None,
            custom_role_arn: None,
        }
    }

    #[test]
    fn c_182_c_183_c_184_c_185_upstreams_and_their_logins_are_checked() {
        let secret = || Some(SECRET.to_owned());
        let role = || Some("arn:aws:iam::123456789012:role/x".to_owned());
        let team = || Some("team".parse().unwrap());
        let hub = || input("hub", "registry-1.docker.io");
        let quay = || input("quay", "quay.io");
        let cases: [(&str, Input, Option<&str>); 11] = [
            ("a public upstream", quay(), None),
            ("a secret", Input { credential_arn: secret(), ..hub() }, None),
            ("no secret", hub(), Some("requires authentication. Specify a valid Secrets Manager ARN")),
            ("a needless secret", Input { credential_arn: secret(), ..quay() }, Some("'credentialArn'")),
            ("an unknown host", input("mcr", "mcr.microsoft.com"), Some("'mcr.microsoft.com' is not supported")),
            (
                "another kind",
                Input { upstream_registry: Some(UpstreamRegistry::K8s), ..quay() },
                Some("'quay.io' is not supported"),
            ),
            ("a declared host", input("own", "mirror.test"), None),
            ("a known host that is declared", input("gh", "ghcr.io"), None),
            ("a role", Input { custom_role_arn: role(), ..quay() }, Some("'customRoleArn'")),
            ("an upstream prefix", Input { upstream_repository_prefix: team(), ..quay() }, None),
            (
                "an upstream prefix under ROOT",
                Input { upstream_repository_prefix: team(), ..input("ROOT", "quay.io") },
                Some("'upstreamRepositoryPrefix'"),
            ),
        ];
        for (case, input, refusal) in cases {
            let mut registry = registry();
            let result = with(|cx| {
                if case.contains("declared") {
                    cx.surroundings = &Mirrors;
                }
                apply(&mut registry, cx, input)
            });
            assert_eq!(registry.cache_rules().len(), usize::from(refusal.is_none()), "{case}");
            match (result, refusal) {
                (Ok(_), None) => {}
                (Err(error), Some(text)) => assert!(error.to_string().contains(text), "{case}: {error}"),
                (result, _) => panic!("{case}: {result:?}"),
            }
        }
    }

    #[test]
    fn c_182_c_186_a_prefix_has_one_rule_and_a_registry_fifty() {
        let mut registry = registry();
        for number in 0..limits::CACHE_RULES_PER_REGISTRY {
            with(|cx| apply(&mut registry, cx, input(&format!("q{number}"), "quay.io"))).unwrap();
        }
        let again = with(|cx| apply(&mut registry, cx, input("q1/", "quay.io"))).unwrap_err();
        assert!(matches!(again, Error::AlreadyExists(_)), "a trailing slash is the same prefix");
        let over = with(|cx| apply(&mut registry, cx, input("more", "quay.io"))).unwrap_err();
        assert!(matches!(over, Error::LimitExceeded(_)));
    }
}
