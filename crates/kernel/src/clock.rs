//! Time is passed in, so that years replay in seconds and tests never sleep.

use std::{fmt, sync::Mutex};

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};

/// An instant, in whole microseconds: what both engines keep.
pub type Timestamp = DateTime<Utc>;

/// Tells the time.
pub trait Clock: fmt::Debug + Send + Sync {
    /// The present instant, in whole microseconds.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
        whole_micros(Utc::now())
    }
}

/// A clock that stands still until it is moved: for tests, and for replaying years of history.
#[derive(Debug)]
pub struct ManualClock(Mutex<Timestamp>);

impl ManualClock {
    pub fn at(start: Timestamp) -> Self {
        Self(Mutex::new(whole_micros(start)))
    }

    /// Sets the time; it may go backwards, as machines' clocks do.
    pub fn set(&self, to: Timestamp) {
        *self.lock() = whole_micros(to);
    }

    pub fn advance(&self, by: TimeDelta) {
        *self.lock() += by;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Timestamp> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.lock()
    }
}

fn whole_micros(at: Timestamp) -> Timestamp {
    at.duration_trunc(TimeDelta::microseconds(1))
        .expect("a microsecond divides every instant chrono can hold")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_moves_only_when_told() {
        let start = DateTime::from_timestamp(1_772_000_000, 123_456_789).unwrap();
        let clock = ManualClock::at(start);
        assert_eq!(clock.now().timestamp_subsec_nanos(), 123_456_000);
        clock.advance(TimeDelta::seconds(3));
        assert_eq!((clock.now() - start).num_milliseconds(), 2_999);
        clock.set(start);
        assert_eq!(clock.now(), whole_micros(start));
    }
}
