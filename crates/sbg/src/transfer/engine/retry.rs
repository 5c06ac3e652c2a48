//! Decides what follows a failed request to the storage, or a failed call for a URL.

use std::time::Duration;

use super::concurrency::Limiter;
use super::storage::{Refusal, Remedy, StorageError};
use crate::error::{Error, Result};
use crate::pipeline::jittered;
use crate::transfer::progress::Counters;

/// Consecutive failures without progress after which a part fails, unless there is an outage.
const MOST_FAILURES: u32 = 10;

/// Time without progress of the whole transfer during which failures are retried, if it has made progress before.
const OUTAGE: Duration = Duration::from_secs(300);

/// Consecutive failures without progress.
#[derive(Debug, Default)]
pub(in crate::transfer) struct Retry {
    failures: u32,
    /// Whether the URL was renewed since the last progress. If a fresh URL is refused, the refusal is final.
    renewed: bool,
    /// The latest unexpected response. If it repeats, it is final.
    unexpected: Option<String>,
}

/// What to do before the next attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::transfer) enum RetryAction {
    Again,
    /// Renew the URL first.
    Renew,
}

impl Retry {
    /// Waits before the next attempt at a request to the storage, or returns the final error. `old_url` is whether the URL may have
    /// expired.
    pub(in crate::transfer) async fn after(
        &mut self,
        failure: StorageError,
        old_url: bool,
        limiter: &Limiter,
        counters: &Counters,
    ) -> Result<RetryAction> {
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
                    Remedy::Renew => self.bounded(error, counters.since_gain()).map(|_| RetryAction::Renew),
                    Remedy::RenewOnce if !std::mem::replace(&mut self.renewed, true) => {
                        Ok(RetryAction::Renew)
                    }
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

    /// Waits before the next attempt at an API call, or returns the final error. Outages of the API are treated like those of the storage.
    pub(in crate::transfer) async fn after_call(&mut self, error: Error, counters: &Counters) -> Result<()> {
        self.failures += 1;
        let barren = counters.since_gain();
        // A server that responds wrongly from the first call on may not be the platform at all.
        let elsewhere = barren.is_none() && error.status().is_some() && !error.is_refused();
        if error.is_transient() && !elsewhere {
            self.wait(error, barren, None).await.map(drop)
        } else {
            Err(error)
        }
    }

    /// Waits for at least the `Retry-After` of the storage.
    async fn wait(
        &self,
        error: Error,
        barren: Option<Duration>,
        retry_after: Option<Duration>,
    ) -> Result<RetryAction> {
        let error = self.bounded(error, barren)?;
        let (first, longest) = (Duration::from_millis(100), Duration::from_secs(15));
        let wait = jittered(first, longest, self.failures, fastrand::f64());
        let wait = wait.max(retry_after.unwrap_or_default());
        tracing::debug!(%error, failures = self.failures, ?wait, "retrying a request");
        tokio::time::sleep(wait).await;
        Ok(RetryAction::Again)
    }

    /// Returns the error as `Ok` if another attempt may follow, and as `Err` after too many failures or too long without progress.
    fn bounded(&self, error: Error, barren: Option<Duration>) -> Result<Error> {
        if self.failures > MOST_FAILURES && barren.is_none_or(|barren| barren >= OUTAGE) {
            return Err(self.last(error));
        }
        Ok(error)
    }

    /// The final error, with the number of requests.
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
    async fn outage_is_retried_for_five_minutes() {
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
    async fn part_is_retried_while_others_progress() {
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
            assert_eq!(then.unwrap(), RetryAction::Again, "{what}");
        }
        let error = retry.after(unexpected("one"), false, &limiter, &counters).await.unwrap_err();
        assert_eq!(error.attempts(), 4);
    }

    #[tokio::test(start_paused = true)]
    async fn unexpected_responses_are_bounded() {
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
    async fn storage_retry_after_is_obeyed() {
        let (counters, limiter, mut retry) = (Counters::new(), limiter(), Retry::default());
        let began = Instant::now();
        let refused = StorageError::Refused(error().with_status(503), Some(Duration::from_secs(40)));
        assert_eq!(retry.after(refused, false, &limiter, &counters).await.unwrap(), RetryAction::Again);
        assert_eq!(began.elapsed(), Duration::from_secs(40));
    }

    #[tokio::test(start_paused = true)]
    async fn final_refusals_are_not_retried() {
        let refused = StorageError::Refused(error().with_status(404), None);
        let ended = Retry::default().after(refused, true, &limiter(), &Counters::new()).await;
        assert_eq!(ended.unwrap_err().attempts(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn first_failure_after_a_pause_is_retried() {
        let (counters, mut retry) = (Counters::new(), Retry::default());
        counters.gain();
        tokio::time::advance(10 * OUTAGE).await;
        for _ in 0..MOST_FAILURES {
            assert!(retry.after_call(error(), &counters).await.is_ok());
        }
        assert!(retry.after_call(error(), &counters).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn fresh_url_is_renewed_once_and_old_url_always() {
        let (counters, limiter, mut retry) = (Counters::new(), limiter(), Retry::default());
        let refused = || StorageError::Refused(error().with_status(403), None);
        for _ in 0..5 {
            assert_eq!(retry.after(refused(), true, &limiter, &counters).await.unwrap(), RetryAction::Renew);
        }
        assert_eq!(retry.after(refused(), false, &limiter, &counters).await.unwrap(), RetryAction::Renew);
        assert_eq!(retry.after(refused(), true, &limiter, &counters).await.unwrap(), RetryAction::Renew);
        assert!(retry.after(refused(), false, &limiter, &counters).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn unreachable_platform_is_not_an_outage() {
        let (counters, mut retry) = (Counters::new(), Retry::default());
        for _ in 0..MOST_FAILURES {
            assert!(retry.after_call(error(), &counters).await.is_ok());
        }
        assert!(retry.after_call(error(), &counters).await.is_err());

        let html = || Error::unexplained(502, "HTML");
        assert!(
            Retry::default().after_call(html(), &counters).await.is_err(),
            "a proxy responded in its place"
        );
        counters.gain();
        assert!(Retry::default().after_call(html(), &counters).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn refused_call_is_not_retried() {
        let refused = Error::refused(403, None, "no");
        assert!(Retry::default().after_call(refused, &Counters::new()).await.is_err());
    }
}
