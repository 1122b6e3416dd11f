//! Downloads that were redirected and whose body is still to be fetched: what rules decided of it at the first request.

use std::collections::BTreeMap;

use crate::faults::BodyEffects;

/// Most that wait; the oldest go first, and whoever still fetches one makes a call of its own.
const KEPT: usize = 1_000;

/// Redirected calls by the number of their record.
#[derive(Debug, Default)]
pub(super) struct Redirects(BTreeMap<u64, BodyEffects>);

impl Redirects {
    /// Leaves what is to happen to the body.
    pub(super) fn leave(&mut self, record: u64, body: BodyEffects) {
        self.0.insert(record, body);
        if self.0.len() > KEPT {
            self.0.pop_first();
        }
    }

    /// Takes it, once.
    pub(super) fn take(&mut self, record: u64) -> Option<BodyEffects> {
        self.0.remove(&record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_left_is_taken_once_and_the_oldest_goes_first() {
        let mut redirects = Redirects::default();
        for record in 0..=KEPT as u64 {
            redirects.leave(record, BodyEffects::default());
        }
        assert_eq!(redirects.take(0), None);
        assert_eq!(redirects.take(1), Some(BodyEffects::default()));
        assert_eq!(redirects.take(1), None);
    }
}
