//! `InitiateLayerUpload`, and `POST …/blobs/uploads/`: opens an upload.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_InitiateLayerUpload.html>

use crate::registry::context::{Context, Effect};
use crate::registry::errors::RepositoryNotFound;
use crate::registry::limits;
use crate::registry::state::Registry;
use crate::registry::types::{RepositoryName, UploadId};
use crate::registry::upload::Upload;

/// Where to upload to.
#[derive(Clone, Debug)]
pub struct Input {
    /// The repository.
    pub repository: RepositoryName,
}

/// The open upload.
#[derive(Clone, Debug)]
pub struct Output {
    /// Its id, a new UUID.
    pub upload_id: UploadId,
    /// Bytes that ECR suggests for a part.
    pub part_size: u64,
}

/// Opens an upload.
pub fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: &Input) -> Result<Output, RepositoryNotFound> {
    let repository = registry.repository_mut(&input.repository)?;
    let upload_id = UploadId(cx.ids.uuid().into());
    repository.uploads_mut().insert(upload_id.clone(), Upload::new(cx.now));
    cx.effects.push(Effect::UploadOpened { repository: input.repository.clone(), upload: upload_id.clone() });
    Ok(Output { upload_id, part_size: limits::LAYER_PART_SUGGESTED_BYTES })
}
