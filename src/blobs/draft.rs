//! Bytes on their way in: small ones on the heap, in a file from [`SMALL_BLOB_BYTES`] on. Nothing is hashed here.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use bytes::Bytes;

use super::budget::{Budget, Claim};
use super::directory::Directory;
use super::scratch::Scratch;
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
    claim: Claim,
}

/// A draft that will not grow any more. Small bytes are always in memory, large ones always in a file.
#[derive(Debug)]
pub(super) enum Sealed {
    Memory(Bytes),
    File(Scratch),
}

impl Draft {
    pub(super) fn new(budget: &Arc<Budget>) -> Self {
        Self { held: Vec::new(), file: None, claim: Claim::empty(budget) }
    }

    pub(super) fn length_bytes(&self) -> u64 {
        self.claim.bytes()
    }

    /// Appends all of `bytes`, or nothing.
    pub(super) fn append(&mut self, backing: &Backing, bytes: &[u8]) -> Result<(), StoreError> {
        let length_bytes = self.length_bytes();
        self.claim.grow(bytes.len() as u64)?;
        if self.file.is_none() && self.held.len() + bytes.len() <= SMALL_BLOB_BYTES {
            self.held.extend_from_slice(bytes);
            return Ok(());
        }
        let written = self.file(backing).and_then(|file| file.append(bytes, length_bytes));
        written.inspect_err(|_| self.claim.shrink_to(length_bytes))?;
        Ok(())
    }

    /// The file of the draft, whatever its size; moves the bytes there when they are on the heap.
    pub(super) fn file(&mut self, backing: &Backing) -> io::Result<&Scratch> {
        let scratch = if let Some(scratch) = self.file.take() {
            scratch
        } else {
            let scratch = backing.scratch()?;
            scratch.append(&self.held, 0)?;
            self.held = Vec::new();
            scratch
        };
        Ok(self.file.insert(scratch))
    }

    /// Cuts back to the first `length_bytes` bytes; keeps all when there are fewer.
    pub(super) fn truncate(&mut self, length_bytes: u64) -> io::Result<()> {
        match &self.file {
            None => self.held.truncate(length_bytes as usize),
            Some(scratch) if length_bytes <= SMALL_BLOB_BYTES as u64 => {
                self.held = read_small(&scratch.file, length_bytes.min(self.length_bytes()))?;
                self.file = None;
            }
            Some(scratch) if length_bytes < self.length_bytes() => scratch.file.set_len(length_bytes)?,
            Some(_) => {}
        }
        self.claim.shrink_to(length_bytes);
        Ok(())
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

    /// Ends the growth.
    pub(super) fn seal(self) -> io::Result<(Sealed, Claim)> {
        let length_bytes = self.length_bytes();
        let sealed = match self.file {
            None => Sealed::Memory(self.held.into_boxed_slice().into()),
            // A file made for those who read along turned out small.
            Some(scratch) if length_bytes <= SMALL_BLOB_BYTES as u64 => {
                Sealed::Memory(read_small(&scratch.file, length_bytes)?.into())
            }
            Some(scratch) => Sealed::File(scratch),
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
