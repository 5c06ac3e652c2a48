//! Reads an object in one response, from the first requested byte to the last.
//!
//! For storage that does not support ranges, and for objects without a version, where two responses may contain bytes of two versions.
//! After a broken response reading resumes if the version is certain, with a range or by skipping bytes; otherwise it restarts at the
//! first byte.

use std::ops::Range;

use bytes::Bytes;

use super::probe::{Opened, open};
use super::signed_url::RenewableUrl;
use crate::error::{Error, ErrorKind, Result};
use crate::transfer::engine::concurrency::Permit;
use crate::transfer::engine::retry::Retry;
use crate::transfer::engine::runtime::Context;
use crate::transfer::engine::storage::{FirstResponse, Probe, RangeBody, StorageError, Version};
use crate::transfer::progress::Counters;

/// A reader of an object in one response at a time.
#[derive(Debug)]
pub(in crate::transfer) struct Sequential {
    context: Context,
    signed_url: RenewableUrl,
    /// The requested bytes; the end may lie beyond that of the object.
    wanted: Range<u64>,
    version: Version,
    /// Size of the object; `None` until the end of a body reveals it.
    size: Option<u64>,
    /// Offset of the next byte to return.
    at: u64,
    /// The furthest offset reached before.
    furthest: u64,
    open: Option<(RangeBody, Permit)>,
    retry: Retry,
    breaks: Breaks,
}

/// Counts broken responses.
#[derive(Debug, Default)]
struct Breaks {
    at: u64,
    count: u32,
}

impl Breaks {
    /// Consecutive responses that break at the same byte are not a coincidence: something on the path limits them.
    const MOST: u32 = 3;

    /// Counts a response that broke before the byte `at`. Makes the failure final if it is not a coincidence.
    fn judge(&mut self, at: u64, failure: StorageError) -> StorageError {
        self.count = if at == self.at { self.count + 1 } else { 1 };
        self.at = at;
        match failure {
            StorageError::Retryable(error) if at > 0 && self.count == Self::MOST => {
                StorageError::Fatal(error.with_hint(format!(
                    "{} responses ended after {at} bytes: a proxy may limit their size",
                    self.count
                )))
            }
            failure => failure,
        }
    }
}

/// The next step of a reader.
#[derive(Debug)]
pub(in crate::transfer) enum Next {
    Piece(Bytes),
    /// The bytes returned so far are invalid: reading restarts at the first requested byte.
    Restarted,
    End,
}

impl Sequential {
    /// Reads `wanted` of an object. `opening` is the response to the request for its first bytes.
    pub(in crate::transfer) fn new(
        context: Context,
        signed_url: RenewableUrl,
        wanted: Range<u64>,
        opening: FirstResponse,
        permit: Permit,
    ) -> Self {
        let mut reader = Self {
            context,
            signed_url,
            at: wanted.start,
            furthest: wanted.start,
            wanted,
            version: opening.version.clone(),
            size: opening.size,
            open: None,
            retry: Retry::default(),
            breaks: Breaks::default(),
        };
        let has_all = || reader.end().is_some_and(|end| opening.body.left() == Some(end - opening.start));
        // If the response ends before `wanted` does, the rest would come from another response, possibly of another version.
        if opening.whole || reader.version.is_certain() || has_all() {
            reader.open = Some((reader.placed(opening), permit));
        }
        reader
    }

    /// Id of the file, or URI of the object.
    pub(in crate::transfer) fn name(&self) -> &str {
        self.signed_url.name()
    }

    /// Size of the object, once it is known.
    pub(in crate::transfer) fn size(&self) -> Option<u64> {
        self.size
    }

    /// Offset up to which bytes were returned.
    pub(in crate::transfer) fn position(&self) -> u64 {
        self.at
    }

    /// The version of the bytes.
    pub(in crate::transfer) fn version(&self) -> &Version {
        &self.version
    }

    /// Closes the connection. The next piece uses another one.
    pub(in crate::transfer) fn disconnect(&mut self) {
        self.open = None;
    }

    /// The next piece of the object. Failures are retried; they count until reading gets further than before.
    pub(in crate::transfer) async fn next(&mut self, counters: &Counters) -> Result<Next> {
        loop {
            let end = self.end();
            let Some((body, permit)) = &mut self.open else {
                if self.reopen(counters).await? {
                    return Ok(Next::Restarted);
                }
                continue;
            };
            match body.next().await {
                Ok(Some(piece)) => {
                    self.context.down.take(piece.len() as u64).await;
                    permit.limiter().moved(piece.len() as u64);
                    self.at += piece.len() as u64;
                    if self.at > self.furthest {
                        counters.gain();
                        self.furthest = self.at;
                        self.retry = Retry::default();
                    }
                    return Ok(Next::Piece(piece));
                }
                Ok(None) if end.is_none_or(|end| end == self.at) => {
                    if self.wanted.end == u64::MAX {
                        self.size = Some(self.at);
                    }
                    self.open = None;
                    return Ok(Next::End);
                }
                // The range was requested before the size was known.
                Ok(None) => self.open = None,
                Err(failure) => {
                    let limiter = permit.limiter().clone();
                    self.open = None;
                    let failure = self.breaks.judge(self.at, failure);
                    // The URL was good when the body began.
                    self.retry.after(failure, false, &limiter, counters).await?;
                }
            }
        }
    }

    /// The end of the bytes to read, once known.
    fn end(&self) -> Option<u64> {
        self.size.map(|size| size.min(self.wanted.end))
    }

    /// Requests the missing bytes again. `true` if reading restarts at the first byte.
    async fn reopen(&mut self, counters: &Counters) -> Result<bool> {
        let resumes = self.version.is_certain() && self.size.is_some();
        let start = if resumes { self.at } else { self.wanted.start };
        let range = start..self.end().unwrap_or(self.wanted.end);
        let opened = open(&self.context, &self.signed_url, &range, counters, &mut self.retry).await?;
        let Opened { found: Probe::Object(opening), permit, .. } = opened else {
            return Err(changed("it ends before the range"));
        };
        if resumes {
            if let Some(difference) = self.version.difference(&opening.version) {
                return Err(changed(difference));
            }
            if opening.size.is_some() && opening.size != self.size {
                return Err(changed("its size differs"));
            }
        } else {
            (self.version, self.size) = (opening.version.clone(), opening.size);
            self.at = self.wanted.start;
        }
        let restarted = self.at == self.wanted.start && self.furthest > self.at;
        self.open = Some((self.placed(*opening), permit));
        Ok(restarted)
    }

    /// The body of a response, starting at the next byte to return.
    fn placed(&self, opening: FirstResponse) -> RangeBody {
        let end = match self.end().unwrap_or(self.wanted.end) {
            u64::MAX => u64::MAX,
            end => end - opening.start,
        };
        opening.body.narrowed(self.at - opening.start, end)
    }
}

fn changed(difference: &str) -> Error {
    Error::new(
        ErrorKind::Integrity,
        format!("the file changed on the platform while it was downloaded: {difference}"),
    )
}
