//! Times and durations between protobuf's well-known types and ours.

use std::time::Duration;

use crate::control::errors::ControlError;
use crate::registry::types::Timestamp;

/// Our time as protobuf's.
pub fn timestamp_to_proto(time: Timestamp) -> prost_types::Timestamp {
    let micros = time.as_micros();
    prost_types::Timestamp {
        seconds: micros.div_euclid(1_000_000),
        nanos: i32::try_from(micros.rem_euclid(1_000_000) * 1_000).unwrap_or(0),
    }
}

/// Protobuf's time as ours, cut to microseconds.
pub fn timestamp_from_proto(path: &str, time: prost_types::Timestamp) -> Result<Timestamp, ControlError> {
    if !(0..1_000_000_000).contains(&time.nanos) {
        return Err(ControlError::invalid(path, "has nanos outside of 0 to 999 999 999"));
    }
    let micros =
        time.seconds.checked_mul(1_000_000).and_then(|micros| micros.checked_add(i64::from(time.nanos) / 1_000));
    micros.map(Timestamp::from_micros).ok_or_else(|| ControlError::invalid(path, "is out of range"))
}

/// Our duration as protobuf's.
pub fn duration_to_proto(duration: Duration) -> prost_types::Duration {
    prost_types::Duration {
        seconds: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX),
        nanos: i32::try_from(duration.subsec_nanos()).unwrap_or(0),
    }
}

/// Protobuf's duration as ours; a negative one is refused.
pub fn duration_from_proto(path: &str, duration: prost_types::Duration) -> Result<Duration, ControlError> {
    Duration::try_from(duration).map_err(|_| ControlError::invalid(path, "must not be negative"))
}
