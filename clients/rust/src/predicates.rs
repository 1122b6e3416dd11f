//! Predicates over facts: the condition of rules and matchers. Pure; the daemon checks the names of facts.

use std::fmt;
use std::ops::{BitAnd, BitOr, Not};

use crate::proto;

/// Left bare in the text form where a number is meant; every other value is quoted.
const NUMBER_FACTS: [&str; 4] = ["size", "connection", "attempt", "status"];

/// A condition; combine with `&`, `|` and `!`. Begin with [`fact`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Predicate(Form);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Form {
    All(Vec<Predicate>),
    Any(Vec<Predicate>),
    Not(Box<Predicate>),
    Comparison { fact: String, operator: Operator, values: Vec<String> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    In,
    Glob,
    Regex,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Exists,
}

impl Operator {
    const fn text(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::In => "in",
            Self::Glob => "~",
            Self::Regex => "=~",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Exists => "exists",
        }
    }

    const fn proto(self) -> proto::Operator {
        match self {
            Self::Equal => proto::Operator::Equal,
            Self::NotEqual => proto::Operator::NotEqual,
            Self::In => proto::Operator::In,
            Self::Glob => proto::Operator::Glob,
            Self::Regex => proto::Operator::Regex,
            Self::Less => proto::Operator::Less,
            Self::LessOrEqual => proto::Operator::LessOrEqual,
            Self::Greater => proto::Operator::Greater,
            Self::GreaterOrEqual => proto::Operator::GreaterOrEqual,
            Self::Exists => proto::Operator::Exists,
        }
    }
}

/// A value to compare with: text, or a number. Numbers in text may carry a unit: `"1MiB"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value(String);

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self(text.clone())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self(number.to_string())
    }
}

/// What a fact must equal: one value, or any of several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Values {
    /// This value.
    One(Value),
    /// Any of these values.
    AnyOf(Vec<Value>),
}

impl<T: Into<Value>> From<T> for Values {
    fn from(value: T) -> Self {
        Self::One(value.into())
    }
}

impl<T: Into<Value>, const N: usize> From<[T; N]> for Values {
    fn from(values: [T; N]) -> Self {
        Self::AnyOf(values.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Value>> From<Vec<T>> for Values {
    fn from(values: Vec<T>) -> Self {
        Self::AnyOf(values.into_iter().map(Into::into).collect())
    }
}

/// A fact to compare with something; [`fact`] names one.
#[derive(Clone, Debug)]
#[must_use]
pub struct FactName(String);

/// Names a fact, to be compared: `fact("size").greater("1MiB")`, `fact("header.range").exists()`.
///
/// Facts are those that the daemon records: `account`, `region`, `repository`, `tag`, `digest`, `media_type`, `size`,
/// `caller`, `connection`, `attempt`, `upload`, `upstream`, `dest_region`, `dest_account`, `method`, `header.<name>`
/// and so on; in matchers also `status`, `error` and `outcome`.
pub fn fact(name: impl Into<String>) -> FactName {
    FactName(name.into())
}

impl FactName {
    /// The fact is this value, or any of these: `equals("app")`, `equals(["a", "b"])`.
    pub fn equals(self, values: impl Into<Values>) -> Predicate {
        match values.into() {
            Values::One(value) => self.compared(Operator::Equal, [value]),
            Values::AnyOf(values) => self.compared(Operator::In, values),
        }
    }

    /// The fact is another value.
    pub fn differs(self, value: impl Into<Value>) -> Predicate {
        self.compared(Operator::NotEqual, [value.into()])
    }

    /// The fact matches a pattern in which `*` stands for any run of characters.
    pub fn glob(self, pattern: impl Into<Value>) -> Predicate {
        self.compared(Operator::Glob, [pattern.into()])
    }

    /// The fact matches a regular expression, in the daemon's syntax (linear time, no look-around).
    pub fn matches(self, pattern: impl Into<Value>) -> Predicate {
        self.compared(Operator::Regex, [pattern.into()])
    }

    /// The fact is less than this value.
    pub fn less(self, value: impl Into<Value>) -> Predicate {
        self.compared(Operator::Less, [value.into()])
    }

    /// The fact is this value or less.
    pub fn at_most(self, value: impl Into<Value>) -> Predicate {
        self.compared(Operator::LessOrEqual, [value.into()])
    }

    /// The fact is greater than this value.
    pub fn greater(self, value: impl Into<Value>) -> Predicate {
        self.compared(Operator::Greater, [value.into()])
    }

    /// The fact is this value or more.
    pub fn at_least(self, value: impl Into<Value>) -> Predicate {
        self.compared(Operator::GreaterOrEqual, [value.into()])
    }

    /// The fact is known.
    pub fn exists(self) -> Predicate {
        self.compared(Operator::Exists, [])
    }

    fn compared(self, operator: Operator, values: impl IntoIterator<Item = Value>) -> Predicate {
        let values = values.into_iter().map(|value| value.0).collect();
        Predicate(Form::Comparison { fact: self.0, operator, values })
    }
}

impl BitAnd for Predicate {
    type Output = Self;

    /// Both hold. What is joined by `&` already becomes one flat list.
    fn bitand(self, other: Self) -> Self {
        let items = [self, other].into_iter().flat_map(|item| match item.0 {
            Form::All(items) => items,
            form => vec![Self(form)],
        });
        Self(Form::All(items.collect()))
    }
}

impl BitOr for Predicate {
    type Output = Self;

    /// Either holds. What is joined by `|` already becomes one flat list.
    fn bitor(self, other: Self) -> Self {
        let items = [self, other].into_iter().flat_map(|item| match item.0 {
            Form::Any(items) => items,
            form => vec![Self(form)],
        });
        Self(Form::Any(items.collect()))
    }
}

impl Not for Predicate {
    type Output = Self;

    fn not(self) -> Self {
        Self(Form::Not(Box::new(self)))
    }
}

impl Predicate {
    pub(crate) fn to_proto(&self) -> proto::Predicate {
        let list = |items: &[Self]| proto::PredicateList { items: items.iter().map(Self::to_proto).collect() };
        let form = match &self.0 {
            Form::All(items) => proto::predicate::Form::All(list(items)),
            Form::Any(items) => proto::predicate::Form::Any(list(items)),
            Form::Not(item) => proto::predicate::Form::Not(Box::new(item.to_proto())),
            Form::Comparison { fact, operator, values } => proto::predicate::Form::Comparison(proto::Comparison {
                fact: fact.clone(),
                operator: operator.proto().into(),
                values: values.clone(),
            }),
        };
        proto::Predicate { form: Some(form) }
    }

    fn enclosed(&self) -> String {
        if matches!(self.0, Form::All(_) | Form::Any(_)) { format!("({self})") } else { self.to_string() }
    }
}

impl fmt::Display for Predicate {
    /// The text form of the rule grammar, with no more parentheses than needed.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Form::All(items) => {
                let items: Vec<String> = items.iter().map(Self::enclosed).collect();
                formatter.write_str(&items.join(" and "))
            }
            Form::Any(items) => {
                let spelled =
                    |item: &Self| if matches!(item.0, Form::Any(_)) { item.enclosed() } else { item.to_string() };
                let items: Vec<String> = items.iter().map(spelled).collect();
                formatter.write_str(&items.join(" or "))
            }
            Form::Not(item) => write!(formatter, "not {}", item.enclosed()),
            Form::Comparison { fact, operator: Operator::Exists, .. } => write!(formatter, "{fact} exists"),
            Form::Comparison { fact, operator, values } => {
                let spelled: Vec<String> = values.iter().map(|value| value_text(fact, *operator, value)).collect();
                let values = spelled.join(", ");
                let values = if *operator == Operator::In { format!("({values})") } else { values };
                write!(formatter, "{fact} {} {values}", operator.text())
            }
        }
    }
}

fn value_text(fact: &str, operator: Operator, value: &str) -> String {
    let numeric = match operator {
        Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual => true,
        Operator::Equal | Operator::NotEqual | Operator::In => NUMBER_FACTS.contains(&fact),
        Operator::Glob | Operator::Regex | Operator::Exists => false,
    };
    let unit = value.trim_start_matches(|letter: char| letter.is_ascii_digit());
    let number = unit.len() < value.len() && ["", "B", "KiB", "MiB", "GiB"].contains(&unit);
    if numeric && number { value.to_owned() } else { quoted(value) }
}

/// Text as a string of the rule grammar.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for letter in text.chars() {
        match letter {
            '"' => quoted += "\\\"",
            '\\' => quoted += "\\\\",
            '\n' => quoted += "\\n",
            '\r' => quoted += "\\r",
            '\t' => quoted += "\\t",
            control if control.is_control() => quoted.extend(control.escape_unicode()),
            plain => quoted.push(plain),
        }
    }
    quoted.push('"');
    quoted
}

/// A condition and one more.
pub(crate) fn conjunction(present: Option<Predicate>, added: Predicate) -> Predicate {
    match present {
        Some(present) => present & added,
        None => added,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_predicate_prints_as_the_grammar_reads_it() {
        let check = |predicate: Predicate, text: &str| assert_eq!(predicate.to_string(), text);
        let exists = |name: &str| fact(name).exists();
        check(
            fact("tag").glob("v*") & !fact("region").equals("us-east-1"),
            r#"tag ~ "v*" and not region = "us-east-1""#,
        );
        check((exists("a") | exists("b")) & exists("c"), "(a exists or b exists) and c exists");
        check(exists("a") & exists("b") | exists("c"), "a exists and b exists or c exists");
        check(!(exists("a") & exists("b")), "not (a exists and b exists)");
        check(fact("header.range").matches(r"bytes=\d+"), r#"header.range =~ "bytes=\\d+""#);
        check(fact("account").differs(123_456_789_012), r#"account != "123456789012""#);
        check(fact("status").equals([500, 503]), "status in (500, 503)");
        check(fact("attempt").at_most(3), "attempt <= 3");
        check(fact("size").greater("1MiB"), "size > 1MiB");
        check(fact("tag").equals("a\0b"), r#"tag = "a\u{0}b""#);
    }

    #[test]
    fn conditions_joined_alike_are_one_flat_list() {
        let predicate = fact("a").exists() & fact("b").exists() & fact("c").exists();
        let Some(proto::predicate::Form::All(list)) = predicate.to_proto().form else { panic!("{predicate}") };
        assert_eq!(list.items.len(), 3);
    }
}
