//! Every operation is an action of IAM: it can be granted to another account, and denied to one's own.

use ecr_fixture::proto;
use serde_json::{Value, json};

use crate::harness::{Caller, Image, Reply, TestServer, TestWorld, sha256};

const OWNER: &str = "222222222222";

/// A world in which the second account has `app` with an image as `v1`; somebody of the first account, and that owner.
async fn stage() -> (TestServer, TestWorld, Caller, Caller, Image) {
    let server = TestServer::start().await;
    let accounts = vec!["111111111111".to_owned(), OWNER.to_owned()];
    let world = server.world_of(proto::CreateWorldRequest { accounts, ..Default::default() }).await;
    let (stranger, owner) = (world.caller_of(0, "us-east-1"), world.caller_of(1, "us-east-1").logged_in().await);
    let image = Image::new(1);
    owner.ok("CreateRepository", json!({"repositoryName": "app"})).await;
    owner.push("app", "v1", &image).await;
    (server, world, stranger, owner, image)
}

/// An operation, the action that it is, its members beside the repository, and the exception that it ends with where it
/// is allowed; none for success.
type Row = (&'static str, &'static str, Value, Option<&'static str>);

/// Reads and settings first, and last what takes the image away.
fn rows(image: &Image) -> Vec<Row> {
    let named = json!({"imageTag": "v1"});
    let one = json!({"imageId": named});
    let several = json!({"imageIds": [named]});
    let subject = json!({"subjectId": {"imageDigest": image.digest()}});
    let archive = json!({"imageId": named, "targetStorageClass": "ARCHIVE"});
    let pushed = json!({"imageManifest": image.manifest_text(), "imageTag": "v1"});
    let scanning = json!({"imageScanningConfiguration": {"scanOnPush": false}});
    vec![
        ("DescribeImages", "DescribeImages", json!({}), None),
        ("ListImages", "ListImages", json!({}), None),
        ("DescribeImageReplicationStatus", "DescribeImageReplicationStatus", one.clone(), None),
        ("DescribeImageSigningStatus", "DescribeImageSigningStatus", one.clone(), None),
        ("ListImageReferrers", "BatchGetImage", subject, None),
        ("GetRepositoryPolicy", "GetRepositoryPolicy", json!({}), None),
        ("GetLifecyclePolicy", "GetLifecyclePolicy", json!({}), Some("LifecyclePolicyNotFoundException")),
        ("DescribeImageScanFindings", "DescribeImageScanFindings", one.clone(), Some("ScanNotFoundException")),
        ("PutImageTagMutability", "PutImageTagMutability", json!({"imageTagMutability": "MUTABLE"}), None),
        ("PutImageScanningConfiguration", "PutImageScanningConfiguration", scanning, None),
        ("StartImageScan", "StartImageScan", one, None),
        ("BatchGetImage", "BatchGetImage", several.clone(), None),
        ("PutImage", "PutImage", pushed, Some("ImageAlreadyExistsException")),
        ("UpdateImageStorageClass", "UpdateImageStorageClass", archive, None),
        ("BatchDeleteImage", "BatchDeleteImage", several, None),
    ]
}

/// The members of a row as a call to the owner's registry.
fn input(members: &Value) -> Value {
    let mut input = json!({"registryId": OWNER, "repositoryName": "app"});
    input.as_object_mut().expect("an object").extend(members.as_object().expect("an object").clone());
    input
}

async fn set_policy(owner: &Caller, effect: &str, principal: &str, actions: &[&str]) {
    let actions: Vec<String> = actions.iter().map(|action| format!("ecr:{action}")).collect();
    let statement = json!({"Effect": effect, "Principal": {"AWS": principal}, "Action": actions});
    let policy = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
    owner.ok("SetRepositoryPolicy", json!({"repositoryName": "app", "policyText": policy})).await;
}

fn denial(caller: &str, action: &str, reason: &str) -> (u16, String, String) {
    let message = format!(
        "User: arn:aws:iam::{caller}:root is not authorized to perform: ecr:{action} on resource: \
         arn:aws:ecr:us-east-1:{OWNER}:repository/app {reason}"
    );
    (400, "AccessDeniedException".to_owned(), message)
}

#[tokio::test]
async fn a_021_a_091_a_113_a_165_x_015_every_action_is_granted_to_another_account_by_itself() {
    let (_server, _world, stranger, owner, image) = stage().await;
    for (operation, action, members, ends_with) in rows(&image) {
        // Everything is granted but what the call needs.
        let others: Vec<&str> = ["DescribeRepositories", "BatchGetImage", "PutImage"]
            .into_iter()
            .filter(|other| *other != action)
            .collect();
        set_policy(&owner, "Allow", "111111111111", &others).await;
        let reason = format!("because no resource-based policy allows the ecr:{action} action");
        let refused = stranger.refused(operation, input(&members)).await;
        assert_eq!(refused, denial("111111111111", action, &reason), "{operation}");
        set_policy(&owner, "Allow", "111111111111", &[action]).await;
        match ends_with {
            None => drop(stranger.ok(operation, input(&members)).await),
            Some(exception) => {
                assert_eq!(stranger.refused(operation, input(&members)).await.1, exception, "{operation}");
            }
        }
    }
}

#[tokio::test]
async fn a_021_a_091_a_113_a_165_x_015_every_action_is_denied_to_its_own_account_by_itself() {
    let (_server, _world, _stranger, owner, image) = stage().await;
    for (operation, action, members, _) in rows(&image) {
        set_policy(&owner, "Deny", "*", &[action]).await;
        let refused = owner.refused(operation, input(&members)).await;
        let reason = "with an explicit deny in a resource-based policy";
        assert_eq!(refused, denial(OWNER, action, reason), "{operation}");
        owner.ok("DescribeRepositories", json!({"repositoryNames": ["app"]})).await;
    }
}

#[tokio::test]
async fn a_021_a_091_a_113_a_165_the_registry_surface_asks_for_the_same_actions() {
    let (_server, _world, _stranger, owner, image) = stage().await;
    let manifest = "/v2/app/manifests/v1";
    let calls = [
        ("PutImage", owner.manifest_request("app", "v2", &image.manifest), 201),
        ("BatchGetImage", owner.request("GET", manifest), 200),
        ("ListImages", owner.request("GET", "/v2/app/tags/list"), 200),
        ("BatchDeleteImage", owner.request("DELETE", manifest), 202),
    ];
    for (action, request, status) in calls {
        set_policy(&owner, "Deny", "*", &[action]).await;
        let refused: Reply = owner.send(&request).await;
        let (code, message) = refused.oci_error();
        assert_eq!((refused.status, code.as_str()), (403, "DENIED"), "{action}");
        assert!(message.contains(&format!("is not authorized to perform: ecr:{action} on resource")), "{message}");
        owner.ok("DeleteRepositoryPolicy", json!({"repositoryName": "app"})).await;
        assert_eq!(owner.send(&request).await.status, status, "{action}");
    }
}

#[tokio::test]
async fn x_008_an_account_that_nobody_has_looks_like_one_without_the_repository() {
    let server = TestServer::start().await;
    let world = server.dedicated_world().await;
    let known = world.caller("us-east-1");
    let unknown = Caller::new(world.address(), "333333333333", "us-east-1");
    for (caller, account) in [(&known, "123456789012"), (&unknown, "333333333333")] {
        let layers = json!({"repositoryName": "app", "layerDigests": [sha256(b"layer")]});
        for (operation, input) in
            [("ListImages", json!({"repositoryName": "app"})), ("BatchCheckLayerAvailability", layers)]
        {
            let message = format!("The repository with name 'app' does not exist in the registry with id '{account}'");
            let expected = (400, "RepositoryNotFoundException".to_owned(), message);
            assert_eq!(caller.refused(operation, input).await, expected);
        }
    }
}
