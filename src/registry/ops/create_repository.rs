//! `CreateRepository`: adds an empty repository to a registry.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html>

use std::sync::Arc;

use crate::registry::context::Context;
use crate::registry::encryption::{Encryption, EncryptionType, managed_key};
use crate::registry::errors::{
    InvalidParameter, InvalidTagParameter, LimitExceeded, RepositoryAlreadyExists, TooManyTags,
};
use crate::registry::repository::Repository;
use crate::registry::resource_tags::{ResourceTag, ResourceTags, ResourceTagsError};
use crate::registry::state::Registry;
use crate::registry::tag_mutability::{TagFilter, TagMutability, TagMutabilityMode};
use crate::registry::types::RepositoryName;

/// The repository to be.
#[derive(Clone, Debug)]
pub struct Input {
    /// Its name.
    pub name: RepositoryName,
    /// Its mode of tag mutability.
    pub tag_mutability: TagMutabilityMode,
    /// Filters of the modes with exclusions.
    pub tag_mutability_filters: Vec<TagFilter>,
    /// Whether each push is to start a scan.
    pub scan_on_push: bool,
    /// Kind of encryption.
    pub encryption_type: EncryptionType,
    /// Key as the caller gave it; absent with KMS: the registry's `aws/ecr` key.
    pub kms_key: Option<String>,
    /// Resource tags.
    pub resource_tags: Vec<ResourceTag>,
}

impl Input {
    /// A repository with default settings: mutable, AES256, no scan, no tags.
    pub fn with_defaults(name: RepositoryName) -> Self {
        Self {
            name,
            tag_mutability: TagMutabilityMode::Mutable,
            tag_mutability_filters: Vec::new(),
            scan_on_push: false,
            encryption_type: EncryptionType::Aes256,
            kms_key: None,
            resource_tags: Vec::new(),
        }
    }
}

/// What was created.
#[derive(Clone, Debug)]
pub struct Output {
    /// The repository.
    pub repository: Arc<Repository>,
}

/// What can go wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Filters do not go with the mode, or a key with the encryption type.
    #[error(transparent)]
    InvalidParameter(#[from] InvalidParameter),
    /// A resource tag is not acceptable.
    #[error(transparent)]
    InvalidTag(#[from] InvalidTagParameter),
    /// Too many resource tags.
    #[error(transparent)]
    TooManyTags(#[from] TooManyTags),
    /// The name is taken.
    #[error(transparent)]
    AlreadyExists(#[from] RepositoryAlreadyExists),
    /// The registry is full.
    #[error(transparent)]
    LimitExceeded(#[from] LimitExceeded),
}

impl From<ResourceTagsError> for Error {
    fn from(error: ResourceTagsError) -> Self {
        match error {
            ResourceTagsError::Invalid(error) => error.into(),
            ResourceTagsError::TooMany(error) => error.into(),
        }
    }
}

/// Creates the repository.
pub fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: Input) -> Result<Output, Error> {
    let tag_mutability = TagMutability::new(input.tag_mutability, input.tag_mutability_filters)?;
    if input.kms_key.is_some() && input.encryption_type == EncryptionType::Aes256 {
        let constraint = "kmsKey cannot be specified when encryptionType is AES256";
        return Err(InvalidParameter::new("encryptionConfiguration", constraint).into());
    }
    let resource_tags = ResourceTags::new(input.resource_tags, registry.quotas())?;
    if registry.repository(&input.name).is_ok() {
        return Err(RepositoryAlreadyExists { repository: input.name, registry_id: registry.id() }.into());
    }
    let mut repository = Repository::new(input.name.clone(), cx.now);
    repository.tag_mutability = tag_mutability;
    repository.scan_on_push = input.scan_on_push;
    repository.resource_tags = resource_tags;
    let uses_managed_key = input.encryption_type != EncryptionType::Aes256 && input.kms_key.is_none();
    let kms_key = if uses_managed_key { Some(managed_key(registry.key())) } else { input.kms_key.map(Arc::from) };
    repository.encryption = Encryption { encryption_type: input.encryption_type, kms_key };
    registry.insert_repository(repository)?;
    Ok(Output { repository: Arc::clone(&registry.repositories[&input.name]) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::testing::{NOON, name, registry, with};

    #[test]
    fn c_103_a_new_repository_has_defaults_and_its_name_is_taken() {
        let mut registry = registry();
        let input = Input::with_defaults(name("team/app"));
        let repository = with(|cx| apply(&mut registry, cx, input.clone())).unwrap().repository;
        assert_eq!(repository.tag_mutability().mode(), TagMutabilityMode::Mutable);
        assert!(!repository.scan_on_push() && repository.created_at() == NOON);
        assert_eq!(repository.encryption(), &Encryption::default());
        assert_eq!(
            with(|cx| apply(&mut registry, cx, input)).unwrap_err().to_string(),
            "The repository with name 'team/app' already exists in the registry with id '123456789012'"
        );
    }

    #[test]
    fn c_104_kms_without_a_key_shows_one_managed_key_for_the_registry() {
        let mut registry = registry();
        let mut key_of = |repository: &str, kms_key: Option<&str>| {
            let input = Input {
                encryption_type: EncryptionType::Kms,
                kms_key: kms_key.map(str::to_owned),
                ..Input::with_defaults(name(repository))
            };
            let output = with(|cx| apply(&mut registry, cx, input)).unwrap();
            output.repository.encryption().kms_key.clone().unwrap()
        };
        let first = key_of("aa", None);
        assert!(first.starts_with("arn:aws:kms:us-east-1:123456789012:key/"), "{first}");
        assert_eq!(key_of("bb", None), first);
        assert_eq!(&*key_of("cc", Some("alias/mine")), "alias/mine");
    }

    #[test]
    fn a_refused_repository_leaves_nothing() {
        let mut registry = registry();
        let bad_tag = ResourceTag { key: "aws:x".to_owned(), value: String::new() };
        for input in [
            Input { resource_tags: vec![bad_tag], ..Input::with_defaults(name("aa")) },
            Input { tag_mutability_filters: vec!["v*".parse().unwrap()], ..Input::with_defaults(name("aa")) },
            Input { kms_key: Some("alias/mine".to_owned()), ..Input::with_defaults(name("aa")) },
        ] {
            assert!(with(|cx| apply(&mut registry, cx, input)).is_err());
        }
        assert!(registry.repositories().is_empty());
    }
}
