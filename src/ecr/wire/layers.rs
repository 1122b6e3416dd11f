//! `InitiateLayerUpload`, `UploadLayerPart`, `CompleteLayerUpload`, `BatchCheckLayerAvailability`, `GetDownloadUrlForLayer`.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{Addressed, WireRequest, each, members};
use crate::ecr::answer::{Answer, Links};
use crate::ecr::constraints::{Dialect, Text, range};
use crate::ecr::operation::{ReadOperation, Reply, WireOperation, WriteOperation};
use crate::ecr::protocol::{Blob, write_body};
use crate::ecr::request::LayerPart;
use crate::facts::Facts;
use crate::registry::errors::InvalidParameter;
use crate::registry::ops::batch_check_layer_availability::{self, Layer, LayerAvailability, LayerFailure};
use crate::registry::ops::{complete_layer_upload, download_layer, initiate_layer_upload, upload_layer_part};
use crate::registry::types::{Digest, InvalidName, RegistryKey, RepositoryName};
use crate::registry::{Context, Registry, limits};
use crate::wire_errors::Failure;

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

impl WireRequest for InitiateLayerUploadRequest {
    type Input = initiate_layer_upload::Input;

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        let registry_id = members::registry_id(self.registry_id)?;
        let repository = members::repository_name(self.repository_name)?;
        Ok(Addressed { registry_id, input: initiate_layer_upload::Input { repository } })
    }
}

impl WireRequest for UploadLayerPartRequest {
    type Input = LayerPart;

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        let registry_id = members::registry_id(self.registry_id)?;
        let repository = members::repository_name(self.repository_name)?;
        let upload_id = members::upload_id(self.upload_id)?;
        let part_first_byte = byte_index("partFirstByte", self.part_first_byte)?;
        let part_last_byte = byte_index("partLastByte", self.part_last_byte)?;
        let Blob(bytes) = Dialect::Launch.required("layerPartBlob", self.layer_part_blob)?;
        let length_bytes = bytes.len() as u64;
        if length_bytes > limits::LAYER_PART_MOST_BYTES {
            let too_long = InvalidName::TooLong(limits::LAYER_PART_MOST_BYTES as usize);
            return Err(Dialect::Launch.refuse("layerPartBlob", too_long).into());
        }
        let input = upload_layer_part::Input { repository, upload_id, part_first_byte, part_last_byte, length_bytes };
        Ok(Addressed { registry_id, input: LayerPart { input, bytes } })
    }
}

fn byte_index(member: &str, value: Option<i64>) -> Result<u64, InvalidParameter> {
    let value = Dialect::Launch.required(member, value)?;
    range(member, value, 0..=i64::MAX).map(i64::unsigned_abs)
}

impl WireRequest for CompleteLayerUploadRequest {
    type Input = complete_layer_upload::Input;

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        let registry_id = members::registry_id(self.registry_id)?;
        let repository = members::repository_name(self.repository_name)?;
        let upload_id = members::upload_id(self.upload_id)?;
        let layer_digests = members::batch("layerDigests", self.layer_digests)?;
        let numbered = layer_digests.into_iter().enumerate();
        let checked = numbered.map(|(place, digest)| {
            members::layer_digest(format_args!("layerDigests.{}.member", place + 1), Some(digest))
        });
        let layer_digests = checked.collect::<Result<_, _>>()?;
        Ok(Addressed { registry_id, input: complete_layer_upload::Input { repository, upload_id, layer_digests } })
    }
}

/// A text that is no digest is told in `failures`.
impl WireRequest for BatchCheckLayerAvailabilityRequest {
    type Input = batch_check_layer_availability::Input;

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        let registry_id = members::registry_id(self.registry_id)?;
        let repository = members::repository_name(self.repository_name)?;
        let layer_digests = members::batch("layerDigests", self.layer_digests)?;
        for (place, digest) in layer_digests.iter().enumerate() {
            BATCHED_LAYER_DIGEST.check(format_args!("layerDigests.{}.member", place + 1), digest)?;
        }
        Ok(Addressed { registry_id, input: batch_check_layer_availability::Input { repository, layer_digests } })
    }
}

impl WireRequest for GetDownloadUrlForLayerRequest {
    type Input = download_layer::Input;

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        let registry_id = members::registry_id(self.registry_id)?;
        let repository = members::repository_name(self.repository_name)?;
        let layer_digest = members::layer_digest("layerDigest", self.layer_digest)?;
        Ok(Addressed { registry_id, input: download_layer::Input { repository, layer_digest } })
    }
}

impl WireOperation for InitiateLayerUploadRequest {
    type Output = initiate_layer_upload::Output;

    fn repository(input: &Self::Input) -> Option<&RepositoryName> {
        Some(&input.repository)
    }

    fn render(output: &Self::Output, _: &RegistryKey, _: &dyn Links) -> Bytes {
        write_body(&InitiateLayerUploadReply { upload_id: output.upload_id.to_string(), part_size: output.part_size })
    }
}

impl WriteOperation for InitiateLayerUploadRequest {
    fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: Self::Input) -> Result<Self::Output, Failure> {
        Ok(initiate_layer_upload::apply(registry, cx, &input)?)
    }
}

impl WireOperation for BatchCheckLayerAvailabilityRequest {
    type Output = batch_check_layer_availability::Output;

    fn repository(input: &Self::Input) -> Option<&RepositoryName> {
        Some(&input.repository)
    }

    fn facts(input: &Self::Input, facts: &mut Facts) {
        facts.set_digest(input.layer_digests.first());
    }

    fn render(output: &Self::Output, _: &RegistryKey, _: &dyn Links) -> Bytes {
        let (layers, failures) = (each(&output.layers), each(&output.failures));
        write_body(&BatchCheckLayerAvailabilityReply { layers, failures })
    }
}

impl ReadOperation for BatchCheckLayerAvailabilityRequest {
    fn apply(registry: &Registry, input: Self::Input) -> Result<Self::Output, Failure> {
        Ok(batch_check_layer_availability::apply(registry, &input)?)
    }
}

impl WireOperation for GetDownloadUrlForLayerRequest {
    type Output = (RepositoryName, download_layer::Output);

    fn repository(input: &Self::Input) -> Option<&RepositoryName> {
        Some(&input.repository)
    }

    fn facts(input: &Self::Input, facts: &mut Facts) {
        facts.set_digest(Some(&input.layer_digest));
    }

    fn download(input: &Self::Input) -> Option<Digest> {
        input.layer_digest.parse().ok()
    }

    fn render((repository, output): &Self::Output, registry: &RegistryKey, links: &dyn Links) -> Bytes {
        let digest = output.blob.digest();
        write_body(&GetDownloadUrlForLayerReply {
            download_url: links.download_url(registry, repository, digest),
            layer_digest: digest.to_string(),
        })
    }
}

impl ReadOperation for GetDownloadUrlForLayerRequest {
    fn apply(registry: &Registry, input: Self::Input) -> Result<Self::Output, Failure> {
        let output = download_layer::apply(registry, &input)?;
        Ok((input.repository, output))
    }
}

/// The answer to `UploadLayerPart`.
pub(crate) fn part_answer(
    registry: &RegistryKey,
    input: &upload_layer_part::Input,
    output: &upload_layer_part::Output,
) -> Answer {
    Answer::new(
        registry,
        UploadLayerPartReply {
            registry_id: registry.account.to_string(),
            repository_name: input.repository.to_string(),
            upload_id: input.upload_id.to_string(),
            last_byte_received: output.last_byte_received,
        },
    )
}

/// The answer to `CompleteLayerUpload`.
pub(crate) fn layer_answer(
    registry: &RegistryKey,
    input: &complete_layer_upload::Input,
    output: &complete_layer_upload::Output,
) -> Answer {
    Answer::new(
        registry,
        CompleteLayerUploadReply {
            registry_id: registry.account.to_string(),
            repository_name: input.repository.to_string(),
            upload_id: input.upload_id.to_string(),
            layer_digest: output.layer_digest.to_string(),
        },
    )
}

impl Reply for UploadLayerPartReply {
    fn render(&self, _: &RegistryKey, _: &dyn Links) -> Bytes {
        write_body(self)
    }
}

impl Reply for CompleteLayerUploadReply {
    fn render(&self, _: &RegistryKey, _: &dyn Links) -> Bytes {
        write_body(self)
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InitiateLayerUploadReply {
    pub(crate) upload_id: String,
    pub(crate) part_size: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UploadLayerPartReply {
    pub(crate) registry_id: String,
    pub(crate) repository_name: String,
    pub(crate) upload_id: String,
    pub(crate) last_byte_received: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CompleteLayerUploadReply {
    pub(crate) registry_id: String,
    pub(crate) repository_name: String,
    pub(crate) upload_id: String,
    pub(crate) layer_digest: String,
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
    pub(crate) layers: Vec<LayerMember>,
    pub(crate) failures: Vec<LayerFailureMember>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GetDownloadUrlForLayerReply {
    pub(crate) download_url: String,
    pub(crate) layer_digest: String,
}

impl From<&Layer> for LayerMember {
    fn from(layer: &Layer) -> Self {
        let (layer_size, media_type) = match &layer.availability {
            LayerAvailability::Available { size_bytes, media_type }
            | LayerAvailability::Archived { size_bytes, media_type } => (Some(*size_bytes), media_type.as_ref()),
            LayerAvailability::Unavailable => (None, None),
        };
        Self {
            layer_digest: layer.layer_digest.clone(),
            layer_availability: layer.availability.as_str(),
            layer_size,
            media_type: media_type.map(ToString::to_string),
        }
    }
}

impl From<&LayerFailure> for LayerFailureMember {
    fn from(failure: &LayerFailure) -> Self {
        Self {
            layer_digest: failure.layer_digest.clone(),
            failure_code: failure.cause.code(),
            failure_reason: failure.cause.to_string(),
        }
    }
}
