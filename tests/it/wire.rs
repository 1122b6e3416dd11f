//! The JSON API on the wire: for each operation that is here one whole request and its whole response, and the declared
//! errors that can be reached.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ecr_fixture::proto;
use serde_json::{Value, json};

use crate::harness::{
    Caller, Connection, Image, OCI_MANIFEST, Request, Shape, TestServer, TestWorld, filler, index_of, redact, sha256,
};

/// Time of the first write of a world, as ECR writes it.
const FIRST_WRITE: f64 = 1_767_225_600.001;

async fn bare() -> (TestServer, TestWorld, Caller) {
    let server = TestServer::start().await;
    let world = server.world().await;
    let home = world.caller("us-east-1");
    (server, world, home)
}

/// A world with repository `app`, made by the first write.
async fn with_app() -> (TestServer, TestWorld, Caller) {
    let (server, world, home) = bare().await;
    home.ok("CreateRepository", json!({"repositoryName": "app"})).await;
    (server, world, home)
}

/// A world whose repository `app` has an image under tag `v1`.
async fn with_image() -> (TestServer, TestWorld, Caller, Image) {
    let (server, world, home) = with_app().await;
    let (home, image) = (home.logged_in().await, Image::new(1));
    home.push("app", "v1", &image).await;
    (server, world, home, image)
}

/// Sends an input and compares the whole answer, but for members that are checked by shape.
async fn compare(home: &Caller, operation: &str, input: Value, hidden: &[(&str, Shape)], expected: Value) {
    let reply = home.ecr_reply(operation, input.to_string()).await;
    assert_eq!(reply.status, 200, "{operation}: {}", reply.text());
    assert_eq!(reply.find("x-amzn-errortype"), None);
    assert!(reply.header("x-fixture-seq").parse::<u64>().is_ok(), "{reply:?}");
    assert_eq!(redact(reply.json(), hidden), expected, "{operation}");
}

/// Sends an input that must be refused and compares the whole body.
async fn refuse(home: &Caller, operation: &str, input: Value, exception: &str, message: &str) {
    let reply = home.ecr_reply(operation, input.to_string()).await;
    assert_eq!((reply.status, reply.header("x-amzn-errortype")), (400, exception), "{operation}: {}", reply.text());
    assert_eq!(reply.json(), json!({"__type": exception, "message": message}), "{operation}");
}

fn repository(home: &Caller, name: &str) -> Value {
    json!({
        "repositoryArn": format!("arn:aws:ecr:us-east-1:123456789012:repository/{name}"),
        "registryId": "123456789012",
        "repositoryName": name,
        "repositoryUri": format!("{}/{name}", home.address),
        "createdAt": FIRST_WRITE,
        "imageTagMutability": "MUTABLE",
        "imageScanningConfiguration": {"scanOnPush": false},
        "encryptionConfiguration": {"encryptionType": "AES256"},
    })
}

fn no_repository(name: &str) -> String {
    format!("The repository with name '{name}' does not exist in the registry with id '123456789012'")
}

#[tokio::test]
async fn c_107_c_108_x_016_create_repository_answers_the_repository() {
    let (_server, _world, home) = bare().await;
    let expected = json!({"repository": repository(&home, "team/app")});
    compare(&home, "CreateRepository", json!({"repositoryName": "team/app"}), &[], expected).await;
    refuse(
        &home,
        "CreateRepository",
        json!({"repositoryName": "team/app"}),
        "RepositoryAlreadyExistsException",
        "The repository with name 'team/app' already exists in the registry with id '123456789012'",
    )
    .await;
    refuse(
        &home,
        "CreateRepository",
        json!({"repositoryName": "x"}),
        "InvalidParameterException",
        "Invalid parameter at 'repositoryName' failed to satisfy constraint: 'must have length greater than or equal to 2'",
    )
    .await;
}

#[tokio::test]
async fn x_009_describe_repositories_answers_all_or_those_that_are_named() {
    let (_server, _world, home) = with_app().await;
    let expected = json!({"repositories": [repository(&home, "app")]});
    compare(&home, "DescribeRepositories", json!({}), &[], expected.clone()).await;
    compare(&home, "DescribeRepositories", json!({"repositoryNames": ["app"]}), &[], expected).await;
    let input = json!({"repositoryNames": ["app", "nope"]});
    refuse(&home, "DescribeRepositories", input, "RepositoryNotFoundException", &no_repository("nope")).await;
    home.ok("CreateRepository", json!({"repositoryName": "bb"})).await;
    let page = json!({"repositories": [repository(&home, "app")], "nextToken": "<hidden>"});
    compare(&home, "DescribeRepositories", json!({"maxResults": 1}), &[("/nextToken", Shape::PageToken)], page).await;
}

#[tokio::test]
async fn delete_repository_answers_what_was_deleted() {
    let (_server, _world, home) = with_app().await;
    let expected = json!({"repository": repository(&home, "app")});
    compare(&home, "DeleteRepository", json!({"repositoryName": "app"}), &[], expected).await;
    let input = json!({"repositoryName": "app"});
    refuse(&home, "DeleteRepository", input, "RepositoryNotFoundException", &no_repository("app")).await;
}

#[tokio::test]
async fn c_110_delete_repository_spares_images_unless_forced() {
    let (_server, _world, home, _image) = with_image().await;
    refuse(
        &home,
        "DeleteRepository",
        json!({"repositoryName": "app"}),
        "RepositoryNotEmptyException",
        "The repository with name 'app' in registry with id '123456789012' cannot be deleted because it still contains \
         images",
    )
    .await;
    home.ok("DeleteRepository", json!({"repositoryName": "app", "force": true})).await;
    assert_eq!(home.get("/v2/app/manifests/v1").await.oci_error().0, "NAME_UNKNOWN");
}

#[tokio::test]
async fn a_007_put_image_tag_mutability_answers_the_mode_and_its_filters() {
    let (_server, _world, home) = with_app().await;
    let members = json!({"registryId": "123456789012", "repositoryName": "app", "imageTagMutability": "IMMUTABLE"});
    let input = json!({"repositoryName": "app", "imageTagMutability": "IMMUTABLE"});
    compare(&home, "PutImageTagMutability", input, &[], members).await;
    let filters = json!([{"filterType": "WILDCARD", "filter": "dev-*"}]);
    let input = json!({
        "repositoryName": "app",
        "imageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
        "imageTagMutabilityExclusionFilters": filters,
    });
    let mut expected = input.clone();
    expected["registryId"] = json!("123456789012");
    compare(&home, "PutImageTagMutability", input, &[], expected).await;
    refuse(
        &home,
        "PutImageTagMutability",
        json!({"repositoryName": "nope", "imageTagMutability": "MUTABLE"}),
        "RepositoryNotFoundException",
        &no_repository("nope"),
    )
    .await;
}

#[tokio::test]
async fn c_085_initiate_layer_upload_answers_an_id_and_ten_mebibytes() {
    let (_server, _world, home) = with_app().await;
    let expected = json!({"uploadId": "<hidden>", "partSize": 10_485_760});
    let hidden = [("/uploadId", Shape::Uuid)];
    compare(&home, "InitiateLayerUpload", json!({"repositoryName": "app"}), &hidden, expected).await;
    let input = json!({"repositoryName": "nope"});
    refuse(&home, "InitiateLayerUpload", input, "RepositoryNotFoundException", &no_repository("nope")).await;
}

async fn open_upload(home: &Caller) -> String {
    let opened = home.ok("InitiateLayerUpload", json!({"repositoryName": "app"})).await;
    opened["uploadId"].as_str().expect("an id").to_owned()
}

fn part(upload: &str, first: usize, bytes: &[u8]) -> Value {
    json!({
        "repositoryName": "app",
        "uploadId": upload,
        "partFirstByte": first,
        "partLastByte": first + bytes.len() - 1,
        "layerPartBlob": STANDARD.encode(bytes),
    })
}

#[tokio::test]
async fn c_090_c_098_upload_layer_part_answers_the_last_byte() {
    let (_server, _world, home) = with_app().await;
    let upload = open_upload(&home).await;
    let expected = json!({
        "registryId": "123456789012", "repositoryName": "app", "uploadId": upload, "lastByteReceived": 99,
    });
    compare(&home, "UploadLayerPart", part(&upload, 0, &[1; 100]), &[], expected).await;
    let unknown = "00000000-0000-4000-8000-000000000000";
    let message = format!(
        "The upload with id '{unknown}' does not exist in the repository with name 'app' in the registry with id \
         '123456789012'"
    );
    refuse(&home, "UploadLayerPart", part(unknown, 0, b"x"), "UploadNotFoundException", &message).await;
}

#[tokio::test]
async fn c_087_a_part_out_of_order_is_told_where_to_go_on() {
    let (_server, _world, home) = with_app().await;
    let upload = open_upload(&home).await;
    home.ok("UploadLayerPart", part(&upload, 0, &[1; 100])).await;
    let reply = home.ecr_reply("UploadLayerPart", part(&upload, 50, &[1; 10]).to_string()).await;
    assert_eq!((reply.status, reply.header("x-amzn-errortype")), (400, "InvalidLayerPartException"));
    let message = format!(
        "The layer part for the upload with id '{upload}' in the repository with name 'app' in the registry with id \
         '123456789012' is not valid: the last valid byte received is '99'"
    );
    let expected = json!({
        "__type": "InvalidLayerPartException",
        "message": message,
        "registryId": "123456789012",
        "repositoryName": "app",
        "uploadId": upload,
        "lastValidByteReceived": 99,
    });
    assert_eq!(reply.json(), expected);
}

#[tokio::test]
async fn complete_layer_upload_answers_the_digest() {
    let (_server, _world, home) = with_app().await;
    let bytes = filler(1, 300);
    let upload = open_upload(&home).await;
    home.ok("UploadLayerPart", part(&upload, 0, &bytes)).await;
    let expected = json!({
        "registryId": "123456789012", "repositoryName": "app", "uploadId": upload, "layerDigest": sha256(&bytes),
    });
    let input = json!({"repositoryName": "app", "uploadId": upload, "layerDigests": [sha256(b"x"), sha256(&bytes)]});
    compare(&home, "CompleteLayerUpload", input, &[], expected).await;
}

#[tokio::test]
async fn c_094_c_095_c_096_complete_layer_upload_says_what_is_wrong() {
    let (_server, _world, home) = with_app().await;
    let digest = sha256(b"layer");
    let complete = |upload: &str| json!({"repositoryName": "app", "uploadId": upload, "layerDigests": [digest]});
    let place = |upload: &str| {
        format!("upload with id '{upload}' in the repository with name 'app' in the registry with id '123456789012'")
    };

    let empty = open_upload(&home).await;
    let message = format!("The {} does not contain any layer parts", place(&empty));
    refuse(&home, "CompleteLayerUpload", complete(&empty), "EmptyUploadException", &message).await;

    let wrong = open_upload(&home).await;
    home.ok("UploadLayerPart", part(&wrong, 0, b"other")).await;
    let message = format!(
        "None of the provided layer digests '[{digest}]' match the digest that Amazon ECR has calculated for the {}",
        place(&wrong)
    );
    refuse(&home, "CompleteLayerUpload", complete(&wrong), "InvalidLayerException", &message).await;

    for times in 1..=2 {
        let upload = open_upload(&home).await;
        home.ok("UploadLayerPart", part(&upload, 0, b"layer")).await;
        if times == 1 {
            home.ok("CompleteLayerUpload", complete(&upload)).await;
        } else {
            let message = format!(
                "The layer with digest '{digest}' already exists in the repository with name 'app' in the registry with \
                 id '123456789012'"
            );
            refuse(&home, "CompleteLayerUpload", complete(&upload), "LayerAlreadyExistsException", &message).await;
        }
    }
}

#[tokio::test]
async fn c_091_small_parts_inside_an_upload_are_told_at_its_end() {
    let (_server, _world, home) = with_app().await;
    let bytes = filler(1, 2_000);
    let upload = open_upload(&home).await;
    home.ok("UploadLayerPart", part(&upload, 0, &bytes[..1_000])).await;
    home.ok("UploadLayerPart", part(&upload, 1_000, &bytes[1_000..])).await;
    let input = json!({"repositoryName": "app", "uploadId": upload, "layerDigests": [sha256(&bytes)]});
    let message = format!(
        "The upload with id '{upload}' in the repository with name 'app' in the registry with id '123456789012' contains a \
         layer part that is smaller than 5 MiB"
    );
    refuse(&home, "CompleteLayerUpload", input, "LayerPartTooSmallException", &message).await;
}

#[tokio::test]
async fn c_079_c_097_batch_check_layer_availability_answers_layers_and_failures() {
    let (_server, _world, home, image) = with_image().await;
    let missing = sha256(b"missing");
    let input = json!({"repositoryName": "app", "layerDigests": [image.layer_digest(), missing, "nonsense"]});
    let reply = home.ok("BatchCheckLayerAvailability", input).await;
    let expected = json!({
        "layers": [
            {
                "layerDigest": image.layer_digest(),
                "layerAvailability": "AVAILABLE",
                "layerSize": image.layer.len(),
                "mediaType": "application/vnd.oci.image.layer.v1.tar",
            },
            {"layerDigest": missing, "layerAvailability": "UNAVAILABLE"},
        ],
        "failures": [reply["failures"][0]],
    });
    assert_eq!(reply, expected);
    assert_eq!(reply["failures"][0]["failureCode"], "InvalidLayerDigest");
    let input = json!({"repositoryName": "app", "layerDigests": [image.config_digest()]});
    let config = json!({
        "layerDigest": image.config_digest(),
        "layerAvailability": "AVAILABLE",
        "layerSize": image.config.len(),
        "mediaType": "application/vnd.oci.image.config.v1+json",
    });
    compare(&home, "BatchCheckLayerAvailability", input, &[], json!({"layers": [config], "failures": []})).await;
}

#[tokio::test]
async fn c_080_c_081_c_082_get_download_url_for_layer_answers_a_url_that_needs_no_login() {
    let (_server, world, home, image) = with_image().await;
    let digest = image.layer_digest();
    let expected = json!({"downloadUrl": "<hidden>", "layerDigest": digest});
    let input = json!({"repositoryName": "app", "layerDigest": digest});
    let hidden = [("/downloadUrl", Shape::Url("http://127.0.0.1:", "X-Amz-Signature="))];
    compare(&home, "GetDownloadUrlForLayer", input.clone(), &hidden, expected).await;

    let answer = home.ok("GetDownloadUrlForLayer", input).await;
    let path = home.path_of(answer["downloadUrl"].as_str().expect("a URL"));
    let fetched = home.send(&Request::new("GET", &path)).await;
    assert_eq!(fetched.status, 200);
    assert!(fetched.body == image.layer);
    let forged = home.send(&Request::new("GET", &path.replace("X-Amz-Signature=", "X-Amz-Signature=0"))).await;
    assert_eq!(forged.status, 403);
    world.advance(3_600).await;
    assert_eq!(home.send(&Request::new("GET", &path)).await.status, 403, "a URL is good for an hour");

    let unknown = sha256(b"unknown");
    let input = json!({"repositoryName": "app", "layerDigest": unknown});
    let message = format!(
        "The layer with digest '{unknown}' does not exist in the repository with name 'app' in the registry with id \
         '123456789012'"
    );
    refuse(&home, "GetDownloadUrlForLayer", input, "LayersNotFoundException", &message).await;
    let unused = home.push_blob("app", b"unused").await;
    let input = json!({"repositoryName": "app", "layerDigest": unused});
    let message = format!(
        "The layer with digest '{unused}' in the repository with name 'app' in the registry with id '123456789012' is not \
         available because it is not associated with an image"
    );
    refuse(&home, "GetDownloadUrlForLayer", input, "LayerInaccessibleException", &message).await;
}

/// The path of the download URL of an image's layer.
async fn download_path(home: &Caller, image: &Image) -> String {
    let input = json!({"repositoryName": "app", "layerDigest": image.layer_digest()});
    let answer = home.ok("GetDownloadUrlForLayer", input).await;
    home.path_of(answer["downloadUrl"].as_str().expect("a URL"))
}

#[tokio::test]
async fn a_head_of_a_download_url_tells_the_length_and_ends_its_record() {
    let (_server, world, home, image) = with_image().await;
    let mut connection = Connection::open(home.address).await;
    let path = download_path(&home, &image).await;
    let head = connection.exchange(&Request::new("HEAD", &path)).await.whole();
    assert_eq!((head.status, head.content_length()), (200, image.layer.len()));
    let call = world.finished_call("oci:blob.get").await;
    assert_eq!((call.outcome(), call.status, call.bytes_out), (proto::Outcome::Completed, Some(200), 0));
    // Bytes of a body would stand before the head of the next reply.
    let fetched = connection.exchange(&Request::new("GET", &path)).await.whole();
    assert!(fetched.status == 200 && fetched.body == image.layer);
}

#[tokio::test]
async fn only_a_download_by_a_url_of_ours_uses_up_a_rule() {
    let (_server, world, home, image) = with_image().await;
    let path = download_path(&home, &image).await;
    world.fault("on oci:blob.get do 1x status(503) -> pass").await;
    let (start, signature) = path.split_once("X-Amz-Signature=").expect("a signature");
    let reversed: String = signature.chars().rev().collect();
    for (forged, status) in [(format!("{start}X-Amz-Signature={reversed}"), 403), (start.to_owned(), 400)] {
        assert_eq!(home.send(&Request::new("GET", &forged)).await.status, status, "{forged}");
    }
    assert_eq!(home.send(&Request::new("POST", &path).body(*b"x")).await.status, 405);
    assert_eq!(world.rules().await[0].matched, 0);
    for status in [503, 200] {
        assert_eq!(home.send(&Request::new("GET", &path)).await.status, status);
    }
}

fn shown(image: &Image, image_id: Value) -> Value {
    json!({
        "registryId": "123456789012",
        "repositoryName": "app",
        "imageId": image_id,
        "imageManifest": image.manifest_text(),
        "imageManifestMediaType": OCI_MANIFEST,
    })
}

#[tokio::test]
async fn a_041_a_042_put_image_answers_the_image() {
    let (_server, _world, home) = with_app().await;
    let (home, image) = (home.logged_in().await, Image::new(1));
    home.push_blobs("app", &image).await;
    let input = json!({"repositoryName": "app", "imageManifest": image.manifest_text()});
    let expected = json!({"image": shown(&image, json!({"imageDigest": image.digest()}))});
    compare(&home, "PutImage", input, &[], expected).await;
    let input = json!({"repositoryName": "app", "imageManifest": image.manifest_text(), "imageTag": "v1"});
    let expected = json!({"image": shown(&image, json!({"imageDigest": image.digest(), "imageTag": "v1"}))});
    compare(&home, "PutImage", input, &[], expected).await;
    let input = json!({"repositoryName": "nope", "imageManifest": image.manifest_text()});
    refuse(&home, "PutImage", input, "RepositoryNotFoundException", &no_repository("nope")).await;
}

#[tokio::test]
async fn a_017_put_image_refuses_another_digest_than_that_of_the_bytes() {
    let (_server, _world, home, image) = with_image().await;
    let other = sha256(b"other");
    let input = json!({"repositoryName": "app", "imageManifest": image.manifest_text(), "imageDigest": other});
    let message = format!(
        "The image with digest '{other}' in repository 'app' and registry ID '123456789012' does not match the image \
         digest that Amazon ECR has calculated."
    );
    refuse(&home, "PutImage", input, "ImageDigestDoesNotMatchException", &message).await;
}

#[tokio::test]
async fn a_098_a_101_batch_get_image_answers_images_and_failures() {
    let (_server, _world, home, image) = with_image().await;
    let input = json!({"repositoryName": "app", "imageIds": [{"imageTag": "v1"}, {"imageTag": "v2"}]});
    let expected = json!({
        "images": [shown(&image, json!({"imageDigest": image.digest(), "imageTag": "v1"}))],
        "failures": [{
            "imageId": {"imageTag": "v2"},
            "failureCode": "ImageNotFound",
            "failureReason": "Requested image not found",
        }],
    });
    compare(&home, "BatchGetImage", input, &[], expected).await;
    let input = json!({"repositoryName": "nope", "imageIds": [{"imageTag": "v1"}]});
    refuse(&home, "BatchGetImage", input, "RepositoryNotFoundException", &no_repository("nope")).await;
}

#[tokio::test]
async fn a_118_a_130_batch_delete_image_answers_one_entry_for_each_tag_with_status_200() {
    let (_server, _world, home, image) = with_image().await;
    home.send(&home.manifest_request("app", "v2", &image.manifest)).await;
    let digest = image.digest();
    let input = json!({"repositoryName": "app", "imageIds": [{"imageDigest": digest}]});
    let expected = json!({
        "imageIds": [{"imageDigest": digest, "imageTag": "v1"}, {"imageDigest": digest, "imageTag": "v2"}],
        "failures": [],
    });
    compare(&home, "BatchDeleteImage", input.clone(), &[], expected).await;
    let expected = json!({
        "imageIds": [],
        "failures": [{
            "imageId": {"imageDigest": digest},
            "failureCode": "ImageNotFound",
            "failureReason": "Requested image not found",
        }],
    });
    compare(&home, "BatchDeleteImage", input, &[], expected).await;
}

#[tokio::test]
async fn a_123_what_an_index_holds_is_not_deleted() {
    let (_server, _world, home, image) = with_image().await;
    let put =
        home.manifest_request("app", "index", &index_of(&[&image])).header("Content-Type", crate::harness::OCI_INDEX);
    assert_eq!(home.send(&put).await.status, 201);
    let input = json!({"repositoryName": "app", "imageIds": [{"imageDigest": image.digest()}]});
    let answer = home.ok("BatchDeleteImage", input).await;
    assert_eq!(answer["imageIds"], json!([]));
    assert_eq!(answer["failures"][0]["failureCode"], "ImageReferencedByManifestList");
}

#[tokio::test]
async fn a_143_a_146_x_010_describe_images_answers_every_member() {
    let (_server, _world, home, image) = with_image().await;
    let expected = json!({"imageDetails": [{
        "registryId": "123456789012",
        "repositoryName": "app",
        "imageDigest": image.digest(),
        "imageTags": ["v1"],
        "imageSizeInBytes": image.layer.len() + image.config.len(),
        "imagePushedAt": pushed_at(&home).await,
        "imageManifestMediaType": OCI_MANIFEST,
        "artifactMediaType": "application/vnd.oci.image.config.v1+json",
        "imageStatus": "ACTIVE",
    }]});
    compare(&home, "DescribeImages", json!({"repositoryName": "app"}), &[], expected.clone()).await;
    let input = json!({"repositoryName": "app", "imageIds": [{"imageTag": "v1"}]});
    compare(&home, "DescribeImages", input, &[], expected).await;
    refuse(
        &home,
        "DescribeImages",
        json!({"repositoryName": "app", "imageIds": [{"imageTag": "v9"}]}),
        "ImageNotFoundException",
        "The image with imageId {imageDigest:'null', imageTag:'v9'} does not exist within the repository with name 'app' \
         in the registry with id '123456789012'",
    )
    .await;
}

/// The push time that is shown, which must lie a few milliseconds after the start of the world.
async fn pushed_at(home: &Caller) -> f64 {
    let shown = home.ok("DescribeImages", json!({"repositoryName": "app"})).await;
    let pushed = shown["imageDetails"][0]["imagePushedAt"].as_f64().expect("a number");
    let writes = (pushed - FIRST_WRITE) * 1_000.0;
    assert!(writes > 3.5 && writes < 20.5 && (writes - writes.round()).abs() < 0.01, "{pushed}");
    pushed
}

#[tokio::test]
async fn a_158_a_164_list_images_answers_a_row_for_each_tag() {
    let (_server, _world, home, image) = with_image().await;
    home.send(&home.manifest_request("app", "v2", &image.manifest)).await;
    let row = |tag: &str| json!({"imageDigest": image.digest(), "imageTag": tag});
    let expected = json!({"imageIds": [row("v1"), row("v2")]});
    compare(&home, "ListImages", json!({"repositoryName": "app"}), &[], expected).await;
    let page = json!({"imageIds": [row("v1")], "nextToken": "<hidden>"});
    let input = json!({"repositoryName": "app", "maxResults": 1});
    compare(&home, "ListImages", input, &[("/nextToken", Shape::PageToken)], page).await;
    let input = json!({"repositoryName": "app", "nextToken": "garbage"});
    let (status, exception, _) = home.refused("ListImages", input).await;
    assert_eq!((status, exception.as_str()), (400, "InvalidParameterException"));
    let input = json!({"repositoryName": "nope"});
    refuse(&home, "ListImages", input, "RepositoryNotFoundException", &no_repository("nope")).await;
}

#[tokio::test]
async fn get_authorization_token_answers_a_login_for_twelve_hours() {
    let (_server, _world, home) = bare().await;
    let expected = json!({"authorizationData": [{
        "authorizationToken": "<hidden>",
        "expiresAt": 1_767_268_800.0,
        "proxyEndpoint": format!("http://{}", home.address),
    }]});
    let hidden = [("/authorizationData/0/authorizationToken", Shape::RegistryToken)];
    compare(&home, "GetAuthorizationToken", json!({}), &hidden, expected).await;
}

#[tokio::test]
async fn c_178_describe_registry_answers_an_empty_configuration_at_first() {
    let (_server, _world, home) = bare().await;
    let expected = json!({"registryId": "123456789012", "replicationConfiguration": {"rules": []}});
    compare(&home, "DescribeRegistry", json!({}), &[], expected).await;
}

#[tokio::test]
async fn c_179_put_replication_configuration_answers_what_was_put() {
    let (_server, _world, home) = bare().await;
    let configuration = json!({"replicationConfiguration": {"rules": [{
        "destinations": [{"region": "eu-west-1", "registryId": "123456789012"}],
        "repositoryFilters": [{"filter": "prod-", "filterType": "PREFIX_MATCH"}],
    }]}});
    compare(&home, "PutReplicationConfiguration", configuration.clone(), &[], configuration.clone()).await;
    let shown = home.ok("DescribeRegistry", json!({})).await;
    assert_eq!(shown["replicationConfiguration"], configuration["replicationConfiguration"]);
    let own = json!({"replicationConfiguration": {"rules": [{
        "destinations": [{"region": "us-east-1", "registryId": "123456789012"}],
    }]}});
    let (status, exception, message) = home.refused("PutReplicationConfiguration", own).await;
    assert_eq!((status, exception.as_str()), (400, "InvalidParameterException"));
    assert!(message.contains("Replication destination cannot be the same as the source registry"), "{message}");
}

#[tokio::test]
async fn a_187_a_188_describe_image_replication_status_answers_each_destination() {
    let (_server, world, home) = with_app().await;
    let destinations = r#"[{"region": "eu-west-1"}]"#;
    world
        .seed(&format!(r#"{{"registry": {{"replication": {{"rules": [{{"destinations": {destinations}}}]}}}}}}"#))
        .await;
    let (home, image) = (home.logged_in().await, Image::new(1));
    home.push("app", "v1", &image).await;
    let expected = json!({
        "repositoryName": "app",
        "imageId": {"imageDigest": image.digest(), "imageTag": "v1"},
        "replicationStatuses": [{"region": "eu-west-1", "registryId": "123456789012", "status": "COMPLETE"}],
    });
    let input = json!({"repositoryName": "app", "imageId": {"imageTag": "v1"}});
    compare(&home, "DescribeImageReplicationStatus", input, &[], expected).await;
    refuse(
        &home,
        "DescribeImageReplicationStatus",
        json!({"repositoryName": "app", "imageId": {"imageTag": "v9"}}),
        "ImageNotFoundException",
        "The image with imageId {imageDigest:'null', imageTag:'v9'} does not exist within the repository with name 'app' \
         in the registry with id '123456789012'",
    )
    .await;
}

#[tokio::test]
async fn c_182_c_187_c_191_pull_through_cache_rules_are_created_described_and_deleted() {
    let (_server, _world, home) = bare().await;
    let input = json!({"ecrRepositoryPrefix": "quay", "upstreamRegistryUrl": "quay.io"});
    let mut rule = json!({
        "ecrRepositoryPrefix": "quay",
        "upstreamRegistryUrl": "quay.io",
        "createdAt": FIRST_WRITE,
        "registryId": "123456789012",
        "upstreamRegistry": "quay",
        "upstreamRepositoryPrefix": "ROOT",
    });
    compare(&home, "CreatePullThroughCacheRule", input.clone(), &[], rule.clone()).await;
    refuse(
        &home,
        "CreatePullThroughCacheRule",
        input,
        "PullThroughCacheRuleAlreadyExistsException",
        "The pull through cache rule with Amazon ECR repository prefix 'quay' already exists in the registry with id \
         '123456789012'",
    )
    .await;
    refuse(
        &home,
        "CreatePullThroughCacheRule",
        json!({"ecrRepositoryPrefix": "other", "upstreamRegistryUrl": "other.test"}),
        "UnsupportedUpstreamRegistryException",
        "The specified upstream registry 'other.test' is not supported",
    )
    .await;
    let mut described = rule.clone();
    described["updatedAt"] = json!(FIRST_WRITE);
    let expected = json!({"pullThroughCacheRules": [described]});
    compare(&home, "DescribePullThroughCacheRules", json!({}), &[], expected).await;
    rule.as_object_mut().expect("an object").remove("upstreamRegistry");
    compare(&home, "DeletePullThroughCacheRule", json!({"ecrRepositoryPrefix": "quay"}), &[], rule).await;
    let message = "The pull through cache rule with Amazon ECR repository prefix 'quay' does not exist in the registry with \
                   id '123456789012'";
    for (operation, input) in [
        ("DescribePullThroughCacheRules", json!({"ecrRepositoryPrefixes": ["quay"]})),
        ("DeletePullThroughCacheRule", json!({"ecrRepositoryPrefix": "quay"})),
    ] {
        refuse(&home, operation, input, "PullThroughCacheRuleNotFoundException", message).await;
    }
}

#[tokio::test]
async fn c_001_every_operation_of_the_model_is_here() {
    let server = TestServer::start().await;
    let answered = server.plane.clone().server.get_info(proto::GetInfoRequest {}).await.unwrap().into_inner();
    assert_eq!((answered.operations.len(), answered.missing_operations.len()), (62, 0));
}

#[tokio::test]
async fn x_006_x_013_another_account_s_registry_is_out_of_reach() {
    let (_server, _world, home) = bare().await;
    let input = json!({"registryId": "12", "repositoryName": "app"});
    let message = "Invalid parameter at 'registryId' failed to satisfy constraint: 'must satisfy regular expression \
                   [0-9]{12}'";
    refuse(&home, "ListImages", input, "InvalidParameterException", message).await;
    let input = json!({"registryId": "999999999999", "repositoryName": "app"});
    refuse(
        &home,
        "ListImages",
        input,
        "AccessDeniedException",
        "User: arn:aws:iam::123456789012:root is not authorized to perform: ecr:ListImages on resource: \
         arn:aws:ecr:us-east-1:999999999999:repository/app because no resource-based policy allows the ecr:ListImages \
         action",
    )
    .await;
}
