//! Judges expectations. A verdict is exact or says that it is not: eviction turns it into INCONCLUSIVE, never into a lie.

use super::expectation::{Expectation, Form, Item, Verdict, VerifyResult};
use super::log::{Journal, Mark};
use super::verdict_text;
use super::{count, sequence};

/// Judges every expectation on the records after a mark.
pub fn verify(journal: &Journal, expectations: &[Expectation], since: Mark) -> VerifyResult {
    let items: Vec<Item> = expectations.iter().map(|expectation| judge(journal, expectation, since)).collect();
    let verdict = items.iter().map(|item| item.verdict).max().unwrap_or(Verdict::Pass);
    let text = verdict_text::of_all(journal, &items, since);
    VerifyResult { verdict, checked_through: journal.last_number(), items, text }
}

fn judge(journal: &Journal, expectation: &Expectation, since: Mark) -> Item {
    let judgement = match &expectation.form {
        Form::Count(expected) => count::judge(journal, expected, since),
        Form::Sequence(matchers) => sequence::judge(journal, matchers, since),
    };
    let text = verdict_text::of_item(journal, expectation, &judgement);
    Item {
        verdict: judgement.verdict,
        matched: judgement.matched.iter().map(|record| record.number).take(MATCHED_AT_MOST).collect(),
        actual: judgement.actual,
        expected: verdict_text::expected(&expectation.form),
        near_misses: judgement.near_misses,
        text,
    }
}

/// Numbers of matching records that an item carries.
const MATCHED_AT_MOST: usize = 1_000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::facts::{Fact, Facts};

    use super::super::expectation::CountUnit;
    use super::super::log::Limits;
    use super::super::record::Phase;
    use super::super::samples::{answer, blob, count_of, expect_count, expect_sequence, finish, matcher, open, put};
    use super::*;

    /// Something that happens to a world.
    #[derive(Clone, Debug)]
    enum Step {
        Arrive { is_put: bool, repository: usize, tag: usize, logical_call: Option<usize> },
        Commit { nth: prop::sample::Index },
        Finish { nth: prop::sample::Index, status: u16 },
        Mark,
    }

    fn step() -> impl Strategy<Value = Step> {
        let arrive = (any::<bool>(), 0..2usize, 0..2usize, prop::option::of(0..3usize))
            .prop_map(|(is_put, repository, tag, logical_call)| Step::Arrive { is_put, repository, tag, logical_call });
        let end = (any::<prop::sample::Index>(), prop::sample::select(vec![200u16, 201, 503]))
            .prop_map(|(nth, status)| Step::Finish { nth, status });
        prop_oneof![
            5 => arrive,
            1 => any::<prop::sample::Index>().prop_map(|nth| Step::Commit { nth }),
            4 => end,
            1 => Just(Step::Mark),
        ]
    }

    fn play(journal: &mut Journal, steps: &[Step]) -> Vec<Mark> {
        let mut marks = vec![Mark::START];
        for step in steps {
            let last = journal.last_number();
            match step {
                Step::Arrive { is_put, repository, tag, logical_call } => {
                    let (repository, tag) = (["app", "web"][*repository], ["v1", "v2"][*tag]);
                    let facts = if *is_put { put(repository, tag) } else { blob(repository) };
                    let facts = logical_call
                        .iter()
                        .fold(facts, |facts: Facts, call| facts.with(Fact::LogicalCall, format!("call-{call}")));
                    open(journal, facts);
                }
                Step::Commit { nth } if last > 0 => {
                    journal.update(nth.index(last as usize) as u64 + 1, |record| record.commit(1, 2));
                }
                Step::Finish { nth, status } if last > 0 => {
                    finish(journal, nth.index(last as usize) as u64 + 1, *status);
                }
                Step::Mark => marks.push(journal.mark()),
                Step::Commit { .. } | Step::Finish { .. } => {}
            }
        }
        marks
    }

    /// Matchers that tallies answer.
    const COARSE: [&str; 5] = [
        "oci:manifest.put",
        "any:*",
        "ecr:PutImage",
        "oci:* where status = 503",
        "any:PutImage where repository = \"app\" and not outcome = \"failed\"",
    ];
    /// Matchers that they do not.
    const FINE: [&str; 3] = [
        "oci:manifest.put where tag = \"v1\"",
        "oci:* where tag != \"v1\" and status = 201",
        "oci:blob.get where not logical_call exists",
    ];

    fn count() -> impl Strategy<Value = Expectation> {
        let text = prop::sample::select([COARSE.as_slice(), FINE.as_slice()].concat());
        let unit = prop::sample::select(vec![CountUnit::Calls, CountUnit::LogicalCalls]);
        let phase = prop::sample::select(vec![Phase::Arrived, Phase::Committed, Phase::Finished]);
        (text, 0..6u64, prop::option::of(0..6u64), unit, phase).prop_map(|(text, least, more, unit, phase)| {
            let count = count_of(text, least, more.map(|more| least + more));
            Expectation { label: None, form: Form::Count(super::super::CountExpectation { unit, phase, ..count }) }
        })
    }

    fn sequence() -> impl Strategy<Value = Expectation> {
        let text = prop::sample::select([COARSE.as_slice(), FINE.as_slice()].concat());
        prop::collection::vec(text, 1..4).prop_map(|texts| expect_sequence(&texts))
    }

    fn is_exact(expectation: &Expectation) -> bool {
        match &expectation.form {
            Form::Count(count) => {
                let coarse = COARSE.iter().any(|text| matcher(text).matcher() == count.matcher.matcher());
                coarse && count.unit == CountUnit::Calls
            }
            Form::Sequence(_) => false,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn eviction_makes_verdicts_inconclusive_and_never_wrong(
            steps in prop::collection::vec(step(), 0..40),
            entries in 1..6usize,
            expectations in prop::collection::vec(prop_oneof![2 => count(), 1 => sequence()], 1..6),
            mark in any::<prop::sample::Index>(),
        ) {
            let mut bounded = Journal::within(Limits { entries, ..Limits::default() });
            let mut whole = Journal::empty();
            let marks = play(&mut bounded, &steps);
            prop_assert_eq!(&marks, &play(&mut whole, &steps));
            let since = marks[mark.index(marks.len())];
            let (found, truth) = (verify(&bounded, &expectations, since), verify(&whole, &expectations, since));
            for ((expectation, found), truth) in expectations.iter().zip(&found.items).zip(&truth.items) {
                prop_assert_ne!(truth.verdict, Verdict::Inconclusive);
                if found.verdict != Verdict::Inconclusive {
                    prop_assert_eq!(found.verdict, truth.verdict, "{}\nagainst\n{}", &found.text, &truth.text);
                }
                if is_exact(expectation) {
                    prop_assert_eq!((found.verdict, found.actual), (truth.verdict, truth.actual), "{}", &found.text);
                }
                prop_assert!(found.text.lines().count() <= 40);
            }
            prop_assert!(found.text.lines().count() <= 40);
            prop_assert_eq!(found.checked_through, truth.checked_through);
        }

        #[test]
        fn an_unbounded_journal_counts_what_a_plain_loop_counts(steps in prop::collection::vec(step(), 0..40)) {
            let mut journal = Journal::empty();
            play(&mut journal, &steps);
            for text in COARSE.iter().chain(&FINE) {
                let matcher = matcher(text);
                let finished = journal.records(Mark::START).filter(|record| record.outcome.is_some());
                let expected = finished.filter(|record| matcher.matches(&record.facts)).count() as u64;
                let item = verify(&journal, &[expect_count(text, expected, Some(expected))], Mark::START).items.remove(0);
                prop_assert_eq!((item.verdict, item.actual), (Verdict::Pass, expected));
                prop_assert_eq!(item.matched.len() as u64, expected);
            }
        }
    }

    #[test]
    fn the_worst_item_is_the_verdict_and_all_are_judged() {
        let mut journal = Journal::empty();
        answer(&mut journal, put("app", "v1"), 201);
        let verdict = |expectations: &[Expectation]| verify(&journal, expectations, Mark::START).verdict;
        let holds = || expect_count("oci:manifest.put", 1, None);
        let fails = || expect_count("oci:manifest.put", 2, None);
        assert_eq!(verdict(&[]), Verdict::Pass);
        assert_eq!(verdict(&[holds(), holds()]), Verdict::Pass);
        assert_eq!(verdict(&[fails(), holds()]), Verdict::Fail);
        assert_eq!(verify(&journal, &[fails(), holds()], Mark::START).items.len(), 2);
    }
}
