//! Random plans and calls against an evaluator that is too simple to be wrong: it remembers every match and, for each call,
//! walks through the plan from its beginning, one window and one lap at a time.

use std::time::Duration;

use proptest::prelude::*;

use crate::facts::Fact;
use crate::registry::types::Timestamp;

use super::samples::{Bench, put_image};
use super::tree::Tail;

/// A step without chance, whose action names it.
#[derive(Clone, Debug)]
enum Lasts {
    Count(u64),
    Seconds(u64),
    UntilGate,
}

#[derive(Clone, Debug)]
struct SimpleStep {
    lasts: Lasts,
    every: u64,
}

#[derive(Clone, Debug)]
enum Change {
    /// A call for one of a few repositories.
    Call(u8),
    /// Time passes.
    Wait(u64),
    /// The gate opens for good.
    Open,
}

/// Everything that has happened to one counter.
#[derive(Default)]
struct History {
    matches: Vec<u64>,
}

struct Naive<'a> {
    steps: &'a [SimpleStep],
    tail: Tail,
    opened: Option<u64>,
}

impl Naive<'_> {
    /// The step that a match at this second meets, and whether it acts; absent when the plan is spent.
    fn meet(&self, history: &History, now: u64) -> Option<(usize, bool)> {
        let (mut step, mut entered, mut met) = (0, 0, 0);
        let mut matches = history.matches.iter().copied().chain([now]);
        let mut current = matches.next()?;
        let mut fruitless = 0;
        loop {
            let repeats = self.tail == Tail::Repeat && step + 1 == self.steps.len();
            let left = match self.steps[step].lasts {
                _ if repeats => None,
                Lasts::Count(count) => (met == count).then_some(entered),
                Lasts::Seconds(seconds) => (entered + seconds <= current).then_some(entered + seconds),
                Lasts::UntilGate => self.opened.filter(|opened| *opened <= current).map(|opened| opened.max(entered)),
            };
            if let Some(left) = left {
                fruitless = if left > entered { 0 } else { fruitless + 1 };
                (step, entered, met) = (step + 1, left, 0);
                if step == self.steps.len() {
                    // A plan that goes round without time or matches has nothing left to do.
                    if self.tail != Tail::Loop || fruitless > 2 * self.steps.len() {
                        return None;
                    }
                    step = 0;
                }
                continue;
            }
            met += 1;
            fruitless = 0;
            let acts = met % self.steps[step].every == 0;
            match matches.next() {
                None => return Some((step, acts)),
                Some(next) => {
                    // A count that is spent ends at its last match.
                    if matches!(self.steps[step].lasts, Lasts::Count(count) if met == count) {
                        entered = current;
                    }
                    current = next;
                }
            }
        }
    }

    fn text(&self, keyed: bool) -> String {
        let steps: Vec<String> = self.steps.iter().enumerate().map(|(position, step)| step.text(position)).collect();
        let per = if keyed { " per repository" } else { "" };
        format!("on ecr:PutImage do {} -> {}{per}", steps.join(" -> "), self.tail.as_str())
    }
}

impl SimpleStep {
    fn text(&self, position: usize) -> String {
        let lasts = match self.lasts {
            Lasts::Count(count) => format!("{count}x"),
            Lasts::Seconds(seconds) => format!("for {seconds}s"),
            Lasts::UntilGate => "until gate".to_owned(),
        };
        format!("{lasts} every {} status({})", self.every, 500 + position)
    }
}

fn step() -> impl Strategy<Value = SimpleStep> {
    let lasts = prop_oneof![
        3 => (1..4_u64).prop_map(Lasts::Count),
        3 => (1..5_u64).prop_map(Lasts::Seconds),
        1 => Just(Lasts::UntilGate),
    ];
    (lasts, 1..3_u64).prop_map(|(lasts, every)| SimpleStep { lasts, every })
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        6 => (0..3_u8).prop_map(Change::Call),
        3 => (0..9_u64).prop_map(Change::Wait),
        1 => Just(Change::Open),
    ]
}

fn tail() -> impl Strategy<Value = Tail> {
    prop::sample::select(Tail::ALL.to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_evaluator_agrees_with_a_replay_of_all_matches(
        steps in prop::collection::vec(step(), 1..4),
        tail in tail(),
        keyed in any::<bool>(),
        changes in prop::collection::vec(change(), 1..40),
    ) {
        let mut naive = Naive { steps: &steps, tail, opened: None };
        let text = naive.text(keyed);
        let mut bench = Bench::new(&text);
        let mut histories: [History; 3] = Default::default();
        let mut now = 0;
        for change in changes {
            match change {
                Change::Wait(seconds) => now += seconds,
                Change::Open => {
                    // The replay knows seconds only, so that a gate opens in another one than any call.
                    now += 1;
                    naive.opened = naive.opened.or(Some(now));
                    bench.gates.entry("gate".into()).or_insert(Timestamp::EPOCH.plus(Duration::from_secs(now)));
                }
                Change::Call(repository) => {
                    let history = &mut histories[if keyed { usize::from(repository) } else { 0 }];
                    bench.now = Timestamp::EPOCH.plus(Duration::from_secs(now));
                    let facts = put_image().with(Fact::Repository, u64::from(repository));
                    let hit = bench.decide(&facts).hits.remove(0);
                    let expected = match naive.meet(history, now) {
                        Some((step, true)) => (step, format!("status({})", 500 + step)),
                        Some((step, false)) => (step, "pass".to_owned()),
                        None if tail == Tail::Unexpected => (steps.len(), "unexpected".to_owned()),
                        None => (steps.len(), "pass".to_owned()),
                    };
                    prop_assert_eq!((hit.step as usize, hit.action.to_string()), expected, "{} at {}", text, now);
                    history.matches.push(now);
                }
            }
        }
    }
}
