//! `StartReplicationBackfill`: has the world copy what a registry has to a destination of its replication configuration.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_StartReplicationBackfill.html>

use std::sync::Arc;

use crate::registry::context::{Context, Effect};
use crate::registry::errors::{InvalidParameter, LimitExceeded, Limited, ReplicationBackfillInProgress};
use crate::registry::replication::{Backfill, BackfillStatus};
use crate::registry::state::Registry;
use crate::registry::types::RegistryKey;

/// Where to copy to.
#[derive(Clone, Debug)]
pub struct Input {
    /// The destination.
    pub destination: RegistryKey,
}

/// What was begun.
#[derive(Clone, Debug)]
pub struct Output {
    /// The backfill, `PREPARING`.
    pub backfill: Arc<Backfill>,
}

/// What can go wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No rule has the destination (unconfirmed: that it is this error).
    #[error(transparent)]
    InvalidParameter(#[from] InvalidParameter),
    /// A backfill to the destination's region is running.
    #[error(transparent)]
    InProgress(#[from] ReplicationBackfillInProgress),
    /// Too many backfills are running.
    #[error(transparent)]
    LimitExceeded(#[from] LimitExceeded),
}

/// Begins the backfill.
pub fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: Input) -> Result<Output, Error> {
    let destination = input.destination;
    if !registry.replication().rules.iter().any(|rule| rule.destinations.contains(&destination)) {
        let constraint = "Replication destination is not part of the replication configuration of the registry";
        return Err(InvalidParameter::new("destination", constraint).into());
    }
    let running = || registry.backfills().filter(|backfill| !backfill.status.is_terminal());
    if running().any(|backfill| backfill.destination.region == destination.region) {
        return Err(ReplicationBackfillInProgress { region: destination.region, registry_id: registry.id() }.into());
    }
    registry.check_room(Limited::RunningBackfills, running().count(), registry.quotas().running_backfills)?;
    registry.forget_backfills(cx.now);
    registry.backfills_begun += 1;
    let backfill = Arc::new(Backfill {
        id: cx.ids.uuid().into(),
        number: registry.backfills_begun,
        destination,
        status: BackfillStatus::Preparing,
        failure_code: None,
        progress: None,
        results: Arc::default(),
        started_at: cx.now,
        ended_at: None,
    });
    registry.backfills.insert(Arc::clone(&backfill.id), Arc::clone(&backfill));
    cx.effects.push(Effect::BackfillBegun { id: Arc::clone(&backfill.id) });
    Ok(Output { backfill })
}
