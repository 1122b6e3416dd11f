//! An image in a repository: its manifest and what happened to it there.

use std::sync::Arc;

use super::manifest::Manifest;
use super::scanning::Scan;
use super::signing::SigningStatus;
use super::small_set::SmallSet;
use super::types::{Digest, RegistryKey, Tag, Timestamp};

/// One image. Changed only by its repository, which keeps the indexes beside it true.
#[derive(Clone, Debug)]
pub struct Image {
    pub(super) manifest: Arc<Manifest>,
    pub(super) pushed_at: Timestamp,
    pub(super) last_recorded_pull_time: Option<Timestamp>,
    pub(super) tags: SmallSet<Tag>,
    /// Absent for an image that was only pushed and pulled, which is nearly every one.
    pub(super) services: Option<Arc<Services>>,
}

/// What replication, archive, scanning and signing know of an image.
#[derive(Clone, Debug, Default)]
pub(super) struct Services {
    /// One for each destination, in order.
    pub(super) replication: Vec<ReplicationStatus>,
    /// Absent for an image that never was in the archive.
    pub(super) archive: Option<Arc<ArchiveHistory>>,
    /// Absent for an image that was never scanned, or not since it came out of the archive.
    pub(super) scan: Option<Box<Scan>>,
    /// One for each profile that was to sign it.
    pub(super) signing: Vec<SigningStatus>,
}

/// What an image that was archived at some time remembers of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveHistory {
    /// Its storage status.
    pub status: ImageStatus,
    /// When it was last archived.
    pub last_archived_at: Timestamp,
    /// When it last came back; absent if it never did.
    pub last_activated_at: Option<Timestamp>,
}

impl Image {
    pub(super) fn new(manifest: Arc<Manifest>, pushed_at: Timestamp) -> Self {
        Self { manifest, pushed_at, last_recorded_pull_time: None, tags: SmallSet::default(), services: None }
    }

    /// Its manifest.
    pub fn manifest(&self) -> &Arc<Manifest> {
        &self.manifest
    }

    /// Digest of its manifest.
    pub fn digest(&self) -> &Digest {
        self.manifest.digest()
    }

    /// When its digest first came into this repository; a new tag does not move it (unconfirmed).
    pub fn pushed_at(&self) -> Timestamp {
        self.pushed_at
    }

    /// When it was last pulled, to the day; absent before the first pull.
    pub fn last_recorded_pull_time(&self) -> Option<Timestamp> {
        self.last_recorded_pull_time
    }

    /// Its tags.
    pub fn tags(&self) -> &SmallSet<Tag> {
        &self.tags
    }

    /// How its replication stands, one entry for each destination, in order of account and region.
    pub fn replication_statuses(&self) -> &[ReplicationStatus] {
        self.services.as_ref().map_or(&[], |services| services.replication.as_slice())
    }

    /// Its storage status.
    pub fn status(&self) -> ImageStatus {
        self.archive().map_or(ImageStatus::Active, |archive| archive.status)
    }

    /// Whether it can be pulled: neither in the archive nor on its way out of it.
    pub fn is_active(&self) -> bool {
        self.status() == ImageStatus::Active
    }

    /// What it remembers of the archive; absent if it never was there.
    pub fn archive(&self) -> Option<&ArchiveHistory> {
        self.services.as_ref()?.archive.as_deref()
    }

    /// What it knows of its basic scans; absent if it was never scanned.
    pub fn scan(&self) -> Option<&Scan> {
        self.services.as_ref()?.scan.as_deref()
    }

    /// How its signing stands, one entry for each profile that was to sign it.
    pub fn signing_statuses(&self) -> &[SigningStatus] {
        self.services.as_ref().map_or(&[], |services| services.signing.as_slice())
    }

    pub(super) fn services_mut(&mut self) -> &mut Services {
        Arc::make_mut(self.services.get_or_insert_default())
    }
}

/// Storage status of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageStatus {
    /// Can be pulled.
    Active,
    /// In the archive.
    Archived,
    /// On its way out of the archive.
    Activating,
}

impl ImageStatus {
    /// ECR's name of the status.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Archived => "ARCHIVED",
            Self::Activating => "ACTIVATING",
        }
    }
}

/// Where the replication of one image to one destination stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplicationStatus {
    /// The destination.
    pub destination: RegistryKey,
    /// How far it is.
    pub state: ReplicationState,
}

/// State of one replication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplicationState {
    /// Under way.
    InProgress,
    /// The image is there.
    Complete,
    /// It did not arrive.
    Failed {
        /// ECR's `failureCode`.
        failure_code: Arc<str>,
    },
}

impl ReplicationState {
    /// ECR's name of the state.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::InProgress => "IN_PROGRESS",
            Self::Complete => "COMPLETE",
            Self::Failed { .. } => "FAILED",
        }
    }

    /// The code of a failure.
    pub fn failure_code(&self) -> Option<&str> {
        match self {
            Self::InProgress | Self::Complete => None,
            Self::Failed { failure_code } => Some(failure_code),
        }
    }
}
