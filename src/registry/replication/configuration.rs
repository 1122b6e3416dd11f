//! Which repositories replicate to which registries.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::registry::errors::InvalidParameter;
use crate::registry::quotas::{Quotas, check_list};
use crate::registry::state::Registry;
use crate::registry::types::{RegistryKey, RepositoryName};

/// The replication configuration of a registry; no rules by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplicationConfiguration {
    /// Rules, in the order given.
    pub rules: Vec<ReplicationRule>,
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplicationRule {
    /// Where to.
    pub destinations: Vec<RegistryKey>,
    /// Prefixes of repository names, type `PREFIX_MATCH`; none: every repository.
    pub repository_prefixes: Vec<Arc<str>>,
    /// Whether deletions of images and tags are replicated too; absent as given, which is no.
    pub delete_replication: Option<bool>,
}

impl ReplicationRule {
    /// Whether the rule is about this repository.
    pub fn matches(&self, repository: &RepositoryName) -> bool {
        let prefixes = &self.repository_prefixes;
        prefixes.is_empty() || prefixes.iter().any(|prefix| repository.as_str().starts_with(&**prefix))
    }
}

impl ReplicationConfiguration {
    /// Checks a configuration for the registry `own`: numbers, and that no destination is the registry itself.
    pub fn check(&self, own: &RegistryKey, quotas: &Quotas) -> Result<(), InvalidParameter> {
        check_list("replicationConfiguration.rules", self.rules.len(), quotas.replication_rules)?;
        for rule in &self.rules {
            let filters = rule.repository_prefixes.len();
            let member = "replicationConfiguration.rules.repositoryFilters";
            check_list(member, filters, quotas.replication_filters_per_rule)?;
        }
        let destinations: BTreeSet<&RegistryKey> = self.rules.iter().flat_map(|rule| &rule.destinations).collect();
        if destinations.contains(own) {
            let constraint = "Replication destination cannot be the same as the source registry";
            return Err(InvalidParameter::new("replicationConfiguration", constraint));
        }
        let member = "replicationConfiguration.rules.destinations";
        check_list(member, destinations.len(), quotas.replication_destinations)
    }
}

/// Where pushes to `repository` go: the destinations of all rules that match, each once, never the registry itself.
pub fn destinations(registry: &Registry, repository: &RepositoryName) -> Vec<RegistryKey> {
    destinations_of(registry, repository, |_| true)
}

/// Where deletions in `repository` go: the same of the rules with `deleteReplication`.
pub fn deletion_destinations(registry: &Registry, repository: &RepositoryName) -> Vec<RegistryKey> {
    destinations_of(registry, repository, |rule| rule.delete_replication == Some(true))
}

fn destinations_of(
    registry: &Registry,
    repository: &RepositoryName,
    counts: impl Fn(&ReplicationRule) -> bool,
) -> Vec<RegistryKey> {
    let matching = registry.replication().rules.iter().filter(|rule| rule.matches(repository) && counts(rule));
    let each: BTreeSet<&RegistryKey> = matching.flat_map(|rule| &rule.destinations).collect();
    each.into_iter().filter(|destination| *destination != registry.key()).cloned().collect()
}
