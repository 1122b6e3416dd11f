//! `BatchGetImage`: manifests of some images. It is a pull: it moves their pull times.
//!
//! Manifests are given as they are stored. A caller that reads only the other of Docker's and OCI's image formats, and
//! asks by tag, is given the image converted; other types that it does not accept are not found (unconfirmed).
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchGetImage.html>

use std::sync::Arc;

use super::image_by_reference::moves_pull_time;
use crate::registry::context::Context;
use crate::registry::conversion::readable;
use crate::registry::errors::RepositoryNotFound;
use crate::registry::image_identifier::{ImageFailure, ImageFailureCause, ImageId, ImageIdentifier};
use crate::registry::manifest::Manifest;
use crate::registry::state::Registry;
use crate::registry::types::{Digest, RepositoryName};

/// Which images.
#[derive(Clone, Debug)]
pub struct Input {
    /// The repository.
    pub repository: RepositoryName,
    /// The images as the caller named them.
    pub image_ids: Vec<ImageIdentifier>,
    /// Types that the caller can read; none: any.
    pub accepted_media_types: Vec<String>,
}

/// What was found, in the order asked; an image asked for twice is there twice.
#[derive(Clone, Debug, Default)]
pub struct Output {
    /// The images.
    pub images: Vec<FoundImage>,
    /// One for each id without an image.
    pub failures: Vec<ImageFailure>,
}

/// An image that was found.
#[derive(Clone, Debug)]
pub struct FoundImage {
    /// Digest of `manifest`, and the tag if the caller named one.
    pub image_id: ImageId,
    /// Its manifest, as stored or converted.
    pub manifest: Arc<Manifest>,
}

/// Looks the images up and notes that they were pulled.
pub fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: &Input) -> Result<Output, RepositoryNotFound> {
    let repository = registry.repository(&input.repository)?;
    let mut output = Output::default();
    let mut pulled: Vec<Digest> = Vec::new();
    for image_id in &input.image_ids {
        let found = repository.resolve(image_id).and_then(|(image, tag)| {
            if !image.is_active() {
                return Err(ImageFailureCause::ImageInaccessible(image.status()));
            }
            let by_tag = image_id.digest.is_none();
            let accepted = &input.accepted_media_types;
            let manifest = readable(image.manifest(), by_tag, |media_type| {
                accepted.is_empty() || accepted.iter().any(|accepted| accepted == media_type.as_str())
            });
            manifest.map(|manifest| (image, tag, manifest)).ok_or(ImageFailureCause::ImageNotFound)
        });
        match found {
            Ok((image, tag, manifest)) => {
                if moves_pull_time(registry, &cx.caller, image, cx.now) {
                    pulled.push(image.digest().clone());
                }
                let image_id = ImageId { digest: manifest.digest().clone(), tag };
                output.images.push(FoundImage { image_id, manifest });
            }
            Err(cause) => output.failures.push(ImageFailure { image_id: image_id.clone(), cause }),
        }
    }
    cx.changed_nothing = pulled.is_empty();
    if !pulled.is_empty() {
        let repository = registry.repository_mut(&input.repository)?;
        for digest in &pulled {
            repository.record_pull(digest, cx.now);
        }
    }
    Ok(output)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::registry::testing::{NOON, at, image_of, link, name, push, with, with_repository};

    fn stage() -> (Registry, Arc<Manifest>) {
        let mut registry = with_repository();
        link(&mut registry, &["{}", "layer"]);
        let image = image_of("{}", &["layer"], "");
        push(&mut registry, &image, Some("v1")).unwrap();
        (registry, image)
    }

    fn ask(image_ids: Vec<ImageIdentifier>, accepted: &[&str]) -> Input {
        let accepted_media_types = accepted.iter().map(|text| (*text).to_owned()).collect();
        Input { repository: name("team/app"), image_ids, accepted_media_types }
    }

    #[test]
    fn a_092_a_093_a_099_a_101_found_images_come_with_their_manifests() {
        let (mut registry, image) = stage();
        let digest = image.digest().to_string();
        let both = ImageIdentifier { digest: Some(digest.clone()), tag: Some("v1".to_owned()) };
        let ids = vec![ImageIdentifier::by_digest(digest), ImageIdentifier::by_tag("v1"), both.clone(), both];
        let output = with(|cx| apply(&mut registry, cx, &ask(ids, &[]))).unwrap();
        let tags: Vec<_> = output.images.iter().map(|found| found.image_id.tag.is_some()).collect();
        assert_eq!(tags, [false, true, true, true]);
        assert!(output.images.iter().all(|found| found.manifest.bytes() == image.bytes()));
    }

    #[test]
    fn a_094_a_095_a_096_a_097_a_098_what_is_not_found_says_why() {
        let (mut registry, _) = stage();
        let id = |digest: Option<&str>, tag: Option<&str>| ImageIdentifier {
            digest: digest.map(str::to_owned),
            tag: tag.map(str::to_owned),
        };
        let ids = vec![id(None, None), id(Some("x"), None), id(None, Some("")), id(None, Some("no"))];
        let output = with(|cx| apply(&mut registry, cx, &ask(ids, &[]))).unwrap();
        let causes: Vec<_> = output.failures.iter().map(|failure| failure.cause.to_string()).collect();
        assert_eq!(
            causes,
            [
                "Invalid request parameters: both tag and digest cannot be null",
                "Invalid request parameters: image digest should satisfy the regex \
                 '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'",
                "Invalid request parameters: image tag should satisfy the regex '[a-zA-Z0-9-_.]+'",
                "Requested image not found",
            ]
        );
    }

    #[test]
    fn a_102_an_image_is_converted_by_tag_and_never_by_digest() {
        let (mut registry, image) = stage();
        let docker = "application/vnd.docker.distribution.manifest.v2+json";
        let oci = image.media_type().as_str();
        let index = "application/vnd.oci.image.index.v1+json";
        let (by_tag, by_digest) =
            (ImageIdentifier::by_tag("v1"), ImageIdentifier::by_digest(image.digest().to_string()));
        for (id, accepted, expected) in [
            (&by_tag, vec![], Some(oci)),
            (&by_tag, vec![docker, oci], Some(oci)),
            (&by_tag, vec![docker], Some(docker)),
            (&by_tag, vec![index], None),
            (&by_digest, vec![oci], Some(oci)),
            (&by_digest, vec![docker], None),
        ] {
            let output = with(|cx| apply(&mut registry, cx, &ask(vec![id.clone()], &accepted))).unwrap();
            let found = output.images.first().map(|found| found.manifest.media_type().as_str());
            assert_eq!(found, expected, "{accepted:?}");
            assert!(output.images.iter().all(|found| found.image_id.digest == *found.manifest.digest()));
        }
    }

    #[test]
    fn a_108_a_109_c_208_pulls_of_excluded_principals_are_not_recorded() {
        use super::super::{image_by_reference, register_pull_time_update_exclusion};

        let (mut registry, image) = stage();
        let principal_arn = "arn:aws:iam::123456789012:role/scan/trivy".parse().unwrap();
        let input = register_pull_time_update_exclusion::Input { principal_arn };
        with(|cx| register_pull_time_update_exclusion::apply(&mut registry, cx, input)).unwrap();
        let pull_as = |registry: &Registry, arn: &str, by_reference: bool| {
            let mut registry = registry.clone();
            with(|cx| {
                cx.caller.arn = arn.into();
                if by_reference {
                    image_by_reference::record_pull(&mut registry, cx, &name("team/app"), image.digest());
                } else {
                    apply(&mut registry, cx, &ask(vec![ImageIdentifier::by_tag("v1")], &[])).unwrap();
                }
            });
            registry.repository(&name("team/app")).unwrap().images()[image.digest()].last_recorded_pull_time()
        };
        for by_reference in [false, true] {
            assert_eq!(pull_as(&registry, "arn:aws:sts::123456789012:assumed-role/trivy/nightly", by_reference), None);
        }
        // Whoever has no principal of its own is the root of its account.
        for other in ["arn:aws:sts::123456789012:assumed-role/deploy/nightly", "arn:aws:iam::123456789012:root"] {
            assert_eq!(pull_as(&registry, other, true), Some(NOON), "{other}");
        }
    }

    #[test]
    fn a_110_a_second_pull_within_a_day_changes_nothing_and_says_so() {
        let (mut registry, _) = stage();
        let mut pull_at = |hours: u64| {
            let before = Arc::clone(registry.repository(&name("team/app")).unwrap());
            let says_so = at(NOON.plus(Duration::from_hours(hours)), |cx| {
                apply(&mut registry, cx, &ask(vec![ImageIdentifier::by_tag("v1")], &[])).unwrap();
                cx.changed_nothing
            });
            let is_untouched = Arc::ptr_eq(&before, registry.repository(&name("team/app")).unwrap());
            (is_untouched, says_so)
        };
        assert_eq!([pull_at(0), pull_at(23), pull_at(24)], [(false, false), (true, true), (false, false)]);
    }

    #[test]
    fn a_035_a_106_the_pull_time_moves_once_a_day() {
        let (mut registry, image) = stage();
        let mut pull_at = |hours: u64| {
            let now = NOON.plus(Duration::from_hours(hours));
            at(now, |cx| apply(&mut registry, cx, &ask(vec![ImageIdentifier::by_tag("v1")], &[]))).unwrap();
            let repository = registry.repository(&name("team/app")).unwrap();
            repository.images()[image.digest()].last_recorded_pull_time().unwrap()
        };
        assert_eq!(pull_at(1), NOON.plus(Duration::from_hours(1)));
        assert_eq!(pull_at(24), NOON.plus(Duration::from_hours(1)));
        assert_eq!(pull_at(25), NOON.plus(Duration::from_hours(25)));
    }
}
