//! Replication: its configuration, where a push goes, and the copy itself. When that happens is a matter of tasks.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/userguide/replication.html>

mod configuration;
mod copy;

pub use configuration::{ReplicationConfiguration, ReplicationRule, destinations};
pub use copy::{ReplicationFailure, copy};

#[cfg(test)]
mod tests;
