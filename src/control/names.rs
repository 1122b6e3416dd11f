//! The names that rules and matchers may use for operations, from the table of operations.

use crate::facts::Surface;
use crate::faults::Operations;
use crate::operations::{Operation, Route};
use crate::tasks::Job;

/// Calls that we make to upstream registries.
const UPSTREAM: [Route; 3] = [Route::Ping, Route::ManifestGet, Route::BlobGet];

/// The table of operations as rules see it.
pub(crate) struct OperationNames;

impl Operations for OperationNames {
    fn names(&self, surface: Surface) -> Vec<&'static str> {
        match surface {
            Surface::Ecr => Operation::ALL.iter().map(|operation| operation.name()).collect(),
            Surface::Oci => Route::ALL.iter().map(|route| route.name()).collect(),
            Surface::Upstream => UPSTREAM.iter().map(|route| route.name()).collect(),
            Surface::Task => Job::kinds(),
        }
    }
}
