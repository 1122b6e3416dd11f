//! The store itself: ways in, and the index that leads out.

use std::path::Path;
use std::sync::Arc;

use super::blob::{Blob, Content};
use super::budget::{Budget, Claim};
use super::descriptors;
use super::directory::Directory;
use super::draft::{Backing, Draft, SMALL_BLOB_BYTES, Sealed};
use super::frames::FramePool;
use super::index::Index;
use super::scratch::Scratch;
use super::{BlobReader, OpenError, StoreError, Upload};
use crate::registry::types::{Digest, VerifiedBlob};

/// How many bytes a store keeps in memory unless told otherwise: 2 GiB.
pub const DEFAULT_BOUND_BYTES: u64 = 2 << 30;

/// Bytes by digest, shared by all worlds. A clone is the same store.
///
/// Blobs live as long as a [`VerifiedBlob`] or a [`BlobReader`] of them. Dropping the last one frees the bytes at once,
/// in the dropping thread, which for a blob of a GiB takes tens of milliseconds: drop handles outside of locks.
///
/// The bound counts the bytes in memory of live blobs and of open uploads. A store without a directory refuses what is
/// more; one with a directory puts it there, where only the disk itself is a bound. Opening a store raises the limit of
/// open files of the process as far as the system lets it, since each blob of more than
/// [`SMALL_BLOB_BYTES`] holds one.
#[derive(Clone, Debug)]
pub struct BlobStore(Arc<Store>);

/// What the handles of a store share. Each blob holds it, so a directory stays locked until its last blob is gone.
#[derive(Debug)]
pub(super) struct Store {
    /// What may lie on the heap.
    pub(super) heap: Arc<Budget>,
    /// What may lie in files: without a directory they are memory too, and this is the budget of the heap.
    pub(super) files: Arc<Budget>,
    pub(super) backing: Backing,
    pub(super) index: Index,
    pub(super) frames: Arc<FramePool>,
}

impl BlobStore {
    /// A store in memory. Large blobs are anonymous files and lie outside of the process's resident set.
    pub fn memory(bound_bytes: u64) -> Self {
        Self::new(Backing::Memory, bound_bytes)
    }

    /// A store whose large blobs are files below `directory`, which is created if absent. Small ones stay in memory as
    /// long as the bound has room, and are files without a name after that.
    ///
    /// Only blobs are there, nothing that refers to them, so what an earlier store left behind is removed. The store
    /// has the directory for itself; a second one is refused, in this process or another.
    pub fn directory(directory: &Path, bound_bytes: u64) -> Result<Self, OpenError> {
        Ok(Self::new(Backing::Directory(Directory::open(directory)?), bound_bytes))
    }

    fn new(backing: Backing, bound_bytes: u64) -> Self {
        descriptors::raise_limit();
        let heap = Budget::new(bound_bytes);
        let files = match &backing {
            Backing::Memory => Arc::clone(&heap),
            Backing::Directory(_) => Budget::new(u64::MAX),
        };
        Self(Arc::new(Store { heap, files, backing, index: Index::default(), frames: Arc::default() }))
    }

    /// Stores `bytes` under their SHA-256 digest. The store keeps a copy of its own, so that a slice of a larger buffer
    /// does not keep that buffer.
    pub fn put(&self, bytes: impl AsRef<[u8]>) -> Result<VerifiedBlob, StoreError> {
        let bytes = bytes.as_ref();
        let digest = Digest::sha256_of(bytes);
        if let Some(live) = self.0.index.find(&digest) {
            return Ok(VerifiedBlob::new(live));
        }
        let mut draft = Draft::new(&self.0);
        draft.append(&self.0, bytes)?;
        Ok(VerifiedBlob::new(self.0.adopt(digest, draft)?))
    }

    /// An empty upload. Nothing of it can be found before [`Upload::finish`].
    pub fn begin(&self) -> Upload {
        Upload::new(&self.0)
    }

    /// A reader of the blob `digest`, or nothing when no handle of it is alive.
    ///
    /// The bytes belong to all worlds: whether a caller may see them is for its world to say, before this.
    pub fn open(&self, digest: &Digest) -> Option<BlobReader> {
        self.0.index.find(digest).map(BlobReader)
    }

    /// Bytes of live blobs and open uploads, in memory and in a directory.
    pub fn used_bytes(&self) -> u64 {
        let on_disk = match &self.0.backing {
            Backing::Memory => 0,
            Backing::Directory(_) => self.0.files.used_bytes(),
        };
        self.memory_bytes() + on_disk
    }

    /// Those of [`used_bytes`](Self::used_bytes) that are in memory.
    pub fn memory_bytes(&self) -> u64 {
        self.0.heap.used_bytes()
    }

    /// The most that [`memory_bytes`](Self::memory_bytes) may be.
    pub fn bound_bytes(&self) -> u64 {
        self.0.heap.bound_bytes()
    }
}

#[cfg(test)]
impl BlobStore {
    /// Number of entries of the index, dead ones included.
    pub(super) fn index_len(&self) -> usize {
        self.0.index.len()
    }

    /// What the handles share.
    pub(super) fn inner(&self) -> &Arc<Store> {
        &self.0
    }

    /// The directory of a directory store.
    pub(super) fn directory_in_use(&self) -> Option<&Directory> {
        match &self.0.backing {
            Backing::Memory => None,
            Backing::Directory(directory) => Some(directory),
        }
    }
}

impl Store {
    /// Makes `draft`, which has this digest, the blob of it; or drops the draft when that blob lives already.
    pub(super) fn adopt(self: &Arc<Self>, digest: Digest, draft: Draft) -> Result<Arc<Blob>, StoreError> {
        // Spares work on bytes that are there; whoever comes in after this is met again below.
        if let Some(live) = self.index.find(&digest) {
            return Ok(live);
        }
        let (sealed, claim) = draft.seal(self)?;
        match (sealed, &self.backing) {
            (Sealed::File(scratch), Backing::Directory(directory)) if claim.bytes() > SMALL_BLOB_BYTES as u64 => {
                self.adopt_named(directory, digest, scratch, claim)
            }
            // Small bytes for which memory has no room: their temporary name goes, and they get no other, so that
            // whether a blob has a name follows from its digest.
            (Sealed::File(scratch), _) => {
                let blob = self.blob(digest, Content::Anonymous(scratch.file), claim);
                Ok(self.index.find_or_insert(blob))
            }
            (Sealed::Memory(bytes), _) => {
                let blob = self.blob(digest, Content::Memory(bytes), claim);
                Ok(self.index.find_or_insert(blob))
            }
        }
    }

    /// Gives the file its lasting name and enters it into the index, as one step; the reasons stand at [`Blob`].
    fn adopt_named(
        self: &Arc<Self>,
        directory: &Directory,
        digest: Digest,
        scratch: Scratch,
        claim: Claim,
    ) -> Result<Arc<Blob>, StoreError> {
        let Scratch { file, name } = scratch;
        let naming = directory.naming();
        if let Some(live) = self.index.find(&digest) {
            return Ok(live);
        }
        if let Some(name) = name {
            directory.publish(name, &digest)?;
        }
        // Inserts: under `naming` nobody else has come in since the look-up.
        let blob = self.index.find_or_insert(self.blob(digest, Content::Named(file), claim));
        drop(naming);
        Ok(blob)
    }

    fn blob(self: &Arc<Self>, digest: Digest, content: Content, claim: Claim) -> Arc<Blob> {
        Arc::new(Blob { digest, content, claim, store: Arc::clone(self) })
    }
}
