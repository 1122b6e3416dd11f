//! Checks and compiles the steps of a rule.

use std::sync::Arc;
use std::time::Duration;

use crate::faults::plan::{PlacedAction, Plan, PlanStep};
use crate::faults::text::print_actions;
use crate::faults::tree::{Action, Extent, Rule, Step, Tail};
use crate::faults::violation::{Problem, Reason};

use super::{actions, check_gate_name};

/// Steps that a plan may have; the report keeps a bit for each.
const MAX_STEPS: usize = 64;

/// The longest time that protobuf's `Duration` carries, ten thousand years.
const MAX_DURATION: Duration = Duration::from_hours(87_660_000);

/// Compiles the plan; it is only of use if no problem was found.
pub(super) fn compile(rule: &Rule, problems: &mut Vec<Problem>) -> Plan {
    check_shape(rule, problems);
    for (position, step) in rule.steps.iter().enumerate() {
        let path = format!("steps[{position}]");
        check_when(step, &path, problems);
        actions::check(step, &path, &rule.target, problems);
    }
    let steps = rule.steps.iter().map(|step| compile_step(step, rule)).collect();
    Plan { steps, tail: rule.tail }
}

fn compile_step(step: &Step, rule: &Rule) -> PlanStep {
    let place = |action: &Action| PlacedAction {
        point: rule.target.point.unwrap_or_else(|| action.kind().default_point(rule.target.surface)),
        action: action.clone(),
    };
    PlanStep {
        extent: step.extent.clone(),
        percent: step.percent,
        exact: step.exact,
        every: step.every,
        actions: step.actions.iter().map(place).collect(),
        text: Arc::from(print_actions(&step.actions)),
    }
}

fn check_shape(rule: &Rule, problems: &mut Vec<Problem>) {
    if rule.steps.is_empty() {
        problems.push(Problem::new("steps", Reason::EmptyPlan, "a plan has at least one step"));
    }
    if rule.steps.len() > MAX_STEPS {
        let message = format!("a plan has at most {MAX_STEPS} steps, not {}", rule.steps.len());
        problems.push(Problem::new("steps", Reason::OutOfRange, message));
    }
    let Some(endless) = rule.steps.iter().position(|step| step.extent == Extent::Forever) else { return };
    if endless + 1 < rule.steps.len() {
        let message =
            "never reached: the step before it lasts for ever; give that a count (`1x`) or a window (`for 10m`)";
        problems.push(Problem::new(format!("steps[{}]", endless + 1), Reason::UnreachableStep, message));
    } else if rule.tail != Tail::Pass {
        let message = format!("`{}` is never reached: the last step lasts for ever", rule.tail.as_str());
        problems.push(Problem::new("tail", Reason::UnreachableStep, message));
    }
}

fn check_when(step: &Step, path: &str, problems: &mut Vec<Problem>) {
    if let Extent::UntilGate(gate) = &step.extent {
        check_gate_name(gate, &format!("{path}.until_gate"), problems);
    }
    let extent = match &step.extent {
        Extent::Count(0) => Some(("count", "a step lasts for at least one match".to_owned())),
        Extent::Window(window) => check_window(*window).map(|message| ("window", message.to_owned())),
        Extent::Forever | Extent::Count(_) | Extent::UntilGate(_) => None,
    };
    let chance = match step.percent {
        Some(percent) if !(0.0..=100.0).contains(&percent) => {
            Some(("percent", format!("{percent} % is not between 0 and 100")))
        }
        None if step.exact => Some(("exact", "`exact` needs a percentage".to_owned())),
        _ => None,
    };
    let every = (step.every == Some(0)).then(|| ("every", "`every` counts from 1".to_owned()));
    for (member, message) in [extent, chance, every].into_iter().flatten() {
        problems.push(Problem::new(format!("{path}.{member}"), Reason::OutOfRange, message));
    }
}

fn check_window(window: Duration) -> Option<&'static str> {
    match window {
        Duration::ZERO => Some("a window of no length contains no call"),
        window if !is_carried(window) => Some("a window lasts for ten thousand years at most"),
        window if window.subsec_nanos() % 1_000 != 0 => Some("virtual time has no finer grain than a microsecond"),
        _ => None,
    }
}

/// Whether a duration can be carried by protobuf.
pub(super) fn is_carried(duration: Duration) -> bool {
    duration <= MAX_DURATION
}
