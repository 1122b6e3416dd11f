//! `ListPullTimeUpdateExclusions`: the principals whose pulls are not recorded, in pages.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ListPullTimeUpdateExclusions.html>

use crate::registry::errors::InvalidParameter;
use crate::registry::map::after;
use crate::registry::page::{PageRequest, Scope, take_page};
use crate::registry::state::Registry;
use crate::registry::types::Arn;

/// Which of them.
#[derive(Clone, Debug)]
pub struct Input {
    /// Which page.
    pub page: PageRequest,
}

/// The principals.
#[derive(Clone, Debug)]
pub struct Output {
    /// This page of them, in order of their ARNs.
    pub principals: Vec<Arn>,
    /// Token of the next page; absent on the last one.
    pub next_token: Option<String>,
}

/// Lists them. The error: the token is not one of this listing.
pub fn apply(registry: &Registry, input: &Input) -> Result<Output, InvalidParameter> {
    let operation = "ListPullTimeUpdateExclusions";
    let scope = Scope { operation, registry: registry.key(), repository: None, filter: "" };
    let cursor = scope.cursor(&input.page)?;
    let rest = after(&registry.pull_time_exclusions().0, cursor.as_deref()).map(|(principal, _)| principal.clone());
    let (principals, next_token) = take_page(rest, input.page.size(), |last| scope.token(last.as_str()));
    Ok(Output { principals, next_token })
}
