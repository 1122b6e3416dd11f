//! Backfills: the copy of what a registry already has to one destination of its replication configuration.
//!
//! A backfill is begun and stopped by calls and run by the world, in one go, since it takes two registries. Each image with
//! each of its tags is one replication. Children of an index travel with it and are not counted by themselves, and images
//! in the archive stay where they are (both unconfirmed).
//!
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_StartReplicationBackfill.html>

use std::collections::BTreeSet;
use std::sync::Arc;

use super::copy::{ReplicationFailure, copy};
use crate::registry::errors::ReplicationBackfillNotFound;
use crate::registry::image::{ImageStatus, ReplicationState};
use crate::registry::image_identifier::ImageId;
use crate::registry::limits;
use crate::registry::manifest::Kind;
use crate::registry::repository::Repository;
use crate::registry::state::Registry;
use crate::registry::types::{Digest, RegistryKey, RepositoryName, Timestamp};

/// Failure code of a backfill of which half or more of the images failed. AWS documents no values.
pub const TOO_MANY_FAILURES: &str = "TOO_MANY_FAILURES";

/// One backfill, kept by the registry that it copies from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backfill {
    /// Its id, a UUID.
    pub id: Arc<str>,
    /// Its number among the backfills of the registry, from 1.
    pub number: u64,
    /// Where it copies to.
    pub destination: RegistryKey,
    /// Where it stands.
    pub status: BackfillStatus,
    /// Why it failed; there exactly if it did.
    pub failure_code: Option<Arc<str>>,
    /// How much of it is done; absent until it is known how much there is to do.
    pub progress: Option<BackfillProgress>,
    /// What came of each replication; empty before the end.
    pub results: Arc<[BackfillResult]>,
    /// When it was begun.
    pub started_at: Timestamp,
    /// When it ended; absent before that.
    pub ended_at: Option<Timestamp>,
}

/// Where a backfill stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackfillStatus {
    /// It is not known yet what there is to copy.
    Preparing,
    /// It copies.
    InProgress,
    /// More than half of the images arrived.
    Complete,
    /// Half or more of the images did not arrive.
    Failed,
    /// It copies and is to stop.
    Stopping,
    /// It was stopped.
    Stopped,
}

impl BackfillStatus {
    /// ECR's name of the status.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Preparing => "PREPARING",
            Self::InProgress => "IN_PROGRESS",
            Self::Complete => "COMPLETE",
            Self::Failed => "FAILED",
            Self::Stopping => "STOPPING",
            Self::Stopped => "STOPPED",
        }
    }

    /// Whether nothing further happens to the backfill.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Complete | Self::Failed | Self::Stopped)
    }
}

/// How much of a backfill is done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BackfillProgress {
    /// Replications in all.
    pub total: usize,
    /// Those that arrived.
    pub completed: usize,
    /// Those that did not.
    pub failed: usize,
    /// Why not, each code once, in alphabetical order.
    pub failure_codes: Vec<Arc<str>>,
}

/// What came of one replication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackfillResult {
    /// Repository of the image.
    pub repository: RepositoryName,
    /// The image, and the tag with which it was copied.
    pub image_id: ImageId,
    /// Why it did not arrive; absent if it did.
    pub failure: Option<BackfillFailure>,
}

/// Why an image did not arrive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackfillFailure {
    /// Failure code of the image.
    pub code: Arc<str>,
    /// Those of the images that it lists, each once, in alphabetical order; absent for what is no list.
    pub sub_images: Option<Vec<Arc<str>>>,
}

impl Registry {
    /// A backfill. One that ended longer ago than backfills are kept is gone.
    pub fn backfill(&self, id: &str) -> Result<&Arc<Backfill>, ReplicationBackfillNotFound> {
        let not_found = || ReplicationBackfillNotFound { backfill_id: id.to_owned(), registry_id: self.id() };
        self.backfills.get(id).ok_or_else(not_found)
    }

    /// Its backfills by id.
    pub fn backfills(&self) -> impl Iterator<Item = &Arc<Backfill>> {
        self.backfills.values()
    }

    /// A backfill to change; `None` if it is gone.
    pub(in crate::registry) fn backfill_mut(&mut self, id: &str) -> Option<&mut Backfill> {
        self.backfills.get_mut(id).map(Arc::make_mut)
    }

    /// Notes that a backfill has found out what to copy. Nothing happens to one that has got further.
    pub fn begin_backfill(&mut self, id: &str) {
        let Ok(destination) = self.backfill(id).map(|backfill| backfill.destination.clone()) else { return };
        let total = to_copy(self, &destination).len();
        if let Some(backfill) = self.backfill_mut(id).filter(|backfill| backfill.status == BackfillStatus::Preparing) {
            backfill.status = BackfillStatus::InProgress;
            backfill.progress = Some(BackfillProgress { total, ..BackfillProgress::default() });
        }
    }

    /// Notes how a backfill ended: by itself with these results, or as a whole with a failure code. One that was to stop has
    /// stopped, whatever came of it.
    pub fn end_backfill(&mut self, id: &str, now: Timestamp, outcome: Result<Vec<BackfillResult>, Arc<str>>) {
        let Ok(destination) = self.backfill(id).map(|backfill| backfill.destination.clone()) else { return };
        for result in outcome.iter().flatten() {
            let state = result.failure.as_ref().map_or(ReplicationState::Complete, |failure| {
                ReplicationState::Failed { failure_code: Arc::clone(&failure.code) }
            });
            self.set_replication_status(&result.repository, &result.image_id.digest, destination.clone(), state);
        }
        let Some(backfill) = self.backfill_mut(id).filter(|backfill| !backfill.status.is_terminal()) else { return };
        backfill.ended_at = Some(now);
        match outcome {
            _ if backfill.status == BackfillStatus::Stopping => backfill.status = BackfillStatus::Stopped,
            Ok(results) => {
                let progress = BackfillProgress::of(&results);
                let has_failed = progress.failed > 0 && progress.failed * 2 >= progress.total;
                backfill.status = if has_failed { BackfillStatus::Failed } else { BackfillStatus::Complete };
                backfill.failure_code = has_failed.then(|| Arc::from(TOO_MANY_FAILURES));
                backfill.progress = Some(progress);
                backfill.results = results.into();
            }
            Err(code) => {
                backfill.status = BackfillStatus::Failed;
                backfill.failure_code = Some(code);
            }
        }
    }

    /// Forgets the backfills that ended longer ago than they are kept.
    pub fn forget_backfills(&mut self, now: Timestamp) {
        let is_old = |ended_at: Timestamp| ended_at.plus(limits::BACKFILLS_KEPT) <= now;
        let old = self.backfills.iter().filter(|(_, backfill)| backfill.ended_at.is_some_and(is_old));
        let old: Vec<Arc<str>> = old.map(|(id, _)| Arc::clone(id)).collect();
        for id in old {
            self.backfills.remove(&id);
        }
    }
}

impl BackfillProgress {
    fn of(results: &[BackfillResult]) -> Self {
        let failures = results.iter().filter_map(|result| result.failure.as_ref());
        let codes: BTreeSet<Arc<str>> = failures.clone().map(|failure| Arc::clone(&failure.code)).collect();
        let failed = failures.count();
        Self {
            total: results.len(),
            completed: results.len() - failed,
            failed,
            failure_codes: codes.into_iter().collect(),
        }
    }
}

/// Copies what there is to copy to a destination, and says what came of each replication.
pub fn run_backfill(source: &Registry, destination: &mut Registry, now: Timestamp) -> Vec<BackfillResult> {
    let to_copy = to_copy(source, destination.key());
    let results = to_copy.into_iter().map(|(repository, image_id)| {
        let copied = copy(source, destination, now, &repository, &image_id.digest, image_id.tag.as_ref());
        let failure = copied.err().map(|failure| BackfillFailure {
            code: failure.to_string().into(),
            sub_images: sub_image_failures(source, destination, now, &repository, &image_id.digest),
        });
        BackfillResult { repository, image_id, failure }
    });
    results.collect()
}

/// The images with each of their tags that the rules with this destination match, by repository and digest.
fn to_copy(source: &Registry, destination: &RegistryKey) -> Vec<(RepositoryName, ImageId)> {
    let rules = &source.replication().rules;
    let goes_there =
        |name: &RepositoryName| rules.iter().any(|rule| rule.destinations.contains(destination) && rule.matches(name));
    let repositories = source.repositories().iter().filter(|(name, _)| goes_there(name));
    repositories.flat_map(|(name, repository)| images_of(repository).map(|id| (name.clone(), id))).collect()
}

fn images_of(repository: &Repository) -> impl Iterator<Item = ImageId> {
    let active = repository.images().values().filter(|image| image.status() == ImageStatus::Active);
    active.flat_map(|image| {
        let digest = image.digest();
        let is_by_itself = image.tags().is_empty() && repository.indexes_of(digest).next().is_none();
        let untagged = is_by_itself.then(|| ImageId { digest: digest.clone(), tag: None });
        let tagged = image.tags().iter().map(|tag| ImageId { digest: digest.clone(), tag: Some(tag.clone()) });
        untagged.into_iter().chain(tagged)
    })
}

/// Why the images of a list do not arrive, each tried by itself; `None` for what is no list.
fn sub_image_failures(
    source: &Registry,
    destination: &Registry,
    now: Timestamp,
    repository: &RepositoryName,
    list: &Digest,
) -> Option<Vec<Arc<str>>> {
    let images = source.repository(repository).ok()?.images();
    let manifest = images.get(list)?.manifest();
    let children = manifest.children();
    if !matches!(manifest.kind(), Kind::Index { .. }) {
        return None;
    }
    let try_child = |digest: &Digest| -> Option<ReplicationFailure> {
        copy(source, &mut destination.clone(), now, repository, digest, None).err()
    };
    let codes: BTreeSet<String> =
        children.into_iter().filter_map(try_child).map(|failure| failure.to_string()).collect();
    Some(codes.into_iter().map(Arc::from).collect())
}
