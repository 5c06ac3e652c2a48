//! Errors of the API as the platform documents them: HTTP status, numeric code, message, link.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error_codes::ERROR_CODES;

/// The documentation of the codes; every error body links to it.
const MORE_INFO: &str = "https://docs.sevenbridges.com/docs/error-codes";

/// The result of a handler or check.
pub(crate) type Outcome<T> = Result<T, ApiError>;

/// One error. The message is the documented one, followed by a detail where that helps.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct ApiError {
    pub(crate) status: u16,
    pub(crate) code: u32,
    message: String,
    /// The allowed methods, for the header `Allow`.
    pub(crate) allow: Option<String>,
}

impl ApiError {
    /// The documented error with this code.
    pub(crate) fn new(code: u32) -> Self {
        let found = ERROR_CODES.binary_search_by_key(&code, |entry| entry.0);
        debug_assert!(found.is_ok(), "code {code} is not documented");
        let (status, message) =
            found.map_or((503, "Unexpected error occurred."), |at| (ERROR_CODES[at].1, ERROR_CODES[at].2));
        Self { status, code, message: message.to_owned(), allow: None }
    }

    /// A request that breaks a general rule of the API: code 90000 and the reason.
    pub(crate) fn bad_request(reason: impl fmt::Display) -> Self {
        Self::new(90000).detail(reason)
    }

    /// Appends to the documented message what is wrong with this request.
    pub(crate) fn detail(mut self, reason: impl fmt::Display) -> Self {
        use fmt::Write as _;
        let _ = write!(self.message, " {reason}");
        self
    }

    /// Replaces the HTTP status of the code.
    pub(crate) fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// Names the methods that the path allows.
    pub(crate) fn allowing(mut self, methods: &str) -> Self {
        self.allow = Some(methods.to_owned());
        self.detail(format_args!("Allowed: {methods}."))
    }

    /// The error body.
    pub(crate) fn body(&self) -> Value {
        json!({ "status": self.status, "code": self.code, "message": self.message, "more_info": MORE_INFO })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_codes_are_sorted() {
        assert!(ERROR_CODES.is_sorted_by_key(|entry| entry.0));
    }

    #[test]
    fn error_has_documented_status_and_message() {
        let body = ApiError::new(5002).body();
        assert_eq!(body["status"], 404);
        assert_eq!(body["code"], 5002);
        assert_eq!(body["message"], "Requested file does not exist.");
    }

    #[test]
    fn detail_follows_the_documented_message() {
        let body = ApiError::bad_request("`limit` is too large.").body();
        assert_eq!(body["message"], "Bad request. `limit` is too large.");
    }
}
