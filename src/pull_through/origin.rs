//! Where the content of a repository comes from.

use std::sync::Arc;

use crate::registry::types::RepositoryName;
use crate::registry::{Registry, cache_rule_for};

/// A repository of an upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    /// Host of the upstream.
    pub(super) host: Arc<str>,
    /// The upstream's name of the repository.
    pub(super) repository: String,
}

impl Origin {
    /// Where a cache rule says that the content of a repository comes from; None if no rule covers it.
    pub(super) fn of(registry: &Registry, repository: &RepositoryName) -> Option<Self> {
        let (rule, upstream_repository) = cache_rule_for(registry, repository)?;
        Some(Self { host: Arc::from(rule.upstream_registry_url.as_str()), repository: upstream_repository })
    }
}
