//! The bounded log of one world's records.
//!
//! It is bounded by entries and by bytes. At a bound the oldest record goes, the low watermark rises, and the record lives on
//! in tallies by surface, operation, repository, status, error and outcome. A journal is never forked with its world: a fork
//! starts with [`Journal::empty`], which allocates nothing.

use std::sync::Arc;

// `registry::Map` is the map of this crate's persistent collections; a log needs their sequence.
use imbl::Vector;

use super::evicted::{Evicted, Tally};
use super::record::{Arrival, Phase, Record};

/// Bounds of a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Records kept at most; at least one is.
    pub entries: usize,
    /// Bytes of records kept at most, estimated; the newest record is kept whatever its size.
    pub bytes: u64,
}

impl Default for Limits {
    /// 50 000 records and 64 MiB.
    fn default() -> Self {
        Self { entries: 50_000, bytes: 64 << 20 }
    }
}

/// A place in a journal: behind a record. Only a journal hands them out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark(u64);

impl Mark {
    /// Before every record.
    pub const START: Self = Self(0);

    /// Behind this record; for reading only, since no tally is kept apart there.
    pub(super) fn behind(number: u64) -> Self {
        Self(number)
    }

    /// Whether a record of this number comes after the mark.
    pub fn is_before(self, number: u64) -> bool {
        number > self.0
    }
}

/// The mark's name, e.g. `mark-12` for the place behind record 12.
impl std::fmt::Display for Mark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "mark-{}", self.0)
    }
}

/// No mark of this name was made, or more than 10 000 were made after it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no mark `{0}`")]
pub struct UnknownMark(pub String);

/// An append-only log of records. A clone is a view of this moment: it costs a few pointers and does not change.
#[derive(Clone, Debug)]
pub struct Journal {
    limits: Limits,
    low_watermark: u64,
    records: Vector<Arc<Record>>,
    bytes: u64,
    marks: Vector<Mark>,
    evicted: Evicted,
}

/// Marks that are known by name at most; beyond them the oldest is forgotten.
const MARKS_AT_MOST: usize = 10_000;

impl Journal {
    /// A journal without records, within the default limits.
    pub fn empty() -> Self {
        Self::within(Limits::default())
    }

    /// A journal without records, within these limits.
    pub fn within(limits: Limits) -> Self {
        let (records, marks) = (Vector::new(), Vector::new());
        Self { limits, low_watermark: 1, records, bytes: 0, marks, evicted: Evicted::default() }
    }

    /// Opens a record and answers its number. Evicts the oldest records if a limit is passed.
    pub fn append(&mut self, arrival: Arrival) -> u64 {
        let number = self.last_number() + 1;
        let record = Record::opened(number, arrival);
        self.bytes += record.retained_bytes();
        self.records.push_back(Arc::new(record));
        self.evict();
        number
    }

    /// Changes a record, also one that was evicted unfinished, so that tallies hear how it ended. False if nothing is known
    /// of it any more, which is no error: it had finished, or never was.
    pub fn update(&mut self, number: u64, change: impl FnOnce(&mut Record)) -> bool {
        let Some(record) = self.position(number).and_then(|position| self.records.get_mut(position)) else {
            let marks = &self.marks;
            return self.evicted.update(number, change, |number| stretch(marks, number));
        };
        let record = Arc::make_mut(record);
        let bytes_before = record.retained_bytes();
        change(record);
        self.bytes = self.bytes + record.retained_bytes() - bytes_before;
        self.evict();
        true
    }

    /// The record of this number, while it is retained.
    pub fn record(&self, number: u64) -> Option<&Arc<Record>> {
        self.records.get(self.position(number)?)
    }

    /// Retained records after a mark, oldest first.
    pub fn records(&self, since: Mark) -> impl DoubleEndedIterator<Item = &Arc<Record>> + ExactSizeIterator {
        let skipped = usize::try_from((since.0 + 1).saturating_sub(self.low_watermark)).unwrap_or(usize::MAX);
        self.records.focus().narrow(skipped.min(self.records.len())..).into_iter()
    }

    /// Number of the newest record; 0 before the first.
    pub fn last_number(&self) -> u64 {
        self.low_watermark + self.records.len() as u64 - 1
    }

    /// Smallest record number that is still retained; with no record, the number of the next.
    pub fn low_watermark(&self) -> u64 {
        self.low_watermark
    }

    /// How many records were evicted.
    pub fn evicted(&self) -> u64 {
        self.low_watermark - 1
    }

    /// Records that have not finished, oldest first; those evicted lack headers, hits and request line.
    pub fn unfinished(&self) -> impl Iterator<Item = &Arc<Record>> {
        let retained = self.records(Mark::START).filter(|record| record.phase < Phase::Finished);
        self.evicted.stumps(Mark::START).chain(retained)
    }

    /// Names the present end. Two marks with no record between them are one.
    pub fn mark(&mut self) -> Mark {
        let mark = Mark(self.last_number());
        if self.marks.last() != Some(&mark) {
            self.marks.push_back(mark);
        }
        if self.marks.len() > MARKS_AT_MOST {
            self.marks.pop_front();
        }
        mark
    }

    /// The mark of this name; the start for an empty name.
    pub fn mark_named(&self, name: &str) -> Result<Mark, UnknownMark> {
        if name.is_empty() {
            return Ok(Mark::START);
        }
        let unknown = || UnknownMark(name.to_owned());
        let number = name.strip_prefix("mark-").ok_or_else(unknown)?.parse().map_err(|_| unknown())?;
        self.marks.binary_search(&Mark(number)).map(|_| Mark(number)).map_err(|_| unknown())
    }

    /// Tallies of evicted records after a mark.
    pub(super) fn tallies(&self, since: Mark) -> impl Iterator<Item = &Tally> {
        self.evicted.tallies(since)
    }

    /// Evicted, unfinished records after a mark.
    pub(super) fn stumps(&self, since: Mark) -> impl Iterator<Item = &Arc<Record>> {
        self.evicted.stumps(since)
    }

    fn position(&self, number: u64) -> Option<usize> {
        usize::try_from(number.checked_sub(self.low_watermark)?).ok()
    }

    fn evict(&mut self) {
        while self.records.len() > 1 && (self.records.len() > self.limits.entries || self.bytes > self.limits.bytes) {
            let Some(record) = self.records.pop_front() else { return };
            self.low_watermark += 1;
            self.bytes -= record.retained_bytes();
            let marks = &self.marks;
            self.evicted.add(record, |number| stretch(marks, number));
        }
    }
}

/// The newest mark before a record.
fn stretch(marks: &Vector<Mark>, number: u64) -> Mark {
    let position =
        marks.binary_search_by(|mark| mark.0.cmp(&(number - 1))).map_or_else(|place| place, |place| place + 1);
    position.checked_sub(1).and_then(|position| marks.get(position)).copied().unwrap_or(Mark::START)
}

#[cfg(test)]
mod tests {
    use crate::facts::Fact;

    use super::super::record::Outcome;
    use super::super::samples::{answer, finish, open, put};
    use super::*;

    fn small(entries: usize) -> Journal {
        Journal::within(Limits { entries, ..Limits::default() })
    }

    fn numbers(journal: &Journal, since: Mark) -> Vec<u64> {
        journal.records(since).map(|record| record.number).collect()
    }

    #[test]
    fn numbers_grow_by_one_and_the_oldest_go_first() {
        let mut journal = small(2);
        assert_eq!((journal.last_number(), journal.low_watermark()), (0, 1));
        for _ in 0..5 {
            answer(&mut journal, put("app", "v1"), 201);
        }
        assert_eq!(numbers(&journal, Mark::START), [4, 5]);
        assert_eq!((journal.last_number(), journal.low_watermark(), journal.evicted()), (5, 4, 3));
        assert!(journal.record(3).is_none() && journal.record(6).is_none() && journal.record(0).is_none());
        assert_eq!(journal.record(4).map(|record| record.number), Some(4));
    }

    #[test]
    fn bytes_bound_a_journal_and_the_newest_record_stays() {
        let mut journal = Journal::within(Limits { entries: 100, bytes: 2_000 });
        for _ in 0..20 {
            answer(&mut journal, put("app", "v1"), 201);
        }
        assert!((2..10).contains(&journal.records(Mark::START).len()), "{}", journal.records(Mark::START).len());
        assert!(journal.bytes <= 2_000);
        open(&mut journal, put("app", &"v".repeat(5_000)));
        assert_eq!(numbers(&journal, Mark::START), [21]);
    }

    #[test]
    fn bytes_return_to_what_the_retained_records_take() {
        let mut journal = small(3);
        for tag in ["v1", "version-two", "3"] {
            let number = open(&mut journal, put("app", tag));
            open(&mut journal, put("web", tag));
            finish(&mut journal, number, 201);
        }
        let taken: u64 = journal.records(Mark::START).map(|record| record.retained_bytes()).sum();
        assert_eq!(journal.bytes, taken);
    }

    #[test]
    fn a_record_evicted_unfinished_can_still_finish_once() {
        let mut journal = small(1);
        let early = open(&mut journal, put("app", "v1"));
        open(&mut journal, put("app", "v2"));
        assert_eq!(journal.unfinished().map(|record| record.number).collect::<Vec<_>>(), [1, 2]);
        assert!(journal.update(early, Record::start_reply));
        assert!(finish(&mut journal, early, 201));
        assert!(!finish(&mut journal, early, 500), "nothing is known of it any more");
        let tallies: Vec<&Tally> = journal.tallies(Mark::START).collect();
        assert_eq!(tallies.len(), 1);
        assert_eq!(tallies[0].facts.text(Fact::Status), "201");
        assert_eq!(tallies[0].facts.text(Fact::Outcome), Outcome::Completed.as_str());
        assert_eq!(journal.unfinished().count(), 1);
    }

    #[test]
    fn a_view_does_not_change_with_its_journal() {
        let mut journal = small(2);
        let number = open(&mut journal, put("app", "v1"));
        let view = journal.clone();
        finish(&mut journal, number, 201);
        answer(&mut journal, put("app", "v2"), 201);
        answer(&mut journal, put("app", "v3"), 201);
        assert_eq!(numbers(&view, Mark::START), [1]);
        assert_eq!(view.record(1).map(|record| record.phase), Some(Phase::Arrived));
    }

    #[test]
    fn marks_are_known_by_name_and_tell_before_from_after() {
        let mut journal = small(3);
        let start = journal.mark();
        answer(&mut journal, put("app", "v1"), 201);
        let first = journal.mark();
        assert_eq!(journal.mark(), first);
        for tag in ["v2", "v3", "v4"] {
            answer(&mut journal, put("app", tag), 201);
        }
        assert_eq!(first.to_string(), "mark-1");
        assert_eq!(journal.mark_named("mark-1"), Ok(first));
        assert_eq!(journal.mark_named("mark-0"), Ok(start));
        assert_eq!(journal.mark_named(""), Ok(Mark::START));
        for name in ["mark-2", "mark-", "1", "mark-99"] {
            assert_eq!(journal.mark_named(name), Err(UnknownMark(name.to_owned())));
        }
        assert_eq!(numbers(&journal, first), [2, 3, 4]);
        let second = journal.mark();
        assert!(numbers(&journal, second).is_empty());
    }

    #[test]
    fn tallies_since_a_mark_leave_out_what_came_before() {
        let mut journal = small(1);
        for tag in ["v1", "v2"] {
            answer(&mut journal, put("app", tag), 201);
        }
        let mark = journal.mark();
        for tag in ["v3", "v4", "v5"] {
            answer(&mut journal, put("app", tag), 201);
        }
        let evicted = |since| journal.tallies(since).map(|tally| tally.count).sum::<u64>();
        assert_eq!((evicted(Mark::START), evicted(mark)), (4, 2));
    }

    #[test]
    fn an_empty_journal_is_small() {
        assert!(size_of::<Journal>() <= 256, "{}", size_of::<Journal>());
    }
}
