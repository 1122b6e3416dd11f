//! Uploads off the beaten track: bytes are kept as they come, one request waits for another, and an upload ends with its
//! time or its repository.

use serde_json::json;

use crate::harness::{Caller, Connection, End, Request, TestServer, TestWorld, filler, sha256};

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

#[tokio::test]
async fn c_050_a_body_of_no_said_length_is_taken_like_any_other() {
    let (_server, _world, home) = app().await;
    let bytes = filler(6, 100_000);
    let upload = home.begin_upload("app").await;
    let range = |request: Request, range: &str| request.header("Content-Range", range);
    let patch = |bytes: &[u8]| home.request("PATCH", &upload).body(bytes).chunked(30_000);
    // Its length shows at its end only: what does not fit the range that was named is taken back.
    let short = home.send(&range(patch(&bytes[..50_000]), "0-50000")).await;
    assert_eq!((short.status, short.oci_error().0.as_str()), (400, "SIZE_INVALID"));
    assert_eq!(home.get(&upload).await.header("range"), "0-0");
    assert_eq!(home.send(&range(patch(&bytes[..50_000]), "0-49999")).await.header("range"), "0-49999");
    let early = home.send(&range(patch(&bytes[..10]), "0-9")).await;
    assert_eq!((early.status, early.oci_error().0.as_str()), (416, "RANGE_INVALID"));
    assert_eq!((early.header("range"), home.path_of(early.header("location"))), ("0-49999", upload.clone()));
    let status = home.get(&upload).await;
    assert_eq!((status.status, status.header("range")), (204, "0-49999"), "it stays usable");
    assert_eq!(home.send(&patch(&bytes[50_000..])).await.status, 201);
    // An empty body comes in chunks, too, as from containerd.
    let put = |digest: &str| home.request("PUT", &format!("{upload}?digest={digest}")).chunked(1);
    let digest = sha256(&bytes);
    let ended = home.send(&put(&digest.replace(':', "%3A"))).await;
    assert_eq!((ended.status, ended.header("docker-content-digest")), (400, ""), "parts of less than 5 MiB");
    let fresh = home.begin_upload("app").await;
    let whole = home.request("PUT", &format!("{fresh}?digest={digest}")).body(bytes.clone()).chunked(65_536);
    assert_eq!(home.send(&whole).await.status, 201);
    assert!(home.get(&format!("/v2/app/blobs/{digest}")).await.body == bytes);
}

#[tokio::test]
async fn c_053_what_is_refused_at_the_end_leaves_nothing_to_read_and_what_is_asked_amiss_can_be_asked_again() {
    let (server, _world, home) = app().await;
    let bytes = filler(7, 20_000);
    let digest = sha256(&bytes);
    let blob = format!("/v2/app/blobs/{digest}");
    for wrong in ["", "?digest=", "?digest=sha256:12", "?digest=md5:098f6bcd4621d373cade4e832627b4f6"] {
        let upload = home.begin_upload("app").await;
        assert_eq!(home.send(&home.request("PATCH", &upload).body(bytes.clone())).await.status, 201);
        let refused = home.send(&home.request("PUT", &format!("{upload}{wrong}"))).await;
        assert_eq!((refused.status, refused.oci_error().0.as_str()), (400, "DIGEST_INVALID"), "{wrong}");
        assert_eq!(home.get(&upload).await.header("range"), "0-19999", "{wrong}");
        assert_eq!(home.send(&home.request("PUT", &format!("{upload}?digest={digest}"))).await.status, 201);
        assert_eq!(home.head(&blob).await.status, 200);
    }
    // The blob is there, and still its bytes are judged by themselves.
    let stored = used_bytes(&server);
    let upload = home.begin_upload("app").await;
    let refused = home.send(&home.request("PUT", &format!("{upload}?digest={digest}")).body(*b"other")).await;
    assert_eq!((refused.status, refused.oci_error().0.as_str()), (400, "DIGEST_INVALID"));
    assert_eq!(home.get(&upload).await.oci_error().0, "BLOB_UPLOAD_UNKNOWN", "and the upload is over");
    assert_eq!(home.head(&format!("/v2/app/blobs/{}", sha256(b"other"))).await.status, 404);
    assert_eq!(used_bytes(&server), stored);
}

#[tokio::test]
async fn an_upload_is_known_in_its_own_repository_alone() {
    let (_server, _world, home) = app().await;
    home.ok("CreateRepository", json!({"repositoryName": "other"})).await;
    let upload = home.begin_upload("app").await;
    let elsewhere = upload.replace("/v2/app/", "/v2/other/");
    for request in [
        home.request("GET", &elsewhere),
        home.request("PATCH", &elsewhere).body(*b"x"),
        home.request("PUT", &format!("{elsewhere}?digest={}", sha256(b"x"))).body(*b"x"),
        home.request("DELETE", &elsewhere),
    ] {
        let refused = home.send(&request).await;
        assert_eq!((refused.status, refused.oci_error().0.as_str()), (404, "BLOB_UPLOAD_UNKNOWN"), "{request:?}");
    }
    assert_eq!(home.get(&upload).await.status, 204);
}

#[tokio::test]
async fn c_058_a_cancelled_upload_takes_the_request_that_runs_on_it_along() {
    let (server, world, home) = app().await;
    let bytes = filler(8, 100_000);
    let upload = home.begin_upload("app").await;
    let mut busy = Connection::open(home.address).await;
    busy.send_part(&home.request("PATCH", &upload).body(bytes.clone()), 50_000).await;
    until_calls(&world, "oci:upload.patch", 1).await;
    assert_eq!(home.delete(&upload).await.status, 204);
    busy.send_raw(&bytes[50_000..]).await;
    let late = busy.receive("PATCH").await.whole();
    assert_eq!((late.status, late.oci_error().0.as_str()), (404, "BLOB_UPLOAD_UNKNOWN"));
    assert_eq!(home.get(&upload).await.status, 404);
    assert_eq!(used_bytes(&server), 0);
}

#[tokio::test]
async fn a_client_that_lost_the_last_answer_finds_the_blob_or_goes_on() {
    let (_server, world, home) = app().await;
    let bytes = filler(9, 30_000);
    let digest = sha256(&bytes);
    let upload = home.begin_upload("app").await;
    world.fault("on oci:upload.patch do 1x lose_reply(reset) -> pass").await;
    world.fault("on oci:upload.put@before do 1x reset -> pass").await;
    world.fault("on oci:upload.put do 1x lose_reply(eof) -> pass").await;
    let patch = home.request("PATCH", &upload).header("Content-Range", "0-29999").body(bytes.clone());
    home.exchange(&patch).await.nothing(End::Reset);
    assert_eq!(home.get(&upload).await.header("range"), "0-29999", "the answer is lost, the bytes are not");
    let put = home.request("PUT", &format!("{upload}?digest={digest}"));
    home.exchange(&put).await.nothing(End::Reset);
    assert_eq!(home.head(&format!("/v2/app/blobs/{digest}")).await.status, 404);
    home.exchange(&put).await.nothing(End::Eof);
    assert_eq!(home.send(&put).await.oci_error().0, "BLOB_UPLOAD_UNKNOWN");
    assert_eq!(home.head(&format!("/v2/app/blobs/{digest}")).await.status, 200, "so the lost answer was a 201");
}

#[tokio::test]
async fn c_042_c_043_a_post_that_cannot_mount_takes_the_bytes_that_it_brings() {
    let (_server, _world, home) = app().await;
    let bytes = filler(10, 5_000);
    let digest = sha256(&bytes);
    let post = |query: &str| {
        home.request("POST", &format!("/v2/app/blobs/uploads/?{query}&digest={digest}")).body(bytes.clone())
    };
    for query in [format!("mount={digest}&from=nobody"), "mount=nonsense&from=app".to_owned()] {
        let posted = home.send(&post(&query)).await;
        assert_eq!((posted.status, posted.header("docker-content-digest")), (201, digest.as_str()), "{query}");
        assert!(posted.header("location").ends_with(&format!("/v2/app/blobs/{digest}")), "{posted:?}");
    }
}
