//! What one call may do otherwise than its client.

use std::time::Duration;

/// What differs from the settings of the client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// Longest time for the call, waits and retries included.
    pub(crate) timeout: Option<Duration>,
    /// Retries after a failed attempt.
    pub(crate) retries: Option<u32>,
    /// Pairs that are added to the query of the URL.
    pub(crate) query: Vec<(String, String)>,
}
