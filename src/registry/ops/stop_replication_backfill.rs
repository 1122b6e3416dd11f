//! `StopReplicationBackfill`: ends a backfill early; what it has copied stays.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_StopReplicationBackfill.html>

use std::sync::Arc;

use crate::registry::context::Context;
use crate::registry::errors::{ReplicationBackfillInvalidStatus, ReplicationBackfillNotFound};
use crate::registry::replication::{Backfill, BackfillStatus};
use crate::registry::state::Registry;

/// Which backfill.
#[derive(Clone, Debug)]
pub struct Input {
    /// Its id as the caller wrote it.
    pub id: String,
}

/// The backfill as it is now.
#[derive(Clone, Debug)]
pub struct Output {
    /// `STOPPED`, or `STOPPING` if it had begun to copy.
    pub backfill: Arc<Backfill>,
}

/// What can go wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No such backfill.
    #[error(transparent)]
    NotFound(#[from] ReplicationBackfillNotFound),
    /// It has ended.
    #[error(transparent)]
    InvalidStatus(#[from] ReplicationBackfillInvalidStatus),
}

/// Stops the backfill. One that is to stop already may be stopped again (unconfirmed).
pub fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: &Input) -> Result<Output, Error> {
    let status = registry.backfill(&input.id)?.status;
    if status.is_terminal() {
        let (backfill_id, registry_id) = (input.id.clone(), registry.id());
        return Err(ReplicationBackfillInvalidStatus { backfill_id, registry_id, status: status.as_str() }.into());
    }
    if let Some(backfill) = registry.backfill_mut(&input.id) {
        if status == BackfillStatus::Preparing {
            backfill.status = BackfillStatus::Stopped;
            backfill.ended_at = Some(cx.now);
        } else {
            backfill.status = BackfillStatus::Stopping;
        }
    }
    Ok(Output { backfill: Arc::clone(registry.backfill(&input.id)?) })
}
