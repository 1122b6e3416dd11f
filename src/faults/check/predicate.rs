//! Checks and compiles a predicate.

use std::sync::Arc;

use regex::RegexBuilder;

use crate::faults::glob::Glob;
use crate::faults::matching::{Condition, Node, Operand, Test, is_digest};
use crate::faults::predicate::{Comparison, FactName, Operator, Predicate};
use crate::faults::text::parse_size;
use crate::faults::violation::{Problem, Reason};

/// Bytes that a compiled expression may take.
const REGEX_LIMIT_BYTES: usize = 64 * 1024;

/// Predicates that may lie within each other.
pub(crate) const MAX_DEPTH: usize = 64;

/// Compiles the predicate `where`; absent if something is wrong. A rule, unlike a matcher, cannot ask for results.
pub(super) fn compile(predicate: &Predicate, in_rule: bool, problems: &mut Vec<Problem>) -> Option<Condition> {
    if predicate.depth() > MAX_DEPTH {
        let message = format!("more than {MAX_DEPTH} predicates lie within each other");
        problems.push(Problem::new("where", Reason::OutOfRange, message));
        return None;
    }
    let before = problems.len();
    check_lists(predicate, "where", problems);
    let mut tests = Vec::new();
    predicate.comparisons("where", &mut |path, comparison| {
        tests.push(compile_comparison(comparison, path, in_rule, problems));
    });
    if problems.len() > before {
        return None;
    }
    Some(Condition::new(assemble(predicate, &mut tests.into_iter().flatten())?))
}

/// Puts the compiled comparisons, which come from left to right, back into the shape of the predicate.
fn assemble(predicate: &Predicate, tests: &mut impl Iterator<Item = Test>) -> Option<Node> {
    Some(match predicate {
        Predicate::All(items) => Node::All(items.iter().map(|item| assemble(item, tests)).collect::<Option<_>>()?),
        Predicate::Any(items) => Node::Any(items.iter().map(|item| assemble(item, tests)).collect::<Option<_>>()?),
        Predicate::Not(inner) => Node::Not(Box::new(assemble(inner, tests)?)),
        Predicate::Comparison(_) => Node::Test(tests.next()?),
    })
}

fn check_lists(predicate: &Predicate, path: &str, problems: &mut Vec<Problem>) {
    let (word, items) = match predicate {
        Predicate::All(items) => ("all", items),
        Predicate::Any(items) => ("any", items),
        Predicate::Not(inner) => return check_lists(inner, &format!("{path}.not"), problems),
        Predicate::Comparison(_) => return,
    };
    if items.len() < 2 {
        let message = format!("`{word}` takes two predicates or more");
        problems.push(Problem::new(format!("{path}.{word}.items"), Reason::OutOfRange, message));
    }
    for (position, item) in items.iter().enumerate() {
        check_lists(item, &format!("{path}.{word}.items[{position}]"), problems);
    }
}

fn compile_comparison(comparison: &Comparison, path: &str, in_rule: bool, problems: &mut Vec<Problem>) -> Option<Test> {
    let Comparison { fact, operator, values } = comparison;
    let before = problems.len();
    if in_rule && fact.is_result() {
        let message = format!("`{fact}` is known only when a record has finished, too late for a rule");
        problems.push(Problem::new(format!("{path}.fact"), Reason::ResultFact, message));
    }
    if operator.is_order() && !fact.is_number() && !matches!(fact, FactName::Header(_)) {
        let message = format!("`{fact}` is not a number, `{}` cannot compare it", operator.as_str());
        problems.push(Problem::new(format!("{path}.operator"), Reason::WrongType, message));
        return None;
    }
    let takes = match operator {
        Operator::Exists => 0..=0,
        Operator::In => 1..=usize::MAX,
        _ => 1..=1,
    };
    if !takes.contains(&values.len()) {
        let wanted = match operator {
            Operator::Exists => "no value",
            Operator::In => "one value or more",
            _ => "one value",
        };
        let message = format!("`{}` takes {wanted}, not {}", operator.as_str(), values.len());
        problems.push(Problem::new(format!("{path}.values"), Reason::WrongType, message));
        return None;
    }
    let mut operands = Vec::with_capacity(values.len());
    for (position, value) in values.iter().enumerate() {
        match compile_operand(fact, *operator, value) {
            Ok(operand) => operands.push(operand),
            Err((reason, message)) => {
                problems.push(Problem::new(format!("{path}.values[{position}]"), reason, message));
            }
        }
    }
    (problems.len() == before).then(|| Test { fact: fact.clone(), operator: *operator, operands })
}

fn compile_operand(fact: &FactName, operator: Operator, value: &Arc<str>) -> Result<Operand, (Reason, String)> {
    match operator {
        Operator::Glob => Ok(Operand::Glob(Glob::new(value))),
        Operator::Regex => compile_regex(value).map_err(|message| (Reason::InvalidRegex, message)),
        _ if fact.is_number() || operator.is_order() => match parse_size(value) {
            Some(number) => Ok(Operand::Number(number, Arc::clone(value))),
            None => Err((Reason::WrongType, format!("`{value}` is not a number such as 3 or 1MiB"))),
        },
        _ if is_digest(fact) => Ok(value.parse().map_or_else(|_| Operand::Text(Arc::clone(value)), Operand::Digest)),
        _ => Ok(Operand::Text(Arc::clone(value))),
    }
}

fn compile_regex(pattern: &str) -> Result<Operand, String> {
    match RegexBuilder::new(pattern).size_limit(REGEX_LIMIT_BYTES).build() {
        Ok(regex) => Ok(Operand::Regex(Arc::new(regex))),
        Err(regex::Error::CompiledTooBig(_)) => {
            Err(format!("the expression takes more than {} KiB when compiled", REGEX_LIMIT_BYTES / 1024))
        }
        // The library draws the pattern over several lines; the last one says what is wrong.
        Err(error) => {
            let text = error.to_string();
            let last = text.lines().last().unwrap_or_default();
            Err(format!("not a regular expression: {}", last.strip_prefix("error: ").unwrap_or(last)))
        }
    }
}
