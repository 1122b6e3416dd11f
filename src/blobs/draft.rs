//! Bytes on their way in: small ones on the heap, in a file from [`SMALL_BLOB_BYTES`] on, or where a directory has to take
//! what memory has no room for. Nothing is hashed here.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use bytes::Bytes;

use super::budget::Claim;
use super::directory::Directory;
use super::scratch::Scratch;
use super::store::Store;
use super::{FRAME_BYTES, StoreError};

/// Blobs up to this size live on the heap: a file for each of them would cost more than the request that brings it.
pub const SMALL_BLOB_BYTES: usize = 64 * 1024;

/// Where files are made.
#[derive(Debug)]
pub(super) enum Backing {
    /// In anonymous memory of the kernel.
    Memory,
    /// In a directory.
    Directory(Directory),
}

impl Backing {
    fn scratch(&self) -> io::Result<Scratch> {
        match self {
            Self::Memory => Scratch::anonymous(),
            Self::Directory(directory) => directory.scratch(),
        }
    }
}

/// Bytes that are still growing, paid for by a claim of as many bytes.
#[derive(Debug)]
pub(super) struct Draft {
    /// The bytes while there is no file, else empty.
    held: Vec<u8>,
    file: Option<Scratch>,
    /// Of the heap's budget while there is no file, else of that of files.
    claim: Claim,
}

/// A draft that will not grow any more. Large bytes are always in a file; small ones are in memory if it has room.
#[derive(Debug)]
pub(super) enum Sealed {
    Memory(Bytes),
    File(Scratch),
}

impl Draft {
    pub(super) fn new(store: &Store) -> Self {
        Self { held: Vec::new(), file: None, claim: Claim::empty(&store.heap) }
    }

    pub(super) fn length_bytes(&self) -> u64 {
        self.claim.bytes()
    }

    /// Appends all of `bytes`, or nothing.
    pub(super) fn append(&mut self, store: &Store, bytes: &[u8]) -> Result<(), StoreError> {
        // Without a directory both budgets are one, and the second try is refused like the first.
        if self.file.is_none()
            && self.held.len() + bytes.len() <= SMALL_BLOB_BYTES
            && self.claim.grow(bytes.len() as u64).is_ok()
        {
            self.held.extend_from_slice(bytes);
            return Ok(());
        }
        let mut more = Claim::empty(&store.files);
        more.grow(bytes.len() as u64)?;
        let length_bytes = self.length_bytes();
        self.file(store)?.append(bytes, length_bytes)?;
        self.claim.add(more);
        Ok(())
    }

    /// The file of the draft, whatever its size; moves the bytes there when they are on the heap.
    pub(super) fn file(&mut self, store: &Store) -> Result<&Scratch, StoreError> {
        let scratch = if let Some(scratch) = self.file.take() {
            scratch
        } else {
            let scratch = store.backing.scratch()?;
            scratch.append(&self.held, 0)?;
            self.claim.move_to(&store.files)?;
            self.held = Vec::new();
            scratch
        };
        Ok(self.file.insert(scratch))
    }

    /// Cuts back to the first `length_bytes` bytes; keeps all when there are fewer. It cannot fail: what the system does
    /// not let go of stays in the file, behind all that counts.
    pub(super) fn truncate(&mut self, store: &Store, length_bytes: u64) {
        let length_bytes = length_bytes.min(self.length_bytes());
        self.claim.shrink_to(length_bytes);
        self.held.truncate(length_bytes as usize);
        if !self.move_to_heap(store).unwrap_or(false)
            && let Some(scratch) = &self.file
        {
            scratch.trim(length_bytes);
        }
    }

    /// Moves the bytes out of their file, if they are few enough and memory has room; tells whether that was so.
    fn move_to_heap(&mut self, store: &Store) -> io::Result<bool> {
        let Some(scratch) = &self.file else { return Ok(true) };
        let length_bytes = self.length_bytes();
        if length_bytes > SMALL_BLOB_BYTES as u64 {
            return Ok(false);
        }
        let held = read_small(&scratch.file, length_bytes)?;
        let has_room = self.claim.move_to(&store.heap).is_ok();
        if has_room {
            self.held = held;
            self.file = None;
        }
        Ok(has_room)
    }

    /// Hands all bytes in order to `sink`, in pieces.
    pub(super) fn visit(&self, mut sink: impl FnMut(&[u8])) -> io::Result<()> {
        let Some(scratch) = &self.file else {
            sink(&self.held);
            return Ok(());
        };
        let length_bytes = self.length_bytes();
        let mut buffer = vec![0; FRAME_BYTES];
        let mut offset = 0;
        while offset < length_bytes {
            let piece_bytes = buffer.len().min((length_bytes - offset) as usize);
            scratch.file.read_exact_at(&mut buffer[..piece_bytes], offset)?;
            sink(&buffer[..piece_bytes]);
            offset += piece_bytes as u64;
        }
        Ok(())
    }

    /// Ends the growth. A file made for those who read along may have turned out small.
    pub(super) fn seal(mut self, store: &Store) -> io::Result<(Sealed, Claim)> {
        self.move_to_heap(store)?;
        let sealed = match self.file {
            None => Sealed::Memory(self.held.into_boxed_slice().into()),
            Some(scratch) => {
                scratch.seal(self.claim.bytes())?;
                Sealed::File(scratch)
            }
        };
        Ok((sealed, self.claim))
    }
}

/// The first `length_bytes` bytes of `file`, at most [`SMALL_BLOB_BYTES`].
fn read_small(file: &File, length_bytes: u64) -> io::Result<Vec<u8>> {
    let mut held = vec![0; length_bytes as usize];
    file.read_exact_at(&mut held, 0)?;
    Ok(held)
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::sync::Arc;

    use super::*;
    use crate::blobs::BlobStore;

    /// A draft whose file takes no byte, as on a disk that is full.
    fn on_a_full_disk(store: &Store) -> Draft {
        let file = File::options().read(true).write(true).open("/dev/full").unwrap();
        let scratch = Scratch { file: Arc::new(file), name: None };
        Draft { held: Vec::new(), file: Some(scratch), claim: Claim::empty(&store.files) }
    }

    #[test]
    fn a_full_disk_refuses_bytes_and_takes_nothing_of_the_bound() {
        let store = BlobStore::memory(1 << 20);
        let mut draft = on_a_full_disk(store.inner());
        for _ in 0..2 {
            let refusal = draft.append(store.inner(), &b"7".repeat(100_000)).unwrap_err();
            let text = refusal.to_string();
            assert!(matches!(refusal, StoreError::Io(error) if error.kind() == io::ErrorKind::StorageFull));
            assert!(text.contains("No space left on device"), "{text}");
            assert_eq!((draft.length_bytes(), store.used_bytes()), (0, 0));
        }
    }

    #[test]
    fn bytes_that_a_failed_cut_left_behind_are_gone_when_the_draft_is_sealed() {
        let store = BlobStore::memory(1 << 20);
        let mut draft = Draft::new(store.inner());
        draft.append(store.inner(), &b"1".repeat(200_000)).unwrap();
        // As after a trim that the system refused.
        draft.claim.shrink_to(150_000);
        let (Sealed::File(scratch), claim) = draft.seal(store.inner()).unwrap() else { panic!("not in a file") };
        assert_eq!((scratch.file.metadata().unwrap().len(), claim.bytes()), (150_000, 150_000));
    }
}
