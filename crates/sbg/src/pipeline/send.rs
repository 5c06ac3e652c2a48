//! Sends one request and reads the whole response, within limits; classifies the failures.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, StatusCode};
use sbg_raw::Operation;
use url::Url;

use super::response::Response;
use crate::error::{Cause, Error, ErrorKind};

/// Largest response that is read, in bytes, unless it is a page. A large workflow has a few megabytes.
const LARGEST_ANSWER: usize = 64 * 1024 * 1024;

/// Largest page that is read, in bytes. A page of 100 items has a few hundred kilobytes. Even a page of empty values only, which take the
/// most memory for their text, then stays below 400 MB (measured with 15 MiB of empty lists in the inputs of tasks).
const LARGEST_PAGE: usize = 16 * 1024 * 1024;

/// Most consecutive redirects that are followed.
const MOST_REDIRECTS: usize = 5;

/// An attempt that got no response.
#[derive(Debug)]
pub(crate) struct Failure {
    /// Whether the request certainly did not reach the server.
    pub(crate) never_left: bool,
    /// Whether another attempt would fail in the same way.
    pub(crate) lasting: bool,
    kind: ErrorKind,
    message: String,
    source: Option<reqwest::Error>,
}

impl Failure {
    /// A failure of a request that was sent.
    fn on_the_way(kind: ErrorKind, message: impl Into<String>) -> Self {
        let lasting = kind != ErrorKind::Timeout;
        Self { never_left: false, lasting, kind, message: message.into(), source: None }
    }

    pub(crate) fn is_transient(&self) -> bool {
        self.kind.is_transient()
    }

    pub(crate) fn into_error(self) -> Error {
        let error = Error::new(self.kind, self.message);
        match self.source {
            Some(source) => error.with_source(source),
            None => error,
        }
    }
}

/// Sends `request` and reads the whole response, all within `time`. Follows redirects that keep host and method; any other redirect is
/// the response.
pub(crate) async fn send(
    http: &reqwest::Client,
    request: reqwest::Request,
    operation: &Operation,
    time: Duration,
) -> Result<Response, Failure> {
    let largest = if operation.pagination.is_some() { LARGEST_PAGE } else { LARGEST_ANSWER };
    tokio::time::timeout(time, follow(http, request, largest)).await.unwrap_or_else(|_| {
        // Bytes may arrive forever, each within the read timeout.
        let message = format!("the response was not complete after {time:?}");
        Err(Failure::on_the_way(ErrorKind::Timeout, message))
    })
}

async fn follow(
    http: &reqwest::Client,
    mut request: reqwest::Request,
    largest: usize,
) -> Result<Response, Failure> {
    for _ in 0..=MOST_REDIRECTS {
        let (method, url, again) = (request.method().clone(), request.url().clone(), request.try_clone());
        let mut response = http.execute(request).await.map_err(|error| classify(error, false))?;
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        match (redirected(&method, &url, status, &headers), again) {
            (Some(to), Some(mut again)) => {
                *again.url_mut() = to;
                request = again;
            }
            _ => {
                let body = read(&mut response, status, &headers, largest).await?;
                return Ok(Response::new(status, headers, body));
            }
        }
    }
    Err(Failure::on_the_way(ErrorKind::UnexpectedResponse, "too many redirects"))
}

/// The target of a redirect that may be followed: on the same host, because the token is sent along, and with the same method, because a
/// call that changes something must not turn into a GET of something else.
fn redirected(method: &Method, url: &Url, status: StatusCode, headers: &HeaderMap) -> Option<Url> {
    let keeps_method = match status.as_u16() {
        301..=303 => method == Method::GET,
        307 | 308 => true,
        _ => false,
    };
    let to = url.join(headers.get(http::header::LOCATION)?.to_str().ok()?).ok()?;
    (keeps_method && to.origin() == url.origin()).then_some(to)
}

async fn read(
    response: &mut reqwest::Response,
    status: StatusCode,
    headers: &HeaderMap,
    largest: usize,
) -> Result<Bytes, Failure> {
    let too_large = || {
        let instead = if largest == LARGEST_PAGE { ": ask for fewer items or fields at once" } else { "" };
        let message =
            format!("the response (HTTP {status}) is larger than the {largest} bytes that are read{instead}");
        Failure::on_the_way(ErrorKind::UnexpectedResponse, message)
    };
    let announced = headers
        .get(http::header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > largest) {
        return Err(too_large());
    }
    let mut body = BytesMut::with_capacity(announced.unwrap_or(0).min(1024 * 1024));
    while let Some(chunk) = response.chunk().await.map_err(|error| classify(error, true))? {
        if body.len() + chunk.len() > largest {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// Classifies an error of the HTTP library; `responded` says whether the head of a response had arrived.
///
/// Removes the URL from the error, because it may be signed; the message names its host.
pub(crate) fn classify(error: reqwest::Error, responded: bool) -> Failure {
    let Cause { kind, message, lasting, never_left } = Cause::of(&error, responded);
    let message = match error.url().and_then(Url::host_str) {
        Some(host) => format!("{message} (host {host})"),
        None => message.to_owned(),
    };
    Failure { never_left, lasting, kind, message, source: Some(error.without_url()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirect_keeps_host_and_method() {
        let check = |method: Method, status: u16, location: &str, expected: Option<&str>| {
            let url = Url::parse("https://api.sbgenomics.com/v2/projects").unwrap();
            let headers = HeaderMap::from_iter([(http::header::LOCATION, location.parse().unwrap())]);
            let to = redirected(&method, &url, StatusCode::from_u16(status).unwrap(), &headers);
            assert_eq!(to.as_ref().map(Url::as_str), expected, "{method} {status} {location}");
        };
        let there = Some("https://api.sbgenomics.com/v2/x");
        check(Method::GET, 302, "/v2/x", there);
        check(Method::GET, 301, "https://api.sbgenomics.com:443/v2/x", there);
        check(Method::POST, 307, "x", there);
        check(Method::DELETE, 308, "x", there);
        check(Method::POST, 302, "x", None);
        check(Method::PATCH, 303, "x", None);
        check(Method::GET, 304, "x", None);
        check(Method::GET, 302, "http://api.sbgenomics.com/v2/x", None);
        check(Method::GET, 302, "https://api.sbgenomics.com:8443/v2/x", None);
        check(Method::GET, 307, "//example.org/v2/x", None);
    }
}
