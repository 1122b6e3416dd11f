//! `DELETE …/blobs/<digest>`: unlinks a blob from a repository, whether or not an image uses it. ECR offers none.
//!
//! Source: <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#deleting-blobs>

use super::stat_blob;
use crate::registry::context::Context;
use crate::registry::state::Registry;
use crate::registry::types::{Digest, RepositoryName, VerifiedBlob};

/// Which blob.
#[derive(Clone, Debug)]
pub struct Input {
    /// The repository.
    pub repository: RepositoryName,
    /// The blob.
    pub digest: Digest,
}

/// The blob is unlinked.
#[derive(Clone, Debug)]
pub struct Output {
    /// It, to be dropped where nobody waits: with its last handle its bytes are freed.
    pub blob: Option<VerifiedBlob>,
}

/// What can go wrong: what can when it is looked for.
pub type Error = stat_blob::Error;

/// Unlinks the blob.
pub fn apply(registry: &mut Registry, _cx: &mut Context<'_>, input: &Input) -> Result<Output, Error> {
    let wanted = stat_blob::Input { repository: input.repository.clone(), digest: input.digest.clone() };
    stat_blob::apply(registry, &wanted)?;
    Ok(Output { blob: registry.repository_mut(&input.repository)?.remove_layer(&input.digest) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::testing::{blob, image_of, link, name, push, with, with_repository};

    #[test]
    fn a_blob_goes_even_from_under_an_image_and_can_come_back() {
        let mut registry = with_repository();
        link(&mut registry, &["{}", "layer", "loose"]);
        let image = image_of("{}", &["layer"], "");
        push(&mut registry, &image, Some("v1")).unwrap();
        let input = |content: &str| Input { repository: name("team/app"), digest: blob(content).digest().clone() };
        for content in ["loose", "layer"] {
            let gone = with(|cx| apply(&mut registry, cx, &input(content))).unwrap();
            assert_eq!(gone.blob.unwrap().digest(), blob(content).digest());
            let again = with(|cx| apply(&mut registry, cx, &input(content)));
            assert!(matches!(again, Err(Error::LayerNotFound(_))), "{content}");
        }
        let repository = registry.repository(&name("team/app")).unwrap();
        assert!(repository.images().contains_key(image.digest()));
        repository.assert_indexes_agree();
        link(&mut registry, &["layer"]);
        let layer = registry.repository(&name("team/app")).unwrap().layer(blob("layer").digest()).unwrap();
        assert!(layer.in_use, "the image still names it");
    }
}
