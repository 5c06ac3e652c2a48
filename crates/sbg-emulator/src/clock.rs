//! The clock of the emulator: the real time plus what a test has added, less what it started with.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use jiff::{SignedDuration, Timestamp};

/// The clock of one emulator. Clones show the same time.
///
/// Signed URLs expire, rate limit windows end and objects are dated by this clock, so a test can pass an hour
/// without waiting for it.
///
/// ```
/// # let emulator = sbg_emulator::Emulator::builder().start_blocking()?;
/// let clock = emulator.clock().clone();
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Clock {
    ahead_nanos: Arc<AtomicU64>,
    behind: Duration,
}

impl Clock {
    /// A clock that starts this far behind the real time.
    pub(crate) fn behind(behind: Duration) -> Self {
        Self { behind, ..Self::default() }
    }

    /// Moves the clock forward. It cannot go back.
    ///
    /// ```
    /// # let emulator = sbg_emulator::Emulator::builder().start_blocking()?;
    /// use std::time::{Duration, SystemTime};
    ///
    /// emulator.clock().advance(Duration::from_secs(24 * 3600));
    /// assert!(emulator.clock().now() > SystemTime::now() + Duration::from_secs(23 * 3600));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn advance(&self, by: Duration) {
        let nanos = u64::try_from(by.as_nanos()).unwrap_or(u64::MAX);
        // A century is more than any test needs, and keeps every later sum inside the range of a timestamp.
        let century = 100 * 365 * 24 * 3600 * 1_000_000_000_u64;
        let _ = self.ahead_nanos.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |ahead| {
            Some(ahead.saturating_add(nanos).min(century))
        });
    }

    /// How far the clock was moved forward.
    pub(crate) fn ahead_nanos(&self) -> u64 {
        self.ahead_nanos.load(Ordering::SeqCst)
    }

    /// The current time of the emulator.
    ///
    /// ```
    /// # let emulator = sbg_emulator::Emulator::builder().start_blocking()?;
    /// let before = emulator.clock().now();
    /// emulator.clock().advance(std::time::Duration::from_secs(3600));
    /// assert!(emulator.clock().now() > before);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn now(&self) -> SystemTime {
        let started_at = SystemTime::now().checked_sub(self.behind).unwrap_or(SystemTime::UNIX_EPOCH);
        started_at + Duration::from_nanos(self.ahead_nanos())
    }

    pub(crate) fn timestamp(&self) -> Timestamp {
        Timestamp::try_from(self.now()).unwrap_or(Timestamp::MAX)
    }

    pub(crate) fn epoch_seconds(&self) -> i64 {
        self.timestamp().as_second()
    }
}

/// `2019-04-24T11:51:20Z`: the format of every time in the JSON of the platform.
pub(crate) fn rfc3339(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// `Wed, 24 Apr 2019 11:51:20 GMT`: the format of times in HTTP headers.
pub(crate) fn http_date(time: Timestamp) -> String {
    time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// A timestamp `after` later, clamped to the end of time.
pub(crate) fn later(time: Timestamp, after: Duration) -> Timestamp {
    SignedDuration::try_from(after).ok().and_then(|by| time.checked_add(by).ok()).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advanced_clock_is_seen_by_every_clone() {
        let clock = Clock::default();
        let before = clock.clone().epoch_seconds();
        clock.advance(Duration::from_secs(3600));
        assert!(clock.clone().epoch_seconds() - before >= 3600);
    }

    #[test]
    fn clock_can_start_behind_the_real_time() {
        let clock = Clock::behind(Duration::from_secs(600));
        let shown = clock.now();
        let behind = SystemTime::now().duration_since(shown).unwrap();
        assert!((600..700).contains(&behind.as_secs()), "{behind:?}");
        clock.advance(Duration::from_secs(1200));
        assert!(clock.now() > SystemTime::now());
        assert_eq!(Clock::behind(Duration::MAX).now(), SystemTime::UNIX_EPOCH);
    }

    #[test]
    fn times_have_no_fractional_seconds() {
        let time = Timestamp::new(1_556_106_680, 123_456_789).unwrap();
        assert_eq!(rfc3339(time), "2019-04-24T11:51:20Z");
        assert_eq!(http_date(time), "Wed, 24 Apr 2019 11:51:20 GMT");
    }

    #[test]
    fn maximum_duration_does_not_overflow() {
        let clock = Clock::default();
        clock.advance(Duration::MAX);
        clock.advance(Duration::MAX);
        assert!(later(clock.timestamp(), Duration::MAX) > clock.timestamp());
    }
}
