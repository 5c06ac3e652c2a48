//! The attempts to send a part, and their failures.

use std::sync::Arc;

use parking_lot::Mutex;

use crate::error::{Error, ErrorKind};
use crate::transfer::progress::Counters;

/// The bytes sent by one attempt at a part. Counting stops when it ends, because the connection may still request more of them.
#[derive(Debug)]
pub(super) struct PartAttempt {
    counters: Arc<Counters>,
    sent: Mutex<Option<u64>>,
}

impl PartAttempt {
    pub(super) fn new(counters: Arc<Counters>) -> Self {
        Self { counters, sent: Mutex::new(Some(0)) }
    }

    pub(super) fn add(&self, count: u64) {
        if let Some(sent) = &mut *self.sent.lock() {
            *sent += count;
            self.counters.add_bytes(count);
        }
    }

    pub(super) fn has_sent(&self, length: u64) -> bool {
        *self.sent.lock() == Some(length)
    }

    /// Subtracts the sent bytes from the counters, because a redirect sends them again.
    pub(super) fn restart(&self) {
        if let Some(sent) = &mut *self.sent.lock() {
            self.counters.take_back(std::mem::take(sent));
        }
    }

    /// Subtracts the sent bytes from the counters, because they must be sent again. Stops counting.
    pub(super) fn close(&self) {
        if let Some(sent) = self.sent.lock().take() {
            self.counters.take_back(sent);
        }
    }
}

/// Consecutive failures of one part.
#[derive(Debug, Default)]
pub(super) struct PartFailures {
    status: Option<u16>,
    /// Consecutive failures with this status, except those of an old URL.
    pub(super) count: u32,
    /// Whether the last one was a broken connection, which may have hidden a response.
    pub(super) is_broken: bool,
    /// Whether its body was held back.
    held: bool,
}

impl PartFailures {
    pub(super) fn add(&mut self, error: &Error, old: bool) {
        let status = error.status();
        if status != self.status {
            self.count = 0;
        }
        self.status = status;
        self.count += u32::from(!old);
        self.is_broken = error.kind() == ErrorKind::Network;
    }

    /// Whether to hold back the body of the next attempt: once after a broken connection, because a server that refuses a request before
    /// it has read the body breaks the connection.
    pub(super) fn hold_back(&mut self) -> bool {
        self.held = self.is_broken && !self.held;
        self.held
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_after_an_attempt_are_ignored() {
        let counters = Arc::new(Counters::new());
        let attempt = PartAttempt::new(counters.clone());
        attempt.add(100);
        attempt.close();
        attempt.add(50);
        attempt.close();
        assert_eq!(counters.snapshot().bytes, 0);
    }

    #[test]
    fn failures_of_one_status_in_a_row_are_counted() {
        let mut failures = PartFailures::default();
        let mut add = |status: u16, old: bool| {
            failures.add(&Error::storage(status, "refused"), old);
            failures.count
        };
        assert_eq!([add(403, true), add(403, false), add(403, false)], [0, 1, 2]);
        assert_eq!([add(500, false), add(500, true), add(500, false)], [1, 1, 2]);
    }

    #[test]
    fn body_is_held_back_once_after_a_reset() {
        let mut failures = PartFailures::default();
        assert!(!failures.hold_back());
        failures.add(&Error::new(ErrorKind::Network, "broken"), false);
        assert!(failures.hold_back());
        failures.add(&Error::storage(503, "refused"), false);
        assert!(!failures.hold_back());
    }
}
