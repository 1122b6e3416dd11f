//! Which digests are alive. Locked for single look-ups only, never while bytes are hashed, read or written.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::blob::Blob;
use crate::registry::types::Digest;

/// The live blobs of a store; it keeps none of them alive.
#[derive(Debug, Default)]
pub(super) struct Index(Mutex<HashMap<Digest, Weak<Blob>>>);

impl Index {
    /// The live blob of this digest.
    pub(super) fn find(&self, digest: &Digest) -> Option<Arc<Blob>> {
        self.entries().get(digest)?.upgrade()
    }

    /// Makes `blob` the one of its digest, unless one lives already: then that is returned and `blob` is dropped.
    pub(super) fn find_or_insert(&self, blob: Arc<Blob>) -> Arc<Blob> {
        let mut entries = self.entries();
        if let Some(live) = entries.get(&blob.digest).and_then(Weak::upgrade) {
            // `blob` ends here, and its end takes the lock.
            drop(entries);
            return live;
        }
        entries.insert(blob.digest.clone(), Arc::downgrade(&blob));
        blob
    }

    /// Removes the entry of exactly this blob; false if there is none or it is another's.
    pub(super) fn remove(&self, blob: &Blob) -> bool {
        let mut entries = self.entries();
        let own = entries.get(&blob.digest).is_some_and(|entry| std::ptr::eq(entry.as_ptr(), blob));
        if own {
            entries.remove(&blob.digest);
        }
        own
    }

    /// Number of entries.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.entries().len()
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<Digest, Weak<Blob>>> {
        // The map is whole between any two statements above, so a poisoned lock says nothing.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
