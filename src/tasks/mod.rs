//! Tasks: work that a world does in its own time. What happens when a timer is due, as pure functions and data.
//!
//! Replications and backfills act on two registries; every other kind is [`Work`] on one. A task is decided by
//! fault rules once per attempt.

pub mod backfill;
pub mod replication;

use std::collections::VecDeque;
use std::sync::Arc;

use crate::facts::{Fact, Facts, Surface};
use crate::faults::Wait;
use crate::registry::Work;
use crate::registry::types::{RegistryKey, Timestamp};
use backfill::Backfill;
use replication::Replication;

/// What a task does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Job {
    /// Carries a push or a deletion over to another registry.
    Replication(Replication),
    /// Copies what a registry has to another one.
    Backfill(Backfill),
    /// Ends work on one registry.
    Work {
        /// The registry.
        registry: RegistryKey,
        /// The work.
        work: Work,
    },
}

impl Job {
    /// Every kind, in the words of rules and records.
    pub fn kinds() -> Vec<&'static str> {
        let kinds = Replication::KINDS.into_iter().chain([Backfill::KIND]);
        kinds.chain(Work::KINDS.iter().copied()).collect()
    }

    /// The kind in the words of rules and records, e.g. `replication`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Replication(replication) => replication.kind(),
            Self::Backfill(_) => Backfill::KIND,
            Self::Work { work, .. } => work.kind(),
        }
    }

    /// What a rule can ask of the given attempt, from 1.
    pub fn facts(&self, attempt: u32) -> Facts {
        match self {
            Self::Replication(replication) => replication.facts(attempt),
            Self::Backfill(backfill) => backfill.facts(attempt),
            Self::Work { registry, work } => {
                let mut facts = Facts::new(Surface::Task, work.kind(), None)
                    .with(Fact::Account, registry.account.as_str())
                    .with(Fact::Region, registry.region.as_str())
                    .with(Fact::Repository, work.repository().as_str())
                    .with(Fact::Attempt, u64::from(attempt));
                if let Some(digest) = work.digest() {
                    facts.set(Fact::Digest, digest.clone());
                }
                facts
            }
        }
    }
}

/// Where a task stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaskState {
    /// Waits for its time.
    Pending,
    /// Waits at the gate of this name.
    Held(Arc<str>),
    /// Done.
    Complete {
        /// When.
        ended: Timestamp,
    },
    /// Failed, and not tried again unless a retry timer is armed.
    Failed {
        /// When.
        ended: Timestamp,
        /// Failure code as the service reports it.
        code: Arc<str>,
    },
}

impl TaskState {
    /// Whether nothing further happens to the task by itself.
    pub fn is_settled(&self) -> bool {
        matches!(self, Self::Complete { .. } | Self::Failed { .. })
    }
}

/// What rules decided for the present attempt, as far as it is not yet carried out.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// Journal record of the attempt.
    pub record: u64,
    /// Waits still to come.
    pub waits: VecDeque<Wait>,
    /// Failure code that a rule demands in place of the work.
    pub fail: Option<Arc<str>>,
}

/// The call that caused a task: a record, and the incarnation of the world in whose journal it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cause {
    /// Incarnation of the world.
    pub journal_of: u64,
    /// Number of the record there.
    pub record: u64,
}

/// A task.
#[derive(Clone, Debug)]
pub struct Task {
    /// Its number, from 1 in each world.
    pub number: u64,
    /// What it does.
    pub job: Job,
    /// Where it stands.
    pub state: TaskState,
    /// When it was caused.
    pub created: Timestamp,
    /// Attempts begun.
    pub attempts: u32,
    /// The call that caused it.
    pub caused_by: Option<Cause>,
    /// The attempt that is under way.
    pub attempt: Option<Attempt>,
}

impl Task {
    /// Its name in lists, reports and timers.
    pub fn name(&self) -> String {
        task_name(self.number)
    }

    /// Facts of the next attempt.
    pub fn facts(&self) -> Facts {
        self.job.facts(self.attempts + 1)
    }
}

/// The name of a task, in lists, reports and timers.
pub fn task_name(number: u64) -> String {
    number.to_string()
}
