//! `TagResource`: adds resource tags to a repository; one whose key is there gets the new value.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_TagResource.html>

use crate::registry::context::Context;
use crate::registry::errors::{InvalidTagParameter, RepositoryNotFound, TooManyTags};
use crate::registry::resource_tags::{ResourceTag, ResourceTagsError, TaggedRepository};
use crate::registry::state::Registry;

/// What to tag.
#[derive(Clone, Debug)]
pub struct Input {
    /// The repository.
    pub resource: TaggedRepository,
    /// The tags.
    pub tags: Vec<ResourceTag>,
}

/// What can go wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No such repository.
    #[error(transparent)]
    RepositoryNotFound(#[from] RepositoryNotFound),
    /// A tag is not acceptable.
    #[error(transparent)]
    InvalidTag(#[from] InvalidTagParameter),
    /// The repository would have too many.
    #[error(transparent)]
    TooManyTags(#[from] TooManyTags),
}

impl From<ResourceTagsError> for Error {
    fn from(error: ResourceTagsError) -> Self {
        match error {
            ResourceTagsError::Invalid(error) => error.into(),
            ResourceTagsError::TooMany(error) => error.into(),
        }
    }
}

/// Tags the repository.
pub fn apply(registry: &mut Registry, _cx: &mut Context<'_>, input: Input) -> Result<(), Error> {
    let tags = input.resource.find(registry)?.resource_tags().with(input.tags, registry.quotas())?;
    registry.repository_mut(&input.resource.name)?.resource_tags = tags;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{list_tags_for_resource, untag_resource};
    use super::*;
    use crate::registry::testing::{name, with, with_repository};

    fn tags(pairs: &[(&str, &str)]) -> Vec<ResourceTag> {
        let tag = |(key, value): &(&str, &str)| ResourceTag { key: (*key).to_owned(), value: (*value).to_owned() };
        pairs.iter().map(tag).collect()
    }

    fn resource(region: &str, name: &str) -> TaggedRepository {
        format!("arn:aws:ecr:{region}:123456789012:repository/{name}").parse().unwrap()
    }

    #[test]
    fn c_106_tags_are_added_replaced_and_removed_by_key() {
        let mut registry = with_repository();
        let resource = resource("us-east-1", "team/app");
        let listed = |registry: &Registry| {
            let input = list_tags_for_resource::Input { resource: resource.clone() };
            list_tags_for_resource::apply(registry, &input).unwrap().tags.as_slice().to_vec()
        };
        assert!(listed(&registry).is_empty());
        for given in [tags(&[("team", "blue"), ("stage", "")]), tags(&[("owner", "eve"), ("team", "red")]), vec![]] {
            with(|cx| apply(&mut registry, cx, Input { resource: resource.clone(), tags: given })).unwrap();
        }
        assert_eq!(listed(&registry), tags(&[("team", "red"), ("stage", ""), ("owner", "eve")]));
        let mut untag = |keys: &[&str]| {
            let tag_keys = keys.iter().map(|key| (*key).to_owned()).collect();
            let input = untag_resource::Input { resource: resource.clone(), tag_keys };
            with(|cx| untag_resource::apply(&mut registry, cx, &input)).unwrap();
            listed(&registry)
        };
        assert_eq!(untag(&["absent", "team"]), tags(&[("stage", ""), ("owner", "eve")]));
        assert_eq!(untag(&["stage", "owner", "owner"]), []);
        assert_eq!(untag(&[]), []);
    }

    #[test]
    fn c_106_limits_hold_over_old_and_new_tags_and_a_refusal_changes_nothing() {
        let mut registry = with_repository();
        let numbered = |numbers: std::ops::Range<usize>| -> Vec<ResourceTag> {
            numbers.map(|number| ResourceTag { key: format!("key{number}"), value: String::new() }).collect()
        };
        let mut tag = |tags: Vec<ResourceTag>| {
            let input = Input { resource: resource("us-east-1", "team/app"), tags };
            let outcome = with(|cx| apply(&mut registry, cx, input));
            let count = registry.repository(&name("team/app")).unwrap().resource_tags().as_slice().len();
            (outcome, count)
        };
        assert_eq!(tag(numbered(0..49)), (Ok(()), 49));
        assert_eq!(tag(numbered(48..51)), (Err(TooManyTags { most: 50 }.into()), 49));
        assert_eq!(tag(numbered(40..50)), (Ok(()), 50));
        for bad in [("", ""), ("aws:x", ""), ("x", &"v".repeat(257))] {
            assert_eq!(tag(tags(&[("key0", "new"), bad])), (Err(InvalidTagParameter.into()), 50), "{bad:?}");
        }
        assert_eq!(tag(tags(&[("key0", "a"), ("key0", "b")])), (Err(InvalidTagParameter.into()), 50));
    }

    #[test]
    fn unconfirmed_c_115_an_arn_of_another_region_names_nothing() {
        let mut registry = with_repository();
        for resource in [resource("eu-west-1", "team/app"), resource("us-east-1", "no/where")] {
            let name = resource.name.clone();
            let refused = with(|cx| apply(&mut registry, cx, Input { resource, tags: vec![] })).unwrap_err();
            assert_eq!(
                refused.to_string(),
                format!("The repository with name '{name}' does not exist in the registry with id '123456789012'")
            );
        }
    }
}
