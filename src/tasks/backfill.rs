//! A backfill: the copy of what a registry has to one destination, as one task.
//!
//! What is copied and what comes of it is the model's; this file only says what the task is called and what rules can ask of
//! it.

use std::sync::Arc;

use crate::facts::{Fact, Facts, Surface};
use crate::registry::types::RegistryKey;

/// Which backfill to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backfill {
    /// Registry to copy from, which knows the backfill.
    pub source: RegistryKey,
    /// Registry to copy to.
    pub destination: RegistryKey,
    /// Its id.
    pub id: Arc<str>,
}

impl Backfill {
    /// Name of the kind in rules and records.
    pub const KIND: &'static str = "backfill";

    /// What a rule can ask of the given attempt, from 1. Account and region are the source's.
    pub fn facts(&self, attempt: u32) -> Facts {
        Facts::new(Surface::Task, Self::KIND, None)
            .with(Fact::Account, self.source.account.as_str())
            .with(Fact::Region, self.source.region.as_str())
            .with(Fact::DestAccount, self.destination.account.as_str())
            .with(Fact::DestRegion, self.destination.region.as_str())
            .with(Fact::Attempt, u64::from(attempt))
    }
}
