//! The copy of one pushed image into another registry.

use std::sync::Arc;

use crate::registry::authorization::decide_for_account;
use crate::registry::image::Image;
use crate::registry::policy::iam::{Decision, Denial};
use crate::registry::quotas::Quotas;
use crate::registry::repository::Repository;
use crate::registry::scanning;
use crate::registry::state::Registry;
use crate::registry::templates::{self, AppliedFor, CreationError};
use crate::registry::types::{Digest, RepositoryName, Tag, Timestamp};

/// Why an image did not arrive. `Display` is the `failureCode`; AWS documents no values, so all are unconfirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReplicationFailure {
    /// The destination registry does not let the source account replicate into it, or create the missing repository.
    #[error("ACCESS_DENIED")]
    AccessDenied,
    /// The image, its repository, one of its children or one of its layers is no longer at the source.
    #[error("IMAGE_NOT_FOUND")]
    ImageNotFound,
    /// The destination has no room for another repository, image or tag.
    #[error("LIMIT_EXCEEDED")]
    LimitExceeded,
    /// The missing repository would get a KMS key or resource tags from a template that names no role to set them.
    #[error("CUSTOM_ROLE_MISSING")]
    RoleMissing,
}

impl From<CreationError> for ReplicationFailure {
    fn from(error: CreationError) -> Self {
        match error {
            CreationError::RoleMissing(_) => Self::RoleMissing,
            CreationError::LimitExceeded(_) => Self::LimitExceeded,
        }
    }
}

/// Copies an image with its layers, children first, and puts `tag` on it. All or nothing.
///
/// A missing repository is created by the template for it, or with defaults; one that exists keeps its settings. The tag is left out where it is
/// immutable and taken; that is no failure. The copy has its own push time and causes no effects, so it goes no further.
pub fn copy(
    source: &Registry,
    destination: &mut Registry,
    now: Timestamp,
    repository: &RepositoryName,
    digest: &Digest,
    tag: Option<&Tag>,
) -> Result<(), ReplicationFailure> {
    check_access(source, destination, now, repository)?;
    let origin = source.repository(repository).map_err(|_| ReplicationFailure::ImageNotFound)?;
    // Written into a copy, which costs a few pointers and makes a failure leave nothing behind.
    let mut changed = destination.clone();
    if changed.repository(repository).is_err() {
        templates::create(&mut changed, now, repository, AppliedFor::Replication)?;
    }
    let quotas = Arc::clone(&changed.quotas);
    let replica = changed.repository_mut(repository).map_err(|_| ReplicationFailure::LimitExceeded)?;
    copy_image(origin, replica, &quotas, now, digest)?;
    if let Some(tag) = tag {
        copy_tag(replica, &quotas, digest, tag)?;
    }
    scanning::scan_at_once(&mut changed, repository, digest, now);
    *destination = changed;
    Ok(())
}

/// Whether one registry lets the other replicate an image into it, and create the repository if that is missing. Within an
/// account nobody is asked; another account needs a statement in the destination's policy. A seed may name it a source
/// instead, which stands for a statement that allows it both everywhere.
/// Source: <https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry-permissions-examples.html>
pub(super) fn check_access(
    source: &Registry,
    destination: &Registry,
    now: Timestamp,
    repository: &RepositoryName,
) -> Result<(), ReplicationFailure> {
    let (from, to) = (source.key().account, destination.key().account);
    if from == to {
        return Ok(());
    }
    let is_source = destination.replication_sources.contains_key(&from);
    let may = |action: &str| match decide_for_account(destination, from, action, repository, now) {
        Decision::Allowed => true,
        Decision::Denied(denial) => denial != Denial::ResourceDeny && is_source,
    };
    let is_missing = destination.repository(repository).is_err();
    if may("ReplicateImage") && (!is_missing || may("CreateRepository")) {
        Ok(())
    } else {
        Err(ReplicationFailure::AccessDenied)
    }
}

fn copy_image(
    origin: &Repository,
    replica: &mut Repository,
    quotas: &Quotas,
    now: Timestamp,
    digest: &Digest,
) -> Result<(), ReplicationFailure> {
    if replica.images().contains_key(digest) {
        // As a push does; that children of an index are left where they are is unconfirmed.
        replica.restore(digest, now);
        return Ok(());
    }
    let image: &Arc<Image> = origin.images().get(digest).ok_or(ReplicationFailure::ImageNotFound)?;
    let manifest = image.manifest();
    for child in manifest.children() {
        copy_image(origin, replica, quotas, now, child)?;
    }
    for (blob, may_be_missing) in manifest.blobs() {
        match origin.layer(blob) {
            Some(layer) => {
                replica.insert_layer(layer.blob.clone());
            }
            None if may_be_missing.0 || replica.layer(blob).is_some() => {}
            None => return Err(ReplicationFailure::ImageNotFound),
        }
    }
    if replica.is_full(quotas) {
        return Err(ReplicationFailure::LimitExceeded);
    }
    replica.insert_image(Arc::clone(manifest), now);
    Ok(())
}

fn copy_tag(replica: &mut Repository, quotas: &Quotas, digest: &Digest, tag: &Tag) -> Result<(), ReplicationFailure> {
    match replica.tags().get(tag) {
        Some(present) if present == digest => return Ok(()),
        Some(_) if replica.tag_mutability().is_immutable(tag) => return Ok(()),
        _ => {}
    }
    if replica.images().get(digest).is_some_and(|image| image.tags().len() as u64 >= quotas.tags_per_image) {
        return Err(ReplicationFailure::LimitExceeded);
    }
    replica.put_tag(tag, digest);
    Ok(())
}
