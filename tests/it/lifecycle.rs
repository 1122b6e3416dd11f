//! What a world ends in its own time: previews of lifecycle policies, and images on their way out of the archive.

use ecr_fixture::proto;
use serde_json::{Value, json};

use crate::harness::{Caller, Image, TestServer, TestWorld};

const POLICY: &str = r#"{"rules":[{"rulePriority":1,"selection":{"tagStatus":"any","countType":"imageCountMoreThan","countNumber":1},"action":{"type":"expire"}}]}"#;

async fn app() -> (TestServer, TestWorld, Caller) {
    let server = TestServer::start().await;
    let world = server.world_with("app").await;
    let home = world.home().await;
    (server, world, home)
}

async fn preview(home: &Caller) -> (String, usize) {
    let answer = home.ok("GetLifecyclePolicyPreview", json!({ "repositoryName": "app" })).await;
    let results = answer["previewResults"].as_array().expect("results are always there").len();
    (answer["status"].as_str().expect("a status").to_owned(), results)
}

async fn start(home: &Caller) -> Value {
    home.ok("StartLifecyclePolicyPreview", json!({ "repositoryName": "app", "lifecyclePolicyText": POLICY })).await
}

#[tokio::test]
async fn c_143_a_preview_ends_after_its_call_and_deletes_nothing() {
    let (_server, world, home) = app().await;
    home.push("app", "v1", &Image::new(1)).await;
    world.advance(60).await;
    home.push("app", "v2", &Image::new(2)).await;
    assert_eq!(start(&home).await["status"], "IN_PROGRESS");
    assert_eq!(preview(&home).await, ("COMPLETE".to_owned(), 1));
    home.pulls("app", "v1", &Image::new(1)).await;
    let calls = world.calls("task:preview").await;
    assert_eq!(calls.iter().map(proto::Call::outcome).collect::<Vec<_>>(), [proto::Outcome::Completed]);
}

#[tokio::test]
async fn a_preview_waits_at_a_gate_or_fails_as_a_rule_says() {
    let (_server, world, home) = app().await;
    world.fault(r#"on task:preview do 1x hold(door) -> 1x fail("FAULT") -> pass"#).await;
    home.push("app", "v1", &Image::new(1)).await;
    home.push("app", "v2", &Image::new(2)).await;
    start(&home).await;
    assert_eq!(preview(&home).await, ("IN_PROGRESS".to_owned(), 0));
    let again = json!({ "repositoryName": "app", "lifecyclePolicyText": POLICY });
    let (status, exception, _) = home.refused("StartLifecyclePolicyPreview", again).await;
    assert_eq!((status, exception.as_str()), (400, "LifecyclePolicyPreviewInProgressException"));
    assert_eq!(world.open_gate("door").await, 1);
    assert_eq!(preview(&home).await, ("COMPLETE".to_owned(), 1));
    start(&home).await;
    assert_eq!(preview(&home).await, ("FAILED".to_owned(), 0));
    start(&home).await;
    assert_eq!(preview(&home).await, ("COMPLETE".to_owned(), 1));
}

#[tokio::test]
async fn a_210_a_215_c_065_an_archived_image_is_pulled_again_once_it_is_back() {
    let (_server, world, home) = app().await;
    let image = Image::new(1);
    home.push("app", "v1", &image).await;
    let update = async |target: &str| {
        let input = json!({ "repositoryName": "app", "imageId": { "imageTag": "v1" }, "targetStorageClass": target });
        home.ok("UpdateImageStorageClass", input).await["imageStatus"].clone()
    };
    let cannot_be_pulled = async || {
        for reference in ["v1", &image.digest()] {
            let missing = home.get(&format!("/v2/app/manifests/{reference}")).await;
            assert_eq!((missing.status, missing.oci_error().0.as_str()), (404, "MANIFEST_UNKNOWN"));
        }
    };
    assert_eq!(update("ARCHIVE").await, "ARCHIVED");
    cannot_be_pulled().await;
    world.fault("on task:activation do 1x hold(door) -> pass").await;
    assert_eq!(update("STANDARD").await, "ACTIVATING");
    cannot_be_pulled().await;
    world.open_gate("door").await;
    home.pulls("app", "v1", &image).await;

    assert_eq!(update("ARCHIVE").await, "ARCHIVED");
    assert_eq!(update("STANDARD").await, "ACTIVATING");
    home.pulls("app", "v1", &image).await;

    assert_eq!(update("ARCHIVE").await, "ARCHIVED");
    home.push("app", "v1", &image).await;
    home.pulls("app", "v1", &image).await;
}
