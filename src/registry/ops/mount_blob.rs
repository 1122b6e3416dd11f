//! `POST …/blobs/uploads/?mount=&from=`: links a blob of another repository of the same registry.
//!
//! ECR mounts if the account setting `BLOB_MOUNTING` is on, both repositories are of the same registry and encrypted alike,
//! the source is not a pull-through cache, and an image uses the blob there; by the distribution specification it is enough
//! that the source has the blob. That the caller may `ecr:GetDownloadUrlForLayer` at the source, too, is for whoever asks
//! for rights. Whatever keeps a blob from being mounted is no error, since the client is then given an ordinary upload.
//! Sources: <https://docs.aws.amazon.com/AmazonECR/latest/userguide/blob-mounting.html>,
//! <https://github.com/aws/containers-roadmap/issues/2860>

use crate::registry::account_settings::BlobMounting;
use crate::registry::cache_rules::cache_rule_for;
use crate::registry::context::Context;
use crate::registry::errors::RepositoryNotFound;
use crate::registry::state::Registry;
use crate::registry::types::{Digest, RepositoryName};

/// What to mount.
#[derive(Clone, Debug)]
pub struct Input {
    /// Repository to mount into.
    pub repository: RepositoryName,
    /// The blob.
    pub digest: Digest,
    /// Repository that it comes from.
    pub from: RepositoryName,
    /// What it takes.
    pub rules: MountRules,
}

/// What it takes to mount a blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MountRules {
    /// What ECR demands.
    Ecr,
    /// What the distribution specification demands: that the source has the blob.
    Distribution,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// The blob is in the repository now, or was before.
    Mounted,
    /// It cannot be mounted.
    NotMounted,
}

/// Mounts the blob if it can be. The repository to mount into must exist.
pub fn apply(registry: &mut Registry, _cx: &mut Context<'_>, input: &Input) -> Result<Output, RepositoryNotFound> {
    let target = registry.repository(&input.repository)?;
    let is_ecr = input.rules == MountRules::Ecr;
    if is_ecr && registry.account_settings().blob_mounting == BlobMounting::Disabled {
        return Ok(Output::NotMounted);
    }
    if target.layer(&input.digest).is_some() {
        return Ok(Output::Mounted);
    }
    let Ok(source) = registry.repository(&input.from) else { return Ok(Output::NotMounted) };
    let Some(layer) = source.layer(&input.digest) else { return Ok(Output::NotMounted) };
    let satisfies_ecr = || {
        let is_cache = cache_rule_for(registry, &input.from).is_some();
        layer.in_use && !is_cache && source.encryption() == target.encryption()
    };
    if is_ecr && !satisfies_ecr() {
        return Ok(Output::NotMounted);
    }
    let blob = layer.blob.clone();
    registry.repository_mut(&input.repository)?.insert_layer(blob);
    Ok(Output::Mounted)
}

/// The repositories that have a blob, for who names none. Costs one lookup for each repository of the registry.
pub fn sources<'a>(registry: &'a Registry, digest: &'a Digest) -> impl Iterator<Item = &'a RepositoryName> {
    registry.repositories().values().filter(|repository| repository.layer(digest).is_some()).map(|found| found.name())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::encryption::{Encryption, EncryptionType};
    use crate::registry::seeding;
    use crate::registry::testing::{NOON, blob, create, image_of, link, name, push, with, with_repository};
    use crate::registry::types::CacheRulePrefix;

    /// Repository `team/app` with an image and a blob `loose` of none, and beside it an empty one of each kind. Mounting
    /// is on.
    fn stage() -> Registry {
        let mut registry = with_repository();
        link(&mut registry, &["{}", "layer", "loose"]);
        push(&mut registry, &image_of("{}", &["layer"], ""), Some("v1")).unwrap();
        create(&mut registry, "team/web");
        create(&mut registry, "team/sealed");
        registry.repository_mut(&name("team/sealed")).unwrap().encryption =
            Encryption { encryption_type: EncryptionType::Kms, kms_key: Some("key".into()) };
        registry.account_settings.blob_mounting = BlobMounting::Enabled;
        registry
    }

    fn mount_by(rules: MountRules, registry: &Registry, to: &str, content: &str, from: &str) -> Output {
        let mut registry = registry.clone();
        let digest = blob(content).digest().clone();
        let input = Input { repository: name(to), digest, from: name(from), rules };
        let output = with(|cx| apply(&mut registry, cx, &input)).unwrap();
        let is_there = registry.repository(&name(to)).unwrap().layer(&input.digest).is_some();
        assert!(is_there || output == Output::NotMounted);
        output
    }

    fn mount(registry: &Registry, to: &str, content: &str, from: &str) -> Output {
        mount_by(MountRules::Ecr, registry, to, content, from)
    }

    #[test]
    fn c_043_d_018_a_blob_in_use_is_mounted_between_repositories_that_are_encrypted_alike() {
        let registry = stage();
        for (to, content, from, expected) in [
            ("team/web", "layer", "team/app", Output::Mounted),
            ("team/web", "{}", "team/app", Output::Mounted),
            ("team/app", "layer", "team/web", Output::Mounted),
            ("team/web", "loose", "team/app", Output::NotMounted),
            ("team/web", "layer", "team/sealed", Output::NotMounted),
            ("team/web", "layer", "no/where", Output::NotMounted),
            ("team/web", "absent", "team/app", Output::NotMounted),
            ("team/sealed", "layer", "team/app", Output::NotMounted),
        ] {
            assert_eq!(mount(&registry, to, content, from), expected, "{content} from {from} to {to}");
        }
    }

    #[test]
    fn by_the_specification_it_is_enough_that_the_source_has_the_blob() {
        let mut registry = stage();
        registry.account_settings.blob_mounting = BlobMounting::Disabled;
        for (to, content, from, expected) in [
            ("team/web", "loose", "team/app", Output::Mounted),
            ("team/sealed", "layer", "team/app", Output::Mounted),
            ("team/web", "layer", "team/sealed", Output::NotMounted),
            ("team/web", "absent", "team/app", Output::NotMounted),
        ] {
            let mounted = mount_by(MountRules::Distribution, &registry, to, content, from);
            assert_eq!(mounted, expected, "{content} from {from} to {to}");
        }
        let digest = blob("loose").digest().clone();
        assert!(sources(&registry, &digest).eq([&name("team/app")]));
        assert_eq!(sources(&registry, &Digest::sha256_of(b"absent")).count(), 0);
    }

    #[test]
    fn c_181_nothing_is_mounted_while_the_setting_is_off() {
        let mut registry = stage();
        registry.account_settings.blob_mounting = BlobMounting::Disabled;
        for to in ["team/web", "team/app"] {
            assert_eq!(mount(&registry, to, "layer", "team/app"), Output::NotMounted);
        }
    }

    #[test]
    fn d_018_a_pull_through_cache_is_no_source() {
        let mut registry = stage();
        let prefix = CacheRulePrefix::parse("team").unwrap();
        seeding::cache_rule(&mut registry, NOON, prefix, "quay.io".to_owned(), None, None).unwrap();
        create(&mut registry, "web");
        assert_eq!(mount(&registry, "web", "layer", "team/app"), Output::NotMounted);
    }
}
