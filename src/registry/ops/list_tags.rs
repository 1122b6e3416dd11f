//! `GET …/tags/list`: the tags of a repository in ASCII order.
//!
//! ECR pages it with an opaque token, the distribution specification with the last tag seen; both are here.
//! Source: <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-tags>

use crate::registry::errors::{InvalidParameter, RepositoryNotFound};
use crate::registry::limits;
use crate::registry::page::{Scope, take_page};
use crate::registry::state::Registry;
use crate::registry::types::{RepositoryName, Tag};

/// What to list.
#[derive(Clone, Debug)]
pub struct Input {
    /// The repository.
    pub repository: RepositoryName,
    /// Where to begin.
    pub start: Start,
    /// Most tags; absent: [`limits::PAGE_DEFAULT`]; 0: none.
    pub limit: Option<usize>,
}

/// Where a list begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// With the first tag.
    First,
    /// After this text, whether or not there is such a tag.
    After(String),
    /// Where the page before ended.
    Token(String),
}

/// The tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// This page of them.
    pub tags: Vec<Tag>,
    /// Token of the next page; absent on the last one. In the manner of the specification, the last of `tags` serves.
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

/// Lists the tags.
pub fn apply(registry: &Registry, input: &Input) -> Result<Output, Error> {
    let repository = registry.repository(&input.repository)?;
    let scope =
        Scope { operation: "ListTags", registry: registry.key(), repository: Some(repository.name()), filter: "" };
    let cursor = match &input.start {
        Start::First => None,
        Start::After(last) => Some(last.clone()),
        Start::Token(token) => Some(scope.cursor_of(token)?),
    };
    let tags = repository.tags().after(cursor.as_deref());
    let limit = input.limit.unwrap_or(limits::PAGE_DEFAULT);
    let (tags, next_token) = take_page(tags, limit, |last| scope.token(last.as_str()));
    Ok(Output { tags: tags.into_iter().cloned().collect(), next_token })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::testing::{image_of, link, name, push, with_repository};

    #[test]
    fn both_manners_of_paging_give_every_tag_once_in_ascii_order() {
        let mut registry = with_repository();
        link(&mut registry, &["{}", "layer"]);
        let image = image_of("{}", &["layer"], "");
        for tag in ["b", "B", "a.1", "a", "_"] {
            push(&mut registry, &image, Some(tag)).unwrap();
        }
        let list = |start: Start, limit: Option<usize>| {
            let output = apply(&registry, &Input { repository: name("team/app"), start, limit }).unwrap();
            (output.tags.iter().map(ToString::to_string).collect::<Vec<_>>(), output.next_token)
        };
        assert_eq!(list(Start::First, None), (["B", "_", "a", "a.1", "b"].map(str::to_owned).to_vec(), None));
        let (first, token) = list(Start::First, Some(2));
        assert_eq!(first, ["B", "_"]);
        assert_eq!(list(Start::Token(token.unwrap()), Some(9)).0, ["a", "a.1", "b"]);
        assert_eq!(list(Start::After("_zzz".to_owned()), Some(1)).0, ["a"]);
        assert_eq!(list(Start::First, Some(0)), (vec![], None));
        let input = Input { repository: name("team/app"), start: Start::Token("B".to_owned()), limit: None };
        assert!(matches!(apply(&registry, &input), Err(Error::InvalidParameter(_))));
    }
}
