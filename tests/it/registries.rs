//! What belongs to what: settings to a registry, which is an account in a region, and everything else to a repository.

use ecr_fixture::config::RepositoryUriForm;
use ecr_fixture::proto;
use serde_json::{Value, json};

use crate::harness::{Caller, Image, TestServer, TestWorld, filler, sha256};

const LIFECYCLE_POLICY: &str = r#"{"rules":[{"rulePriority":1,"selection":{"tagStatus":"any","countType":"imageCountMoreThan","countNumber":1},"action":{"type":"expire"}}]}"#;

/// A world of two accounts whose addresses have the form of AWS.
async fn two_accounts() -> (TestServer, TestWorld) {
    let server = TestServer::start().await;
    let world = server
        .world_of(proto::CreateWorldRequest {
            accounts: vec!["111111111111".to_owned(), "222222222222".to_owned()],
            repository_uri: proto::RepositoryUriMode::Aws.into(),
            ..Default::default()
        })
        .await;
    (server, world)
}

fn policy(effect: &str, action: &str) -> String {
    let statement = json!({"Effect": effect, "Principal": {"AWS": "arn:aws:iam::999999999999:root"}, "Action": action});
    json!({"Version": "2012-10-17", "Statement": statement}).to_string()
}

/// What each setting of a registry is, one answer for each kind.
async fn settings(caller: &Caller) -> Vec<(&'static str, Value)> {
    let mut found = Vec::new();
    for operation in [
        "DescribeRepositories",
        "DescribeRegistry",
        "DescribePullThroughCacheRules",
        "DescribeRepositoryCreationTemplates",
        "GetRegistryPolicy",
        "GetRegistryScanningConfiguration",
        "GetSigningConfiguration",
        "ListPullTimeUpdateExclusions",
        "ListReplicationBackfills",
    ] {
        let (_, answer) = caller.ecr(operation, json!({})).await;
        found.push((operation, answer));
    }
    let (_, answer) = caller.ecr("GetAccountSetting", json!({"name": "BLOB_MOUNTING"})).await;
    found.push(("GetAccountSetting", answer));
    found
}

#[tokio::test]
async fn c_010_c_011_settings_are_those_of_one_account_in_one_region() {
    let (_server, world) = two_accounts().await;
    let home = world.caller_of(0, "us-east-1");
    let others = [world.caller_of(0, "eu-west-1"), world.caller_of(1, "us-east-1")];
    let mut before = Vec::new();
    for other in &others {
        before.push(settings(other).await);
    }
    let fresh = settings(&home).await;

    let destination = json!({"region": "eu-west-1", "registryId": "111111111111"});
    let rule = json!({"destinations": [destination]});
    let registry_policy = json!({"Version": "2012-10-17", "Statement": {
        "Sid": "one", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::222222222222:root"},
        "Action": "ecr:ReplicateImage", "Resource": "arn:aws:ecr:us-east-1:111111111111:repository/*",
    }});
    let scanning = json!({"scanType": "BASIC", "rules": [{
        "scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": [{"filter": "prod", "filterType": "WILDCARD"}],
    }]});
    let profile = "arn:aws:signer:us-east-1:111111111111:/signing-profiles/release";
    for (operation, input) in [
        ("CreateRepository", json!({"repositoryName": "app"})),
        ("PutReplicationConfiguration", json!({"replicationConfiguration": {"rules": [rule]}})),
        ("CreatePullThroughCacheRule", json!({"ecrRepositoryPrefix": "quay", "upstreamRegistryUrl": "quay.io"})),
        ("CreateRepositoryCreationTemplate", json!({"prefix": "prod", "appliedFor": ["CREATE_ON_PUSH"]})),
        ("PutRegistryPolicy", json!({"policyText": registry_policy.to_string()})),
        ("PutRegistryScanningConfiguration", scanning),
        ("PutSigningConfiguration", json!({"signingConfiguration": {"rules": [{"signingProfileArn": profile}]}})),
        ("RegisterPullTimeUpdateExclusion", json!({"principalArn": "arn:aws:iam::111111111111:role/scanner"})),
        ("StartReplicationBackfill", json!({"destination": destination})),
        ("PutAccountSetting", json!({"name": "BLOB_MOUNTING", "value": "ENABLED"})),
    ] {
        home.ok(operation, input).await;
    }
    for ((operation, now), (_, then)) in settings(&home).await.into_iter().zip(fresh) {
        assert_ne!(now, then, "{operation}");
    }
    for (other, before) in others.iter().zip(before) {
        assert_eq!(settings(other).await, before);
    }
}

#[tokio::test]
async fn c_012_a_repository_takes_everything_with_it() {
    let server = TestServer::start().await;
    let world = server.world().await;
    let home = world.home().await;
    let image = Image::new(1);
    let arn = "arn:aws:ecr:us-east-1:123456789012:repository/app";
    let (app, v1) = (json!({"repositoryName": "app"}), json!({"repositoryName": "app", "imageId": {"imageTag": "v1"}}));
    home.ok(
        "CreateRepository",
        json!({
            "repositoryName": "app", "imageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
            "imageTagMutabilityExclusionFilters": [{"filterType": "WILDCARD", "filter": "dev*"}],
            "imageScanningConfiguration": {"scanOnPush": true}, "tags": [{"Key": "team", "Value": "core"}],
        }),
    )
    .await;
    home.push("app", "v1", &image).await;
    let upload = home.begin_upload("app").await;
    let allowed = policy("Allow", "ecr:BatchGetImage");
    home.ok("SetRepositoryPolicy", json!({"repositoryName": "app", "policyText": allowed})).await;
    home.ok("PutLifecyclePolicy", json!({"repositoryName": "app", "lifecyclePolicyText": LIFECYCLE_POLICY})).await;
    home.ok("StartLifecyclePolicyPreview", app.clone()).await;
    let reads = [
        ("GetRepositoryPolicy", app.clone(), "RepositoryPolicyNotFoundException"),
        ("GetLifecyclePolicy", app.clone(), "LifecyclePolicyNotFoundException"),
        ("GetLifecyclePolicyPreview", app.clone(), "LifecyclePolicyPreviewNotFoundException"),
        ("DescribeImageScanFindings", v1.clone(), "ImageNotFoundException"),
        ("DescribeImageReplicationStatus", v1, "ImageNotFoundException"),
    ];
    for (operation, input, _) in &reads {
        home.ok(operation, input.clone()).await;
    }
    assert_eq!(home.ok("ListTagsForResource", json!({"resourceArn": arn})).await["tags"].as_array().unwrap().len(), 1);

    home.ok("DeleteRepository", json!({"repositoryName": "app", "force": true})).await;
    assert_eq!(home.refused("DescribeImages", app.clone()).await.1, "RepositoryNotFoundException");
    let created = home.ok("CreateRepository", app.clone()).await["repository"].clone();
    assert_eq!(created["imageTagMutability"], "MUTABLE");
    assert_eq!(created["imageScanningConfiguration"], json!({"scanOnPush": false}));
    for (operation, input, exception) in reads {
        assert_eq!(home.refused(operation, input).await.1, exception, "{operation}");
    }
    assert_eq!(home.ok("ListTagsForResource", json!({"resourceArn": arn})).await, json!({"tags": []}));
    assert_eq!(home.ok("ListImages", app).await, json!({"imageIds": []}));
    assert_eq!(home.get(&upload).await.oci_error().0, "BLOB_UPLOAD_UNKNOWN");
    assert_eq!(home.head(&format!("/v2/app/blobs/{}", image.layer_digest())).await.status, 404);
    assert_eq!(server.running.daemon().blobs.used_bytes(), 0, "nobody has these bytes any more");
}

#[tokio::test]
async fn c_013_c_014_a_layer_belongs_to_its_repository_and_its_bytes_are_held_once() {
    let server = TestServer::start().await;
    let world = server.world_with("app").await;
    world.seed(r#"{"repository": {"name": "other"}}"#).await;
    let home = world.home().await;
    let bytes = filler(1, 300_000);
    let digest = home.push_blob("app", &bytes).await;
    assert_eq!(digest, sha256(&bytes));
    let available = async |repository: &str| {
        let input = json!({"repositoryName": repository, "layerDigests": [digest]});
        let told = home.ok("BatchCheckLayerAvailability", input).await["layers"][0]["layerAvailability"].clone();
        let head = home.head(&format!("/v2/{repository}/blobs/{digest}")).await.status;
        (told, head)
    };
    assert_eq!(available("app").await, (json!("AVAILABLE"), 200));
    assert_eq!(available("other").await, (json!("UNAVAILABLE"), 404));
    home.push_blob("other", &bytes).await;
    assert_eq!(available("other").await, (json!("AVAILABLE"), 200));
    assert_eq!(server.running.daemon().blobs.used_bytes(), bytes.len() as u64);
}

#[tokio::test]
async fn c_016_a_world_may_show_addresses_in_the_form_of_aws() {
    let (_server, world) = two_accounts().await;
    let uri = async |region: &str| {
        let created = world.caller(region).ok("CreateRepository", json!({"repositoryName": "team/app"})).await;
        created["repository"]["repositoryUri"].clone()
    };
    assert_eq!(uri("eu-west-1").await, "111111111111.dkr.ecr.eu-west-1.amazonaws.com/team/app");
    assert_eq!(uri("cn-north-1").await, "111111111111.dkr.ecr.cn-north-1.amazonaws.com.cn/team/app");
}

#[tokio::test]
async fn c_109_c_113_nobody_creates_in_another_account_and_an_empty_registry_lists_nothing() {
    let (_server, world) = two_accounts().await;
    let (ours, theirs) = (world.caller_of(0, "us-east-1"), world.caller_of(1, "us-east-1"));
    let input = json!({"registryId": "222222222222", "repositoryName": "app"});
    let (status, exception, message) = ours.refused("CreateRepository", input).await;
    assert_eq!((status, exception.as_str()), (400, "AccessDeniedException"));
    assert!(message.contains("ecr:CreateRepository on resource: arn:aws:ecr:us-east-1:222222222222:repository/app"));
    for caller in [ours, theirs] {
        assert_eq!(caller.ok("DescribeRepositories", json!({})).await, json!({"repositories": []}));
    }
}

#[tokio::test]
async fn c_177_without_ids_a_token_is_for_the_caller_s_own_registry() {
    let (_server, world) = two_accounts().await;
    for (place, account) in ["111111111111", "222222222222"].into_iter().enumerate() {
        let answer = world.caller_of(place, "us-east-1").ok("GetAuthorizationToken", json!({})).await;
        let tokens = answer["authorizationData"].as_array().expect("an array");
        assert_eq!(tokens.len(), 1);
        assert_eq!(tokens[0]["proxyEndpoint"], format!("https://{account}.dkr.ecr.us-east-1.amazonaws.com"));
    }
}

#[tokio::test]
async fn the_default_world_shows_the_uris_that_the_command_line_asks_for() {
    let server = TestServer::with(|args| args.repository_uri = RepositoryUriForm::Aws).await;
    let anybody = Caller::new(server.registry(), "any", "eu-west-1");
    let created = anybody.ok("CreateRepository", json!({"repositoryName": "app"})).await;
    let uri = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/app";
    assert_eq!(created["repository"]["repositoryUri"], uri);
}
