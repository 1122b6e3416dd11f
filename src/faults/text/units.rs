//! Durations, sizes and percentages in text, both ways.

use std::fmt::Write as _;
use std::time::Duration;

const NANOS: [(&str, u128); 7] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

const BYTES: [(&str, u64); 4] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

/// Reads `10m`, `1h30m`, `1.5s`.
pub(crate) fn parse_duration(text: &str) -> Option<Duration> {
    if text.is_empty() {
        return None;
    }
    let mut rest = text;
    let mut total: u128 = 0;
    while !rest.is_empty() {
        let (number, after) = split_number(rest);
        let unit_length = after.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (unit, after) = after.split_at(unit_length);
        let nanos = NANOS.iter().find(|(name, _)| *name == unit)?.1;
        total = total.checked_add(times(number, nanos)?)?;
        rest = after;
    }
    let seconds = u64::try_from(total / 1_000_000_000).ok()?;
    Some(Duration::new(seconds, (total % 1_000_000_000) as u32))
}

/// A decimal number times a unit, exactly; absent if malformed, too great or finer than one.
fn times(number: &str, unit: u128) -> Option<u128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let whole: u128 = whole.parse().ok()?;
    let mut total = whole.checked_mul(unit)?;
    if fraction.len() > 18 || (fraction.is_empty() && number.contains('.')) {
        return None;
    }
    if !fraction.is_empty() {
        let scale = 10_u128.pow(fraction.len() as u32);
        let part = fraction.parse::<u128>().ok()?.checked_mul(unit)?;
        if part % scale != 0 {
            return None;
        }
        total = total.checked_add(part / scale)?;
    }
    Some(total)
}

/// Splits after the digits and dots at the beginning.
fn split_number(text: &str) -> (&str, &str) {
    text.split_at(text.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count())
}

/// Writes a duration in the units that it needs: `1h30m`, `100ms`, `0s`.
pub(crate) fn print_duration(duration: Duration) -> String {
    let mut rest = duration.as_nanos();
    let mut text = String::new();
    for (unit, nanos) in NANOS {
        if rest >= nanos {
            let _ = write!(text, "{}{unit}", rest / nanos);
            rest %= nanos;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

/// Reads `1MiB`, `512B` or `512`.
pub(crate) fn parse_size(text: &str) -> Option<u64> {
    let (number, unit) = split_number(text);
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let bytes = if unit.is_empty() { 1 } else { BYTES.iter().find(|(name, _)| *name == unit)?.1 };
    number.parse::<u64>().ok()?.checked_mul(bytes)
}

/// Writes a size in the largest unit that it is a multiple of.
pub(crate) fn print_size(bytes: u64) -> String {
    let (unit, size) =
        BYTES.iter().find(|(_, size)| bytes.is_multiple_of(*size) && bytes >= *size).unwrap_or(&("B", 1));
    format!("{}{unit}", bytes / size)
}

/// Reads `5%` or `0.5%`.
pub(crate) fn parse_percent(text: &str) -> Option<f64> {
    let number = text.strip_suffix('%')?;
    let decimal = |byte: u8| byte.is_ascii_digit() || byte == b'.';
    if !number.starts_with(|first: char| first.is_ascii_digit()) || !number.bytes().all(decimal) {
        return None;
    }
    number.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_duration(text: &str, expected: Option<Duration>) {
        assert_eq!(parse_duration(text), expected, "{text:?}");
    }

    #[test]
    fn durations_add_up_their_parts() {
        for (text, millis) in [
            ("0s", 0),
            ("10m", 600_000),
            ("1h30m", 5_400_000),
            ("1.5s", 1_500),
            ("100ms", 100),
            ("2d1ms", 172_800_001),
            ("90s", 90_000),
        ] {
            check_duration(text, Some(Duration::from_millis(millis)));
        }
        for text in ["", "10", "m", "10 m", "1.s", "0.5ns", "1y", "10m5", "-1s", "99999999999999999999d", "1.1.1s"] {
            check_duration(text, None);
        }
    }

    #[test]
    fn a_printed_duration_reads_as_itself() {
        for nanos in [0, 1, 999, 1_000_001, 90_000_000_000, 86_400_000_000_001, u64::MAX] {
            let duration = Duration::from_nanos(nanos);
            check_duration(&print_duration(duration), Some(duration));
        }
        check_duration(&print_duration(Duration::MAX), Some(Duration::MAX));
    }

    #[test]
    fn sizes_have_binary_units() {
        for (text, bytes) in [("0B", 0), ("512B", 512), ("1KiB", 1_024), ("1500B", 1_500), ("4MiB", 4 << 20)] {
            assert_eq!(parse_size(text), Some(bytes), "{text}");
            assert_eq!(print_size(bytes), text);
        }
        assert_eq!(parse_size("7"), Some(7));
        for text in ["", "MiB", "1MB", "1.5MiB", "99999999999GiB", "-1", "5%"] {
            assert_eq!(parse_size(text), None, "{text}");
        }
        assert_eq!(parse_size(&print_size(u64::MAX)), Some(u64::MAX));
    }

    #[test]
    fn a_percentage_is_a_plain_decimal_number() {
        assert_eq!(parse_percent("0.5%"), Some(0.5));
        for text in ["5", "%", "NaN%", "inf%", "1e3%", "-5%", ".5%", "1.2.3%"] {
            assert_eq!(parse_percent(text), None, "{text}");
        }
    }
}
