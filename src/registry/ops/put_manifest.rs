//! `PUT …/manifests/<reference>`: stores a manifest under any number of tags, by the rules of the registry surface.
//!
//! With ECR's rules and at most one tag it is `PutImage`. The specification's `?tag=` puts several tags on at once, all or
//! none.
//! Source: <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-manifests>

use std::sync::Arc;

use super::put_image::{self, ManifestRules};
use crate::registry::context::Context;
use crate::registry::manifest::{Manifest, ManifestError};
use crate::registry::state::Registry;
use crate::registry::types::{RepositoryName, Tag};

/// What is pushed.
#[derive(Clone, Debug)]
pub struct Input {
    /// Where to.
    pub repository: RepositoryName,
    /// The manifest, parsed before the world's writer is entered.
    pub manifest: Result<Arc<Manifest>, ManifestError>,
    /// Tags to put on it.
    pub tags: Vec<Tag>,
    /// Digest that the caller expects, as written.
    pub digest: Option<String>,
    /// What the manifest must satisfy.
    pub rules: ManifestRules,
}

/// What was stored.
pub type Output = put_image::Output;

/// What can go wrong. That the image is there already means that all of its tags are, too.
pub type Error = put_image::Error;

/// Stores the manifest.
pub fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: Input) -> Result<Output, Error> {
    let Input { repository, manifest, tags, digest, rules } = input;
    let one = |image_tag: Option<Tag>| put_image::Input {
        repository: repository.clone(),
        manifest: manifest.clone(),
        image_tag,
        image_digest: digest.clone(),
    };
    let [first, others @ ..] = tags.as_slice() else { return put_image::apply_by(rules, registry, cx, one(None)) };
    if others.is_empty() {
        return put_image::apply_by(rules, registry, cx, one(Some(first.clone())));
    }
    // Into a copy, which costs a few pointers, so that one tag that is refused leaves the others as they were.
    let mut changed = registry.clone();
    let effects = cx.effects.len();
    let mut pushed = Vec::with_capacity(tags.len());
    for tag in &tags {
        match put_image::apply_by(rules, &mut changed, cx, one(Some(tag.clone()))) {
            refused @ Err(_) if !matches!(refused, Err(Error::AlreadyExists(_))) => {
                cx.effects.truncate(effects);
                return refused;
            }
            result => pushed.push(result),
        }
    }
    let stored = pushed.iter().position(Result::is_ok).unwrap_or_default();
    *registry = changed;
    pushed.swap_remove(stored)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::tag_mutability::{TagMutability, TagMutabilityMode};
    use crate::registry::testing::{image_of, index_of, link, name, picture, push, tag, with, with_repository};

    fn put(
        registry: &mut Registry,
        manifest: &Arc<Manifest>,
        tags: &[&str],
        rules: ManifestRules,
    ) -> (Result<Output, Error>, usize) {
        let tags = tags.iter().map(|text| tag(text)).collect();
        let manifest = Ok(Arc::clone(manifest));
        let input = Input { repository: name("team/app"), manifest, tags, digest: None, rules };
        with(|cx| {
            let result = apply(registry, cx, input);
            (result, cx.effects.len())
        })
    }

    #[test]
    fn several_tags_go_on_at_once_or_not_at_all() {
        let mut registry = with_repository();
        link(&mut registry, &["{}", "layer"]);
        let (one, two) = (image_of("{}", &["layer"], "one"), image_of("{}", &["layer"], "two"));
        let (stored, effects) = put(&mut registry, &one, &["a", "b"], ManifestRules::Distribution);
        assert_eq!((stored.unwrap().image_id.tag, effects), (Some(tag("a")), 2));
        assert_eq!(picture(&registry, "team/app")[one.digest()], ["a", "b"]);
        let (stored, effects) = put(&mut registry, &one, &["a", "c"], ManifestRules::Distribution);
        assert_eq!((stored.unwrap().image_id.tag, effects), (Some(tag("c")), 1));
        let again = put(&mut registry, &one, &["b", "c"], ManifestRules::Distribution);
        assert!(matches!(again, (Err(Error::AlreadyExists(_)), 0)));

        let repository = registry.repository_mut(&name("team/app")).unwrap();
        repository.tag_mutability = TagMutability::new(TagMutabilityMode::Immutable, vec![]).unwrap();
        let before = picture(&registry, "team/app");
        let refused = put(&mut registry, &two, &["new", "a"], ManifestRules::Distribution);
        assert!(matches!(refused, (Err(Error::TagAlreadyExists(_)), 0)));
        assert_eq!(picture(&registry, "team/app"), before);
    }

    #[test]
    fn by_the_specification_parts_may_be_missing_and_an_image_may_have_no_layers() {
        let mut registry = with_repository();
        let (sparse, bare) = (image_of("{}", &["absent"], ""), image_of("{}", &[], ""));
        let index = index_of(&[&image_of("{}", &["elsewhere"], "")], "");
        for manifest in [&sparse, &bare, &index] {
            assert!(put(&mut registry, manifest, &["v1"], ManifestRules::Ecr).0.is_err());
            put(&mut registry, manifest, &["v1"], ManifestRules::Distribution).0.unwrap();
        }
        registry.repository(&name("team/app")).unwrap().assert_indexes_agree();
        link(&mut registry, &["{}", "absent"]);
        assert!(matches!(push(&mut registry, &sparse, None), Err(Error::AlreadyExists(_))));
    }
}
