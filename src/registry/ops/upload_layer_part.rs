//! `UploadLayerPart`: adds the next part to an upload.
//!
//! In two steps, since the bytes go to the blob store and not through here: [`check`] before they are taken, [`apply`]
//! once they are there, which checks again.
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_UploadLayerPart.html>

use crate::registry::context::Context;
use crate::registry::errors::{InvalidLayerPart, LimitExceeded, Limited, RepositoryNotFound, UploadNotFound};
use crate::registry::limits;
use crate::registry::state::{Registry, UploadLookupError};
use crate::registry::types::{RepositoryName, UploadId};

/// A part.
#[derive(Clone, Debug)]
pub struct Input {
    /// Repository of the upload.
    pub repository: RepositoryName,
    /// The upload.
    pub upload_id: UploadId,
    /// Index of its first byte in the layer.
    pub part_first_byte: u64,
    /// Index of its last byte in the layer.
    pub part_last_byte: u64,
    /// Bytes that came with the call.
    pub length_bytes: u64,
}

/// The part was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Index of the last byte that the upload now has.
    pub last_byte_received: u64,
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
    /// Not the part that comes next, or its range and length disagree.
    #[error(transparent)]
    InvalidLayerPart(#[from] InvalidLayerPart),
    /// Too many parts, or too many bytes (the latter unconfirmed).
    #[error(transparent)]
    LimitExceeded(#[from] LimitExceeded),
}

impl From<UploadLookupError> for Error {
    fn from(error: UploadLookupError) -> Self {
        match error {
            UploadLookupError::RepositoryNotFound(error) => error.into(),
            UploadLookupError::UploadNotFound(error) => error.into(),
        }
    }
}

/// Says whether the part is the one that comes next.
pub fn check(registry: &Registry, input: &Input) -> Result<(), Error> {
    let upload = registry.upload(&input.repository, &input.upload_id)?;
    let length = input.part_last_byte.checked_sub(input.part_first_byte).and_then(|span| span.checked_add(1));
    if length != Some(input.length_bytes) || input.part_first_byte != upload.offset_bytes() {
        return Err(Error::InvalidLayerPart(InvalidLayerPart {
            upload_id: input.upload_id.clone(),
            repository: input.repository.clone(),
            registry_id: registry.id(),
            last_valid_byte_received: upload.last_valid_byte(),
        }));
    }
    if upload.parts() >= limits::LAYER_PARTS {
        return Err(registry.limit(Limited::LayerParts, u64::from(limits::LAYER_PARTS)).into());
    }
    if input.part_last_byte >= limits::LAYER_BYTES {
        return Err(registry.limit(Limited::LayerBytes, limits::LAYER_BYTES).into());
    }
    Ok(())
}

/// Takes the part into the upload, once its bytes are in the blob store.
pub fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: &Input) -> Result<Output, Error> {
    check(registry, input)?;
    let repository = registry.repository_mut(&input.repository)?;
    if let Some(upload) = repository.uploads_mut().get_mut(&input.upload_id) {
        upload.append(input.length_bytes, cx.now);
    }
    Ok(Output { last_byte_received: input.part_last_byte })
}
