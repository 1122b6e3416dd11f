//! `CompleteLayerUpload`: ends an upload and makes its bytes a layer of the repository.
//!
//! [`check`] comes before the bytes are verified, [`apply`] after. When the bytes have none of the digests, the adapter
//! answers [`Error::digest_mismatch`]. Errors change nothing by themselves; once the bytes were taken to be verified, the
//! upload is over, and after an error it is dropped with [`super::cancel_upload::apply`] (unconfirmed).
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CompleteLayerUpload.html>

use super::finish_upload::{self, Link, UploadRules};
use crate::registry::context::Context;
use crate::registry::errors::{
    EmptyUpload, InvalidLayer, LayerAlreadyExists, LayerPartTooSmall, RepositoryNotFound, UploadNotFound,
};
use crate::registry::state::Registry;
use crate::registry::types::{Digest, RepositoryName, Timestamp, UploadId, VerifiedBlob};

/// What is to end.
#[derive(Clone, Debug)]
pub struct Input {
    /// Repository of the upload.
    pub repository: RepositoryName,
    /// The upload.
    pub upload_id: UploadId,
    /// Digests as the caller wrote them; the bytes must have any of them.
    pub layer_digests: Vec<String>,
}

/// The upload may end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ready {
    /// Bytes that it has.
    pub size_bytes: u64,
    /// Digests that the bytes may have: those of the caller's that are ones.
    pub digests: Vec<Digest>,
}

/// The upload is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Digest of the layer.
    pub layer_digest: Digest,
}

/// What can go wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No such repository.
    #[error(transparent)]
    RepositoryNotFound(#[from] RepositoryNotFound),
    /// No such upload.
    #[error(transparent)]
    UploadNotFound(#[from] UploadNotFound),
    /// It never got a byte.
    #[error(transparent)]
    Empty(#[from] EmptyUpload),
    /// A part inside is too small.
    #[error(transparent)]
    PartTooSmall(#[from] LayerPartTooSmall),
    /// The bytes have none of the digests.
    #[error(transparent)]
    InvalidLayer(#[from] InvalidLayer),
    /// The repository has the layer already.
    #[error(transparent)]
    AlreadyExists(#[from] LayerAlreadyExists),
}

impl Error {
    /// The error for bytes that have none of the digests.
    pub fn digest_mismatch(registry: &Registry, input: &Input) -> Self {
        Self::InvalidLayer(InvalidLayer {
            layer_digests: input.layer_digests.clone(),
            upload_id: input.upload_id.clone(),
            repository: input.repository.clone(),
            registry_id: registry.id(),
        })
    }
}

impl From<finish_upload::Error> for Error {
    fn from(error: finish_upload::Error) -> Self {
        match error {
            finish_upload::Error::RepositoryNotFound(error) => error.into(),
            finish_upload::Error::UploadNotFound(error) => error.into(),
            finish_upload::Error::Empty(error) => error.into(),
            finish_upload::Error::PartTooSmall(error) => error.into(),
        }
    }
}

/// Says whether the upload may end at `now`, and which digests its bytes may have.
pub fn check(registry: &Registry, input: &Input, now: Timestamp) -> Result<Ready, Error> {
    let ready = finish_upload::check(registry, &ending(input), now)?;
    let digests = input.layer_digests.iter().filter_map(|text| text.parse().ok()).collect();
    Ok(Ready { size_bytes: ready.size_bytes, digests })
}

/// Ends the upload with its verified bytes.
pub fn apply(
    registry: &mut Registry,
    cx: &mut Context<'_>,
    input: &Input,
    blob: VerifiedBlob,
) -> Result<Output, Error> {
    let ready = check(registry, input, cx.now)?;
    let digest = blob.digest().clone();
    if !ready.digests.contains(&digest) {
        return Err(Error::digest_mismatch(registry, input));
    }
    if registry.repository(&input.repository)?.layer(&digest).is_some() {
        let repository = input.repository.clone();
        return Err(LayerAlreadyExists { digest, repository, registry_id: registry.id() }.into());
    }
    let output = finish_upload::apply(registry, cx, &ending(input), blob)?;
    debug_assert_eq!(output.link, Link::Added);
    Ok(Output { layer_digest: digest })
}

fn ending(input: &Input) -> finish_upload::Input {
    finish_upload::Input {
        repository: input.repository.clone(),
        upload_id: input.upload_id.clone(),
        rules: UploadRules::Ecr,
    }
}
