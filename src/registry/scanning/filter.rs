//! A filter of a scanning rule. Without a star it is looked for anywhere in a repository's name; with stars it has to match
//! the whole name.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-scanning-filters.html>

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::registry::limits;
use crate::registry::repository_filter::has_filter_form;
use crate::registry::stars::matches_whole;
use crate::registry::types::{InvalidName, RepositoryName};

/// Such a filter: 1 to 255 characters, at most four stars.
#[derive(Clone, PartialEq, Eq)]
pub struct ScanFilter(Arc<str>);

impl ScanFilter {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it picks a repository.
    pub fn matches(&self, repository: &RepositoryName) -> bool {
        let name = repository.as_str();
        if self.0.contains('*') { matches_whole(&self.0, name) } else { name.contains(&*self.0) }
    }
}

impl FromStr for ScanFilter {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let stars = text.bytes().filter(|byte| *byte == b'*').count();
        match text.chars().count() {
            0 => Err(InvalidName::TooShort(1)),
            length if length > limits::SCAN_FILTER_CHARACTERS => {
                Err(InvalidName::TooLong(limits::SCAN_FILTER_CHARACTERS))
            }
            _ if !has_filter_form(text) || stars > limits::SCAN_FILTER_WILDCARDS => {
                Err(InvalidName::Pattern(SCAN_FILTER_PATTERN))
            }
            _ => Ok(Self(Arc::from(text))),
        }
    }
}

impl fmt::Display for ScanFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ScanFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// The pattern that ECR quotes for such filters.
pub const SCAN_FILTER_PATTERN: &str = "^[a-z0-9*](?:[._\\-/a-z0-9*]?[a-z0-9*]+)*$";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c_174_without_a_star_a_filter_is_looked_for_anywhere_and_with_stars_it_is_the_whole_name() {
        let names = ["prod", "repo-prod", "prod-repo", "repo-prod-repo", "prodrepo"];
        for (filter, expected) in [
            ("prod", [true, true, true, true, true]),
            ("*prod", [true, true, false, false, false]),
            ("prod*", [true, false, true, false, true]),
            ("*prod*", [true, true, true, true, true]),
            ("prod*repo", [false, false, true, false, true]),
            ("*", [true, true, true, true, true]),
            ("other", [false, false, false, false, false]),
        ] {
            let filter: ScanFilter = filter.parse().unwrap();
            assert_eq!(names.map(|name| filter.matches(&name.parse().unwrap())), expected, "{filter}");
        }
    }

    #[test]
    fn c_174_a_filter_has_at_most_four_stars_and_255_characters() {
        for (text, legal) in [
            ("team/*", true),
            ("*a*b*c*", true),
            ("*a*b*c*d*", false),
            ("", false),
            ("/team", false),
            ("team/", false),
            ("Team", false),
            ("a b", false),
        ] {
            assert_eq!(text.parse::<ScanFilter>().is_ok(), legal, "{text:?}");
        }
        assert!("a".repeat(255).parse::<ScanFilter>().is_ok());
        assert_eq!("a".repeat(256).parse::<ScanFilter>(), Err(InvalidName::TooLong(255)));
    }
}
