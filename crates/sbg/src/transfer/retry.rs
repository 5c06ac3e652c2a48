//! What is done after a request to the storage, or a call for an address, has failed.

use std::time::Duration;

use super::limiter::Limiter;
use super::progress::Counters;
use super::storage::StorageError;
use crate::error::{Error, ErrorKind, Result};
use crate::transport::jittered;

/// Failures in a row, without a byte of progress, after which a part is given up, unless there is an outage.
const MOST_FAILURES: u32 = 10;

/// Time without a byte of the whole transfer for which an outage is waited out in any case, where something has moved before it.
const OUTAGE: Duration = Duration::from_secs(300);

/// Failures in a row, without a byte in between.
#[derive(Debug, Default)]
pub(super) struct Retry {
    failures: u32,
    /// Whether the address was renewed since the last byte: a fresh one that is refused again is refused for good.
    renewed: bool,
}

/// What to do before the next attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    Again,
    /// The address is to be renewed.
    Renew,
}

impl Retry {
    /// Waits before the next attempt at a request to the storage, or gives up. `old` tells whether the address had lain about for a
    /// while before it was used, so that it may be refused for its age alone.
    pub(super) async fn after(
        &mut self,
        failure: StorageError,
        old: bool,
        limiter: &Limiter,
        counters: &Counters,
    ) -> Result<Then> {
        if matches!(failure, StorageError::Overloaded(_)) {
            limiter.overloaded();
        }
        match failure {
            StorageError::Fatal(error) => Err(error),
            StorageError::Rejected(error) if old => {
                self.count(error, counters.since_gain()).map(|_| Then::Renew)
            }
            StorageError::Rejected(error) if self.renewed => Err(error),
            StorageError::Rejected(_) => {
                self.renewed = true;
                Ok(Then::Renew)
            }
            StorageError::Unexpected(error) => self.wait(error, None).await.map(|()| Then::Again),
            StorageError::Retryable(error) | StorageError::Overloaded(error) => {
                self.wait(error, counters.since_gain()).await.map(|()| Then::Again)
            }
        }
    }

    /// Waits before the next attempt at a call of the API, or gives up: an outage of the API is no other than one of the storage.
    pub(super) async fn after_call(&mut self, error: Error, counters: &Counters) -> Result<()> {
        let barren = counters.since_gain();
        // What answers from the first call on may not be the platform at all, and will not become it.
        let elsewhere = barren.is_none() && error.kind() == ErrorKind::UnexpectedResponse;
        if error.is_transient() && !elsewhere { self.wait(error, barren).await } else { Err(error) }
    }

    async fn wait(&mut self, error: Error, barren: Option<Duration>) -> Result<()> {
        let error = self.count(error, barren)?;
        tracing::debug!(%error, failures = self.failures, "a request is repeated");
        let (first, longest) = (Duration::from_millis(100), Duration::from_secs(15));
        tokio::time::sleep(jittered(first, longest, self.failures, fastrand::f64())).await;
        Ok(())
    }

    /// Counts a failure after so much time in which nothing was gained. Gives it back unless it is the last one, or there is no outage.
    fn count(&mut self, error: Error, barren: Option<Duration>) -> Result<Error> {
        self.failures += 1;
        if self.failures > MOST_FAILURES && barren.is_none_or(|barren| barren >= OUTAGE) {
            return Err(error.with_attempts(self.failures));
        }
        Ok(error)
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;
    use crate::transfer::engine::Direction;

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

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_is_wrong_each_time_is_given_up_sooner_than_an_outage() {
        let (counters, limiter, mut retry) =
            (Counters::new(), Limiter::new(Direction::Down), Retry::default());
        for _ in 0..MOST_FAILURES {
            assert_eq!(
                retry.after(StorageError::Unexpected(error()), false, &limiter, &counters).await.unwrap(),
                Then::Again
            );
        }
        assert!(retry.after(StorageError::Unexpected(error()), false, &limiter, &counters).await.is_err());
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
        let (counters, limiter, mut retry) =
            (Counters::new(), Limiter::new(Direction::Down), Retry::default());
        let refused = || StorageError::Rejected(error());
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

        let html = || Error::new(ErrorKind::UnexpectedResponse, "HTML").with_status(502);
        assert!(
            Retry::default().after_call(html(), &counters).await.is_err(),
            "a proxy answers in its place"
        );
        counters.gain();
        assert!(Retry::default().after_call(html(), &counters).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_is_refused_is_not_repeated() {
        let refused = Error::new(ErrorKind::Api, "no").with_status(403);
        assert!(Retry::default().after_call(refused, &Counters::new()).await.is_err());
    }
}
