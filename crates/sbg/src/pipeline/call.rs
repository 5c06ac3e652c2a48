//! One call: its attempts, and the decisions between them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, StatusCode};
use sbg_raw::{MostItems, Operation};
use tracing::Span;
use tracing::field::Empty;

use super::error_handler::{Attempt, Handlers, OnWait, Waiting};
use super::options::Options;
use super::page_size::most_items;
use super::policy::Policy;
use super::redact::REDACTED;
use super::response::{Response, Sent};
use super::retry::{Failures, RetryPolicy};
use super::send::{Failure, send};
use crate::error::{Error, Result, one_line};

/// The response of a call, and the number of attempts.
pub(super) struct CallResponse {
    pub(super) response: Response,
    pub(super) sent: Sent,
    /// Most items that the response may have, if it is a page.
    pub(super) most: Option<MostItems>,
}

/// A call in progress.
pub(super) struct Call {
    http: reqwest::Client,
    policy: Arc<Policy>,
    request: reqwest::Request,
    operation: &'static Operation,
    handlers: Arc<Handlers>,
    retry: RetryPolicy,
    started: Instant,
    /// Attempts made so far.
    attempts: u32,
    /// Start and number of the consecutive failures.
    failing: Option<(Instant, u32)>,
    /// Whether an attempt may have been carried out although its response never arrived.
    lost: bool,
}

/// The span of a call. Empty fields are filled in when the call ends.
pub(super) fn span(operation: &Operation) -> Span {
    tracing::debug_span!(
        "sbg.call",
        operation = operation.id,
        method = operation.method,
        path = operation.path,
        status = Empty,
        attempts = Empty,
        elapsed_ms = Empty,
        request_id = Empty,
        error = Empty,
    )
}

impl Call {
    pub(super) fn new(
        http: reqwest::Client,
        policy: Arc<Policy>,
        options: &Options,
        mut request: reqwest::Request,
        operation: &'static Operation,
    ) -> Self {
        fill_body(&mut request);
        let handlers = policy.handlers.read().clone();
        let retry = match options.retries {
            Some(retries) => policy.retry.clone().max_attempts(retries.saturating_add(1)),
            None => policy.retry.clone(),
        };
        let started = Instant::now();
        Self {
            http,
            policy,
            request,
            operation,
            handlers,
            retry,
            started,
            attempts: 0,
            failing: None,
            lost: false,
        }
    }

    /// Makes attempts until one is final.
    pub(super) async fn run(mut self) -> Result<CallResponse> {
        let outcome = self.attempts().await;
        let span = Span::current();
        span.record("attempts", self.attempts);
        span.record("elapsed_ms", u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX));
        let (status, request_id) = match &outcome {
            Ok(response) => (Some(response.status()), response.request_id()),
            Err(error) => (error.status(), error.request_id()),
        };
        status.map(|status| span.record("status", status));
        // The server may echo the token in this header.
        let token = self.policy.auth.token();
        request_id.map(|id| span.record("request_id", one_line(id).replace(token, REDACTED)));
        if let Err(error) = &outcome {
            span.record("error", tracing::field::debug(error.kind()));
        }
        let most = most_items(self.operation, self.request.url()).map(MostItems);
        let secrets = match self.request.body() {
            Some(_) => self.policy.auth.with_secrets(&self.request, |secrets| {
                secrets.iter().filter(|secret| **secret != token).map(|secret| (*secret).to_owned()).collect()
            }),
            None => Vec::new(),
        };
        Ok(CallResponse { response: outcome?, sent: Sent { attempts: self.attempts, secrets }, most })
    }

    async fn attempts(&mut self) -> Result<Response> {
        self.policy.preflight.check(&self.request, self.operation)?;
        loop {
            let outcome = self.attempt().await?;
            let (outcome, wait) = self.judge(outcome);
            let Some((reason, wait)) = wait else { return self.conclude(outcome) };
            self.lost |= match &outcome {
                Ok(response) => RetryPolicy::is_transient(response),
                Err(failure) => !failure.never_left,
            };
            self.announce(&reason, wait);
            tokio::time::sleep(wait).await;
        }
    }

    /// Sends the request once, as soon as the limits allow.
    async fn attempt(&mut self) -> Result<Result<Response, Failure>> {
        let policy = &*self.policy;
        let mut request = self
            .request
            .try_clone()
            .ok_or_else(|| Error::invalid("a streaming body cannot be sent by a call"))?;
        policy.preflight.mark(&mut request);
        policy.auth.apply(&mut request)?;
        let slot = policy.scheduler.acquire(|wait| self.announce(Waiting::RATE_LIMIT, wait)).await;
        self.attempts += 1;
        let outcome = send(&self.http, request, self.operation, policy.call_timeout).await;
        match &outcome {
            Ok(response) => {
                tracing::debug!(attempt = self.attempts, status = response.status(), "received a response");
                slot.completed(response.headers(), policy.closes_for(response));
                if let Some(recorder) = &policy.recorder {
                    policy.auth.with_secrets(&self.request, |secrets| {
                        recorder.record(&self.request, response, secrets);
                    });
                }
            }
            Err(failure) => {
                tracing::debug!(attempt = self.attempts, never_left = failure.never_left, "failed");
                if failure.never_left {
                    slot.never_left();
                }
            }
        }
        Ok(outcome)
    }

    /// Judges an outcome: returns it with the reason and length of the wait before the next attempt, if there is one.
    fn judge(
        &mut self,
        outcome: Result<Response, Failure>,
    ) -> (Result<Response, Failure>, Option<(String, Duration)>) {
        let (operation, elapsed) = (self.operation, self.started.elapsed());
        let attempt = Attempt { operation, number: self.attempts, elapsed };
        let outcome = match outcome {
            Ok(response) => {
                let (response, wait) = self.handlers.consult(response, &attempt);
                if let Some((wait, handler)) = wait {
                    let wait = Some((handler.to_owned(), wait));
                    // A response that a handler waits for counts as a failure only if the retry policy treats it as transient as well.
                    if RetryPolicy::is_transient(&response) {
                        self.fails();
                    } else {
                        self.failing = None;
                    }
                    return (Ok(response), wait);
                }
                Ok(response)
            }
            failure => failure,
        };
        let so_far = self.fails();
        let wait = match &outcome {
            Ok(response) => self.retry.after_response(response, operation, &so_far),
            Err(failure) => self.retry.after_failure(failure, operation, &so_far),
        };
        (outcome, wait.map(|wait| (Waiting::RETRY.to_owned(), wait)))
    }

    fn fails(&mut self) -> Failures {
        let (since, count) = self.failing.get_or_insert((Instant::now(), 0));
        *count += 1;
        Failures { count: *count, elapsed: since.elapsed() }
    }

    fn announce(&self, reason: &str, wait: Duration) {
        let (operation, attempts) = (self.operation.id, self.attempts);
        tracing::info!(operation, attempts, reason, seconds = wait.as_secs_f64(), "waiting");
        if let Some(OnWait(callback)) = &self.policy.on_wait {
            callback(&Waiting { operation, reason: reason.to_owned(), wait, attempts });
        }
    }

    /// The response, or the error that ends the call.
    fn conclude(&self, outcome: Result<Response, Failure>) -> Result<Response> {
        let response = match outcome {
            Ok(response) => response,
            Err(failure) => return Err(self.explain(failure.into_error())),
        };
        if self.lost
            && self.operation.method == "DELETE"
            && !self.operation.returns_body
            && response.status() == 404
        {
            // An earlier attempt deleted it but its response was lost; reporting an error would be wrong.
            return Ok(Response::new(StatusCode::NO_CONTENT, response.headers().clone(), ""));
        }
        if (200..300).contains(&response.status()) {
            return Ok(response);
        }
        // Redact before the message is cut to length, which could leave half a secret.
        let auth = &self.policy.auth;
        let response = auth.with_secrets(&self.request, |secrets| response.without(secrets));
        response.into_result().map_err(|error| self.explain(error))
    }

    /// Names the call, and redacts every secret of it that the response quotes.
    fn explain(&self, error: Error) -> Error {
        let error = error.with_operation(self.operation, self.attempts);
        self.policy.auth.explain(error, &self.request)
    }
}

/// Sends `{}` as JSON when a call that changes something has no body.
///
/// The platform requires a JSON content type on such calls (the specification requires it to run a task), and a server that parses by
/// content type refuses a request without one. The established clients always send JSON: the official Python client `null`, the R client
/// `{}`. The object is valid for every such call.
fn fill_body(request: &mut reqwest::Request) {
    if matches!(*request.method(), Method::POST | Method::PUT | Method::PATCH) && request.body().is_none() {
        *request.body_mut() = Some("{}".into());
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
}
