//! Durations and sizes: short names for the usual ones, and their text in the daemon's rule grammar. Pure.

use std::time::Duration;

/// Bytes of a kibibyte.
pub const KIB: u64 = 1 << 10;
/// Bytes of a mebibyte.
pub const MIB: u64 = 1 << 20;
/// Bytes of a gibibyte.
pub const GIB: u64 = 1 << 30;

/// So many milliseconds.
pub const fn milliseconds(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// So many seconds.
pub const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// So many minutes.
pub const fn minutes(count: u64) -> Duration {
    Duration::from_secs(count * 60)
}

/// So many hours.
pub const fn hours(count: u64) -> Duration {
    Duration::from_secs(count * 3_600)
}

/// So many days of 24 hours.
pub const fn days(count: u64) -> Duration {
    Duration::from_secs(count * 86_400)
}

const NANOS_OF_UNITS: [(&str, u128); 7] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

/// The shortest text for a duration, largest units first: `10m`, `1h30m`, `0s`.
pub(crate) fn duration_text(duration: Duration) -> String {
    let mut rest = duration.as_nanos();
    let mut text = String::new();
    for (unit, nanos) in NANOS_OF_UNITS {
        if rest >= nanos {
            text += &(rest / nanos).to_string();
            text += unit;
            rest %= nanos;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

/// The shortest exact text for a number of bytes: `1MiB`, `1500B`.
pub(crate) fn size_text(count: u64) -> String {
    let unit = [("GiB", GIB), ("MiB", MIB), ("KiB", KIB)]
        .into_iter()
        .find(|(_, size)| count > 0 && count.is_multiple_of(*size));
    unit.map_or_else(|| format!("{count}B"), |(unit, size)| format!("{}{unit}", count / size))
}

/// Bytes of a size's text, a number with `B`, `KiB`, `MiB`, `GiB` or nothing behind it; absent for other text.
pub(crate) fn size_bytes(text: &str) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let size = match unit {
        "" | "B" => 1,
        "KiB" => KIB,
        "MiB" => MIB,
        "GiB" => GIB,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_prints_its_largest_units_first() {
        let check = |duration: Duration, text: &str| assert_eq!(duration_text(duration), text);
        check(minutes(10), "10m");
        check(minutes(90), "1h30m");
        check(days(2) + milliseconds(1), "2d1ms");
        check(Duration::from_nanos(1_001), "1us1ns");
        check(Duration::ZERO, "0s");
        assert_eq!(hours(1), seconds(3_600));
    }

    #[test]
    fn a_size_prints_in_the_largest_unit_that_is_exact() {
        let check = |count: u64, text: &str| {
            assert_eq!(size_text(count), text);
            assert_eq!(size_bytes(text), Some(count));
        };
        check(MIB, "1MiB");
        check(3 * GIB, "3GiB");
        check(1_536, "1536B");
        check(0, "0B");
        for text in ["", "MiB", "1mb", "-1", "99999999999999999999", "99999999999GiB"] {
            assert_eq!(size_bytes(text), None, "{text}");
        }
    }
}
