//! Judges whether finished records came in an order, with others in between.
//!
//! Evicted records came before all retained ones, but in no known order among themselves. They are given the benefit of the
//! doubt: as long as they could have met the first matchers, a sequence whose rest was met is neither held nor broken.

use std::sync::Arc;

use crate::faults::CheckedMatcher;

use super::expectation::{Judgement, Verdict};
use super::log::{Journal, Mark};
use super::near_misses::Search;
use super::question::{self, Answer};
use super::record::{Phase, Record};

/// Judges a sequence.
pub(super) fn judge(journal: &Journal, matchers: &[CheckedMatcher], since: Mark) -> Judgement {
    let matched = met(journal, matchers, since);
    let excused = matchers.iter().take_while(|matcher| may_be_evicted(journal, matcher, since)).count();
    let verdict = if matched.len() == matchers.len() {
        Verdict::Pass
    } else if excused > 0 && met(journal, &matchers[excused..], since).len() == matchers.len() - excused {
        Verdict::Inconclusive
    } else {
        Verdict::Fail
    };
    let near_misses = match (verdict, matchers.get(matched.len())) {
        (Verdict::Fail, Some(missing)) => {
            let after = matched.last().map_or(0, |record| record.number);
            Search::for_step(missing, since, after).nearest(journal)
        }
        _ => Vec::new(),
    };
    let (actual, at_most) = (matched.len() as u64, matchers.len() as u64);
    Judgement { verdict, matched, actual, at_most, near_misses, remark: None }
}

/// Retained records that meet as many of the matchers as can be met in order; the earliest for each.
fn met(journal: &Journal, matchers: &[CheckedMatcher], since: Mark) -> Vec<Arc<Record>> {
    let mut found = Vec::new();
    for record in journal.records(since).filter(|record| record.phase == Phase::Finished) {
        match matchers.get(found.len()) {
            Some(next) if next.matches(&record.facts) => found.push(record.clone()),
            Some(_) => {}
            None => break,
        }
    }
    found
}

/// Whether an evicted record may have met a matcher. Those that have not finished do not count.
fn may_be_evicted(journal: &Journal, matcher: &CheckedMatcher, since: Mark) -> bool {
    journal.tallies(since).any(|tally| question::ask_tally(matcher, tally) != Answer::Differs)
}

#[cfg(test)]
mod tests {
    use super::super::log::Limits;
    use super::super::near_misses::Hint;
    use super::super::samples::{answer, blob, matcher, open, put};
    use super::*;

    fn check(journal: &Journal, texts: &[&str], verdict: Verdict, matched: &[u64]) -> Judgement {
        let matchers: Vec<CheckedMatcher> = texts.iter().map(|text| matcher(text)).collect();
        let judgement = judge(journal, &matchers, Mark::START);
        let numbers: Vec<u64> = judgement.matched.iter().map(|record| record.number).collect();
        assert_eq!((judgement.verdict, &*numbers), (verdict, matched), "{texts:?}");
        judgement
    }

    fn within(entries: usize) -> Journal {
        let mut journal = Journal::within(Limits { entries, ..Limits::default() });
        answer(&mut journal, blob("app"), 200);
        answer(&mut journal, put("app", "v1"), 201);
        answer(&mut journal, blob("app"), 206);
        answer(&mut journal, put("app", "v2"), 201);
        journal
    }

    const V1: &str = "oci:manifest.put where tag = \"v1\"";
    const V2: &str = "oci:manifest.put where tag = \"v2\"";

    #[test]
    fn others_may_come_in_between_but_order_counts() {
        let journal = within(100);
        check(&journal, &["oci:blob.get", V2], Verdict::Pass, &[1, 4]);
        check(&journal, &["oci:blob.get", "oci:blob.get"], Verdict::Pass, &[1, 3]);
        check(&journal, &["oci:blob.get"; 3], Verdict::Fail, &[1, 3]);
        let broken = check(&journal, &[V2, V1], Verdict::Fail, &[4]);
        assert_eq!(broken.near_misses[0].hint, Some(Hint::OutOfOrder));
    }

    #[test]
    fn a_record_that_has_not_finished_does_not_count() {
        let mut journal = within(100);
        open(&mut journal, put("app", "v3"));
        let broken = check(&journal, &[V1, "oci:manifest.put where tag = \"v3\""], Verdict::Fail, &[2]);
        assert_eq!(broken.near_misses[0].hint, Some(Hint::NotFinished));
    }

    #[test]
    fn eviction_makes_it_inconclusive_only_where_it_may_have_held() {
        let journal = within(2);
        check(&journal, &["oci:blob.get", V2], Verdict::Pass, &[3, 4]);
        check(&journal, &[V1, V2], Verdict::Inconclusive, &[]);
        check(&journal, &["ecr:PutImage", V2], Verdict::Fail, &[]);
        check(&journal, &[V2, V1], Verdict::Inconclusive, &[4]);
        check(&journal, &[V2, "oci:blob.get where status = 500"], Verdict::Fail, &[4]);
    }
}
