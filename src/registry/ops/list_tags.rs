//! `GET …/tags/list`: the tags of a repository in ASCII order.
//!
//! ECR pages it with an opaque token, the distribution specification with the last tag seen; both are here.
//! Source: <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-tags>

use crate::registry::errors::{InvalidParameter, RepositoryNotFound};
use crate::registry::limits;
use crate::registry::map::after;
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
    let tags = after(repository.tags(), cursor.as_deref());
    let limit = input.limit.unwrap_or(limits::PAGE_DEFAULT);
    let (tags, next_token) = take_page(tags.map(|(tag, _)| tag), limit, |last| scope.token(last.as_str()));
    Ok(Output { tags: tags.into_iter().cloned().collect(), next_token })
}
