//! `BatchGetImage`: manifests of some images. It is a pull: it moves their pull times.
//!
//! Manifests are given as they are stored; ECR's conversion between formats on a pull by tag is not here, so an image of
//! a type that the caller does not accept is not found.
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchGetImage.html>

use std::sync::Arc;

use crate::registry::context::Context;
use crate::registry::errors::RepositoryNotFound;
use crate::registry::image::Image;
use crate::registry::image_identifier::{ImageFailure, ImageFailureCause, ImageId, ImageIdentifier};
use crate::registry::limits;
use crate::registry::manifest::Manifest;
use crate::registry::state::Registry;
use crate::registry::types::{Digest, RepositoryName, Timestamp};

/// Which images.
#[derive(Clone, Debug)]
pub struct Input {
    /// The repository.
    pub repository: RepositoryName,
    /// The images as the caller named them.
    pub image_ids: Vec<ImageIdentifier>,
    /// Types that the caller can read; none: any.
    pub accepted_media_types: Vec<String>,
}

/// What was found, in the order asked; an image asked for twice is there twice.
#[derive(Clone, Debug, Default)]
pub struct Output {
    /// The images.
    pub images: Vec<FoundImage>,
    /// One for each id without an image.
    pub failures: Vec<ImageFailure>,
}

/// An image that was found.
#[derive(Clone, Debug)]
pub struct FoundImage {
    /// Digest, and tag if the caller named one.
    pub image_id: ImageId,
    /// Its manifest.
    pub manifest: Arc<Manifest>,
}

/// Looks the images up and notes that they were pulled.
pub fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: &Input) -> Result<Output, RepositoryNotFound> {
    let repository = registry.repository(&input.repository)?;
    let mut output = Output::default();
    let mut pulled: Vec<Digest> = Vec::new();
    for image_id in &input.image_ids {
        let found = repository.resolve(image_id).and_then(|(image, tag)| {
            if is_accepted(image, &input.accepted_media_types) {
                Ok((image, tag))
            } else {
                Err(ImageFailureCause::ImageNotFound)
            }
        });
        match found {
            Ok((image, tag)) => {
                if pull_time_is_stale(image, cx.now) {
                    pulled.push(image.digest().clone());
                }
                let image_id = ImageId { digest: image.digest().clone(), tag };
                output.images.push(FoundImage { image_id, manifest: Arc::clone(image.manifest()) });
            }
            Err(cause) => output.failures.push(ImageFailure { image_id: image_id.clone(), cause }),
        }
    }
    if !pulled.is_empty() {
        let repository = registry.repository_mut(&input.repository)?;
        pulled.iter().for_each(|digest| repository.record_pull(digest, cx.now));
    }
    Ok(output)
}

fn is_accepted(image: &Image, accepted: &[String]) -> bool {
    accepted.is_empty() || accepted.iter().any(|accepted| accepted == image.manifest().media_type().as_str())
}

/// ECR refreshes the time at least once a day and not on each pull; a second pull within a day changes nothing.
pub(super) fn pull_time_is_stale(image: &Image, now: Timestamp) -> bool {
    let refreshed = image.last_recorded_pull_time();
    refreshed.is_none_or(|refreshed| now.since(refreshed) >= limits::PULL_TIME_GRANULARITY)
}
