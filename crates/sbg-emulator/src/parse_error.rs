//! The error of texts that cannot be parsed: fault rules, origins, storage flavors, quirks and errors.

/// The error of a text that cannot be parsed, such as a fault rule.
///
/// ```
/// use sbg_emulator::FaultRule;
///
/// let error = "disk:full".parse::<FaultRule>().unwrap_err();
/// assert_eq!(error.to_string(), "unknown origin `disk`: expected api, storage or any");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ParseFaultError(String);

impl ParseFaultError {
    pub(crate) fn new(message: String) -> Self {
        Self(message)
    }
}
