//! Counts records that match. Where records were evicted, the count is an interval: what is certain, and what is possible.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use crate::facts::{Fact, Value};

use super::expectation::{CountExpectation, CountUnit, Judgement, Verdict};
use super::log::{Journal, Mark};
use super::near_misses::Search;
use super::question::{self, Answer};
use super::record::Record;

/// Judges a count.
pub(super) fn judge(journal: &Journal, expectation: &CountExpectation, since: Mark) -> Judgement {
    let matched = retained(journal, expectation, since);
    let evicted = evicted(journal, expectation, since);
    let (at_least, at_most) = interval(expectation.unit, &matched, evicted);
    let verdict = expectation.range.judge(at_least, at_most);
    let near_misses = if verdict == Verdict::Fail && expectation.range.is_above(at_most) {
        Search::for_count(expectation, since).nearest(journal)
    } else {
        Vec::new()
    };
    let complete = evicted.certain + evicted.possible == 0;
    let remark = (verdict == Verdict::Fail && complete).then(|| attempts_remark(expectation, &matched)).flatten();
    Judgement { verdict, matched, actual: at_least, at_most, near_misses, remark }
}

/// Numbers of distinct logical calls; records without one count each.
pub(super) fn logical_calls(records: &[Arc<Record>]) -> u64 {
    let named: Vec<Cow<'_, str>> =
        records.iter().filter_map(|record| record.facts.get(Fact::LogicalCall)).map(Value::text).collect();
    let nameless = records.len() - named.len();
    (nameless + named.into_iter().collect::<HashSet<_>>().len()) as u64
}

fn retained(journal: &Journal, expectation: &CountExpectation, since: Mark) -> Vec<Arc<Record>> {
    let counts =
        |record: &&Arc<Record>| record.phase >= expectation.phase && expectation.matcher.matches(&record.facts);
    journal.records(since).filter(counts).cloned().collect()
}

/// How many evicted records are known to match, and how many may.
#[derive(Clone, Copy, Default)]
struct EvictedCount {
    certain: u64,
    possible: u64,
}

fn evicted(journal: &Journal, expectation: &CountExpectation, since: Mark) -> EvictedCount {
    let matcher = &expectation.matcher;
    let mut evicted = EvictedCount::default();
    let mut add = |answer: Answer, count: u64| match answer {
        Answer::Matches => evicted.certain += count,
        Answer::MayMatch => evicted.possible += count,
        Answer::Differs => {}
    };
    for tally in journal.tallies(since) {
        add(question::ask_tally(matcher, tally), tally.count);
    }
    for stump in journal.stumps(since).filter(|stump| stump.phase >= expectation.phase) {
        add(question::ask_stump(matcher, stump), 1);
    }
    evicted
}

fn interval(unit: CountUnit, matched: &[Arc<Record>], evicted: EvictedCount) -> (u64, u64) {
    let EvictedCount { certain, possible } = evicted;
    match unit {
        CountUnit::Calls => {
            let known = matched.len() as u64 + certain;
            (known, known + possible)
        }
        // EvictedCount attempts may belong to logical calls that retained ones already count.
        CountUnit::LogicalCalls => {
            let retained = logical_calls(matched);
            (retained.max(certain.min(1)), retained + certain + possible)
        }
    }
}

/// The commonest cause of a count that is off: retries of the client counted as calls of their own.
fn attempts_remark(expectation: &CountExpectation, matched: &[Arc<Record>]) -> Option<String> {
    let calls = matched.len() as u64;
    let logical = logical_calls(matched);
    let fits = expectation.unit == CountUnit::Calls && logical < calls && expectation.range.contains(logical);
    fits.then(|| {
        let count = CountUnit::LogicalCalls.of(logical);
        format!("these {calls} calls are attempts of {count}: expect logical calls if a retry should not count")
    })
}

#[cfg(test)]
mod tests {
    use crate::facts::Facts;

    use super::super::log::Limits;
    use super::super::record::Phase;
    use super::super::samples::{answer, count_of, finish, open, put};
    use super::*;

    fn attempt(call: &str, attempt: u64) -> Facts {
        put("app", "v1").with(Fact::LogicalCall, call).with(Fact::Attempt, attempt)
    }

    /// Three attempts of `a`, one of `b`, one call without an id.
    fn retried() -> Journal {
        let mut journal = Journal::empty();
        for (call, number) in [("a", 1), ("a", 2), ("b", 1), ("a", 3)] {
            answer(&mut journal, attempt(call, number), 201);
        }
        answer(&mut journal, put("app", "v1"), 201);
        journal
    }

    fn small(entries: usize) -> Journal {
        Journal::within(Limits { entries, ..Limits::default() })
    }

    fn check(journal: &Journal, expectation: &CountExpectation, verdict: Verdict, actual: u64) {
        let judgement = judge(journal, expectation, Mark::START);
        assert_eq!((judgement.verdict, judgement.actual), (verdict, actual), "{expectation:?}");
    }

    #[test]
    fn attempts_of_a_logical_call_count_once_if_asked_for() {
        let logical = |least, most| CountExpectation {
            unit: CountUnit::LogicalCalls,
            ..count_of("oci:manifest.put", least, most)
        };
        check(&retried(), &logical(3, Some(3)), Verdict::Pass, 3);
        check(&retried(), &logical(5, Some(5)), Verdict::Fail, 3);
        check(&retried(), &count_of("oci:manifest.put", 5, Some(5)), Verdict::Pass, 5);
    }

    #[test]
    fn calls_that_are_attempts_of_fewer_logical_calls_are_remarked_upon() {
        let remark = |least, most| judge(&retried(), &count_of("oci:manifest.put", least, most), Mark::START).remark;
        assert!(remark(3, Some(3)).is_some_and(|remark| remark.contains("3 logical calls")));
        assert_eq!(remark(1, Some(1)), None);
        assert_eq!(remark(5, Some(5)), None);
    }

    #[test]
    fn only_records_that_reached_the_phase_count() {
        let mut journal = Journal::empty();
        let number = open(&mut journal, put("app", "v1"));
        let arrived = CountExpectation { phase: Phase::Arrived, ..count_of("oci:manifest.put", 1, None) };
        check(&journal, &arrived, Verdict::Pass, 1);
        check(&journal, &count_of("oci:manifest.put", 1, None), Verdict::Fail, 0);
        finish(&mut journal, number, 201);
        check(&journal, &count_of("oci:manifest.put", 1, None), Verdict::Pass, 1);
    }

    #[test]
    fn counts_by_repository_and_result_stay_exact_after_eviction() {
        let mut journal = small(1);
        for (repository, status) in [("app", 201), ("app", 503), ("web", 201), ("app", 201), ("web", 503)] {
            answer(&mut journal, put(repository, "v1"), status);
        }
        check(&journal, &count_of("oci:manifest.put", 5, Some(5)), Verdict::Pass, 5);
        check(&journal, &count_of("any:PutImage where repository = \"app\"", 3, Some(3)), Verdict::Pass, 3);
        check(&journal, &count_of("oci:* where status >= 500", 1, Some(1)), Verdict::Fail, 2);
        let both = "oci:manifest.put where repository = \"app\" and status = 201";
        check(&journal, &count_of(both, 2, Some(2)), Verdict::Pass, 2);
    }

    #[test]
    fn finer_counts_are_inconclusive_unless_what_is_left_decides() {
        let mut journal = small(2);
        for tag in ["v1", "v2", "v1", "v1"] {
            answer(&mut journal, put("app", tag), 201);
        }
        let tag = "oci:manifest.put where tag = \"v1\"";
        check(&journal, &count_of(tag, 3, Some(3)), Verdict::Inconclusive, 2);
        check(&journal, &count_of(tag, 2, None), Verdict::Pass, 2);
        check(&journal, &count_of(tag, 0, Some(1)), Verdict::Fail, 2);
        check(&journal, &count_of(tag, 5, None), Verdict::Fail, 2);
        check(
            &journal,
            &count_of(
                "oci:blob.get where digest = \"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"",
                0,
                Some(0),
            ),
            Verdict::Pass,
            0,
        );
    }

    #[test]
    fn a_record_evicted_unfinished_counts_once_it_has_finished() {
        let mut journal = small(1);
        let number = open(&mut journal, put("app", "v1"));
        answer(&mut journal, put("app", "v2"), 201);
        check(&journal, &count_of("oci:manifest.put", 2, None), Verdict::Fail, 1);
        finish(&mut journal, number, 201);
        check(&journal, &count_of("oci:manifest.put", 2, None), Verdict::Pass, 2);
    }

    #[test]
    fn evicted_attempts_may_belong_to_calls_that_are_counted_already() {
        let mut journal = small(2);
        for number in 1..=4 {
            answer(&mut journal, attempt("a", number), 201);
        }
        let logical = CountExpectation { unit: CountUnit::LogicalCalls, ..count_of("oci:manifest.put", 1, Some(1)) };
        check(&journal, &logical, Verdict::Inconclusive, 1);
        check(&journal, &CountExpectation { range: count_of("oci:*", 1, None).range, ..logical }, Verdict::Pass, 1);
    }
}
