//! The second profile: a registry as the distribution specification has it, and where ECR is not like that.

use ecr_fixture::config::Profile;
use ecr_fixture::proto::{
    AuthMode, CreateWorldRequest, ForkWorldRequest, ListenMode, RegistryProfile, create_world_request::From,
};
use serde_json::{Value, json};

use crate::harness::{Caller, Image, OCI_INDEX, OCI_MANIFEST, TestServer, TestWorld, filler, index_of, sha256};

/// A daemon, a world of profile `oci` with a port of its own, and somebody who has not logged in.
async fn open() -> (TestServer, TestWorld, Caller) {
    let server = TestServer::start().await;
    let world = server.world_of(request()).await;
    let anybody = world.caller("us-east-1");
    (server, world, anybody)
}

fn request() -> CreateWorldRequest {
    CreateWorldRequest {
        profile: RegistryProfile::Oci.into(),
        listen: ListenMode::Dedicated.into(),
        ..CreateWorldRequest::default()
    }
}

async fn refused(anybody: &Caller, request: &crate::harness::Request) -> (u16, String) {
    let reply = anybody.send(request).await;
    (reply.status, reply.oci_error().0)
}

#[tokio::test]
async fn nobody_logs_in_and_a_repository_comes_with_its_first_push() {
    let (_server, _world, anybody) = open().await;
    assert_eq!(anybody.get("/v2/").await.status, 200);
    let image = Image::new(1);
    assert_eq!(anybody.get("/v2/team/app/tags/list").await.oci_error().0, "NAME_UNKNOWN");
    let none = anybody.get(&format!("/v2/team/app/referrers/{}", image.digest())).await;
    assert_eq!((none.status, &none.json()["manifests"]), (200, &json!([])));
    anybody.push("team/app", "v1", &image).await;
    anybody.pulls("team/app", "v1", &image).await;
    // The JSON API is ECR's all the same, and shows what came.
    let described = anybody.ok("DescribeImages", json!({"repositoryName": "team/app"})).await;
    assert_eq!(described["imageDetails"][0]["imageDigest"], image.digest());
    // A manifest may come first, since its parts may be missing.
    let reply = anybody.send(&anybody.manifest_request("team/sparse", "v1", &image.manifest)).await;
    assert_eq!((reply.status, reply.header("docker-content-digest")), (201, image.digest().as_str()));
    assert_eq!(anybody.head(&format!("/v2/team/sparse/blobs/{}", image.layer_digest())).await.status, 404);
    let broken = anybody.manifest_request("team/none", "v1", b"{}");
    assert_eq!(refused(&anybody, &broken).await, (400, "MANIFEST_INVALID".to_owned()));
    assert_eq!(anybody.get("/v2/_catalog").await.json()["repositories"], json!(["team/app", "team/sparse"]));
}

#[tokio::test]
async fn a_login_counts_where_there_is_one_and_is_asked_for_where_signatures_are_verified() {
    let (server, world, anybody) = open().await;
    let home = world.home().await;
    home.push("app", "v1", &Image::new(2)).await;
    anybody.push("app", "v2", &Image::new(2)).await;
    let callers: Vec<_> =
        world.calls("oci:manifest.put").await.iter().map(|call| call.facts["caller"].clone()).collect();
    assert_eq!(callers, ["arn:aws:iam::123456789012:root"; 2]);
    let stranger = anybody.clone().with_password("of another registry");
    assert_eq!(stranger.get("/v2/app/tags/list").await.status, 200);

    let world = server.world_of(CreateWorldRequest { auth: AuthMode::Verified.into(), ..request() }).await;
    let reply = world.caller("us-east-1").get("/v2/").await;
    assert_eq!((reply.status, reply.oci_error().0.as_str()), (401, "UNAUTHORIZED"));
    assert_eq!(reply.header("content-type"), "application/json; charset=utf-8");
    let host = world.address();
    assert_eq!(reply.header("www-authenticate"), format!("Basic realm=\"http://{host}/\",service=\"{host}\""));
}

#[tokio::test]
async fn the_default_world_and_forks_have_the_profile_that_was_asked_for() {
    let server = TestServer::with(|args| args.profile = Profile::Oci).await;
    let anybody = Caller::new(server.registry(), "any", "us-east-1");
    anybody.push("app", "v1", &Image::new(3)).await;
    let from_world = || Some(From::FromWorld("worlds/default".to_owned()));
    let inherits = CreateWorldRequest { from: from_world(), ..CreateWorldRequest::default() };
    assert_eq!(server.world_of(inherits).await.world.profile(), RegistryProfile::Oci);
    let ecr = CreateWorldRequest { profile: RegistryProfile::Ecr.into(), from: from_world(), ..request() };
    assert_eq!(server.world_of(ecr).await.world.profile(), RegistryProfile::Ecr);
    let fork = ForkWorldRequest { world: "worlds/default".to_owned(), ..ForkWorldRequest::default() };
    let forks = server.plane.clone().worlds.fork_world(fork).await.expect("a fork").into_inner().worlds;
    assert_eq!(forks[0].profile(), RegistryProfile::Oci);
    assert_eq!(server.world().await.world.profile(), RegistryProfile::Ecr);
}

#[tokio::test]
async fn a_manifest_may_be_named_by_sha_512_and_tagged_by_parameters() {
    let (_server, _world, anybody) = open().await;
    let image = Image::new(4);
    let sha_512 = ecr_fixture::registry::types::Digest::of(
        ecr_fixture::registry::types::DigestAlgorithm::Sha512,
        &image.manifest,
    );
    let target = format!("{sha_512}?tag=a&tag=b.1&tag=a");
    let pushed = anybody.send(&anybody.manifest_request("app", &target, &image.manifest)).await;
    assert_eq!((pushed.status, pushed.header("docker-content-digest")), (201, sha_512.to_string().as_str()));
    assert!(pushed.find("oci-tag").is_some());
    assert_eq!(pushed.header("location"), format!("/v2/app/manifests/{sha_512}"));
    for reference in ["a", "b.1", &sha_512.to_string()] {
        let head = anybody.head(&format!("/v2/app/manifests/{reference}")).await;
        assert_eq!((head.status, head.header("docker-content-digest")), (200, sha_512.to_string().as_str()));
    }
    assert_eq!(anybody.get("/v2/app/tags/list").await.json(), json!({"name": "app", "tags": ["a", "b.1"]}));
    let illegal = anybody.manifest_request("app", &format!("{}?tag=%21", image.digest()), &image.manifest);
    assert_eq!(refused(&anybody, &illegal).await, (400, "TAG_INVALID".to_owned()));
    let wrong = anybody.manifest_request("app", &sha256(b"other"), &image.manifest);
    assert_eq!(refused(&anybody, &wrong).await, (400, "DIGEST_INVALID".to_owned()));
    let unknown = anybody.request("POST", "/v2/app/blobs/uploads/?digest-algorithm=md5");
    assert_eq!(refused(&anybody, &unknown).await, (400, "DIGEST_INVALID".to_owned()));
    let announced = anybody.request("POST", "/v2/app/blobs/uploads/?digest-algorithm=sha512");
    assert_eq!(anybody.send(&announced).await.status, 202);
}

#[tokio::test]
async fn deletion_takes_what_is_named_and_nothing_else() {
    let (_server, _world, anybody) = open().await;
    let image = Image::new(5);
    anybody.push("app", "v1", &image).await;
    let list = index_of(&[&image]);
    let put = anybody.request("PUT", "/v2/app/manifests/list").header("Content-Type", OCI_INDEX).body(list.clone());
    assert_eq!(anybody.send(&put).await.status, 201);
    let by_digest = format!("/v2/app/manifests/{}", image.digest());
    let layer = format!("/v2/app/blobs/{}", image.layer_digest());
    // The last tag goes alone, and a child goes from under its index.
    for (target, left) in [("/v2/app/manifests/v1", 200), (by_digest.as_str(), 404)] {
        assert_eq!(anybody.delete(target).await.status, 202, "{target}");
        assert_eq!(anybody.delete(target).await.oci_error().0, "MANIFEST_UNKNOWN", "{target}");
        assert_eq!(anybody.get(&by_digest).await.status, left, "{target}");
    }
    assert_eq!(anybody.get("/v2/app/manifests/list").await.body, list);
    anybody.push("app", "v2", &image).await;
    assert_eq!(anybody.delete(&layer).await.status, 202);
    assert_eq!((anybody.head(&layer).await.status, anybody.delete(&layer).await.status), (404, 404));
    assert_eq!(anybody.get("/v2/app/manifests/v2").await.body, image.manifest, "only the blob went");
    anybody.push_blob("app", &image.layer).await;
    anybody.pulls("app", "v2", &image).await;
}

#[tokio::test]
async fn listings_are_paged_by_the_last_name() {
    let (_server, _world, anybody) = open().await;
    let image = Image::new(6);
    for tag in ["b", "a", "c"] {
        anybody.push("app", tag, &image).await;
    }
    anybody.push("other/app", "v1", &image).await;
    let list = async |target: &str, member: &str| {
        let reply = anybody.get(target).await;
        assert_eq!(reply.status, 200, "{target}");
        (reply.json()[member].clone(), reply.find("link").map(str::to_owned))
    };
    let next = |target: &str| Some(format!("<{target}>; rel=\"next\""));
    let tags = "/v2/app/tags/list";
    assert_eq!(list(tags, "tags").await, (json!(["a", "b", "c"]), None));
    assert_eq!(list(&format!("{tags}?n=2"), "tags").await, (json!(["a", "b"]), next(&format!("{tags}?last=b&n=2"))));
    assert_eq!(list(&format!("{tags}?last=b&n=2"), "tags").await, (json!(["c"]), None));
    assert_eq!(list(&format!("{tags}?last=ab"), "tags").await, (json!(["b", "c"]), None));
    assert_eq!(list(&format!("{tags}?n=0"), "tags").await, (json!([]), None));
    assert_eq!(list(&format!("{tags}?n=99999999999999999999"), "tags").await.1, None);
    let catalog = list("/v2/_catalog?n=1", "repositories").await;
    assert_eq!(catalog, (json!(["app"]), next("/v2/_catalog?last=app&n=1")));
    assert_eq!(list("/v2/_catalog?last=app&n=1", "repositories").await, (json!(["other/app"]), None));
    for target in [format!("{tags}?n=-1"), format!("{tags}?n=x"), "/v2/_catalog?n=".to_owned()] {
        let refused = refused(&anybody, &anybody.request("GET", &target)).await;
        assert_eq!(refused, (400, "PAGINATION_NUMBER_INVALID".to_owned()), "{target}");
    }
}

#[tokio::test]
async fn a_blob_is_mounted_from_wherever_it_is() {
    let (_server, _world, anybody) = open().await;
    let digest = anybody.push_blob("source", b"a layer that no image uses").await;
    let mount = async |query: &str| {
        let reply = anybody.send(&anybody.request("POST", &format!("/v2/target/blobs/uploads/?{query}"))).await;
        (reply.status, reply.header("location").to_owned())
    };
    let (status, upload) = mount(&format!("mount={}&from=source", sha256(b"absent"))).await;
    assert!(status == 202 && upload.starts_with("/v2/target/blobs/uploads/"), "{upload}");
    assert_eq!(mount(&format!("mount={digest}&from=no/where")).await.0, 202);
    assert_eq!(mount(&format!("mount={digest}")).await, (201, format!("/v2/target/blobs/{digest}")));
    assert_eq!(mount(&format!("mount={digest}&from=source")).await.0, 201);
    assert_eq!(anybody.get(&format!("/v2/target/blobs/{digest}")).await.text(), "a layer that no image uses");
}

#[tokio::test]
async fn uploads_and_manifests_need_no_bytes_and_no_layers() {
    let (_server, _world, anybody) = open().await;
    let empty = anybody.push_blob("app", b"").await;
    let blob = anybody.get(&format!("/v2/app/blobs/{empty}")).await;
    assert_eq!((blob.status, blob.content_length()), (200, 0));
    let range = anybody.request("GET", &format!("/v2/app/blobs/{empty}")).header("Range", "bytes=0-");
    assert_eq!(anybody.send(&range).await.status, 416);
    // Small chunks are as good as large ones.
    let upload = anybody.begin_upload("app").await;
    for byte in [b"a", b"b", b"c"] {
        let chunk = anybody.request("PATCH", &upload).body(*byte);
        assert_eq!(anybody.send(&chunk).await.status, 202);
    }
    let put = anybody.request("PUT", &format!("{upload}?digest={}", sha256(b"abc")));
    assert_eq!(anybody.send(&put).await.status, 201);
    let config = json!({"mediaType": "application/vnd.oci.empty.v1+json", "digest": sha256(b"{}"), "size": 2});
    let bare = json!({"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": []}).to_string();
    assert_eq!(anybody.send(&anybody.manifest_request("app", "bare", bare.as_bytes())).await.status, 201);
}

#[tokio::test]
async fn errors_have_the_codes_of_the_specification() {
    let (_server, _world, anybody) = open().await;
    let image = Image::new(7);
    anybody.push("app", "v1", &image).await;
    let manifest = |content_type: &str, body: &str| {
        anybody.request("PUT", "/v2/app/manifests/v2").header("Content-Type", content_type).body(body)
    };
    for (request, status, code) in [
        (anybody.request("GET", "/v2/app/nonsense"), 404, "UNSUPPORTED"),
        (anybody.request("POST", "/v2/app/manifests/v1"), 405, "UNSUPPORTED"),
        (anybody.request("GET", "/v2/App/tags/list"), 400, "NAME_INVALID"),
        (anybody.request("GET", "/v2/app/manifests/%21"), 400, "TAG_INVALID"),
        (anybody.request("GET", "/v2/app/manifests/none"), 404, "MANIFEST_UNKNOWN"),
        (anybody.request("GET", "/v2/app/manifests/sha256:12"), 400, "DIGEST_INVALID"),
        (manifest(OCI_MANIFEST, "no JSON"), 400, "MANIFEST_INVALID"),
        (manifest("text/plain", "{}"), 400, "MANIFEST_INVALID"),
        (manifest(OCI_INDEX, &image.manifest_text()), 400, "MANIFEST_INVALID"),
    ] {
        assert_eq!(refused(&anybody, &request).await, (status, code.to_owned()), "{request:?}");
    }
    let message = anybody.send(&manifest("text/plain", "{}")).await.oci_error().1;
    assert_eq!(message, "`text/plain` is no type of a manifest");
}

#[tokio::test]
async fn c_039_several_parts_of_a_blob_come_in_one_reply_where_ecr_sends_the_whole() {
    let (server, _world, anybody) = open().await;
    let bytes = filler(8, 300_000);
    let ecr = server.world_with("app").await.home().await;
    for (caller, multipart) in [(&anybody, true), (&ecr, false)] {
        let blob = format!("/v2/app/blobs/{}", caller.push_blob("app", &bytes).await);
        let ask = |range: &str| caller.request("GET", &blob).header("Range", range.to_owned());
        let reply = caller.send(&ask("bytes=0-9,299990-,400000-")).await;
        if !multipart {
            assert!(reply.status == 200 && reply.body == bytes);
            continue;
        }
        let boundary =
            reply.header("content-type").strip_prefix("multipart/byteranges; boundary=").expect("a boundary");
        let part = |range: &str, bytes: &[u8]| {
            let head = format!(
                "\r\n--{boundary}\r\nContent-Type: application/octet-stream\r\nContent-Range: bytes {range}/300000\r\n\r\n"
            );
            [head.as_bytes(), bytes].concat()
        };
        let end = format!("\r\n--{boundary}--\r\n").into_bytes();
        let parts = [part("0-9", &bytes[..10]), part("299990-299999", &bytes[299_990..]), end].concat();
        assert_eq!(reply.status, 206);
        assert!(reply.body == parts);
        // Parts of more than one frame, and no part at all.
        let long = caller.send(&ask("bytes=0-280000,5-5")).await;
        assert!(long.body.windows(280_001).any(|window| window == &bytes[..280_001]));
        assert_eq!(caller.send(&ask("bytes=300000-,400000-")).await.status, 416);
        let head = caller.send(&caller.request("HEAD", &blob).header("Range", "bytes=0-9,20-29")).await;
        assert_eq!((head.status, head.content_length()), (200, bytes.len()));
    }
}

#[tokio::test]
async fn ecr_takes_tags_by_path_only_and_the_digests_that_it_knows() {
    let server = TestServer::start().await;
    let home = server.world_with("app").await.home().await;
    let image = Image::new(9);
    home.push_blobs("app", &image).await;
    let target = format!("{}?tag=a", image.digest());
    let pushed = home.send(&home.manifest_request("app", &target, &image.manifest)).await;
    assert_eq!((pushed.status, pushed.find("oci-tag")), (201, None));
    assert_eq!(home.get("/v2/app/tags/list").await.json()["tags"], Value::Array(Vec::new()));
    let started = home.send(&home.request("POST", "/v2/app/blobs/uploads/?digest-algorithm=md5")).await;
    assert_eq!(started.status, 202, "a parameter that it does not know");
    let sha_512 = format!("sha512:{}", "0".repeat(128));
    assert_eq!(home.get(&format!("/v2/app/blobs/{sha_512}")).await.oci_error().0, "BLOB_UNKNOWN");
}
