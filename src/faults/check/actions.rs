//! Checks the actions of a step: legal where they act, one terminal at most, arguments within bounds.

use crate::faults::points::{Point, legal_actions};
use crate::faults::tree::{Action, Keep, Step, Target};
use crate::faults::violation::{Problem, Reason};

use super::check_gate_name;
use super::plan::is_carried;

pub(super) fn check(step: &Step, path: &str, target: &Target, problems: &mut Vec<Problem>) {
    let mut terminal: Option<&Action> = None;
    for (position, action) in step.actions.iter().enumerate() {
        let path = format!("{path}.actions[{position}]");
        if action.kind().is_terminal() {
            if let Some(first) = terminal {
                let (first, second) = (first.kind().as_str(), action.kind().as_str());
                let message = format!("`{first}` ends the call already, `{second}` cannot end it again");
                problems.push(Problem::new(&path, Reason::TwoTerminals, message));
            }
            terminal = terminal.or(Some(action));
        }
        check_point(action, target, &path, problems);
        check_arguments(action, &format!("{path}.{}", action.kind().as_str()), problems);
    }
}

fn check_point(action: &Action, target: &Target, path: &str, problems: &mut Vec<Problem>) {
    let kind = action.kind();
    let point = target.point.unwrap_or_else(|| kind.default_point(target.surface));
    let legal = match (legal_actions(target.surface, point), target.point) {
        (Some(legal), _) => legal,
        // The target itself is refused for its point.
        (None, Some(_)) => return,
        (None, None) => &[],
    };
    if !legal.contains(&kind) {
        let mut message = format!("`{}` cannot be done to `{}`", kind.as_str(), target.surface.as_str());
        if !legal.is_empty() {
            let legal: Vec<String> = legal.iter().map(|kind| format!("`{}`", kind.as_str())).collect();
            message = format!("{message} at `{}`, only {}", point.as_str(), legal.join(", "));
        }
        problems.push(Problem::new(path, Reason::IllegalActionAtPoint, message));
        return;
    }
    match action {
        Action::Reset { after_bytes: Some(_) } if point == Point::Before => {
            let message = "nothing is sent at `before`, so `reset` takes no byte count there";
            problems.push(Problem::new(format!("{path}.reset.after_bytes"), Reason::IllegalActionAtPoint, message));
        }
        Action::Reset { after_bytes: Some(_) } | Action::Truncate { .. } if target.at_bytes.is_some() => {
            let message = format!("`{}` says itself how much is sent, the point cannot say it too", kind.as_str());
            problems.push(Problem::new(path, Reason::OutOfRange, message));
        }
        _ => {}
    }
}

fn check_arguments(action: &Action, path: &str, problems: &mut Vec<Problem>) {
    let mut refuse = |member: &str, message: String| {
        problems.push(Problem::new(format!("{path}{member}"), Reason::OutOfRange, message));
    };
    match action {
        Action::Status(status) => {
            if let Some(code) = status.code
                && !(400..=599).contains(&code)
            {
                refuse(".code", format!("{code} is not an HTTP status of an error, 400 to 599"));
            }
            if status.code.is_none() && status.error.is_none() {
                refuse("", "`status` needs an HTTP status or the name of an error".to_owned());
            }
            if let Some(error) = &status.error
                && error.bytes().all(|byte| byte.is_ascii_digit())
            {
                refuse(".error", format!("`{error}` is not the name of an error"));
            }
            if status.message.as_deref() == Some("") {
                refuse(".message", "a message has at least one character".to_owned());
            }
        }
        Action::Delay { min, max } if max < min => refuse(".max", "the longest delay is below the shortest".to_owned()),
        Action::Delay { max, .. } if !is_carried(*max) => {
            refuse(".max", "a delay lasts for ten thousand years at most".to_owned());
        }
        Action::Fail { code, reason } => {
            if code.is_empty() {
                refuse(".code", "a failure code has at least one character".to_owned());
            }
            if reason.as_deref() == Some("") {
                refuse(".reason", "a reason has at least one character".to_owned());
            }
        }
        Action::Hold { gate } => check_gate_name(gate, &format!("{path}.gate"), problems),
        Action::Truncate { keep: Keep::Percent(percent), .. } if !(0.0..=100.0).contains(percent) => {
            refuse(".percent", format!("{percent} % is not between 0 and 100"));
        }
        Action::Delay { .. } | Action::LoseReply { .. } | Action::Truncate { .. } | Action::Reset { .. } => {}
    }
}
