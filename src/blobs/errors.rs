//! What can go wrong in the room. How a client is told is not decided here.

use std::io;
use std::path::PathBuf;

use crate::registry::types::Digest;

/// Bytes could not be kept. What was stored before is as it was.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// In a store without a directory, live blobs and open uploads together would pass the bound of memory.
    #[error(
        "blobs and uploads may take {bound_bytes} bytes of memory; more by --blob-memory, or on disk by --blob-dir"
    )]
    Full {
        /// The bound, in bytes.
        bound_bytes: u64,
    },
    /// The operating system refused: no memory, no disk space, no descriptor left, or somebody changed the directory.
    #[error("a file of the blob store failed: {0}")]
    Io(#[from] io::Error),
}

/// An upload could not become a blob. Its bytes are gone.
#[derive(Debug, thiserror::Error)]
pub enum FinishError {
    /// The bytes have another digest than announced.
    #[error("the bytes have digest {actual}, not {expected}")]
    DigestMismatch {
        /// What the caller announced.
        expected: Digest,
        /// What arrived, in the algorithm of `expected`.
        actual: Digest,
    },
    /// The bytes were right but could not be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A directory cannot serve as a blob store. Nothing in it was deleted.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another store, of this process or another, holds the directory.
    #[error("the blob directory {} is in use by another daemon", directory.display())]
    InUse {
        /// The directory.
        directory: PathBuf,
    },
    /// Something that no blob store has written lies where blobs would be deleted.
    #[error("{} was not written by a blob store; choose an empty directory", path.display())]
    Foreign {
        /// The first such file or folder.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error("cannot use {} for blobs", path.display())]
    Io {
        /// The file or folder that was touched.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}
