//! What a matcher asks for, apart from whether a record answers it.

use crate::facts::{Fact, Facts, Surface, Value};
use crate::faults::{CheckedMatcher, Comparison, FactName, Operator};

use super::evicted::{Knowledge, TALLIED_FACTS, Tally};
use super::record::Record;

/// Whether surface and operation are those asked for.
pub(super) fn names(matcher: &CheckedMatcher, facts: &Facts) -> bool {
    matcher.matcher().target.matches(facts)
}

/// Whether the call is one that is asked for on the AWS JSON API, but came over another surface.
pub(super) fn names_on_other_surface(matcher: &CheckedMatcher, facts: &Facts) -> bool {
    facts.surface != Surface::Ecr
        && facts.any.is_some_and(|operation| names(matcher, &Facts::new(Surface::Ecr, operation, facts.any)))
}

/// Whether it asks for nothing but surface and operation.
pub(super) fn is_plain(matcher: &CheckedMatcher) -> bool {
    matcher.matcher().where_.is_none()
}

/// What is known of an evicted record's match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It matches.
    Matches,
    /// It matches or not; nobody knows any more.
    MayMatch,
    /// It does not match.
    Differs,
}

/// Whether the records of a tally match.
pub(super) fn ask_tally(matcher: &CheckedMatcher, tally: &Tally) -> Answer {
    let decides = match tally.knowledge {
        Knowledge::Result => is_tallied(matcher),
        Knowledge::Operation => is_plain(matcher),
        Knowledge::Beginning => false,
    };
    ask(matcher, &tally.facts, decides)
}

/// Whether an evicted, unfinished record matches.
pub(super) fn ask_stump(matcher: &CheckedMatcher, stump: &Record) -> Answer {
    ask(matcher, &stump.facts, is_tallied(matcher))
}

fn ask(matcher: &CheckedMatcher, facts: &Facts, decides: bool) -> Answer {
    if decides && matcher.matches(facts) {
        Answer::Matches
    } else if !decides && names(matcher, facts) {
        Answer::MayMatch
    } else {
        Answer::Differs
    }
}

/// Whether it asks for no fact that tallies of evicted records leave out.
fn is_tallied(matcher: &CheckedMatcher) -> bool {
    let known = |name: &FactName| matches!(name, FactName::Known(fact) if TALLIED_FACTS.contains(fact));
    comparisons(matcher).iter().all(|comparison| known(&comparison.fact))
}

/// The values that it asks for with `=`.
pub(super) fn wanted(matcher: &CheckedMatcher) -> Vec<(Fact, Value)> {
    comparisons(matcher)
        .into_iter()
        .filter_map(|comparison| match (&comparison.fact, comparison.operator, &*comparison.values) {
            (FactName::Known(fact), Operator::Equal, [value]) => Some((*fact, Value::from(value.clone()))),
            _ => None,
        })
        .collect()
}

fn comparisons(matcher: &CheckedMatcher) -> Vec<&Comparison> {
    let mut found = Vec::new();
    if let Some(predicate) = &matcher.matcher().where_ {
        predicate.comparisons("", &mut |_, comparison| found.push(comparison));
    }
    found
}
