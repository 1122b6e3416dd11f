//! Errors about replication backfills. All texts are unconfirmed.

use crate::registry::types::{AccountId, Region};

/// A backfill to the same destination region is running.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "A replication backfill is already in progress for the destination region '{region}' in the registry with id \
     '{registry_id}'"
)]
pub struct ReplicationBackfillInProgress {
    /// The region.
    pub region: Region,
    /// Registry that the backfill is of.
    pub registry_id: AccountId,
}

/// A backfill that has ended was to be stopped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "The replication backfill with id '{backfill_id}' in the registry with id '{registry_id}' cannot be stopped because \
     its status is '{status}'"
)]
pub struct ReplicationBackfillInvalidStatus {
    /// The backfill, as the caller wrote its id.
    pub backfill_id: String,
    /// Its registry.
    pub registry_id: AccountId,
    /// ECR's name of the status that it has.
    pub status: &'static str,
}

/// No such backfill, or none any longer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("The replication backfill with id '{backfill_id}' does not exist in the registry with id '{registry_id}'")]
pub struct ReplicationBackfillNotFound {
    /// The id as the caller wrote it.
    pub backfill_id: String,
    /// Registry that was asked.
    pub registry_id: AccountId,
}
