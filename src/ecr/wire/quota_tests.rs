//! What a caller is told who is at a quota of ECR.

use std::sync::Arc;

use serde_json::json;

use crate::ecr::testing::Bench;
use crate::registry::Quotas;

#[test]
fn x_021_quotas_are_limit_exceeded_exceptions() {
    let mut bench = Bench::new();
    let quotas = Quotas {
        repositories_per_registry: 1,
        images_per_repository: 1,
        tags_per_image: 1,
        cache_rules_per_registry: 1,
        creation_templates_per_registry: 1,
        pull_time_exclusions: 1,
        ..Quotas::default()
    };
    bench.registry.set_quotas(Arc::new(quotas));
    let repository = |name: &str| json!({"repositoryName": name});
    bench.ok("CreateRepository", &repository("ab").to_string());
    bench.image("ab", "v1");
    let image = json!({"repositoryName": "ab", "imageIds": [{"imageTag": "v1"}]}).to_string();
    let manifest = bench.ok("BatchGetImage", &image)["images"][0]["imageManifest"].clone();
    let other = manifest.as_str().unwrap().replace(r#""tag":"v1""#, r#""tag":"v2""#);
    let put = |manifest: &str| json!({"repositoryName": "ab", "imageManifest": manifest, "imageTag": "v2"});
    let rule = |prefix: &str| json!({"ecrRepositoryPrefix": prefix, "upstreamRegistryUrl": "quay.io"});
    let template = |prefix: &str| json!({"prefix": prefix, "appliedFor": ["REPLICATION"]});
    let exclusion = |role: &str| json!({"principalArn": format!("arn:aws:iam::123456789012:role/{role}")});
    bench.ok("CreatePullThroughCacheRule", &rule("one").to_string());
    bench.ok("CreateRepositoryCreationTemplate", &template("one").to_string());
    bench.ok("RegisterPullTimeUpdateExclusion", &exclusion("one").to_string());
    for (operation, body) in [
        ("CreateRepository", repository("cd")),
        ("PutImage", put(&other)),
        ("PutImage", put(manifest.as_str().unwrap())),
        ("CreatePullThroughCacheRule", rule("two")),
        ("CreateRepositoryCreationTemplate", template("two")),
        ("RegisterPullTimeUpdateExclusion", exclusion("two")),
    ] {
        assert_eq!(bench.refused(operation, &body.to_string()).0, "LimitExceededException", "{operation} {body}");
    }
}
