//! Resource tags of a repository: keys and values that ECR stores and never reads.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-using-tags.html>

use std::sync::Arc;

use super::errors::{InvalidTagParameter, TooManyTags};
use super::limits;

/// A key and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceTag {
    /// 1 to 128 characters that do not begin with `aws:`.
    pub key: String,
    /// Up to 256 characters.
    pub value: String,
}

/// The tags of one repository, in the order given; no key twice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourceTags(Option<Arc<[ResourceTag]>>);

/// Why some tags cannot be a repository's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ResourceTagsError {
    /// One of them is not acceptable.
    #[error(transparent)]
    Invalid(#[from] InvalidTagParameter),
    /// They are too many.
    #[error(transparent)]
    TooMany(#[from] TooManyTags),
}

impl ResourceTags {
    /// Checks number, lengths, the reserved prefix and repetitions (the last is unconfirmed).
    pub fn new(tags: Vec<ResourceTag>) -> Result<Self, ResourceTagsError> {
        if tags.len() > limits::RESOURCE_TAGS_PER_REPOSITORY {
            return Err(TooManyTags.into());
        }
        let mut keys: Vec<&str> = tags.iter().map(|tag| tag.key.as_str()).collect();
        keys.sort_unstable();
        if !tags.iter().all(is_acceptable) || keys.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(InvalidTagParameter.into());
        }
        Ok(Self(if tags.is_empty() { None } else { Some(tags.into()) }))
    }

    /// The tags.
    pub fn as_slice(&self) -> &[ResourceTag] {
        self.0.as_deref().unwrap_or_default()
    }
}

fn is_acceptable(tag: &ResourceTag) -> bool {
    let key = tag.key.chars().count();
    (1..=limits::RESOURCE_TAG_KEY_CHARACTERS).contains(&key)
        && tag.value.chars().count() <= limits::RESOURCE_TAG_VALUE_CHARACTERS
        && !tag.key.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("aws:"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(key: &str) -> ResourceTag {
        ResourceTag { key: key.to_owned(), value: String::new() }
    }

    #[test]
    fn c_106_number_length_and_reserved_prefix_are_checked() {
        let numbered = |count: usize| (0..count).map(|number| tag(&format!("key{number}"))).collect::<Vec<_>>();
        assert!(ResourceTags::new(numbered(50)).is_ok());
        assert_eq!(ResourceTags::new(numbered(51)), Err(TooManyTags.into()));
        for key in ["", "aws:x", "AWS:x", &"k".repeat(129)] {
            assert_eq!(ResourceTags::new(vec![tag(key)]), Err(InvalidTagParameter.into()), "{key:?}");
        }
        assert_eq!(ResourceTags::new(vec![tag("twice"), tag("twice")]), Err(InvalidTagParameter.into()));
        let long = ResourceTag { key: "k".to_owned(), value: "v".repeat(257) };
        assert_eq!(ResourceTags::new(vec![long]), Err(InvalidTagParameter.into()));
    }
}
