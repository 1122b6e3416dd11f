//! Fault rules, built: `on("task:replication").filter("dest_region", "eu-west-1").during(minutes(10)).fail("X")`.
//!
//! Pure; every method answers a new rule. A rule prints as its one line of text and becomes the same tree on the wire.
//! A builder cannot refuse, so what it is told in the wrong order is remembered and refused by
//! [`World::fault`](crate::World::fault). Whether a rule makes sense is the daemon's to say.

use std::fmt;
use std::time::Duration;

use crate::actions::{Action, ConnectionEnd, Keep, Status};
use crate::convert::duration_message;
use crate::errors::Violation;
use crate::predicates::{Predicate, Values, conjunction, fact, quoted};
use crate::proto;
use crate::target::Target;
use crate::units::duration_text;

/// A fault rule: on what it acts, and a plan of steps.
///
/// A step is a *when* ([`times`](Self::times), [`during`](Self::during), [`until`](Self::until),
/// [`percent`](Self::percent), [`every`](Self::every)) and one or more actions; [`then`](Self::then) begins the next
/// one. A step is left when its count or window is spent, and one with neither lasts for ever. After the last step
/// calls pass, unless [`repeat`](Self::repeat), [`cycle`](Self::cycle) or [`unexpected`](Self::unexpected) says
/// otherwise. Begin with [`on`].
#[derive(Clone, Debug)]
#[must_use = "a rule does nothing until it is handed to `World::fault`"]
pub struct Rule {
    target: Target,
    name: String,
    predicate: Option<Predicate>,
    steps: Vec<Step>,
    tail: Option<Tail>,
    counter: Option<CounterKey>,
    priority: Option<i32>,
    tag: String,
    must_fire: Option<(Option<u64>, Option<u64>)>,
    problems: Vec<String>,
}

/// Whose counter a plan moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CounterKey {
    /// One for the rule.
    Rule,
    /// One for each connection.
    Connection,
    /// One for each caller.
    Caller,
    /// One for each repository.
    Repository,
    /// One for each digest.
    Digest,
    /// One for each upload.
    Upload,
    /// One for each logical call.
    LogicalCall,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Step {
    extent: Option<Extent>,
    percent: Option<f64>,
    exact: bool,
    every: Option<u64>,
    actions: Vec<Action>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Extent {
    Count(u64),
    Window(Duration),
    UntilGate(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tail {
    Pass,
    Repeat,
    Loop,
    Unexpected,
}

/// Begins a rule: `on("ecr:PutImage")`, `on("task:replication")`, `on("oci:blob.get@send.body@4MiB")`.
///
/// Surfaces are `ecr`, `oci`, `any`, `upstream` and `task`; `*` stands for any run of characters. The point is usually
/// left out: the first action implies it.
pub fn on(target: &str) -> Rule {
    let parsed = Target::parse(target);
    let problems = match parsed {
        Some(_) => vec![],
        None => vec![format!("not a target: {target:?}; write \"ecr:PutImage\" or \"oci:blob.get@send.body\"")],
    };
    Rule {
        target: parsed.unwrap_or_default(),
        name: String::new(),
        predicate: None,
        steps: vec![Step::default()],
        tail: None,
        counter: None,
        priority: None,
        tag: String::new(),
        must_fire: None,
        problems,
    }
}

/// Which records.
impl Rule {
    /// Narrows the rule: `filter("repository", "app")` is equality, `filter("tag", ["a", "b"])` with any of them.
    pub fn filter(self, name: &str, values: impl Into<Values>) -> Self {
        self.matching(fact(name).equals(values))
    }

    /// Narrows the rule by any predicate: `matching(fact("size").greater("1MiB"))`.
    pub fn matching(mut self, predicate: Predicate) -> Self {
        self.predicate = Some(conjunction(self.predicate, predicate));
        self
    }
}

/// When a step applies.
impl Rule {
    /// The step lasts for that many matches.
    pub fn times(self, count: u64) -> Self {
        self.when(|step| step.extent = Some(Extent::Count(count)))
    }

    /// The step lasts for that much virtual time from when it was entered; the first from when the rule was set.
    pub fn during(self, duration: Duration) -> Self {
        self.when(|step| step.extent = Some(Extent::Window(duration)))
    }

    /// The step lasts while the gate is shut; [`World::open_gate`](crate::World::open_gate) opens it.
    pub fn until(self, gate: &str) -> Self {
        self.when(|step| step.extent = Some(Extent::UntilGate(gate.to_owned())))
    }

    /// Each match fires with this chance, 0 to 100, by independent draws of the world's dice.
    pub fn percent(self, chance: f64) -> Self {
        self.when(|step| step.percent = Some(chance))
    }

    /// That share of matches fires, 0 to 100, evenly spread instead of drawn.
    pub fn percent_exact(self, share: f64) -> Self {
        self.when(|step| (step.percent, step.exact) = (Some(share), true))
    }

    /// Only each n-th match fires.
    pub fn every(self, nth: u64) -> Self {
        self.when(|step| step.every = Some(nth))
    }
}

/// What is done.
impl Rule {
    /// Answers an error instead of doing the call: `status(503)`, `status("ThrottlingException")`, or a [`Status`].
    pub fn status(self, status: impl Into<Status>) -> Self {
        self.act(Action::Status(status.into()))
    }

    /// Waits so long before anything else.
    pub fn delay(self, duration: Duration) -> Self {
        self.act(Action::Delay { least: duration, most: None })
    }

    /// Waits between `least` and `most` before anything else.
    pub fn delay_between(self, least: Duration, most: Duration) -> Self {
        self.act(Action::Delay { least, most: Some(most) })
    }

    /// Ends a task as failed, with this failure code.
    pub fn fail(self, code: &str) -> Self {
        self.act(Action::Fail { code: code.to_owned(), reason: String::new() })
    }

    /// Ends a task as failed, with this failure code and a reason in words.
    pub fn fail_because(self, code: &str, reason: &str) -> Self {
        self.act(Action::Fail { code: code.to_owned(), reason: reason.to_owned() })
    }

    /// Does the call, then closes the connection without an answer.
    pub fn lose_reply(self, end: ConnectionEnd) -> Self {
        self.act(Action::LoseReply(end))
    }

    /// Waits until the gate is opened by [`World::open_gate`](crate::World::open_gate).
    pub fn hold(self, gate: &str) -> Self {
        self.act(Action::Hold { gate: gate.to_owned() })
    }

    /// Sends part of the body and ends it cleanly.
    pub fn truncate(self, keep: Keep) -> Self {
        self.act(Action::Truncate { keep, fix_length: false })
    }

    /// Sends part of the body and announces the shortened length as `Content-Length`.
    pub fn truncate_and_fix_length(self, keep: Keep) -> Self {
        self.act(Action::Truncate { keep, fix_length: true })
    }

    /// Resets the connection at once.
    pub fn reset(self) -> Self {
        self.act(Action::Reset { after_bytes: None })
    }

    /// Resets the connection after so many bytes of the body.
    pub fn reset_after(self, bytes: u64) -> Self {
        self.act(Action::Reset { after_bytes: Some(bytes) })
    }

    /// Lets calls through: as a step when it has a *when*, else as the end of the plan.
    pub fn pass(self) -> Self {
        if self.steps.last().is_some_and(|step| *step != Step::default()) { self } else { self.end(Tail::Pass) }
    }
}

/// How the plan goes on.
impl Rule {
    /// Begins the next step.
    pub fn then(mut self) -> Self {
        if self.is_open() {
            self.steps.push(Step::default());
        }
        self
    }

    /// The last step goes on for ever.
    pub fn repeat(self) -> Self {
        self.end(Tail::Repeat)
    }

    /// The plan starts again; `loop` in the text form.
    pub fn cycle(self) -> Self {
        self.end(Tail::Loop)
    }

    /// A further match is a test failure, reported when the world is finished.
    pub fn unexpected(self) -> Self {
        self.end(Tail::Unexpected)
    }
}

/// Options.
impl Rule {
    /// Names the rule, `[a-z0-9][a-z0-9_-]{0,62}`; a rule of the same name is replaced.
    pub fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// Counts steps separately for each connection, caller, repository and so on.
    pub fn per(mut self, key: CounterKey) -> Self {
        self.counter = Some(key);
        self
    }

    /// Rules of higher priority come first; at first 0.
    pub fn priority(mut self, priority: i32) -> Self {
        self.priority = Some(priority);
        self
    }

    /// Labels the rule, for removal and for reports.
    pub fn tagged(mut self, tag: &str) -> Self {
        tag.clone_into(&mut self.tag);
        self
    }

    /// Fails the test unless the rule fires at least once.
    pub fn must_fire(mut self) -> Self {
        self.must_fire = Some((None, None));
        self
    }

    /// Fails the test unless the rule fires from `least` to `most` times, both included.
    pub fn must_fire_between(mut self, least: u64, most: u64) -> Self {
        self.must_fire = Some((Some(least), Some(most)));
        self
    }

    /// Fails the test unless the rule fires `least` times or more.
    pub fn must_fire_at_least(mut self, least: u64) -> Self {
        self.must_fire = Some((Some(least), None));
        self
    }
}

impl Rule {
    /// What the builder was told wrongly, as violations below `path`.
    pub(crate) fn violations(&self, path: &str) -> Vec<Violation> {
        let violation = |problem: &String| Violation { field: path.to_owned(), description: problem.clone() };
        self.problems.iter().map(violation).collect()
    }

    pub(crate) fn to_proto(&self) -> proto::Rule {
        proto::Rule {
            name: self.name.clone(),
            target: Some(self.target.to_proto()),
            r#where: self.predicate.as_ref().map(Predicate::to_proto),
            steps: self.steps.iter().map(Step::to_proto).collect(),
            tail: self.tail.map_or(proto::Tail::Unspecified, Tail::proto).into(),
            per: self.counter.map_or(proto::CounterKey::Unspecified, CounterKey::proto).into(),
            priority: self.priority,
            tag: self.tag.clone(),
            must_fire: self.must_fire.map(|(min, max)| proto::Range { min, max }),
        }
    }

    /// Sets when the last step applies; a step that already has its actions is closed to that.
    fn when(mut self, change: impl FnOnce(&mut Step)) -> Self {
        if !self.is_open() {
            return self;
        }
        match self.steps.last_mut() {
            Some(step) if step.actions.is_empty() => change(step),
            _ => self.problems.push("a step says when before it says what; begin another with then()".to_owned()),
        }
        self
    }

    fn act(mut self, action: Action) -> Self {
        if self.is_open()
            && let Some(step) = self.steps.last_mut()
        {
            step.actions.push(action);
        }
        self
    }

    /// Ends the plan; a step that `then` began and nothing filled is dropped.
    fn end(mut self, tail: Tail) -> Self {
        if self.steps.len() > 1 && self.steps.last().is_some_and(|step| *step == Step::default()) {
            self.steps.pop();
        }
        self.tail = Some(tail);
        self
    }

    fn is_open(&mut self) -> bool {
        if let Some(tail) = self.tail {
            self.problems.push(format!("nothing follows `{}`", tail.text()));
        }
        self.tail.is_none()
    }

    /// Steps and tail. A last step that is a bare `pass` would read as the tail, so then the tail is said too.
    fn plan_text(&self) -> String {
        let mut steps: Vec<String> = self.steps.iter().map(Step::to_string).collect();
        let tail = self.tail.unwrap_or(Tail::Pass);
        if tail != Tail::Pass || (steps.len() > 1 && steps.last().is_some_and(|step| step == "pass")) {
            steps.push(tail.text().to_owned());
        }
        steps.join(" -> ")
    }
}

impl fmt::Display for Rule {
    /// The rule as one line of text, in the daemon's canonical form: defaults go unsaid.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.name.is_empty() {
            write!(formatter, "{}: ", self.name)?;
        }
        write!(formatter, "on {}", self.target)?;
        if let Some(predicate) = &self.predicate {
            write!(formatter, " where {predicate}")?;
        }
        write!(formatter, " do {}", self.plan_text())?;
        if let Some(key) = self.counter.filter(|key| *key != CounterKey::Rule) {
            write!(formatter, " per {}", key.text())?;
        }
        if let Some(priority) = self.priority.filter(|priority| *priority != 0) {
            write!(formatter, " priority {priority}")?;
        }
        if !self.tag.is_empty() {
            write!(formatter, " tag {}", quoted(&self.tag))?;
        }
        match self.must_fire.map(|(least, most)| (least.unwrap_or(1), most)) {
            None => Ok(()),
            Some((1, None)) => write!(formatter, " must_fire"),
            Some((least, Some(most))) if least == most => write!(formatter, " must_fire {least}"),
            Some((least, Some(most))) => write!(formatter, " must_fire {least}..{most}"),
            Some((least, None)) => write!(formatter, " must_fire {least}.."),
        }
    }
}

impl Step {
    fn to_proto(&self) -> proto::Step {
        proto::Step {
            extent: self.extent.as_ref().map(|extent| match extent {
                Extent::Count(count) => proto::step::Extent::Count(*count),
                Extent::Window(window) => proto::step::Extent::Window(duration_message(*window)),
                Extent::UntilGate(gate) => proto::step::Extent::UntilGate(gate.clone()),
            }),
            percent: self.percent,
            exact: self.exact,
            every: self.every,
            actions: self.actions.iter().map(Action::to_proto).collect(),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.extent {
            None => {}
            Some(Extent::Count(count)) => write!(formatter, "{count}x ")?,
            Some(Extent::Window(window)) => write!(formatter, "for {} ", duration_text(*window))?,
            Some(Extent::UntilGate(gate)) => write!(formatter, "until {gate} ")?,
        }
        if let Some(percent) = self.percent {
            write!(formatter, "{percent}%{} ", if self.exact { " exact" } else { "" })?;
        }
        if let Some(every) = self.every {
            write!(formatter, "every {every} ")?;
        }
        if self.actions.is_empty() {
            return formatter.write_str("pass");
        }
        let actions: Vec<String> = self.actions.iter().map(Action::to_string).collect();
        formatter.write_str(&actions.join(" + "))
    }
}

impl Tail {
    const fn text(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Repeat => "repeat",
            Self::Loop => "loop",
            Self::Unexpected => "unexpected",
        }
    }

    const fn proto(self) -> proto::Tail {
        match self {
            Self::Pass => proto::Tail::Pass,
            Self::Repeat => proto::Tail::Repeat,
            Self::Loop => proto::Tail::Loop,
            Self::Unexpected => proto::Tail::Unexpected,
        }
    }
}

impl CounterKey {
    const fn text(self) -> &'static str {
        match self {
            Self::Rule => "rule",
            Self::Connection => "connection",
            Self::Caller => "caller",
            Self::Repository => "repository",
            Self::Digest => "digest",
            Self::Upload => "upload",
            Self::LogicalCall => "logical_call",
        }
    }

    const fn proto(self) -> proto::CounterKey {
        match self {
            Self::Rule => proto::CounterKey::Rule,
            Self::Connection => proto::CounterKey::Connection,
            Self::Caller => proto::CounterKey::Caller,
            Self::Repository => proto::CounterKey::Repository,
            Self::Digest => proto::CounterKey::Digest,
            Self::Upload => proto::CounterKey::Upload,
            Self::LogicalCall => proto::CounterKey::LogicalCall,
        }
    }
}

/// What [`World::fault`](crate::World::fault) takes: built rules, or text with one rule a line.
#[derive(Clone, Debug)]
pub struct Faults {
    pub(crate) rules: Vec<Rule>,
    pub(crate) text: String,
}

impl From<&str> for Faults {
    fn from(text: &str) -> Self {
        Self { rules: vec![], text: text.to_owned() }
    }
}

impl From<String> for Faults {
    fn from(text: String) -> Self {
        Self { rules: vec![], text }
    }
}

impl From<Rule> for Faults {
    fn from(rule: Rule) -> Self {
        Self { rules: vec![rule], text: String::new() }
    }
}

impl From<Vec<Rule>> for Faults {
    fn from(rules: Vec<Rule>) -> Self {
        Self { rules, text: String::new() }
    }
}

impl<const N: usize> From<[Rule; N]> for Faults {
    fn from(rules: [Rule; N]) -> Self {
        Self::from(Vec::from(rules))
    }
}

#[cfg(test)]
mod tests;
