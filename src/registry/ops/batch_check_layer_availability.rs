//! `BatchCheckLayerAvailability`: which of some blobs a repository has.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchCheckLayerAvailability.html>

use crate::registry::errors::RepositoryNotFound;
use crate::registry::image_identifier::has_digest_form;
use crate::registry::media_type::MediaType;
use crate::registry::repository::Repository;
use crate::registry::state::Registry;
use crate::registry::types::{Digest, RepositoryName};

/// Which blobs.
#[derive(Clone, Debug)]
pub struct Input {
    /// The repository.
    pub repository: RepositoryName,
    /// Digests as the caller wrote them.
    pub layer_digests: Vec<String>,
}

/// What is known of them, in the order asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// One for each digest of the right form.
    pub layers: Vec<Layer>,
    /// One for each other text.
    pub failures: Vec<LayerFailure>,
}

/// A blob that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// Digest as the caller wrote it.
    pub layer_digest: String,
    /// Whether it is there.
    pub availability: LayerAvailability,
}

/// Whether a blob is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LayerAvailability {
    /// It is, whether or not an image uses it (unconfirmed for unused ones).
    Available {
        /// Its bytes.
        size_bytes: u64,
        /// Type by which an image names it; absent until one does.
        media_type: Option<MediaType>,
    },
    /// It is, but only images in the archive, or on their way out of it, use it (unconfirmed: that it has size and type).
    Archived {
        /// Its bytes.
        size_bytes: u64,
        /// Type by which an image names it.
        media_type: Option<MediaType>,
    },
    /// It is not (unconfirmed: an entry and no failure).
    Unavailable,
}

impl LayerAvailability {
    /// ECR's name of it.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Available { .. } => "AVAILABLE",
            Self::Archived { .. } => "ARCHIVED",
            Self::Unavailable => "UNAVAILABLE",
        }
    }
}

/// A text that is no digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerFailure {
    /// The text as the caller wrote it.
    pub layer_digest: String,
    /// What is wrong with it.
    pub cause: LayerFailureCause,
}

/// Causes of such failures. `Display` is ECR's `failureReason`; both texts are unconfirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LayerFailureCause {
    /// Not of the form of a digest.
    #[error("Invalid request parameters: layer digest should satisfy the regex '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'")]
    InvalidLayerDigest,
    /// Empty.
    #[error("Invalid request parameters: layer digest cannot be null")]
    MissingLayerDigest,
}

impl LayerFailureCause {
    /// ECR's `failureCode`.
    pub fn code(self) -> &'static str {
        match self {
            Self::InvalidLayerDigest => "InvalidLayerDigest",
            Self::MissingLayerDigest => "MissingLayerDigest",
        }
    }
}

/// Looks the blobs up.
pub fn apply(registry: &Registry, input: &Input) -> Result<Output, RepositoryNotFound> {
    let repository = registry.repository(&input.repository)?;
    let mut output = Output::default();
    for layer_digest in &input.layer_digests {
        let layer_digest = layer_digest.clone();
        if layer_digest.is_empty() {
            output.failures.push(LayerFailure { layer_digest, cause: LayerFailureCause::MissingLayerDigest });
        } else if has_digest_form(&layer_digest) {
            let availability = availability(repository, &layer_digest);
            output.layers.push(Layer { layer_digest, availability });
        } else {
            output.failures.push(LayerFailure { layer_digest, cause: LayerFailureCause::InvalidLayerDigest });
        }
    }
    Ok(output)
}

fn availability(repository: &Repository, layer_digest: &str) -> LayerAvailability {
    let digest = layer_digest.parse::<Digest>().ok();
    match digest.and_then(|digest| repository.layer(&digest)) {
        Some(layer) => {
            let (size_bytes, media_type) = (layer.blob.size_bytes(), layer.media_type.cloned());
            if layer.is_archived {
                LayerAvailability::Archived { size_bytes, media_type }
            } else {
                LayerAvailability::Available { size_bytes, media_type }
            }
        }
        None => LayerAvailability::Unavailable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::testing::{blob, image_of, link, name, push, with_repository};

    #[test]
    fn c_079_each_text_is_available_unavailable_or_a_failure() {
        let mut registry = with_repository();
        link(&mut registry, &["{}", "layer", "unused"]);
        push(&mut registry, &image_of("{}", &["layer"], ""), None).unwrap();
        let digest = |content: &str| blob(content).digest().to_string();
        let layer_digests =
            vec![digest("layer"), digest("unused"), digest("elsewhere"), String::new(), "bad".to_owned()];
        let input = Input { repository: name("team/app"), layer_digests };
        let output = apply(&registry, &input).unwrap();
        let found: Vec<_> = output.layers.iter().map(|layer| layer.availability.clone()).collect();
        let gzip = Some(MediaType::OciLayerGzip);
        assert_eq!(
            found,
            [
                LayerAvailability::Available { size_bytes: 5, media_type: gzip },
                LayerAvailability::Available { size_bytes: 6, media_type: None },
                LayerAvailability::Unavailable,
            ]
        );
        let codes: Vec<_> = output.failures.iter().map(|failure| failure.cause.code()).collect();
        assert_eq!(codes, ["MissingLayerDigest", "InvalidLayerDigest"]);
    }
}
