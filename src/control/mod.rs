//! Tonic services.
pub mod convert;
