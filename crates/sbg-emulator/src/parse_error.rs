//! The error of texts that cannot be parsed: fault rules, origins, storage flavors, quirks and errors.

use std::fmt;

/// The error of a text that cannot be parsed, such as a fault rule.
///
/// ```
/// use sbg_emulator::FaultRule;
///
/// let error = "disk:full".parse::<FaultRule>().unwrap_err();
/// assert_eq!(error.to_string(), "unknown origin `disk`: expected api, storage or any");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseFaultError(String);

impl ParseFaultError {
    pub(crate) fn new(message: String) -> Self {
        Self(message)
    }
}

impl fmt::Display for ParseFaultError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ParseFaultError {}
