//! Images as the API shows them: pages, members, and what is left out.

use serde_json::{Value, json};

use crate::ecr::testing::Bench;
use crate::registry::types::Digest;

const IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

fn bench() -> Bench {
    let mut bench = Bench::new();
    bench.ok("CreateRepository", r#"{"repositoryName":"ab"}"#);
    bench
}

/// Pushes a manifest without a tag; answers its digest.
fn put(bench: &mut Bench, manifest: &Value) -> String {
    let text = manifest.to_string();
    bench.ok("PutImage", &json!({"repositoryName": "ab", "imageManifest": text}).to_string());
    Digest::sha256_of(text.as_bytes()).to_string()
}

fn violation(member: &str, constraint: &str) -> (String, String) {
    let text = format!("Invalid parameter at '{member}' failed to satisfy constraint: '{constraint}'");
    ("InvalidParameterException".to_owned(), text)
}

#[test]
fn a_132_a_133_a_163_pages_have_a_hundred_entries_unless_asked_otherwise() {
    let mut bench = bench();
    for number in 0..101 {
        bench.image("ab", &format!("t{number}"));
    }
    for (operation, member) in [("DescribeImages", "imageDetails"), ("ListImages", "imageIds")] {
        let mut page = |members: Value| {
            let mut body = json!({"repositoryName": "ab"});
            body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
            let answer = bench.ok(operation, &body.to_string());
            (answer[member].as_array().unwrap().len(), answer.get("nextToken").cloned())
        };
        let (number, next_token) = page(json!({}));
        assert_eq!((number, next_token.is_some()), (100, true), "{operation}");
        assert_eq!(page(json!({"nextToken": next_token})), (1, None), "{operation}");
        assert_eq!(page(json!({"maxResults": 1})).0, 1, "{operation}");
        assert_eq!(page(json!({"maxResults": 1_000})), (101, None), "{operation}");
        for (max_results, constraint) in [
            (0, "Member must have value greater than or equal to 1"),
            (1_001, "Member must have value less than or equal to 1000"),
        ] {
            let body = json!({"repositoryName": "ab", "maxResults": max_results}).to_string();
            assert_eq!(bench.refused(operation, &body), violation("maxResults", constraint), "{operation}");
        }
    }
}

#[test]
fn a_137_unconfirmed_named_images_have_no_pages() {
    let mut bench = bench();
    bench.image("ab", "v1");
    for (member, value) in [("maxResults", json!(10)), ("nextToken", json!("x"))] {
        let mut body = json!({"repositoryName": "ab", "imageIds": [{"imageTag": "v1"}]});
        assert_eq!(bench.ok("DescribeImages", &body.to_string())["imageDetails"].as_array().unwrap().len(), 1);
        body[member] = value;
        let refused = bench.refused("DescribeImages", &body.to_string());
        assert_eq!(refused, violation(member, "cannot be specified together with imageIds"));
    }
}

#[test]
fn a_150_a_155_children_are_listed_like_any_image_and_referrers_name_their_subject() {
    let mut bench = bench();
    let child = bench.image("ab", "child").to_string();
    let index = put(
        &mut bench,
        &json!({
            "schemaVersion": 2,
            "mediaType": INDEX,
            "manifests": [{"mediaType": IMAGE, "digest": child, "size": 7}],
        }),
    );
    let (config, layer) = (bench.blob("ab", "{}").to_string(), bench.blob("ab", "layer").to_string());
    let signature = put(
        &mut bench,
        &json!({
            "schemaVersion": 2,
            "mediaType": IMAGE,
            "artifactType": "application/vnd.example.signature",
            "config": {"mediaType": "application/vnd.oci.empty.v1+json", "digest": config, "size": 2},
            "layers": [{"mediaType": "text/plain", "digest": layer, "size": 5}],
            "subject": {"mediaType": INDEX, "digest": index, "size": 7},
        }),
    );
    let described = bench.ok("DescribeImages", r#"{"repositoryName":"ab"}"#);
    let details = described["imageDetails"].as_array().unwrap();
    let of = |digest: &str| details.iter().find(|detail| detail["imageDigest"] == digest).unwrap();
    assert_eq!(details.len(), 3);
    assert_eq!(of(&signature)["subjectManifestDigest"], index);
    assert_eq!(of(&signature)["artifactMediaType"], "application/vnd.example.signature");
    for (digest, media_type) in [(&child, IMAGE), (&index, INDEX)] {
        assert_eq!(of(digest)["imageManifestMediaType"], media_type);
        assert_eq!(of(digest).get("subjectManifestDigest"), None);
    }
    let ids = bench.ok("ListImages", r#"{"repositoryName":"ab"}"#);
    let rows = ids["imageIds"].as_array().unwrap();
    assert!(rows.contains(&json!({"imageDigest": child, "imageTag": "child"})), "{ids}");
}

#[test]
fn a_151_a_152_a_153_scans_do_not_show_in_descriptions_of_images() {
    let mut bench = Bench::new();
    bench.ok("CreateRepository", r#"{"repositoryName":"ab","imageScanningConfiguration":{"scanOnPush":true}}"#);
    bench.image("ab", "v1");
    let image = r#"{"repositoryName":"ab","imageId":{"imageTag":"v1"}}"#;
    for status in ["IN_PROGRESS", "COMPLETE"] {
        let found = bench.ok("DescribeImageScanFindings", image);
        assert_eq!(found["imageScanStatus"]["status"], status);
        assert_eq!(found["imageScanStatus"].get("description").is_some(), status == "COMPLETE");
        assert_eq!(found.get("imageScanFindings").is_some(), status == "COMPLETE");
        let described = bench.ok("DescribeImages", r#"{"repositoryName":"ab"}"#);
        for member in ["imageScanStatus", "imageScanFindingsSummary"] {
            assert_eq!(described["imageDetails"][0].get(member), None, "{member} while {status}");
        }
        bench.end_work();
    }
}

#[test]
fn a_052_a_push_leaves_the_lifecycle_policy_for_later() {
    let mut bench = bench();
    let policy = json!({"rules": [{
        "rulePriority": 1,
        "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 1},
        "action": {"type": "expire"},
    }]});
    let body = json!({"repositoryName": "ab", "lifecyclePolicyText": policy.to_string()});
    bench.ok("PutLifecyclePolicy", &body.to_string());
    let evaluated_at = |bench: &mut Bench| {
        bench.ok("GetLifecyclePolicy", r#"{"repositoryName":"ab"}"#)["lastEvaluatedAt"].as_f64().unwrap()
    };
    let before = evaluated_at(&mut bench);
    for tag in ["one", "two", "three"] {
        bench.image("ab", tag);
    }
    bench.end_work();
    let ids = bench.ok("ListImages", r#"{"repositoryName":"ab"}"#);
    assert_eq!(ids["imageIds"].as_array().unwrap().len(), 3);
    assert!((evaluated_at(&mut bench) - before).abs() < f64::EPSILON);
}

#[test]
fn a_185_a_replication_status_is_that_of_one_image_of_one_repository() {
    let mut bench = bench();
    let operation = "DescribeImageReplicationStatus";
    for (body, member, constraint) in [
        (r#"{"imageId":{"imageTag":"v1"}}"#, "repositoryName", "must not be null"),
        (r#"{"repositoryName":"ab"}"#, "imageId", "Member must not be null"),
    ] {
        assert_eq!(bench.refused(operation, body), violation(member, constraint));
    }
    let body = |repository: &str| format!(r#"{{"repositoryName":"{repository}","imageId":{{"imageTag":"v1"}}}}"#);
    assert_eq!(bench.refused(operation, &body("no/where")).0, "RepositoryNotFoundException");
    assert_eq!(bench.refused(operation, &body("ab")).0, "ImageNotFoundException");
}

#[test]
fn a_196_only_manifests_are_referrers() {
    let mut bench = bench();
    let subject = bench.image("ab", "v1").to_string();
    let about = json!({
        "schemaVersion": 2,
        "mediaType": IMAGE,
        "config": {"mediaType": "application/vnd.oci.empty.v1+json", "digest": bench.blob("ab", "{}").to_string(), "size": 2},
        "layers": [{"mediaType": "text/plain", "digest": bench.blob("ab", "layer").to_string(), "size": 5}],
        "subject": {"mediaType": IMAGE, "digest": subject, "size": 7},
    });
    bench.blob("ab", &about.to_string());
    let list = json!({"repositoryName": "ab", "subjectId": {"imageDigest": subject}}).to_string();
    assert_eq!(bench.ok("ListImageReferrers", &list), json!({"referrers": []}), "the same bytes as a blob are none");
    let no_json = json!({"repositoryName": "ab", "imageManifest": format!("subject: {subject}")}).to_string();
    assert_eq!(bench.refused("PutImage", &no_json).0, "InvalidParameterException");
    put(&mut bench, &about);
    assert_eq!(bench.ok("ListImageReferrers", &list)["referrers"].as_array().unwrap().len(), 1);
}
