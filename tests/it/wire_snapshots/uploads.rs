//! Uploads that are not there, bytes out of their order, ends that do not fit.

use serde_json::json;

use super::gallery::TAKEN;
use super::stage::{PROFILES, Stage};
use crate::harness::{Request, TestWorld, filler, sha256};

const HALF_A_DAY_SECONDS: i64 = 12 * 3_600;

#[tokio::test]
async fn uploads() {
    for profile in PROFILES {
        let Stage { server: _server, home, mut gallery, .. } = Stage::of("uploads", profile).await;
        home.ok("CreateRepository", json!({"repositoryName": "other"})).await;
        let missing = gallery.either("RepositoryNotFound", TAKEN);
        let start = home.request("POST", "/v2/nowhere/blobs/uploads/");
        gallery.shows(missing, "A repository that is not there", &start).await;
        let all = |upload: &str| {
            [
                ("GET", home.request("GET", upload)),
                ("PATCH", home.request("PATCH", upload).body(*b"x")),
                ("PUT", home.request("PUT", &format!("{upload}?digest={}", sha256(b"x"))).body(*b"x")),
                ("DELETE", home.request("DELETE", upload)),
            ]
        };
        for (method, request) in all("/v2/app/blobs/uploads/nobody") {
            gallery.shows("UploadNotFound", &format!("{method} of no such upload"), &request).await;
        }
        let upload = home.begin_upload("app").await;
        for (method, request) in all(&upload.replace("/app/", "/other/")) {
            gallery.shows("UploadNotFound", &format!("{method} of an upload of another repository"), &request).await;
        }

        let patch = |range: &str| home.request("PATCH", &upload).header("Content-Range", range).body(*b"12345");
        assert!(home.send(&patch("0-4")).await.status < 300);
        gallery.shows("RangeInvalid", "A chunk that leaves a gap", &patch("7-11")).await;
        gallery.shows("RangeInvalid", "A chunk that came already", &patch("0-4")).await;
        let put = |query: &str, body: &[u8]| home.request("PUT", &format!("{upload}{query}")).body(body);
        let expected = format!("?digest={}", sha256(b"1234567890"));
        let early = put(&expected, b"67890").header("Content-Range", "7-11");
        gallery.shows("RangeInvalid", "A last chunk that leaves a gap", &early).await;
        for (title, range) in [
            ("A range that is none", "five bytes"),
            ("A range that ends before it begins", "9-5"),
            ("A range longer than the body", "5-99"),
            ("A range shorter than the body", "5-6"),
            ("A range beyond its total", "bytes 5-9/8"),
        ] {
            gallery.shows("SizeInvalid", title, &patch(range)).await;
        }
        let status = home.request("GET", &upload);
        gallery.shows(TAKEN, "Whatever was refused, the upload is as it was", &status).await;
        gallery.shows("DigestInvalid", "An end without a digest", &put("", b"67890")).await;
        gallery.shows("DigestInvalid", "An end with a digest that is none", &put("?digest=sha256:12", b"67890")).await;
        let sha_512 = format!("?digest=sha512:{}", "0".repeat(128));
        let ended = gallery.either("DigestInvalid", "InvalidLayer");
        gallery.shows(ended, "An end with a digest by SHA-512", &put(&sha_512, b"67890")).await;
        let upload = home.begin_upload("app").await;
        let wrong = home.request("PUT", &format!("{upload}?digest={}", sha256(b"other"))).body(*b"bytes");
        gallery.shows("InvalidLayer", "Another digest than that of the bytes", &wrong).await;
        gallery.shows("UploadNotFound", "Which ended the upload", &home.request("GET", &upload)).await;

        let upload = home.begin_upload("app").await;
        let empty = home.request("PUT", &format!("{upload}?digest={}", sha256(b"")));
        let without_bytes = gallery.either("EmptyUpload", TAKEN);
        gallery.shows(without_bytes, "An end without a byte", &empty).await;
        let upload = home.begin_upload("app").await;
        for _ in 0..2 {
            assert!(home.send(&home.request("PATCH", &upload).body(*b"x")).await.status < 300);
        }
        let small = gallery.either("LayerPartTooSmall", TAKEN);
        let end = home.request("PUT", &format!("{upload}?digest={}", sha256(b"xx")));
        gallery.shows(small, "A part before the last of less than 5 MiB", &end).await;
        if small == TAKEN {
            gallery.shows("UploadNotFound", "An upload that has ended well", &home.request("GET", &upload)).await;
        }
        let upload = home.begin_upload("app").await;
        assert_eq!(home.delete(&upload).await.status, 204);
        gallery
            .shows("UploadNotFound", "An upload that was cancelled", &home.request("PATCH", &upload).body(*b"x"))
            .await;
        gallery.compare();
    }
}

#[tokio::test]
async fn single_requests_and_mounts() {
    for profile in PROFILES {
        let Stage { server: _server, world, home, mut gallery } = Stage::of("single-posts", profile).await;
        let post =
            |query: &str, body: &[u8]| home.request("POST", &format!("/v2/app/blobs/uploads/?{query}")).body(body);
        let of = |bytes: &[u8]| format!("digest={}", sha256(bytes));
        gallery.shows("InvalidLayer", "Another digest than that of the bytes", &post(&of(b"other"), b"bytes")).await;
        gallery.shows("DigestInvalid", "A digest that is none", &post("digest=sha256:12", b"bytes")).await;
        let without_bytes = gallery.either("EmptyUpload", TAKEN);
        gallery.shows(without_bytes, "No byte", &post(&of(b""), b"")).await;
        let announced = gallery.either(TAKEN, "DigestInvalid");
        let title = "An algorithm that nobody knows is announced";
        gallery.shows(announced, title, &post("digest-algorithm=md5", b"")).await;
        // Whatever keeps a blob from being mounted, an upload begins.
        let mount =
            |digest: &str, from: &str| home.request("POST", &format!("/v2/app/blobs/uploads/?mount={digest}{from}"));
        let blob = home.push_blob("app", b"a layer that no image has").await;
        for (title, request) in [
            ("A mount of a digest that is none", mount("sha256:12", "&from=app")),
            ("A mount from a repository that is not there", mount(&blob, "&from=nowhere")),
            ("A mount of a blob that is not there", mount(&sha256(b"unknown"), "&from=app")),
            ("A mount of a blob that is not there, from anywhere", mount(&sha256(b"unknown"), "")),
        ] {
            gallery.shows(TAKEN, title, &request).await;
        }
        let nowhere = home.request("POST", &format!("/v2/nowhere/blobs/uploads/?mount={blob}&from=app"));
        let missing = gallery.either("RepositoryNotFound", TAKEN);
        gallery.shows(missing, "A mount into a repository that is not there", &nowhere).await;

        let upload = home.begin_upload("app").await;
        let fork = ecr_fixture::proto::ForkWorldRequest { world: world.name(), ..Default::default() };
        let fork = world.plane.clone().worlds.fork_world(fork).await.expect("a fork").into_inner().worlds.remove(0);
        let fork = TestWorld::new(world.plane.clone(), fork);
        let there = fork.home().await;
        let title = "An upload of the world that this one was forked from";
        let request = there
            .request("PATCH", &upload)
            .body(*b"x")
            .header("x-fixture-world", fork.connection().world_header.clone());
        gallery.shows_at(fork.address(), "BlobUploadUnknown", title, &request).await;
        expires(&mut gallery, &world, &upload).await;
        gallery.compare();
    }
}

/// An upload ends a day after its last byte.
async fn expires(gallery: &mut super::gallery::Gallery, world: &TestWorld, upload: &str) {
    world.advance(2 * HALF_A_DAY_SECONDS).await;
    let request: Request = world.home().await.request("GET", upload);
    gallery.shows("UploadNotFound", "An upload of yesterday", &request).await;
}

/// A layer may be only so large, and have only so many parts.
#[tokio::test]
async fn layers_that_are_too_large() {
    for profile in PROFILES {
        let Stage { server: _server, world, home, mut gallery } = Stage::of("large-layers", profile).await;
        world.seed(r#"{"quotas": {"layerMaximumBytes": "1000", "layerParts": "2"}}"#).await;
        let upload = home.begin_upload("app").await;
        let patch = |bytes: usize| home.request("PATCH", &upload).body(filler(1, bytes));
        gallery.shows("SizeInvalid", "More bytes than a layer may have", &patch(1_001)).await;
        for _ in 0..2 {
            assert!(home.send(&patch(10)).await.status < 300);
        }
        gallery.shows("LimitExceeded", "More parts than a layer may have", &patch(10)).await;
        gallery.compare();
    }
}
