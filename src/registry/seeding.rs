//! Putting state into a registry without calls: idempotent, without effects, and without the rules about moving tags.
//!
//! Applying the same thing twice changes nothing the second time. What must still hold holds: an image's blobs come with
//! it or are there, an index's children are there.

mod settings;

pub use settings::{SeedAccountSettings, account_settings, policy, pull_time_exclusion, scanning, signing, template};

use std::sync::Arc;

use super::cache_rules::{CacheRule, UpstreamRegistry};
use super::encryption::Encryption;
use super::errors::{InvalidParameter, LayersNotFound, LimitExceeded, Limited, ReferencedImagesNotFound, TooManyTags};
use super::image::ImageStatus;
use super::lifecycle::StoredLifecyclePolicy;
use super::manifest::Manifest;
use super::policy::iam::PolicyDocument;
use super::policy::lifecycle::LifecyclePolicy;
use super::replication::ReplicationConfiguration;
use super::repository::Repository;
use super::resource_tags::{ResourceTags, ResourceTagsError};
use super::state::Registry;
use super::tag_mutability::TagMutability;
use super::types::{AccountId, CacheRulePrefix, Digest, RepositoryName, Tag, Timestamp, VerifiedBlob};

/// What seeding did to one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It did not exist.
    Created,
    /// It was otherwise.
    Updated,
    /// It was so already.
    Unchanged,
}

/// A repository to have.
#[derive(Clone, Debug)]
pub struct SeedRepository {
    /// Its name.
    pub name: RepositoryName,
    /// Its rule about moving tags.
    pub tag_mutability: TagMutability,
    /// Whether each push is to start a scan.
    pub scan_on_push: bool,
    /// Its encryption, which only one that is not there yet can be given; absent: AES256, or as it is.
    pub encryption: Option<Encryption>,
    /// Its policy; absent: as it is.
    pub policy: Option<PolicyDocument>,
    /// Its lifecycle policy; absent: as it is.
    pub lifecycle_policy: Option<LifecyclePolicy>,
    /// Resource tags that it has; others of it stay.
    pub resource_tags: ResourceTags,
}

impl SeedRepository {
    /// A repository with default settings.
    pub fn with_defaults(name: RepositoryName) -> Self {
        Self {
            name,
            tag_mutability: TagMutability::default(),
            scan_on_push: false,
            encryption: None,
            policy: None,
            lifecycle_policy: None,
            resource_tags: ResourceTags::default(),
        }
    }
}

/// An image to have.
#[derive(Clone, Debug)]
pub struct SeedImage {
    /// Where; must exist.
    pub repository: RepositoryName,
    /// Its manifest.
    pub manifest: Arc<Manifest>,
    /// Blobs that it needs and that may not be there yet.
    pub blobs: Vec<VerifiedBlob>,
    /// Tags that it has; they move here from other images. Other tags of it stay.
    pub tags: Vec<Tag>,
    /// When it was pushed; absent: as it is, or now.
    pub pushed_at: Option<Timestamp>,
    /// Whether it is in the archive; absent: as it is, at first not.
    pub archived: Option<bool>,
}

/// What can go wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No such repository.
    #[error(transparent)]
    RepositoryNotFound(#[from] super::errors::RepositoryNotFound),
    /// Blobs that the image names neither came with it nor are there.
    #[error(transparent)]
    LayersNotFound(#[from] LayersNotFound),
    /// Children that the index names are not there.
    #[error(transparent)]
    ReferencedImagesNotFound(#[from] ReferencedImagesNotFound),
    /// Something is full.
    #[error(transparent)]
    LimitExceeded(#[from] LimitExceeded),
    /// Too many resource tags, or one of them is not acceptable.
    #[error(transparent)]
    ResourceTags(#[from] ResourceTagsError),
    /// A lifecycle policy is larger than a quota.
    #[error(transparent)]
    InvalidParameter(#[from] InvalidParameter),
    /// The repository is there and encrypted otherwise, which cannot change.
    #[error("The repository with name '{0}' already exists with another encryption configuration")]
    OtherEncryption(RepositoryName),
}

impl From<TooManyTags> for Error {
    fn from(error: TooManyTags) -> Self {
        Self::ResourceTags(error.into())
    }
}

/// Makes a repository be there with these settings.
pub fn repository(registry: &mut Registry, now: Timestamp, seed: SeedRepository) -> Result<Change, Error> {
    let key = registry.key().clone();
    let quotas = *registry.quotas();
    let present = registry.repository(&seed.name).ok();
    let tags = present.map_or(ResourceTags::default(), |repository| repository.resource_tags().clone());
    let tags = tags.with(seed.resource_tags.as_slice().to_vec(), &quotas)?;
    if let Some(policy) = &seed.lifecycle_policy {
        quotas.check_lifecycle_policy(policy)?;
    }
    let encryption = seed.encryption.map(|encryption| encryption.in_registry(&key));
    let is_new = present.is_none();
    if present.is_some_and(|present| encryption.as_ref().is_some_and(|encryption| present.encryption() != encryption)) {
        return Err(Error::OtherEncryption(seed.name));
    }
    if is_new {
        let mut repository = Repository::new(seed.name.clone(), now);
        repository.encryption = encryption.unwrap_or_default();
        registry.insert_repository(repository)?;
    }
    let present = registry.repository(&seed.name)?;
    let stored = present.lifecycle_policy().map(|stored| &stored.policy);
    let has_other_policy = seed.policy.is_some() && seed.policy.as_ref() != present.policy();
    let new_lifecycle = seed.lifecycle_policy.map(LifecyclePolicy::into_minified);
    let new_lifecycle = new_lifecycle.filter(|policy| stored != Some(policy));
    let is_so = present.tag_mutability == seed.tag_mutability
        && present.scan_on_push == seed.scan_on_push
        && present.resource_tags == tags
        && !has_other_policy
        && new_lifecycle.is_none();
    if !is_so {
        let present = registry.repository_mut(&seed.name)?;
        present.tag_mutability = seed.tag_mutability;
        present.scan_on_push = seed.scan_on_push;
        present.resource_tags = tags;
        if has_other_policy {
            present.policy = seed.policy;
        }
        if let Some(policy) = new_lifecycle {
            present.lifecycle_mut().policy = Some(StoredLifecyclePolicy { policy, last_evaluated_at: None });
        }
    }
    Ok(match (is_new, is_so) {
        (true, _) => Change::Created,
        (false, false) => Change::Updated,
        (false, true) => Change::Unchanged,
    })
}

/// Makes an image be there with these tags.
pub fn image(registry: &mut Registry, now: Timestamp, seed: SeedImage) -> Result<Change, Error> {
    let digest = seed.manifest.digest();
    check(registry, &seed)?;
    let needed: Vec<Digest> = seed.manifest.blobs().into_iter().map(|(blob, _)| blob.clone()).collect();
    let blobs: Vec<VerifiedBlob> = seed.blobs.into_iter().filter(|blob| needed.contains(blob.digest())).collect();
    let repository = registry.repository_mut(&seed.repository)?;
    let change = match repository.images().get(digest) {
        None => Change::Created,
        Some(image) => {
            let tags_are_there = seed.tags.iter().all(|tag| image.tags().contains(tag));
            let time_is_right = seed.pushed_at.is_none_or(|pushed_at| pushed_at == image.pushed_at());
            let blobs_are_there = blobs.iter().all(|blob| repository.layer(blob.digest()).is_some());
            let is_archived = image.status() == ImageStatus::Archived;
            let place_is_right = seed.archived.is_none_or(|archived| archived == is_archived);
            let is_so = tags_are_there && time_is_right && blobs_are_there && place_is_right;
            if is_so { Change::Unchanged } else { Change::Updated }
        }
    };
    if change == Change::Unchanged {
        return Ok(change);
    }
    for blob in blobs {
        repository.insert_layer(blob);
    }
    if change == Change::Created {
        repository.insert_image(Arc::clone(&seed.manifest), seed.pushed_at.unwrap_or(now));
    } else if let Some(pushed_at) = seed.pushed_at {
        repository.move_push_time(digest, pushed_at);
    }
    for tag in &seed.tags {
        repository.put_tag(tag, digest);
    }
    match seed.archived {
        Some(true) => repository.archive(digest, now),
        Some(false) => repository.restore(digest, now),
        None => {}
    }
    Ok(change)
}

fn check(registry: &Registry, seed: &SeedImage) -> Result<(), Error> {
    let repository = registry.repository(&seed.repository)?;
    let (name, registry_id) = (seed.repository.clone(), registry.id());
    let is_missing =
        |digest: &Digest| repository.layer(digest).is_none() && !seed.blobs.iter().any(|blob| blob.digest() == digest);
    let required = seed.manifest.blobs().into_iter().filter(|(_, may_be_missing)| !may_be_missing.0);
    let digests: Vec<Digest> = required.map(|(blob, _)| blob).filter(|blob| is_missing(blob)).cloned().collect();
    if !digests.is_empty() {
        return Err(LayersNotFound { digests, repository: name, registry_id }.into());
    }
    let children = seed.manifest.children().into_iter();
    let digests: Vec<Digest> = children.filter(|child| !repository.images().contains_key(*child)).cloned().collect();
    if !digests.is_empty() {
        return Err(ReferencedImagesNotFound { digests, repository: name, registry_id }.into());
    }
    let image = repository.images().get(seed.manifest.digest());
    let quotas = registry.quotas();
    // What goes to the archive does not count.
    if image.is_none() && seed.archived != Some(true) && repository.is_full(quotas) {
        return Err(registry.limit(Limited::Images, quotas.images_per_repository).into());
    }
    let is_new = |tag: &&Tag| image.is_none_or(|image| !image.tags().contains(tag));
    let tags = image.map_or(0, |image| image.tags().len()) + seed.tags.iter().filter(is_new).count();
    if tags as u64 > quotas.tags_per_image {
        return Err(registry.limit(Limited::Tags, quotas.tags_per_image).into());
    }
    Ok(())
}

/// Makes this the replication configuration. It was always there, so it is never created.
pub fn replication(
    registry: &mut Registry,
    configuration: ReplicationConfiguration,
) -> Result<Change, InvalidParameter> {
    configuration.check(registry.key(), registry.quotas())?;
    if **registry.replication() == configuration {
        return Ok(Change::Unchanged);
    }
    registry.replication = Arc::new(configuration);
    Ok(Change::Updated)
}

/// Makes an account one that may replicate into this registry.
pub fn replication_source(registry: &mut Registry, account: AccountId) -> Change {
    match registry.replication_sources.insert(account, ()) {
        None => Change::Created,
        Some(()) => Change::Unchanged,
    }
}

/// Makes a cache rule be there. Any host will do, and no login is asked for; the secret of one need not be there.
pub fn cache_rule(
    registry: &mut Registry,
    now: Timestamp,
    prefix: CacheRulePrefix,
    upstream_registry_url: String,
    upstream_repository_prefix: Option<CacheRulePrefix>,
    credential_arn: Option<String>,
) -> Result<Change, LimitExceeded> {
    let present = registry.cache_rules().get(&prefix).cloned();
    let upstream_repository_prefix = upstream_repository_prefix.unwrap_or_else(CacheRule::root);
    let credential_arn = credential_arn.or_else(|| present.as_ref().and_then(|rule| rule.credential_arn.clone()));
    if present.as_ref().is_some_and(|rule| {
        rule.upstream_registry_url == upstream_registry_url
            && rule.upstream_repository_prefix == upstream_repository_prefix
            && rule.credential_arn == credential_arn
    }) {
        return Ok(Change::Unchanged);
    }
    if present.is_none() {
        let (rules, most) = (registry.cache_rules().len(), registry.quotas().cache_rules_per_registry);
        registry.check_room(Limited::CacheRules, rules, most)?;
    }
    let rule = CacheRule {
        prefix: prefix.clone(),
        upstream_registry: UpstreamRegistry::of_host(&upstream_registry_url),
        upstream_registry_url,
        upstream_repository_prefix,
        credential_arn,
        custom_role_arn: present.as_ref().and_then(|rule| rule.custom_role_arn.clone()),
        created_at: present.as_ref().map_or(now, |rule| rule.created_at),
        updated_at: now,
    };
    registry.cache_rules.insert(prefix, Arc::new(rule));
    Ok(if present.is_some() { Change::Updated } else { Change::Created })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::encryption::EncryptionType;
    use crate::registry::policy::iam::PolicyKind;
    use crate::registry::quotas::Quotas;
    use crate::registry::resource_tags::ResourceTag;
    use crate::registry::tag_mutability::TagMutabilityMode;
    use crate::registry::testing::{ACTIONS, NOON, blob, image_of, index_of, name, picture, registry, tag};

    const LATER: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    fn seed_repository(mode: TagMutabilityMode) -> SeedRepository {
        let tag_mutability = TagMutability::new(mode, vec![]).unwrap();
        SeedRepository { tag_mutability, ..SeedRepository::with_defaults(name("team/app")) }
    }

    fn seed_image(manifest: &Arc<Manifest>, blobs: &[&str], tags: &[&str]) -> SeedImage {
        SeedImage {
            repository: name("team/app"),
            manifest: Arc::clone(manifest),
            blobs: blobs.iter().map(|content| blob(content)).collect(),
            tags: tags.iter().map(|text| tag(text)).collect(),
            pushed_at: None,
            archived: None,
        }
    }

    #[test]
    fn applying_twice_changes_nothing_the_second_time() {
        let mut registry = registry();
        let child = image_of("{}", &["layer"], "");
        let index = index_of(&[&child], "");
        for (now, expected) in [(NOON, Change::Created), (LATER, Change::Unchanged)] {
            let immutable = seed_repository(TagMutabilityMode::Immutable);
            assert_eq!(repository(&mut registry, now, immutable).unwrap(), expected);
            let child = seed_image(&child, &["{}", "layer", "stray"], &[]);
            assert_eq!(image(&mut registry, now, child).unwrap(), expected);
            let index = seed_image(&index, &[], &["latest", "v1"]);
            assert_eq!(image(&mut registry, now, index).unwrap(), expected);
            assert_eq!(replication_source(&mut registry, "999999999999".parse().unwrap()), expected);
            let prefix = "quay".parse().unwrap();
            assert_eq!(cache_rule(&mut registry, now, prefix, "any.test".to_owned(), None, None).unwrap(), expected);
        }
        let repository = registry.repository(&name("team/app")).unwrap();
        assert!(repository.images().values().all(|image| image.pushed_at() == NOON));
        assert_eq!(repository.layers().count(), 2, "a blob that the image does not need is not kept");
        repository.assert_indexes_agree();
    }

    #[test]
    fn what_differs_is_updated_even_an_immutable_tag() {
        let mut registry = registry();
        repository(&mut registry, NOON, seed_repository(TagMutabilityMode::Mutable)).unwrap();
        let immutable = seed_repository(TagMutabilityMode::Immutable);
        assert_eq!(repository(&mut registry, NOON, immutable).unwrap(), Change::Updated);
        let (one, two) = (image_of("{}", &["layer"], "1"), image_of("{}", &["layer"], "2"));
        image(&mut registry, NOON, seed_image(&one, &["{}", "layer"], &["latest"])).unwrap();
        image(&mut registry, NOON, seed_image(&two, &[], &[])).unwrap();
        assert_eq!(image(&mut registry, NOON, seed_image(&two, &[], &["latest"])).unwrap(), Change::Updated);
        assert_eq!(picture(&registry, "team/app")[two.digest()], ["latest"]);
        let moved = SeedImage { pushed_at: Some(LATER), ..seed_image(&two, &[], &[]) };
        assert_eq!(image(&mut registry, NOON, moved.clone()).unwrap(), Change::Updated);
        assert_eq!(image(&mut registry, NOON, moved).unwrap(), Change::Unchanged);
        let configuration = ReplicationConfiguration::default();
        assert_eq!(replication(&mut registry, configuration).unwrap(), Change::Unchanged);
    }

    #[test]
    fn what_is_missing_is_refused() {
        let mut registry = registry();
        let child = image_of("{}", &["layer"], "");
        let refused = |registry: &mut Registry, seed: SeedImage| image(registry, NOON, seed).unwrap_err();
        let seed = seed_image(&child, &["{}", "layer"], &[]);
        assert!(matches!(refused(&mut registry, seed), Error::RepositoryNotFound(_)));
        repository(&mut registry, NOON, seed_repository(TagMutabilityMode::Mutable)).unwrap();
        assert!(matches!(refused(&mut registry, seed_image(&child, &["{}"], &[])), Error::LayersNotFound(_)));
        let index = seed_image(&index_of(&[&child], ""), &[], &[]);
        assert!(matches!(refused(&mut registry, index), Error::ReferencedImagesNotFound(_)));
    }

    #[test]
    fn policies_tags_and_encryption_are_as_seeded_and_the_second_time_changes_nothing() {
        let mut registry = registry();
        let policy =
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"ecr:BatchGetImage"}]}"#;
        let policy = registry.read_policy(PolicyKind::Repository, policy, ACTIONS).unwrap();
        let lifecycle = r#"{ "rules": [{"rulePriority":1,"selection":{"tagStatus":"any","countType":"imageCountMoreThan","countNumber":5},"action":{"type":"expire"}}]}"#;
        let tags = |value: &str| {
            let tag = ResourceTag { key: "team".to_owned(), value: value.to_owned() };
            ResourceTags::new(vec![tag], &Quotas::default()).unwrap()
        };
        let seed = SeedRepository {
            encryption: Some(Encryption { encryption_type: EncryptionType::Kms, kms_key: None }),
            policy: Some(policy.clone()),
            lifecycle_policy: Some(LifecyclePolicy::parse(lifecycle).unwrap()),
            resource_tags: tags("a"),
            ..SeedRepository::with_defaults(name("team/app"))
        };
        assert_eq!(repository(&mut registry, NOON, seed.clone()).unwrap(), Change::Created);
        assert_eq!(repository(&mut registry, LATER, seed).unwrap(), Change::Unchanged);
        let bare = SeedRepository::with_defaults(name("team/app"));
        assert_eq!(repository(&mut registry, LATER, bare.clone()).unwrap(), Change::Unchanged, "absent: as it is");
        let retagged = SeedRepository { resource_tags: tags("b"), ..bare.clone() };
        assert_eq!(repository(&mut registry, LATER, retagged).unwrap(), Change::Updated);
        let present = registry.repository(&name("team/app")).unwrap();
        assert_eq!(present.policy(), Some(&policy));
        assert_eq!(present.lifecycle_policy().unwrap().policy.text(), lifecycle.replace(' ', ""));
        assert_eq!(present.resource_tags().as_slice()[0].value, "b");
        assert!(present.encryption().kms_key.is_some(), "the key of the account");
        let otherwise = SeedRepository { encryption: Some(Encryption::default()), ..bare };
        assert!(matches!(repository(&mut registry, LATER, otherwise), Err(Error::OtherEncryption(_))));
    }

    #[test]
    fn a_207_an_image_is_in_the_archive_or_out_of_it_as_seeded() {
        let mut registry = registry();
        repository(&mut registry, NOON, seed_repository(TagMutabilityMode::Mutable)).unwrap();
        let manifest = image_of("{}", &["layer"], "");
        let mut put = |archived, expected| {
            let seed = SeedImage { archived, ..seed_image(&manifest, &["{}", "layer"], &["v1"]) };
            assert_eq!(image(&mut registry, NOON, seed).unwrap(), expected, "{archived:?}");
            let repository = registry.repository(&name("team/app")).unwrap();
            repository.assert_indexes_agree();
            repository.images()[manifest.digest()].status()
        };
        assert_eq!(put(Some(true), Change::Created), ImageStatus::Archived);
        assert_eq!(put(Some(true), Change::Unchanged), ImageStatus::Archived);
        assert_eq!(put(None, Change::Unchanged), ImageStatus::Archived);
        assert_eq!(put(Some(false), Change::Updated), ImageStatus::Active);
    }

    #[test]
    fn x_021_d_034_a_seed_meets_the_quotas_of_its_world() {
        let quotas = Quotas {
            repositories_per_registry: 1,
            images_per_repository: 1,
            tags_per_image: 1,
            resource_tags_per_repository: 0,
            cache_rules_per_registry: 0,
            ..Quotas::default()
        };
        let mut registry = registry().with_quotas(Arc::new(quotas));
        repository(&mut registry, NOON, seed_repository(TagMutabilityMode::Mutable)).unwrap();
        let second = SeedRepository::with_defaults(name("team/web"));
        assert!(matches!(repository(&mut registry, NOON, second), Err(Error::LimitExceeded(_))));
        let (one, two) = (image_of("{}", &["layer"], "1"), image_of("{}", &["layer"], "2"));
        let refused = |registry: &mut Registry, seed: SeedImage| image(registry, NOON, seed).unwrap_err();
        let tagged_twice = seed_image(&one, &["{}", "layer"], &["a", "b"]);
        assert!(matches!(refused(&mut registry, tagged_twice), Error::LimitExceeded(_)));
        image(&mut registry, NOON, seed_image(&one, &["{}", "layer"], &["a"])).unwrap();
        assert!(matches!(refused(&mut registry, seed_image(&two, &[], &[])), Error::LimitExceeded(_)));
        let archived = SeedImage { archived: Some(true), ..seed_image(&two, &[], &[]) };
        assert_eq!(image(&mut registry, NOON, archived).unwrap(), Change::Created, "the archive does not count");
        let prefix = "quay".parse().unwrap();
        assert!(cache_rule(&mut registry, NOON, prefix, "any.test".to_owned(), None, None).is_err());
    }
}
