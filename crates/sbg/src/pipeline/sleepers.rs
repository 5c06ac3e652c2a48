//! The error handlers of this crate: they wait for the rate limit, maintenance and server errors to pass.

use std::sync::Arc;
use std::time::Duration;

use super::error_handler::{Attempt, Decision, ErrorHandler, Handlers};
use super::rate_limit::{LONGEST, until_reset};
use super::response::Response;
use super::retry_after::retry_after;

/// Waits for the rate limit: on a 429 until `X-RateLimit-Reset` or the end of `Retry-After`, whichever is later.
///
/// If both are missing, malformed or in the past, the waits grow from 1 s to 60 s. A reset further away than a window lasts is cut to
/// [`max_wait`](Self::max_wait); a longer `Retry-After` ends the call with an error that says when to retry.
///
/// ```
/// # fn example(client: sbg::Client) {
/// use sbg::pipeline::RateLimitSleeper;
///
/// client.add_error_handler(RateLimitSleeper::default().max_retries(1));
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct RateLimitSleeper {
    max_wait: Duration,
    max_retries: u32,
}

impl Default for RateLimitSleeper {
    fn default() -> Self {
        Self { max_wait: Duration::from_secs(330), max_retries: 5 }
    }
}

impl RateLimitSleeper {
    /// Longest single wait; 330 s by default, slightly more than a window.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use sbg::pipeline::RateLimitSleeper;
    ///
    /// let impatient = RateLimitSleeper::default().max_wait(Duration::from_secs(30));
    /// ```
    pub fn max_wait(mut self, wait: Duration) -> Self {
        self.max_wait = wait;
        self
    }

    /// Most waits in one call; 5 by default.
    ///
    /// ```
    /// let impatient = sbg::pipeline::RateLimitSleeper::default().max_retries(2);
    /// ```
    pub fn max_retries(mut self, count: u32) -> Self {
        self.max_retries = count;
        self
    }

    /// The time to wait; `None` if it exceeds the limit of this handler.
    fn wait(&self, response: &Response, attempt: &Attempt) -> Option<Duration> {
        let reset = until_reset(response.headers()).filter(|left| !left.is_zero());
        let wait = match (retry_after(response.headers()), reset) {
            (Some(wait), _) if wait > self.max_wait => return None,
            // A reset beyond any window means a wrong clock.
            (Some(wait), Some(reset)) if reset <= LONGEST => wait.max(reset),
            (Some(wait), _) | (None, Some(wait)) => wait,
            (None, None) => {
                Duration::from_secs(1 << (attempt.number - 1).min(6)).min(Duration::from_secs(60))
            }
        };
        Some(wait.min(self.max_wait))
    }
}

impl ErrorHandler for RateLimitSleeper {
    fn handle(&self, response: &Response, attempt: &Attempt) -> Decision {
        if response.status() != 429 || attempt.number > self.max_retries {
            return Decision::Pass;
        }
        self.wait(response, attempt).map_or(Decision::Pass, Decision::RetryAfter)
    }
}

/// Waits while the platform is under maintenance: on a 503 with error code 0.
///
/// A `Retry-After` of the response replaces [`interval`](Self::interval). If it does not fit in [`max_wait`](Self::max_wait), the call
/// ends with an error that says when to retry.
///
/// ```
/// use std::time::Duration;
///
/// use sbg::pipeline::MaintenanceSleeper;
///
/// let over_night = MaintenanceSleeper::default().max_wait(Duration::from_secs(12 * 60 * 60));
/// let client = sbg::Client::builder().error_handler(over_night);
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct MaintenanceSleeper {
    interval: Duration,
    max_wait: Duration,
}

impl Default for MaintenanceSleeper {
    fn default() -> Self {
        Self { interval: Duration::from_secs(60), max_wait: Duration::from_secs(2 * 60 * 60) }
    }
}

impl MaintenanceSleeper {
    /// Time between two attempts; 60 s by default.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use sbg::pipeline::MaintenanceSleeper;
    ///
    /// let sleeper = MaintenanceSleeper::default().interval(Duration::from_secs(5 * 60));
    /// ```
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// Longest total wait; 2 h by default.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use sbg::pipeline::MaintenanceSleeper;
    ///
    /// let not_at_all = MaintenanceSleeper::default().max_wait(Duration::ZERO);
    /// ```
    pub fn max_wait(mut self, time: Duration) -> Self {
        self.max_wait = time;
        self
    }
}

impl ErrorHandler for MaintenanceSleeper {
    fn handle(&self, response: &Response, attempt: &Attempt) -> Decision {
        if !response.is_maintenance() || attempt.elapsed >= self.max_wait {
            return Decision::Pass;
        }
        match retry_after(response.headers()) {
            Some(wait) if attempt.elapsed.saturating_add(wait) > self.max_wait => Decision::Pass,
            Some(wait) => Decision::RetryAfter(wait),
            None => Decision::RetryAfter(self.interval),
        }
    }
}

/// Waits on every response of 500 and above, whatever the operation. Add it only where repeating an operation does no harm.
///
/// A `Retry-After` of the response may lengthen a wait beyond [`interval`](Self::interval). If it exceeds the time of all waits together,
/// the call ends with an error that says when to retry.
///
/// ```
/// use sbg::pipeline::GeneralErrorSleeper;
///
/// let client = sbg::Client::builder().error_handler(GeneralErrorSleeper::default());
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct GeneralErrorSleeper {
    interval: Duration,
    max_retries: u32,
}

impl Default for GeneralErrorSleeper {
    fn default() -> Self {
        Self { interval: Duration::from_secs(60), max_retries: 10 }
    }
}

impl GeneralErrorSleeper {
    /// Time between two attempts; 60 s by default.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use sbg::pipeline::GeneralErrorSleeper;
    ///
    /// let quick = GeneralErrorSleeper::default().interval(Duration::from_secs(5));
    /// ```
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// Most waits in one call; 10 by default.
    ///
    /// ```
    /// let persistent = sbg::pipeline::GeneralErrorSleeper::default().max_retries(30);
    /// ```
    pub fn max_retries(mut self, count: u32) -> Self {
        self.max_retries = count;
        self
    }
}

impl ErrorHandler for GeneralErrorSleeper {
    fn handle(&self, response: &Response, attempt: &Attempt) -> Decision {
        if response.status() < 500 || attempt.number > self.max_retries {
            return Decision::Pass;
        }
        match retry_after(response.headers()) {
            Some(wait) if wait > self.interval.saturating_mul(self.max_retries) => Decision::Pass,
            wait => Decision::RetryAfter(self.interval.max(wait.unwrap_or_default())),
        }
    }
}

impl Handlers {
    /// The default handlers of a client.
    pub(crate) fn shipped() -> Self {
        Self(vec![Arc::new(RateLimitSleeper::default()), Arc::new(MaintenanceSleeper::default())])
    }
}

#[cfg(test)]
pub(super) mod tests {
    use http::{HeaderMap, StatusCode};
    use sbg_raw::Operation;

    use super::*;

    pub(in crate::pipeline) fn attempt(number: u32) -> Attempt {
        Attempt { operation: Operation::find("project_get").unwrap(), number, elapsed: Duration::ZERO }
    }

    /// A 429 that was sent at second 1000.
    pub(in crate::pipeline) fn limited(reset: Option<&str>) -> Response {
        let mut headers = HeaderMap::new();
        headers.insert("date", "Thu, 01 Jan 1970 00:16:40 GMT".parse().unwrap());
        if let Some(reset) = reset {
            headers.insert("x-ratelimit-reset", reset.parse().unwrap());
        }
        Response::new(StatusCode::TOO_MANY_REQUESTS, headers, "")
    }

    #[test]
    fn rate_limit_wait_follows_the_reset_time() {
        let check = |reset: Option<&str>, number: u32, seconds: u64| {
            let wait = RateLimitSleeper::default().wait(&limited(reset), &attempt(number));
            assert_eq!(wait, Some(Duration::from_secs(seconds)), "{reset:?} {number}");
        };
        check(Some("1100"), 1, 100);
        check(Some("1100"), 5, 100);
        // Far away.
        check(Some("99999999999"), 1, 330);
        check(Some("9223372036854775807"), 1, 330);
        // Past.
        check(Some("1000"), 1, 1);
        check(Some("900"), 2, 2);
        check(Some("-1"), 9, 60);
        // Malformed.
        check(Some("soon"), 2, 2);
        check(Some(""), 3, 4);
        check(Some("1100.5"), 4, 8);
        check(Some("99999999999999999999"), 1, 1);
        // Missing.
        check(None, 1, 1);
        check(None, 6, 32);
        check(None, 7, 60);
        check(None, u32::MAX, 60);
        let brief = RateLimitSleeper::default().max_wait(Duration::from_millis(5));
        assert_eq!(brief.wait(&limited(None), &attempt(1)), Some(Duration::from_millis(5)));
    }

    /// The wait in seconds that a handler asks for on a response with these headers, if any.
    fn waited(
        handler: &dyn ErrorHandler,
        status: u16,
        headers: &[(&'static str, &str)],
        elapsed: u64,
    ) -> Option<u64> {
        let mut map = limited(None).headers().clone();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        let response = Response::new(StatusCode::from_u16(status).unwrap(), map, r#"{"code": 0}"#);
        let attempt = Attempt { elapsed: Duration::from_secs(elapsed), ..attempt(1) };
        match handler.handle(&response, &attempt) {
            Decision::RetryAfter(wait) => Some(wait.as_secs()),
            _ => None,
        }
    }

    #[test]
    fn rate_limit_sleeper_obeys_retry_after() {
        let check = |retry_after: &str, reset: Option<&str>, expected: Option<u64>| {
            let mut headers = vec![("retry-after", retry_after)];
            headers.extend(reset.map(|reset| ("x-ratelimit-reset", reset)));
            let wait = waited(&RateLimitSleeper::default(), 429, &headers, 0);
            assert_eq!(wait, expected, "{retry_after} {reset:?}");
        };
        check("40", None, Some(40));
        check("Thu, 01 Jan 1970 00:17:20 GMT", None, Some(40));
        check("40", Some("1100"), Some(100));
        check("200", Some("1100"), Some(200));
        check("40", Some("99999999999"), Some(40));
        check("330", None, Some(330));
        // Beyond the limit of the handler.
        check("331", None, None);
        check("331", Some("1100"), None);
        check("99999999999999999999", None, None);
        // No valid time.
        check("0", None, Some(1));
        check("soon", Some("1100"), Some(100));
    }

    #[test]
    fn server_error_sleepers_obey_retry_after() {
        let check = |handler: &dyn ErrorHandler, retry_after: &str, elapsed: u64, expected: Option<u64>| {
            let wait = waited(handler, 503, &[("retry-after", retry_after)], elapsed);
            assert_eq!(wait, expected, "{} {retry_after} {elapsed}", handler.name());
        };
        let maintenance = MaintenanceSleeper::default();
        check(&maintenance, "5", 0, Some(5));
        check(&maintenance, "600", 0, Some(600));
        check(&maintenance, "7200", 0, Some(7200));
        check(&maintenance, "7201", 0, None);
        check(&maintenance, "600", 7000, None);
        check(&maintenance, "0", 0, Some(60));
        let general = GeneralErrorSleeper::default();
        check(&general, "5", 0, Some(60));
        check(&general, "600", 0, Some(600));
        check(&general, "601", 0, None);
    }

    #[test]
    fn sleepers_stop_at_their_limits() {
        let waits =
            |handler: &dyn ErrorHandler, status: u16, body: &'static str, number: u32, elapsed: u64| {
                let response = Response::new(StatusCode::from_u16(status).unwrap(), HeaderMap::new(), body);
                let attempt = Attempt { elapsed: Duration::from_secs(elapsed), ..attempt(number) };
                matches!(handler.handle(&response, &attempt), Decision::RetryAfter(_))
            };
        let rate_limit = RateLimitSleeper::default().max_retries(2);
        assert!(waits(&rate_limit, 429, "", 2, 0) && !waits(&rate_limit, 429, "", 3, 0));
        assert!(!waits(&rate_limit, 503, "", 1, 0));
        let maintenance = MaintenanceSleeper::default().max_wait(Duration::from_secs(10));
        let body = r#"{"code": 0}"#;
        assert!(waits(&maintenance, 503, body, 99, 9) && !waits(&maintenance, 503, body, 1, 10));
        let general = GeneralErrorSleeper::default().max_retries(2);
        assert!(waits(&general, 500, "", 2, 0) && !waits(&general, 500, "", 3, 0));
        assert!(waits(&general, 599, "", 1, 0) && !waits(&general, 499, "", 1, 0));
    }

    #[test]
    fn only_503_with_code_0_is_maintenance() {
        let check = |status: u16, body: &str, waits: bool| {
            let response =
                Response::new(StatusCode::from_u16(status).unwrap(), HeaderMap::new(), body.to_owned());
            let decision = MaintenanceSleeper::default().handle(&response, &attempt(1));
            assert_eq!(matches!(decision, Decision::RetryAfter(_)), waits, "{status} {body}");
        };
        check(503, r#"{"code": 0}"#, true);
        check(503, r#"{"code": 5000}"#, false);
        check(503, "<html>", false);
        check(500, r#"{"code": 0}"#, false);
    }
}
