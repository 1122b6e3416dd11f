//! Rates of calls over the wire: who is throttled, how it is told on each surface, and what fills a bucket again.

use ecr_fixture::proto;
use serde_json::json;

use crate::harness::{Caller, Image, TestServer, TestWorld};

/// A frozen world with repository `app` and these throttles.
async fn throttled(operations: &str) -> (TestServer, TestWorld, Caller) {
    let server = TestServer::start().await;
    let world = server.world_with("app").await;
    let home = world.home().await;
    world.seed(&format!(r#"{{"throttles": {{"operations": [{operations}]}}}}"#)).await;
    (server, world, home)
}

const RATE_EXCEEDED: (u16, &str, &str) = (400, "ThrottlingException", "Rate exceeded");

fn told(refused: &(u16, String, String)) -> (u16, &str, &str) {
    (refused.0, &refused.1, &refused.2)
}

#[tokio::test]
async fn x_020_nothing_is_throttled_before_a_document_turns_it_on() {
    let server = TestServer::start().await;
    let world = server.world_with("app").await;
    let home = world.home().await;
    for _ in 0..30 {
        home.ok("DescribeRepositories", json!({})).await;
    }
    let first = world.seed(r#"{"throttles": {}}"#).await;
    assert_eq!((first[0].updated, world.seed(r#"{"throttles": {}}"#).await[0].unchanged), (1, 1));
    for _ in 0..10 {
        home.ok("DescribeRepositories", json!({})).await;
    }
    assert_eq!(told(&home.refused("DescribeRepositories", json!({})).await), RATE_EXCEEDED);
    world.seed(r#"{"throttles": {"enabled": false}}"#).await;
    home.ok("DescribeRepositories", json!({})).await;
}

#[tokio::test]
async fn x_020_d_022_d_023_a_call_too_many_is_refused_on_both_surfaces_and_time_lets_it_in() {
    let (_server, world, home) = throttled(r#"{"operation": "BatchGetImage", "ratePerSecond": 1, "burst": 2}"#).await;
    let pull = json!({"repositoryName": "app", "imageIds": [{"imageTag": "v1"}]});
    home.ok("BatchGetImage", pull.clone()).await;
    // Both surfaces draw on the bucket of the operation.
    assert_eq!(home.get("/v2/app/manifests/v1").await.status, 404);
    assert_eq!(told(&home.refused("BatchGetImage", pull.clone()).await), RATE_EXCEEDED);
    let reply = home.get("/v2/app/manifests/v1").await;
    let (code, message) = reply.oci_error();
    assert_eq!((reply.status, code.as_str(), message.as_str()), (429, "TOOMANYREQUESTS", "Rate exceeded"));
    assert!(reply.find("retry-after").is_none(), "ECR sends none (unconfirmed)");

    world.advance(1).await;
    home.ok("BatchGetImage", pull.clone()).await;
    assert_eq!(told(&home.refused("BatchGetImage", pull.clone()).await), RATE_EXCEEDED);
    world.advance(3_600).await;
    home.ok("BatchGetImage", pull.clone()).await;
    home.ok("BatchGetImage", pull.clone()).await;
    assert_eq!(told(&home.refused("BatchGetImage", pull).await), RATE_EXCEEDED, "a bucket holds its burst and no more");
}

#[tokio::test]
async fn x_020_however_much_is_written_a_frozen_clock_fills_no_bucket() {
    let rates =
        r#"{"operation": "ListImages", "ratePerSecond": 1000, "burst": 1}, {"operation": "TagResource", "burst": 99}"#;
    let (_server, world, home) = throttled(rates).await;
    let list = json!({"repositoryName": "app"});
    home.ok("ListImages", list.clone()).await;
    let tag = json!({"resourceArn": "arn:aws:ecr:us-east-1:123456789012:repository/app", "tags": []});
    let before = world.now().await;
    for _ in 0..20 {
        home.ok("TagResource", tag.clone()).await;
        assert_eq!(told(&home.refused("ListImages", list.clone()).await), RATE_EXCEEDED);
    }
    assert_ne!(world.now().await, before, "each write moves the clock by a millisecond, which is no time");
    world.advance(1).await;
    home.ok("ListImages", list).await;
}

#[tokio::test]
async fn x_020_a_throttled_call_is_recorded_meets_no_rule_and_changes_nothing() {
    let (_server, world, home) = throttled(r#"{"operation": "PutImage", "ratePerSecond": 0, "burst": 1}"#).await;
    let image = Image::new(1);
    home.push("app", "v1", &image).await;
    world.fault("on ecr:PutImage do 1x status(500) -> pass").await;
    let before = world.seq().await;
    let body =
        json!({"repositoryName": "app", "imageTag": "v2", "imageManifest": String::from_utf8_lossy(&image.manifest)});
    assert_eq!(told(&home.refused("PutImage", body).await), RATE_EXCEEDED);
    let refused = home.send(&home.manifest_request("app", "v2", &image.manifest)).await;
    assert_eq!((refused.status, refused.oci_error().0.as_str()), (429, "TOOMANYREQUESTS"));
    assert_eq!(world.seq().await, before);
    let call = world.finished_call("ecr:PutImage").await;
    assert_eq!((call.status, call.error.as_str()), (Some(400), "ThrottlingException"));
    assert_eq!(call.outcome(), proto::Outcome::Completed);
    assert!(call.decisions.is_empty(), "no rule was asked: {call:?}");
    let repository = world.calls(r#"ecr:PutImage where repository = "app" and tag = "v2""#).await;
    assert_eq!(repository.len(), 1, "what it was about is known");
    assert_eq!(world.calls("oci:manifest.put where status = 429").await.len(), 1);
    assert_eq!(world.rules().await[0].matched, 0);
}

#[tokio::test]
async fn x_020_unconfirmed_a_body_that_cannot_be_read_counts_and_a_missing_login_does_not() {
    let (_server, _world, home) = throttled(r#"{"operation": "ListImages", "ratePerSecond": 0, "burst": 2}"#).await;
    for _ in 0..2 {
        let (status, exception, _) = home.refused("ListImages", json!({"repositoryName": 5})).await;
        assert_eq!((status, exception.as_str()), (400, "SerializationException"));
    }
    assert_eq!(told(&home.refused("ListImages", json!({"repositoryName": 5})).await), RATE_EXCEEDED);
    let anonymous = Caller::new(home.address, "AKIDNOBODY0123456789", "us-east-1");
    assert_eq!(anonymous.get("/v2/app/tags/list").await.status, 401);
}

#[tokio::test]
async fn x_020_accounts_and_regions_have_buckets_of_their_own_and_forks_copy_them() {
    let server = TestServer::start().await;
    let accounts = vec!["111111111111".to_owned(), "222222222222".to_owned()];
    let world = server.world_of(proto::CreateWorldRequest { accounts, ..Default::default() }).await;
    world
        .seed(r#"{"throttles": {"operations": [{"operation": "DescribeRegistry", "ratePerSecond": 0, "burst": 1}]}}"#)
        .await;
    let callers = [world.caller_of(0, "us-east-1"), world.caller_of(0, "eu-west-1"), world.caller_of(1, "us-east-1")];
    for caller in &callers {
        caller.ok("DescribeRegistry", json!({})).await;
        assert_eq!(told(&caller.refused("DescribeRegistry", json!({})).await), RATE_EXCEEDED);
    }
    let request = proto::ForkWorldRequest { world: world.name(), ..Default::default() };
    let fork = world.plane.clone().worlds.fork_world(request).await.expect("a fork").into_inner().worlds.remove(0);
    let fork = TestWorld::new(world.plane.clone(), fork);
    let (status, _, _) = fork.caller("us-east-1").refused("DescribeRegistry", json!({})).await;
    assert_eq!(status, 400, "its buckets are as empty");
    fork.caller("us-west-2").ok("DescribeRegistry", json!({})).await;
}
