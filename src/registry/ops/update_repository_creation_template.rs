//! `UpdateRepositoryCreationTemplate`: changes a template; repositories that it has created stay as they are.
//!
//! What a caller leaves out stays, tag mutability too, of which the documentation says that it becomes the default
//! (unconfirmed). An empty text takes a description, a policy or a role away (unconfirmed).
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_UpdateRepositoryCreationTemplate.html>

use std::sync::Arc;

use super::create_repository_creation_template::{encryption, lifecycle_policy, repository_policy, resource_tags};
use crate::registry::context::Context;
use crate::registry::encryption::EncryptionType;
use crate::registry::errors::{InvalidParameter, TemplateNotFound};
use crate::registry::resource_tags::ResourceTag;
use crate::registry::state::Registry;
use crate::registry::tag_mutability::{TagFilter, TagMutability, TagMutabilityMode};
use crate::registry::templates::{AppliedFor, Template};
use crate::registry::types::TemplatePrefix;

/// What is to change. Absent members stay as they are.
#[derive(Clone, Debug)]
pub struct Input {
    /// Prefix of the template.
    pub prefix: TemplatePrefix,
    /// What its author says of it.
    pub description: Option<String>,
    /// Encryption.
    pub encryption: Option<(EncryptionType, Option<String>)>,
    /// Resource tags, in place of all that it has.
    pub resource_tags: Option<Vec<ResourceTag>>,
    /// Mode of tag mutability.
    pub tag_mutability: Option<TagMutabilityMode>,
    /// Filters, in place of all that it has; a plain mode drops them by itself.
    pub tag_mutability_filters: Option<Vec<TagFilter>>,
    /// Text of the repository policy.
    pub repository_policy: Option<String>,
    /// Text of the lifecycle policy.
    pub lifecycle_policy: Option<String>,
    /// The moments at which it acts, in place of all that it has.
    pub applied_for: Option<Vec<AppliedFor>>,
    /// Role that ECR takes on for a KMS key or resource tags.
    pub custom_role_arn: Option<String>,
}

/// The template as it is now.
#[derive(Clone, Debug)]
pub struct Output {
    /// It.
    pub template: Arc<Template>,
}

/// What can go wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The prefix has no template.
    #[error(transparent)]
    NotFound(#[from] TemplateNotFound),
    /// As when a template is created.
    #[error(transparent)]
    InvalidParameter(#[from] InvalidParameter),
}

/// Changes the template.
pub fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: Input) -> Result<Output, Error> {
    let mut template = Template::clone(registry.template(&input.prefix)?);
    template.tag_mutability = mutability(&template.tag_mutability, input.tag_mutability, input.tag_mutability_filters)?;
    if let Some(changed) = input.encryption {
        template.encryption = encryption(changed)?;
    }
    if let Some(tags) = input.resource_tags {
        template.resource_tags = resource_tags(registry, tags)?;
    }
    if let Some(text) = input.repository_policy {
        template.repository_policy = repository_policy(registry, cx, &text)?;
    }
    if let Some(text) = input.lifecycle_policy {
        template.lifecycle_policy = lifecycle_policy(registry, &text)?;
    }
    if let Some(text) = input.description {
        template.description = Some(text).filter(|text| !text.is_empty());
    }
    if let Some(text) = input.custom_role_arn {
        template.custom_role_arn = Some(text).filter(|text| !text.is_empty());
    }
    if let Some(applied_for) = input.applied_for {
        template.applied_for = applied_for;
    }
    template.updated_at = cx.now;
    let template = Arc::new(template);
    registry.put_template(Arc::clone(&template));
    Ok(Output { template })
}

/// The present filters stay where the mode still has filters.
fn mutability(
    present: &TagMutability,
    mode: Option<TagMutabilityMode>,
    filters: Option<Vec<TagFilter>>,
) -> Result<TagMutability, InvalidParameter> {
    let mode = mode.unwrap_or(present.mode());
    let is_plain = matches!(mode, TagMutabilityMode::Mutable | TagMutabilityMode::Immutable);
    let present = || if is_plain { Vec::new() } else { present.filters().to_vec() };
    TagMutability::new(mode, filters.unwrap_or_else(present))
}

#[cfg(test)]
mod tests {
    use super::super::create_repository_creation_template as create;
    use super::*;
    use crate::registry::testing::{NOON, at, registry, with};
    use crate::registry::types::Timestamp;

    const LATER: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    fn nothing() -> Input {
        Input {
            prefix: "prod".parse().unwrap(),
            description: None,
            encryption: None,
            resource_tags: None,
            tag_mutability: None,
            tag_mutability_filters: None,
            repository_policy: None,
            lifecycle_policy: None,
            applied_for: None,
            custom_role_arn: None,
        }
    }

    #[test]
    fn c_192_named_members_change_and_the_others_stay() {
        let mut registry = registry();
        let missing = with(|cx| apply(&mut registry, cx, nothing())).unwrap_err();
        assert_eq!(
            missing.to_string(),
            "The repository creation template with the prefix 'prod' does not exist in the registry with id \
             '123456789012'"
        );
        let created = create::Input {
            description: Some("first".to_owned()),
            tag_mutability: TagMutabilityMode::MutableWithExclusion,
            tag_mutability_filters: vec!["v*".parse().unwrap()],
            ..create::Input::with_defaults("prod".parse().unwrap(), vec![AppliedFor::Replication])
        };
        let created = with(|cx| create::apply(&mut registry, cx, created)).unwrap().template;
        let mut update = |input: Input| at(LATER, |cx| apply(&mut registry, cx, input)).unwrap().template;
        let same = update(nothing());
        assert_eq!(*same, Template { updated_at: LATER, ..Template::clone(&created) });
        assert_eq!(same.created_at, NOON);
        let mode = Some(TagMutabilityMode::ImmutableWithExclusion);
        let other_mode = update(Input { tag_mutability: mode, ..nothing() });
        assert_eq!(other_mode.tag_mutability.filters().len(), 1);
        let plain = update(Input { tag_mutability: Some(TagMutabilityMode::Immutable), ..nothing() });
        assert_eq!(plain.tag_mutability.filters(), []);
        let moments = update(Input { applied_for: Some(vec![AppliedFor::CreateOnPush]), ..nothing() });
        assert_eq!(moments.applied_for, [AppliedFor::CreateOnPush]);
        assert_eq!(moments.description.as_deref(), Some("first"));
    }

    #[test]
    fn unconfirmed_empty_texts_take_things_away() {
        let mut registry = registry();
        let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"ecr:*"}]}"#;
        let created = create::Input {
            description: Some("text".to_owned()),
            repository_policy: Some(policy.to_owned()),
            custom_role_arn: Some("arn:aws:iam::123456789012:role/x".to_owned()),
            ..create::Input::with_defaults("prod".parse().unwrap(), vec![])
        };
        assert!(with(|cx| create::apply(&mut registry, cx, created)).unwrap().template.repository_policy.is_some());
        let none = || Some(String::new());
        let input = Input { description: none(), repository_policy: none(), custom_role_arn: none(), ..nothing() };
        let template = with(|cx| apply(&mut registry, cx, input)).unwrap().template;
        assert_eq!((&template.description, &template.repository_policy), (&None, &None));
        assert_eq!(template.custom_role_arn, None);
    }
}
