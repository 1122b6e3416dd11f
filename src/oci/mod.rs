//! The registry surface, `/v2/`: the OCI Distribution Specification as Docker's clients speak it.
//!
//! Routes and headers are read here and calls are spelled as operations of the registry; no rule of ECR lives here. Where
//! ECR differs from the specification, ECR wins; `docs/FIDELITY.md` lists what differs from ECR in turn.

mod blobs;
mod call;
mod identity;
mod listings;
mod manifests;
pub mod range;
pub mod route;
pub(crate) mod serve;
mod uploads;
