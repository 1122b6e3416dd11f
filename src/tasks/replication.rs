//! Replication of one pushed image to one destination.
//!
//! The rules of what arrives there are the model's; this file only says what the task is called and what rules can ask of it.

use crate::facts::{Fact, Facts, Surface};
use crate::registry::types::{Digest, RegistryKey, RepositoryName, Tag};

/// What to copy, and where to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replication {
    /// Registry that was pushed to.
    pub source: RegistryKey,
    /// Registry to copy to.
    pub destination: RegistryKey,
    /// Repository, of the same name on both sides.
    pub repository: RepositoryName,
    /// Image that was pushed.
    pub digest: Digest,
    /// Tag that it was pushed with.
    pub tag: Option<Tag>,
}

impl Replication {
    /// Name of the kind in rules and records.
    pub const OPERATION: &'static str = "replication";

    /// What a rule can ask of the given attempt, from 1. Account and region are the source's.
    pub fn facts(&self, attempt: u32) -> Facts {
        let mut facts = Facts::new(Surface::Task, Self::OPERATION, None)
            .with(Fact::Account, self.source.account.as_str())
            .with(Fact::Region, self.source.region.as_str())
            .with(Fact::Repository, self.repository.as_str())
            .with(Fact::Digest, self.digest.clone())
            .with(Fact::DestAccount, self.destination.account.as_str())
            .with(Fact::DestRegion, self.destination.region.as_str())
            .with(Fact::Attempt, u64::from(attempt));
        if let Some(tag) = &self.tag {
            facts.set(Fact::Tag, tag.as_str());
        }
        facts
    }
}
