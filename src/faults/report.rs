//! What the rules of a world did all in all, for the report when it is finished.

use std::sync::Arc;

use super::rules::RuleSet;
use super::tree::FireRange;

/// What one rule did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleReport {
    /// Its name.
    pub name: Arc<str>,
    /// Canonical text.
    pub text: Arc<str>,
    /// Label of the rule.
    pub tag: Option<Arc<str>>,
    /// Calls, tasks or upstream calls that matched, shadowed ones included.
    pub matched: u64,
    /// Matches on which an action was taken.
    pub fired: u64,
    /// Matches that another rule's terminal took away.
    pub shadowed: u64,
    /// Matches after the end of a plan whose tail is `unexpected`.
    pub unexpected: u64,
    /// Steps that no match ever met, from 0.
    pub steps_never_reached: Vec<u32>,
    /// What `must_fire` asked for, if `fired` is not within it.
    pub must_fire_unmet: Option<FireRange>,
}

impl RuleReport {
    /// Whether nothing ever matched.
    pub fn never_matched(&self) -> bool {
        self.matched == 0
    }

    /// What makes a test fail, a sentence each: a `must_fire` that is not met, and unexpected matches.
    pub fn failures(&self) -> Vec<String> {
        let mut failures = Vec::new();
        if let Some(range) = self.must_fire_unmet {
            let wanted = match range.max {
                None => format!("at least {}", range.min),
                Some(max) if max == range.min => format!("exactly {max}"),
                Some(max) => format!("{} to {max}", range.min),
            };
            failures.push(format!(
                "rule `{}` fired {} times of {} matches, it must fire {wanted}",
                self.name, self.fired, self.matched
            ));
        }
        if self.unexpected > 0 {
            failures.push(format!("rule `{}` met {} calls after the end of its plan", self.name, self.unexpected));
        }
        failures
    }
}

impl RuleSet {
    /// What each rule did, in order of evaluation.
    pub fn report(&self) -> Vec<RuleReport> {
        self.in_force()
            .map(|rule| {
                let state = self.state(rule);
                let steps = 0..rule.plan.steps.len() as u32;
                RuleReport {
                    name: Arc::clone(&rule.name),
                    text: Arc::clone(&rule.text),
                    tag: rule.rule.tag.clone(),
                    matched: state.matched,
                    fired: state.fired,
                    shadowed: state.shadowed,
                    unexpected: state.unexpected,
                    steps_never_reached: steps.filter(|step| state.reached & (1 << step) == 0).collect(),
                    must_fire_unmet: rule.rule.must_fire.filter(|range| !range.contains(state.fired)),
                }
            })
            .collect()
    }
}
