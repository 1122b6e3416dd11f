//! Logins to upstreams: from a rule's secret to the upstream that asks for one, and what a validation says of them.

use ecr_fixture::proto;
use serde_json::{Value, json};

use crate::harness::{Caller, TestServer, TestWorld};

const SENTENCE: &str = "The authentication to the upstream registry failed. Verify that the credentials provided in the \
                        pull through cache rule are correct, and try again.";

fn arn(name: &str) -> String {
    format!("arn:aws:secretsmanager:us-east-1:123456789012:secret:ecr-pullthroughcache/{name}")
}

fn secret(name: &str, token: &str) -> Value {
    json!({"secret": {"arn": arn(name), "username": "me", "accessToken": token}})
}

/// A world with an upstream that asks for a login, whose rule `gh` has a secret of this content.
async fn cached(token: &str) -> (TestServer, TestWorld, Caller) {
    let server = TestServer::start().await;
    let world = server.world().await;
    let upstream = json!({"upstream": {
        "host": "ghcr.io", "login": {"username": "me", "accessToken": "sesame"},
        "repositories": [{"name": "org/app", "images": [{"tags": ["v1"], "layers": 1}]}],
    }});
    let rule = json!({"registry": {"cacheRules": [
        {"prefix": "gh", "upstream": "ghcr.io", "credentialArn": arn("gh")}, {"prefix": "open", "upstream": "ghcr.io"},
    ]}});
    world.seed(&format!("{upstream}, {}, {rule}", secret("gh", token))).await;
    let home = world.home().await;
    (server, world, home)
}

async fn verdict(home: &Caller, prefix: &str) -> (bool, Option<String>) {
    let answer = home.ok("ValidatePullThroughCacheRule", json!({"ecrRepositoryPrefix": prefix})).await;
    (answer["isValid"].as_bool().expect("a verdict"), answer["failure"].as_str().map(str::to_owned))
}

#[tokio::test]
async fn b_020_an_upstream_that_asks_for_a_login_gets_that_of_the_rule_s_secret() {
    let (_server, world, home) = cached("sesame").await;
    let manifest = home.get("/v2/gh/org/app/manifests/v1").await;
    assert_eq!(manifest.status, 200);
    let layer = manifest.json()["layers"][0]["digest"].as_str().expect("a digest").to_owned();
    assert_eq!(home.get(&format!("/v2/gh/org/app/blobs/{layer}")).await.status, 200);
    let asked = world.calls("upstream:*").await;
    assert_eq!(asked.iter().map(|call| call.status).collect::<Vec<_>>(), [Some(200), Some(200)]);
    for call in &asked {
        let header = &call.headers["authorization"];
        assert!(header.starts_with("Basic ***#") && !header.contains("sesame"), "{header}");
        assert_eq!(*header, asked[0].headers["authorization"], "the same login looks the same");
    }

    let anonymous = home.get("/v2/open/org/app/manifests/v1").await;
    assert_eq!((anonymous.status, anonymous.oci_error()), (403, ("DENIED".to_owned(), SENTENCE.to_owned())));
    let asked = world.finished_call("upstream:manifest.get where status = 401").await;
    assert_eq!((asked.error.as_str(), asked.headers.contains_key("authorization")), ("UNAUTHORIZED", false));
}

#[tokio::test]
async fn b_031_d_013_a_login_that_the_upstream_refuses_brings_nothing_until_it_is_mended() {
    let (_server, world, home) = cached("wrong").await;
    let refused = home.get("/v2/gh/org/app/manifests/v1").await;
    assert_eq!((refused.status, refused.oci_error()), (403, ("DENIED".to_owned(), SENTENCE.to_owned())));
    let input = json!({"repositoryName": "gh/org/app", "imageIds": [{"imageTag": "v1"}]});
    let refused = home.refused("BatchGetImage", input.clone()).await;
    assert_eq!(refused, (400, "UnableToGetUpstreamImageException".to_owned(), SENTENCE.to_owned()));
    assert_eq!(home.ok("DescribeRepositories", json!({})).await["repositories"], json!([]));
    world.seed(&secret("gh", "sesame").to_string()).await;
    assert_eq!(home.ok("BatchGetImage", input).await["images"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn b_020_unconfirmed_a_secret_that_cannot_be_used_keeps_the_upstream_from_being_asked() {
    let (_server, world, home) = cached("sesame").await;
    for fault in ["ACCESS_DENIED", "DECRYPTION_FAILURE", "MALFORMED"] {
        world.seed(&json!({"secret": {"arn": arn("gh"), "fault": fault}}).to_string()).await;
        let refused = home.get("/v2/gh/org/app/manifests/v1").await;
        assert_eq!((refused.status, refused.oci_error().0.as_str()), (403, "DENIED"), "{fault}");
        let (is_valid, failure) = verdict(&home, "gh").await;
        assert!(!is_valid && failure.is_some(), "{fault}: {failure:?}");
    }
    assert!(world.calls("upstream:*").await.is_empty());
}

#[tokio::test]
async fn c_190_a_validation_logs_in_to_the_upstream_and_changes_nothing() {
    let (_server, world, home) = cached("sesame").await;
    let before = (world.seq().await, world.now().await);
    assert_eq!(verdict(&home, "gh").await, (true, None));
    assert_eq!(verdict(&home, "open").await, (true, None), "a rule without a secret asks nobody");
    let asked = world.finished_call("upstream:ping").await;
    assert_eq!((asked.status, asked.request_line.as_str()), (Some(200), "GET https://ghcr.io/v2/"));
    assert!(asked.headers["authorization"].starts_with("Basic ***#"));
    assert_eq!((world.seq().await, world.now().await), before);

    world.seed(&secret("gh", "wrong").to_string()).await;
    let refused = verdict(&home, "gh").await;
    assert_eq!(refused, (false, Some(SENTENCE.to_owned())));
    world.fault("on upstream:ping do 1x status(503) -> 1x reset -> pass").await;
    world.seed(&secret("gh", "sesame").to_string()).await;
    for reason in ["it answered 503 Service Unavailable", "the connection was lost before it answered"] {
        let failure = format!("The upstream registry ghcr.io did not deliver: {reason}.");
        assert_eq!(verdict(&home, "gh").await, (false, Some(failure)));
    }
    assert_eq!(verdict(&home, "gh").await, (true, None));
    let missing = home.refused("ValidatePullThroughCacheRule", json!({"ecrRepositoryPrefix": "no"})).await;
    assert_eq!(missing.1, "PullThroughCacheRuleNotFoundException");
}

#[tokio::test]
async fn c_190_an_upstream_that_may_not_be_called_is_not_asked_by_a_validation() {
    let server = TestServer::start().await;
    let world = server.world().await;
    let rule = json!({"registry": {"cacheRules": [
        {"prefix": "hub", "upstream": "registry-1.docker.io", "credentialArn": arn("hub")},
    ]}});
    world.seed(&format!("{}, {rule}", secret("hub", "sesame"))).await;
    let home = world.caller("us-east-1");
    assert_eq!(verdict(&home, "hub").await, (true, None));
    assert!(world.calls("upstream:*").await.is_empty());
}

#[tokio::test]
async fn c_190_a_validation_takes_its_right_and_is_recorded() {
    let (_server, world, home) = cached("sesame").await;
    world.fault("on ecr:ValidatePullThroughCacheRule do 1x status(500) -> pass").await;
    let (status, _, _) = home.refused("ValidatePullThroughCacheRule", json!({"ecrRepositoryPrefix": "gh"})).await;
    assert_eq!(status, 500);
    assert!(world.calls("upstream:*").await.is_empty());
    assert_eq!(verdict(&home, "gh").await, (true, None));
    let (validation, ping) =
        (world.calls("ecr:ValidatePullThroughCacheRule").await, world.finished_call("upstream:ping").await);
    assert_eq!(ping.outcome(), proto::Outcome::Completed);
    assert_eq!(ping.caused_by, validation[1].number);
}
