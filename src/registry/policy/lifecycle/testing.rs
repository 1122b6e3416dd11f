//! Policies and images for the tests of this room, written short.

use super::{Candidate, LifecyclePolicy, Role, StorageClass};
use crate::registry::small_set::SmallSet;
use crate::registry::types::{Digest, Tag, Timestamp};

/// When everything is evaluated.
pub(super) const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

pub(super) const DAY_MICROS: i64 = 86_400_000_000;

pub(super) fn days_ago(days: i64) -> Timestamp {
    Timestamp::from_micros(NOW.as_micros() - days * DAY_MICROS)
}

pub(super) const ANY: &str = r#""tagStatus":"any""#;
pub(super) const UNTAGGED: &str = r#""tagStatus":"untagged""#;

pub(super) const EXPIRE: &str = r#"{"type":"expire"}"#;
pub(super) const ARCHIVE: &str = r#"{"type":"transition","targetStorageClass":"archive"}"#;

pub(super) fn prefixes(prefixes: &[&str]) -> String {
    format!(r#""tagStatus":"tagged","tagPrefixList":{prefixes:?}"#)
}

pub(super) fn patterns(patterns: &[&str]) -> String {
    format!(r#""tagStatus":"tagged","tagPatternList":{patterns:?}"#)
}

pub(super) fn keep(images: u32) -> String {
    format!(r#""countType":"imageCountMoreThan","countNumber":{images}"#)
}

pub(super) fn since(count_type: &str, days: u32) -> String {
    format!(r#""countType":"{count_type}","countUnit":"days","countNumber":{days}"#)
}

pub(super) fn archived(days: u32) -> String {
    format!(r#""storageClass":"archive",{}"#, since("sinceImageTransitioned", days))
}

pub(super) fn rule(priority: u32, tags: &str, count: &str, action: &str) -> String {
    format!(r#"{{"rulePriority":{priority},"selection":{{{tags},{count}}},"action":{action}}}"#)
}

/// A rule that expires.
pub(super) fn expire(priority: u32, tags: &str, count: &str) -> String {
    rule(priority, tags, count, EXPIRE)
}

pub(super) fn text(rules: &[String]) -> String {
    format!(r#"{{"rules":[{}]}}"#, rules.join(","))
}

pub(super) fn policy(rules: &[String]) -> LifecyclePolicy {
    LifecyclePolicy::parse(&text(rules)).expect("a policy")
}

/// An image that nobody pulled, archived or restored.
#[derive(Clone, Debug)]
pub(super) struct Specimen {
    pub(super) name: String,
    pub(super) digest: Digest,
    pub(super) tags: SmallSet<Tag>,
    pub(super) pushed_at: Timestamp,
    pub(super) last_recorded_pull_time: Option<Timestamp>,
    pub(super) storage_class: StorageClass,
    pub(super) last_archived_at: Option<Timestamp>,
    pub(super) last_activated_at: Option<Timestamp>,
    pub(super) role: Role,
}

impl Specimen {
    /// `number` becomes its digest; lower numbers have lower digests.
    pub(super) fn new(number: u32, name: &str, pushed_at: Timestamp, tags: &[&str]) -> Self {
        let mut digest = [0; 32];
        digest[..4].copy_from_slice(&number.to_be_bytes());
        Self {
            name: name.to_owned(),
            digest: Digest::Sha256(digest),
            tags: set(tags),
            pushed_at,
            last_recorded_pull_time: None,
            storage_class: StorageClass::Standard,
            last_archived_at: None,
            last_activated_at: None,
            role: Role::Plain,
        }
    }

    pub(super) fn candidate(&self) -> Candidate<'_> {
        Candidate {
            digest: &self.digest,
            tags: &self.tags,
            pushed_at: self.pushed_at,
            last_recorded_pull_time: self.last_recorded_pull_time,
            storage_class: self.storage_class,
            last_archived_at: self.last_archived_at,
            last_activated_at: self.last_activated_at,
            role: self.role,
        }
    }
}

fn set(tags: &[&str]) -> SmallSet<Tag> {
    let mut sorted: Vec<Tag> = tags.iter().map(|tag| tag.parse().expect("a tag")).collect();
    sorted.sort();
    sorted.dedup();
    sorted.into_iter().collect()
}

/// Images from `A 10 beta-1 prod-1; B 9`: name, age in days, tags. Digests ascend.
pub(super) fn images(text: &str) -> Vec<Specimen> {
    let image = |(number, text): (usize, &str)| {
        let words: Vec<&str> = text.split_whitespace().collect();
        let age_days = words[1].parse().expect("an age");
        Specimen::new(number.try_into().expect("few images"), words[0], days_ago(age_days), &words[2..])
    };
    text.split(';').enumerate().map(image).collect()
}
