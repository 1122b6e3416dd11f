//! Work between two registries of a world: pushes and deletions that are carried over, and backfills.
//!
//! Which task is due when is for the parent; what a registry then looks like is for the model.

use std::sync::Arc;

use super::Live;
use crate::registry::replication::{self, BackfillStatus};
use crate::registry::types::{Digest, RegistryKey, RepositoryName, Tag};
use crate::registry::{Registry, ReplicationState};
use crate::tasks::Job;
use crate::tasks::backfill::Backfill;
use crate::tasks::replication::{Action, Replication};

impl Live {
    /// Makes a task for each destination to which a push or a deletion goes.
    pub(super) fn carry_over(
        &mut self,
        action: Action,
        source: &RegistryKey,
        repository: &RepositoryName,
        digest: &Digest,
        tag: Option<&Tag>,
        record: u64,
    ) {
        let destinations = self.read_registry(source, |registry| match action {
            Action::Copy => replication::destinations(registry, repository),
            Action::Delete => replication::deletion_destinations(registry, repository),
        });
        for destination in destinations {
            let replication = Replication {
                action,
                source: source.clone(),
                destination,
                repository: repository.clone(),
                digest: digest.clone(),
                tag: tag.cloned(),
            };
            self.note_status(&replication, ReplicationState::InProgress);
            self.start(Job::Replication(replication), self.state.durations.replication, record);
        }
    }

    /// Notes where a copy stands; an image has no status for its deletion.
    fn note_status(&mut self, work: &Replication, state: ReplicationState) {
        if work.action == Action::Copy {
            let registry = self.state.registry_mut(&work.source);
            registry.set_replication_status(&work.repository, &work.digest, work.destination.clone(), state);
        }
    }

    /// Does the work unless a rule has failed it, and notes how it ended.
    pub(super) fn end_replication(
        &mut self,
        work: &Replication,
        permitted: Result<(), Arc<str>>,
    ) -> Result<(), Arc<str>> {
        let result = permitted.and_then(|()| self.replicate(work));
        let state = match &result {
            Ok(()) => ReplicationState::Complete,
            Err(code) => ReplicationState::Failed { failure_code: Arc::clone(code) },
        };
        self.note_status(work, state);
        result
    }

    fn replicate(&mut self, work: &Replication) -> Result<(), Arc<str>> {
        let source = self.registry_or_empty(&work.source);
        let now = self.now();
        let destination = self.state.registry_mut(&work.destination);
        let (repository, digest, tag) = (&work.repository, &work.digest, work.tag.as_ref());
        let result = match work.action {
            Action::Copy => replication::copy(&source, destination, now, repository, digest, tag),
            Action::Delete => replication::delete(&source, destination, now, repository, digest, tag),
        };
        result.map_err(|failure| failure.to_string().into())
    }

    fn registry_or_empty(&self, key: &RegistryKey) -> Arc<Registry> {
        self.state.registry(key).cloned().unwrap_or_else(|| Arc::new(self.state.empty_registry(key)))
    }

    /// Makes the task that runs a backfill, as a whole as long as one replication: no time unless some is seeded.
    pub(super) fn start_backfill(&mut self, source: &RegistryKey, id: Arc<str>, record: u64) {
        let destination =
            self.read_registry(source, |registry| registry.backfill(&id).ok().map(|found| found.destination.clone()));
        if let Some(destination) = destination {
            let backfill = Backfill { source: source.clone(), destination, id };
            self.start(Job::Backfill(backfill), self.state.durations.replication, record);
        }
    }

    /// Shows that a backfill has begun, when a rule makes its task wait.
    pub(super) fn show_backfill(&mut self, backfill: &Backfill) {
        self.state.registry_mut(&backfill.source).begin_backfill(&backfill.id);
    }

    /// Copies what there is to copy unless a rule has failed the task or a call has stopped the backfill, and notes how it
    /// ended. A stopped one has not failed.
    pub(super) fn end_backfill(
        &mut self,
        backfill: &Backfill,
        permitted: Result<(), Arc<str>>,
    ) -> Result<(), Arc<str>> {
        let source = self.registry_or_empty(&backfill.source);
        let now = self.now();
        let is_to_run = source
            .backfill(&backfill.id)
            .is_ok_and(|found| matches!(found.status, BackfillStatus::Preparing | BackfillStatus::InProgress));
        let outcome = match permitted {
            Ok(()) if is_to_run => {
                Ok(replication::run_backfill(&source, self.state.registry_mut(&backfill.destination), now))
            }
            Ok(()) => Ok(Vec::new()),
            Err(code) => Err(code),
        };
        let registry = self.state.registry_mut(&backfill.source);
        registry.end_backfill(&backfill.id, now, outcome);
        match registry.backfill(&backfill.id).ok().and_then(|ended| ended.failure_code.clone()) {
            None => Ok(()),
            Some(code) => Err(code),
        }
    }

    /// Forgets a backfill that has been kept for as long as backfills are.
    pub(super) fn forget(&mut self, number: u64) {
        let Some(Job::Backfill(backfill)) = self.state.tasks.get(&number).map(|task| task.job.clone()) else { return };
        let now = self.now();
        self.state.registry_mut(&backfill.source).forget_backfills(now);
        self.commit_control();
    }
}
