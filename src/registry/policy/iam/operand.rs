//! Values of conditions that are not text: numbers, times, networks.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>

use std::cmp::Ordering;

// Addresses as numbers, which `core` knows without any sockets.
use core::net::IpAddr;

use crate::registry::types::Timestamp;

/// How two ordered values must stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    /// The same.
    Equal,
    /// The request's value comes before.
    Less,
    /// Before, or the same.
    LessOrEqual,
    /// The request's value comes after.
    Greater,
    /// After, or the same.
    GreaterOrEqual,
}

impl Relation {
    /// Whether the request's value, compared with the policy's, is as it must be.
    pub(super) fn holds(self, ordering: Option<Ordering>) -> bool {
        ordering.is_some_and(|ordering| match self {
            Self::Equal => ordering.is_eq(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        })
    }
}

/// A decimal number.
pub(super) fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// A time: seconds since the epoch, an ISO 8601 date, or a date with a time of day and its offset.
pub(super) fn time(text: &str) -> Option<Timestamp> {
    if let Some(seconds) = number(text) {
        return Some(Timestamp::from_micros((seconds * 1e6).round() as i64));
    }
    let spelled_out = match text.find('T') {
        None => format!("{text}T00:00:00Z"),
        // Seconds may be left out: the offset then follows the minutes.
        Some(10) if text.as_bytes().get(16) != Some(&b':') => {
            format!("{}:00{}", text.get(..16)?, text.get(16..)?)
        }
        Some(_) => text.to_owned(),
    };
    spelled_out.parse().ok()
}

/// A network of IP addresses, version 4 or 6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Network {
    address: IpAddr,
    prefix_bits: u32,
}

impl Network {
    /// Reads CIDR notation; an address alone is a network of one.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let (_, width) = bits(address);
        let prefix_bits = prefix.map_or(Some(width), |prefix| prefix.parse().ok())?;
        (prefix_bits <= width).then_some(Self { address, prefix_bits })
    }

    /// Whether the text is an address of this network.
    pub(super) fn contains(self, text: &str) -> bool {
        let Ok(address) = text.parse::<IpAddr>() else { return false };
        let ((wanted, width), (found, found_width)) = (bits(self.address), bits(address));
        width == found_width && (wanted ^ found).checked_shr(width - self.prefix_bits).unwrap_or(0) == 0
    }
}

/// The address as a number, and how many bits it has.
fn bits(address: IpAddr) -> (u128, u32) {
    match address {
        IpAddr::V4(address) => (u128::from(address.to_bits()), 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_seconds_dates_or_dates_with_a_time_of_day() {
        let expected = Timestamp::from_millis(1_372_550_400_000);
        for text in [
            "1372550400",
            "1372550400.0",
            "2013-06-30",
            "2013-06-30T00:00Z",
            "2013-06-30T00:00:00Z",
            "2013-06-30T00:00:00.000Z",
            "2013-06-30T02:00+02:00",
            "2013-06-30T02:00:00+02:00",
        ] {
            assert_eq!(time(text), Some(expected), "{text}");
        }
        for text in ["", "now", "2013-06", "2013-06-30T", "30.06.2013", "T", "2013-06-30T00:00", "aaaaaaaaaaTäääää"]
        {
            assert_eq!(time(text), None, "{text}");
        }
    }

    #[test]
    fn networks_hold_the_addresses_that_share_their_prefix() {
        for (network, address, expected) in [
            ("203.0.113.0/24", "203.0.113.7", true),
            ("203.0.113.0/24", "203.0.114.7", false),
            ("203.0.113.7", "203.0.113.7", true),
            ("203.0.113.7", "203.0.113.8", false),
            ("203.0.113.99/24", "203.0.113.7", true),
            ("0.0.0.0/0", "8.8.8.8", true),
            ("0.0.0.0/0", "::1", false),
            ("2001:db8::/32", "2001:db8:1::7", true),
            ("2001:db8::/32", "2001:db9::7", false),
            ("::/0", "2001:db8::1", true),
            ("::/0", "not an address", false),
        ] {
            assert_eq!(Network::parse(network).unwrap().contains(address), expected, "{network} and {address}");
        }
        for text in ["", "203.0.113.0/33", "2001:db8::/129", "203.0.113", "203.0.113.0/", "203.0.113.0/-1", "*"] {
            assert_eq!(Network::parse(text), None, "{text}");
        }
    }
}
