//! `DescribeRegistry`, `PutReplicationConfiguration`, `DescribeImageReplicationStatus`.

use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::images::{self, ImageIdReply, ImageIdentifierMember, set_image};
use super::{Addressed, WireRequest, each, members};
use crate::ecr::answer::Links;
use crate::ecr::constraints::{Dialect, Text, list, one_of};
use crate::ecr::operation::{ReadOperation, WireOperation, WriteOperation};
use crate::ecr::protocol::{Object, write_body};
use crate::facts::Facts;
use crate::registry::errors::InvalidParameter;
use crate::registry::ops::{describe_image_replication_status, describe_registry, put_replication_configuration};
use crate::registry::types::{RegistryKey, RepositoryName};
use crate::registry::{Context, Registry, ReplicationConfiguration, ReplicationRule, ReplicationStatus, limits};
use crate::wire_errors::Failure;

static REPOSITORY_FILTER: Text = Text::new(Dialect::Smithy)
    .length(2, 256)
    .pattern("^(?:[a-z0-9]+(?:[._-][a-z0-9]*)*/)*[a-z0-9]*(?:[._-][a-z0-9]*)*$");

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DescribeRegistryRequest {}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PutReplicationConfigurationRequest {
    replication_configuration: Option<Object<ReplicationConfigurationMember>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DescribeImageReplicationStatusRequest {
    registry_id: Option<String>,
    repository_name: Option<String>,
    image_id: Option<Object<ImageIdentifierMember>>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReplicationConfigurationMember {
    rules: Option<Vec<Object<ReplicationRuleMember>>>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReplicationRuleMember {
    destinations: Option<Vec<Object<DestinationMember>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repository_filters: Option<Vec<Object<RepositoryFilterMember>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delete_replication: Option<Object<DeleteReplicationMember>>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DestinationMember {
    region: Option<String>,
    registry_id: Option<String>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RepositoryFilterMember {
    filter: Option<String>,
    filter_type: Option<String>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeleteReplicationMember {
    enabled: Option<bool>,
}

impl WireRequest for DescribeRegistryRequest {
    type Input = ();

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        Ok(Addressed { registry_id: None, input: () })
    }
}

impl WireRequest for PutReplicationConfigurationRequest {
    type Input = put_replication_configuration::Input;

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        let replication = configuration(self.replication_configuration)?;
        Ok(Addressed { registry_id: None, input: put_replication_configuration::Input { replication } })
    }
}

impl WireRequest for DescribeImageReplicationStatusRequest {
    type Input = describe_image_replication_status::Input;

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        let repository = members::repository_name(self.repository_name)?;
        let image_id = images::image_id("imageId", self.image_id)?;
        let registry_id = members::registry_id(self.registry_id)?;
        let input = describe_image_replication_status::Input { repository, image_id };
        Ok(Addressed { registry_id, input })
    }
}

impl WireOperation for DescribeRegistryRequest {
    type Output = describe_registry::Output;

    fn render(output: &Self::Output, _: &RegistryKey, _: &dyn Links) -> Bytes {
        write_body(&DescribeRegistryReply {
            registry_id: output.registry_id.as_str(),
            replication_configuration: (&*output.replication).into(),
        })
    }
}

impl ReadOperation for DescribeRegistryRequest {
    fn apply(registry: &Registry, (): Self::Input) -> Result<Self::Output, Failure> {
        Ok(describe_registry::apply(registry))
    }
}

impl WireOperation for PutReplicationConfigurationRequest {
    type Output = put_replication_configuration::Output;

    fn render(output: &Self::Output, _: &RegistryKey, _: &dyn Links) -> Bytes {
        write_body(&PutReplicationConfigurationReply { replication_configuration: (&*output.replication).into() })
    }
}

impl WriteOperation for PutReplicationConfigurationRequest {
    fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: Self::Input) -> Result<Self::Output, Failure> {
        Ok(put_replication_configuration::apply(registry, cx, input)?)
    }
}

impl WireOperation for DescribeImageReplicationStatusRequest {
    type Output = (RepositoryName, describe_image_replication_status::Output);

    fn repository(input: &Self::Input) -> Option<&RepositoryName> {
        Some(&input.repository)
    }

    fn facts(input: &Self::Input, facts: &mut Facts) {
        set_image(facts, Some(&input.image_id));
    }

    fn render((repository, output): &Self::Output, _: &RegistryKey, _: &dyn Links) -> Bytes {
        write_body(&DescribeImageReplicationStatusReply {
            repository_name: repository.as_str(),
            image_id: (&output.image_id).into(),
            replication_statuses: each(&output.replication_statuses),
        })
    }
}

impl ReadOperation for DescribeImageReplicationStatusRequest {
    fn apply(registry: &Registry, input: Self::Input) -> Result<Self::Output, Failure> {
        let output = describe_image_replication_status::apply(registry, &input)?;
        Ok((input.repository, output))
    }
}

fn rule((place, Object(rule)): (usize, Object<ReplicationRuleMember>)) -> Result<ReplicationRule, Failure> {
    let path = format!("replicationConfiguration.rules.{}.member", place + 1);
    let member = format!("{path}.destinations");
    let destinations = Dialect::Smithy.required(&member, rule.destinations)?;
    list(&member, &destinations, 0..=100)?;
    let destination = |(place, Object(destination)): (usize, Object<DestinationMember>)| {
        destination_key(&format!("{member}.{}.member", place + 1), destination)
    };
    let destinations = destinations.into_iter().enumerate().map(destination).collect::<Result<_, _>>()?;
    let repository_prefixes = repository_prefixes(&format!("{path}.repositoryFilters"), rule.repository_filters)?;
    let enabled = |Object(deletion): Object<DeleteReplicationMember>| {
        Dialect::Smithy.required(format_args!("{path}.deleteReplication.enabled"), deletion.enabled)
    };
    let delete_replication = rule.delete_replication.map(enabled).transpose()?;
    Ok(ReplicationRule { destinations, repository_prefixes, delete_replication })
}

pub(crate) fn destination_key(path: &str, destination: DestinationMember) -> Result<RegistryKey, InvalidParameter> {
    let region = Dialect::Smithy.read(format_args!("{path}.region"), destination.region)?;
    let account = Dialect::Smithy.read(format_args!("{path}.registryId"), destination.registry_id)?;
    Ok(RegistryKey { account, region })
}

fn repository_prefixes(
    member: &str,
    filters: Option<Vec<Object<RepositoryFilterMember>>>,
) -> Result<Vec<Arc<str>>, InvalidParameter> {
    let Some(filters) = filters else { return Ok(Vec::new()) };
    list(member, &filters, 1..=limits::REPLICATION_FILTERS_PER_RULE)?;
    let prefix = |(place, Object(filter)): (usize, Object<RepositoryFilterMember>)| {
        let path = format!("{member}.{}.member", place + 1);
        let text = REPOSITORY_FILTER.required(format_args!("{path}.filter"), filter.filter)?;
        let kind = Dialect::Smithy.required(format_args!("{path}.filterType"), filter.filter_type)?;
        one_of(format_args!("{path}.filterType"), &kind, &["PREFIX_MATCH"], |name| name)?;
        Ok(Arc::from(text))
    };
    filters.into_iter().enumerate().map(prefix).collect()
}

/// Reads a configuration.
fn configuration(
    configuration: Option<Object<ReplicationConfigurationMember>>,
) -> Result<ReplicationConfiguration, Failure> {
    let Object(configuration) = Dialect::Smithy.required("replicationConfiguration", configuration)?;
    let rules = Dialect::Smithy.required("replicationConfiguration.rules", configuration.rules)?;
    list("replicationConfiguration.rules", &rules, 0..=limits::REPLICATION_RULES)?;
    let rules = rules.into_iter().enumerate().map(rule).collect::<Result<_, _>>()?;
    Ok(ReplicationConfiguration { rules })
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DescribeRegistryReply<'a> {
    pub(crate) registry_id: &'a str,
    pub(crate) replication_configuration: ReplicationConfigurationMember,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PutReplicationConfigurationReply {
    pub(crate) replication_configuration: ReplicationConfigurationMember,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReplicationStatusMember {
    region: String,
    registry_id: String,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_code: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DescribeImageReplicationStatusReply<'a> {
    pub(crate) repository_name: &'a str,
    pub(crate) image_id: ImageIdReply<'a>,
    pub(crate) replication_statuses: Vec<ReplicationStatusMember>,
}

impl From<&ReplicationConfiguration> for ReplicationConfigurationMember {
    fn from(configuration: &ReplicationConfiguration) -> Self {
        let rules = configuration.rules.iter().map(|rule| Object(rule.into())).collect();
        Self { rules: Some(rules) }
    }
}

impl From<&RegistryKey> for DestinationMember {
    fn from(key: &RegistryKey) -> Self {
        Self { region: Some(key.region.to_string()), registry_id: Some(key.account.to_string()) }
    }
}

/// A rule without filters shows none, and `deleteReplication` only if it was given.
impl From<&ReplicationRule> for ReplicationRuleMember {
    fn from(rule: &ReplicationRule) -> Self {
        let destination = |key: &RegistryKey| Object(key.into());
        let deletion = |enabled| Object(DeleteReplicationMember { enabled: Some(enabled) });
        let filter = |prefix: &Arc<str>| {
            let (filter, filter_type) = (prefix.to_string(), "PREFIX_MATCH".to_owned());
            Object(RepositoryFilterMember { filter: Some(filter), filter_type: Some(filter_type) })
        };
        let filters: Vec<_> = rule.repository_prefixes.iter().map(filter).collect();
        Self {
            destinations: Some(rule.destinations.iter().map(destination).collect()),
            repository_filters: if filters.is_empty() { None } else { Some(filters) },
            delete_replication: rule.delete_replication.map(deletion),
        }
    }
}

impl From<&ReplicationStatus> for ReplicationStatusMember {
    fn from(status: &ReplicationStatus) -> Self {
        Self {
            region: status.destination.region.to_string(),
            registry_id: status.destination.account.to_string(),
            status: status.state.as_str(),
            failure_code: status.state.failure_code().map(str::to_owned),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::ecr::testing::Bench;

    #[test]
    fn d_007_delete_replication_is_kept_as_it_was_given() {
        let mut bench = Bench::new();
        let rule = |delete: Value| {
            let destinations = json!([{"region": "eu-west-1", "registryId": "123456789012"}]);
            let mut rule = json!({"destinations": destinations});
            if !delete.is_null() {
                rule["deleteReplication"] = delete;
            }
            rule
        };
        let rules = [rule(json!({"enabled": true})), rule(json!({"enabled": false})), rule(Value::Null)];
        let configuration = json!({"replicationConfiguration": {"rules": rules}});
        assert_eq!(bench.ok("PutReplicationConfiguration", &configuration.to_string()), configuration);
        let described = bench.ok("DescribeRegistry", "{}");
        assert_eq!(described["replicationConfiguration"], configuration["replicationConfiguration"]);
        let incomplete = json!({"replicationConfiguration": {"rules": [rule(json!({}))]}});
        assert_eq!(
            bench.refused("PutReplicationConfiguration", &incomplete.to_string()).1,
            "Invalid parameter at 'replicationConfiguration.rules.1.member.deleteReplication.enabled' failed to satisfy \
             constraint: 'Member must not be null'"
        );
    }
}
