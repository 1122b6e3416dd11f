//! Small errors that operations share, one file per family. `Display` is the text that ECR sends; exception name and status
//! are decided in the table of wire errors.
//!
//! A text without a public sample is our own wording in ECR's manner and is listed as unconfirmed in `docs/FIDELITY.md`.

mod basic;

pub(super) use basic::bracketed;
pub use basic::*;
