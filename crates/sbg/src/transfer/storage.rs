//! Requests to the object storage and what their answers must be. No token ever comes here.

use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_RANGE, ETAG, IF_MATCH, RANGE};
use http::{HeaderMap, StatusCode};

use crate::error::{Error, ErrorKind, Result, excerpt};
use crate::transport::{classify, jittered};

/// Failures in a row, without a byte of progress, after which a part is given up.
pub(super) const MOST_FAILURES: u32 = 10;

/// Why a request to the storage brought nothing, or not all.
#[derive(Debug)]
pub(super) enum Trouble {
    /// Worth another attempt.
    Again(Error),
    /// The signed address was refused: it may have expired.
    Refused(Error),
    /// Another attempt would bring the same.
    Final(Error),
}

/// What a download knows of the object: all its ranges must be of this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) size: u64,
    pub(super) etag: Option<String>,
}

/// The body of a range, in pieces.
#[derive(Debug)]
pub(super) struct RangeBody {
    response: reqwest::Response,
    left: u64,
}

impl RangeBody {
    /// The next piece; `None` when the whole range has come.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Trouble> {
        match self.response.chunk().await {
            Ok(Some(piece)) => {
                self.left = self.left.checked_sub(piece.len() as u64).ok_or_else(|| {
                    Trouble::Again(Error::new(
                        ErrorKind::Storage,
                        "the storage sent more bytes than it announced",
                    ))
                })?;
                Ok(Some(piece))
            }
            Ok(None) if self.left == 0 => Ok(None),
            Ok(None) => {
                let message = format!("the storage ended a range {} bytes early", self.left);
                Err(Trouble::Again(Error::new(ErrorKind::Storage, message)))
            }
            Err(error) => Err(Trouble::Again(classify(error, true).into_error())),
        }
    }
}

/// Asks for a range whose object is not known yet, and learns about the object from the answer. `None` stands for an empty object.
pub(super) async fn probe(
    http: &reqwest::Client,
    url: &str,
    length: u64,
) -> Result<Option<(Identity, Range<u64>, RangeBody)>, Trouble> {
    let response = get(http, url, &(0..length.max(1)), None).await?;
    if response.status() == StatusCode::RANGE_NOT_SATISFIABLE {
        return match content_range(response.headers()) {
            Some((None, 0)) => Ok(None),
            _ => Err(unexpected(response, "a whole object").await),
        };
    }
    let etag = etag(response.headers());
    match (response.status(), content_range(response.headers())) {
        (StatusCode::PARTIAL_CONTENT, Some((Some(range), size)))
            if range.start == 0 && range.end == length.min(size) =>
        {
            check_length(response.headers(), &range)?;
            let left = range.end;
            Ok(Some((Identity { size, etag }, range, RangeBody { response, left })))
        }
        _ => Err(unexpected(response, "the first range of the object").await),
    }
}

/// Asks for a range of a known object.
pub(super) async fn get_range(
    http: &reqwest::Client,
    url: &str,
    range: &Range<u64>,
    identity: &Identity,
) -> Result<RangeBody, Trouble> {
    let response = get(http, url, range, identity.etag.as_deref()).await?;
    let changed = |what: &str| {
        Trouble::Final(Error::new(
            ErrorKind::Integrity,
            format!("the file changed on the platform while it was downloaded: {what}"),
        ))
    };
    if response.status() == StatusCode::PRECONDITION_FAILED {
        return Err(changed("its version is another"));
    }
    if response.status() != StatusCode::PARTIAL_CONTENT {
        return Err(unexpected(response, "a range").await);
    }
    if etag(response.headers()) != identity.etag {
        return Err(changed("its ETag is another"));
    }
    match content_range(response.headers()) {
        Some((_, size)) if size != identity.size => Err(changed("its size is another")),
        Some((Some(given), _)) if given == *range => {
            check_length(response.headers(), range)?;
            Ok(RangeBody { response, left: range.end - range.start })
        }
        _ => Err(unexpected(response, "exactly the range that was asked for").await),
    }
}

async fn get(
    http: &reqwest::Client,
    url: &str,
    range: &Range<u64>,
    etag: Option<&str>,
) -> Result<reqwest::Response, Trouble> {
    let mut request =
        http.get(url).header(RANGE, format!("bytes={}-{}", range.start, range.end.saturating_sub(1)));
    if let Some(etag) = etag {
        request = request.header(IF_MATCH, etag);
    }
    request.send().await.map_err(|error| Trouble::Again(classify(error, false).into_error()))
}

/// Sends a part. Gives the headers of the answer, which the platform wants to see.
pub(super) async fn put(
    http: &reqwest::Client,
    url: &str,
    headers: HeaderMap,
    length: u64,
    body: reqwest::Body,
    success: &[u16],
) -> Result<HeaderMap, Trouble> {
    let request = http.put(url).headers(headers).header(CONTENT_LENGTH, length).body(body);
    let response =
        request.send().await.map_err(|error| Trouble::Again(classify(error, false).into_error()))?;
    if !success.contains(&response.status().as_u16()) {
        return Err(unexpected(response, "that the part arrived").await);
    }
    if etag(response.headers()).is_none_or(|etag| etag.trim_matches('"').is_empty()) {
        let message = "the storage took a part without confirming it by an ETag";
        return Err(Trouble::Again(Error::new(ErrorKind::Storage, message)));
    }
    Ok(response.headers().clone())
}

/// The time to wait after failure `number` in a row.
pub(super) fn pause(number: u32) -> Duration {
    jittered(Duration::from_millis(100), Duration::from_secs(15), number, fastrand::f64())
}

/// Sorts an answer that is not what was asked for.
async fn unexpected(response: reqwest::Response, wanted: &str) -> Trouble {
    let status = response.status();
    let range = response
        .headers()
        .get(CONTENT_RANGE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("none")
        .to_owned();
    let body = beginning(response).await;
    let message = if status.is_success() {
        format!("the storage answered something else than {wanted} (Content-Range {range})")
    } else {
        format!("the storage refused: {}", excerpt(&body))
    };
    let error = Error::new(ErrorKind::Storage, message).with_status(status.as_u16());
    match status.as_u16() {
        // S3 and its likes answer an expired signature with 403, some with 401 or 400.
        401 | 403 => Trouble::Refused(error),
        400 if body.windows(7).any(|word| word == b"xpired<" || word == b"expired") => {
            Trouble::Refused(error)
        }
        408 | 425 | 429 | 500..=599 => Trouble::Again(error),
        _ if status.is_success() => Trouble::Again(error),
        _ => Trouble::Final(error),
    }
}

/// The first bytes of a body, enough for a message.
async fn beginning(mut response: reqwest::Response) -> Vec<u8> {
    let mut body = Vec::new();
    while body.len() < 4096 {
        match response.chunk().await {
            Ok(Some(piece)) => body.extend_from_slice(&piece[..piece.len().min(4096 - body.len())]),
            _ => break,
        }
    }
    body
}

fn check_length(headers: &HeaderMap, range: &Range<u64>) -> Result<(), Trouble> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    match announced {
        Some(length) if length != range.end - range.start => {
            let message =
                format!("the storage announces {length} bytes for a range of {}", range.end - range.start);
            Err(Trouble::Again(Error::new(ErrorKind::Storage, message)))
        }
        _ => Ok(()),
    }
}

fn etag(headers: &HeaderMap) -> Option<String> {
    headers.get(ETAG)?.to_str().ok().map(str::to_owned)
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

#[cfg(test)]
mod tests {
    use super::*;

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
