//! Replication over the wire: what goes where, what it makes there, and what the source says of it.

use ecr_fixture::proto;
use serde_json::{Value, json};

use crate::harness::{Caller, Image, TestServer, TestWorld};

/// A world of these regions with `app` in the first of them, and a caller in each.
async fn stage<const N: usize>(regions: [&str; N]) -> (TestServer, TestWorld, [Caller; N]) {
    let server = TestServer::start().await;
    let mut request = proto::CreateWorldRequest { regions: regions.map(str::to_owned).to_vec(), ..Default::default() };
    request.set_repository_uri(proto::RepositoryUriMode::Aws);
    let world = server.world_of(request).await;
    let mut callers = Vec::new();
    for region in regions {
        callers.push(world.caller(region).logged_in().await);
    }
    callers[0].ok("CreateRepository", json!({"repositoryName": "app"})).await;
    (server, world, callers.try_into().expect("one for each region"))
}

/// Replicates everything to a region of an account; to nowhere without one.
async fn replicate(from: &Caller, to: Option<(&str, &str)>) {
    let rule = |(region, account)| json!({"destinations": [{"region": region, "registryId": account}]});
    let rules: Vec<Value> = to.into_iter().map(rule).collect();
    from.ok("PutReplicationConfiguration", json!({"replicationConfiguration": {"rules": rules}})).await;
}

async fn statuses(caller: &Caller, image: &Image) -> Value {
    let input = json!({"repositoryName": "app", "imageId": {"imageDigest": image.digest()}});
    caller.ok("DescribeImageReplicationStatus", input).await["replicationStatuses"].clone()
}

async fn repositories(caller: &Caller) -> Value {
    caller.ok("DescribeRepositories", json!({})).await["repositories"].clone()
}

const OWN: &str = "123456789012";

#[tokio::test]
async fn a_054_a_190_without_a_rule_nothing_is_replicated() {
    let (_server, world, [home, away]) = stage(["us-east-1", "eu-west-1"]).await;
    let image = Image::new(1);
    home.push("app", "v1", &image).await;
    assert_eq!(statuses(&home, &image).await, json!([]));
    assert_eq!(repositories(&away).await, json!([]));
    replicate(&home, Some(("eu-west-1", OWN))).await;
    let refused = home.send(&home.manifest_request("none", "v1", &image.manifest)).await;
    assert_eq!(refused.oci_error().0, "NAME_UNKNOWN");
    assert!(world.tasks().await.is_empty(), "neither is what could not be pushed");
}

#[tokio::test]
async fn a_063_a_071_a_072_a_073_a_push_into_one_region_makes_the_repository_of_the_other() {
    let (_server, _world, [first, second]) = stage(["us-gov-east-1", "us-gov-west-1"]).await;
    // The first region is the world's default; the push goes into the second.
    second.ok("CreateRepository", json!({"repositoryName": "team/app"})).await;
    replicate(&second, Some(("us-gov-east-1", OWN))).await;
    let image = Image::new(1);
    second.push("team/app", "v1", &image).await;
    first.pulls("team/app", "v1", &image).await;
    let made = &repositories(&first).await[1];
    assert_eq!(made["repositoryName"], "team/app");
    assert_eq!(made["repositoryArn"], "arn:aws-us-gov:ecr:us-gov-east-1:123456789012:repository/team/app");
    assert_eq!(made["repositoryUri"], "123456789012.dkr.ecr.us-gov-east-1.amazonaws.com/team/app");
    assert_eq!(made["registryId"], OWN);
}

#[tokio::test]
async fn a_064_a_065_a_192_unconfirmed_statuses_outlive_their_rule() {
    let (_server, _world, [home, away]) = stage(["us-east-1", "eu-west-1"]).await;
    replicate(&home, Some(("eu-west-1", OWN))).await;
    let image = Image::new(1);
    home.push("app", "v1", &image).await;
    let complete = json!([{"region": "eu-west-1", "registryId": OWN, "status": "COMPLETE"}]);
    assert_eq!(statuses(&home, &image).await, complete);
    replicate(&home, None).await;
    assert_eq!(statuses(&home, &image).await, complete);
    assert_eq!(home.send(&home.manifest_request("app", "v2", &image.manifest)).await.status, 201);
    assert_eq!(statuses(&home, &image).await, complete, "a push that goes nowhere rewrites nothing");
    assert_eq!(away.get("/v2/app/tags/list").await.json()["tags"], json!(["v1"]));
}

#[tokio::test]
async fn a_068_an_account_that_nobody_has_gets_nothing() {
    let (_server, _world, [home]) = stage(["us-east-1"]).await;
    replicate(&home, Some(("us-east-1", "999999999999"))).await;
    let image = Image::new(1);
    home.push("app", "v1", &image).await;
    assert_eq!(home.replication("app", &image, "us-east-1").await, "FAILED ACCESS_DENIED");
}

#[tokio::test]
async fn a_081_a_replica_goes_no_further() {
    let (_server, world, [home, away, beyond]) = stage(["us-east-1", "eu-west-1", "sa-east-1"]).await;
    replicate(&home, Some(("eu-west-1", OWN))).await;
    replicate(&away, Some(("sa-east-1", OWN))).await;
    let image = Image::new(1);
    home.push("app", "v1", &image).await;
    away.pulls("app", "v1", &image).await;
    assert_eq!(repositories(&beyond).await, json!([]));
    assert_eq!(world.tasks().await.len(), 1);
    // What is pushed there does go on.
    away.push("app", "v2", &Image::new(2)).await;
    beyond.pulls("app", "v2", &Image::new(2)).await;
}

#[tokio::test]
async fn a_086_unconfirmed_what_a_cache_brings_in_is_not_replicated() {
    let (_server, world, [home, away]) = stage(["us-east-1", "eu-west-1"]).await;
    world
        .seed(
            r#"{"upstream": {"host": "quay.io", "repositories": [{"name": "base", "images": [{"tags": ["1"]}]}]}},
               {"registry": {"cacheRules": [{"prefix": "quay", "upstream": "quay.io"}]}}"#,
        )
        .await;
    replicate(&home, Some(("eu-west-1", OWN))).await;
    assert_eq!(home.get("/v2/quay/base/manifests/1").await.status, 200);
    assert!(world.tasks().await.is_empty());
    assert_eq!(repositories(&away).await, json!([]));
}

#[tokio::test]
async fn a_088_pushes_of_both_surfaces_are_replicated() {
    let (_server, _world, [home, away]) = stage(["us-east-1", "eu-west-1"]).await;
    replicate(&home, Some(("eu-west-1", OWN))).await;
    let (one, two) = (Image::new(1), Image::new(2));
    home.push("app", "registry", &one).await;
    home.push_blobs("app", &two).await;
    let input = json!({"repositoryName": "app", "imageManifest": two.manifest_text(), "imageTag": "json"});
    home.ok("PutImage", input).await;
    away.pulls("app", "registry", &one).await;
    away.pulls("app", "json", &two).await;
}

#[tokio::test]
async fn a_191_unconfirmed_a_replica_has_no_status_of_its_own() {
    let (_server, _world, [home, away]) = stage(["us-east-1", "eu-west-1"]).await;
    replicate(&home, Some(("eu-west-1", OWN))).await;
    let image = Image::new(1);
    home.push("app", "v1", &image).await;
    assert_eq!(home.replication("app", &image, "eu-west-1").await, "COMPLETE");
    assert_eq!(statuses(&away, &image).await, json!([]));
}
