//! Small errors that operations share, one file per family. `Display` is the text that ECR sends; exception name and status
//! are decided in the table of wire errors.
//!
//! A text without a public sample is our own wording in ECR's manner and is listed as unconfirmed in `docs/FIDELITY.md`.

mod archive;
mod backfills;
mod basic;
mod lifecycle;
mod policies;
mod scanning;
mod secrets;
mod settings;
mod signing;
mod templates;

pub use archive::*;
pub use backfills::*;
pub(super) use basic::bracketed;
pub use basic::*;
pub use lifecycle::*;
pub use policies::*;
pub use scanning::*;
pub use secrets::*;
pub use settings::*;
pub use signing::*;
pub use templates::*;
