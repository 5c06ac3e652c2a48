//! The rules that all requests of a client share.

use std::sync::{Arc, RwLock};
use std::time::Duration;

use super::auth::Authorise;
use super::error_handler::{Handlers, OnWait};
use super::preflight::Gate;
use super::rate_limit::LONGEST;
use super::record::Recorder;
use super::response::Answer;
use super::retry::RetryPolicy;
use super::retry_after::retry_after;
use super::scheduler::Budget;

/// The state that all requests of a client share, whichever connection pool they use.
#[derive(Debug)]
pub(crate) struct Policy {
    pub(crate) gate: Gate,
    pub(crate) budget: Budget,
    pub(crate) authorise: Authorise,
    /// Longest time for one attempt, to the end of its response.
    pub(crate) call_timeout: Duration,
    pub(crate) retry: RetryPolicy,
    pub(crate) handlers: RwLock<Arc<Handlers>>,
    pub(crate) on_wait: Option<OnWait>,
    pub(crate) recorder: Option<Recorder>,
}

impl Policy {
    /// How long to hold back all calls: the `Retry-After` of this response, if a call that gets this response would wait that long as
    /// well.
    pub(super) fn closes_for(&self, answer: &Answer) -> Option<Duration> {
        retry_after(answer.headers()).filter(|wait| match answer.status() {
            429 => *wait <= LONGEST,
            503 => self.retry.obeys(*wait),
            _ => false,
        })
    }
}
