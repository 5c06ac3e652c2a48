//! Whether a call that failed is sent again, and after which time. Pure: time and chance are passed in.

use std::time::Duration;

use super::answer::Answer;
use super::handlers::Attempt;
use super::send::Failure;

/// Bounds of the retries of a call.
///
/// Retried are calls that never left, whatever the operation, and calls that failed on the way or were answered with 502 or 504,
/// where the operation is idempotent. A call that may have been carried out is never sent a second time otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// Most attempts, the first one included; 5 by default. 1 switches retries off.
    pub attempts: u32,
    /// Wait before the second attempt, doubled for each one after it; 0.25 s by default.
    pub first_wait: Duration,
    /// Longest wait; 15 s by default.
    pub longest_wait: Duration,
    /// Time after which no further attempt is made; 2 min by default.
    pub elapsed: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 5,
            first_wait: Duration::from_millis(250),
            longest_wait: Duration::from_secs(15),
            elapsed: Duration::from_secs(120),
        }
    }
}

impl RetryPolicy {
    pub(super) fn after_failure(&self, failure: &Failure, attempt: &Attempt) -> Option<Duration> {
        if failure.never_left || (attempt.operation.idempotent && failure.is_transient()) {
            self.wait(attempt)
        } else {
            None
        }
    }

    pub(super) fn after_answer(&self, answer: &Answer, attempt: &Attempt) -> Option<Duration> {
        let gateway = matches!(answer.status(), 502 | 504);
        if gateway && attempt.operation.idempotent { self.wait(attempt) } else { None }
    }

    fn wait(&self, attempt: &Attempt) -> Option<Duration> {
        if attempt.number >= self.attempts || attempt.elapsed >= self.elapsed {
            return None;
        }
        Some(jittered(self.first_wait, self.longest_wait, attempt.number, fastrand::f64()))
    }
}

/// The wait after failure `number` (from 1): doubled each time, at most `longest`, and somewhere in the upper half of that, so that
/// callers who failed together do not come back together. `chance` is in `0.0..1.0`.
pub(crate) fn jittered(first: Duration, longest: Duration, number: u32, chance: f64) -> Duration {
    let doubled = first.saturating_mul(1_u32.checked_shl(number.saturating_sub(1)).unwrap_or(u32::MAX));
    doubled.min(longest).mul_f64(0.5 + chance / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_the_longest_one_and_are_spread() {
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
}
