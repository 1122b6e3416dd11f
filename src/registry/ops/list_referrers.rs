//! `ListImageReferrers`, and `GET …/referrers/<digest>`: the manifests that name a subject.
//!
//! The subject need not exist. In order of digest, so that pages stay stable.
//! Sources: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ListImageReferrers.html>,
//! <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-referrers>

use std::sync::Arc;

use super::list_images::ImageStatusFilter;
use crate::registry::errors::{InvalidParameter, RepositoryNotFound};
use crate::registry::image::Image;
use crate::registry::page::{PageRequest, Scope, take_page};
use crate::registry::state::Registry;
use crate::registry::types::{Digest, RepositoryName};

/// What to list.
#[derive(Clone, Debug)]
pub struct Input {
    /// The repository.
    pub repository: RepositoryName,
    /// Digest of the subject, as the caller wrote it. A text that is no digest has no referrers (unconfirmed).
    pub subject: String,
    /// Only those with one of these artifact types, see [`crate::registry::Manifest::artifact_media_type`]; none: all.
    pub artifact_types: Vec<String>,
    /// Only those with this storage status.
    pub artifact_status: ImageStatusFilter,
    /// Which page.
    pub page: PageRequest,
}

/// The referrers.
#[derive(Clone, Debug)]
pub struct Output {
    /// This page of them.
    pub referrers: Vec<Arc<Image>>,
    /// Token of the next page; absent on the last one.
    pub next_token: Option<String>,
}

/// What can go wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No such repository.
    #[error(transparent)]
    RepositoryNotFound(#[from] RepositoryNotFound),
    /// The token is not one of this listing.
    #[error(transparent)]
    InvalidParameter(#[from] InvalidParameter),
}

/// Lists the referrers.
pub fn apply(registry: &Registry, input: &Input) -> Result<Output, Error> {
    let repository = registry.repository(&input.repository)?;
    let filter = format!("{} {} {}", input.subject, input.artifact_status.as_str(), input.artifact_types.join(" "));
    let scope = Scope {
        operation: "ListReferrers",
        registry: registry.key(),
        repository: Some(repository.name()),
        filter: &filter,
    };
    let cursor: Option<Digest> = scope.cursor(&input.page)?.and_then(|cursor| cursor.parse().ok());
    let subject = input.subject.parse::<Digest>().ok();
    let referrers = subject.iter().flat_map(|subject| repository.referrers_of(subject));
    let referrers = referrers
        .filter(|image| cursor.as_ref().is_none_or(|last| image.digest() > last))
        .filter(|image| input.artifact_status.passes(image.status()))
        .filter(|image| input.artifact_types.is_empty() || has_type(image, &input.artifact_types));
    let (referrers, next_token) =
        take_page(referrers, input.page.size(), |last| scope.token(&last.digest().to_string()));
    Ok(Output { referrers: referrers.into_iter().cloned().collect(), next_token })
}

fn has_type(image: &Image, wanted: &[String]) -> bool {
    let artifact_type = image.manifest().artifact_media_type();
    artifact_type.is_some_and(|artifact_type| wanted.iter().any(|wanted| wanted == artifact_type.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::testing::{NOON, image_about, link, name, push, with_repository};

    #[test]
    fn a_194_a_198_a_199_a_203_a_206_d_019_referrers_are_found_by_subject_type_and_status_even_before_the_subject() {
        let mut registry = with_repository();
        link(&mut registry, &["{}", "layer"]);
        let subject = Digest::sha256_of(b"later");
        for note in ["1", "2", "3"] {
            push(&mut registry, &image_about("{}", &["layer"], note, Some(&subject)), None).unwrap();
        }
        let input = |artifact_types: &[&str], artifact_status: ImageStatusFilter, page: PageRequest| Input {
            repository: name("team/app"),
            subject: subject.to_string(),
            artifact_types: artifact_types.iter().map(|text| (*text).to_owned()).collect(),
            artifact_status,
            page,
        };
        let list = |registry: &Registry, input: &Input| {
            let output = apply(registry, input).unwrap();
            assert!(output.referrers.is_sorted_by_key(|image| image.digest().clone()));
            (output.referrers.len(), output.next_token)
        };
        let of_types =
            |types: &[&str], page: PageRequest| list(&registry, &input(types, ImageStatusFilter::default(), page));
        let (number, next_token) = of_types(&[], PageRequest { max_results: Some(2), next_token: None });
        assert_eq!(number, 2);
        assert_eq!(of_types(&[], PageRequest { max_results: Some(2), next_token: next_token.clone() }).0, 1);
        let config = "application/vnd.oci.image.config.v1+json";
        assert_eq!(of_types(&[config], PageRequest::default()).0, 3);
        assert_eq!(of_types(&["text/x", config], PageRequest::default()).0, 3);
        assert_eq!(of_types(&["text/x"], PageRequest::default()).0, 0);
        let foreign = input(&[config], ImageStatusFilter::Active, PageRequest { max_results: None, next_token });
        assert!(matches!(apply(&registry, &foreign), Err(Error::InvalidParameter(_))));

        let mut registry = registry;
        let first = registry.repository(&name("team/app")).unwrap().images().keys().next().unwrap().clone();
        registry.repository_mut(&name("team/app")).unwrap().archive(&first, NOON);
        for (status, expected) in [
            (ImageStatusFilter::Active, 2),
            (ImageStatusFilter::Archived, 1),
            (ImageStatusFilter::Activating, 0),
            (ImageStatusFilter::Any, 3),
        ] {
            assert_eq!(list(&registry, &input(&[], status, PageRequest::default())).0, expected);
        }
        for subject in ["sha256:00", "no digest", ""] {
            let input =
                Input { subject: subject.to_owned(), ..input(&[], ImageStatusFilter::Any, PageRequest::default()) };
            assert_eq!(list(&registry, &input).0, 0, "{subject:?}");
        }
    }
}
