//! How many bytes the store may hold, and who holds how many of them.
//!
//! Only content is counted; names, handles and rounding to pages are not.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::StoreError;

/// The bound of a store and what is taken of it.
#[derive(Debug)]
pub(super) struct Budget {
    bound_bytes: u64,
    used_bytes: AtomicU64,
}

impl Budget {
    pub(super) fn new(bound_bytes: u64) -> Arc<Self> {
        Arc::new(Self { bound_bytes, used_bytes: AtomicU64::new(0) })
    }

    pub(super) fn bound_bytes(&self) -> u64 {
        self.bound_bytes
    }

    pub(super) fn used_bytes(&self) -> u64 {
        self.used_bytes.load(Ordering::Relaxed)
    }
}

/// Bytes taken of a budget; given back on drop.
#[derive(Debug)]
pub(super) struct Claim {
    budget: Arc<Budget>,
    bytes: u64,
}

impl Claim {
    pub(super) fn empty(budget: &Arc<Budget>) -> Self {
        Self { budget: Arc::clone(budget), bytes: 0 }
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Takes `more` bytes, or none at all.
    pub(super) fn grow(&mut self, more: u64) -> Result<(), StoreError> {
        let bound_bytes = self.budget.bound_bytes;
        self.budget
            .used_bytes
            // Relaxed: the counter guards no other memory.
            .try_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
                used.checked_add(more).filter(|sum| *sum <= bound_bytes)
            })
            .map_err(|_| StoreError::Full { bound_bytes })?;
        self.bytes += more;
        Ok(())
    }

    /// Gives back all but `bytes`; keeps what there is when that is less.
    pub(super) fn shrink_to(&mut self, bytes: u64) {
        let surplus = self.bytes.saturating_sub(bytes);
        self.budget.used_bytes.fetch_sub(surplus, Ordering::Relaxed);
        self.bytes -= surplus;
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.shrink_to(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_claim_takes_nothing_and_a_dropped_one_gives_back() {
        let budget = Budget::new(10);
        let mut first = Claim::empty(&budget);
        first.grow(7).unwrap();
        let mut second = Claim::empty(&budget);
        assert!(matches!(second.grow(4), Err(StoreError::Full { bound_bytes: 10 })));
        assert!(matches!(second.grow(u64::MAX), Err(StoreError::Full { bound_bytes: 10 })));
        assert_eq!((second.bytes(), budget.used_bytes()), (0, 7));
        second.grow(3).unwrap();
        first.shrink_to(2);
        assert_eq!(budget.used_bytes(), 5);
        drop((first, second));
        assert_eq!(budget.used_bytes(), 0);
    }
}
