//! `PutImage`, `BatchGetImage`, `BatchDeleteImage`, `DescribeImages`, `ListImages`.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::members;
use crate::ecr::constraints::{Dialect, Text, list, one_of};
use crate::ecr::protocol::{EpochSeconds, Object};
use crate::registry::errors::InvalidParameter;
use crate::registry::{ImageFailure, ImageId, ImageIdentifier};

static IMAGE_TAG_LENGTH: Text = Text::new(Dialect::Launch).length(1, 300);

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

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PutImageReply {
    image: ImageMember,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BatchGetImageReply {
    images: Vec<ImageMember>,
    failures: Vec<ImageFailureMember>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BatchDeleteImageReply {
    image_ids: Vec<ImageIdentifierMember>,
    failures: Vec<ImageFailureMember>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ImageDetailMember {
    registry_id: String,
    repository_name: String,
    image_digest: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    image_tags: Vec<String>,
    image_size_in_bytes: u64,
    image_pushed_at: EpochSeconds,
    image_manifest_media_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    artifact_media_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_recorded_pull_time: Option<EpochSeconds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject_manifest_digest: Option<String>,
    image_status: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DescribeImagesReply {
    image_details: Vec<ImageDetailMember>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListImagesReply {
    image_ids: Vec<ImageIdentifierMember>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}
