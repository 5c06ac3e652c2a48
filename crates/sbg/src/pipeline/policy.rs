//! The rules that all requests of a client share.

use std::sync::{Arc, RwLock};
use std::time::Duration;

use super::auth::Authenticator;
use super::error_handler::{Handlers, OnWait};
use super::preflight::Preflight;
use super::rate_limit::LONGEST;
use super::record::Recorder;
use super::response::Response;
use super::retry::RetryPolicy;
use super::retry_after::retry_after;
use super::scheduler::Scheduler;

/// The state that all requests of a client share, whichever connection pool they use.
#[derive(Debug)]
pub(crate) struct Policy {
    pub(crate) preflight: Preflight,
    pub(crate) scheduler: Scheduler,
    pub(crate) auth: Authenticator,
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
    pub(super) fn closes_for(&self, response: &Response) -> Option<Duration> {
        retry_after(response.headers()).filter(|wait| match response.status() {
            429 => *wait <= LONGEST,
            503 => self.retry.obeys(*wait),
            _ => false,
        })
    }
}
