//! `POST …/blobs/uploads/?mount=&from=`: links a blob of another repository of the same registry.
//!
//! Whether mounting is on at all is the adapter's question; whatever keeps a blob from being mounted is no error, since
//! the client is then given an ordinary upload.
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/userguide/blob-mounting.html>

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
    /// It cannot be mounted: not there, or encrypted otherwise.
    NotMounted,
}

/// Mounts the blob if it can be. The repository to mount into must exist.
pub fn apply(registry: &mut Registry, _cx: &mut Context<'_>, input: &Input) -> Result<Output, RepositoryNotFound> {
    let target = registry.repository(&input.repository)?;
    if target.layer(&input.digest).is_some() {
        return Ok(Output::Mounted);
    }
    let has_blob = |name: &RepositoryName| {
        let source = registry.repository(name).ok()?;
        let blob = source.layer(&input.digest)?.blob.clone();
        (source.encryption() == target.encryption()).then_some(blob)
    };
    let blob = match &input.from {
        MountSource::Repository(name) => has_blob(name),
        MountSource::Any => registry.repositories().keys().find_map(has_blob),
    };
    let Some(blob) = blob else { return Ok(Output::NotMounted) };
    registry.repository_mut(&input.repository)?.insert_layer(blob);
    Ok(Output::Mounted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::encryption::{Encryption, EncryptionType};
    use crate::registry::testing::{blob, create, link, name, with, with_repository};

    #[test]
    fn a_blob_is_mounted_from_where_it_is_unless_encryption_differs() {
        let mut registry = with_repository();
        link(&mut registry, &["layer"]);
        create(&mut registry, "team/web");
        create(&mut registry, "team/sealed");
        registry.repository_mut(&name("team/sealed")).unwrap().encryption =
            Encryption { encryption_type: EncryptionType::Kms, kms_key: Some("key".into()) };
        let mount = |to: &str, content: &str, from: MountSource| {
            let mut registry = registry.clone();
            let input = Input { repository: name(to), digest: blob(content).digest().clone(), from };
            let output = with(|cx| apply(&mut registry, cx, &input)).unwrap();
            let is_there = registry.repository(&name(to)).unwrap().layer(&input.digest).is_some();
            assert_eq!(output == Output::Mounted, is_there);
            output
        };
        let from = |text: &str| MountSource::Repository(name(text));
        assert_eq!(mount("team/web", "layer", from("team/app")), Output::Mounted);
        assert_eq!(mount("team/web", "layer", MountSource::Any), Output::Mounted);
        assert_eq!(mount("team/web", "layer", from("team/sealed")), Output::NotMounted);
        assert_eq!(mount("team/web", "layer", from("no/where")), Output::NotMounted);
        assert_eq!(mount("team/web", "other", MountSource::Any), Output::NotMounted);
        assert_eq!(mount("team/sealed", "layer", MountSource::Any), Output::NotMounted);
    }
}
