//! `Condition`: circumstances under which a statement applies.
//!
//! All operators and all keys must hold; one of a key's values is enough. Source:
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>,
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html>

use std::borrow::Cow;

use super::arn_pattern::ArnPattern;
use super::operand::{Network, Relation, number, time};
use super::request::Request;
use super::template::Template;
use crate::registry::policy::Json;
use crate::registry::types::Timestamp;

/// One operator on one key.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Condition {
    operator: Operator,
    /// In lower case, since case does not count.
    key: String,
    test: Test,
}

/// An operator's name, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Operator {
    set: Option<Set>,
    comparison: Comparison,
    is_negated: bool,
    if_exists: bool,
}

/// How a key with several values is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Set {
    /// `ForAnyValue:`.
    Any,
    /// `ForAllValues:`.
    All,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Text(TextComparison),
    Arn,
    Bool,
    Number(Relation),
    Time(Relation),
    Address,
    Null,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TextComparison {
    Equals,
    EqualsIgnoreCase,
    Like,
}

/// A comparison with the values of the policy.
#[derive(Clone, Debug, PartialEq)]
enum Test {
    Text(TextComparison, Vec<Template>),
    Arn(Vec<ArnPattern>),
    Number(Relation, Vec<f64>),
    Time(Relation, Vec<Timestamp>),
    Address(Vec<Network>),
    /// Whether the key is missing.
    Null(Vec<bool>),
}

impl Condition {
    /// Reads the element: operators, each with keys, each with one value or several.
    pub(super) fn parse_all(json: &Json, has_variables: bool) -> Result<Vec<Self>, String> {
        let mut conditions = Vec::new();
        for (name, keys) in json.members().ok_or("`Condition` is not an object")? {
            let operator = Operator::parse(name).ok_or_else(|| format!("`{name}` is not a condition operator"))?;
            for (key, values) in keys.members().ok_or_else(|| format!("`{name}` is not an object"))? {
                let test = scalars(values).and_then(|values| Test::parse(operator.comparison, &values, has_variables));
                let test = test.ok_or_else(|| format!("`{key}` has a value that `{name}` does not understand"))?;
                conditions.push(Self { operator, key: key.to_ascii_lowercase(), test });
            }
        }
        Ok(conditions)
    }

    /// Whether it holds for this request.
    pub(super) fn holds(&self, request: &Request<'_>) -> bool {
        let values = request.values(&self.key);
        if let Test::Null(missing) = &self.test {
            return missing.contains(&values.is_empty());
        }
        let Operator { set, is_negated, if_exists, .. } = self.operator;
        if values.is_empty() {
            // Nothing is unequal to everything, and all values of none are whatever one likes.
            return if_exists || set.map_or(is_negated, |set| set == Set::All);
        }
        let mut values = values.iter();
        let holds_for = |value: &Cow<'_, str>| self.test.matches(value, request) != is_negated;
        match set {
            Some(Set::All) => values.all(holds_for),
            None if is_negated => values.all(holds_for),
            Some(Set::Any) | None => values.any(holds_for),
        }
    }
}

impl Operator {
    fn parse(name: &str) -> Option<Self> {
        let (set, name) = match name.split_once(':') {
            Some(("ForAnyValue", name)) => (Some(Set::Any), name),
            Some(("ForAllValues", name)) => (Some(Set::All), name),
            Some(_) => return None,
            None => (None, name),
        };
        let (name, if_exists) = name.strip_suffix("IfExists").map_or((name, false), |name| (name, true));
        let (comparison, is_negated) = comparison(name)?;
        let is_legal = comparison != Comparison::Null || (set.is_none() && !if_exists);
        is_legal.then_some(Self { set, comparison, is_negated, if_exists })
    }
}

/// What an operator compares, and whether it must not hold.
fn comparison(name: &str) -> Option<(Comparison, bool)> {
    use Relation::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual};
    use TextComparison::{Equals, EqualsIgnoreCase, Like};
    Some(match name {
        // Binary values are base64 on both sides.
        "StringEquals" | "BinaryEquals" => (Comparison::Text(Equals), false),
        "StringNotEquals" => (Comparison::Text(Equals), true),
        "StringEqualsIgnoreCase" => (Comparison::Text(EqualsIgnoreCase), false),
        "StringNotEqualsIgnoreCase" => (Comparison::Text(EqualsIgnoreCase), true),
        "StringLike" => (Comparison::Text(Like), false),
        "StringNotLike" => (Comparison::Text(Like), true),
        // The two names mean the same, wildcards included.
        "ArnEquals" | "ArnLike" => (Comparison::Arn, false),
        "ArnNotEquals" | "ArnNotLike" => (Comparison::Arn, true),
        "Bool" => (Comparison::Bool, false),
        "NumericEquals" => (Comparison::Number(Equal), false),
        "NumericNotEquals" => (Comparison::Number(Equal), true),
        "NumericLessThan" => (Comparison::Number(Less), false),
        "NumericLessThanEquals" => (Comparison::Number(LessOrEqual), false),
        "NumericGreaterThan" => (Comparison::Number(Greater), false),
        "NumericGreaterThanEquals" => (Comparison::Number(GreaterOrEqual), false),
        "DateEquals" => (Comparison::Time(Equal), false),
        "DateNotEquals" => (Comparison::Time(Equal), true),
        "DateLessThan" => (Comparison::Time(Less), false),
        "DateLessThanEquals" => (Comparison::Time(LessOrEqual), false),
        "DateGreaterThan" => (Comparison::Time(Greater), false),
        "DateGreaterThanEquals" => (Comparison::Time(GreaterOrEqual), false),
        "IpAddress" => (Comparison::Address, false),
        "NotIpAddress" => (Comparison::Address, true),
        "Null" => (Comparison::Null, false),
        _ => return None,
    })
}

impl Test {
    fn parse(comparison: Comparison, values: &[String], has_variables: bool) -> Option<Self> {
        let texts =
            || values.iter().map(|value| Template::parse(value, has_variables).ok()).collect::<Option<Vec<_>>>();
        Some(match comparison {
            Comparison::Text(comparison) => Self::Text(comparison, texts()?),
            Comparison::Bool => {
                let texts = texts()?;
                let is_legal = |text: &Template| matches!(text, Template::Variable(_)) || truth(text).is_some();
                if !texts.iter().all(is_legal) {
                    return None;
                }
                Self::Text(TextComparison::EqualsIgnoreCase, texts)
            }
            Comparison::Arn => Self::Arn(
                values.iter().map(|value| ArnPattern::parse(value, has_variables).ok()).collect::<Option<_>>()?,
            ),
            Comparison::Number(relation) => {
                Self::Number(relation, values.iter().map(|value| number(value)).collect::<Option<_>>()?)
            }
            Comparison::Time(relation) => {
                Self::Time(relation, values.iter().map(|value| time(value)).collect::<Option<_>>()?)
            }
            Comparison::Address => {
                Self::Address(values.iter().map(|value| Network::parse(value)).collect::<Option<_>>()?)
            }
            Comparison::Null => Self::Null(texts()?.iter().map(truth).collect::<Option<_>>()?),
        })
    }

    /// Whether one of the policy's values is a match for this value of the request.
    fn matches(&self, value: &str, request: &Request<'_>) -> bool {
        match self {
            Self::Text(TextComparison::Equals, texts) => {
                texts.iter().any(|text| text.text(request).is_some_and(|text| text == value))
            }
            // Letters beyond ASCII fold too; IAM does not say how.
            Self::Text(TextComparison::EqualsIgnoreCase, texts) => {
                let value = value.to_lowercase();
                texts.iter().any(|text| text.text(request).is_some_and(|text| text.to_lowercase() == value))
            }
            Self::Text(TextComparison::Like, texts) => {
                texts.iter().any(|text| text.pattern(request).is_some_and(|pattern| pattern.matches(value)))
            }
            Self::Arn(patterns) => patterns.iter().any(|pattern| pattern.matches(value, request)),
            Self::Number(relation, numbers) => number(value)
                .is_some_and(|value| numbers.iter().any(|number| relation.holds(value.partial_cmp(number)))),
            Self::Time(relation, times) => {
                time(value).is_some_and(|value| times.iter().any(|time| relation.holds(Some(value.cmp(time)))))
            }
            Self::Address(networks) => networks.iter().any(|network| network.contains(value)),
            Self::Null(_) => false,
        }
    }
}

/// `true` or `false` in any case.
fn truth(text: &Template) -> Option<bool> {
    match text.literal()?.to_ascii_lowercase().as_str() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// The values of a key as text. Numbers and truth values may stand without quotes.
fn scalars(json: &Json) -> Option<Vec<String>> {
    let scalar = |json: &Json| match json {
        Json::Text(text) => Some(text.clone()),
        Json::Bool(_) | Json::Number(_) => Some(json.to_string()),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    };
    match json.elements() {
        Some(elements) => elements.iter().map(scalar).collect(),
        None => scalar(json).map(|value| vec![value]),
    }
}

#[cfg(test)]
#[path = "condition_tests.rs"]
mod tests;
