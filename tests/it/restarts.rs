//! Where bytes lie and when they go: those of blobs, for as long as a world has them, and no state.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ecr_fixture::proto;
use serde_json::json;
use tonic::Code;

use crate::harness::{Caller, End, Image, TestServer, TestWorld, filler, reason, sha256};

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
    let here = [blob_file(&image.layer_digest()), "lock".to_owned(), "tmp/1".to_owned()];
    assert_eq!(files(directory.path()), here);
    first.running.stop().await;

    let second = on(directory.path()).await;
    assert_eq!(files(directory.path()), ["lock"]);
    let home = Caller::new(second.registry(), "AKIAIOSFODNN7EXAMPLE", "us-east-1").logged_in().await;
    assert_eq!(home.ok("DescribeRepositories", json!({})).await, json!({"repositories": []}));
    home.ok("CreateRepository", json!({"repositoryName": "app"})).await;
    assert_eq!(home.get(&upload).await.oci_error().0, "BLOB_UPLOAD_UNKNOWN");
    assert_eq!(home.head(&format!("/v2/app/blobs/{}", image.layer_digest())).await.status, 404);
}

/// The path of a blob's file below the directory.
fn blob_file(digest: &str) -> String {
    let hex = digest.replace("sha256:", "");
    format!("blobs/sha256/{}/{hex}", &hex[..2])
}

async fn until_files_are(directory: &Path, expected: &[String]) {
    while files(directory) != expected {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_file_goes_with_the_last_world_that_has_its_blob() {
    let directory = tempfile::tempdir().unwrap();
    let server = on(directory.path()).await;
    let (world, other) = (server.world_with("app").await, server.world_with("app").await);
    let [shared, own] = [11, 12].map(|seed| Image::with_layer(filler(seed, 300_000)));
    world.home().await.push("app", "shared", &shared).await;
    world.home().await.push("app", "own", &own).await;
    other.home().await.push("app", "shared", &shared).await;
    let request = proto::ForkWorldRequest { world: world.name(), count: Some(1), ..Default::default() };
    let forks = server.plane.clone().worlds.fork_world(request).await.unwrap().into_inner().worlds;
    let fork = TestWorld::new(server.plane.clone(), forks.into_iter().next().expect("a fork"));

    let mut both = vec![blob_file(&shared.layer_digest()), blob_file(&own.layer_digest()), "lock".to_owned()];
    both.sort();
    assert_eq!(files(directory.path()), both);
    world.finish().await;
    fork.home().await.pulls("app", "own", &own).await;
    assert_eq!(files(directory.path()), both);
    fork.finish().await;
    until_files_are(directory.path(), &[blob_file(&shared.layer_digest()), "lock".to_owned()]).await;
    other.home().await.pulls("app", "shared", &shared).await;
    other.finish().await;
    until_files_are(directory.path(), &["lock".to_owned()]).await;
    // The name goes before the bytes.
    while server.running.daemon().blobs.used_bytes() > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn files_of_another_time_are_not_trusted_and_the_blob_is_stored_anew() {
    let directory = tempfile::tempdir().unwrap();
    let image = Image::with_layer(filler(13, 300_000));
    let path = directory.path().join(blob_file(&image.layer_digest()));
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::create_dir_all(directory.path().join("tmp")).unwrap();
    std::fs::write(directory.path().join("tmp/0"), filler(14, 100_000)).unwrap();
    // As a machine leaves it that lost its power: the name, and not the bytes.
    std::fs::write(&path, vec![0; 300_000]).unwrap();
    let server = on(directory.path()).await;
    assert_eq!(files(directory.path()), ["lock"]);
    let world = server.world_with("app").await;
    let home = world.home().await;
    home.push("app", "v1", &image).await;
    home.pulls("app", "v1", &image).await;
    assert!(std::fs::read(&path).unwrap() == image.layer);
}

#[tokio::test]
async fn what_passes_the_bound_of_memory_is_refused_in_the_voice_of_each_surface() {
    // What every part of an upload but the last must have in ECR.
    const PART_BYTES: usize = 5 << 20;
    const TEXT: &str =
        "blobs and uploads may take 8000000 bytes of memory; more by --blob-memory, or on disk by --blob-dir";
    let server = TestServer::with(|args| args.blob_memory = 8_000_000).await;
    let world = server.world_with("app").await;
    let home = world.home().await;
    let bytes = filler(15, 12_000_000);
    let told = format!("The fixture cannot store these bytes: {TEXT}");

    let upload = home.begin_upload("app").await;
    assert_eq!(home.send(&home.request("PATCH", &upload).body(&bytes[..PART_BYTES])).await.status, 201);
    let refused = home.send(&home.request("PATCH", &upload).body(&bytes[PART_BYTES..])).await;
    assert_eq!((refused.status, refused.oci_error()), (500, ("UNKNOWN".to_owned(), told.clone())));
    assert_eq!(home.get(&upload).await.header("range"), format!("0-{}", PART_BYTES - 1));

    let id = upload.rsplit('/').next().expect("an id");
    let part = json!({
        "repositoryName": "app", "uploadId": id, "partFirstByte": PART_BYTES, "partLastByte": bytes.len() - 1,
        "layerPartBlob": STANDARD.encode(&bytes[PART_BYTES..]),
    });
    assert_eq!(home.refused("UploadLayerPart", part).await, (500, "ServerException".to_owned(), told));

    let images = r#"{"repository": {"name": "app", "images": [{"tags": ["v1"], "layerSizeBytes": 9000000}]}}"#;
    let status = world.try_seed(images, false).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::ResourceExhausted, "LIMIT_EXCEEDED"));
    assert!(status.message().contains(TEXT), "{status}");

    // Nothing of all that is left, and what fits goes on.
    assert_eq!(server.running.daemon().blobs.used_bytes(), PART_BYTES as u64);
    let (whole, rest) = (&bytes[..7_000_000], &bytes[PART_BYTES..7_000_000]);
    let put = home.request("PUT", &format!("{upload}?digest={}", sha256(whole))).body(rest);
    assert_eq!(home.send(&put).await.status, 201);
    assert!(home.get(&format!("/v2/app/blobs/{}", sha256(whole))).await.body == whole);
}

#[tokio::test]
async fn with_a_directory_what_memory_has_no_room_for_lies_there() {
    let directory = tempfile::tempdir().unwrap();
    let server = TestServer::with(|args| {
        args.blob_dir = Some(directory.path().to_owned());
        args.blob_memory = 100_000;
    })
    .await;
    let world = server.world_with("app").await;
    let home = world.home().await;
    let images: Vec<Image> = [40_000, 40_000, 40_000, 600_000]
        .into_iter()
        .zip(20..)
        .map(|(size, seed)| Image::with_layer(filler(seed, size)))
        .collect();
    for (number, image) in images.iter().enumerate() {
        home.push("app", &format!("v{number}"), image).await;
    }
    for (number, image) in images.iter().enumerate() {
        home.pulls("app", &format!("v{number}"), image).await;
    }
    let blobs = &server.running.daemon().blobs;
    assert!(blobs.used_bytes() > 720_000);
    assert!(blobs.memory_bytes() <= 100_000);
    // Only what is large has a name.
    assert_eq!(files(directory.path()), [blob_file(&images[3].layer_digest()), "lock".to_owned()]);
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
    let path = directory.path().join(blob_file(&digest));
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
