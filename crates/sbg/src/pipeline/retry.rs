//! Whether and when a failed call is sent again. Pure: time and random numbers are passed in.

use std::time::Duration;

use sbg_raw::Operation;

use super::response::Response;
use super::retry_after::retry_after;
use super::send::Failure;

/// Limits of the retries of a call.
///
/// A call that was never sent is retried, whatever its operation. An idempotent call is also retried if it failed on the way or got a
/// 500, 502, 503 or 504, whatever the body. Any other call that may have been carried out is never sent twice. A 503 of maintenance is
/// left to [`MaintenanceSleeper`](super::MaintenanceSleeper).
///
/// A `Retry-After` of the response lengthens the wait. If it does not fit in [`max_elapsed`](Self::max_elapsed), the call ends with an
/// error that says when to retry.
///
/// ```
/// use std::time::Duration;
///
/// use sbg::pipeline::RetryPolicy;
///
/// let patient = RetryPolicy::default().max_attempts(10).max_elapsed(Duration::from_secs(600));
/// let client = sbg::Client::builder().endpoint("cgc").token("0123456789abcdef").retry_policy(patient).build()?;
/// # Ok::<(), sbg::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct RetryPolicy {
    max_attempts: u32,
    initial_backoff: Duration,
    max_backoff: Duration,
    max_elapsed: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_attempts: 5,
            initial_backoff: Duration::from_millis(250),
            max_backoff: Duration::from_secs(15),
            max_elapsed: Duration::from_secs(120),
        }
    }
}

impl RetryPolicy {
    /// No retries at all.
    ///
    /// ```
    /// use sbg::pipeline::RetryPolicy;
    ///
    /// assert_eq!(RetryPolicy::none(), RetryPolicy::default().max_attempts(1));
    /// ```
    pub fn none() -> Self {
        Self::default().max_attempts(1)
    }

    /// Most consecutive failed attempts, the first one included; 5 by default.
    ///
    /// ```
    /// let persistent = sbg::pipeline::RetryPolicy::default().max_attempts(10);
    /// ```
    pub fn max_attempts(mut self, count: u32) -> Self {
        self.max_attempts = count;
        self
    }

    /// Wait before the second attempt, doubled for each one after it; 0.25 s by default. Random jitter shortens each wait by up to a
    /// half, so that callers that failed together do not retry together.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let gentle = sbg::pipeline::RetryPolicy::default().initial_backoff(Duration::from_secs(2));
    /// ```
    pub fn initial_backoff(mut self, wait: Duration) -> Self {
        self.initial_backoff = wait;
        self
    }

    /// Longest wait; 15 s by default.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let quick = sbg::pipeline::RetryPolicy::default().max_backoff(Duration::from_secs(2));
    /// ```
    pub fn max_backoff(mut self, wait: Duration) -> Self {
        self.max_backoff = wait;
        self
    }

    /// Time since the first of the consecutive failures after which no further attempt is made; 2 min by default.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use sbg::pipeline::RetryPolicy;
    ///
    /// let through_an_outage = RetryPolicy::default().max_attempts(100).max_elapsed(Duration::from_secs(60 * 60));
    /// ```
    pub fn max_elapsed(mut self, time: Duration) -> Self {
        self.max_elapsed = time;
        self
    }

    pub(super) fn after_failure(
        &self,
        failure: &Failure,
        operation: &Operation,
        so_far: &Failures,
    ) -> Option<Duration> {
        let harmless =
            !failure.lasting && (failure.never_left || (operation.idempotent && failure.is_transient()));
        if harmless { self.wait(so_far, Duration::ZERO, fastrand::f64()) } else { None }
    }

    pub(super) fn after_response(
        &self,
        response: &Response,
        operation: &Operation,
        so_far: &Failures,
    ) -> Option<Duration> {
        let at_least = retry_after(response.headers()).unwrap_or_default();
        let retried = operation.idempotent && Self::is_transient(response);
        if retried { self.wait(so_far, at_least, fastrand::f64()) } else { None }
    }

    /// Whether the platform, or a gateway in front of it, failed with an error that may be transient. It may have carried out the call.
    pub(super) fn is_transient(response: &Response) -> bool {
        matches!(response.status(), 500 | 502 | 503 | 504) && !response.is_maintenance()
    }

    /// Whether a call would obey a `Retry-After` of this length.
    pub(super) fn obeys(&self, retry_after: Duration) -> bool {
        self.max_attempts > 1 && retry_after <= self.max_elapsed
    }

    fn wait(&self, so_far: &Failures, at_least: Duration, chance: f64) -> Option<Duration> {
        let wait = jittered(self.initial_backoff, self.max_backoff, so_far.count, chance).max(at_least);
        (so_far.count < self.max_attempts && so_far.elapsed.saturating_add(wait) <= self.max_elapsed)
            .then_some(wait)
    }
}

/// Consecutive failures, the latest one included.
#[derive(Clone, Copy, Debug)]
pub(super) struct Failures {
    pub(super) count: u32,
    /// Time since the first one.
    pub(super) elapsed: Duration,
}

/// The wait after failure `number` (from 1): doubled each time, at most `longest`, and randomly shortened by up to a half, so that
/// callers that failed together do not retry together. `chance` is in `0.0..1.0`.
pub(crate) fn jittered(first: Duration, longest: Duration, number: u32, chance: f64) -> Duration {
    let doubled = first.saturating_mul(1_u32.checked_shl(number.saturating_sub(1)).unwrap_or(u32::MAX));
    doubled.min(longest).mul_f64(0.5 + chance / 2.0)
}

#[cfg(test)]
mod tests {
    use http::header::RETRY_AFTER;
    use http::{HeaderMap, StatusCode};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn retry_schedule_ends_within_its_bounds(
            attempts in 0..50_u32,
            first in 0..100_000_u64,
            longest in 0..100_000_u64,
            within in 0..1_000_000_u64,
            took in prop::collection::vec((0..50_000_u64, 0.0..1.0_f64), 60),
        ) {
            let policy = RetryPolicy::default()
                .max_attempts(attempts)
                .initial_backoff(Duration::from_millis(first))
                .max_backoff(Duration::from_millis(longest))
                .max_elapsed(Duration::from_millis(within));
            let (mut elapsed, mut waits) = (Duration::ZERO, Vec::new());
            for (count, (took, chance)) in (1..).zip(took) {
                let Some(wait) = policy.wait(&Failures { count, elapsed }, Duration::ZERO, chance) else { break };
                waits.push(wait);
                elapsed += wait;
                prop_assert!(elapsed <= policy.max_elapsed, "no wait ends beyond the time");
                elapsed += Duration::from_millis(took);
            }
            prop_assert!(waits.len() < attempts.max(1) as usize, "{} waits for {attempts} attempts", waits.len());
            for (number, wait) in (0..).zip(&waits) {
                let whole = policy.initial_backoff.saturating_mul(2_u32.saturating_pow(number)).min(policy.max_backoff);
                prop_assert!(*wait <= whole && *wait >= whole / 2, "{wait:?} is not in the upper half of {whole:?}");
            }
        }
    }

    #[test]
    fn backoff_grows_to_its_maximum_with_jitter() {
        let (first, longest) = (Duration::from_millis(100), Duration::from_secs(1));
        let check = |number: u32, chance: f64, milliseconds: u64| {
            assert_eq!(
                jittered(first, longest, number, chance),
                Duration::from_millis(milliseconds),
                "{number}"
            );
        };
        check(1, 0.0, 50);
        check(1, 1.0, 100);
        check(2, 1.0, 200);
        check(4, 1.0, 800);
        check(5, 1.0, 1_000);
        check(40, 0.0, 500);
        check(u32::MAX, 1.0, 1_000);
    }

    #[test]
    fn retries_are_bounded_by_count_and_time() {
        let second = Duration::from_secs(1);
        let policy = RetryPolicy::default()
            .max_attempts(3)
            .initial_backoff(second)
            .max_backoff(2 * second)
            .max_elapsed(10 * second);
        let check = |count: u32, elapsed: u32, expected: Option<u32>| {
            let so_far = Failures { count, elapsed: elapsed * second };
            let wait = policy.wait(&so_far, Duration::ZERO, 1.0);
            assert_eq!(wait, expected.map(|wait| wait * second), "{count} {elapsed}");
        };
        check(1, 0, Some(1));
        check(2, 0, Some(2));
        check(3, 0, None);
        check(1, 9, Some(1));
        check(1, 10, None);
        check(2, 9, None);
        let so_far = Failures { count: 1, elapsed: Duration::ZERO };
        assert_eq!(RetryPolicy::none().wait(&so_far, Duration::ZERO, 0.0), None);
        let far = Failures { count: 1, elapsed: Duration::MAX };
        assert_eq!(policy.wait(&far, Duration::ZERO, 1.0), None);
    }

    #[test]
    fn transient_responses_are_retried_if_idempotent() {
        let html = "<html>Bad gateway</html>";
        let json = r#"{"status": 503, "code": 10001, "message": "Unknown error."}"#;
        let maintenance = r#"{"status": 503, "code": 0, "message": "Maintenance"}"#;
        let check = |status: u16, body: &'static str, operation: &str, retried: bool| {
            let response = Response::new(StatusCode::from_u16(status).unwrap(), HeaderMap::new(), body);
            let so_far = Failures { count: 1, elapsed: Duration::ZERO };
            let operation = Operation::find(operation).unwrap();
            let wait = RetryPolicy::default().after_response(&response, operation, &so_far);
            assert_eq!(wait.is_some(), retried, "{status} {body} {}", operation.id);
        };
        for status in [500, 502, 503, 504] {
            for body in [html, json, ""] {
                check(status, body, "file_list", true);
                check(status, body, "project_edit", true);
                check(status, body, "file_delete", true);
                check(status, body, "project_create", false);
                check(status, body, "task_run", false);
            }
        }
        check(503, maintenance, "file_list", false);
        for status in [200, 302, 400, 401, 403, 404, 408, 409, 429, 501, 505] {
            check(status, html, "file_list", false);
        }
    }

    #[test]
    fn retry_after_is_obeyed_within_the_policy() {
        let second = Duration::from_secs(1);
        let policy = RetryPolicy::default().max_attempts(3).max_backoff(second).max_elapsed(60 * second);
        let check = |retry_after: &str, count: u32, elapsed: u32, expected: Option<u32>| {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, retry_after.parse().unwrap())]);
            let response = Response::new(StatusCode::SERVICE_UNAVAILABLE, headers, "");
            let so_far = Failures { count, elapsed: elapsed * second };
            let wait = policy.after_response(&response, Operation::find("file_list").unwrap(), &so_far);
            assert_eq!(wait, expected.map(|wait| wait * second), "{retry_after} {count} {elapsed}");
        };
        check("40", 1, 0, Some(40));
        check("60", 1, 0, Some(60));
        check("61", 1, 0, None);
        check("40", 2, 20, Some(40));
        check("40", 2, 21, None);
        check("40", 3, 0, None);
        check("99999999999999999999999", 1, 0, None);
        assert!(policy.obeys(60 * second) && !policy.obeys(61 * second));
        assert!(!RetryPolicy::none().obeys(second));
        // A `Retry-After` that is shorter than the backoff, or zero, does not shorten the wait.
        let headers = HeaderMap::from_iter([(RETRY_AFTER, "0".parse().unwrap())]);
        let response = Response::new(StatusCode::SERVICE_UNAVAILABLE, headers, "");
        let so_far = Failures { count: 1, elapsed: Duration::ZERO };
        let wait = policy.after_response(&response, Operation::find("file_list").unwrap(), &so_far);
        assert!(wait.is_some_and(|wait| wait >= policy.initial_backoff / 2), "{wait:?}");
    }
}
