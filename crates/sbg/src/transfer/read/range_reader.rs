//! Reads ranges of a known object, with the retries and checks of downloads.

use std::ops::Range;

use bytes::{Bytes, BytesMut};

use crate::error::{Error, Result};
use crate::transfer::download::probe::Object;
use crate::transfer::engine::concurrency::Permit;
use crate::transfer::engine::retry::{Retry, RetryAction};
use crate::transfer::engine::storage::{Link, RangeBody, StorageError};
use crate::transfer::progress::Counters;

/// A response that has begun, and its connection.
pub(super) type Begun = (RangeBody, Permit);

/// Reads ranges of a known object.
#[derive(Debug)]
pub(super) struct RangeReader {
    pub(super) object: Object,
    pub(super) counters: Counters,
}

impl RangeReader {
    /// The bytes of a range in one piece.
    pub(super) async fn bytes(&self, range: Range<u64>, begun: Option<Begun>) -> Result<Bytes> {
        let length = usize::try_from(range.end - range.start).map_err(|_| Error::cancelled())?;
        let mut bytes = BytesMut::with_capacity(length);
        self.read(range, begun, |piece| bytes.extend_from_slice(&piece)).await?;
        Ok(bytes.freeze())
    }

    /// Hands each byte of a range to `take`, once and in order. `begun` is a response to this range.
    pub(super) async fn read(
        &self,
        range: Range<u64>,
        mut begun: Option<Begun>,
        mut take: impl FnMut(Bytes),
    ) -> Result<()> {
        let mut at = range.start;
        let mut retry = Retry::default();
        while at < range.end {
            let before = at;
            let (connection, signed, body) = match begun.take() {
                Some((body, connection)) => (connection, None, Some(body)),
                None => match self.object.connect(None).await {
                    Ok((connection, signed)) => (connection, Some(signed), None),
                    Err(error) => {
                        retry.after_call(error, &self.counters).await?;
                        continue;
                    }
                },
            };
            let link = signed.as_ref().map(|signed| &signed.link);
            let outcome = self.attempt(&(at..range.end), link, body, &mut at, &mut take).await;
            drop(connection);
            if at > before {
                retry = Retry::default();
            }
            if let Err(failure) = outcome {
                let old = signed.as_ref().is_some_and(|signed| signed.age.is_old());
                let then = retry.after(failure, old, &self.object.limiter, &self.counters).await?;
                if let (RetryAction::Renew, Some(signed)) = (then, &signed) {
                    self.object.signed_url.expire(signed);
                }
            }
        }
        Ok(())
    }

    async fn attempt(
        &self,
        rest: &Range<u64>,
        link: Option<&Link>,
        begun: Option<RangeBody>,
        at: &mut u64,
        take: &mut impl FnMut(Bytes),
    ) -> Result<(), StorageError> {
        let mut body = match (begun, link) {
            (Some(body), _) => body,
            (None, Some(link)) => self.object.body(rest, link).await?,
            (None, None) => return Ok(()),
        };
        while let Some(piece) = body.next().await? {
            let length = piece.len() as u64;
            self.object.context.down.take(length).await;
            *at += length;
            take(piece);
            self.counters.gain();
            self.object.limiter.moved(length);
        }
        Ok(())
    }
}
