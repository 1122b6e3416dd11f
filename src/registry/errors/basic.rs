//! Errors about members, repositories, images, layers and cache rules.

use std::borrow::Cow;

use crate::registry::types::{AccountId, CacheRulePrefix, Digest, RepositoryName, Tag, UploadId};

/// A member breaks a constraint that only the model can judge. `InvalidParameterException`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Invalid parameter at '{member}' failed to satisfy constraint: '{constraint}'")]
pub struct InvalidParameter {
    /// The member, as ECR spells it in such texts.
    pub member: Cow<'static, str>,
    /// What it had to satisfy.
    pub constraint: Cow<'static, str>,
}

impl InvalidParameter {
    /// The error for a member and its constraint.
    pub fn new(member: &'static str, constraint: impl Into<Cow<'static, str>>) -> Self {
        Self { member: Cow::Borrowed(member), constraint: constraint.into() }
    }
}

/// No such repository.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("The repository with name '{repository}' does not exist in the registry with id '{registry_id}'")]
pub struct RepositoryNotFound {
    /// Name that was asked for.
    pub repository: RepositoryName,
    /// Registry that was asked.
    pub registry_id: AccountId,
}

/// The name is taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("The repository with name '{repository}' already exists in the registry with id '{registry_id}'")]
pub struct RepositoryAlreadyExists {
    /// Name that is taken.
    pub repository: RepositoryName,
    /// Registry it is taken in.
    pub registry_id: AccountId,
}

/// A repository with images was to be deleted without force.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "The repository with name '{repository}' in registry with id '{registry_id}' cannot be deleted because it still \
     contains images"
)]
pub struct RepositoryNotEmpty {
    /// The repository.
    pub repository: RepositoryName,
    /// Its registry.
    pub registry_id: AccountId,
}

/// No such image.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "The image with imageId {{imageDigest:'{}', imageTag:'{}'}} does not exist within the repository with name \
     '{repository}' in the registry with id '{registry_id}'",
    image_digest.as_deref().unwrap_or("null"),
    image_tag.as_deref().unwrap_or("null")
)]
pub struct ImageNotFound {
    /// Digest that was asked for, as the caller wrote it.
    pub image_digest: Option<String>,
    /// Tag that was asked for, as the caller wrote it.
    pub image_tag: Option<String>,
    /// Repository that was asked.
    pub repository: RepositoryName,
    /// Its registry.
    pub registry_id: AccountId,
}

/// The same digest with the same tag, or without one, is there already.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "Image with digest '{digest}' and tag '{}' already exists in the repository with name '{repository}' in registry \
     with id '{registry_id}'",
    tag.as_ref().map_or("null", Tag::as_str)
)]
pub struct ImageAlreadyExists {
    /// Digest pushed.
    pub digest: Digest,
    /// Tag pushed.
    pub tag: Option<Tag>,
    /// The repository.
    pub repository: RepositoryName,
    /// Its registry.
    pub registry_id: AccountId,
}

/// An immutable tag names another digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "The image tag '{tag}' already exists in the '{repository}' repository and cannot be overwritten because the tag \
     is immutable."
)]
pub struct ImageTagAlreadyExists {
    /// The tag.
    pub tag: Tag,
    /// The repository.
    pub repository: RepositoryName,
}

/// The caller's digest is not that of the manifest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "The image with digest '{image_digest}' in repository '{repository}' and registry ID '{registry_id}' does not \
     match the image digest that Amazon ECR has calculated."
)]
pub struct ImageDigestDoesNotMatch {
    /// Digest that the caller claimed, as written.
    pub image_digest: String,
    /// The repository.
    pub repository: RepositoryName,
    /// Its registry.
    pub registry_id: AccountId,
}

/// Blobs that a manifest names, or that were asked for, are not in the repository.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "Layers with digests '{}' required for pushing image into repository with name '{repository}' in the registry with \
     id '{registry_id}' do not exist",
    bracketed(digests)
)]
pub struct LayersNotFound {
    /// The missing ones, in the order of the manifest.
    pub digests: Vec<Digest>,
    /// The repository.
    pub repository: RepositoryName,
    /// Its registry.
    pub registry_id: AccountId,
}

/// Images that an index names are not in the repository.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "Images with digests '{}' required for pushing image into repository with name '{repository}' in the registry with \
     id '{registry_id}' do not exist",
    bracketed(digests)
)]
pub struct ReferencedImagesNotFound {
    /// The missing ones, in the order of the index.
    pub digests: Vec<Digest>,
    /// The repository.
    pub repository: RepositoryName,
    /// Its registry.
    pub registry_id: AccountId,
}

/// One layer was asked for and is not in the repository. `LayersNotFoundException`. Unconfirmed text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "The layer with digest '{layer_digest}' does not exist in the repository with name '{repository}' in the registry \
     with id '{registry_id}'"
)]
pub struct LayerNotFound {
    /// Digest that was asked for, as the caller wrote it.
    pub layer_digest: String,
    /// The repository.
    pub repository: RepositoryName,
    /// Its registry.
    pub registry_id: AccountId,
}

/// The layer is there, but cannot be fetched. Unconfirmed text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "The layer with digest '{digest}' in the repository with name '{repository}' in the registry with id \
     '{registry_id}' is not available because {cause}"
)]
pub struct LayerInaccessible {
    /// The layer.
    pub digest: Digest,
    /// Why it cannot be fetched.
    pub cause: LayerInaccessibleCause,
    /// The repository.
    pub repository: RepositoryName,
    /// Its registry.
    pub registry_id: AccountId,
}

/// Why a layer cannot be fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LayerInaccessibleCause {
    /// No image uses it.
    #[error("it is not associated with an image")]
    Unused,
    /// Only images in the archive, or on their way out of it, use it.
    #[error("it is associated with archived images only")]
    Archived,
}

/// The layer is in the repository already. Unconfirmed text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "The layer with digest '{digest}' already exists in the repository with name '{repository}' in the registry with \
     id '{registry_id}'"
)]
pub struct LayerAlreadyExists {
    /// The layer.
    pub digest: Digest,
    /// The repository.
    pub repository: RepositoryName,
    /// Its registry.
    pub registry_id: AccountId,
}

/// No such upload in this repository: unknown, finished, or another repository's. Unconfirmed text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "The upload with id '{upload_id}' does not exist in the repository with name '{repository}' in the registry with \
     id '{registry_id}'"
)]
pub struct UploadNotFound {
    /// Id that was asked for.
    pub upload_id: UploadId,
    /// Repository that was asked.
    pub repository: RepositoryName,
    /// Its registry.
    pub registry_id: AccountId,
}

/// A part is out of order, or its range and length disagree. Unconfirmed text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "The layer part for the upload with id '{upload_id}' in the repository with name '{repository}' in the registry \
     with id '{registry_id}' is not valid: the last valid byte received is '{last_valid_byte_received}'"
)]
pub struct InvalidLayerPart {
    /// The upload.
    pub upload_id: UploadId,
    /// Its repository.
    pub repository: RepositoryName,
    /// Its registry.
    pub registry_id: AccountId,
    /// Index of the last byte that the upload holds; 0 when it holds none, since the member cannot be negative.
    pub last_valid_byte_received: u64,
}

/// An upload was to be completed that never got a byte. Unconfirmed text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "The upload with id '{upload_id}' in the repository with name '{repository}' in the registry with id \
     '{registry_id}' does not contain any layer parts"
)]
pub struct EmptyUpload {
    /// The upload.
    pub upload_id: UploadId,
    /// Its repository.
    pub repository: RepositoryName,
    /// Its registry.
    pub registry_id: AccountId,
}

/// A part other than the last is smaller than 5 MiB. Unconfirmed text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "The upload with id '{upload_id}' in the repository with name '{repository}' in the registry with id \
     '{registry_id}' contains a layer part that is smaller than 5 MiB"
)]
pub struct LayerPartTooSmall {
    /// The upload.
    pub upload_id: UploadId,
    /// Its repository.
    pub repository: RepositoryName,
    /// Its registry.
    pub registry_id: AccountId,
}

/// The bytes of an upload have none of the digests that the caller named. Unconfirmed text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "None of the provided layer digests '[{}]' match the digest that Amazon ECR has calculated for the upload with id \
     '{upload_id}' in the repository with name '{repository}' in the registry with id '{registry_id}'",
    layer_digests.join(", ")
)]
pub struct InvalidLayer {
    /// Digests that the caller named, as written.
    pub layer_digests: Vec<String>,
    /// The upload.
    pub upload_id: UploadId,
    /// Its repository.
    pub repository: RepositoryName,
    /// Its registry.
    pub registry_id: AccountId,
}

/// A quota would be exceeded. Unconfirmed text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("The operation would exceed the limit of {most} {what} in the registry with id '{registry_id}'")]
pub struct LimitExceeded {
    /// What is counted, in the plural.
    pub what: Limited,
    /// The limit.
    pub most: u64,
    /// The registry.
    pub registry_id: AccountId,
}

/// What a quota counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limited {
    /// Repositories of a registry.
    Repositories,
    /// Images of a repository.
    Images,
    /// Tags of an image.
    Tags,
    /// Parts of a layer upload.
    LayerParts,
    /// Bytes of a layer.
    LayerBytes,
    /// Bytes of a part of a layer.
    LayerPartBytes,
    /// Pull-through cache rules of a registry.
    CacheRules,
    /// Repository creation templates of a registry.
    CreationTemplates,
    /// Replication backfills of a registry that have not ended.
    RunningBackfills,
    /// Principals of a registry whose pulls are not recorded.
    PullTimeExclusions,
}

impl std::fmt::Display for Limited {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Repositories => "repositories",
            Self::Images => "images per repository",
            Self::Tags => "tags per image",
            Self::LayerParts => "parts per layer",
            Self::LayerBytes => "bytes per layer",
            Self::LayerPartBytes => "bytes per layer part",
            Self::CacheRules => "pull through cache rules",
            Self::CreationTemplates => "repository creation templates",
            Self::RunningBackfills => "replication backfills in progress",
            Self::PullTimeExclusions => "pull time update exclusions",
        })
    }
}

/// A resource tag is not acceptable: empty or reserved key, too long, or the same key twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Tag parameters are invalid")]
pub struct InvalidTagParameter;

/// More resource tags than a repository may have. Unconfirmed text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("The number of tags exceeds the limit of {most} tags per repository")]
pub struct TooManyTags {
    /// The limit.
    pub most: u64,
}

/// The prefix has a rule already. Unconfirmed text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "The pull through cache rule with Amazon ECR repository prefix '{prefix}' already exists in the registry with id \
     '{registry_id}'"
)]
pub struct CacheRuleAlreadyExists {
    /// The prefix.
    pub prefix: CacheRulePrefix,
    /// The registry.
    pub registry_id: AccountId,
}

/// The prefix has no rule. The end of the text is unconfirmed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "The pull through cache rule with Amazon ECR repository prefix '{prefix}' does not exist in the registry with id \
     '{registry_id}'"
)]
pub struct CacheRuleNotFound {
    /// The prefix.
    pub prefix: CacheRulePrefix,
    /// The registry.
    pub registry_id: AccountId,
}

/// The upstream cannot be cached.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnsupportedUpstreamRegistry {
    /// The host is not one that ECR knows, or not one of the kind that was named. Unconfirmed text.
    #[error("The specified upstream registry '{upstream_registry_url}' is not supported")]
    Unknown {
        /// Host that was given.
        upstream_registry_url: String,
    },
    /// The upstream wants a login and no secret was named. The end of the text is unconfirmed.
    #[error(
        "The specified upstream registry requires authentication. Specify a valid Secrets Manager ARN and try again."
    )]
    CredentialsRequired,
}

/// A list of digests in the form that ECR prints.
pub(in crate::registry) fn bracketed<'a>(digests: impl IntoIterator<Item = &'a Digest>) -> String {
    let texts: Vec<String> = digests.into_iter().map(ToString::to_string).collect();
    format!("[{}]", texts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_those_of_ecr() {
        let repository: RepositoryName = "team/app".parse().unwrap();
        let registry_id = AccountId::DEFAULT;
        let missing = ImageNotFound {
            image_digest: None,
            image_tag: Some("v1".to_owned()),
            repository: repository.clone(),
            registry_id,
        };
        assert_eq!(
            missing.to_string(),
            "The image with imageId {imageDigest:'null', imageTag:'v1'} does not exist within the repository with name \
             'team/app' in the registry with id '123456789012'"
        );
        assert_eq!(
            RepositoryNotEmpty { repository: repository.clone(), registry_id }.to_string(),
            "The repository with name 'team/app' in registry with id '123456789012' cannot be deleted because it still \
             contains images"
        );
        let digest = Digest::sha256_of(b"");
        assert_eq!(
            ImageAlreadyExists { digest: digest.clone(), tag: None, repository: repository.clone(), registry_id }
                .to_string(),
            format!(
                "Image with digest '{digest}' and tag 'null' already exists in the repository with name 'team/app' in \
                 registry with id '123456789012'"
            )
        );
        assert_eq!(
            ReferencedImagesNotFound { digests: vec![digest.clone(), digest.clone()], repository, registry_id }
                .to_string(),
            format!(
                "Images with digests '[{digest}, {digest}]' required for pushing image into repository with name \
                 'team/app' in the registry with id '123456789012' do not exist"
            )
        );
    }
}
