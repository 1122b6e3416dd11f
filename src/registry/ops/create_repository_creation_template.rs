//! `CreateRepositoryCreationTemplate`: says how ECR is to create repositories under a prefix.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepositoryCreationTemplate.html>

use std::sync::Arc;

use crate::registry::context::Context;
use crate::registry::encryption::{Encryption, EncryptionType};
use crate::registry::errors::{InvalidParameter, LimitExceeded, Limited, TemplateAlreadyExists};
use crate::registry::policy::iam::{PolicyDocument, PolicyKind};
use crate::registry::policy::lifecycle::LifecyclePolicy;
use crate::registry::resource_tags::{ResourceTag, ResourceTags};
use crate::registry::state::Registry;
use crate::registry::tag_mutability::{TagFilter, TagMutability, TagMutabilityMode};
use crate::registry::templates::{AppliedFor, Template};
use crate::registry::types::TemplatePrefix;

/// The template to be. Empty texts count as absent (unconfirmed).
#[derive(Clone, Debug)]
pub struct Input {
    /// Prefix of the names that it is for.
    pub prefix: TemplatePrefix,
    /// What its author says of it.
    pub description: Option<String>,
    /// Encryption; absent: AES256.
    pub encryption: Option<(EncryptionType, Option<String>)>,
    /// Resource tags.
    pub resource_tags: Vec<ResourceTag>,
    /// Mode of tag mutability.
    pub tag_mutability: TagMutabilityMode,
    /// Filters of the modes with exclusions.
    pub tag_mutability_filters: Vec<TagFilter>,
    /// Text of the repository policy.
    pub repository_policy: Option<String>,
    /// Text of the lifecycle policy.
    pub lifecycle_policy: Option<String>,
    /// The moments at which it acts.
    pub applied_for: Vec<AppliedFor>,
    /// Role that ECR takes on for a KMS key or resource tags. Nobody misses it before a repository is created.
    pub custom_role_arn: Option<String>,
}

impl Input {
    /// A template with default settings.
    pub fn with_defaults(prefix: TemplatePrefix, applied_for: Vec<AppliedFor>) -> Self {
        Self {
            prefix,
            description: None,
            encryption: None,
            resource_tags: Vec::new(),
            tag_mutability: TagMutabilityMode::Mutable,
            tag_mutability_filters: Vec::new(),
            repository_policy: None,
            lifecycle_policy: None,
            applied_for,
            custom_role_arn: None,
        }
    }
}

/// What was created.
#[derive(Clone, Debug)]
pub struct Output {
    /// The template.
    pub template: Arc<Template>,
}

/// What can go wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A policy is none, resource tags are not acceptable, or members do not go together (unconfirmed: that it is this
    /// error).
    #[error(transparent)]
    InvalidParameter(#[from] InvalidParameter),
    /// The prefix has a template.
    #[error(transparent)]
    AlreadyExists(#[from] TemplateAlreadyExists),
    /// The registry has too many templates.
    #[error(transparent)]
    LimitExceeded(#[from] LimitExceeded),
}

/// Creates the template.
pub fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: Input) -> Result<Output, Error> {
    let template = Template {
        tag_mutability: TagMutability::new(input.tag_mutability, input.tag_mutability_filters)?,
        encryption: input.encryption.map(encryption).transpose()?.unwrap_or_default(),
        resource_tags: resource_tags(registry, input.resource_tags)?,
        repository_policy: input.repository_policy.map_or(Ok(None), |text| repository_policy(registry, cx, &text))?,
        lifecycle_policy: input.lifecycle_policy.map_or(Ok(None), |text| lifecycle_policy(registry, &text))?,
        description: input.description.filter(|text| !text.is_empty()),
        applied_for: input.applied_for,
        custom_role_arn: input.custom_role_arn.filter(|text| !text.is_empty()),
        created_at: cx.now,
        updated_at: cx.now,
        prefix: input.prefix,
    };
    if registry.template(&template.prefix).is_ok() {
        return Err(TemplateAlreadyExists { prefix: template.prefix, registry_id: registry.id() }.into());
    }
    let (templates, most) = (registry.templates.len(), registry.quotas().creation_templates_per_registry);
    registry.check_room(Limited::CreationTemplates, templates, most)?;
    let template = Arc::new(template);
    registry.put_template(Arc::clone(&template));
    Ok(Output { template })
}

/// Checks that a key is named only with KMS. An empty key is none.
pub(super) fn encryption(
    (encryption_type, kms_key): (EncryptionType, Option<String>),
) -> Result<Encryption, InvalidParameter> {
    let kms_key = kms_key.filter(|key| !key.is_empty());
    if kms_key.is_some() && encryption_type == EncryptionType::Aes256 {
        let constraint = "kmsKey cannot be specified when encryptionType is AES256";
        return Err(InvalidParameter::new("encryptionConfiguration", constraint));
    }
    Ok(Encryption { encryption_type, kms_key: kms_key.map(Arc::from) })
}

/// Checks resource tags, in the words of the one error that these operations have for them.
pub(super) fn resource_tags(registry: &Registry, tags: Vec<ResourceTag>) -> Result<ResourceTags, InvalidParameter> {
    ResourceTags::new(tags, registry.quotas()).map_err(|error| InvalidParameter::new("resourceTags", error.to_string()))
}

/// Reads a repository policy; an empty text is none.
pub(super) fn repository_policy(
    registry: &Registry,
    cx: &Context<'_>,
    text: &str,
) -> Result<Option<PolicyDocument>, InvalidParameter> {
    if text.is_empty() {
        return Ok(None);
    }
    registry.read_policy(PolicyKind::Repository, text, cx.surroundings.actions()).map(Some)
}

/// Reads a lifecycle policy; an empty text is none.
pub(super) fn lifecycle_policy(registry: &Registry, text: &str) -> Result<Option<LifecyclePolicy>, InvalidParameter> {
    if text.is_empty() {
        return Ok(None);
    }
    let policy = LifecyclePolicy::parse(text);
    let policy = policy.map_err(|invalid| InvalidParameter::new("LifecyclePolicyText", invalid.to_string()))?;
    registry.quotas().check_lifecycle_policy(&policy)?;
    Ok(Some(policy.into_minified()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::limits;
    use crate::registry::testing::{NOON, registry, with};

    fn input(prefix: &str) -> Input {
        Input::with_defaults(prefix.parse().unwrap(), vec![AppliedFor::CreateOnPush])
    }

    #[test]
    fn c_192_a_template_is_created_with_defaults_and_its_prefix_is_taken() {
        let mut registry = registry();
        let template = with(|cx| apply(&mut registry, cx, input("prod"))).unwrap().template;
        assert_eq!((template.created_at, template.updated_at), (NOON, NOON));
        assert_eq!(template.tag_mutability, TagMutability::default());
        assert_eq!(template.encryption, Encryption::default());
        for taken in ["prod", "prod/"] {
            assert_eq!(
                with(|cx| apply(&mut registry, cx, input(taken))).unwrap_err().to_string(),
                format!(
                    "The repository creation template with the prefix '{taken}' already exists in the registry with id \
                     '123456789012'"
                )
            );
        }
    }

    #[test]
    fn unconfirmed_bad_policies_tags_and_keys_are_refused_when_the_template_is_made() {
        let mut registry = registry();
        let bad_tag = ResourceTag { key: "aws:x".to_owned(), value: String::new() };
        let cases = [
            (
                Input { repository_policy: Some("{".to_owned()), ..input("aa") },
                "'PolicyText' failed to satisfy constraint: 'Invalid repository policy provided'",
            ),
            (
                Input { lifecycle_policy: Some("[]".to_owned()), ..input("aa") },
                "'LifecyclePolicyText' failed to satisfy constraint: 'Lifecycle policy validation failure: Could not map \
                 policyString into LifecyclePolicy.'",
            ),
            (
                Input { resource_tags: vec![bad_tag], ..input("aa") },
                "'resourceTags' failed to satisfy constraint: 'Tag parameters are invalid'",
            ),
            (
                Input { encryption: Some((EncryptionType::Aes256, Some("arn".to_owned()))), ..input("aa") },
                "'encryptionConfiguration' failed to satisfy constraint: 'kmsKey cannot be specified when encryptionType \
                 is AES256'",
            ),
        ];
        for (input, text) in cases {
            let error = with(|cx| apply(&mut registry, cx, input)).unwrap_err();
            assert_eq!(error.to_string(), format!("Invalid parameter at {text}"));
        }
        assert!(registry.templates.is_empty());
    }

    #[test]
    fn unconfirmed_a_registry_has_so_many_templates_and_no_more() {
        let mut registry = registry();
        for number in 0..limits::CREATION_TEMPLATES_PER_REGISTRY {
            with(|cx| apply(&mut registry, cx, input(&format!("p{number}")))).unwrap();
        }
        let refused = with(|cx| apply(&mut registry, cx, input("more"))).unwrap_err();
        assert!(matches!(refused, Error::LimitExceeded(_)), "{refused}");
    }
}
