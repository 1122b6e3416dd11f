//! `BatchDeleteImage`, and `DELETE …/manifests/<reference>`: takes tags away and deletes images.
//!
//! By tag the tag goes, and the image with its last one; by digest the image goes with all its tags. What an index holds
//! stays. Ids are dealt with in the order given (unconfirmed), so an index and then its children can go in one call.
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchDeleteImage.html>

use crate::registry::context::{Context, Effect};
use crate::registry::errors::RepositoryNotFound;
use crate::registry::image_identifier::{ImageFailure, ImageFailureCause, ImageId, ImageIdentifier};
use crate::registry::repository::Repository;
use crate::registry::state::Registry;
use crate::registry::types::{Digest, RepositoryName, Tag};

/// What to delete.
#[derive(Clone, Debug)]
pub struct Input {
    /// The repository.
    pub repository: RepositoryName,
    /// The images as the caller named them.
    pub image_ids: Vec<ImageIdentifier>,
}

/// What was deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// One for each tag that went, and one for each image that had none.
    pub image_ids: Vec<ImageId>,
    /// One for each id that was not dealt with.
    pub failures: Vec<ImageFailure>,
}

/// Deletes what can be deleted.
pub fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: &Input) -> Result<Output, RepositoryNotFound> {
    let repository = registry.repository_mut(&input.repository)?;
    let mut output = Output::default();
    for image_id in &input.image_ids {
        match delete(repository, image_id) {
            Ok(mut deleted) => output.image_ids.append(&mut deleted),
            Err(cause) => output.failures.push(ImageFailure { image_id: image_id.clone(), cause }),
        }
    }
    cx.effects.extend(output.image_ids.iter().map(|image_id| Effect::ImageDeleted {
        repository: input.repository.clone(),
        digest: image_id.digest.clone(),
        tag: image_id.tag.clone(),
    }));
    Ok(output)
}

fn delete(repository: &mut Repository, image_id: &ImageIdentifier) -> Result<Vec<ImageId>, ImageFailureCause> {
    let (image, tag) = repository.resolve(image_id)?;
    let digest = image.digest().clone();
    let tags: Vec<Tag> = image.tags().iter().cloned().collect();
    match tag {
        Some(tag) if tags.len() > 1 => {
            repository.remove_tag(&tag);
            Ok(vec![ImageId { digest, tag: Some(tag) }])
        }
        _ => {
            let indexes: Vec<Digest> = repository.indexes_of(&digest).cloned().collect();
            if !indexes.is_empty() {
                return Err(ImageFailureCause::ImageReferencedByManifestList(indexes));
            }
            repository.remove_image(&digest);
            Ok(entries_of(digest, tags))
        }
    }
}

fn entries_of(digest: Digest, tags: Vec<Tag>) -> Vec<ImageId> {
    if tags.is_empty() {
        return vec![ImageId { digest, tag: None }];
    }
    tags.into_iter().map(|tag| ImageId { digest: digest.clone(), tag: Some(tag) }).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::registry::manifest::Manifest;
    use crate::registry::tag_mutability::{TagMutability, TagMutabilityMode};
    use crate::registry::testing::{image_about, image_of, index_of, link, name, picture, push, with, with_repository};

    fn delete_all(registry: &mut Registry, image_ids: Vec<ImageIdentifier>) -> Output {
        let input = Input { repository: name("team/app"), image_ids };
        with(|cx| apply(registry, cx, &input)).unwrap()
    }

    /// One image as `a` and `b`, one untagged, and an index over the untagged one as `list`.
    fn stage() -> (Registry, Arc<Manifest>, Arc<Manifest>, Arc<Manifest>) {
        let mut registry = with_repository();
        link(&mut registry, &["{}", "layer", "other"]);
        let (tagged, child) = (image_of("{}", &["layer"], "tagged"), image_of("{}", &["other"], "child"));
        let index = index_of(&[&child], "");
        push(&mut registry, &tagged, Some("a")).unwrap();
        push(&mut registry, &tagged, Some("b")).unwrap();
        push(&mut registry, &child, None).unwrap();
        push(&mut registry, &index, Some("list")).unwrap();
        (registry, tagged, child, index)
    }

    fn shown(output: &Output) -> Vec<(String, Option<&str>)> {
        output.image_ids.iter().map(|id| (id.digest.to_string(), id.tag.as_ref().map(Tag::as_str))).collect()
    }

    #[test]
    fn a_114_a_115_a_116_a_tag_goes_alone_unless_it_is_the_last() {
        let (mut registry, tagged, ..) = stage();
        let digest = tagged.digest().to_string();
        let output = delete_all(&mut registry, vec![ImageIdentifier::by_tag("a")]);
        assert_eq!(shown(&output), [(digest.clone(), Some("a"))]);
        assert_eq!(picture(&registry, "team/app")[tagged.digest()], ["b"]);
        let output = delete_all(&mut registry, vec![ImageIdentifier::by_tag("b")]);
        assert_eq!(shown(&output), [(digest, Some("b"))]);
        assert!(!picture(&registry, "team/app").contains_key(tagged.digest()));
    }

    #[test]
    fn a_118_by_digest_each_tag_is_an_entry() {
        let (mut registry, tagged, child, index) = stage();
        let by_digest = |manifest: &Manifest| ImageIdentifier::by_digest(manifest.digest().to_string());
        let output = delete_all(&mut registry, vec![by_digest(&tagged)]);
        let digest = tagged.digest().to_string();
        assert_eq!(shown(&output), [(digest.clone(), Some("a")), (digest, Some("b"))]);
        let output = delete_all(&mut registry, vec![by_digest(&index), by_digest(&child)]);
        assert_eq!(
            shown(&output),
            [(index.digest().to_string(), Some("list")), (child.digest().to_string(), None)],
            "an index, then its child"
        );
    }

    #[test]
    fn a_123_what_an_index_holds_stays() {
        let (mut registry, _, child, index) = stage();
        let by_digest = ImageIdentifier::by_digest(child.digest().to_string());
        let reason = format!("Requested image referenced by manifest list: [{}]", index.digest());
        let output = delete_all(&mut registry, vec![by_digest.clone()]);
        assert_eq!(output.failures[0].cause.code(), "ImageReferencedByManifestList");
        assert_eq!(output.failures[0].cause.to_string(), reason);
        push(&mut registry, &child, Some("one")).unwrap();
        push(&mut registry, &child, Some("two")).unwrap();
        let output = delete_all(&mut registry, vec![ImageIdentifier::by_tag("one"), ImageIdentifier::by_tag("two")]);
        assert_eq!(output.image_ids.len(), 1, "the first tag of two may go");
        assert_eq!(output.failures[0].cause.to_string(), reason, "its last tag may not");
        delete_all(&mut registry, vec![ImageIdentifier::by_tag("list")]);
        assert_eq!(delete_all(&mut registry, vec![by_digest]).failures, [], "free once the index is gone");
    }

    #[test]
    fn a_117_a_119_a_120_a_121_a_122_a_129_failures_name_their_ids_in_order() {
        let (mut registry, tagged, child, _) = stage();
        let id = |digest: Option<&str>, tag: Option<&str>| ImageIdentifier {
            digest: digest.map(str::to_owned),
            tag: tag.map(str::to_owned),
        };
        let (tagged, child) = (tagged.digest().to_string(), child.digest().to_string());
        let unknown = format!("sha256:{}", "0".repeat(64));
        let cases = [
            (id(None, None), "MissingDigestAndTag"),
            (id(None, Some("none")), "ImageNotFound"),
            (id(Some(&unknown), None), "ImageNotFound"),
            (id(Some("sha256:abc"), None), "ImageNotFound"),
            (id(Some("nonsense"), None), "InvalidImageDigest"),
            (id(None, Some("a b")), "InvalidImageTag"),
            (id(Some(&child), Some("a")), "ImageTagDoesNotMatchDigest"),
            (id(Some(&unknown), Some("a")), "ImageNotFound"),
            (id(Some(&tagged), Some("none")), "ImageNotFound"),
        ];
        let before = picture(&registry, "team/app");
        let output = delete_all(&mut registry, cases.iter().map(|(id, _)| id.clone()).collect());
        let found: Vec<_> =
            output.failures.iter().map(|failure| (failure.image_id.clone(), failure.cause.code())).collect();
        assert_eq!(found, cases);
        assert_eq!(picture(&registry, "team/app"), before);
        let output = delete_all(&mut registry, vec![id(Some(&tagged), Some("a"))]);
        assert_eq!(shown(&output), [(tagged, Some("a"))], "both, in agreement: the named tag goes");
    }

    #[test]
    fn a_124_layers_go_with_the_last_image_that_uses_them() {
        let (mut registry, ..) = stage();
        let has = |registry: &Registry, content: &str| {
            let repository = registry.repository(&name("team/app")).unwrap();
            repository.layer(&Digest::sha256_of(content.as_bytes())).is_some()
        };
        delete_all(&mut registry, vec![ImageIdentifier::by_tag("a"), ImageIdentifier::by_tag("b")]);
        assert!(!has(&registry, "layer"));
        assert!(has(&registry, "{}") && has(&registry, "other"), "the child still uses them");
    }

    #[test]
    fn a_126_unconfirmed_referrers_of_a_deleted_subject_stay() {
        let (mut registry, tagged, ..) = stage();
        let signature = image_about("{}", &["other"], "signature", Some(tagged.digest()));
        push(&mut registry, &signature, None).unwrap();
        delete_all(&mut registry, vec![ImageIdentifier::by_digest(tagged.digest().to_string())]);
        let repository = registry.repository(&name("team/app")).unwrap();
        assert!(!repository.images().contains_key(tagged.digest()));
        let left: Vec<_> = repository.referrers_of(tagged.digest()).map(|image| image.digest().clone()).collect();
        assert_eq!(left, [signature.digest().clone()]);
    }

    #[test]
    fn a_127_a_128_immutable_tags_can_be_deleted_and_an_empty_repository_stays() {
        let (mut registry, ..) = stage();
        let repository = registry.repository_mut(&name("team/app")).unwrap();
        repository.tag_mutability = TagMutability::new(TagMutabilityMode::Immutable, vec![]).unwrap();
        let child = repository.images().values().find(|image| image.tags().is_empty()).unwrap().digest().to_string();
        let mut image_ids: Vec<_> = ["a", "b", "list"].map(ImageIdentifier::by_tag).to_vec();
        image_ids.push(ImageIdentifier::by_digest(child));
        assert_eq!(delete_all(&mut registry, image_ids).failures, []);
        assert!(registry.repository(&name("team/app")).unwrap().images().is_empty());
    }

    #[test]
    fn a_131_each_entry_is_an_effect() {
        let (mut registry, tagged, ..) = stage();
        let input = Input {
            repository: name("team/app"),
            image_ids: vec![ImageIdentifier::by_digest(tagged.digest().to_string())],
        };
        let effects = with(|cx| {
            apply(&mut registry, cx, &input).unwrap();
            std::mem::take(&mut cx.effects)
        });
        assert_eq!(effects.len(), 2);
    }
}
