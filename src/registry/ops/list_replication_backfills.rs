//! `ListReplicationBackfills`: the backfills of a registry in pages, the newest first (unconfirmed).
//!
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ListReplicationBackfills.html>

use std::cmp::Reverse;
use std::sync::Arc;

use crate::registry::errors::InvalidParameter;
use crate::registry::limits;
use crate::registry::page::{PageRequest, Scope, take_page};
use crate::registry::replication::Backfill;
use crate::registry::state::Registry;

/// Which page.
#[derive(Clone, Debug, Default)]
pub struct Input {
    /// It; 25 entries if the caller names no number.
    pub page: PageRequest,
}

/// The backfills.
#[derive(Clone, Debug)]
pub struct Output {
    /// This page of them.
    pub backfills: Vec<Arc<Backfill>>,
    /// Token of the next page; absent on the last one.
    pub next_token: Option<String>,
}

/// Lists the backfills.
pub fn apply(registry: &Registry, input: &Input) -> Result<Output, InvalidParameter> {
    let scope = Scope { operation: "ListReplicationBackfills", registry: registry.key(), repository: None, filter: "" };
    let cursor = scope.cursor(&input.page)?.and_then(|cursor| cursor.parse::<u64>().ok());
    let mut backfills: Vec<&Arc<Backfill>> = registry.backfills().collect();
    backfills.sort_by_key(|backfill| Reverse(backfill.number));
    let rest = backfills.into_iter().filter(|backfill| cursor.is_none_or(|cursor| backfill.number < cursor)).cloned();
    let size = input.page.max_results.unwrap_or(limits::BACKFILLS_PAGE_DEFAULT);
    let (backfills, next_token) = take_page(rest, size, |last| scope.token(&last.number.to_string()));
    Ok(Output { backfills, next_token })
}
