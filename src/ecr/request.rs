//! A decoded request: which operation with which input, on which registry.
//!
//! [`decode`] needs no world and is for outside its writer; what it answers is run inside. Four operations need more than a
//! registry and say so by their own variants of [`Call`]: tokens are minted by the world, the bytes of layers go to the blob
//! store between two steps, and the validation of a cache rule asks its upstream.

use std::slice;

use bytes::Bytes;

use super::operation::{ReadCall, WriteCall, prepare_read, prepare_write};
use super::wire::account_settings::{GetAccountSettingRequest, PutAccountSettingRequest};
use super::wire::authorization::GetAuthorizationTokenRequest;
use super::wire::backfills::{
    DescribeReplicationBackfillResultsRequest, ListReplicationBackfillsRequest, StartReplicationBackfillRequest,
    StopReplicationBackfillRequest,
};
use super::wire::cache_rules::{
    CreatePullThroughCacheRuleRequest, DeletePullThroughCacheRuleRequest, DescribePullThroughCacheRulesRequest,
    UpdatePullThroughCacheRuleRequest, ValidatePullThroughCacheRuleRequest,
};
use super::wire::images::{
    BatchDeleteImageRequest, BatchGetImageRequest, DescribeImagesRequest, ListImagesRequest, PutImageRequest,
};
use super::wire::layers::{
    BatchCheckLayerAvailabilityRequest, CompleteLayerUploadRequest, GetDownloadUrlForLayerRequest,
    InitiateLayerUploadRequest, UploadLayerPartRequest,
};
use super::wire::lifecycle::{
    DeleteLifecyclePolicyRequest, GetLifecyclePolicyPreviewRequest, GetLifecyclePolicyRequest,
    PutLifecyclePolicyRequest, StartLifecyclePolicyPreviewRequest,
};
use super::wire::policies::{
    DeleteRegistryPolicyRequest, DeleteRepositoryPolicyRequest, GetRegistryPolicyRequest, GetRepositoryPolicyRequest,
    PutRegistryPolicyRequest, SetRepositoryPolicyRequest,
};
use super::wire::pull_time_exclusions::{
    DeregisterPullTimeUpdateExclusionRequest, ListPullTimeUpdateExclusionsRequest,
    RegisterPullTimeUpdateExclusionRequest,
};
use super::wire::referrers::ListImageReferrersRequest;
use super::wire::registry::{
    DescribeImageReplicationStatusRequest, DescribeRegistryRequest, PutReplicationConfigurationRequest,
};
use super::wire::repositories::{
    CreateRepositoryRequest, DeleteRepositoryRequest, DescribeRepositoriesRequest, PutImageTagMutabilityRequest,
};
use super::wire::resource_tags::{ListTagsForResourceRequest, TagResourceRequest, UntagResourceRequest};
use super::wire::scanning::{
    BatchGetRepositoryScanningConfigurationRequest, GetRegistryScanningConfigurationRequest,
    PutImageScanningConfigurationRequest, PutRegistryScanningConfigurationRequest,
};
use super::wire::scans::{DescribeImageScanFindingsRequest, StartImageScanRequest};
use super::wire::signing::{
    DeleteSigningConfigurationRequest, DescribeImageSigningStatusRequest, GetSigningConfigurationRequest,
    PutSigningConfigurationRequest,
};
use super::wire::storage_class::UpdateImageStorageClassRequest;
use super::wire::templates::{
    CreateRepositoryCreationTemplateRequest, DeleteRepositoryCreationTemplateRequest,
    DescribeRepositoryCreationTemplatesRequest, UpdateRepositoryCreationTemplateRequest,
};
use super::wire::{Addressed, WireRequest};
use crate::facts::{Fact, Facts};
use crate::operations::Operation;
use crate::registry::ops::{complete_layer_upload, upload_layer_part, validate_pull_through_cache_rule};
use crate::registry::types::{AccountId, Digest, Region, RegistryKey, RepositoryName};
use crate::registry::{Caller, ImageIdentifier, ResourceTag};
use crate::wire_errors::Failure;

/// A request whose members satisfy the service model.
#[derive(Debug)]
pub struct Request {
    /// What is asked for.
    pub operation: Operation,
    /// Account of the registry; absent: the caller's own. Always absent where the operation has neither
    /// `registryId` nor `resourceArn`.
    pub registry_id: Option<AccountId>,
    /// What to do.
    pub call: Call,
}

/// What to do, by what it takes to do it.
#[derive(Debug)]
pub enum Call {
    /// Look something up in one registry.
    Read(Box<dyn ReadCall>),
    /// Change one registry.
    Write(Box<dyn WriteCall>),
    /// `GetAuthorizationToken`: mint passwords.
    GetAuthorizationToken(TokenRequest),
    /// `UploadLayerPart`: `check` of the operation, take in the bytes, `apply`.
    UploadLayerPart(LayerPart),
    /// `CompleteLayerUpload`: `check` of the operation, verify the bytes, `apply`.
    CompleteLayerUpload(complete_layer_upload::Input),
    /// `ValidatePullThroughCacheRule`: `apply` of the operation, then a try of the login.
    ValidatePullThroughCacheRule(validate_pull_through_cache_rule::Input),
}

/// Which registries to log in to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRequest {
    /// Accounts, in the order of the answer; none: the caller's own.
    pub accounts: Vec<AccountId>,
}

/// A part of a layer and its bytes.
#[derive(Clone, Debug)]
pub struct LayerPart {
    /// Where it belongs; its length is that of the bytes.
    pub input: upload_layer_part::Input,
    /// The bytes, at most 20 MiB.
    pub bytes: Bytes,
}

/// Reads the body of a request. Errors, in this order: a body that is no object or has a member of a wrong type, the
/// first member that breaks its constraint.
pub fn decode(operation: Operation, body: &[u8]) -> Result<Request, Failure> {
    use Operation as Op;
    let (registry_id, call) = match operation {
        Op::BatchCheckLayerAvailability => read(prepare_read::<BatchCheckLayerAvailabilityRequest>(body)?),
        Op::BatchDeleteImage => write(prepare_write::<BatchDeleteImageRequest>(body)?),
        Op::BatchGetImage => write(prepare_write::<BatchGetImageRequest>(body)?),
        Op::BatchGetRepositoryScanningConfiguration => {
            read(prepare_read::<BatchGetRepositoryScanningConfigurationRequest>(body)?)
        }
        Op::CompleteLayerUpload => other::<CompleteLayerUploadRequest>(body, Call::CompleteLayerUpload)?,
        Op::CreatePullThroughCacheRule => write(prepare_write::<CreatePullThroughCacheRuleRequest>(body)?),
        Op::CreateRepository => write(prepare_write::<CreateRepositoryRequest>(body)?),
        Op::DeleteLifecyclePolicy => write(prepare_write::<DeleteLifecyclePolicyRequest>(body)?),
        Op::DeletePullThroughCacheRule => write(prepare_write::<DeletePullThroughCacheRuleRequest>(body)?),
        Op::DeleteRegistryPolicy => write(prepare_write::<DeleteRegistryPolicyRequest>(body)?),
        Op::DeleteRepository => write(prepare_write::<DeleteRepositoryRequest>(body)?),
        Op::DeleteRepositoryPolicy => write(prepare_write::<DeleteRepositoryPolicyRequest>(body)?),
        Op::DeleteSigningConfiguration => write(prepare_write::<DeleteSigningConfigurationRequest>(body)?),
        Op::DeregisterPullTimeUpdateExclusion => {
            write(prepare_write::<DeregisterPullTimeUpdateExclusionRequest>(body)?)
        }
        Op::DescribeImageReplicationStatus => read(prepare_read::<DescribeImageReplicationStatusRequest>(body)?),
        Op::DescribeImageScanFindings => read(prepare_read::<DescribeImageScanFindingsRequest>(body)?),
        Op::DescribeImageSigningStatus => read(prepare_read::<DescribeImageSigningStatusRequest>(body)?),
        Op::DescribeImages => read(prepare_read::<DescribeImagesRequest>(body)?),
        Op::DescribePullThroughCacheRules => read(prepare_read::<DescribePullThroughCacheRulesRequest>(body)?),
        Op::DescribeRegistry => read(prepare_read::<DescribeRegistryRequest>(body)?),
        Op::DescribeRepositories => read(prepare_read::<DescribeRepositoriesRequest>(body)?),
        Op::GetAccountSetting => read(prepare_read::<GetAccountSettingRequest>(body)?),
        Op::GetAuthorizationToken => other::<GetAuthorizationTokenRequest>(body, Call::GetAuthorizationToken)?,
        Op::GetDownloadUrlForLayer => read(prepare_read::<GetDownloadUrlForLayerRequest>(body)?),
        Op::GetRegistryPolicy => read(prepare_read::<GetRegistryPolicyRequest>(body)?),
        Op::GetRegistryScanningConfiguration => read(prepare_read::<GetRegistryScanningConfigurationRequest>(body)?),
        Op::GetRepositoryPolicy => read(prepare_read::<GetRepositoryPolicyRequest>(body)?),
        Op::GetLifecyclePolicy => read(prepare_read::<GetLifecyclePolicyRequest>(body)?),
        Op::GetLifecyclePolicyPreview => read(prepare_read::<GetLifecyclePolicyPreviewRequest>(body)?),
        Op::GetSigningConfiguration => read(prepare_read::<GetSigningConfigurationRequest>(body)?),
        Op::InitiateLayerUpload => write(prepare_write::<InitiateLayerUploadRequest>(body)?),
        Op::ListImageReferrers => read(prepare_read::<ListImageReferrersRequest>(body)?),
        Op::ListImages => read(prepare_read::<ListImagesRequest>(body)?),
        Op::ListPullTimeUpdateExclusions => read(prepare_read::<ListPullTimeUpdateExclusionsRequest>(body)?),
        Op::ListTagsForResource => read(prepare_read::<ListTagsForResourceRequest>(body)?),
        Op::PutAccountSetting => write(prepare_write::<PutAccountSettingRequest>(body)?),
        Op::PutImage => write(prepare_write::<PutImageRequest>(body)?),
        Op::PutImageScanningConfiguration => write(prepare_write::<PutImageScanningConfigurationRequest>(body)?),
        Op::PutImageTagMutability => write(prepare_write::<PutImageTagMutabilityRequest>(body)?),
        Op::PutRegistryPolicy => write(prepare_write::<PutRegistryPolicyRequest>(body)?),
        Op::PutLifecyclePolicy => write(prepare_write::<PutLifecyclePolicyRequest>(body)?),
        Op::PutRegistryScanningConfiguration => write(prepare_write::<PutRegistryScanningConfigurationRequest>(body)?),
        Op::PutReplicationConfiguration => write(prepare_write::<PutReplicationConfigurationRequest>(body)?),
        Op::PutSigningConfiguration => write(prepare_write::<PutSigningConfigurationRequest>(body)?),
        Op::RegisterPullTimeUpdateExclusion => write(prepare_write::<RegisterPullTimeUpdateExclusionRequest>(body)?),
        Op::SetRepositoryPolicy => write(prepare_write::<SetRepositoryPolicyRequest>(body)?),
        Op::TagResource => write(prepare_write::<TagResourceRequest>(body)?),
        Op::UntagResource => write(prepare_write::<UntagResourceRequest>(body)?),
        Op::StartImageScan => write(prepare_write::<StartImageScanRequest>(body)?),
        Op::StartLifecyclePolicyPreview => write(prepare_write::<StartLifecyclePolicyPreviewRequest>(body)?),
        Op::UpdateImageStorageClass => write(prepare_write::<UpdateImageStorageClassRequest>(body)?),
        Op::UploadLayerPart => other::<UploadLayerPartRequest>(body, Call::UploadLayerPart)?,
        Op::CreateRepositoryCreationTemplate => write(prepare_write::<CreateRepositoryCreationTemplateRequest>(body)?),
        Op::DeleteRepositoryCreationTemplate => write(prepare_write::<DeleteRepositoryCreationTemplateRequest>(body)?),
        Op::DescribeReplicationBackfillResults => {
            read(prepare_read::<DescribeReplicationBackfillResultsRequest>(body)?)
        }
        Op::DescribeRepositoryCreationTemplates => {
            read(prepare_read::<DescribeRepositoryCreationTemplatesRequest>(body)?)
        }
        Op::ListReplicationBackfills => read(prepare_read::<ListReplicationBackfillsRequest>(body)?),
        Op::StartReplicationBackfill => write(prepare_write::<StartReplicationBackfillRequest>(body)?),
        Op::StopReplicationBackfill => write(prepare_write::<StopReplicationBackfillRequest>(body)?),
        Op::UpdatePullThroughCacheRule => write(prepare_write::<UpdatePullThroughCacheRuleRequest>(body)?),
        Op::UpdateRepositoryCreationTemplate => write(prepare_write::<UpdateRepositoryCreationTemplateRequest>(body)?),
        Op::ValidatePullThroughCacheRule => {
            other::<ValidatePullThroughCacheRuleRequest>(body, Call::ValidatePullThroughCacheRule)?
        }
    };
    Ok(Request { operation, registry_id, call })
}

type Decoded = (Option<AccountId>, Call);

fn read((registry_id, call): (Option<AccountId>, Box<dyn ReadCall>)) -> Decoded {
    (registry_id, Call::Read(call))
}

fn write((registry_id, call): (Option<AccountId>, Box<dyn WriteCall>)) -> Decoded {
    (registry_id, Call::Write(call))
}

fn other<W: WireRequest>(body: &[u8], call: impl FnOnce(W::Input) -> Call) -> Result<Decoded, Failure> {
    let Addressed { registry_id, input } = W::read(body)?;
    Ok((registry_id, call(input)))
}

impl Request {
    /// The registry that the request is about, seen by a caller in a region.
    pub fn registry(&self, caller: &Caller, region: &Region) -> RegistryKey {
        RegistryKey { account: self.registry_id.unwrap_or(caller.account), region: region.clone() }
    }

    /// Notes what is known of the request. Where it names several repositories, images or digests, the first counts.
    pub fn facts(&self, facts: &mut Facts) {
        if let Some(repository) = self.call.repository() {
            facts.set(Fact::Repository, repository.as_str());
        }
        match &self.call {
            Call::Read(call) => call.facts(facts),
            Call::Write(call) => call.facts(facts),
            Call::GetAuthorizationToken(_) | Call::ValidatePullThroughCacheRule(_) => {}
            Call::UploadLayerPart(part) => {
                facts.set(Fact::Upload, part.input.upload_id.to_string());
                facts.set(Fact::Size, part.input.length_bytes);
            }
            Call::CompleteLayerUpload(input) => {
                facts.set(Fact::Upload, input.upload_id.to_string());
                facts.set_digest(input.layer_digests.first());
            }
        }
    }
}

impl Call {
    /// The repository that the call names; the first if it names several.
    pub fn repository(&self) -> Option<&RepositoryName> {
        self.repositories().first()
    }

    /// All repositories that the call names, each of which the caller must have a right to.
    pub fn repositories(&self) -> &[RepositoryName] {
        match self {
            Self::Read(call) => call.repositories(),
            Self::Write(call) => call.repositories(),
            Self::GetAuthorizationToken(_) | Self::ValidatePullThroughCacheRule(_) => &[],
            Self::UploadLayerPart(part) => slice::from_ref(&part.input.repository),
            Self::CompleteLayerUpload(input) => slice::from_ref(&input.repository),
        }
    }

    /// Resource tags that the call sets.
    pub fn request_tags(&self) -> &[ResourceTag] {
        match self {
            Self::Read(call) => call.request_tags(),
            Self::Write(call) => call.request_tags(),
            Self::GetAuthorizationToken(_)
            | Self::UploadLayerPart(_)
            | Self::CompleteLayerUpload(_)
            | Self::ValidatePullThroughCacheRule(_) => &[],
        }
    }

    /// Images that the call pulls, and that a cache rule may have to fetch before.
    pub fn pulls(&self) -> &[ImageIdentifier] {
        match self {
            Self::Read(call) => call.pulls(),
            Self::Write(call) => call.pulls(),
            Self::GetAuthorizationToken(_)
            | Self::UploadLayerPart(_)
            | Self::CompleteLayerUpload(_)
            | Self::ValidatePullThroughCacheRule(_) => &[],
        }
    }

    /// A blob that the call hands out, and that a cache rule may have to fetch before.
    pub fn download(&self) -> Option<Digest> {
        match self {
            Self::Read(call) => call.download(),
            Self::Write(call) => call.download(),
            Self::GetAuthorizationToken(_)
            | Self::UploadLayerPart(_)
            | Self::CompleteLayerUpload(_)
            | Self::ValidatePullThroughCacheRule(_) => None,
        }
    }
}
