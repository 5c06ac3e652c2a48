//! How much may be asked of the platform: requests at once, and requests in a window that the platform reports.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::HeaderMap;
use tokio::sync::{Semaphore, SemaphorePermit};

/// What the headers of the latest answer say of the rate limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateLimit {
    /// Requests that the window allows.
    pub limit: i64,
    /// Requests that are left in it.
    pub remaining: i64,
    /// End of the window, in seconds since 1970.
    pub reset: i64,
}

impl RateLimit {
    /// End of the window; `None` where the platform gave a number that is no point in time.
    pub fn reset_time(&self) -> Option<jiff::Timestamp> {
        jiff::Timestamp::from_second(self.reset).ok()
    }
}

/// Longest time to wait for a new window. The platform's own is 300 s; a reset further away than that is a wrong clock.
const LONGEST_WINDOW: Duration = Duration::from_secs(330);

/// The limits that all calls of a client share.
#[derive(Debug)]
pub(crate) struct Budget {
    parallel: Semaphore,
    paced: AtomicBool,
    latest: Mutex<Option<RateLimit>>,
    /// Callers queue here when the window is nearly spent: the semaphore hands out its permit in the order of arrival.
    turn: Semaphore,
}

impl Budget {
    /// At most `parallel` requests at once; `paced` tells whether to wait for a new window instead of drawing a 429.
    pub(crate) fn new(parallel: usize, paced: bool) -> Self {
        Self {
            parallel: Semaphore::new(parallel),
            paced: AtomicBool::new(paced),
            latest: Mutex::new(None),
            turn: Semaphore::new(1),
        }
    }

    /// Waits until a request may leave. The permit stands for its place among the parallel ones.
    pub(crate) async fn acquire(&self) -> Option<SemaphorePermit<'_>> {
        if self.paced.load(Ordering::Relaxed) {
            self.wait_for_window().await;
        }
        // The semaphore is never closed, so there is always a permit.
        self.parallel.acquire().await.ok()
    }

    async fn wait_for_window(&self) {
        let _turn = if self.spend(now()).is_some() { self.turn.acquire().await.ok() } else { return };
        while let Some(wait) = self.spend(now()) {
            tracing::info!(
                wait_seconds = wait.as_secs_f64(),
                "the rate limit is spent; waiting for the next window"
            );
            tokio::time::sleep(wait).await;
        }
    }

    /// Takes one request out of the window, or tells how long to wait for the next one.
    fn spend(&self, now: Duration) -> Option<Duration> {
        let mut latest = self.latest.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let window = latest.as_mut()?;
        let left = Duration::from_secs(u64::try_from(window.reset).unwrap_or(0)).saturating_sub(now);
        if left.is_zero() || left > LONGEST_WINDOW {
            // The window is over, or its end is nonsense: what we know of it counts no more.
            *latest = None;
            return None;
        }
        if window.remaining > 0 {
            window.remaining -= 1;
            return None;
        }
        Some(left.min(LONGEST_WINDOW))
    }

    /// Learns from the headers of an answer.
    pub(crate) fn observe(&self, headers: &HeaderMap) {
        let Some(seen) = read(headers) else { return };
        let mut latest = self.latest.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        // Answers overtake each other: within one window the smaller number left is the newer one.
        match latest.as_mut() {
            Some(known) if known.reset == seen.reset => {
                known.limit = seen.limit;
                known.remaining = known.remaining.min(seen.remaining);
            }
            Some(known) if known.reset > seen.reset => {}
            _ => *latest = Some(seen),
        }
    }

    /// What the latest answer said.
    pub(crate) fn latest(&self) -> Option<RateLimit> {
        *self.latest.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn read(headers: &HeaderMap) -> Option<RateLimit> {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<i64>().ok();
    Some(RateLimit {
        limit: number("x-ratelimit-limit")?,
        remaining: number("x-ratelimit-remaining")?,
        reset: number("x-ratelimit-reset")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(limit: &str, remaining: &str, reset: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in
            [("x-ratelimit-limit", limit), ("x-ratelimit-remaining", remaining), ("x-ratelimit-reset", reset)]
        {
            headers.insert(name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn a_spent_window_makes_callers_wait_until_it_ends() {
        let budget = Budget::new(1, true);
        let now = Duration::from_secs(1_000);
        budget.observe(&headers("1000", "1", "1100"));
        assert_eq!(budget.spend(now), None);
        assert_eq!(budget.spend(now), Some(Duration::from_secs(100)));
        assert_eq!(budget.spend(Duration::from_secs(1_100)), None);
        assert_eq!(budget.latest(), None);
    }

    #[test]
    fn nonsense_in_the_headers_never_makes_anyone_wait() {
        let check = |limit: &str, remaining: &str, reset: &str| {
            let budget = Budget::new(1, true);
            budget.observe(&headers(limit, remaining, reset));
            assert_eq!(budget.spend(Duration::from_secs(1_000)), None, "{limit} {remaining} {reset}");
        };
        check("1000", "0", "999");
        check("1000", "0", "-5");
        check("1000", "0", "99999999999");
        check("1000", "0", "soon");
        check("1000", "many", "1100");
    }

    #[test]
    fn an_answer_that_was_overtaken_gives_nothing_back() {
        let budget = Budget::new(1, true);
        budget.observe(&headers("1000", "5", "1100"));
        budget.observe(&headers("1000", "7", "1100"));
        assert_eq!(budget.latest().map(|window| window.remaining), Some(5));
    }
}
