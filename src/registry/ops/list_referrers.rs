//! `GET …/referrers/<digest>`: the manifests that name a subject.
//!
//! The subject need not exist. In order of digest, so that pages stay stable.
//! Source: <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-referrers>

use std::sync::Arc;

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
    /// The subject.
    pub subject: Digest,
    /// Only those with this `artifactMediaType`; absent: all.
    pub artifact_type: Option<String>,
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
    let filter = format!("{} {}", input.subject, input.artifact_type.as_deref().unwrap_or_default());
    let scope = Scope {
        operation: "ListReferrers",
        registry: registry.key(),
        repository: Some(repository.name()),
        filter: &filter,
    };
    let cursor: Option<Digest> = scope.cursor(&input.page)?.and_then(|cursor| cursor.parse().ok());
    let referrers = repository
        .referrers_of(&input.subject)
        .filter(|image| cursor.as_ref().is_none_or(|last| image.digest() > last))
        .filter(|image| input.artifact_type.as_ref().is_none_or(|wanted| has_type(image, wanted)));
    let (referrers, next_token) =
        take_page(referrers, input.page.size(), |last| scope.token(&last.digest().to_string()));
    Ok(Output { referrers: referrers.into_iter().cloned().collect(), next_token })
}

fn has_type(image: &Image, wanted: &str) -> bool {
    image.manifest().artifact_media_type().is_some_and(|artifact_type| artifact_type.as_str() == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::testing::{image_about, link, name, push, with_repository};

    #[test]
    fn referrers_are_found_by_subject_and_type_even_before_the_subject() {
        let mut registry = with_repository();
        link(&mut registry, &["{}", "layer"]);
        let subject = Digest::sha256_of(b"later");
        for note in ["1", "2", "3"] {
            push(&mut registry, &image_about("{}", &["layer"], note, Some(&subject)), None).unwrap();
        }
        let list = |artifact_type: Option<&str>, page: PageRequest| {
            let artifact_type = artifact_type.map(str::to_owned);
            let input = Input { repository: name("team/app"), subject: subject.clone(), artifact_type, page };
            let output = apply(&registry, &input).unwrap();
            (output.referrers.len(), output.next_token)
        };
        let (number, next_token) = list(None, PageRequest { max_results: Some(2), next_token: None });
        assert_eq!(number, 2);
        assert_eq!(list(None, PageRequest { max_results: Some(2), next_token }).0, 1);
        let config = "application/vnd.oci.image.config.v1+json";
        assert_eq!(list(Some(config), PageRequest::default()).0, 3);
        assert_eq!(list(Some("text/x"), PageRequest::default()).0, 0);
    }
}
