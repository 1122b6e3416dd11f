//! How many bytes may lie in some place, and who holds how many of them.
//!
//! Only content is counted; names, handles and rounding to pages are not.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::StoreError;

/// A bound and what is taken of it.
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

    /// Adds `other`, which is of the same budget.
    pub(super) fn add(&mut self, mut other: Self) {
        debug_assert!(Arc::ptr_eq(&self.budget, &other.budget), "claims of one budget");
        self.bytes += std::mem::take(&mut other.bytes);
    }

    /// Takes the same bytes of `budget` instead, or changes nothing.
    pub(super) fn move_to(&mut self, budget: &Arc<Budget>) -> Result<(), StoreError> {
        if !Arc::ptr_eq(&self.budget, budget) {
            let mut moved = Self::empty(budget);
            moved.grow(self.bytes)?;
            *self = moved;
        }
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

    #[test]
    fn a_claim_moves_as_a_whole_or_not_at_all() {
        let (narrow, wide) = (Budget::new(10), Budget::new(100));
        let mut claim = Claim::empty(&wide);
        claim.grow(11).unwrap();
        assert!(matches!(claim.move_to(&narrow), Err(StoreError::Full { bound_bytes: 10 })));
        assert_eq!((wide.used_bytes(), narrow.used_bytes()), (11, 0));
        claim.shrink_to(9);
        claim.move_to(&narrow).unwrap();
        // Nine more would not fit: to stay where it is takes nothing.
        claim.move_to(&narrow).unwrap();
        assert_eq!((wide.used_bytes(), narrow.used_bytes()), (0, 9));
        let mut more = Claim::empty(&narrow);
        more.grow(1).unwrap();
        claim.add(more);
        assert_eq!((claim.bytes(), narrow.used_bytes()), (10, 10));
        drop(claim);
        assert_eq!(narrow.used_bytes(), 0);
    }
}
