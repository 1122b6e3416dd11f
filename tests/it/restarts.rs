//! What lies on disk and what does not: bytes of blobs for as long as the daemon lives, and no state.

use std::path::Path;

use serde_json::json;

use crate::harness::{Caller, End, Image, TestServer, filler};

async fn on(directory: &Path) -> TestServer {
    TestServer::with(|args| args.blob_dir = Some(directory.to_owned())).await
}

/// Paths of all files below a directory, relative to it.
fn files(directory: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![directory.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(directory).expect("below it").to_str().expect("text").to_owned());
            }
        }
    }
    found.sort();
    found
}

#[tokio::test]
async fn c_004_c_060_c_150_c_214_no_state_is_written_and_nothing_outlives_the_daemon() {
    let directory = tempfile::tempdir().unwrap();
    let first = on(directory.path()).await;
    let home = Caller::new(first.registry(), "AKIAIOSFODNN7EXAMPLE", "us-east-1").logged_in().await;
    home.ok("CreateRepository", json!({"repositoryName": "app"})).await;
    let image = Image::with_layer(filler(1, 8 << 20));
    home.push("app", "v1", &image).await;
    let upload = home.begin_upload("app").await;
    assert_eq!(home.send(&home.request("PATCH", &upload).body(filler(2, 6 << 20))).await.status, 201);
    let hex = image.layer_digest().replace("sha256:", "");
    assert_eq!(
        files(directory.path()),
        [format!("blobs/sha256/{}/{hex}", &hex[..2]), "lock".to_owned(), "tmp/1".to_owned()]
    );
    first.running.stop().await;

    let second = on(directory.path()).await;
    assert_eq!(files(directory.path()), ["lock"]);
    let home = Caller::new(second.registry(), "AKIAIOSFODNN7EXAMPLE", "us-east-1").logged_in().await;
    assert_eq!(home.ok("DescribeRepositories", json!({})).await, json!({"repositories": []}));
    home.ok("CreateRepository", json!({"repositoryName": "app"})).await;
    assert_eq!(home.get(&upload).await.oci_error().0, "BLOB_UPLOAD_UNKNOWN");
    assert_eq!(home.head(&format!("/v2/app/blobs/{}", image.layer_digest())).await.status, 404);
}

#[tokio::test]
async fn c_212_bytes_that_are_lost_are_never_an_empty_success() {
    let directory = tempfile::tempdir().unwrap();
    let server = on(directory.path()).await;
    let world = server.world_with("app").await;
    let home = world.home().await;
    let image = Image::with_layer(filler(3, 8 << 20));
    home.push("app", "v1", &image).await;
    let digest = image.layer_digest();
    let hex = digest.replace("sha256:", "");
    let path = directory.path().join("blobs/sha256").join(&hex[..2]).join(&hex);
    std::fs::OpenOptions::new().write(true).open(path).unwrap().set_len(1_000).unwrap();
    let answer = home.ok("GetDownloadUrlForLayer", json!({"repositoryName": "app", "layerDigest": digest})).await;
    let url = home.path_of(answer["downloadUrl"].as_str().expect("a URL"));
    for path in [format!("/v2/app/blobs/{digest}"), url] {
        let received = home.exchange(&home.request("GET", &path)).await;
        assert_ne!(received.end, End::Whole, "{path}");
        // What was announced is the whole, so that every client notices.
        assert!(received.reply.is_none_or(|reply| reply.content_length() == image.layer.len()), "{path}");
    }
    home.get("/v2/app/manifests/v1").await;
}
