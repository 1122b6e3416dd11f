//! Repositories that ECR creates by itself, backfills, and deletions that are replicated.

use serde_json::{Value, json};

use crate::harness::{Caller, Image, TestServer, TestWorld};

/// A world whose repository `app` exists.
async fn stage() -> (TestServer, TestWorld, Caller, Caller) {
    let server = TestServer::start().await;
    let world = server.world_with("app").await;
    let (home, away) = (world.home().await, world.away().await);
    (server, world, home, away)
}

/// Replicates everything to `eu-west-1`.
async fn replicate(home: &Caller, delete: bool) -> Value {
    let account = home.ok("DescribeRegistry", json!({})).await["registryId"].clone();
    let destination = json!({"region": "eu-west-1", "registryId": account});
    let mut rule = json!({"destinations": [destination]});
    if delete {
        rule["deleteReplication"] = json!({"enabled": true});
    }
    home.ok("PutReplicationConfiguration", json!({"replicationConfiguration": {"rules": [rule]}})).await;
    destination
}

async fn create_template(caller: &Caller, prefix: &str, moment: &str, members: Value) {
    let mut template = json!({"prefix": prefix, "appliedFor": [moment]});
    let members = members.as_object().expect("members are an object").clone();
    template.as_object_mut().expect("a template is an object").extend(members);
    caller.ok("CreateRepositoryCreationTemplate", template).await;
}

async fn mutability(caller: &Caller, repository: &str) -> Value {
    let described = caller.ok("DescribeRepositories", json!({"repositoryNames": [repository]})).await;
    described["repositories"][0]["imageTagMutability"].clone()
}

#[tokio::test]
async fn a_051_c_078_d_017_a_push_creates_a_repository_if_a_template_allows_it() {
    let (_server, _world, home, _away) = stage().await;
    let image = Image::new(1);
    let start = |repository: &str| home.request("POST", &format!("/v2/{repository}/blobs/uploads/"));
    let refused = home.send(&start("prod/web")).await;
    assert_eq!((refused.status, refused.oci_error().0.as_str()), (404, "NAME_UNKNOWN"));
    create_template(&home, "prod", "CREATE_ON_PUSH", json!({"imageTagMutability": "IMMUTABLE"})).await;
    assert_eq!(home.get("/v2/prod/web/manifests/v1").await.oci_error().0, "NAME_UNKNOWN", "a pull never creates");
    let by_json = home.refused("InitiateLayerUpload", json!({"repositoryName": "prod/web"})).await;
    assert_eq!(by_json.1, "RepositoryNotFoundException", "nor does the JSON API (unconfirmed)");
    home.push("prod/web", "v1", &image).await;
    home.pulls("prod/web", "v1", &image).await;
    assert_eq!(mutability(&home, "prod/web").await, "IMMUTABLE");
    assert_eq!(home.send(&start("dev/web")).await.oci_error().0, "NAME_UNKNOWN");
}

#[tokio::test]
async fn d_017_a_mount_creates_the_repository_and_a_manifest_that_is_refused_does_not() {
    let (_server, _world, home, _away) = stage().await;
    let image = Image::new(1);
    home.push("app", "v1", &image).await;
    create_template(&home, "prod", "CREATE_ON_PUSH", json!({})).await;
    let refused = home.send(&home.manifest_request("prod/web", "v1", &image.manifest)).await;
    assert_eq!(refused.oci_error().0, "MANIFEST_BLOB_UNKNOWN");
    let missing = home.refused("DescribeRepositories", json!({"repositoryNames": ["prod/web"]})).await;
    assert_eq!(missing.1, "RepositoryNotFoundException");
    let mount = format!("/v2/prod/api/blobs/uploads/?mount={}&from=app", image.layer_digest());
    let mounted = home.send(&home.request("POST", &mount)).await;
    assert!([201, 202].contains(&mounted.status), "{mounted:?}");
    assert_eq!(mutability(&home, "prod/api").await, "MUTABLE");
}

#[tokio::test]
async fn unconfirmed_a_template_that_needs_a_role_and_names_none_denies_the_push() {
    let (_server, _world, home, _away) = stage().await;
    let sealed = json!({"encryptionConfiguration": {"encryptionType": "KMS"}});
    create_template(&home, "prod", "CREATE_ON_PUSH", sealed).await;
    let refused = home.send(&home.request("POST", "/v2/prod/web/blobs/uploads/")).await;
    assert_eq!((refused.status, refused.oci_error().0.as_str()), (403, "DENIED"));
    assert!(refused.oci_error().1.contains("customRoleArn"), "{refused:?}");
}

#[tokio::test]
async fn a_070_d_016_a_replica_is_created_by_the_template_of_its_own_registry() {
    let (_server, _world, home, away) = stage().await;
    replicate(&home, false).await;
    create_template(&away, "ROOT", "REPLICATION", json!({"imageTagMutability": "IMMUTABLE"})).await;
    home.push("app", "v1", &Image::new(1)).await;
    assert_eq!(mutability(&away, "app").await, "IMMUTABLE");
}

#[tokio::test]
async fn d_007_a_083_deletions_are_replicated_where_a_rule_asks_for_it() {
    let (_server, world, home, away) = stage().await;
    replicate(&home, true).await;
    let (one, two) = (Image::new(1), Image::new(2));
    home.push("app", "v1", &one).await;
    home.push("app", "v2", &two).await;
    away.pulls("app", "v2", &two).await;
    assert_eq!(home.delete("/v2/app/manifests/v1").await.status, 202);
    assert_eq!(away.get("/v2/app/manifests/v1").await.oci_error().0, "MANIFEST_UNKNOWN");
    away.pulls("app", "v2", &two).await;
    let task = world.tasks().await.pop().expect("a task");
    assert_eq!(task.kind, "delete_replication");

    replicate(&home, false).await;
    assert_eq!(home.delete("/v2/app/manifests/v2").await.status, 202);
    away.pulls("app", "v2", &two).await;
}

async fn start(home: &Caller, destination: &Value) -> Value {
    let started = home.ok("StartReplicationBackfill", json!({"destination": destination})).await;
    assert_eq!(started["status"], "PREPARING");
    json!({"replicationBackfillId": started["replicationBackfillId"]})
}

async fn results(home: &Caller, id: &Value) -> Value {
    home.ok("DescribeReplicationBackfillResults", id.clone()).await
}

#[tokio::test]
async fn d_001_a_082_a_backfill_copies_what_was_there_before_the_rule() {
    let (_server, world, home, away) = stage().await;
    let image = Image::new(1);
    home.push("app", "v1", &image).await;
    home.push("app", "v2", &image).await;
    let destination = replicate(&home, false).await;
    assert_eq!(away.get("/v2/app/manifests/v1").await.oci_error().0, "NAME_UNKNOWN");
    let id = start(&home, &destination).await;
    let ended = results(&home, &id).await;
    assert_eq!((&ended["status"], &ended["progress"]["completedReplicationCount"]), (&json!("COMPLETE"), &json!(2)));
    assert_eq!(ended["results"].as_array().unwrap().len(), 2);
    for reference in ["v1", "v2"] {
        away.pulls("app", reference, &image).await;
    }
    assert_eq!(home.replication("app", &image, "eu-west-1").await, "COMPLETE");
    assert_eq!(world.tasks().await[0].kind, "backfill");
    assert_eq!(
        home.refused("StopReplicationBackfill", id.clone()).await.1,
        "ReplicationBackfillInvalidStatusException"
    );

    world.advance(90 * 24 * 3_600).await;
    assert_eq!(home.ok("ListReplicationBackfills", json!({})).await["backfills"], json!([]));
    assert_eq!(home.refused("DescribeReplicationBackfillResults", id).await.1, "ReplicationBackfillNotFoundException");
}

#[tokio::test]
async fn d_002_d_005_a_held_backfill_is_in_progress_and_stops_when_it_is_let_go() {
    let (_server, world, home, away) = stage().await;
    home.push("app", "v1", &Image::new(1)).await;
    let destination = replicate(&home, false).await;
    world.fault("on task:backfill do hold(network)").await;
    let id = start(&home, &destination).await;
    let held = results(&home, &id).await;
    assert_eq!((&held["status"], &held["progress"]["totalReplicationCount"]), (&json!("IN_PROGRESS"), &json!(1)));
    let again = home.refused("StartReplicationBackfill", json!({"destination": destination})).await;
    assert_eq!(again.1, "ReplicationBackfillInProgressException");
    assert_eq!(home.ok("StopReplicationBackfill", id.clone()).await["status"], "STOPPING");
    assert_eq!(world.open_gate("network").await, 1);
    assert_eq!(results(&home, &id).await["status"], "STOPPED");
    assert_eq!(away.get("/v2/app/manifests/v1").await.oci_error().0, "NAME_UNKNOWN");
}

#[tokio::test]
async fn d_005_a_rule_that_fails_the_task_fails_the_backfill() {
    let (_server, world, home, _away) = stage().await;
    home.push("app", "v1", &Image::new(1)).await;
    let destination = replicate(&home, false).await;
    world.fault(r#"on task:backfill where dest_region = "eu-west-1" do 1x fail("NETWORK") -> pass"#).await;
    let id = start(&home, &destination).await;
    let failed = results(&home, &id).await;
    assert_eq!((&failed["status"], &failed["failureCode"]), (&json!("FAILED"), &json!("NETWORK")));
    let id = start(&home, &destination).await;
    assert_eq!(results(&home, &id).await["status"], "COMPLETE");
}
