//! What an evaluation wants to know of an image.

use super::rule::StorageClass;
use crate::registry::small_set::SmallSet;
use crate::registry::types::{Digest, Tag, Timestamp};

/// One image of the repository, as lifecycle rules see it.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// Digest of its manifest.
    pub digest: &'a Digest,
    /// Its tags.
    pub tags: &'a SmallSet<Tag>,
    /// When it came into the repository.
    pub pushed_at: Timestamp,
    /// When it was last pulled, to the day; absent before the first pull.
    pub last_recorded_pull_time: Option<Timestamp>,
    /// Where it is now.
    pub storage_class: StorageClass,
    /// When it last went to the archive; absent if it never did.
    pub last_archived_at: Option<Timestamp>,
    /// When it last came back from the archive; absent if it never did.
    pub last_activated_at: Option<Timestamp>,
    /// What other manifests of the repository make of it.
    pub role: Role,
}

/// How an image stands to the other manifests of its repository.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// It depends on nothing, and nothing on it.
    #[default]
    Plain,
    /// An index that is still here refers to it. It counts like any other, but no rule acts on it.
    ChildOfIndex,
    /// It has a subject, be it a child of an index or not. No rule selects or counts it: it goes after its subject.
    Referrer,
}

impl Candidate<'_> {
    /// The time by which images are ordered: of the push, of the last restoration, or of the last archiving.
    pub(super) fn aged_from(&self) -> Timestamp {
        let moved_at = match self.storage_class {
            StorageClass::Standard => self.last_activated_at,
            StorageClass::Archive => self.last_archived_at,
        };
        moved_at.unwrap_or(self.pushed_at)
    }

    /// The time since which nobody wanted it: of the last pull, else of the push; or of a restoration after that.
    pub(super) fn unused_from(&self) -> Timestamp {
        let pulled_or_pushed_at = self.last_recorded_pull_time.unwrap_or(self.pushed_at);
        self.last_activated_at.map_or(pulled_or_pushed_at, |activated_at| activated_at.max(pulled_or_pushed_at))
    }
}
