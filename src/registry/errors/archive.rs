//! Errors about the archive storage class. All texts are unconfirmed.

use super::bracketed;
use crate::registry::image::ImageStatus;
use crate::registry::policy::lifecycle::StorageClass;
use crate::registry::types::{AccountId, Digest, RepositoryName};

/// An image cannot go to the storage class that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "The storage class of the image with digest '{digest}' in the repository with name '{repository}' in the registry \
     with id '{registry_id}' cannot be updated to '{}' because {cause}",
    target.as_str()
)]
pub struct ImageStorageClassUpdateNotSupported {
    /// The image.
    pub digest: Digest,
    /// Where it was to go.
    pub target: StorageClass,
    /// Why it cannot.
    pub cause: StorageClassUpdateRefusal,
    /// The repository.
    pub repository: RepositoryName,
    /// Its registry.
    pub registry_id: AccountId,
}

/// Why an image stays in its storage class.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StorageClassUpdateRefusal {
    /// It is there already, or on its way.
    #[error("its status is {}", .0.as_str())]
    Status(ImageStatus),
    /// Indexes that are not in the archive hold it.
    #[error("it is referenced by manifest list: {}", bracketed(.0))]
    ReferencedByManifestList(Vec<Digest>),
}
