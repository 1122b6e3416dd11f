//! `UntagResource`: takes resource tags from a repository by their keys. Keys that are not there are passed over.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_UntagResource.html>

use crate::registry::context::Context;
use crate::registry::errors::RepositoryNotFound;
use crate::registry::resource_tags::TaggedRepository;
use crate::registry::state::Registry;

/// What to untag.
#[derive(Clone, Debug)]
pub struct Input {
    /// The repository.
    pub resource: TaggedRepository,
    /// Keys of the tags.
    pub tag_keys: Vec<String>,
}

/// Untags the repository.
pub fn apply(registry: &mut Registry, _cx: &mut Context<'_>, input: &Input) -> Result<(), RepositoryNotFound> {
    let tags = input.resource.find(registry)?.resource_tags().without(&input.tag_keys);
    registry.repository_mut(&input.resource.name)?.resource_tags = tags;
    Ok(())
}
