//! What is wrong with a rule, said so that its author can mend it.

use std::fmt;

/// Why a rule or a matcher is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The text cannot be read.
    Syntax,
    /// A member that must be there is absent.
    MissingField,
    /// The full grammar has it, this fixture does not have it yet.
    NotAvailable,
    /// No fact has the name.
    UnknownFact,
    /// The fact is known only when a record has finished, too late for a rule.
    ResultFact,
    /// No operation of the surface matches.
    UnknownOperation,
    /// A name does not match its pattern.
    InvalidName,
    /// Another rule of the request has the name.
    DuplicateName,
    /// The regular expression is malformed or too big.
    InvalidRegex,
    /// A number is needed, or a value that the operator takes.
    WrongType,
    /// A value is too small or too great.
    OutOfRange,
    /// The plan has no step.
    EmptyPlan,
    /// A step or a tail can never be reached.
    UnreachableStep,
    /// A step ends a call in two ways.
    TwoTerminals,
    /// The action cannot be done at the point.
    IllegalActionAtPoint,
    /// The counter key does not exist for the target.
    IllegalCounterKey,
}

impl Reason {
    /// Its name in error details, `UPPER_SNAKE_CASE`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Syntax => "SYNTAX",
            Self::MissingField => "MISSING_FIELD",
            Self::NotAvailable => "NOT_AVAILABLE",
            Self::UnknownFact => "UNKNOWN_FACT",
            Self::ResultFact => "RESULT_FACT",
            Self::UnknownOperation => "UNKNOWN_OPERATION",
            Self::InvalidName => "INVALID_NAME",
            Self::DuplicateName => "DUPLICATE_NAME",
            Self::InvalidRegex => "INVALID_REGEX",
            Self::WrongType => "WRONG_TYPE",
            Self::OutOfRange => "OUT_OF_RANGE",
            Self::EmptyPlan => "EMPTY_PLAN",
            Self::UnreachableStep => "UNREACHABLE_STEP",
            Self::TwoTerminals => "TWO_TERMINALS",
            Self::IllegalActionAtPoint => "ILLEGAL_ACTION_AT_POINT",
            Self::IllegalCounterKey => "ILLEGAL_COUNTER_KEY",
        }
    }
}

/// One thing that is wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Field path, e.g. `rules[2].steps[0].actions[1].truncate.percent`; for text the field that holds the text.
    pub path: String,
    /// Line of the text, from 1; 0 for a tree.
    pub line: u32,
    /// Column in characters, from 1; 0 for a tree.
    pub column: u32,
    /// Why.
    pub reason: Reason,
    /// A sentence. For text it begins with line and column and ends with the source line and carets under the token.
    pub message: String,
    /// The offending piece of text, its beginning if it is long; empty for a tree.
    pub excerpt: String,
}

impl Violation {
    /// Something wrong at a field path of a tree.
    pub fn new(path: impl Into<String>, reason: Reason, message: impl Into<String>) -> Self {
        let (path, message) = (path.into(), shorten(message.into()));
        Self { path, line: 0, column: 0, reason, message, excerpt: String::new() }
    }

    /// The same within a member, e.g. `text` within `expectations[2].matcher`.
    pub fn within(self, prefix: &str) -> Self {
        let path = match (prefix, self.path.as_str()) {
            (prefix, "") => prefix.to_owned(),
            ("", path) => path.to_owned(),
            (prefix, path) => format!("{prefix}.{path}"),
        };
        Self { path, ..self }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}

/// Cuts a sentence that quotes too much of what was sent.
pub(crate) fn shorten(message: String) -> String {
    const MOST_CHARACTERS: usize = 400;
    match message.char_indices().nth(MOST_CHARACTERS) {
        Some((end, _)) => format!("{}…", &message[..end]),
        None => message,
    }
}

/// Something wrong with one rule or matcher, before it is known where that stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Field path within the rule or matcher; empty: the whole.
    pub(crate) path: String,
    pub(crate) reason: Reason,
    pub(crate) message: String,
}

impl Problem {
    pub(crate) fn new(path: impl Into<String>, reason: Reason, message: impl Into<String>) -> Self {
        Self { path: path.into(), reason, message: message.into() }
    }

    /// The violation of a tree that stands at `prefix`.
    pub(crate) fn at(self, prefix: &str) -> Violation {
        Violation::new(self.path, self.reason, self.message).within(prefix)
    }
}
