//! Tag mutability: four modes, two of them with filters that turn the rule around.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html>

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::errors::InvalidParameter;
use super::limits;
use super::stars::matches_whole;
use super::types::{InvalidName, Tag};

/// The mode as callers name it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TagMutabilityMode {
    /// Tags may move.
    #[default]
    Mutable,
    /// Tags stay where they are until deleted.
    Immutable,
    /// Tags may move, but for those that match a filter.
    MutableWithExclusion,
    /// Tags stay, but for those that match a filter.
    ImmutableWithExclusion,
}

impl TagMutabilityMode {
    /// ECR's name of the mode.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mutable => "MUTABLE",
            Self::Immutable => "IMMUTABLE",
            Self::MutableWithExclusion => "MUTABLE_WITH_EXCLUSION",
            Self::ImmutableWithExclusion => "IMMUTABLE_WITH_EXCLUSION",
        }
    }

    /// The mode of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Mutable, Self::Immutable, Self::MutableWithExclusion, Self::ImmutableWithExclusion]
            .into_iter()
            .find(|mode| mode.as_str() == name)
    }
}

/// A wildcard filter over whole tags: 1 to 128 characters of `[0-9a-zA-Z._*-]`, at most two stars. Case counts.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TagFilter(Arc<str>);

impl TagFilter {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the whole tag matches; a star stands for any run of characters, also for none.
    pub fn matches(&self, tag: &Tag) -> bool {
        matches_whole(&self.0, tag.as_str())
    }
}

impl FromStr for TagFilter {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'*' | b'-');
        let stars = text.bytes().filter(|byte| *byte == b'*').count();
        match text.len() {
            0 => Err(InvalidName::TooShort(1)),
            length if length > limits::MUTABILITY_FILTER_CHARACTERS => {
                Err(InvalidName::TooLong(limits::MUTABILITY_FILTER_CHARACTERS))
            }
            _ if !text.bytes().all(legal) || stars > limits::MUTABILITY_FILTER_WILDCARDS => {
                Err(InvalidName::Pattern(TAG_FILTER_PATTERN))
            }
            _ => Ok(Self(Arc::from(text))),
        }
    }
}

impl fmt::Display for TagFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for TagFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// The pattern that ECR quotes for such filters.
pub const TAG_FILTER_PATTERN: &str = "^[0-9a-zA-Z._*-]{1,128}$";

/// A repository's rule about moving tags. Filters are there exactly in the modes that have them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagMutability {
    mode: TagMutabilityMode,
    /// Empty in the plain modes.
    filters: Option<Arc<[TagFilter]>>,
}

impl Default for TagMutability {
    fn default() -> Self {
        Self { mode: TagMutabilityMode::Mutable, filters: None }
    }
}

impl TagMutability {
    /// Puts a mode and its filters together. Errors: filters where the mode has none, none where it needs them, or more
    /// than five. The texts are unconfirmed.
    pub fn new(mode: TagMutabilityMode, filters: Vec<TagFilter>) -> Result<Self, InvalidParameter> {
        let with_exclusion =
            matches!(mode, TagMutabilityMode::MutableWithExclusion | TagMutabilityMode::ImmutableWithExclusion);
        let refused = |constraint: String| Err(InvalidParameter::new("imageTagMutabilityExclusionFilters", constraint));
        match filters.len() {
            0 if with_exclusion => refused(format!(
                "ImageTagMutabilityExclusionFilters can't be null when imageTagMutability is set as {}",
                mode.as_str()
            )),
            0 => Ok(Self { mode, filters: None }),
            _ if !with_exclusion => refused(format!(
                "ImageTagMutabilityExclusionFilters must be null when imageTagMutability is set as {}",
                mode.as_str()
            )),
            number if number > limits::MUTABILITY_FILTERS => {
                refused(format!("Member must have length less than or equal to {}", limits::MUTABILITY_FILTERS))
            }
            _ => Ok(Self { mode, filters: Some(filters.into()) }),
        }
    }

    /// The mode.
    pub fn mode(&self) -> TagMutabilityMode {
        self.mode
    }

    /// The filters; none in the plain modes.
    pub fn filters(&self) -> &[TagFilter] {
        self.filters.as_deref().unwrap_or_default()
    }

    /// Whether this tag, once it names an image, stays there.
    pub fn is_immutable(&self, tag: &Tag) -> bool {
        let excluded = || self.filters().iter().any(|filter| filter.matches(tag));
        match self.mode {
            TagMutabilityMode::Mutable => false,
            TagMutabilityMode::Immutable => true,
            TagMutabilityMode::MutableWithExclusion => excluded(),
            TagMutabilityMode::ImmutableWithExclusion => !excluded(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(text: &str) -> TagFilter {
        text.parse().unwrap()
    }

    #[test]
    fn filters_match_whole_tags() {
        let cases = [
            ("dev", "dev", true),
            ("dev", "dev1", false),
            ("dev-*", "dev-", true),
            ("dev-*", "dev-1", true),
            ("dev-*", "xdev-1", false),
            ("*-dev", "x-dev", true),
            ("*-dev", "x-dev-y", false),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("a*b*", "aXbX", true),
            ("*b*", "abc", true),
            ("**", "anything", true),
            ("*", "anything", true),
            ("Dev*", "dev", false),
        ];
        for (text, tag, expected) in cases {
            assert_eq!(filter(text).matches(&tag.parse().unwrap()), expected, "{text} on {tag}");
        }
    }

    #[test]
    fn a_008_filters_have_a_grammar_and_at_most_two_stars() {
        for text in ["", "a/b", "a b", "***", "ä"] {
            assert!(text.parse::<TagFilter>().is_err(), "{text:?}");
        }
        assert!("a".repeat(128).parse::<TagFilter>().is_ok());
        assert!("a".repeat(129).parse::<TagFilter>().is_err());
    }

    #[test]
    fn a_008_filters_go_with_the_exclusion_modes_only() {
        use TagMutabilityMode::{Immutable, ImmutableWithExclusion, Mutable, MutableWithExclusion};
        for (mode, filters, legal) in [
            (Mutable, 0, true),
            (Mutable, 1, false),
            (Immutable, 0, true),
            (Immutable, 1, false),
            (MutableWithExclusion, 0, false),
            (MutableWithExclusion, 1, true),
            (ImmutableWithExclusion, 5, true),
            (ImmutableWithExclusion, 6, false),
        ] {
            let result = TagMutability::new(mode, vec![filter("v*"); filters]);
            assert_eq!(result.is_ok(), legal, "{mode:?} with {filters}");
        }
        assert_eq!(
            TagMutability::new(ImmutableWithExclusion, Vec::new()).unwrap_err().to_string(),
            "Invalid parameter at 'imageTagMutabilityExclusionFilters' failed to satisfy constraint: \
             'ImageTagMutabilityExclusionFilters can't be null when imageTagMutability is set as \
             IMMUTABLE_WITH_EXCLUSION'"
        );
    }

    #[test]
    fn a_029_a_filter_turns_the_rule_around() {
        use TagMutabilityMode::{Immutable, ImmutableWithExclusion, Mutable, MutableWithExclusion};
        for (mode, filters, dev_frozen, other_frozen) in [
            (Mutable, vec![], false, false),
            (Immutable, vec![], true, true),
            (MutableWithExclusion, vec![filter("dev*")], true, false),
            (ImmutableWithExclusion, vec![filter("dev*")], false, true),
        ] {
            let mutability = TagMutability::new(mode, filters).unwrap();
            assert_eq!(mutability.is_immutable(&"dev1".parse().unwrap()), dev_frozen, "{mode:?}");
            assert_eq!(mutability.is_immutable(&"v1".parse().unwrap()), other_frozen, "{mode:?}");
        }
    }
}
