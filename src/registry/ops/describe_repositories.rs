//! `DescribeRepositories`: some repositories by name, or all of them in pages.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeRepositories.html>

use std::sync::Arc;

use crate::registry::errors::{InvalidParameter, RepositoryNotFound};
use crate::registry::map::after;
use crate::registry::page::{PageRequest, Scope, take_page};
use crate::registry::repository::Repository;
use crate::registry::state::Registry;
use crate::registry::types::RepositoryName;

/// Which repositories.
#[derive(Clone, Debug)]
pub enum Input {
    /// These, in this order; one that is missing fails the call.
    Named(Vec<RepositoryName>),
    /// All, in order of their names.
    Page(PageRequest),
}

/// The repositories.
#[derive(Clone, Debug)]
pub struct Output {
    /// This page of them.
    pub repositories: Vec<Arc<Repository>>,
    /// Token of the next page; absent on the last one.
    pub next_token: Option<String>,
}

/// What can go wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A named repository is missing.
    #[error(transparent)]
    RepositoryNotFound(#[from] RepositoryNotFound),
    /// The token is not one of this listing.
    #[error(transparent)]
    InvalidParameter(#[from] InvalidParameter),
}

/// Looks the repositories up.
pub fn apply(registry: &Registry, input: &Input) -> Result<Output, Error> {
    match input {
        Input::Named(names) => {
            let found = names.iter().map(|name| registry.repository(name).cloned());
            Ok(Output { repositories: found.collect::<Result<_, _>>()?, next_token: None })
        }
        Input::Page(request) => page(registry, request),
    }
}

fn page(registry: &Registry, request: &PageRequest) -> Result<Output, Error> {
    let scope = Scope { operation: "DescribeRepositories", registry: registry.key(), repository: None, filter: "" };
    let cursor = scope.cursor(request)?;
    let rest = after(registry.repositories(), cursor.as_deref());
    let repositories = rest.map(|(_, repository)| Arc::clone(repository));
    let token_after = |last: &Arc<Repository>| scope.token(last.name().as_str());
    let (repositories, next_token) = take_page(repositories, request.size(), token_after);
    Ok(Output { repositories, next_token })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::testing::{create, name, registry};

    #[test]
    fn c_112_names_are_all_or_nothing_and_pages_are_in_order() {
        let mut registry = registry();
        for repository in ["bb", "aa", "dd", "cc/x"] {
            create(&mut registry, repository);
        }
        let named = Input::Named(vec![name("dd"), name("aa")]);
        assert_eq!(apply(&registry, &named).unwrap().repositories[0].name(), &name("dd"));
        let missing = Input::Named(vec![name("aa"), name("zz")]);
        assert!(apply(&registry, &missing).unwrap_err().to_string().contains("'zz'"));

        let first = PageRequest { max_results: Some(2), next_token: None };
        let first = apply(&registry, &Input::Page(first)).unwrap();
        let rest = PageRequest { max_results: Some(2), next_token: first.next_token };
        let rest = apply(&registry, &Input::Page(rest)).unwrap();
        let all = first.repositories.iter().chain(&rest.repositories).map(|repository| repository.name().as_str());
        assert!(all.eq(["aa", "bb", "cc/x", "dd"]));
        assert_eq!(rest.next_token, None);
    }
}
