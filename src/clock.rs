//! Time: the real one, read here and nowhere else, and the virtual one of a world.
//!
//! A world's clock is a value that is handed the real time; it never reads it itself.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::registry::types::Timestamp;

/// The machine's clocks. Everything that needs real time gets it from here.
#[derive(Clone, Copy, Debug)]
pub struct RealTime {
    started: Instant,
}

impl RealTime {
    /// Starts counting.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clocks")]
    pub fn start() -> Self {
        Self { started: Instant::now() }
    }

    /// Wall-clock time. May step, as the machine's clock may.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clocks")]
    pub fn now(&self) -> Timestamp {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_micros(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
    }

    /// Time since [`Self::start`]; never goes back.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// [`Self::elapsed`] in microseconds.
    pub fn elapsed_micros(&self) -> u64 {
        u64::try_from(self.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

/// How a world's clock moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockMode {
    /// With real time, at an offset.
    Flowing,
    /// Not by itself; each write moves it by the mutation tick.
    Frozen,
}

/// A world's clock. Monotonic: whatever happens, the time it shows never goes back. Resolution: one microsecond.
#[derive(Clone, Copy, Debug)]
pub struct VirtualClock {
    mode: ClockMode,
    /// Latest time shown.
    shown: Timestamp,
    /// Virtual less real time in microseconds; counts only while flowing.
    offset_micros: i64,
    mutation_tick: Duration,
    /// What ticks have added to it so far.
    ticked: Duration,
}

/// The clock was told to go back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the clock stands at {now} and cannot go back to {asked}; fork a snapshot taken earlier instead")]
pub struct ClockBackwards {
    /// Time that the clock shows.
    pub now: Timestamp,
    /// Time that was asked for.
    pub asked: Timestamp,
}

impl VirtualClock {
    /// How far a write moves a frozen clock unless told otherwise: enough for timestamps in milliseconds to differ.
    pub const MUTATION_TICK: Duration = Duration::from_millis(1);

    /// A clock that shows `now` while the real time is `real`.
    pub fn new(mode: ClockMode, now: Timestamp, real: Timestamp) -> Self {
        let offset_micros = now.as_micros().saturating_sub(real.as_micros());
        Self { mode, shown: now, offset_micros, mutation_tick: Self::MUTATION_TICK, ticked: Duration::ZERO }
    }

    /// How it moves.
    pub fn mode(&self) -> ClockMode {
        self.mode
    }

    /// How far a write moves it while frozen.
    pub fn mutation_tick(&self) -> Duration {
        self.mutation_tick
    }

    /// Latest time shown; what every timestamp of the current write is.
    pub fn now(&self) -> Timestamp {
        self.shown
    }

    /// That time less what ticks have added. It moves only as time passes, and stands while the clock is frozen, however
    /// much is written: what fills by itself, such as a bucket of calls, fills by it.
    pub fn passed(&self) -> Timestamp {
        self.shown.minus(self.ticked)
    }

    /// Time that the clock has reached at real time `real`, without showing it yet: timers up to it are due first.
    pub fn reached(&self, real: Timestamp) -> Timestamp {
        match self.mode {
            ClockMode::Frozen => self.shown,
            ClockMode::Flowing => {
                self.shown.max(Timestamp::from_micros(real.as_micros().saturating_add(self.offset_micros)))
            }
        }
    }

    /// Shows `time`, unless it shows a later one already.
    pub fn show(&mut self, time: Timestamp) {
        self.shown = self.shown.max(time);
    }

    /// Moves a frozen clock by its tick, as each write does, so that no two writes carry the same time.
    pub fn tick(&mut self) {
        if self.mode == ClockMode::Frozen {
            self.shown = self.shown.plus(self.mutation_tick);
            self.ticked += self.mutation_tick;
        }
    }

    /// Refuses a time before the present one.
    pub fn check_forward(&self, asked: Timestamp) -> Result<(), ClockBackwards> {
        if asked < self.shown { Err(ClockBackwards { now: self.shown, asked }) } else { Ok(()) }
    }

    /// Jumps to `time` at real time `real`, keeping the mode. Timers must have been run before.
    pub fn jump(&mut self, time: Timestamp, real: Timestamp) {
        self.shown = self.shown.max(time);
        self.offset_micros = self.shown.as_micros().saturating_sub(real.as_micros());
    }

    /// Changes the mode; the time shown stays.
    pub fn change_mode(&mut self, mode: ClockMode, real: Timestamp) {
        self.mode = mode;
        self.jump(self.shown, real);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp::from_millis(43_200_000);

    fn real(seconds: i64) -> Timestamp {
        Timestamp::from_millis(1_000_000 + seconds * 1_000)
    }

    #[test]
    fn a_frozen_clock_moves_only_by_its_tick() {
        let mut clock = VirtualClock::new(ClockMode::Frozen, NOON, real(0));
        assert_eq!(clock.reached(real(3_600)), NOON);
        clock.tick();
        assert_eq!(clock.now(), NOON.plus(Duration::from_millis(1)));
    }

    #[test]
    fn a_flowing_clock_keeps_its_distance_and_never_goes_back() {
        let mut clock = VirtualClock::new(ClockMode::Flowing, NOON, real(0));
        assert_eq!(clock.reached(real(60)), NOON.plus(Duration::from_mins(1)));
        clock.show(clock.reached(real(60)));
        assert_eq!(clock.reached(real(30)), clock.now(), "real time stepped back");
        clock.jump(NOON.plus(Duration::from_hours(1)), real(60));
        assert_eq!(clock.reached(real(61)), NOON.plus(Duration::from_secs(3_601)));
    }

    #[test]
    fn going_back_is_refused_with_both_times() {
        let clock = VirtualClock::new(ClockMode::Frozen, NOON, real(0));
        let refused = clock.check_forward(NOON.minus(Duration::from_secs(1))).expect_err("backwards");
        assert_eq!(refused.now, NOON);
        assert!(refused.to_string().contains("1970-01-01T11:59:59.000Z"));
    }
}
