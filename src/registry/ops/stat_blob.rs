//! `HEAD` and `GET …/blobs/<digest>`: a blob of a repository, whether or not an image uses it. One that only
//! archived images use is not found (unconfirmed); a client that pushes such an image again sends it once more.
//!
//! Source: <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-blobs>

use crate::registry::errors::{LayerNotFound, RepositoryNotFound};
use crate::registry::media_type::MediaType;
use crate::registry::state::Registry;
use crate::registry::types::{Digest, RepositoryName, VerifiedBlob};

/// Which blob.
#[derive(Clone, Debug)]
pub struct Input {
    /// The repository.
    pub repository: RepositoryName,
    /// The blob.
    pub digest: Digest,
}

/// The blob.
#[derive(Clone, Debug)]
pub struct Output {
    /// Its bytes.
    pub blob: VerifiedBlob,
    /// Type by which an image names it, if one does.
    pub media_type: Option<MediaType>,
}

/// What can go wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No such repository.
    #[error(transparent)]
    RepositoryNotFound(#[from] RepositoryNotFound),
    /// The repository has no such blob.
    #[error(transparent)]
    LayerNotFound(#[from] LayerNotFound),
}

/// Looks the blob up.
pub fn apply(registry: &Registry, input: &Input) -> Result<Output, Error> {
    let repository = registry.repository(&input.repository)?;
    let layer = repository.layer(&input.digest).filter(|layer| !layer.is_archived).ok_or_else(|| LayerNotFound {
        layer_digest: input.digest.to_string(),
        repository: input.repository.clone(),
        registry_id: registry.id(),
    })?;
    Ok(Output { blob: layer.blob.clone(), media_type: layer.media_type.cloned() })
}
