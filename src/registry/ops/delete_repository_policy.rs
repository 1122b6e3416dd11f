//! `DeleteRepositoryPolicy`: takes a repository's policy away.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DeleteRepositoryPolicy.html>

use crate::registry::context::Context;
use crate::registry::policy::iam::PolicyDocument;
use crate::registry::state::{PolicyLookupError, Registry};
use crate::registry::types::RepositoryName;

/// Whose.
#[derive(Clone, Debug)]
pub struct Input {
    /// The repository.
    pub repository: RepositoryName,
}

/// What was deleted.
#[derive(Clone, Debug)]
pub struct Output {
    /// The policy that the repository had.
    pub policy: PolicyDocument,
}

/// What can go wrong.
pub type Error = PolicyLookupError;

/// Deletes the policy.
pub fn apply(registry: &mut Registry, _cx: &mut Context<'_>, input: &Input) -> Result<Output, Error> {
    let policy = registry.repository_policy(&input.repository)?.clone();
    registry.repository_mut(&input.repository)?.policy = None;
    Ok(Output { policy })
}
