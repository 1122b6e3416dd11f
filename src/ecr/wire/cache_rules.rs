//! `CreatePullThroughCacheRule`, `DescribePullThroughCacheRules`, `UpdatePullThroughCacheRule`,
//! `ValidatePullThroughCacheRule`, `DeletePullThroughCacheRule`.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::members::{self, Selection};
use super::{Addressed, WireRequest};
use crate::ecr::answer::{Answer, Links};
use crate::ecr::constraints::{Dialect, Text, one_of};
use crate::ecr::operation::{ReadOperation, Reply, WireOperation, WriteOperation};
use crate::ecr::protocol::{EpochSeconds, write_body};
use crate::facts::{Fact, Facts};
use crate::registry::errors::InvalidParameter;
use crate::registry::ops::{
    create_pull_through_cache_rule, delete_pull_through_cache_rule, describe_pull_through_cache_rules,
    update_pull_through_cache_rule, validate_pull_through_cache_rule,
};
use crate::registry::types::{CacheRulePrefix, RegistryKey};
use crate::registry::{CacheRule, Context, Registry, UpstreamRegistry};
use crate::wire_errors::Failure;

static CREDENTIAL_ARN: Text = Text::new(Dialect::Smithy)
    .length(50, 612)
    .pattern("^arn:aws(-\\w+)*:secretsmanager:[a-zA-Z0-9-:]+:secret:ecr\\-pullthroughcache\\/[a-zA-Z0-9\\/_+=.@-]+$");
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

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UpdatePullThroughCacheRuleRequest {
    registry_id: Option<String>,
    ecr_repository_prefix: Option<String>,
    credential_arn: Option<String>,
    custom_role_arn: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ValidatePullThroughCacheRuleRequest {
    ecr_repository_prefix: Option<String>,
    registry_id: Option<String>,
}

impl WireRequest for CreatePullThroughCacheRuleRequest {
    type Input = create_pull_through_cache_rule::Input;

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        let prefix = required_prefix(self.ecr_repository_prefix)?;
        let upstream_registry_url = Dialect::Smithy.required("upstreamRegistryUrl", self.upstream_registry_url)?;
        let registry_id = members::registry_id(self.registry_id)?;
        let kind = |text: &String| one_of("upstreamRegistry", text, &UpstreamRegistry::ALL, UpstreamRegistry::as_str);
        let upstream_registry = self.upstream_registry.as_ref().map(kind).transpose()?;
        let credential_arn = CREDENTIAL_ARN.optional("credentialArn", self.credential_arn)?;
        let custom_role_arn = CUSTOM_ROLE_ARN.optional("customRoleArn", self.custom_role_arn)?;
        let prefix_of = |text: &String| members::cache_rule_prefix("upstreamRepositoryPrefix", text);
        let upstream_repository_prefix = self.upstream_repository_prefix.as_ref().map(prefix_of).transpose()?;
        let input = create_pull_through_cache_rule::Input {
            prefix,
            upstream_registry_url,
            upstream_registry,
            upstream_repository_prefix,
            credential_arn,
            custom_role_arn,
        };
        Ok(Addressed { registry_id, input })
    }
}

impl WireRequest for DescribePullThroughCacheRulesRequest {
    type Input = describe_pull_through_cache_rules::Input;

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        const MEMBER: &str = "ecrRepositoryPrefixes";
        let registry_id = members::registry_id(self.registry_id)?;
        let selection = members::selection(MEMBER, self.ecr_repository_prefixes, self.next_token, self.max_results)?;
        let input = match selection {
            Selection::Named(prefixes) => {
                let numbered = prefixes.iter().enumerate();
                let parsed = numbered.map(|(place, text)| {
                    members::cache_rule_prefix(format_args!("{MEMBER}.{}.member", place + 1), text)
                });
                describe_pull_through_cache_rules::Input::Named(parsed.collect::<Result<_, _>>()?)
            }
            Selection::Page(page) => describe_pull_through_cache_rules::Input::Page(page),
        };
        Ok(Addressed { registry_id, input })
    }
}

impl WireRequest for DeletePullThroughCacheRuleRequest {
    type Input = delete_pull_through_cache_rule::Input;

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        let prefix = required_prefix(self.ecr_repository_prefix)?;
        let registry_id = members::registry_id(self.registry_id)?;
        Ok(Addressed { registry_id, input: delete_pull_through_cache_rule::Input { prefix } })
    }
}

impl WireRequest for UpdatePullThroughCacheRuleRequest {
    type Input = update_pull_through_cache_rule::Input;

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        let registry_id = members::registry_id(self.registry_id)?;
        let prefix = required_prefix(self.ecr_repository_prefix)?;
        let credential_arn = CREDENTIAL_ARN.optional("credentialArn", self.credential_arn)?;
        let custom_role_arn = CUSTOM_ROLE_ARN.optional("customRoleArn", self.custom_role_arn)?;
        let input = update_pull_through_cache_rule::Input { prefix, credential_arn, custom_role_arn };
        Ok(Addressed { registry_id, input })
    }
}

impl WireRequest for ValidatePullThroughCacheRuleRequest {
    type Input = validate_pull_through_cache_rule::Input;

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        let prefix = required_prefix(self.ecr_repository_prefix)?;
        let registry_id = members::registry_id(self.registry_id)?;
        Ok(Addressed { registry_id, input: validate_pull_through_cache_rule::Input { prefix } })
    }
}

impl WireOperation for CreatePullThroughCacheRuleRequest {
    type Output = create_pull_through_cache_rule::Output;

    fn facts(input: &Self::Input, facts: &mut Facts) {
        facts.set(Fact::Upstream, input.upstream_registry_url.as_str());
    }

    fn render(output: &Self::Output, registry: &RegistryKey, _: &dyn Links) -> Bytes {
        write_body(&CacheRuleMember::created(&output.rule, registry))
    }
}

impl WriteOperation for CreatePullThroughCacheRuleRequest {
    fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: Self::Input) -> Result<Self::Output, Failure> {
        Ok(create_pull_through_cache_rule::apply(registry, cx, input)?)
    }
}

impl WireOperation for DescribePullThroughCacheRulesRequest {
    type Output = describe_pull_through_cache_rules::Output;

    fn render(output: &Self::Output, registry: &RegistryKey, _: &dyn Links) -> Bytes {
        let rules = output.rules.iter();
        write_body(&DescribePullThroughCacheRulesReply {
            pull_through_cache_rules: rules.map(|rule| CacheRuleMember::described(rule, registry)).collect(),
            next_token: output.next_token.as_deref(),
        })
    }
}

impl ReadOperation for DescribePullThroughCacheRulesRequest {
    fn apply(registry: &Registry, input: Self::Input) -> Result<Self::Output, Failure> {
        Ok(describe_pull_through_cache_rules::apply(registry, &input)?)
    }
}

impl WireOperation for DeletePullThroughCacheRuleRequest {
    type Output = delete_pull_through_cache_rule::Output;

    fn render(output: &Self::Output, registry: &RegistryKey, _: &dyn Links) -> Bytes {
        write_body(&CacheRuleMember::deleted(&output.rule, registry))
    }
}

impl WriteOperation for DeletePullThroughCacheRuleRequest {
    fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: Self::Input) -> Result<Self::Output, Failure> {
        Ok(delete_pull_through_cache_rule::apply(registry, cx, &input)?)
    }
}

impl WireOperation for UpdatePullThroughCacheRuleRequest {
    type Output = update_pull_through_cache_rule::Output;

    fn render(output: &Self::Output, registry: &RegistryKey, _: &dyn Links) -> Bytes {
        let rule = &output.rule;
        write_body(&UpdatePullThroughCacheRuleReply {
            ecr_repository_prefix: rule.prefix.as_str(),
            registry_id: registry.account.as_str(),
            updated_at: rule.updated_at.into(),
            credential_arn: rule.credential_arn.as_deref(),
            custom_role_arn: rule.custom_role_arn.as_deref(),
            upstream_repository_prefix: rule.upstream_repository_prefix.as_str(),
        })
    }
}

impl WriteOperation for UpdatePullThroughCacheRuleRequest {
    fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: Self::Input) -> Result<Self::Output, Failure> {
        Ok(update_pull_through_cache_rule::apply(registry, cx, input)?)
    }
}

/// The answer of a validation.
pub(crate) fn validation_answer(registry: &RegistryKey, output: validate_pull_through_cache_rule::Output) -> Answer {
    Answer::new(registry, Validation(output))
}

#[derive(Debug)]
struct Validation(validate_pull_through_cache_rule::Output);

impl Reply for Validation {
    fn render(&self, registry: &RegistryKey, _: &dyn Links) -> Bytes {
        let Self(output) = self;
        let rule = &output.rule;
        write_body(&ValidatePullThroughCacheRuleReply {
            ecr_repository_prefix: rule.prefix.as_str(),
            registry_id: registry.account.as_str(),
            upstream_registry_url: &rule.upstream_registry_url,
            credential_arn: rule.credential_arn.as_deref(),
            custom_role_arn: rule.custom_role_arn.as_deref(),
            upstream_repository_prefix: rule.upstream_repository_prefix.as_str(),
            is_valid: output.failure.is_none(),
            failure: output.failure.as_deref(),
        })
    }
}

fn required_prefix(text: Option<String>) -> Result<CacheRulePrefix, InvalidParameter> {
    let text = Dialect::Smithy.required("ecrRepositoryPrefix", text)?;
    members::cache_rule_prefix("ecrRepositoryPrefix", &text)
}

/// A rule as replies show it; which members are there depends on the operation.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CacheRuleMember<'a> {
    ecr_repository_prefix: &'a str,
    upstream_registry_url: &'a str,
    created_at: EpochSeconds,
    registry_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    upstream_registry: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credential_arn: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_role_arn: Option<&'a str>,
    upstream_repository_prefix: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<EpochSeconds>,
}

impl<'a> CacheRuleMember<'a> {
    /// As `DescribePullThroughCacheRules` shows it: everything.
    pub(crate) fn described(rule: &'a CacheRule, registry: &'a RegistryKey) -> Self {
        Self { updated_at: Some(rule.updated_at.into()), ..Self::created(rule, registry) }
    }

    /// As `CreatePullThroughCacheRule` shows it: without `updatedAt`.
    pub(crate) fn created(rule: &'a CacheRule, registry: &'a RegistryKey) -> Self {
        Self {
            ecr_repository_prefix: rule.prefix.as_str(),
            upstream_registry_url: &rule.upstream_registry_url,
            created_at: rule.created_at.into(),
            registry_id: registry.account.as_str(),
            upstream_registry: rule.upstream_registry.map(UpstreamRegistry::as_str),
            credential_arn: rule.credential_arn.as_deref(),
            custom_role_arn: rule.custom_role_arn.as_deref(),
            upstream_repository_prefix: rule.upstream_repository_prefix.as_str(),
            updated_at: None,
        }
    }

    /// As `DeletePullThroughCacheRule` shows it: without `upstreamRegistry` and `updatedAt`.
    pub(crate) fn deleted(rule: &'a CacheRule, registry: &'a RegistryKey) -> Self {
        Self { upstream_registry: None, ..Self::created(rule, registry) }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DescribePullThroughCacheRulesReply<'a> {
    pub(crate) pull_through_cache_rules: Vec<CacheRuleMember<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_token: Option<&'a str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UpdatePullThroughCacheRuleReply<'a> {
    ecr_repository_prefix: &'a str,
    registry_id: &'a str,
    updated_at: EpochSeconds,
    #[serde(skip_serializing_if = "Option::is_none")]
    credential_arn: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_role_arn: Option<&'a str>,
    upstream_repository_prefix: &'a str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ValidatePullThroughCacheRuleReply<'a> {
    ecr_repository_prefix: &'a str,
    registry_id: &'a str,
    upstream_registry_url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    credential_arn: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_role_arn: Option<&'a str>,
    upstream_repository_prefix: &'a str,
    is_valid: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<&'a str>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::ecr::testing::Bench;

    const SECRET: &str = "arn:aws:secretsmanager:us-east-1:123456789012:secret:ecr-pullthroughcache/hub-AbCdEf";

    fn with_hub() -> Bench {
        let mut bench = Bench::new();
        let rule = json!({
            "ecrRepositoryPrefix": "hub", "upstreamRegistryUrl": "registry-1.docker.io", "credentialArn": SECRET,
        });
        bench.ok("CreatePullThroughCacheRule", &rule.to_string());
        bench
    }

    #[test]
    fn c_188_c_189_an_update_answers_fewer_members() {
        let mut bench = with_hub();
        let other = SECRET.replace("hub", "other");
        let update = json!({"ecrRepositoryPrefix": "hub", "credentialArn": other});
        assert_eq!(
            bench.ok("UpdatePullThroughCacheRule", &update.to_string()),
            json!({
                "ecrRepositoryPrefix": "hub",
                "registryId": "123456789012",
                "updatedAt": 1_700_000_000.123,
                "credentialArn": other,
                "upstreamRepositoryPrefix": "ROOT",
            })
        );
        let missing = (
            "PullThroughCacheRuleNotFoundException".to_owned(),
            "The pull through cache rule with Amazon ECR repository prefix 'no' does not exist in the registry with id \
             '123456789012'"
                .to_owned(),
        );
        let update = json!({"ecrRepositoryPrefix": "no", "credentialArn": other}).to_string();
        assert_eq!(bench.refused("UpdatePullThroughCacheRule", &update), missing);
        assert_eq!(bench.refused("ValidatePullThroughCacheRule", r#"{"ecrRepositoryPrefix":"no"}"#), missing);
    }

    #[test]
    fn c_190_a_validation_answers_the_rule_and_its_verdict() {
        let mut bench = with_hub();
        assert_eq!(
            bench.ok("ValidatePullThroughCacheRule", r#"{"ecrRepositoryPrefix":"hub"}"#),
            json!({
                "ecrRepositoryPrefix": "hub",
                "registryId": "123456789012",
                "upstreamRegistryUrl": "registry-1.docker.io",
                "credentialArn": SECRET,
                "upstreamRepositoryPrefix": "ROOT",
                "isValid": true,
            })
        );
    }

    #[test]
    fn violations_of_updates_and_validations_name_the_first_member() {
        let mut bench = with_hub();
        let mut check = |operation: &str, body: &str, member: &str, constraint: &str| {
            let text = format!("Invalid parameter at '{member}' failed to satisfy constraint: '{constraint}'");
            assert_eq!(bench.refused(operation, body), ("InvalidParameterException".to_owned(), text), "{body}");
        };
        for operation in ["UpdatePullThroughCacheRule", "ValidatePullThroughCacheRule"] {
            check(operation, "{}", "ecrRepositoryPrefix", "Member must not be null");
            let short = r#"{"ecrRepositoryPrefix":"a"}"#;
            check(operation, short, "ecrRepositoryPrefix", "Member must have length greater than or equal to 2");
        }
        check(
            "UpdatePullThroughCacheRule",
            r#"{"ecrRepositoryPrefix":"hub","credentialArn":"short"}"#,
            "credentialArn",
            "Member must have length greater than or equal to 50",
        );
        check(
            "UpdatePullThroughCacheRule",
            r#"{"ecrRepositoryPrefix":"hub"}"#,
            "credentialArn",
            "Either credentialArn or customRoleArn must be specified",
        );
    }
}
