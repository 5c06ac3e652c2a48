//! Requests to the object storage. They never carry the token.
//!
//! There is an idle timeout instead of a total timeout, which would fail a large part on a slow connection.
//!
//! Pure functions interpret responses: [`response`] those with the requested bytes, [`refusal`] the errors,
//! [`redirect`] the redirects.

mod body;
mod checksums;
pub(in crate::transfer) mod confirmation;
mod identity;
mod link;
pub(in crate::transfer) mod part_body;
mod redirect;
mod refusal;
mod response;
pub(in crate::transfer) mod url;
pub(in crate::transfer) mod url_age;

use std::collections::BTreeMap;
use std::future::Future;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use ::url::Url;
use http::header::{ACCEPT_ENCODING, CONTENT_LENGTH, IF_MATCH, RANGE};
use http::{HeaderMap, Method, StatusCode};
use parking_lot::Mutex;
use reqwest::{Request, Response};
use tokio::time::Instant;

use self::confirmation::Confirmation;
use self::part_body::BodyControl;
use self::redirect::Redirect;
use self::response::Ranged;
use crate::error::{Error, ErrorKind, Result, excerpt};
use crate::pipeline::classify;
use crate::transfer::digest::Digest;
use crate::transfer::local::descriptors::is_exhausted;

pub(in crate::transfer) use self::body::RangeBody;
pub(in crate::transfer) use self::identity::{Identity, Version};
pub(in crate::transfer) use self::link::Link;
pub(in crate::transfer) use self::refusal::{Refusal, Remedy};
#[cfg(fuzzing)]
pub use self::response::fuzz_content_range;

/// The client of the object storage.
#[derive(Clone, Debug)]
pub(in crate::transfer) struct Storage {
    http: reqwest::Client,
    /// Idle timeout of a connection.
    idle: Duration,
}

/// Why a request to the storage failed.
#[derive(Debug)]
pub(in crate::transfer) enum StorageError {
    /// The connection broke or the body was too short: retry.
    Retryable(Error),
    /// An unexpected response: retry once. It is not an outage.
    Unexpected(Error),
    /// A timeout: retry with fewer connections.
    Overloaded(Error),
    /// An error status, with its `Retry-After`. What to do depends on the age of the URL:
    /// see [`Refusal`].
    Refused(Error, Option<Duration>),
    /// Not worth a retry.
    Fatal(Error),
}

impl StorageError {
    pub(in crate::transfer) fn error(&self) -> &Error {
        match self {
            Self::Retryable(error)
            | Self::Unexpected(error)
            | Self::Overloaded(error)
            | Self::Refused(error, _)
            | Self::Fatal(error) => error,
        }
    }
}

/// The response to the first request for an object.
#[derive(Debug)]
pub(in crate::transfer) struct FirstResponse {
    pub(in crate::transfer) version: Version,
    /// Size of the object; `None` if it is only known at the end of the body.
    pub(in crate::transfer) size: Option<u64>,
    /// Offset of the body: that of the requested range, or 0.
    pub(in crate::transfer) start: u64,
    /// Whether the storage sent the whole object instead of a range.
    pub(in crate::transfer) whole: bool,
    /// Digests of the whole object that the storage sent.
    pub(in crate::transfer) digests: Vec<Digest>,
    pub(in crate::transfer) body: RangeBody,
}

/// The result of the first request for an object.
#[derive(Debug)]
pub(in crate::transfer) enum Probe {
    Object(Box<FirstResponse>),
    /// An empty object.
    Empty,
    /// An object that ends before the range starts.
    Shorter,
}

impl Storage {
    pub(in crate::transfer) fn new(http: reqwest::Client, idle: Duration) -> Self {
        Self { http, idle }
    }

    /// Requests a range of an object that is not known yet; the response describes the object.
    pub(in crate::transfer) async fn probe(
        &self,
        link: &Link,
        wanted: &Range<u64>,
    ) -> Result<Probe, StorageError> {
        let response = self.get(link, Some(wanted), None).await?;
        let (start, size, whole) = match response::read(response.status(), response.headers(), wanted) {
            Ranged::Part { range, size } => (range.start, Some(size), false),
            Ranged::Whole { size } => (0, size, true),
            Ranged::Empty => return Ok(Probe::Empty),
            Ranged::BeyondEnd => return Ok(Probe::Shorter),
            Ranged::NotSatisfiable if wanted.start > 0 => return Ok(Probe::Shorter),
            // A 416 for the first byte suggests an empty object, but does not prove it.
            Ranged::NotSatisfiable => return self.confirm_empty(link).await,
            Ranged::Compressed | Ranged::Unexpected => {
                return Err(self.unexpected(response, &Asked::for_range(wanted), &link.headers).await);
            }
        };
        let left = match size {
            Some(size) if whole => Some(size),
            Some(size) => Some(wanted.end.min(size) - start),
            None => None,
        };
        Ok(Probe::Object(Box::new(FirstResponse {
            version: Version::of(response.headers()),
            size,
            start,
            whole,
            digests: checksums::announced(response.headers()),
            body: RangeBody::new(response, left, self.idle),
        })))
    }

    /// Requests the whole of an object that seems to be empty.
    async fn confirm_empty(&self, link: &Link) -> Result<Probe, StorageError> {
        let mut response = self.get(link, None, None).await?;
        if response.status() == StatusCode::OK {
            return match heard(self.idle, response.chunk()).await? {
                Ok(None) => Ok(Probe::Empty),
                Ok(Some(_)) => {
                    let message =
                        "the storage refuses a range of the first bytes, but the object is not empty";
                    Err(StorageError::Fatal(Error::new(ErrorKind::Storage, message)))
                }
                Err(error) => Err(lost(error, true)),
            };
        }
        Err(self
            .unexpected(
                response,
                &Asked::For("the whole of an object that seems to be empty".to_owned()),
                &link.headers,
            )
            .await)
    }

    /// Requests a range of a known object.
    pub(in crate::transfer) async fn get_range(
        &self,
        link: &Link,
        range: &Range<u64>,
        identity: &Identity,
    ) -> Result<RangeBody, StorageError> {
        let response = self.get(link, Some(range), Some(&identity.version)).await?;
        if response.status() == StatusCode::PRECONDITION_FAILED {
            return Err(changed("its version differs"));
        }
        let found = response::read(response.status(), response.headers(), range);
        if let Ranged::Part { .. } | Ranged::Whole { .. } = &found
            && let Some(difference) = identity.version.difference(&Version::of(response.headers()))
        {
            return Err(changed(difference));
        }
        let left = range.end - range.start;
        match found {
            Ranged::Part { size, .. } if size != identity.size => Err(changed("its size differs")),
            Ranged::Part { .. } => Ok(RangeBody::new(response, Some(left), self.idle)),
            Ranged::Whole { size: Some(size) } if size != identity.size => Err(changed("its size differs")),
            // The body starts with the requested bytes.
            Ranged::Whole { size: Some(_) } if range.start == 0 => {
                Ok(RangeBody::beginning(response, left, self.idle))
            }
            Ranged::Empty | Ranged::BeyondEnd | Ranged::NotSatisfiable => {
                Err(changed("it ends before the range"))
            }
            Ranged::Whole { .. } | Ranged::Compressed | Ranged::Unexpected => {
                Err(self.unexpected(response, &Asked::for_range(range), &link.headers).await)
            }
        }
    }

    /// Requests the bytes as they are stored.
    async fn get(
        &self,
        link: &Link,
        range: Option<&Range<u64>>,
        version: Option<&Version>,
    ) -> Result<Response, StorageError> {
        let request = |encoding: &'static str| {
            // Google decompresses objects stored as gzip for clients that do not accept gzip.
            let mut request =
                self.http.get(link.url()).headers(link.headers.clone()).header(ACCEPT_ENCODING, encoding);
            if let Some(range) = range {
                request =
                    request.header(RANGE, format!("bytes={}-{}", range.start, range.end.saturating_sub(1)));
            }
            if let Some(condition) = version.and_then(Version::if_match) {
                request = request.header(IF_MATCH, condition);
            }
            request.build().map_err(|error| lost(error, false))
        };
        let response = self.send(request("gzip")?).await?;
        match range.map(|range| response::read(response.status(), response.headers(), range)) {
            // Web servers that compress on the fly must not do so here.
            Some(Ranged::Compressed) => self.send(request("identity")?).await,
            _ => Ok(response),
        }
    }

    /// Sends a request without a body, and follows the redirects of the storage.
    async fn send(&self, mut request: Request) -> Result<Response, StorageError> {
        for _ in 0..=redirect::MOST_REDIRECTS {
            let next = request.try_clone();
            let (method, url) = (request.method().clone(), request.url().clone());
            let response = heard(self.idle, self.http.execute(request)).await?;
            let response = response.map_err(|error| lost(error, false))?;
            match (self::redirected(&method, &url, &response)?, next) {
                (Some(to), Some(next)) => request = redirect::applied(next, to),
                _ => return Ok(response),
            }
        }
        Err(too_many_redirects())
    }

    /// Sends a part and returns the headers to report to the platform. `activity` records when bytes of the body move; `body` creates a
    /// new body for each redirect.
    pub(in crate::transfer) async fn put(
        &self,
        part: PartRequest<'_>,
        body: impl Fn() -> reqwest::Body,
        moving: &Activity,
    ) -> Result<BTreeMap<String, String>, StorageError> {
        let request = self.http.put(part.url).headers(part.headers.clone());
        let request = request.header(CONTENT_LENGTH, part.length).build();
        let mut request = request.map_err(|error| lost(error, false))?;
        for _ in 0..=redirect::MOST_REDIRECTS {
            let url = request.url().clone();
            // Cloned before the body is set.
            let next = request.try_clone();
            *request.body_mut() = Some(body());
            let response = tokio::select! {
                response = self.http.execute(request) => response,
                () = moving.idle(self.idle) => return Err(silence(self.idle)),
            };
            let response = response.map_err(|error| lost(error, false))?;
            part.flow.responded();
            match (redirected(&Method::PUT, &url, &response)?, next) {
                (Some(to), Some(next)) => request = redirect::applied(next, to),
                _ => return self.confirmed(&part, response).await,
            }
        }
        Err(too_many_redirects())
    }

    /// The headers of a response that confirms a part.
    async fn confirmed(
        &self,
        part: &PartRequest<'_>,
        response: Response,
    ) -> Result<BTreeMap<String, String>, StorageError> {
        if !part.success.contains(&response.status().as_u16()) {
            return Err(self.unexpected(response, &Asked::ToTake(part.length), part.headers).await);
        }
        part.wanted.report(response.headers()).map_err(StorageError::Unexpected)
    }

    /// Classifies an unexpected response.
    async fn unexpected(&self, response: Response, asked: &Asked, sent: &HeaderMap) -> StorageError {
        let (status, headers, url) = (response.status(), response.headers().clone(), response.url().clone());
        if status.is_success() {
            let got = response::describe(status, &headers);
            let message = match asked {
                Asked::For(what) => format!("requested {what} from the storage, got {got}"),
                Asked::ToTake(length) => format!("sent a part of {length} bytes to the storage, got {got}"),
            };
            return StorageError::Unexpected(Error::new(ErrorKind::Storage, message));
        }
        let body = beginning(response, self.idle.min(LONGEST_MESSAGE)).await;
        let body = without_secrets(&body, &url, sent);
        let code = refusal::code_of(status.as_u16(), &headers, &body);
        let said = excerpt(body.as_bytes());
        let message = match asked {
            Asked::For(what) => format!("the storage refused {what}: {said}"),
            Asked::ToTake(length) => format!("the storage refused a part of {length} bytes: {said}"),
        };
        let error = Error::storage(status.as_u16(), message).with_storage_code(code);
        StorageError::Refused(error, refusal::retry_after(&headers))
    }
}

/// What was requested, for messages.
enum Asked {
    For(String),
    /// Send a part of this length.
    ToTake(u64),
}

impl Asked {
    fn for_range(range: &Range<u64>) -> Self {
        Self::For(format!("bytes {}-{}", range.start, range.end.saturating_sub(1)))
    }
}

fn changed(difference: &str) -> StorageError {
    let message = format!("the file changed on the platform while it was downloaded: {difference}");
    StorageError::Fatal(Error::new(ErrorKind::Integrity, message))
}

/// The URL that a response redirects to, if any.
fn redirected(method: &Method, url: &Url, response: &Response) -> Result<Option<Url>, StorageError> {
    match redirect::read(method, url, response.status(), response.headers()) {
        Redirect::None => Ok(None),
        Redirect::To(to) => Ok(Some(*to)),
        Redirect::Refused(why) => {
            let error = Error::storage(response.status().as_u16(), why);
            Err(StorageError::Fatal(error))
        }
    }
}

fn too_many_redirects() -> StorageError {
    let message = format!("the storage redirected a request more than {} times", redirect::MOST_REDIRECTS);
    StorageError::Fatal(Error::new(ErrorKind::Storage, message))
}

/// A part to send.
#[derive(Debug)]
pub(in crate::transfer) struct PartRequest<'a> {
    pub(in crate::transfer) url: &'a str,
    pub(in crate::transfer) headers: &'a HeaderMap,
    pub(in crate::transfer) length: u64,
    /// Statuses that mean success.
    pub(in crate::transfer) success: &'a [u16],
    /// Headers of the response to report to the platform.
    pub(in crate::transfer) wanted: &'a Confirmation,
    /// Stops the body once the response headers have arrived.
    pub(in crate::transfer) flow: &'a BodyControl,
}

/// When bytes of a part last moved.
#[derive(Clone, Debug)]
pub(in crate::transfer) struct Activity(Arc<Mutex<Option<Instant>>>);

impl Activity {
    pub(in crate::transfer) fn new() -> Self {
        Self(Arc::new(Mutex::new(Some(Instant::now()))))
    }

    /// Bytes move.
    pub(in crate::transfer) fn touch(&self) {
        self.set(Some(Instant::now()));
    }

    /// Suspends the idle timeout until the next [`touch`](Self::touch).
    pub(in crate::transfer) fn hold(&self) {
        self.set(None);
    }

    fn set(&self, last: Option<Instant>) {
        *self.0.lock() = last;
    }

    /// Waits until nothing has moved for this time.
    async fn idle(&self, limit: Duration) {
        loop {
            let last = *self.0.lock();
            let left = limit.saturating_sub(last.map_or(Duration::ZERO, |last| last.elapsed()));
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left).await;
        }
    }
}

/// Applies the idle timeout.
async fn heard<T>(idle: Duration, coming: impl Future<Output = T>) -> Result<T, StorageError> {
    tokio::time::timeout(idle, coming).await.map_err(|_| silence(idle))
}

fn silence(idle: Duration) -> StorageError {
    let message = format!("the storage sent nothing for {} s", idle.as_secs_f64());
    StorageError::Overloaded(Error::new(ErrorKind::Timeout, message))
}

/// A connection that broke or timed out.
fn lost(error: reqwest::Error, answered: bool) -> StorageError {
    // With fewer connections there are enough file descriptors.
    let exhausted = is_exhausted(&error);
    let error = classify(error, answered).into_error();
    match error.kind() {
        ErrorKind::Timeout => StorageError::Overloaded(error),
        _ if exhausted => StorageError::Overloaded(error),
        _ => StorageError::Retryable(error),
    }
}

/// Timeout for the body of an error response. The status alone is enough.
const LONGEST_MESSAGE: Duration = Duration::from_secs(5);

/// The first bytes of a body, enough for a message, that arrive within this time.
async fn beginning(mut response: Response, limit: Duration) -> Vec<u8> {
    let mut body = Vec::new();
    let reading = async {
        while body.len() < 4096 {
            match response.chunk().await {
                Ok(Some(piece)) => body.extend_from_slice(&piece[..piece.len().min(4096 - body.len())]),
                _ => break,
            }
        }
    };
    // Whatever has arrived by then is used.
    tokio::time::timeout(limit, reading).await.ok();
    body
}

/// The error text of the storage, with the query values of the signed URL and the secret headers redacted: some storages quote them.
fn without_secrets(body: &[u8], url: &Url, sent: &HeaderMap) -> String {
    /// Shorter values are numbers and method names.
    const SHORTEST: usize = 12;
    let mut text = String::from_utf8_lossy(body).into_owned();
    let as_sent = url.query().unwrap_or_default().split('&').filter_map(|pair| Some(pair.split_once('=')?.1));
    let decoded = url.query_pairs().map(|(_, value)| value.into_owned());
    let headers = sent.values().filter(|value| value.is_sensitive());
    let headers = headers.filter_map(|value| value.to_str().ok()).flat_map(|value| {
        // Of `Basic QWxhZGRpbg==`, the second word is the secret.
        [value].into_iter().chain(value.split(' ')).map(str::to_owned)
    });
    for value in
        as_sent.map(str::to_owned).chain(decoded).chain(headers).filter(|value| value.len() >= SHORTEST)
    {
        text = text.replace(&value, "***");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn echoed_url_signature_is_redacted() {
        let url = Url::parse("https://store.example/a?X-Amz-Expires=900&X-Amz-Signature=0123456789abcdef&sig=aGVsbG8%2Bd29ybGQ%3D").unwrap();
        let body =
            "<Refused>0123456789abcdef, aGVsbG8+d29ybGQ= or aGVsbG8%2Bd29ybGQ%3D after 900 s</Refused>";
        let shown = without_secrets(body.as_bytes(), &url, &HeaderMap::new());
        assert_eq!(shown, "<Refused>***, *** or *** after 900 s</Refused>");
    }
}
