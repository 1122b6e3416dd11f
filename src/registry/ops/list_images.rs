//! `ListImages`: the ids of a repository's images, one for each tag and one for each image without.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ListImages.html>

use crate::registry::errors::{InvalidParameter, RepositoryNotFound};
use crate::registry::image::{Image, ImageStatus};
use crate::registry::image_identifier::ImageId;
use crate::registry::map::starting_at;
use crate::registry::page::{PageRequest, Scope, take_page};
use crate::registry::state::Registry;
use crate::registry::types::{Digest, RepositoryName, Tag};

/// What to list.
#[derive(Clone, Debug)]
pub struct Input {
    /// The repository.
    pub repository: RepositoryName,
    /// Which images.
    pub filter: ImageFilter,
    /// Which page.
    pub page: PageRequest,
}

/// Which images a listing shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImageFilter {
    /// By tags.
    pub tag_status: TagStatus,
    /// By storage status.
    pub image_status: ImageStatusFilter,
}

/// A choice by tags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TagStatus {
    /// With at least one tag.
    Tagged,
    /// Without tags.
    Untagged,
    /// Both.
    #[default]
    Any,
}

impl TagStatus {
    /// The choice of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "TAGGED" => Some(Self::Tagged),
            "UNTAGGED" => Some(Self::Untagged),
            "ANY" => Some(Self::Any),
            _ => None,
        }
    }

    /// ECR's name of the choice.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tagged => "TAGGED",
            Self::Untagged => "UNTAGGED",
            Self::Any => "ANY",
        }
    }

    pub(super) fn passes(self, image: &Image) -> bool {
        match self {
            Self::Tagged => !image.tags().is_empty(),
            Self::Untagged => image.tags().is_empty(),
            Self::Any => true,
        }
    }
}

/// A choice by storage status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ImageStatusFilter {
    /// That can be pulled.
    #[default]
    Active,
    /// In the archive.
    Archived,
    /// On the way out of the archive.
    Activating,
    /// All.
    Any,
}

impl ImageStatusFilter {
    /// The choice of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "ACTIVE" => Some(Self::Active),
            "ARCHIVED" => Some(Self::Archived),
            "ACTIVATING" => Some(Self::Activating),
            "ANY" => Some(Self::Any),
            _ => None,
        }
    }

    /// ECR's name of the choice.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Archived => "ARCHIVED",
            Self::Activating => "ACTIVATING",
            Self::Any => "ANY",
        }
    }

    pub(super) fn passes(self, status: ImageStatus) -> bool {
        match self {
            Self::Active => status == ImageStatus::Active,
            Self::Archived => status == ImageStatus::Archived,
            Self::Activating => status == ImageStatus::Activating,
            Self::Any => true,
        }
    }
}

impl ImageFilter {
    pub(super) fn passes(self, image: &Image) -> bool {
        self.tag_status.passes(image) && self.image_status.passes(image.status())
    }

    /// The filter as text, for tokens.
    pub(super) fn as_str(self) -> &'static str {
        match (self.tag_status, self.image_status) {
            (TagStatus::Tagged, ImageStatusFilter::Active) => "TAGGED/ACTIVE",
            (TagStatus::Tagged, ImageStatusFilter::Archived) => "TAGGED/ARCHIVED",
            (TagStatus::Tagged, ImageStatusFilter::Activating) => "TAGGED/ACTIVATING",
            (TagStatus::Tagged, ImageStatusFilter::Any) => "TAGGED/ANY",
            (TagStatus::Untagged, ImageStatusFilter::Active) => "UNTAGGED/ACTIVE",
            (TagStatus::Untagged, ImageStatusFilter::Archived) => "UNTAGGED/ARCHIVED",
            (TagStatus::Untagged, ImageStatusFilter::Activating) => "UNTAGGED/ACTIVATING",
            (TagStatus::Untagged, ImageStatusFilter::Any) => "UNTAGGED/ANY",
            (TagStatus::Any, ImageStatusFilter::Active) => "ANY/ACTIVE",
            (TagStatus::Any, ImageStatusFilter::Archived) => "ANY/ARCHIVED",
            (TagStatus::Any, ImageStatusFilter::Activating) => "ANY/ACTIVATING",
            (TagStatus::Any, ImageStatusFilter::Any) => "ANY/ANY",
        }
    }
}

/// The ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// This page of them, in order of digest and tag. The tags of one image may be on two pages (unconfirmed).
    pub image_ids: Vec<ImageId>,
    /// Token of the next page; absent on the last one.
    pub next_token: Option<String>,
}

/// What can go wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No such repository.
    #[error(transparent)]
    RepositoryNotFound(#[from] RepositoryNotFound),
    /// The token is not one of this listing.
    #[error(transparent)]
    InvalidParameter(#[from] InvalidParameter),
}

/// Lists the ids.
pub fn apply(registry: &Registry, input: &Input) -> Result<Output, Error> {
    let repository = registry.repository(&input.repository)?;
    let scope = Scope {
        operation: "ListImages",
        registry: registry.key(),
        repository: Some(repository.name()),
        filter: input.filter.as_str(),
    };
    let cursor = scope.cursor(&input.page)?.and_then(|cursor| read_cursor(&cursor));
    let rest = starting_at(repository.images(), cursor.as_ref().map(|last| &last.digest));
    let passing = rest.filter(|(_, image)| input.filter.passes(image));
    let image_ids = passing.flat_map(|(_, image)| ids_of(image));
    let rest = image_ids.filter(|image_id| cursor.as_ref().is_none_or(|last| image_id > last));
    let (image_ids, next_token) = take_page(rest, input.page.size(), |last| scope.token(&cursor_of(last)));
    Ok(Output { image_ids, next_token })
}

/// One id for each tag, or one without.
fn ids_of(image: &Image) -> impl Iterator<Item = ImageId> {
    let untagged = image.tags().is_empty().then(|| ImageId { digest: image.digest().clone(), tag: None });
    let tagged = image.tags().iter().map(|tag| ImageId { digest: image.digest().clone(), tag: Some(tag.clone()) });
    untagged.into_iter().chain(tagged)
}

/// A tag has no `/`, a digest neither.
fn cursor_of(last: &ImageId) -> String {
    format!("{}/{}", last.digest, last.tag.as_ref().map_or("", Tag::as_str))
}

fn read_cursor(cursor: &str) -> Option<ImageId> {
    let (digest, tag) = cursor.split_once('/')?;
    Some(ImageId { digest: digest.parse::<Digest>().ok()?, tag: tag.parse().ok() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::testing::{image_of, link, name, push, with_repository};

    #[test]
    fn a_158_a_159_a_161_a_162_rows_are_tags_and_untagged_images_page_by_page() {
        let mut registry = with_repository();
        link(&mut registry, &["{}", "layer"]);
        for number in 0..7 {
            let image = image_of("{}", &["layer"], &number.to_string());
            push(&mut registry, &image, None).unwrap();
            for copy in 0..number {
                push(&mut registry, &image, Some(&format!("t{number}-{copy}"))).unwrap();
            }
        }
        for (tag_status, expected) in [(TagStatus::Any, 22), (TagStatus::Tagged, 21), (TagStatus::Untagged, 1)] {
            let filter = ImageFilter { tag_status, image_status: ImageStatusFilter::Active };
            for size in [1, 4, 22, 100] {
                let mut rows = Vec::new();
                let mut next_token = None;
                loop {
                    let page = PageRequest { max_results: Some(size), next_token };
                    let output = apply(&registry, &Input { repository: name("team/app"), filter, page }).unwrap();
                    assert!(output.image_ids.len() <= size);
                    rows.extend(output.image_ids);
                    next_token = output.next_token;
                    if next_token.is_none() {
                        break;
                    }
                }
                assert_eq!(rows.len(), expected, "{tag_status:?} by {size}");
                assert!(rows.is_sorted() && rows.windows(2).all(|pair| pair[0] != pair[1]));
            }
        }
        let filter = ImageFilter { image_status: ImageStatusFilter::Archived, ..ImageFilter::default() };
        let input = Input { repository: name("team/app"), filter, page: PageRequest::default() };
        assert_eq!(apply(&registry, &input).unwrap().image_ids, []);
    }
}
