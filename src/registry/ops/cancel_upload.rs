//! `DELETE …/blobs/uploads/<id>`: drops an upload. Also what follows when its bytes turn out to be the wrong ones.
//!
//! Source: <https://github.com/opencontainers/distribution-spec/blob/main/spec.md>

use crate::registry::context::Context;
use crate::registry::state::{Registry, UploadLookupError};
use crate::registry::types::{RepositoryName, UploadId};

/// What to drop.
#[derive(Clone, Debug)]
pub struct Input {
    /// Repository of the upload.
    pub repository: RepositoryName,
    /// The upload.
    pub upload_id: UploadId,
}

/// What can go wrong.
pub type Error = UploadLookupError;

/// Drops the upload.
pub fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: &Input) -> Result<(), Error> {
    registry.upload(&input.repository, &input.upload_id, cx.now)?;
    registry.repository_mut(&input.repository)?.uploads_mut().remove(&input.upload_id);
    Ok(())
}
