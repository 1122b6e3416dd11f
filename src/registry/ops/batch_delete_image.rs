//! `BatchDeleteImage`, and `DELETE …/manifests/<reference>`: takes tags away and deletes images.
//!
//! By tag the tag goes, and the image with its last one; by digest the image goes with all its tags. What an index holds
//! stays. Ids are dealt with in the order given (unconfirmed), so an index and then its children can go in one call.
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchDeleteImage.html>

use crate::registry::context::{Context, Effect};
use crate::registry::errors::RepositoryNotFound;
use crate::registry::image_identifier::{ImageFailure, ImageFailureCause, ImageId, ImageIdentifier};
use crate::registry::repository::Repository;
use crate::registry::state::Registry;
use crate::registry::types::{Digest, RepositoryName, Tag};

/// What to delete.
#[derive(Clone, Debug)]
pub struct Input {
    /// The repository.
    pub repository: RepositoryName,
    /// The images as the caller named them.
    pub image_ids: Vec<ImageIdentifier>,
}

/// What was deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// One for each tag that went, and one for each image that had none.
    pub image_ids: Vec<ImageId>,
    /// One for each id that was not dealt with.
    pub failures: Vec<ImageFailure>,
}

/// Deletes what can be deleted.
pub fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: &Input) -> Result<Output, RepositoryNotFound> {
    let repository = registry.repository_mut(&input.repository)?;
    let mut output = Output::default();
    for image_id in &input.image_ids {
        match delete(repository, image_id) {
            Ok(mut deleted) => output.image_ids.append(&mut deleted),
            Err(cause) => output.failures.push(ImageFailure { image_id: image_id.clone(), cause }),
        }
    }
    cx.effects.extend(output.image_ids.iter().map(|image_id| Effect::ImageDeleted {
        repository: input.repository.clone(),
        digest: image_id.digest.clone(),
        tag: image_id.tag.clone(),
    }));
    Ok(output)
}

fn delete(repository: &mut Repository, image_id: &ImageIdentifier) -> Result<Vec<ImageId>, ImageFailureCause> {
    let (image, tag) = repository.resolve(image_id)?;
    let digest = image.digest().clone();
    let tags: Vec<Tag> = image.tags().iter().cloned().collect();
    match tag {
        Some(tag) if tags.len() > 1 => {
            repository.remove_tag(&tag);
            Ok(vec![ImageId { digest, tag: Some(tag) }])
        }
        _ => {
            let indexes: Vec<Digest> = repository.indexes_of(&digest).cloned().collect();
            if !indexes.is_empty() {
                return Err(ImageFailureCause::ImageReferencedByManifestList(indexes));
            }
            repository.remove_image(&digest);
            Ok(entries_of(digest, tags))
        }
    }
}

fn entries_of(digest: Digest, tags: Vec<Tag>) -> Vec<ImageId> {
    if tags.is_empty() {
        return vec![ImageId { digest, tag: None }];
    }
    tags.into_iter().map(|tag| ImageId { digest: digest.clone(), tag: Some(tag) }).collect()
}
