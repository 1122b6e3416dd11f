//! `PutImage`, `BatchGetImage`, `BatchDeleteImage`, `DescribeImages`, `ListImages`.

use std::borrow::Cow;
use std::fmt::Display;
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::members::{self, Selection};
use super::{Addressed, WireRequest, each};
use crate::ecr::answer::Links;
use crate::ecr::constraints::{Dialect, Text, one_of};
use crate::ecr::operation::{ReadOperation, WireOperation, WriteOperation};
use crate::ecr::protocol::{Displayed, EpochSeconds, Object, write_body};
use crate::facts::{Fact, Facts};
use crate::registry::errors::InvalidParameter;
use crate::registry::ops::{batch_delete_image, batch_get_image, describe_images, list_images, put_image};
use crate::registry::types::{Digest, RegistryKey, RepositoryName, Tag};
use crate::registry::{Context, ImageFailure, ImageId, ImageIdentifier, Manifest, MediaType, Registry, limits};
use crate::wire_errors::Failure;

use describe_images::ImageDetail;
use list_images::{ImageFilter, ImageStatusFilter, TagStatus};

static IMAGE_MANIFEST: Text = Text::new(Dialect::Launch).length(1, limits::MANIFEST_BYTES);
/// Of an image id: only its length is a matter of the model, see [`identifiers`].
static IMAGE_TAG: Text = Text::new(Dialect::Launch).length(1, 300);

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

/// What is wrong with the characters of an image id is told in `failures`, see [`identifiers`].
impl WireRequest for BatchGetImageRequest {
    type Input = batch_get_image::Input;

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        let registry_id = members::registry_id(self.registry_id)?;
        let repository = members::repository_name(self.repository_name)?;
        let image_ids = identifiers("imageIds", self.image_ids)?;
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
        let image_ids = identifiers("imageIds", self.image_ids)?;
        Ok(Addressed { registry_id, input: batch_delete_image::Input { repository, image_ids } })
    }
}

impl WireRequest for DescribeImagesRequest {
    type Input = describe_images::Input;

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        let registry_id = members::registry_id(self.registry_id)?;
        let repository = members::repository_name(self.repository_name)?;
        let image_ids = optional_identifiers("imageIds", self.image_ids)?;
        let selection = members::selection("imageIds", image_ids, self.next_token, self.max_results)?;
        let filter = filter(self.filter)?;
        let selection = match selection {
            Selection::Named(image_ids) => describe_images::Selection::Named(image_ids),
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

impl WireOperation for PutImageRequest {
    type Output = (RepositoryName, put_image::Output);

    fn repository(input: &Self::Input) -> Option<&RepositoryName> {
        Some(&input.repository)
    }

    fn facts(input: &Self::Input, facts: &mut Facts) {
        if let Some(tag) = &input.image_tag {
            facts.set(Fact::Tag, tag.as_str());
        }
        if let Ok(manifest) = &input.manifest {
            facts.set(Fact::Digest, manifest.digest().clone());
            facts.set(Fact::MediaType, manifest.media_type().as_str());
            facts.set(Fact::Size, manifest.bytes().len() as u64);
        }
    }

    fn render((repository, output): &Self::Output, registry: &RegistryKey, _: &dyn Links) -> Bytes {
        let image = ImageMember::new(registry, repository, &output.image_id, &output.manifest);
        write_body(&PutImageReply { image })
    }
}

impl WriteOperation for PutImageRequest {
    fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: Self::Input) -> Result<Self::Output, Failure> {
        let repository = input.repository.clone();
        Ok((repository, put_image::apply(registry, cx, input)?))
    }
}

impl WireOperation for BatchGetImageRequest {
    type Output = (RepositoryName, batch_get_image::Output);

    fn repository(input: &Self::Input) -> Option<&RepositoryName> {
        Some(&input.repository)
    }

    fn facts(input: &Self::Input, facts: &mut Facts) {
        set_image(facts, input.image_ids.first());
    }

    fn pulls(input: &Self::Input) -> &[ImageIdentifier] {
        &input.image_ids
    }

    fn render((repository, output): &Self::Output, registry: &RegistryKey, _: &dyn Links) -> Bytes {
        let images = output.images.iter();
        write_body(&BatchGetImageReply {
            images: images
                .map(|image| ImageMember::new(registry, repository, &image.image_id, &image.manifest))
                .collect(),
            failures: each(&output.failures),
        })
    }
}

impl WriteOperation for BatchGetImageRequest {
    fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: Self::Input) -> Result<Self::Output, Failure> {
        let output = batch_get_image::apply(registry, cx, &input)?;
        Ok((input.repository, output))
    }
}

impl WireOperation for BatchDeleteImageRequest {
    type Output = batch_delete_image::Output;

    fn repository(input: &Self::Input) -> Option<&RepositoryName> {
        Some(&input.repository)
    }

    fn facts(input: &Self::Input, facts: &mut Facts) {
        set_image(facts, input.image_ids.first());
    }

    fn render(output: &Self::Output, _: &RegistryKey, _: &dyn Links) -> Bytes {
        write_body(&BatchDeleteImageReply { image_ids: each(&output.image_ids), failures: each(&output.failures) })
    }
}

impl WriteOperation for BatchDeleteImageRequest {
    fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: Self::Input) -> Result<Self::Output, Failure> {
        Ok(batch_delete_image::apply(registry, cx, &input)?)
    }
}

impl WireOperation for DescribeImagesRequest {
    type Output = (RepositoryName, describe_images::Output);

    fn repository(input: &Self::Input) -> Option<&RepositoryName> {
        Some(&input.repository)
    }

    fn facts(input: &Self::Input, facts: &mut Facts) {
        if let describe_images::Selection::Named(image_ids) = &input.selection {
            set_image(facts, image_ids.first());
        }
    }

    fn render((repository, output): &Self::Output, registry: &RegistryKey, _: &dyn Links) -> Bytes {
        let details = output.image_details.iter();
        write_body(&DescribeImagesReply {
            image_details: details.map(|detail| ImageDetailMember::new(registry, repository, detail)).collect(),
            next_token: output.next_token.as_deref(),
        })
    }
}

impl ReadOperation for DescribeImagesRequest {
    fn apply(registry: &Registry, input: Self::Input) -> Result<Self::Output, Failure> {
        let output = describe_images::apply(registry, &input)?;
        Ok((input.repository, output))
    }
}

impl WireOperation for ListImagesRequest {
    type Output = list_images::Output;

    fn repository(input: &Self::Input) -> Option<&RepositoryName> {
        Some(&input.repository)
    }

    fn render(output: &Self::Output, _: &RegistryKey, _: &dyn Links) -> Bytes {
        write_body(&ListImagesReply { image_ids: each(&output.image_ids), next_token: output.next_token.as_deref() })
    }
}

impl ReadOperation for ListImagesRequest {
    fn apply(registry: &Registry, input: Self::Input) -> Result<Self::Output, Failure> {
        Ok(list_images::apply(registry, &input)?)
    }
}

/// Notes digest and tag of an image that a call names.
pub(crate) fn set_image(facts: &mut Facts, image_id: Option<&ImageIdentifier>) {
    let Some(image_id) = image_id else { return };
    facts.set_digest(image_id.digest.as_ref());
    if let Some(tag) = &image_id.tag {
        facts.set(Fact::Tag, tag.as_str());
    }
}

/// A required list of 1 to 100 images, named `member`.
///
/// A tag that is empty or too long breaks the service model, so it is refused here; whatever else is wrong with an id is
/// for its operation to tell, in most of them as a failure of that one image.
pub(crate) fn identifiers(
    member: &str,
    image_ids: Option<Vec<Object<ImageIdentifierMember>>>,
) -> Result<Vec<ImageIdentifier>, InvalidParameter> {
    let image_ids = members::batch(member, image_ids)?.into_iter().enumerate();
    image_ids
        .map(|(place, Object(image_id))| image_id.into_identifier(format_args!("{member}.{}.member", place + 1)))
        .collect()
}

/// [`identifiers`] that may be absent.
pub(crate) fn optional_identifiers(
    member: &str,
    image_ids: Option<Vec<Object<ImageIdentifierMember>>>,
) -> Result<Option<Vec<ImageIdentifier>>, InvalidParameter> {
    image_ids.map(|image_ids| identifiers(member, Some(image_ids))).transpose()
}

/// One required image, named `member`. See [`identifiers`] for what is checked.
pub(crate) fn image_id(
    member: &str,
    image_id: Option<Object<ImageIdentifierMember>>,
) -> Result<ImageIdentifier, InvalidParameter> {
    let Object(image_id) = Dialect::Smithy.required(member, image_id)?;
    image_id.into_identifier(member)
}

fn filter(filter: Option<Object<FilterMember>>) -> Result<ImageFilter, InvalidParameter> {
    let Some(Object(filter)) = filter else { return Ok(ImageFilter::default()) };
    let tag_status = tag_status("filter.tagStatus", filter.tag_status)?;
    let image_status = image_status("filter.imageStatus", filter.image_status)?;
    Ok(ImageFilter { tag_status, image_status })
}

/// A choice by tags; all if absent.
pub(crate) fn tag_status(member: &str, text: Option<String>) -> Result<TagStatus, InvalidParameter> {
    let name = text.map(|text| one_of(member, &text, &TAG_STATUSES, |name| name)).transpose()?;
    Ok(name.and_then(TagStatus::from_name).unwrap_or_default())
}

/// A choice by storage status; the active ones if absent.
pub(crate) fn image_status(member: &str, text: Option<String>) -> Result<ImageStatusFilter, InvalidParameter> {
    let name = text.map(|text| one_of(member, &text, &IMAGE_STATUSES, |name| name)).transpose()?;
    Ok(name.and_then(ImageStatusFilter::from_name).unwrap_or_default())
}

/// `DescribeImagesFilter` and `ListImagesFilter`, which have the same members.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FilterMember {
    tag_status: Option<String>,
    image_status: Option<String>,
}

/// An image as a caller names it; either half may be absent.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ImageIdentifierMember {
    image_digest: Option<String>,
    image_tag: Option<String>,
}

impl ImageIdentifierMember {
    fn into_identifier(self, path: impl Display) -> Result<ImageIdentifier, InvalidParameter> {
        let tag = IMAGE_TAG.optional(format_args!("{path}.imageTag"), self.image_tag)?;
        Ok(ImageIdentifier { digest: self.image_digest, tag })
    }
}

/// An image as replies name it: in the caller's words, or by what it is.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum ImageIdReply<'a> {
    #[serde(rename_all = "camelCase")]
    AsNamed {
        #[serde(skip_serializing_if = "Option::is_none")]
        image_digest: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        image_tag: Option<&'a str>,
    },
    #[serde(rename_all = "camelCase")]
    AsIs {
        image_digest: Displayed<&'a Digest>,
        #[serde(skip_serializing_if = "Option::is_none")]
        image_tag: Option<&'a str>,
    },
}

impl<'a> From<&'a ImageIdentifier> for ImageIdReply<'a> {
    fn from(image_id: &'a ImageIdentifier) -> Self {
        Self::AsNamed { image_digest: image_id.digest.as_deref(), image_tag: image_id.tag.as_deref() }
    }
}

impl<'a> From<&'a ImageId> for ImageIdReply<'a> {
    fn from(image_id: &'a ImageId) -> Self {
        Self::AsIs { image_digest: Displayed(&image_id.digest), image_tag: image_id.tag.as_ref().map(Tag::as_str) }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ImageFailureMember<'a> {
    image_id: ImageIdReply<'a>,
    failure_code: &'static str,
    failure_reason: String,
}

impl<'a> From<&'a ImageFailure> for ImageFailureMember<'a> {
    fn from(failure: &'a ImageFailure) -> Self {
        Self {
            image_id: (&failure.image_id).into(),
            failure_code: failure.cause.code(),
            failure_reason: failure.cause.to_string(),
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ImageMember<'a> {
    registry_id: &'a str,
    repository_name: &'a str,
    image_id: ImageIdReply<'a>,
    image_manifest: Cow<'a, str>,
    image_manifest_media_type: &'a str,
}

impl<'a> ImageMember<'a> {
    /// The manifest is text, since only UTF-8 parses as JSON; were it not, the lossy form would show.
    pub(crate) fn new(
        registry: &'a RegistryKey,
        repository: &'a RepositoryName,
        image_id: &'a ImageId,
        manifest: &'a Manifest,
    ) -> Self {
        Self {
            registry_id: registry.account.as_str(),
            repository_name: repository.as_str(),
            image_id: image_id.into(),
            // To see that it is UTF-8 is much cheaper than to repair it.
            image_manifest: str::from_utf8(manifest.bytes())
                .map_or_else(|_| String::from_utf8_lossy(manifest.bytes()), Cow::Borrowed),
            image_manifest_media_type: manifest.media_type().as_str(),
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PutImageReply<'a> {
    pub(crate) image: ImageMember<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BatchGetImageReply<'a> {
    pub(crate) images: Vec<ImageMember<'a>>,
    pub(crate) failures: Vec<ImageFailureMember<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BatchDeleteImageReply<'a> {
    pub(crate) image_ids: Vec<ImageIdReply<'a>>,
    pub(crate) failures: Vec<ImageFailureMember<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ImageDetailMember<'a> {
    registry_id: &'a str,
    repository_name: &'a str,
    image_digest: Displayed<&'a Digest>,
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
    subject_manifest_digest: Option<Displayed<&'a Digest>>,
    image_status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_archived_at: Option<EpochSeconds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_activated_at: Option<EpochSeconds>,
}

impl<'a> ImageDetailMember<'a> {
    pub(crate) fn new(registry: &'a RegistryKey, repository: &'a RepositoryName, detail: &'a ImageDetail) -> Self {
        let image = &detail.image;
        let manifest = image.manifest();
        Self {
            registry_id: registry.account.as_str(),
            repository_name: repository.as_str(),
            image_digest: Displayed(image.digest()),
            image_tags: image.tags().iter().map(Tag::as_str).collect(),
            image_size_in_bytes: detail.size_bytes,
            image_pushed_at: image.pushed_at().into(),
            image_manifest_media_type: manifest.media_type().as_str(),
            artifact_media_type: manifest.artifact_media_type().map(MediaType::as_str),
            last_recorded_pull_time: image.last_recorded_pull_time().map(Into::into),
            subject_manifest_digest: manifest.subject().map(Displayed),
            image_status: image.status().as_str(),
            last_archived_at: image.archive().map(|archive| archive.last_archived_at.into()),
            last_activated_at: image.archive().and_then(|archive| archive.last_activated_at).map(Into::into),
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DescribeImagesReply<'a> {
    pub(crate) image_details: Vec<ImageDetailMember<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_token: Option<&'a str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListImagesReply<'a> {
    pub(crate) image_ids: Vec<ImageIdReply<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_token: Option<&'a str>,
}
