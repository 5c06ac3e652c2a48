//! The first request for an object, by which it gets known, and those that follow.

use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use super::address::{self, Address};
use crate::error::Result;
use crate::transfer::engine::{Direction, Tools};
use crate::transfer::lane::{Lane, Permit};
use crate::transfer::retry::Retry;
use crate::transfer::storage::{Found, Identity, RangeBody, Trouble};

/// An answer to the first request, and the connection that brings it.
#[derive(Debug)]
pub(in crate::transfer) struct Opened {
    pub(in crate::transfer) found: Found,
    pub(in crate::transfer) lane: Arc<Lane>,
    pub(in crate::transfer) permit: Permit,
}

/// An object that is known, and the way to it.
#[derive(Debug)]
pub(in crate::transfer) struct Object {
    pub(in crate::transfer) tools: Tools,
    pub(in crate::transfer) address: Address,
    pub(in crate::transfer) lane: Arc<Lane>,
    pub(in crate::transfer) identity: Identity,
}

impl Object {
    /// The body of a range: the one that has begun already, or that of a request.
    pub(in crate::transfer) async fn body(
        &self,
        range: &Range<u64>,
        url: &str,
        begun: Option<RangeBody>,
    ) -> Result<RangeBody, Trouble> {
        if let Some(body) = begun {
            return Ok(body);
        }
        let asked = Instant::now();
        let body = self.tools.storage.get_range(url, range, &self.identity).await?;
        self.lane.answered(asked.elapsed());
        Ok(body)
    }
}

/// Asks for a range until the storage answers. Renews the address where it is refused.
pub(in crate::transfer) async fn open(
    tools: &Tools,
    address: &Address,
    wanted: Range<u64>,
) -> Result<Opened> {
    let mut retry = Retry::default();
    loop {
        let (generation, url) = address.get().await?;
        let lane = tools.lanes.get(Direction::Down, &address::host(&url)?);
        let permit = lane.clone().acquire().await;
        let asked = Instant::now();
        match tools.storage.probe(&url, wanted.clone()).await {
            Ok(found) => {
                lane.answered(asked.elapsed());
                return Ok(Opened { found, lane, permit });
            }
            Err(trouble) => {
                drop(permit);
                retry.after(trouble, &lane, || address.expire(generation)).await?;
            }
        }
    }
}
