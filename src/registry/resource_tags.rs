//! Resource tags of a repository: keys and values that ECR stores and never reads.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-using-tags.html>

use std::str::FromStr;
use std::sync::Arc;

use super::errors::{InvalidTagParameter, RepositoryNotFound, TooManyTags};
use super::limits;
use super::quotas::Quotas;
use super::repository::Repository;
use super::state::Registry;
use super::types::{Arn, InvalidArn, RegistryKey, RepositoryName};

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

/// A repository as its ARN names it, for the operations on tags, which know it by nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaggedRepository {
    /// Registry in the ARN.
    pub registry: RegistryKey,
    /// Its name.
    pub name: RepositoryName,
}

impl FromStr for TaggedRepository {
    type Err = InvalidArn;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (registry, name) = text.parse::<Arn>()?.repository()?;
        Ok(Self { registry, name })
    }
}

impl TaggedRepository {
    /// The repository in the registry that is asked, which is of the ARN's account. An ARN of another region than the one
    /// that is asked names nothing there (unconfirmed).
    pub(super) fn find<'a>(&self, registry: &'a Registry) -> Result<&'a Arc<Repository>, RepositoryNotFound> {
        if self.registry == *registry.key() {
            return registry.repository(&self.name);
        }
        Err(RepositoryNotFound { repository: self.name.clone(), registry_id: self.registry.account })
    }
}

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
    pub fn new(tags: Vec<ResourceTag>, quotas: &Quotas) -> Result<Self, ResourceTagsError> {
        quotas.check_resource_tags(tags.len())?;
        let mut keys: Vec<&str> = tags.iter().map(|tag| tag.key.as_str()).collect();
        keys.sort_unstable();
        if !tags.iter().all(is_acceptable) || keys.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(InvalidTagParameter.into());
        }
        Ok(Self(if tags.is_empty() { None } else { Some(tags.into()) }))
    }

    /// These tags and more; a key that is here already keeps its place and gets the new value.
    pub(super) fn with(&self, tags: Vec<ResourceTag>, quotas: &Quotas) -> Result<Self, ResourceTagsError> {
        let mut all = self.as_slice().to_vec();
        for tag in Self::new(tags, quotas)?.as_slice() {
            match all.iter_mut().find(|old| old.key == tag.key) {
                Some(old) => old.value.clone_from(&tag.value),
                None => all.push(tag.clone()),
            }
        }
        Self::new(all, quotas)
    }

    /// These tags but for some.
    pub(super) fn without(&self, keys: &[String]) -> Self {
        let kept: Arc<[ResourceTag]> = self.as_slice().iter().filter(|tag| !keys.contains(&tag.key)).cloned().collect();
        Self(if kept.is_empty() { None } else { Some(kept) })
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

    fn checked(tags: Vec<ResourceTag>) -> Result<ResourceTags, ResourceTagsError> {
        ResourceTags::new(tags, &Quotas::default())
    }

    #[test]
    fn c_106_number_length_and_reserved_prefix_are_checked() {
        let numbered = |count: usize| (0..count).map(|number| tag(&format!("key{number}"))).collect::<Vec<_>>();
        assert!(checked(numbered(50)).is_ok());
        assert_eq!(checked(numbered(51)), Err(TooManyTags { most: 50 }.into()));
        for key in ["", "aws:x", "AWS:x", &"k".repeat(129)] {
            assert_eq!(checked(vec![tag(key)]), Err(InvalidTagParameter.into()), "{key:?}");
        }
        assert_eq!(checked(vec![tag("twice"), tag("twice")]), Err(InvalidTagParameter.into()));
        let long = ResourceTag { key: "k".to_owned(), value: "v".repeat(257) };
        assert_eq!(checked(vec![long]), Err(InvalidTagParameter.into()));
    }
}
