//! What is still known of records that the log no longer holds: tallies by result, and the stumps of unfinished ones.
//!
//! Evicted records are counted apart for each stretch between two marks, so that counts since a mark stay exact.

use std::sync::Arc;

use smol_str::SmolStr;

use crate::facts::{Fact, Facts, Value};
use crate::registry::Map;

use super::log::Mark;
use super::record::{Phase, Record};

/// Facts that tallies keep: a matcher that asks for no others is judged exactly after eviction.
pub(super) const TALLIED_FACTS: [Fact; 4] = [Fact::Repository, Fact::Status, Fact::Error, Fact::Outcome];

/// Kinds of records that are told apart by more than surface and operation; further ones are counted by those alone.
const TALLIES_AT_MOST: usize = 10_000;
/// Unfinished records that are remembered after eviction; the oldest beyond them are counted without a result.
const STUMPS_AT_MOST: usize = 10_000;

/// How much of a record its tally knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Knowledge {
    /// Surface, operation and the tallied facts.
    Result,
    /// Surface and operation, since there were too many kinds.
    Operation,
    /// Surface and operation, but not whether it finished, since too many unfinished records were evicted.
    Beginning,
}

/// Records of one kind.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    /// What all of them have in common.
    pub(super) facts: Arc<Facts>,
    /// How many.
    pub(super) count: u64,
    /// What the facts leave out.
    pub(super) knowledge: Knowledge,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Kind {
    stretch: Mark,
    surface: &'static str,
    operation: &'static str,
    knowledge: Knowledge,
    result: [Option<SmolStr>; TALLIED_FACTS.len()],
}

/// All that is known of evicted records.
#[derive(Clone, Debug, Default)]
pub(super) struct Evicted {
    tallies: Map<Kind, Tally>,
    stumps: Map<u64, Arc<Record>>,
}

impl Evicted {
    /// Takes over a record. `stretch_of` answers the newest mark before a record.
    pub(super) fn add(&mut self, record: Arc<Record>, stretch_of: impl Fn(u64) -> Mark) {
        if record.phase == Phase::Finished {
            self.count(&record, stretch_of(record.number), Knowledge::Result);
            return;
        }
        let mut stump = Arc::unwrap_or_clone(record);
        stump.facts.headers = None;
        stump.request_line = None;
        stump.hits = Vec::new();
        self.stumps.insert(stump.number, Arc::new(stump));
        if self.stumps.len() > STUMPS_AT_MOST
            && let (Some((_, oldest)), rest) = self.stumps.without_min_with_key()
        {
            self.stumps = rest;
            self.count(&oldest, stretch_of(oldest.number), Knowledge::Beginning);
        }
    }

    /// Changes an unfinished record; false if it is not, or no longer, one of these.
    pub(super) fn update(
        &mut self,
        number: u64,
        change: impl FnOnce(&mut Record),
        stretch_of: impl Fn(u64) -> Mark,
    ) -> bool {
        let Some(stump) = self.stumps.get_mut(&number) else { return false };
        let stump = Arc::make_mut(stump);
        change(stump);
        if stump.phase == Phase::Finished
            && let Some(finished) = self.stumps.remove(&number)
        {
            self.count(&finished, stretch_of(number), Knowledge::Result);
        }
        true
    }

    /// Tallies of records after a mark.
    pub(super) fn tallies(&self, since: Mark) -> impl Iterator<Item = &Tally> {
        self.tallies.iter().filter(move |(kind, _)| kind.stretch >= since).map(|(_, tally)| tally)
    }

    /// Unfinished records after a mark; without headers, hits and request line.
    pub(super) fn stumps(&self, since: Mark) -> impl Iterator<Item = &Arc<Record>> {
        self.stumps.values().filter(move |record| since.is_before(record.number))
    }

    fn count(&mut self, record: &Record, stretch: Mark, knowledge: Knowledge) {
        let mut kind = Kind::of(&record.facts, stretch, knowledge);
        if self.tallies.len() >= TALLIES_AT_MOST && !self.tallies.contains_key(&kind) {
            kind = Kind::of(&record.facts, stretch, knowledge.max(Knowledge::Operation));
        }
        let knowledge = kind.knowledge;
        let facts = || tallied(&record.facts, knowledge);
        self.tallies.entry(kind).or_insert_with(|| Tally { facts: facts(), count: 0, knowledge }).count += 1;
    }
}

impl Kind {
    fn of(facts: &Facts, stretch: Mark, knowledge: Knowledge) -> Self {
        let result = match knowledge {
            Knowledge::Result => TALLIED_FACTS.map(|fact| shared_text(facts, fact)),
            Knowledge::Operation | Knowledge::Beginning => Default::default(),
        };
        Self { stretch, surface: facts.surface.as_str(), operation: facts.operation, knowledge, result }
    }
}

fn shared_text(facts: &Facts, fact: Fact) -> Option<SmolStr> {
    facts.get(fact).map(|value| match value {
        Value::Text(text) => text.clone(),
        other @ (Value::Number(_) | Value::Digest(_)) => SmolStr::new(other.text()),
    })
}

fn tallied(facts: &Facts, knowledge: Knowledge) -> Arc<Facts> {
    let mut kept = Facts::new(facts.surface, facts.operation, facts.any);
    for fact in TALLIED_FACTS.into_iter().filter(|_| knowledge == Knowledge::Result) {
        if let Some(value) = facts.get(fact) {
            kept.set(fact, value.clone());
        }
    }
    Arc::new(kept)
}

#[cfg(test)]
mod tests {
    use crate::registry::types::Timestamp;

    use super::super::record::{Arrival, Ending, Outcome};
    use super::super::samples::put;
    use super::*;

    fn record(number: u64, repository: &str, finished: bool) -> Arc<Record> {
        let mut record = Record::opened(number, Arrival::new(put(repository, "v1"), Timestamp::EPOCH, 0, 0));
        if finished {
            let (at, outcome) = (Timestamp::EPOCH, Outcome::Completed);
            record.finish(Ending { at, outcome, status: Some(201), error: None, bytes_in: 0, bytes_out: 0 });
        }
        Arc::new(record)
    }

    fn tallies(evicted: &Evicted, knowledge: Knowledge) -> u64 {
        evicted.tallies(Mark::START).filter(|tally| tally.knowledge == knowledge).map(|tally| tally.count).sum()
    }

    #[test]
    fn records_of_one_kind_share_a_tally() {
        let mut evicted = Evicted::default();
        for number in 1..=3 {
            evicted.add(record(number, "app", true), |_| Mark::START);
        }
        let counts: Vec<u64> = evicted.tallies(Mark::START).map(|tally| tally.count).collect();
        assert_eq!(counts, [3]);
    }

    #[test]
    fn kinds_beyond_the_bound_are_counted_by_operation_alone() {
        let mut evicted = Evicted::default();
        let more = TALLIES_AT_MOST as u64 + 5;
        for number in 1..=more {
            evicted.add(record(number, &format!("r{number}"), true), |_| Mark::START);
        }
        assert_eq!(tallies(&evicted, Knowledge::Operation), 5);
        assert_eq!(tallies(&evicted, Knowledge::Result), TALLIES_AT_MOST as u64);
    }

    #[test]
    fn unfinished_records_beyond_the_bound_are_counted_without_an_end() {
        let mut evicted = Evicted::default();
        for number in 1..=STUMPS_AT_MOST as u64 + 2 {
            evicted.add(record(number, "app", false), |_| Mark::START);
        }
        assert_eq!(tallies(&evicted, Knowledge::Beginning), 2);
        assert!(!evicted.update(1, Record::start_reply, |_| Mark::START));
        assert!(evicted.update(3, Record::start_reply, |_| Mark::START));
    }
}
