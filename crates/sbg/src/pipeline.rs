//! The one path to the API: every call, through a handle or through [`Client::raw`](crate::Client::raw), goes through the pipeline.
//!
//! preflight -> scheduler -> auth -> send -> handlers and retries -> uniform errors. Each step has a file; `call` runs them in order. The
//! pipeline reads every response body to its end, so that a connection that breaks in the middle of a body is retried like any other.
//! Only the bytes of the object storage bypass it, see [`transfer`](crate::transfer).

mod auth;
mod call;
mod error_handler;
mod options;
pub(crate) mod page_size;
mod policy;
mod preflight;
mod rate_limit;
mod record;
mod redact;
mod response;
mod retry;
mod retry_after;
mod scheduler;
mod send;
mod sleepers;

use std::panic::resume_unwind;
use std::sync::Arc;

use futures::future::BoxFuture;
use sbg_raw::{Operation, Transport, TransportError, Unreadable};
use tokio::runtime::Handle;
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument as _;
use tracing::instrument::WithSubscriber as _;

pub(crate) use auth::Authenticator;
use call::{Call, CallResponse};
pub use error_handler::{Attempt, Decision, ErrorHandler, Waiting};
pub(crate) use error_handler::{Handlers, OnWait};
pub(crate) use options::Options;
pub(crate) use policy::Policy;
pub(crate) use preflight::Preflight;
pub use rate_limit::RateLimit;
pub(crate) use record::Recorder;
pub use response::Response;
use response::Sent;
#[cfg(fuzzing)]
pub use response::fuzz;
pub use retry::RetryPolicy;
pub(crate) use retry::jittered;
pub(crate) use retry_after::retry_after;
pub(crate) use scheduler::Scheduler;
pub(crate) use send::classify;
pub use sleepers::{GeneralErrorSleeper, MaintenanceSleeper, RateLimitSleeper};

use crate::error::{Error, ErrorKind, Result};

/// The pipeline on top of one connection pool.
#[derive(Clone, Debug)]
pub(crate) struct Pipeline {
    pub(crate) policy: Arc<Policy>,
    pub(crate) http: reqwest::Client,
    pub(crate) options: Arc<Options>,
}

/// The caller's runtime.
pub(crate) fn runtime() -> Result<Handle> {
    Handle::try_current().map_err(|error| {
        Error::new(ErrorKind::Runtime, "calls need a Tokio runtime, and this thread has none")
            .with_hint("start the program with `#[tokio::main]`, or use `sbg::blocking`")
            .with_source(error)
    })
}

impl Pipeline {
    /// Sends a request that is not a generated call, such as one with a YAML body, by the same rules.
    pub(crate) async fn run(
        &self,
        request: reqwest::Request,
        operation: &'static Operation,
    ) -> Result<Response> {
        Ok(self.call(request, operation).await?.response)
    }

    /// Runs the call on its own task, which is aborted when the returned future is dropped.
    ///
    /// Otherwise a future that is not polled for a while, such as the next page of a stream whose reader is busy, would keep its slot
    /// among the parallel requests, and the reader's own call might wait for that slot forever.
    async fn call(
        &self,
        mut request: reqwest::Request,
        operation: &'static Operation,
    ) -> Result<CallResponse> {
        let runtime = runtime().map_err(|error| error.with_operation(operation, 0))?;
        if !self.options.query.is_empty() {
            request.url_mut().query_pairs_mut().extend_pairs(&self.options.query);
        }
        let call = Call::new(self.http.clone(), self.policy.clone(), &self.options, request, operation)
            .run()
            .instrument(call::span(operation));
        let task = AbortOnDropHandle::new(runtime.spawn(call.with_current_subscriber()));
        let done = match self.options.timeout {
            None => task.await,
            Some(timeout) => match tokio::time::timeout(timeout, task).await {
                Ok(done) => done,
                Err(_) => {
                    let message = format!("the call timed out after {timeout:?}");
                    return Err(Error::new(ErrorKind::Timeout, message).with_operation(operation, 1));
                }
            },
        };
        done.unwrap_or_else(|ended| match ended.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            // The runtime is shutting down.
            Err(_) => Err(Error::cancelled()),
        })
    }
}

impl Transport for Pipeline {
    fn send(
        &self,
        request: reqwest::Request,
        operation: &'static Operation,
    ) -> BoxFuture<'_, Result<reqwest::Response, TransportError>> {
        Box::pin(async move {
            let CallResponse { response, sent, most } = self.call(request, operation).await?;
            Ok(response.into_response(sent, most))
        })
    }

    fn unreadable(&self, response: Unreadable) -> TransportError {
        let Sent { attempts, secrets } = response.extensions.get().cloned().unwrap_or_default();
        let auth = &self.policy.auth;
        let secrets: Vec<&str> = secrets.iter().map(String::as_str).chain([auth.token()]).collect();
        let error = Response::new(response.status, response.headers, response.body)
            .unreadable(&response.error, &auth.api(), &secrets)
            .with_operation(response.operation, attempts.max(1));
        Box::new(secrets.into_iter().fold(error, Error::without))
    }
}
