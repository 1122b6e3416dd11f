//! One upload: bytes that are hashed as they arrive and become a blob, or nothing, at the end.

use std::fmt;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use bytes::Bytes;
use sha2::{Digest as _, Sha256, Sha512};

use super::draft::Draft;
use super::frames::FramePool;
use super::store::Store;
use super::{FRAME_BYTES, FinishError, StoreError};
use crate::registry::types::{Digest, DigestAlgorithm, VerifiedBlob};

/// Bytes on their way into the store. Dropping it frees them.
///
/// It costs its SHA-256 state and, until it passes [`SMALL_BLOB_BYTES`](super::SMALL_BLOB_BYTES), its bytes on the
/// heap. From then on it holds one descriptor.
pub struct Upload {
    store: Arc<Store>,
    draft: Draft,
    hasher: Sha256,
}

/// A point to which an upload can return.
#[derive(Clone)]
pub struct Checkpoint {
    length_bytes: u64,
    hasher: Sha256,
}

impl Upload {
    pub(super) fn new(store: &Arc<Store>) -> Self {
        Self { store: Arc::clone(store), draft: Draft::new(store), hasher: Sha256::new() }
    }

    /// Number of bytes so far: where the next byte goes.
    pub fn offset(&self) -> u64 {
        self.draft.length_bytes()
    }

    /// Appends `bytes` and hashes them. After an error the upload is what it was before the call and can go on.
    ///
    /// Takes what a connection delivered as it comes, without gathering: nothing is copied but into the store. One
    /// call works about 1 ms per MiB and never waits for a client.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.draft.append(&self.store, bytes)?;
        self.hasher.update(bytes);
        Ok(())
    }

    /// The present point; costs about a hundred bytes.
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint { length_bytes: self.offset(), hasher: self.hasher.clone() }
    }

    /// Undoes all that was written since `checkpoint` was taken of this upload, and gives the bytes back to the bound.
    ///
    /// # Panics
    ///
    /// When the checkpoint lies ahead of the upload: then it was undone itself, or belongs to another upload.
    pub fn rollback(&mut self, checkpoint: Checkpoint) {
        assert!(checkpoint.length_bytes <= self.offset(), "a checkpoint lies behind its upload");
        self.draft.truncate(&self.store, checkpoint.length_bytes);
        self.hasher = checkpoint.hasher;
    }

    /// The SHA-256 digest of the bytes so far.
    pub fn sha256_so_far(&self) -> Digest {
        Digest::Sha256(self.hasher.clone().finalize().into())
    }

    /// Makes the bytes a blob, if they have the digest `expected`. When that digest lives already, its blob is
    /// returned and the own bytes are freed.
    ///
    /// A SHA-512 digest is computed here, by one more reading of the bytes: it takes about 2 s per GiB.
    pub fn finish(self, expected: &Digest) -> Result<VerifiedBlob, FinishError> {
        let actual = match expected.algorithm() {
            DigestAlgorithm::Sha256 => self.sha256_so_far(),
            DigestAlgorithm::Sha512 => self.sha512().map_err(StoreError::Io)?,
        };
        if actual != *expected {
            return Err(FinishError::DigestMismatch { expected: expected.clone(), actual });
        }
        let blob = self.store.adopt(actual, self.draft)?;
        Ok(VerifiedBlob::new(blob))
    }

    /// Lets someone read the bytes while they arrive. The upload moves to a file for that, however small it is.
    pub fn follow(&mut self) -> Result<UploadFollower, StoreError> {
        let file = Arc::clone(&self.draft.file(&self.store)?.file);
        Ok(UploadFollower { file, frames: Arc::clone(&self.store.frames) })
    }

    fn sha512(&self) -> io::Result<Digest> {
        let mut hasher = Sha512::new();
        self.draft.visit(|bytes| hasher.update(bytes))?;
        Ok(Digest::Sha512(Box::new(hasher.finalize().into())))
    }
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Upload({} bytes)", self.offset())
    }
}

impl fmt::Debug for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Checkpoint({} bytes)", self.length_bytes)
    }
}

/// Reads an upload while it grows, and after its end whatever became of it. The bytes are not verified.
///
/// How far it may read, and when there is more, is told elsewhere: by whoever writes the upload. After a rollback to a
/// point before what was read, it must be dropped.
#[derive(Clone)]
pub struct UploadFollower {
    file: Arc<File>,
    frames: Arc<FramePool>,
}

impl UploadFollower {
    /// Exactly `length` bytes from `offset` on, or fewer where `length` passes [`FRAME_BYTES`]; an error of kind
    /// `UnexpectedEof` where they have not arrived.
    pub fn read(&self, offset: u64, length: usize) -> io::Result<Bytes> {
        self.frames.read(length.min(FRAME_BYTES), |frame| self.file.read_exact_at(frame, offset))
    }
}

impl fmt::Debug for UploadFollower {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UploadFollower")
    }
}
