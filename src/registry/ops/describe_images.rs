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

#[cfg(test)]
mod tests {
    use super::super::list_images::{ImageStatusFilter, TagStatus};
    use super::*;
    use crate::registry::testing::{image_of, index_of, link, name, push, with_repository};

    fn described(registry: &Registry, selection: Selection) -> Result<Output, Error> {
        apply(registry, &Input { repository: name("team/app"), selection })
    }

    fn by_tags(tags: &[&str]) -> Selection {
        Selection::Named(tags.iter().map(|tag| ImageIdentifier::by_tag(*tag)).collect())
    }

    #[test]
    fn a_031_sizes_are_those_of_layers_and_config_and_of_the_largest_child() {
        let mut registry = with_repository();
        link(&mut registry, &["{}", "12345", "1234567"]);
        let small = image_of("{}", &["12345"], "");
        let large = image_of("{}", &["1234567", "12345", "12345"], "");
        let index = index_of(&[&small, &large], "");
        let outer = index_of(&[&index], "outer");
        for (manifest, tag) in [(&small, "small"), (&large, "large"), (&index, "index"), (&outer, "outer")] {
            push(&mut registry, manifest, Some(tag)).unwrap();
        }
        let output = described(&registry, by_tags(&["small", "large", "index", "outer"])).unwrap();
        let sizes: Vec<u64> = output.image_details.iter().map(|detail| detail.size_bytes).collect();
        assert_eq!(sizes, [7, 19, 19, 19]);
    }

    #[test]
    fn a_157_a_description_is_the_stored_image_which_knows_its_tags() {
        let mut registry = with_repository();
        link(&mut registry, &["{}", "layer"]);
        let image = image_of("{}", &["layer"], "");
        push(&mut registry, &image, Some("v1")).unwrap();
        let page = Selection::Page { filter: ImageFilter::default(), page: PageRequest::default() };
        for selection in [by_tags(&["v1"]), page] {
            let output = described(&registry, selection).unwrap();
            let stored = &registry.repository(&name("team/app")).unwrap().images()[image.digest()];
            assert!(Arc::ptr_eq(&output.image_details[0].image, stored), "nothing is walked to make it");
        }
    }

    #[test]
    fn a_138_a_missing_image_fails_the_call() {
        let mut registry = with_repository();
        link(&mut registry, &["{}", "layer"]);
        push(&mut registry, &image_of("{}", &["layer"], ""), Some("v1")).unwrap();
        assert_eq!(
            described(&registry, by_tags(&["v1", "v2"])).unwrap_err().to_string(),
            "The image with imageId {imageDigest:'null', imageTag:'v2'} does not exist within the repository with name \
             'team/app' in the registry with id '123456789012'"
        );
        assert_eq!(described(&registry, by_tags(&["v1", "v1"])).unwrap().image_details.len(), 1);
    }

    #[test]
    fn a_134_a_140_a_141_a_142_pages_are_stable_while_images_come_and_go() {
        let mut registry = with_repository();
        link(&mut registry, &["{}", "layer"]);
        let images: Vec<_> = (0..20).map(|number| image_of("{}", &["layer"], &number.to_string())).collect();
        for (number, image) in images.iter().enumerate() {
            let tag = format!("t{number}");
            push(&mut registry, image, (number % 2 == 0).then_some(tag.as_str())).unwrap();
        }
        let filter = ImageFilter { tag_status: TagStatus::Tagged, image_status: ImageStatusFilter::Any };
        let mut next_token = None;
        let mut seen = Vec::new();
        loop {
            let page = PageRequest { max_results: Some(3), next_token };
            let output = described(&registry, Selection::Page { filter, page }).unwrap();
            seen.extend(output.image_details.iter().map(|detail| detail.image.digest().clone()));
            if let Some(shown) = seen.last() {
                registry.repository_mut(&name("team/app")).unwrap().remove_image(shown);
            }
            next_token = output.next_token;
            if next_token.is_none() {
                break;
            }
        }
        let mut expected: Vec<_> = images.iter().step_by(2).map(|image| image.digest().clone()).collect();
        expected.sort();
        assert_eq!(seen, expected);
        for image_status in [ImageStatusFilter::Archived, ImageStatusFilter::Activating] {
            let filter = ImageFilter { image_status, ..ImageFilter::default() };
            let output = described(&registry, Selection::Page { filter, page: PageRequest::default() }).unwrap();
            assert!(output.image_details.is_empty());
        }
    }
}
