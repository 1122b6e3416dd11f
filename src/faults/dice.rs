//! Chance without randomness: the verdict on a call follows from the world's seed, the rule and the call itself.
//!
//! A draw is keyed by what the call is about and how often that was asked, never by how many other calls came before it, so
//! concurrent callers get the same verdicts in whatever order they arrive. Calls that are equal in all of it are
//! interchangeable.

use std::time::Duration;

use sha2::{Digest as _, Sha256};

use crate::facts::{Fact, Facts};

/// The facts that say what a call is about. Ids that the daemon mints are not among them: they differ from run to run of
/// concurrent callers.
const RESOURCE: [Fact; 9] = [
    Fact::Account,
    Fact::Region,
    Fact::Repository,
    Fact::Tag,
    Fact::Digest,
    Fact::Upstream,
    Fact::DestRegion,
    Fact::DestAccount,
    Fact::Attempt,
];

/// What a call is about: operation, resource and attempt, hashed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Fingerprint(u64);

impl Fingerprint {
    pub(super) fn of(facts: &Facts) -> Self {
        let mut hash = Hash64::new();
        hash.text(facts.surface.as_str());
        hash.text(facts.operation);
        for fact in RESOURCE {
            hash.text(&facts.text(fact));
        }
        Self(hash.finish())
    }
}

/// The draw of one rule for one call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Draw<'a> {
    /// Seed of the world.
    pub(super) seed: u64,
    /// Name of the rule.
    pub(super) rule: &'a str,
    /// What the call is about.
    pub(super) fingerprint: Fingerprint,
    /// How many calls of that fingerprint the rule has met before.
    pub(super) ordinal: u64,
}

impl Draw<'_> {
    /// Whether a chance of that many percent comes true.
    pub(super) fn fires(&self, percent: f64) -> bool {
        self.unit("fire") * 100.0 < percent
    }

    /// A duration between the two, evenly distributed; `position` tells the delays of one step apart.
    pub(super) fn duration(&self, position: usize, min: Duration, max: Duration) -> Duration {
        let span = max.saturating_sub(min).as_nanos();
        if span == 0 {
            return min;
        }
        // The longest duration has 94 bits, so that 32 bits of chance leave room in 128.
        let nanos = (span * u128::from(self.hash(&format!("delay {position}")) >> 32)) >> 32;
        let seconds = u64::try_from(nanos / 1_000_000_000).unwrap_or(u64::MAX);
        min.saturating_add(Duration::new(seconds, (nanos % 1_000_000_000) as u32))
    }

    /// A number from 0 up to but excluding 1.
    fn unit(&self, purpose: &str) -> f64 {
        // The upper 53 bits are what a double holds exactly.
        (self.hash(purpose) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn hash(&self, purpose: &str) -> u64 {
        let mut hash = Hash64::new();
        hash.number(self.seed);
        hash.text(self.rule);
        hash.number(self.fingerprint.0);
        hash.number(self.ordinal);
        hash.text(purpose);
        hash.finish()
    }
}

/// Parts of a whole in [`even_fires`]; a percentage keeps seven decimals.
const WHOLE: u128 = 1_000_000_000;

/// Whether the n-th match (from 1) fires when that many percent are spread evenly.
///
/// Any run of matches then holds the due number of firings rounded up or down. Where the sequence begins depends on the
/// seed, so that two rules do not fire in step.
pub(super) fn even_fires(seed: u64, rule: &str, step: usize, percent: f64, nth: u64) -> bool {
    let mut hash = Hash64::new();
    hash.number(seed);
    hash.text(rule);
    hash.number(step as u64);
    hash.text("exact");
    let offset = u128::from(hash.finish()) % WHOLE;
    let share = (percent * (WHOLE as f64 / 100.0)).round() as u128;
    let due = |matches: u64| (u128::from(matches) * share + offset) / WHOLE;
    due(nth) > due(nth.saturating_sub(1))
}

/// The first eight bytes of a SHA-256 over framed parts.
struct Hash64(Sha256);

impl Hash64 {
    fn new() -> Self {
        Self(Sha256::new())
    }

    fn text(&mut self, text: &str) {
        // The length keeps ("ab", "c") and ("a", "bc") apart.
        self.number(text.len() as u64);
        self.0.update(text.as_bytes());
    }

    fn number(&mut self, number: u64) {
        self.0.update(number.to_be_bytes());
    }

    fn finish(self) -> u64 {
        let bytes: [u8; 32] = self.0.finalize().into();
        bytes[..8].iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Surface;

    fn put(tag: &str, attempt: u64) -> Facts {
        Facts::new(Surface::Ecr, "PutImage", Some("PutImage")).with(Fact::Tag, tag).with(Fact::Attempt, attempt)
    }

    fn draw(facts: &Facts, seed: u64, ordinal: u64) -> Draw<'static> {
        Draw { seed, rule: "r", fingerprint: Fingerprint::of(facts), ordinal }
    }

    #[test]
    fn a_verdict_depends_on_seed_resource_attempt_and_ordinal_only() {
        let unit = |tag: &str, attempt, seed, ordinal| draw(&put(tag, attempt), seed, ordinal).unit("fire").to_bits();
        let first = unit("a", 1, 7, 0);
        assert_eq!(first, unit("a", 1, 7, 0));
        for other in [unit("b", 1, 7, 0), unit("a", 2, 7, 0), unit("a", 1, 8, 0), unit("a", 1, 7, 1)] {
            assert_ne!(first, other);
        }
        let on_connection = put("a", 1).with(Fact::Connection, 9).with(Fact::Upload, "u").with(Fact::LogicalCall, "l");
        assert_eq!(Fingerprint::of(&on_connection), Fingerprint::of(&put("a", 1)));
    }

    #[test]
    fn independent_draws_come_near_their_chance() {
        let fired = (0..10_000).filter(|tag| draw(&put(&tag.to_string(), 1), 42, 0).fires(5.0)).count();
        assert!((400..600).contains(&fired), "{fired}");
        assert!((0..1_000).all(|ordinal| draw(&put("a", 1), 1, ordinal).fires(100.0)));
        assert!(!(0..1_000).any(|ordinal| draw(&put("a", 1), 1, ordinal).fires(0.0)));
    }

    #[test]
    fn among_any_hundred_consecutive_matches_the_exact_share_fires() {
        for (percent, due) in [(5.0, 5_i64), (1.0, 1), (33.3, 33), (50.0, 50), (0.0, 0), (100.0, 100)] {
            for seed in 0..5 {
                let fires: Vec<i64> =
                    (1..=2_000).map(|nth| i64::from(even_fires(seed, "r", 0, percent, nth))).collect();
                for window in fires.windows(100) {
                    let fired: i64 = window.iter().sum();
                    assert!((fired - due).abs() <= 1, "{percent} % fired {fired} times in a hundred");
                }
            }
        }
    }

    #[test]
    fn a_drawn_delay_lies_within_its_bounds() {
        let (min, max) = (Duration::from_millis(100), Duration::from_secs(2));
        let drawn: Vec<Duration> =
            (0..100).map(|ordinal| draw(&put("a", 1), 1, ordinal).duration(0, min, max)).collect();
        assert!(drawn.iter().all(|delay| *delay >= min && *delay <= max));
        assert!(drawn.windows(2).any(|pair| pair[0] != pair[1]));
        assert_eq!(draw(&put("a", 1), 1, 0).duration(0, max, max), max);
        assert!(draw(&put("a", 1), 1, 0).duration(0, Duration::ZERO, Duration::MAX) <= Duration::MAX);
    }
}
