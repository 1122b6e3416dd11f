//! `CreatePullThroughCacheRule`, `DescribePullThroughCacheRules`, `DeletePullThroughCacheRule`.

use serde::{Deserialize, Serialize};

use super::members;
use crate::ecr::constraints::{Dialect, Text, one_of};
use crate::ecr::protocol::EpochSeconds;
use crate::registry::errors::InvalidParameter;
use crate::registry::types::{CacheRulePrefix, RegistryKey};
use crate::registry::{CacheRule, UpstreamRegistry};

static CREDENTIAL_ARN: Text = Text::new(Dialect::Smithy).length(50, 612).pattern(
    "^arn:aws(-\\w+)*:secretsmanager:[a-zA-Z0-9-:]+:secret:ecr\\-pullthroughcache\\/[a-zA-Z0-9\\/_+=.@-]+$",
);
static CUSTOM_ROLE_ARN: Text = Text::new(Dialect::Smithy).length(0, 2048);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreatePullThroughCacheRuleRequest {
    ecr_repository_prefix: Option<String>,
    upstream_registry_url: Option<String>,
    registry_id: Option<String>,
    upstream_registry: Option<String>,
    credential_arn: Option<String>,
    custom_role_arn: Option<String>,
    upstream_repository_prefix: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DescribePullThroughCacheRulesRequest {
    registry_id: Option<String>,
    ecr_repository_prefixes: Option<Vec<String>>,
    next_token: Option<String>,
    max_results: Option<i32>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeletePullThroughCacheRuleRequest {
    ecr_repository_prefix: Option<String>,
    registry_id: Option<String>,
}

/// A rule as replies show it; which members are there depends on the operation.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CacheRuleMember {
    ecr_repository_prefix: String,
    upstream_registry_url: String,
    created_at: EpochSeconds,
    registry_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    upstream_registry: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credential_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_role_arn: Option<String>,
    upstream_repository_prefix: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<EpochSeconds>,
}

impl CacheRuleMember {
    /// As `DescribePullThroughCacheRules` shows it: everything.
    fn described(rule: &CacheRule, registry: &RegistryKey) -> Self {
        Self { updated_at: Some(rule.updated_at.into()), ..Self::created(rule, registry) }
    }

    /// As `CreatePullThroughCacheRule` shows it: without `updatedAt`.
    fn created(rule: &CacheRule, registry: &RegistryKey) -> Self {
        Self {
            ecr_repository_prefix: rule.prefix.to_string(),
            upstream_registry_url: rule.upstream_registry_url.clone(),
            created_at: rule.created_at.into(),
            registry_id: registry.account.to_string(),
            upstream_registry: rule.upstream_registry.map(UpstreamRegistry::as_str),
            credential_arn: rule.credential_arn.clone(),
            custom_role_arn: rule.custom_role_arn.clone(),
            upstream_repository_prefix: rule.upstream_repository_prefix.to_string(),
            updated_at: None,
        }
    }

    /// As `DeletePullThroughCacheRule` shows it: without `upstreamRegistry` and `updatedAt`.
    fn deleted(rule: &CacheRule, registry: &RegistryKey) -> Self {
        Self { upstream_registry: None, ..Self::created(rule, registry) }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DescribePullThroughCacheRulesReply {
    pull_through_cache_rules: Vec<CacheRuleMember>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}
