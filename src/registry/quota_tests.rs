//! Each quota with a small value, and what the operation that meets it says.

use std::fmt::Display;
use std::sync::Arc;

use super::Registry;
use super::ops::{
    append_upload, cache_fill, complete_layer_upload, create_pull_through_cache_rule, create_repository,
    create_repository_creation_template, initiate_layer_upload, put_lifecycle_policy, put_replication_configuration,
    register_pull_time_update_exclusion, registry_scanning_configuration, signing_configuration,
    start_lifecycle_policy_preview, start_replication_backfill, tag_resource, upload_layer_part,
};
use super::policy::lifecycle::LifecyclePolicy;
use super::quotas::Quotas;
use super::replication::{ReplicationConfiguration, ReplicationRule};
use super::resource_tags::ResourceTag;
use super::scanning::{ScanFrequency, ScanType, ScanningRule};
use super::signing::{SigningConfiguration, SigningRule};
use super::templates::AppliedFor;
use super::testing::{blob, create, image_of, key, link, name, push, registry, tag, with, with_repository};
use super::types::UploadId;

fn limited(set: impl FnOnce(&mut Quotas)) -> Registry {
    let mut quotas = Quotas::default();
    set(&mut quotas);
    with_repository().with_quotas(Arc::new(quotas))
}

/// The text of the refusal.
fn refused<T, E: Display>(result: Result<T, E>) -> String {
    result.err().expect("the quota is met").to_string()
}

fn limit(most: u64, what: &str) -> String {
    format!("The operation would exceed the limit of {most} {what} in the registry with id '123456789012'")
}

fn constraint(member: &str, constraint: &str) -> String {
    format!("Invalid parameter at '{member}' failed to satisfy constraint: '{constraint}'")
}

#[test]
fn x_021_c_221_d_034_repositories_images_and_tags_have_quotas() {
    let mut registry = limited(|quotas| quotas.repositories_per_registry = 1);
    let second = create_repository::Input::with_defaults(name("team/web"));
    let full = with(|cx| create_repository::apply(&mut registry, cx, second));
    assert_eq!(refused(full), limit(1, "repositories"));

    let mut registry = limited(|quotas| quotas.images_per_repository = 1);
    link(&mut registry, &["{}", "layer"]);
    let (one, two) = (image_of("{}", &["layer"], "1"), image_of("{}", &["layer"], "2"));
    push(&mut registry, &one, Some("a")).unwrap();
    assert_eq!(refused(push(&mut registry, &two, Some("b"))), limit(1, "images per repository"));
    push(&mut registry, &one, Some("b")).unwrap();
    let fill = cache_fill::Input { repository: name("team/app"), manifest: two, tag: None };
    let filled = with(|cx| cache_fill::apply(&mut registry, cx, fill));
    assert_eq!(refused(filled), limit(1, "images per repository"));

    let mut registry = limited(|quotas| quotas.tags_per_image = 1);
    link(&mut registry, &["{}", "layer"]);
    push(&mut registry, &one, Some("a")).unwrap();
    assert_eq!(refused(push(&mut registry, &one, Some("b"))), limit(1, "tags per image"));
    let fill = cache_fill::Input { repository: name("team/app"), manifest: one, tag: Some(tag("b")) };
    assert_eq!(refused(with(|cx| cache_fill::apply(&mut registry, cx, fill))), limit(1, "tags per image"));
}

#[test]
fn c_106_d_034_resource_tags_have_a_quota() {
    let mut registry = limited(|quotas| quotas.resource_tags_per_repository = 1);
    let tags = |keys: &[&str]| -> Vec<ResourceTag> {
        keys.iter().map(|key| ResourceTag { key: (*key).to_owned(), value: String::new() }).collect()
    };
    let text = "The number of tags exceeds the limit of 1 tags per repository";
    let input = create_repository::Input {
        resource_tags: tags(&["a", "b"]),
        ..create_repository::Input::with_defaults(name("team/web"))
    };
    assert_eq!(refused(with(|cx| create_repository::apply(&mut registry, cx, input))), text);
    let mut tagged = |keys: &[&str]| {
        let resource = "arn:aws:ecr:us-east-1:123456789012:repository/team/app".parse().unwrap();
        with(|cx| tag_resource::apply(&mut registry, cx, tag_resource::Input { resource, tags: tags(keys) }))
    };
    tagged(&["a"]).unwrap();
    assert_eq!(refused(tagged(&["b"])), text);
}

fn open(registry: &mut Registry) -> UploadId {
    let input = initiate_layer_upload::Input { repository: name("team/app") };
    with(|cx| initiate_layer_upload::apply(registry, cx, &input)).unwrap().upload_id
}

fn part(
    registry: &mut Registry,
    upload_id: &UploadId,
    first: u64,
    length: u64,
) -> Result<(), upload_layer_part::Error> {
    let input = upload_layer_part::Input {
        repository: name("team/app"),
        upload_id: upload_id.clone(),
        part_first_byte: first,
        part_last_byte: first + length - 1,
        length_bytes: length,
    };
    with(|cx| upload_layer_part::apply(registry, cx, &input)).map(|_| ())
}

#[test]
fn c_089_c_092_d_034_layers_and_their_parts_have_quotas_on_both_surfaces() {
    let mut registry = limited(|quotas| {
        quotas.layer_parts = 2;
        quotas.layer_part_maximum_bytes = 10;
        quotas.layer_maximum_bytes = 15;
    });
    let upload = open(&mut registry);
    assert_eq!(refused(part(&mut registry, &upload, 0, 11)), limit(10, "bytes per layer part"));
    part(&mut registry, &upload, 0, 10).unwrap();
    assert_eq!(refused(part(&mut registry, &upload, 10, 6)), limit(15, "bytes per layer"));
    part(&mut registry, &upload, 10, 1).unwrap();
    assert_eq!(refused(part(&mut registry, &upload, 11, 1)), limit(2, "parts per layer"));
    let chunk = append_upload::Input { repository: name("team/app"), upload_id: upload, first_byte: None };
    let whole = append_upload::ChunkEnd::Whole;
    let appended = with(|cx| append_upload::apply(&mut registry, cx, &chunk, 1, whole));
    assert_eq!(refused(appended), limit(2, "parts per layer"));
}

#[test]
fn c_091_d_034_the_least_size_of_a_part_is_a_quota() {
    for (least, ends) in [(10, true), (11, false)] {
        let mut registry = limited(|quotas| quotas.layer_part_minimum_bytes = least);
        let upload_id = open(&mut registry);
        part(&mut registry, &upload_id, 0, 10).unwrap();
        part(&mut registry, &upload_id, 10, 1).unwrap();
        let digest = blob("layer").digest().to_string();
        let input =
            complete_layer_upload::Input { repository: name("team/app"), upload_id, layer_digests: vec![digest] };
        let completed = with(|cx| complete_layer_upload::apply(&mut registry, cx, &input, blob("layer")));
        assert_eq!(completed.is_ok(), ends, "{least}: {completed:?}");
    }
}

#[test]
fn c_123_d_034_rules_and_characters_of_lifecycle_policies_have_quotas() {
    let rule = |priority: u32| {
        format!(
            r#"{{"rulePriority":{priority},"selection":{{"tagStatus":"tagged","tagPrefixList":["v{priority}"],"countType":"imageCountMoreThan","countNumber":{priority}}},"action":{{"type":"expire"}}}}"#
        )
    };
    let text = format!(r#"{{"rules":[{},{}]}}"#, rule(1), rule(2));
    let attempts = |registry: &mut Registry| {
        let policy = LifecyclePolicy::parse(&text);
        let put = put_lifecycle_policy::Input { repository: name("team/app"), policy: policy.clone() };
        let preview = start_lifecycle_policy_preview::Input { repository: name("team/app"), policy: Some(policy) };
        let template = create_repository_creation_template::Input {
            lifecycle_policy: Some(text.clone()),
            ..create_repository_creation_template::Input::with_defaults(
                "prod".parse().unwrap(),
                vec![AppliedFor::Replication],
            )
        };
        [
            refused(with(|cx| put_lifecycle_policy::apply(registry, cx, put))),
            refused(with(|cx| start_lifecycle_policy_preview::apply(registry, cx, preview))),
            refused(with(|cx| create_repository_creation_template::apply(registry, cx, template))),
        ]
    };
    let told = attempts(&mut limited(|quotas| quotas.lifecycle_policy_rules = 1));
    let fault = "Lifecycle policy validation failure: array is too long: must have at most 1 elements but instance has 2 \
                 elements";
    assert!(told.iter().all(|text| *text == constraint("LifecyclePolicyText", fault)), "{told:?}");
    let told = attempts(&mut limited(|quotas| quotas.lifecycle_policy_characters = 150));
    let fault = constraint("lifecyclePolicyText", "must have length less than or equal to 150");
    assert!(told.iter().all(|text| *text == fault), "{told:?}");
}

#[test]
fn c_207_d_034_cache_rules_templates_and_exclusions_have_quotas() {
    let mut registry = limited(|quotas| {
        quotas.cache_rules_per_registry = 0;
        quotas.creation_templates_per_registry = 0;
        quotas.pull_time_exclusions = 0;
    });
    let rule = create_pull_through_cache_rule::Input {
        prefix: "quay".parse().unwrap(),
        upstream_registry_url: "quay.io".to_owned(),
        upstream_registry: None,
        upstream_repository_prefix: None,
        credential_arn: None,
        custom_role_arn: None,
    };
    let ruled = with(|cx| create_pull_through_cache_rule::apply(&mut registry, cx, rule));
    assert_eq!(refused(ruled), limit(0, "pull through cache rules"));
    let template = create_repository_creation_template::Input::with_defaults(
        "prod".parse().unwrap(),
        vec![AppliedFor::Replication],
    );
    let templated = with(|cx| create_repository_creation_template::apply(&mut registry, cx, template));
    assert_eq!(refused(templated), limit(0, "repository creation templates"));
    let principal_arn = "arn:aws:iam::123456789012:role/ci".parse().unwrap();
    let input = register_pull_time_update_exclusion::Input { principal_arn };
    let excluded = with(|cx| register_pull_time_update_exclusion::apply(&mut registry, cx, input));
    assert_eq!(refused(excluded), limit(0, "pull time update exclusions"));
}

#[test]
fn c_172_c_197_d_034_the_lists_of_configurations_have_quotas() {
    let too_long =
        |member: &str, most: u64| constraint(member, &format!("Member must have length less than or equal to {most}"));
    let mut registry = limited(|quotas| {
        quotas.replication_rules = 2;
        quotas.replication_destinations = 1;
        quotas.replication_filters_per_rule = 1;
        quotas.scanning_rules = 1;
        quotas.scanning_filters_per_rule = 1;
        quotas.signing_rules = 1;
        quotas.signing_filters_per_rule = 1;
    });
    let rule = |regions: &[&str], prefixes: &[&str]| ReplicationRule {
        destinations: regions.iter().map(|region| key("123456789012", region)).collect(),
        repository_prefixes: prefixes.iter().map(|prefix| Arc::from(*prefix)).collect(),
        delete_replication: None,
    };
    let mut replicate = |rules: Vec<ReplicationRule>| {
        let input = put_replication_configuration::Input { replication: ReplicationConfiguration { rules } };
        refused(with(|cx| put_replication_configuration::apply(&mut registry, cx, input)))
    };
    let there = || rule(&["eu-west-1"], &[]);
    assert_eq!(replicate(vec![there(), there(), there()]), too_long("replicationConfiguration.rules", 2));
    let two_places = replicate(vec![rule(&["eu-west-1", "eu-west-2"], &[])]);
    assert_eq!(two_places, too_long("replicationConfiguration.rules.destinations", 1));
    let two_filters = replicate(vec![rule(&["eu-west-1"], &["aa", "bb"])]);
    assert_eq!(two_filters, too_long("replicationConfiguration.rules.repositoryFilters", 1));

    let scan = |scan_frequency, filters: &[&str]| ScanningRule {
        scan_frequency,
        filters: filters.iter().map(|filter| filter.parse().unwrap()).collect(),
    };
    let mut configure = |rules| {
        let input = registry_scanning_configuration::Input { scan_type: ScanType::Enhanced, rules };
        refused(with(|cx| registry_scanning_configuration::put(&mut registry, cx, input)))
    };
    let (on_push, always) = (ScanFrequency::ScanOnPush, ScanFrequency::ContinuousScan);
    assert_eq!(configure(vec![scan(on_push, &["*"]), scan(always, &["a"])]), too_long("rules", 1));
    assert_eq!(configure(vec![scan(on_push, &["a", "b"])]), too_long("rules.repositoryFilters", 1));

    let sign = |filters: &[&str]| SigningRule {
        signing_profile_arn: "arn:aws:signer:us-east-1:123456789012:/signing-profiles/release".parse().unwrap(),
        filters: filters.iter().map(|filter| filter.parse().unwrap()).collect(),
    };
    let mut sign_with =
        |rules| refused(with(|cx| signing_configuration::put(&mut registry, cx, SigningConfiguration { rules })));
    assert_eq!(sign_with(vec![sign(&[]), sign(&[])]), too_long("signingConfiguration.rules", 1));
    let two_filters = sign_with(vec![sign(&["a", "b"])]);
    assert_eq!(two_filters, too_long("signingConfiguration.rules.repositoryFilters", 1));
}

#[test]
fn d_001_d_034_running_backfills_have_a_quota() {
    let mut registry = limited(|quotas| quotas.running_backfills = 0);
    let destination = key("123456789012", "eu-west-1");
    let rule = ReplicationRule {
        destinations: vec![destination.clone()],
        repository_prefixes: vec![],
        delete_replication: None,
    };
    let input = put_replication_configuration::Input { replication: ReplicationConfiguration { rules: vec![rule] } };
    with(|cx| put_replication_configuration::apply(&mut registry, cx, input)).unwrap();
    let input = start_replication_backfill::Input { destination };
    let started = with(|cx| start_replication_backfill::apply(&mut registry, cx, input));
    assert_eq!(refused(started), limit(0, "replication backfills in progress"));
}

#[test]
fn d_034_a_higher_quota_lets_more_in_and_a_lower_one_takes_nothing_away() {
    let mut registry = registry();
    registry.set_quotas(Arc::new(Quotas { repositories_per_registry: 100_001, ..Quotas::default() }));
    create(&mut registry, "team/app");
    registry.set_quotas(Arc::new(Quotas { repositories_per_registry: 0, ..Quotas::default() }));
    assert!(registry.repository(&name("team/app")).is_ok());
    let more = create_repository::Input::with_defaults(name("team/web"));
    assert!(with(|cx| create_repository::apply(&mut registry, cx, more)).is_err());
}
