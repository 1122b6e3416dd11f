//! The deletion of an image, or of one tag of it, carried over to another registry.

use super::copy::{ReplicationFailure, check_access};
use crate::registry::state::Registry;
use crate::registry::types::{Digest, RepositoryName, Tag, Timestamp};

/// Does at the destination what was done at the source: takes the tag away if it names the image there too, and deletes an
/// image that is gone at the source and has no tag left at the destination. What is not there is no failure, and what an
/// index at the destination holds stays. A tag goes even if it is immutable, as it does by a call (all unconfirmed).
pub fn delete(
    source: &Registry,
    destination: &mut Registry,
    now: Timestamp,
    repository: &RepositoryName,
    digest: &Digest,
    tag: Option<&Tag>,
) -> Result<(), ReplicationFailure> {
    if destination.repository(repository).is_ok() {
        check_access(source, destination, now, repository)?;
    }
    let is_gone = !source.repository(repository).is_ok_and(|origin| origin.images().contains_key(digest));
    let Ok(replica) = destination.repository_mut(repository) else { return Ok(()) };
    if let Some(tag) = tag.filter(|tag| replica.tags().get(tag) == Some(digest)) {
        replica.remove_tag(tag);
    }
    let is_untagged = replica.images().get(digest).is_some_and(|image| image.tags().is_empty());
    if is_gone && is_untagged && replica.indexes_of(digest).next().is_none() {
        replica.remove_image(digest);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::image_identifier::ImageIdentifier;
    use crate::registry::ops::batch_delete_image;
    use crate::registry::replication::copy;
    use crate::registry::testing::{
        NOON, image_of, index_of, key, link, name, picture, push, tag, with, with_repository,
    };

    /// A source and its replica of an image as `a` and `b`, and of an index as `list` over a child.
    fn replicated() -> (Registry, Registry, [Digest; 3]) {
        let mut source = with_repository();
        link(&mut source, &["{}", "layer", "other"]);
        let (image, child) = (image_of("{}", &["layer"], ""), image_of("{}", &["other"], ""));
        let index = index_of(&[&child], "");
        let mut replica = Registry::new(key("123456789012", "eu-west-1"));
        for (manifest, image_tag) in [(&image, Some("a")), (&image, Some("b")), (&child, None), (&index, Some("list"))]
        {
            push(&mut source, manifest, image_tag).unwrap();
            let image_tag = image_tag.map(tag);
            copy(&source, &mut replica, NOON, &name("team/app"), manifest.digest(), image_tag.as_ref()).unwrap();
        }
        (source, replica, [image, child, index].map(|manifest| manifest.digest().clone()))
    }

    /// Deletes at the source and carries each entry over.
    fn delete_both(source: &mut Registry, replica: &mut Registry, image_id: ImageIdentifier) {
        let input = batch_delete_image::Input { repository: name("team/app"), image_ids: vec![image_id] };
        let deleted = with(|cx| batch_delete_image::apply(source, cx, &input)).unwrap();
        assert_eq!(deleted.failures, []);
        for entry in deleted.image_ids {
            delete(source, replica, NOON, &name("team/app"), &entry.digest, entry.tag.as_ref()).unwrap();
        }
    }

    #[test]
    fn d_007_tags_go_alone_and_images_with_their_last() {
        let (mut source, mut replica, [image, ..]) = replicated();
        for left in [Some(vec!["b".to_owned()]), None] {
            let gone = if left.is_some() { "a" } else { "b" };
            delete_both(&mut source, &mut replica, ImageIdentifier::by_tag(gone));
            assert_eq!(picture(&replica, "team/app"), picture(&source, "team/app"));
            assert_eq!(picture(&replica, "team/app").get(&image), left.as_ref());
        }
    }

    #[test]
    fn d_007_an_image_goes_by_digest_with_all_its_tags_and_an_index_before_its_child() {
        let (mut source, mut replica, digests) = replicated();
        for digest in [&digests[0], &digests[2], &digests[1]] {
            delete_both(&mut source, &mut replica, ImageIdentifier::by_digest(digest.to_string()));
        }
        assert!(picture(&replica, "team/app").is_empty());
        replica.repository(&name("team/app")).unwrap().assert_indexes_agree();
    }

    #[test]
    fn d_007_unconfirmed_what_the_destination_has_of_its_own_stays() {
        let (mut source, mut replica, [image, child, index]) = replicated();
        let repository = replica.repository_mut(&name("team/app")).unwrap();
        repository.put_tag(&tag("own"), &image);
        repository.put_tag(&tag("list"), &image);
        delete_both(&mut source, &mut replica, ImageIdentifier::by_digest(image.to_string()));
        delete_both(&mut source, &mut replica, ImageIdentifier::by_tag("list"));
        let left = picture(&replica, "team/app");
        assert_eq!(left[&image], ["list", "own"]);
        assert!(!left.contains_key(&index), "it had no tag left");
        assert!(left.contains_key(&child));
        let missing = name("no/where");
        assert_eq!(delete(&source, &mut replica, NOON, &missing, &image, None), Ok(()));
    }
}
