//! What a push is checked for, what it may leave out, and what it does to an image that was here before.

use std::sync::Arc;

use bytes::Bytes;

use super::image::{Image, ReplicationState};
use super::image_identifier::ImageIdentifier;
use super::manifest::{Manifest, ManifestError};
use super::ops::put_image::{self, Error};
use super::ops::{batch_delete_image, batch_get_image};
use super::quotas::Quotas;
use super::scanning;
use super::signing::{SigningConfiguration, SigningRule};
use super::state::Registry;
use super::tag_mutability::{TagMutability, TagMutabilityMode};
use super::testing::{NOON, at, image_about, image_of, key, link, name, push, tag, with, with_repository};
use super::types::{Digest, Timestamp};

const LATER: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// The same manifest with other text in it.
fn rewritten(manifest: &Manifest, from: &str, to: &str) -> Result<Arc<Manifest>, ManifestError> {
    let text = String::from_utf8(manifest.bytes().to_vec()).unwrap();
    assert!(text.contains(from), "{text}");
    Manifest::parse(Bytes::from(text.replace(from, to)), None).map(Arc::new)
}

fn image<'a>(registry: &'a Registry, digest: &Digest) -> &'a Image {
    &registry.repository(&name("team/app")).unwrap().images()[digest]
}

fn tags(image: &Image) -> Vec<&str> {
    image.tags().iter().map(super::types::Tag::as_str).collect()
}

fn delete(registry: &mut Registry, digest: &Digest) {
    let image_ids = vec![ImageIdentifier::by_digest(digest.to_string())];
    let input = batch_delete_image::Input { repository: name("team/app"), image_ids };
    assert_eq!(with(|cx| batch_delete_image::apply(registry, cx, &input)).unwrap().failures, []);
}

#[test]
fn a_018_unconfirmed_a_push_is_checked_in_order() {
    let mut registry = with_repository();
    link(&mut registry, &["{}", "layer"]);
    push(&mut registry, &image_of("{}", &["layer"], "one"), Some("taken")).unwrap();
    let repository = registry.repository_mut(&name("team/app")).unwrap();
    repository.tag_mutability = TagMutability::new(TagMutabilityMode::Immutable, vec![]).unwrap();
    let two = image_of("{}", &["layer"], "two");
    let (broken, parts_missing) = (Err(ManifestError::MediaTypeMissing), Ok(image_of("{}", &["gone"], "")));
    let mut refuse = |repository: &str, manifest: &Result<Arc<Manifest>, ManifestError>, image_digest: &Digest| {
        let input = put_image::Input {
            repository: name(repository),
            manifest: manifest.clone(),
            image_tag: Some(tag("taken")),
            image_digest: Some(image_digest.to_string()),
        };
        with(|cx| put_image::apply(&mut registry, cx, input)).unwrap_err()
    };
    // Each call mends what the one before was refused for, and no more.
    let other = Digest::sha256_of(b"other");
    assert!(matches!(refuse("no/where", &broken, &other), Error::RepositoryNotFound(_)));
    assert!(matches!(refuse("team/app", &broken, &other), Error::Manifest(_)));
    assert!(matches!(refuse("team/app", &parts_missing, &other), Error::LayersNotFound(_)));
    assert!(matches!(refuse("team/app", &Ok(Arc::clone(&two)), &other), Error::DigestDoesNotMatch(_)));
    assert!(matches!(refuse("team/app", &Ok(Arc::clone(&two)), two.digest()), Error::TagAlreadyExists(_)));
}

#[test]
fn a_037_known_bytes_under_a_new_tag_leave_the_image_as_it_was() {
    let mut registry = with_repository();
    link(&mut registry, &["{}", "layer"]);
    let pushed = image_of("{}", &["layer"], "");
    push(&mut registry, &pushed, Some("v1")).unwrap();
    let pull = batch_get_image::Input {
        repository: name("team/app"),
        image_ids: vec![ImageIdentifier::by_tag("v1")],
        accepted_media_types: vec![],
    };
    with(|cx| batch_get_image::apply(&mut registry, cx, &pull)).unwrap();
    let again = put_image::Input {
        repository: name("team/app"),
        manifest: Ok(image_of("{}", &["layer"], "")),
        image_tag: Some(tag("v2")),
        image_digest: None,
    };
    at(LATER, |cx| put_image::apply(&mut registry, cx, again)).unwrap();
    let kept = image(&registry, pushed.digest());
    assert!(Arc::ptr_eq(kept.manifest(), &pushed), "text and type are those of the first push");
    assert_eq!((kept.pushed_at(), kept.last_recorded_pull_time()), (NOON, Some(NOON)));
    assert_eq!(tags(kept), ["v1", "v2"]);
}

#[test]
fn a_040_foreign_layers_need_not_be_here() {
    let mut registry = with_repository();
    link(&mut registry, &["{}"]);
    let image = image_of("{}", &["windows"], "");
    assert!(matches!(push(&mut registry, &image, None), Err(Error::LayersNotFound(_))));
    let foreign = rewritten(&image, "layer.v1.tar+gzip", "layer.nondistributable.v1.tar+gzip").unwrap();
    push(&mut registry, &foreign, None).unwrap();
}

#[test]
fn a_053_unconfirmed_a_subject_must_be_a_descriptor_and_need_not_be_here() {
    let mut registry = with_repository();
    link(&mut registry, &["{}", "layer"]);
    let nobody = Digest::sha256_of(b"nobody");
    let about = image_about("{}", &["layer"], "", Some(&nobody));
    let malformed = rewritten(&about, &nobody.to_string(), "itself");
    let input =
        put_image::Input { repository: name("team/app"), manifest: malformed, image_tag: None, image_digest: None };
    assert!(matches!(with(|cx| put_image::apply(&mut registry, cx, input)), Err(Error::Manifest(_))));
    push(&mut registry, &about, None).unwrap();
}

#[test]
fn a_125_what_scans_replication_and_signing_know_of_an_image_goes_with_it() {
    let mut registry = with_repository();
    link(&mut registry, &["{}", "layer"]);
    registry.repository_mut(&name("team/app")).unwrap().scan_on_push = true;
    let signing_profile_arn = "arn:aws:signer:us-east-1:123456789012:/signing-profiles/release".parse().unwrap();
    let rules = vec![SigningRule { signing_profile_arn, filters: vec![] }];
    registry.signing = Some(Arc::new(SigningConfiguration { rules }));
    let pushed = image_of("{}", &["layer"], "");
    push(&mut registry, &pushed, None).unwrap();
    let (app, digest) = (name("team/app"), pushed.digest());
    scanning::settle(&mut registry, &app, digest, NOON, &Ok(()));
    registry.set_replication_status(&app, digest, key("123456789012", "eu-west-1"), ReplicationState::Complete);
    let known = |registry: &Registry| {
        let image = image(registry, digest);
        (image.scan().is_some(), image.replication_statuses().len(), image.signing_statuses().len())
    };
    assert_eq!(known(&registry), (true, 1, 1));

    delete(&mut registry, digest);
    link(&mut registry, &["{}", "layer"]);
    registry.repository_mut(&app).unwrap().scan_on_push = false;
    registry.signing = None;
    push(&mut registry, &pushed, None).unwrap();
    assert_eq!(known(&registry), (false, 0, 0), "the same bytes are a new image");
}

#[test]
fn a_049_a_full_repository_takes_tags_and_no_images() {
    let mut registry = with_repository();
    assert_eq!(registry.quotas().images_per_repository, 100_000);
    registry.set_quotas(Arc::new(Quotas { images_per_repository: 2, ..Quotas::default() }));
    link(&mut registry, &["{}", "layer"]);
    let [one, two, three] = ["one", "two", "three"].map(|note| image_of("{}", &["layer"], note));
    push(&mut registry, &one, None).unwrap();
    push(&mut registry, &two, None).unwrap();
    let refused = push(&mut registry, &three, None).unwrap_err();
    assert!(matches!(refused, Error::LimitExceeded(_)), "{refused}");
    push(&mut registry, &two, Some("v1")).unwrap();
    delete(&mut registry, one.digest());
    push(&mut registry, &three, None).unwrap();
}
