//! Records that almost matched, and why they did not: for a count that found too few.
//!
//! It looks at every retained record once and puts differences into words only for the best, so that a journal full of
//! other calls costs little. Nothing here is computed for an expectation that holds.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use crate::facts::Fact;
use crate::faults::CheckedMatcher;

use super::expectation::{CountExpectation, CountUnit};
use super::log::{Journal, Mark};
use super::question;
use super::record::{Phase, Record};

/// A record that almost matched.
#[derive(Clone, Debug)]
pub struct NearMiss {
    /// The record.
    pub record: Arc<Record>,
    /// Why it did not match, one sentence for each difference.
    pub differences: Vec<String>,
    /// What this often means.
    pub hint: Option<Hint>,
}

/// What a near miss often means. Its text is a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hint {
    /// The right call in another region.
    OtherRegion,
    /// The right call to another account's registry.
    OtherAccount,
    /// The right call on another repository.
    OtherRepository,
    /// A tag was asked for; the call named the image by digest.
    DigestInsteadOfTag,
    /// A digest was asked for; the call named the image by tag.
    TagInsteadOfDigest,
    /// The same ECR operation on the other surface; carries its name.
    OtherSurface(&'static str),
    /// A further attempt of a logical call that counts once.
    AttemptCountedAsCall,
    /// It arrived and has not come as far as expected.
    NotFinished,
    /// It came before the mark.
    BeforeMark,
    /// It came before records that it should follow.
    OutOfOrder,
    /// A rule decided its answer; carries the rule's name.
    DecidedByRule(Arc<str>),
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherRegion => f.write_str("right operation in another region: which region is the client set to?"),
            Self::OtherAccount => {
                f.write_str("right operation in another account: whose credentials does the client use?")
            }
            Self::OtherRepository => f.write_str("wrong repository: the call is right but for the repository's name."),
            Self::DigestInsteadOfTag => {
                f.write_str("tag versus digest: the call names the image by digest; match on digest instead of tag.")
            }
            Self::TagInsteadOfDigest => {
                f.write_str("tag versus digest: the call names the image by tag; match on tag instead of digest.")
            }
            Self::OtherSurface(name) => write!(f, "other surface: `any:{name}` matches the call on both surfaces."),
            Self::AttemptCountedAsCall => f.write_str(
                "attempt counted as call: attempts of one logical call count once; expect calls to count each.",
            ),
            Self::NotFinished => f.write_str("arrived but not finished: wait for its end, or expect an earlier phase."),
            Self::BeforeMark => f.write_str("made before the mark: take the mark earlier, or judge from the start."),
            Self::OutOfOrder => f.write_str("out of order: it came before a call that it should follow."),
            Self::DecidedByRule(rule) => write!(f, "decided by a rule: `{rule}` changed what became of the call."),
        }
    }
}

/// A record that may be a near miss.
struct Candidate<'a> {
    rank: Rank,
    record: &'a Arc<Record>,
}

/// How near a record is before its differences are counted; the least is the nearest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    distance: Distance,
    before_mark: bool,
    newest_first: Reverse<u64>,
}

/// What is looked for.
pub(super) struct Search<'a> {
    matcher: &'a CheckedMatcher,
    phase: Phase,
    unit: CountUnit,
    since: Mark,
    /// Records up to this one come too early in a sequence.
    after: u64,
}

/// What keeps a record from a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Distance {
    /// It matches, but does not count.
    Uncounted,
    /// The operation is right.
    Comparisons,
    /// The operation came over the other surface.
    Surface,
    /// All comparisons hold, of another operation.
    Operation,
}

impl<'a> Search<'a> {
    /// For a count that found too few.
    pub(super) fn for_count(expectation: &'a CountExpectation, since: Mark) -> Self {
        let CountExpectation { matcher, phase, unit, .. } = expectation;
        Self { matcher, phase: *phase, unit: *unit, since, after: 0 }
    }

    /// For the matcher of a sequence that was not met after a record.
    pub(super) fn for_step(matcher: &'a CheckedMatcher, since: Mark, after: u64) -> Self {
        Self { matcher, phase: Phase::Finished, unit: CountUnit::Calls, since, after }
    }

    /// The nearest records, at most three.
    pub(super) fn nearest(&self, journal: &Journal) -> Vec<NearMiss> {
        let mut ranked = self.ranked(journal);
        if ranked.len() < NEAR_MISSES_AT_MOST {
            ranked.extend(self.of_another_operation(journal));
        }
        ranked.sort_by_key(|candidate| candidate.rank);
        ranked.truncate(EXPLAINED_AT_MOST);
        let mut explained: Vec<(Rank, NearMiss)> =
            ranked.into_iter().map(|candidate| (candidate.rank, self.explain(&candidate))).collect();
        // Within a distance the fewest differences are the nearest; the sort keeps the newest first among equals.
        explained.sort_by_key(|(rank, miss)| (rank.distance, rank.before_mark, miss.differences.len()));
        explained.into_iter().map(|(_, miss)| miss).take(NEAR_MISSES_AT_MOST).collect()
    }

    /// Records that match and do not count, and those of the right operation.
    fn ranked<'j>(&self, journal: &'j Journal) -> Vec<Candidate<'j>> {
        let mut logical_calls = HashSet::new();
        let mut candidates = Vec::new();
        for record in journal.records(Mark::START) {
            let Some(distance) = self.distance(record) else { continue };
            if distance == Distance::Uncounted && self.is_in_question(record) {
                let call = record.facts.get(Fact::LogicalCall);
                let repeats = call.is_some_and(|call| !logical_calls.insert(call.text()));
                if self.unit == CountUnit::Calls || !repeats {
                    continue;
                }
            }
            candidates.push(self.candidate(distance, record));
        }
        candidates
    }

    /// Newest records for which every comparison holds, though their operation is another one.
    fn of_another_operation<'j>(&self, journal: &'j Journal) -> Vec<Candidate<'j>> {
        if question::is_plain(self.matcher) {
            return Vec::new();
        }
        let newest = journal.records(Mark::START).rev().take(SEARCHED_AT_MOST);
        newest
            .filter(|record| self.distance(record).is_none() && self.differs_in_target_only(record))
            .map(|record| self.candidate(Distance::Operation, record))
            .take(NEAR_MISSES_AT_MOST)
            .collect()
    }

    fn candidate<'j>(&self, distance: Distance, record: &'j Arc<Record>) -> Candidate<'j> {
        let before_mark = !self.since.is_before(record.number);
        Candidate { rank: Rank { distance, before_mark, newest_first: Reverse(record.number) }, record }
    }

    fn distance(&self, record: &Record) -> Option<Distance> {
        let facts = &record.facts;
        if self.matcher.matches(facts) {
            Some(Distance::Uncounted)
        } else if question::names(self.matcher, facts) {
            Some(Distance::Comparisons)
        } else {
            question::names_on_other_surface(self.matcher, facts).then_some(Distance::Surface)
        }
    }

    /// Whether a record that matches comes in the stretch and has reached the phase that are judged.
    fn is_in_question(&self, record: &Record) -> bool {
        self.since.is_before(record.number) && record.number > self.after && record.phase >= self.phase
    }

    fn differs_in_target_only(&self, record: &Record) -> bool {
        let of_target = self.matcher.matcher().target.differences(&record.facts);
        self.matcher.differences(&record.facts).len() == of_target.len()
    }

    fn explain(&self, candidate: &Candidate<'_>) -> NearMiss {
        let record = candidate.record;
        let (differences, hint) = match candidate.rank.distance {
            Distance::Uncounted => self.why_uncounted(record),
            Distance::Comparisons => (self.matcher.differences(&record.facts), hint(self.matcher, record)),
            Distance::Surface => (self.matcher.differences(&record.facts), record.facts.any.map(Hint::OtherSurface)),
            Distance::Operation => (self.matcher.differences(&record.facts), None),
        };
        NearMiss { record: record.clone(), differences, hint }
    }

    fn why_uncounted(&self, record: &Record) -> (Vec<String>, Option<Hint>) {
        let (difference, hint) = if !self.since.is_before(record.number) {
            (format!("it came before `{}`", self.since), Hint::BeforeMark)
        } else if record.phase < self.phase {
            let (reached, expected) = (record.phase.as_str(), self.phase.as_str());
            (format!("phase is {reached}, expected {expected}"), Hint::NotFinished)
        } else if record.number <= self.after {
            (format!("it came too early: not after #{}", self.after), Hint::OutOfOrder)
        } else {
            ("an earlier attempt of the same logical call counts already".to_owned(), Hint::AttemptCountedAsCall)
        };
        (vec![difference], Some(hint))
    }
}

/// Finds the one thing that, were it as expected, would make the record match.
fn hint(matcher: &CheckedMatcher, record: &Record) -> Option<Hint> {
    let facts = &record.facts;
    let wanted = question::wanted(matcher);
    let would_match_with = |chosen: &dyn Fn(Fact) -> bool| {
        let mut changed = facts.clone();
        for (fact, value) in wanted.iter().filter(|(fact, _)| chosen(*fact)) {
            changed.set(*fact, value.clone());
        }
        matcher.matches(&changed)
    };
    if would_match_with(&Fact::is_result) {
        return if record.phase < Phase::Finished {
            Some(Hint::NotFinished)
        } else {
            deciding_rule(record).map(Hint::DecidedByRule)
        };
    }
    let absent = |fact: Fact| facts.get(fact).is_none();
    let named = [
        (Fact::Region, Hint::OtherRegion, true),
        (Fact::Account, Hint::OtherAccount, true),
        (Fact::Repository, Hint::OtherRepository, true),
        (Fact::Tag, Hint::DigestInsteadOfTag, absent(Fact::Tag)),
        (Fact::Digest, Hint::TagInsteadOfDigest, absent(Fact::Digest)),
    ];
    let explains = |fact: Fact| would_match_with(&|chosen| chosen == fact);
    named.into_iter().find(|(fact, _, possible)| *possible && explains(*fact)).map(|(_, hint, _)| hint)
}

fn deciding_rule(record: &Record) -> Option<Arc<str>> {
    record.hits.iter().find(|hit| !hit.shadowed && &*hit.action != "pass").map(|hit| hit.rule.clone())
}

/// Near misses that an answer carries.
const NEAR_MISSES_AT_MOST: usize = 3;
/// Records whose differences are put into words to find the nearest.
const EXPLAINED_AT_MOST: usize = 256;
/// Records that are searched for another operation under the same comparisons.
const SEARCHED_AT_MOST: usize = 1_000;

#[cfg(test)]
mod tests {
    use crate::facts::{Facts, Surface};
    use crate::registry::types::{Digest, Timestamp};

    use super::super::record::Arrival;
    use super::super::samples::{answer, blob, count_of, finish, open, put};
    use super::*;

    fn nearest(journal: &Journal, text: &str) -> Vec<NearMiss> {
        Search::for_count(&count_of(text, 9, None), Mark::START).nearest(journal)
    }

    fn check(facts: Facts, text: &str, hint: Option<Hint>, difference: &str) {
        let mut journal = Journal::empty();
        answer(&mut journal, blob("other"), 200);
        answer(&mut journal, facts, 201);
        let found = nearest(&journal, text);
        assert_eq!(found.first().map(|miss| (miss.record.number, miss.hint.clone())), Some((2, hint)), "{text}");
        assert!(found[0].differences.iter().any(|text| text.contains(difference)), "{:?}", found[0].differences);
    }

    #[test]
    fn the_one_thing_that_is_off_gives_the_hint() {
        let region = "oci:manifest.put where repository = \"app\" and region = \"eu-west-1\"";
        check(put("app", "v1"), region, Some(Hint::OtherRegion), "region is `us-east-1`, expected `eu-west-1`");
        let account = "oci:manifest.put where account = \"210987654321\"";
        check(put("app", "v1"), account, Some(Hint::OtherAccount), "account is `123456789012`");
        let repository = "oci:manifest.put where repository = \"web\" and tag = \"v1\"";
        check(put("app", "v1"), repository, Some(Hint::OtherRepository), "repository is `app`, expected `web`");
        let tag = "oci:manifest.put where tag = \"v2\"";
        check(put("app", "v1"), tag, None, "tag is `v1`, expected `v2`");
    }

    #[test]
    fn a_tag_is_told_from_a_digest() {
        let digest = Digest::sha256_of(b"manifest");
        let by_digest = || Facts::new(Surface::Oci, "manifest.get", None).with(Fact::Digest, digest.clone());
        let by_tag = || Facts::new(Surface::Oci, "manifest.get", None).with(Fact::Tag, "v1");
        let text = "oci:manifest.get where tag = \"v1\"";
        check(by_digest(), text, Some(Hint::DigestInsteadOfTag), "tag is absent, expected `v1`");
        let text = format!("oci:manifest.get where digest = \"{digest}\"");
        check(by_tag(), &text, Some(Hint::TagInsteadOfDigest), "digest is absent");
    }

    #[test]
    fn the_same_operation_on_the_other_surface_is_near() {
        let text = "ecr:PutImage where repository = \"app\"";
        check(put("app", "v1"), text, Some(Hint::OtherSurface("PutImage")), "surface is `oci`, expected `ecr`");
    }

    #[test]
    fn another_operation_is_near_if_everything_else_holds() {
        let text = "oci:manifest.get where repository = \"app\" and tag = \"v1\"";
        check(put("app", "v1"), text, None, "operation is `manifest.put`, expected `manifest.get`");
        let mut journal = Journal::empty();
        answer(&mut journal, put("app", "v1"), 201);
        assert!(nearest(&journal, "oci:manifest.get").is_empty());
        assert!(nearest(&journal, "oci:manifest.get where repository = \"web\"").is_empty());
    }

    #[test]
    fn a_call_that_has_not_finished_is_told_so() {
        let mut journal = Journal::empty();
        open(&mut journal, put("app", "v1"));
        for text in ["oci:manifest.put", "oci:manifest.put where tag = \"v1\" and status = 201"] {
            let found = nearest(&journal, text);
            assert_eq!(found[0].hint, Some(Hint::NotFinished), "{text}");
        }
    }

    #[test]
    fn a_rule_that_decided_the_answer_is_named() {
        let hit = crate::faults::Hit { rule: "flaky".into(), step: 0, action: "status(503)".into(), shadowed: false };
        let mut journal = Journal::empty();
        let arrival = Arrival { hits: vec![hit], ..Arrival::new(put("app", "v1"), Timestamp::EPOCH, 0, 0) };
        let number = journal.append(arrival);
        finish(&mut journal, number, 503);
        let found = nearest(&journal, "oci:manifest.put where status = 201");
        assert_eq!(found[0].hint, Some(Hint::DecidedByRule("flaky".into())));
        assert_eq!(found[0].differences, ["status is `503`, expected `201`"]);
    }

    #[test]
    fn calls_before_the_mark_and_further_attempts_are_near() {
        let mut journal = Journal::empty();
        answer(&mut journal, put("app", "v1"), 201);
        let since = journal.mark();
        let attempt = || put("app", "v1").with(Fact::LogicalCall, "a");
        answer(&mut journal, attempt(), 201);
        answer(&mut journal, attempt(), 201);
        let logical = CountExpectation { unit: CountUnit::LogicalCalls, ..count_of("oci:manifest.put", 2, None) };
        let found = Search::for_count(&logical, since).nearest(&journal);
        let hints: Vec<(u64, Option<Hint>)> = found.into_iter().map(|miss| (miss.record.number, miss.hint)).collect();
        assert_eq!(hints, [(3, Some(Hint::AttemptCountedAsCall)), (1, Some(Hint::BeforeMark))]);
    }

    #[test]
    fn the_fewest_differences_come_first_and_then_the_newest() {
        let mut journal = Journal::empty();
        for (repository, tag) in [("app", "v1"), ("web", "v2"), ("web", "v1"), ("app", "v3"), ("lib", "v4")] {
            answer(&mut journal, put(repository, tag), 201);
        }
        let found = nearest(&journal, "oci:manifest.put where repository = \"app\" and tag = \"v9\"");
        let numbers: Vec<u64> = found.iter().map(|miss| miss.record.number).collect();
        assert_eq!(numbers, [4, 1, 5]);
    }
}
