//! The registry surface, `/v2/`: the OCI Distribution Specification as Docker's clients speak it.
//!
//! Routes and headers are read here and calls are spelled as operations of the registry; no rule of ECR lives here.

pub mod range;
pub mod route;
