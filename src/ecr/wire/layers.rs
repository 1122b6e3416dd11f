//! `InitiateLayerUpload`, `UploadLayerPart`, `CompleteLayerUpload`, `BatchCheckLayerAvailability`, `GetDownloadUrlForLayer`.

use serde::{Deserialize, Serialize};

use super::members;
use crate::ecr::constraints::{Dialect, Text, range, violation};
use crate::ecr::protocol::Blob;
use crate::registry::errors::InvalidParameter;
use crate::registry::limits;

static BATCHED_LAYER_DIGEST: Text = Text::new(Dialect::Smithy).length(0, 1000);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InitiateLayerUploadRequest {
    registry_id: Option<String>,
    repository_name: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UploadLayerPartRequest {
    registry_id: Option<String>,
    repository_name: Option<String>,
    upload_id: Option<String>,
    part_first_byte: Option<i64>,
    part_last_byte: Option<i64>,
    layer_part_blob: Option<Blob>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CompleteLayerUploadRequest {
    registry_id: Option<String>,
    repository_name: Option<String>,
    upload_id: Option<String>,
    layer_digests: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BatchCheckLayerAvailabilityRequest {
    registry_id: Option<String>,
    repository_name: Option<String>,
    layer_digests: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GetDownloadUrlForLayerRequest {
    registry_id: Option<String>,
    repository_name: Option<String>,
    layer_digest: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InitiateLayerUploadReply {
    upload_id: String,
    part_size: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UploadLayerPartReply {
    registry_id: String,
    repository_name: String,
    upload_id: String,
    last_byte_received: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CompleteLayerUploadReply {
    registry_id: String,
    repository_name: String,
    upload_id: String,
    layer_digest: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LayerMember {
    layer_digest: String,
    layer_availability: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    layer_size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    media_type: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LayerFailureMember {
    layer_digest: String,
    failure_code: &'static str,
    failure_reason: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BatchCheckLayerAvailabilityReply {
    layers: Vec<LayerMember>,
    failures: Vec<LayerFailureMember>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GetDownloadUrlForLayerReply {
    download_url: String,
    layer_digest: String,
}
