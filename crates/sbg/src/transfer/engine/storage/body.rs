//! The body of a response, in pieces, as far as it was asked for.

use std::time::Duration;

use bytes::Bytes;

use super::{StorageError, heard, lost};
use crate::error::{Error, ErrorKind, Result};

/// The bytes that a response brings.
#[derive(Debug)]
pub(in crate::transfer) struct RangeBody {
    response: reqwest::Response,
    /// Bytes to pass over before the first one that is wanted.
    skip: u64,
    /// Bytes that are still wanted; `None` for all up to the end of a body that says itself where it ends.
    left: Option<u64>,
    /// Whether the body may go on behind the last byte that is wanted.
    goes_on: bool,
    idle: Duration,
}

impl RangeBody {
    /// A body of exactly `left` bytes, or one whose coding tells where it ends.
    pub(in crate::transfer) fn new(response: reqwest::Response, left: Option<u64>, idle: Duration) -> Self {
        Self { response, skip: 0, left, goes_on: false, idle }
    }

    /// The first `left` bytes of a body that is longer.
    pub(in crate::transfer) fn beginning(response: reqwest::Response, left: u64, idle: Duration) -> Self {
        Self { response, skip: 0, left: Some(left), goes_on: true, idle }
    }

    /// Bytes that are still to come; `None` where only the end of the body tells.
    pub(in crate::transfer) fn left(&self) -> Option<u64> {
        self.left
    }

    /// Passes over the first `count` bytes, and ends before the byte `end`, both counted from the first byte of the body.
    pub(in crate::transfer) fn narrowed(mut self, count: u64, end: u64) -> Self {
        let wanted = end.saturating_sub(count);
        self.goes_on |= self.left.is_none_or(|left| left > end);
        self.skip += count;
        self.left = match self.left {
            Some(left) => Some(left.saturating_sub(count).min(wanted)),
            None if end == u64::MAX => None,
            None => Some(wanted),
        };
        self
    }

    /// The next piece; `None` when all that is wanted has come.
    pub(in crate::transfer) async fn next(&mut self) -> Result<Option<Bytes>, StorageError> {
        while self.left != Some(0) {
            let piece = match heard(self.idle, self.response.chunk()).await? {
                Ok(Some(piece)) => piece,
                Ok(None) => return self.ended(),
                Err(error) => return Err(lost(error, true)),
            };
            if let Some(piece) = self.wanted(piece)? {
                return Ok(Some(piece));
            }
        }
        Ok(None)
    }

    /// What of a piece is wanted, if anything is.
    fn wanted(&mut self, mut piece: Bytes) -> Result<Option<Bytes>, StorageError> {
        let skipped = usize::try_from(self.skip).unwrap_or(usize::MAX).min(piece.len());
        self.skip -= skipped as u64;
        drop(piece.split_to(skipped));
        if let Some(left) = &mut self.left {
            let most = usize::try_from(*left).unwrap_or(usize::MAX);
            if piece.len() > most && !self.goes_on {
                let message = "the storage sent more bytes than it announced";
                return Err(StorageError::Retryable(Error::new(ErrorKind::Storage, message)));
            }
            piece.truncate(most);
            *left -= piece.len() as u64;
        }
        Ok((!piece.is_empty()).then_some(piece))
    }

    /// The body is over.
    fn ended(&self) -> Result<Option<Bytes>, StorageError> {
        match self.left {
            None if self.skip == 0 => Ok(None),
            left => {
                let missing = left.unwrap_or_default() + self.skip;
                let message = format!("the storage ended a response {missing} bytes early");
                Err(StorageError::Retryable(Error::new(ErrorKind::Storage, message)))
            }
        }
    }
}
