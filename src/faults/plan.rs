//! The plan of a rule in force: which step a match meets, and where the plan stands after it.
//!
//! `->` is consumption in order: a step is left when its count or window is spent. Nothing here waits or looks at a clock;
//! the time of a match is handed in, and steps that went by between two matches are caught up with at the second.

use std::sync::Arc;
use std::time::Duration;

use crate::registry::Map;
use crate::registry::types::Timestamp;

use super::points::Point;
use super::tree::{Action, Extent, Tail};

/// Gates that are open for good, and since when.
pub type OpenGates = Map<Arc<str>, Timestamp>;

/// A checked plan.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// At least one; only the last lasts for ever.
    pub(super) steps: Vec<PlanStep>,
    pub(super) tail: Tail,
}

/// A checked step.
#[derive(Clone, Debug)]
pub(super) struct PlanStep {
    pub(super) extent: Extent,
    pub(super) percent: Option<f64>,
    pub(super) exact: bool,
    pub(super) every: Option<u64>,
    pub(super) actions: Vec<PlacedAction>,
    /// Canonical text of the actions.
    pub(super) text: Arc<str>,
}

/// An action and the point at which it acts.
#[derive(Clone, Debug)]
pub(super) struct PlacedAction {
    pub(super) point: Point,
    pub(super) action: Action,
}

impl PlanStep {
    /// The point of its terminal action, if it has one.
    pub(super) fn terminal(&self) -> Option<Point> {
        self.actions.iter().find(|placed| placed.action.kind().is_terminal()).map(|placed| placed.point)
    }

    /// Whether a call that another rule ends at this point leaves nothing for it to do: it comes later and would end the
    /// call too, or it would only make it wait at a point that the call no longer reaches.
    ///
    /// A terminal that comes earlier did not fire, or it would have won; that match counts.
    pub(super) fn is_shadowed(&self, end: Point, comes_later: bool) -> bool {
        let unreached = |point: Point| match end {
            Point::Before => matches!(point, Point::After | Point::SendBody),
            Point::After => point == Point::SendBody,
            Point::SendBody | Point::TaskFinish => false,
        };
        if self.terminal().is_some() {
            return comes_later;
        }
        !self.actions.is_empty() && self.actions.iter().all(|placed| unreached(placed.point))
    }
}

/// Where a plan stands for one counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Counter {
    /// Index of the step; the number of steps when the plan is spent.
    pub(super) step: u32,
    /// When the step was entered.
    pub(super) entered: Timestamp,
    /// Matches that the step has met.
    pub(super) met: u64,
}

impl Counter {
    /// Where every plan begins.
    pub(super) fn begin(now: Timestamp) -> Self {
        Self { step: 0, entered: now, met: 0 }
    }
}

impl Plan {
    /// Whether any step draws, so that calls of one fingerprint must be told apart.
    pub(super) fn has_dice(&self) -> bool {
        let varies = |action: &Action| matches!(action, Action::Delay { min, max } if min != max);
        self.steps.iter().any(|step| {
            (step.percent.is_some() && !step.exact) || step.actions.iter().any(|placed| varies(&placed.action))
        })
    }

    /// Moves past all that time and gates have ended.
    pub(super) fn settle(&self, mut counter: Counter, now: Timestamp, gates: &OpenGates) -> Counter {
        while let Some(step) = self.steps.get(counter.step as usize) {
            if self.is_endless(counter.step) {
                break;
            }
            let ended = match &step.extent {
                Extent::Forever | Extent::Count(_) => None,
                Extent::Window(window) => Some(counter.entered.plus(*window)).filter(|end| *end <= now),
                Extent::UntilGate(gate) => gates.get(gate).map(|opened| (*opened).max(counter.entered)),
            };
            let Some(ended) = ended else { break };
            counter = self.leave(counter, ended);
            if counter.step == 0 {
                match self.skip_laps(counter, now, gates) {
                    Some(skipped) => counter = skipped,
                    // A lap that takes no time would turn for ever; the plan has nothing left to do.
                    None => return Counter { step: self.steps.len() as u32, ..counter },
                }
            }
        }
        counter
    }

    /// Counts a match that the present step has met.
    pub(super) fn meet(&self, counter: Counter, now: Timestamp) -> Counter {
        let counter = Counter { met: counter.met + 1, ..counter };
        match self.steps.get(counter.step as usize).map(|step| &step.extent) {
            Some(Extent::Count(count)) if counter.met >= *count && !self.is_endless(counter.step) => {
                self.leave(counter, now)
            }
            _ => counter,
        }
    }

    /// Whether the step is the last one of a plan that repeats it.
    fn is_endless(&self, step: u32) -> bool {
        self.tail == Tail::Repeat && step as usize + 1 == self.steps.len()
    }

    fn leave(&self, counter: Counter, now: Timestamp) -> Counter {
        let next = counter.step + 1;
        let wraps = self.tail == Tail::Loop && next as usize == self.steps.len();
        Counter { step: if wraps { 0 } else { next }, entered: now, met: 0 }
    }

    /// Passes over whole laps of a looping plan that has just begun again, so that a long time costs no more than a short
    /// one. Absent if laps take no time at all.
    fn skip_laps(&self, counter: Counter, now: Timestamp, gates: &OpenGates) -> Option<Counter> {
        let mut lap = Duration::ZERO;
        for step in &self.steps {
            match &step.extent {
                Extent::Window(window) => lap = lap.saturating_add(*window),
                Extent::UntilGate(gate) if gates.get(gate).is_some_and(|opened| *opened <= counter.entered) => {}
                // Such a step holds the lap up, so there is no whole lap to skip.
                Extent::UntilGate(_) | Extent::Count(_) | Extent::Forever => return Some(counter),
            }
        }
        let passed = now.since(counter.entered).as_micros();
        // Times have no finer grain than this, so neither has a lap.
        let skipped = passed.checked_div(lap.as_micros())? * lap.as_micros();
        let skipped = Duration::from_micros(u64::try_from(skipped).unwrap_or(u64::MAX));
        Some(Counter { entered: counter.entered.plus(skipped), ..counter })
    }
}
