//! Whether the facts of a call are what a target and a predicate ask for, and if not, how far off they are.

use std::borrow::Cow;
use std::sync::Arc;

use regex::Regex;

use crate::facts::{Fact, Facts, Surface, Value};
use crate::registry::types::Digest;

use super::glob::Glob;
use super::predicate::{FactName, Operator};
use super::tree::{Matcher, Target, TargetSurface};

impl Target {
    /// Whether surface and operation are the ones it names; the point plays no part.
    pub fn matches(&self, facts: &Facts) -> bool {
        self.is_surface_of(facts) && self.is_operation_of(facts)
    }

    fn is_surface_of(&self, facts: &Facts) -> bool {
        match self.surface {
            TargetSurface::Ecr => facts.surface == Surface::Ecr,
            TargetSurface::Oci => facts.surface == Surface::Oci,
            TargetSurface::Any => matches!(facts.surface, Surface::Ecr | Surface::Oci),
            TargetSurface::Upstream => facts.surface == Surface::Upstream,
            TargetSurface::Task => facts.surface == Surface::Task,
        }
    }

    fn is_operation_of(&self, facts: &Facts) -> bool {
        let by_row = self.surface == TargetSurface::Any && facts.any.is_some_and(|name| self.operation.matches(name));
        by_row || self.operation.matches(facts.operation)
    }

    /// How the facts differ from it; empty if it matches.
    pub fn differences(&self, facts: &Facts) -> Vec<String> {
        let mut differences = Vec::new();
        if !self.is_surface_of(facts) {
            differences.push(format!("surface is `{}`, expected `{}`", facts.surface.as_str(), self.surface.as_str()));
        }
        if !self.is_operation_of(facts) {
            differences.push(format!("operation is `{}`, expected `{}`", facts.operation, self.operation));
        }
        differences
    }
}

/// A predicate that was checked: its expressions are compiled, its numbers read.
#[derive(Clone, Debug)]
pub struct Condition(Node);

#[derive(Clone, Debug)]
pub(super) enum Node {
    All(Vec<Node>),
    Any(Vec<Node>),
    Not(Box<Node>),
    Test(Test),
}

/// A compiled comparison.
#[derive(Clone, Debug)]
pub(super) struct Test {
    pub(super) fact: FactName,
    pub(super) operator: Operator,
    pub(super) operands: Vec<Operand>,
}

/// What a fact is compared with.
#[derive(Clone, Debug)]
pub(super) enum Operand {
    /// A text.
    Text(Arc<str>),
    /// A number, and how it was written.
    Number(u64, Arc<str>),
    /// A digest.
    Digest(Digest),
    /// A pattern.
    Glob(Glob),
    /// An expression; compiled once and shared by all forks.
    Regex(Arc<Regex>),
}

impl Operand {
    fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) | Self::Number(_, text) => Cow::Borrowed(text),
            Self::Digest(digest) => Cow::Owned(digest.to_string()),
            Self::Glob(glob) => Cow::Borrowed(glob.as_str()),
            Self::Regex(regex) => Cow::Borrowed(regex.as_str()),
        }
    }
}

/// A fact of one call: a value, or a header's text.
enum Found<'a> {
    Value(&'a Value),
    Header(&'a str),
}

impl Found<'_> {
    fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Value(value) => value.text(),
            Self::Header(text) => Cow::Borrowed(text),
        }
    }

    fn number(&self) -> Option<u64> {
        match self {
            Self::Value(value) => value.number(),
            Self::Header(text) => text.trim().parse().ok(),
        }
    }
}

impl Condition {
    pub(super) fn new(node: Node) -> Self {
        Self(node)
    }

    /// Whether it holds.
    pub fn holds(&self, facts: &Facts) -> bool {
        self.0.holds(facts)
    }

    /// The only repository for which it can hold, if it says so plainly: `repository = "app"`, alone or in an `and`.
    pub(super) fn only_repository(&self) -> Option<&Arc<str>> {
        self.0.only_repository()
    }

    /// How the facts differ from it, e.g. ``repository is `app`, expected `web` ``; empty exactly if it holds.
    pub fn differences(&self, facts: &Facts) -> Vec<String> {
        let mut differences = Vec::new();
        self.0.collect_differences(facts, &mut differences);
        differences
    }
}

impl Node {
    fn holds(&self, facts: &Facts) -> bool {
        match self {
            Self::All(items) => items.iter().all(|item| item.holds(facts)),
            Self::Any(items) => items.iter().any(|item| item.holds(facts)),
            Self::Not(inner) => !inner.holds(facts),
            Self::Test(test) => test.holds(facts),
        }
    }

    fn only_repository(&self) -> Option<&Arc<str>> {
        match self {
            Self::All(items) => items.iter().find_map(Self::only_repository),
            Self::Test(Test { fact: FactName::Known(Fact::Repository), operator: Operator::Equal, operands }) => {
                match operands.as_slice() {
                    [Operand::Text(repository)] => Some(repository),
                    _ => None,
                }
            }
            Self::Any(_) | Self::Not(_) | Self::Test(_) => None,
        }
    }

    fn collect_differences(&self, facts: &Facts, differences: &mut Vec<String>) {
        if self.holds(facts) {
            return;
        }
        match self {
            Self::All(items) => {
                for item in items {
                    item.collect_differences(facts, differences);
                }
            }
            Self::Any(items) => {
                let mut each = Vec::new();
                for item in items {
                    item.collect_differences(facts, &mut each);
                }
                differences.push(each.join(", and "));
            }
            Self::Not(inner) => differences.push(format!("expected not {}", inner.describe())),
            Self::Test(test) => differences.push(test.difference(facts)),
        }
    }

    fn describe(&self) -> String {
        let join = |items: &[Self], word: &str| {
            let texts: Vec<String> = items.iter().map(Self::describe).collect();
            format!("({})", texts.join(word))
        };
        match self {
            Self::All(items) => join(items, " and "),
            Self::Any(items) => join(items, " or "),
            Self::Not(inner) => format!("not {}", inner.describe()),
            Self::Test(test) => test.describe(),
        }
    }
}

impl Test {
    fn holds(&self, facts: &Facts) -> bool {
        let Some(found) = self.find(facts) else { return self.operator == Operator::NotEqual };
        match self.operator {
            Operator::Exists => true,
            Operator::NotEqual => !self.operands.iter().any(|operand| equals(&found, operand)),
            Operator::Equal | Operator::In | Operator::Glob | Operator::Regex => {
                self.operands.iter().any(|operand| equals(&found, operand))
            }
            Operator::Less => self.orders(&found, |fact, bound| fact < bound),
            Operator::LessOrEqual => self.orders(&found, |fact, bound| fact <= bound),
            Operator::Greater => self.orders(&found, |fact, bound| fact > bound),
            Operator::GreaterOrEqual => self.orders(&found, |fact, bound| fact >= bound),
        }
    }

    fn orders(&self, found: &Found<'_>, compare: fn(u64, u64) -> bool) -> bool {
        let Some(number) = found.number() else { return false };
        self.operands.iter().any(|operand| matches!(operand, Operand::Number(bound, _) if compare(number, *bound)))
    }

    fn find<'a>(&self, facts: &'a Facts) -> Option<Found<'a>> {
        match &self.fact {
            FactName::Known(fact) => facts.get(*fact).map(Found::Value),
            FactName::Header(name) => facts.header(name).map(Found::Header),
        }
    }

    fn difference(&self, facts: &Facts) -> String {
        match self.find(facts) {
            None => format!("{} is absent, expected {}", self.fact, self.expectation()),
            Some(found) => format!("{} is `{}`, expected {}", self.fact, found.text(), self.expectation()),
        }
    }

    fn expectation(&self) -> String {
        let texts: Vec<String> = self.operands.iter().map(|operand| format!("`{}`", operand.text())).collect();
        let value = texts.join(", ");
        match self.operator {
            Operator::Equal => value,
            Operator::NotEqual => format!("anything but {value}"),
            Operator::In => format!("one of {value}"),
            Operator::Glob => format!("a match of the glob {value}"),
            Operator::Regex => format!("a match of the expression {value}"),
            Operator::Less => format!("less than {value}"),
            Operator::LessOrEqual => format!("at most {value}"),
            Operator::Greater => format!("more than {value}"),
            Operator::GreaterOrEqual => format!("at least {value}"),
            Operator::Exists => "any value".to_owned(),
        }
    }

    fn describe(&self) -> String {
        let texts: Vec<String> = self.operands.iter().map(|operand| format!("`{}`", operand.text())).collect();
        match self.operator {
            Operator::Exists => format!("{} exists", self.fact),
            Operator::In => format!("{} in ({})", self.fact, texts.join(", ")),
            operator => format!("{} {} {}", self.fact, operator.as_str(), texts.join(", ")),
        }
    }
}

fn equals(found: &Found<'_>, operand: &Operand) -> bool {
    match (operand, found) {
        (Operand::Number(number, _), _) => found.number() == Some(*number),
        (Operand::Digest(digest), Found::Value(Value::Digest(value))) => value == digest,
        (Operand::Digest(digest), _) => *found.text() == *digest.to_string(),
        (Operand::Text(text), _) => *found.text() == **text,
        (Operand::Glob(glob), _) => glob.matches(&found.text()),
        (Operand::Regex(regex), _) => regex.is_match(&found.text()),
    }
}

/// Whether the values of this fact are digests.
pub(super) fn is_digest(fact: &FactName) -> bool {
    *fact == FactName::Known(Fact::Digest)
}

/// A matcher that was checked.
#[derive(Clone, Debug)]
pub struct CheckedMatcher {
    pub(super) matcher: Matcher,
    pub(super) condition: Option<Condition>,
}

impl CheckedMatcher {
    /// The tree it was made from.
    pub fn matcher(&self) -> &Matcher {
        &self.matcher
    }

    /// Whether the facts are what it asks for.
    pub fn matches(&self, facts: &Facts) -> bool {
        self.matcher.target.matches(facts) && self.condition.as_ref().is_none_or(|condition| condition.holds(facts))
    }

    /// How the facts differ from it, target first; empty exactly if it matches.
    pub fn differences(&self, facts: &Facts) -> Vec<String> {
        let mut differences = self.matcher.target.differences(facts);
        if let Some(condition) = &self.condition {
            differences.extend(condition.differences(facts));
        }
        differences
    }
}
