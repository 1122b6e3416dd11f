//! Timers of a world: what is due when. Data only; whoever moves the clock runs them.

use std::time::Duration;

use crate::registry::Map;
use crate::registry::types::Timestamp;

/// Order among timers that are due at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TimerClass {
    /// Work that a call caused.
    Task,
    /// A further attempt of work that failed.
    Retry,
    /// What is left of work is forgotten.
    Expiry,
}

impl TimerClass {
    /// The class in lists.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Task => "task",
            Self::Retry => "retry",
            Self::Expiry => "expiry",
        }
    }
}

/// What a timer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timer {
    /// When it is due.
    pub due: Timestamp,
    /// Its place among equals.
    pub class: TimerClass,
    /// Task that it wakes.
    pub task: u64,
}

/// Pending timers in the order (due, class, creation), which makes every run of a test take the same course.
#[derive(Clone, Debug, Default)]
pub struct Timers {
    pending: Map<(Timestamp, TimerClass, u64), u64>,
    created: u64,
}

impl Timers {
    /// Arms a timer.
    pub fn arm(&mut self, due: Timestamp, class: TimerClass, task: u64) {
        self.created += 1;
        self.pending.insert((due, class, self.created), task);
    }

    /// Takes the next timer that is due at `time` or before.
    pub fn take_due(&mut self, time: Timestamp) -> Option<Timer> {
        let (key, task) = self.pending.get_min().map(|(key, task)| (*key, *task))?;
        if key.0 > time {
            return None;
        }
        self.pending.remove(&key);
        Some(Timer { due: key.0, class: key.1, task })
    }

    /// When the next timer is due.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.pending.get_min().map(|(key, _)| key.0)
    }

    /// Pending timers, the next one first.
    pub fn iter(&self) -> impl Iterator<Item = Timer> {
        self.pending.iter().map(|((due, class, _), task)| Timer { due: *due, class: *class, task: *task })
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.pending.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }
}

/// Settings that say how long tasks take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TaskDurations {
    /// From a push to the end of its replication, and from the start of a backfill to its end.
    pub replication: Duration,
    /// From a failed replication to the next attempt; absent: there is none, as in ECR.
    pub replication_retry: Option<Duration>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timers_fire_by_time_then_class_then_creation() {
        let mut timers = Timers::default();
        let at = Timestamp::from_millis;
        timers.arm(at(20), TimerClass::Task, 1);
        timers.arm(at(10), TimerClass::Retry, 2);
        timers.arm(at(10), TimerClass::Task, 3);
        timers.arm(at(10), TimerClass::Task, 4);
        let order: Vec<u64> = std::iter::from_fn(|| timers.take_due(at(15))).map(|timer| timer.task).collect();
        assert_eq!(order, [3, 4, 2]);
        assert_eq!(timers.next_due(), Some(at(20)));
    }
}
