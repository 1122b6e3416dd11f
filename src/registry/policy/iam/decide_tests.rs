//! Decisions: identity, repository and registry policies together.

use super::super::document::PolicyKind;
use super::super::testing::{caller, document, keys, request};
use super::*;

const APP: &str = "arn:aws:ecr:eu-west-1:123456789012:repository/team/app";
const OWN: &str = "arn:aws:iam::123456789012:user/eve";
const FOREIGN: &str = "arn:aws:iam::999999999999:user/eve";
const FOREIGN_SESSION: &str = "arn:aws:sts::999999999999:assumed-role/ci/build";

/// A document of one statement; text after the action is added as it is.
fn one(kind: PolicyKind, effect: &str, principal: &str, action: &str) -> PolicyDocument {
    let principal = if kind == PolicyKind::Identity { String::new() } else { format!(r#","Principal":{principal}"#) };
    let resource = if kind == PolicyKind::Repository { "" } else { r#","Resource":"*""# };
    let statement = format!(r#""Effect":"{effect}","Action":"{action}"{principal}{resource}"#);
    document(kind, &format!(r#"{{"Version":"2012-10-17","Statement":[{{{statement}}}]}}"#))
}

fn nothing() -> Policies<'static> {
    Policies {
        owner: AccountId::DEFAULT,
        identity: IdentityPolicies::Declared(&[]),
        repository: None,
        registry: None,
        registry_scope: RegistryPolicyScope::V2,
    }
}

fn verdict(action: &str, principal: Principal<'_>, policies: &Policies<'_>) -> Decision {
    let keys = keys(&[]);
    decide(&request(action, APP, principal, &keys), policies)
}

/// Documents that say each outcome to callers of either account, for the action `PutImage`.
fn samples(kind: PolicyKind) -> Vec<(Outcome, Option<PolicyDocument>)> {
    let accounts = r#"{"AWS":["123456789012","999999999999"]}"#;
    let mut samples = vec![
        (Outcome::NoMatch, None),
        (Outcome::NoMatch, Some(one(kind, "Allow", r#""*""#, "ecr:DescribeImages"))),
        (Outcome::Allow, Some(one(kind, "Allow", r#""*""#, "ecr:Put*"))),
        (Outcome::ExplicitDeny, Some(one(kind, "Deny", r#""*""#, "ecr:PutImage"))),
    ];
    if kind != PolicyKind::Identity {
        samples.push((Outcome::AllowToAccount, Some(one(kind, "Allow", accounts, "ecr:PutImage"))));
    }
    samples
}

#[test]
fn x_011_x_012_every_combination_of_policies_follows_the_rule() {
    use Outcome::{Allow, ExplicitDeny, NoMatch};
    for (identity, identity_document) in samples(PolicyKind::Identity) {
        for (repository, repository_document) in samples(PolicyKind::Repository) {
            for (registry, registry_document) in samples(PolicyKind::Registry) {
                for arn in [OWN, FOREIGN, FOREIGN_SESSION] {
                    let documents: Vec<PolicyDocument> = identity_document.iter().cloned().collect();
                    let policies = Policies {
                        identity: IdentityPolicies::Declared(&documents),
                        repository: repository_document.as_ref(),
                        registry: registry_document.as_ref(),
                        ..nothing()
                    };
                    let resource = [repository, registry];
                    let is_allowed = if arn == OWN {
                        identity == Allow || resource.contains(&Allow)
                    } else {
                        identity == Allow && resource != [NoMatch; 2]
                    };
                    let expected = if identity == ExplicitDeny {
                        Decision::Denied(Denial::IdentityDeny)
                    } else if resource.contains(&ExplicitDeny) {
                        Decision::Denied(Denial::ResourceDeny)
                    } else if is_allowed {
                        Decision::Allowed
                    } else if arn != OWN && resource == [NoMatch; 2] {
                        Decision::Denied(Denial::NoResourcePolicy)
                    } else {
                        Decision::Denied(Denial::NoIdentityPolicy)
                    };
                    let decision = verdict("PutImage", caller(arn), &policies);
                    assert_eq!(decision, expected, "{arn}: {identity:?}, {repository:?}, {registry:?}");
                }
            }
        }
    }
}

#[test]
fn a_caller_without_declared_policies_administers_its_account() {
    let policies = Policies { identity: IdentityPolicies::Undeclared, ..nothing() };
    assert_eq!(verdict("DeleteRepository", caller(OWN), &policies), Decision::Allowed);
    assert_eq!(verdict("GetAuthorizationToken", caller(FOREIGN), &policies), Decision::Allowed);
    assert_eq!(
        verdict("BatchGetImage", caller(FOREIGN), &policies),
        Decision::Denied(Denial::NoResourcePolicy),
        "a stranger needs the owner's word"
    );
    let deny = one(PolicyKind::Repository, "Deny", r#""*""#, "ecr:DeleteRepository");
    let policies = Policies { repository: Some(&deny), ..policies };
    assert_eq!(verdict("DeleteRepository", caller(OWN), &policies), Decision::Denied(Denial::ResourceDeny));
    let allow = one(PolicyKind::Repository, "Allow", r#"{"AWS":"999999999999"}"#, "ecr:BatchGetImage");
    let policies = Policies { repository: Some(&allow), ..policies };
    assert_eq!(verdict("BatchGetImage", caller(FOREIGN_SESSION), &policies), Decision::Allowed);
}

#[test]
fn a_grant_to_the_own_account_does_not_replace_an_identity_policy() {
    let grant = one(PolicyKind::Repository, "Allow", r#"{"AWS":"123456789012"}"#, "ecr:*");
    let policies = Policies { repository: Some(&grant), ..nothing() };
    assert_eq!(verdict("PutImage", caller(OWN), &policies), Decision::Denied(Denial::NoIdentityPolicy));
    assert_eq!(verdict("PutImage", caller("arn:aws:iam::123456789012:root"), &policies), Decision::Allowed);
    let grant = one(PolicyKind::Repository, "Allow", &format!(r#"{{"AWS":"{OWN}"}}"#), "ecr:*");
    let policies = Policies { repository: Some(&grant), ..nothing() };
    assert_eq!(verdict("PutImage", caller(OWN), &policies), Decision::Allowed);
}

#[test]
fn d_024_tokens_come_from_identity_policies_only() {
    let repository = one(PolicyKind::Repository, "Allow", r#""*""#, "ecr:*");
    let registry = one(PolicyKind::Registry, "Allow", r#""*""#, "ecr:*");
    let policies = Policies { repository: Some(&repository), registry: Some(&registry), ..nothing() };
    assert_eq!(verdict("GetAuthorizationToken", caller(OWN), &policies), Decision::Denied(Denial::NoIdentityPolicy));
    let own = [one(PolicyKind::Identity, "Allow", "", "ecr:GetAuthorizationToken")];
    let deny = one(PolicyKind::Registry, "Deny", r#""*""#, "ecr:*");
    let policies = Policies { identity: IdentityPolicies::Declared(&own), registry: Some(&deny), ..nothing() };
    assert_eq!(verdict("GetAuthorizationToken", caller(OWN), &policies), Decision::Allowed);
    let own = [one(PolicyKind::Identity, "Deny", "", "*")];
    let policies = Policies { identity: IdentityPolicies::Declared(&own), ..nothing() };
    assert_eq!(verdict("GetAuthorizationToken", caller(OWN), &policies), Decision::Denied(Denial::IdentityDeny));
}

#[test]
fn c_122_d_032_a_registry_policy_of_scope_v1_governs_three_actions() {
    let deny = one(PolicyKind::Registry, "Deny", r#""*""#, "ecr:*");
    let v1 = Policies {
        identity: IdentityPolicies::Undeclared,
        registry: Some(&deny),
        registry_scope: RegistryPolicyScope::V1,
        ..nothing()
    };
    let v2 = Policies { registry_scope: RegistryPolicyScope::V2, ..v1 };
    for (action, governed) in [
        ("ReplicateImage", true),
        ("BatchImportUpstreamImage", true),
        ("CreateRepository", true),
        ("PutImage", false),
        ("BatchGetImage", false),
        ("DeleteRepository", false),
    ] {
        let under_v1 = if governed { Decision::Denied(Denial::ResourceDeny) } else { Decision::Allowed };
        assert_eq!(verdict(action, caller(OWN), &v1), under_v1, "{action}");
        assert_eq!(verdict(action, caller(OWN), &v2), Decision::Denied(Denial::ResourceDeny), "{action}");
    }
    assert_eq!(RegistryPolicyScope::default(), RegistryPolicyScope::V2);
}

#[test]
fn c_122_replication_from_another_account_needs_the_registry_s_policy() {
    let source = "arn:aws:iam::999999999999:root";
    let policies =
        Policies { identity: IdentityPolicies::Undeclared, registry_scope: RegistryPolicyScope::V1, ..nothing() };
    assert_eq!(verdict("ReplicateImage", caller(source), &policies), Decision::Denied(Denial::NoResourcePolicy));
    let grant = document(
        PolicyKind::Registry,
        r#"{"Version":"2012-10-17","Statement":[{"Sid":"ReplicationAccessCrossAccount","Effect":"Allow",
            "Principal":{"AWS":"arn:aws:iam::999999999999:root"},"Action":["ecr:CreateRepository","ecr:ReplicateImage"],
            "Resource":["arn:aws:ecr:eu-west-1:123456789012:repository/*"]}]}"#,
    );
    let policies = Policies { registry: Some(&grant), ..policies };
    assert_eq!(verdict("ReplicateImage", caller(source), &policies), Decision::Allowed);
    assert_eq!(verdict("CreateRepository", caller(source), &policies), Decision::Allowed);
    assert_eq!(
        verdict("ReplicateImage", caller("arn:aws:iam::888888888888:root"), &policies),
        Decision::Denied(Denial::NoResourcePolicy)
    );
}

#[test]
fn d_015_a_cache_pull_across_accounts_needs_import_create_and_read_grants() {
    let import = one(PolicyKind::Registry, "Allow", r#"{"AWS":"999999999999"}"#, "ecr:BatchImportUpstreamImage");
    let read = one(PolicyKind::Repository, "Allow", r#"{"AWS":"999999999999"}"#, "ecr:BatchGetImage");
    let policies = Policies {
        identity: IdentityPolicies::Undeclared,
        repository: Some(&read),
        registry: Some(&import),
        ..nothing()
    };
    let denied = Decision::Denied(Denial::NoResourcePolicy);
    for (action, expected) in [
        ("BatchImportUpstreamImage", Decision::Allowed),
        ("BatchGetImage", Decision::Allowed),
        ("CreateRepository", denied),
        ("GetDownloadUrlForLayer", denied),
    ] {
        assert_eq!(verdict(action, caller(FOREIGN), &policies), expected, "{action}");
    }
}

#[test]
fn c_118_a_policy_shows_whether_it_locks_its_author_out() {
    let deny = one(PolicyKind::Repository, "Deny", r#""*""#, "ecr:SetRepositoryPolicy");
    let others = one(PolicyKind::Repository, "Deny", r#"{"AWS":"999999999999"}"#, "ecr:*");
    let policies = Policies { identity: IdentityPolicies::Undeclared, ..nothing() };
    let after =
        |policy| verdict("SetRepositoryPolicy", caller(OWN), &Policies { repository: Some(policy), ..policies });
    assert_eq!(after(&deny), Decision::Denied(Denial::ResourceDeny));
    assert_eq!(after(&others), Decision::Allowed);
}

#[test]
fn d_036_rights_may_hang_on_tags_of_the_repository_and_of_the_request() {
    let own = [document(
        PolicyKind::Identity,
        r#"{"Version":"2012-10-17","Statement":[
            {"Effect":"Allow","Action":"ecr:PutImage","Resource":"arn:aws:ecr:*:*:repository/*",
             "Condition":{"StringEquals":{"ecr:ResourceTag/team":"${aws:PrincipalTag/team}"}}},
            {"Effect":"Allow","Action":["ecr:TagResource","ecr:CreateRepository"],"Resource":"*",
             "Condition":{"ForAllValues:StringEquals":{"aws:TagKeys":["team"]},
                          "StringLike":{"aws:RequestTag/team":"*"}}}]}"#,
    )];
    let policies = Policies { identity: IdentityPolicies::Declared(&own), ..nothing() };
    let may = |action: &str, pairs: &[(&str, &[&str])]| {
        let keys = keys(pairs);
        decide(&request(action, APP, caller(OWN), &keys), &policies) == Decision::Allowed
    };
    let (blue, of_blue) =
        (("ecr:ResourceTag/team", &["blue"] as &[&str]), ("aws:PrincipalTag/team", &["blue"] as &[&str]));
    assert!(may("PutImage", &[blue, of_blue]));
    assert!(!may("PutImage", &[("ecr:ResourceTag/team", &["red"]), of_blue]));
    assert!(!may("PutImage", &[blue]));
    let requested = ("aws:RequestTag/team", &["blue"] as &[&str]);
    assert!(may("TagResource", &[("aws:TagKeys", &["team"]), requested]));
    assert!(!may("TagResource", &[("aws:TagKeys", &["team", "x"]), requested]));
    assert!(!may("CreateRepository", &[]));
}

#[test]
fn a_service_needs_the_resource_s_policy_alone() {
    let lambda = Principal::Service("lambda.amazonaws.com");
    let policies = nothing();
    assert_eq!(verdict("BatchGetImage", lambda, &policies), Decision::Denied(Denial::NoResourcePolicy));
    let grant = one(PolicyKind::Repository, "Allow", r#"{"Service":"lambda.amazonaws.com"}"#, "ecr:BatchGetImage");
    let policies = Policies { repository: Some(&grant), ..policies };
    assert_eq!(verdict("BatchGetImage", lambda, &policies), Decision::Allowed);
    assert_eq!(verdict("PutImage", lambda, &policies), Decision::Denied(Denial::NoResourcePolicy));
}

#[test]
fn unconfirmed_a_stranger_without_any_right_is_told_of_the_resource_s_policy() {
    assert_eq!(verdict("PutImage", caller(FOREIGN), &nothing()), Decision::Denied(Denial::NoResourcePolicy));
}
