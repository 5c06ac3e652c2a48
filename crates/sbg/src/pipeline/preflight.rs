//! Checks before anything is sent: refuses advance access that is not enabled, and URLs that are too long.

use http::HeaderValue;
use sbg_raw::Operation;

use crate::error::{Error, ErrorKind, Result};

/// Longest URL that is sent. The gateways of the platform refuse longer ones with a 414 that explains nothing.
const LONGEST_URL: usize = 6000;

/// The checks that need no response.
#[derive(Debug)]
pub(crate) struct Preflight {
    /// Whether the user has accepted operations that may still change.
    pub(crate) advance_access: bool,
}

impl Preflight {
    pub(crate) fn check(&self, request: &reqwest::Request, operation: &'static Operation) -> Result<()> {
        if operation.advance_access && !self.advance_access {
            let message = "advance access calls may change; they are refused unless enabled";
            return Err(Error::new(ErrorKind::AdvanceAccess, message)
                .with_operation(operation, 0)
                .with_hint("enable it with `Client::builder().advance_access(true)` or `[mode] advance_access = true`"));
        }
        let length = request.url().as_str().len();
        if length > LONGEST_URL {
            let message = format!("the URL of the call has {length} characters; the limit is {LONGEST_URL}");
            return Err(Error::invalid(message)
                .with_operation(operation, 0)
                .with_hint("ask for less at once, for example with fewer filter values"));
        }
        Ok(())
    }

    /// Adds the consent to advance access, if given. Like the official client it does so on every call, because more operations require
    /// it than the specification marks.
    pub(crate) fn mark(&self, request: &mut reqwest::Request) {
        if self.advance_access {
            request.headers_mut().insert("x-sbg-advance-access", HeaderValue::from_static("advance"));
        }
    }
}
