//! Fault rules: what goes wrong, where, when and how often.
//!
//! Pure decisions. A rule is typed data ([`tree`]); the one-line text ([`text`]) is a spelling of it; `check` turns it
//! into something that can be in force, or says all that is wrong with it; [`RuleSet`] decides, once per call and in the
//! world's single writer, what happens. Nothing here waits, resets or answers: the pipeline reads the [`Decision`] and does.

mod check;
mod decision;
mod dice;
mod glob;
mod index;
mod matching;
#[cfg(test)]
mod model_test;
mod nearest;
mod operations;
mod plan;
pub mod points;
mod predicate;
mod report;
mod rules;
#[cfg(test)]
mod rules_test;
#[cfg(test)]
pub(crate) mod samples;
pub mod text;
pub mod tree;
mod verdict;
mod violation;
mod vocabulary;

pub use check::{CheckedRule, Checker, check_matcher, parse_matcher, parse_rules};
pub use decision::{BodyDelay, BodyEffects, BodyFault, Decision, Effects, Hit, Refusal, TaskFailure, Wait};
pub use glob::Glob;
pub use matching::{CheckedMatcher, Condition};
pub use operations::Operations;
pub use plan::OpenGates;
pub use predicate::{Comparison, FactName, Operator, Predicate, UnknownFact};
pub use report::RuleReport;
pub use rules::{Applied, ApplyMode, DecideContext, MAX_RULES, RuleSet, RuleStatus, Selection, TooManyRules};
pub use tree::{
    Action, ConnectionEnd, CounterKey, Extent, FireRange, Keep, Matcher, Rule, Status, Step, Tail, Target,
    TargetSurface,
};
pub use violation::{Reason, Violation};

pub(crate) use nearest::did_you_mean;
pub(crate) use vocabulary::{POINTS_NOT_YET, SURFACES_NOT_YET, not_yet_message};
