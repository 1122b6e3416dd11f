//! Uploads off the beaten track: bytes are kept as they come, one request waits for another, and an upload ends with its
//! time or its repository.

use serde_json::json;

use crate::harness::{Caller, Connection, TestServer, TestWorld, filler, sha256};

/// What every part of an upload but the last must have in ECR.
const PART_BYTES: usize = 5 << 20;
const HOUR_SECONDS: i64 = 3_600;

/// A daemon, a world with repository `app`, and a caller who has logged in.
async fn app() -> (TestServer, TestWorld, Caller) {
    let server = TestServer::start().await;
    let world = server.world_with("app").await;
    let home = world.home().await;
    (server, world, home)
}

/// Bytes of blobs and open uploads.
fn used_bytes(server: &TestServer) -> u64 {
    server.running.daemon().blobs.used_bytes()
}

async fn until_calls(world: &TestWorld, matcher: &str, count: usize) {
    while world.calls(matcher).await.len() < count {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn c_003_bytes_of_a_blob_are_stored_before_the_last_of_them_came() {
    let (server, _world, home) = app().await;
    let bytes = filler(1, 8 << 20);
    let (first, second) = bytes.split_at(bytes.len() / 2);
    let upload = home.begin_upload("app").await;
    let request = home.request("PUT", &format!("{upload}?digest={}", sha256(&bytes))).body(bytes.clone());
    let mut connection = Connection::open(home.address).await;
    connection.send_part(&request, first.len()).await;
    while used_bytes(&server) < first.len() as u64 {
        tokio::task::yield_now().await;
    }
    connection.send_raw(second).await;
    assert_eq!(connection.receive("PUT").await.whole().status, 201);
}

#[tokio::test]
async fn c_051_c_052_the_last_put_is_checked_like_a_chunk_and_lets_nobody_come_between() {
    let (_server, world, home) = app().await;
    let bytes = filler(2, PART_BYTES + 1_000);
    let digest = sha256(&bytes);
    let upload = home.begin_upload("app").await;
    let patch = home.request("PATCH", &upload).body(&bytes[..PART_BYTES]);
    assert_eq!(home.send(&patch).await.status, 201);
    let put = |first: usize, last: usize| {
        home.request("PUT", &format!("{upload}?digest={digest}"))
            .header("Content-Range", format!("{first}-{last}"))
            .body(&bytes[PART_BYTES..])
    };
    let early = home.send(&put(PART_BYTES - 1_000, PART_BYTES - 1)).await;
    assert_eq!((early.status, early.oci_error().0.as_str()), (416, "RANGE_INVALID"));
    assert_eq!(early.header("range"), format!("0-{}", PART_BYTES - 1));
    let short = home.send(&put(PART_BYTES, PART_BYTES + 9)).await;
    assert_eq!((short.status, short.oci_error().0.as_str()), (400, "SIZE_INVALID"));

    // Two clients end the same upload, or one that thinks its first attempt lost: the second finds it over.
    let whole = put(PART_BYTES, PART_BYTES + 999);
    let mut first = Connection::open(home.address).await;
    first.send_part(&whole, 500).await;
    until_calls(&world, "oci:upload.put", 3).await;
    let mut second = Connection::open(home.address).await;
    second.send(&home.request("PUT", &format!("{upload}?digest={digest}")).body(&bytes[PART_BYTES..])).await;
    until_calls(&world, "oci:upload.put", 4).await;
    first.send_raw(&bytes[PART_BYTES + 500..]).await;
    assert_eq!(first.receive("PUT").await.whole().status, 201);
    let late = second.receive("PUT").await.whole();
    assert_eq!((late.status, late.oci_error().0.as_str()), (404, "BLOB_UPLOAD_UNKNOWN"));
    assert!(home.get(&format!("/v2/app/blobs/{digest}")).await.body == bytes);
}

#[tokio::test]
async fn c_055_unconfirmed_a_blob_is_named_by_sha_256_alone() {
    let (_server, _world, home) = app().await;
    let sha_512 = "sha512:ee26b0dd4af7e749aa1a8ee3c10ae9923f618980772e473f8819a5d4940e0db27ac185f8a0e1d5f84f88bc887fd67b143732c304cc5fa9ad8e6f57f50028a8ff";
    let sha_256 = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    for (digest, status) in
        [(sha_256, 201), (sha_512, 400), ("md5:098f6bcd4621d373cade4e832627b4f6", 400), ("sha256:9f86d081", 400)]
    {
        let upload = home.begin_upload("app").await;
        let ended = home.send(&home.request("PUT", &format!("{upload}?digest={digest}")).body(*b"test")).await;
        assert_eq!(ended.status, status, "{digest}");
        assert!(status == 201 || ended.oci_error().0 == "DIGEST_INVALID", "{ended:?}");
    }
    assert_eq!(home.get(&format!("/v2/app/blobs/{sha_256}")).await.text(), "test");
    assert_eq!(home.get(&format!("/v2/app/blobs/{sha_512}")).await.status, 404);
}

#[tokio::test]
async fn c_057_an_upload_ends_with_its_repository() {
    let (server, world, home) = app().await;
    let bytes = filler(3, 100_000);
    let upload = home.begin_upload("app").await;
    let mut busy = Connection::open(home.address).await;
    busy.send_part(&home.request("PUT", &format!("{upload}?digest={}", sha256(&bytes))).body(bytes.clone()), 50_000)
        .await;
    until_calls(&world, "oci:upload.put", 1).await;
    home.ok("DeleteRepository", json!({"repositoryName": "app", "force": true})).await;
    busy.send_raw(&bytes[50_000..]).await;
    let late = busy.receive("PUT").await.whole();
    assert_eq!((late.status, late.oci_error().0.as_str()), (404, "NAME_UNKNOWN"));
    home.ok("CreateRepository", json!({"repositoryName": "app"})).await;
    let gone = home.get(&upload).await;
    assert_eq!((gone.status, gone.oci_error().0.as_str()), (404, "BLOB_UPLOAD_UNKNOWN"));
    assert_eq!(home.head(&format!("/v2/app/blobs/{}", sha256(&bytes))).await.status, 404);
    assert_eq!(used_bytes(&server), 0);
}

#[tokio::test]
async fn c_059_unconfirmed_an_upload_ends_a_day_after_its_last_byte() {
    let (server, world, home) = app().await;
    let upload = home.begin_upload("app").await;
    let id = upload.rsplit('/').next().expect("an id").to_owned();
    // A login lasts for half of that time.
    world.advance(20 * HOUR_SECONDS).await;
    let home = world.home().await;
    assert_eq!(home.send(&home.request("PATCH", &upload).body(filler(4, 9_000))).await.status, 201);
    world.advance(24 * HOUR_SECONDS - 1).await;
    let home = world.home().await;
    assert_eq!(home.get(&upload).await.status, 204);
    world.advance(1).await;
    for request in [
        home.request("GET", &upload),
        home.request("PATCH", &upload).body(*b"x"),
        home.request("PUT", &format!("{upload}?digest={}", sha256(b"x"))).body(*b"x"),
        home.request("DELETE", &upload),
    ] {
        let late = home.send(&request).await;
        assert_eq!((late.status, late.oci_error().0.as_str()), (404, "BLOB_UPLOAD_UNKNOWN"), "{request:?}");
    }
    let input = json!({"repositoryName": "app", "uploadId": id, "layerDigests": [sha256(b"x")]});
    assert_eq!(home.refused("CompleteLayerUpload", input).await.1, "UploadNotFoundException");
    // Its bytes are freed when room is asked for again, on either surface.
    assert_eq!(used_bytes(&server), 9_000);
    home.begin_upload("app").await;
    assert_eq!(used_bytes(&server), 0);
    home.send(&home.request("PATCH", &home.begin_upload("app").await).body(filler(5, 8_000))).await;
    world.advance(24 * HOUR_SECONDS).await;
    home.ok("InitiateLayerUpload", json!({"repositoryName": "app"})).await;
    assert_eq!(used_bytes(&server), 0);
}

#[tokio::test]
async fn c_077_unconfirmed_no_least_length_of_chunks_is_announced() {
    let (_server, _world, home) = app().await;
    let started = home.send(&home.request("POST", "/v2/app/blobs/uploads/")).await;
    assert_eq!((started.status, started.find("oci-chunk-min-length")), (202, None));
    let upload = home.path_of(started.header("location"));
    assert_eq!(home.send(&home.request("PATCH", &upload).body(*b"x")).await.status, 201);
}
