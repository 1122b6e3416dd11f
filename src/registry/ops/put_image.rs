//! `PutImage`, and `PUT …/manifests/<reference>`: stores a manifest and puts a tag on it.
//!
//! Checks in this order (that of references, digest and tag is unconfirmed): repository, manifest, references, digest,
//! tag, quotas. The identical push is an error here; the registry surface answers it as a success. A push of an image that
//! is in the archive, or on its way out of it, restores it at once, also with the tag that it has.
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutImage.html>

use std::sync::Arc;

use crate::registry::context::{Context, Effect};
use crate::registry::errors::{
    ImageAlreadyExists, ImageDigestDoesNotMatch, ImageTagAlreadyExists, LayersNotFound, LimitExceeded, Limited,
    ReferencedImagesNotFound, RepositoryNotFound,
};
use crate::registry::image_identifier::ImageId;
use crate::registry::manifest::{Kind, Manifest, ManifestError};
use crate::registry::repository::Repository;
use crate::registry::state::Registry;
use crate::registry::types::{Digest, RepositoryName, Tag};
use crate::registry::{scanning, signing};

/// What is pushed.
#[derive(Clone, Debug)]
pub struct Input {
    /// Where to.
    pub repository: RepositoryName,
    /// The manifest, parsed before the world's writer is entered; if it is none, that shows after the repository's
    /// existence.
    pub manifest: Result<Arc<Manifest>, ManifestError>,
    /// Tag to put on it.
    pub image_tag: Option<Tag>,
    /// Digest that the caller expects, as written.
    pub image_digest: Option<String>,
}

/// What was stored.
#[derive(Clone, Debug)]
pub struct Output {
    /// Digest, and tag if one was given.
    pub image_id: ImageId,
    /// The manifest.
    pub manifest: Arc<Manifest>,
}

/// What can go wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No such repository.
    #[error(transparent)]
    RepositoryNotFound(#[from] RepositoryNotFound),
    /// No manifest. `InvalidParameterException`.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// Blobs that it names are missing.
    #[error(transparent)]
    LayersNotFound(#[from] LayersNotFound),
    /// Children that it names are missing.
    #[error(transparent)]
    ReferencedImagesNotFound(#[from] ReferencedImagesNotFound),
    /// The caller expected another digest.
    #[error(transparent)]
    DigestDoesNotMatch(#[from] ImageDigestDoesNotMatch),
    /// The same image with the same tag is there.
    #[error(transparent)]
    AlreadyExists(#[from] ImageAlreadyExists),
    /// The tag is immutable and names another image.
    #[error(transparent)]
    TagAlreadyExists(#[from] ImageTagAlreadyExists),
    /// The repository or the image is full.
    #[error(transparent)]
    LimitExceeded(#[from] LimitExceeded),
}

/// What a manifest must satisfy beside being one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ManifestRules {
    /// ECR's: an image has a layer, and what a manifest names is here, but for foreign layers and its subject.
    Ecr,
    /// Those of the distribution specification: none. What a manifest names may come later, or never.
    Distribution,
}

/// Stores the manifest.
pub fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: Input) -> Result<Output, Error> {
    apply_by(ManifestRules::Ecr, registry, cx, input)
}

/// [`apply`] by other rules than ECR's.
pub(super) fn apply_by(
    rules: ManifestRules,
    registry: &mut Registry,
    cx: &mut Context<'_>,
    input: Input,
) -> Result<Output, Error> {
    let repository = registry.repository(&input.repository)?;
    let manifest = input.manifest?;
    let digest = manifest.digest().clone();
    if rules == ManifestRules::Ecr {
        check_references(registry, repository, &manifest)?;
    }
    if let Some(image_digest) = input.image_digest.filter(|expected| *expected != digest.to_string()) {
        let repository = input.repository;
        return Err(ImageDigestDoesNotMatch { image_digest, repository, registry_id: registry.id() }.into());
    }
    check_tag(registry, repository, &digest, input.image_tag.as_ref())?;
    check_quotas(registry, repository, &digest, input.image_tag.as_ref())?;

    let repository = registry.repository_mut(&input.repository)?;
    if repository.images().contains_key(&digest) {
        repository.restore(&digest, cx.now);
    } else {
        repository.insert_image(Arc::clone(&manifest), cx.now);
    }
    if let Some(tag) = &input.image_tag {
        repository.put_tag(tag, &digest);
    }
    let scan = scanning::on_push(registry, &input.repository, &digest, cx.now);
    let signings = signing::on_push(registry, &input.repository, &manifest);
    let image_id = ImageId { digest, tag: input.image_tag };
    cx.effects.push(Effect::ImagePushed {
        repository: input.repository,
        digest: image_id.digest.clone(),
        tag: image_id.tag.clone(),
    });
    cx.effects.extend(scan.into_iter().chain(signings).map(Effect::WorkBegun));
    Ok(Output { image_id, manifest })
}

/// Everything that a manifest names must be in this repository, but for foreign layers and its subject.
fn check_references(registry: &Registry, repository: &Repository, manifest: &Manifest) -> Result<(), Error> {
    if matches!(manifest.kind(), Kind::Image { layers, .. } if layers.is_empty()) {
        return Err(ManifestError::WithoutLayers.into());
    }
    let blobs = manifest.blobs().into_iter();
    let required = blobs.filter(|(_, may_be_missing)| !may_be_missing.0).map(|(digest, _)| digest);
    let digests: Vec<Digest> = required.filter(|digest| repository.layer(digest).is_none()).cloned().collect();
    if !digests.is_empty() {
        let repository = repository.name().clone();
        return Err(LayersNotFound { digests, repository, registry_id: registry.id() }.into());
    }
    let children = manifest.children().into_iter();
    let digests: Vec<Digest> = children.filter(|child| !repository.images().contains_key(*child)).cloned().collect();
    if !digests.is_empty() {
        let repository = repository.name().clone();
        return Err(ReferencedImagesNotFound { digests, repository, registry_id: registry.id() }.into());
    }
    Ok(())
}

/// The decision table of tags: the identical push is refused first, then an immutable tag that names another image.
fn check_tag(registry: &Registry, repository: &Repository, digest: &Digest, tag: Option<&Tag>) -> Result<(), Error> {
    let identical = match tag {
        Some(tag) => repository.tags().get(tag) == Some(digest),
        None => repository.images().contains_key(digest),
    };
    if identical && repository.images().get(digest).is_some_and(|image| !image.is_active()) {
        return Ok(());
    }
    if identical {
        return Err(Error::AlreadyExists(ImageAlreadyExists {
            digest: digest.clone(),
            tag: tag.cloned(),
            repository: repository.name().clone(),
            registry_id: registry.id(),
        }));
    }
    match tag {
        Some(tag) if repository.tags().contains_key(tag) && repository.tag_mutability().is_immutable(tag) => {
            Err(ImageTagAlreadyExists { tag: tag.clone(), repository: repository.name().clone() }.into())
        }
        _ => Ok(()),
    }
}

fn check_quotas(registry: &Registry, repository: &Repository, digest: &Digest, tag: Option<&Tag>) -> Result<(), Error> {
    let quotas = registry.quotas();
    match repository.images().get(digest) {
        None if repository.is_full(quotas) => Err(registry.limit(Limited::Images, quotas.images_per_repository).into()),
        image => {
            let has_tag = |tag: &Tag| image.is_some_and(|image| image.tags().contains(tag));
            if tag.is_none_or(has_tag) {
                return Ok(());
            }
            let tags = image.map_or(0, |image| image.tags().len());
            Ok(registry.check_room(Limited::Tags, tags, quotas.tags_per_image)?)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::limits;
    use crate::registry::tag_mutability::{TagMutability, TagMutabilityMode};
    use crate::registry::testing::{
        at, image_about, image_of, index_of, link, name, picture, push, tag, with, with_repository,
    };
    use crate::registry::types::Timestamp;

    /// `team/app` with blobs for two images, the first of them pushed as `taken` and `also`.
    fn stage(mode: TagMutabilityMode) -> (Registry, Arc<Manifest>, Arc<Manifest>) {
        let mut registry = with_repository();
        link(&mut registry, &["{}", "layer"]);
        let (one, two) = (image_of("{}", &["layer"], "one"), image_of("{}", &["layer"], "two"));
        push(&mut registry, &one, Some("taken")).unwrap();
        push(&mut registry, &one, Some("also")).unwrap();
        let filters = match mode {
            TagMutabilityMode::Mutable | TagMutabilityMode::Immutable => vec![],
            _ => vec!["taken*".parse().unwrap()],
        };
        let repository = registry.repository_mut(&name("team/app")).unwrap();
        repository.tag_mutability = TagMutability::new(mode, filters).unwrap();
        (registry, one, two)
    }

    #[derive(Debug, PartialEq)]
    enum Answer {
        Stored,
        ImageExists,
        TagExists,
    }

    /// Which image, its tag, what a mutable and an immutable tag answer, tags of the two images if it is stored.
    type Row = (u8, Option<&'static str>, Answer, Answer, &'static [&'static str], &'static [&'static str]);

    fn answer(result: &Result<Output, Error>) -> Answer {
        match result {
            Ok(_) => Answer::Stored,
            Err(Error::AlreadyExists(_)) => Answer::ImageExists,
            Err(Error::TagAlreadyExists(_)) => Answer::TagExists,
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn a_023_a_024_a_025_a_026_a_027_a_028_a_029_the_decision_table_holds() {
        use Answer::{ImageExists, Stored, TagExists};
        use TagMutabilityMode::{Immutable, ImmutableWithExclusion, Mutable, MutableWithExclusion};
        let table: [Row; 7] = [
            (2, None, Stored, Stored, &["also", "taken"], &[]),
            (2, Some("taken-not"), Stored, Stored, &["also", "taken"], &["taken-not"]),
            (2, Some("taken"), Stored, TagExists, &["also"], &["taken"]),
            (1, None, ImageExists, ImageExists, &[], &[]),
            (1, Some("taken"), ImageExists, ImageExists, &[], &[]),
            (1, Some("taken-not"), Stored, Stored, &["also", "taken", "taken-not"], &[]),
            (3, Some("taken"), Stored, TagExists, &["also"], &["taken", "third"]),
        ];
        for (which, image_tag, when_mutable, when_immutable, tags_of_one, tags_of_two) in table {
            for mode in [Mutable, ImmutableWithExclusion, Immutable, MutableWithExclusion] {
                let (mut registry, one, two) = stage(mode);
                if which == 3 {
                    push(&mut registry, &two, Some("third")).unwrap();
                }
                let before = picture(&registry, "team/app");
                let result = push(&mut registry, if which == 1 { &one } else { &two }, image_tag);
                let frozen = matches!(mode, Immutable | MutableWithExclusion);
                let expected = if frozen { &when_immutable } else { &when_mutable };
                let case = format!("image {which} as {image_tag:?} in {mode:?}");
                assert_eq!(&answer(&result), expected, "{case}");
                let after = picture(&registry, "team/app");
                if *expected == Stored {
                    assert_eq!(after[one.digest()], tags_of_one, "{case}");
                    assert_eq!(after.get(two.digest()).map_or(&[][..], |tags| tags), tags_of_two, "{case}");
                } else {
                    assert_eq!(after, before, "{case}");
                }
            }
        }
    }

    #[test]
    fn a_028_an_image_that_loses_its_last_tag_stays_untagged() {
        let (mut registry, one, two) = stage(TagMutabilityMode::Mutable);
        for moved in ["taken", "also"] {
            push(&mut registry, &two, Some(moved)).unwrap();
        }
        assert!(picture(&registry, "team/app")[one.digest()].is_empty());
    }

    #[test]
    fn a_023_the_text_about_an_immutable_tag_is_the_present_one() {
        let (mut registry, _, two) = stage(TagMutabilityMode::Immutable);
        assert_eq!(
            push(&mut registry, &two, Some("taken")).unwrap_err().to_string(),
            "The image tag 'taken' already exists in the 'team/app' repository and cannot be overwritten because the \
             tag is immutable."
        );
    }

    #[test]
    fn a_038_a_039_missing_parts_are_named_and_the_subject_is_none() {
        let mut registry = with_repository();
        link(&mut registry, &["{}"]);
        let image = image_of("{}", &["a", "b", "a"], "");
        let missing = ["a", "b"].map(|content| Digest::sha256_of(content.as_bytes()));
        let Err(Error::LayersNotFound(error)) = push(&mut registry, &image, None) else { panic!("accepted") };
        assert_eq!(error.digests, missing);
        link(&mut registry, &["a", "b"]);
        let index = index_of(&[&image], "");
        let Err(Error::ReferencedImagesNotFound(error)) = push(&mut registry, &index, None) else { panic!("accepted") };
        assert_eq!(error.digests, [image.digest().clone()]);
        push(&mut registry, &image, None).unwrap();
        push(&mut registry, &index, Some("latest")).unwrap();
        let about = image_about("{}", &["a"], "", Some(&Digest::sha256_of(b"nobody")));
        push(&mut registry, &about, None).unwrap();
    }

    #[test]
    fn a_017_a_019_a_020_the_expected_digest_must_be_that_of_the_bytes() {
        let (mut registry, _, two) = stage(TagMutabilityMode::Mutable);
        let mut push_expecting = |image_digest: String| {
            let input = Input {
                repository: name("team/app"),
                manifest: Ok(Arc::clone(&two)),
                image_tag: None,
                image_digest: Some(image_digest),
            };
            with(|cx| apply(&mut registry, cx, input))
        };
        for wrong in [Digest::sha256_of(b"x").to_string(), format!("sha512:{}", "0".repeat(128)), "x".to_owned()] {
            assert!(matches!(push_expecting(wrong), Err(Error::DigestDoesNotMatch(_))));
        }
        assert!(push_expecting(two.digest().to_string()).is_ok());
    }

    #[test]
    fn a_missing_repository_shows_before_a_broken_manifest() {
        let mut registry = with_repository();
        let broken = |repository: &str| Input {
            repository: name(repository),
            manifest: Err(ManifestError::MediaTypeMissing),
            image_tag: None,
            image_digest: None,
        };
        let elsewhere = with(|cx| apply(&mut registry, cx, broken("no/where")));
        assert!(matches!(elsewhere, Err(Error::RepositoryNotFound(_))));
        assert!(matches!(with(|cx| apply(&mut registry, cx, broken("team/app"))), Err(Error::Manifest(_))));
    }

    #[test]
    fn an_image_without_layers_is_refused() {
        let mut registry = with_repository();
        link(&mut registry, &["{}"]);
        let refused = push(&mut registry, &image_of("{}", &[], ""), None);
        assert_eq!(refused.unwrap_err(), Error::Manifest(ManifestError::WithoutLayers));
    }

    #[test]
    fn a_033_unconfirmed_a_retag_keeps_the_push_time() {
        let (mut registry, one, _) = stage(TagMutabilityMode::Mutable);
        let pushed_at = registry.repository(&name("team/app")).unwrap().images()[one.digest()].pushed_at();
        let input = Input {
            repository: name("team/app"),
            manifest: Ok(Arc::clone(&one)),
            image_tag: Some(tag("new")),
            image_digest: None,
        };
        at(Timestamp::MAX, |cx| apply(&mut registry, cx, input)).unwrap();
        assert_eq!(registry.repository(&name("team/app")).unwrap().images()[one.digest()].pushed_at(), pushed_at);
    }

    #[test]
    fn a_push_is_an_effect_and_a_refused_one_is_none() {
        let (mut registry, one, _) = stage(TagMutabilityMode::Mutable);
        let mut effects_of = |image_tag: &str| {
            let input = Input {
                repository: name("team/app"),
                manifest: Ok(Arc::clone(&one)),
                image_tag: Some(tag(image_tag)),
                image_digest: None,
            };
            with(|cx| {
                let _ = apply(&mut registry, cx, input);
                std::mem::take(&mut cx.effects)
            })
        };
        let (repository, digest) = (name("team/app"), one.digest().clone());
        assert_eq!(effects_of("new"), [Effect::ImagePushed { repository, digest, tag: Some(tag("new")) }]);
        assert_eq!(effects_of("new"), []);
    }

    #[test]
    fn a_thousand_tags_fit_on_an_image_and_no_more() {
        let (mut registry, one, _) = stage(TagMutabilityMode::Mutable);
        for number in 2..limits::TAGS_PER_IMAGE {
            push(&mut registry, &one, Some(&format!("t{number}"))).unwrap();
        }
        assert!(matches!(push(&mut registry, &one, Some("one-more")), Err(Error::LimitExceeded(_))));
        assert!(matches!(push(&mut registry, &one, Some("t5")), Err(Error::AlreadyExists(_))));
    }
}
