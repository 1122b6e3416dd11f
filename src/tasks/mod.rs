//! Tasks: work that a world does in its own time. What happens when a timer is due, as pure functions and data.
//!
//! This version has one kind: replication. A task is decided by fault rules once per attempt.

pub mod replication;

use std::collections::VecDeque;
use std::sync::Arc;

use crate::facts::Facts;
use crate::faults::Wait;
use crate::registry::types::Timestamp;

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
    pub work: replication::Replication,
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
        format!("rep-{}", self.number)
    }

    /// Facts of the next attempt.
    pub fn facts(&self) -> Facts {
        self.work.facts(self.attempts + 1)
    }
}
