//! `DescribeImageReplicationStatus`: where the replication of one image stands.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImageReplicationStatus.html>

use crate::registry::image::ReplicationStatus;
use crate::registry::image_identifier::{ImageId, ImageIdentifier};
use crate::registry::state::{ImageLookupError, Registry};
use crate::registry::types::RepositoryName;

/// Which image.
#[derive(Clone, Debug)]
pub struct Input {
    /// The repository.
    pub repository: RepositoryName,
    /// The image as the caller named it.
    pub image_id: ImageIdentifier,
}

/// Where its replication stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// The image: its digest, and the tag if the caller named one.
    pub image_id: ImageId,
    /// One for each destination; none for a replica, or an image pushed before there was a rule.
    pub replication_statuses: Vec<ReplicationStatus>,
}

/// What can go wrong.
pub type Error = ImageLookupError;

/// Looks the image up.
pub fn apply(registry: &Registry, input: &Input) -> Result<Output, Error> {
    let (image, tag) = registry.image(&input.repository, &input.image_id)?;
    let image_id = ImageId { digest: image.digest().clone(), tag };
    Ok(Output { image_id, replication_statuses: image.replication_statuses().to_vec() })
}
