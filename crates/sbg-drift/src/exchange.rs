//! Exchanges, independent of the recording format.

use serde_json::Value;

/// A recorded call and its response.
///
/// ```
/// # fn example(exchange: &sbg_drift::Exchange) {
/// println!("{} {}", exchange.method, exchange.path);
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Exchange {
    /// HTTP method.
    pub method: String,
    /// Path below the base of the API, percent-encoded.
    pub path: String,
    /// Query parameters in order, decoded.
    pub query: Vec<(String, String)>,
    /// Request body.
    pub request: Body,
    /// HTTP status; `None` if there was no response.
    pub status: Option<u16>,
    /// Response body.
    pub response: Body,
}

/// A recorded body.
///
/// ```
/// assert_ne!(sbg_drift::Body::None, sbg_drift::Body::Json(serde_json::Value::Null));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// The message had no body.
    None,
    /// The recording has no body, but the message may have had one.
    Omitted,
    /// JSON, or a string with other text.
    Json(Value),
}

/// An entry of a file.
#[derive(Debug)]
pub(crate) enum Found {
    Exchange(Exchange),
    /// A request to another host, or a preflight request of a browser.
    Elsewhere,
    /// Why the entry is not an exchange.
    Malformed(String),
}
