//! Time, injected: nothing in the libraries reads the host's clock by itself.

use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Tells the time.
pub trait Clock: Send + Sync + fmt::Debug {
    /// Nanoseconds since the Unix epoch.
    fn now_ns(&self) -> i64;

    /// Time since some fixed moment. Unlike [`Clock::now_ns`] it never goes back.
    fn monotonic(&self) -> Duration;

    /// Whole milliseconds since the Unix epoch.
    fn now_ms(&self) -> i64 {
        self.now_ns().div_euclid(1_000_000)
    }

    /// Whole seconds since the Unix epoch.
    fn now_s(&self) -> i64 {
        self.now_ns().div_euclid(1_000_000_000)
    }
}

/// The host's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_ns(&self) -> i64 {
        match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_nanos()).unwrap_or(i64::MAX),
            Err(before) => {
                i64::try_from(before.duration().as_nanos()).map_or(i64::MIN, |nanos| -nanos)
            }
        }
    }

    fn monotonic(&self) -> Duration {
        static START: OnceLock<Instant> = OnceLock::new();
        START.get_or_init(Instant::now).elapsed()
    }
}

/// A clock that stands until a test moves it.
#[derive(Debug, Default)]
pub struct ManualClock {
    now_ns: AtomicI64,
    passed_ns: AtomicI64,
}

impl ManualClock {
    /// Starts at `now_s` seconds since the Unix epoch.
    #[must_use]
    pub fn at_s(now_s: i64) -> Self {
        let clock = Self::default();
        clock.set_s(now_s);
        clock
    }

    /// Lets time pass.
    pub fn advance_ns(&self, by_ns: i64) {
        self.now_ns.fetch_add(by_ns, Ordering::SeqCst);
        self.passed_ns.fetch_add(by_ns.max(0), Ordering::SeqCst);
    }

    /// Lets time pass, in whole seconds.
    pub fn advance_s(&self, by_s: i64) {
        self.advance_ns(by_s.saturating_mul(1_000_000_000));
    }

    /// Sets the time of day, as an administrator does: no time passes.
    pub fn set_s(&self, now_s: i64) {
        self.now_ns.store(now_s.saturating_mul(1_000_000_000), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now_ns(&self) -> i64 {
        self.now_ns.load(Ordering::SeqCst)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_nanos(self.passed_ns.load(Ordering::SeqCst).unsigned_abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_clock_runs() {
        let clock = SystemClock;
        let before = clock.monotonic();
        assert!(clock.now_s() > 1_700_000_000);
        assert!(clock.monotonic() >= before);
        assert_eq!(clock.now_ms() / 100_000, clock.now_ns() / 100_000_000_000);
    }

    #[test]
    fn a_manual_clock_moves_when_told() {
        let clock = ManualClock::at_s(100);
        clock.advance_ns(1_500_000_000);
        assert_eq!((clock.now_s(), clock.now_ms()), (101, 101_500));
        clock.set_s(-1);
        assert_eq!((clock.now_s(), clock.monotonic()), (-1, Duration::from_millis(1500)));
    }
}
