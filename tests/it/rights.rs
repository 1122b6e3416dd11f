//! Rights: every operation and every route asks for the action of its name, on both surfaces.

use ecr_fixture::proto;
use serde_json::{Value, json};

use crate::harness::{Caller, Image, Request, TestServer, TestWorld, sha256};

const BOB: &str = "arn:aws:iam::123456789012:user/bob";
const KEY: &str = "AKIDBOB0123456789012";

/// A body that has what any operation requires.
fn any_input() -> Value {
    let digest = sha256(b"x");
    let upload = "00000000-0000-4000-8000-000000000001";
    let mut input = json!({
        "repositoryName": "app", "repositoryNames": ["app"],
        "resourceArn": "arn:aws:ecr:us-east-1:123456789012:repository/app", "tags": [], "tagKeys": [],
        "imageId": {"imageTag": "v1"}, "imageIds": [{"imageTag": "v1"}], "subjectId": {"imageDigest": digest},
        "imageManifest": "{}", "imageTagMutability": "MUTABLE", "imageScanningConfiguration": {},
        "targetStorageClass": "ARCHIVE", "layerDigest": digest, "layerDigests": [digest],
        "uploadId": upload, "partFirstByte": 0, "partLastByte": 0, "layerPartBlob": "AA==",
    });
    let of_registries = json!({
        "ecrRepositoryPrefix": "hub", "upstreamRegistryUrl": "quay.io", "prefix": "prod", "appliedFor": [],
        "policyText": "{}", "lifecyclePolicyText": "x".repeat(100), "name": "BLOB_MOUNTING", "value": "ENABLED",
        "principalArn": "arn:aws:iam::123456789012:role/ci", "replicationConfiguration": {"rules": []},
        "signingConfiguration": {"rules": []}, "replicationBackfillId": upload,
        "destination": {"region": "eu-west-1", "registryId": "123456789012"},
    });
    let members = of_registries.as_object().expect("an object").clone();
    input.as_object_mut().expect("an object").extend(members);
    input
}

#[tokio::test]
async fn c_008_every_operation_is_refused_to_who_has_no_right_to_it() {
    let server = TestServer::start().await;
    let world = server.dedicated_world().await;
    let key = format!(r#""accessKeyId": "{KEY}", "secretAccessKey": "secret""#);
    world
        .seed(&format!(
            r#"{{"repository": {{"name": "app"}}}}, {{"principal": {{"arn": "{BOB}", "policies": [], {key}}}}}"#
        ))
        .await;
    let bob = Caller::new(world.address(), KEY, "us-east-1");
    let before = world.seq().await;
    let answered = server.plane.clone().server.get_info(proto::GetInfoRequest {}).await.unwrap().into_inner();
    assert_eq!(answered.operations.len(), 62);
    for operation in answered.operations {
        let action = if operation == "ListImageReferrers" { "BatchGetImage" } else { &operation };
        let (status, exception, message) = bob.refused(&operation, any_input()).await;
        assert_eq!((status, exception.as_str()), (400, "AccessDeniedException"), "{operation}: {message}");
        let start = format!("User: {BOB} is not authorized to perform: ecr:{action} on resource: ");
        let end = format!(" because no identity-based policy allows the ecr:{action} action");
        assert!(message.starts_with(&start) && message.ends_with(&end), "{operation}: {message}");
    }
    assert_eq!(world.seq().await, before, "nothing changed");
}

/// A world whose repository `app` has an image under tag `v1`.
async fn app() -> (TestServer, TestWorld, Caller, Image) {
    let server = TestServer::start().await;
    let world = server.world_with("app").await;
    let (home, image) = (world.home().await, Image::new(1));
    home.push("app", "v1", &image).await;
    (server, world, home, image)
}

/// Denies one action of `app` to everybody.
async fn deny(home: &Caller, action: &str) {
    let statement = json!({"Effect": "Deny", "Principal": "*", "Action": format!("ecr:{action}")});
    let policy = json!({"Version": "2012-10-17", "Statement": statement}).to_string();
    home.ok("SetRepositoryPolicy", json!({"repositoryName": "app", "policyText": policy})).await;
}

fn denial(action: &str) -> String {
    format!(
        "User: arn:aws:iam::123456789012:root is not authorized to perform: ecr:{action} on resource: \
         arn:aws:ecr:us-east-1:123456789012:repository/app with an explicit deny in a resource-based policy"
    )
}

#[tokio::test]
async fn c_026_d_025_a_repository_policy_binds_every_route_of_its_repository() {
    let (_server, world, home, image) = app().await;
    let upload = home.begin_upload("app").await;
    let blob = format!("/v2/app/blobs/{}", image.layer_digest());
    let put = |path: &str| home.request("PUT", path).body(*b"x");
    let routes: Vec<(&str, Request)> = vec![
        ("BatchGetImage", home.request("GET", "/v2/app/manifests/v1")),
        ("PutImage", home.manifest_request("app", "v1", &image.manifest)),
        ("BatchDeleteImage", home.request("DELETE", "/v2/app/manifests/v1")),
        ("GetDownloadUrlForLayer", home.request("GET", &blob)),
        ("InitiateLayerUpload", home.request("POST", "/v2/app/blobs/uploads/")),
        ("InitiateLayerUpload", home.request("POST", "/v2/app/blobs/uploads/?mount=sha256:00&from=app")),
        ("UploadLayerPart", home.request("PATCH", &upload).body(*b"x")),
        ("UploadLayerPart", home.request("GET", &upload)),
        ("UploadLayerPart", home.request("DELETE", &upload)),
        ("CompleteLayerUpload", put(&format!("{upload}?digest={}", sha256(b"x")))),
        ("ListImages", home.request("GET", "/v2/app/tags/list")),
    ];
    for (action, request) in &routes {
        deny(&home, action).await;
        let before = world.seq().await;
        let refused = home.send(request).await;
        assert_eq!((refused.status, refused.oci_error()), (403, ("DENIED".to_owned(), denial(action))), "{request:?}");
        assert_eq!(world.seq().await, before, "{request:?}");
    }
    for (action, path) in [("BatchGetImage", "/v2/app/manifests/v1"), ("BatchCheckLayerAvailability", blob.as_str())] {
        deny(&home, action).await;
        assert_eq!(home.head(path).await.status, 403, "{path}");
        deny(&home, "StartImageScan").await;
        assert_eq!(home.head(path).await.status, 200, "{path}");
    }
    // Another action's denial keeps nobody from anything.
    home.pulls("app", "v1", &image).await;
    assert_eq!(home.get(&upload).await.status, 204);
}

#[tokio::test]
async fn c_100_layer_operations_ask_for_the_action_of_their_name() {
    let (_server, _world, home, _image) = app().await;
    for action in [
        "BatchCheckLayerAvailability",
        "CompleteLayerUpload",
        "GetDownloadUrlForLayer",
        "InitiateLayerUpload",
        "UploadLayerPart",
    ] {
        deny(&home, action).await;
        let expected = (400, "AccessDeniedException".to_owned(), denial(action));
        assert_eq!(home.refused(action, any_input()).await, expected);
        deny(&home, "StartImageScan").await;
        let (status, body) = home.ecr(action, any_input()).await;
        assert!(status == 200 || body["__type"] != "AccessDeniedException", "{action}: {body}");
    }
}

#[tokio::test]
async fn c_008_each_repository_that_a_call_names_takes_the_right() {
    let server = TestServer::start().await;
    let world = server.dedicated_world().await;
    let allow = json!({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow",
        "Action": ["ecr:DescribeRepositories", "ecr:BatchGetRepositoryScanningConfiguration"],
        "Resource": "arn:aws:ecr:us-east-1:123456789012:repository/team/*",
    }});
    let principal = json!({"principal": {
        "arn": BOB, "policies": [allow.to_string()], "accessKeyId": KEY, "secretAccessKey": "secret",
    }});
    let repositories =
        r#"{"repository": {"name": "team/a"}}, {"repository": {"name": "team/b"}}, {"repository": {"name": "web"}}"#;
    world.seed(&format!("{principal}, {repositories}")).await;
    let bob = Caller::new(world.address(), KEY, "us-east-1");
    for action in ["DescribeRepositories", "BatchGetRepositoryScanningConfiguration"] {
        let named = |names: &[&str]| json!({"repositoryNames": names});
        bob.ok(action, named(&["team/a", "team/b"])).await;
        // A name that nobody has is none of Bob's business, either.
        for (names, refused) in [(["team/a", "web"], "web"), (["other", "team/a"], "other")] {
            let (status, exception, message) = bob.refused(action, named(&names)).await;
            assert_eq!((status, exception.as_str()), (400, "AccessDeniedException"), "{action} {names:?}");
            let resource = format!("on resource: arn:aws:ecr:us-east-1:123456789012:repository/{refused} because ");
            assert!(message.contains(&resource), "{action} {names:?}: {message}");
        }
    }
    let (_, _, message) = bob.refused("DescribeRepositories", json!({})).await;
    assert!(message.contains("on resource: arn:aws:ecr:us-east-1:123456789012:repository/* because "), "{message}");
}

#[tokio::test]
async fn d_036_the_region_that_is_called_is_a_condition() {
    let server = TestServer::start().await;
    let world = server.dedicated_world().await;
    let allow = json!({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Action": "ecr:DescribeRegistry", "Resource": "*",
        "Condition": {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}, "Bool": {"aws:ViaAWSService": "false"}},
    }});
    let principal = json!({"principal": {
        "arn": BOB, "policies": [allow.to_string()], "accessKeyId": KEY, "secretAccessKey": "secret",
    }});
    world.seed(&principal.to_string()).await;
    Caller::new(world.address(), KEY, "eu-west-1").ok("DescribeRegistry", json!({})).await;
    let (_, exception, _) = Caller::new(world.address(), KEY, "us-east-1").refused("DescribeRegistry", json!({})).await;
    assert_eq!(exception, "AccessDeniedException");
}
