//! The rules that all requests of a client share.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::RwLock;
use url::Url;

use super::auth::Authenticator;
use super::error_handler::{ErrorHandler, Handlers, OnWait};
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
    /// The rules for calls to another server, at `base`: the same limits and handlers, and one more handler. Its requests have a rate limit
    /// and a queue of their own and are not recorded.
    pub(crate) fn for_server(&self, base: Url, sends_token: bool, handler: Arc<dyn ErrorHandler>) -> Self {
        let mut handlers = self.handlers.read().clone();
        Arc::make_mut(&mut handlers).add(handler);
        Self {
            preflight: Preflight { advance_access: false },
            scheduler: self.scheduler.another(),
            auth: self.auth.for_server(base, sends_token),
            call_timeout: self.call_timeout,
            retry: self.retry.clone(),
            handlers: RwLock::new(handlers),
            on_wait: self.on_wait.clone(),
            recorder: None,
        }
    }

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
