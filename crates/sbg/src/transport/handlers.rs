//! Error handlers: they look at an answer and decide whether it stands, is waited out, or is replaced.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sbg_raw::Operation;

use super::answer::Answer;

/// How far a call has come when a handler or the retry rules are asked.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Attempt {
    /// The operation that is called.
    pub operation: &'static Operation,
    /// Number of this attempt, from 1.
    pub number: u32,
    /// Time since the call began.
    pub elapsed: Duration,
}

/// What a handler makes of an answer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Decision {
    /// The answer stands, as far as this handler is concerned.
    Pass,
    /// Send the call again after this time.
    RetryAfter(Duration),
    /// Take this answer in its place; the handlers after this one see it.
    Replace(Answer),
}

/// Looks at every answer of the API, successes included, in the order in which the handlers were added.
///
/// A handler is asked again for the answer to a repeated call, so one that always retries never ends; bound it by
/// [`Attempt::number`] or [`Attempt::elapsed`].
pub trait ErrorHandler: fmt::Debug + Send + Sync {
    /// Name by which the handler is removed or replaced, and called in logs; that of the type by default.
    fn name(&self) -> &str {
        let path = std::any::type_name::<Self>();
        path.rsplit("::").next().unwrap_or(path)
    }

    /// What to make of `answer`.
    fn handle(&self, answer: &Answer, attempt: &Attempt) -> Decision;
}

/// The error handlers of a client, in the order in which they are asked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Handlers(Vec<Arc<dyn ErrorHandler>>);

impl Handlers {
    /// The handlers that a client has unless it is told otherwise.
    pub(crate) fn shipped() -> Self {
        Self(vec![Arc::new(RateLimitSleeper::default()), Arc::new(MaintenanceSleeper::default())])
    }

    /// Puts `handler` in the place of the one of the same name, or behind all others.
    pub(crate) fn add(&mut self, handler: Arc<dyn ErrorHandler>) {
        match self.0.iter_mut().find(|present| present.name() == handler.name()) {
            Some(present) => *present = handler,
            None => self.0.push(handler),
        }
    }

    /// Removes the handler of this name, and tells whether there was one.
    pub(crate) fn remove(&mut self, name: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|handler| handler.name() != name);
        self.0.len() < before
    }

    /// Asks the handlers in order. The first one that wants to wait decides, and is named.
    pub(super) fn consult(
        &self,
        mut answer: Answer,
        attempt: &Attempt,
    ) -> (Answer, Option<(Duration, &str)>) {
        for handler in &self.0 {
            match handler.handle(&answer, attempt) {
                Decision::Pass => {}
                Decision::RetryAfter(wait) => return (answer, Some((wait, handler.name()))),
                Decision::Replace(other) => answer = other,
            }
        }
        (answer, None)
    }
}

/// Why and how long a call waits, for whoever wants to show it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Waiting {
    /// Operation id of the call.
    pub operation: &'static str,
    /// What makes it wait: the name of an error handler, or `retry`.
    pub reason: String,
    /// How long.
    pub wait: Duration,
    /// Attempts that were made so far.
    pub attempts: u32,
}

/// Told of every wait between two attempts of a call.
#[derive(Clone)]
pub(crate) struct OnWait(pub(crate) Arc<dyn Fn(&Waiting) + Send + Sync>);

impl fmt::Debug for OnWait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OnWait")
    }
}

/// Waits out the rate limit: on a 429 until the time that `X-RateLimit-Reset` gives.
///
/// Where the header is missing, malformed or in the past, the waits grow from 1 s to 60 s; one that is further away than a window
/// lasts is cut to `longest`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RateLimitSleeper {
    /// Longest single wait; 330 s by default, a window and a bit.
    pub longest: Duration,
    /// Most waits in one call; 5 by default.
    pub attempts: u32,
}

impl Default for RateLimitSleeper {
    fn default() -> Self {
        Self { longest: Duration::from_secs(330), attempts: 5 }
    }
}

impl RateLimitSleeper {
    fn wait(&self, answer: &Answer, attempt: &Attempt, now: Duration) -> Duration {
        let reset = answer
            .headers()
            .get("x-ratelimit-reset")
            .and_then(|value| value.to_str().ok()?.trim().parse().ok());
        match reset.map(|reset| Duration::from_secs(reset).saturating_sub(now)) {
            // The clocks of both sides differ by a little: a second more is cheaper than another 429.
            Some(left) if !left.is_zero() => (left + Duration::from_secs(1)).min(self.longest),
            _ => Duration::from_secs(1 << attempt.number.min(6)).min(Duration::from_secs(60)),
        }
    }
}

impl ErrorHandler for RateLimitSleeper {
    fn handle(&self, answer: &Answer, attempt: &Attempt) -> Decision {
        if answer.status() != 429 || attempt.number > self.attempts {
            return Decision::Pass;
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Decision::RetryAfter(self.wait(answer, attempt, now))
    }
}

/// Waits while the platform is under maintenance: on a 503 with error code 0.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct MaintenanceSleeper {
    /// Time between two attempts; 60 s by default.
    pub pause: Duration,
    /// Longest time to wait in all; 2 h by default.
    pub longest: Duration,
}

impl Default for MaintenanceSleeper {
    fn default() -> Self {
        Self { pause: Duration::from_secs(60), longest: Duration::from_secs(2 * 60 * 60) }
    }
}

impl ErrorHandler for MaintenanceSleeper {
    fn handle(&self, answer: &Answer, attempt: &Attempt) -> Decision {
        let maintenance = answer.status() == 503 && answer.code() == Some(0);
        if maintenance && attempt.elapsed < self.longest {
            Decision::RetryAfter(self.pause)
        } else {
            Decision::Pass
        }
    }
}

/// Waits on every answer of 500 and above, whatever the operation: to be added only where doing a thing twice does no harm.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct GeneralErrorSleeper {
    /// Time between two attempts; 60 s by default.
    pub pause: Duration,
    /// Most waits in one call; 10 by default.
    pub attempts: u32,
}

impl Default for GeneralErrorSleeper {
    fn default() -> Self {
        Self { pause: Duration::from_secs(60), attempts: 10 }
    }
}

impl ErrorHandler for GeneralErrorSleeper {
    fn handle(&self, answer: &Answer, attempt: &Attempt) -> Decision {
        if answer.status() >= 500 && attempt.number <= self.attempts {
            Decision::RetryAfter(self.pause)
        } else {
            Decision::Pass
        }
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, StatusCode};

    use super::*;

    fn attempt(number: u32) -> Attempt {
        Attempt { operation: Operation::find("project_get").unwrap(), number, elapsed: Duration::ZERO }
    }

    fn limited(reset: Option<&str>) -> Answer {
        let mut headers = HeaderMap::new();
        if let Some(reset) = reset {
            headers.insert("x-ratelimit-reset", reset.parse().unwrap());
        }
        Answer::new(StatusCode::TOO_MANY_REQUESTS, headers, "")
    }

    #[test]
    fn the_wait_follows_the_reset_time_and_survives_nonsense() {
        let check = |reset: Option<&str>, number: u32, seconds: u64| {
            let wait = RateLimitSleeper::default().wait(
                &limited(reset),
                &attempt(number),
                Duration::from_secs(1_000),
            );
            assert_eq!(wait, Duration::from_secs(seconds), "{reset:?} {number}");
        };
        check(Some("1100"), 1, 101);
        check(Some("99999999999"), 1, 330);
        check(Some("900"), 1, 2);
        check(Some("soon"), 2, 4);
        check(Some("-1"), 9, 60);
        check(None, 3, 8);
    }

    #[test]
    fn a_handler_of_the_same_name_takes_the_place() {
        let mut handlers = Handlers::shipped();
        handlers.add(Arc::new(MaintenanceSleeper { pause: Duration::ZERO, longest: Duration::ZERO }));
        assert_eq!(handlers.0.len(), 2);
        assert!(handlers.remove("RateLimitSleeper"));
        assert!(!handlers.remove("RateLimitSleeper"));
        let (_, wait) = handlers.consult(limited(None), &attempt(1));
        assert_eq!(wait, None);
    }

    #[test]
    fn maintenance_is_a_503_with_code_0_alone() {
        let check = |status: u16, body: &str, waits: bool| {
            let answer =
                Answer::new(StatusCode::from_u16(status).unwrap(), HeaderMap::new(), body.to_owned());
            let decision = MaintenanceSleeper::default().handle(&answer, &attempt(1));
            assert_eq!(matches!(decision, Decision::RetryAfter(_)), waits, "{status} {body}");
        };
        check(503, r#"{"code": 0}"#, true);
        check(503, r#"{"code": 5000}"#, false);
        check(503, "<html>", false);
        check(500, r#"{"code": 0}"#, false);
    }
}
