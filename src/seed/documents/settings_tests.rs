//! Documents of settings: policies, templates, quotas, throttles and secrets, good and bad, as seed files have them.

use std::collections::BTreeMap;

use super::*;
use crate::registry::policy::iam::RegistryPolicyScope;
use crate::registry::seeding::SeedAccountSettings;
use crate::registry::types::Timestamp;
use crate::registry::{AppliedFor, BlobMounting, EncryptionType, SecretState};
use crate::seed::json;
use crate::seed::plan::{RegistryPlan, RepositoryPlan};
use crate::throttles::Rate;

fn checked(documents: &str) -> Result<Vec<PlannedDocument>, Vec<Violation>> {
    let file = json::seed_file(format!("{{\"documents\": [{documents}]}}").as_bytes()).expect("a seed file");
    let defaults = RegistryKey { account: "123456789012".parse().unwrap(), region: "us-east-1".parse().unwrap() };
    check(&file.documents, &defaults, &Quotas::default())
}

fn refuses(documents: &str, expected: &[&str]) {
    let violations = checked(documents).expect_err(documents);
    let texts: Vec<String> = violations.iter().map(Violation::to_string).collect();
    assert_eq!(texts, expected, "{documents}");
}

fn registry_of(members: &str) -> RegistryPlan {
    match checked(&format!(r#"{{"registry": {{{members}}}}}"#)).expect(members).remove(0) {
        PlannedDocument::Registry(plan) => plan,
        other => panic!("{other:?}"),
    }
}

fn repository_of(members: &str) -> RepositoryPlan {
    match checked(&format!(r#"{{"repository": {{"name": "app", {members}}}}}"#)).expect(members).remove(0) {
        PlannedDocument::Repository(plan) => plan,
        other => panic!("{other:?}"),
    }
}

/// A JSON text as a member of JSON.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

const PULL: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"999999999999"},"Action":"ecr:BatchGetImage"}]}"#;
const IMPORT: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"999999999999"},"Action":"ecr:ReplicateImage","Resource":"*"}]}"#;
const KEEP: &str = r#"{"rules":[{"rulePriority":1,"selection":{"tagStatus":"any","countType":"imageCountMoreThan","countNumber":5},"action":{"type":"expire"}}]}"#;

#[test]
fn settings_of_a_registry_become_a_plan() {
    let plan = registry_of(&format!(
        r#""policy": {policy},
           "creationTemplates": [{{"prefix": "prod/", "appliedFor": ["REPLICATION", "CREATE_ON_PUSH"], "description": "d",
               "imageTagMutability": "IMMUTABLE_WITH_EXCLUSION", "mutabilityExclusionFilters": ["dev-*"],
               "encryption": {{"encryptionType": "KMS"}}, "resourceTags": [{{"key": "team", "value": "a"}}, {{"key": "bare"}}],
               "repositoryPolicy": {pull}, "lifecyclePolicy": {keep},
               "customRoleArn": "arn:aws:iam::123456789012:role/creator"}}],
           "accountSettings": {{"blobMounting": "ENABLED", "registryPolicyScope": "V1", "basicScanTypeVersion": "AWS_NATIVE"}},
           "scanning": {{"scanType": "ENHANCED", "rules": [{{"scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": ["a*"]}}]}},
           "signing": {{"rules": [{{"signingProfileArn": "arn:aws:signer:us-east-1:123456789012:/signing-profiles/release"}}]}},
           "pullTimeExclusions": ["arn:aws:iam::123456789012:role/ci"],
           "cacheRules": [{{"prefix": "hub", "upstream": "registry-1.docker.io",
               "credentialArn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:ecr-pullthroughcache/hub"}}]"#,
        policy = quoted(IMPORT),
        pull = quoted(PULL),
        keep = quoted(KEEP),
    ));
    assert!(plan.policy.is_some());
    let template = &plan.templates[0];
    assert_eq!((template.prefix.as_str(), template.applied_for.len()), ("prod/", 2));
    assert_eq!(template.applied_for[0], AppliedFor::Replication);
    assert_eq!(template.encryption.encryption_type, EncryptionType::Kms);
    assert_eq!(template.resource_tags.as_slice()[1].value, "");
    assert_eq!(template.lifecycle_policy.as_ref().unwrap().text(), KEEP);
    assert!(template.repository_policy.is_some() && template.custom_role_arn.is_some());
    let settings = plan.account_settings.unwrap();
    assert_eq!(settings.blob_mounting, Some(BlobMounting::Enabled));
    assert_eq!(settings.registry_policy_scope, Some(RegistryPolicyScope::V1));
    assert_eq!(plan.scanning.unwrap().rules()[0].filters[0].as_str(), "a*");
    assert_eq!(plan.signing.unwrap().rules.len(), 1);
    assert_eq!(plan.pull_time_exclusions[0].as_str(), "arn:aws:iam::123456789012:role/ci");
    assert!(plan.cache_rules[0].credential_arn.as_deref().unwrap().ends_with("/hub"));
    let bare = registry_of(r#""accountSettings": {}"#);
    assert_eq!(bare.account_settings, Some(SeedAccountSettings::default()));
    assert_eq!((bare.policy, bare.scanning, bare.signing), (None, None, None));
}

#[test]
fn policies_and_tags_of_a_repository_become_a_plan() {
    let plan = repository_of(&format!(
        r#""policy": {}, "lifecyclePolicy": {}, "resourceTags": [{{"key": "team", "value": "a"}}],
           "encryption": {{"encryptionType": "KMS_DSSE", "kmsKey": "alias/mine"}}, "images": [{{"archived": true}}, {{}}]"#,
        quoted(PULL),
        quoted(KEEP)
    ));
    assert!(plan.policy.is_some() && plan.lifecycle_policy.is_some());
    assert_eq!(plan.resource_tags.as_slice()[0].key, "team");
    let encryption = plan.encryption.unwrap();
    let expected = (EncryptionType::KmsDsse, Some("alias/mine"));
    assert_eq!((encryption.encryption_type, encryption.kms_key.as_deref()), expected);
    assert_eq!(plan.images.iter().map(|image| image.archived).collect::<Vec<_>>(), [Some(true), None]);
}

#[test]
fn c_117_c_123_policies_are_refused_where_they_stand_as_the_operations_refuse_them() {
    refuses(
        r#"{"registry": {"policy": "{}", "creationTemplates": [
               {"prefix": "a", "appliedFor": ["REPLICATION"], "repositoryPolicy": "no"},
               {"prefix": "b", "appliedFor": ["REPLICATION"], "lifecyclePolicy": "short"}]}},
           {"repository": {"name": "app", "lifecyclePolicy": "{\"rules\": [{\"rulePriority\": 1, \"selection\": {\"tagStatus\": \"any\", \"countType\": \"imageCountMoreThan\", \"countNumber\": 0}, \"action\": {\"type\": \"expire\"}}]}"}}"#,
        &[
            "documents[0].registry.policy: Invalid registry policy provided: a policy has no `Statement`",
            "documents[0].registry.creation_templates[0].repository_policy: Invalid repository policy provided: \
             expected ident at line 1 column 2",
            "documents[0].registry.creation_templates[1].lifecycle_policy: must have length greater than or equal to 100",
            "documents[1].repository.lifecycle_policy: Lifecycle policy validation failure: numeric instance is lower than \
             the required minimum (minimum: 1, found: 0)",
        ],
    );
    let long = "x".repeat(10_241);
    refuses(
        &format!(r#"{{"repository": {{"name": "app", "policy": "{long}"}}}}"#),
        &["documents[0].repository.policy: must have length less than or equal to 10240"],
    );
}

#[test]
fn settings_are_refused_where_they_stand() {
    refuses(
        r#"{"registry": {
            "creationTemplates": [{"prefix": "Prod"}, {"prefix": "a", "appliedFor": ["PUSH"]},
                {"prefix": "a/", "appliedFor": ["REPLICATION"],
                 "encryption": {"encryptionType": "AES256", "kmsKey": "k"}, "resourceTags": [{"key": "aws:x"}]}],
            "accountSettings": {"blobMounting": "on", "registryPolicyScope": "V3", "basicScanTypeVersion": "CLAIR"},
            "scanning": {"scanType": "NONE", "rules": [{"scanFrequency": "NEVER"}]},
            "signing": {"rules": [{"signingProfileArn": "arn:aws:signer:eu-west-1:123456789012:/signing-profiles/release"}]},
            "pullTimeExclusions": ["arn:aws:iam::123456789012:root"],
            "cacheRules": [{"prefix": "hub", "upstream": "quay.io", "credentialArn": "hub"}]}}"#,
        &[
            "documents[0].registry.cache_rules[0].credential_arn: must be the ARN of a secret whose name begins with \
             `ecr-pullthroughcache/`, e.g. `arn:aws:secretsmanager:us-east-1:123456789012:secret:ecr-pullthroughcache/hub`",
            "documents[0].registry.creation_templates[0].prefix: must satisfy regular expression \
             '^([a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*)*/?|ROOT)$'",
            "documents[0].registry.creation_templates[0].applied_for: must not be empty",
            "documents[0].registry.creation_templates[1].applied_for[0]: must be one of `REPLICATION`, \
             `PULL_THROUGH_CACHE` and `CREATE_ON_PUSH`",
            "documents[0].registry.creation_templates[2].prefix: `a` appears twice",
            "documents[0].registry.creation_templates[2].encryption.kms_key: must not be there with `AES256`",
            "documents[0].registry.creation_templates[2].resource_tags[0]: Tag parameters are invalid",
            "documents[0].registry.scanning.scan_type: must be BASIC or ENHANCED",
            "documents[0].registry.scanning.rules[0].scan_frequency: must be one of `SCAN_ON_PUSH`, `CONTINUOUS_SCAN` and \
             `MANUAL`",
            "documents[0].registry.signing.rules[0].signing_profile_arn: The signing profile \
             'arn:aws:signer:eu-west-1:123456789012:/signing-profiles/release' must be in the Region 'us-east-1' of the \
             registry",
            "documents[0].registry.account_settings.blob_mounting: must be DISABLED or ENABLED",
            "documents[0].registry.account_settings.registry_policy_scope: must be V1 or V2",
            "documents[0].registry.account_settings.basic_scan_type_version: must be AWS_NATIVE",
            "documents[0].registry.pull_time_exclusions[0]: must be the ARN of an IAM user or role, e.g. \
             `arn:aws:iam::123456789012:user/ann`",
        ],
    );
    refuses(
        r#"{"repository": {"name": "app", "resourceTags": [{"key": "a"}, {"key": "a"}], "encryption": {"encryptionType": "ROT13"}}},
           {"upstream": {"host": "quay.io", "repositories": [{"name": "base", "images": [{"archived": true}]}]}}"#,
        &[
            "documents[0].repository.resource_tags: Tag parameters are invalid",
            "documents[0].repository.encryption.encryption_type: must be one of `AES256`, `KMS` and `KMS_DSSE`",
            "documents[1].upstream.repositories[0].images[0].archived: must not be there: an upstream has no archive",
        ],
    );
}

#[test]
fn x_020_d_023_rates_are_ecr_s_unless_a_document_names_others() {
    let planned = |document: &str| match checked(&format!(r#"{{"throttles": {document}}}"#)).expect(document).remove(0)
    {
        PlannedDocument::Throttles(plan) => plan.rates,
        other => panic!("{other:?}"),
    };
    assert_eq!(planned("{}"), Some(BTreeMap::default()));
    assert_eq!(planned(r#"{"enabled": false}"#), None);
    let rates = planned(
        r#"{"operations": [{"operation": "PutImage", "ratePerSecond": 2.5}, {"operation": "DescribeImages", "burst": 3},
            {"operation": "GetAuthorizationToken", "ratePerSecond": 20, "burst": 200}, {"operation": "ListImages"}]}"#,
    );
    let rates: Vec<(&str, Rate)> = rates.unwrap().iter().map(|(operation, rate)| (operation.name(), *rate)).collect();
    assert_eq!(
        rates,
        [
            ("DescribeImages", Rate::new(10.0, Some(3)).unwrap()),
            ("GetAuthorizationToken", Rate::new(20.0, Some(200)).unwrap()),
            ("ListImages", Rate::new(10.0, Some(10)).unwrap()),
            ("PutImage", Rate::new(2.5, Some(3)).unwrap()),
        ]
    );
    refuses(
        r#"{"throttles": {"operations": [{"operation": "putImage"}, {"operation": "PutImage", "ratePerSecond": -1},
            {"operation": "PutImage"}, {"operation": "ListImages", "burst": 0}]}}"#,
        &[
            "documents[0].throttles.operations[0].operation: must be an operation of ECR, e.g. `PutImage`",
            "documents[0].throttles.operations[1].rate_per_second: must be 0 to 1000000",
            "documents[0].throttles.operations[2].operation: `PutImage` appears twice",
            "documents[0].throttles.operations[3].burst: must be at least 1",
        ],
    );
}

#[test]
fn what_a_surface_document_does_not_say_stays_as_it_is() {
    let planned = checked(r#"{"surface": {"referrers": false}}, {"surface": {"redirects": true}}, {"surface": {}}"#);
    let planned: Vec<(Option<bool>, Option<bool>)> = planned
        .unwrap()
        .into_iter()
        .map(|document| match document {
            PlannedDocument::Surface(plan) => (plan.referrers, plan.redirects),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(planned, [(Some(false), None), (None, Some(true)), (None, None)]);
}

#[test]
fn d_034_quotas_are_checked_and_judge_the_documents_that_follow() {
    refuses(
        r#"{"quotas": {"layerParts": "0", "signingRules": "11", "imagesPerRepository": "0"}}"#,
        &[
            "documents[0].quotas.layer_parts: must be at least 1",
            "documents[0].quotas.signing_rules: must be at most 10",
        ],
    );
    let unknown = json::seed_file(br#"{"documents": [{"quotas": {"layers": 1}}]}"#).expect_err("no such quota");
    assert!(unknown.to_string().contains("`documents[0].quotas.layers`: unrecognized field name"), "{unknown}");
    let two_tags = r#"{"repository": {"name": "app", "resourceTags": [{"key": "a"}, {"key": "b"}]}}"#;
    assert!(checked(two_tags).is_ok());
    refuses(
        &format!(
            r#"{{"quotas": {{"resourceTagsPerRepository": "1", "replicationDestinations": "0"}}}}, {two_tags},
            {{"registry": {{"replication": {{"rules": [{{"destinations": [{{"region": "eu-west-1"}}]}}]}}}}}}"#
        ),
        &[
            "documents[1].repository.resource_tags: The number of tags exceeds the limit of 1 tags per repository",
            "documents[2].registry.replication: Member must have length less than or equal to 0",
        ],
    );
}

#[test]
fn c_190_a_secret_is_a_login_or_the_reason_why_there_is_none() {
    const ARN: &str = "arn:aws:secretsmanager:us-east-1:123456789012:secret:ecr-pullthroughcache/hub-Ab12Cd";
    let planned = |members: &str| {
        let document = format!(r#"{{"secret": {{"arn": "{ARN}", {members}}}}}"#);
        match checked(&document).expect(members).remove(0) {
            PlannedDocument::Secret(plan) => plan,
            other => panic!("{other:?}"),
        }
    };
    let plan = planned(r#""username": "me", "accessToken": "token""#);
    assert_eq!((&*plan.arn, plan.state), (ARN, SecretState::Usable));
    assert_eq!(plan.login, Some(("me".into(), "token".into())));
    for (fault, state) in [
        ("ACCESS_DENIED", SecretState::AccessDenied),
        ("DECRYPTION_FAILURE", SecretState::Undecryptable),
        ("MALFORMED", SecretState::Malformed),
    ] {
        assert_eq!(planned(&format!(r#""fault": "{fault}""#)).state, state);
    }
    let short = "arn:aws:secretsmanager:us-east-1:123456789012:secret:other";
    refuses(
        &format!(
            r#"{{"secret": {{"arn": "{short}", "username": "me", "accessToken": "t"}}}}, {{"secret": {{"arn": "{ARN}"}}}},
               {{"secret": {{"arn": "{ARN}", "username": "me"}}}}, {{"secret": {{"arn": "{ARN}", "accessToken": "t"}}}},
               {{"secret": {{"arn": "{ARN}", "fault": "GONE"}}}},
               {{"secret": {{"arn": "{ARN}", "fault": "MALFORMED", "username": "me", "accessToken": "t"}}}}"#
        ),
        &[
            "documents[0].secret.arn: must be the ARN of a secret whose name begins with `ecr-pullthroughcache/`, e.g. \
             `arn:aws:secretsmanager:us-east-1:123456789012:secret:ecr-pullthroughcache/hub`",
            "documents[1].secret: must have a login, `username` and `access_token`, or a `fault`",
            "documents[2].secret.access_token: is required with `username`",
            "documents[3].secret.username: is required with `access_token`",
            "documents[4].secret.fault: must be one of `ACCESS_DENIED`, `DECRYPTION_FAILURE` and `MALFORMED`",
            "documents[5].secret.fault: must not be there beside a login",
        ],
    );
}

#[test]
fn a_principal_may_be_a_session_and_a_key_a_temporary_one() {
    const SESSION: &str = "arn:aws:sts::123456789012:assumed-role/ci/7";
    const KEY: &str = r#""accessKeyId": "ASIACI1234567890", "secretAccessKey": "secret""#;
    const ALL: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ecr:*","Resource":"*"}}"#;
    let planned = |members: &str| match checked(&format!(r#"{{"principal": {{{members}}}}}"#)).expect(members).remove(0)
    {
        PlannedDocument::Principal(plan) => plan,
        other => panic!("{other:?}"),
    };
    let plan =
        planned(&format!(r#""arn": "{SESSION}", {KEY}, "sessionToken": "token", "expiresAt": "1970-01-01T01:00:00Z""#));
    assert_eq!((&*plan.arn, plan.account.as_str(), &plan.policies), (SESSION, "123456789012", &None));
    let key = plan.access_key.expect("a key");
    assert_eq!((&*key.id, &*key.secret), ("ASIACI1234567890", "secret"));
    assert_eq!(key.session, Some(("token".into(), Some(Timestamp::from_millis(3_600_000)))));
    let user = planned(&format!(r#""arn": "arn:aws:iam::123456789012:user/ann", {KEY}, "sessionToken": "t""#));
    assert_eq!(user.policies.as_deref(), Some([].as_slice()));
    assert_eq!(user.access_key.and_then(|key| key.session), Some(("t".into(), None)));

    let of_session = |members: &str| format!(r#"{{"principal": {{"arn": "{SESSION}", {members}}}}}"#);
    let no_arn = "must be the ARN of an IAM user or role, e.g. `arn:aws:iam::123456789012:user/ann`";
    refuses(
        &[
            of_session(&format!(r#""policies": [{ALL:?}]"#)),
            of_session(r#""sessionToken": "t""#),
            of_session(&format!(r#"{KEY}, "expiresAt": "1970-01-01T01:00:00Z""#)),
            of_session(&format!(r#"{KEY}, "sessionToken": """#)),
            r#"{"principal": {"arn": "arn:aws:sts::123456789012:assumed-role/ci"}}"#.to_owned(),
            r#"{"principal": {"arn": "arn:aws:sts::x:assumed-role/ci/7"}}"#.to_owned(),
        ]
        .join(", "),
        &[
            "documents[0].principal.policies: must not be there: a session has the policies of its role",
            "documents[1].principal.access_key_id: is required with `session_token`",
            "documents[2].principal.session_token: is required with `expires_at`",
            "documents[3].principal.session_token: must not be empty",
            &format!("documents[4].principal.arn: {no_arn}"),
            &format!("documents[5].principal.arn: {no_arn}"),
        ],
    );
}

#[test]
fn an_upstream_may_ask_for_a_login() {
    let upstream = |login: &str| format!(r#"{{"upstream": {{"host": "ghcr.io", "login": {login}}}}}"#);
    let plans = checked(&upstream(r#"{"username": "me", "accessToken": "t"}"#)).expect("legal");
    let [PlannedDocument::Upstream(plan)] = &plans[..] else { panic!("{plans:?}") };
    assert_eq!(plan.login, Some(("me".into(), "t".into())));
    refuses(
        &[upstream("{}"), upstream(r#"{"username": "a:b", "accessToken": "t"}"#)].join(", "),
        &[
            "documents[0].upstream.login.username: must be there, without a colon",
            "documents[0].upstream.login.access_token: must not be empty",
            "documents[1].upstream.login.username: must be there, without a colon",
        ],
    );
}
