//! Checks surface, operation and point of a target.

use crate::faults::nearest::did_you_mean;
use crate::faults::operations::{Operations, names_of};
use crate::faults::points::{Point, legal_actions, points_of};
use crate::faults::tree::{Target, TargetSurface};
use crate::faults::violation::{Problem, Reason};
use crate::faults::vocabulary;

pub(super) fn check(target: &Target, operations: &dyn Operations, problems: &mut Vec<Problem>) {
    check_operation(target, operations, problems);
    check_point(target, problems);
}

fn check_operation(target: &Target, operations: &dyn Operations, problems: &mut Vec<Problem>) {
    let known = names_of(operations, target.surface);
    if known.iter().any(|name| target.operation.matches(name)) {
        return;
    }
    let (surface, operation) = (target.surface.as_str(), target.operation.as_str());
    if target.surface == TargetSurface::Task && vocabulary::TASKS_NOT_YET.contains(&operation) {
        problems.push(vocabulary::not_yet("target.operation", "the task", operation));
        return;
    }
    let verb = if target.operation.is_literal() { "is named" } else { "matches" };
    let hint = did_you_mean(operation, known);
    let message = format!("no operation of `{surface}` {verb} `{operation}`{hint}");
    problems.push(Problem::new("target.operation", Reason::UnknownOperation, message));
}

fn check_point(target: &Target, problems: &mut Vec<Problem>) {
    let surface = target.surface;
    if let Some(point) = target.point
        && legal_actions(surface, point).is_none()
    {
        let points: Vec<String> = points_of(surface).map(|point| format!("`{}`", point.as_str())).collect();
        let message = format!("`{}` has no point `{}`, only {}", surface.as_str(), point.as_str(), points.join(", "));
        problems.push(Problem::new("target.point", Reason::IllegalActionAtPoint, message));
    }
    if target.at_bytes.is_some() && target.point != Some(Point::SendBody) {
        let message = "only the point `send.body` takes a byte count";
        problems.push(Problem::new("target.at_bytes", Reason::OutOfRange, message));
    }
}
