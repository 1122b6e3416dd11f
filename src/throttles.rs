//! Rates of calls: a token bucket for each operation, account and region, on the world's clock. None until a document
//! turns them on.
//!
//! The rates that ECR publishes stand here. Where it publishes none, and of all bursts but one, the numbers are ours.
//! Which call counts as what is for the surfaces to say.
//!
//! Sources: <https://docs.aws.amazon.com/AmazonECR/latest/userguide/service-quotas.html>; the burst of
//! `GetAuthorizationToken`: <https://docs.aws.amazon.com/AmazonECR/latest/userguide/common-errors.html>

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::operations::Operation;
use crate::registry::Map;
use crate::registry::types::{RegistryKey, Timestamp};

/// How fast a bucket fills and how much it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Millionths of a call that a second adds.
    micros_per_second: u64,
    /// Calls that the bucket holds.
    burst: u32,
}

/// The numbers are no rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRate {
    /// Of calls in a second.
    #[error("must be 0 to {}", Rate::MOST_PER_SECOND)]
    PerSecond,
    /// Of calls at once.
    #[error("must be at least 1")]
    Burst,
}

impl Rate {
    /// Most calls in a second.
    pub const MOST_PER_SECOND: u32 = 1_000_000;

    /// The rate that ECR has for an operation.
    pub const fn of(operation: Operation) -> Self {
        let (per_second, burst) = match operation {
            Operation::GetDownloadUrlForLayer => (3_000, 3_000),
            Operation::BatchGetImage => (2_000, 2_000),
            Operation::BatchCheckLayerAvailability => (1_000, 1_000),
            // The one bucket that is documented. The table of quotas has 500 a second for it.
            Operation::GetAuthorizationToken => (20, 200),
            Operation::UploadLayerPart => (500, 500),
            Operation::InitiateLayerUpload | Operation::CompleteLayerUpload => (100, 100),
            // 10 is the published rate of `PutImage`. Of the others nothing is published; users report single digits to tens
            // (unconfirmed).
            _ => (10, 10),
        };
        Self { micros_per_second: per_second * 1_000_000, burst }
    }

    /// A rate to six decimals. A burst that is absent is one second's worth, at least 1.
    pub fn new(per_second: f64, burst: Option<u32>) -> Result<Self, InvalidRate> {
        if !(0.0..=f64::from(Self::MOST_PER_SECOND)).contains(&per_second) {
            return Err(InvalidRate::PerSecond);
        }
        if burst == Some(0) {
            return Err(InvalidRate::Burst);
        }
        let burst = burst.unwrap_or((per_second.ceil() as u32).max(1));
        Ok(Self { micros_per_second: (per_second * 1e6).round() as u64, burst })
    }

    /// The same rate with another burst.
    pub fn with_burst(self, burst: u32) -> Result<Self, InvalidRate> {
        if burst == 0 { Err(InvalidRate::Burst) } else { Ok(Self { burst, ..self }) }
    }
}

/// The buckets of a world, and the rates that differ from ECR's.
#[derive(Clone, Debug, Default)]
pub struct Throttles {
    /// Absent: nothing is throttled.
    rates: Option<Arc<BTreeMap<Operation, Rate>>>,
    /// Those that are not full, or were not when they were last asked.
    buckets: Map<(RegistryKey, Operation), Bucket>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    /// In millionths of millionths of a call, so that no rate and no time loses anything to rounding.
    level: u128,
    /// When it had that level.
    at: Timestamp,
}

/// One call in the unit of a bucket's level.
const CALL: u128 = 1_000_000_000_000;

impl Throttles {
    /// Turns throttles on, with these rates in place of ECR's, or off. Fills every bucket if that changes anything, and
    /// says so.
    pub fn set(&mut self, rates: Option<BTreeMap<Operation, Rate>>) -> bool {
        if self.rates.as_deref() == rates.as_ref() {
            return false;
        }
        *self = Self { rates: rates.map(Arc::new), buckets: Map::new() };
        true
    }

    /// Takes a call out of a bucket; false if there is none in it. `at` must not count what only writes add to a frozen
    /// clock.
    pub fn admit(&mut self, caller: &RegistryKey, operation: Operation, at: Timestamp) -> bool {
        let Some(rates) = &self.rates else { return true };
        let rate = rates.get(&operation).copied().unwrap_or_else(|| Rate::of(operation));
        let full = u128::from(rate.burst) * CALL;
        let key = (caller.clone(), operation);
        let level = self.buckets.get(&key).map_or(full, |bucket| {
            let passed_micros = at.since(bucket.at).as_micros();
            bucket.level.saturating_add(passed_micros.saturating_mul(rate.micros_per_second.into())).min(full)
        });
        let left = level.checked_sub(CALL);
        self.buckets.insert(key, Bucket { level: left.unwrap_or(level), at });
        left.is_some()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const START: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    fn caller(region: &str) -> RegistryKey {
        RegistryKey { account: "123456789012".parse().unwrap(), region: region.parse().unwrap() }
    }

    fn with(operation: Operation, rate: Rate) -> Throttles {
        let mut throttles = Throttles::default();
        assert!(throttles.set(Some(BTreeMap::from([(operation, rate)]))));
        throttles
    }

    /// How many of so many calls at once are let through.
    fn admitted(throttles: &mut Throttles, operation: Operation, at: Timestamp, calls: u32) -> usize {
        (0..calls).filter(|_| throttles.admit(&caller("us-east-1"), operation, at)).count()
    }

    #[test]
    fn x_020_nothing_is_throttled_until_somebody_says_so() {
        let mut throttles = Throttles::default();
        assert_eq!(admitted(&mut throttles, Operation::PutImage, START, 1_000), 1_000);
        assert!(throttles.set(Some(BTreeMap::new())) && !throttles.set(Some(BTreeMap::new())));
        assert_eq!(admitted(&mut throttles, Operation::PutImage, START, 1_000), 10);
        assert!(throttles.set(None));
        assert_eq!(admitted(&mut throttles, Operation::PutImage, START, 1_000), 1_000);
    }

    #[test]
    fn d_023_each_action_has_its_rate_and_its_burst() {
        let mut throttles = Throttles::default();
        throttles.set(Some(BTreeMap::new()));
        for (operation, burst, a_second_later) in [
            (Operation::GetAuthorizationToken, 200, 20),
            (Operation::PutImage, 10, 10),
            (Operation::InitiateLayerUpload, 100, 100),
            (Operation::UploadLayerPart, 500, 500),
            (Operation::DescribeRepositories, 10, 10),
        ] {
            assert_eq!(admitted(&mut throttles, operation, START, 1_000), burst, "{}", operation.name());
            let later = START.plus(Duration::from_secs(1));
            assert_eq!(admitted(&mut throttles, operation, later, 1_000), a_second_later, "{}", operation.name());
        }
    }

    #[test]
    fn x_020_a_bucket_fills_exactly_with_time_and_no_further_than_its_burst() {
        let slow = Rate::new(0.5, Some(2)).unwrap();
        let mut throttles = with(Operation::PutImage, slow);
        let at = |micros: u64| START.plus(Duration::from_micros(micros));
        assert_eq!(admitted(&mut throttles, Operation::PutImage, START, 5), 2);
        for (micros, expected) in [(1_999_999, 0), (2_000_000, 1), (3_000_000, 0), (4_000_000, 1), (900_000_000, 2)] {
            assert_eq!(admitted(&mut throttles, Operation::PutImage, at(micros), 5), expected, "{micros}");
        }
        let mut empty_for_ever = with(Operation::PutImage, Rate::new(0.0, Some(3)).unwrap());
        assert_eq!(admitted(&mut empty_for_ever, Operation::PutImage, START, 5), 3);
        assert_eq!(admitted(&mut empty_for_ever, Operation::PutImage, at(u64::MAX / 2), 5), 0);
    }

    #[test]
    fn x_020_regions_and_operations_do_not_share_a_bucket_and_a_fork_has_its_own() {
        let mut throttles = with(Operation::PutImage, Rate::new(1.0, None).unwrap());
        let mut fork = throttles.clone();
        assert!(throttles.admit(&caller("us-east-1"), Operation::PutImage, START));
        assert!(!throttles.admit(&caller("us-east-1"), Operation::PutImage, START));
        assert!(throttles.admit(&caller("eu-west-1"), Operation::PutImage, START));
        assert!(throttles.admit(&caller("us-east-1"), Operation::DescribeImages, START));
        assert!(fork.admit(&caller("us-east-1"), Operation::PutImage, START));
        assert!(!throttles.clone().admit(&caller("us-east-1"), Operation::PutImage, START), "a copy of the level");
    }

    #[test]
    fn numbers_that_are_no_rate_are_refused() {
        for per_second in [-1.0, f64::NAN, f64::INFINITY, 1_000_001.0] {
            assert_eq!(Rate::new(per_second, None), Err(InvalidRate::PerSecond), "{per_second}");
        }
        assert_eq!(Rate::new(1.0, Some(0)), Err(InvalidRate::Burst));
        assert_eq!(Rate::of(Operation::PutImage).with_burst(0), Err(InvalidRate::Burst));
        assert_eq!(Rate::new(2.5, None), Rate::new(2.5, Some(3)));
    }
}
