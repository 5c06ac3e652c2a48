//! The clock of the platform, independent of the local clock.

use std::time::Instant;

use http::HeaderMap;
use http::header::DATE;
use jiff::fmt::rfc2822;
use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;

/// The time of the platform, from the `Date` headers of its responses.
#[derive(Debug, Default)]
pub(in crate::transfer) struct PlatformClock(Mutex<Option<(Timestamp, Instant)>>);

impl PlatformClock {
    /// Reads the time from a response that has just arrived.
    pub(in crate::transfer) fn observe(&self, headers: &HeaderMap) {
        let date = headers.get(DATE).and_then(|date| rfc2822::parse(date.to_str().ok()?).ok());
        if let Some(date) = date {
            *self.0.lock() = Some((date.timestamp(), Instant::now()));
        }
    }

    /// A lower bound of the platform's time at this moment: a date has a resolution of a second, and the response takes a while to
    /// arrive.
    pub(in crate::transfer) fn at_least(&self, moment: Instant) -> Option<Timestamp> {
        let (date, came) = (*self.0.lock())?;
        let signed = |duration| SignedDuration::try_from(duration).ok();
        match moment.checked_duration_since(came) {
            Some(later) => date.checked_add(signed(later)?).ok(),
            None => date.checked_sub(signed(came - moment)?).ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn platform_time_continues_from_last_response() {
        let clock = PlatformClock::default();
        let now = Instant::now();
        assert_eq!(clock.at_least(now), None);
        clock.observe(&HeaderMap::from_iter([(DATE, "soon".parse().unwrap())]));
        assert_eq!(clock.at_least(now), None);
        clock.observe(&HeaderMap::from_iter([(DATE, "Tue, 14 Nov 2023 22:13:20 GMT".parse().unwrap())]));
        let later = Instant::now();
        let date = Timestamp::from_second(1_700_000_000).unwrap();
        assert!(clock.at_least(now).unwrap() <= date);
        assert!(clock.at_least(later).unwrap() >= date);
        let in_an_hour = clock.at_least(later + Duration::from_secs(3600)).unwrap();
        assert!((3600..3700).contains(&(in_an_hour.as_second() - 1_700_000_000)));
    }
}
