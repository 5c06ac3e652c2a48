//! Options of one call that override those of its client.

use std::time::Duration;

/// Options that differ from the settings of the client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// Longest time for the call, waits and retries included.
    pub(crate) timeout: Option<Duration>,
    /// Retries after a failed attempt.
    pub(crate) retries: Option<u32>,
    /// Pairs to add to the query of the URL.
    pub(crate) query: Vec<(String, String)>,
}
