//! `GetRepositoryPolicy`: the policy of a repository.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetRepositoryPolicy.html>

use crate::registry::policy::iam::PolicyDocument;
use crate::registry::state::{PolicyLookupError, Registry};
use crate::registry::types::RepositoryName;

/// Whose.
#[derive(Clone, Debug)]
pub struct Input {
    /// The repository.
    pub repository: RepositoryName,
}

/// The policy.
#[derive(Clone, Debug)]
pub struct Output {
    /// It.
    pub policy: PolicyDocument,
}

/// What can go wrong.
pub type Error = PolicyLookupError;

/// Looks the policy up.
pub fn apply(registry: &Registry, input: &Input) -> Result<Output, Error> {
    Ok(Output { policy: registry.repository_policy(&input.repository)?.clone() })
}
