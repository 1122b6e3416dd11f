//! Policies as ECR reads, judges and gives them back: lifecycle policies, repository and registry policies.
//!
//! Pure evaluators: what a policy says of given images or of a given request. What follows is decided in `ops`.

pub mod iam;
pub mod json;
pub mod lifecycle;

pub use json::Json;
