//! Writes the canonical text of a tree: what the parser would read back as the same tree.

use std::fmt::{self, Write as _};

use crate::faults::predicate::{Comparison, FactName, Operator, Predicate};
use crate::faults::tree::{Action, CounterKey, Extent, FireRange, Keep, Matcher, Rule, Status, Step, Tail, Target};

use super::units::{parse_size, print_duration, print_size};

/// The canonical text of a rule.
///
/// Defaults go unsaid. The tail `pass` is said only after a last step that is a bare `pass`, which would be taken for it.
pub fn print_rule(rule: &Rule) -> String {
    let mut text = String::new();
    if let Some(name) = &rule.name {
        let _ = write!(text, "{name}: ");
    }
    let _ = write!(text, "on {}", print_target(&rule.target));
    if let Some(where_) = &rule.where_ {
        let _ = write!(text, " where {}", print_predicate(where_));
    }
    let steps: Vec<String> = rule.steps.iter().map(print_step).collect();
    let _ = write!(text, " do {}", steps.join(" -> "));
    let ends_like_a_tail = steps.len() > 1 && steps.last().is_some_and(|last| last == "pass");
    if rule.tail != Tail::Pass || ends_like_a_tail {
        let _ = write!(text, " -> {}", rule.tail.as_str());
    }
    if rule.per != CounterKey::Rule {
        let _ = write!(text, " per {}", rule.per.as_str());
    }
    if rule.priority != 0 {
        let _ = write!(text, " priority {}", rule.priority);
    }
    if let Some(tag) = &rule.tag {
        let _ = write!(text, " tag {}", print_text(tag));
    }
    if let Some(range) = rule.must_fire {
        let _ = write!(text, " must_fire{}", print_range(range));
    }
    text
}

/// The canonical text of a matcher.
pub fn print_matcher(matcher: &Matcher) -> String {
    let target = print_target(&matcher.target);
    match &matcher.where_ {
        Some(where_) => format!("{target} where {}", print_predicate(where_)),
        None => target,
    }
}

/// The canonical text of the actions of a step.
pub(crate) fn print_actions(actions: &[Action]) -> String {
    if actions.is_empty() {
        return "pass".to_owned();
    }
    actions.iter().map(print_action).collect::<Vec<_>>().join(" + ")
}

fn print_target(target: &Target) -> String {
    let mut text = format!("{}:{}", target.surface.as_str(), target.operation);
    if let Some(point) = target.point {
        let _ = write!(text, "@{}", point.as_str());
    }
    if let Some(bytes) = target.at_bytes {
        let _ = write!(text, "@{}", print_size(bytes));
    }
    text
}

fn print_predicate(predicate: &Predicate) -> String {
    match predicate {
        // Another list within a list of its kind keeps its parentheses, since it is another tree than one flat list.
        Predicate::All(items) => {
            print_items(items, " and ", |item| matches!(item, Predicate::All(_) | Predicate::Any(_)))
        }
        Predicate::Any(items) => print_items(items, " or ", |item| matches!(item, Predicate::Any(_))),
        Predicate::Not(inner) if matches!(**inner, Predicate::All(_) | Predicate::Any(_)) => {
            format!("not ({})", print_predicate(inner))
        }
        Predicate::Not(inner) => format!("not {}", print_predicate(inner)),
        Predicate::Comparison(comparison) => print_comparison(comparison),
    }
}

fn print_items(items: &[Predicate], word: &str, in_parentheses: fn(&Predicate) -> bool) -> String {
    let print = |item: &Predicate| {
        let text = print_predicate(item);
        if in_parentheses(item) { format!("({text})") } else { text }
    };
    items.iter().map(print).collect::<Vec<_>>().join(word)
}

fn print_comparison(comparison: &Comparison) -> String {
    let Comparison { fact, operator, values } = comparison;
    let values: Vec<String> = values.iter().map(|value| print_value(fact, *operator, value)).collect();
    match operator {
        Operator::Exists => format!("{fact} exists"),
        Operator::In => format!("{fact} in ({})", values.join(", ")),
        operator => format!("{fact} {} {}", operator.as_str(), values.join(", ")),
    }
}

/// Numbers stand as they are, all else between quotes.
fn print_value(fact: &FactName, operator: Operator, value: &str) -> String {
    let is_pattern = matches!(operator, Operator::Glob | Operator::Regex);
    let takes_number = !is_pattern && (fact.is_number() || operator.is_order());
    if takes_number && parse_size(value).is_some() { value.to_owned() } else { print_text(value) }
}

fn print_text(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            letter if letter.is_control() => {
                let _ = write!(quoted, "\\u{{{:x}}}", u32::from(letter));
            }
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

fn print_step(step: &Step) -> String {
    let mut text = String::new();
    let _ = match &step.extent {
        Extent::Forever => Ok(()),
        Extent::Count(count) => write!(text, "{count}x "),
        Extent::Window(window) => write!(text, "for {} ", print_duration(*window)),
        Extent::UntilGate(gate) => write!(text, "until {gate} "),
    };
    if let Some(percent) = step.percent {
        let _ = write!(text, "{percent}% ");
    }
    if step.exact {
        text.push_str("exact ");
    }
    if let Some(every) = step.every {
        let _ = write!(text, "every {every} ");
    }
    text + &print_actions(&step.actions)
}

fn print_action(action: &Action) -> String {
    match action {
        Action::Status(status) => print_status(status),
        Action::Delay { min, max } if min == max => format!("delay({})", print_duration(*min)),
        Action::Delay { min, max } => format!("delay({}..{})", print_duration(*min), print_duration(*max)),
        Action::Fail { code, reason: None } => format!("fail({})", print_text(code)),
        Action::Fail { code, reason: Some(reason) } => {
            format!("fail({}, reason={})", print_text(code), print_text(reason))
        }
        Action::LoseReply { end } => format!("lose_reply({})", end.as_str()),
        Action::Hold { gate } => format!("hold({gate})"),
        Action::Truncate { keep, fix_length } => {
            let keep = match keep {
                Keep::Percent(percent) => format!("{percent}%"),
                Keep::Bytes(bytes) => print_size(*bytes),
            };
            format!("truncate({keep}{})", if *fix_length { ", fix_length=true" } else { "" })
        }
        Action::Reset { after_bytes: None } => "reset".to_owned(),
        Action::Reset { after_bytes: Some(bytes) } => format!("reset(after_bytes={})", print_size(*bytes)),
    }
}

fn print_status(status: &Status) -> String {
    let code = status.code.map(|code| code.to_string());
    let error = status.error.as_deref().map(print_text);
    let message = status.message.as_deref().map(|message| format!("message={}", print_text(message)));
    let arguments: Vec<String> = [code, error, message].into_iter().flatten().collect();
    format!("status({})", arguments.join(", "))
}

fn print_range(range: FireRange) -> String {
    match range {
        FireRange::AT_LEAST_ONCE => String::new(),
        FireRange { min, max: Some(max) } if min == max => format!(" {min}"),
        FireRange { min, max: Some(max) } => format!(" {min}..{max}"),
        FireRange { min, max: None } => format!(" {min}.."),
    }
}

/// The canonical text.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&print_rule(self))
    }
}

/// The canonical text.
impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&print_matcher(self))
    }
}
