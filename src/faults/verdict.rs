//! What one rule would do to one call, worked out before it is known which rule wins, and then done and counted.

use std::sync::Arc;

use crate::facts::{Fact, Facts};
use crate::registry::types::Timestamp;

use super::decision::{BodyDelay, BodyFault, Decision, Hit, Refusal, TaskFailure, Wait};
use super::dice::{Draw, Fingerprint, even_fires};
use super::plan::{Counter, PlacedAction, PlanStep};
use super::points::Point;
use super::rules::{DecideContext, InForce, RuleState};
use super::tree::{Action, CounterKey, Tail};

/// Keys of one rule's counters, and fingerprints of its dice, that are told apart. What comes later shares one counter,
/// so that a rule's memory has an end.
const MAX_TRACKED: usize = 100_000;

/// What one rule would do to a call, before it is known which rule wins.
pub(super) struct Verdict<'a> {
    rule: &'a InForce,
    state: RuleState,
    /// Key of the counter; absent: the rule's own.
    key: Option<Arc<str>>,
    /// Where the plan stands at this match.
    counter: Counter,
    step: Option<&'a PlanStep>,
    pub(super) fires: bool,
    fingerprint: Fingerprint,
    ordinal: u64,
}

impl<'a> Verdict<'a> {
    pub(super) fn of(
        rule: &'a InForce,
        state: RuleState,
        facts: &Facts,
        fingerprint: Fingerprint,
        cx: &DecideContext<'_>,
    ) -> Self {
        let key = counter_key(rule.rule.per, facts)
            .filter(|key| state.keyed.contains_key(key) || state.keyed.len() < MAX_TRACKED);
        let counter = match &key {
            Some(key) => state.keyed.get(key).copied().unwrap_or(Counter::begin(state.began)),
            None => state.counter,
        };
        let counter = rule.plan.settle(counter, cx.now, cx.open_gates);
        let step = rule.plan.steps.get(counter.step as usize);
        let ordinal = match state.ordinals.get(&fingerprint) {
            Some(ordinal) => *ordinal,
            None if state.ordinals.len() < MAX_TRACKED => 0,
            None => state.matched,
        };
        let mut verdict = Self { rule, state, key, counter, step, fires: false, fingerprint, ordinal };
        verdict.fires = step.is_some_and(|step| verdict.fires_in(step, cx.seed));
        verdict
    }

    /// Whether this match, the next of the step, is one on which the step acts.
    fn fires_in(&self, step: &PlanStep, seed: u64) -> bool {
        let every = step.every.unwrap_or(1).max(1);
        let nth = self.counter.met + 1;
        if !nth.is_multiple_of(every) {
            return false;
        }
        match step.percent {
            None => true,
            Some(percent) if step.exact => {
                even_fires(seed, &self.rule.name, self.counter.step as usize, percent, nth / every)
            }
            Some(percent) => self.draw(seed).fires(percent),
        }
    }

    fn draw(&self, seed: u64) -> Draw<'_> {
        Draw { seed, rule: &self.rule.name, fingerprint: self.fingerprint, ordinal: self.ordinal }
    }

    pub(super) fn terminal(&self) -> Option<Point> {
        self.step.and_then(PlanStep::terminal)
    }

    pub(super) fn is_shadowed(&self, end: Point, comes_later: bool) -> bool {
        self.step.is_some_and(|step| step.is_shadowed(end, comes_later))
    }

    fn is_unexpected(&self) -> bool {
        self.step.is_none() && self.rule.plan.tail == Tail::Unexpected
    }

    pub(super) fn hit(&self, shadowed: bool) -> Hit {
        let action = match self.step {
            Some(step) if shadowed || self.fires => Arc::clone(&step.text),
            _ if self.is_unexpected() => Arc::from("unexpected"),
            _ => Arc::from("pass"),
        };
        Hit { rule: Arc::clone(&self.rule.name), step: self.counter.step, action, shadowed }
    }

    /// Puts the actions of the step where the pipeline finds them.
    pub(super) fn act(&self, decision: &mut Decision, seed: u64) {
        for (position, placed) in self.step.iter().flat_map(|step| &step.actions).enumerate() {
            self.place(position, placed, decision, seed);
        }
    }

    fn place(&self, position: usize, placed: &PlacedAction, decision: &mut Decision, seed: u64) {
        let at_bytes = self.rule.rule.target.at_bytes;
        match &placed.action {
            Action::Status(status) => decision.before.terminal = Some(Refusal::Status(status.clone())),
            Action::Reset { .. } if placed.point == Point::Before => decision.before.terminal = Some(Refusal::Reset),
            Action::Reset { after_bytes } => {
                let after_bytes = after_bytes.or(at_bytes).unwrap_or(0);
                decision.body.fault = Some(BodyFault::Reset { after_bytes });
            }
            Action::Truncate { keep, fix_length } => {
                decision.body.fault = Some(BodyFault::Truncate { keep: *keep, fix_length: *fix_length });
            }
            Action::LoseReply { end } => decision.after.terminal = Some(*end),
            Action::Fail { code, reason } => {
                decision.task.terminal = Some(TaskFailure { code: Arc::clone(code), reason: reason.clone() });
            }
            Action::Hold { gate } => decision.wait(placed.point, 0, Wait::Hold(Arc::clone(gate))),
            Action::Delay { min, max } => {
                let delay = self.draw(seed).duration(position, *min, *max);
                decision.wait(placed.point, at_bytes.unwrap_or(0), Wait::Delay(delay));
            }
        }
    }

    /// The rule's state after this match, with the age by which it is kept.
    pub(super) fn count(mut self, shadowed: bool, now: Timestamp) -> (u64, RuleState) {
        let state = &mut self.state;
        state.matched += 1;
        if shadowed {
            state.shadowed += 1;
            return (self.rule.age, self.state);
        }
        state.fired += u64::from(self.fires && self.step.is_some_and(|step| !step.actions.is_empty()));
        if self.step.is_some() {
            state.reached |= 1 << self.counter.step.min(63);
        } else {
            state.unexpected += u64::from(self.rule.plan.tail == Tail::Unexpected);
        }
        let tracked = state.ordinals.len() < MAX_TRACKED || state.ordinals.contains_key(&self.fingerprint);
        if tracked && self.rule.plan.has_dice() {
            state.ordinals.insert(self.fingerprint, self.ordinal + 1);
        }
        let counter = self.rule.plan.meet(self.counter, now);
        match self.key {
            Some(key) => drop(state.keyed.insert(key, counter)),
            None => state.counter = counter,
        }
        (self.rule.age, self.state)
    }
}

impl Decision {
    fn wait(&mut self, point: Point, at_bytes: u64, wait: Wait) {
        match (point, wait) {
            (Point::Before, wait) => self.before.waits.push(wait),
            (Point::After, wait) => self.after.waits.push(wait),
            (Point::TaskFinish, wait) => self.task.waits.push(wait),
            (Point::SendBody, Wait::Delay(delay)) => self.body.delays.push(BodyDelay { at_bytes, delay }),
            // The catalogue has no gate within a body, and rules are checked against it.
            (Point::SendBody, Wait::Hold(_)) => {}
        }
    }
}

/// The text that tells counters of a rule apart; absent for the rule's own. Calls that lack the fact share one.
fn counter_key(per: CounterKey, facts: &Facts) -> Option<Arc<str>> {
    let fact = match per {
        CounterKey::Rule => return None,
        CounterKey::Connection => Fact::Connection,
        CounterKey::Caller => Fact::Caller,
        CounterKey::Repository => Fact::Repository,
        CounterKey::Digest => Fact::Digest,
        CounterKey::Upload => Fact::Upload,
        CounterKey::LogicalCall => Fact::LogicalCall,
    };
    Some(Arc::from(&*facts.text(fact)))
}
