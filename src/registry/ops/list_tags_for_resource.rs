//! `ListTagsForResource`: the resource tags of a repository.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ListTagsForResource.html>

use crate::registry::errors::RepositoryNotFound;
use crate::registry::resource_tags::{ResourceTags, TaggedRepository};
use crate::registry::state::Registry;

/// Whose.
#[derive(Clone, Debug)]
pub struct Input {
    /// The repository.
    pub resource: TaggedRepository,
}

/// The tags.
#[derive(Clone, Debug)]
pub struct Output {
    /// All of them, in the order in which their keys came.
    pub tags: ResourceTags,
}

/// Looks the tags up.
pub fn apply(registry: &Registry, input: &Input) -> Result<Output, RepositoryNotFound> {
    Ok(Output { tags: input.resource.find(registry)?.resource_tags().clone() })
}
