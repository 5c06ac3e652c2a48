//! The first request for an object, which determines its size and version, and the requests that follow.

use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use super::signed_url::{RenewableUrl, SignedUrl};
use crate::error::Result;
use crate::transfer::engine::concurrency::Direction;
use crate::transfer::engine::concurrency::{Limiter, Permit};
use crate::transfer::engine::retry::{Retry, RetryAction};
use crate::transfer::engine::runtime::Context;
use crate::transfer::engine::storage::{Identity, Link, Probe, RangeBody, StorageError};
use crate::transfer::progress::Counters;

/// The response to the first request, and its connection.
#[derive(Debug)]
pub(in crate::transfer) struct Opened {
    pub(in crate::transfer) found: Probe,
    pub(in crate::transfer) limiter: Arc<Limiter>,
    pub(in crate::transfer) permit: Permit,
}

/// A known object, and how to reach it.
#[derive(Debug)]
pub(in crate::transfer) struct Object {
    pub(in crate::transfer) context: Context,
    pub(in crate::transfer) signed_url: RenewableUrl,
    pub(in crate::transfer) limiter: Arc<Limiter>,
    pub(in crate::transfer) identity: Identity,
}

impl Object {
    /// A connection, and a URL to use it with. The URL is requested first, so that no connection is held while waiting for the API. If it
    /// expires before a connection is free, it is renewed.
    pub(in crate::transfer) async fn connect(
        &self,
        mut permit: Option<Permit>,
    ) -> Result<(Permit, SignedUrl)> {
        loop {
            if let Some(permit) = permit.take()
                && let Some(signed) = self.signed_url.at_hand()
            {
                return Ok((permit, signed));
            }
            self.signed_url.get().await?;
            permit = Some(self.limiter.clone().acquire().await);
        }
    }

    /// The body of a range.
    pub(in crate::transfer) async fn body(
        &self,
        range: &Range<u64>,
        link: &Link,
    ) -> Result<RangeBody, StorageError> {
        let asked = Instant::now();
        let body = self.context.storage.get_range(link, range, &self.identity).await?;
        self.limiter.answered(asked.elapsed());
        Ok(body)
    }
}

/// Requests a range until the storage responds. Renews the URL if it is refused: once for any reason, if it was requested earlier for
/// another read.
pub(in crate::transfer) async fn open(
    context: &Context,
    signed_url: &RenewableUrl,
    wanted: &Range<u64>,
    counters: &Counters,
    retry: &mut Retry,
) -> Result<Opened> {
    let mut kept = signed_url.at_hand().is_some();
    loop {
        let signed = match signed_url.get().await {
            Ok(signed) => signed,
            Err(error) => {
                retry.after_call(error, counters).await?;
                continue;
            }
        };
        let limiter = context.limiter(Direction::Down, signed.link.url())?;
        let permit = limiter.clone().acquire().await;
        // The URL may have expired while waiting for the connection.
        let Some(signed) = signed_url.at_hand() else { continue };
        let asked = Instant::now();
        match context.storage.probe(&signed.link, wanted).await {
            Ok(found) => {
                limiter.answered(asked.elapsed());
                return Ok(Opened { found, limiter, permit });
            }
            Err(failure) => {
                drop(permit);
                if matches!(failure, StorageError::Refused(..)) && std::mem::take(&mut kept) {
                    signed_url.expire(&signed);
                    continue;
                }
                if retry.after(failure, signed.age.is_old(), &limiter, counters).await? == RetryAction::Renew
                {
                    signed_url.expire(&signed);
                }
            }
        }
    }
}
