//! `DELETE …/manifests/<reference>` as the distribution specification has it: by tag the tag goes and nothing else, by
//! digest the manifest with its tags, also from under an index. ECR's own way is `BatchDeleteImage`.
//!
//! Source: <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#deleting-manifests>

use crate::registry::context::{Context, Effect};
use crate::registry::image_identifier::{ImageIdentifier, Reference};
use crate::registry::state::{ImageLookupError, Registry};
use crate::registry::types::{RepositoryName, Tag};

/// What to delete.
#[derive(Clone, Debug)]
pub struct Input {
    /// The repository.
    pub repository: RepositoryName,
    /// Tag or digest.
    pub reference: Reference,
}

/// What can go wrong.
pub type Error = ImageLookupError;

/// Deletes the tag or the manifest.
pub fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: &Input) -> Result<(), Error> {
    let (image, tag) = registry.image(&input.repository, &ImageIdentifier::from(&input.reference))?;
    let digest = image.digest().clone();
    let gone: Vec<Option<Tag>> = match tag {
        Some(tag) => vec![Some(tag)],
        None if image.tags().is_empty() => vec![None],
        None => image.tags().iter().cloned().map(Some).collect(),
    };
    let repository = registry.repository_mut(&input.repository)?;
    match &input.reference {
        Reference::Tag(tag) => repository.remove_tag(tag),
        Reference::Digest(digest) => repository.remove_image(digest),
    }
    cx.effects.extend(gone.into_iter().map(|tag| Effect::ImageDeleted {
        repository: input.repository.clone(),
        digest: digest.clone(),
        tag,
    }));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::testing::{image_of, index_of, link, name, picture, push, tag, with, with_repository};

    #[test]
    fn a_tag_goes_alone_and_a_digest_takes_its_tags_along_even_from_under_an_index() {
        let mut registry = with_repository();
        link(&mut registry, &["{}", "layer"]);
        let child = image_of("{}", &["layer"], "child");
        push(&mut registry, &child, Some("a")).unwrap();
        push(&mut registry, &child, Some("b")).unwrap();
        push(&mut registry, &index_of(&[&child], ""), Some("list")).unwrap();
        let mut delete = |reference: Reference| {
            let input = Input { repository: name("team/app"), reference };
            let deleted = with(|cx| apply(&mut registry, cx, &input).map(|()| std::mem::take(&mut cx.effects).len()));
            (deleted, picture(&registry, "team/app").get(child.digest()).cloned())
        };
        for (gone, left) in [("a", vec!["b".to_owned()]), ("b", vec![])] {
            assert_eq!(delete(Reference::Tag(tag(gone))), (Ok(1), Some(left)), "{gone}");
        }
        assert!(delete(Reference::Tag(tag("b"))).0.is_err());
        assert_eq!(delete(Reference::Digest(child.digest().clone())), (Ok(1), None));
        assert!(delete(Reference::Digest(child.digest().clone())).0.is_err());
        registry.repository(&name("team/app")).unwrap().assert_indexes_agree();
    }
}
