//! `GET …/blobs/uploads/<id>`: how far an upload has come.
//!
//! Source: <https://github.com/opencontainers/distribution-spec/blob/main/spec.md>

use crate::registry::state::{Registry, UploadLookupError};
use crate::registry::types::{RepositoryName, Timestamp, UploadId};

/// Which upload.
#[derive(Clone, Debug)]
pub struct Input {
    /// Repository of the upload.
    pub repository: RepositoryName,
    /// The upload.
    pub upload_id: UploadId,
}

/// How far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Bytes that it has.
    pub offset_bytes: u64,
}

/// What can go wrong.
pub type Error = UploadLookupError;

/// Looks the upload up at `now`.
pub fn apply(registry: &Registry, input: &Input, now: Timestamp) -> Result<Output, Error> {
    let upload = registry.upload(&input.repository, &input.upload_id, now)?;
    Ok(Output { offset_bytes: upload.offset_bytes() })
}
