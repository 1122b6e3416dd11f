//! `PutImage`, and `PUT …/manifests/<reference>`: stores a manifest and puts a tag on it.
//!
//! Checks in this order (that of references, digest and tag is unconfirmed): repository, manifest, references, digest,
//! tag, quotas. The identical push is an error here; the registry surface answers it as a success.
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutImage.html>

use std::sync::Arc;

use crate::registry::context::{Context, Effect};
use crate::registry::errors::{
    ImageAlreadyExists, ImageDigestDoesNotMatch, ImageTagAlreadyExists, LayersNotFound, LimitExceeded, Limited,
    ReferencedImagesNotFound, RepositoryNotFound,
};
use crate::registry::image_identifier::ImageId;
use crate::registry::limits;
use crate::registry::manifest::{Kind, Manifest, ManifestError};
use crate::registry::repository::Repository;
use crate::registry::state::Registry;
use crate::registry::types::{Digest, RepositoryName, Tag};

/// What is pushed.
#[derive(Clone, Debug)]
pub struct Input {
    /// Where to.
    pub repository: RepositoryName,
    /// The manifest, parsed before the world's writer is entered; if it is none, that shows after the repository's
    /// existence.
    pub manifest: Result<Arc<Manifest>, ManifestError>,
    /// Tag to put on it.
    pub image_tag: Option<Tag>,
    /// Digest that the caller expects, as written.
    pub image_digest: Option<String>,
}

/// What was stored.
#[derive(Clone, Debug)]
pub struct Output {
    /// Digest, and tag if one was given.
    pub image_id: ImageId,
    /// The manifest.
    pub manifest: Arc<Manifest>,
}

/// What can go wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No such repository.
    #[error(transparent)]
    RepositoryNotFound(#[from] RepositoryNotFound),
    /// No manifest. `InvalidParameterException`.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// Blobs that it names are missing.
    #[error(transparent)]
    LayersNotFound(#[from] LayersNotFound),
    /// Children that it names are missing.
    #[error(transparent)]
    ReferencedImagesNotFound(#[from] ReferencedImagesNotFound),
    /// The caller expected another digest.
    #[error(transparent)]
    DigestDoesNotMatch(#[from] ImageDigestDoesNotMatch),
    /// The same image with the same tag is there.
    #[error(transparent)]
    AlreadyExists(#[from] ImageAlreadyExists),
    /// The tag is immutable and names another image.
    #[error(transparent)]
    TagAlreadyExists(#[from] ImageTagAlreadyExists),
    /// The repository or the image is full.
    #[error(transparent)]
    LimitExceeded(#[from] LimitExceeded),
}

/// Stores the manifest.
pub fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: Input) -> Result<Output, Error> {
    let repository = registry.repository(&input.repository)?;
    let manifest = input.manifest?;
    let digest = manifest.digest().clone();
    check_references(registry, repository, &manifest)?;
    if let Some(image_digest) = input.image_digest.filter(|expected| *expected != digest.to_string()) {
        let repository = input.repository;
        return Err(ImageDigestDoesNotMatch { image_digest, repository, registry_id: registry.id() }.into());
    }
    check_tag(registry, repository, &digest, input.image_tag.as_ref())?;
    check_quotas(registry, repository, &digest, input.image_tag.as_ref())?;

    let repository = registry.repository_mut(&input.repository)?;
    if !repository.images().contains_key(&digest) {
        repository.insert_image(Arc::clone(&manifest), cx.now);
    }
    if let Some(tag) = &input.image_tag {
        repository.put_tag(tag, &digest);
    }
    let image_id = ImageId { digest, tag: input.image_tag };
    cx.effects.push(Effect::ImagePushed {
        repository: input.repository,
        digest: image_id.digest.clone(),
        tag: image_id.tag.clone(),
    });
    Ok(Output { image_id, manifest })
}

/// Everything that a manifest names must be in this repository, but for foreign layers and its subject.
fn check_references(registry: &Registry, repository: &Repository, manifest: &Manifest) -> Result<(), Error> {
    if matches!(manifest.kind(), Kind::Image { layers, .. } if layers.is_empty()) {
        return Err(ManifestError::WithoutLayers.into());
    }
    let blobs = manifest.blobs().into_iter();
    let required = blobs.filter(|(_, may_be_missing)| !may_be_missing.0).map(|(digest, _)| digest);
    let digests: Vec<Digest> = required.filter(|digest| repository.layer(digest).is_none()).cloned().collect();
    if !digests.is_empty() {
        let repository = repository.name().clone();
        return Err(LayersNotFound { digests, repository, registry_id: registry.id() }.into());
    }
    let children = manifest.children().into_iter();
    let digests: Vec<Digest> = children.filter(|child| !repository.images().contains_key(*child)).cloned().collect();
    if !digests.is_empty() {
        let repository = repository.name().clone();
        return Err(ReferencedImagesNotFound { digests, repository, registry_id: registry.id() }.into());
    }
    Ok(())
}

/// The decision table of tags: the identical push is refused first, then an immutable tag that names another image.
fn check_tag(registry: &Registry, repository: &Repository, digest: &Digest, tag: Option<&Tag>) -> Result<(), Error> {
    let identical = match tag {
        Some(tag) => repository.tags().get(tag) == Some(digest),
        None => repository.images().contains_key(digest),
    };
    if identical {
        return Err(Error::AlreadyExists(ImageAlreadyExists {
            digest: digest.clone(),
            tag: tag.cloned(),
            repository: repository.name().clone(),
            registry_id: registry.id(),
        }));
    }
    match tag {
        Some(tag) if repository.tags().contains_key(tag) && repository.tag_mutability().is_immutable(tag) => {
            Err(ImageTagAlreadyExists { tag: tag.clone(), repository: repository.name().clone() }.into())
        }
        _ => Ok(()),
    }
}

fn check_quotas(registry: &Registry, repository: &Repository, digest: &Digest, tag: Option<&Tag>) -> Result<(), Error> {
    match repository.images().get(digest) {
        None if repository.images().len() >= limits::IMAGES_PER_REPOSITORY => {
            Err(registry.limit(Limited::Images, limits::IMAGES_PER_REPOSITORY as u64).into())
        }
        Some(image) if tag.is_some() && image.tags().len() >= limits::TAGS_PER_IMAGE => {
            Err(registry.limit(Limited::Tags, limits::TAGS_PER_IMAGE as u64).into())
        }
        _ => Ok(()),
    }
}
