//! Whether a caller may do something in a registry, by the policies of both.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-policies.html>

use std::borrow::Cow;

use super::cache_rules::cache_rule_for;
use super::context::Caller;
use super::policy::iam::{
    ConditionKeys, Decision, Denial, IdentityPolicies, Policies, PolicyDocument, Principal, Request, decide,
};
use super::resource_tags::ResourceTag;
use super::state::Registry;
use super::templates::{AppliedFor, template_for};
use super::types::{AccountId, RepositoryName, Timestamp};

/// What a caller wants to do.
#[derive(Clone, Copy, Debug)]
pub struct Access<'a> {
    /// Who.
    pub caller: &'a Caller,
    /// The caller's own policies.
    pub identity: IdentityPolicies<'a>,
    /// Action of ECR, without `ecr:`.
    pub action: &'a str,
    /// Repository that it concerns; it need not be there. Absent for actions on the whole registry.
    pub repository: Option<&'a RepositoryName>,
    /// Resource tags that the request sets.
    pub request_tags: &'a [ResourceTag],
    /// Time of the request.
    pub now: Timestamp,
}

/// A caller may not do what it wants to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// ARN of the repository, or `*`.
    pub resource: String,
    /// Why.
    pub denial: Denial,
}

/// Weighs the caller's policies, the repository's and the registry's.
pub fn authorize(registry: &Registry, access: &Access<'_>) -> Result<(), Refused> {
    let repository = access.repository.and_then(|name| registry.repositories().get(name));
    let policy = match repository {
        Some(repository) => repository.policy(),
        None => policy_to_be(registry, access),
    };
    // Nearly every request of a test is its account's own, with no policy in sight.
    let has_no_policies = policy.is_none() && registry.policy().is_none();
    let administers = matches!(access.identity, IdentityPolicies::Undeclared);
    if has_no_policies && administers && access.caller.account == registry.id() {
        return Ok(());
    }
    let resource = resource(registry, access);
    let keys = Keys {
        of_resource: repository.map_or(&[], |repository| repository.resource_tags().as_slice()),
        of_request: access.request_tags,
        now: access.now,
        region: registry.key().region.as_str(),
    };
    let request = Request {
        action: access.action,
        resource: &resource,
        principal: Principal::Identity { account: access.caller.account, arn: &access.caller.arn },
        keys: &keys,
    };
    let policies = Policies {
        owner: registry.id(),
        identity: access.identity,
        repository: policy,
        registry: registry.policy(),
        registry_scope: registry.account_settings().registry_policy_scope,
    };
    match decide(&request, &policies) {
        Decision::Allowed => Ok(()),
        Decision::Denied(denial) => Err(Refused { resource, denial }),
    }
}

/// What a caller needs a right to: the repository, all of them to list them, else `*`.
/// Source: <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerregistry.html>
fn resource(registry: &Registry, access: &Access<'_>) -> String {
    match access.repository {
        Some(name) => registry.key().repository_arn(name),
        None if access.action == "DescribeRepositories" => registry.key().every_repository_arn(),
        None => "*".to_owned(),
    }
}

/// The policy that a missing repository would get by the very pull that is to be judged: that of the template by which a
/// cache rule creates it. Without this nobody of another account could make a first pull (unconfirmed that it is so).
/// Source: <https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache-iam.html>
fn policy_to_be<'a>(registry: &'a Registry, access: &Access<'_>) -> Option<&'a PolicyDocument> {
    let name = access.repository.filter(|_| access.action == "BatchGetImage")?;
    cache_rule_for(registry, name)?;
    template_for(registry, name, AppliedFor::PullThroughCache)?.repository_policy.as_ref()
}

/// What the registry's policy alone says of something that ECR does there for another account, such as `ReplicateImage`.
/// The account's own policies are not asked: ECR acts for it by a role of its own.
/// Source: <https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry-permissions-examples.html>
pub(super) fn decide_for_account(
    registry: &Registry,
    account: AccountId,
    action: &str,
    repository: &RepositoryName,
    now: Timestamp,
) -> Decision {
    let arn = format!("arn:{}:iam::{account}:root", registry.key().partition());
    let resource = registry.key().repository_arn(repository);
    let tags = registry.repositories().get(repository).map_or(&[][..], |present| present.resource_tags().as_slice());
    let keys = Keys { of_resource: tags, of_request: &[], now, region: registry.key().region.as_str() };
    let principal = Principal::Identity { account, arn: &arn };
    let request = Request { action, resource: &resource, principal, keys: &keys };
    let policies = Policies {
        owner: registry.id(),
        identity: IdentityPolicies::Undeclared,
        repository: None,
        registry: registry.policy(),
        registry_scope: registry.account_settings().registry_policy_scope,
    };
    decide(&request, &policies)
}

/// The condition keys that ECR documents, tags of the repository and tags that the request sets, and those of AWS's global
/// ones that follow from a call without knowing where it came from.
/// Source: <https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-supported-iam-actions-tagging.html>
struct Keys<'a> {
    of_resource: &'a [ResourceTag],
    of_request: &'a [ResourceTag],
    now: Timestamp,
    region: &'a str,
}

impl ConditionKeys for Keys<'_> {
    fn values(&self, key: &str) -> Vec<Cow<'_, str>> {
        // Keys come in lower case, and a tag's key is compared without regard to case, as IAM does.
        let tag = |tags: &'_ [ResourceTag], name: &str| {
            tags.iter().find(|tag| tag.key.eq_ignore_ascii_case(name)).map(|tag| tag.value.clone())
        };
        if let Some(name) = key.strip_prefix("ecr:resourcetag/").or_else(|| key.strip_prefix("aws:resourcetag/")) {
            return tag(self.of_resource, name).map(Cow::Owned).into_iter().collect();
        }
        if let Some(name) = key.strip_prefix("aws:requesttag/") {
            return tag(self.of_request, name).map(Cow::Owned).into_iter().collect();
        }
        match key {
            "aws:tagkeys" => self.of_request.iter().map(|tag| Cow::Borrowed(tag.key.as_str())).collect(),
            "aws:currenttime" => vec![Cow::Owned(self.now.to_string())],
            "aws:epochtime" => vec![Cow::Owned(self.now.as_micros().div_euclid(1_000_000).to_string())],
            // The daemon speaks plain HTTP on loopback; what it stands in for does not.
            "aws:securetransport" => vec![Cow::Borrowed("true")],
            "aws:requestedregion" => vec![Cow::Borrowed(self.region)],
            // What ECR does for somebody by itself asks for no right of theirs.
            "aws:viaawsservice" => vec![Cow::Borrowed("false")],
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::registry::policy::iam::{PolicyGrammar, PolicyKind, RegistryPolicyScope};
    use crate::registry::testing::{ACTIONS, name, with_repository};

    fn document(kind: PolicyKind, text: &str) -> PolicyDocument {
        PolicyDocument::parse(text, &PolicyGrammar { kind, partition: "aws", known_actions: ACTIONS }).expect("legal")
    }

    fn caller(account: &str, arn: &str) -> Caller {
        Caller { account: account.parse().unwrap(), arn: Arc::from(arn) }
    }

    fn access<'a>(caller: &'a Caller, action: &'a str, repository: Option<&'a RepositoryName>) -> Access<'a> {
        let identity = IdentityPolicies::Undeclared;
        Access { caller, identity, action, repository, request_tags: &[], now: Timestamp::EPOCH }
    }

    #[test]
    fn an_account_has_its_own_registry_and_no_other() {
        let registry = with_repository();
        let own = caller("123456789012", "arn:aws:iam::123456789012:root");
        let other = caller("999999999999", "arn:aws:iam::999999999999:user/eve");
        let app = name("team/app");
        assert_eq!(authorize(&registry, &access(&own, "PutImage", Some(&app))), Ok(()));
        let refused = authorize(&registry, &access(&other, "PutImage", Some(&app))).unwrap_err();
        assert_eq!(refused.denial, Denial::NoResourcePolicy);
        assert_eq!(refused.resource, "arn:aws:ecr:us-east-1:123456789012:repository/team/app");
        assert_eq!(authorize(&registry, &access(&other, "DescribeRegistry", None)).unwrap_err().resource, "*");
        let listed = authorize(&registry, &access(&other, "DescribeRepositories", None)).unwrap_err().resource;
        assert_eq!(listed, "arn:aws:ecr:us-east-1:123456789012:repository/*");
    }

    #[test]
    fn c_122_d_008_the_registry_s_policy_is_asked_for_what_ecr_does_for_others_whatever_the_scope() {
        let mut registry = with_repository();
        let (source, app) = ("999999999999".parse().unwrap(), name("team/app"));
        let asked =
            |registry: &Registry, action: &str| decide_for_account(registry, source, action, &app, Timestamp::EPOCH);
        assert_eq!(asked(&registry, "ReplicateImage"), Decision::Denied(Denial::NoResourcePolicy));
        let text = r#"{"Version":"2012-10-17","Statement":[
            {"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::999999999999:root"},
             "Action":["ecr:ReplicateImage","ecr:BatchImportUpstreamImage"],
             "Resource":"arn:aws:ecr:us-east-1:123456789012:repository/team/*"},
            {"Effect":"Deny","Principal":"*","Action":"ecr:BatchImportUpstreamImage","Resource":"*"}]}"#;
        registry.policy = Some(document(PolicyKind::Registry, text));
        for scope in [RegistryPolicyScope::V1, RegistryPolicyScope::V2] {
            registry.account_settings.registry_policy_scope = scope;
            assert_eq!(asked(&registry, "ReplicateImage"), Decision::Allowed, "{scope:?}");
            assert_eq!(asked(&registry, "CreateRepository"), Decision::Denied(Denial::NoResourcePolicy), "{scope:?}");
            let denied = Decision::Denied(Denial::ResourceDeny);
            assert_eq!(asked(&registry, "BatchImportUpstreamImage"), denied, "{scope:?}");
        }
    }

    #[test]
    fn d_015_unconfirmed_a_first_pull_is_judged_by_the_policy_that_its_repository_would_get() {
        use crate::registry::ops::create_repository_creation_template::{self as template, Input};
        use crate::registry::testing::with;
        use crate::registry::types::CacheRulePrefix;

        let mut registry = with_repository();
        let text = r#"{"Version":"2012-10-17","Statement":[
            {"Effect":"Allow","Principal":{"AWS":"999999999999"},"Action":"ecr:BatchGetImage"}]}"#;
        let input = Input {
            repository_policy: Some(text.to_owned()),
            ..Input::with_defaults("quay".parse().unwrap(), vec![AppliedFor::PullThroughCache])
        };
        with(|cx| template::apply(&mut registry, cx, input)).unwrap();
        let other = caller("999999999999", "arn:aws:iam::999999999999:user/eve");
        let missing = name("quay/app");
        let asked = |registry: &Registry, action: &str| authorize(registry, &access(&other, action, Some(&missing)));
        assert!(asked(&registry, "BatchGetImage").is_err(), "no rule creates it");
        let prefix: CacheRulePrefix = "quay".parse().unwrap();
        crate::registry::seeding::cache_rule(&mut registry, Timestamp::EPOCH, prefix, "quay.io".into(), None, None)
            .unwrap();
        assert_eq!(asked(&registry, "BatchGetImage"), Ok(()));
        assert!(asked(&registry, "CreateRepository").is_err(), "a repository does not allow its own making");
        assert!(asked(&registry, "PutImage").is_err());
    }

    #[test]
    fn c_117_a_repository_policy_lets_others_in_and_keeps_its_own_out() {
        let mut registry = with_repository();
        let app = name("team/app");
        let text = r#"{"Version":"2012-10-17","Statement":[
            {"Effect":"Allow","Principal":{"AWS":"999999999999"},"Action":"ecr:BatchGetImage"},
            {"Effect":"Deny","Principal":"*","Action":"ecr:PutImage"}]}"#;
        registry.repository_mut(&app).unwrap().policy = Some(document(PolicyKind::Repository, text));
        let own = caller("123456789012", "arn:aws:iam::123456789012:root");
        let other = caller("999999999999", "arn:aws:iam::999999999999:user/eve");
        assert_eq!(authorize(&registry, &access(&other, "BatchGetImage", Some(&app))), Ok(()));
        let denied = |caller, action| authorize(&registry, &access(caller, action, Some(&app))).unwrap_err().denial;
        assert_eq!(denied(&own, "PutImage"), Denial::ResourceDeny);
        assert_eq!(denied(&other, "BatchDeleteImage"), Denial::NoResourcePolicy);
    }

    #[test]
    fn d_036_tags_of_the_repository_and_of_the_request_are_conditions() {
        let registry = with_repository();
        let own = caller("123456789012", "arn:aws:iam::123456789012:user/ann");
        let policies = [document(
            PolicyKind::Identity,
            r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ecr:CreateRepository","Resource":"*",
                "Condition":{"StringEquals":{"aws:RequestTag/team":"a"},"ForAllValues:StringEquals":{"aws:TagKeys":["team"]}}}}"#,
        )];
        let app = name("team/new");
        let tag = |key: &str, value: &str| ResourceTag { key: key.to_owned(), value: value.to_owned() };
        let check = |tags: &[ResourceTag]| {
            let access = Access {
                identity: IdentityPolicies::Declared(&policies),
                request_tags: tags,
                ..access(&own, "CreateRepository", Some(&app))
            };
            authorize(&registry, &access).map_err(|refused| refused.denial)
        };
        assert_eq!(check(&[tag("team", "a")]), Ok(()));
        assert_eq!(check(&[tag("team", "b")]), Err(Denial::NoIdentityPolicy));
        assert_eq!(check(&[tag("team", "a"), tag("cost", "1")]), Err(Denial::NoIdentityPolicy));
    }
}
