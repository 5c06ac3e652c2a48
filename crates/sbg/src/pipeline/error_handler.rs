//! Error handlers inspect a response and decide whether to keep it, retry after a wait, or replace it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use sbg_raw::Operation;

use super::response::Response;

/// After this many attempts handlers can no longer repeat a call.
const MOST_ATTEMPTS: u32 = 1_000;
/// After this time handlers can no longer repeat a call. Longer than any maintenance.
const LONGEST_CALL: Duration = Duration::from_secs(24 * 60 * 60);
/// Longest single wait of a handler.
const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);

/// Progress of a call when a handler or the retry policy is consulted.
///
/// ```
/// use std::time::Duration;
///
/// use sbg::pipeline::{Attempt, Decision};
///
/// fn hourly_for_a_day(attempt: &Attempt) -> Decision {
///     let hour = Duration::from_secs(60 * 60);
///     if attempt.elapsed < 24 * hour { Decision::RetryAfter(hour) } else { Decision::Pass }
/// }
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Attempt {
    /// The operation of the call.
    pub operation: &'static Operation,
    /// Number of this attempt, from 1.
    pub number: u32,
    /// Time since the start of the call.
    pub elapsed: Duration,
}

/// The decision of a handler about a response.
///
/// ```
/// use std::time::Duration;
///
/// use sbg::pipeline::Decision;
///
/// let shown = match Decision::RetryAfter(Duration::from_secs(60)) {
///     Decision::Pass => "as it is".to_owned(),
///     Decision::RetryAfter(wait) => format!("once more after {wait:?}"),
///     Decision::Replace(response) => format!("{} in its place", response.status()),
///     _ => "something else".to_owned(),
/// };
/// assert_eq!(shown, "once more after 60s");
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Decision {
    /// Keep the response, as far as this handler is concerned.
    Pass,
    /// Send the call again after this time, capped at one hour. The handlers after this one are not consulted.
    RetryAfter(Duration),
    /// Replace the response by this one; the handlers after this one see it.
    Replace(Response),
}

/// Sees every response of the API, successes included, in the order in which the handlers were added.
///
/// A handler sees the response of each repeated call; it sets its own limits with [`Attempt::number`] and [`Attempt::elapsed`]. After
/// 1000 attempts or 24 hours the pipeline stops repeating the call and keeps the response, whatever the handler says.
///
/// It runs between two attempts, on the threads of the runtime, and must not block. Dropping the call ends the wait.
///
/// ```
/// use std::time::Duration;
///
/// use sbg::pipeline::{Response, Attempt, Decision, ErrorHandler};
///
/// /// Reads again what a proxy of the lab responses with 509 now and then.
/// #[derive(Debug)]
/// struct LabProxy;
///
/// impl ErrorHandler for LabProxy {
///     fn handle(&self, response: &Response, attempt: &Attempt) -> Decision {
///         if response.status() == 509 && attempt.operation.idempotent && attempt.number < 5 {
///             return Decision::RetryAfter(Duration::from_secs(10));
///         }
///         Decision::Pass
///     }
/// }
///
/// let client = sbg::Client::builder().error_handler(LabProxy);
/// ```
pub trait ErrorHandler: fmt::Debug + Send + Sync {
    /// Name for logs and for replacing or removing the handler; the name of its type by default.
    ///
    /// ```
    /// use sbg::pipeline::{ErrorHandler, RateLimitSleeper};
    ///
    /// assert_eq!(RateLimitSleeper::default().name(), "RateLimitSleeper");
    /// ```
    fn name(&self) -> &str {
        // Type parameters have paths of their own.
        let path = std::any::type_name::<Self>();
        let path = path.split('<').next().unwrap_or(path);
        path.rsplit("::").next().unwrap_or(path)
    }

    /// Decides about `response`.
    ///
    /// ```
    /// use sbg::pipeline::{Response, Attempt, Decision, ErrorHandler};
    ///
    /// #[derive(Debug)]
    /// struct Log;
    ///
    /// impl ErrorHandler for Log {
    ///     fn handle(&self, response: &Response, attempt: &Attempt) -> Decision {
    ///         println!("{} {}: {}", attempt.operation.id, attempt.number, response.status());
    ///         Decision::Pass
    ///     }
    /// }
    /// ```
    fn handle(&self, response: &Response, attempt: &Attempt) -> Decision;
}

/// The error handlers of a client, in the order in which they are consulted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Handlers(pub(super) Vec<Arc<dyn ErrorHandler>>);

impl Handlers {
    /// Replaces the handler of the same name by `handler`, or appends it.
    pub(crate) fn add(&mut self, handler: Arc<dyn ErrorHandler>) {
        match self.0.iter_mut().find(|present| present.name() == handler.name()) {
            Some(present) => *present = handler,
            None => self.0.push(handler),
        }
    }

    /// Removes the handler of this name; returns whether there was one.
    pub(crate) fn remove(&mut self, name: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|handler| handler.name() != name);
        self.0.len() < before
    }

    /// Consults the handlers in order. The first one that wants to wait decides; its name is returned.
    pub(super) fn consult(
        &self,
        mut response: Response,
        attempt: &Attempt,
    ) -> (Response, Option<(Duration, &str)>) {
        let overruled = attempt.number >= MOST_ATTEMPTS || attempt.elapsed >= LONGEST_CALL;
        for handler in &self.0 {
            match handler.handle(&response, attempt) {
                Decision::RetryAfter(wait) if !overruled => {
                    return (response, Some((wait.min(LONGEST_WAIT), handler.name())));
                }
                Decision::Pass | Decision::RetryAfter(_) => {}
                Decision::Replace(other) => response = other,
            }
        }
        (response, None)
    }
}

/// Why and how long a call waits, for progress output.
///
/// ```
/// use sbg::pipeline::Waiting;
///
/// let client = sbg::Client::builder().on_wait(|waiting: &Waiting| {
///     eprintln!("{} waits {:?} ({})", waiting.operation, waiting.wait, waiting.reason);
/// });
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Waiting {
    /// Operation id of the call.
    pub operation: &'static str,
    /// The cause of the wait: the name of an error handler, `retry`, or `rate limit`.
    pub reason: String,
    /// The length of the wait.
    pub wait: Duration,
    /// Attempts made so far; 0 when the call waits for the rate limit before it is first sent.
    pub attempts: u32,
}

impl Waiting {
    /// The reason of a wait of the retry policy.
    pub(super) const RETRY: &'static str = "retry";
    /// The reason of a wait for the next window of the rate limit.
    pub(super) const RATE_LIMIT: &'static str = "rate limit";
}

/// Called before every wait of a call.
#[derive(Clone)]
pub(crate) struct OnWait(pub(crate) Arc<dyn Fn(&Waiting) + Send + Sync>);

impl fmt::Debug for OnWait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OnWait")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::sleepers::tests::{attempt, limited};
    use crate::pipeline::sleepers::{MaintenanceSleeper, RateLimitSleeper};

    #[test]
    fn handler_is_named_after_its_type() {
        #[derive(Debug)]
        struct Wrapper<T>(T);
        impl<T: fmt::Debug + Send + Sync> ErrorHandler for Wrapper<T> {
            fn handle(&self, _: &Response, _: &Attempt) -> Decision {
                Decision::Pass
            }
        }
        assert_eq!(RateLimitSleeper::default().name(), "RateLimitSleeper");
        assert_eq!(Wrapper(RateLimitSleeper::default()).name(), "Wrapper");
    }

    /// Always asks to retry.
    #[derive(Debug)]
    struct Stubborn;

    impl ErrorHandler for Stubborn {
        fn handle(&self, _: &Response, _: &Attempt) -> Decision {
            Decision::RetryAfter(Duration::MAX)
        }
    }

    #[test]
    fn endless_handler_is_overruled() {
        let handlers = Handlers(vec![Arc::new(Stubborn)]);
        let wait = |number: u32, elapsed: Duration| {
            let attempt = Attempt { elapsed, ..attempt(number) };
            handlers.consult(limited(None), &attempt).1.map(|(wait, _)| wait)
        };
        assert_eq!(wait(999, Duration::ZERO), Some(LONGEST_WAIT));
        assert_eq!(wait(1_000, Duration::ZERO), None);
        assert_eq!(wait(1, LONGEST_CALL), None);
    }

    #[test]
    fn handler_of_the_same_name_is_replaced() {
        let mut handlers = Handlers::shipped();
        handlers.add(Arc::new(MaintenanceSleeper::default().interval(Duration::ZERO)));
        assert_eq!(handlers.0.len(), 2);
        assert!(handlers.remove("RateLimitSleeper"));
        assert!(!handlers.remove("RateLimitSleeper"));
        let (_, wait) = handlers.consult(limited(None), &attempt(1));
        assert_eq!(wait, None);
    }
}
