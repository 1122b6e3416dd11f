//! Constraints on members of a request, and the sentences in which ECR refuses them.
//!
//! Two dialects live side by side. Texts of the 2015 launch say `must satisfy regular expression '…'`; those of every
//! later member, and all about lists, numbers and closed sets, are Smithy's `Member must …`. Both stand in the same
//! wrapper, `Invalid parameter at '<member>' failed to satisfy constraint: '<constraint>'`, which `wire_errors` puts
//! around them. Only the first violation of a request is ever told.
//!
//! This file knows no operation; which member has which constraint stands with the wire structs.

use std::borrow::Cow;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::sync::OnceLock;

use regex::Regex;

use crate::registry::errors::InvalidParameter;
use crate::registry::types::InvalidName;

/// The violation of a member: its path, e.g. `repositoryName` or `tags.2.member.key` (list elements count from 1), and
/// what it must satisfy, in ECR's words.
pub(crate) fn violation(member: impl Display, constraint: impl Into<Cow<'static, str>>) -> InvalidParameter {
    InvalidParameter { member: Cow::Owned(member.to_string()), constraint: constraint.into() }
}

/// The words of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Texts of 2015.
    Launch,
    /// Texts of everything later.
    Smithy,
}

impl Dialect {
    fn missing(self) -> &'static str {
        match self {
            Self::Launch => "must not be null",
            Self::Smithy => "Member must not be null",
        }
    }

    fn describe(self, invalid: InvalidName) -> String {
        match (self, invalid) {
            (Self::Launch, invalid) => invalid.to_string(),
            (Self::Smithy, InvalidName::Pattern(pattern)) => {
                format!("Member must satisfy regular expression pattern: {pattern}")
            }
            (Self::Smithy, invalid) => format!("Member {invalid}"),
        }
    }

    /// Refuses a required member that is absent.
    pub(crate) fn required<T>(self, member: impl Display, value: Option<T>) -> Result<T, InvalidParameter> {
        value.ok_or_else(|| violation(member, self.missing()))
    }

    /// Reads an identifier by its own type, so that its grammar is written once.
    pub(crate) fn parse<T: FromStr<Err = InvalidName>>(
        self,
        member: impl Display,
        text: &str,
    ) -> Result<T, InvalidParameter> {
        text.parse().map_err(|invalid| self.refuse(member, invalid))
    }

    /// Reads a required identifier.
    pub(crate) fn read<T: FromStr<Err = InvalidName>>(
        self,
        member: impl Display,
        text: Option<String>,
    ) -> Result<T, InvalidParameter> {
        let text = self.required(&member, text)?;
        self.parse(member, &text)
    }

    /// The violation of an identifier that its type refused.
    pub(crate) fn refuse(self, member: impl Display, invalid: InvalidName) -> InvalidParameter {
        violation(member, self.describe(invalid))
    }
}

/// Constraints on a string that has no type of its own.
#[derive(Debug)]
pub(crate) struct Text {
    dialect: Dialect,
    least: usize,
    most: usize,
    pattern: Option<&'static str>,
    compiled: OnceLock<Regex>,
}

impl Text {
    /// A string without constraints.
    pub(crate) const fn new(dialect: Dialect) -> Self {
        Self { dialect, least: 0, most: usize::MAX, pattern: None, compiled: OnceLock::new() }
    }

    /// Bounds on the number of characters.
    pub(crate) const fn length(mut self, least: usize, most: usize) -> Self {
        self.least = least;
        self.most = most;
        self
    }

    /// A regular expression for the whole string, quoted as it is in the refusal.
    pub(crate) const fn pattern(mut self, pattern: &'static str) -> Self {
        self.pattern = Some(pattern);
        self
    }

    /// Checks length, then pattern.
    pub(crate) fn check(&self, member: impl Display, text: &str) -> Result<(), InvalidParameter> {
        let length = text.chars().count();
        let invalid = match self.pattern {
            _ if length < self.least => InvalidName::TooShort(self.least),
            _ if length > self.most => InvalidName::TooLong(self.most),
            Some(pattern) if !self.regex(pattern).is_match(text) => InvalidName::Pattern(pattern),
            _ => return Ok(()),
        };
        Err(self.dialect.refuse(member, invalid))
    }

    /// Checks a required string.
    pub(crate) fn required(&self, member: impl Display, text: Option<String>) -> Result<String, InvalidParameter> {
        let text = self.dialect.required(&member, text)?;
        self.check(member, &text)?;
        Ok(text)
    }

    /// Checks an optional string.
    pub(crate) fn optional(
        &self,
        member: impl Display,
        text: Option<String>,
    ) -> Result<Option<String>, InvalidParameter> {
        text.map(|text| self.check(member, &text).map(|()| text)).transpose()
    }

    fn regex(&self, pattern: &'static str) -> &Regex {
        self.compiled.get_or_init(|| Regex::new(&format!("^(?:{pattern})$")).expect("the model's patterns are regular"))
    }
}

/// Checks the number of elements of a list.
pub(crate) fn list<T>(
    member: impl Display,
    elements: &[T],
    length: RangeInclusive<usize>,
) -> Result<(), InvalidParameter> {
    let constraint = match elements.len() {
        count if count < *length.start() => {
            format!("Member must have length greater than or equal to {}", length.start())
        }
        count if count > *length.end() => format!("Member must have length less than or equal to {}", length.end()),
        _ => return Ok(()),
    };
    Err(violation(member, constraint))
}

/// Checks the value of a number.
pub(crate) fn range<N: PartialOrd + Display>(
    member: impl Display,
    value: N,
    range: RangeInclusive<N>,
) -> Result<N, InvalidParameter> {
    let constraint = match &value {
        value if value < range.start() => format!("Member must have value greater than or equal to {}", range.start()),
        value if value > range.end() => format!("Member must have value less than or equal to {}", range.end()),
        _ => return Ok(value),
    };
    Err(violation(member, constraint))
}

/// Reads a member of a closed set by the names that its type has. The refusal lists the set in the order given here.
pub(crate) fn one_of<T: Copy>(
    member: impl Display,
    text: &str,
    set: &[T],
    name: fn(T) -> &'static str,
) -> Result<T, InvalidParameter> {
    set.iter().copied().find(|value| name(*value) == text).ok_or_else(|| {
        let names: Vec<&str> = set.iter().map(|value| name(*value)).collect();
        violation(member, format!("Member must satisfy enum value set: [{}]", names.join(", ")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::types::{RepositoryName, Tag};

    fn check<T: std::fmt::Debug>(outcome: Result<T, InvalidParameter>, text: &str) {
        assert_eq!(outcome.expect_err(text).to_string(), text);
    }

    #[test]
    fn launch_members_are_refused_in_the_words_of_2015() {
        check(
            Dialect::Launch.required::<String>("repositoryName", None),
            "Invalid parameter at 'repositoryName' failed to satisfy constraint: 'must not be null'",
        );
        check(
            Dialect::Launch.parse::<RepositoryName>("repositoryName", "a"),
            "Invalid parameter at 'repositoryName' failed to satisfy constraint: \
             'must have length greater than or equal to 2'",
        );
        check(
            Dialect::Launch.parse::<RepositoryName>("repositoryName", &"a".repeat(257)),
            "Invalid parameter at 'repositoryName' failed to satisfy constraint: \
             'must have length less than or equal to 256'",
        );
        check(
            Dialect::Launch.parse::<RepositoryName>("repositoryName", "Ab"),
            "Invalid parameter at 'repositoryName' failed to satisfy constraint: 'must satisfy regular expression \
             '[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*)*''",
        );
        check(
            Dialect::Launch.parse::<Tag>("imageTag", "a+b"),
            "Invalid parameter at 'imageTag' failed to satisfy constraint: 'must satisfy regular expression \
             '[a-zA-Z0-9-_.]+''",
        );
    }

    #[test]
    fn later_members_are_refused_in_smithy_words() {
        static FILTER: Text = Text::new(Dialect::Smithy).length(1, 4).pattern("^[a-z]{1,128}$");
        check(
            FILTER.required("filters.2.member.filter", None),
            "Invalid parameter at 'filters.2.member.filter' failed to satisfy constraint: 'Member must not be null'",
        );
        check(
            FILTER.check("filter", ""),
            "Invalid parameter at 'filter' failed to satisfy constraint: \
             'Member must have length greater than or equal to 1'",
        );
        check(
            FILTER.optional("filter", Some("abcde".to_owned())),
            "Invalid parameter at 'filter' failed to satisfy constraint: \
             'Member must have length less than or equal to 4'",
        );
        check(
            FILTER.check("filter", "A"),
            "Invalid parameter at 'filter' failed to satisfy constraint: \
             'Member must satisfy regular expression pattern: ^[a-z]{1,128}$'",
        );
        assert_eq!(FILTER.required("filter", Some("abc".to_owned())), Ok("abc".to_owned()));
        assert_eq!(FILTER.optional("filter", None), Ok(None));
    }

    #[test]
    fn a_pattern_is_for_the_whole_string() {
        static DIGITS: Text = Text::new(Dialect::Launch).pattern("[0-9]|[0-9]{3}");
        for (text, legal) in [("1", true), ("123", true), ("12", false), ("1a", false), ("a1", false), ("1\n", false)] {
            assert_eq!(DIGITS.check("x", text).is_ok(), legal, "{text:?}");
        }
    }

    #[test]
    fn lists_numbers_and_sets_are_refused_in_smithy_words() {
        check(
            list("imageIds", &[(); 101], 1..=100),
            "Invalid parameter at 'imageIds' failed to satisfy constraint: \
             'Member must have length less than or equal to 100'",
        );
        check(
            list::<u8>("imageIds", &[], 1..=100),
            "Invalid parameter at 'imageIds' failed to satisfy constraint: \
             'Member must have length greater than or equal to 1'",
        );
        check(
            range("maxResults", 1001, 1..=1000),
            "Invalid parameter at 'maxResults' failed to satisfy constraint: \
             'Member must have value less than or equal to 1000'",
        );
        check(
            range("maxResults", 0, 1..=1000),
            "Invalid parameter at 'maxResults' failed to satisfy constraint: \
             'Member must have value greater than or equal to 1'",
        );
        check(
            one_of("tagStatus", "any", &["TAGGED", "UNTAGGED", "ANY"], |name| name),
            "Invalid parameter at 'tagStatus' failed to satisfy constraint: \
             'Member must satisfy enum value set: [TAGGED, UNTAGGED, ANY]'",
        );
        assert_eq!(list("imageIds", &[(); 100], 1..=100), Ok(()));
        assert_eq!(range("maxResults", 1000, 1..=1000), Ok(1000));
        assert_eq!(one_of("x", "B", &["A", "B"], |name| name), Ok("B"));
    }
}
