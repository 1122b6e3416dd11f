//! A decoded request: which operation with which input, on which registry.
//!
//! [`decode`] needs no world and is for outside its writer; what it answers is run inside. Three operations need more than
//! a registry and say so by their own variants of [`Call`]: tokens are minted by the world, and the bytes of layers go to
//! the blob store between two steps.

use bytes::Bytes;

use super::operation::{ReadCall, WriteCall, prepare_read, prepare_write};
use super::wire::authorization::GetAuthorizationTokenRequest;
use super::wire::cache_rules::{
    CreatePullThroughCacheRuleRequest, DeletePullThroughCacheRuleRequest, DescribePullThroughCacheRulesRequest,
};
use super::wire::images::{
    BatchDeleteImageRequest, BatchGetImageRequest, DescribeImagesRequest, ListImagesRequest, PutImageRequest,
};
use super::wire::layers::{
    BatchCheckLayerAvailabilityRequest, CompleteLayerUploadRequest, GetDownloadUrlForLayerRequest,
    InitiateLayerUploadRequest, UploadLayerPartRequest,
};
use super::wire::registry::{
    DescribeImageReplicationStatusRequest, DescribeRegistryRequest, PutReplicationConfigurationRequest,
};
use super::wire::repositories::{
    CreateRepositoryRequest, DeleteRepositoryRequest, DescribeRepositoriesRequest, PutImageTagMutabilityRequest,
};
use super::wire::{Addressed, WireRequest};
use crate::facts::{Fact, Facts};
use crate::operations::Operation;
use crate::registry::ops::{complete_layer_upload, upload_layer_part};
use crate::registry::types::{AccountId, Region, RegistryKey, RepositoryName};
use crate::registry::{Caller, ImageIdentifier};
use crate::wire_errors::{AccessDenied, DenialReason, Failure, MissingOperation};

/// A request whose members satisfy the service model.
#[derive(Debug)]
pub struct Request {
    /// What is asked for.
    pub operation: Operation,
    /// Account of the registry; absent: the caller's own. Always absent where the operation has no `registryId`.
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

/// Reads the body of a request. Errors, in this order: an operation that is not here, a body that is no object or has a
/// member of a wrong type, the first member that breaks its constraint.
pub fn decode(operation: Operation, body: &[u8]) -> Result<Request, Failure> {
    use Operation as Op;
    let (registry_id, call) = match operation {
        Op::BatchCheckLayerAvailability => read(prepare_read::<BatchCheckLayerAvailabilityRequest>(body)?),
        Op::BatchDeleteImage => write(prepare_write::<BatchDeleteImageRequest>(body)?),
        Op::BatchGetImage => write(prepare_write::<BatchGetImageRequest>(body)?),
        Op::CompleteLayerUpload => other::<CompleteLayerUploadRequest>(body, Call::CompleteLayerUpload)?,
        Op::CreatePullThroughCacheRule => write(prepare_write::<CreatePullThroughCacheRuleRequest>(body)?),
        Op::CreateRepository => write(prepare_write::<CreateRepositoryRequest>(body)?),
        Op::DeletePullThroughCacheRule => write(prepare_write::<DeletePullThroughCacheRuleRequest>(body)?),
        Op::DeleteRepository => write(prepare_write::<DeleteRepositoryRequest>(body)?),
        Op::DescribeImageReplicationStatus => read(prepare_read::<DescribeImageReplicationStatusRequest>(body)?),
        Op::DescribeImages => read(prepare_read::<DescribeImagesRequest>(body)?),
        Op::DescribePullThroughCacheRules => read(prepare_read::<DescribePullThroughCacheRulesRequest>(body)?),
        Op::DescribeRegistry => read(prepare_read::<DescribeRegistryRequest>(body)?),
        Op::DescribeRepositories => read(prepare_read::<DescribeRepositoriesRequest>(body)?),
        Op::GetAuthorizationToken => other::<GetAuthorizationTokenRequest>(body, Call::GetAuthorizationToken)?,
        Op::GetDownloadUrlForLayer => read(prepare_read::<GetDownloadUrlForLayerRequest>(body)?),
        Op::InitiateLayerUpload => write(prepare_write::<InitiateLayerUploadRequest>(body)?),
        Op::ListImages => read(prepare_read::<ListImagesRequest>(body)?),
        Op::PutImage => write(prepare_write::<PutImageRequest>(body)?),
        Op::PutImageTagMutability => write(prepare_write::<PutImageTagMutabilityRequest>(body)?),
        Op::PutReplicationConfiguration => write(prepare_write::<PutReplicationConfigurationRequest>(body)?),
        Op::UploadLayerPart => other::<UploadLayerPartRequest>(body, Call::UploadLayerPart)?,
        missing => return Err(MissingOperation(missing).into()),
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
    ///
    /// Another account's registry is out of reach: there are no repository policies here that could open it.
    pub fn registry(&self, caller: &Caller, region: &Region) -> Result<RegistryKey, AccessDenied> {
        let account = self.registry_id.unwrap_or(caller.account);
        let registry = RegistryKey { account, region: region.clone() };
        if account == caller.account {
            return Ok(registry);
        }
        let resource = self.call.repository().map_or_else(|| "*".to_owned(), |name| registry.repository_arn(name));
        Err(AccessDenied {
            caller: caller.arn.to_string(),
            operation: self.operation,
            resource,
            reason: DenialReason::NoResourcePolicy,
        })
    }

    /// Notes what is known of the request. Where it names several repositories, images or digests, the first counts.
    pub fn facts(&self, facts: &mut Facts) {
        if let Some(repository) = self.call.repository() {
            facts.set(Fact::Repository, repository.as_str());
        }
        match &self.call {
            Call::Read(call) => call.facts(facts),
            Call::Write(call) => call.facts(facts),
            Call::GetAuthorizationToken(_) => {}
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
        match self {
            Self::Read(call) => call.repository(),
            Self::Write(call) => call.repository(),
            Self::GetAuthorizationToken(_) => None,
            Self::UploadLayerPart(part) => Some(&part.input.repository),
            Self::CompleteLayerUpload(input) => Some(&input.repository),
        }
    }

    /// Images that the call pulls, and that a cache rule may have to fetch before.
    pub fn pulls(&self) -> &[ImageIdentifier] {
        match self {
            Self::Read(call) => call.pulls(),
            Self::Write(call) => call.pulls(),
            Self::GetAuthorizationToken(_) | Self::UploadLayerPart(_) | Self::CompleteLayerUpload(_) => &[],
        }
    }
}
