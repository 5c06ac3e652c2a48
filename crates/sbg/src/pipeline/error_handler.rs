//! Error handlers: they look at an answer and decide whether it stands, is waited out, or is replaced.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use sbg_raw::Operation;

use super::response::Answer;

/// Attempts after which handlers are not asked any more to repeat a call, whatever they are.
const MOST_ATTEMPTS: u32 = 1_000;
/// Time after which handlers are not asked any more to repeat a call. Longer than any maintenance.
const LONGEST_CALL: Duration = Duration::from_secs(24 * 60 * 60);
/// Longest single wait that a handler gets.
const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);

/// How far a call has come when a handler or the retry rules are asked.
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
    /// The operation that is called.
    pub operation: &'static Operation,
    /// Number of this attempt, from 1.
    pub number: u32,
    /// Time since the call began.
    pub elapsed: Duration,
}

/// What a handler makes of an answer.
///
/// ```
/// use std::time::Duration;
///
/// use sbg::pipeline::Decision;
///
/// let shown = match Decision::RetryAfter(Duration::from_secs(60)) {
///     Decision::Pass => "as it is".to_owned(),
///     Decision::RetryAfter(wait) => format!("once more after {wait:?}"),
///     Decision::Replace(answer) => format!("{} in its place", answer.status()),
///     _ => "something else".to_owned(),
/// };
/// assert_eq!(shown, "once more after 60s");
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Decision {
    /// The answer stands, as far as this handler is concerned.
    Pass,
    /// Send the call again after this time, of which at most an hour is waited. The handlers after this one are not asked.
    RetryAfter(Duration),
    /// Take this answer in its place; the handlers after this one see it.
    Replace(Answer),
}

/// Looks at every answer of the API, successes included, in the order in which the handlers were added.
///
/// A handler is asked again for the answer to a repeated call; it bounds itself by [`Attempt::number`] and [`Attempt::elapsed`]. One
/// that never gives in is overruled after 1000 attempts or 24 hours, and the answer stands.
///
/// It is called between two attempts, on the threads of the runtime, and must not block. Dropping the call ends the wait.
///
/// ```
/// use std::time::Duration;
///
/// use sbg::pipeline::{Answer, Attempt, Decision, ErrorHandler};
///
/// /// Reads again what a proxy of the lab answers with 509 now and then.
/// #[derive(Debug)]
/// struct LabProxy;
///
/// impl ErrorHandler for LabProxy {
///     fn handle(&self, answer: &Answer, attempt: &Attempt) -> Decision {
///         if answer.status() == 509 && attempt.operation.idempotent && attempt.number < 5 {
///             return Decision::RetryAfter(Duration::from_secs(10));
///         }
///         Decision::Pass
///     }
/// }
///
/// let client = sbg::Client::builder().error_handler(LabProxy);
/// ```
pub trait ErrorHandler: fmt::Debug + Send + Sync {
    /// Name by which the handler is removed or replaced, and called in logs; that of the type by default.
    ///
    /// ```
    /// use sbg::pipeline::{ErrorHandler, RateLimitSleeper};
    ///
    /// assert_eq!(RateLimitSleeper::default().name(), "RateLimitSleeper");
    /// ```
    fn name(&self) -> &str {
        // Parameters of the type have paths of their own.
        let path = std::any::type_name::<Self>();
        let path = path.split('<').next().unwrap_or(path);
        path.rsplit("::").next().unwrap_or(path)
    }

    /// What to make of `answer`.
    ///
    /// ```
    /// use sbg::pipeline::{Answer, Attempt, Decision, ErrorHandler};
    ///
    /// #[derive(Debug)]
    /// struct Log;
    ///
    /// impl ErrorHandler for Log {
    ///     fn handle(&self, answer: &Answer, attempt: &Attempt) -> Decision {
    ///         println!("{} {}: {}", attempt.operation.id, attempt.number, answer.status());
    ///         Decision::Pass
    ///     }
    /// }
    /// ```
    fn handle(&self, answer: &Answer, attempt: &Attempt) -> Decision;
}

/// The error handlers of a client, in the order in which they are asked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Handlers(pub(super) Vec<Arc<dyn ErrorHandler>>);

impl Handlers {
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
        let overruled = attempt.number >= MOST_ATTEMPTS || attempt.elapsed >= LONGEST_CALL;
        for handler in &self.0 {
            match handler.handle(&answer, attempt) {
                Decision::RetryAfter(wait) if !overruled => {
                    return (answer, Some((wait.min(LONGEST_WAIT), handler.name())));
                }
                Decision::Pass | Decision::RetryAfter(_) => {}
                Decision::Replace(other) => answer = other,
            }
        }
        (answer, None)
    }
}

/// Why and how long a call waits, for whoever wants to show it.
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
    /// What makes it wait: the name of an error handler, `retry`, or `rate limit`.
    pub reason: String,
    /// How long.
    pub wait: Duration,
    /// Attempts that were made so far; 0 when the call waits for the rate limit before it is first sent.
    pub attempts: u32,
}

impl Waiting {
    /// The reason of a wait that the retry rules make.
    pub(super) const RETRY: &'static str = "retry";
    /// The reason of a wait for the next window of the rate limit.
    pub(super) const RATE_LIMIT: &'static str = "rate limit";
}

/// Told of every wait of a call.
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
            fn handle(&self, _: &Answer, _: &Attempt) -> Decision {
                Decision::Pass
            }
        }
        assert_eq!(RateLimitSleeper::default().name(), "RateLimitSleeper");
        assert_eq!(Wrapper(RateLimitSleeper::default()).name(), "Wrapper");
    }

    /// Never gives in.
    #[derive(Debug)]
    struct Stubborn;

    impl ErrorHandler for Stubborn {
        fn handle(&self, _: &Answer, _: &Attempt) -> Decision {
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
