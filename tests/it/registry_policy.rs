//! The registry's policy asked for what ECR does there for others: replication from another account, and the first pull
//! through a cache rule.

use ecr_fixture::proto;
use serde_json::{Value, json};

use crate::harness::{Caller, Image, TestServer, TestWorld};

const SOURCE: &str = "111111111111";
const TARGET: &str = "222222222222";

/// A world of two accounts, of which the first replicates `app` to the second.
async fn two_accounts() -> (TestServer, TestWorld, Caller, Caller) {
    let server = TestServer::start().await;
    let accounts = vec![SOURCE.to_owned(), TARGET.to_owned()];
    let world = server.world_of(proto::CreateWorldRequest { accounts, ..Default::default() }).await;
    let destination = format!(r#"{{"region": "us-east-1", "account": "{TARGET}"}}"#);
    let replication = format!(r#"{{"rules": [{{"destinations": [{destination}]}}]}}"#);
    world
        .seed(&format!(r#"{{"repository": {{"name": "app"}}}}, {{"registry": {{"replication": {replication}}}}}"#))
        .await;
    let home = world.caller_of(0, "us-east-1").logged_in().await;
    let there = world.caller_of(1, "us-east-1").logged_in().await;
    (server, world, home, there)
}

fn statement(effect: &str, principal: &str, actions: &[&str]) -> Value {
    let actions: Vec<String> = actions.iter().map(|action| format!("ecr:{action}")).collect();
    json!({"Effect": effect, "Principal": {"AWS": principal}, "Action": actions, "Resource": "*"})
}

fn policy(statements: &[Value]) -> String {
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

async fn put_policy(caller: &Caller, statements: &[Value]) {
    caller.ok("PutRegistryPolicy", json!({"policyText": policy(statements)})).await;
}

#[tokio::test]
async fn a_068_a_069_d_008_c_122_a_policy_of_the_destination_lets_replicas_in() {
    let (_server, _world, home, there) = two_accounts().await;
    let images: Vec<Image> = (1..=5).map(Image::new).collect();
    let push = async |number: usize| {
        home.push("app", &format!("v{number}"), &images[number]).await;
        home.replication("app", &images[number], "us-east-1").await
    };
    assert_eq!(push(0).await, "FAILED ACCESS_DENIED");
    put_policy(&there, &[statement("Allow", SOURCE, &["ReplicateImage"])]).await;
    assert_eq!(push(1).await, "FAILED ACCESS_DENIED", "the repository is missing, and it may not create it");
    put_policy(&there, &[statement("Allow", SOURCE, &["ReplicateImage", "CreateRepository"])]).await;
    assert_eq!(push(2).await, "COMPLETE");
    there.pulls("app", "v2", &images[2]).await;
    put_policy(&there, &[statement("Allow", SOURCE, &["ReplicateImage"])]).await;
    assert_eq!(push(3).await, "COMPLETE", "now it is there");
    there.ok("DeleteRegistryPolicy", json!({})).await;
    assert_eq!(push(4).await, "FAILED ACCESS_DENIED");
}

#[tokio::test]
async fn a_069_c_122_a_denial_outweighs_the_sources_of_a_seed_and_scope_v1_governs_replication() {
    let (_server, world, home, _there) = two_accounts().await;
    let denial = serde_json::to_string(&policy(&[statement("Deny", SOURCE, &["ReplicateImage"])])).expect("text");
    let settings = r#""accountSettings": {"registryPolicyScope": "V1"}"#;
    let sources = format!(r#""replicationSources": ["{SOURCE}"]"#);
    let (one, two) = (Image::new(1), Image::new(2));
    world.seed(&format!(r#"{{"registry": {{"account": "{TARGET}", {sources}}}}}"#)).await;
    home.push("app", "v1", &one).await;
    assert_eq!(home.replication("app", &one, "us-east-1").await, "COMPLETE");
    world.seed(&format!(r#"{{"registry": {{"account": "{TARGET}", {settings}, "policy": {denial}}}}}"#)).await;
    home.push("app", "v2", &two).await;
    assert_eq!(home.replication("app", &two, "us-east-1").await, "FAILED ACCESS_DENIED");
}

const BOB: &str = "arn:aws:iam::123456789012:user/bob";
const KEY: &str = "AKIDBOB0123456789012";

/// A world whose prefix `quay` caches an upstream, and who of its own account has only these rights.
async fn cached(actions: &[&str]) -> (TestServer, TestWorld, Caller) {
    let server = TestServer::start().await;
    let world = server.dedicated_world().await;
    let actions: Vec<String> = actions.iter().map(|action| format!("ecr:{action}")).collect();
    let rights = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": actions, "Resource": "*"}});
    let principal = json!({"principal": {"arn": BOB, "policies": [rights.to_string()], "accessKeyId": KEY,
        "secretAccessKey": "secret"}});
    world
        .seed(&format!(
            r#"{{"upstream": {{"host": "quay.io", "repositories": [{{"name": "base", "images": [{{"tags": ["1", "2"]}}]}}]}}}},
               {{"registry": {{"cacheRules": [{{"prefix": "quay", "upstream": "quay.io"}}]}}}}, {principal}"#
        ))
        .await;
    let bob = Caller::new(world.address(), KEY, "us-east-1").logged_in().await;
    (server, world, bob)
}

const PULL: [&str; 3] = ["GetAuthorizationToken", "BatchGetImage", "GetDownloadUrlForLayer"];

#[tokio::test]
async fn b_060_b_061_a_first_pull_takes_the_rights_to_import_and_to_create() {
    let (_server, world, bob) = cached(&PULL).await;
    let first = bob.get("/v2/quay/base/manifests/1").await;
    assert_eq!((first.status, first.oci_error().0.as_str()), (404, "NAME_UNKNOWN"));
    let by_json = json!({"repositoryName": "quay/base", "imageIds": [{"imageTag": "1"}]});
    let (_, exception, message) = bob.refused("BatchGetImage", by_json.clone()).await;
    assert_eq!(exception, "RepositoryNotFoundException");
    assert_eq!(message, first.oci_error().1);
    let root = world.home().await;
    // Either side may allow it within an account: here the registry's policy does.
    put_policy(&root, &[statement("Allow", BOB, &["BatchImportUpstreamImage"])]).await;
    assert_eq!(bob.get("/v2/quay/base/manifests/1").await.oci_error().0, "NAME_UNKNOWN", "it may not create");
    assert!(world.calls("upstream:*").await.is_empty());
    put_policy(&root, &[statement("Allow", BOB, &["BatchImportUpstreamImage", "CreateRepository"])]).await;
    assert_eq!(bob.get("/v2/quay/base/manifests/1").await.status, 200);
    root.ok("DeleteRegistryPolicy", json!({})).await;
    assert_eq!(bob.get("/v2/quay/base/manifests/1").await.status, 200, "what is here takes no such right");
}

#[tokio::test]
async fn b_061_c_122_without_the_right_to_import_a_cached_repository_has_what_it_has() {
    let (_server, world, bob) = cached(&PULL).await;
    let root = world.home().await;
    root.ok("CreateRepository", json!({"repositoryName": "quay/base"})).await;
    let missed = bob.get("/v2/quay/base/manifests/1").await;
    assert_eq!((missed.status, missed.oci_error().0.as_str()), (404, "MANIFEST_UNKNOWN"));
    assert_eq!(missed.oci_error().1, "Requested image not found");
    let import = json!({"Effect": "Allow", "Principal": {"AWS": BOB}, "Action": "ecr:BatchImportUpstreamImage"});
    let text = json!({"Version": "2012-10-17", "Statement": import}).to_string();
    root.ok("SetRepositoryPolicy", json!({"repositoryName": "quay/base", "policyText": text})).await;
    assert_eq!(bob.get("/v2/quay/base/manifests/1").await.status, 200, "the repository's policy counts, too");
}

#[tokio::test]
async fn b_061_c_122_a_registry_policy_of_either_scope_denies_an_import() {
    for scope in ["V1", "V2"] {
        let (_server, world, _) = cached(&PULL).await;
        let root = world.home().await;
        world.seed(&format!(r#"{{"registry": {{"accountSettings": {{"registryPolicyScope": "{scope}"}}}}}}"#)).await;
        put_policy(&root, &[statement("Deny", "*", &["BatchImportUpstreamImage"])]).await;
        assert_eq!(root.get("/v2/quay/base/manifests/1").await.oci_error().0, "NAME_UNKNOWN", "{scope}");
    }
}

#[tokio::test]
async fn d_015_another_account_pulls_first_by_grants_of_the_registry_and_a_policy_of_the_template() {
    let server = TestServer::start().await;
    let accounts = vec![SOURCE.to_owned(), TARGET.to_owned()];
    let world = server.world_of(proto::CreateWorldRequest { accounts, ..Default::default() }).await;
    world
        .seed(
            r#"{"upstream": {"host": "quay.io", "repositories": [{"name": "base", "images": [{"tags": ["1"]}]}]}},
               {"registry": {"cacheRules": [{"prefix": "quay", "upstream": "quay.io"}]}}"#,
        )
        .await;
    let (owner, guest) = (world.caller_of(0, "us-east-1"), world.caller_of(1, "us-east-1"));
    let pull = json!({"registryId": SOURCE, "repositoryName": "quay/base", "imageIds": [{"imageTag": "1"}]});
    let refusal = async || guest.refused("BatchGetImage", pull.clone()).await.1;
    put_policy(&owner, &[statement("Allow", TARGET, &["BatchImportUpstreamImage", "CreateRepository"])]).await;
    assert_eq!(refusal().await, "AccessDeniedException", "nothing lets it pull");
    let allow = json!({"Effect": "Allow", "Principal": {"AWS": TARGET}, "Action": ["ecr:BatchGetImage"]});
    let text = json!({"Version": "2012-10-17", "Statement": allow}).to_string();
    let template = json!({"prefix": "quay", "appliedFor": ["PULL_THROUGH_CACHE"], "repositoryPolicy": text});
    owner.ok("CreateRepositoryCreationTemplate", template).await;
    owner.ok("DeleteRegistryPolicy", json!({})).await;
    assert_eq!(refusal().await, "RepositoryNotFoundException", "nothing lets it import");
    put_policy(&owner, &[statement("Allow", TARGET, &["BatchImportUpstreamImage", "CreateRepository"])]).await;
    let pulled = guest.ok("BatchGetImage", pull.clone()).await;
    assert_eq!(pulled["images"][0]["imageId"]["imageTag"], "1");
    let layer = json!({"registryId": SOURCE, "repositoryName": "quay/base", "layerDigest": "sha256:0"});
    assert_eq!(guest.refused("GetDownloadUrlForLayer", layer).await.1, "AccessDeniedException", "not in the policy");
}
