//! What a pull-through cache brings in: a manifest as the upstream gave it, and its blobs when they come.
//!
//! Unlike a push, a manifest may come before its blobs and an index before its children, since a client asks for the
//! manifest first. Which upstream is asked, and when, is not decided here.
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache.html>

use std::sync::Arc;

use crate::registry::context::{Context, Effect};
use crate::registry::errors::Limited;
use crate::registry::manifest::Manifest;
use crate::registry::scanning;
use crate::registry::state::Registry;
use crate::registry::templates::{self, AppliedFor, CreationError};
use crate::registry::types::{RepositoryName, Tag, VerifiedBlob};

/// A manifest from upstream.
#[derive(Clone, Debug)]
pub struct Input {
    /// Repository to put it in; created by the template for it, or with defaults, if there is none.
    pub repository: RepositoryName,
    /// The manifest.
    pub manifest: Arc<Manifest>,
    /// Tag that it had upstream. It moves here whatever the repository's mutability says (unconfirmed).
    pub tag: Option<Tag>,
}

/// Stores the manifest. It causes no replication: what a rule would copy is not all here yet (whether ECR replicates cached
/// images is unknown).
pub fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: Input) -> Result<(), CreationError> {
    let digest = input.manifest.digest();
    if let Ok(repository) = registry.repository(&input.repository) {
        let image = repository.images().get(digest);
        let is_tagged = |tag: &Tag| repository.tags().get(tag) == Some(digest);
        if image.is_some() && input.tag.as_ref().is_none_or(is_tagged) {
            return Ok(());
        }
        let quotas = registry.quotas();
        if image.is_none() && repository.is_full(quotas) {
            return Err(registry.limit(Limited::Images, quotas.images_per_repository).into());
        }
        if input.tag.is_some() {
            let tags = image.map_or(0, |image| image.tags().len());
            registry.check_room(Limited::Tags, tags, quotas.tags_per_image)?;
        }
    } else {
        templates::create(registry, cx.now, &input.repository, AppliedFor::PullThroughCache)?;
    }
    let Ok(repository) = registry.repository_mut(&input.repository) else { return Ok(()) };
    if !repository.images().contains_key(digest) {
        repository.insert_image(Arc::clone(&input.manifest), cx.now);
    }
    if let Some(tag) = &input.tag {
        repository.put_tag(tag, digest);
    }
    let scan = scanning::on_push(registry, &input.repository, digest, cx.now);
    cx.effects.extend(scan.map(Effect::WorkBegun));
    Ok(())
}

/// Stores a blob that came from upstream. Nothing happens if the repository is gone.
pub fn store_blob(registry: &mut Registry, repository: &RepositoryName, blob: VerifiedBlob) {
    if let Ok(repository) = registry.repository_mut(repository) {
        repository.insert_layer(blob);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{batch_delete_image, download_layer, stat_blob};
    use super::*;
    use crate::registry::image_identifier::ImageIdentifier;
    use crate::registry::testing::{blob, image_of, index_of, name, registry, tag, with};

    #[test]
    fn b_064_d_016_a_missing_repository_is_created_by_the_template_for_the_cache() {
        use super::super::create_repository_creation_template as template;
        use crate::registry::tag_mutability::TagMutabilityMode;

        let mut registry = registry();
        let prefix = "hub".parse().unwrap();
        let input = template::Input {
            tag_mutability: TagMutabilityMode::Immutable,
            ..template::Input::with_defaults(prefix, vec![AppliedFor::PullThroughCache])
        };
        with(|cx| template::apply(&mut registry, cx, input)).unwrap();
        for (repository, mode) in
            [("hub/nginx", TagMutabilityMode::Immutable), ("quay/nginx", TagMutabilityMode::Mutable)]
        {
            let input = Input { repository: name(repository), manifest: image_of("{}", &["layer"], ""), tag: None };
            with(|cx| apply(&mut registry, cx, input)).unwrap();
            assert_eq!(registry.repository(&name(repository)).unwrap().tag_mutability().mode(), mode);
        }
    }

    #[test]
    fn a_manifest_comes_first_and_its_blobs_and_children_when_they_come() {
        let mut registry = registry();
        let repository = name("hub/library/nginx");
        let image = image_of("{}", &["layer"], "");
        let index = index_of(&[&image], "");
        let fill = |registry: &mut Registry, manifest: &Arc<Manifest>, image_tag: Option<&str>| {
            let input =
                Input { repository: repository.clone(), manifest: Arc::clone(manifest), tag: image_tag.map(tag) };
            with(|cx| {
                apply(registry, cx, input).unwrap();
                assert!(cx.effects.is_empty(), "a fill is no push");
            });
        };
        fill(&mut registry, &index, Some("latest"));
        fill(&mut registry, &index, Some("latest"));
        fill(&mut registry, &image, None);
        assert_eq!(registry.repository(&repository).unwrap().images().len(), 2, "the same again is nothing new");
        let digest = blob("layer").digest().clone();
        let stat = stat_blob::Input { repository: repository.clone(), digest: digest.clone() };
        assert!(stat_blob::apply(&registry, &stat).is_err());
        store_blob(&mut registry, &repository, blob("layer"));
        assert!(stat_blob::apply(&registry, &stat).is_ok());
        let download = download_layer::Input { repository: repository.clone(), layer_digest: digest.to_string() };
        assert!(download_layer::apply(&registry, &download).is_ok(), "an image used it before it came");

        let image_ids = vec![ImageIdentifier::by_digest(image.digest().to_string())];
        let input = batch_delete_image::Input { repository: repository.clone(), image_ids };
        let output = with(|cx| batch_delete_image::apply(&mut registry, cx, &input)).unwrap();
        assert_eq!(output.failures.len(), 1, "the index came before its child and holds it");
        registry.repository(&repository).unwrap().assert_indexes_agree();
    }
}
