//! Whole requests: rules as trees and as text, each violation said at once and where it stands.

use std::collections::HashSet;
use std::sync::Arc;

use crate::faults::matching::CheckedMatcher;
use crate::faults::operations::Operations;
use crate::faults::text::{Spans, TextProblem, read_matcher, read_rule};
use crate::faults::tree::{Matcher, Rule};
use crate::faults::violation::{Problem, Reason, Violation, shorten};

use super::{CheckedRule, check_matcher_tree, check_rule};

/// Collects the rules of one request and all that is wrong with them.
pub struct Checker<'a> {
    operations: &'a dyn Operations,
    rules: Vec<CheckedRule>,
    names: HashSet<Arc<str>>,
    violations: Vec<Violation>,
}

impl<'a> Checker<'a> {
    /// An empty request.
    pub fn new(operations: &'a dyn Operations) -> Self {
        Self { operations, rules: Vec::new(), names: HashSet::new(), violations: Vec::new() }
    }

    /// Adds a rule that stands at a field path, e.g. `rules[2]`.
    pub fn add_tree(&mut self, path: &str, rule: Rule) {
        if let Err(problems) = self.check(rule) {
            self.violations.extend(problems.into_iter().map(|problem| problem.at(path)));
        }
    }

    /// Adds a text that stands in a field: a rule a line, blank lines, comments from `#` to the end of the line.
    pub fn add_text(&mut self, path: &str, text: &str) {
        for (position, line) in text.lines().enumerate() {
            let source = Source { path, line, number: position as u32 + 1 };
            match read_rule(line) {
                Ok(None) => {}
                Ok(Some((rule, spans))) => {
                    let problems = self.check(rule).err().unwrap_or_default();
                    self.violations.extend(problems.into_iter().map(|problem| source.locate(problem, &spans)));
                }
                Err(problems) => {
                    self.violations.extend(problems.into_iter().map(|problem| source.violation(problem)));
                }
            }
        }
    }

    /// Adds what was found wrong elsewhere, e.g. while a message was converted.
    pub fn refuse(&mut self, violations: impl IntoIterator<Item = Violation>) {
        self.violations.extend(violations);
    }

    /// The rules in the order in which they were added, or everything that is wrong.
    pub fn finish(self) -> Result<Vec<CheckedRule>, Vec<Violation>> {
        if self.violations.is_empty() { Ok(self.rules) } else { Err(self.violations) }
    }

    fn check(&mut self, rule: Rule) -> Result<(), Vec<Problem>> {
        if let Some(name) = &rule.name
            && !self.names.insert(Arc::clone(name))
        {
            let message = format!("another rule of the request is named `{name}`");
            return Err(vec![Problem::new("name", Reason::DuplicateName, message)]);
        }
        self.rules.push(check_rule(rule, self.operations)?);
        Ok(())
    }
}

/// Reads and checks a text of rules, a rule a line.
pub fn parse_rules(text: &str, operations: &dyn Operations) -> Result<Vec<CheckedRule>, Vec<Violation>> {
    let mut checker = Checker::new(operations);
    checker.add_text("text", text);
    checker.finish()
}

/// Reads and checks a matcher, `target [where predicate]`.
pub fn parse_matcher(text: &str, operations: &dyn Operations) -> Result<CheckedMatcher, Vec<Violation>> {
    let source = Source { path: "text", line: text, number: 1 };
    let (matcher, spans) = read_matcher(text)
        .map_err(|problems| problems.into_iter().map(|problem| source.violation(problem)).collect::<Vec<_>>())?;
    check_matcher_tree(matcher, operations)
        .map_err(|problems| problems.into_iter().map(|problem| source.locate(problem, &spans)).collect())
}

/// Checks a matcher that stands at the field path `path`.
pub fn check_matcher(
    path: &str,
    matcher: Matcher,
    operations: &dyn Operations,
) -> Result<CheckedMatcher, Vec<Violation>> {
    check_matcher_tree(matcher, operations)
        .map_err(|problems| problems.into_iter().map(|problem| problem.at(path)).collect())
}

/// Where a line of text stands.
struct Source<'a> {
    path: &'a str,
    line: &'a str,
    number: u32,
}

/// Characters that an excerpt shows before and after the place it is about.
const EXCERPT_MARGIN: usize = 80;

impl Source<'_> {
    /// Finds the place in the text that a field path of the rule came from.
    fn locate(&self, problem: Problem, spans: &Spans) -> Violation {
        let span = spans.nearest(&problem.path);
        self.violation(TextProblem { span, reason: problem.reason, message: problem.message })
    }

    fn violation(&self, problem: TextProblem) -> Violation {
        let TextProblem { span, reason, message } = problem;
        let (before, rest) = self.line.split_at(span.start);
        let (token, after) = rest.split_at(span.end - span.start);
        let column = before.chars().count() + 1;
        let (before, cut_before) = last_chars(before);
        let (after, cut_after) = first_chars(after);
        let (shown, cut_token) = first_chars(token);
        let after = if cut_token { "" } else { after };
        let cut = |is_cut: bool| if is_cut { "…" } else { "" };
        // Tabs stay tabs, so that the carets stand under the token however wide those are.
        let indent: String = before.chars().map(|letter| if letter == '\t' { '\t' } else { ' ' }).collect();
        let indent = format!("{indent}{}", if cut_before { " " } else { "" });
        let message = format!(
            "line {line}, column {column}: {message}\n  {}{before}{shown}{after}{}\n  {indent}{carets}",
            cut(cut_before),
            cut(cut_after || cut_token),
            message = shorten(message),
            line = self.number,
            carets = "^".repeat(shown.chars().count().max(1)),
        );
        Violation {
            path: self.path.to_owned(),
            line: self.number,
            column: column as u32,
            reason,
            message,
            excerpt: shown.to_owned(),
        }
    }
}

fn first_chars(text: &str) -> (&str, bool) {
    match text.char_indices().nth(EXCERPT_MARGIN) {
        Some((end, _)) => (&text[..end], true),
        None => (text.trim_end(), false),
    }
}

fn last_chars(text: &str) -> (&str, bool) {
    match text.char_indices().rev().nth(EXCERPT_MARGIN) {
        Some((start, first)) => (&text[start + first.len_utf8()..], true),
        None => (text, false),
    }
}
