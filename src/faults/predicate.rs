//! Predicates over facts as a tree; evaluated by [`super::matching::Condition`], its compiled form.

use std::fmt;
use std::sync::Arc;

use crate::facts::Fact;

use super::nearest::did_you_mean;

/// A condition on the facts of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Predicate {
    /// All hold; two or more.
    All(Vec<Predicate>),
    /// Any holds; two or more.
    Any(Vec<Predicate>),
    /// It does not hold.
    Not(Box<Predicate>),
    /// A comparison.
    Comparison(Comparison),
}

impl Predicate {
    /// Visits the comparisons from left to right, each with its field path under `path`.
    pub(crate) fn comparisons<'a>(&'a self, path: &str, visit: &mut dyn FnMut(&str, &'a Comparison)) {
        let (word, items) = match self {
            Self::All(items) => ("all", items),
            Self::Any(items) => ("any", items),
            Self::Not(inner) => return inner.comparisons(&format!("{path}.not"), visit),
            Self::Comparison(comparison) => return visit(&format!("{path}.comparison"), comparison),
        };
        for (position, item) in items.iter().enumerate() {
            item.comparisons(&format!("{path}.{word}.items[{position}]"), visit);
        }
    }

    /// How many predicates lie within each other; 1 for a comparison.
    pub(crate) fn depth(&self) -> usize {
        match self {
            Self::All(items) | Self::Any(items) => 1 + items.iter().map(Self::depth).max().unwrap_or(0),
            Self::Not(inner) => 1 + inner.depth(),
            Self::Comparison(_) => 1,
        }
    }
}

/// `fact operator value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// What is looked at.
    pub fact: FactName,
    /// How it is compared.
    pub operator: Operator,
    /// One value, several for `in`, none for `exists`, as they were written.
    pub values: Vec<Arc<str>>,
}

/// The name of a fact, headers included.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum FactName {
    /// A fact of the list.
    Known(Fact),
    /// The request header of this lower-case name.
    Header(Arc<str>),
}

/// What header facts begin with.
const HEADER_PREFIX: &str = "header.";

impl FactName {
    /// Reads a name; headers are put into lower case.
    pub fn parse(name: &str) -> Result<Self, UnknownFact> {
        match name.strip_prefix(HEADER_PREFIX) {
            Some(header) if is_header_name(header) => Ok(Self::Header(Arc::from(header.to_ascii_lowercase()))),
            _ => Fact::from_name(name).map(Self::Known).ok_or_else(|| UnknownFact(name.to_owned())),
        }
    }

    /// Whether it is known only once a record has finished.
    pub fn is_result(&self) -> bool {
        matches!(self, Self::Known(fact) if fact.is_result())
    }

    /// Whether its values are numbers, with a unit if need be.
    pub fn is_number(&self) -> bool {
        matches!(self, Self::Known(fact) if fact.is_number())
    }
}

/// Characters of a header's name, less those that the text form would have to quote.
fn is_header_name(name: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    !name.is_empty() && name.bytes().all(legal)
}

impl fmt::Display for FactName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(fact) => f.write_str(fact.name()),
            Self::Header(name) => write!(f, "{HEADER_PREFIX}{name}"),
        }
    }
}

/// No fact has this name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownFact(pub String);

impl fmt::Display for UnknownFact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = Fact::ALL.iter().map(|fact| fact.name());
        write!(f, "unknown fact `{}`{}", self.0, did_you_mean(&self.0, known))
    }
}

impl std::error::Error for UnknownFact {}

/// How a fact is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `=`
    Equal,
    /// `!=`, the opposite of `=`, so that it holds for an unknown fact.
    NotEqual,
    /// `in (a, b)`
    In,
    /// `~`, a glob for the whole text.
    Glob,
    /// `=~`, a regular expression found anywhere in the text.
    Regex,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `exists`
    Exists,
}

impl Operator {
    /// How it is written.
    pub fn as_str(self) -> &'static str {
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

    /// Whether it asks which of two numbers is greater.
    pub fn is_order(self) -> bool {
        matches!(self, Self::Less | Self::LessOrEqual | Self::Greater | Self::GreaterOrEqual)
    }
}
