//! Pull-through cache rules: which upstreams ECR knows, and which rule a repository name falls under.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache.html>

use std::sync::Arc;

use super::state::Registry;
use super::types::{CacheRulePrefix, RepositoryName, Timestamp};

/// The kinds of upstream that ECR knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpstreamRegistry {
    /// Another private ECR registry.
    Ecr,
    /// ECR Public.
    EcrPublic,
    /// Quay.
    Quay,
    /// The Kubernetes registry.
    K8s,
    /// Docker Hub.
    DockerHub,
    /// GitHub Container Registry.
    GitHubContainerRegistry,
    /// Azure Container Registry.
    AzureContainerRegistry,
    /// GitLab Container Registry, the hosted one.
    GitLabContainerRegistry,
    /// Chainguard; its host is unconfirmed.
    Chainguard,
}

impl UpstreamRegistry {
    /// Every kind, in the order of the service model.
    pub const ALL: [Self; 9] = [
        Self::Ecr,
        Self::EcrPublic,
        Self::Quay,
        Self::K8s,
        Self::DockerHub,
        Self::GitHubContainerRegistry,
        Self::AzureContainerRegistry,
        Self::GitLabContainerRegistry,
        Self::Chainguard,
    ];

    /// ECR's name of the kind.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ecr => "ecr",
            Self::EcrPublic => "ecr-public",
            Self::Quay => "quay",
            Self::K8s => "k8s",
            Self::DockerHub => "docker-hub",
            Self::GitHubContainerRegistry => "github-container-registry",
            Self::AzureContainerRegistry => "azure-container-registry",
            Self::GitLabContainerRegistry => "gitlab-container-registry",
            Self::Chainguard => "chainguard",
        }
    }

    /// The kind of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// The kind that a host is of.
    pub fn of_host(host: &str) -> Option<Self> {
        match host {
            "public.ecr.aws" => Some(Self::EcrPublic),
            "quay.io" => Some(Self::Quay),
            "registry.k8s.io" => Some(Self::K8s),
            "registry-1.docker.io" => Some(Self::DockerHub),
            "ghcr.io" => Some(Self::GitHubContainerRegistry),
            "registry.gitlab.com" => Some(Self::GitLabContainerRegistry),
            "cgr.dev" => Some(Self::Chainguard),
            _ if is_ecr_host(host) => Some(Self::Ecr),
            _ if host.strip_suffix(".azurecr.io").is_some_and(is_label) => Some(Self::AzureContainerRegistry),
            _ => None,
        }
    }

    /// Whether ECR takes a Secrets Manager secret for it, and wants one.
    pub fn needs_credentials(self) -> bool {
        match self {
            Self::Ecr | Self::EcrPublic | Self::Quay | Self::K8s => false,
            Self::DockerHub
            | Self::GitHubContainerRegistry
            | Self::AzureContainerRegistry
            | Self::GitLabContainerRegistry
            | Self::Chainguard => true,
        }
    }
}

fn is_label(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// `<account>.dkr.ecr.<region>.amazonaws.com`, with the suffix of any partition.
fn is_ecr_host(host: &str) -> bool {
    let Some((account, rest)) = host.split_once(".dkr.ecr.") else { return false };
    let Some((region, suffix)) = rest.split_once('.') else { return false };
    account.parse::<super::types::AccountId>().is_ok()
        && region.parse::<super::types::Region>().is_ok()
        && matches!(suffix, "amazonaws.com" | "amazonaws.com.cn" | "amazonaws.eu")
}

/// A pull-through cache rule. Only its credentials could ever change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheRule {
    /// Prefix of repository names in this registry.
    pub prefix: CacheRulePrefix,
    /// Host of the upstream, without scheme.
    pub upstream_registry_url: String,
    /// Kind of the upstream; absent for a host that only this world knows.
    pub upstream_registry: Option<UpstreamRegistry>,
    /// Prefix of names upstream, or `ROOT`.
    pub upstream_repository_prefix: CacheRulePrefix,
    /// Secret with the upstream's login; its content is for whoever calls the upstream.
    pub credential_arn: Option<String>,
    /// Role for an upstream ECR registry of another account; stored and shown.
    pub custom_role_arn: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl CacheRule {
    /// The prefix that stands for every name.
    pub(super) fn root() -> CacheRulePrefix {
        "ROOT".parse().expect("ROOT is a legal prefix")
    }

    /// What the upstream calls the repository `name`; `None` if the rule is not about it.
    pub fn upstream_repository(&self, name: &RepositoryName) -> Option<String> {
        let rest = if self.prefix.is_root() {
            name.as_str()
        } else {
            name.as_str().strip_prefix(self.prefix.as_str())?.strip_prefix('/')?
        };
        let upstream = &self.upstream_repository_prefix;
        Some(if upstream.is_root() { rest.to_owned() } else { format!("{upstream}/{rest}") })
    }
}

/// The rule that a repository name falls under, with the upstream's name for it. The longest prefix wins, `ROOT` is the
/// shortest (unconfirmed). Costs one lookup for each component of the name.
pub fn cache_rule_for<'a>(registry: &'a Registry, name: &RepositoryName) -> Option<(&'a Arc<CacheRule>, String)> {
    let rules = registry.cache_rules();
    if rules.is_empty() {
        return None;
    }
    let prefixes = name.as_str().rmatch_indices('/').map(|(place, _)| &name.as_str()[..place]);
    let rule = prefixes.chain(["ROOT"]).find_map(|prefix| rules.get(prefix))?;
    Some((rule, rule.upstream_repository(name)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c_183_c_223_hosts_tell_the_kind_of_an_upstream() {
        for (host, expected) in [
            ("public.ecr.aws", Some("ecr-public")),
            ("quay.io", Some("quay")),
            ("registry.k8s.io", Some("k8s")),
            ("registry-1.docker.io", Some("docker-hub")),
            ("ghcr.io", Some("github-container-registry")),
            ("mine.azurecr.io", Some("azure-container-registry")),
            ("registry.gitlab.com", Some("gitlab-container-registry")),
            ("cgr.dev", Some("chainguard")),
            ("111122223333.dkr.ecr.eu-west-1.amazonaws.com", Some("ecr")),
            ("111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn", Some("ecr")),
            ("mcr.microsoft.com", None),
            ("docker.io", None),
            ("a.b.azurecr.io", None),
            ("1.dkr.ecr.eu-west-1.amazonaws.com", None),
            ("https://quay.io", None),
        ] {
            assert_eq!(UpstreamRegistry::of_host(host).map(UpstreamRegistry::as_str), expected, "{host}");
        }
    }

    fn rule(prefix: &str, upstream_prefix: &str) -> CacheRule {
        CacheRule {
            prefix: prefix.parse().unwrap(),
            upstream_registry_url: "quay.io".to_owned(),
            upstream_registry: Some(UpstreamRegistry::Quay),
            upstream_repository_prefix: upstream_prefix.parse().unwrap(),
            credential_arn: None,
            custom_role_arn: None,
            created_at: Timestamp::EPOCH,
            updated_at: Timestamp::EPOCH,
        }
    }

    #[test]
    fn c_185_names_are_mapped_by_both_prefixes() {
        for (prefix, upstream_prefix, name, expected) in [
            ("hub", "ROOT", "hub/library/nginx", Some("library/nginx")),
            ("ROOT", "ROOT", "library/nginx", Some("library/nginx")),
            ("team-a", "team-a", "team-a/app", Some("team-a/app")),
            ("my-app", "upstream-app", "my-app/web", Some("upstream-app/web")),
            ("hub", "ROOT", "hubble/app", None),
            ("hub", "ROOT", "hub", None),
        ] {
            let found = rule(prefix, upstream_prefix).upstream_repository(&name.parse().unwrap());
            assert_eq!(found.as_deref(), expected, "{prefix} {upstream_prefix} {name}");
        }
    }

    #[test]
    fn the_longest_prefix_wins() {
        let mut registry = crate::registry::testing::registry();
        for prefix in ["ROOT", "hub", "hub/library"] {
            let rule = rule(prefix, "ROOT");
            registry.cache_rules.insert(rule.prefix.clone(), Arc::new(rule));
        }
        for (name, prefix, upstream) in [
            ("hub/library/nginx", "hub/library", "nginx"),
            ("hub/other/nginx", "hub", "other/nginx"),
            ("hub", "ROOT", "hub"),
            ("else/where", "ROOT", "else/where"),
        ] {
            let (rule, upstream_name) = cache_rule_for(&registry, &name.parse().unwrap()).unwrap();
            assert_eq!((rule.prefix.as_str(), upstream_name.as_str()), (prefix, upstream), "{name}");
        }
    }
}
