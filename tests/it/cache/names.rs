//! Which rule covers a pull, what is asked for under it, and what the repository that it makes is called.

use ecr_fixture::proto::{CreateWorldRequest, RepositoryUriMode};
use serde_json::json;

use crate::harness::{Caller, Image, TestServer, TestWorld};

/// An upstream of this host whose repositories each have an image under tag `1`.
fn upstream(host: &str, repositories: &[&str]) -> String {
    let repositories: Vec<String> =
        repositories.iter().map(|name| format!(r#"{{"name": "{name}", "images": [{{"tags": ["1"]}}]}}"#)).collect();
    format!(r#"{{"upstream": {{"host": "{host}", "repositories": [{}]}}}}"#, repositories.join(", "))
}

fn rules(rules: &str) -> String {
    format!(r#"{{"registry": {{"cacheRules": [{rules}]}}}}"#)
}

/// A world with these documents, and somebody who may do everything there.
async fn stage(documents: &[String]) -> (TestServer, TestWorld, Caller) {
    let server = TestServer::start().await;
    let world = server.world().await;
    world.seed(&documents.join(", ")).await;
    let home = world.home().await;
    (server, world, home)
}

/// Status of a pull, and the code if it is refused.
async fn pull(caller: &Caller, repository: &str) -> (u16, String) {
    let reply = caller.get(&format!("/v2/{repository}/manifests/1")).await;
    let code = if reply.status == 200 { String::new() } else { reply.oci_error().0 };
    (reply.status, code)
}

/// Host and repository of everything that was asked upstream.
async fn asked(world: &TestWorld) -> Vec<String> {
    let calls = world.calls("upstream:*").await;
    calls.iter().map(|call| format!("{} {}", call.facts["upstream"], call.facts["repository"])).collect()
}

const QUAY: &str = r#"{"prefix": "quay", "upstream": "quay.io"}"#;

fn pulled() -> (u16, String) {
    (200, String::new())
}

fn unknown() -> (u16, String) {
    (404, "NAME_UNKNOWN".to_owned())
}

#[tokio::test]
async fn b_002_b_010_a_rule_is_one_of_the_account_and_the_region_that_a_pull_names() {
    let server = TestServer::start().await;
    let accounts = vec!["111111111111".to_owned(), "222222222222".to_owned()];
    let world = server.world_of(CreateWorldRequest { accounts, ..CreateWorldRequest::default() }).await;
    world.seed(&format!("{}, {}", upstream("quay.io", &["base"]), rules(QUAY))).await;
    for (account, region) in [(0, "eu-west-1"), (1, "us-east-1")] {
        let caller = world.caller_of(account, region).logged_in().await;
        assert_eq!(pull(&caller, "quay/base").await, unknown(), "{account} in {region}");
    }
    assert_eq!(asked(&world).await, [""; 0]);
    let owner = world.caller_of(0, "us-east-1").logged_in().await;
    assert_eq!(pull(&owner, "quay/base").await, pulled());
}

#[tokio::test]
async fn b_003_b_008_b_033_a_rule_is_about_names_below_its_prefix_and_other_misses_are_ordinary() {
    let (_server, world, home) = stage(&[upstream("quay.io", &["base"]), rules(QUAY)]).await;
    for name in ["quay", "quayx/base", "my/quay/base", "other/base"] {
        assert_eq!(pull(&home, name).await, unknown(), "{name}");
    }
    assert_eq!(asked(&world).await, [""; 0]);
    assert_eq!(pull(&home, "quay/base").await, pulled());
    assert_eq!(asked(&world).await, ["quay.io base"]);
}

#[tokio::test]
async fn b_004_unconfirmed_the_longest_prefix_wins() {
    let prefixes = r#"{"prefix": "aa", "upstream": "quay.io"}, {"prefix": "aa/bb", "upstream": "ghcr.io"},
                      {"prefix": "ROOT", "upstream": "registry.k8s.io"}"#;
    let (_server, world, home) = stage(&[
        upstream("quay.io", &["xx", "bbc/xx"]),
        upstream("ghcr.io", &["xx", "cc/xx"]),
        upstream("registry.k8s.io", &["zz/xx"]),
        rules(prefixes),
    ])
    .await;
    for name in ["aa/xx", "aa/bb/xx", "aa/bb/cc/xx", "aa/bbc/xx", "zz/xx"] {
        assert_eq!(pull(&home, name).await, pulled(), "{name}");
    }
    assert_eq!(
        asked(&world).await,
        ["quay.io xx", "ghcr.io xx", "ghcr.io cc/xx", "quay.io bbc/xx", "registry.k8s.io zz/xx"]
    );
}

#[tokio::test]
async fn b_005_a_prefix_may_end_in_a_slash_and_means_the_same() {
    let (_server, world, home) = stage(&[upstream("quay.io", &["base"])]).await;
    let rule = json!({"ecrRepositoryPrefix": "hub/", "upstreamRegistryUrl": "quay.io"});
    home.ok("CreatePullThroughCacheRule", rule).await;
    assert_eq!(pull(&home, "hub/base").await, pulled());
    assert_eq!(asked(&world).await, ["quay.io base"]);
}

#[tokio::test]
async fn b_006_root_is_a_rule_about_every_name() {
    let root = rules(r#"{"prefix": "ROOT", "upstream": "quay.io"}"#);
    let (_server, world, home) = stage(&[upstream("quay.io", &["library/nginx", "nginx"]), root]).await;
    assert_eq!(pull(&home, "library/nginx").await, pulled());
    assert_eq!(pull(&home, "nginx").await, pulled());
    assert_eq!(asked(&world).await, ["quay.io library/nginx", "quay.io nginx"]);
}

#[tokio::test]
async fn b_007_the_upstream_s_name_is_its_prefix_and_the_rest() {
    let prefixes = r#"{"prefix": "hub", "upstream": "quay.io"},
                      {"prefix": "my-app", "upstream": "quay.io", "upstreamPrefix": "upstream-app"},
                      {"prefix": "team-a", "upstream": "quay.io", "upstreamPrefix": "team-a"}"#;
    let names = ["library/nginx", "upstream-app/web", "team-a/app"];
    let (_server, world, home) = stage(&[upstream("quay.io", &names), rules(prefixes)]).await;
    for name in ["hub/library/nginx", "my-app/web", "team-a/app"] {
        assert_eq!(pull(&home, name).await, pulled(), "{name}");
    }
    assert_eq!(asked(&world).await, names.map(|name| format!("quay.io {name}")));
}

#[tokio::test]
async fn b_009_a_repository_that_has_other_tags_still_asks_for_those_that_it_lacks() {
    let (_server, world, home) = stage(&[upstream("quay.io", &["base"]), rules(QUAY)]).await;
    home.ok("CreateRepository", json!({"repositoryName": "quay/base"})).await;
    let own = Image::new(1);
    home.push("quay/base", "own", &own).await;
    assert_eq!(pull(&home, "quay/base").await, pulled());
    home.pulls("quay/base", "own", &own).await;
    let mut tags = home.get("/v2/quay/base/tags/list").await.json()["tags"].as_array().expect("tags").clone();
    tags.sort_by_key(ToString::to_string);
    assert_eq!(tags, [json!("1"), json!("own")]);
    assert_eq!(world.calls("upstream:manifest.get").await.len(), 1);
}

#[tokio::test]
async fn b_011_b_012_an_upstream_is_a_host_and_asked_over_https() {
    let (_server, world, home) = stage(&[upstream("quay.io", &["org/base"]), rules(QUAY)]).await;
    assert_eq!(pull(&home, "quay/org/base").await, pulled());
    let call = world.finished_call("upstream:manifest.get").await;
    assert_eq!(call.request_line, "GET https://quay.io/v2/org/base/manifests/1");
}

#[tokio::test]
async fn b_013_only_upstreams_that_ecr_knows_can_have_a_rule() {
    let (_server, _world, home) = stage(&[upstream("seeded.example", &["base"])]).await;
    for host in ["mcr.microsoft.com", "docker.io", "localhost:5000", "10.0.0.1"] {
        let rule = json!({"ecrRepositoryPrefix": "far", "upstreamRegistryUrl": host});
        let (status, exception, _) = home.refused("CreatePullThroughCacheRule", rule).await;
        assert_eq!((status, exception.as_str()), (400, "UnsupportedUpstreamRegistryException"), "{host}");
    }
    // A test may have upstreams of its own: those that are seeded count as known.
    for (prefix, host) in [("quay", "quay.io"), ("k8s", "registry.k8s.io"), ("own", "seeded.example")] {
        let rule = json!({"ecrRepositoryPrefix": prefix, "upstreamRegistryUrl": host});
        home.ok("CreatePullThroughCacheRule", rule).await;
    }
}

#[tokio::test]
async fn b_059_b_062_b_063_a_repository_made_by_a_pull_has_the_names_of_its_registry() {
    let server = TestServer::start().await;
    let request = CreateWorldRequest { repository_uri: RepositoryUriMode::Aws.into(), ..CreateWorldRequest::default() };
    let world = server.world_of(request).await;
    world.seed(&upstream("quay.io", &["base"])).await;
    for (region, partition, suffix) in
        [("us-east-1", "aws", "com"), ("ap-southeast-2", "aws", "com"), ("cn-north-1", "aws-cn", "com.cn")]
    {
        // Nothing but a rule is there before the pull.
        let rules = format!(r#"{{"registry": {{"region": "{region}", "cacheRules": [{QUAY}]}}}}"#);
        world.seed(&rules).await;
        let caller = world.caller(region).logged_in().await;
        assert_eq!(caller.ok("DescribeRepositories", json!({})).await["repositories"], json!([]));
        assert_eq!(pull(&caller, "quay/base").await, pulled(), "{region}");
        let described = caller.ok("DescribeRepositories", json!({})).await;
        let repository = &described["repositories"][0];
        let account = repository["registryId"].as_str().expect("an account");
        assert_eq!(repository["repositoryName"], "quay/base");
        let arn = format!("arn:{partition}:ecr:{region}:{account}:repository/quay/base");
        assert_eq!(repository["repositoryArn"], arn);
        let uri = format!("{account}.dkr.ecr.{region}.amazonaws.{suffix}/quay/base");
        assert_eq!(repository["repositoryUri"], uri);
    }
}
