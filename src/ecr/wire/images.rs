//! `PutImage`, `BatchGetImage`, `BatchDeleteImage`, `DescribeImages`, `ListImages`.

use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::members::{self, Selection};
use super::{Addressed, WireRequest};
use crate::ecr::constraints::{Dialect, Text, one_of};
use crate::ecr::protocol::{EpochSeconds, Object};
use crate::registry::errors::InvalidParameter;
use crate::registry::ops::{batch_delete_image, batch_get_image, describe_images, list_images, put_image};
use crate::registry::types::{RegistryKey, RepositoryName, Tag};
use crate::registry::{ImageFailure, ImageId, ImageIdentifier, Manifest, MediaType, limits};
use crate::wire_errors::Failure;

use describe_images::ImageDetail;
use list_images::{ImageFilter, ImageStatusFilter, TagStatus};

static IMAGE_MANIFEST: Text = Text::new(Dialect::Launch).length(1, limits::MANIFEST_BYTES);

const TAG_STATUSES: [&str; 3] = ["TAGGED", "UNTAGGED", "ANY"];
const IMAGE_STATUSES: [&str; 4] = ["ACTIVE", "ARCHIVED", "ACTIVATING", "ANY"];

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PutImageRequest {
    registry_id: Option<String>,
    repository_name: Option<String>,
    image_manifest: Option<String>,
    image_manifest_media_type: Option<String>,
    image_tag: Option<String>,
    image_digest: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BatchGetImageRequest {
    registry_id: Option<String>,
    repository_name: Option<String>,
    image_ids: Option<Vec<Object<ImageIdentifierMember>>>,
    accepted_media_types: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BatchDeleteImageRequest {
    registry_id: Option<String>,
    repository_name: Option<String>,
    image_ids: Option<Vec<Object<ImageIdentifierMember>>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DescribeImagesRequest {
    registry_id: Option<String>,
    repository_name: Option<String>,
    image_ids: Option<Vec<Object<ImageIdentifierMember>>>,
    next_token: Option<String>,
    max_results: Option<i32>,
    filter: Option<Object<FilterMember>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListImagesRequest {
    registry_id: Option<String>,
    repository_name: Option<String>,
    next_token: Option<String>,
    max_results: Option<i32>,
    filter: Option<Object<FilterMember>>,
}

/// A manifest that is none is no violation: that shows after the existence of the repository.
impl WireRequest for PutImageRequest {
    type Input = put_image::Input;

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        let registry_id = members::registry_id(self.registry_id)?;
        let repository = members::repository_name(self.repository_name)?;
        let manifest = IMAGE_MANIFEST.required("imageManifest", self.image_manifest)?;
        let image_tag = members::image_tag(self.image_tag)?;
        let manifest = Manifest::parse(Bytes::from(manifest), self.image_manifest_media_type.as_deref());
        let input = put_image::Input {
            repository,
            manifest: manifest.map(Arc::new),
            image_tag,
            image_digest: self.image_digest,
        };
        Ok(Addressed { registry_id, input })
    }
}

/// What is wrong with an image id is told in `failures`, so nothing of it is checked here.
impl WireRequest for BatchGetImageRequest {
    type Input = batch_get_image::Input;

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        let registry_id = members::registry_id(self.registry_id)?;
        let repository = members::repository_name(self.repository_name)?;
        let image_ids = identifiers(members::batch("imageIds", self.image_ids)?);
        let accepted_media_types = members::optional_batch("acceptedMediaTypes", self.accepted_media_types)?;
        let accepted_media_types = accepted_media_types.unwrap_or_default();
        Ok(Addressed { registry_id, input: batch_get_image::Input { repository, image_ids, accepted_media_types } })
    }
}

/// See [`BatchGetImageRequest`].
impl WireRequest for BatchDeleteImageRequest {
    type Input = batch_delete_image::Input;

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        let registry_id = members::registry_id(self.registry_id)?;
        let repository = members::repository_name(self.repository_name)?;
        let image_ids = identifiers(members::batch("imageIds", self.image_ids)?);
        Ok(Addressed { registry_id, input: batch_delete_image::Input { repository, image_ids } })
    }
}

impl WireRequest for DescribeImagesRequest {
    type Input = describe_images::Input;

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        let registry_id = members::registry_id(self.registry_id)?;
        let repository = members::repository_name(self.repository_name)?;
        let selection = members::selection("imageIds", self.image_ids, self.next_token, self.max_results)?;
        let filter = filter(self.filter)?;
        let selection = match selection {
            Selection::Named(image_ids) => describe_images::Selection::Named(identifiers(image_ids)),
            Selection::Page(page) => describe_images::Selection::Page { filter, page },
        };
        Ok(Addressed { registry_id, input: describe_images::Input { repository, selection } })
    }
}

impl WireRequest for ListImagesRequest {
    type Input = list_images::Input;

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        let registry_id = members::registry_id(self.registry_id)?;
        let repository = members::repository_name(self.repository_name)?;
        let page = members::page(self.next_token, self.max_results)?;
        let filter = filter(self.filter)?;
        Ok(Addressed { registry_id, input: list_images::Input { repository, filter, page } })
    }
}

fn identifiers(members: Vec<Object<ImageIdentifierMember>>) -> Vec<ImageIdentifier> {
    members.into_iter().map(|Object(member)| member.into()).collect()
}

fn filter(filter: Option<Object<FilterMember>>) -> Result<ImageFilter, InvalidParameter> {
    let Some(Object(filter)) = filter else { return Ok(ImageFilter::default()) };
    let choice = |member: &str, text: Option<String>, set: &'static [&'static str]| {
        text.map(|text| one_of(member, &text, set, |name| name)).transpose()
    };
    let tag_status = choice("filter.tagStatus", filter.tag_status, &TAG_STATUSES)?;
    let image_status = choice("filter.imageStatus", filter.image_status, &IMAGE_STATUSES)?;
    Ok(ImageFilter {
        tag_status: tag_status.and_then(TagStatus::from_name).unwrap_or_default(),
        image_status: image_status.and_then(ImageStatusFilter::from_name).unwrap_or_default(),
    })
}

/// `DescribeImagesFilter` and `ListImagesFilter`, which have the same members.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FilterMember {
    tag_status: Option<String>,
    image_status: Option<String>,
}

/// An image as a caller names it and as replies name it; either half may be absent.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ImageIdentifierMember {
    #[serde(skip_serializing_if = "Option::is_none")]
    image_digest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_tag: Option<String>,
}

impl From<ImageIdentifierMember> for ImageIdentifier {
    fn from(member: ImageIdentifierMember) -> Self {
        Self { digest: member.image_digest, tag: member.image_tag }
    }
}

impl From<&ImageIdentifier> for ImageIdentifierMember {
    fn from(image_id: &ImageIdentifier) -> Self {
        Self { image_digest: image_id.digest.clone(), image_tag: image_id.tag.clone() }
    }
}

impl From<&ImageId> for ImageIdentifierMember {
    fn from(image_id: &ImageId) -> Self {
        Self {
            image_digest: Some(image_id.digest.to_string()),
            image_tag: image_id.tag.as_ref().map(ToString::to_string),
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ImageFailureMember {
    image_id: ImageIdentifierMember,
    failure_code: &'static str,
    failure_reason: String,
}

impl From<&ImageFailure> for ImageFailureMember {
    fn from(failure: &ImageFailure) -> Self {
        Self {
            image_id: (&failure.image_id).into(),
            failure_code: failure.cause.code(),
            failure_reason: failure.cause.to_string(),
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ImageMember {
    registry_id: String,
    repository_name: String,
    image_id: ImageIdentifierMember,
    image_manifest: String,
    image_manifest_media_type: String,
}

impl ImageMember {
    /// The manifest is text, since only UTF-8 parses as JSON; were it not, the lossy form would show.
    pub(crate) fn new(
        registry: &RegistryKey,
        repository: &RepositoryName,
        image_id: &ImageId,
        manifest: &Manifest,
    ) -> Self {
        Self {
            registry_id: registry.account.to_string(),
            repository_name: repository.to_string(),
            image_id: image_id.into(),
            image_manifest: String::from_utf8_lossy(manifest.bytes()).into_owned(),
            image_manifest_media_type: manifest.media_type().to_string(),
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PutImageReply {
    pub(crate) image: ImageMember,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BatchGetImageReply {
    pub(crate) images: Vec<ImageMember>,
    pub(crate) failures: Vec<ImageFailureMember>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BatchDeleteImageReply {
    pub(crate) image_ids: Vec<ImageIdentifierMember>,
    pub(crate) failures: Vec<ImageFailureMember>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ImageDetailMember<'a> {
    registry_id: &'a str,
    repository_name: &'a str,
    image_digest: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    image_tags: Vec<&'a str>,
    image_size_in_bytes: u64,
    image_pushed_at: EpochSeconds,
    image_manifest_media_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    artifact_media_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_recorded_pull_time: Option<EpochSeconds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject_manifest_digest: Option<String>,
    image_status: &'static str,
}

impl<'a> ImageDetailMember<'a> {
    pub(crate) fn new(registry: &'a RegistryKey, repository: &'a RepositoryName, detail: &'a ImageDetail) -> Self {
        let image = &detail.image;
        let manifest = image.manifest();
        Self {
            registry_id: registry.account.as_str(),
            repository_name: repository.as_str(),
            image_digest: image.digest().to_string(),
            image_tags: image.tags().iter().map(Tag::as_str).collect(),
            image_size_in_bytes: detail.size_bytes,
            image_pushed_at: image.pushed_at().into(),
            image_manifest_media_type: manifest.media_type().as_str(),
            artifact_media_type: manifest.artifact_media_type().map(MediaType::as_str),
            last_recorded_pull_time: image.last_recorded_pull_time().map(Into::into),
            subject_manifest_digest: manifest.subject().map(ToString::to_string),
            image_status: image.status().as_str(),
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DescribeImagesReply<'a> {
    pub(crate) image_details: Vec<ImageDetailMember<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListImagesReply {
    pub(crate) image_ids: Vec<ImageIdentifierMember>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_token: Option<String>,
}
