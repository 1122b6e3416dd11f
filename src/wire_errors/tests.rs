//! What each surface says of each failure, and what fault rules may ask for.

use super::*;
use crate::registry::types::{AccountId, RepositoryName, UploadId};

fn repository() -> RepositoryName {
    "team/app".parse().unwrap()
}

fn repository_not_found() -> Failure {
    errors::RepositoryNotFound { repository: repository(), registry_id: AccountId::DEFAULT }.into()
}

fn body(response: &Response<Bytes>) -> &str {
    std::str::from_utf8(response.body()).unwrap()
}

fn header(response: &Response<Bytes>, name: impl http::header::AsHeaderName) -> &str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

#[test]
fn c_031_the_table_says_what_each_surface_says() {
    let rows: Vec<String> = ROWS
        .iter()
        .map(|row| format!("{} {} | {} {}", row.ecr.as_u16(), row.exception, row.oci.as_u16(), row.code))
        .collect();
    insta::assert_snapshot!(rows.join("\n"), @r"
    400 InvalidParameterException | 405 UNSUPPORTED
    400 RepositoryNotFoundException | 404 NAME_UNKNOWN
    400 RepositoryAlreadyExistsException | 405 UNSUPPORTED
    400 RepositoryNotEmptyException | 405 UNSUPPORTED
    400 InvalidTagParameterException | 405 UNSUPPORTED
    400 TooManyTagsException | 405 UNSUPPORTED
    400 LimitExceededException | 405 UNSUPPORTED
    400 RepositoryPolicyNotFoundException | 405 UNSUPPORTED
    400 RegistryPolicyNotFoundException | 405 UNSUPPORTED
    400 ValidationException | 405 UNSUPPORTED
    400 ExclusionAlreadyExistsException | 405 UNSUPPORTED
    400 ExclusionNotFoundException | 405 UNSUPPORTED
    400 ImageNotFoundException | 404 MANIFEST_UNKNOWN
    400 ImageAlreadyExistsException | 405 UNSUPPORTED
    400 ImageTagAlreadyExistsException | 400 TAG_INVALID
    400 ImageDigestDoesNotMatchException | 400 MANIFEST_INVALID
    400 LayersNotFoundException | 404 MANIFEST_BLOB_UNKNOWN
    400 ReferencedImagesNotFoundException | 404 MANIFEST_BLOB_UNKNOWN
    400 ImageStorageClassUpdateNotSupportedException | 405 UNSUPPORTED
    400 LifecyclePolicyNotFoundException | 405 UNSUPPORTED
    400 LifecyclePolicyPreviewNotFoundException | 405 UNSUPPORTED
    400 LifecyclePolicyPreviewInProgressException | 405 UNSUPPORTED
    400 LayersNotFoundException | 404 BLOB_UNKNOWN
    400 LayerInaccessibleException | 404 BLOB_UNKNOWN
    400 LayerAlreadyExistsException | 405 UNSUPPORTED
    400 UploadNotFoundException | 404 BLOB_UPLOAD_UNKNOWN
    400 InvalidLayerPartException | 416 RANGE_INVALID
    400 InvalidLayerPartException | 416 RANGE_INVALID
    400 EmptyUploadException | 400 BLOB_UPLOAD_INVALID
    400 LayerPartTooSmallException | 400 BLOB_UPLOAD_INVALID
    400 InvalidLayerException | 400 DIGEST_INVALID
    400 InvalidParameterException | 405 UNSUPPORTED
    400 PullThroughCacheRuleAlreadyExistsException | 405 UNSUPPORTED
    400 PullThroughCacheRuleNotFoundException | 405 UNSUPPORTED
    400 UnsupportedUpstreamRegistryException | 405 UNSUPPORTED
    400 SecretNotFoundException | 405 UNSUPPORTED
    400 UnableToAccessSecretException | 405 UNSUPPORTED
    400 UnableToDecryptSecretValueException | 405 UNSUPPORTED
    400 TemplateAlreadyExistsException | 405 UNSUPPORTED
    400 TemplateNotFoundException | 405 UNSUPPORTED
    400 ReplicationBackfillInProgressException | 405 UNSUPPORTED
    400 ReplicationBackfillInvalidStatusException | 405 UNSUPPORTED
    400 ReplicationBackfillNotFoundException | 405 UNSUPPORTED
    400 UnknownOperationException | 404 UNSUPPORTED
    400 SerializationException | 400 UNSUPPORTED
    404 UnknownOperationException | 404 UNSUPPORTED
    400 InvalidParameterException | 400 NAME_INVALID
    405 UnknownOperationException | 405 UNSUPPORTED
    400 UnknownOperationException | 405 UNSUPPORTED
    400 ScanNotFoundException | 405 UNSUPPORTED
    400 LimitExceededException | 405 UNSUPPORTED
    400 UnsupportedImageTypeException | 405 UNSUPPORTED
    400 ImageArchivedException | 405 UNSUPPORTED
    400 ValidationException | 405 UNSUPPORTED
    400 SigningConfigurationNotFoundException | 405 UNSUPPORTED
    400 ValidationException | 405 UNSUPPORTED
    400 AccessDeniedException | 403 DENIED
    400 UnrecognizedClientException | 401 UNAUTHORIZED
    400 MissingAuthenticationTokenException | 401 UNAUTHORIZED
    400 UnrecognizedClientException | 401 UNAUTHORIZED
    400 IncompleteSignatureException | 401 UNAUTHORIZED
    400 InvalidSignatureException | 401 UNAUTHORIZED
    400 ExpiredTokenException | 403 DENIED
    400 ExpiredTokenException | 403 DENIED
    400 ValidationException | 403 DENIED
    400 ThrottlingException | 429 TOOMANYREQUESTS
    400 ThrottlingException | 429 TOOMANYREQUESTS
    500 ServerException | 500 UNKNOWN
    503 ServerException | 503 UNAVAILABLE
    421 WorldNotFoundException | 421 UNKNOWN
    400 LayersNotFoundException | 404 BLOB_UNKNOWN
    400 UploadNotFoundException | 404 BLOB_UPLOAD_UNKNOWN
    400 InvalidLayerException | 400 BLOB_UPLOAD_INVALID
    400 InvalidLayerException | 400 DIGEST_INVALID
    400 InvalidLayerPartException | 400 SIZE_INVALID
    413 RequestEntityTooLargeException | 413 SIZE_INVALID
    400 InvalidLayerPartException | 416 RANGE_INVALID
    400 InvalidParameterException | 416 RANGE_INVALID
    400 ImageNotFoundException | 404 MANIFEST_UNKNOWN
    400 InvalidParameterException | 400 MANIFEST_INVALID
    400 InvalidParameterException | 413 SIZE_INVALID
    400 InvalidParameterException | 400 TAG_INVALID
    400 InvalidParameterException | 400 PAGINATION_NUMBER_INVALID
    400 UnableToGetUpstreamImageException | 503 UNAVAILABLE
    400 UnableToGetUpstreamLayerException | 503 UNAVAILABLE
    400 UnableToGetUpstreamImageException | 403 DENIED
    400 UnableToGetUpstreamImageException | 429 TOOMANYREQUESTS
    ");
}

#[test]
fn x_001_an_ecr_error_has_its_type_and_a_lower_case_message_and_nothing_else() {
    let response = ecr_response(&repository_not_found(), "req-1");
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert_eq!(header(&response, CONTENT_TYPE), "application/x-amz-json-1.1");
    assert_eq!(header(&response, REQUEST_ID), "req-1");
    assert_eq!(header(&response, ERROR_TYPE), "RepositoryNotFoundException");
    assert_eq!(header(&response, CONTENT_LENGTH), response.body().len().to_string());
    assert_eq!(
        body(&response),
        r#"{"__type":"RepositoryNotFoundException","message":"The repository with name 'team/app' does not exist in the registry with id '123456789012'"}"#
    );
}

#[test]
fn c_087_an_invalid_layer_part_tells_where_to_go_on() {
    let failure = Failure::from(errors::InvalidLayerPart {
        upload_id: UploadId("u-1".into()),
        repository: repository(),
        registry_id: AccountId::DEFAULT,
        last_valid_byte_received: 41,
    });
    let response = ecr_response(&failure, "req-1");
    let json: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
    assert_eq!(json["__type"], "InvalidLayerPartException");
    assert_eq!(json["registryId"], "123456789012");
    assert_eq!(json["repositoryName"], "team/app");
    assert_eq!(json["uploadId"], "u-1");
    assert_eq!(json["lastValidByteReceived"], 41);
    assert_eq!(json.as_object().unwrap().len(), 6);
}

#[test]
fn c_030_a_registry_error_is_one_entry_and_a_line_feed() {
    let response = oci_response(&repository_not_found(), "http://localhost:5000");
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    assert_eq!(header(&response, CONTENT_TYPE), "application/json; charset=utf-8");
    assert_eq!(header(&response, DOCKER_API_VERSION), "registry/2.0");
    assert_eq!(header(&response, WWW_AUTHENTICATE), "");
    assert_eq!(
        body(&response),
        "{\"errors\":[{\"code\":\"NAME_UNKNOWN\",\"message\":\"The repository with name 'team/app' does not exist in \
         the registry with id '123456789012'\"}]}\n"
    );
}

#[test]
fn c_019_no_login_is_a_basic_challenge_in_plain_text() {
    for base_url in ["http://localhost:5000", "http://localhost:5000/"] {
        let response = oci_response(&Unauthorized.into(), base_url);
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(header(&response, CONTENT_TYPE), "text/plain; charset=utf-8");
        assert_eq!(header(&response, CONTENT_LENGTH), "15");
        assert_eq!(
            header(&response, WWW_AUTHENTICATE),
            "Basic realm=\"http://localhost:5000/\",service=\"ecr.amazonaws.com\""
        );
        assert_eq!(body(&response), "Not Authorized\n");
    }
}

#[test]
fn c_024_an_expired_token_is_denied_without_a_challenge() {
    let response = oci_response(&TokenExpired.into(), "http://localhost:5000");
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    assert_eq!(header(&response, WWW_AUTHENTICATE), "");
    assert_eq!(
        body(&response),
        "{\"errors\":[{\"code\":\"DENIED\",\"message\":\"Your authorization token has expired. Reauthenticate and try \
         again.\"}]}\n"
    );
}

#[test]
fn a_missing_image_is_told_in_other_words_on_the_registry_surface() {
    let failure = Failure::from(errors::ImageNotFound {
        image_digest: None,
        image_tag: Some("v1".to_owned()),
        repository: repository(),
        registry_id: AccountId::DEFAULT,
    });
    assert!(failure.ecr().message.starts_with("The image with imageId {imageDigest:'null', imageTag:'v1'}"));
    assert_eq!(failure.oci().message, "Requested image not found");
}

#[test]
fn a_chunk_out_of_order_tells_where_the_upload_stands() {
    let failure = Failure::from(RangeInvalid {
        message: "First byte of the layer part is 7 instead of 5".into(),
        location: "/v2/team/app/blobs/uploads/u-1".to_owned(),
        range: "0-4".to_owned(),
    });
    let response = oci_response(&failure, "http://localhost:5000");
    assert_eq!(response.status(), StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(header(&response, LOCATION), "/v2/team/app/blobs/uploads/u-1");
    assert_eq!(header(&response, RANGE), "0-4");
}

#[test]
fn x_013_access_denied_names_caller_action_resource_and_reason() {
    let failure = Failure::from(AccessDenied {
        caller: "arn:aws:iam::999999999999:user/eve".to_owned(),
        action: "PutImage",
        resource: "arn:aws:ecr:us-east-1:123456789012:repository/team/app".to_owned(),
        denial: Denial::NoResourcePolicy,
    });
    assert_eq!(failure.ecr().status, StatusCode::BAD_REQUEST);
    assert_eq!(failure.oci().status, StatusCode::FORBIDDEN);
    assert_eq!(
        failure.to_string(),
        "User: arn:aws:iam::999999999999:user/eve is not authorized to perform: ecr:PutImage on resource: \
         arn:aws:ecr:us-east-1:123456789012:repository/team/app because no resource-based policy allows the \
         ecr:PutImage action"
    );
}

fn check(code: Option<u16>, error: &str, ecr: &str, oci: &str) {
    for (surface, expect) in [(Surface::Ecr, ecr), (Surface::Oci, oci)] {
        let (name, status) = Failure::from_fault(code, error, "", surface).outcome(surface);
        assert_eq!(format!("{} {name}", status.as_u16()), expect, "{code:?} {error:?} on {surface:?}");
    }
}

#[test]
fn a_rule_by_status_takes_the_surface_s_own_name() {
    check(Some(503), "", "503 ServerException", "503 UNAVAILABLE");
    check(Some(500), "", "500 ServerException", "500 UNKNOWN");
    check(Some(502), "", "502 ServerException", "502 UNKNOWN");
    check(Some(429), "", "400 ThrottlingException", "429 TOOMANYREQUESTS");
    check(Some(400), "", "400 InvalidParameterException", "400 UNSUPPORTED");
    check(Some(401), "", "401 UnrecognizedClientException", "401 UNAUTHORIZED");
    check(Some(403), "", "403 AccessDeniedException", "403 DENIED");
    check(Some(404), "", "404 RepositoryNotFoundException", "404 NAME_UNKNOWN");
    check(Some(413), "", "413 RequestEntityTooLargeException", "413 SIZE_INVALID");
    check(None, "", "500 ServerException", "500 UNKNOWN");
}

#[test]
fn a_rule_by_name_takes_the_row_of_that_name() {
    for name in ["ThrottlingException", "Throttling", "TOOMANYREQUESTS"] {
        check(None, name, "400 ThrottlingException", "429 TOOMANYREQUESTS");
    }
    check(Some(429), "ThrottlingException", "429 ThrottlingException", "429 TOOMANYREQUESTS");
    check(None, "ServerException", "500 ServerException", "500 UNKNOWN");
    check(None, "RepositoryNotFoundException", "400 RepositoryNotFoundException", "404 NAME_UNKNOWN");
    check(None, "NAME_UNKNOWN", "400 RepositoryNotFoundException", "404 NAME_UNKNOWN");
    check(None, "BLOB_UPLOAD_INVALID", "400 EmptyUploadException", "400 BLOB_UPLOAD_INVALID");
    check(None, "SIZE_INVALID", "400 InvalidLayerPartException", "400 SIZE_INVALID");
    check(None, "KmsException", "400 KmsException", "405 UNSUPPORTED");
    check(None, "BrandNewException", "400 BrandNewException", "400 BrandNewException");
    check(Some(418), "TEAPOT", "418 TEAPOT", "418 TEAPOT");
}

#[test]
fn a_rule_s_message_is_its_own_or_the_row_s() {
    let message = |error, message| Failure::from_fault(None, error, message, Surface::Ecr).to_string();
    assert_eq!(message("ThrottlingException", ""), "Rate exceeded");
    assert_eq!(message("ThrottlingException", "slow down"), "slow down");
    assert_eq!(message("KmsException", ""), SCRIPTED_MESSAGE);
}

#[test]
fn every_exception_of_the_service_model_can_be_scripted() {
    for exception in include_str!("../../tests/data/ecr-exceptions.txt").lines() {
        assert!(Failure::names().any(|name| name == exception), "{exception}");
    }
}
