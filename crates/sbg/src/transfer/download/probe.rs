//! The first request for an object, by which it gets known, and those that follow.

use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use super::signed_url::{Address, Signed};
use crate::error::Result;
use crate::transfer::engine::concurrency::Direction;
use crate::transfer::engine::concurrency::{Limiter, Permit};
use crate::transfer::engine::retry::{Retry, Then};
use crate::transfer::engine::runtime::Tools;
use crate::transfer::engine::storage::{Found, Identity, RangeBody, StorageError};
use crate::transfer::progress::Counters;

/// An answer to the first request, and the connection that brings it.
#[derive(Debug)]
pub(in crate::transfer) struct Opened {
    pub(in crate::transfer) found: Found,
    pub(in crate::transfer) limiter: Arc<Limiter>,
    pub(in crate::transfer) permit: Permit,
}

/// An object that is known, and the way to it.
#[derive(Debug)]
pub(in crate::transfer) struct Object {
    pub(in crate::transfer) tools: Tools,
    pub(in crate::transfer) address: Address,
    pub(in crate::transfer) limiter: Arc<Limiter>,
    pub(in crate::transfer) identity: Identity,
}

impl Object {
    /// A connection, and the address to use it with. The address comes first, so that nobody waits for the API with a connection in
    /// hand; one that has expired until the connection was had is asked for again.
    pub(in crate::transfer) async fn connect(&self, mut permit: Option<Permit>) -> Result<(Permit, Signed)> {
        loop {
            if let Some(permit) = permit.take()
                && let Some(signed) = self.address.at_hand()
            {
                return Ok((permit, signed));
            }
            self.address.get().await?;
            permit = Some(self.limiter.clone().acquire().await);
        }
    }

    /// The body of a range.
    pub(in crate::transfer) async fn body(
        &self,
        range: &Range<u64>,
        url: &str,
    ) -> Result<RangeBody, StorageError> {
        let asked = Instant::now();
        let body = self.tools.storage.get_range(url, range, &self.identity).await?;
        self.limiter.answered(asked.elapsed());
        Ok(body)
    }
}

/// Asks for a range until the storage responds. Renews the URL where it is refused.
pub(in crate::transfer) async fn open(
    tools: &Tools,
    address: &Address,
    wanted: &Range<u64>,
    counters: &Counters,
    retry: &mut Retry,
) -> Result<Opened> {
    loop {
        let signed = match address.get().await {
            Ok(signed) => signed,
            Err(error) => {
                retry.after_call(error, counters).await?;
                continue;
            }
        };
        let limiter = tools.limiter(Direction::Down, &signed.url)?;
        let permit = limiter.clone().acquire().await;
        // It may have taken a while until there was a connection.
        let Some(signed) = address.at_hand() else { continue };
        let asked = Instant::now();
        match tools.storage.probe(&signed.url, wanted).await {
            Ok(found) => {
                limiter.answered(asked.elapsed());
                return Ok(Opened { found, limiter, permit });
            }
            Err(failure) => {
                drop(permit);
                if retry.after(failure, signed.age.is_old(), &limiter, counters).await? == Then::Renew {
                    address.expire(&signed);
                }
            }
        }
    }
}
