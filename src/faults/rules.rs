//! The rules in force in a world, and the one decision that they take for each call.
//!
//! Deciding counts, so it happens in the world's single writer: n concurrent callers then split a count exactly. A clone
//! shares everything, which makes a fork cheap.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use crate::facts::Facts;
use crate::registry::Map;
use crate::registry::types::Timestamp;

use super::check::CheckedRule;
use super::decision::Decision;
use super::dice::Fingerprint;
use super::index::Index;
use super::matching::Condition;
use super::plan::{Counter, OpenGates, Plan};
use super::text::print_rule;
use super::tree::{Action, Extent, Rule};
use super::verdict::Verdict;

/// Rules that a world may have.
pub const MAX_RULES: usize = 1_000;

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
    pub(super) began: Timestamp,
    /// The rule's own counter, shared by keys beyond the bound.
    pub(super) counter: Counter,
    pub(super) keyed: Map<Arc<str>, Counter>,
    /// How often calls of each fingerprint were met.
    pub(super) ordinals: Map<Fingerprint, u64>,
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
        let index = Index::new(
            rules.iter().map(|rule| (&rule.rule.target, rule.condition.as_ref().and_then(Condition::only_repository))),
        );
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
                let fingerprint = if rule.plan.has_dice() {
                    *fingerprint.get_or_insert_with(|| Fingerprint::of(facts))
                } else {
                    Fingerprint::default()
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
