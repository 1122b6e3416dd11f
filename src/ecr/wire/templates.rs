//! `CreateRepositoryCreationTemplate`, `UpdateRepositoryCreationTemplate`, `DeleteRepositoryCreationTemplate`,
//! `DescribeRepositoryCreationTemplates`.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::repositories::{
    EncryptionConfigurationMember, EncryptionConfigurationReply, ExclusionFilterMember, ExclusionFilterReply,
    TagMember, encryption_with, exclusion_filter_replies, exclusion_filters, mode, resource_tags_of,
};
use super::resource_tags::TagReply;
use super::{Addressed, WireRequest, each, members};
use crate::ecr::answer::Links;
use crate::ecr::constraints::{Dialect, Text, one_of};
use crate::ecr::operation::{ReadOperation, WireOperation, WriteOperation};
use crate::ecr::protocol::{EpochSeconds, Object, write_body};
use crate::registry::errors::InvalidParameter;
use crate::registry::ops::{
    create_repository_creation_template, delete_repository_creation_template, describe_repository_creation_templates,
    update_repository_creation_template,
};
use crate::registry::policy::iam::PolicyDocument;
use crate::registry::policy::lifecycle::LifecyclePolicy;
use crate::registry::types::{RegistryKey, TemplatePrefix};
use crate::registry::{
    AppliedFor, Context, EncryptionType, Registry, ResourceTag, TagFilter, TagMutabilityMode, Template, limits,
};
use crate::wire_errors::Failure;

static DESCRIPTION: Text = Text::new(Dialect::Smithy).length(0, 256);
static KMS_KEY: Text = Text::new(Dialect::Smithy)
    .length(0, 2048)
    .pattern("^$|arn:aws[a-z0-9-]*:kms:[a-z0-9-]+:[0-9]{12}:key\\/[a-z0-9-]+");
static REPOSITORY_POLICY: Text = Text::new(Dialect::Smithy).length(0, limits::POLICY_CHARACTERS);
static LIFECYCLE_POLICY: Text = Text::new(Dialect::Smithy).length(0, limits::LIFECYCLE_POLICY_MOST_CHARACTERS);
static CUSTOM_ROLE_ARN: Text = Text::new(Dialect::Smithy).length(0, 2048);

/// The members that creating and changing have in common, which are all.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TemplateMember {
    prefix: Option<String>,
    description: Option<String>,
    encryption_configuration: Option<Object<EncryptionConfigurationMember>>,
    resource_tags: Option<Vec<Object<TagMember>>>,
    image_tag_mutability: Option<String>,
    image_tag_mutability_exclusion_filters: Option<Vec<Object<ExclusionFilterMember>>>,
    repository_policy: Option<String>,
    lifecycle_policy: Option<String>,
    applied_for: Option<Vec<String>>,
    custom_role_arn: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct CreateRepositoryCreationTemplateRequest(TemplateMember);

#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct UpdateRepositoryCreationTemplateRequest(TemplateMember);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeleteRepositoryCreationTemplateRequest {
    prefix: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DescribeRepositoryCreationTemplatesRequest {
    prefixes: Option<Vec<String>>,
    next_token: Option<String>,
    max_results: Option<i32>,
}

impl WireRequest for CreateRepositoryCreationTemplateRequest {
    type Input = create_repository_creation_template::Input;

    fn into_input(mut self) -> Result<Addressed<Self::Input>, Failure> {
        let prefix = prefix(self.0.prefix.take())?;
        let settings = settings(self.0)?;
        let input = create_repository_creation_template::Input {
            prefix,
            description: settings.description,
            encryption: settings.encryption,
            resource_tags: settings.resource_tags.unwrap_or_default(),
            tag_mutability: settings.tag_mutability.unwrap_or_default(),
            tag_mutability_filters: settings.tag_mutability_filters.unwrap_or_default(),
            repository_policy: settings.repository_policy,
            lifecycle_policy: settings.lifecycle_policy,
            applied_for: Dialect::Smithy.required("appliedFor", settings.applied_for)?,
            custom_role_arn: settings.custom_role_arn,
        };
        Ok(Addressed { registry_id: None, input })
    }
}

impl WireRequest for UpdateRepositoryCreationTemplateRequest {
    type Input = update_repository_creation_template::Input;

    fn into_input(mut self) -> Result<Addressed<Self::Input>, Failure> {
        let prefix = prefix(self.0.prefix.take())?;
        let settings = settings(self.0)?;
        let input = update_repository_creation_template::Input {
            prefix,
            description: settings.description,
            encryption: settings.encryption,
            resource_tags: settings.resource_tags,
            tag_mutability: settings.tag_mutability,
            tag_mutability_filters: settings.tag_mutability_filters,
            repository_policy: settings.repository_policy,
            lifecycle_policy: settings.lifecycle_policy,
            applied_for: settings.applied_for,
            custom_role_arn: settings.custom_role_arn,
        };
        Ok(Addressed { registry_id: None, input })
    }
}

impl WireRequest for DeleteRepositoryCreationTemplateRequest {
    type Input = delete_repository_creation_template::Input;

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        let prefix = prefix(self.prefix)?;
        Ok(Addressed { registry_id: None, input: delete_repository_creation_template::Input { prefix } })
    }
}

impl WireRequest for DescribeRepositoryCreationTemplatesRequest {
    type Input = describe_repository_creation_templates::Input;

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        let numbered = self.prefixes.iter().flatten().enumerate();
        let parsed =
            numbered.map(|(place, text)| Dialect::Smithy.parse(format_args!("prefixes.{}.member", place + 1), text));
        let prefixes = parsed.collect::<Result<_, _>>()?;
        let page = members::page(self.next_token, self.max_results)?;
        let input = describe_repository_creation_templates::Input { prefixes, page };
        Ok(Addressed { registry_id: None, input })
    }
}

impl WireOperation for CreateRepositoryCreationTemplateRequest {
    type Output = create_repository_creation_template::Output;

    fn render(output: &Self::Output, registry: &RegistryKey, _: &dyn Links) -> Bytes {
        one_template(&output.template, registry)
    }
}

impl WriteOperation for CreateRepositoryCreationTemplateRequest {
    fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: Self::Input) -> Result<Self::Output, Failure> {
        Ok(create_repository_creation_template::apply(registry, cx, input)?)
    }
}

impl WireOperation for UpdateRepositoryCreationTemplateRequest {
    type Output = update_repository_creation_template::Output;

    fn render(output: &Self::Output, registry: &RegistryKey, _: &dyn Links) -> Bytes {
        one_template(&output.template, registry)
    }
}

impl WriteOperation for UpdateRepositoryCreationTemplateRequest {
    fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: Self::Input) -> Result<Self::Output, Failure> {
        Ok(update_repository_creation_template::apply(registry, cx, input)?)
    }
}

impl WireOperation for DeleteRepositoryCreationTemplateRequest {
    type Output = delete_repository_creation_template::Output;

    fn render(output: &Self::Output, registry: &RegistryKey, _: &dyn Links) -> Bytes {
        one_template(&output.template, registry)
    }
}

impl WriteOperation for DeleteRepositoryCreationTemplateRequest {
    fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: Self::Input) -> Result<Self::Output, Failure> {
        Ok(delete_repository_creation_template::apply(registry, cx, &input)?)
    }
}

impl WireOperation for DescribeRepositoryCreationTemplatesRequest {
    type Output = describe_repository_creation_templates::Output;

    fn render(output: &Self::Output, registry: &RegistryKey, _: &dyn Links) -> Bytes {
        write_body(&DescribeRepositoryCreationTemplatesReply {
            registry_id: registry.account.as_str(),
            repository_creation_templates: output.templates.iter().map(|template| (&**template).into()).collect(),
            next_token: output.next_token.as_deref(),
        })
    }
}

impl ReadOperation for DescribeRepositoryCreationTemplatesRequest {
    fn apply(registry: &Registry, input: Self::Input) -> Result<Self::Output, Failure> {
        Ok(describe_repository_creation_templates::apply(registry, &input)?)
    }
}

fn prefix(text: Option<String>) -> Result<TemplatePrefix, InvalidParameter> {
    Dialect::Smithy.read("prefix", text)
}

/// The members after the prefix, checked each by itself.
struct Settings {
    description: Option<String>,
    encryption: Option<(EncryptionType, Option<String>)>,
    resource_tags: Option<Vec<ResourceTag>>,
    tag_mutability: Option<TagMutabilityMode>,
    tag_mutability_filters: Option<Vec<TagFilter>>,
    repository_policy: Option<String>,
    lifecycle_policy: Option<String>,
    applied_for: Option<Vec<AppliedFor>>,
    custom_role_arn: Option<String>,
}

fn settings(members: TemplateMember) -> Result<Settings, InvalidParameter> {
    let tags = |tags| resource_tags_of("resourceTags", Some(tags));
    let filters = |filters| exclusion_filters(Some(filters));
    Ok(Settings {
        description: DESCRIPTION.optional("description", members.description)?,
        encryption: encryption_with(&KMS_KEY, members.encryption_configuration)?,
        resource_tags: members.resource_tags.map(tags).transpose()?,
        tag_mutability: members.image_tag_mutability.as_deref().map(mode).transpose()?,
        tag_mutability_filters: members.image_tag_mutability_exclusion_filters.map(filters).transpose()?,
        repository_policy: REPOSITORY_POLICY.optional("repositoryPolicy", members.repository_policy)?,
        lifecycle_policy: LIFECYCLE_POLICY.optional("lifecyclePolicy", members.lifecycle_policy)?,
        applied_for: members.applied_for.as_deref().map(applied_for).transpose()?,
        custom_role_arn: CUSTOM_ROLE_ARN.optional("customRoleArn", members.custom_role_arn)?,
    })
}

fn applied_for(moments: &[String]) -> Result<Vec<AppliedFor>, InvalidParameter> {
    let moment = |(place, text): (usize, &String)| {
        one_of(format_args!("appliedFor.{}.member", place + 1), text, &AppliedFor::ALL, AppliedFor::as_str)
    };
    moments.iter().enumerate().map(moment).collect()
}

fn one_template(template: &Template, registry: &RegistryKey) -> Bytes {
    write_body(&TemplateReply { registry_id: registry.account.as_str(), repository_creation_template: template.into() })
}

/// A template as replies show it. Its policies have the form in which repositories give them back (unconfirmed).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RepositoryCreationTemplateMember<'a> {
    prefix: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    encryption_configuration: EncryptionConfigurationReply<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    resource_tags: Vec<TagReply<'a>>,
    image_tag_mutability: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    image_tag_mutability_exclusion_filters: Vec<ExclusionFilterReply<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repository_policy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lifecycle_policy: Option<&'a str>,
    applied_for: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_role_arn: Option<&'a str>,
    created_at: EpochSeconds,
    updated_at: EpochSeconds,
}

impl<'a> From<&'a Template> for RepositoryCreationTemplateMember<'a> {
    fn from(template: &'a Template) -> Self {
        Self {
            prefix: template.prefix.as_str(),
            description: template.description.as_deref(),
            encryption_configuration: (&template.encryption).into(),
            resource_tags: each(template.resource_tags.as_slice()),
            image_tag_mutability: template.tag_mutability.mode().as_str(),
            image_tag_mutability_exclusion_filters: exclusion_filter_replies(&template.tag_mutability),
            repository_policy: template.repository_policy.as_ref().map(PolicyDocument::pretty),
            lifecycle_policy: template.lifecycle_policy.as_ref().map(LifecyclePolicy::minified),
            applied_for: template.applied_for.iter().map(|moment| moment.as_str()).collect(),
            custom_role_arn: template.custom_role_arn.as_deref(),
            created_at: template.created_at.into(),
            updated_at: template.updated_at.into(),
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct TemplateReply<'a> {
    registry_id: &'a str,
    repository_creation_template: RepositoryCreationTemplateMember<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct DescribeRepositoryCreationTemplatesReply<'a> {
    registry_id: &'a str,
    repository_creation_templates: Vec<RepositoryCreationTemplateMember<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<&'a str>,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::ecr::testing::Bench;

    fn full() -> Value {
        json!({
            "prefix": "prod/team",
            "description": "for teams",
            "encryptionConfiguration": {
                "encryptionType": "KMS",
                "kmsKey": "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-4000-8000-000000000001",
            },
            "resourceTags": [{"Key": "owner", "Value": "team"}],
            "imageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
            "imageTagMutabilityExclusionFilters": [{"filterType": "WILDCARD", "filter": "dev-*"}],
            "repositoryPolicy": r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"ecr:BatchGetImage"}]}"#,
            "lifecyclePolicy": r#"{"rules":[{"rulePriority":1,"selection":{"tagStatus":"any","countType":"imageCountMoreThan","countNumber":5},"action":{"type":"expire"}}]}"#,
            "appliedFor": ["CREATE_ON_PUSH", "REPLICATION"],
            "customRoleArn": "arn:aws:iam::123456789012:role/creator",
        })
    }

    #[test]
    fn c_192_a_bare_template_shows_its_defaults() {
        let mut bench = Bench::new();
        let template = json!({
            "prefix": "prod",
            "encryptionConfiguration": {"encryptionType": "AES256"},
            "imageTagMutability": "MUTABLE",
            "appliedFor": ["PULL_THROUGH_CACHE"],
            "createdAt": 1_700_000_000.123,
            "updatedAt": 1_700_000_000.123,
        });
        let reply = json!({"registryId": "123456789012", "repositoryCreationTemplate": template});
        let create = r#"{"prefix":"prod","appliedFor":["PULL_THROUGH_CACHE"]}"#;
        assert_eq!(bench.ok("CreateRepositoryCreationTemplate", create), reply);
        assert_eq!(bench.refused("CreateRepositoryCreationTemplate", create).0, "TemplateAlreadyExistsException");
        assert_eq!(bench.ok("UpdateRepositoryCreationTemplate", r#"{"prefix":"prod"}"#), reply);
        assert_eq!(bench.ok("DeleteRepositoryCreationTemplate", r#"{"prefix":"prod"}"#), reply);
        for operation in ["UpdateRepositoryCreationTemplate", "DeleteRepositoryCreationTemplate"] {
            assert_eq!(
                bench.refused(operation, r#"{"prefix":"prod"}"#),
                (
                    "TemplateNotFoundException".to_owned(),
                    "The repository creation template with the prefix 'prod' does not exist in the registry with id \
                     '123456789012'"
                        .to_owned()
                )
            );
        }
    }

    #[test]
    fn c_195_a_template_comes_back_with_every_member() {
        let mut bench = Bench::new();
        let created = bench.ok("CreateRepositoryCreationTemplate", &full().to_string());
        let mut template = created["repositoryCreationTemplate"].clone();
        for (member, value) in full().as_object().unwrap() {
            if member == "repositoryPolicy" {
                let text = template[member].as_str().unwrap();
                assert!(text.starts_with("{\n  \"Version\" : \"2012-10-17\""), "{text}");
                let (shown, given): (Value, Value) =
                    (serde_json::from_str(text).unwrap(), serde_json::from_str(value.as_str().unwrap()).unwrap());
                assert_eq!(shown, given);
            } else {
                assert_eq!(&template[member], value, "{member}");
            }
        }
        assert_eq!(template.as_object_mut().unwrap().len(), 12);
        let described = bench.ok("DescribeRepositoryCreationTemplates", "{}");
        assert_eq!(described, json!({"registryId": "123456789012", "repositoryCreationTemplates": [template]}));
    }

    #[test]
    fn c_195_templates_are_described_page_by_page_and_unknown_prefixes_passed_over() {
        let mut bench = Bench::new();
        for prefix in ["cc", "aa", "ROOT", "bb/"] {
            let body = json!({"prefix": prefix, "appliedFor": []}).to_string();
            bench.ok("CreateRepositoryCreationTemplate", &body);
        }
        let prefixes = |reply: &Value| -> Vec<String> {
            let templates = reply["repositoryCreationTemplates"].as_array().unwrap();
            templates.iter().map(|template| template["prefix"].as_str().unwrap().to_owned()).collect()
        };
        let first = bench.ok("DescribeRepositoryCreationTemplates", r#"{"maxResults":3}"#);
        assert_eq!(prefixes(&first), ["ROOT", "aa", "bb/"]);
        let token = first["nextToken"].as_str().unwrap();
        let second = bench.ok("DescribeRepositoryCreationTemplates", &json!({"nextToken": token}).to_string());
        assert_eq!((prefixes(&second), second.get("nextToken")), (vec!["cc".to_owned()], None));
        let named = json!({"prefixes": ["cc", "bb", "zz"]}).to_string();
        assert_eq!(prefixes(&bench.ok("DescribeRepositoryCreationTemplates", &named)), ["bb/", "cc"]);
        let other = json!({"prefixes": ["cc"], "nextToken": token}).to_string();
        assert_eq!(bench.refused("DescribeRepositoryCreationTemplates", &other).0, "InvalidParameterException");
    }

    #[test]
    fn c_193_c_194_violations_name_the_first_member() {
        let mut bench = Bench::new();
        let mut check = |members: Value, member: &str, constraint: &str| {
            let mut body = json!({"prefix": "prod", "appliedFor": ["REPLICATION"]});
            body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
            let text = format!("Invalid parameter at '{member}' failed to satisfy constraint: '{constraint}'");
            let refused = bench.refused("CreateRepositoryCreationTemplate", &body.to_string());
            assert_eq!(refused, ("InvalidParameterException".to_owned(), text));
        };
        let pattern = "^([a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*)*/?|ROOT)$";
        let pattern = format!("Member must satisfy regular expression pattern: {pattern}");
        check(json!({"prefix": null}), "prefix", "Member must not be null");
        check(json!({"prefix": ""}), "prefix", "Member must have length greater than or equal to 1");
        check(json!({"prefix": "Prod"}), "prefix", &pattern);
        check(
            json!({"description": "d".repeat(257)}),
            "description",
            "Member must have length less than or equal to 256",
        );
        check(
            json!({"encryptionConfiguration": {"encryptionType": "KMS", "kmsKey": "alias/mine"}}),
            "encryptionConfiguration.kmsKey",
            "Member must satisfy regular expression pattern: \
             ^$|arn:aws[a-z0-9-]*:kms:[a-z0-9-]+:[0-9]{12}:key\\/[a-z0-9-]+",
        );
        check(json!({"resourceTags": [{"Key": "a"}]}), "resourceTags.1.member.value", "Member must not be null");
        check(
            json!({"lifecyclePolicy": "x".repeat(30_721)}),
            "lifecyclePolicy",
            "Member must have length less than or equal to 30720",
        );
        check(
            json!({"repositoryPolicy": "x".repeat(10_241)}),
            "repositoryPolicy",
            "Member must have length less than or equal to 10240",
        );
        check(json!({"appliedFor": null}), "appliedFor", "Member must not be null");
        check(
            json!({"appliedFor": ["REPLICATION", "PULL"]}),
            "appliedFor.2.member",
            "Member must satisfy enum value set: [REPLICATION, PULL_THROUGH_CACHE, CREATE_ON_PUSH]",
        );
    }
}
