//! Recycled buffers for reading files.
//!
//! Fresh pages cost about as much as hashing them, so a buffer goes back to the pool when the last slice of it is
//! dropped, and is never cleared.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

/// Size of a frame: the most that one read of a file returns.
pub const FRAME_BYTES: usize = 256 * 1024;

/// Idle frames kept. More readers than this allocate, and their surplus is freed: 4 MiB stay at most.
const IDLE_FRAMES: usize = 16;

/// The idle frames of one store.
#[derive(Debug, Default)]
pub(super) struct FramePool {
    idle: Mutex<Vec<Box<[u8]>>>,
}

impl FramePool {
    /// Fills the first `length` bytes of a frame through `fill`; `length` is at most [`FRAME_BYTES`].
    pub(super) fn read(
        self: &Arc<Self>,
        length: usize,
        fill: impl FnOnce(&mut [u8]) -> io::Result<()>,
    ) -> io::Result<Bytes> {
        let idle = self.idle().pop();
        let buffer = idle.unwrap_or_else(|| vec![0; FRAME_BYTES].into_boxed_slice());
        let mut frame = Frame { buffer, length, pool: Arc::clone(self) };
        fill(&mut frame.buffer[..length])?;
        Ok(Bytes::from_owner(frame))
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Box<[u8]>>> {
        // A list of buffers is whole between any two statements, so a poisoned lock says nothing.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A buffer on loan.
struct Frame {
    buffer: Box<[u8]>,
    length: usize,
    pool: Arc<FramePool>,
}

impl AsRef<[u8]> for Frame {
    fn as_ref(&self) -> &[u8] {
        &self.buffer[..self.length]
    }
}

impl Drop for Frame {
    fn drop(&mut self) {
        let buffer = std::mem::take(&mut self.buffer);
        let mut idle = self.pool.idle();
        if idle.len() < IDLE_FRAMES {
            idle.push(buffer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frame_returns_with_its_last_slice() {
        let pool = Arc::new(FramePool::default());
        let mut source: &[u8] = b"abc";
        let bytes = pool.read(3, |frame| io::Read::read_exact(&mut source, frame)).unwrap();
        let slice = bytes.slice(1..);
        drop(bytes);
        assert_eq!(pool.idle().len(), 0);
        assert_eq!(slice, "bc");
        drop(slice);
        assert_eq!(pool.idle().len(), 1);
        let reused = pool.read(1, |_| Ok(())).unwrap();
        assert_eq!(pool.idle().len(), 0);
        assert_eq!(reused, "a");
    }

    #[test]
    fn failed_read_returns_its_frame() {
        let pool = Arc::new(FramePool::default());
        pool.read(1, |_| Err(io::Error::other("broken"))).unwrap_err();
        assert_eq!(pool.idle().len(), 1);
    }

    #[test]
    fn surplus_frames_are_freed() {
        let pool = Arc::new(FramePool::default());
        let frames: Vec<Bytes> = (0..IDLE_FRAMES + 3).map(|_| pool.read(1, |_| Ok(())).unwrap()).collect();
        drop(frames);
        assert_eq!(pool.idle().len(), IDLE_FRAMES);
    }
}
