//! Bodies in, calls out: constraints, addressing and facts.

use super::request::{Call, decode};
use super::testing::{Bench, caller, key};
use crate::facts::{Fact, Facts, Surface};
use crate::operations::{Effect, Operation};
use crate::registry::types::{AccountId, Digest};

#[test]
fn reads_and_writes_are_what_the_table_says() {
    let body =
        br#"{"repositoryName":"team/app","imageId":{},"imageIds":[{}],"layerDigests":["a:0"],"layerDigest":"a:0",
        "imageManifest":"{}","imageTagMutability":"MUTABLE","ecrRepositoryPrefix":"hub","upstreamRegistryUrl":"quay.io",
        "policyText":"{}","name":"BLOB_MOUNTING","value":"ENABLED","tags":[],"tagKeys":[],
        "resourceArn":"arn:aws:ecr:us-east-1:123456789012:repository/team/app",
        "principalArn":"arn:aws:iam::123456789012:role/ci",
        "replicationConfiguration":{"rules":[]},"uploadId":"00000000-0000-4000-8000-000000000001","partFirstByte":0,
        "partLastByte":0,"layerPartBlob":"AA==",
        "imageScanningConfiguration":{},"signingConfiguration":{"rules":[]},"repositoryNames":["team/app"],
        "targetStorageClass":"ARCHIVE","subjectId":{"imageDigest":"a:0"},
        "prefix":"prod","appliedFor":[],"destination":{"region":"eu-west-1","registryId":"123456789012"},
        "replicationBackfillId":"00000000-0000-4000-8000-000000000001",
        "lifecyclePolicyText":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}"#;
    for operation in Operation::ALL.iter().copied() {
        let call = decode(operation, body).unwrap_or_else(|failure| panic!("{}: {failure}", operation.name())).call;
        let expect = if matches!(call, Call::Read(_)) { Effect::Read } else { Effect::Write };
        assert_eq!(operation.effect(), expect, "{}", operation.name());
    }
}

/// The exception and constraint of a body; the wrapper around the constraint is the same for all.
fn check(operation: &str, body: &str, member: &str, constraint: &str) {
    let text = format!("Invalid parameter at '{member}' failed to satisfy constraint: '{constraint}'");
    let expect = ("InvalidParameterException".to_owned(), text);
    assert_eq!(Bench::new().refused(operation, body), expect, "{operation} {body}");
}

#[test]
fn x_002_violations_name_the_first_member_in_the_words_of_ecr() {
    const NAME: &str =
        "must satisfy regular expression '[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*)*'";
    let create = "CreateRepository";
    check(create, "{}", "repositoryName", "must not be null");
    check(create, r#"{"repositoryName":null,"tags":[{}]}"#, "repositoryName", "must not be null");
    check(create, r#"{"repositoryName":"a"}"#, "repositoryName", "must have length greater than or equal to 2");
    check(create, r#"{"repositoryName":"Team"}"#, "repositoryName", NAME);
    check(
        create,
        r#"{"registryId":"12","repositoryName":"Team"}"#,
        "registryId",
        "must satisfy regular expression [0-9]{12}",
    );
    check(
        create,
        r#"{"repositoryName":"ab","tags":[{"Key":"a","Value":"b"},{"Value":"c"}]}"#,
        "tags.2.member.key",
        "Member must not be null",
    );
    check(
        create,
        r#"{"repositoryName":"ab","encryptionConfiguration":{}}"#,
        "encryptionConfiguration.encryptionType",
        "Member must not be null",
    );
    check(
        create,
        r#"{"repositoryName":"ab","encryptionConfiguration":{"encryptionType":"ROT13"}}"#,
        "encryptionConfiguration.encryptionType",
        "Member must satisfy enum value set: [AES256, KMS, KMS_DSSE]",
    );
    check(
        "DescribeRepositories",
        r#"{"repositoryNames":["ab","A"]}"#,
        "repositoryNames.2.member",
        "Member must have length greater than or equal to 2",
    );
    check(
        "DescribeRepositories",
        r#"{"maxResults":1001}"#,
        "maxResults",
        "Member must have value less than or equal to 1000",
    );
    check(
        "DescribeRepositories",
        r#"{"repositoryNames":["ab"],"maxResults":5}"#,
        "maxResults",
        "cannot be specified together with repositoryNames",
    );
}

#[test]
fn a_003_a_mode_that_is_none_is_told_the_set_before_the_repository_is_missed() {
    let operation = "PutImageTagMutability";
    let member = "imageTagMutability";
    check(operation, r#"{"repositoryName":"ab"}"#, member, "Member must not be null");
    check(
        operation,
        r#"{"repositoryName":"ab","imageTagMutability":"SOMETIMES"}"#,
        member,
        "Member must satisfy enum value set: [IMMUTABLE, MUTABLE, MUTABLE_WITH_EXCLUSION, IMMUTABLE_WITH_EXCLUSION]",
    );
    let filters = |filters: &str| {
        format!(
            r#"{{"repositoryName":"ab","imageTagMutability":"MUTABLE_WITH_EXCLUSION","imageTagMutabilityExclusionFilters":[{filters}]}}"#
        )
    };
    let list = "imageTagMutabilityExclusionFilters";
    check(operation, &filters(""), list, "Member must have length greater than or equal to 1");
    let one = r#"{"filterType":"WILDCARD","filter":"v*"}"#;
    check(operation, &filters(&[one; 6].join(",")), list, "Member must have length less than or equal to 5");
    check(
        operation,
        &filters(r#"{"filterType":"PREFIX","filter":"v"}"#),
        "imageTagMutabilityExclusionFilters.1.member.filterType",
        "Member must satisfy enum value set: [WILDCARD]",
    );
    check(
        operation,
        &filters(&format!(r#"{one},{{"filterType":"WILDCARD","filter":"a/b"}}"#)),
        "imageTagMutabilityExclusionFilters.2.member.filter",
        "Member must satisfy regular expression pattern: ^[0-9a-zA-Z._*-]{1,128}$",
    );
}

#[test]
fn a_089_a_090_a_112_a_139_image_ids_are_required_and_at_most_a_hundred() {
    for operation in ["BatchGetImage", "BatchDeleteImage"] {
        check(operation, r#"{"repositoryName":"ab"}"#, "imageIds", "Member must not be null");
        check(
            operation,
            r#"{"repositoryName":"ab","imageIds":[]}"#,
            "imageIds",
            "Member must have length greater than or equal to 1",
        );
        let body = format!(r#"{{"repositoryName":"ab","imageIds":[{}]}}"#, ["{}"; 101].join(","));
        check(operation, &body, "imageIds", "Member must have length less than or equal to 100");
    }
    for (number, constraint) in [
        (0, "Member must have length greater than or equal to 1"),
        (101, "Member must have length less than or equal to 100"),
    ] {
        let body = format!(r#"{{"repositoryName":"ab","imageIds":[{}]}}"#, vec!["{}"; number].join(","));
        check("DescribeImages", &body, "imageIds", constraint);
    }
}

#[test]
fn a_096_a_121_a_tag_of_an_image_id_has_bounds_and_its_characters_are_for_its_own_answer() {
    let (empty, long) = (String::new(), "t".repeat(301));
    let cases = [
        (&empty, "must have length greater than or equal to 1"),
        (&long, "must have length less than or equal to 300"),
    ];
    for (tag, constraint) in cases {
        for operation in ["BatchDeleteImage", "BatchGetImage", "DescribeImages", "GetLifecyclePolicyPreview"] {
            let body = format!(r#"{{"repositoryName":"ab","imageIds":[{{"imageTag":"{tag}"}}]}}"#);
            check(operation, &body, "imageIds.1.member.imageTag", constraint);
            let body = format!(r#"{{"repositoryName":"ab","imageIds":[{{}},{{"imageTag":"{tag}"}}],"maxResults":0}}"#);
            check(operation, &body, "imageIds.2.member.imageTag", constraint);
        }
        for operation in ["DescribeImageReplicationStatus", "UpdateImageStorageClass"] {
            let body = format!(r#"{{"repositoryName":"ab","imageId":{{"imageTag":"{tag}"}}}}"#);
            check(operation, &body, "imageId.imageTag", constraint);
        }
    }
    let mut bench = Bench::new();
    bench.ok("CreateRepository", r#"{"repositoryName":"ab"}"#);
    let odd =
        format!(r#"{{"repositoryName":"ab","imageIds":[{{"imageTag":"a b"}},{{"imageTag":"{}"}}]}}"#, "t".repeat(300));
    for operation in ["BatchDeleteImage", "BatchGetImage"] {
        let failures = &bench.ok(operation, &odd)["failures"];
        assert_eq!(
            (&failures[0]["failureCode"], &failures[1]["failureCode"]),
            (&"InvalidImageTag".into(), &"ImageNotFound".into())
        );
    }
}

#[test]
fn a_160_filters_are_closed_sets() {
    for operation in ["DescribeImages", "ListImages"] {
        check(
            operation,
            r#"{"repositoryName":"ab","filter":{"tagStatus":"SOME"}}"#,
            "filter.tagStatus",
            "Member must satisfy enum value set: [TAGGED, UNTAGGED, ANY]",
        );
        check(
            operation,
            r#"{"repositoryName":"ab","filter":{"imageStatus":"LOST"}}"#,
            "filter.imageStatus",
            "Member must satisfy enum value set: [ACTIVE, ARCHIVED, ACTIVATING, ANY]",
        );
    }
}

#[test]
fn a_010_a_011_a_022_repository_manifest_and_tag_of_a_push_have_bounds() {
    let put = |members: &str| format!(r#"{{"repositoryName":"ab",{members}}}"#);
    let operation = "PutImage";
    check(operation, r#"{"imageManifest":"{}"}"#, "repositoryName", "must not be null");
    check(operation, r#"{"repositoryName":"ab"}"#, "imageManifest", "must not be null");
    check(operation, &put(r#""imageManifest":"""#), "imageManifest", "must have length greater than or equal to 1");
    let long = "x".repeat(4_194_305);
    check(
        operation,
        &put(&format!(r#""imageManifest":"{long}""#)),
        "imageManifest",
        "must have length less than or equal to 4194304",
    );
    check(
        operation,
        &put(r#""imageManifest":"{}","imageTag":"a+b""#),
        "imageTag",
        "must satisfy regular expression '[a-zA-Z0-9-_.]+'",
    );
    check(
        operation,
        &put(r#""imageManifest":"{}","imageTag":"""#),
        "imageTag",
        "must have length greater than or equal to 1",
    );
    let (exception, _) = Bench::new().refused(operation, &put(r#""imageManifest":"no json""#));
    assert_eq!(exception, "RepositoryNotFoundException");
}

#[test]
fn layers_and_uploads_are_named_in_form() {
    let base = r#""repositoryName":"ab","uploadId":"00000000-0000-4000-8000-000000000001""#;
    check(
        "CompleteLayerUpload",
        r#"{"repositoryName":"ab","uploadId":"1"}"#,
        "uploadId",
        "must satisfy regular expression \
         '[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}'",
    );
    check(
        "CompleteLayerUpload",
        &format!(r#"{{{base},"layerDigests":["sha256:00","x"]}}"#),
        "layerDigests.2.member",
        "must satisfy regular expression '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'",
    );
    check(
        "GetDownloadUrlForLayer",
        r#"{"repositoryName":"ab","layerDigest":"x"}"#,
        "layerDigest",
        "must satisfy regular expression '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'",
    );
    check(
        "BatchCheckLayerAvailability",
        &format!(r#"{{"repositoryName":"ab","layerDigests":["{}"]}}"#, "x".repeat(1001)),
        "layerDigests.1.member",
        "Member must have length less than or equal to 1000",
    );
    check(
        "UploadLayerPart",
        &format!(r#"{{{base},"partFirstByte":-1,"partLastByte":0,"layerPartBlob":""}}"#),
        "partFirstByte",
        "Member must have value greater than or equal to 0",
    );
    check("UploadLayerPart", &format!(r#"{{{base},"partFirstByte":0}}"#), "partLastByte", "must not be null");
}

#[test]
fn c_179_a_replication_configuration_is_checked_member_by_member() {
    let put = |rule: &str| format!(r#"{{"replicationConfiguration":{{"rules":[{rule}]}}}}"#);
    let operation = "PutReplicationConfiguration";
    let rule = "replicationConfiguration.rules.1.member";
    check(operation, "{}", "replicationConfiguration", "Member must not be null");
    check(operation, r#"{"replicationConfiguration":{}}"#, "replicationConfiguration.rules", "Member must not be null");
    check(operation, &put("{}"), &format!("{rule}.destinations"), "Member must not be null");
    check(
        operation,
        &put(r#"{"destinations":[{"region":"EU","registryId":"123456789012"}]}"#),
        &format!("{rule}.destinations.1.member.region"),
        "Member must satisfy regular expression pattern: [0-9a-z-]{2,25}",
    );
    check(
        operation,
        &put(r#"{"destinations":[{"region":"eu-west-1","registryId":"1"}]}"#),
        &format!("{rule}.destinations.1.member.registryId"),
        "Member must satisfy regular expression pattern: [0-9]{12}",
    );
    check(
        operation,
        &put(r#"{"destinations":[],"repositoryFilters":[{"filter":"prod","filterType":"WILDCARD"}]}"#),
        &format!("{rule}.repositoryFilters.1.member.filterType"),
        "Member must satisfy enum value set: [PREFIX_MATCH]",
    );
    check(
        operation,
        &put(r#"{"destinations":[{"region":"us-east-1","registryId":"123456789012"}]}"#),
        "replicationConfiguration",
        "Replication destination cannot be the same as the source registry",
    );
}

#[test]
fn c_182_a_cache_rule_is_checked_member_by_member() {
    let operation = "CreatePullThroughCacheRule";
    let with = |members: &str| {
        format!(r#"{{"ecrRepositoryPrefix":"hub","upstreamRegistryUrl":"registry-1.docker.io"{members}}}"#)
    };
    check(operation, "{}", "ecrRepositoryPrefix", "Member must not be null");
    check(
        operation,
        r#"{"ecrRepositoryPrefix":"Hub"}"#,
        "ecrRepositoryPrefix",
        "Member must satisfy regular expression pattern: \
         ^([a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*)*/?|ROOT)$",
    );
    check(operation, r#"{"ecrRepositoryPrefix":"hub"}"#, "upstreamRegistryUrl", "Member must not be null");
    check(
        operation,
        &with(r#","upstreamRegistry":"dockerhub""#),
        "upstreamRegistry",
        "Member must satisfy enum value set: [ecr, ecr-public, quay, k8s, docker-hub, github-container-registry, \
         azure-container-registry, gitlab-container-registry, chainguard]",
    );
    check(
        operation,
        &with(r#","credentialArn":"arn:aws:secretsmanager:us-east-1:123456789012:secret:other/hub-AbCdEf""#),
        "credentialArn",
        "Member must satisfy regular expression pattern: ^arn:aws(-\\w+)*:secretsmanager:[a-zA-Z0-9-:]+:secret:ecr\\\
         -pullthroughcache\\/[a-zA-Z0-9\\/_+=.@-]+$",
    );
}

#[test]
fn x_003_a_wrong_type_is_a_serialization_error() {
    for body in ["", "no json", "[]", r#"{"repositoryName":7}"#, r#"{"repositoryName":"ab","tags":{}}"#] {
        let (exception, _) = Bench::new().refused("CreateRepository", body);
        assert_eq!(exception, "SerializationException", "{body:?}");
    }
}

#[test]
fn x_006_a_request_names_its_registry_or_means_its_caller_s() {
    let registry = |body: &[u8]| decode(Operation::DescribeImages, body).unwrap().registry(&caller(), &key().region);
    assert_eq!(registry(br#"{"repositoryName":"team/app","registryId":"123456789012"}"#), key());
    assert_eq!(registry(br#"{"repositoryName":"team/app"}"#), key());
    let foreign = registry(br#"{"repositoryName":"team/app","registryId":"999999999999"}"#);
    assert_eq!((foreign.account.as_str(), foreign.region), ("999999999999", key().region));
}

#[test]
fn x_007_operations_without_registry_id_are_always_about_the_caller_s_own() {
    let body = br#"{"registryId":"999999999999","replicationConfiguration":{"rules":[]}}"#;
    for operation in [Operation::DescribeRegistry, Operation::PutReplicationConfiguration] {
        let request = decode(operation, body).unwrap();
        assert_eq!(request.registry(&caller(), &key().region), key(), "{}", operation.name());
    }
}

#[test]
fn facts_are_those_of_the_first_thing_that_is_named() {
    let digest = Digest::sha256_of(b"x");
    let check = |operation: Operation, body: &str, expect: &[(Fact, &str)]| {
        let mut facts = Facts::new(Surface::Ecr, operation.name(), Some(operation.name()));
        decode(operation, body.as_bytes()).unwrap().facts(&mut facts);
        let found: Vec<(Fact, String)> = facts.iter().map(|(fact, value)| (fact, value.text().into_owned())).collect();
        let expect: Vec<(Fact, String)> = expect.iter().map(|(fact, text)| (*fact, (*text).to_owned())).collect();
        assert_eq!(found, expect, "{body}");
    };
    check(Operation::DescribeRegistry, "{}", &[]);
    check(Operation::DescribeRepositories, r#"{"repositoryNames":["ab","cd"]}"#, &[(Fact::Repository, "ab")]);
    check(
        Operation::BatchGetImage,
        &format!(
            r#"{{"repositoryName":"ab","imageIds":[{{"imageDigest":"{digest}","imageTag":"v1"}},{{"imageTag":"v2"}}]}}"#
        ),
        &[(Fact::Repository, "ab"), (Fact::Digest, &digest.to_string()), (Fact::Tag, "v1")],
    );
    check(
        Operation::BatchDeleteImage,
        r#"{"repositoryName":"ab","imageIds":[{"imageDigest":"odd"}]}"#,
        &[(Fact::Repository, "ab"), (Fact::Digest, "odd")],
    );
    check(
        Operation::UploadLayerPart,
        r#"{"repositoryName":"ab","uploadId":"00000000-0000-4000-8000-000000000001","partFirstByte":0,"partLastByte":2,"layerPartBlob":"YWJj"}"#,
        &[(Fact::Repository, "ab"), (Fact::Upload, "00000000-0000-4000-8000-000000000001"), (Fact::Size, "3")],
    );
    let manifest = r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}"#;
    check(
        Operation::PutImage,
        &serde_json::json!({"repositoryName": "ab", "imageManifest": manifest, "imageTag": "v1"}).to_string(),
        &[
            (Fact::Repository, "ab"),
            (Fact::Tag, "v1"),
            (Fact::Digest, &Digest::sha256_of(manifest.as_bytes()).to_string()),
            (Fact::MediaType, "application/vnd.oci.image.index.v1+json"),
            (Fact::Size, &manifest.len().to_string()),
        ],
    );
}

#[test]
fn c_086_c_089_the_parts_of_an_upload_are_decoded_with_their_bytes() {
    let body = br#"{"repositoryName":"ab","uploadId":"00000000-0000-4000-8000-000000000001","partFirstByte":3,"partLastByte":5,"layerPartBlob":"YWJj"}"#;
    let Call::UploadLayerPart(part) = decode(Operation::UploadLayerPart, body).unwrap().call else {
        panic!("not a part");
    };
    assert_eq!(part.bytes, "abc");
    assert_eq!((part.input.part_first_byte, part.input.part_last_byte, part.input.length_bytes), (3, 5, 3));

    let body = |blob: &str| {
        format!(
            r#"{{"repositoryName":"ab","uploadId":"00000000-0000-4000-8000-000000000001","partFirstByte":0,"partLastByte":2,"layerPartBlob":"{blob}"}}"#
        )
    };
    // Three bytes for each four letters.
    check(
        "UploadLayerPart",
        &body(&"AAAA".repeat(20_971_520 / 3 + 1)),
        "layerPartBlob",
        "must have length less than or equal to 20971520",
    );
    for blob in ["a", "YWJj!", "YWJjZA", "YW Jj"] {
        let (exception, _) = Bench::new().refused("UploadLayerPart", &body(blob));
        assert_eq!(exception, "SerializationException", "{blob}");
    }
}

#[test]
fn c_176_tokens_are_asked_for_by_registry_in_order() {
    let accounts = |body: &[u8]| match decode(Operation::GetAuthorizationToken, body).unwrap().call {
        Call::GetAuthorizationToken(tokens) => tokens.accounts,
        other => panic!("{other:?}"),
    };
    assert_eq!(accounts(b"{}"), []);
    let two: Vec<AccountId> = ["999999999999", "123456789012"].map(|text| text.parse().unwrap()).to_vec();
    assert_eq!(accounts(br#"{"registryIds":["999999999999","123456789012"]}"#), two);
    check(
        "GetAuthorizationToken",
        r#"{"registryIds":["1"]}"#,
        "registryIds.1.member",
        "Member must satisfy regular expression pattern: [0-9]{12}",
    );
}
