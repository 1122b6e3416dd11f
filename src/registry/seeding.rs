//! Putting state into a registry without calls: idempotent, without effects, and without the rules about moving tags.
//!
//! Applying the same thing twice changes nothing the second time. What must still hold holds: an image's blobs come with
//! it or are there, an index's children are there.

use std::sync::Arc;

use super::cache_rules::{CacheRule, UpstreamRegistry};
use super::errors::{InvalidParameter, LayersNotFound, LimitExceeded, Limited, ReferencedImagesNotFound};
use super::limits;
use super::manifest::Manifest;
use super::replication::ReplicationConfiguration;
use super::repository::Repository;
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
}

/// Makes a repository be there with these settings.
pub fn repository(registry: &mut Registry, now: Timestamp, seed: SeedRepository) -> Result<Change, LimitExceeded> {
    let Ok(present) = registry.repository_mut(&seed.name) else {
        let mut repository = Repository::new(seed.name, now);
        repository.tag_mutability = seed.tag_mutability;
        repository.scan_on_push = seed.scan_on_push;
        registry.insert_repository(repository)?;
        return Ok(Change::Created);
    };
    if present.tag_mutability == seed.tag_mutability && present.scan_on_push == seed.scan_on_push {
        return Ok(Change::Unchanged);
    }
    present.tag_mutability = seed.tag_mutability;
    present.scan_on_push = seed.scan_on_push;
    Ok(Change::Updated)
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
            if tags_are_there && time_is_right && blobs_are_there { Change::Unchanged } else { Change::Updated }
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
    if image.is_none() && repository.is_full() {
        return Err(registry.limit(Limited::Images, limits::IMAGES_PER_REPOSITORY as u64).into());
    }
    let is_new = |tag: &&Tag| image.is_none_or(|image| !image.tags().contains(tag));
    let tags = image.map_or(0, |image| image.tags().len()) + seed.tags.iter().filter(is_new).count();
    if tags > limits::TAGS_PER_IMAGE {
        return Err(registry.limit(Limited::Tags, limits::TAGS_PER_IMAGE as u64).into());
    }
    Ok(())
}

/// Makes this the replication configuration. It was always there, so it is never created.
pub fn replication(
    registry: &mut Registry,
    configuration: ReplicationConfiguration,
) -> Result<Change, InvalidParameter> {
    configuration.check(registry.key())?;
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

/// Makes a cache rule be there. Any host will do, and no login is asked for.
pub fn cache_rule(
    registry: &mut Registry,
    now: Timestamp,
    prefix: CacheRulePrefix,
    upstream_registry_url: String,
    upstream_repository_prefix: Option<CacheRulePrefix>,
) -> Result<Change, LimitExceeded> {
    let present = registry.cache_rules().get(&prefix).cloned();
    let upstream_repository_prefix = upstream_repository_prefix.unwrap_or_else(CacheRule::root);
    if present.as_ref().is_some_and(|rule| {
        rule.upstream_registry_url == upstream_registry_url
            && rule.upstream_repository_prefix == upstream_repository_prefix
    }) {
        return Ok(Change::Unchanged);
    }
    if present.is_none() && registry.cache_rules().len() >= limits::CACHE_RULES_PER_REGISTRY {
        return Err(registry.limit(Limited::CacheRules, limits::CACHE_RULES_PER_REGISTRY as u64));
    }
    let rule = CacheRule {
        prefix: prefix.clone(),
        upstream_registry: UpstreamRegistry::of_host(&upstream_registry_url),
        upstream_registry_url,
        upstream_repository_prefix,
        credential_arn: present.as_ref().and_then(|rule| rule.credential_arn.clone()),
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
    use crate::registry::tag_mutability::TagMutabilityMode;
    use crate::registry::testing::{NOON, blob, image_of, index_of, name, picture, registry, tag};

    const LATER: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    fn seed_repository(mode: TagMutabilityMode) -> SeedRepository {
        let tag_mutability = TagMutability::new(mode, vec![]).unwrap();
        SeedRepository { name: name("team/app"), tag_mutability, scan_on_push: false }
    }

    fn seed_image(manifest: &Arc<Manifest>, blobs: &[&str], tags: &[&str]) -> SeedImage {
        SeedImage {
            repository: name("team/app"),
            manifest: Arc::clone(manifest),
            blobs: blobs.iter().map(|content| blob(content)).collect(),
            tags: tags.iter().map(|text| tag(text)).collect(),
            pushed_at: None,
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
            assert_eq!(cache_rule(&mut registry, now, prefix, "any.test".to_owned(), None).unwrap(), expected);
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
}
