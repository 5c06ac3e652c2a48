//! The only door to the API: every call, through a handle or through [`Client::raw`](crate::Client::raw), goes through the pipeline.
//!
//! gate -> budget -> authorise -> send -> handlers and retries -> errors made uniform. Each step has a file; this one puts them in
//! order. Answers are read to their end in here, so that a connection which breaks in the middle of a body is retried like any
//! other. Only the bytes of the object storage take another way, see [`transfer`](crate::transfer).

mod answer;
mod authorise;
mod budget;
mod gate;
mod handlers;
mod record;
mod retry;
mod send;

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use http::StatusCode;
use sbg_raw::{Operation, Transport, TransportError};
use tracing::Instrument as _;

pub use answer::Answer;
pub(crate) use authorise::Authorise;
pub(crate) use budget::Budget;
pub use budget::RateLimit;
pub(crate) use gate::Gate;
pub use handlers::{
    Attempt, Decision, ErrorHandler, GeneralErrorSleeper, MaintenanceSleeper, RateLimitSleeper, Waiting,
};
pub(crate) use handlers::{Handlers, OnWait};
pub(crate) use record::Recorder;
pub use retry::RetryPolicy;
pub(crate) use retry::jittered;
pub(crate) use send::{Failure, classify, send};

use crate::error::{Error, Result};

/// What all requests of a client share, whichever pool of connections they use.
#[derive(Debug)]
pub(crate) struct Policy {
    pub(crate) gate: Gate,
    pub(crate) budget: Budget,
    pub(crate) authorise: Authorise,
    pub(crate) retry: RetryPolicy,
    pub(crate) handlers: RwLock<Arc<Handlers>>,
    pub(crate) on_wait: Option<OnWait>,
    pub(crate) recorder: Option<Recorder>,
}

/// The pipeline over one pool of connections.
#[derive(Clone, Debug)]
pub(crate) struct Pipeline {
    pub(crate) policy: Arc<Policy>,
    pub(crate) http: reqwest::Client,
}

impl Pipeline {
    /// Sends a request that is no generated call, such as a YAML body, by the same rules.
    pub(crate) async fn run(
        &self,
        request: reqwest::Request,
        operation: &'static Operation,
    ) -> Result<Answer> {
        let span = tracing::debug_span!(
            "sbg.call",
            operation = operation.id,
            method = operation.method,
            path = operation.path,
            status = tracing::field::Empty,
            attempts = tracing::field::Empty,
            elapsed_ms = tracing::field::Empty,
            request_id = tracing::field::Empty,
        );
        self.attempts(request, operation).instrument(span).await
    }

    async fn attempts(&self, request: reqwest::Request, operation: &'static Operation) -> Result<Answer> {
        let policy = &*self.policy;
        policy.gate.check(&request, operation)?;
        let handlers = policy.handlers.read().unwrap_or_else(PoisonError::into_inner).clone();
        let started = Instant::now();
        let mut attempt = 0;
        // Whether an attempt may have been carried out although its answer never came.
        let mut lost = false;
        loop {
            attempt += 1;
            let mut sent = request
                .try_clone()
                .ok_or_else(|| Error::invalid("a streaming body cannot be sent by a call"))?;
            Gate::mark(&mut sent, operation);
            policy.authorise.apply(&mut sent)?;
            let permit = policy.budget.acquire().await;
            let outcome = send(&self.http, sent).await;
            drop(permit);
            let made = Attempt { operation, number: attempt, elapsed: started.elapsed() };
            let (outcome, wait) = self.judge(&request, outcome, &handlers, &made);
            if let Some(waiting) = wait {
                lost |= match &outcome {
                    Ok(answer) => matches!(answer.status(), 502 | 504),
                    Err(failure) => !failure.never_left,
                };
                let seconds = waiting.wait.as_secs_f64();
                tracing::info!(
                    operation = operation.id,
                    attempt,
                    reason = waiting.reason,
                    seconds,
                    "waiting"
                );
                if let Some(OnWait(told)) = &policy.on_wait {
                    told(&waiting);
                }
                tokio::time::sleep(waiting.wait).await;
                continue;
            }
            let span = tracing::Span::current();
            span.record("attempts", attempt);
            span.record("elapsed_ms", u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX));
            let answer =
                outcome.map_err(|failure| failure.into_error().with_operation(operation, attempt))?;
            span.record("status", answer.status());
            if let Some(id) = answer.request_id() {
                span.record("request_id", id);
            }
            if lost && operation.method == "DELETE" && !operation.answers && answer.status() == 404 {
                // The attempt before has deleted it; a caller who did not see it must not be told that it failed.
                return Ok(Answer::new(StatusCode::NO_CONTENT, answer.headers().clone(), ""));
            }
            return answer
                .into_result(operation)
                .map_err(|error| policy.authorise.explain(error.with_operation(operation, attempt)));
        }
    }

    /// Learns from the outcome of an attempt, and tells how long to wait before the next one, if there is to be one.
    fn judge(
        &self,
        request: &reqwest::Request,
        outcome: Result<Answer, Failure>,
        handlers: &Handlers,
        made: &Attempt,
    ) -> (Result<Answer, Failure>, Option<Waiting>) {
        let policy = &*self.policy;
        let waiting = |wait: Duration, reason: &str| Waiting {
            operation: made.operation.id,
            reason: reason.to_owned(),
            wait,
            attempts: made.number,
        };
        let retry = |wait| waiting(wait, "retry");
        match outcome {
            Ok(answer) => {
                policy.budget.observe(answer.headers());
                if let Some(recorder) = &policy.recorder {
                    recorder.record(request, &answer);
                }
                let (answer, wait) = handlers.consult(answer, made);
                let wait = wait.map(|(wait, handler)| waiting(wait, handler));
                let wait = wait.or_else(|| policy.retry.after_answer(&answer, made).map(retry));
                (Ok(answer), wait)
            }
            Err(failure) => {
                let wait = policy.retry.after_failure(&failure, made).map(retry);
                (Err(failure), wait)
            }
        }
    }
}

impl Transport for Pipeline {
    fn send(
        &self,
        request: reqwest::Request,
        operation: &'static Operation,
    ) -> BoxFuture<'_, Result<reqwest::Response, TransportError>> {
        Box::pin(async move { Ok(self.run(request, operation).await?.into_response()) })
    }
}
