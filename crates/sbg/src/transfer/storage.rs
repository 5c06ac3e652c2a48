//! Requests to the object storage and what their answers must be. No token ever comes here.
//!
//! There is no limit on the time that a request takes, which would end a large part on a slow line, but one on the time in which
//! nothing moves.

use std::collections::BTreeMap;
use std::future::Future;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_RANGE, ETAG, IF_MATCH, LAST_MODIFIED, RANGE};
use http::{HeaderMap, HeaderName, StatusCode};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use url::Url;

use super::upload::{Confirmation, Flow};
use crate::error::{Error, ErrorKind, Result, excerpt};
use crate::transport::classify;

/// The way to the storage.
#[derive(Clone, Debug)]
pub(super) struct Storage {
    http: reqwest::Client,
    /// A connection on which nothing moves for this time is given up.
    idle: Duration,
}

/// Why a request to the storage brought nothing, or not all.
#[derive(Debug)]
pub(super) enum StorageError {
    /// Worth another attempt.
    Retryable(Error),
    /// Something else than what was asked for: worth another attempt, but no outage that passes.
    Unexpected(Error),
    /// Worth another attempt, and a sign that the storage has too much to do: a refusal for its load, or silence.
    Overloaded(Error),
    /// The signed address was refused: it may have expired.
    Rejected(Error),
    /// Another attempt would bring the same.
    Fatal(Error),
}

impl StorageError {
    pub(super) fn error(&self) -> &Error {
        match self {
            Self::Retryable(error)
            | Self::Unexpected(error)
            | Self::Overloaded(error)
            | Self::Rejected(error)
            | Self::Fatal(error) => error,
        }
    }
}

/// What a download knows of the object: all its ranges must be of this one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Identity {
    pub(super) size: u64,
    pub(super) etag: Option<String>,
    pub(super) last_modified: Option<String>,
}

impl Identity {
    /// Whether two objects of this identity are surely the same: a size alone does not tell.
    pub(super) fn is_certain(&self) -> bool {
        self.etag.is_some() || self.last_modified.is_some()
    }
}

/// The body of a range, in pieces.
#[derive(Debug)]
pub(super) struct RangeBody {
    response: reqwest::Response,
    left: u64,
    idle: Duration,
}

impl RangeBody {
    /// The next piece; `None` when the whole range has come.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, StorageError> {
        if self.left == 0 {
            return Ok(None);
        }
        match heard(self.idle, self.response.chunk()).await? {
            Ok(Some(piece)) => {
                self.left = self.left.checked_sub(piece.len() as u64).ok_or_else(|| {
                    StorageError::Retryable(Error::new(
                        ErrorKind::Storage,
                        "the storage sent more bytes than it announced",
                    ))
                })?;
                Ok(Some(piece))
            }
            Ok(None) => {
                let message = format!("the storage ended a range {} bytes early", self.left);
                Err(StorageError::Retryable(Error::new(ErrorKind::Storage, message)))
            }
            Err(error) => Err(lost(error, true)),
        }
    }
}

/// What a first request finds.
#[derive(Debug)]
pub(super) enum Found {
    /// The range that was asked for, or as much of it as there is.
    Range(Identity, Range<u64>, Box<RangeBody>),
    /// An object without any bytes.
    Empty,
    /// An object that ends before the range begins.
    Shorter,
}

impl Storage {
    pub(super) fn new(http: reqwest::Client, idle: Duration) -> Self {
        Self { http, idle }
    }

    /// Asks for a range whose object is not known yet, and learns about the object from the answer.
    pub(super) async fn probe(&self, url: &str, wanted: Range<u64>) -> Result<Found, StorageError> {
        let response = self.get(url, &wanted, None).await?;
        if response.status() == StatusCode::RANGE_NOT_SATISFIABLE {
            return match content_range(response.headers()) {
                Some((None, 0)) => Ok(Found::Empty),
                Some((None, size)) if size <= wanted.start => Ok(Found::Shorter),
                // An object in which no first byte can be had is empty, but a refusal alone does not prove it.
                None if wanted.start == 0 => self.confirm_empty(url).await,
                _ => Err(self.unexpected(response, "a whole object").await),
            };
        }
        match (response.status(), content_range(response.headers())) {
            (StatusCode::PARTIAL_CONTENT, Some((Some(range), size)))
                if range.start == wanted.start && range.end == wanted.end.min(size) =>
            {
                check_length(response.headers(), &range)?;
                let identity = Identity {
                    size,
                    etag: text(response.headers(), ETAG),
                    last_modified: text(response.headers(), LAST_MODIFIED),
                };
                let left = range.end - range.start;
                let body = Box::new(RangeBody { response, left, idle: self.idle });
                Ok(Found::Range(identity, range, body))
            }
            _ => Err(self.unexpected(response, "the first range of the object").await),
        }
    }

    /// Asks for the whole of an object that seems to be empty.
    async fn confirm_empty(&self, url: &str) -> Result<Found, StorageError> {
        let mut response = self.send(self.http.get(url)).await?;
        if response.status() == StatusCode::OK {
            match heard(self.idle, response.chunk()).await? {
                Ok(None) => return Ok(Found::Empty),
                Ok(Some(_)) => {
                    let message = "the storage refuses the first bytes of an object that is not empty";
                    return Err(StorageError::Fatal(Error::new(ErrorKind::Storage, message)));
                }
                Err(error) => return Err(lost(error, true)),
            }
        }
        Err(self.unexpected(response, "an empty object").await)
    }

    /// Asks for a range of a known object.
    pub(super) async fn get_range(
        &self,
        url: &str,
        range: &Range<u64>,
        identity: &Identity,
    ) -> Result<RangeBody, StorageError> {
        let response = self.get(url, range, identity.etag.as_deref()).await?;
        let changed = |what: &str| {
            StorageError::Fatal(Error::new(
                ErrorKind::Integrity,
                format!("the file changed on the platform while it was downloaded: {what}"),
            ))
        };
        if response.status() == StatusCode::PRECONDITION_FAILED {
            return Err(changed("its version is another"));
        }
        if response.status() != StatusCode::PARTIAL_CONTENT {
            return Err(self.unexpected(response, "a range").await);
        }
        if text(response.headers(), ETAG) != identity.etag {
            return Err(changed("its ETag is another"));
        }
        if identity.etag.is_none() && text(response.headers(), LAST_MODIFIED) != identity.last_modified {
            return Err(changed("it was modified"));
        }
        match content_range(response.headers()) {
            Some((_, size)) if size != identity.size => Err(changed("its size is another")),
            Some((Some(given), _)) if given == *range => {
                check_length(response.headers(), range)?;
                Ok(RangeBody { response, left: range.end - range.start, idle: self.idle })
            }
            _ => Err(self.unexpected(response, "exactly the range that was asked for").await),
        }
    }

    async fn get(
        &self,
        url: &str,
        range: &Range<u64>,
        etag: Option<&str>,
    ) -> Result<reqwest::Response, StorageError> {
        let mut request = self
            .http
            .get(url)
            .header(RANGE, format!("bytes={}-{}", range.start, range.end.saturating_sub(1)));
        // A weak tag never matches there.
        if let Some(etag) = etag.filter(|etag| !etag.starts_with("W/")) {
            request = request.header(IF_MATCH, etag);
        }
        self.send(request).await
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<reqwest::Response, StorageError> {
        heard(self.idle, request.send()).await?.map_err(|error| lost(error, false))
    }

    /// Sends a part. Gives the headers to report to the platform. `moving` is told when bytes of the body move.
    pub(super) async fn put(
        &self,
        part: PartRequest<'_>,
        body: reqwest::Body,
        moving: &Moving,
    ) -> Result<BTreeMap<String, String>, StorageError> {
        let request = self.http.put(part.url).headers(part.headers.clone());
        let request = request.header(CONTENT_LENGTH, part.length).body(body);
        let answer = tokio::select! {
            answer = request.send() => answer,
            () = moving.idle(self.idle) => return Err(silence(self.idle)),
        };
        let response = answer.map_err(|error| lost(error, false))?;
        part.flow.responded();
        if !part.success.contains(&response.status().as_u16()) {
            return Err(self.unexpected(response, "that the part arrived").await);
        }
        part.wanted.report(response.headers()).map_err(StorageError::Unexpected)
    }

    /// Sorts an answer that is not what was asked for.
    async fn unexpected(&self, response: reqwest::Response, wanted: &str) -> StorageError {
        let status = response.status();
        let range = response
            .headers()
            .get(CONTENT_RANGE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("none")
            .to_owned();
        let url = response.url().clone();
        let body = beginning(response, self.idle.min(LONGEST_MESSAGE)).await;
        let message = if status.is_success() {
            format!("the storage answered something else than {wanted} (Content-Range {range})")
        } else {
            format!("the storage refused: {}", excerpt(&without_signature(&body, &url)))
        };
        let error = Error::new(ErrorKind::Storage, message).with_status(status.as_u16());
        match status.as_u16() {
            // S3 and its likes answer an expired signature with 403, some with 401 or 400.
            401 | 403 => StorageError::Rejected(error),
            400 if body.windows(7).any(|word| word == b"xpired<" || word == b"expired") => {
                StorageError::Rejected(error)
            }
            408 | 429 | 503 => StorageError::Overloaded(error),
            425 | 500..=599 => StorageError::Retryable(error),
            _ if status.is_success() => StorageError::Unexpected(error),
            _ => StorageError::Fatal(error),
        }
    }
}

/// A part to send.
#[derive(Debug)]
pub(super) struct PartRequest<'a> {
    pub(super) url: &'a str,
    pub(super) headers: &'a HeaderMap,
    pub(super) length: u64,
    /// Statuses that mean success.
    pub(super) success: &'a [u16],
    /// Headers of the response to report to the platform.
    pub(super) wanted: &'a Confirmation,
    /// Stops the body once the head of the response is there.
    pub(super) flow: &'a Flow,
}

/// When bytes of a part moved last.
#[derive(Clone, Debug)]
pub(super) struct Moving(Arc<Mutex<Option<Instant>>>);

impl Moving {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(Some(Instant::now()))))
    }

    /// Bytes move.
    pub(super) fn touch(&self) {
        self.set(Some(Instant::now()));
    }

    /// Nothing is to move before the next [`touch`](Self::touch): silence means nothing until then.
    pub(super) fn hold(&self) {
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
    let error = classify(error, answered).into_error();
    match error.kind() {
        ErrorKind::Timeout => StorageError::Overloaded(error),
        _ => StorageError::Retryable(error),
    }
}

/// How long the text of a refusal is waited for: the status tells enough.
const LONGEST_MESSAGE: Duration = Duration::from_secs(5);

/// The first bytes of a body, enough for a message, as far as they come within this time.
async fn beginning(mut response: reqwest::Response, limit: Duration) -> Vec<u8> {
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
fn without_signature(body: &[u8], url: &Url) -> Vec<u8> {
    /// Shorter ones are numbers and names of methods.
    const SHORTEST: usize = 12;
    let mut text = String::from_utf8_lossy(body).into_owned();
    let as_sent = url.query().unwrap_or_default().split('&').filter_map(|pair| Some(pair.split_once('=')?.1));
    let decoded = url.query_pairs().map(|(_, value)| value.into_owned());
    for value in as_sent.map(str::to_owned).chain(decoded).filter(|value| value.len() >= SHORTEST) {
        text = text.replace(&value, "***");
    }
    text.into_bytes()
}

fn check_length(headers: &HeaderMap, range: &Range<u64>) -> Result<(), StorageError> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    match announced {
        Some(length) if length != range.end - range.start => {
            let message =
                format!("the storage announces {length} bytes for a range of {}", range.end - range.start);
            Err(StorageError::Unexpected(Error::new(ErrorKind::Storage, message)))
        }
        _ => Ok(()),
    }
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

/// The range (`None` for `*`) and the size of the object that the header `Content-Range` names.
fn content_range(headers: &HeaderMap) -> Option<(Option<Range<u64>>, u64)> {
    parse_content_range(headers.get(CONTENT_RANGE)?.to_str().ok()?)
}

fn parse_content_range(text: &str) -> Option<(Option<Range<u64>>, u64)> {
    let (range, size) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
    let size: u64 = size.parse().ok()?;
    if range == "*" {
        return Some((None, size));
    }
    let (first, last) = range.split_once('-')?;
    let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
    (first <= last && last < size).then(|| (Some(first..last + 1), size))
}

/// For the fuzz target: a header `Content-Range` of this text.
#[cfg(fuzzing)]
pub fn fuzz_content_range(text: &str) {
    let Some((range, size)) = parse_content_range(text) else { return };
    if let Some(range) = range {
        assert!(range.start < range.end && range.end <= size, "a range lies inside of its object");
        let written = format!("bytes {}-{}/{size}", range.start, range.end - 1);
        assert_eq!(parse_content_range(&written), Some((Some(range), size)));
    }
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
        assert_eq!(String::from_utf8_lossy(&shown), "<Refused>***, *** or *** after 900 s</Refused>");
    }

    #[test]
    fn content_ranges_are_read_exactly_or_not_at_all() {
        let check = |text: &str, expected: Option<(Option<Range<u64>>, u64)>| {
            assert_eq!(parse_content_range(text), expected, "{text}");
        };
        check("bytes 0-9/10", Some((Some(0..10), 10)));
        check("bytes 5-5/10", Some((Some(5..6), 10)));
        check("bytes */0", Some((None, 0)));
        check("bytes 5-10/10", None);
        check("bytes 6-5/10", None);
        check("bytes 0-9/*", None);
        check("0-9/10", None);
        check("bytes 0-18446744073709551615/18446744073709551615", None);
    }
}
