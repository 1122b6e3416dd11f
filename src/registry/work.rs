//! Work that an operation leaves for later: what it is, and what it does to the registry when it is done.
//!
//! The operation notes that the work is under way and hands it to the world as an effect; the world gives it its time and
//! asks the fault rules; [`Work::settle`] then writes how it ended. Nothing here knows of timers, journals or rules.

use std::sync::Arc;

use super::lifecycle;
use super::scanning;
use super::signing::{self, SigningProfileArn};
use super::state::Registry;
use super::types::{Digest, RepositoryName, Timestamp};

/// One piece of work on one registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Work {
    /// An image comes back from the archive.
    Activation {
        /// Its repository.
        repository: RepositoryName,
        /// The image.
        digest: Digest,
    },
    /// An image is scanned.
    Scan {
        /// Its repository.
        repository: RepositoryName,
        /// The image.
        digest: Digest,
    },
    /// An image is signed.
    Signing {
        /// Its repository.
        repository: RepositoryName,
        /// The image.
        digest: Digest,
        /// With this profile.
        signing_profile_arn: SigningProfileArn,
    },
    /// A lifecycle policy is tried out.
    Preview {
        /// The repository.
        repository: RepositoryName,
    },
}

/// How work ended: well, or with the code that the service reports.
pub type WorkResult = Result<(), Arc<str>>;

impl Work {
    /// Every kind, in the words of rules and records.
    pub const KINDS: &'static [&'static str] = &["activation", "preview", "scan", "signing"];

    /// The kind in the words of rules and records; one of [`Self::KINDS`].
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Activation { .. } => "activation",
            Self::Preview { .. } => "preview",
            Self::Scan { .. } => "scan",
            Self::Signing { .. } => "signing",
        }
    }

    /// The repository that it is about.
    pub fn repository(&self) -> &RepositoryName {
        match self {
            Self::Activation { repository, .. }
            | Self::Preview { repository }
            | Self::Scan { repository, .. }
            | Self::Signing { repository, .. } => repository,
        }
    }

    /// The image that it is about; absent if it is about the whole repository.
    pub fn digest(&self) -> Option<&Digest> {
        match self {
            Self::Activation { digest, .. } | Self::Scan { digest, .. } | Self::Signing { digest, .. } => Some(digest),
            Self::Preview { .. } => None,
        }
    }

    /// Writes how it ended. Nothing happens if what it was about is gone.
    pub fn settle(&self, registry: &mut Registry, now: Timestamp, result: &WorkResult) {
        match self {
            // ECR has no word for an activation that failed: the image stays where it was.
            Self::Activation { repository, digest } => {
                if let Ok(repository) = registry.repository_mut(repository) {
                    repository.end_activation(digest, now, result.is_ok());
                }
                if result.is_ok() {
                    scanning::scan_at_once(registry, repository, digest, now);
                }
            }
            Self::Scan { repository, digest } => scanning::settle(registry, repository, digest, now, result),
            Self::Signing { repository, digest, signing_profile_arn } => {
                signing::settle(registry, repository, digest, signing_profile_arn, result);
            }
            Self::Preview { repository } => {
                if let Ok(repository) = registry.repository_mut(repository) {
                    lifecycle::end_preview(repository, now, result.is_ok());
                }
            }
        }
    }
}
