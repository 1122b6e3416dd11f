//! `CreateRepository`, `DescribeRepositories`, `DeleteRepository`, `PutImageTagMutability`.

use std::fmt;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::members::{self, Selection};
use super::{Addressed, WireRequest};
use crate::ecr::answer::Links;
use crate::ecr::constraints::{Dialect, Text, list, one_of};
use crate::ecr::operation::{ReadOperation, WireOperation, WriteOperation};
use crate::ecr::protocol::{Displayed, EpochSeconds, Object, write_body};
use crate::registry::errors::InvalidParameter;
use crate::registry::ops::{create_repository, delete_repository, describe_repositories, put_image_tag_mutability};
use crate::registry::types::{RegistryKey, RepositoryArn, RepositoryName};
use crate::registry::{
    Context, Encryption, EncryptionType, Registry, Repository, ResourceTag, TagFilter, TagMutability,
    TagMutabilityMode, limits,
};
use crate::wire_errors::Failure;

/// Modes in the order in which ECR lists them in a refusal.
const MODES: [TagMutabilityMode; 4] = [
    TagMutabilityMode::Immutable,
    TagMutabilityMode::Mutable,
    TagMutabilityMode::MutableWithExclusion,
    TagMutabilityMode::ImmutableWithExclusion,
];

static KMS_KEY: Text = Text::new(Dialect::Smithy).length(1, 2048);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateRepositoryRequest {
    registry_id: Option<String>,
    repository_name: Option<String>,
    tags: Option<Vec<Object<TagMember>>>,
    image_tag_mutability: Option<String>,
    image_tag_mutability_exclusion_filters: Option<Vec<Object<ExclusionFilterMember>>>,
    image_scanning_configuration: Option<Object<ImageScanningConfigurationMember>>,
    encryption_configuration: Option<Object<EncryptionConfigurationMember>>,
}

/// A resource tag; the one shape of ECR whose members begin with a capital.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TagMember {
    key: Option<String>,
    value: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExclusionFilterMember {
    filter_type: Option<String>,
    filter: Option<String>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ImageScanningConfigurationMember {
    #[serde(skip_serializing_if = "Option::is_none")]
    scan_on_push: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EncryptionConfigurationMember {
    encryption_type: Option<String>,
    kms_key: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DescribeRepositoriesRequest {
    registry_id: Option<String>,
    repository_names: Option<Vec<String>>,
    next_token: Option<String>,
    max_results: Option<i32>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeleteRepositoryRequest {
    registry_id: Option<String>,
    repository_name: Option<String>,
    force: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PutImageTagMutabilityRequest {
    registry_id: Option<String>,
    repository_name: Option<String>,
    image_tag_mutability: Option<String>,
    image_tag_mutability_exclusion_filters: Option<Vec<Object<ExclusionFilterMember>>>,
}

impl WireRequest for CreateRepositoryRequest {
    type Input = create_repository::Input;

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        let registry_id = members::registry_id(self.registry_id)?;
        let name = members::repository_name(self.repository_name)?;
        let resource_tags = resource_tags(self.tags)?;
        let tag_mutability = self.image_tag_mutability.as_deref().map(mode).transpose()?.unwrap_or_default();
        let tag_mutability_filters = exclusion_filters(self.image_tag_mutability_exclusion_filters)?;
        let scanning = self.image_scanning_configuration;
        let (encryption_type, kms_key) = encryption(self.encryption_configuration)?.unwrap_or_default();
        let input = create_repository::Input {
            name,
            tag_mutability,
            tag_mutability_filters,
            scan_on_push: scanning.and_then(|Object(scanning)| scanning.scan_on_push).unwrap_or_default(),
            encryption_type,
            kms_key,
            resource_tags,
        };
        Ok(Addressed { registry_id, input })
    }
}

impl WireRequest for DescribeRepositoriesRequest {
    type Input = describe_repositories::Input;

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        let registry_id = members::registry_id(self.registry_id)?;
        let input =
            match members::selection("repositoryNames", self.repository_names, self.next_token, self.max_results)? {
                Selection::Named(names) => describe_repositories::Input::Named(repository_names(&names)?),
                Selection::Page(page) => describe_repositories::Input::Page(page),
            };
        Ok(Addressed { registry_id, input })
    }
}

impl WireRequest for DeleteRepositoryRequest {
    type Input = delete_repository::Input;

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        let registry_id = members::registry_id(self.registry_id)?;
        let name = members::repository_name(self.repository_name)?;
        let images = match self.force {
            Some(true) => delete_repository::Images::Delete,
            Some(false) | None => delete_repository::Images::Keep,
        };
        Ok(Addressed { registry_id, input: delete_repository::Input { name, images } })
    }
}

impl WireRequest for PutImageTagMutabilityRequest {
    type Input = put_image_tag_mutability::Input;

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        let registry_id = members::registry_id(self.registry_id)?;
        let repository = members::repository_name(self.repository_name)?;
        let tag_mutability = mode(&Dialect::Smithy.required("imageTagMutability", self.image_tag_mutability)?)?;
        let filters = exclusion_filters(self.image_tag_mutability_exclusion_filters)?;
        Ok(Addressed { registry_id, input: put_image_tag_mutability::Input { repository, tag_mutability, filters } })
    }
}

impl WireOperation for CreateRepositoryRequest {
    type Output = create_repository::Output;

    fn repository(input: &Self::Input) -> Option<&RepositoryName> {
        Some(&input.name)
    }

    fn request_tags(input: &Self::Input) -> &[ResourceTag] {
        &input.resource_tags
    }

    fn render(output: &Self::Output, registry: &RegistryKey, links: &dyn Links) -> Bytes {
        one_repository(&output.repository, registry, links)
    }
}

impl WriteOperation for CreateRepositoryRequest {
    fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: Self::Input) -> Result<Self::Output, Failure> {
        Ok(create_repository::apply(registry, cx, input)?)
    }
}

impl WireOperation for DescribeRepositoriesRequest {
    type Output = describe_repositories::Output;

    fn repositories(input: &Self::Input) -> &[RepositoryName] {
        match input {
            describe_repositories::Input::Named(names) => names,
            describe_repositories::Input::Page(_) => &[],
        }
    }

    fn render(output: &Self::Output, registry: &RegistryKey, links: &dyn Links) -> Bytes {
        let host = links.registry_host(registry);
        let repositories = output.repositories.iter();
        write_body(&DescribeRepositoriesReply {
            repositories: repositories.map(|repository| RepositoryMember::new(repository, registry, &host)).collect(),
            next_token: output.next_token.as_deref(),
        })
    }
}

impl ReadOperation for DescribeRepositoriesRequest {
    fn apply(registry: &Registry, input: Self::Input) -> Result<Self::Output, Failure> {
        Ok(describe_repositories::apply(registry, &input)?)
    }
}

impl WireOperation for DeleteRepositoryRequest {
    type Output = delete_repository::Output;

    fn repository(input: &Self::Input) -> Option<&RepositoryName> {
        Some(&input.name)
    }

    fn render(output: &Self::Output, registry: &RegistryKey, links: &dyn Links) -> Bytes {
        one_repository(&output.repository, registry, links)
    }
}

impl WriteOperation for DeleteRepositoryRequest {
    fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: Self::Input) -> Result<Self::Output, Failure> {
        Ok(delete_repository::apply(registry, cx, &input)?)
    }
}

impl WireOperation for PutImageTagMutabilityRequest {
    type Output = (RepositoryName, put_image_tag_mutability::Output);

    fn repository(input: &Self::Input) -> Option<&RepositoryName> {
        Some(&input.repository)
    }

    fn render((repository, output): &Self::Output, registry: &RegistryKey, _: &dyn Links) -> Bytes {
        write_body(&PutImageTagMutabilityReply {
            registry_id: registry.account.as_str(),
            repository_name: repository.as_str(),
            image_tag_mutability: output.tag_mutability.mode().as_str(),
            image_tag_mutability_exclusion_filters: exclusion_filter_replies(&output.tag_mutability),
        })
    }
}

impl WriteOperation for PutImageTagMutabilityRequest {
    fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: Self::Input) -> Result<Self::Output, Failure> {
        let repository = input.repository.clone();
        Ok((repository, put_image_tag_mutability::apply(registry, cx, input)?))
    }
}

fn one_repository(repository: &Repository, registry: &RegistryKey, links: &dyn Links) -> Bytes {
    let host = links.registry_host(registry);
    write_body(&RepositoryReply { repository: RepositoryMember::new(repository, registry, &host) })
}

/// Elements of a list are told in the later dialect, as every list is.
fn repository_names(names: &[String]) -> Result<Vec<RepositoryName>, InvalidParameter> {
    let numbered = names.iter().enumerate();
    numbered
        .map(|(place, name)| Dialect::Smithy.parse(format_args!("repositoryNames.{}.member", place + 1), name))
        .collect()
}

pub(crate) fn resource_tags(tags: Option<Vec<Object<TagMember>>>) -> Result<Vec<ResourceTag>, InvalidParameter> {
    resource_tags_of("tags", tags)
}

/// Resource tags in a list of another name.
pub(crate) fn resource_tags_of(
    member: &str,
    tags: Option<Vec<Object<TagMember>>>,
) -> Result<Vec<ResourceTag>, InvalidParameter> {
    let tag = |(place, Object(tag)): (usize, Object<TagMember>)| {
        let number = place + 1;
        Ok(ResourceTag {
            key: Dialect::Smithy.required(format_args!("{member}.{number}.member.key"), tag.key)?,
            value: Dialect::Smithy.required(format_args!("{member}.{number}.member.value"), tag.value)?,
        })
    };
    tags.unwrap_or_default().into_iter().enumerate().map(tag).collect()
}

pub(crate) fn mode(text: &str) -> Result<TagMutabilityMode, InvalidParameter> {
    one_of("imageTagMutability", text, &MODES, TagMutabilityMode::as_str)
}

pub(crate) fn exclusion_filters(
    filters: Option<Vec<Object<ExclusionFilterMember>>>,
) -> Result<Vec<TagFilter>, InvalidParameter> {
    const MEMBER: &str = "imageTagMutabilityExclusionFilters";
    let Some(filters) = filters else { return Ok(Vec::new()) };
    list(MEMBER, &filters, 1..=limits::MUTABILITY_FILTERS)?;
    let filter = |(place, Object(filter)): (usize, Object<ExclusionFilterMember>)| {
        let number = place + 1;
        let member = format_args!("{MEMBER}.{number}.member.filterType");
        one_of(member, &Dialect::Smithy.required(member, filter.filter_type)?, &["WILDCARD"], |name| name)?;
        Dialect::Smithy.read(format_args!("{MEMBER}.{number}.member.filter"), filter.filter)
    };
    filters.into_iter().enumerate().map(filter).collect()
}

fn encryption(
    configuration: Option<Object<EncryptionConfigurationMember>>,
) -> Result<Option<(EncryptionType, Option<String>)>, InvalidParameter> {
    encryption_with(&KMS_KEY, configuration)
}

/// An encryption whose key has these constraints.
pub(crate) fn encryption_with(
    kms_key: &Text,
    configuration: Option<Object<EncryptionConfigurationMember>>,
) -> Result<Option<(EncryptionType, Option<String>)>, InvalidParameter> {
    let Some(Object(configuration)) = configuration else { return Ok(None) };
    let member = "encryptionConfiguration.encryptionType";
    let text = Dialect::Smithy.required(member, configuration.encryption_type)?;
    let kinds = [EncryptionType::Aes256, EncryptionType::Kms, EncryptionType::KmsDsse];
    let kind = one_of(member, &text, &kinds, EncryptionType::as_str)?;
    Ok(Some((kind, kms_key.optional("encryptionConfiguration.kmsKey", configuration.kms_key)?)))
}

/// A repository as replies show it. Texts that nothing holds are written straight into the reply.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RepositoryMember<'a> {
    repository_arn: Displayed<RepositoryArn<'a>>,
    registry_id: &'a str,
    repository_name: &'a str,
    repository_uri: Displayed<RepositoryUri<'a>>,
    created_at: EpochSeconds,
    image_tag_mutability: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    image_tag_mutability_exclusion_filters: Vec<ExclusionFilterReply<'a>>,
    image_scanning_configuration: ImageScanningConfigurationMember,
    encryption_configuration: EncryptionConfigurationReply<'a>,
}

/// Host and name, without scheme.
#[derive(Debug)]
struct RepositoryUri<'a> {
    host: &'a str,
    name: &'a RepositoryName,
}

impl fmt::Display for RepositoryUri<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.host)?;
        f.write_str("/")?;
        f.write_str(self.name.as_str())
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EncryptionConfigurationReply<'a> {
    encryption_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kms_key: Option<&'a str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExclusionFilterReply<'a> {
    filter_type: &'static str,
    filter: &'a str,
}

/// The filters of a mode that has them.
pub(crate) fn exclusion_filter_replies(mutability: &TagMutability) -> Vec<ExclusionFilterReply<'_>> {
    let filters = mutability.filters().iter();
    filters.map(|filter| ExclusionFilterReply { filter_type: "WILDCARD", filter: filter.as_str() }).collect()
}

impl<'a> From<&'a Encryption> for EncryptionConfigurationReply<'a> {
    fn from(encryption: &'a Encryption) -> Self {
        Self { encryption_type: encryption.encryption_type.as_str(), kms_key: encryption.kms_key.as_deref() }
    }
}

impl<'a> RepositoryMember<'a> {
    pub(crate) fn new(repository: &'a Repository, registry: &'a RegistryKey, host: &'a str) -> Self {
        let name = repository.name();
        Self {
            repository_arn: Displayed(registry.arn_of(name)),
            registry_id: registry.account.as_str(),
            repository_name: name.as_str(),
            repository_uri: Displayed(RepositoryUri { host, name }),
            created_at: repository.created_at().into(),
            image_tag_mutability: repository.tag_mutability().mode().as_str(),
            image_tag_mutability_exclusion_filters: exclusion_filter_replies(repository.tag_mutability()),
            image_scanning_configuration: ImageScanningConfigurationMember {
                scan_on_push: Some(repository.scan_on_push()),
            },
            encryption_configuration: repository.encryption().into(),
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RepositoryReply<'a> {
    pub(crate) repository: RepositoryMember<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DescribeRepositoriesReply<'a> {
    pub(crate) repositories: Vec<RepositoryMember<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_token: Option<&'a str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PutImageTagMutabilityReply<'a> {
    pub(crate) registry_id: &'a str,
    pub(crate) repository_name: &'a str,
    pub(crate) image_tag_mutability: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) image_tag_mutability_exclusion_filters: Vec<ExclusionFilterReply<'a>>,
}
