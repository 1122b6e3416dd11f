//! `PutReplicationConfiguration`: replaces a registry's replication configuration; acts on later pushes only.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutReplicationConfiguration.html>

use std::sync::Arc;

use crate::registry::context::Context;
use crate::registry::errors::InvalidParameter;
use crate::registry::replication::ReplicationConfiguration;
use crate::registry::state::Registry;

/// The new configuration.
#[derive(Clone, Debug)]
pub struct Input {
    /// It; no rules switch replication off.
    pub replication: ReplicationConfiguration,
}

/// The configuration as it is now.
#[derive(Clone, Debug)]
pub struct Output {
    /// It.
    pub replication: Arc<ReplicationConfiguration>,
}

/// Replaces the configuration. Nothing is asked of the destinations; what they refuse shows in the statuses of images.
pub fn apply(registry: &mut Registry, _cx: &mut Context<'_>, input: Input) -> Result<Output, InvalidParameter> {
    input.replication.check(registry.key(), registry.quotas())?;
    registry.replication = Arc::new(input.replication);
    Ok(Output { replication: Arc::clone(&registry.replication) })
}
