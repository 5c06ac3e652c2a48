//! The rate limit: a number of requests for each user in windows of 300 seconds.

use std::collections::HashMap;

/// Length of a window in seconds.
const WINDOW: i64 = 300;

/// The rate limit of a user after a request, as the headers of the response report it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RateLimitStatus {
    pub(crate) limit: u32,
    pub(crate) remaining: u32,
    /// When the window ends, in seconds since the epoch.
    pub(crate) reset: i64,
    /// Whether this request exceeds the limit.
    pub(crate) exceeded: bool,
}

/// Counts the requests of every user.
#[derive(Debug)]
pub(crate) struct RateLimiter {
    limit: u32,
    windows: HashMap<String, (i64, u32)>,
}

impl RateLimiter {
    pub(crate) fn new(limit: u32) -> Self {
        Self { limit, windows: HashMap::new() }
    }

    /// The rate limit of a user, without counting a request.
    pub(crate) fn peek(&self, user: &str, now: i64) -> RateLimitStatus {
        let window = self.windows.get(user).filter(|window| now < window.0);
        let (reset, taken) = window.copied().unwrap_or((now + WINDOW, 0));
        RateLimitStatus { limit: self.limit, remaining: self.limit - taken, reset, exceeded: false }
    }

    /// Counts one request. The first request after the end of a window begins the next.
    pub(crate) fn take(&mut self, user: &str, now: i64) -> RateLimitStatus {
        let window = self.windows.entry(user.to_owned()).or_insert((now + WINDOW, 0));
        if now >= window.0 {
            *window = (now + WINDOW, 0);
        }
        let exceeded = window.1 >= self.limit;
        if !exceeded {
            window.1 += 1;
        }
        RateLimitStatus { limit: self.limit, remaining: self.limit - window.1, reset: window.0, exceeded }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_limit_window_resets() {
        let mut limiter = RateLimiter::new(2);
        let standing = |remaining, reset, exceeded| RateLimitStatus { limit: 2, remaining, reset, exceeded };
        assert_eq!(limiter.take("a", 1000), standing(1, 1300, false));
        assert_eq!(limiter.take("a", 1200), standing(0, 1300, false));
        assert_eq!(limiter.take("a", 1299), standing(0, 1300, true));
        assert_eq!(limiter.take("b", 1299), standing(1, 1599, false));
        assert_eq!(limiter.take("a", 1300), standing(1, 1600, false));
    }
}
