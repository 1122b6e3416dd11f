//! Reading a blob from any offset.

use std::fmt;
use std::io;
use std::sync::Arc;

use bytes::Bytes;

use super::blob::Blob;
use crate::registry::types::{Digest, VerifiedBlob};

/// Reads one blob, and keeps it alive. A clone shares the bytes and the open file; it has no position of its own.
#[derive(Clone)]
pub struct BlobReader(pub(super) Arc<Blob>);

impl BlobReader {
    /// Digest of the blob.
    pub fn digest(&self) -> &Digest {
        &self.0.digest
    }

    /// Number of bytes.
    pub fn size_bytes(&self) -> u64 {
        self.0.claim.bytes()
    }

    /// Up to `max_bytes` bytes from `offset` on, at most [`FRAME_BYTES`](super::FRAME_BYTES); empty at the end and
    /// behind it.
    ///
    /// Shares the bytes of a small blob; else reads into a recycled frame, which goes back with the last clone of the
    /// result. It does not wait for anything but a disk.
    pub fn read(&self, offset: u64, max_bytes: usize) -> io::Result<Bytes> {
        self.0.read(offset, max_bytes)
    }

    /// All bytes. Meant for manifests and configurations: a large blob is copied to the heap.
    pub fn read_all(&self) -> io::Result<Bytes> {
        self.0.read_all()
    }

    /// The proof that goes to the model.
    pub fn verified(&self) -> VerifiedBlob {
        VerifiedBlob::new(Arc::clone(&self.0) as _)
    }
}

impl fmt::Debug for BlobReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BlobReader({}, {} bytes)", self.digest(), self.size_bytes())
    }
}
