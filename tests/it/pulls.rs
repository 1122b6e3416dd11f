//! Pulls: in which form an image is handed out, what counts as a pull, and what a pull changes.

use serde_json::{Value, json};

use crate::harness::{Caller, Image, OCI_INDEX, OCI_MANIFEST, Request, TestServer, TestWorld, index_of, sha256};

const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
const DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";
const DOCKER_LAYER: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";
const OCI_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const OCI_LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// A daemon, a world with repository `app`, and a caller who has logged in.
async fn app() -> (TestServer, TestWorld, Caller) {
    let server = TestServer::start().await;
    let world = server.world_with("app").await;
    let home = world.home().await;
    (server, world, home)
}

/// A manifest over the config `{}` and the layer `layer`.
fn manifest_over(manifest: &str, config: &str, layer: &str) -> String {
    let descriptor =
        |media_type: &str, bytes: &[u8]| json!({"mediaType": media_type, "size": bytes.len(), "digest": sha256(bytes)});
    json!({
        "schemaVersion": 2,
        "mediaType": manifest,
        "config": descriptor(config, b"{}"),
        "layers": [descriptor(layer, b"layer")],
    })
    .to_string()
}

/// Pushes a manifest under a tag; its blobs are there.
async fn put(home: &Caller, tag: &str, media_type: &str, manifest: &str) {
    let request = home.manifest_request("app", tag, manifest.as_bytes()).header("Content-Type", media_type);
    let reply = home.send(&request).await;
    assert_eq!(reply.status, 201, "{reply:?}");
}

/// When the only image of `app` was last pulled.
async fn pulled_at(home: &Caller) -> Option<f64> {
    let described = home.ok("DescribeImages", json!({"repositoryName": "app"})).await;
    described["imageDetails"][0]["lastRecordedPullTime"].as_f64()
}

async fn download(home: &Caller, digest: &str) -> Vec<u8> {
    let answer = home.ok("GetDownloadUrlForLayer", json!({"repositoryName": "app", "layerDigest": digest})).await;
    let path = home.path_of(answer["downloadUrl"].as_str().expect("a URL"));
    home.send(&Request::new("GET", &path)).await.body
}

#[tokio::test]
async fn c_062_d_020_an_image_is_converted_for_who_asks_by_tag_and_reads_the_other_format_only() {
    let (_server, _world, home) = app().await;
    home.push_blob("app", b"{}").await;
    home.push_blob("app", b"layer").await;
    let oci = manifest_over(OCI_MANIFEST, OCI_CONFIG, OCI_LAYER);
    let docker = manifest_over(DOCKER_MANIFEST, DOCKER_CONFIG, DOCKER_LAYER);
    put(&home, "oci", OCI_MANIFEST, &oci).await;
    put(&home, "docker", DOCKER_MANIFEST, &docker).await;
    let index = format!("{OCI_INDEX}, {DOCKER_MANIFEST}");
    let both = format!("{OCI_MANIFEST}, {DOCKER_MANIFEST}");
    for (stored, digest, own, other) in [
        ("oci", sha256(oci.as_bytes()), OCI_MANIFEST, DOCKER_MANIFEST),
        ("docker", sha256(docker.as_bytes()), DOCKER_MANIFEST, OCI_MANIFEST),
    ] {
        for (reference, accept, expected) in [
            (stored, None, own),
            (stored, Some(own), own),
            (stored, Some(both.as_str()), own),
            (stored, Some("*/*"), own),
            (stored, Some(other), other),
            (stored, Some("text/html"), own),
            (&digest, Some(other), own),
        ] {
            let path = format!("/v2/app/manifests/{reference}");
            let ask = |method: &str| match accept {
                Some(accept) => home.request(method, &path).header("Accept", accept),
                None => home.request(method, &path),
            };
            let (get, head) = (home.send(&ask("GET")).await, home.send(&ask("HEAD")).await);
            assert_eq!((get.status, get.header("content-type")), (200, expected), "{reference} {accept:?}");
            let converted = json_of(if expected == OCI_MANIFEST { &oci } else { &docker });
            assert_eq!(get.json(), converted, "{reference} {accept:?}");
            assert_eq!(get.header("docker-content-digest"), sha256(&get.body));
            assert_eq!(get.header("docker-content-digest") == digest, expected == own, "what is converted is another");
            for name in ["content-length", "content-type", "docker-content-digest", "etag"] {
                assert_eq!(head.header(name), get.header(name), "{reference} {accept:?}: {name}");
            }
        }
    }
    let converted = home.send(&home.request("GET", "/v2/app/manifests/oci").header("Accept", &index)).await;
    assert_eq!(converted.header("content-type"), DOCKER_MANIFEST);
}

#[tokio::test]
async fn c_062_unconfirmed_what_has_no_other_form_is_handed_out_as_it_is() {
    let (_server, _world, home) = app().await;
    let image = Image::new(1);
    home.push("app", "v1", &image).await;
    let index = String::from_utf8(index_of(&[&image])).expect("JSON is text");
    put(&home, "multi", OCI_INDEX, &index).await;
    // The layers of this image are not compressed, which Docker's format has no type for.
    for (tag, media_type) in [("v1", OCI_MANIFEST), ("multi", OCI_INDEX)] {
        let request = home.request("GET", &format!("/v2/app/manifests/{tag}")).header("Accept", DOCKER_MANIFEST);
        let reply = home.send(&request).await;
        assert_eq!((reply.status, reply.header("content-type")), (200, media_type));
    }
}

fn json_of(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

#[tokio::test]
async fn c_005_further_pulls_of_a_day_change_nothing() {
    let (_server, world, home) = app().await;
    let image = Image::new(2);
    home.push("app", "v1", &image).await;
    home.pulls("app", "v1", &image).await;
    let before = world.seq().await;
    home.pulls("app", "v1", &image).await;
    home.pulls("app", &image.digest(), &image).await;
    assert_eq!(home.head("/v2/app/manifests/v1").await.status, 200);
    assert!(download(&home, &image.layer_digest()).await == image.layer);
    assert_eq!(world.seq().await, before);
}

#[tokio::test]
async fn c_038_c_083_blobs_are_downloaded_without_a_pull() {
    let (_server, world, home) = app().await;
    let image = Image::new(3);
    home.push("app", "v1", &image).await;
    for digest in [image.layer_digest(), image.config_digest()] {
        assert_eq!(home.get(&format!("/v2/app/blobs/{digest}")).await.status, 200);
        assert!(!download(&home, &digest).await.is_empty());
    }
    assert_eq!(home.head("/v2/app/manifests/v1").await.status, 200);
    assert_eq!(pulled_at(&home).await, None);
    world.advance(60).await;
    assert_eq!(home.get("/v2/app/manifests/v1").await.status, 200);
    let first = pulled_at(&home).await.expect("a pull was recorded");
    world.advance(25 * 3_600).await;
    let home = world.home().await;
    assert_eq!(home.get(&format!("/v2/app/blobs/{}", image.layer_digest())).await.status, 200);
    assert!(!download(&home, &image.layer_digest()).await.is_empty());
    assert_eq!(pulled_at(&home).await, Some(first));
}

#[tokio::test]
async fn c_036_a_head_in_an_unknown_repository_misses_the_repository() {
    let (_server, world, home) = app().await;
    let blob = format!("blobs/{}", sha256(b"x"));
    for (repository, object, code) in [
        ("nope", "manifests/v1", "NAME_UNKNOWN"),
        ("nope", &blob, "NAME_UNKNOWN"),
        ("app", "manifests/v1", "MANIFEST_UNKNOWN"),
        ("app", &blob, "BLOB_UNKNOWN"),
    ] {
        let reply = home.head(&format!("/v2/{repository}/{object}")).await;
        assert_eq!((reply.status, reply.body.len()), (404, 0), "{repository}/{object}");
        let operation = if object.starts_with("blobs") { "blob.head" } else { "manifest.head" };
        let told = world.calls(&format!(r#"oci:{operation} where repository = "{repository}""#)).await;
        assert_eq!(told[0].error, code, "{repository}/{object}");
        // The body that a GET has, and whose length the HEAD announces.
        let get = home.get(&format!("/v2/{repository}/{object}")).await;
        assert_eq!((get.oci_error().0.as_str(), get.body.len()), (code, reply.content_length()));
    }
}

#[tokio::test]
async fn c_072_a_push_names_the_subject_of_the_manifest() {
    let (_server, _world, home) = app().await;
    let image = Image::new(4);
    home.push("app", "v1", &image).await;
    let plain = home.send(&home.manifest_request("app", "v1", &image.manifest)).await;
    assert_eq!((plain.status, plain.find("oci-subject")), (201, None));
    let mut referrer = json_of(&image.manifest_text());
    referrer["subject"] = json!({"mediaType": OCI_MANIFEST, "digest": image.digest(), "size": image.manifest.len()});
    let referrer = referrer.to_string();
    let digest = sha256(referrer.as_bytes());
    let pushed = home.send(&home.manifest_request("app", &digest, referrer.as_bytes())).await;
    assert_eq!((pushed.status, pushed.header("oci-subject")), (201, image.digest().as_str()));
    assert_eq!(pushed.header("docker-content-digest"), digest);
    assert_eq!(home.path_of(pushed.header("location")), format!("/v2/app/manifests/{digest}"));
}

#[tokio::test]
async fn c_202_a_signature_of_cosign_is_an_image_under_its_tag() {
    let (_server, _world, home) = app().await;
    let image = Image::new(5);
    home.push("app", "v1", &image).await;
    let tag = format!("{}.sig", image.digest().replace(':', "-"));
    home.push_blob("app", b"{}").await;
    home.push_blob("app", b"layer").await;
    let signature = manifest_over(OCI_MANIFEST, OCI_CONFIG, "application/vnd.dev.cosign.simplesigning.v1+json");
    put(&home, &tag, OCI_MANIFEST, &signature).await;
    let pulled = home.get(&format!("/v2/app/manifests/{tag}")).await;
    assert_eq!(pulled.text(), signature);
    let listed = home.get("/v2/app/tags/list").await.json();
    assert_eq!(listed["tags"], json!([tag, "v1"]));
    // It signs nothing as far as the registry knows: only managed signing has a status.
    let input = json!({"repositoryName": "app", "imageId": {"imageTag": "v1"}});
    assert_eq!(home.ok("DescribeImageSigningStatus", input).await["signingStatuses"], json!([]));
}
