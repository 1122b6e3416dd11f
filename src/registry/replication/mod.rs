//! Replication: its configuration, where pushes and deletions go, the copy itself, and the backfill of what was there
//! before. When that happens is a matter of tasks.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/userguide/replication.html>

mod backfill;
mod configuration;
mod copy;
mod deletion;

pub use backfill::{
    Backfill, BackfillFailure, BackfillProgress, BackfillResult, BackfillStatus, TOO_MANY_FAILURES, run_backfill,
};
pub use configuration::{ReplicationConfiguration, ReplicationRule, deletion_destinations, destinations};
pub use copy::{ReplicationFailure, copy};
pub use deletion::delete;

#[cfg(test)]
mod backfill_tests;
#[cfg(test)]
mod tests;
