//! Settings that documents declare, read back through the operations that show them.

use serde_json::{Value, json};
use tonic::Code;

use crate::harness::{Caller, Process, TestServer, field_violations, ready_line};

const RECIPE: &str = r#"
    {"registry": {
        "policy": "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Sid\":\"in\",\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"999999999999\"},\"Action\":\"ecr:ReplicateImage\",\"Resource\":\"*\"}]}",
        "creationTemplates": [{"prefix": "prod", "appliedFor": ["CREATE_ON_PUSH"], "imageTagMutability": "IMMUTABLE",
            "repositoryPolicy": "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"ecr:BatchGetImage\"}]}"}],
        "accountSettings": {"blobMounting": "ENABLED", "registryPolicyScope": "V1"},
        "scanning": {"rules": [{"scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": ["team/*"]}]},
        "signing": {"rules": [{"signingProfileArn": "arn:aws:signer:us-east-1:123456789012:/signing-profiles/release",
                               "repositoryFilters": ["team/*"]}]},
        "pullTimeExclusions": ["arn:aws:iam::123456789012:role/scan/trivy"],
        "replication": {"rules": [{"destinations": [{"region": "eu-west-1"}], "deleteReplication": true}]},
        "cacheRules": [{"prefix": "hub", "upstream": "registry-1.docker.io",
            "credentialArn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:ecr-pullthroughcache/hub"}]}},
    {"repository": {"name": "team/app",
        "policy": "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Sid\":\"pull\",\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"ecr:BatchGetImage\"}]}",
        "lifecyclePolicy": "{\"rules\":[{\"rulePriority\":1,\"selection\":{\"tagStatus\":\"untagged\",\"countType\":\"imageCountMoreThan\",\"countNumber\":5},\"action\":{\"type\":\"expire\"}}]}",
        "resourceTags": [{"key": "team", "value": "a"}],
        "encryption": {"encryptionType": "KMS"},
        "images": [{"tags": ["old"], "archived": true}, {"tags": ["new"]}]}},
    {"secret": {"arn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:ecr-pullthroughcache/hub",
                "username": "me", "accessToken": "token"}},
    {"secret": {"arn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:ecr-pullthroughcache/sealed",
                "fault": "DECRYPTION_FAILURE"}},
    {"quotas": {"cacheRulesPerRegistry": "9"}},
    {"throttles": {"operations": [{"operation": "PutImage", "burst": 99}]}}"#;

/// What each operation that shows settings answers.
async fn shown(home: &Caller) -> Vec<(&'static str, Value)> {
    let app = json!({"repositoryName": "team/app"});
    let arn = json!({"resourceArn": "arn:aws:ecr:us-east-1:123456789012:repository/team/app"});
    let mut shown = Vec::new();
    for (operation, input) in [
        ("GetRegistryPolicy", json!({})),
        ("DescribeRepositoryCreationTemplates", json!({})),
        ("GetAccountSetting", json!({"name": "BLOB_MOUNTING"})),
        ("GetAccountSetting", json!({"name": "REGISTRY_POLICY_SCOPE"})),
        ("GetRegistryScanningConfiguration", json!({})),
        ("GetSigningConfiguration", json!({})),
        ("ListPullTimeUpdateExclusions", json!({})),
        ("DescribeRegistry", json!({})),
        ("DescribePullThroughCacheRules", json!({})),
        ("ValidatePullThroughCacheRule", json!({"ecrRepositoryPrefix": "hub"})),
        ("GetRepositoryPolicy", app.clone()),
        ("GetLifecyclePolicy", app.clone()),
        ("ListTagsForResource", arn),
        ("DescribeRepositories", json!({})),
        ("DescribeImages", json!({"repositoryName": "team/app", "filter": {"imageStatus": "ANY"}})),
    ] {
        shown.push((operation, home.ok(operation, input).await));
    }
    shown
}

#[tokio::test]
async fn documents_declare_what_calls_would_set_and_applying_them_again_changes_nothing() {
    let server = TestServer::start().await;
    let world = server.world().await;
    let valid = world.try_seed(RECIPE, true).await.expect("a good recipe");
    assert_eq!(valid.len(), 6);
    let home = world.caller("us-east-1");
    assert_eq!(home.ok("DescribeRepositories", json!({})).await["repositories"], json!([]), "validated, not applied");

    world.seed(RECIPE).await;
    let first = shown(&home).await;
    let before = world.seq().await;
    let results = world.seed(RECIPE).await;
    let changes: Vec<u32> = results.iter().map(|result| result.created + result.updated).collect();
    assert_eq!(changes, [0; 6], "{results:?}");
    assert_eq!(world.seq().await, before);
    assert_eq!(shown(&home).await, first);

    let of = |operation: &str| -> Vec<Value> {
        first.iter().filter(|(name, _)| *name == operation).map(|(_, value)| value.clone()).collect()
    };
    let one = |operation: &str| of(operation).into_iter().next().expect("shown");
    assert!(one("GetRegistryPolicy")["policyText"].as_str().is_some_and(|text| text.contains(r#""Sid" : "in""#)));
    let template = &one("DescribeRepositoryCreationTemplates")["repositoryCreationTemplates"][0];
    assert_eq!((&template["prefix"], &template["imageTagMutability"]), (&json!("prod"), &json!("IMMUTABLE")));
    let settings: Vec<Value> = of("GetAccountSetting").iter().map(|setting| setting["value"].clone()).collect();
    assert_eq!(settings, ["ENABLED", "V1"]);
    let scanning = &one("GetRegistryScanningConfiguration")["scanningConfiguration"];
    assert_eq!(scanning["rules"][0]["repositoryFilters"][0]["filter"], "team/*");
    let signing = one("GetSigningConfiguration");
    assert_eq!(signing["signingConfiguration"]["rules"][0]["repositoryFilters"][0]["filter"], "team/*");
    let exclusions = one("ListPullTimeUpdateExclusions");
    assert_eq!(exclusions["pullTimeUpdateExclusions"], json!(["arn:aws:iam::123456789012:role/scan/trivy"]));
    let rule = &one("DescribeRegistry")["replicationConfiguration"]["rules"][0];
    assert_eq!(rule["deleteReplication"]["enabled"], true);
    let cache_rule = &one("DescribePullThroughCacheRules")["pullThroughCacheRules"][0];
    assert!(cache_rule["credentialArn"].as_str().is_some_and(|arn| arn.ends_with("/hub")));
    assert_eq!(one("ValidatePullThroughCacheRule")["isValid"], true);
    assert!(one("GetRepositoryPolicy")["policyText"].as_str().is_some_and(|text| text.contains(r#""Sid" : "pull""#)));
    let lifecycle = one("GetLifecyclePolicy");
    assert!(lifecycle["lifecyclePolicyText"].as_str().is_some_and(|text| text.starts_with(r#"{"rules":[{"#)));
    assert_eq!(one("ListTagsForResource")["tags"], json!([{"Key": "team", "Value": "a"}]));
    let encryption = one("DescribeRepositories")["repositories"][0]["encryptionConfiguration"].clone();
    assert_eq!(encryption["encryptionType"], "KMS");
    let images = one("DescribeImages")["imageDetails"].clone();
    let statuses: Vec<(&Value, &Value)> = images
        .as_array()
        .expect("images")
        .iter()
        .map(|image| (&image["imageTags"][0], &image["imageStatus"]))
        .collect();
    assert_eq!(statuses.len(), 2);
    assert!(statuses.contains(&(&json!("old"), &json!("ARCHIVED"))), "{statuses:?}");
    assert!(statuses.contains(&(&json!("new"), &json!("ACTIVE"))), "{statuses:?}");
}

#[tokio::test]
async fn c_190_declared_secrets_judge_the_rules_that_name_them() {
    let server = TestServer::start().await;
    let world = server.world().await;
    world.seed(RECIPE).await;
    let home = world.caller("us-east-1");
    let create = |name: &str| {
        json!({"ecrRepositoryPrefix": name, "upstreamRegistryUrl": "registry-1.docker.io",
            "credentialArn": format!("arn:aws:secretsmanager:us-east-1:123456789012:secret:ecr-pullthroughcache/{name}")})
    };
    let sealed = home.refused("CreatePullThroughCacheRule", create("sealed")).await;
    assert_eq!(sealed.1, "UnableToDecryptSecretValueException");
    let missing = home.refused("CreatePullThroughCacheRule", create("other")).await;
    assert_eq!(missing.1, "SecretNotFoundException");
}

#[tokio::test]
async fn a_seeded_setting_that_is_wrong_is_refused_where_it_stands_and_nothing_is_applied() {
    let server = TestServer::start().await;
    let world = server.world().await;
    let wrong = r#"{"repository": {"name": "app"}},
        {"registry": {"policy": "{}", "signing": {"rules": [{"signingProfileArn": "x"}]}}},
        {"repository": {"name": "app", "lifecyclePolicy": "no"}}"#;
    for validate_only in [true, false] {
        let status = world.try_seed(wrong, validate_only).await.expect_err("refused");
        assert_eq!(status.code(), Code::InvalidArgument);
        let fields: Vec<String> = field_violations(&status).into_iter().map(|violation| violation.0).collect();
        assert_eq!(
            fields,
            [
                "documents[1].registry.policy",
                "documents[1].registry.signing.rules[0].signing_profile_arn",
                "documents[2].repository.lifecycle_policy"
            ]
        );
    }
    let shown = world.caller("us-east-1").ok("DescribeRepositories", json!({})).await;
    assert_eq!(shown["repositories"], json!([]));
    // Encryption is part of a repository's birth.
    world.seed(r#"{"repository": {"name": "app"}}"#).await;
    let sealed = r#"{"repository": {"name": "app", "encryption": {"encryptionType": "KMS"}}}"#;
    let status = world.try_seed(sealed, false).await.expect_err("refused");
    assert_eq!(field_violations(&status)[0].0, "documents[0]");
}

#[tokio::test]
async fn a_seed_file_declares_settings_too() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), format!(r#"{{"documents": [{RECIPE}]}}"#)).expect("written");
    let path = file.path().to_str().expect("text");
    let mut process = Process::serve(&["--print-addresses", "json", "--seed", path]);
    let ready = ready_line(&process.line().await);
    let address =
        ready["data"].as_str().expect("text").strip_prefix("http://").expect("a URL").parse().expect("a host");
    let home = Caller::new(address, "AKIAIOSFODNN7EXAMPLE", "us-east-1");
    let template = home.ok("DescribeRepositoryCreationTemplates", json!({})).await;
    assert_eq!(template["repositoryCreationTemplates"][0]["prefix"], "prod");
}
