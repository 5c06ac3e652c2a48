//! What is done after a request to the storage has failed.

use std::future::Future;
use std::time::Duration;

use super::lane::Lane;
use super::storage::Trouble;
use crate::error::{Error, Result};
use crate::transport::jittered;

/// Failures in a row, without a byte of progress, after which a part is given up.
const MOST_FAILURES: u32 = 10;

/// Failures in a row, without a byte in between.
#[derive(Debug, Default)]
pub(super) struct Retry {
    failures: u32,
    /// Whether the address was renewed since the last byte: one that is refused again is refused for good.
    renewed: bool,
}

impl Retry {
    /// Waits before the next attempt, or renews the address, or gives up.
    pub(super) async fn after<F: Future<Output = ()>>(
        &mut self,
        trouble: Trouble,
        lane: &Lane,
        renew: impl FnOnce() -> F,
    ) -> Result<()> {
        if matches!(trouble, Trouble::Overload(_)) {
            lane.troubled();
        }
        match trouble {
            Trouble::Final(error) => Err(error),
            Trouble::Refused(error) if self.renewed => Err(error),
            Trouble::Refused(_) => {
                self.renewed = true;
                renew().await;
                Ok(())
            }
            Trouble::Again(error) | Trouble::Overload(error) => self.wait(error).await,
        }
    }

    async fn wait(&mut self, error: Error) -> Result<()> {
        self.failures += 1;
        if self.failures > MOST_FAILURES {
            return Err(error.with_attempts(self.failures));
        }
        tracing::debug!(%error, failures = self.failures, "a request to the storage is repeated");
        let (first, longest) = (Duration::from_millis(100), Duration::from_secs(15));
        tokio::time::sleep(jittered(first, longest, self.failures, fastrand::f64())).await;
        Ok(())
    }
}
