//! `GET /v2/_catalog` as the reference implementation of the distribution specification has it: names in ASCII order, paged
//! by the last one seen. ECR's own way is `DescribeRepositories`.
//!
//! Source: <https://distribution.github.io/distribution/spec/api/#listing-repositories>

use crate::registry::map::after;
use crate::registry::state::Registry;
use crate::registry::types::RepositoryName;

/// What to list.
#[derive(Clone, Debug, Default)]
pub struct Input {
    /// Only names after this text, whether or not it is one; absent: all.
    pub after: Option<String>,
    /// Most names; absent: all of them; 0: none.
    pub limit: Option<usize>,
}

/// The names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// This page of them.
    pub names: Vec<RepositoryName>,
    /// Whether there are more; never after a page of none.
    pub has_more: bool,
}

/// Lists the names.
pub fn apply(registry: &Registry, input: &Input) -> Output {
    let limit = input.limit.unwrap_or(usize::MAX);
    let mut found = after(registry.repositories(), input.after.as_deref()).map(|(name, _)| name);
    let names: Vec<RepositoryName> = found.by_ref().take(limit).cloned().collect();
    Output { has_more: !names.is_empty() && found.next().is_some(), names }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::testing::{create, registry};

    #[test]
    fn names_are_paged_by_the_last_one_seen() {
        let mut registry = registry();
        for name in ["team/web", "app", "team/app"] {
            create(&mut registry, name);
        }
        let list = |after: Option<&str>, limit: Option<usize>| {
            let output = apply(&registry, &Input { after: after.map(str::to_owned), limit });
            (output.names.iter().map(ToString::to_string).collect::<Vec<_>>(), output.has_more)
        };
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(list(None, None), (names(&["app", "team/app", "team/web"]), false));
        assert_eq!(list(None, Some(2)), (names(&["app", "team/app"]), true));
        assert_eq!(list(Some("team/app"), Some(1)), (names(&["team/web"]), false));
        assert_eq!(list(Some("b"), Some(1)), (names(&["team/app"]), true));
        assert_eq!(list(None, Some(0)), (vec![], false));
    }
}
