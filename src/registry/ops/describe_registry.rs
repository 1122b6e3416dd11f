//! `DescribeRegistry`: a registry's replication configuration. Never fails.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeRegistry.html>

use std::sync::Arc;

use crate::registry::replication::ReplicationConfiguration;
use crate::registry::state::Registry;
use crate::registry::types::AccountId;

/// The settings of a registry.
#[derive(Clone, Debug)]
pub struct Output {
    /// Its id.
    pub registry_id: AccountId,
    /// Its replication configuration; without rules if there never was one.
    pub replication: Arc<ReplicationConfiguration>,
}

/// Shows the settings.
pub fn apply(registry: &Registry) -> Output {
    Output { registry_id: registry.id(), replication: Arc::clone(registry.replication()) }
}
