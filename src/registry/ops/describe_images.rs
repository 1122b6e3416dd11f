//! `DescribeImages`: what is known of some images, or of all of them in pages.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImages.html>

use std::sync::Arc;

use super::list_images::ImageFilter;
use crate::registry::errors::{ImageNotFound, InvalidParameter, RepositoryNotFound};
use crate::registry::image::Image;
use crate::registry::image_identifier::ImageIdentifier;
use crate::registry::map::after;
use crate::registry::page::{PageRequest, Scope, take_page};
use crate::registry::repository::Repository;
use crate::registry::state::{ImageLookupError, Registry};
use crate::registry::types::{Digest, RepositoryName};

/// Which images of which repository.
#[derive(Clone, Debug)]
pub struct Input {
    /// The repository.
    pub repository: RepositoryName,
    /// Which of its images.
    pub selection: Selection,
}

/// A choice of images.
#[derive(Clone, Debug)]
pub enum Selection {
    /// These, each once, in this order; one that is missing fails the call. Filters do not apply (unconfirmed).
    Named(Vec<ImageIdentifier>),
    /// All that pass, in order of their digests.
    Page {
        /// Which pass.
        filter: ImageFilter,
        /// Which page.
        page: PageRequest,
    },
}

/// The images.
#[derive(Clone, Debug)]
pub struct Output {
    /// One for each digest.
    pub image_details: Vec<ImageDetail>,
    /// Token of the next page; absent on the last one.
    pub next_token: Option<String>,
}

/// What is known of an image.
#[derive(Clone, Debug)]
pub struct ImageDetail {
    /// The image.
    pub image: Arc<Image>,
    /// ECR's `imageSizeInBytes`.
    pub size_bytes: u64,
}

/// What can go wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No such repository.
    #[error(transparent)]
    RepositoryNotFound(#[from] RepositoryNotFound),
    /// A named image is missing.
    #[error(transparent)]
    ImageNotFound(#[from] ImageNotFound),
    /// The token is not one of this listing.
    #[error(transparent)]
    InvalidParameter(#[from] InvalidParameter),
}

impl From<ImageLookupError> for Error {
    fn from(error: ImageLookupError) -> Self {
        match error {
            ImageLookupError::RepositoryNotFound(error) => error.into(),
            ImageLookupError::ImageNotFound(error) => error.into(),
        }
    }
}

/// Looks the images up.
pub fn apply(registry: &Registry, input: &Input) -> Result<Output, Error> {
    let repository = registry.repository(&input.repository)?;
    match &input.selection {
        Selection::Named(image_ids) => {
            let mut image_details: Vec<ImageDetail> = Vec::new();
            let mut seen = std::collections::BTreeSet::new();
            for image_id in image_ids {
                let (image, _) = registry.image(&input.repository, image_id)?;
                if seen.insert(image.digest()) {
                    image_details.push(detail(repository, image));
                }
            }
            Ok(Output { image_details, next_token: None })
        }
        Selection::Page { filter, page } => Ok(listing(registry, repository, *filter, page)?),
    }
}

fn listing(
    registry: &Registry,
    repository: &Repository,
    filter: ImageFilter,
    request: &PageRequest,
) -> Result<Output, InvalidParameter> {
    let scope = Scope {
        operation: "DescribeImages",
        registry: registry.key(),
        repository: Some(repository.name()),
        filter: filter.as_str(),
    };
    let cursor: Option<Digest> = scope.cursor(request)?.and_then(|cursor| cursor.parse().ok());
    let passing = after(repository.images(), cursor.as_ref()).filter(|(_, image)| filter.passes(image));
    let images = passing.map(|(_, image)| image);
    let (images, next_token) = take_page(images, request.size(), |last| scope.token(&last.digest().to_string()));
    Ok(Output { image_details: images.into_iter().map(|image| detail(repository, image)).collect(), next_token })
}

fn detail(repository: &Repository, image: &Arc<Image>) -> ImageDetail {
    ImageDetail { size_bytes: repository.image_size_bytes(image.manifest()), image: Arc::clone(image) }
}
