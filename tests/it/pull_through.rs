//! Pull-through caches over the wire: what a rule brings in, once, and what it does not.

use ecr_fixture::proto;
use serde_json::json;

use crate::harness::{Caller, TestServer, TestWorld, sha256};

/// A world whose prefix `quay` caches an upstream with one image and one index.
async fn cached() -> (TestServer, TestWorld, Caller) {
    let server = TestServer::start().await;
    let world = server.world().await;
    world
        .seed(
            r#"{"upstream": {"host": "quay.io", "repositories": [{"name": "org/base", "images": [
                   {"tags": ["1"], "layers": 2}, {"tags": ["multi"], "platforms": ["linux/amd64", "linux/arm64"]}]}]}},
               {"registry": {"cacheRules": [{"prefix": "quay", "upstream": "quay.io"}]}}"#,
        )
        .await;
    let home = world.home().await;
    (server, world, home)
}

#[tokio::test]
async fn b_060_a_first_pull_by_tag_makes_the_repository_and_asks_upstream_once() {
    let (_server, world, home) = cached().await;
    let manifest = home.get("/v2/quay/org/base/manifests/1").await;
    assert_eq!(manifest.status, 200);
    for layer in manifest.json()["layers"].as_array().expect("layers") {
        let digest = layer["digest"].as_str().expect("a digest");
        for _ in 0..2 {
            let blob = home.get(&format!("/v2/quay/org/base/blobs/{digest}")).await;
            assert_eq!((blob.status, sha256(&blob.body).as_str()), (200, digest));
        }
    }
    assert_eq!(home.get("/v2/quay/org/base/manifests/1").await.body, manifest.body);
    let asked: Vec<(String, Option<u32>)> =
        world.calls("upstream:*").await.into_iter().map(|call| (call.operation, call.status)).collect();
    let (one, other) = (("manifest.get".to_owned(), Some(200)), ("blob.get".to_owned(), Some(200)));
    assert_eq!(asked, [one, other.clone(), other]);
    let shown = home.ok("DescribeImages", json!({"repositoryName": "quay/org/base"})).await;
    assert_eq!(shown["imageDetails"][0]["imageTags"], json!(["1"]));
}

#[tokio::test]
async fn b_035_d_011_a_first_pull_by_digest_is_not_served() {
    let (_server, world, home) = cached().await;
    let digest = {
        let other = world.plane.clone();
        let request = proto::ForkWorldRequest { world: world.name(), ..Default::default() };
        let mut worlds = other.clone().worlds;
        let fork = worlds.fork_world(request).await.expect("a fork").into_inner().worlds.remove(0);
        let fork = TestWorld::new(other, fork).home().await;
        fork.get("/v2/quay/org/base/manifests/1").await.header("docker-content-digest").to_owned()
    };
    let path = format!("/v2/quay/org/base/manifests/{digest}");
    assert_eq!(home.get(&path).await.status, 404);
    assert!(world.calls("upstream:*").await.is_empty(), "nobody is asked");
    assert_eq!(home.get("/v2/quay/org/base/manifests/1").await.status, 200);
    assert_eq!(home.get(&path).await.status, 200);
}

#[tokio::test]
async fn b_048_a_blob_that_no_image_names_is_not_fetched() {
    let (_server, world, home) = cached().await;
    assert_eq!(home.get("/v2/quay/org/base/manifests/1").await.status, 200);
    let reply = home.get(&format!("/v2/quay/org/base/blobs/{}", sha256(b"anything"))).await;
    assert_eq!((reply.status, reply.oci_error().0.as_str()), (404, "BLOB_UNKNOWN"));
    assert!(world.calls("upstream:blob.get").await.is_empty());
}

#[tokio::test]
async fn b_045_unconfirmed_an_index_comes_with_its_images() {
    let (_server, _world, home) = cached().await;
    let index = home.get("/v2/quay/org/base/manifests/multi").await.json();
    for child in index["manifests"].as_array().expect("children") {
        let path = format!("/v2/quay/org/base/manifests/{}", child["digest"].as_str().expect("a digest"));
        let manifest = home.get(&path).await;
        assert_eq!(manifest.status, 200);
        let config = manifest.json()["config"]["digest"].as_str().expect("a config").to_owned();
        assert_eq!(home.get(&format!("/v2/quay/org/base/blobs/{config}")).await.status, 200);
    }
}

#[tokio::test]
async fn b_033_b_036_what_upstream_does_not_have_makes_nothing_here() {
    let (_server, _world, home) = cached().await;
    let reply = home.get("/v2/quay/org/base/manifests/none").await;
    assert_eq!((reply.status, reply.oci_error().0.as_str()), (404, "MANIFEST_UNKNOWN"));
    assert_eq!(home.get("/v2/_catalog").await.json(), json!({"repositories": []}));
    let elsewhere = home.get("/v2/other/org/base/manifests/1").await;
    assert_eq!(elsewhere.oci_error().0, "NAME_UNKNOWN", "no rule covers it");
}

#[tokio::test]
async fn a_host_that_nobody_allowed_is_not_called() {
    let server = TestServer::start().await;
    let world = server.world().await;
    world.seed(r#"{"registry": {"cacheRules": [{"prefix": "quay", "upstream": "quay.io"}]}}"#).await;
    let home = world.home().await;
    let reply = home.get("/v2/quay/org/base/manifests/1").await;
    let (code, message) = reply.oci_error();
    assert_eq!((reply.status, code.as_str()), (503, "UNAVAILABLE"));
    assert!(message.contains("--allow-upstream"), "{message}");
    let asked = world.finished_call("upstream:manifest.get").await;
    assert_eq!((asked.outcome(), asked.error.as_str(), asked.status), (proto::Outcome::Failed, "DENIED", None));
}

#[tokio::test]
async fn a_104_a_105_batch_get_image_asks_the_upstream_and_makes_the_repository() {
    let (_server, world, home) = cached().await;
    let input = json!({"repositoryName": "quay/org/base", "imageIds": [{"imageTag": "1"}]});
    world.fault("on upstream:manifest.get do 1x status(503) -> pass").await;
    let failed = home.refused("BatchGetImage", input.clone()).await;
    assert_eq!((failed.0, failed.1.as_str()), (400, "UnableToGetUpstreamImageException"));
    assert_eq!(home.ok("DescribeRepositories", json!({})).await["repositories"], json!([]));
    let answer = home.ok("BatchGetImage", input).await;
    assert_eq!((answer["images"].as_array().map(Vec::len), &answer["failures"]), (Some(1), &json!([])));
    assert_eq!(world.calls("upstream:manifest.get").await.len(), 2);
    let made = home.ok("DescribeRepositories", json!({})).await;
    assert_eq!(made["repositories"][0]["repositoryName"], "quay/org/base");
    let missing = json!({"repositoryName": "quay/org/base", "imageIds": [{"imageTag": "none"}]});
    assert_eq!(home.ok("BatchGetImage", missing).await["failures"][0]["failureCode"], "ImageNotFound");
}

#[tokio::test]
async fn d_014_official_images_of_docker_hub_are_asked_for_by_their_whole_name() {
    let server = TestServer::start().await;
    let world = server.world().await;
    world
        .seed(
            r#"{"upstream": {"host": "registry-1.docker.io", "repositories": [
                   {"name": "library/nginx", "images": [{"tags": ["1"]}]}]}},
               {"registry": {"cacheRules": [{"prefix": "hub", "upstream": "registry-1.docker.io"}]}}"#,
        )
        .await;
    let home = world.home().await;
    assert_eq!(home.get("/v2/hub/library/nginx/manifests/1").await.status, 200);
    // Docker Hub refuses to say whether it has an image of such a name, which a rule can do.
    world.fault("on upstream:manifest.get do 1x status(401) -> pass").await;
    for (status, code) in [(403, "DENIED"), (404, "MANIFEST_UNKNOWN")] {
        let short = home.get("/v2/hub/nginx/manifests/1").await;
        assert_eq!((short.status, short.oci_error().0.as_str()), (status, code));
    }
    let asked = world.calls("upstream:manifest.get").await;
    let repositories: Vec<&str> = asked.iter().map(|call| call.facts["repository"].as_str()).collect();
    assert_eq!(repositories, ["library/nginx", "nginx", "nginx"]);
    let names = home.ok("DescribeRepositories", json!({})).await;
    assert_eq!(names["repositories"].as_array().expect("an array").len(), 1);
}

#[tokio::test]
async fn c_084_a_download_url_is_given_once_the_upstream_has_given_the_layer() {
    let (_server, world, home) = cached().await;
    let manifest = home.get("/v2/quay/org/base/manifests/1").await.json();
    let layer = manifest["layers"][0]["digest"].as_str().expect("a digest");
    let ask = |digest: &str| json!({"repositoryName": "quay/org/base", "layerDigest": digest});
    world.fault("on upstream:blob.get do 1x status(503) -> pass").await;
    let (status, exception, message) = home.refused("GetDownloadUrlForLayer", ask(layer)).await;
    assert_eq!((status, exception.as_str()), (400, "UnableToGetUpstreamLayerException"));
    assert!(message.contains("quay.io"), "{message}");
    let answer = home.ok("GetDownloadUrlForLayer", ask(layer)).await;
    let path = home.path_of(answer["downloadUrl"].as_str().expect("a URL"));
    assert_eq!(sha256(&home.get(&path).await.body), layer);
    home.ok("GetDownloadUrlForLayer", ask(layer)).await;
    assert_eq!(home.refused("GetDownloadUrlForLayer", ask(&sha256(b"x"))).await.1, "LayersNotFoundException");
    let asked = world.calls("upstream:blob.get").await;
    let statuses: Vec<Option<u32>> = asked.iter().map(|call| call.status).collect();
    assert_eq!(statuses, [Some(503), Some(200)], "the layer is kept, and what no image names is not asked for");
}
