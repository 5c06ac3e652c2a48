//! The beginning of a download: what another run has left, what the object is like, and what of the one is of use for the other.

use std::sync::Arc;

use super::address::Address;
use super::job::Order;
use super::journal::Left;
use super::open::{Object, Opened, open};
use crate::error::{Error, ErrorKind, Result};
use crate::transfer::engine::{Tools, blocking};
use crate::transfer::handle::Shared;
use crate::transfer::limiter::Permit;
use crate::transfer::plan;
use crate::transfer::segments::Segments;
use crate::transfer::storage::{Found, RangeBody};
use crate::transfer::target::Target;

/// Length of the first range, which is asked for before the size of the file is known.
const FIRST_RANGE: u64 = 8 * 1024 * 1024;

/// A download whose object is known.
pub(super) struct Begun {
    pub(super) object: Object,
    /// The first byte of the range that the first answer brings, and its body.
    pub(super) first: Option<(u64, RangeBody, Permit)>,
    /// Bytes that another run has left.
    pub(super) resumed: u64,
    pub(super) segments: Segments,
}

/// Gets to know the object, and decides what of an earlier run can be used. `None` stands for an empty object.
pub(super) async fn prepare(
    order: &Order,
    tools: &Tools,
    shared: &Shared,
    target: &Arc<Target>,
    left: Left,
) -> Result<Option<Begun>> {
    let mut there = Vec::new();
    let mut known = None;
    match left {
        Left::Nothing => clear(target).await?,
        Left::Useless(why) => start_over(target, shared, why).await?,
        Left::Usable(journal) => {
            there = journal.extents;
            known = Some(journal.identity);
        }
    }
    let address = Address::new(tools.clone(), order.file_id.clone());
    loop {
        shared.running().await;
        // What was left says where the first gap is; without a gap one byte tells whether the object is still the same.
        let gap = match &known {
            Some(known) => Segments::new(known.size, there.iter().copied()).take(u64::MAX).unwrap_or(0..1),
            None => 0..FIRST_RANGE,
        };
        let wanted = gap.start..gap.end.min(gap.start + FIRST_RANGE);
        let opened = tokio::select! {
            opened = open(tools, &address, wanted, &shared.counters) => opened?,
            // A pause gives connections up, this one too.
            () = shared.pause_wanted() => continue,
        };
        let Opened { found, limiter, permit } = opened;
        let (identity, range, body) = match found {
            Found::Empty if known.is_none() => {
                order.check_size(0)?;
                return Ok(None);
            }
            Found::Range(identity, range, body) if known.as_ref().is_none_or(|known| *known == identity) => {
                (identity, range, *body)
            }
            Found::Range(..) | Found::Empty | Found::Shorter => {
                (known, there) = (None, Vec::new());
                start_over(target, shared, "the file changed on the platform".to_owned()).await?;
                continue;
            }
        };
        order.check_size(identity.size)?;
        if identity.size > plan::MOST_PARTS * plan::LARGEST_PART {
            let message = format!("the storage claims {} bytes, more than an object can have", identity.size);
            return Err(Error::new(ErrorKind::Integrity, message));
        }
        if known.is_none() {
            let (target, size) = (target.clone(), identity.size);
            blocking(move || target.reserve(size)).await?;
        }
        let mut segments = Segments::new(identity.size, there);
        let resumed = segments.written();
        let first = segments.take_first(&range).then_some((range.start, body, permit));
        shared.counters.add_there(resumed);
        shared.counters.plan(identity.size, segments.waiting() + usize::from(first.is_some()));
        let object = Object { tools: tools.clone(), address, limiter, identity };
        return Ok(Some(Begun { object, first, resumed, segments }));
    }
}

async fn start_over(target: &Arc<Target>, shared: &Shared, why: String) -> Result<()> {
    tracing::warn!(path = %target.path().display(), why, "a download starts over");
    shared.start_over(why);
    clear(target).await
}

async fn clear(target: &Arc<Target>) -> Result<()> {
    let target = target.clone();
    blocking(move || target.clear()).await
}
