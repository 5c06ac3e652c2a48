//! A response before it is sent: status, headers and body, the same for both origins.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::Value;

use super::body::{Content, ResponseBody};

/// One response.
#[derive(Debug, Default)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(HeaderName, String)>,
    pub(crate) body: Content,
    /// Whether the body is JSON, which the log keeps.
    pub(crate) json: bool,
    /// Bytes that the head promises and that are never sent: the connection closes instead.
    pub(crate) missing: u64,
}

impl Response {
    pub(crate) fn empty(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    pub(crate) fn json(status: u16, value: &Value) -> Self {
        let mut response = Self::text(status, "application/json", value.to_string());
        response.json = true;
        response
    }

    pub(crate) fn text(status: u16, content_type: &str, text: impl Into<Bytes>) -> Self {
        let headers = vec![(header::CONTENT_TYPE, content_type.to_owned())];
        Self { status, headers, body: Content::Text(text.into()), ..Self::default() }
    }

    pub(crate) fn header(mut self, name: HeaderName, value: impl std::fmt::Display) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }

    /// The JSON text of the body, if it is JSON.
    pub(crate) fn json_text(&self) -> Option<&Bytes> {
        self.body.text().filter(|_| self.json)
    }

    pub(crate) fn into_http(self) -> http::Response<ResponseBody> {
        let mut response = http::Response::new(ResponseBody::new(self.body));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
        for (name, value) in self.headers {
            // A value that is not valid in a header (a line break in a file name) is left out rather than causing a panic.
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().append(name, value);
            }
        }
        response
    }
}
