//! `POST …/blobs/uploads/?mount=&from=`: links a blob of another repository of the same registry.
//!
//! ECR mounts if the account setting `BLOB_MOUNTING` is on, both repositories are of the same registry and encrypted alike,
//! the source is not a pull-through cache, and an image uses the blob there. That the caller may
//! `ecr:GetDownloadUrlForLayer` at the source, too, is for whoever asks for rights. Whatever keeps a blob from being mounted
//! is no error, since the client is then given an ordinary upload.
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
    /// Where it comes from.
    pub from: MountSource,
}

/// Where a blob may come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MountSource {
    /// This repository.
    Repository(RepositoryName),
    /// Any repository of the registry. Costs one lookup for each.
    Any,
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
    if registry.account_settings().blob_mounting == BlobMounting::Disabled {
        return Ok(Output::NotMounted);
    }
    if target.layer(&input.digest).is_some() {
        return Ok(Output::Mounted);
    }
    let mountable = |name: &RepositoryName| {
        let source = registry.repository(name).ok()?;
        let layer = source.layer(&input.digest)?;
        let is_cache = cache_rule_for(registry, name).is_some();
        let can_be_mounted = layer.in_use && !is_cache && source.encryption() == target.encryption();
        can_be_mounted.then(|| layer.blob.clone())
    };
    let blob = match &input.from {
        MountSource::Repository(name) => mountable(name),
        MountSource::Any => registry.repositories().keys().find_map(mountable),
    };
    let Some(blob) = blob else { return Ok(Output::NotMounted) };
    registry.repository_mut(&input.repository)?.insert_layer(blob);
    Ok(Output::Mounted)
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

    fn mount(registry: &Registry, to: &str, content: &str, from: MountSource) -> Output {
        let mut registry = registry.clone();
        let input = Input { repository: name(to), digest: blob(content).digest().clone(), from };
        let output = with(|cx| apply(&mut registry, cx, &input)).unwrap();
        let is_there = registry.repository(&name(to)).unwrap().layer(&input.digest).is_some();
        assert!(is_there || output == Output::NotMounted);
        output
    }

    fn from(text: &str) -> MountSource {
        MountSource::Repository(name(text))
    }

    #[test]
    fn c_043_d_018_a_blob_in_use_is_mounted_between_repositories_that_are_encrypted_alike() {
        let registry = stage();
        for (to, content, from, expected) in [
            ("team/web", "layer", from("team/app"), Output::Mounted),
            ("team/web", "{}", from("team/app"), Output::Mounted),
            ("team/web", "layer", MountSource::Any, Output::Mounted),
            ("team/app", "layer", from("team/web"), Output::Mounted),
            ("team/web", "loose", from("team/app"), Output::NotMounted),
            ("team/web", "layer", from("team/sealed"), Output::NotMounted),
            ("team/web", "layer", from("no/where"), Output::NotMounted),
            ("team/web", "absent", MountSource::Any, Output::NotMounted),
            ("team/sealed", "layer", from("team/app"), Output::NotMounted),
            ("team/sealed", "layer", MountSource::Any, Output::NotMounted),
        ] {
            assert_eq!(mount(&registry, to, content, from.clone()), expected, "{content} from {from:?} to {to}");
        }
    }

    #[test]
    fn c_181_nothing_is_mounted_while_the_setting_is_off() {
        let mut registry = stage();
        registry.account_settings.blob_mounting = BlobMounting::Disabled;
        for to in ["team/web", "team/app"] {
            assert_eq!(mount(&registry, to, "layer", from("team/app")), Output::NotMounted);
        }
    }

    #[test]
    fn d_018_a_pull_through_cache_is_no_source() {
        let mut registry = stage();
        let prefix = CacheRulePrefix::parse("team").unwrap();
        seeding::cache_rule(&mut registry, NOON, prefix, "quay.io".to_owned(), None).unwrap();
        create(&mut registry, "web");
        assert_eq!(mount(&registry, "web", "layer", from("team/app")), Output::NotMounted);
        assert_eq!(mount(&registry, "web", "layer", MountSource::Any), Output::NotMounted);
    }
}
