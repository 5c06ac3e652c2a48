//! A response of the API with its whole body.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use sbg_raw::{MostItems, PageError};
use serde::de::IgnoredAny;
use serde_json::Value;
use url::Origin;

use super::redact::{REDACTED, redact};
use super::retry_after::{in_words, retry_after};
use crate::error::{Error, ErrorKind, REPORT_LIST, Result, code_of, excerpt, one_line};

/// Facts about the call that travel with its response.
#[derive(Clone, Default)]
pub(crate) struct Sent {
    /// How many times the request was sent.
    pub(crate) attempts: u32,
    /// The secrets in the body of the request.
    pub(crate) secrets: Vec<String>,
}

/// A response of the API with its whole body, as error handlers see it.
///
/// ```
/// use http::{HeaderMap, StatusCode};
/// use sbg::pipeline::Response;
///
/// let maintenance = Response::new(StatusCode::SERVICE_UNAVAILABLE, HeaderMap::new(), r#"{"code": 0}"#);
/// assert_eq!((maintenance.status(), maintenance.code()), (503, Some(0)));
/// ```
#[derive(Clone)]
pub struct Response {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Response {
    /// A response with these parts. A handler returns one to replace the platform's response.
    ///
    /// ```
    /// use http::{HeaderMap, StatusCode};
    /// use sbg::pipeline::{Response, Decision};
    ///
    /// let nothing = Response::new(StatusCode::OK, HeaderMap::new(), r#"{"items": [], "links": []}"#);
    /// let decision = Decision::Replace(nothing);
    /// ```
    pub fn new(status: StatusCode, headers: HeaderMap, body: impl Into<Bytes>) -> Self {
        Self { status, headers, body: body.into() }
    }

    /// HTTP status.
    ///
    /// ```
    /// # fn example(response: &sbg::pipeline::Response) {
    /// let worth_another_attempt = response.status() >= 500;
    /// # }
    /// ```
    pub fn status(&self) -> u16 {
        self.status.as_u16()
    }

    /// The headers.
    ///
    /// ```
    /// # fn example(response: &sbg::pipeline::Response) {
    /// let left = response.headers().get("x-ratelimit-remaining");
    /// # }
    /// ```
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The body.
    ///
    /// ```
    /// # fn example(response: &sbg::pipeline::Response) {
    /// println!("{}", String::from_utf8_lossy(response.body()));
    /// # }
    /// ```
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// Error code of the platform, if the body is an error of the platform.
    ///
    /// ```
    /// use http::{HeaderMap, StatusCode};
    /// use sbg::pipeline::Response;
    ///
    /// let body = r#"{"status": 404, "code": 5002, "message": "Requested file does not exist."}"#;
    /// assert_eq!(Response::new(StatusCode::NOT_FOUND, HeaderMap::new(), body).code(), Some(5002));
    /// ```
    pub fn code(&self) -> Option<i32> {
        if self.status.is_success() { None } else { code_of(&self.said()?) }
    }

    /// Identifier of the request, if a header gives one.
    ///
    /// ```
    /// # fn example(response: &sbg::pipeline::Response) {
    /// if response.status() >= 500 {
    ///     eprintln!("request {}", response.request_id().unwrap_or("without an id"));
    /// }
    /// # }
    /// ```
    pub fn request_id(&self) -> Option<&str> {
        let names = ["x-request-id", "x-amzn-requestid", "x-amzn-trace-id"];
        names.iter().find_map(|name| self.headers.get(*name)?.to_str().ok())
    }

    /// Whether the platform reports maintenance: a 503 with error code 0.
    pub(super) fn is_maintenance(&self) -> bool {
        self.status() == 503 && self.code() == Some(0)
    }

    fn said(&self) -> Option<sbg_raw::types::Error> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The response itself if its status is a success, else its error. A success is parsed only once, by the caller that knows its type.
    pub(crate) fn into_result(self) -> Result<Self> {
        if self.status.is_success() { Ok(self) } else { Err(self.refusal()) }
    }

    /// The response; if it is a refusal, every secret that its body quotes is redacted.
    pub(super) fn without(mut self, secrets: &[&str]) -> Self {
        if self.status.is_success() {
            return self;
        }
        let text = String::from_utf8_lossy(&self.body);
        let quoted: Vec<&str> =
            secrets.iter().copied().filter(|secret| !secret.is_empty() && text.contains(secret)).collect();
        if !quoted.is_empty() {
            let blotted =
                quoted.iter().fold(text.into_owned(), |text, secret| text.replace(secret, REDACTED));
            self.body = blotted.into();
        }
        self
    }

    fn refusal(&self) -> Error {
        let said = self.said();
        // DRS servers call it `msg`.
        let message = said
            .as_ref()
            .and_then(|said| said.message.as_deref().or_else(|| said.extra.get("msg")?.as_str()));
        let message = message.map(one_line);
        let (status, code) = (self.status(), said.as_ref().and_then(code_of));
        let no_reason = || format!("the platform gave no reason; the response is {}", excerpt(&self.body));
        let error = match message.filter(|message| !message.is_empty()) {
            Some(message) => Error::refused(status, code, message),
            None if self.status.is_redirection() => Error::unexplained(
                status,
                "the redirect was not followed, because it leaves the API host or changes the method",
            ),
            None if said.is_some() => Error::refused(status, code, no_reason()),
            None => Error::unexplained(status, no_reason()),
        };
        let error = match retry_after(&self.headers).filter(|_| matches!(self.status(), 429 | 503)) {
            Some(wait) => error.with_hint(in_words(wait)),
            None => error,
        };
        self.describe(error, said.as_ref())
    }

    /// Adds the details of the response other than its message.
    fn describe(&self, error: Error, said: Option<&sbg_raw::types::Error>) -> Error {
        let error = error.with_status(self.status());
        let request_id = self.request_id().map(one_line);
        match said {
            Some(said) => error.with_said(said, request_id),
            None => error.with_request_id(request_id),
        }
    }

    /// The error for a response with a success status whose body does not match the specification. `secrets` are those of the request,
    /// which the response may quote.
    pub(crate) fn unreadable(&self, why: &PageError, api: &Origin, secrets: &[&str]) -> Error {
        let without = |text: String| secrets.iter().fold(text, |text, secret| redacted(&text, secret));
        let message = match why {
            PageError::TooMany(most) => {
                format!("the platform sent a page of more than the {most} requested items")
            }
            PageError::Form(why) => match serde_json::from_slice::<Value>(&self.body) {
                Ok(mut value) => {
                    // The reason quotes parts of the body, which may have any length.
                    let why = one_line(&without(why.to_string()));
                    redact(&mut value, api, secrets);
                    let shown = excerpt(value.to_string().as_bytes());
                    format!("the response does not match the specification: {why}: {shown}")
                }
                // JSON that is nested too deeply or has numbers that are too large cannot be redacted, so it is not shown.
                Err(_) if serde_json::from_slice::<IgnoredAny>(&self.body).is_ok() => {
                    let why = one_line(&without(why.to_string()));
                    format!("the response does not match the specification: {why}: it cannot be shown")
                }
                Err(_) => {
                    let text = without(String::from_utf8_lossy(&self.body).into_owned());
                    format!("the response is not JSON but {}", excerpt(text.as_bytes()))
                }
            },
            _ => "the response does not match the specification".to_owned(),
        };
        let error = Error::new(ErrorKind::UnexpectedResponse, message);
        let is_list = matches!(why, PageError::TooMany(_));
        self.describe(if is_list { error.with_hint(REPORT_LIST) } else { error }, None)
    }

    /// Converts it to the type that the generated client reads, with the facts about the call.
    pub(crate) fn into_response(self, sent: Sent, most: Option<MostItems>) -> reqwest::Response {
        let mut response = http::Response::new(self.body);
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response.extensions_mut().insert(sent);
        most.map(|most| response.extensions_mut().insert(most));
        reqwest::Response::from(response)
    }
}

fn redacted(text: &str, secret: &str) -> String {
    if secret.is_empty() { text.to_owned() } else { text.replace(secret, REDACTED) }
}

/// Hides headers and body, which may hold secrets such as a signed URL.
impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// For the fuzz target: a response with this status and body.
#[cfg(fuzzing)]
pub fn fuzz(status: u16, headers: HeaderMap, body: &[u8]) {
    let Ok(status) = StatusCode::from_u16(status) else { return };
    let response = Response::new(status, headers, Bytes::copy_from_slice(body));
    let api = url::Url::parse("https://api.example.org/v2").expect("a URL").origin();
    let form = || PageError::Form(serde::de::Error::custom("another form"));
    for error in [response.unreadable(&form(), &api, &["secret"]), response.refusal()] {
        let shown = error.to_string();
        assert!(shown.len() < 16_000, "a message is short, whatever the response");
        assert!(!shown.contains(char::is_control), "a message moves no terminal: {shown:?}");
        assert_eq!(error.status(), Some(status.as_u16()));
    }
}

#[cfg(test)]
mod tests {
    use http::header::RETRY_AFTER;

    use super::*;

    const TOKEN: &str = "0123456789abcdef0123456789abcdef";

    fn response(status: u16, body: &str) -> Response {
        Response::new(StatusCode::from_u16(status).unwrap(), HeaderMap::new(), body.to_owned())
    }

    #[test]
    fn truncation_never_exposes_part_of_a_token() {
        for before in 0..200 {
            let body = format!("{}{TOKEN} and more", "x".repeat(before));
            let error = response(500, &body).without(&[TOKEN]).into_result().unwrap_err();
            assert!(!error.to_string().contains("01234567"), "{before}: {error}");
        }
    }

    #[test]
    fn refusal_says_when_to_retry() {
        let check = |status: u16, retry_after: &str, expected: bool| {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, retry_after.parse().unwrap())]);
            let response = Response::new(StatusCode::from_u16(status).unwrap(), headers, "<html>");
            let error = response.into_result().unwrap_err();
            let said = error.to_string().contains("the server asks to retry after 3600 s, at ");
            assert_eq!(said, expected, "{error}");
        };
        check(429, "3600", true);
        check(503, "3600", true);
        check(503, "soon", false);
        check(404, "3600", false);
    }

    #[test]
    fn malformed_response_excerpt_is_redacted() {
        let api = url::Url::parse("https://api.example.org/v2").unwrap().origin();
        let check = |body: &str, why: &str, expected: &str| {
            let why = PageError::Form(serde::de::Error::custom(why));
            let shown = response(200, body).unreadable(&why, &api, &[TOKEN]).to_string();
            assert!(shown.contains(expected), "{shown}");
            assert!(
                !shown.contains("01234567") && !shown.contains("Signature") && shown.len() < 2_000,
                "{shown}"
            );
        };
        check(&format!("{{\"id\": \"{TOKEN}\"}}"), "no", r#"{"id":"***"}"#);
        check(r#"{"url": "https://store.example.org/a?Signature=x", "n": 1e999}"#, "no", "cannot be shown");
        check("[]", &TOKEN.repeat(100), "***");
        check("[]", &"long ".repeat(10_000), "long");
    }
}
