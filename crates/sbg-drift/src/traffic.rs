//! Recorded traffic, in any format.

use std::io::BufRead;

use anyhow::Result;

use crate::base::Bases;
use crate::exchange::Found;
use crate::report::Position;
use crate::{har, lines};

/// Formats of recorded traffic.
///
/// ```
/// use sbg_drift::Format;
///
/// assert_eq!(Format::guess(br#"{"log": {"version": "1.2", "entries": []}}"#), Format::Har);
/// assert_eq!(Format::guess(br#"{"method": "GET", "path": "/user"}"#), Format::Lines);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One exchange as JSON per line.
    Lines,
    /// HTTP archive 1.2.
    Har,
}

impl Format {
    /// The format of a file that starts with `start`: a HAR file is an object whose first field is `log`.
    pub fn guess(start: &[u8]) -> Self {
        let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
        let inside = text.strip_prefix(b"{").map(<[u8]>::trim_ascii_start);
        match inside.and_then(|inside| inside.strip_prefix(b"\"log\"")) {
            Some(rest) if rest.trim_ascii_start().starts_with(b":") => Self::Har,
            _ => Self::Lines,
        }
    }
}

/// Reads exchanges one by one and passes each to `each`.
pub(crate) fn read(
    mut traffic: impl BufRead,
    format: Format,
    bases: &Bases,
    each: &mut dyn FnMut(Position, Found) -> Result<()>,
) -> Result<()> {
    let start = traffic.fill_buf()?;
    if start.starts_with(b"\xef\xbb\xbf") {
        traffic.consume(3);
    }
    match format {
        Format::Lines => lines::read(traffic, bases, each),
        Format::Har => har::read(traffic, bases, each),
    }
}
