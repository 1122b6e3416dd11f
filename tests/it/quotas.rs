//! Quotas over the wire: set by a document, met by calls on both surfaces, kept by forks.

use ecr_fixture::proto;
use serde_json::json;
use tonic::Code;

use crate::harness::{Image, TestServer, TestWorld, field_violations};

#[tokio::test]
async fn x_021_c_221_d_034_quotas_of_a_document_hold_on_both_surfaces() {
    let server = TestServer::start().await;
    let world = server.world_with("app").await;
    let quotas = r#"{"quotas": {"repositoriesPerRegistry": "1", "imagesPerRepository": "1", "tagsPerImage": "2"}}"#;
    let (first, again) = (world.seed(quotas).await, world.seed(quotas).await);
    assert_eq!((first[0].updated, again[0].unchanged), (1, 1));
    let home = world.home().await;
    let (one, two) = (Image::new(1), Image::new(2));
    home.push("app", "v1", &one).await;

    let (status, exception, message) = home.refused("CreateRepository", json!({"repositoryName": "web"})).await;
    assert_eq!((status, exception.as_str()), (400, "LimitExceededException"));
    assert_eq!(
        message,
        "The operation would exceed the limit of 1 repositories in the registry with id '123456789012'"
    );
    home.push_blobs("app", &two).await;
    let refused = home.send(&home.manifest_request("app", "v2", &two.manifest)).await;
    assert_eq!((refused.status, refused.oci_error().0.as_str()), (405, "UNSUPPORTED"));
    assert!(refused.oci_error().1.contains("limit of 1 images per repository"), "{refused:?}");
    let put = |tag: &str| json!({"repositoryName": "app", "imageTag": tag, "imageManifest": String::from_utf8_lossy(&one.manifest)});
    home.ok("PutImage", put("v2")).await;
    let (_, exception, message) = home.refused("PutImage", put("v3")).await;
    assert_eq!(exception, "LimitExceededException");
    assert!(message.contains("limit of 2 tags per image"), "{message}");

    world.seed(r#"{"quotas": {"tagsPerImage": "3"}}"#).await;
    home.ok("PutImage", put("v3")).await;
    let (_, exception, _) = home.refused("CreateRepository", json!({"repositoryName": "web"})).await;
    assert_eq!(exception, "LimitExceededException", "what a document does not name stays");
    let elsewhere = world.away().await;
    elsewhere.ok("CreateRepository", json!({"repositoryName": "app"})).await;
    let (_, exception, _) = elsewhere.refused("CreateRepository", json!({"repositoryName": "web"})).await;
    assert_eq!(exception, "LimitExceededException", "registries to come have the quotas, too");
}

#[tokio::test]
async fn d_034_a_fork_has_the_quotas_of_its_source_and_changes_its_own() {
    let server = TestServer::start().await;
    let world = server.world().await;
    world.seed(r#"{"quotas": {"repositoriesPerRegistry": "0"}}"#).await;
    let request = proto::ForkWorldRequest { world: world.name(), ..Default::default() };
    let fork = world.plane.clone().worlds.fork_world(request).await.expect("a fork").into_inner().worlds.remove(0);
    let fork = TestWorld::new(world.plane.clone(), fork);
    let create = json!({"repositoryName": "app"});
    let (_, exception, _) = fork.caller("us-east-1").refused("CreateRepository", create.clone()).await;
    assert_eq!(exception, "LimitExceededException");
    fork.seed(r#"{"quotas": {"repositoriesPerRegistry": "1"}}"#).await;
    fork.caller("us-east-1").ok("CreateRepository", create.clone()).await;
    let (_, exception, _) = world.caller("us-east-1").refused("CreateRepository", create).await;
    assert_eq!(exception, "LimitExceededException");
}

#[tokio::test]
async fn d_034_a_quota_without_sense_is_refused_by_its_name_and_changes_nothing() {
    let server = TestServer::start().await;
    let world = server.world().await;
    let senseless = r#"{"quotas": {"repositoriesPerRegistry": "0", "layerMaximumBytes": "0", "scanningRules": "9"}}"#;
    let status = world.try_seed(senseless, false).await.expect_err("refused");
    assert_eq!(status.code(), Code::InvalidArgument);
    let fields: Vec<String> = field_violations(&status).into_iter().map(|violation| violation.0).collect();
    assert_eq!(fields, ["documents[0].quotas.layer_maximum_bytes", "documents[0].quotas.scanning_rules"]);
    world.caller("us-east-1").ok("CreateRepository", json!({"repositoryName": "app"})).await;
    let valid = world.try_seed(r#"{"quotas": {"repositoriesPerRegistry": "0"}}"#, true).await.expect("valid");
    assert_eq!(valid[0].updated, 1);
    world.caller("us-east-1").ok("CreateRepository", json!({"repositoryName": "web"})).await;
}

#[tokio::test]
async fn d_034_a_world_can_be_made_with_quotas_and_a_fork_with_others() {
    let server = TestServer::start().await;
    let quotas = |most| proto::QuotaDocument { repositories_per_registry: Some(most), ..Default::default() };
    let made = |quotas, from| proto::CreateWorldRequest { quotas: Some(quotas), from, ..Default::default() };
    let world = server.world_of(made(quotas(0), None)).await;
    let create = json!({"repositoryName": "app"});
    let (_, exception, _) = world.caller("us-east-1").refused("CreateRepository", create.clone()).await;
    assert_eq!(exception, "LimitExceededException");
    let from = Some(proto::create_world_request::From::FromWorld(world.name()));
    let fork = server.world_of(made(quotas(1), from)).await;
    fork.caller("us-east-1").ok("CreateRepository", create).await;

    let senseless = proto::QuotaDocument { layer_parts: Some(0), scanning_rules: Some(9), ..Default::default() };
    let status = server.plane.clone().worlds.create_world(made(senseless, None)).await.expect_err("refused");
    let fields: Vec<String> = field_violations(&status).into_iter().map(|violation| violation.0).collect();
    assert_eq!(
        (status.code(), fields.as_slice()),
        (Code::InvalidArgument, ["quotas.layer_parts".to_owned(), "quotas.scanning_rules".to_owned()].as_slice())
    );
}
