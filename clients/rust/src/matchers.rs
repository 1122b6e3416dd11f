//! What `verify` and `calls` look for: `calls("ecr:PutImage").filter("repository", "app").exactly(2)`.
//!
//! Pure. A matcher says which records; a count makes an expectation of it. The daemon judges.

use std::fmt;

use crate::errors::Violation;
use crate::predicates::{Predicate, Values, conjunction, fact};
use crate::proto;
use crate::records::Phase;
use crate::target::Target;

/// Which records. Begin with [`calls`]; a count such as [`exactly`](Self::exactly) makes an [`Expectation`] of it.
#[derive(Clone, Debug)]
#[must_use]
pub struct Matcher {
    target: Target,
    predicate: Option<Predicate>,
    /// Set for a matcher that was given whole as text; excludes the two above.
    text: String,
    unit: CountUnit,
    phase: Option<Phase>,
    problems: Vec<String>,
}

#[derive(Clone, Copy, Debug)]
enum CountUnit {
    Calls,
    LogicalCalls,
}

/// Begins a matcher: `calls("ecr:PutImage")`, `calls("oci:*")`, or text: `calls("oci:blob.get where size > 1MiB")`.
///
/// Surfaces are `ecr`, `oci`, `any`, `upstream` and `task`.
pub fn calls(target: &str) -> Matcher {
    let whole = target.contains(" where ");
    let parsed = Target::parse(target);
    let problem = match &parsed {
        _ if whole => None,
        None => Some(format!("not a target: {target:?}; write \"ecr:PutImage\" or \"oci:*\"")),
        Some(parsed) if !parsed.point.is_empty() => Some(format!("a matcher has no point: {target:?}")),
        Some(_) => None,
    };
    Matcher {
        target: parsed.unwrap_or_default(),
        predicate: None,
        text: if whole { target.to_owned() } else { String::new() },
        unit: CountUnit::Calls,
        phase: None,
        problems: problem.into_iter().collect(),
    }
}

impl From<&str> for Matcher {
    fn from(target: &str) -> Self {
        calls(target)
    }
}

impl Matcher {
    /// Narrows it: `filter("repository", "app")` is equality, `filter("tag", ["a", "b"])` with any of them.
    pub fn filter(self, name: &str, values: impl Into<Values>) -> Self {
        self.matching(fact(name).equals(values))
    }

    /// Narrows it by any predicate: `matching(fact("size").greater("1MiB"))`.
    pub fn matching(mut self, predicate: Predicate) -> Self {
        if !self.text.is_empty() {
            self.problems.push("a matcher given as text says all its conditions in the text".to_owned());
        }
        self.predicate = Some(conjunction(self.predicate, predicate));
        self
    }

    /// Only those that were answered with this HTTP status.
    pub fn status(self, status: u16) -> Self {
        self.filter("status", u64::from(status))
    }

    /// Only those that were answered with this error code.
    pub fn error(self, error: &str) -> Self {
        self.filter("error", error)
    }

    /// Only those with this request header, of this value.
    pub fn header(self, name: &str, value: &str) -> Self {
        self.filter(&format!("header.{}", name.to_ascii_lowercase()), value)
    }

    /// Counts the attempts of one logical call (`amz-sdk-invocation-id`) once.
    pub fn logical(mut self) -> Self {
        self.unit = CountUnit::LogicalCalls;
        self
    }

    /// Counts records once they have reached this phase; at first [`Phase::Finished`].
    pub fn reached(mut self, phase: Phase) -> Self {
        self.phase = Some(phase);
        self
    }

    /// So many.
    pub fn exactly(self, count: u64) -> Expectation {
        self.counted(Some(count), Some(count))
    }

    /// So many or more.
    pub fn at_least(self, count: u64) -> Expectation {
        self.counted(Some(count), None)
    }

    /// So many or fewer.
    pub fn at_most(self, count: u64) -> Expectation {
        self.counted(None, Some(count))
    }

    /// From `least` to `most`, both included.
    pub fn between(self, least: u64, most: u64) -> Expectation {
        self.counted(Some(least), Some(most))
    }

    /// Exactly one.
    pub fn once(self) -> Expectation {
        self.exactly(1)
    }

    /// None at all.
    pub fn never(self) -> Expectation {
        self.exactly(0)
    }

    fn counted(self, least: Option<u64>, most: Option<u64>) -> Expectation {
        Expectation { label: String::new(), form: Form::Count { matcher: Box::new(self), least, most } }
    }

    pub(crate) fn violations(&self, path: &str) -> Vec<Violation> {
        let violation = |problem: &String| Violation { field: path.to_owned(), description: problem.clone() };
        self.problems.iter().map(violation).collect()
    }

    /// The matcher without unit and phase, which belong to the expectation.
    pub(crate) fn to_proto(&self) -> proto::Matcher {
        if !self.text.is_empty() {
            return proto::Matcher { text: self.text.clone(), ..proto::Matcher::default() };
        }
        proto::Matcher {
            text: String::new(),
            target: Some(self.target.to_proto()),
            r#where: self.predicate.as_ref().map(Predicate::to_proto),
        }
    }
}

impl fmt::Display for Matcher {
    /// The matcher as text, `target [where predicate]`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.predicate {
            _ if !self.text.is_empty() => formatter.write_str(&self.text),
            Some(predicate) => write!(formatter, "{} where {predicate}", self.target),
            None => write!(formatter, "{}", self.target),
        }
    }
}

/// What is expected of the journal: a number of records, or records in an order.
#[derive(Clone, Debug)]
#[must_use = "an expectation is judged by `World::verify` only"]
pub struct Expectation {
    label: String,
    form: Form,
}

#[derive(Clone, Debug)]
enum Form {
    Count { matcher: Box<Matcher>, least: Option<u64>, most: Option<u64> },
    Sequence(Vec<Matcher>),
}

/// Expects records in this order; others may lie in between.
pub fn sequence(matchers: impl IntoIterator<Item = impl Into<Matcher>>) -> Expectation {
    let matchers = matchers.into_iter().map(Into::into).collect();
    Expectation { label: String::new(), form: Form::Sequence(matchers) }
}

impl Expectation {
    /// Names it in the report; at first the matcher's text.
    pub fn labelled(mut self, label: &str) -> Self {
        label.clone_into(&mut self.label);
        self
    }

    pub(crate) fn violations(&self, path: &str) -> Vec<Violation> {
        match &self.form {
            Form::Count { matcher, .. } => matcher.violations(&format!("{path}.count.matcher")),
            Form::Sequence(matchers) => {
                let violations = |(index, matcher): (usize, &Matcher)| {
                    matcher.violations(&format!("{path}.sequence.matchers[{index}]"))
                };
                matchers.iter().enumerate().flat_map(violations).collect()
            }
        }
    }

    pub(crate) fn to_proto(&self) -> proto::Expectation {
        let form = match &self.form {
            Form::Count { matcher, least, most } => proto::expectation::Form::Count(proto::CountExpectation {
                matcher: Some(matcher.to_proto()),
                min: *least,
                max: *most,
                unit: match matcher.unit {
                    CountUnit::Calls => proto::CountUnit::Calls,
                    CountUnit::LogicalCalls => proto::CountUnit::LogicalCalls,
                }
                .into(),
                phase: matcher.phase.map_or(proto::Phase::Unspecified, Phase::to_proto).into(),
            }),
            Form::Sequence(matchers) => proto::expectation::Form::Sequence(proto::SequenceExpectation {
                matchers: matchers.iter().map(Matcher::to_proto).collect(),
            }),
        };
        proto::Expectation { label: self.label.clone(), form: Some(form) }
    }
}

/// What [`World::verify`](crate::World::verify) takes: one expectation or several.
#[derive(Clone, Debug)]
pub struct Expectations(pub(crate) Vec<Expectation>);

impl From<Expectation> for Expectations {
    fn from(expectation: Expectation) -> Self {
        Self(vec![expectation])
    }
}

impl From<Vec<Expectation>> for Expectations {
    fn from(expectations: Vec<Expectation>) -> Self {
        Self(expectations)
    }
}

impl<const N: usize> From<[Expectation; N]> for Expectations {
    fn from(expectations: [Expectation; N]) -> Self {
        Self(Vec::from(expectations))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matcher_prints_as_its_text() {
        let check = |matcher: Matcher, text: &str| assert_eq!(matcher.to_string(), text);
        check(calls("ecr:PutImage"), "ecr:PutImage");
        check(calls("oci:*").filter("repository", "app"), r#"oci:* where repository = "app""#);
        check(calls("any:*").status(503).error("X"), r#"any:* where status = 503 and error = "X""#);
        check(calls("any:*").header("Range", "bytes=0-"), r#"any:* where header.range = "bytes=0-""#);
        check(calls("oci:blob.get where size > 1MiB"), "oci:blob.get where size > 1MiB");
    }

    #[test]
    fn a_count_becomes_bounds() {
        let check = |expectation: Expectation, bounds: (Option<u64>, Option<u64>)| {
            let Some(proto::expectation::Form::Count(count)) = expectation.to_proto().form else { panic!() };
            assert_eq!((count.min, count.max), bounds);
        };
        check(calls("any:*").exactly(2), (Some(2), Some(2)));
        check(calls("any:*").at_least(2), (Some(2), None));
        check(calls("any:*").at_most(2), (None, Some(2)));
        check(calls("any:*").between(1, 2), (Some(1), Some(2)));
        check(calls("any:*").once(), (Some(1), Some(1)));
        check(calls("any:*").never(), (Some(0), Some(0)));
    }

    #[test]
    fn unit_phase_and_label_reach_the_tree() {
        let tree = calls("ecr:PutImage").logical().reached(Phase::Arrived).once().labelled("one put").to_proto();
        let Some(proto::expectation::Form::Count(count)) = tree.form else { panic!() };
        assert_eq!(tree.label, "one put");
        assert_eq!(count.unit, i32::from(proto::CountUnit::LogicalCalls));
        assert_eq!(count.phase, i32::from(proto::Phase::Arrived));
    }

    #[test]
    fn what_is_no_matcher_is_remembered() {
        let check = |expectation: Expectation, field: &str| {
            let violations = expectation.violations("expectations[0]");
            assert_eq!(violations.iter().map(|violation| violation.field.as_str()).collect::<Vec<_>>(), [field]);
        };
        check(calls("PutImage").once(), "expectations[0].count.matcher");
        check(calls("ecr:PutImage@before").once(), "expectations[0].count.matcher");
        check(calls("ecr:* where tag = \"a\"").status(200).once(), "expectations[0].count.matcher");
        check(sequence([calls("ecr:*"), calls("x")]), "expectations[0].sequence.matchers[1]");
    }
}
