//! Requests to the object storage and what comes of them. No token ever comes here.
//!
//! There is no limit on the time that a request takes, which would end a large part on a slow line, but one on the time in which
//! nothing moves.
//!
//! What a response means is decided by pure functions: [`response`] for those that bring bytes, [`refusal`] for those that do not,
//! [`redirect`] for those that send elsewhere.

mod body;
mod checksums;
pub(in crate::transfer) mod confirmation;
mod identity;
pub(in crate::transfer) mod part_body;
mod redirect;
mod refusal;
mod response;
pub(in crate::transfer) mod url;
pub(in crate::transfer) mod url_age;

use std::collections::BTreeMap;
use std::future::Future;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ::url::Url;
use http::header::{ACCEPT_ENCODING, CONTENT_LENGTH, IF_MATCH, RANGE};
use http::{HeaderMap, Method, StatusCode};
use reqwest::{Request, Response};
use tokio::time::Instant;

use self::confirmation::Confirmation;
use self::part_body::Flow;
use self::redirect::Redirect;
use self::response::Ranged;
use crate::error::{Error, ErrorKind, Result, excerpt};
use crate::pipeline::classify;
use crate::transfer::digest::Digest;
use crate::transfer::local::descriptors::is_exhausted;

pub(in crate::transfer) use self::body::RangeBody;
pub(in crate::transfer) use self::identity::{Identity, Version};
pub(in crate::transfer) use self::refusal::{Refusal, Remedy};
#[cfg(fuzzing)]
pub use self::response::fuzz_content_range;

/// The way to the storage.
#[derive(Clone, Debug)]
pub(in crate::transfer) struct Storage {
    http: reqwest::Client,
    /// A connection on which nothing moves for this time is given up.
    idle: Duration,
}

/// Why a request to the storage brought nothing, or not all.
#[derive(Debug)]
pub(in crate::transfer) enum StorageError {
    /// The connection broke or brought too little: worth another attempt.
    Retryable(Error),
    /// Something else than what was asked for: worth one more attempt, but no outage that passes.
    Unexpected(Error),
    /// Silence: worth another attempt, with fewer connections.
    Overloaded(Error),
    /// A refusal, with the time after which the storage wants to be asked again. What to do depends on the age of the URL:
    /// see [`Refusal`].
    Refused(Error, Option<Duration>),
    /// Another attempt would bring the same.
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

/// An object that a first request has opened.
#[derive(Debug)]
pub(in crate::transfer) struct Opening {
    pub(in crate::transfer) version: Version,
    /// Size of the object; `None` where only the end of the body will tell.
    pub(in crate::transfer) size: Option<u64>,
    /// Where the body begins: at the first byte that was asked for, or at that of the object.
    pub(in crate::transfer) start: u64,
    /// Whether the storage gave the whole object instead of a range.
    pub(in crate::transfer) whole: bool,
    /// Digests of the whole object that the storage announces.
    pub(in crate::transfer) digests: Vec<Digest>,
    pub(in crate::transfer) body: RangeBody,
}

/// What a first request finds.
#[derive(Debug)]
pub(in crate::transfer) enum Found {
    Object(Box<Opening>),
    /// An object without any bytes.
    Empty,
    /// An object that ends before the range begins.
    Shorter,
}

impl Storage {
    pub(in crate::transfer) fn new(http: reqwest::Client, idle: Duration) -> Self {
        Self { http, idle }
    }

    /// Asks for a range whose object is not known yet, and learns about the object from the response.
    pub(in crate::transfer) async fn probe(
        &self,
        url: &str,
        wanted: &Range<u64>,
    ) -> Result<Found, StorageError> {
        let response = self.get(url, Some(wanted), None).await?;
        let (start, size, whole) = match response::read(response.status(), response.headers(), wanted) {
            Ranged::Part { range, size } => (range.start, Some(size), false),
            Ranged::Whole { size } => (0, size, true),
            Ranged::Empty => return Ok(Found::Empty),
            Ranged::BeyondEnd => return Ok(Found::Shorter),
            Ranged::NotSatisfiable if wanted.start > 0 => return Ok(Found::Shorter),
            // An object in which no first byte can be had is empty, but a refusal alone does not prove it.
            Ranged::NotSatisfiable => return self.confirm_empty(url).await,
            Ranged::Compressed | Ranged::Unexpected => {
                return Err(self.unexpected(response, &Asked::for_range(wanted)).await);
            }
        };
        let left = match size {
            Some(size) if whole => Some(size),
            Some(size) => Some(wanted.end.min(size) - start),
            None => None,
        };
        Ok(Found::Object(Box::new(Opening {
            version: Version::of(response.headers()),
            size,
            start,
            whole,
            digests: checksums::announced(response.headers()),
            body: RangeBody::new(response, left, self.idle),
        })))
    }

    /// Asks for the whole of an object that seems to be empty.
    async fn confirm_empty(&self, url: &str) -> Result<Found, StorageError> {
        let mut response = self.get(url, None, None).await?;
        if response.status() == StatusCode::OK {
            return match heard(self.idle, response.chunk()).await? {
                Ok(None) => Ok(Found::Empty),
                Ok(Some(_)) => {
                    let message = "the storage refuses the first bytes of an object that is not empty";
                    Err(StorageError::Fatal(Error::new(ErrorKind::Storage, message)))
                }
                Err(error) => Err(lost(error, true)),
            };
        }
        Err(self
            .unexpected(response, &Asked::For("the whole of an object that seems to be empty".to_owned()))
            .await)
    }

    /// Asks for a range of a known object.
    pub(in crate::transfer) async fn get_range(
        &self,
        url: &str,
        range: &Range<u64>,
        identity: &Identity,
    ) -> Result<RangeBody, StorageError> {
        let response = self.get(url, Some(range), Some(&identity.version)).await?;
        if response.status() == StatusCode::PRECONDITION_FAILED {
            return Err(changed("its version is another"));
        }
        let found = response::read(response.status(), response.headers(), range);
        if let Ranged::Part { .. } | Ranged::Whole { .. } = &found
            && let Some(difference) = identity.version.difference(&Version::of(response.headers()))
        {
            return Err(changed(difference));
        }
        let left = range.end - range.start;
        match found {
            Ranged::Part { size, .. } if size != identity.size => Err(changed("its size is another")),
            Ranged::Part { .. } => Ok(RangeBody::new(response, Some(left), self.idle)),
            Ranged::Whole { size: Some(size) } if size != identity.size => {
                Err(changed("its size is another"))
            }
            // The bytes are there all the same, with others behind them.
            Ranged::Whole { size: Some(_) } if range.start == 0 => {
                Ok(RangeBody::beginning(response, left, self.idle))
            }
            Ranged::Empty | Ranged::BeyondEnd | Ranged::NotSatisfiable => {
                Err(changed("it ends before the range"))
            }
            Ranged::Whole { .. } | Ranged::Compressed | Ranged::Unexpected => {
                Err(self.unexpected(response, &Asked::for_range(range)).await)
            }
        }
    }

    /// Asks for the bytes as they are stored.
    async fn get(
        &self,
        url: &str,
        range: Option<&Range<u64>>,
        version: Option<&Version>,
    ) -> Result<Response, StorageError> {
        let request = |encoding: &'static str| {
            // Google unpacks what is stored with gzip for those who do not say that they take it.
            let mut request = self.http.get(url).header(ACCEPT_ENCODING, encoding);
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
            // A web server that compresses whatever it sends is to leave that.
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

    /// Sends a part. Gives the headers to report to the platform. `moving` is told when bytes of the body move; `body` gives the bytes
    /// once more for each redirect.
    pub(in crate::transfer) async fn put(
        &self,
        part: PartRequest<'_>,
        body: impl Fn() -> reqwest::Body,
        moving: &Moving,
    ) -> Result<BTreeMap<String, String>, StorageError> {
        let request = self.http.put(part.url).headers(part.headers.clone());
        let request = request.header(CONTENT_LENGTH, part.length).build();
        let mut request = request.map_err(|error| lost(error, false))?;
        for _ in 0..=redirect::MOST_REDIRECTS {
            let url = request.url().clone();
            // It has no body yet.
            let next = request.try_clone();
            *request.body_mut() = Some(body());
            let answer = tokio::select! {
                answer = self.http.execute(request) => answer,
                () = moving.idle(self.idle) => return Err(silence(self.idle)),
            };
            let response = answer.map_err(|error| lost(error, false))?;
            part.flow.responded();
            match (redirected(&Method::PUT, &url, &response)?, next) {
                (Some(to), Some(next)) => request = redirect::applied(next, to),
                _ => return self.confirmed(&part, response).await,
            }
        }
        Err(too_many_redirects())
    }

    /// What the response to a part confirms.
    async fn confirmed(
        &self,
        part: &PartRequest<'_>,
        response: Response,
    ) -> Result<BTreeMap<String, String>, StorageError> {
        if !part.success.contains(&response.status().as_u16()) {
            return Err(self.unexpected(response, &Asked::ToTake(part.length)).await);
        }
        part.wanted.report(response.headers()).map_err(StorageError::Unexpected)
    }

    /// Sorts a response that is not what was asked for.
    async fn unexpected(&self, response: Response, asked: &Asked) -> StorageError {
        let (status, headers, url) = (response.status(), response.headers().clone(), response.url().clone());
        if status.is_success() {
            let got = response::describe(status, &headers);
            let message = match asked {
                Asked::For(what) => format!("asked the storage for {what}, got {got}"),
                Asked::ToTake(length) => format!("sent the storage a part of {length} bytes, got {got}"),
            };
            return StorageError::Unexpected(Error::new(ErrorKind::Storage, message));
        }
        let body = beginning(response, self.idle.min(LONGEST_MESSAGE)).await;
        let body = without_signature(&body, &url);
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

/// What the storage was asked, for messages.
enum Asked {
    For(String),
    /// To take a part of so many bytes.
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

/// Where a response sends the request, if it does.
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
    let message = format!("the storage redirects a request more than {} times", redirect::MOST_REDIRECTS);
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
    /// Stops the body once the head of the response is there.
    pub(in crate::transfer) flow: &'a Flow,
}

/// When bytes of a part moved last.
#[derive(Clone, Debug)]
pub(in crate::transfer) struct Moving(Arc<Mutex<Option<Instant>>>);

impl Moving {
    pub(in crate::transfer) fn new() -> Self {
        Self(Arc::new(Mutex::new(Some(Instant::now()))))
    }

    /// Bytes move.
    pub(in crate::transfer) fn touch(&self) {
        self.set(Some(Instant::now()));
    }

    /// Nothing is to move before the next [`touch`](Self::touch): silence means nothing until then.
    pub(in crate::transfer) fn hold(&self) {
        self.set(None);
    }

    fn set(&self, last: Option<Instant>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = last;
    }

    /// Waits until nothing has moved for so long.
    async fn idle(&self, limit: Duration) {
        loop {
            let last = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let left = limit.saturating_sub(last.map_or(Duration::ZERO, |last| last.elapsed()));
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left).await;
        }
    }
}

/// What comes within the time in which something has to be heard.
async fn heard<T>(idle: Duration, coming: impl Future<Output = T>) -> Result<T, StorageError> {
    tokio::time::timeout(idle, coming).await.map_err(|_| silence(idle))
}

fn silence(idle: Duration) -> StorageError {
    let message = format!("the storage was silent for {} s", idle.as_secs_f64());
    StorageError::Overloaded(Error::new(ErrorKind::Timeout, message))
}

/// A connection that broke, or that was silent for too long.
fn lost(error: reqwest::Error, answered: bool) -> StorageError {
    // Fewer connections leave a descriptor for each.
    let exhausted = is_exhausted(&error);
    let error = classify(error, answered).into_error();
    match error.kind() {
        ErrorKind::Timeout => StorageError::Overloaded(error),
        _ if exhausted => StorageError::Overloaded(error),
        _ => StorageError::Retryable(error),
    }
}

/// How long the text of a refusal is waited for: the status tells enough.
const LONGEST_MESSAGE: Duration = Duration::from_secs(5);

/// The first bytes of a body, enough for a message, as far as they come within this time.
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
    // What has come until then has to do.
    tokio::time::timeout(limit, reading).await.ok();
    body
}

/// What the storage says, without what it repeats of a signed address: some quote the signature that they refuse, or the whole of it.
fn without_signature(body: &[u8], url: &Url) -> String {
    /// Shorter ones are numbers and names of methods.
    const SHORTEST: usize = 12;
    let mut text = String::from_utf8_lossy(body).into_owned();
    let as_sent = url.query().unwrap_or_default().split('&').filter_map(|pair| Some(pair.split_once('=')?.1));
    let decoded = url.query_pairs().map(|(_, value)| value.into_owned());
    for value in as_sent.map(str::to_owned).chain(decoded).filter(|value| value.len() >= SHORTEST) {
        text = text.replace(&value, "***");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_storage_repeats_of_a_signed_address_is_not_shown() {
        let url = Url::parse("https://store.example/a?X-Amz-Expires=900&X-Amz-Signature=0123456789abcdef&sig=aGVsbG8%2Bd29ybGQ%3D").unwrap();
        let body =
            "<Refused>0123456789abcdef, aGVsbG8+d29ybGQ= or aGVsbG8%2Bd29ybGQ%3D after 900 s</Refused>";
        let shown = without_signature(body.as_bytes(), &url);
        assert_eq!(shown, "<Refused>***, *** or *** after 900 s</Refused>");
    }
}
