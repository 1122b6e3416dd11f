//! The end of every upload: the final `PUT` of the registry surface, and what `CompleteLayerUpload` comes down to.
//!
//! [`check`] says whether the upload may end; then the blob store verifies the bytes; [`apply`] links them. If they do not
//! verify, the upload is over all the same: call [`super::cancel_upload::apply`].
//! Source: <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-blobs>

use crate::registry::context::Context;
use crate::registry::errors::{EmptyUpload, LayerPartTooSmall, RepositoryNotFound, UploadNotFound};
use crate::registry::state::{Registry, UploadLookupError};
use crate::registry::types::{RepositoryName, Timestamp, UploadId, VerifiedBlob};

/// What is to end.
#[derive(Clone, Debug)]
pub struct Input {
    /// Repository of the upload.
    pub repository: RepositoryName,
    /// The upload.
    pub upload_id: UploadId,
    /// Which rules it must satisfy.
    pub rules: UploadRules,
}

/// Rules about the parts of an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UploadRules {
    /// ECR's: at least one byte, and 5 MiB in every part but the last.
    Ecr,
    /// Those of the distribution specification: none.
    Distribution,
}

/// The upload may end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ready {
    /// Bytes that it has.
    pub size_bytes: u64,
}

/// The upload is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Output {
    /// Whether the repository had the blob before.
    pub link: Link,
}

/// How a blob came to be in a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// It is new there.
    Added,
    /// It was there before.
    AlreadyThere,
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
}

impl From<UploadLookupError> for Error {
    fn from(error: UploadLookupError) -> Self {
        match error {
            UploadLookupError::RepositoryNotFound(error) => error.into(),
            UploadLookupError::UploadNotFound(error) => error.into(),
        }
    }
}

/// Says whether the upload may end at `now`.
pub fn check(registry: &Registry, input: &Input, now: Timestamp) -> Result<Ready, Error> {
    let upload = registry.upload(&input.repository, &input.upload_id, now)?;
    let (upload_id, repository) = (input.upload_id.clone(), input.repository.clone());
    let registry_id = registry.id();
    match input.rules {
        UploadRules::Ecr if upload.parts() == 0 => Err(EmptyUpload { upload_id, repository, registry_id }.into()),
        UploadRules::Ecr if upload.has_small_part_inside() => {
            Err(LayerPartTooSmall { upload_id, repository, registry_id }.into())
        }
        UploadRules::Ecr | UploadRules::Distribution => Ok(Ready { size_bytes: upload.offset_bytes() }),
    }
}

/// Ends the upload and links its bytes, which the blob store has verified.
pub fn apply(
    registry: &mut Registry,
    cx: &mut Context<'_>,
    input: &Input,
    blob: VerifiedBlob,
) -> Result<Output, Error> {
    check(registry, input, cx.now)?;
    let repository = registry.repository_mut(&input.repository)?;
    repository.uploads_mut().remove(&input.upload_id);
    let link = if repository.insert_layer(blob) { Link::Added } else { Link::AlreadyThere };
    Ok(Output { link })
}
