//! `UpdateImageStorageClass`: sends an image to the archive, or begins to bring it back.
//!
//! The way into the archive takes no time, the way out is work that ends later. Tags stay on the image.
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_UpdateImageStorageClass.html>

use crate::registry::context::{Context, Effect};
use crate::registry::errors::{
    ImageNotFound, ImageStorageClassUpdateNotSupported, RepositoryNotFound, StorageClassUpdateRefusal,
};
use crate::registry::image::{Image, ImageStatus};
use crate::registry::image_identifier::ImageIdentifier;
use crate::registry::policy::lifecycle::StorageClass;
use crate::registry::repository::Repository;
use crate::registry::state::{ImageLookupError, Registry};
use crate::registry::types::{Digest, RepositoryName};
use crate::registry::work::Work;

/// What goes where.
#[derive(Clone, Debug)]
pub struct Input {
    /// The repository.
    pub repository: RepositoryName,
    /// The image as the caller named it.
    pub image_id: ImageIdentifier,
    /// Where it is to go.
    pub target: StorageClass,
}

/// The image as it is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Output {
    /// Its storage status.
    pub image_status: ImageStatus,
}

/// What can go wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No such repository.
    #[error(transparent)]
    RepositoryNotFound(#[from] RepositoryNotFound),
    /// No such image.
    #[error(transparent)]
    ImageNotFound(#[from] ImageNotFound),
    /// It cannot go there.
    #[error(transparent)]
    NotSupported(#[from] ImageStorageClassUpdateNotSupported),
}

impl From<ImageLookupError> for Error {
    fn from(error: ImageLookupError) -> Self {
        match error {
            ImageLookupError::RepositoryNotFound(error) => error.into(),
            ImageLookupError::ImageNotFound(error) => error.into(),
        }
    }
}

/// Changes the storage class.
pub fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: &Input) -> Result<Output, Error> {
    let (image, _) = registry.image(&input.repository, &input.image_id)?;
    let digest = image.digest().clone();
    if let Some(cause) = refusal(registry.repository(&input.repository)?, image, input.target) {
        let (repository, registry_id) = (input.repository.clone(), registry.id());
        let target = input.target;
        return Err(ImageStorageClassUpdateNotSupported { digest, target, cause, repository, registry_id }.into());
    }
    let repository = registry.repository_mut(&input.repository)?;
    match input.target {
        StorageClass::Archive => {
            repository.archive(&digest, cx.now);
            Ok(Output { image_status: ImageStatus::Archived })
        }
        StorageClass::Standard => {
            repository.begin_activation(&digest);
            cx.effects.push(Effect::WorkBegun(Work::Activation { repository: input.repository.clone(), digest }));
            Ok(Output { image_status: ImageStatus::Activating })
        }
    }
}

/// Why an image cannot go there, if it cannot. That an image stays where it is asked to be, and with an index that can be
/// pulled, is unconfirmed.
fn refusal(repository: &Repository, image: &Image, target: StorageClass) -> Option<StorageClassUpdateRefusal> {
    match (target, image.status()) {
        (StorageClass::Standard, ImageStatus::Archived) => None,
        (StorageClass::Archive, ImageStatus::Active) => {
            let can_be_pulled = |index: &&Digest| {
                repository.images().get(*index).is_some_and(|index| index.status() != ImageStatus::Archived)
            };
            let indexes: Vec<Digest> = repository.indexes_of(image.digest()).filter(can_be_pulled).cloned().collect();
            (!indexes.is_empty()).then_some(StorageClassUpdateRefusal::ReferencedByManifestList(indexes))
        }
        (_, status) => Some(StorageClassUpdateRefusal::Status(status)),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::list_images::{ImageFilter, ImageStatusFilter};
    use super::super::{
        batch_check_layer_availability, batch_delete_image, batch_get_image, delete_repository, describe_images,
        download_layer, image_by_reference, list_images, put_image, stat_blob,
    };
    use super::*;
    use crate::registry::image_identifier::Reference;
    use crate::registry::manifest::Manifest;
    use crate::registry::page::PageRequest;
    use crate::registry::replication;
    use crate::registry::tag_mutability::{TagMutability, TagMutabilityMode};
    use crate::registry::testing::{
        NOON, at, blob, image_of, index_of, key, link, name, push, tag, with, with_repository,
    };
    use crate::registry::types::Timestamp;
    use StorageClass::{Archive, Standard};

    const LATER: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    fn update(registry: &mut Registry, image_id: ImageIdentifier, target: StorageClass) -> Result<Output, Error> {
        let input = Input { repository: name("team/app"), image_id, target };
        with(|cx| apply(registry, cx, &input))
    }

    fn by_digest(manifest: &Manifest) -> ImageIdentifier {
        ImageIdentifier::by_digest(manifest.digest().to_string())
    }

    fn archive(registry: &mut Registry, manifest: &Manifest) {
        let output = update(registry, by_digest(manifest), Archive).unwrap();
        assert_eq!(output.image_status, ImageStatus::Archived);
        registry.repository(&name("team/app")).unwrap().assert_indexes_agree();
    }

    fn activate(registry: &mut Registry, manifest: &Manifest) -> Work {
        let input = Input { repository: name("team/app"), image_id: by_digest(manifest), target: Standard };
        with(|cx| {
            assert_eq!(apply(registry, cx, &input).unwrap().image_status, ImageStatus::Activating);
            match cx.effects.pop() {
                Some(Effect::WorkBegun(work)) => work,
                other => panic!("{other:?}"),
            }
        })
    }

    fn image<'a>(registry: &'a Registry, manifest: &Manifest) -> &'a Arc<Image> {
        &registry.repository(&name("team/app")).unwrap().images()[manifest.digest()]
    }

    /// `team/app` with `one` of `layer` as `v1`, and `two` of `layer` and `own` as `v2`.
    fn stage() -> (Registry, Arc<Manifest>, Arc<Manifest>) {
        let mut registry = with_repository();
        link(&mut registry, &["{}", "layer", "own"]);
        let (one, two) = (image_of("{}", &["layer"], "one"), image_of("{}", &["layer", "own"], "two"));
        push(&mut registry, &one, Some("v1")).unwrap();
        push(&mut registry, &two, Some("v2")).unwrap();
        (registry, one, two)
    }

    fn refused(result: Result<Output, Error>) -> StorageClassUpdateRefusal {
        match result {
            Err(Error::NotSupported(error)) => error.cause,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_208_a_209_a_210_a_216_into_the_archive_at_once_and_out_of_it_by_work() {
        let (mut registry, one, _) = stage();
        assert!(matches!(update(&mut registry, ImageIdentifier::by_tag("no"), Archive), Err(Error::ImageNotFound(_))));
        assert_eq!(
            update(&mut registry, ImageIdentifier::by_tag("v1"), Archive),
            Ok(Output { image_status: ImageStatus::Archived })
        );
        let archived = image(&registry, &one);
        assert!(archived.tags().contains(&tag("v1")), "tags stay");
        let history = archived.archive().unwrap();
        assert_eq!((history.last_archived_at, history.last_activated_at), (NOON, None));

        let work = activate(&mut registry, &one);
        assert_eq!(work, Work::Activation { repository: name("team/app"), digest: one.digest().clone() });
        work.settle(&mut registry, LATER, &Ok(()));
        let history = image(&registry, &one).archive().unwrap();
        assert_eq!((history.last_archived_at, history.last_activated_at), (NOON, Some(LATER)));
        assert!(image(&registry, &one).is_active());
        registry.repository(&name("team/app")).unwrap().assert_indexes_agree();
    }

    #[test]
    fn unconfirmed_an_activation_that_fails_leaves_the_image_in_the_archive() {
        let (mut registry, one, _) = stage();
        archive(&mut registry, &one);
        activate(&mut registry, &one).settle(&mut registry, LATER, &Err("FAULT".into()));
        assert_eq!(image(&registry, &one).status(), ImageStatus::Archived);
        assert_eq!(image(&registry, &one).archive().unwrap().last_activated_at, None);
    }

    #[test]
    fn a_211_a_212_unconfirmed_only_a_change_is_supported() {
        let (mut registry, one, _) = stage();
        let active = refused(update(&mut registry, by_digest(&one), Standard));
        assert_eq!(active, StorageClassUpdateRefusal::Status(ImageStatus::Active));
        archive(&mut registry, &one);
        let archived = refused(update(&mut registry, by_digest(&one), Archive));
        assert_eq!(archived, StorageClassUpdateRefusal::Status(ImageStatus::Archived));
        activate(&mut registry, &one);
        for target in [Standard, Archive] {
            let activating = refused(update(&mut registry, by_digest(&one), target));
            assert_eq!(activating, StorageClassUpdateRefusal::Status(ImageStatus::Activating));
        }
    }

    #[test]
    fn a_213_unconfirmed_what_an_index_holds_goes_after_the_index() {
        let (mut registry, one, two) = stage();
        let index = index_of(&[&one, &two], "");
        push(&mut registry, &index, Some("index")).unwrap();
        let error = update(&mut registry, by_digest(&one), Archive).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "The storage class of the image with digest '{}' in the repository with name 'team/app' in the registry \
                 with id '123456789012' cannot be updated to 'ARCHIVE' because it is referenced by manifest list: [{}]",
                one.digest(),
                index.digest()
            )
        );
        archive(&mut registry, &index);
        archive(&mut registry, &one);
    }

    #[test]
    fn a_103_a_215_c_065_what_is_archived_cannot_be_pulled() {
        let (mut registry, one, two) = stage();
        archive(&mut registry, &two);
        let layers = |registry: &Registry| {
            let layer_digests = ["{}", "layer", "own"].map(|content| blob(content).digest().to_string()).to_vec();
            let input = batch_check_layer_availability::Input { repository: name("team/app"), layer_digests };
            let output = batch_check_layer_availability::apply(registry, &input).unwrap();
            output.layers.iter().map(|layer| layer.availability.as_str()).collect::<Vec<_>>()
        };
        let download = |registry: &Registry, content: &str| {
            let layer_digest = blob(content).digest().to_string();
            download_layer::apply(registry, &download_layer::Input { repository: name("team/app"), layer_digest })
                .map(|_| ())
                .map_err(|error| error.to_string())
        };
        let stat = |registry: &Registry, content: &str| {
            let input = stat_blob::Input { repository: name("team/app"), digest: blob(content).digest().clone() };
            stat_blob::apply(registry, &input).is_ok()
        };
        let pull = |registry: &mut Registry, image_tag: &str| {
            let reference = Reference::Tag(tag(image_tag));
            let input = image_by_reference::Input { repository: name("team/app"), reference };
            let by_reference = image_by_reference::apply(registry, &input).is_ok();
            let image_ids = vec![ImageIdentifier::by_tag(image_tag)];
            let input =
                batch_get_image::Input { repository: name("team/app"), image_ids, accepted_media_types: vec![] };
            let output = with(|cx| batch_get_image::apply(registry, cx, &input)).unwrap();
            assert_eq!(by_reference, output.failures.is_empty());
            output.failures.first().map(|failure| (failure.cause.code(), failure.cause.to_string()))
        };
        assert_eq!(layers(&registry), ["AVAILABLE", "AVAILABLE", "ARCHIVED"]);
        assert_eq!(download(&registry, "layer"), Ok(()));
        assert!(stat(&registry, "layer") && !stat(&registry, "own"));
        assert!(download(&registry, "own").unwrap_err().ends_with("it is associated with archived images only"));
        assert_eq!(pull(&mut registry, "v1"), None);
        let reason = |status: &str| {
            Some(("ImageInaccessible", format!("Requested image is not accessible because its status is {status}")))
        };
        assert_eq!(pull(&mut registry, "v2"), reason("ARCHIVED"));
        assert_eq!(image(&registry, &two).last_recorded_pull_time(), None, "it was not pulled");

        archive(&mut registry, &one);
        assert_eq!(layers(&registry), ["ARCHIVED"; 3]);
        let work = activate(&mut registry, &two);
        assert_eq!(pull(&mut registry, "v2"), reason("ACTIVATING"));
        assert_eq!(layers(&registry), ["ARCHIVED"; 3]);
        work.settle(&mut registry, LATER, &Ok(()));
        assert_eq!(layers(&registry), ["AVAILABLE"; 3]);
        assert_eq!(pull(&mut registry, "v2"), None);
    }

    #[test]
    fn a_142_a_148_listings_show_active_images_unless_asked_for_others() {
        let (mut registry, one, two) = stage();
        archive(&mut registry, &one);
        archive(&mut registry, &two);
        let work = activate(&mut registry, &two);
        let third = image_of("{}", &["layer"], "three");
        push(&mut registry, &third, None).unwrap();
        let listed = |registry: &Registry, image_status: ImageStatusFilter| {
            let filter = ImageFilter { image_status, ..ImageFilter::default() };
            let (repository, page) = (name("team/app"), PageRequest::default());
            let input = list_images::Input { repository: repository.clone(), filter, page: page.clone() };
            let ids = list_images::apply(registry, &input).unwrap().image_ids;
            let selection = describe_images::Selection::Page { filter, page };
            let input = describe_images::Input { repository, selection };
            let details = describe_images::apply(registry, &input).unwrap().image_details;
            let listed: Vec<Digest> = ids.into_iter().map(|image_id| image_id.digest).collect();
            assert!(listed.iter().eq(details.iter().map(|detail| detail.image.digest())));
            listed
        };
        assert_eq!(listed(&registry, ImageStatusFilter::default()), [third.digest().clone()]);
        assert_eq!(listed(&registry, ImageStatusFilter::Archived), [one.digest().clone()]);
        assert_eq!(listed(&registry, ImageStatusFilter::Activating), [two.digest().clone()]);
        assert_eq!(listed(&registry, ImageStatusFilter::Any).len(), 3);
        work.settle(&mut registry, LATER, &Ok(()));
        assert_eq!(listed(&registry, ImageStatusFilter::default()).len(), 2);
        let selection = describe_images::Selection::Named(vec![ImageIdentifier::by_tag("v1")]);
        let input = describe_images::Input { repository: name("team/app"), selection };
        assert_eq!(describe_images::apply(&registry, &input).unwrap().image_details.len(), 1, "named, it is shown");
    }

    #[test]
    fn c_070_a_push_of_an_archived_image_restores_it_at_once() {
        for frozen in [TagMutabilityMode::Mutable, TagMutabilityMode::Immutable] {
            for image_tag in [None, Some("v1"), Some("new")] {
                let (mut registry, one, _) = stage();
                let repository = registry.repository_mut(&name("team/app")).unwrap();
                repository.tag_mutability = TagMutability::new(frozen, vec![]).unwrap();
                archive(&mut registry, &one);
                let push_at = |registry: &mut Registry, now: Timestamp| {
                    let input = put_image::Input {
                        repository: name("team/app"),
                        manifest: Ok(Arc::clone(&one)),
                        image_tag: image_tag.map(tag),
                        image_digest: None,
                    };
                    at(now, |cx| put_image::apply(registry, cx, input))
                };
                push_at(&mut registry, LATER).unwrap();
                let restored = image(&registry, &one);
                assert_eq!((restored.status(), restored.pushed_at()), (ImageStatus::Active, NOON));
                assert_eq!(restored.archive().unwrap().last_activated_at, Some(LATER));
                registry.repository(&name("team/app")).unwrap().assert_indexes_agree();
                assert!(matches!(push_at(&mut registry, LATER), Err(put_image::Error::AlreadyExists(_))));
            }
        }
        let (mut registry, one, _) = stage();
        registry.repository_mut(&name("team/app")).unwrap().tag_mutability =
            TagMutability::new(TagMutabilityMode::Immutable, vec![]).unwrap();
        archive(&mut registry, &one);
        assert!(matches!(push(&mut registry, &one, Some("v2")), Err(put_image::Error::TagAlreadyExists(_))));
        assert_eq!(image(&registry, &one).status(), ImageStatus::Archived, "an error restores nothing");
    }

    #[test]
    fn a_push_ends_an_activation_before_its_work_does() {
        let (mut registry, one, _) = stage();
        archive(&mut registry, &one);
        let work = activate(&mut registry, &one);
        push(&mut registry, &one, None).unwrap();
        work.settle(&mut registry, LATER, &Err("FAULT".into()));
        let history = image(&registry, &one).archive().unwrap();
        assert_eq!((history.status, history.last_activated_at), (ImageStatus::Active, Some(NOON)));
    }

    #[test]
    fn a_074_a_replica_that_was_archived_comes_back_with_the_next_push() {
        let (mut registry, one, _) = stage();
        let mut replica = registry.clone();
        archive(&mut replica, &one);
        replication::copy(&registry, &mut replica, LATER, &name("team/app"), one.digest(), None).unwrap();
        assert!(image(&replica, &one).is_active());
        archive(&mut registry, &one);
        let mut abroad = Registry::new(key("123456789012", "eu-west-1"));
        replication::copy(&registry, &mut abroad, LATER, &name("team/app"), one.digest(), None).unwrap();
        assert!(image(&abroad, &one).is_active() && image(&abroad, &one).archive().is_none());
    }

    #[test]
    fn archived_images_can_be_deleted_and_keep_their_repository() {
        let (mut registry, one, two) = stage();
        archive(&mut registry, &one);
        archive(&mut registry, &two);
        let input = delete_repository::Input { name: name("team/app"), images: delete_repository::Images::Keep };
        let refused = with(|cx| delete_repository::apply(&mut registry.clone(), cx, &input));
        assert!(matches!(refused, Err(delete_repository::Error::NotEmpty(_))));
        let image_ids = vec![ImageIdentifier::by_tag("v1"), by_digest(&two)];
        let input = batch_delete_image::Input { repository: name("team/app"), image_ids };
        let output = with(|cx| batch_delete_image::apply(&mut registry, cx, &input)).unwrap();
        assert_eq!((output.image_ids.len(), output.failures.len()), (2, 0));
        let repository = registry.repository(&name("team/app")).unwrap();
        repository.assert_indexes_agree();
        assert!(repository.images().is_empty() && repository.layers().next().is_none());
    }

    #[test]
    fn archived_images_do_not_count_against_the_quota() {
        let (mut registry, one, _) = stage();
        let counts_both = |registry: &Registry| registry.repository(&name("team/app")).unwrap().has_counting_images(2);
        assert!(counts_both(&registry));
        archive(&mut registry, &one);
        assert!(!counts_both(&registry));
        activate(&mut registry, &one);
        assert!(counts_both(&registry), "on its way back it counts (unconfirmed)");
    }
}
