//! `DescribeReplicationBackfillResults`: where a backfill stands, and what came of each image once it has ended.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeReplicationBackfillResults.html>

use std::sync::Arc;

use crate::registry::errors::{InvalidParameter, ReplicationBackfillNotFound};
use crate::registry::page::{PageRequest, Scope, take_page};
use crate::registry::replication::{Backfill, BackfillResult};
use crate::registry::state::Registry;

/// Which backfill, and which of its results.
#[derive(Clone, Debug)]
pub struct Input {
    /// Its id as the caller wrote it.
    pub id: String,
    /// Only those that ended so; absent: all.
    pub status: Option<ResultStatus>,
    /// The page of results.
    pub page: PageRequest,
}

/// How one replication ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResultStatus {
    /// The image arrived.
    Complete,
    /// It did not.
    Failed,
}

impl ResultStatus {
    /// Both, in the order of the service model.
    pub const ALL: [Self; 2] = [Self::Complete, Self::Failed];

    /// ECR's name of the status.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "COMPLETE",
            Self::Failed => "FAILED",
        }
    }

    /// That of a result.
    pub fn of(result: &BackfillResult) -> Self {
        if result.failure.is_some() { Self::Failed } else { Self::Complete }
    }
}

/// The backfill and a page of its results.
#[derive(Clone, Debug)]
pub struct Output {
    /// The backfill.
    pub backfill: Arc<Backfill>,
    /// The results, by repository and digest; none before the end.
    pub results: Vec<BackfillResult>,
    /// Token of the next page; absent on the last one.
    pub next_token: Option<String>,
}

/// What can go wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No such backfill.
    #[error(transparent)]
    NotFound(#[from] ReplicationBackfillNotFound),
    /// The token is not one of this listing.
    #[error(transparent)]
    InvalidParameter(#[from] InvalidParameter),
}

/// Looks the results up.
pub fn apply(registry: &Registry, input: &Input) -> Result<Output, Error> {
    let backfill = Arc::clone(registry.backfill(&input.id)?);
    let filter = format!("{} {}", input.id, input.status.map_or("", ResultStatus::as_str));
    let operation = "DescribeReplicationBackfillResults";
    let scope = Scope { operation, registry: registry.key(), repository: None, filter: &filter };
    // Results never change, so their place is a cursor that nothing moves.
    let cursor = scope.cursor(&input.page)?.and_then(|cursor| cursor.parse::<usize>().ok());
    let rest = backfill.results.iter().enumerate().skip(cursor.map_or(0, |last| last + 1));
    let rest = rest.filter(|(_, result)| input.status.is_none_or(|status| ResultStatus::of(result) == status));
    let (page, next_token) = take_page(rest, input.page.size(), |(place, _)| scope.token(&place.to_string()));
    let results = page.into_iter().map(|(_, result)| result.clone()).collect();
    Ok(Output { backfill, results, next_token })
}
