//! `CreateRepository`, `DescribeRepositories`, `DeleteRepository`, `PutImageTagMutability`.

use serde::{Deserialize, Serialize};

use super::members::{self, Selection};
use super::{Addressed, WireRequest};
use crate::ecr::answer::Links;
use crate::ecr::constraints::{Dialect, Text, list, one_of};
use crate::ecr::protocol::{EpochSeconds, Object};
use crate::registry::errors::InvalidParameter;
use crate::registry::ops::{create_repository, delete_repository, describe_repositories, put_image_tag_mutability};
use crate::registry::types::{RegistryKey, RepositoryName};
use crate::registry::{EncryptionType, Repository, ResourceTag, TagFilter, TagMutability, TagMutabilityMode, limits};
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

/// Elements of a list are told in the later dialect, as every list is.
fn repository_names(names: &[String]) -> Result<Vec<RepositoryName>, InvalidParameter> {
    let numbered = names.iter().enumerate();
    numbered
        .map(|(place, name)| Dialect::Smithy.parse(format_args!("repositoryNames.{}.member", place + 1), name))
        .collect()
}

fn resource_tags(tags: Option<Vec<Object<TagMember>>>) -> Result<Vec<ResourceTag>, InvalidParameter> {
    let tag = |(place, Object(tag)): (usize, Object<TagMember>)| {
        let number = place + 1;
        Ok(ResourceTag {
            key: Dialect::Smithy.required(format_args!("tags.{number}.member.key"), tag.key)?,
            value: Dialect::Smithy.required(format_args!("tags.{number}.member.value"), tag.value)?,
        })
    };
    tags.unwrap_or_default().into_iter().enumerate().map(tag).collect()
}

fn mode(text: &str) -> Result<TagMutabilityMode, InvalidParameter> {
    one_of("imageTagMutability", text, &MODES, TagMutabilityMode::as_str)
}

fn exclusion_filters(filters: Option<Vec<Object<ExclusionFilterMember>>>) -> Result<Vec<TagFilter>, InvalidParameter> {
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
    let Some(Object(configuration)) = configuration else { return Ok(None) };
    let member = "encryptionConfiguration.encryptionType";
    let text = Dialect::Smithy.required(member, configuration.encryption_type)?;
    let kinds = [EncryptionType::Aes256, EncryptionType::Kms, EncryptionType::KmsDsse];
    let kind = one_of(member, &text, &kinds, EncryptionType::as_str)?;
    Ok(Some((kind, KMS_KEY.optional("encryptionConfiguration.kmsKey", configuration.kms_key)?)))
}

/// A repository as replies show it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RepositoryMember<'a> {
    repository_arn: String,
    registry_id: &'a str,
    repository_name: &'a str,
    repository_uri: String,
    created_at: EpochSeconds,
    #[serde(flatten)]
    tag_mutability: TagMutabilityMembers,
    image_scanning_configuration: ImageScanningConfigurationMember,
    encryption_configuration: EncryptionConfigurationReply<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct EncryptionConfigurationReply<'a> {
    encryption_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kms_key: Option<&'a str>,
}

/// A mode and, in the modes that have them, its filters.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TagMutabilityMembers {
    image_tag_mutability: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    image_tag_mutability_exclusion_filters: Vec<ExclusionFilterReply>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExclusionFilterReply {
    filter_type: &'static str,
    filter: String,
}

impl TagMutabilityMembers {
    pub(crate) fn new(mutability: &TagMutability) -> Self {
        let filters = mutability.filters().iter();
        Self {
            image_tag_mutability: mutability.mode().as_str(),
            image_tag_mutability_exclusion_filters: filters
                .map(|filter| ExclusionFilterReply { filter_type: "WILDCARD", filter: filter.to_string() })
                .collect(),
        }
    }
}

impl<'a> RepositoryMember<'a> {
    pub(crate) fn new(repository: &'a Repository, registry: &'a RegistryKey, links: &dyn Links) -> Self {
        let name = repository.name();
        let encryption = repository.encryption();
        Self {
            repository_arn: registry.repository_arn(name),
            registry_id: registry.account.as_str(),
            repository_name: name.as_str(),
            repository_uri: links.repository_uri(registry, name),
            created_at: repository.created_at().into(),
            tag_mutability: TagMutabilityMembers::new(repository.tag_mutability()),
            image_scanning_configuration: ImageScanningConfigurationMember {
                scan_on_push: Some(repository.scan_on_push()),
            },
            encryption_configuration: EncryptionConfigurationReply {
                encryption_type: encryption.encryption_type.as_str(),
                kms_key: encryption.kms_key.as_deref(),
            },
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
    pub(crate) next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PutImageTagMutabilityReply {
    pub(crate) registry_id: String,
    pub(crate) repository_name: String,
    #[serde(flatten)]
    pub(crate) tag_mutability: TagMutabilityMembers,
}
