//! The rules in force in a world, and the one decision that they take for each call.
//!
//! Deciding counts, so it happens in the world's single writer: n concurrent callers then split a count exactly. A clone
//! shares everything, which makes a fork cheap.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use crate::facts::{Fact, Facts};
use crate::registry::Map;
use crate::registry::types::Timestamp;

use super::check::CheckedRule;
use super::decision::{BodyDelay, BodyFault, Decision, Hit, Refusal, TaskFailure, Wait};
use super::dice::{Draw, Fingerprint, even_fires};
use super::index::Index;
use super::matching::Condition;
use super::plan::{Counter, OpenGates, PlacedAction, Plan, PlanStep};
use super::points::Point;
use super::text::print_rule;
use super::tree::{Action, CounterKey, Extent, Rule, Tail};

/// Rules that a world may have.
pub const MAX_RULES: usize = 1_000;

/// Keys of one rule's counters, and fingerprints of its dice, that are told apart. What comes later shares one counter,
/// so that a rule's memory has an end.
const MAX_TRACKED: usize = 100_000;

/// What [`RuleSet::apply`] does with the rules that are there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ApplyMode {
    /// Keeps them; a rule of the same name is replaced, and counts as new.
    #[default]
    Add,
    /// Removes all of them first.
    ReplaceAll,
}

/// Which rules [`RuleSet::delete`] removes.
#[derive(Clone, Copy, Debug)]
pub enum Selection<'a> {
    /// Those of these names; unknown names are ignored.
    Names(&'a [String]),
    /// Those of this tag.
    Tag(&'a str),
    /// All of them.
    All,
}

/// The world would have more than [`MAX_RULES`] rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a world has at most {MAX_RULES} rules, this would make {0}")]
pub struct TooManyRules(pub usize);

/// What a decision needs to know besides the facts.
#[derive(Clone, Copy, Debug)]
pub struct DecideContext<'a> {
    /// Virtual time of the call.
    pub now: Timestamp,
    /// Seed of the world.
    pub seed: u64,
    /// Gates that are open for good.
    pub open_gates: &'a OpenGates,
}

/// What came of applying rules.
#[derive(Clone, Debug)]
pub struct Applied {
    /// The rules as they are now in force, in the order in which they were given.
    pub rules: Vec<RuleStatus>,
    /// Remarks that refuse nothing, e.g. a rule that another one always shadows.
    pub warnings: Vec<String>,
}

/// A rule and what it has done.
#[derive(Clone, Debug)]
pub struct RuleStatus {
    /// The rule; its name is set.
    pub rule: Arc<Rule>,
    /// Canonical text.
    pub text: Arc<str>,
    /// Calls, tasks or upstream calls that matched.
    pub matched: u64,
    /// Matches on which an action was taken.
    pub fired: u64,
    /// Step that the next match meets, from 0; the number of steps when the plan is spent. With a counter for each
    /// connection or the like, the one that a key not seen before would meet.
    pub step: u32,
}

/// The rules of a world. A clone costs two pointers.
#[derive(Clone, Debug, Default)]
pub struct RuleSet {
    table: Arc<Table>,
    states: Map<u64, RuleState>,
    /// Rules ever applied; gives each its age.
    serial: u64,
}

/// What changes only when rules come and go.
#[derive(Debug, Default)]
struct Table {
    /// In order of evaluation.
    rules: Vec<Arc<InForce>>,
    index: Index,
}

#[derive(Debug)]
pub(super) struct InForce {
    pub(super) age: u64,
    pub(super) name: Arc<str>,
    pub(super) rule: Arc<Rule>,
    pub(super) text: Arc<str>,
    condition: Option<Condition>,
    pub(super) plan: Plan,
}

/// What changes with every match.
#[derive(Clone, Debug)]
pub(super) struct RuleState {
    pub(super) matched: u64,
    pub(super) fired: u64,
    pub(super) shadowed: u64,
    pub(super) unexpected: u64,
    /// A bit for each step that a match has met.
    pub(super) reached: u64,
    /// When its plan began.
    began: Timestamp,
    /// The rule's own counter, shared by keys beyond the bound.
    counter: Counter,
    keyed: Map<Arc<str>, Counter>,
    ordinals: Map<Fingerprint, u64>,
}

impl RuleState {
    fn begin(now: Timestamp) -> Self {
        Self {
            matched: 0,
            fired: 0,
            shadowed: 0,
            unexpected: 0,
            reached: 0,
            began: now,
            counter: Counter::begin(now),
            keyed: Map::new(),
            ordinals: Map::new(),
        }
    }
}

impl RuleSet {
    /// Puts rules in force at this virtual time, all or none.
    pub fn apply(
        &mut self,
        rules: Vec<CheckedRule>,
        mode: ApplyMode,
        cx: &DecideContext<'_>,
    ) -> Result<Applied, TooManyRules> {
        let replaced: HashSet<&str> = rules.iter().filter_map(|checked| checked.rule().name.as_deref()).collect();
        let mut kept: Vec<Arc<InForce>> = match mode {
            ApplyMode::ReplaceAll => Vec::new(),
            ApplyMode::Add => self.table.rules.iter().filter(|rule| !replaced.contains(&*rule.name)).cloned().collect(),
        };
        if kept.len() + rules.len() > MAX_RULES {
            return Err(TooManyRules(kept.len() + rules.len()));
        }
        let mut taken: HashSet<Arc<str>> = kept.iter().map(|rule| Arc::clone(&rule.name)).collect();
        taken.extend(replaced.iter().map(|name| Arc::from(*name)));
        let added: Vec<Arc<InForce>> =
            rules.into_iter().map(|checked| Arc::new(self.name(checked, &mut taken))).collect();
        kept.extend(added.iter().cloned());
        self.install(kept);
        for rule in &added {
            self.states.insert(rule.age, RuleState::begin(cx.now));
        }
        Ok(Applied { rules: added.iter().map(|rule| self.status(rule, cx)).collect(), warnings: self.warnings(&added) })
    }

    /// Gives a rule its age and, if it has none, a name.
    fn name(&mut self, checked: CheckedRule, taken: &mut HashSet<Arc<str>>) -> InForce {
        self.serial += 1;
        let CheckedRule { mut rule, condition, plan } = checked;
        let name = rule.name.clone().unwrap_or_else(|| {
            // Every name that is tried is another one, so a free one comes.
            let mut number = self.serial;
            while taken.contains(format!("rule-{number}").as_str()) {
                number += 1;
            }
            Arc::from(format!("rule-{number}"))
        });
        taken.insert(Arc::clone(&name));
        rule.name = Some(Arc::clone(&name));
        let text = Arc::from(print_rule(&rule));
        InForce { age: self.serial, name, rule: Arc::new(rule), text, condition, plan }
    }

    /// Orders the rules, indexes them and forgets the counters of those that went.
    fn install(&mut self, mut rules: Vec<Arc<InForce>>) {
        rules.sort_by_key(|rule| (std::cmp::Reverse(rule.rule.priority), rule.age));
        let ages: HashSet<u64> = rules.iter().map(|rule| rule.age).collect();
        let gone: Vec<u64> = self.states.keys().filter(|age| !ages.contains(age)).copied().collect();
        for age in gone {
            self.states.remove(&age);
        }
        let index = Index::new(rules.iter().map(|rule| &rule.rule.target));
        self.table = Arc::new(Table { rules, index });
    }

    /// Removes rules; says how many went.
    pub fn delete(&mut self, selection: Selection<'_>) -> u32 {
        let goes = |rule: &InForce| match selection {
            Selection::Names(names) => names.iter().any(|name| **name == *rule.name),
            Selection::Tag(tag) => rule.rule.tag.as_deref() == Some(tag),
            Selection::All => true,
        };
        let kept: Vec<Arc<InForce>> = self.table.rules.iter().filter(|rule| !goes(rule)).cloned().collect();
        let deleted = self.table.rules.len() - kept.len();
        if deleted > 0 {
            self.install(kept);
        }
        deleted as u32
    }

    /// All rules in order of evaluation, with their counters as of the context's time.
    pub fn list(&self, cx: &DecideContext<'_>) -> Vec<RuleStatus> {
        self.table.rules.iter().map(|rule| self.status(rule, cx)).collect()
    }

    fn status(&self, rule: &InForce, cx: &DecideContext<'_>) -> RuleStatus {
        let state = self.state(rule);
        RuleStatus {
            rule: Arc::clone(&rule.rule),
            text: Arc::clone(&rule.text),
            matched: state.matched,
            fired: state.fired,
            step: rule.plan.settle(state.counter, cx.now, cx.open_gates).step,
        }
    }

    /// Whether no rule is in force.
    pub fn is_empty(&self) -> bool {
        self.table.rules.is_empty()
    }

    /// Starts every plan again at this virtual time and forgets what was counted.
    pub fn reset_counters(&mut self, now: Timestamp) {
        self.states = self.table.rules.iter().map(|rule| (rule.age, RuleState::begin(now))).collect();
    }

    /// Names of the gates that rules name, in order.
    pub fn gates(&self) -> BTreeSet<Arc<str>> {
        let mut gates = BTreeSet::new();
        for step in self.table.rules.iter().flat_map(|rule| &rule.rule.steps) {
            if let Extent::UntilGate(gate) = &step.extent {
                gates.insert(Arc::clone(gate));
            }
            for action in &step.actions {
                if let Action::Hold { gate } = action {
                    gates.insert(Arc::clone(gate));
                }
            }
        }
        gates
    }

    pub(super) fn in_force(&self) -> impl Iterator<Item = &InForce> {
        self.table.rules.iter().map(|rule| &**rule)
    }

    /// What a rule has done.
    pub(super) fn state(&self, rule: &InForce) -> RuleState {
        self.states.get(&rule.age).cloned().unwrap_or_else(|| RuleState::begin(Timestamp::EPOCH))
    }

    /// Remarks on rules that were just applied.
    fn warnings(&self, added: &[Arc<InForce>]) -> Vec<String> {
        let mut warnings = Vec::new();
        for (position, rule) in self.table.rules.iter().enumerate() {
            let earlier = &self.table.rules[..position];
            let is_new = added.iter().any(|other| other.age == rule.age);
            if let Some(first) = earlier.iter().find(|first| is_new && first.always_shadows(rule)) {
                warnings
                    .push(format!("rule `{}` never acts: rule `{}` comes first on every call", rule.name, first.name));
            }
        }
        warnings
    }

    /// Decides what happens to one call, task or upstream call, and counts it.
    pub fn decide(&mut self, facts: &Facts, cx: &DecideContext<'_>) -> Decision {
        let table = Arc::clone(&self.table);
        let mut verdicts: Vec<Verdict<'_>> = Vec::new();
        let mut fingerprint = None;
        for position in table.index.candidates(facts) {
            let rule = &*table.rules[position];
            if rule.matches(facts) {
                let fingerprint = match rule.plan.has_dice() {
                    true => *fingerprint.get_or_insert_with(|| Fingerprint::of(facts)),
                    false => Fingerprint::default(),
                };
                let state = self.state(rule);
                verdicts.push(Verdict::of(rule, state, facts, fingerprint, cx));
            }
        }
        let winner = verdicts.iter().position(|verdict| verdict.fires && verdict.terminal().is_some());
        let end = winner.and_then(|position| verdicts[position].terminal());
        let mut decision = Decision::none();
        for (position, verdict) in verdicts.into_iter().enumerate() {
            let comes_later = winner.is_some_and(|winner| position > winner);
            let shadowed = winner != Some(position) && end.is_some_and(|end| verdict.is_shadowed(end, comes_later));
            decision.hits.push(verdict.hit(shadowed));
            if !shadowed && verdict.fires {
                verdict.act(&mut decision, cx.seed);
            }
            let (age, state) = verdict.count(shadowed, cx.now);
            self.states.insert(age, state);
        }
        decision
    }
}

impl InForce {
    fn matches(&self, facts: &Facts) -> bool {
        self.rule.target.matches(facts) && self.condition.as_ref().is_none_or(|condition| condition.holds(facts))
    }

    /// Whether it certainly ends every call that `other` could match; said only when it is plain to see.
    fn always_shadows(&self, other: &Self) -> bool {
        let first = &self.plan.steps[0];
        let lasts = first.extent == Extent::Forever && first.percent.is_none() && first.every.is_none();
        let (wide, narrow) = (&self.rule.target, &other.rule.target);
        let covers = wide.surface == narrow.surface
            && (wide.operation.as_str() == "*" || wide.operation.as_str() == narrow.operation.as_str());
        let ends = first.terminal().is_some_and(|end| other.plan.steps.iter().all(|step| step.is_shadowed(end, true)));
        lasts && self.condition.is_none() && covers && ends
    }
}

impl PlanStep {
    /// Whether a call that another rule ends at this point leaves nothing for it to do: it comes later and would end the
    /// call too, or it would only make it wait at a point that the call no longer reaches.
    ///
    /// A terminal that comes earlier did not fire, or it would have won; that match counts.
    fn is_shadowed(&self, end: Point, comes_later: bool) -> bool {
        let unreached = |point: Point| match end {
            Point::Before => matches!(point, Point::After | Point::SendBody),
            Point::After => point == Point::SendBody,
            Point::SendBody | Point::TaskFinish => false,
        };
        if self.terminal().is_some() {
            return comes_later;
        }
        !self.actions.is_empty() && self.actions.iter().all(|placed| unreached(placed.point))
    }
}

/// What one rule would do to a call, before it is known which rule wins.
struct Verdict<'a> {
    rule: &'a InForce,
    state: RuleState,
    /// Key of the counter; absent: the rule's own.
    key: Option<Arc<str>>,
    /// Where the plan stands at this match.
    counter: Counter,
    step: Option<&'a PlanStep>,
    fires: bool,
    fingerprint: Fingerprint,
    ordinal: u64,
}

impl<'a> Verdict<'a> {
    fn of(
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

    fn terminal(&self) -> Option<Point> {
        self.step.and_then(PlanStep::terminal)
    }

    fn is_shadowed(&self, end: Point, comes_later: bool) -> bool {
        self.step.is_some_and(|step| step.is_shadowed(end, comes_later))
    }

    fn is_unexpected(&self) -> bool {
        self.step.is_none() && self.rule.plan.tail == Tail::Unexpected
    }

    fn hit(&self, shadowed: bool) -> Hit {
        let action = match self.step {
            Some(step) if shadowed || self.fires => Arc::clone(&step.text),
            _ if self.is_unexpected() => Arc::from("unexpected"),
            _ => Arc::from("pass"),
        };
        Hit { rule: Arc::clone(&self.rule.name), step: self.counter.step, action, shadowed }
    }

    /// Puts the actions of the step where the pipeline finds them.
    fn act(&self, decision: &mut Decision, seed: u64) {
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
    fn count(mut self, shadowed: bool, now: Timestamp) -> (u64, RuleState) {
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
