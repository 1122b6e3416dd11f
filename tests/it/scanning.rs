//! Scans and signings as work of a world: they begin with a call, end after it, and rules can come between.

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
async fn d_031_c_203_a_push_is_signed_after_its_call() {
    let (_server, world, home) = app("").await;
    let profile = |name: &str| format!("arn:aws:signer:us-east-1:123456789012:/signing-profiles/{name}");
    let rules = json!([{ "signingProfileArn": profile("one") }, { "signingProfileArn": profile("two") }]);
    home.ok("PutSigningConfiguration", json!({ "signingConfiguration": { "rules": rules } })).await;
    world.fault(r#"on task:signing do 1x pass -> 1x fail("ACCESS_DENIED") -> pass"#).await;
    home.push("app", "v1", &Image::new(1)).await;
    let statuses = home.ok("DescribeImageSigningStatus", v1()).await["signingStatuses"].clone();
    assert_eq!(statuses[0], json!({ "signingProfileArn": profile("one"), "status": "COMPLETE" }));
    assert_eq!((&statuses[1]["status"], &statuses[1]["failureCode"]), (&json!("FAILED"), &json!("ACCESS_DENIED")));
}
