//! Replication of one push, or of one deletion, to one destination.
//!
//! The rules of what happens there are the model's; this file only says what the task is called and what rules can ask of it.

use crate::facts::{Fact, Facts, Surface};
use crate::registry::types::{Digest, RegistryKey, RepositoryName, Tag};

/// What to carry over, and where to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replication {
    /// What to do there.
    pub action: Action,
    /// Registry that was pushed to, or deleted from.
    pub source: RegistryKey,
    /// Registry to act on.
    pub destination: RegistryKey,
    /// Repository, of the same name on both sides.
    pub repository: RepositoryName,
    /// Image that was pushed, or deleted.
    pub digest: Digest,
    /// Tag that it was pushed with, or that was taken away.
    pub tag: Option<Tag>,
}

/// What a replication does at its destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Copies the image and puts the tag on it.
    Copy,
    /// Takes the tag away, and the image if it is gone at the source.
    Delete,
}

impl Replication {
    /// Names of the kinds in rules and records: that of a push, that of a deletion.
    pub const KINDS: [&'static str; 2] = ["replication", "delete_replication"];

    /// The kind in the words of rules and records.
    pub fn kind(&self) -> &'static str {
        let [copy, delete] = Self::KINDS;
        match self.action {
            Action::Copy => copy,
            Action::Delete => delete,
        }
    }

    /// What a rule can ask of the given attempt, from 1. Account and region are the source's.
    pub fn facts(&self, attempt: u32) -> Facts {
        let mut facts = Facts::new(Surface::Task, self.kind(), None)
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
