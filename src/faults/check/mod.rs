//! Turns trees into rules that can be in force, or says everything that is wrong with them.
//!
//! The same checks serve trees and text; text only knows better where the trouble stands.

mod actions;
mod plan;
mod predicate;
mod request;
mod target;

pub(crate) use predicate::MAX_DEPTH;
pub use request::{Checker, check_matcher, parse_matcher, parse_rules};

use std::sync::Arc;

use super::matching::{CheckedMatcher, Condition};
use super::operations::Operations;
use super::plan::Plan;
use super::tree::{CounterKey, Matcher, Rule, TargetSurface};
use super::violation::{Problem, Reason};

/// A rule in which nothing is wrong; only checking makes one.
#[derive(Clone, Debug)]
pub struct CheckedRule {
    pub(super) rule: Rule,
    pub(super) condition: Option<Condition>,
    pub(super) plan: Plan,
}

impl CheckedRule {
    /// The tree it was made from.
    pub fn rule(&self) -> &Rule {
        &self.rule
    }
}

/// Checks one rule.
pub(super) fn check_rule(rule: Rule, operations: &dyn Operations) -> Result<CheckedRule, Vec<Problem>> {
    let mut problems = Vec::new();
    if let Some(name) = &rule.name {
        check_rule_name(name, &mut problems);
    }
    target::check(&rule.target, operations, &mut problems);
    let condition = rule.where_.as_ref().and_then(|where_| predicate::compile(where_, true, &mut problems));
    let plan = plan::compile(&rule, &mut problems);
    check_options(&rule, &mut problems);
    if problems.is_empty() { Ok(CheckedRule { rule, condition, plan }) } else { Err(problems) }
}

/// Checks one matcher.
pub(super) fn check_matcher_tree(
    matcher: Matcher,
    operations: &dyn Operations,
) -> Result<CheckedMatcher, Vec<Problem>> {
    let mut problems = Vec::new();
    if matcher.target.point.is_some() || matcher.target.at_bytes.is_some() {
        let message = "a matcher names no point, since a record covers all of them";
        problems.push(Problem::new("target.point", Reason::OutOfRange, message));
    } else {
        target::check(&matcher.target, operations, &mut problems);
    }
    let condition = matcher.where_.as_ref().and_then(|where_| predicate::compile(where_, false, &mut problems));
    if problems.is_empty() { Ok(CheckedMatcher { matcher, condition }) } else { Err(problems) }
}

fn check_options(rule: &Rule, problems: &mut Vec<Problem>) {
    let of_calls = matches!(rule.per, CounterKey::Connection | CounterKey::Upload | CounterKey::LogicalCall);
    if rule.target.surface == TargetSurface::Task && of_calls {
        let message = format!("a task has no {}, so `per {0}` cannot count by it", rule.per.as_str());
        problems.push(Problem::new("per", Reason::IllegalCounterKey, message));
    }
    if rule.tag.as_deref() == Some("") {
        problems.push(Problem::new("tag", Reason::OutOfRange, "a tag has at least one character"));
    }
    if let Some((least, most)) = rule.must_fire.and_then(|range| Some((range.min, range.max?)))
        && most < least
    {
        let message = format!("`must_fire` has {most} as its most and {least} as its least");
        problems.push(Problem::new("must_fire", Reason::OutOfRange, message));
    }
}

fn check_rule_name(name: &Arc<str>, problems: &mut Vec<Problem>) {
    let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-');
    if !is_name(name, legal) {
        let message = format!("`{name}` is not a name of the form [a-z0-9][a-z0-9_-]{{0,62}}");
        problems.push(Problem::new("name", Reason::InvalidName, message));
    }
}

/// Checks the name of a gate.
fn check_gate_name(gate: &str, path: &str, problems: &mut Vec<Problem>) {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if !is_name(gate, legal) {
        let message = format!("`{gate}` is not a gate's name of the form [A-Za-z0-9][A-Za-z0-9_-]{{0,62}}");
        problems.push(Problem::new(path, Reason::InvalidName, message));
    }
}

fn is_name(name: &str, legal: impl Fn(u8) -> bool) -> bool {
    let begins_well = name.bytes().next().is_some_and(|first| legal(first) && first.is_ascii_alphanumeric());
    begins_well && name.len() <= 63 && name.bytes().all(legal)
}
