//! What is done after a request to the storage, or a call for an address, has failed.

use std::time::Duration;

use super::concurrency::Limiter;
use super::storage::{Refusal, Remedy, StorageError};
use crate::error::{Error, Result};
use crate::pipeline::jittered;
use crate::transfer::progress::Counters;

/// Failures in a row, without a byte of progress, after which a part is given up, unless there is an outage.
const MOST_FAILURES: u32 = 10;

/// Time without a byte of the whole transfer for which an outage is waited out in any case, where something has moved before it.
const OUTAGE: Duration = Duration::from_secs(300);

/// Failures in a row, without a byte in between.
#[derive(Debug, Default)]
pub(in crate::transfer) struct Retry {
    failures: u32,
    /// Whether the URL was renewed since the last byte: a fresh one that is refused again is refused for good.
    renewed: bool,
    /// The latest response that was not what was asked for: the same one again will not become another.
    unexpected: Option<String>,
}

/// What to do before the next attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::transfer) enum Then {
    Again,
    /// The URL is to be renewed.
    Renew,
}

impl Retry {
    /// Waits before the next attempt at a request to the storage, or ends with the error. `old_url` tells whether the URL is of an age at
    /// which it may have expired.
    pub(in crate::transfer) async fn after(
        &mut self,
        failure: StorageError,
        old_url: bool,
        limiter: &Limiter,
        counters: &Counters,
    ) -> Result<Then> {
        self.failures += 1;
        match failure {
            StorageError::Fatal(error) => Err(self.last(error)),
            StorageError::Refused(error, retry_after) => {
                let refusal = Refusal {
                    status: error.status().unwrap_or_default(),
                    code: error.storage_code(),
                    old_url,
                };
                match refusal.remedy() {
                    Remedy::Renew => self.bounded(error, counters.since_gain()).map(|_| Then::Renew),
                    Remedy::RenewOnce if !std::mem::replace(&mut self.renewed, true) => Ok(Then::Renew),
                    Remedy::RenewOnce | Remedy::Nothing => Err(self.last(error)),
                    Remedy::Repeat => self.wait(error, counters.since_gain(), retry_after).await,
                    Remedy::SlowDown => {
                        limiter.overloaded();
                        self.wait(error, counters.since_gain(), retry_after).await
                    }
                }
            }
            StorageError::Unexpected(error) => {
                let text = error.to_string();
                if self.unexpected.as_ref() == Some(&text) {
                    return Err(self.last(error));
                }
                self.unexpected = Some(text);
                self.wait(error, None, None).await
            }
            StorageError::Retryable(error) => self.wait(error, counters.since_gain(), None).await,
            StorageError::Overloaded(error) => {
                limiter.overloaded();
                self.wait(error, counters.since_gain(), None).await
            }
        }
    }

    /// Waits before the next attempt at a call of the API, or ends with the error: an outage of the API is no other than one of the storage.
    pub(in crate::transfer) async fn after_call(&mut self, error: Error, counters: &Counters) -> Result<()> {
        self.failures += 1;
        let barren = counters.since_gain();
        // What answers from the first call on may not be the platform at all, and will not become it.
        let elsewhere = barren.is_none() && error.status().is_some() && !error.is_refused();
        if error.is_transient() && !elsewhere {
            self.wait(error, barren, None).await.map(drop)
        } else {
            Err(error)
        }
    }

    /// Waits, at least for the time that the storage has asked for.
    async fn wait(
        &self,
        error: Error,
        barren: Option<Duration>,
        retry_after: Option<Duration>,
    ) -> Result<Then> {
        let error = self.bounded(error, barren)?;
        let (first, longest) = (Duration::from_millis(100), Duration::from_secs(15));
        let wait = jittered(first, longest, self.failures, fastrand::f64());
        let wait = wait.max(retry_after.unwrap_or_default());
        tracing::debug!(%error, failures = self.failures, ?wait, "a request is repeated");
        tokio::time::sleep(wait).await;
        Ok(Then::Again)
    }

    /// Gives the error back unless it is the last one: after so many failures, or after so much time in which nothing was gained.
    fn bounded(&self, error: Error, barren: Option<Duration>) -> Result<Error> {
        if self.failures > MOST_FAILURES && barren.is_none_or(|barren| barren >= OUTAGE) {
            return Err(self.last(error));
        }
        Ok(error)
    }

    /// The error that ends it all, with the number of requests that led to it.
    fn last(&self, error: Error) -> Error {
        error.with_attempts(self.failures)
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;
    use crate::error::ErrorKind;
    use crate::transfer::engine::concurrency::Direction;

    fn error() -> Error {
        Error::new(ErrorKind::Timeout, "nothing came")
    }

    #[tokio::test(start_paused = true)]
    async fn an_outage_is_waited_out_for_five_minutes_and_no_longer() {
        let (counters, mut retry) = (Counters::new(), Retry::default());
        counters.gain();
        let began = Instant::now();
        let error = loop {
            if let Err(error) = retry.after_call(error(), &counters).await {
                break error;
            }
        };
        let took = began.elapsed();
        assert!((OUTAGE..OUTAGE + Duration::from_secs(20)).contains(&took), "{took:?}");
        assert!(error.attempts() > MOST_FAILURES);
    }

    #[tokio::test(start_paused = true)]
    async fn a_part_that_fails_is_not_given_up_while_others_move() {
        let (counters, mut retry) = (Counters::new(), Retry::default());
        for _ in 0..100 {
            counters.gain();
            assert!(retry.after_call(error(), &counters).await.is_ok());
        }
    }

    fn limiter() -> std::sync::Arc<Limiter> {
        Limiter::new(Direction::Down)
    }

    #[tokio::test(start_paused = true)]
    async fn same_unexpected_response_twice_is_final() {
        let (counters, limiter, mut retry) = (Counters::new(), limiter(), Retry::default());
        let unexpected = |what: &str| StorageError::Unexpected(Error::new(ErrorKind::Storage, what));
        for what in ["one", "another", "one"] {
            let then = retry.after(unexpected(what), false, &limiter, &counters).await;
            assert_eq!(then.unwrap(), Then::Again, "{what}");
        }
        let error = retry.after(unexpected("one"), false, &limiter, &counters).await.unwrap_err();
        assert_eq!(error.attempts(), 4);
    }

    #[tokio::test(start_paused = true)]
    async fn responses_that_are_never_right_are_bounded() {
        let (counters, limiter, mut retry) = (Counters::new(), limiter(), Retry::default());
        counters.gain();
        let mut count = 0;
        let wrong = |count: u32| StorageError::Unexpected(Error::new(ErrorKind::Storage, count.to_string()));
        while retry.after(wrong(count), false, &limiter, &counters).await.is_ok() {
            count += 1;
        }
        assert_eq!(count, MOST_FAILURES);
    }

    #[tokio::test(start_paused = true)]
    async fn retry_after_of_the_storage_is_obeyed() {
        let (counters, limiter, mut retry) = (Counters::new(), limiter(), Retry::default());
        let began = Instant::now();
        let refused = StorageError::Refused(error().with_status(503), Some(Duration::from_secs(40)));
        assert_eq!(retry.after(refused, false, &limiter, &counters).await.unwrap(), Then::Again);
        assert_eq!(began.elapsed(), Duration::from_secs(40));
    }

    #[tokio::test(start_paused = true)]
    async fn final_refusals_are_not_repeated() {
        let refused = StorageError::Refused(error().with_status(404), None);
        let ended = Retry::default().after(refused, true, &limiter(), &Counters::new()).await;
        assert_eq!(ended.unwrap_err().attempts(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_long_pause_a_first_failure_is_not_the_last() {
        let (counters, mut retry) = (Counters::new(), Retry::default());
        counters.gain();
        tokio::time::advance(10 * OUTAGE).await;
        for _ in 0..MOST_FAILURES {
            assert!(retry.after_call(error(), &counters).await.is_ok());
        }
        assert!(retry.after_call(error(), &counters).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_fresh_address_is_refused_for_good_the_second_time_and_an_old_one_is_renewed() {
        let (counters, limiter, mut retry) = (Counters::new(), limiter(), Retry::default());
        let refused = || StorageError::Refused(error().with_status(403), None);
        for _ in 0..5 {
            assert_eq!(retry.after(refused(), true, &limiter, &counters).await.unwrap(), Then::Renew);
        }
        assert_eq!(retry.after(refused(), false, &limiter, &counters).await.unwrap(), Then::Renew);
        assert_eq!(retry.after(refused(), true, &limiter, &counters).await.unwrap(), Then::Renew);
        assert!(retry.after(refused(), false, &limiter, &counters).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_platform_that_was_never_reached_is_no_outage() {
        let (counters, mut retry) = (Counters::new(), Retry::default());
        for _ in 0..MOST_FAILURES {
            assert!(retry.after_call(error(), &counters).await.is_ok());
        }
        assert!(retry.after_call(error(), &counters).await.is_err());

        let html = || Error::unexplained(502, "HTML");
        assert!(
            Retry::default().after_call(html(), &counters).await.is_err(),
            "a proxy answers in its place"
        );
        counters.gain();
        assert!(Retry::default().after_call(html(), &counters).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_is_refused_is_not_repeated() {
        let refused = Error::refused(403, None, "no");
        assert!(Retry::default().after_call(refused, &Counters::new()).await.is_err());
    }
}
