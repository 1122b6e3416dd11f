//! `PutImageTagMutability`: changes a repository's rule about moving tags; acts on later pushes only.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutImageTagMutability.html>

use crate::registry::context::Context;
use crate::registry::errors::{InvalidParameter, RepositoryNotFound};
use crate::registry::state::Registry;
use crate::registry::tag_mutability::{TagFilter, TagMutability, TagMutabilityMode};
use crate::registry::types::RepositoryName;

/// The new rule.
#[derive(Clone, Debug)]
pub struct Input {
    /// The repository.
    pub repository: RepositoryName,
    /// The mode.
    pub tag_mutability: TagMutabilityMode,
    /// Filters of the modes with exclusions.
    pub filters: Vec<TagFilter>,
}

/// The rule as it is now.
#[derive(Clone, Debug)]
pub struct Output {
    /// Mode and filters.
    pub tag_mutability: TagMutability,
}

/// What can go wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Filters do not go with the mode.
    #[error(transparent)]
    InvalidParameter(#[from] InvalidParameter),
    /// No such repository.
    #[error(transparent)]
    RepositoryNotFound(#[from] RepositoryNotFound),
}

/// Changes the rule.
pub fn apply(registry: &mut Registry, _cx: &mut Context<'_>, input: Input) -> Result<Output, Error> {
    let tag_mutability = TagMutability::new(input.tag_mutability, input.filters)?;
    registry.repository_mut(&input.repository)?.tag_mutability = tag_mutability.clone();
    Ok(Output { tag_mutability })
}
