//! A stored blob: verified bytes, the index entry that leads to them, and how both end.

use std::fmt;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use bytes::Bytes;

use super::FRAME_BYTES;
use super::budget::Claim;
use super::draft::Backing;
use super::store::Store;
use crate::registry::types::{Digest, StoredBlob};

/// Where the bytes of a blob are.
#[derive(Debug)]
pub(super) enum Content {
    /// On the heap.
    Memory(Bytes),
    /// In a file without a name.
    Anonymous(Arc<File>),
    /// In a file that a directory names by the digest.
    Named(Arc<File>),
}

/// What all handles of one digest share.
///
/// # The last handle against the next upload
///
/// The index holds a `Weak`, so that it keeps no bytes. When the last handle goes, the count is zero *before* [`Drop`]
/// runs, and in between other threads may look the digest up or store it anew:
///
/// * A look-up in between finds a `Weak` that no longer upgrades, which is the same as finding none.
/// * An insertion in between replaces the entry. `drop` therefore removes the entry only if it is the one of this very
///   blob, told by address: our allocation is not reused before `drop` returns, so no other blob can look like us.
/// * In a directory both would use one file name. The newcomer renames its file over ours, and we must then leave the
///   name alone. So entry and name change together, under the lock `naming`: whoever finds the entry to be its own
///   there owns the name too. The lock covers one rename or unlink; the bytes are freed after it, since the file is still
///   open.
///
/// `naming` is taken before the index, never after. No handle is dropped while either is held, since that would run
/// this `drop` and take them again.
pub(super) struct Blob {
    pub(super) digest: Digest,
    pub(super) content: Content,
    /// As many bytes of memory or disk as the blob has.
    pub(super) claim: Claim,
    pub(super) store: Arc<Store>,
}

impl Blob {
    /// Up to `max_bytes` bytes from `offset` on, and no more than a frame; empty only at the end or for `max_bytes` 0.
    pub(super) fn read(&self, offset: u64, max_bytes: usize) -> io::Result<Bytes> {
        let rest_bytes = self.size_bytes().saturating_sub(offset);
        let length = max_bytes.min(FRAME_BYTES).min(usize::try_from(rest_bytes).unwrap_or(usize::MAX));
        if length == 0 {
            return Ok(Bytes::new());
        }
        match &self.content {
            Content::Memory(bytes) => Ok(bytes.slice(offset as usize..offset as usize + length)),
            Content::Anonymous(file) | Content::Named(file) => {
                self.store.frames.read(length, |frame| file.read_exact_at(frame, offset))
            }
        }
    }

    /// All bytes at once; not a copy if the blob is small.
    pub(super) fn read_all(&self) -> io::Result<Bytes> {
        match &self.content {
            Content::Memory(bytes) => Ok(bytes.clone()),
            Content::Anonymous(file) | Content::Named(file) => {
                let mut bytes = vec![0; self.size_bytes() as usize];
                file.read_exact_at(&mut bytes, 0)?;
                Ok(bytes.into())
            }
        }
    }
}

impl StoredBlob for Blob {
    fn digest(&self) -> &Digest {
        &self.digest
    }

    fn size_bytes(&self) -> u64 {
        self.claim.bytes()
    }
}

impl Drop for Blob {
    fn drop(&mut self) {
        match (&self.content, &self.store.backing) {
            (Content::Named(_), Backing::Directory(directory)) => {
                let _naming = directory.naming();
                if self.store.index.remove(self) {
                    directory.withdraw(&self.digest);
                }
            }
            _ => {
                self.store.index.remove(self);
            }
        }
    }
}

impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Blob({}, {} bytes)", self.digest, self.claim.bytes())
    }
}
