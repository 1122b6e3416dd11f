//! Protobuf times, whose fields can say more than a time can be.

use std::time::Duration;

use crate::registry::types::Timestamp;

/// 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z, between which a protobuf timestamp lies.
const TIMESTAMP_SECONDS: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;
/// Ten thousand years, the most that a protobuf duration can be.
const MOST_DURATION_SECONDS: i64 = 315_576_000_000;
const NANOS: std::ops::Range<i32> = 0..1_000_000_000;

/// A point in time, to the microsecond; what is finer is dropped.
pub(super) fn timestamp(time: prost_types::Timestamp) -> Result<Timestamp, InvalidTime> {
    if !TIMESTAMP_SECONDS.contains(&time.seconds) || !NANOS.contains(&time.nanos) {
        return Err(InvalidTime::Timestamp);
    }
    Ok(Timestamp::from_micros(time.seconds * 1_000_000 + i64::from(time.nanos / 1_000)))
}

/// A length of time, zero or more.
pub(super) fn duration(duration: prost_types::Duration) -> Result<Duration, InvalidTime> {
    if duration.seconds < 0 || duration.nanos < 0 {
        return Err(InvalidTime::Negative);
    }
    if duration.seconds > MOST_DURATION_SECONDS || !NANOS.contains(&duration.nanos) {
        return Err(InvalidTime::Duration);
    }
    Ok(Duration::new(duration.seconds.unsigned_abs(), duration.nanos.unsigned_abs()))
}

/// Why a time is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum InvalidTime {
    #[error("must be a time from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z")]
    Timestamp,
    #[error("must not be negative")]
    Negative,
    #[error("must be a duration of at most 315576000000 seconds, with 0 to 999999999 nanoseconds")]
    Duration,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_keeps_microseconds_and_has_bounds() {
        let check = |seconds, nanos, expected| {
            assert_eq!(timestamp(prost_types::Timestamp { seconds, nanos }), expected, "{seconds} s {nanos} ns");
        };
        check(0, 0, Ok(Timestamp::EPOCH));
        check(1, 999_999_999, Ok(Timestamp::from_micros(1_999_999)));
        check(-1, 500_000_000, Ok(Timestamp::from_micros(-500_000)));
        check(0, -1, Err(InvalidTime::Timestamp));
        check(0, 1_000_000_000, Err(InvalidTime::Timestamp));
        check(i64::MAX, 0, Err(InvalidTime::Timestamp));
    }

    #[test]
    fn a_duration_is_not_negative_and_has_bounds() {
        let check = |seconds, nanos, expected| {
            assert_eq!(duration(prost_types::Duration { seconds, nanos }), expected, "{seconds} s {nanos} ns");
        };
        check(0, 0, Ok(Duration::ZERO));
        check(90, 5, Ok(Duration::new(90, 5)));
        check(-1, 0, Err(InvalidTime::Negative));
        check(0, -1, Err(InvalidTime::Negative));
        check(0, 1_000_000_000, Err(InvalidTime::Duration));
        check(i64::MAX, 0, Err(InvalidTime::Duration));
    }
}
