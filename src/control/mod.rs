//! The control plane.
pub mod convert;
pub(crate) mod errors;
