//! Scans and signings as work of a world: they begin with a call, end after it, and rules can come between.

use ecr_fixture::proto;
use serde_json::{Value, json};

use crate::harness::{Caller, Image, TestServer, TestWorld};

async fn app(members: &str) -> (TestServer, TestWorld, Caller) {
    let server = TestServer::start().await;
    let world = server.world().await;
    world.seed(&format!(r#"{{"repository": {{"name": "app"{members}}}}}"#)).await;
    let home = world.home().await;
    (server, world, home)
}

fn v1() -> Value {
    json!({ "repositoryName": "app", "imageId": { "imageTag": "v1" } })
}

async fn findings(home: &Caller) -> Value {
    home.ok("DescribeImageScanFindings", v1()).await
}

#[tokio::test]
async fn d_028_a_173_c_171_a_scan_ends_after_its_call_with_what_was_seeded() {
    let scan = r#", "scans": [{"imageTag": "v1", "findings": [{"name": "CVE-1", "severity": "HIGH"}]}]"#;
    let (_server, world, home) = app(scan).await;
    home.push("app", "v1", &Image::new(1)).await;
    assert_eq!(home.refused("DescribeImageScanFindings", v1()).await.1, "ScanNotFoundException");
    let started = home.ok("StartImageScan", v1()).await;
    assert_eq!(started["imageScanStatus"], json!({ "status": "IN_PROGRESS" }));
    let found = findings(&home).await;
    assert_eq!(found["imageScanStatus"]["status"], "COMPLETE");
    assert_eq!(found["imageScanFindings"]["findingSeverityCounts"], json!({ "HIGH": 1 }));
    assert_eq!(home.refused("StartImageScan", v1()).await.1, "LimitExceededException");
    world.advance(24 * 60 * 60).await;
    home.ok("StartImageScan", v1()).await;
    assert_eq!(world.calls("task:scan").await.len(), 2);
}

#[tokio::test]
async fn a_170_a_scan_on_push_waits_at_a_gate_or_fails_as_a_rule_says() {
    let (_server, world, home) = app(r#", "scanOnPush": true"#).await;
    world.fault(r#"on task:scan do 1x hold(door) -> 1x fail("UnsupportedImageError") -> pass"#).await;
    home.push("app", "v1", &Image::new(1)).await;
    assert_eq!(findings(&home).await["imageScanStatus"], json!({ "status": "IN_PROGRESS" }));
    assert_eq!(world.open_gate("door").await, 1);
    let description = "The scan was completed successfully. No findings were declared for this image in this fixture.";
    let complete = json!({ "status": "COMPLETE", "description": description });
    assert_eq!(findings(&home).await["imageScanStatus"], complete);
    home.push("app", "v1", &Image::new(2)).await;
    let failed = findings(&home).await;
    let description = "UnsupportedImageError: The operating system and/or package manager are not supported.";
    assert_eq!(failed["imageScanStatus"], json!({ "status": "FAILED", "description": description }));
    assert_eq!(failed.get("imageScanFindings"), None);
}

#[tokio::test]
async fn a_048_c_203_d_031_a_push_is_signed_after_its_call() {
    let (_server, world, home) = app("").await;
    let profile = |name: &str| format!("arn:aws:signer:us-east-1:123456789012:/signing-profiles/{name}");
    let elsewhere = json!([{ "filter": "other/*", "filterType": "WILDCARD_MATCH" }]);
    let rules = json!([
        { "signingProfileArn": profile("one") },
        { "signingProfileArn": profile("two") },
        { "signingProfileArn": profile("three"), "repositoryFilters": elsewhere },
    ]);
    home.ok("PutSigningConfiguration", json!({ "signingConfiguration": { "rules": rules } })).await;
    world.fault(r#"on task:signing do 1x pass -> 1x fail("ACCESS_DENIED") -> pass"#).await;
    home.push("app", "v1", &Image::new(1)).await;
    let statuses = home.ok("DescribeImageSigningStatus", v1()).await["signingStatuses"].clone();
    assert_eq!(statuses[0], json!({ "signingProfileArn": profile("one"), "status": "COMPLETE" }));
    assert_eq!((&statuses[1]["status"], &statuses[1]["failureCode"]), (&json!("FAILED"), &json!("ACCESS_DENIED")));
    assert_eq!(statuses.as_array().map(Vec::len), Some(2), "the third rule is about other repositories");
}

/// A world as this one is now, through a snapshot.
async fn copy_of(server: &TestServer, world: &TestWorld, name: &str) -> (TestWorld, Caller) {
    let mut worlds = server.plane.clone().worlds;
    let take = proto::CreateSnapshotRequest { world: world.name(), snapshot_id: Some(name.to_owned()) };
    let snapshot = worlds.create_snapshot(take).await.expect("a snapshot is taken").into_inner().snapshot;
    let from = Some(proto::create_world_request::From::FromSnapshot(snapshot));
    let copy = server.world_of(proto::CreateWorldRequest { from, ..Default::default() }).await;
    let home = copy.home().await;
    (copy, home)
}

#[tokio::test]
async fn a_182_a_183_a_scan_ends_and_its_result_is_kept_wherever_its_world_goes_on() {
    let (server, world, home) = app(r#", "scanOnPush": true"#).await;
    world.fault("on task:scan do hold(door)").await;
    home.push("app", "v1", &Image::new(1)).await;
    let (copy, there) = copy_of(&server, &world, "scanning").await;
    assert_eq!(findings(&there).await["imageScanStatus"]["status"], "IN_PROGRESS");
    assert_eq!(copy.open_gate("door").await, 1, "what began in the one world ends in the other");
    let complete = findings(&there).await;
    assert_eq!(complete["imageScanStatus"]["status"], "COMPLETE");
    assert_eq!(findings(&home).await["imageScanStatus"]["status"], "IN_PROGRESS");

    copy.advance(90 * 24 * 60 * 60).await;
    let (_later, there) = copy_of(&server, &copy, "scanned").await;
    assert_eq!(findings(&there).await, complete, "neither time nor a new world takes it away");
}

#[tokio::test]
async fn c_006_c_073_a_push_scans_as_a_call_would_and_replicates_whatever_the_surface() {
    let scans = r#", "scanOnPush": true, "scans": [{"findings": [{"name": "CVE-1", "severity": "LOW"}]}]"#;
    let (_server, world, home) = app(scans).await;
    world.seed(r#"{"registry": {"replication": {"rules": [{"destinations": [{"region": "eu-west-1"}]}]}}}"#).await;
    let away = world.away().await;
    let (pushed, put, called) = (Image::new(1), Image::new(2), Image::new(3));
    home.push("app", "v1", &pushed).await;
    home.push_blobs("app", &put).await;
    let input = json!({"repositoryName": "app", "imageManifest": put.manifest_text(), "imageTag": "v2"});
    home.ok("PutImage", input).await;
    let set = json!({"repositoryName": "app", "imageScanningConfiguration": {"scanOnPush": false}});
    home.ok("PutImageScanningConfiguration", set).await;
    home.push("app", "v3", &called).await;
    let of = |tag: &str| json!({"repositoryName": "app", "imageId": {"imageTag": tag}});
    assert_eq!(home.refused("DescribeImageScanFindings", of("v3")).await.1, "ScanNotFoundException");
    home.ok("StartImageScan", of("v3")).await;

    let told = async |tag: &str| {
        let found = home.ok("DescribeImageScanFindings", of(tag)).await;
        (found["imageScanStatus"].clone(), found["imageScanFindings"]["findings"].clone())
    };
    let expected = told("v3").await;
    assert_eq!(expected.0["status"], "COMPLETE");
    for (tag, image) in [("v1", &pushed), ("v2", &put)] {
        assert_eq!(told(tag).await, expected);
        // The scan of the push is the one of the day.
        assert_eq!(home.refused("StartImageScan", of(tag)).await.1, "LimitExceededException");
        away.pulls("app", tag, image).await;
    }
    let tasks = world.calls("task:scan").await;
    let causes: Vec<u64> = tasks.iter().map(|task| task.caused_by).collect();
    let mut caused = Vec::new();
    for matcher in [r#"oci:manifest.put where tag = "v1""#, "ecr:PutImage", "ecr:StartImageScan"] {
        caused.push(world.calls(matcher).await[0].number);
    }
    assert_eq!(causes, caused);
}
