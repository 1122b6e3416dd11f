//! What a pull-through cache brings in: a manifest as the upstream gave it, and its blobs when they come.
//!
//! Unlike a push, a manifest may come before its blobs and an index before its children, since a client asks for the
//! manifest first. Which upstream is asked, and when, is not decided here.
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache.html>

use std::sync::Arc;

use crate::registry::context::{Context, Effect};
use crate::registry::errors::{LimitExceeded, Limited};
use crate::registry::limits;
use crate::registry::manifest::Manifest;
use crate::registry::repository::Repository;
use crate::registry::state::Registry;
use crate::registry::types::{RepositoryName, Tag, VerifiedBlob};

/// A manifest from upstream.
#[derive(Clone, Debug)]
pub struct Input {
    /// Repository to put it in; created with defaults if there is none.
    pub repository: RepositoryName,
    /// The manifest.
    pub manifest: Arc<Manifest>,
    /// Tag that it had upstream. It moves here whatever the repository's mutability says (unconfirmed).
    pub tag: Option<Tag>,
}

/// Stores the manifest. A new image, or a tag that moved, counts as pushed.
pub fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: Input) -> Result<(), LimitExceeded> {
    let digest = input.manifest.digest();
    if let Ok(repository) = registry.repository(&input.repository) {
        let image = repository.images().get(digest);
        let is_tagged = |tag: &Tag| repository.tags().get(tag) == Some(digest);
        if image.is_some() && input.tag.as_ref().is_none_or(is_tagged) {
            return Ok(());
        }
        if image.is_none() && repository.images().len() >= limits::IMAGES_PER_REPOSITORY {
            return Err(registry.limit(Limited::Images, limits::IMAGES_PER_REPOSITORY as u64));
        }
        if image.is_some_and(|image| image.tags().len() >= limits::TAGS_PER_IMAGE) {
            return Err(registry.limit(Limited::Tags, limits::TAGS_PER_IMAGE as u64));
        }
    } else {
        registry.insert_repository(Repository::new(input.repository.clone(), cx.now))?;
    }
    let Ok(repository) = registry.repository_mut(&input.repository) else { return Ok(()) };
    if !repository.images().contains_key(digest) {
        repository.insert_image(Arc::clone(&input.manifest), cx.now);
    }
    if let Some(tag) = &input.tag {
        repository.put_tag(tag, digest);
    }
    cx.effects.push(Effect::ImagePushed { repository: input.repository, digest: digest.clone(), tag: input.tag });
    Ok(())
}

/// Stores a blob that came from upstream. Nothing happens if the repository is gone.
pub fn store_blob(registry: &mut Registry, repository: &RepositoryName, blob: VerifiedBlob) {
    if let Ok(repository) = registry.repository_mut(repository) {
        repository.insert_layer(blob);
    }
}
