//! What a first pull leaves behind, and how it is served from then on.

use ecr_fixture::proto;
use serde_json::{Value, json};

use crate::harness::{Caller, End, TestServer, TestWorld, sha256};

const MANIFEST: &str = "/v2/quay/base/manifests/1";

/// A world whose prefix `quay` caches an upstream with one image under two tags.
async fn cached() -> (TestServer, TestWorld, Caller) {
    let server = TestServer::start().await;
    let world = server.dedicated_world().await;
    world
        .seed(
            r#"{"repository": {"name": "app"}},
               {"upstream": {"host": "quay.io", "repositories": [{"name": "base", "images": [{"tags": ["1", "2"]}]}]}},
               {"registry": {"cacheRules": [{"prefix": "quay", "upstream": "quay.io"}]}}"#,
        )
        .await;
    let home = world.home().await;
    (server, world, home)
}

/// The one image of the cached repository, as `DescribeImages` shows it.
async fn shown(caller: &Caller) -> Value {
    let described = caller.ok("DescribeImages", json!({"repositoryName": "quay/base"})).await;
    assert_eq!(described["imageDetails"].as_array().map(Vec::len), Some(1), "{described}");
    described["imageDetails"][0].clone()
}

/// Path of the first layer of the image, which is cached by this.
async fn layer(caller: &Caller) -> String {
    let manifest = caller.get(MANIFEST).await.json();
    format!("/v2/quay/base/blobs/{}", manifest["layers"][0]["digest"].as_str().expect("a digest"))
}

async fn until_calls(world: &TestWorld, matcher: &str, count: usize) {
    while world.calls(matcher).await.len() < count {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn b_001_nobody_waits_for_the_upstream_of_another() {
    let (_server, world, home) = cached().await;
    world.fault(r#"on upstream:manifest.get do 1x hold("door") -> pass"#).await;
    let meanwhile = async {
        world.waiters("door").await;
        assert_eq!(home.get("/v2/app/tags/list").await.status, 200);
        home.push_blob("app", b"a layer").await;
        home.ok("CreateRepository", json!({"repositoryName": "web"})).await;
        world.open_gate("door").await;
    };
    let (pulled, ()) = tokio::join!(home.get(MANIFEST), meanwhile);
    assert_eq!(pulled.status, 200);
}

#[tokio::test]
async fn b_017_b_049_unconfirmed_a_head_of_what_is_not_cached_fetches_it() {
    let (_server, world, home) = cached().await;
    let head = home.head(MANIFEST).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    let manifest = home.get(MANIFEST).await;
    assert_eq!(head.header("docker-content-digest"), sha256(&manifest.body));
    let layer = layer(&home).await;
    let head = home.head(&layer).await;
    let blob = home.get(&layer).await;
    assert_eq!((head.status, head.content_length()), (200, blob.body.len()));
    let asked: Vec<String> = world.calls("upstream:*").await.into_iter().map(|call| call.operation).collect();
    assert_eq!(asked, ["manifest.get", "blob.get"], "each was fetched once");
}

#[tokio::test]
async fn b_040_equal_misses_at_one_time_are_one_fetch() {
    let (_server, world, home) = cached().await;
    // A gate that was opened stays open, so each fetch has its own.
    world.fault(r#"on upstream:manifest.get do hold("one")"#).await;
    world.fault(r#"on upstream:blob.get do hold("two")"#).await;
    let open = async |matcher: &str, gate: &str| {
        until_calls(&world, matcher, 3).await;
        world.waiters(gate).await;
        world.open_gate(gate).await;
    };
    let (one, two, three, ()) =
        tokio::join!(home.get(MANIFEST), home.get(MANIFEST), home.get(MANIFEST), open("oci:manifest.get", "one"));
    assert_eq!([one.status, two.status, three.status], [200; 3]);
    let layer = layer(&home).await;
    let (one, two, three, ()) =
        tokio::join!(home.get(&layer), home.get(&layer), home.get(&layer), open("oci:blob.get", "two"));
    assert!(one.status == 200 && one.body == two.body && two.body == three.body);
    let asked: Vec<String> = world.calls("upstream:*").await.into_iter().map(|call| call.operation).collect();
    assert_eq!(asked, ["manifest.get", "blob.get"]);
}

#[tokio::test]
async fn b_052_b_077_unconfirmed_a_pull_is_answered_once_its_bytes_are_here() {
    let (_server, world, home) = cached().await;
    let layer = layer(&home).await;
    let digest = layer.rsplit('/').next().expect("a digest");
    let availability = async || {
        let input = json!({"repositoryName": "quay/base", "layerDigests": [digest]});
        let checked = home.ok("BatchCheckLayerAvailability", input).await;
        checked["layers"].as_array().map_or(0, Vec::len)
    };
    world.fault(r#"on upstream:blob.get do 1x hold("door") -> pass"#).await;
    let meanwhile = async {
        world.waiters("door").await;
        let unfinished = world.calls("oci:blob.get").await;
        assert_eq!(unfinished.len(), 1);
        assert_ne!(unfinished[0].phase(), proto::Phase::Finished, "nothing was answered yet");
        world.open_gate("door").await;
    };
    let before = availability().await;
    let (blob, ()) = tokio::join!(home.get(&layer), meanwhile);
    assert_eq!((blob.status, sha256(&blob.body).as_str()), (200, digest));
    assert_eq!((before, availability().await), (before, 1));
}

#[tokio::test]
async fn b_055_b_056_b_058_a_cached_blob_has_a_type_a_length_a_digest_and_parts() {
    let (_server, _world, home) = cached().await;
    let layer = layer(&home).await;
    let whole = home.get(&layer).await;
    let head = home.head(&layer).await;
    assert_eq!(head.header("content-type"), "application/octet-stream");
    assert_eq!(head.content_length(), whole.body.len());
    assert_eq!(format!("/v2/quay/base/blobs/{}", head.header("docker-content-digest")), layer);
    assert_eq!(whole.header("content-type"), "application/octet-stream");
    for (range, part) in [("bytes=2-5", &whole.body[2..6]), ("bytes=-3", &whole.body[whole.body.len() - 3..])] {
        let reply = home.send(&home.request("GET", &layer).header("Range", range)).await;
        assert!(reply.status == 206 && reply.body == part, "{range}: {reply:?}");
    }
}

#[tokio::test]
async fn b_057_b_069_a_reference_is_a_digest_or_a_tag_by_its_grammar() {
    let (_server, world, home) = cached().await;
    assert_eq!(home.get(MANIFEST).await.status, 200);
    let sha_512 = format!("sha512:{}", "0".repeat(128));
    let unknown = (404, "MANIFEST_UNKNOWN".to_owned());
    let invalid = (400, "DIGEST_INVALID".to_owned());
    for (target, expected) in [
        (format!("manifests/{sha_512}"), unknown.clone()),
        (format!("manifests/{}", sha256(b"unknown")), unknown),
        ("manifests/sha256:12".to_owned(), invalid.clone()),
        ("manifests/sha256:%0d%0a".to_owned(), invalid.clone()),
        ("manifests/v1+2".to_owned(), (405, "UNSUPPORTED".to_owned())),
        ("blobs/sha256:12".to_owned(), invalid.clone()),
        ("blobs/sha256:%ff".to_owned(), invalid),
        (format!("blobs/{sha_512}"), (404, "BLOB_UNKNOWN".to_owned())),
    ] {
        let reply = home.get(&format!("/v2/quay/base/{target}")).await;
        assert_eq!((reply.status, reply.oci_error().0), expected, "{target}");
    }
    assert_eq!(world.calls("upstream:*").await.len(), 1, "nobody was asked for any of these");
}

#[tokio::test]
async fn b_066_a_known_image_that_is_cached_again_keeps_its_record() {
    let (_server, world, home) = cached().await;
    assert_eq!(home.get(MANIFEST).await.status, 200);
    let before = shown(&home).await;
    world.advance(3_600).await;
    assert_eq!(home.get("/v2/quay/base/manifests/2").await.status, 200);
    assert_eq!(world.calls("upstream:manifest.get").await.len(), 2, "the other tag was asked for");
    let after = shown(&home).await;
    for member in ["imageDigest", "imagePushedAt", "lastRecordedPullTime", "imageSizeInBytes"] {
        assert!(!before[member].is_null(), "{member}");
        assert_eq!(before[member], after[member], "{member}");
    }
    assert_eq!((&before["imageTags"], after["imageTags"].as_array().map(Vec::len)), (&json!(["1"]), Some(2)));
}

#[tokio::test]
async fn b_067_the_size_of_a_cached_image_is_that_of_its_layers_and_its_configuration() {
    let (_server, _world, home) = cached().await;
    let manifest = home.get(MANIFEST).await.json();
    let layers = manifest["layers"].as_array().expect("layers").iter().chain([&manifest["config"]]);
    let size: u64 = layers.map(|part| part["size"].as_u64().expect("a size")).sum();
    assert_eq!(shown(&home).await["imageSizeInBytes"], size);
}

#[tokio::test]
async fn b_070_unconfirmed_a_get_is_a_pull_and_a_head_is_not() {
    let (_server, _world, home) = cached().await;
    assert_eq!(home.head(MANIFEST).await.status, 200);
    assert_eq!(shown(&home).await.get("lastRecordedPullTime"), None);
    assert_eq!(home.get(MANIFEST).await.status, 200);
    assert!(shown(&home).await["lastRecordedPullTime"].is_number());
}

#[tokio::test]
async fn b_071_a_pull_is_that_of_the_principal_that_logged_in() {
    let (_server, world, home) = cached().await;
    let (scanner, key) = ("arn:aws:iam::123456789012:role/scanner", "AKIDSCANNER123456789");
    let policy = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "ecr:*", "Resource": "*"}});
    let principal =
        json!({"arn": scanner, "policies": [policy.to_string()], "accessKeyId": key, "secretAccessKey": "s"});
    world.seed(&json!({ "principal": principal }).to_string()).await;
    home.ok("RegisterPullTimeUpdateExclusion", json!({"principalArn": scanner})).await;
    let excluded = Caller::new(world.address(), key, "us-east-1").logged_in().await;
    assert_eq!(excluded.get(MANIFEST).await.status, 200);
    assert_eq!(world.finished_call("oci:manifest.get").await.facts["caller"], scanner);
    assert_eq!(shown(&home).await.get("lastRecordedPullTime"), None, "its pulls are not recorded");
    assert_eq!(home.get(MANIFEST).await.status, 200);
    assert!(shown(&home).await["lastRecordedPullTime"].is_number());
}

#[tokio::test]
async fn b_072_a_cached_repository_is_encrypted_as_its_template_says() {
    let (_server, _world, home) = cached().await;
    let key = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555";
    let template = json!({
        "prefix": "quay", "appliedFor": ["PULL_THROUGH_CACHE"],
        "encryptionConfiguration": {"encryptionType": "KMS", "kmsKey": key},
        "customRoleArn": "arn:aws:iam::123456789012:role/templates",
    });
    home.ok("CreateRepositoryCreationTemplate", template).await;
    let layer = layer(&home).await;
    assert_eq!(home.get(&layer).await.status, 200);
    let described = home.ok("DescribeRepositories", json!({"repositoryNames": ["quay/base"]})).await;
    let encryption = &described["repositories"][0]["encryptionConfiguration"];
    assert_eq!(*encryption, json!({"encryptionType": "KMS", "kmsKey": key}));
}

#[tokio::test]
async fn b_073_the_registry_s_scan_rules_apply_to_cached_images() {
    let (_server, _world, home) = cached().await;
    let filters = json!([{"filter": "quay/*", "filterType": "WILDCARD"}]);
    let rules = json!([{"scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": filters}]);
    home.ok("PutRegistryScanningConfiguration", json!({"scanType": "BASIC", "rules": rules})).await;
    assert_eq!(home.get(MANIFEST).await.status, 200);
    let input = json!({"repositoryName": "quay/base", "imageId": {"imageTag": "1"}});
    let findings = home.ok("DescribeImageScanFindings", input).await;
    assert_eq!(findings["imageScanStatus"]["status"], "COMPLETE");
}

#[tokio::test]
async fn b_078_faults_come_between_upstream_and_cache_and_between_cache_and_client() {
    let (_server, world, home) = cached().await;
    world.fault("on upstream:manifest.get do 1x reset -> pass").await;
    world.fault("on oci:manifest.get do 1x pass -> 1x truncate(50%) -> pass").await;
    let repositories =
        async || home.ok("DescribeRepositories", json!({})).await["repositories"].as_array().map(Vec::len);
    assert_eq!(home.get(MANIFEST).await.oci_error().0, "UNAVAILABLE");
    assert_eq!(repositories().await, Some(1), "nothing came, so nothing is kept");
    home.exchange(&home.request("GET", MANIFEST)).await.cut(End::Eof);
    assert_eq!(repositories().await, Some(2), "it is kept, though the client has only half of it");
    assert_eq!(home.get(MANIFEST).await.status, 200);
    let asked: Vec<Option<u32>> = world.calls("upstream:manifest.get").await.iter().map(|call| call.status).collect();
    assert_eq!(asked.len(), 2, "{asked:?}");
}
