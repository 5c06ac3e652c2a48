//! Tracks the rate limit that the platform reports, and decides whether the next request may leave. Pure: the time is passed in.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::HeaderMap;
use http::header::DATE;
use tokio::time::Instant;

use super::retry_after::http_date;

/// Longest time until the end of a window. The platform's windows last 300 s; a reset further away means a wrong clock.
pub(super) const LONGEST: Duration = Duration::from_secs(330);

/// The rate limit as the headers of a response report it.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// client.users().me().await?;
/// if let Some(window) = client.latest_rate_limit() {
///     println!("{} of {} requests left", window.remaining(), window.limit());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    limit: i64,
    remaining: i64,
    reset: i64,
}

impl RateLimit {
    /// Requests that the window allows, from `X-RateLimit-Limit`.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = sbg_emulator::Emulator::builder().start_blocking()?;
    /// # let client = sbg::Client::builder().endpoint(emulator.url()).token(emulator.token()).build()?;
    /// client.users().me().await?;
    /// assert_eq!(client.latest_rate_limit().map(|window| window.limit()), Some(1000));
    /// # Ok(())
    /// # }
    /// ```
    pub fn limit(&self) -> i64 {
        self.limit
    }

    /// Requests left in the window, from `X-RateLimit-Remaining`.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = sbg_emulator::Emulator::builder().start_blocking()?;
    /// # let client = sbg::Client::builder().endpoint(emulator.url()).token(emulator.token()).build()?;
    /// client.users().me().await?;
    /// assert_eq!(client.latest_rate_limit().map(|window| window.remaining()), Some(999));
    /// # Ok(())
    /// # }
    /// ```
    pub fn remaining(&self) -> i64 {
        self.remaining
    }

    /// End of the window, from `X-RateLimit-Reset`; `None` if that number is not a valid timestamp.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// if let Some(reset) = client.latest_rate_limit().and_then(|window| window.reset_time()) {
    ///     println!("the next window begins at {reset}");
    /// }
    /// # }
    /// ```
    pub fn reset_time(&self) -> Option<jiff::Timestamp> {
        jiff::Timestamp::from_second(self.reset).ok()
    }

    /// Reads the three headers; `None` unless all of them are present and numbers.
    pub(super) fn read(headers: &HeaderMap) -> Option<Self> {
        let number = |name| headers.get(name)?.to_str().ok()?.trim().parse::<i64>().ok();
        Some(Self {
            limit: number("x-ratelimit-limit")?,
            remaining: number("x-ratelimit-remaining")?,
            reset: number("x-ratelimit-reset")?,
        })
    }
}

/// Time from a response to the reset that its header gives; zero if that has passed, `None` if the header is missing or not a number.
///
/// Both times are on the platform's clock if the response has a date, so that a wrong clock on this machine does no harm.
pub(super) fn until_reset(headers: &HeaderMap) -> Option<Duration> {
    let reset: i64 = headers.get("x-ratelimit-reset")?.to_str().ok()?.trim().parse().ok()?;
    let dated = headers.get(DATE).and_then(|date| http_date(date.to_str().ok()?));
    let now = dated.map_or_else(now, jiff::Timestamp::as_second);
    Some(Duration::from_secs(u64::try_from(reset.saturating_sub(now)).unwrap_or(0)))
}

/// Seconds since 1970 by the clock of this machine.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// Requests in a window of the platform, until a response reports the number.
const USUAL_LIMIT: u64 = 1_000;

/// The known state of the current window.
#[derive(Debug)]
pub(super) struct Window {
    /// Part of the window that this client may use, above 0 and at most 1. Other clients with the same token use the rest.
    share: f64,
    known: Option<Known>,
    /// End of the pause that the server has asked for with `Retry-After`.
    closed_until: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    limit: u64,
    /// Requests left, by the response that counts the most requests.
    left: u64,
    /// Requests of this client in the window that are not in flight any more.
    own: u64,
    /// `None` between the end of a window and the first response of the next.
    end: Option<End>,
}

#[derive(Clone, Copy, Debug)]
struct End {
    /// The platform's number for it, the same in all responses of a window.
    reset: i64,
    at: Instant,
}

/// Whether another request may leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    Free,
    /// The requests in flight may use up what is left: their responses will show it, or the window ends after this time.
    Unclear(Option<Duration>),
    /// Nothing is left until the window ends, after this time.
    Spent(Duration),
}

impl Window {
    /// A window of which nothing is known yet.
    pub(super) fn new(share: f64) -> Self {
        Self { share, known: None, closed_until: None }
    }

    /// Whether a request may leave while `under_way` others are in flight.
    ///
    /// The platform may or may not have counted those in flight when it sent its numbers, so all of them are subtracted.
    pub(super) fn room(&mut self, under_way: u64, now: Instant) -> Room {
        self.closed_until = self.closed_until.filter(|until| *until > now);
        if let Some(until) = self.closed_until {
            return Room::Spent(until - now);
        }
        let Some(known) = &mut self.known else {
            let within = self.share >= 1.0 || under_way < allowance(self.share, USUAL_LIMIT);
            return if within { Room::Free } else { Room::Unclear(None) };
        };
        if known.end.is_some_and(|end| end.at <= now) {
            // The next window begins with the next request, and has the same limit.
            *known = Known { left: known.limit, own: 0, end: None, ..*known };
        }
        let left = known.left.min(allowance(self.share, known.limit).saturating_sub(known.own));
        let ends = known.end.map(|end| end.at - now);
        match ends {
            _ if left > under_way => Room::Free,
            // No other request is in flight that could find out.
            None if under_way == 0 => Room::Free,
            Some(ends) if left == 0 => Room::Spent(ends),
            ends => Room::Unclear(ends),
        }
    }

    /// Learns from a response with these values, sent this long before the reset.
    pub(super) fn learn(&mut self, said: RateLimit, until_reset: Duration, now: Instant) {
        let (Ok(limit @ 1..), false) =
            (u64::try_from(said.limit), until_reset.is_zero() || until_reset > LONGEST)
        else {
            return;
        };
        let left = u64::try_from(said.remaining).unwrap_or(0).min(limit);
        let same = |end: End| end.reset == said.reset;
        match &mut self.known {
            // Responses overtake each other: the smallest number of a window is the latest one.
            Some(known) if known.end.is_some_and(same) => {
                (known.limit, known.left, known.own) = (limit, known.left.min(left), known.own + 1);
            }
            Some(Known { end: Some(end), .. }) if end.reset > said.reset => {}
            known => {
                let end = End { reset: said.reset, at: now + until_reset };
                *known = Some(Known { limit, left, own: 1, end: Some(end) });
            }
        }
    }

    /// Holds back all requests for this time, even if the window has requests left. Never shortens an earlier pause.
    pub(super) fn close(&mut self, wait: Duration, now: Instant) {
        self.closed_until = self.closed_until.max(now.checked_add(wait));
    }

    /// Subtracts a request that the platform may have counted, although no response confirms it.
    pub(super) fn lose(&mut self) {
        if let Some(known) = &mut self.known {
            known.left = known.left.saturating_sub(1);
            known.own += 1;
        }
    }
}

/// Requests that a share of a window allows, at least one.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "limits are small"
)]
fn allowance(share: f64, limit: u64) -> u64 {
    if share >= 1.0 { limit } else { ((limit as f64 * share) as u64).max(1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn said(limit: i64, remaining: i64, reset: i64) -> RateLimit {
        RateLimit { limit, remaining, reset }
    }

    #[test]
    fn requests_in_flight_count_against_the_window() {
        let now = Instant::now();
        let mut window = Window::new(1.0);
        assert_eq!(window.room(1_000_000, now), Room::Free, "nothing is known");
        window.learn(said(10, 3, 1_100), 100 * SECOND, now);
        assert_eq!(window.room(2, now), Room::Free);
        assert_eq!(window.room(3, now), Room::Unclear(Some(100 * SECOND)));
        window.learn(said(10, 0, 1_100), 100 * SECOND, now);
        assert_eq!(window.room(0, now + 40 * SECOND), Room::Spent(60 * SECOND));
        assert_eq!(window.room(2, now + 40 * SECOND), Room::Spent(60 * SECOND));
    }

    #[test]
    fn next_window_has_the_same_size() {
        let now = Instant::now();
        let mut window = Window::new(1.0);
        window.learn(said(2, 0, 1_100), SECOND, now);
        let later = now + SECOND;
        assert_eq!(window.room(1, later), Room::Free);
        assert_eq!(window.room(2, later), Room::Unclear(None));
        window.learn(said(2, 1, 1_400), 300 * SECOND, later);
        assert_eq!(window.room(0, later), Room::Free);
        assert_eq!(window.room(1, later), Room::Unclear(Some(300 * SECOND)));
        // Responses of the previous window arrive late.
        window.learn(said(2, 2, 1_100), SECOND, later);
        assert_eq!(window.room(1, later), Room::Unclear(Some(300 * SECOND)));
    }

    #[test]
    fn window_stays_closed_as_the_server_asks() {
        let now = Instant::now();
        let mut window = Window::new(1.0);
        window.close(40 * SECOND, now);
        assert_eq!(window.room(0, now), Room::Spent(40 * SECOND));
        window.close(10 * SECOND, now);
        assert_eq!(window.room(0, now + 10 * SECOND), Room::Spent(30 * SECOND));
        assert_eq!(window.room(0, now + 40 * SECOND), Room::Free);
        // The known rate limit still holds.
        window.learn(said(10, 0, 1_100), 100 * SECOND, now);
        window.close(40 * SECOND, now);
        assert_eq!(window.room(0, now), Room::Spent(40 * SECOND));
        assert_eq!(window.room(0, now + 40 * SECOND), Room::Spent(60 * SECOND));
    }

    #[test]
    fn overtaken_response_gives_nothing_back() {
        let now = Instant::now();
        let mut window = Window::new(1.0);
        window.learn(said(10, 5, 1_100), SECOND, now);
        window.learn(said(10, 7, 1_100), SECOND, now);
        assert_eq!(window.room(5, now), Room::Unclear(Some(SECOND)));
        window.lose();
        assert_eq!(window.room(4, now), Room::Unclear(Some(SECOND)));
        assert_eq!(window.room(3, now), Room::Free);
    }

    #[test]
    fn share_bounds_requests_of_one_client() {
        let now = Instant::now();
        let mut window = Window::new(0.3);
        assert_eq!(window.room(299, now), Room::Free, "the usual limit holds until a response reports one");
        assert_eq!(window.room(300, now), Room::Unclear(None));
        window.learn(said(10, 9, 1_100), SECOND, now);
        assert_eq!(window.room(1, now), Room::Free);
        assert_eq!(window.room(2, now), Room::Unclear(Some(SECOND)));
        window.learn(said(10, 4, 1_100), SECOND, now);
        window.lose();
        assert_eq!(window.room(0, now), Room::Spent(SECOND), "six requests are left for others");
        assert_eq!(window.room(2, now + SECOND), Room::Free);
        assert_eq!(window.room(3, now + SECOND), Room::Unclear(None));
        window.learn(said(10, 1, 1_400), SECOND, now + SECOND);
        assert_eq!(
            window.room(1, now + SECOND),
            Room::Unclear(Some(SECOND)),
            "others have used the window up"
        );
        let mut tiny = Window::new(0.001);
        assert_eq!(tiny.room(0, now), Room::Free, "a share is at least one request");
        tiny.learn(said(10, 9, 1_100), SECOND, now);
        assert_eq!(tiny.room(0, now), Room::Spent(SECOND));
    }

    #[test]
    fn lost_requests_never_close_a_window_forever() {
        let now = Instant::now();
        let mut window = Window::new(1.0);
        window.learn(said(2, 2, 1_100), SECOND, now);
        let later = now + SECOND;
        assert_eq!(window.room(0, later), Room::Free);
        window.lose();
        window.lose();
        assert_eq!(window.room(1, later), Room::Unclear(None));
        assert_eq!(window.room(0, later), Room::Free);
    }

    #[test]
    fn invalid_rate_limit_headers_never_delay() {
        let now = Instant::now();
        let check = |limit: i64, remaining: i64, until_reset: u32| {
            let mut window = Window::new(1.0);
            window.learn(said(limit, remaining, 1_100), until_reset * SECOND, now);
            assert_eq!(window.room(5, now), Room::Free, "{limit} {remaining} {until_reset}");
        };
        check(1_000, 0, 0);
        check(1_000, 0, 331);
        check(1_000, 0, 4_000_000_000);
        check(0, 0, 100);
        check(-1, -1, 100);
        let read = |limit: &str, remaining: &str, reset: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("x-ratelimit-limit", limit.parse().unwrap());
            headers.insert("x-ratelimit-remaining", remaining.parse().unwrap());
            headers.insert("x-ratelimit-reset", reset.parse().unwrap());
            RateLimit::read(&headers)
        };
        assert_eq!(read("1000", " 5 ", "1100"), Some(said(1_000, 5, 1_100)));
        assert_eq!(read("1000", "5", "soon"), None);
        assert_eq!(read("1000", "many", "1100"), None);
        assert_eq!(read("", "5", "1100"), None);
        assert_eq!(RateLimit::read(&HeaderMap::new()), None);
    }

    #[test]
    fn reset_is_timed_by_the_platform_clock() {
        let check = |reset: Option<&str>, date: Option<&str>, expected: Option<u64>| {
            let mut headers = HeaderMap::new();
            reset.map(|reset| headers.insert("x-ratelimit-reset", reset.parse().unwrap()));
            date.map(|date| headers.insert(DATE, date.parse().unwrap()));
            let got = until_reset(&headers).map(|time| time.as_secs());
            assert_eq!(got, expected, "{reset:?} {date:?}");
        };
        let date = Some("Wed, 24 Apr 2019 11:51:20 GMT");
        check(Some("1556106690"), date, Some(10));
        check(Some("1556106680"), date, Some(0));
        check(Some("-1"), date, Some(0));
        check(Some("-9223372036854775808"), date, Some(0));
        check(Some("9223372036854775807"), date, Some(9_223_372_035_298_669_127));
        check(Some("1556106690.5"), date, None);
        check(Some("soon"), date, None);
        check(Some(""), date, None);
        check(None, date, None);
        // Without a valid date, the clock of this machine is used.
        check(Some("1556106690"), None, Some(0));
        check(Some("1556106690"), Some("yesterday"), Some(0));
        let soon = (now() + 100).to_string();
        let left = {
            let headers =
                HeaderMap::from_iter([("x-ratelimit-reset".parse().unwrap(), soon.parse().unwrap())]);
            until_reset(&headers).unwrap()
        };
        assert!(left > 90 * SECOND && left <= 100 * SECOND, "{left:?}");
    }

    #[test]
    fn invalid_reset_has_no_time() {
        assert_eq!(said(1, 1, 1_556_106_690).reset_time().unwrap().to_string(), "2019-04-24T11:51:30Z");
        assert_eq!(said(1, 1, i64::MAX).reset_time(), None);
    }
}
