//! Limits the bandwidth of the transfers of a client in one direction.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

/// Limits bytes to a rate, if the client has a cap.
#[derive(Debug)]
pub(in crate::transfer) struct Throttle {
    bytes_per_second: Option<f64>,
    /// When the bytes admitted so far will have moved at this rate.
    paid: Mutex<Option<Instant>>,
}

/// Allowed burst, so that small chunks do not each wait.
const AHEAD: Duration = Duration::from_millis(50);

impl Throttle {
    pub(in crate::transfer) fn new(bytes_per_second: Option<u64>) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "a rate needs no more than 52 bits")]
        let bytes_per_second = bytes_per_second.map(|rate| rate.max(1) as f64);
        Self { bytes_per_second, paid: Mutex::new(None) }
    }

    /// The cap in bytes per second, if any.
    pub(in crate::transfer) fn cap(&self) -> Option<f64> {
        self.bytes_per_second
    }

    /// Waits until this many bytes may move.
    pub(in crate::transfer) async fn take(&self, bytes: u64) {
        let Some(rate) = self.bytes_per_second else { return };
        let now = Instant::now();
        #[expect(clippy::cast_precision_loss, reason = "a time needs no more than 52 bits")]
        let cost = Duration::from_secs_f64(bytes as f64 / rate);
        let until = {
            let mut paid = self.paid.lock();
            let until = paid.map_or(now, |paid| paid.max(now)) + cost;
            *paid = Some(until);
            until
        };
        if until > now + AHEAD {
            tokio::time::sleep_until(until - AHEAD).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn throttle_moves_bytes_at_the_rate() {
        let throttle = Throttle::new(Some(1_000_000));
        let began = Instant::now();
        for _ in 0..100 {
            throttle.take(100_000).await;
        }
        let took = began.elapsed();
        assert!((9_900..=10_000).contains(&took.as_millis()), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn uncapped_throttle_never_waits() {
        let throttle = Throttle::new(None);
        let began = Instant::now();
        throttle.take(u64::MAX).await;
        assert_eq!(began.elapsed(), Duration::ZERO);
    }
}
