//! Errors about scans of images.

use crate::registry::types::{AccountId, Digest, RepositoryName};

/// The image was never scanned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "Image scan does not exist for the image with '{{imageDigest:'{}', imageTag:'{}'}}' in the repository with name \
     '{repository}' in the registry with id '{registry_id}'",
    image_digest.as_deref().unwrap_or("null"),
    image_tag.as_deref().unwrap_or("null")
)]
pub struct ScanNotFound {
    /// Digest that was asked for, as the caller wrote it.
    pub image_digest: Option<String>,
    /// Tag that was asked for, as the caller wrote it.
    pub image_tag: Option<String>,
    /// Repository that was asked.
    pub repository: RepositoryName,
    /// Its registry.
    pub registry_id: AccountId,
}

/// The image was scanned within a day. `LimitExceededException`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("The scan quota per image has been exceeded. Wait and try again.")]
pub struct ScanQuotaExceeded;

/// The manifest is not that of an image that can be scanned.
///
/// Text as reported in <https://github.com/alexjurkiewicz/ecr-scan-image/issues/43>.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "An artifact with media type '{media_type}' cannot be scanned. For more information, see the Amazon ECR documentation."
)]
pub struct UnsupportedImageType {
    /// Type of the artifact; of the manifest where it has none of its own.
    pub media_type: String,
}

/// The image is in the archive, or on its way out of it. Unconfirmed text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "The image with digest '{digest}' in the repository with name '{repository}' in the registry with id \
     '{registry_id}' is archived"
)]
pub struct ImageArchived {
    /// The image.
    pub digest: Digest,
    /// The repository.
    pub repository: RepositoryName,
    /// Its registry.
    pub registry_id: AccountId,
}

/// A scan was to be started by hand where enhanced scanning does it of itself. `ValidationException`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("This feature is disabled")]
pub struct ManualScanDisabled;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_those_of_ecr() {
        let missing = ScanNotFound {
            image_digest: None,
            image_tag: Some("v1".to_owned()),
            repository: "team/app".parse().unwrap(),
            registry_id: AccountId::DEFAULT,
        };
        assert_eq!(
            missing.to_string(),
            "Image scan does not exist for the image with '{imageDigest:'null', imageTag:'v1'}' in the repository with \
             name 'team/app' in the registry with id '123456789012'"
        );
    }
}
