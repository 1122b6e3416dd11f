//! Tag mutability: what the operation reads, in which order it refuses, and what a change does to tags that are there.

use ecr_fixture::proto;
use serde_json::{Value, json};

use crate::harness::{Caller, Image, TestServer, TestWorld};

async fn app() -> (TestServer, TestWorld, Caller) {
    let server = TestServer::start().await;
    let world = server.world_with("app").await;
    let home = world.home().await;
    (server, world, home)
}

/// Mode and filters of `app` as `DescribeRepositories` shows them.
async fn shown(caller: &Caller) -> (Value, Option<Value>) {
    let described = caller.ok("DescribeRepositories", json!({"repositoryNames": ["app"]})).await;
    let repository = &described["repositories"][0];
    (repository["imageTagMutability"].clone(), repository.get("imageTagMutabilityExclusionFilters").cloned())
}

async fn set_mode(home: &Caller, mode: &str) {
    home.ok("PutImageTagMutability", json!({"repositoryName": "app", "imageTagMutability": mode})).await;
}

#[tokio::test]
async fn a_001_mode_filters_and_registry_are_read() {
    let server = TestServer::start().await;
    let accounts = vec!["111111111111".to_owned(), "222222222222".to_owned()];
    let world = server.world_of(proto::CreateWorldRequest { accounts, ..Default::default() }).await;
    let (caller, owner) = (world.caller_of(0, "us-east-1"), world.caller_of(1, "us-east-1"));
    for account in [&caller, &owner] {
        account.ok("CreateRepository", json!({"repositoryName": "app"})).await;
    }
    let statement =
        json!({"Effect": "Allow", "Principal": {"AWS": "111111111111"}, "Action": "ecr:PutImageTagMutability"});
    let policy = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
    owner.ok("SetRepositoryPolicy", json!({"repositoryName": "app", "policyText": policy})).await;
    let filters = json!([{"filterType": "WILDCARD", "filter": "dev-*"}]);
    let settings = json!({
        "registryId": "222222222222",
        "repositoryName": "app",
        "imageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
        "imageTagMutabilityExclusionFilters": filters,
    });
    assert_eq!(caller.ok("PutImageTagMutability", settings.clone()).await, settings);
    assert_eq!(shown(&owner).await, (json!("IMMUTABLE_WITH_EXCLUSION"), Some(filters)));
    assert_eq!(shown(&caller).await, (json!("MUTABLE"), None));
}

#[tokio::test]
async fn a_002_there_are_four_modes() {
    let (_server, _world, home) = app().await;
    let filters = json!([{"filterType": "WILDCARD", "filter": "dev-*"}]);
    for mode in ["IMMUTABLE", "MUTABLE_WITH_EXCLUSION", "IMMUTABLE_WITH_EXCLUSION", "MUTABLE"] {
        let mut input = json!({"repositoryName": "app", "imageTagMutability": mode});
        let filters = mode.ends_with("_WITH_EXCLUSION").then(|| filters.clone());
        if let Some(filters) = &filters {
            input["imageTagMutabilityExclusionFilters"] = filters.clone();
        }
        home.ok("PutImageTagMutability", input).await;
        assert_eq!(shown(&home).await, (json!(mode), filters));
    }
}

#[tokio::test]
async fn a_004_a_005_a_bad_mode_is_told_before_a_missing_repository() {
    let (_server, _world, home) = app().await;
    let refused = async |mode: &str| {
        home.refused("PutImageTagMutability", json!({"repositoryName": "nope", "imageTagMutability": mode})).await
    };
    assert_eq!(refused("SOMETIMES").await.1, "InvalidParameterException");
    let (status, exception, message) = refused("IMMUTABLE").await;
    assert_eq!((status, exception.as_str()), (400, "RepositoryNotFoundException"));
    let expected = "The repository with name 'nope' does not exist in the registry with id '123456789012'";
    assert_eq!(message, expected);
}

#[tokio::test]
async fn a_006_a_009_a_mode_freezes_the_tags_that_are_there_and_a_later_one_thaws_them() {
    let (_server, _world, home) = app().await;
    let (one, two) = (Image::new(1), Image::new(2));
    home.push("app", "v1", &one).await;
    home.push_blobs("app", &two).await;
    let move_tag = async || home.send(&home.manifest_request("app", "v1", &two.manifest)).await;
    set_mode(&home, "IMMUTABLE").await;
    home.pulls("app", "v1", &one).await;
    assert_eq!(move_tag().await.oci_error().0, "TAG_INVALID");
    home.pulls("app", "v1", &one).await;
    set_mode(&home, "MUTABLE").await;
    assert_eq!(move_tag().await.status, 201);
    home.pulls("app", "v1", &two).await;
}
