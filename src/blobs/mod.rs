//! The bytes of every world, stored once under their digest.
//!
//! A blob of at most [`SMALL_BLOB_BYTES`] lives on the heap; a larger one in a file, which is anonymous memory of the
//! kernel ([`BlobStore::memory`]) or lies in a directory ([`BlobStore::directory`]), and so do small ones there once memory
//! is full. Whoever holds a handle keeps the bytes; with the last handle they are gone. There is no collector, and nothing
//! survives the process: what a killed one leaves in its directory, the next one removes.
//!
//! The room knows nothing of worlds, repositories or HTTP, and it waits for nobody: every call is synchronous.

mod blob;
mod budget;
mod descriptors;
mod directory;
mod draft;
mod errors;
#[cfg(test)]
mod fault_tests;
mod frames;
mod index;
#[cfg(test)]
mod model_tests;
mod reader;
mod scratch;
mod store;
#[cfg(test)]
mod tests;
mod upload;

pub use draft::SMALL_BLOB_BYTES;
pub use errors::{FinishError, OpenError, StoreError};
pub use frames::FRAME_BYTES;
pub use reader::BlobReader;
pub use store::{BlobStore, DEFAULT_BOUND_BYTES};
pub use upload::{Checkpoint, Upload, UploadFollower};
