//! The members of requests and replies as JSON has them, one file per family of operations.
//!
//! Each request struct knows how to become the input of its operation, which is where the constraints of the service model
//! are checked, in the order of the model's members; each reply struct is made from the operation's output. An absent
//! member is left out, never null; lists of results are there even when empty.

pub(crate) mod account_settings;
pub(crate) mod authorization;
pub(crate) mod backfills;
pub(crate) mod cache_rules;
pub(crate) mod images;
pub(crate) mod layers;
pub(crate) mod lifecycle;
pub(crate) mod members;
pub(crate) mod policies;
pub(crate) mod pull_time_exclusions;
pub(crate) mod referrers;
pub(crate) mod registry;
pub(crate) mod repositories;
pub(crate) mod resource_tags;
pub(crate) mod scanning;
pub(crate) mod scans;
pub(crate) mod signing;
pub(crate) mod storage_class;
pub(crate) mod templates;

#[cfg(test)]
mod image_tests;
#[cfg(test)]
mod quota_tests;

use serde::de::DeserializeOwned;

use super::protocol::read_body;
use crate::registry::types::AccountId;
use crate::wire_errors::Failure;

/// An input and the registry that it names.
#[derive(Debug)]
pub(crate) struct Addressed<I> {
    /// `registryId`; absent for the caller's own registry.
    pub(crate) registry_id: Option<AccountId>,
    /// The input.
    pub(crate) input: I,
}

/// The body of a request.
pub(crate) trait WireRequest: DeserializeOwned {
    /// What the operation takes.
    type Input;

    /// Checks the constraints of the service model, the first violation counting.
    fn into_input(self) -> Result<Addressed<Self::Input>, Failure>;

    /// Reads a body. Errors, in this order: no object, or a member of a wrong type; the first violation.
    fn read(body: &[u8]) -> Result<Addressed<Self::Input>, Failure> {
        read_body::<Self>(body)?.into_input()
    }
}

/// The members of a list.
pub(crate) fn each<'a, T, M: From<&'a T>>(values: &'a [T]) -> Vec<M> {
    values.iter().map(Into::into).collect()
}
