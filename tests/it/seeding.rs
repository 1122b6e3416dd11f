//! Seeding and the program itself: documents, seed files, the ready line, signals, tokens.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use ecr_fixture::proto;
use rustix::process::Signal;
use serde_json::json;
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

use crate::harness::{Caller, Plane, Process, TestServer, field_violations, ready_line, reason, sha256};

/// Every kind of document with every member.
const EVERYTHING: &str = r#"
    {"registry": {"replication": {"rules": [{"destinations": [{"region": "eu-west-1"}], "repositoryPrefixes": ["prod-"]}]},
                  "cacheRules": [{"prefix": "quay", "upstream": "quay.io", "upstreamPrefix": "org"}],
                  "replicationSources": ["999999999999"]}},
    {"repository": {"name": "app", "imageTagMutability": "IMMUTABLE_WITH_EXCLUSION", "mutabilityExclusionFilters": ["dev-*"],
                    "scanOnPush": true,
                    "images": [{"tags": ["v1", "latest"], "layers": 3, "layerSizeBytes": 5000, "seed": 9,
                                "pushedAt": "2025-06-01T00:00:00Z"},
                               {"tags": ["multi"], "platforms": ["linux/amd64", "linux/arm64/v8"]},
                               {"format": "IMAGE_FORMAT_DOCKER", "layers": 1}]}},
    {"repository": {"name": "app", "region": "eu-west-1"}},
    {"upstream": {"host": "quay.io", "repositories": [{"name": "org/base", "images": [{"tags": ["1"], "layers": 1}]}]}},
    {"tasks": {"replicationDuration": "30s", "replicationRetry": "300s"}}"#;

#[tokio::test]
async fn documents_make_what_they_say() {
    let server = TestServer::start().await;
    let world = server.world().await;
    let results = world.seed(EVERYTHING).await;
    assert_eq!(results.len(), 5);
    let home = world.home().await;
    let shown = home.ok("DescribeRepositories", json!({"repositoryNames": ["app"]})).await;
    let repository = &shown["repositories"][0];
    assert_eq!(repository["imageTagMutability"], "IMMUTABLE_WITH_EXCLUSION");
    assert_eq!(repository["imageTagMutabilityExclusionFilters"][0]["filter"], "dev-*");
    assert_eq!(repository["imageScanningConfiguration"]["scanOnPush"], true);
    let registry = home.ok("DescribeRegistry", json!({})).await;
    assert_eq!(registry["replicationConfiguration"]["rules"][0]["repositoryFilters"][0]["filter"], "prod-");
    let rules = home.ok("DescribePullThroughCacheRules", json!({})).await;
    assert_eq!(rules["pullThroughCacheRules"][0]["upstreamRepositoryPrefix"], "org");

    let images = &results[1].images;
    assert_eq!(images.iter().map(|image| image.tags.len()).collect::<Vec<_>>(), [2, 1, 0]);
    let details = home.ok("DescribeImages", json!({"repositoryName": "app", "imageIds": [{"imageTag": "v1"}]})).await;
    assert_eq!(details["imageDetails"][0]["imageDigest"], images[0].digest);
    assert_eq!(details["imageDetails"][0]["imagePushedAt"], 1_748_736_000.0);
    let manifest = home.get("/v2/app/manifests/latest").await;
    assert_eq!(manifest.header("docker-content-digest"), images[0].digest);
    let layers = manifest.json()["layers"].as_array().unwrap().clone();
    assert_eq!(layers.len(), 3);
    for layer in &layers {
        let digest = layer["digest"].as_str().unwrap();
        let blob = home.get(&format!("/v2/app/blobs/{digest}")).await;
        assert_eq!((blob.status, sha256(&blob.body).as_str()), (200, digest));
        assert_eq!(layer["size"], blob.body.len());
    }
    let index = home.get("/v2/app/manifests/multi").await.json();
    let architectures: Vec<&str> = index["manifests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|child| child["platform"]["architecture"].as_str().unwrap())
        .collect();
    assert_eq!(architectures, ["amd64", "arm64"]);
    let docker = home.get(&format!("/v2/app/manifests/{}", images[2].digest)).await;
    assert_eq!(docker.header("content-type"), "application/vnd.docker.distribution.manifest.v2+json");
    let cached = home.get("/v2/quay/base/manifests/1").await;
    assert_eq!(cached.header("docker-content-digest"), results[3].images[0].digest);
    assert_eq!(results[3].images[0].repository, "quay.io/org/base");
    assert!(world.tasks().await.is_empty(), "seeding replicates nothing");
}

#[tokio::test]
async fn the_same_documents_change_nothing_the_second_time() {
    let server = TestServer::start().await;
    let world = server.world().await;
    let first = world.seed(EVERYTHING).await;
    let (seq, now) = (world.seq().await, world.now().await);
    let second = world.seed(EVERYTHING).await;
    assert_eq!((world.seq().await, world.now().await), (seq, now), "nothing is committed");
    for (first, second) in first.iter().zip(&second) {
        assert_eq!((second.created, second.updated), (0, 0), "{second:?}");
        assert_eq!(second.unchanged, first.created + first.updated + first.unchanged, "{first:?} {second:?}");
        assert_eq!(first.images, second.images);
    }
    let elsewhere = server.world().await.seed(EVERYTHING).await;
    assert_eq!(elsewhere, first, "the same description makes the same bytes in every world");
}

#[tokio::test]
async fn documents_are_only_checked_if_the_request_says_so() {
    let server = TestServer::start().await;
    let world = server.world().await;
    let seq = world.seq().await;
    let results = world.try_seed(EVERYTHING, true).await.unwrap();
    assert_eq!(results.len(), 5, "one for each document");
    assert_eq!(world.seq().await, seq);
    let home = world.caller("us-east-1");
    assert_eq!(home.ok("DescribeRepositories", json!({})).await, json!({"repositories": []}));
}

#[tokio::test]
async fn every_refused_member_is_named_by_its_path_and_nothing_is_applied() {
    let server = TestServer::start().await;
    let world = server.world().await;
    let documents = r#"
        {"repository": {"name": "app"}},
        {"repository": {"name": "App", "images": [{}, {"layers": 0, "tags": ["a b"]}]}},
        {"tasks": {"replicationDuration": "-1s"}}"#;
    for validate_only in [false, true] {
        let status = world.try_seed(documents, validate_only).await.unwrap_err();
        assert_eq!((status.code(), reason(&status).as_str()), (Code::InvalidArgument, "INVALID_DOCUMENT"));
        let paths: Vec<String> = field_violations(&status).into_iter().map(|(path, _)| path).collect();
        let expected = [
            "documents[1].repository.name",
            "documents[1].repository.images[1].tags[0]",
            "documents[1].repository.images[1].layers",
            "documents[2].tasks.replication_duration",
        ];
        assert_eq!(paths, expected);
    }
    let home = world.caller("us-east-1");
    assert_eq!(home.ok("DescribeRepositories", json!({})).await, json!({"repositories": []}));
}

#[tokio::test]
async fn a_document_says_where_a_tag_points_whatever_the_mode() {
    let server = TestServer::start().await;
    let world = server.world().await;
    let document = |members: &str| {
        let image = format!(r#"{{"tags": ["v1"], {members}}}"#);
        format!(r#"{{"repository": {{"name": "app", "imageTagMutability": "IMMUTABLE", "images": [{image}]}}}}"#)
    };
    let first = world.seed(&document(r#""seed": 1"#)).await[0].images[0].digest.clone();
    let second = world.seed(&document(r#""seed": 2"#)).await[0].images[0].digest.clone();
    let home = world.home().await;
    assert_eq!(home.get("/v2/app/manifests/v1").await.header("docker-content-digest"), second);
    assert_eq!(home.get(&format!("/v2/app/manifests/{first}")).await.status, 200, "it is there without its tag");
}

#[tokio::test]
async fn a_seed_file_fills_the_default_world() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), format!(r#"{{"documents": [{EVERYTHING}]}}"#)).unwrap();
    let path = file.path().to_str().unwrap();
    let mut process = Process::serve(&["--print-addresses", "json", "--seed", path]);
    let ready = ready_line(&process.line().await);
    let address = ready["data"].as_str().unwrap().strip_prefix("http://").unwrap().parse().unwrap();
    let home = Caller::new(address, "AKIAIOSFODNN7EXAMPLE", "us-east-1").logged_in().await;
    assert_eq!(home.get("/v2/app/manifests/v1").await.status, 200);
    process.signal(Signal::TERM);
    let (code, rest) = process.ends_within(Duration::from_secs(3)).await;
    assert_eq!((code, rest.as_str()), (Some(0), ""), "exactly one line was printed");
}

#[tokio::test]
async fn a_wrong_seed_file_keeps_the_daemon_from_starting() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), r#"{"documents": [{"repository": {"nmae": "app"}}]}"#).unwrap();
    let path = file.path().to_str().unwrap();
    let said = Process::refuses(&["--seed", path]).await;
    assert!(said.contains(path) && said.contains("`documents[0].repository.nmae`"), "{said}");
    let said = Process::refuses(&["--seed", "/nowhere/at/all.json"]).await;
    assert!(said.contains("/nowhere/at/all.json"), "{said}");
}

#[tokio::test]
async fn the_ready_file_holds_the_ready_line_for_its_owner_only() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ready.json");
    let mut process =
        Process::serve(&["--print-addresses", "json", "--ready-file", path.to_str().unwrap(), "--lifeline", "stdin"]);
    let line = process.line().await;
    let ready = ready_line(&line);
    // The line is printed before the file is there; control answers once both are done.
    while !path.exists() {
        tokio::task::yield_now().await;
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), line);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(ready["token"].as_str().unwrap().starts_with("efd_"));

    let plane = Plane::connect(ready["control"].as_str().unwrap().parse().unwrap(), ready["token"].as_str()).await;
    let told = plane.clone().server.get_info(proto::GetInfoRequest {}).await.unwrap().into_inner();
    assert_eq!(
        (told.data, told.control),
        (ready["data"].as_str().unwrap().to_owned(), ready["control"].as_str().unwrap().to_owned())
    );
    assert_eq!(told.version, ready["version"].as_str().unwrap());

    drop(process.stdin.take());
    let (code, rest) = process.ends_within(Duration::from_secs(3)).await;
    assert_eq!((code, rest.as_str()), (Some(0), ""), "the end of standard input is the daemon's");
}

#[tokio::test]
async fn a_daemon_ends_within_three_seconds_of_sigterm_whatever_runs() {
    let mut process = Process::serve(&["--print-addresses", "json"]);
    let ready = ready_line(&process.line().await);
    let plane = Plane::connect(ready["control"].as_str().unwrap().parse().unwrap(), ready["token"].as_str()).await;
    let address = ready["data"].as_str().unwrap().strip_prefix("http://").unwrap().parse().unwrap();
    let rules = proto::ApplyRulesRequest {
        world: "worlds/default".to_owned(),
        text: "on oci:ping do hold(never)".to_owned(),
        ..Default::default()
    };
    plane.clone().faults.apply_rules(rules).await.unwrap();
    let home = Caller::new(address, "AKIAIOSFODNN7EXAMPLE", "us-east-1").logged_in().await;
    let mut held = crate::harness::Connection::open(address).await;
    held.send(&home.request("GET", "/v2/")).await;
    let mut attached = plane
        .clone()
        .worlds
        .attach_world(proto::AttachWorldRequest { world: "worlds/default".to_owned() })
        .await
        .unwrap()
        .into_inner();
    attached.message().await.unwrap();
    process.signal(Signal::TERM);
    let (code, _) = process.ends_within(Duration::from_secs(3)).await;
    assert_eq!(code, Some(0));
}

#[tokio::test]
async fn a_daemon_stops_when_the_control_plane_says_so() {
    let mut process = Process::serve(&["--print-addresses", "json"]);
    let ready = ready_line(&process.line().await);
    let plane = Plane::connect(ready["control"].as_str().unwrap().parse().unwrap(), ready["token"].as_str()).await;
    plane.clone().server.shutdown(proto::ShutdownRequest {}).await.unwrap();
    drop(plane);
    let (code, _) = process.ends_within(Duration::from_secs(3)).await;
    assert_eq!(code, Some(0));
}

#[tokio::test]
async fn a_blob_directory_belongs_to_one_daemon() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().to_str().unwrap();
    let mut first = Process::serve(&["--print-addresses", "json", "--blob-dir", path]);
    ready_line(&first.line().await);
    let said = Process::refuses(&["--blob-dir", path]).await;
    assert!(said.contains("blob directory"), "{said}");
    first.signal(Signal::TERM);
    assert_eq!(first.ends_within(Duration::from_secs(3)).await.0, Some(0));
    let mut second = Process::serve(&["--print-addresses", "json", "--blob-dir", path]);
    ready_line(&second.line().await);
}

#[tokio::test]
async fn large_blobs_live_in_the_blob_directory() {
    let directory = tempfile::tempdir().unwrap();
    let server = TestServer::with(|args| args.blob_dir = Some(directory.path().to_owned())).await;
    let world = server.world_with("app").await;
    let home = world.home().await;
    let bytes = crate::harness::filler(3, 8 << 20);
    let digest = home.push_blob("app", &bytes).await;
    assert!(home.get(&format!("/v2/app/blobs/{digest}")).await.body == bytes);
    let part = home
        .send(&home.request("GET", &format!("/v2/app/blobs/{digest}")).header("Range", "bytes=5000000-5000009"))
        .await;
    assert_eq!((part.status, &part.body[..]), (206, &bytes[5_000_000..5_000_010]));
}

#[tokio::test]
async fn the_control_plane_needs_a_token_but_health_and_reflection_do_not() {
    let server = TestServer::start().await;
    for token in [None, Some("efd_wrong"), Some("efw_0000000000000001_00")] {
        let plane = server.plane.with_token(token);
        let status = plane.clone().server.get_info(proto::GetInfoRequest {}).await.unwrap_err();
        assert_eq!((status.code(), reason(&status).as_str()), (Code::Unauthenticated, "TOKEN_REQUIRED"), "{token:?}");
        let list = plane.clone().worlds.list_worlds(proto::ListWorldsRequest {}).await.unwrap_err();
        assert_eq!(list.code(), Code::Unauthenticated);
    }
    let mut health = HealthClient::new(server.plane.channel.clone());
    let answer = health.check(HealthCheckRequest { service: String::new() }).await.unwrap().into_inner();
    assert_eq!(answer.status(), tonic_health::pb::health_check_response::ServingStatus::Serving);

    let mut reflection = ServerReflectionClient::new(server.plane.channel.clone());
    let request = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let mut answers = reflection.server_reflection_info(tokio_stream::once(request)).await.unwrap().into_inner();
    let Some(MessageResponse::ListServicesResponse(listed)) =
        answers.message().await.unwrap().unwrap().message_response
    else {
        panic!("no list of services");
    };
    let services: Vec<String> = listed.service.into_iter().map(|service| service.name).collect();
    for service in ["Worlds", "State", "Clock", "Faults", "Tasks", "Journal", "Asserts", "Server"] {
        let name = format!("ecrfixture.control.v1.{service}Service");
        assert!(services.contains(&name), "{name} is not among {services:?}");
    }
}

#[tokio::test]
async fn an_open_control_plane_needs_no_token() {
    let server = TestServer::with(|args| args.open = true).await;
    let plane = server.plane.with_token(None);
    plane.clone().worlds.list_worlds(proto::ListWorldsRequest {}).await.unwrap();
    let said = Process::refuses_at("0.0.0.0:0", &["--open"]).await;
    assert!(said.contains("--open is allowed on loopback addresses only"), "{said}");
}
