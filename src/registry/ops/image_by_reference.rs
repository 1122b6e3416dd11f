//! `GET` and `HEAD …/manifests/<reference>`: one image by tag or digest.
//!
//! Both only look; a `GET` is a pull, which the adapter notes with [`record_pull`] (whether a `HEAD` counts as one is
//! unconfirmed: here it does not).
//! Source: <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests>

use std::sync::Arc;

use crate::registry::context::Context;
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

/// Looks the image up.
pub fn apply(registry: &Registry, input: &Input) -> Result<Output, Error> {
    let (image, _) = registry.image(&input.repository, &ImageIdentifier::from(&input.reference))?;
    Ok(Output { image: Arc::clone(image) })
}

/// Whether a pull at `now` moves the recorded time. ECR refreshes it at least once a day and not on each pull; here a
/// second pull within a day changes nothing.
pub fn is_stale(recorded: Option<Timestamp>, now: Timestamp) -> bool {
    recorded.is_none_or(|recorded| now.since(recorded) >= limits::PULL_TIME_GRANULARITY)
}

/// Notes that the image was pulled. Nothing happens if it is gone, or was pulled within the last day.
pub fn record_pull(registry: &mut Registry, cx: &mut Context<'_>, repository: &RepositoryName, digest: &Digest) {
    let image = registry.repositories().get(repository).and_then(|repository| repository.images().get(digest));
    if image.is_some_and(|image| is_stale(image.last_recorded_pull_time(), cx.now))
        && let Ok(repository) = registry.repository_mut(repository)
    {
        repository.record_pull(digest, cx.now);
    }
}
