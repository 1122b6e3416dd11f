//! Tables of good and bad documents, written as seed files are.

use std::time::Duration;

use super::*;
use crate::registry::types::{AccountId, CacheRulePrefix, Timestamp};
use crate::registry::{ReplicationConfiguration, ReplicationRule, ResourceTags, TagMutability};
use crate::seed::image_spec::{ImageFormat, ImageSpec, LayerCount, LayerSize, Platforms};
use crate::seed::json;
use crate::seed::plan::{CacheRulePlan, RegistryPlan, RepositoryPlan};

fn defaults() -> RegistryKey {
    key("123456789012", "us-east-1")
}

fn key(account: &str, region: &str) -> RegistryKey {
    RegistryKey { account: account.parse().expect("account"), region: region.parse().expect("region") }
}

fn checked(documents: &str) -> Result<Vec<PlannedDocument>, Vec<Violation>> {
    let file = json::seed_file(format!("{{\"documents\": [{documents}]}}").as_bytes()).expect("a seed file");
    check(&file.documents, &defaults(), &Quotas::default())
}

fn refuses(documents: &str, expected: &[&str]) {
    let violations = checked(documents).expect_err(documents);
    let texts: Vec<String> = violations.iter().map(Violation::to_string).collect();
    assert_eq!(texts, expected, "{documents}");
}

fn only(documents: &str) -> PlannedDocument {
    let mut plans = checked(documents).expect(documents);
    assert_eq!(plans.len(), 1);
    plans.remove(0)
}

fn only_image(image: &str) -> ImagePlan {
    match only(&format!(r#"{{"repository": {{"name": "app", "images": [{image}]}}}}"#)) {
        PlannedDocument::Repository(mut plan) => plan.images.remove(0),
        other => panic!("{other:?}"),
    }
}

#[test]
fn absent_members_take_their_defaults() {
    let plan = RepositoryPlan {
        registry: defaults(),
        name: "app".parse().expect("name"),
        tag_mutability: TagMutability::default(),
        images: vec![ImagePlan {
            tags: Vec::new(),
            spec: ImageSpec {
                layers: LayerCount::DEFAULT,
                layer_size: LayerSize::DEFAULT,
                platforms: Platforms::default(),
                seed: 0,
                format: ImageFormat::Oci,
            },
            pushed_at: None,
            archived: None,
        }],
        scan_on_push: false,
        scans: Vec::new(),
        policy: None,
        lifecycle_policy: None,
        resource_tags: ResourceTags::default(),
        encryption: None,
    };
    assert_eq!(only(r#"{"repository": {"name": "app", "images": [{}]}}"#), PlannedDocument::Repository(plan));
    assert_eq!(only(r#"{"tasks": {}}"#), PlannedDocument::Tasks(TaskPlan::default()));
    assert_eq!(checked(""), Ok(Vec::new()));
}

#[test]
fn the_seed_of_an_image_is_its_own_or_made_of_its_first_tag() {
    let made = only_image(r#"{"tags": ["v1", "v2"]}"#).spec.seed;
    assert_eq!(made, 0x9264_ef94_9526_fc3b, "the same in every release");
    assert_eq!(only_image(r#"{"tags": ["v1"]}"#).spec.seed, made);
    assert_ne!(only_image(r#"{"tags": ["v2", "v1"]}"#).spec.seed, made);
    assert_eq!(only_image(r#"{"tags": ["v1"], "seed": 0}"#).spec.seed, 0);
}

#[test]
fn an_image_says_everything_that_its_document_does() {
    let plan = only_image(
        r#"{"tags": ["a", "b"], "layers": 127, "layerSizeBytes": 1073741824, "seed": "18446744073709551615",
            "platforms": ["linux/amd64", "linux/arm64/v8"], "pushedAt": "2026-01-01T00:00:00.000001Z",
            "format": "IMAGE_FORMAT_DOCKER"}"#,
    );
    assert_eq!(plan.tags.iter().map(Tag::as_str).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(plan.spec.layers.get(), 127);
    assert_eq!(plan.spec.layer_size.bytes(), 1 << 30);
    assert_eq!(plan.spec.seed, u64::MAX);
    assert_eq!(plan.spec.platforms.as_slice()[1].to_string(), "linux/arm64/v8");
    assert_eq!(plan.spec.format, ImageFormat::Docker);
    assert_eq!(plan.pushed_at, Some(Timestamp::from_micros(1_767_225_600_000_001)));
}

#[test]
fn a_registry_document_becomes_a_plan() {
    let document = r#"{"registry": {
        "account": "210987654321", "region": "eu-west-1",
        "replication": {"rules": [{
            "destinations": [{"region": "eu-central-1"}, {"region": "us-east-1", "account": "111111111111"}],
            "repositoryPrefixes": ["prod-"]}]},
        "cacheRules": [{"prefix": "quay/", "upstream": "quay.io"},
                       {"prefix": "hub", "upstream": "registry-1.docker.io", "upstreamPrefix": "library"}],
        "replicationSources": ["111111111111"]}}"#;
    let prefix = |text| CacheRulePrefix::parse(text).expect("prefix");
    let plan = RegistryPlan {
        registry: key("210987654321", "eu-west-1"),
        replication: Some(ReplicationConfiguration {
            rules: vec![ReplicationRule {
                destinations: vec![key("210987654321", "eu-central-1"), key("111111111111", "us-east-1")],
                repository_prefixes: vec!["prod-".into()],
                delete_replication: None,
            }],
        }),
        cache_rules: vec![
            CacheRulePlan {
                prefix: prefix("quay"),
                upstream: "quay.io".parse().expect("host"),
                upstream_prefix: prefix("ROOT"),
                credential_arn: None,
            },
            CacheRulePlan {
                prefix: prefix("hub"),
                upstream: "registry-1.docker.io".parse().expect("host"),
                upstream_prefix: prefix("library"),
                credential_arn: None,
            },
        ],
        replication_sources: vec!["111111111111".parse::<AccountId>().expect("account")],
        policy: None,
        templates: Vec::new(),
        account_settings: None,
        scanning: None,
        signing: None,
        pull_time_exclusions: Vec::new(),
    };
    assert_eq!(only(document), PlannedDocument::Registry(plan));
}

#[test]
fn an_absent_replication_is_left_and_an_empty_one_clears() {
    let replication = |document| match only(document) {
        PlannedDocument::Registry(plan) => plan.replication,
        other => panic!("{other:?}"),
    };
    assert_eq!(replication(r#"{"registry": {}}"#), None);
    assert_eq!(replication(r#"{"registry": {"replication": {}}}"#), Some(ReplicationConfiguration::default()));
}

#[test]
fn upstreams_and_tasks_become_plans() {
    let PlannedDocument::Upstream(upstream) = only(
        r#"{"upstream": {"host": "quay.io", "repositories": [{"name": "base", "images": [{"tags": ["1"]}]},
                                                             {"name": "other", "images": [{"tags": ["1"]}]}]}}"#,
    ) else {
        panic!("not an upstream")
    };
    assert_eq!(upstream.host.as_str(), "quay.io");
    assert_eq!(upstream.repositories.len(), 2);
    let tasks = TaskPlan {
        replication_duration: Some(Duration::from_secs(30)),
        replication_retry: Some(Duration::from_mins(5)),
    };
    assert_eq!(
        only(r#"{"tasks": {"replicationDuration": "30s", "replicationRetry": "300s"}}"#),
        PlannedDocument::Tasks(tasks)
    );
}

#[test]
fn mutability_is_one_of_four_modes_and_filters_belong_to_two_of_them() {
    let mutability = |members: &str| match only(&format!(r#"{{"repository": {{"name": "app", {members}}}}}"#)) {
        PlannedDocument::Repository(plan) => plan.tag_mutability,
        other => panic!("{other:?}"),
    };
    for mode in ["MUTABLE", "IMMUTABLE"] {
        let plan = mutability(&format!(r#""imageTagMutability": "{mode}""#));
        assert_eq!((plan.mode().as_str(), plan.filters().len()), (mode, 0));
    }
    for mode in ["MUTABLE_WITH_EXCLUSION", "IMMUTABLE_WITH_EXCLUSION"] {
        let filters = r#""mutabilityExclusionFilters": ["dev-*"]"#;
        let plan = mutability(&format!(r#""imageTagMutability": "{mode}", {filters}"#));
        assert_eq!(plan.mode().as_str(), mode);
        assert_eq!(plan.filters(), ["dev-*".parse().expect("filter")]);
    }
}

#[test]
fn a_bad_member_is_refused_at_its_path() {
    const NAME: &str = "documents[0].repository.name: must satisfy regular expression \
        '[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*)*'";
    let image = |image: &str, expected: &[&str]| {
        let expected: Vec<String> =
            expected.iter().map(|text| format!("documents[0].repository.images[0].{text}")).collect();
        let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        refuses(&format!(r#"{{"repository": {{"name": "app", "images": [{image}]}}}}"#), &expected);
    };
    let repository = |members: &str, expected: &str| {
        refuses(&format!(r#"{{"repository": {{"name": "app", {members}}}}}"#), &[expected]);
    };
    let registry = |members: &str, expected: &str| refuses(&format!(r#"{{"registry": {{{members}}}}}"#), &[expected]);

    refuses(
        "{}",
        &[
            "documents[0]: must be one of `registry`, `repository`, `upstream`, `tasks`, `principal`, `throttles`, `quotas`, `secret` and `surface`",
        ],
    );
    refuses(r#"{"repository": {}}"#, &["documents[0].repository.name: must not be empty"]);
    refuses(r#"{"repository": {"name": "App"}}"#, &[NAME]);
    repository(r#""account": "12""#, "documents[0].repository.account: must satisfy regular expression '[0-9]{12}'");
    repository(
        r#""region": "EU""#,
        "documents[0].repository.region: must satisfy regular expression '[0-9a-z-]{2,25}'",
    );
    repository(
        r#""imageTagMutability": "mutable""#,
        "documents[0].repository.image_tag_mutability: must be one of `MUTABLE`, `IMMUTABLE`, \
         `MUTABLE_WITH_EXCLUSION` and `IMMUTABLE_WITH_EXCLUSION`",
    );
    repository(
        r#""imageTagMutability": "IMMUTABLE_WITH_EXCLUSION""#,
        "documents[0].repository.mutability_exclusion_filters: ImageTagMutabilityExclusionFilters can't be null when imageTagMutability is \
         set as IMMUTABLE_WITH_EXCLUSION",
    );
    repository(
        r#""mutabilityExclusionFilters": ["dev-*"]"#,
        "documents[0].repository.mutability_exclusion_filters: ImageTagMutabilityExclusionFilters must be null when imageTagMutability is \
         set as MUTABLE",
    );
    repository(
        r#""imageTagMutability": "MUTABLE_WITH_EXCLUSION", "mutabilityExclusionFilters": ["a", "a/b"]"#,
        "documents[0].repository.mutability_exclusion_filters[1]: must satisfy regular expression \
         '^[0-9a-zA-Z._*-]{1,128}$'",
    );
    repository(
        r#""imageTagMutability": "MUTABLE_WITH_EXCLUSION", "mutabilityExclusionFilters": ["a","b","c","d","e","f"]"#,
        "documents[0].repository.mutability_exclusion_filters: Member must have length less than or equal to 5",
    );
    repository(
        r#""images": [{"tags": ["a", "b"]}, {"tags": ["c", "a"]}]"#,
        "documents[0].repository.images[1].tags[1]: `a` appears twice",
    );
    image(r#"{"tags": ["a", "a"]}"#, &["tags[1]: `a` appears twice"]);
    image(r#"{"tags": ["a b"]}"#, &["tags[0]: must satisfy regular expression '[a-zA-Z0-9-_.]+'"]);
    image(r#"{"tags": [""]}"#, &["tags[0]: must not be empty"]);
    image(r#"{"layers": 0}"#, &["layers: must be 1 to 127 layers, not 0"]);
    image(r#"{"layers": 128}"#, &["layers: must be 1 to 127 layers, not 128"]);
    image(
        r#"{"layerSizeBytes": 1073741825}"#,
        &["layer_size_bytes: must be at most 1073741824 bytes (1 GiB), not 1073741825"],
    );
    image(r#"{"platforms": ["linux"]}"#, &["platforms[0]: `linux` is not a platform such as `linux/arm64/v8`"]);
    image(r#"{"platforms": ["linux/arm64", "linux/arm64"]}"#, &["platforms[1]: `linux/arm64` appears twice"]);
    image(r#"{"format": 9}"#, &["format: 9 is not a known format"]);
    registry(
        r#""replication": {"rules": [{}]}"#,
        "documents[0].registry.replication.rules[0].destinations: must not be empty",
    );
    registry(
        r#""replication": {"rules": [{"destinations": [{"region": "us-east-1"}]}]}"#,
        "documents[0].registry.replication: Replication destination cannot be the same as the source registry",
    );
    registry(
        r#""replication": {"rules": [{"destinations": [{}]}]}"#,
        "documents[0].registry.replication.rules[0].destinations[0].region: must not be empty",
    );
    registry(
        r#""replication": {"rules": [{"destinations": [{"region": "eu-west-1", "account": "x"}]}]}"#,
        "documents[0].registry.replication.rules[0].destinations[0].account: must satisfy regular expression \
         '[0-9]{12}'",
    );
    registry(
        r#""replication": {"rules": [{"destinations": [{"region": "eu-west-1"}], "repositoryPrefixes": ["A-"]}]}"#,
        "documents[0].registry.replication.rules[0].repository_prefixes[0]: must be 2 to 256 characters that can begin \
         a repository name",
    );
    registry(
        r#""cacheRules": [{"prefix": "q", "upstream": "quay.io"}]"#,
        "documents[0].registry.cache_rules[0].prefix: must have length greater than or equal to 2",
    );
    registry(
        r#""cacheRules": [{"prefix": "quay", "upstream": "https://quay.io"}]"#,
        "documents[0].registry.cache_rules[0].upstream: must be a host such as `quay.io`, with an optional port, \
         without scheme or path",
    );
    registry(
        r#""cacheRules": [{"prefix": "quay", "upstream": "quay.io"}, {"prefix": "quay/", "upstream": "ghcr.io"}]"#,
        "documents[0].registry.cache_rules[1].prefix: `quay` appears twice",
    );
    registry(
        r#""replicationSources": ["1"]"#,
        "documents[0].registry.replication_sources[0]: must satisfy regular expression '[0-9]{12}'",
    );
    refuses(r#"{"upstream": {}}"#, &["documents[0].upstream.host: must not be empty"]);
    refuses(
        r#"{"upstream": {"host": "quay.io", "repositories": [{"name": "base"}, {"name": "base"}]}}"#,
        &["documents[0].upstream.repositories[1].name: `base` appears twice"],
    );
    refuses(
        r#"{"upstream": {"host": "quay.io", "repositories": [{"name": "base", "images": [{"layers": 0}]}]}}"#,
        &["documents[0].upstream.repositories[0].images[0].layers: must be 1 to 127 layers, not 0"],
    );
    refuses(
        r#"{"tasks": {"replicationDuration": "-1s"}}"#,
        &["documents[0].tasks.replication_duration: must not be negative"],
    );
    refuses(
        r#"{"tasks": {"replicationRetry": "-0.5s"}}"#,
        &["documents[0].tasks.replication_retry: must not be negative"],
    );
}

#[test]
fn every_mistake_of_every_document_is_reported_in_order() {
    refuses(
        r#"{"repository": {"name": "", "imageTagMutability": "x", "images": [{"layers": 0, "platforms": ["x"]}, {}]}},
           {"tasks": {}},
           {},
           {"repository": {"name": "app", "account": "1", "region": "", "images": [{}, {"tags": ["!"]}]}}"#,
        &[
            "documents[0].repository.name: must not be empty",
            "documents[0].repository.image_tag_mutability: must be one of `MUTABLE`, `IMMUTABLE`, \
             `MUTABLE_WITH_EXCLUSION` and `IMMUTABLE_WITH_EXCLUSION`",
            "documents[0].repository.images[0].layers: must be 1 to 127 layers, not 0",
            "documents[0].repository.images[0].platforms[0]: `x` is not a platform such as `linux/arm64/v8`",
            "documents[2]: must be one of `registry`, `repository`, `upstream`, `tasks`, `principal`, `throttles`, `quotas`, `secret` and `surface`",
            "documents[3].repository.account: must satisfy regular expression '[0-9]{12}'",
            "documents[3].repository.region: must not be empty",
            "documents[3].repository.images[1].tags[0]: must satisfy regular expression '[a-zA-Z0-9-_.]+'",
        ],
    );
}

#[test]
fn a_time_that_json_could_not_say_is_refused_too() {
    let time = prost_types::Timestamp { seconds: 0, nanos: -1 };
    let image = proto::ImageDocument { pushed_at: Some(time), ..Default::default() };
    let repository = proto::RepositoryDocument { name: "app".to_owned(), images: vec![image], ..Default::default() };
    let documents = [proto::Document { kind: Some(Kind::Repository(repository)) }];
    let violations = check(&documents, &defaults(), &Quotas::default());
    let paths: Vec<String> = violations.expect_err("refused").into_iter().map(|violation| violation.path).collect();
    assert_eq!(paths, ["documents[0].repository.images[0].pushed_at"]);
}

#[test]
fn c_171_scans_are_declared_for_a_digest_a_tag_or_the_repository() {
    use crate::registry::scanning::{ScanStatus, ScanSubject, Severity};
    let digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let plan = only(&format!(
        r#"{{"repository": {{"name": "app", "scans": [
            {{"imageDigest": "{digest}", "status": "UNSUPPORTED_IMAGE", "description": "no packages"}},
            {{"imageTag": "v1", "findings": [{{"name": "CVE-1", "severity": "HIGH",
                "attributes": [{{"key": "package_name", "value": "openssl"}}]}}]}},
            {{"enhancedFindings": [{{"severity": "LOW", "score": 2.5,
                "packageVulnerabilityDetails": {{"vulnerablePackages": [{{"epoch": 1}}]}}}}]}}]}}}}"#
    ));
    let PlannedDocument::Repository(plan) = plan else { panic!("{plan:?}") };
    let [(by_digest, unsupported), (by_tag, findings), (whole, enhanced)] = plan.scans.as_slice() else {
        panic!("{:?}", plan.scans)
    };
    let name: RepositoryName = "app".parse().expect("name");
    assert_eq!(*by_digest, ScanSubject::Digest(digest.parse().expect("digest")));
    assert_eq!(unsupported.ending().expect("an ending").status, ScanStatus::UnsupportedImage);
    assert_eq!(*by_tag, ScanSubject::Tag(name.clone(), "v1".parse().expect("tag")));
    assert_eq!(findings.findings()[0].severity, Severity::High);
    assert_eq!(findings.findings()[0].attributes[0].key, "package_name");
    assert_eq!(*whole, ScanSubject::Repository(name));
    let document: serde_json::Value =
        serde_json::from_str(&enhanced.enhanced_findings()[0].document().to_string()).expect("JSON");
    assert_eq!(document["packageVulnerabilityDetails"]["vulnerablePackages"][0]["epoch"], 1);
    assert_eq!(document["score"], 2.5);
}

#[test]
fn mistakes_of_scans_are_told_with_their_places() {
    let scans = |scans: &str| format!(r#"{{"repository": {{"name": "app", "scans": [{scans}]}}}}"#);
    let place = "documents[0].repository.scans[0]";
    let digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    for (scan, member, message) in [
        (
            format!(r#"{{"imageDigest": "{digest}", "imageTag": "v1"}}"#),
            ".image_tag",
            "must not be there beside `image_digest`",
        ),
        (
            r#"{"findings": [{"name": "CVE-1", "severity": "BAD"}]}"#.to_owned(),
            ".findings[0].severity",
            "must be one of `INFORMATIONAL`, `LOW`, `MEDIUM`, `HIGH`, `CRITICAL` and `UNDEFINED`",
        ),
        (r#"{"findings": [{}]}"#.to_owned(), "", "`findings[0].name` must not be empty"),
        (
            r#"{"enhancedFindings": [{"severity": 3}]}"#.to_owned(),
            ".enhanced_findings[0]",
            "`severity` must be a string",
        ),
        (r#"{"status": "BAD"}"#.to_owned(), ".status", "must be a scan status of ECR"),
        (r#"{"description": "x"}"#.to_owned(), ".description", "must not be there without `status`"),
    ] {
        refuses(&scans(&scan), &[&format!("{place}{member}: {message}")]);
    }
}
