//! Repository creation templates: which settings a repository gets that ECR creates by itself, and the creation itself.
//!
//! ECR creates repositories at three moments: when an image is replicated into a registry, when one is pulled through a
//! cache rule, and when one is pushed to a name that does not exist. The first two create with default settings where no
//! template matches; a push then fails. A template acts at that moment only: changing it changes no repository.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-creation-templates.html>

use std::sync::Arc;

use super::context::Context;
use super::encryption::{Encryption, EncryptionType};
use super::errors::{LimitExceeded, TemplateNotFound, TemplateRoleMissing};
use super::lifecycle::StoredLifecyclePolicy;
use super::policy::iam::PolicyDocument;
use super::policy::lifecycle::LifecyclePolicy;
use super::repository::Repository;
use super::resource_tags::ResourceTags;
use super::state::Registry;
use super::tag_mutability::TagMutability;
use super::types::{RepositoryName, TemplatePrefix, Timestamp};

/// A moment at which ECR creates a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppliedFor {
    /// An image is replicated into a repository that is missing.
    Replication,
    /// An image is pulled through a cache rule.
    PullThroughCache,
    /// An image is pushed to a repository that is missing.
    CreateOnPush,
}

impl AppliedFor {
    /// Every moment, in the order of the service model.
    pub const ALL: [Self; 3] = [Self::Replication, Self::PullThroughCache, Self::CreateOnPush];

    /// ECR's name of the moment.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Replication => "REPLICATION",
            Self::PullThroughCache => "PULL_THROUGH_CACHE",
            Self::CreateOnPush => "CREATE_ON_PUSH",
        }
    }
}

/// A repository creation template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// Prefix of the names that it is for.
    pub prefix: TemplatePrefix,
    /// What its author says of it.
    pub description: Option<String>,
    /// Encryption; with KMS and no key: the registry's `aws/ecr` key at the time.
    pub encryption: Encryption,
    /// Resource tags.
    pub resource_tags: ResourceTags,
    /// Rule about moving tags.
    pub tag_mutability: TagMutability,
    /// Repository policy.
    pub repository_policy: Option<PolicyDocument>,
    /// Lifecycle policy, its text minified.
    pub lifecycle_policy: Option<LifecyclePolicy>,
    /// The moments at which it acts, in the order given.
    pub applied_for: Vec<AppliedFor>,
    /// Role that ECR takes on to set a KMS key or resource tags.
    pub custom_role_arn: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl Template {
    /// What only a role of the registry's owner may set.
    fn needs_role(&self) -> bool {
        self.encryption.encryption_type != EncryptionType::Aes256 || !self.resource_tags.as_slice().is_empty()
    }
}

/// Why ECR could not create a repository by itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CreationError {
    /// Its template sets what only a role may set, and names none.
    #[error(transparent)]
    RoleMissing(#[from] TemplateRoleMissing),
    /// Something is full.
    #[error(transparent)]
    LimitExceeded(#[from] LimitExceeded),
}

impl Registry {
    /// The template of a prefix, with or without its trailing slash.
    pub fn template(&self, prefix: &TemplatePrefix) -> Result<&Arc<Template>, TemplateNotFound> {
        let not_found = || TemplateNotFound { prefix: prefix.clone(), registry_id: self.id() };
        self.templates.get(prefix.without_slash()).ok_or_else(not_found)
    }

    /// Keeps a template, in place of the one that its prefix had.
    pub(super) fn put_template(&mut self, template: Arc<Template>) {
        self.templates.insert(Arc::from(template.prefix.without_slash()), template);
    }
}

/// The template by which a repository is created: of those for this moment, the one with the longest prefix; `ROOT` is
/// the shortest. That one for other moments only does not stand in the way of a shorter prefix is unconfirmed. Costs one
/// lookup for each component of the name.
pub fn template_for<'a>(
    registry: &'a Registry,
    name: &RepositoryName,
    moment: AppliedFor,
) -> Option<&'a Arc<Template>> {
    if registry.templates.is_empty() {
        return None;
    }
    let prefixes = name.as_str().rmatch_indices('/').map(|(place, _)| &name.as_str()[..place]);
    let mut templates = prefixes.chain(["ROOT"]).filter_map(|prefix| registry.templates.get(prefix));
    templates.find(|template| template.applied_for.contains(&moment))
}

/// What a push to a repository that is missing finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissingRepository {
    /// A new one if a template is for it; else none, as in ECR.
    CreatedByTemplate,
    /// A new one, with default settings where no template is for it, as the distribution specification lets a registry do.
    Created,
}

/// Whether a push to this name creates its repository.
pub fn creates_on_push(registry: &Registry, name: &RepositoryName, missing: MissingRepository) -> bool {
    let created = || match missing {
        MissingRepository::CreatedByTemplate => template_for(registry, name, AppliedFor::CreateOnPush).is_some(),
        MissingRepository::Created => true,
    };
    registry.repository(name).is_err() && created()
}

/// Creates a missing repository by its template, or with default settings where none matches.
pub(super) fn create(
    registry: &mut Registry,
    now: Timestamp,
    name: &RepositoryName,
    moment: AppliedFor,
) -> Result<(), CreationError> {
    match template_for(registry, name, moment).cloned() {
        Some(template) => create_from_template(registry, now, name, &template),
        None => Ok(registry.insert_repository(Repository::new(name.clone(), now))?),
    }
}

/// Runs a push. If its repository is missing and one is to be created, that comes first, and stays only if the push
/// succeeds. If none is, the push meets a missing repository.
pub fn on_push<R, E: From<CreationError>>(
    registry: &mut Registry,
    cx: &mut Context<'_>,
    name: &RepositoryName,
    missing: MissingRepository,
    push: impl FnOnce(&mut Registry, &mut Context<'_>) -> Result<R, E>,
) -> Result<R, E> {
    if !creates_on_push(registry, name, missing) {
        return push(registry, cx);
    }
    // Written into a copy, which costs a few pointers and makes a failure leave nothing behind.
    let mut changed = registry.clone();
    create(&mut changed, cx.now, name, AppliedFor::CreateOnPush)?;
    let pushed = push(&mut changed, cx)?;
    *registry = changed;
    Ok(pushed)
}

/// Creates a repository with the settings of a template. The name must be free.
pub(super) fn create_from_template(
    registry: &mut Registry,
    now: Timestamp,
    name: &RepositoryName,
    template: &Template,
) -> Result<(), CreationError> {
    if template.needs_role() && template.custom_role_arn.is_none() {
        return Err(TemplateRoleMissing { prefix: template.prefix.clone(), registry_id: registry.id() }.into());
    }
    let mut repository = Repository::new(name.clone(), now);
    repository.tag_mutability = template.tag_mutability.clone();
    repository.resource_tags = template.resource_tags.clone();
    repository.encryption = template.encryption.clone().in_registry(registry.key());
    repository.policy.clone_from(&template.repository_policy);
    if let Some(policy) = template.lifecycle_policy.clone() {
        repository.lifecycle_mut().policy = Some(StoredLifecyclePolicy { policy, last_evaluated_at: None });
    }
    Ok(registry.insert_repository(repository)?)
}

#[cfg(test)]
mod tests {
    use super::super::ops::{create_repository_creation_template, delete_repository_creation_template};
    use super::*;
    use crate::registry::encryption::managed_key;
    use crate::registry::errors::RepositoryNotFound;
    use crate::registry::ops::initiate_layer_upload;
    use crate::registry::resource_tags::ResourceTag;
    use crate::registry::tag_mutability::TagMutabilityMode;
    use crate::registry::testing::{NOON, name, registry, with};
    use create_repository_creation_template::Input;

    const ROLE: &str = "arn:aws:iam::123456789012:role/creator";

    fn input(prefix: &str, moments: &[AppliedFor]) -> Input {
        let prefix: TemplatePrefix = prefix.parse().unwrap();
        Input { description: Some(prefix.to_string()), ..Input::with_defaults(prefix, moments.to_vec()) }
    }

    fn put(registry: &mut Registry, input: Input) {
        with(|cx| create_repository_creation_template::apply(registry, cx, input)).unwrap();
    }

    fn creating(registry: &mut Registry, repository: &str, moment: AppliedFor) -> Result<(), CreationError> {
        create(registry, NOON, &name(repository), moment)
    }

    #[test]
    fn c_196_the_longest_prefix_wins_and_root_is_for_the_rest() {
        let mut registry = registry();
        let push = [AppliedFor::CreateOnPush];
        for prefix in ["ROOT", "prod/", "prod/team", "dev"] {
            put(&mut registry, input(prefix, &push));
        }
        put(&mut registry, input("prod/team/a", &[AppliedFor::Replication]));
        for (repository, prefix) in [
            ("prod/app", "prod/"),
            ("prod/team/app", "prod/team"),
            ("prod/teams/app", "prod/"),
            ("production/app", "ROOT"),
            ("dev/x/y", "dev"),
            ("app", "ROOT"),
        ] {
            let found = template_for(&registry, &name(repository), AppliedFor::CreateOnPush).unwrap();
            assert_eq!(found.prefix.as_str(), prefix, "{repository}");
        }
        let found = template_for(&registry, &name("prod/team/a/app"), AppliedFor::Replication).unwrap();
        assert_eq!(found.prefix.as_str(), "prod/team/a");
        assert!(template_for(&registry, &name("prod/app"), AppliedFor::PullThroughCache).is_none());
    }

    #[test]
    fn c_196_unconfirmed_a_name_that_is_the_prefix_and_a_prefix_for_other_moments_do_not_match() {
        let mut registry = registry();
        put(&mut registry, input("prod", &[AppliedFor::CreateOnPush]));
        put(&mut registry, input("prod/team", &[AppliedFor::Replication]));
        assert!(template_for(&registry, &name("prod"), AppliedFor::CreateOnPush).is_none());
        let found = template_for(&registry, &name("prod/team/app"), AppliedFor::CreateOnPush).unwrap();
        assert_eq!(found.prefix.as_str(), "prod");
    }

    #[test]
    fn d_016_a_created_repository_has_all_settings_of_its_template_and_keeps_them() {
        let mut registry = registry();
        let policy =
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"ecr:BatchGetImage"}]}"#;
        let lifecycle = r#"{ "rules": [{"rulePriority":1,"selection":{"tagStatus":"any","countType":"imageCountMoreThan","countNumber":5},"action":{"type":"expire"}}]}"#;
        let tag = ResourceTag { key: "owner".to_owned(), value: "team".to_owned() };
        let settings = Input {
            encryption: Some((EncryptionType::Kms, None)),
            resource_tags: vec![tag.clone()],
            tag_mutability: TagMutabilityMode::ImmutableWithExclusion,
            tag_mutability_filters: vec!["dev-*".parse().unwrap()],
            repository_policy: Some(policy.to_owned()),
            lifecycle_policy: Some(lifecycle.to_owned()),
            custom_role_arn: Some(ROLE.to_owned()),
            ..input("prod", &[AppliedFor::PullThroughCache])
        };
        put(&mut registry, settings);
        creating(&mut registry, "prod/app", AppliedFor::PullThroughCache).unwrap();
        let prefix = "prod".parse().unwrap();
        let delete = delete_repository_creation_template::Input { prefix };
        let deleted =
            with(|cx| delete_repository_creation_template::apply(&mut registry, cx, &delete)).unwrap().template;
        let repository = registry.repository(&name("prod/app")).unwrap();
        assert_eq!(repository.tag_mutability(), &deleted.tag_mutability);
        assert_eq!(repository.resource_tags().as_slice(), [tag]);
        assert_eq!(repository.policy(), deleted.repository_policy.as_ref());
        let stored = repository.lifecycle_policy().unwrap();
        assert_eq!(stored.policy.text(), lifecycle.replace(' ', ""));
        let key = repository.encryption().kms_key.clone().unwrap();
        assert!(key.starts_with("arn:aws:kms:us-east-1:123456789012:key/"), "{key}");
        assert_eq!(key, managed_key(registry.key()));
        assert_eq!(deleted.encryption.kms_key, None, "the template names no key of its own");
    }

    #[test]
    fn d_016_without_a_template_the_first_two_moments_create_with_defaults() {
        let mut registry = registry();
        put(&mut registry, input("prod", &AppliedFor::ALL));
        for moment in [AppliedFor::Replication, AppliedFor::PullThroughCache] {
            let repository = format!("other/{}", moment.as_str().to_lowercase());
            creating(&mut registry, &repository, moment).unwrap();
            let repository = registry.repository(&name(&repository)).unwrap();
            assert_eq!(repository.tag_mutability(), &TagMutability::default());
            assert_eq!((repository.policy(), repository.lifecycle_policy()), (None, None));
        }
    }

    #[test]
    fn unconfirmed_kms_or_tags_without_a_role_keep_a_repository_from_being_created() {
        let mut registry = registry();
        let tag = ResourceTag { key: "owner".to_owned(), value: String::new() };
        let moments = AppliedFor::ALL;
        put(&mut registry, Input { encryption: Some((EncryptionType::Kms, None)), ..input("kms", &moments) });
        put(&mut registry, Input { resource_tags: vec![tag], ..input("tags", &moments) });
        for repository in ["kms/app", "tags/app"] {
            let refused = creating(&mut registry, repository, AppliedFor::Replication).unwrap_err();
            assert!(matches!(refused, CreationError::RoleMissing(_)), "{refused}");
        }
        assert!(registry.repositories().is_empty());
    }

    #[test]
    fn d_017_a_push_creates_what_a_template_allows_and_nothing_if_it_fails() {
        #[derive(Debug, PartialEq, thiserror::Error)]
        enum Refused {
            #[error(transparent)]
            Missing(#[from] RepositoryNotFound),
            #[error(transparent)]
            Creation(#[from] CreationError),
        }
        let mut registry = registry();
        put(&mut registry, input("prod", &[AppliedFor::CreateOnPush]));
        let push_if = |registry: &mut Registry, repository: &str, missing: MissingRepository| {
            let input = initiate_layer_upload::Input { repository: name(repository) };
            with(|cx| {
                on_push(registry, cx, &input.repository, missing, |registry, cx| {
                    Ok::<_, Refused>(initiate_layer_upload::apply(registry, cx, &input)?)
                })
            })
        };
        let by_template = MissingRepository::CreatedByTemplate;
        let push = |registry: &mut Registry, repository: &str| push_if(registry, repository, by_template);
        let creates = |registry: &Registry, repository: &str| creates_on_push(registry, &name(repository), by_template);
        assert!(creates(&registry, "prod/app") && !creates(&registry, "dev/app"));
        push(&mut registry, "prod/app").unwrap();
        assert_eq!(registry.repository(&name("prod/app")).unwrap().uploads().len(), 1);
        assert!(!creates(&registry, "prod/app"));
        assert!(matches!(push(&mut registry, "dev/app"), Err(Refused::Missing(_))));
        push_if(&mut registry, "dev/app", MissingRepository::Created).unwrap();
        assert_eq!(registry.repository(&name("dev/app")).unwrap().uploads().len(), 1);
        let failed = with(|cx| {
            let missing = RepositoryNotFound { repository: name("prod/web"), registry_id: registry.id() };
            on_push(&mut registry, cx, &name("prod/web"), by_template, |_, _| Err::<(), _>(Refused::Missing(missing)))
        });
        assert!(failed.is_err() && registry.repository(&name("prod/web")).is_err());
    }
}
