//! The rules of `GetDownloadUrlForLayer`: which blob may be fetched. The address is the adapter's to make.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetDownloadUrlForLayer.html>

use crate::registry::errors::{LayerInaccessible, LayerInaccessibleCause, LayerNotFound, RepositoryNotFound};
use crate::registry::state::Registry;
use crate::registry::types::{Digest, RepositoryName, VerifiedBlob};

/// Which blob.
#[derive(Clone, Debug)]
pub struct Input {
    /// The repository.
    pub repository: RepositoryName,
    /// Digest as the caller wrote it.
    pub layer_digest: String,
}

/// It may be fetched.
#[derive(Clone, Debug)]
pub struct Output {
    /// Its bytes.
    pub blob: VerifiedBlob,
}

/// What can go wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No such repository.
    #[error(transparent)]
    RepositoryNotFound(#[from] RepositoryNotFound),
    /// The repository has no such blob. `LayersNotFoundException`.
    #[error(transparent)]
    LayerNotFound(#[from] LayerNotFound),
    /// No image uses it, or only archived ones do.
    #[error(transparent)]
    Inaccessible(#[from] LayerInaccessible),
}

/// Looks the blob up; configurations count as layers.
pub fn apply(registry: &Registry, input: &Input) -> Result<Output, Error> {
    let repository = registry.repository(&input.repository)?;
    let digest = input.layer_digest.parse::<Digest>().ok();
    let layer = digest.and_then(|digest| repository.layer(&digest)).ok_or_else(|| LayerNotFound {
        layer_digest: input.layer_digest.clone(),
        repository: input.repository.clone(),
        registry_id: registry.id(),
    })?;
    let cause = match (layer.in_use, layer.is_archived) {
        (false, _) => LayerInaccessibleCause::Unused,
        (true, true) => LayerInaccessibleCause::Archived,
        (true, false) => return Ok(Output { blob: layer.blob.clone() }),
    };
    let (digest, repository) = (layer.blob.digest().clone(), input.repository.clone());
    Err(LayerInaccessible { digest, cause, repository, registry_id: registry.id() }.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::testing::{blob, image_of, link, name, push, with_repository};

    #[test]
    fn c_080_c_081_only_what_an_image_uses_can_be_fetched() {
        let mut registry = with_repository();
        link(&mut registry, &["{}", "layer", "unused"]);
        push(&mut registry, &image_of("{}", &["layer"], ""), None).unwrap();
        let fetch = |layer_digest: String| apply(&registry, &Input { repository: name("team/app"), layer_digest });
        for used in ["{}", "layer"] {
            assert_eq!(fetch(blob(used).digest().to_string()).unwrap().blob.size_bytes(), used.len() as u64);
        }
        assert!(matches!(fetch(blob("unused").digest().to_string()), Err(Error::Inaccessible(_))));
        assert!(matches!(fetch(blob("none").digest().to_string()), Err(Error::LayerNotFound(_))));
        assert!(matches!(fetch("md5:00".to_owned()), Err(Error::LayerNotFound(_))));
    }
}
