//! How callers name images, and the per-image failures of the batch operations.

use super::errors::bracketed;
use super::image::ImageStatus;
use super::types::{Digest, Tag};

/// An image as a caller named it. Nothing is checked: what is wrong with it is answered for each id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageIdentifier {
    /// Digest as written.
    pub digest: Option<String>,
    /// Tag as written.
    pub tag: Option<String>,
}

impl ImageIdentifier {
    /// Names an image by tag.
    pub fn by_tag(tag: impl Into<String>) -> Self {
        Self { digest: None, tag: Some(tag.into()) }
    }

    /// Names an image by digest.
    pub fn by_digest(digest: impl Into<String>) -> Self {
        Self { digest: Some(digest.into()), tag: None }
    }
}

/// An image that exists, and the tag by which it was named or listed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ImageId {
    /// Its digest.
    pub digest: Digest,
    /// The tag, if there is one to tell.
    pub tag: Option<Tag>,
}

/// What a registry client puts after the name: a tag or a digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reference {
    /// A tag.
    Tag(Tag),
    /// A digest.
    Digest(Digest),
}

impl From<&Reference> for ImageIdentifier {
    fn from(reference: &Reference) -> Self {
        match reference {
            Reference::Tag(tag) => Self::by_tag(tag.as_str()),
            Reference::Digest(digest) => Self::by_digest(digest.to_string()),
        }
    }
}

/// Why one image of a batch was not dealt with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageFailure {
    /// The id as the caller wrote it.
    pub image_id: ImageIdentifier,
    /// The cause.
    pub cause: ImageFailureCause,
}

/// Causes of such failures. `Display` is ECR's `failureReason`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImageFailureCause {
    /// No such image, or none of an accepted type.
    #[error("Requested image not found")]
    ImageNotFound,
    /// The digest is not of the form of one.
    #[error("Invalid request parameters: image digest should satisfy the regex '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'")]
    InvalidImageDigest,
    /// The tag is not of the form of one. Unconfirmed text.
    #[error("Invalid request parameters: image tag should satisfy the regex '[a-zA-Z0-9-_.]+'")]
    InvalidImageTag,
    /// Both were named and belong to different images. Unconfirmed text.
    #[error("Requested image tag does not match the requested image digest")]
    ImageTagDoesNotMatchDigest,
    /// Neither was named.
    #[error("Invalid request parameters: both tag and digest cannot be null")]
    MissingDigestAndTag,
    /// Indexes hold the image.
    #[error("Requested image referenced by manifest list: {}", bracketed(.0))]
    ImageReferencedByManifestList(Vec<Digest>),
    /// The image is in the archive, or on its way out of it. Unconfirmed text.
    #[error("Requested image is not accessible because its status is {}", .0.as_str())]
    ImageInaccessible(ImageStatus),
}

impl ImageFailureCause {
    /// ECR's `failureCode`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::ImageNotFound => "ImageNotFound",
            Self::InvalidImageDigest => "InvalidImageDigest",
            Self::InvalidImageTag => "InvalidImageTag",
            Self::ImageTagDoesNotMatchDigest => "ImageTagDoesNotMatchDigest",
            Self::MissingDigestAndTag => "MissingDigestAndTag",
            Self::ImageReferencedByManifestList(_) => "ImageReferencedByManifestList",
            Self::ImageInaccessible(_) => "ImageInaccessible",
        }
    }
}

/// Whether a text has the form that ECR asks of digests; only some of these are digests that it can know.
pub(super) fn has_digest_form(text: &str) -> bool {
    text.split_once(':').is_some_and(|(algorithm, encoded)| {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'+' | b'.');
        !algorithm.is_empty()
            && algorithm.bytes().all(legal)
            && !encoded.is_empty()
            && encoded.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}
