//! The registry surface, `/v2/`: the OCI Distribution Specification as Docker's clients speak it.
//!
//! Routes and headers are read here and calls are spelled as operations of the registry; no rule of ECR lives here. Where
//! ECR differs from the specification, the world's profile says which of the two wins: `docs/PROFILES.md` lists all such
//! differences, `docs/FIDELITY.md` what differs from ECR in turn.

mod accept;
mod blobs;
mod call;
mod identity;
mod listings;
mod manifests;
pub(crate) mod profile;
pub mod range;
mod referrers;
pub mod route;
pub(crate) mod serve;
mod uploads;
mod wording;
