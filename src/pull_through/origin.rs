//! Where the content of a repository comes from.

use std::sync::Arc;

use crate::registry::types::RepositoryName;
use crate::registry::{Registry, cache_rule_for};

/// A repository of an upstream.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    /// Host of the upstream.
    pub(super) host: Arc<str>,
    /// The upstream's name of the repository.
    pub(super) repository: String,
    /// ARN of the secret with the login.
    pub(super) credential_arn: Option<String>,
}

/// Two are the same if their content is, with whatever login it is fetched.
impl PartialEq for Origin {
    fn eq(&self, other: &Self) -> bool {
        self.host == other.host && self.repository == other.repository
    }
}

impl Origin {
    /// An upstream as a whole, for a call that is about no repository.
    pub(super) fn root(host: &str, credential_arn: Option<String>) -> Self {
        Self { host: Arc::from(host), repository: String::new(), credential_arn }
    }

    /// Where a cache rule says that the content of a repository comes from; None if no rule covers it.
    pub(super) fn of(registry: &Registry, repository: &RepositoryName) -> Option<Self> {
        let (rule, upstream_repository) = cache_rule_for(registry, repository)?;
        Some(Self {
            host: Arc::from(rule.upstream_registry_url.as_str()),
            repository: upstream_repository,
            credential_arn: rule.credential_arn.clone(),
        })
    }
}
