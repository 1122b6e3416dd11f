//! Replication as a whole: who gets what, and what the copy leaves out.

use std::sync::Arc;

use super::{ReplicationConfiguration, ReplicationFailure, ReplicationRule, copy, deletion_destinations, destinations};
use crate::registry::image::ReplicationState;
use crate::registry::image_identifier::ImageIdentifier;
use crate::registry::limits;
use crate::registry::ops::{describe_image_replication_status, put_replication_configuration};
use crate::registry::policy::iam::PolicyKind;
use crate::registry::quotas::Quotas;
use crate::registry::state::Registry;
use crate::registry::tag_mutability::{TagMutability, TagMutabilityMode};
use crate::registry::testing::{
    ACTIONS, NOON, blob, create, image_about, image_of, index_of, key, link, name, picture, push, tag, with,
    with_repository,
};
use crate::registry::types::{Digest, Timestamp};

const OWN: &str = "123456789012";
const OTHER: &str = "999999999999";
const LATER: Timestamp = Timestamp::from_millis(1_800_000_000_000);

fn rule(regions: &[&str], prefixes: &[&str]) -> ReplicationRule {
    ReplicationRule {
        destinations: regions.iter().map(|region| key(OWN, region)).collect(),
        repository_prefixes: prefixes.iter().map(|prefix| Arc::from(*prefix)).collect(),
        delete_replication: None,
    }
}

fn configure(registry: &mut Registry, rules: Vec<ReplicationRule>) -> Result<(), String> {
    let input = put_replication_configuration::Input { replication: ReplicationConfiguration { rules } };
    let result = with(|cx| put_replication_configuration::apply(registry, cx, input));
    result.map(|_| ()).map_err(|error| error.to_string())
}

#[test]
fn a_059_a_060_a_061_destinations_are_a_union_over_matching_rules() {
    let mut registry = with_repository();
    let rules = vec![
        rule(&["eu-west-1"], &[]),
        rule(&["eu-west-1", "eu-west-2"], &["prod-", "team/"]),
        rule(&["eu-west-3"], &["prod-"]),
    ];
    configure(&mut registry, rules).unwrap();
    for (repository, expected) in [
        ("team/app", vec!["eu-west-1", "eu-west-2"]),
        ("prod-app", vec!["eu-west-1", "eu-west-2", "eu-west-3"]),
        ("other", vec!["eu-west-1"]),
        ("a-prod-app", vec!["eu-west-1"]),
    ] {
        let found = destinations(&registry, &name(repository));
        let regions: Vec<&str> = found.iter().map(|destination| destination.region.as_str()).collect();
        assert_eq!(regions, expected, "{repository}");
    }
    configure(&mut registry, vec![]).unwrap();
    assert!(destinations(&registry, &name("team/app")).is_empty());
}

#[test]
fn a_062_c_179_configurations_are_checked_whole() {
    let mut registry = with_repository();
    let regions: Vec<String> =
        (0..=limits::REPLICATION_DESTINATIONS).map(|number| format!("region-{number}")).collect();
    let regions: Vec<&str> = regions.iter().map(String::as_str).collect();
    let prefixes = vec!["ab"; limits::REPLICATION_FILTERS_PER_RULE + 1];
    configure(&mut registry, vec![rule(&["eu-west-1"], &[])]).unwrap();
    let before = Arc::clone(registry.replication());
    assert_eq!(
        configure(&mut registry, vec![rule(&["eu-west-1", "us-east-1"], &[])]).unwrap_err(),
        "Invalid parameter at 'replicationConfiguration' failed to satisfy constraint: 'Replication destination cannot \
         be the same as the source registry'"
    );
    assert!(configure(&mut registry, vec![rule(&regions, &[])]).is_err());
    assert!(configure(&mut registry, vec![rule(&["eu-west-1"], &prefixes)]).is_err());
    assert!(configure(&mut registry, vec![rule(&["eu-west-1"], &[]); limits::REPLICATION_RULES + 1]).is_err());
    assert!(Arc::ptr_eq(&before, registry.replication()));
    assert!(configure(&mut registry, vec![rule(&regions[1..], &[]), rule(&regions[1..], &["ab"])]).is_ok());
}

/// An index over one image, pushed as `latest`, with a signature of it.
fn source() -> (Registry, Digest, Digest) {
    let mut registry = with_repository();
    link(&mut registry, &["{}", "layer", "signature"]);
    let image = image_of("{}", &["layer"], "");
    let index = index_of(&[&image], "");
    push(&mut registry, &image, None).unwrap();
    push(&mut registry, &index, Some("latest")).unwrap();
    push(&mut registry, &image_about("{}", &["signature"], "", Some(index.digest())), None).unwrap();
    (registry, index.digest().clone(), image.digest().clone())
}

#[test]
fn a_055_a_056_a_057_a_058_a_070_a_074_a_075_a_079_the_whole_image_arrives_with_its_tag() {
    let (source, index, child) = source();
    let mut replica = Registry::new(key(OWN, "eu-west-1"));
    copy(&source, &mut replica, LATER, &name("team/app"), &index, Some(&tag("latest"))).unwrap();
    let picture = picture(&replica, "team/app");
    assert_eq!(picture.len(), 2, "the signature stays behind");
    assert_eq!((&picture[&index][..], &picture[&child][..]), (&["latest".to_owned()][..], &[][..]));
    let repository = replica.repository(&name("team/app")).unwrap();
    for content in ["{}", "layer"] {
        assert!(repository.layer(blob(content).digest()).is_some(), "{content}");
    }
    assert_eq!(repository.layers().count(), 2, "no layer of another image comes along");
    assert!(repository.images().values().all(|image| image.pushed_at() == LATER));
    assert_eq!(repository.tag_mutability(), &TagMutability::default());
    repository.assert_indexes_agree();
}

#[test]
fn a_075_a_076_a_084_a_tag_moves_unless_it_is_immutable_there() {
    for (mode, arrives) in [(TagMutabilityMode::Mutable, true), (TagMutabilityMode::Immutable, false)] {
        let (source, index, _) = source();
        let mut replica = Registry::new(key(OWN, "eu-west-1"));
        create(&mut replica, "team/app");
        link(&mut replica, &["{}", "layer"]);
        let former = image_of("{}", &["layer"], "former");
        push(&mut replica, &former, Some("latest")).unwrap();
        let repository = replica.repository_mut(&name("team/app")).unwrap();
        repository.tag_mutability = TagMutability::new(mode, vec![]).unwrap();
        copy(&source, &mut replica, LATER, &name("team/app"), &index, Some(&tag("latest"))).unwrap();
        let picture = picture(&replica, "team/app");
        assert_eq!(picture[&index].len() == 1, arrives, "{mode:?}");
        assert_eq!(picture[former.digest()].len() == 1, !arrives, "{mode:?}");
        let repository = replica.repository(&name("team/app")).unwrap();
        assert_eq!(repository.images()[former.digest()].pushed_at(), NOON);
        assert_eq!(repository.tag_mutability().mode(), mode);
    }
}

#[test]
fn a_077_a_087_layers_are_shared_with_the_source_and_those_that_are_there_stay() {
    let (source, index, _) = source();
    let mut replica = Registry::new(key(OWN, "eu-west-1"));
    create(&mut replica, "team/app");
    link(&mut replica, &["layer"]);
    let held = |registry: &Registry, content: &str| {
        let repository = registry.repository(&name("team/app")).unwrap();
        repository.layer(blob(content).digest()).unwrap().blob.clone()
    };
    let (before, config) = (held(&replica, "layer"), held(&source, "{}"));
    copy(&source, &mut replica, LATER, &name("team/app"), &index, None).unwrap();
    assert!(held(&replica, "layer").is_same(&before) && !before.is_same(&held(&source, "layer")));
    assert!(held(&replica, "{}").is_same(&config), "no byte is copied");
}

#[test]
fn a_069_another_account_must_allow_it() {
    let (source, index, _) = source();
    let mut replica = Registry::new(key(OTHER, "us-east-1"));
    let repository = name("team/app");
    let refused = copy(&source, &mut replica, LATER, &repository, &index, None).unwrap_err();
    assert_eq!(refused, ReplicationFailure::AccessDenied);
    assert!(replica.repositories().is_empty());
    crate::registry::seeding::replication_source(&mut replica, source.id());
    copy(&source, &mut replica, LATER, &repository, &index, None).unwrap();
}

#[test]
fn a_069_d_008_c_122_the_policy_of_the_destination_grants_images_and_repositories_each_by_itself() {
    let (source, index, _) = source();
    let repository = name("team/app");
    let statement = |effect: &str, action: &str| {
        format!(r#"{{"Effect":"{effect}","Principal":{{"AWS":"{OWN}"}},"Action":"ecr:{action}","Resource":"*"}}"#)
    };
    let images = statement("Allow", "ReplicateImage");
    let repositories = statement("Allow", "CreateRepository");
    let denial = statement("Deny", "ReplicateImage");
    let both = [images.clone(), repositories.clone()].join(",");
    let denied = [both.clone(), denial].join(",");
    for (statements, is_there, is_source, arrives) in [
        (&both, false, false, true),
        (&images, false, false, false),
        (&images, true, false, true),
        (&repositories, true, false, false),
        (&denied, true, false, false),
        // What a seed grants is a statement among others.
        (&images, false, true, true),
        (&denied, true, true, false),
    ] {
        let mut replica = Registry::new(key(OTHER, "us-east-1"));
        if is_there {
            create(&mut replica, "team/app");
        }
        if is_source {
            crate::registry::seeding::replication_source(&mut replica, source.id());
        }
        let text = format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#);
        replica.policy = Some(replica.read_policy(PolicyKind::Registry, &text, ACTIONS).unwrap());
        let copied = copy(&source, &mut replica, LATER, &repository, &index, None);
        let expected = if arrives { Ok(()) } else { Err(ReplicationFailure::AccessDenied) };
        assert_eq!(copied, expected, "{text} {is_there} {is_source}");
    }
}

#[test]
fn a_067_d_034_a_destination_without_room_fails_the_replication() {
    let (source, index, _) = source();
    let full = |quotas: Quotas| {
        let mut replica = Registry::new(key(OWN, "eu-west-1")).with_quotas(Arc::new(quotas));
        copy(&source, &mut replica, LATER, &name("team/app"), &index, Some(&tag("latest"))).unwrap_err()
    };
    for quotas in [
        Quotas { repositories_per_registry: 0, ..Quotas::default() },
        Quotas { images_per_repository: 1, ..Quotas::default() },
        Quotas { tags_per_image: 0, ..Quotas::default() },
    ] {
        assert_eq!(full(quotas), ReplicationFailure::LimitExceeded, "{quotas:?}");
    }
}

#[test]
fn a_070_d_016_a_missing_repository_is_created_by_the_template_for_replication() {
    use crate::registry::encryption::EncryptionType;
    use crate::registry::ops::create_repository_creation_template::{self as template, Input};
    use crate::registry::templates::AppliedFor;

    let (source, index, _) = source();
    let mut replica = Registry::new(key(OWN, "eu-west-1"));
    let put = |replica: &mut Registry, input: Input| with(|cx| template::apply(replica, cx, input)).unwrap();
    let moments = |moment| Input::with_defaults("team".parse().unwrap(), vec![moment]);
    put(&mut replica, Input { tag_mutability: TagMutabilityMode::Immutable, ..moments(AppliedFor::Replication) });
    let sealed = Input { encryption: Some((EncryptionType::Kms, None)), ..moments(AppliedFor::Replication) };
    let mut other = Registry::new(key(OWN, "eu-west-2"));
    put(&mut other, sealed);
    copy(&source, &mut replica, LATER, &name("team/app"), &index, None).unwrap();
    let created = replica.repository(&name("team/app")).unwrap();
    assert_eq!(created.tag_mutability().mode(), TagMutabilityMode::Immutable);
    let failed = copy(&source, &mut other, LATER, &name("team/app"), &index, None).unwrap_err();
    assert_eq!((failed, failed.to_string().as_str()), (ReplicationFailure::RoleMissing, "CUSTOM_ROLE_MISSING"));
    assert!(other.repositories().is_empty());
}

#[test]
fn d_007_deletions_go_where_a_matching_rule_says_so() {
    let mut registry = with_repository();
    let deleting = |rule: ReplicationRule, delete: bool| ReplicationRule { delete_replication: Some(delete), ..rule };
    let rules = vec![
        deleting(rule(&["eu-west-1"], &[]), true),
        deleting(rule(&["eu-west-2"], &[]), false),
        deleting(rule(&["eu-west-3"], &["prod-"]), true),
        rule(&["eu-north-1"], &[]),
    ];
    configure(&mut registry, rules).unwrap();
    assert_eq!(deletion_destinations(&registry, &name("team/app")), [key(OWN, "eu-west-1")]);
    assert_eq!(destinations(&registry, &name("team/app")).len(), 3);
}

#[test]
fn a_067_what_is_gone_at_the_source_fails_and_leaves_nothing() {
    let (source, ..) = source();
    let mut replica = Registry::new(key(OWN, "eu-west-1"));
    for (repository, digest) in [("team/app", Digest::sha256_of(b"gone")), ("no/where", Digest::sha256_of(b"gone"))] {
        let failed = copy(&source, &mut replica, LATER, &name(repository), &digest, None).unwrap_err();
        assert_eq!(failed, ReplicationFailure::ImageNotFound);
    }
    assert!(replica.repositories().is_empty());
}

#[test]
fn a_066_a_085_a_186_a_187_a_188_a_190_statuses_are_kept_by_destination() {
    let (mut source, index, _) = source();
    let repository = name("team/app");
    let describe = |source: &Registry, image_id: ImageIdentifier| {
        let input = describe_image_replication_status::Input { repository: repository.clone(), image_id };
        describe_image_replication_status::apply(source, &input)
    };
    let latest = || ImageIdentifier::by_tag("latest");
    assert_eq!(describe(&source, latest()).unwrap().replication_statuses, []);
    for region in ["eu-west-2", "eu-west-1"] {
        source.set_replication_status(&repository, &index, key(OWN, region), ReplicationState::InProgress);
    }
    let failed = ReplicationState::Failed { failure_code: "ACCESS_DENIED".into() };
    source.set_replication_status(&repository, &index, key(OWN, "eu-west-2"), failed);
    let output = describe(&source, latest()).unwrap();
    assert_eq!((output.image_id.digest, output.image_id.tag), (index, Some(tag("latest"))));
    let shown: Vec<_> = output
        .replication_statuses
        .iter()
        .map(|status| (status.destination.region.as_str(), status.state.as_str(), status.state.failure_code()))
        .collect();
    assert_eq!(shown, [("eu-west-1", "IN_PROGRESS", None), ("eu-west-2", "FAILED", Some("ACCESS_DENIED"))]);
    assert!(describe(&source, ImageIdentifier::by_tag("none")).is_err());
}
