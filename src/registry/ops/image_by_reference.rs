//! `GET` and `HEAD …/manifests/<reference>`: one image by tag or digest.
//!
//! Both only look; a `GET` is a pull, which the adapter notes with [`record_pull`] (whether a `HEAD` counts as one is
//! unconfirmed: here it does not).
//! Source: <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests>

use std::sync::Arc;

use crate::registry::context::{Caller, Context};
use crate::registry::errors::ImageNotFound;
use crate::registry::image::Image;
use crate::registry::image_identifier::{ImageIdentifier, Reference};
use crate::registry::limits;
use crate::registry::state::{ImageLookupError, Registry};
use crate::registry::types::{Digest, RepositoryName, Timestamp};

/// Which image.
#[derive(Clone, Debug)]
pub struct Input {
    /// The repository.
    pub repository: RepositoryName,
    /// Tag or digest.
    pub reference: Reference,
}

/// The image.
#[derive(Clone, Debug)]
pub struct Output {
    /// It.
    pub image: Arc<Image>,
}

/// What can go wrong.
pub type Error = ImageLookupError;

/// Looks the image up. One that is in the archive or on its way out of it is not found.
/// Source: <https://docs.aws.amazon.com/AmazonECR/latest/userguide/archive_restore_image.html>
pub fn apply(registry: &Registry, input: &Input) -> Result<Output, Error> {
    let image_id = ImageIdentifier::from(&input.reference);
    let (image, _) = registry.image(&input.repository, &image_id)?;
    if !image.is_active() {
        let (image_digest, image_tag) = (image_id.digest, image_id.tag);
        let (repository, registry_id) = (input.repository.clone(), registry.id());
        return Err(ImageNotFound { image_digest, image_tag, repository, registry_id }.into());
    }
    Ok(Output { image: Arc::clone(image) })
}

/// Whether a pull of an image by `caller` at `now` moves its recorded time. ECR refreshes it at least once a day and not on
/// each pull; here a second pull within a day changes nothing. Pulls of excluded principals never do.
pub fn moves_pull_time(registry: &Registry, caller: &Caller, image: &Image, now: Timestamp) -> bool {
    let is_stale = |recorded: Timestamp| now.since(recorded) >= limits::PULL_TIME_GRANULARITY;
    image.last_recorded_pull_time().is_none_or(is_stale) && !registry.pull_time_exclusions().covers(caller)
}

/// Notes that the image was pulled. Nothing happens if it is gone, or if the pull does not move its time.
pub fn record_pull(registry: &mut Registry, cx: &mut Context<'_>, repository: &RepositoryName, digest: &Digest) {
    let image = registry.repositories().get(repository).and_then(|repository| repository.images().get(digest));
    if image.is_some_and(|image| moves_pull_time(registry, &cx.caller, image, cx.now))
        && let Ok(repository) = registry.repository_mut(repository)
    {
        repository.record_pull(digest, cx.now);
    }
}
