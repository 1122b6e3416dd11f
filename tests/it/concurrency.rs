//! Calls that come together: who waits for whom, and what a call that changes nothing leaves.

use serde_json::{Value, json};

use crate::harness::{Caller, Connection, Image, TestServer};

async fn names(caller: &Caller) -> Vec<Value> {
    let answer = caller.ok("DescribeRepositories", json!({})).await;
    let listed = answer["repositories"].as_array().expect("an array");
    listed.iter().map(|repository| repository["repositoryName"].clone()).collect()
}

#[tokio::test]
async fn x_019_nobody_waits_for_the_answer_of_another() {
    let server = TestServer::start().await;
    let (world, other) = (server.world_with("app").await, server.world_with("other").await);
    let home = world.caller("us-east-1");
    world.fault("on ecr:DescribeRepositories@after do 1x hold(door) -> pass").await;
    let mut held = Connection::open(home.address).await;
    held.send(&home.ecr_request("DescribeRepositories", "{}")).await;
    world.waiters("door").await;
    // The call has read its state and has not been answered; reads and writes of its world and of others go on.
    home.ok("CreateRepository", json!({"repositoryName": "later"})).await;
    assert_eq!(names(&home).await, ["app", "later"]);
    assert_eq!(names(&other.caller("us-east-1")).await, ["other"]);
    world.open_gate("door").await;
    let answer = held.receive("POST").await.whole().json();
    assert_eq!(answer["repositories"].as_array().map(Vec::len), Some(1), "it tells what it read: {answer}");
}

#[tokio::test]
async fn x_019_an_answer_is_written_outside_the_writer() {
    let server = TestServer::start().await;
    let world = server.world_with("app").await;
    let (home, image) = (world.home().await, Image::new(1));
    home.push("app", "v1", &image).await;
    // The URL ends an hour from now, so whoever writes it asks the world for the time: it cannot be inside the writer.
    let input = json!({"repositoryName": "app", "layerDigest": image.layer_digest()});
    let url = home.ok("GetDownloadUrlForLayer", input).await["downloadUrl"].as_str().expect("a URL").to_owned();
    assert_eq!(home.get(&home.path_of(&url)).await.body, image.layer);
}

#[tokio::test]
async fn a_110_a_pull_that_changes_nothing_writes_nothing() {
    let server = TestServer::start().await;
    let world = server.world_with("app").await;
    let (home, image) = (world.home().await, Image::new(1));
    home.push("app", "v1", &image).await;
    let input = json!({"repositoryName": "app", "imageIds": [{"imageTag": "v1"}]});
    home.ok("BatchGetImage", input.clone()).await;
    let before = (world.seq().await, world.now().await);
    home.ok("BatchGetImage", input.clone()).await;
    assert_eq!(home.get("/v2/app/manifests/v1").await.status, 200);
    assert_eq!((world.seq().await, world.now().await), before);
    world.advance(24 * 60 * 60).await;
    let seq = world.seq().await;
    home.ok("BatchGetImage", input).await;
    assert_eq!(world.seq().await, seq + 1, "a day later the time of the pull moves");
}
