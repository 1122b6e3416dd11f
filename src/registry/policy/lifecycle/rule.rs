//! One rule of a lifecycle policy: the images it selects and what it does with them.

use std::fmt;
use std::str::FromStr;

use super::errors::LifecyclePolicyFault;
use crate::registry::small_set::SmallSet;
use crate::registry::stars::matches_whole;
use crate::registry::types::Tag;

/// One rule. `description` is kept in the text of the policy only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Place in the order of rules, 1 to 2³¹−1; the lowest number is applied first.
    pub priority: u32,
    /// Which images.
    pub selection: Selection,
    /// What happens to them.
    pub action: Action,
}

/// Which images a rule selects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// By their tags. Images that meet this are the rule's own, even where it spares them.
    pub tags: TagCriteria,
    /// By where they are stored.
    pub storage_class: StorageClass,
    /// How `count_number` is meant.
    pub count_type: CountType,
    /// Images to keep, or days; 1 to 2³¹−1.
    pub count_number: u32,
}

/// A storage class of images.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StorageClass {
    /// Can be pulled.
    #[default]
    Standard,
    /// The archive.
    Archive,
}

impl StorageClass {
    /// The API's name of the class.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "STANDARD",
            Self::Archive => "ARCHIVE",
        }
    }
}

/// What a rule counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CountType {
    /// All but the newest so many images.
    ImageCountMoreThan,
    /// Images pushed more than so many days ago.
    SinceImagePushed,
    /// Images neither pulled, pushed nor restored for more than so many days.
    SinceImagePulled,
    /// Images archived more than so many days ago.
    SinceImageTransitioned,
}

/// What happens to selected images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// They are deleted.
    Expire,
    /// They go to the archive.
    Transition,
}

impl Action {
    /// The API's name of the action.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Expire => "EXPIRE",
            Self::Transition => "TRANSITION",
        }
    }

    /// Where images go; absent for an expiry.
    pub fn target_storage_class(self) -> Option<StorageClass> {
        match self {
            Self::Expire => None,
            Self::Transition => Some(StorageClass::Archive),
        }
    }
}

/// Which tags an image must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TagCriteria {
    /// Any or none.
    Any,
    /// None.
    Untagged,
    /// For each prefix a tag that begins with it. Not empty.
    Prefixes(Vec<String>),
    /// For each pattern a tag that matches it. Not empty.
    Patterns(Vec<TagPattern>),
}

impl TagCriteria {
    /// Whether an image with these tags is one of the rule's.
    pub fn are_met_by(&self, tags: &SmallSet<Tag>) -> bool {
        match self {
            Self::Any => true,
            Self::Untagged => tags.is_empty(),
            Self::Prefixes(prefixes) => {
                prefixes.iter().all(|prefix| tags.iter().any(|tag| tag.as_str().starts_with(prefix)))
            }
            Self::Patterns(patterns) => patterns.iter().all(|pattern| tags.iter().any(|tag| pattern.matches(tag))),
        }
    }
}

/// A pattern over whole tags with at most four stars. Case counts.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TagPattern(String);

impl TagPattern {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the whole tag matches; a star stands for any run of characters, also for none.
    pub fn matches(&self, tag: &Tag) -> bool {
        matches_whole(&self.0, tag.as_str())
    }
}

impl FromStr for TagPattern {
    type Err = LifecyclePolicyFault;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.matches('*').count() {
            ..=WILDCARDS_PER_PATTERN => Ok(Self(text.to_owned())),
            _ => Err(LifecyclePolicyFault::InvalidTagPattern),
        }
    }
}

impl fmt::Debug for TagPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// Stars in a tag pattern.
/// Source: <https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_parameters.html#lp_tag_pattern_list>
const WILDCARDS_PER_PATTERN: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c_131_patterns_match_whole_tags_and_have_at_most_four_stars() {
        for (pattern, tag, expected) in [
            ("prod", "prod", true),
            ("prod", "prod1", false),
            ("prod*", "prod", true),
            ("prod*", "prod1", true),
            ("prod*", "xprod", false),
            ("*prod", "xprod", true),
            ("*prod", "xprod1", false),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("a*b*c", "abc", true),
            ("a*b*c", "a1b2c", true),
            ("a*b*c", "ac", false),
            ("*test*1*2", "my-test-1-2", true),
            ("*test*1*2", "my-test-2-1", false),
            ("**", "anything", true),
            ("*", "anything", true),
            ("Prod*", "prod", false),
        ] {
            let pattern: TagPattern = pattern.parse().expect("at most four stars");
            assert_eq!(pattern.matches(&tag.parse().expect("a tag")), expected, "{pattern:?} on {tag}");
        }
        assert!("*test*1*2*3".parse::<TagPattern>().is_ok());
        assert_eq!("test*1*2*3*4*5*6".parse::<TagPattern>(), Err(LifecyclePolicyFault::InvalidTagPattern));
    }
}
