//! The start of a download: probes the object and decides what to resume of an earlier run.

use std::ops::Range;
use std::sync::Arc;

use super::journal::Previous;
use super::plan::Plan;
use super::probe::{Object, Opened, open};
use super::ranges::{Extent, RangeMap};
use super::sequential::Sequential;
use super::signed_url::RenewableUrl;
use super::source::UrlSource;
use crate::error::{Error, ErrorKind, Result};
use crate::transfer::digest::Digest;
use crate::transfer::engine::concurrency::Permit;
use crate::transfer::engine::retry::Retry;
use crate::transfer::engine::runtime::Context;
use crate::transfer::engine::storage::{FirstResponse, Identity, Probe, RangeBody};
use crate::transfer::engine::task::blocking;
use crate::transfer::handle::Shared;
use crate::transfer::local::part_file::PartFile;
use crate::transfer::part_size;

/// Length of the first range, which is requested before the size of the file is known.
const FIRST_RANGE: u64 = 8 * 1024 * 1024;

/// How to download the object.
pub(super) enum Prepared {
    /// The object is empty.
    Empty,
    /// In parallel ranges.
    Ranges(Box<RangedDownload>),
    /// In one response, with the digests that the storage sent for it.
    Whole(Box<Sequential>, Vec<Digest>),
}

/// A download in ranges of a known object.
pub(super) struct RangedDownload {
    pub(super) object: Object,
    /// The first byte of the range in the first response, its body and its connection.
    pub(super) first: Option<(u64, RangeBody, Permit)>,
    /// Bytes reused from an earlier run.
    pub(super) resumed: u64,
    pub(super) segments: RangeMap,
    /// Digests of the whole object announced by the storage.
    pub(super) digests: Vec<Digest>,
}

/// Probes the object, and decides what to resume of an earlier run.
pub(super) async fn prepare(
    plan: &Plan,
    context: &Context,
    shared: &Shared,
    target: &Arc<PartFile>,
    left: Previous,
    urls: UrlSource,
) -> Result<Prepared> {
    let mut there = Vec::new();
    let mut known = None;
    match left {
        Previous::Nothing => clear(target).await?,
        Previous::Useless(why) => start_over(target, shared, why).await?,
        Previous::Usable(journal) => {
            there = journal.extents;
            known = Some(journal.identity);
        }
    }
    let signed_url = RenewableUrl::new(urls);
    let mut retry = Retry::default();
    loop {
        shared.running().await;
        let wanted = first_range(plan, known.as_ref(), &there);
        let opened = tokio::select! {
            opened = open(context, &signed_url, &wanted, &shared.counters, &mut retry) => opened?,
            // A pause closes all connections, including this one.
            () = shared.pause_wanted() => continue,
        };
        let Opened { found, limiter, permit } = opened;
        let opening = match found {
            Probe::Empty if known.is_none() => {
                plan.check_size(0)?;
                return Ok(Prepared::Empty);
            }
            Probe::Object(opening) => *opening,
            Probe::Empty | Probe::Shorter => {
                (known, there) = (None, Vec::new());
                start_over(target, shared, CHANGED.to_owned()).await?;
                continue;
            }
        };
        check_size(plan, opening.size)?;
        let identity = opening.size.map(|size| Identity { size, version: opening.version.clone() });
        let is_same = |left: &Identity| identity.as_ref().is_some_and(|found| left.is_same(found));
        if let Some(left) = &known
            && (opening.whole || !is_same(left))
        {
            let why = if is_same(left) { "the storage does not support ranges" } else { CHANGED };
            (known, there) = (None, Vec::new());
            start_over(target, shared, why.to_owned()).await?;
            continue;
        }
        // Without a version, two responses may contain bytes of two versions.
        let identity = match identity {
            Some(identity) if !opening.whole && identity.version.is_certain() => identity,
            _ => return whole(context, shared, target, signed_url, opening, permit).await,
        };
        if known.is_none() {
            reserve(target, identity.size).await?;
        }
        let mut segments = RangeMap::new(identity.size, there);
        let resumed = segments.written();
        let range = opening.start..wanted.end.min(identity.size);
        let first = segments.take_first(&range).then_some((range.start, opening.body, permit));
        shared.counters.add_there(resumed);
        shared.counters.plan(identity.size, segments.waiting() + usize::from(first.is_some()));
        let object = Object { context: context.clone(), signed_url, limiter, identity };
        let digests = opening.digests;
        return Ok(Prepared::Ranges(Box::new(RangedDownload { object, first, resumed, segments, digests })));
    }
}

/// The range to request first: the first gap of the earlier run. Without a gap, one byte tells whether the object is still the same.
/// Never extends beyond a known size, because some storages then send the whole object.
fn first_range(plan: &Plan, known: Option<&Identity>, there: &[Extent]) -> Range<u64> {
    let gap = match known {
        Some(known) => RangeMap::new(known.size, there.iter().copied()).take(u64::MAX).unwrap_or(0..1),
        None => 0..plan.size.map_or(FIRST_RANGE, |size| size.max(1)),
    };
    gap.start..gap.end.min(gap.start + FIRST_RANGE)
}

/// A download of the whole object in one response.
async fn whole(
    context: &Context,
    shared: &Shared,
    target: &Arc<PartFile>,
    signed_url: RenewableUrl,
    opening: FirstResponse,
    permit: Permit,
) -> Result<Prepared> {
    if let Some(size) = opening.size {
        reserve(target, size).await?;
        shared.counters.plan(size, 1);
    }
    let digests = opening.digests.clone();
    let reader = Sequential::new(context.clone(), signed_url, 0..u64::MAX, opening, permit);
    Ok(Prepared::Whole(Box::new(reader), digests))
}

/// Fails if the object's size differs from that of the file, or exceeds the limit of the storage.
fn check_size(plan: &Plan, size: Option<u64>) -> Result<()> {
    let Some(size) = size else { return Ok(()) };
    plan.check_size(size)?;
    if size > part_size::MOST_PARTS * part_size::LARGEST_PART {
        let message = format!("the storage claims {size} bytes, more than an object can have");
        return Err(Error::new(ErrorKind::Integrity, message));
    }
    Ok(())
}

const CHANGED: &str = "the file changed on the platform";

async fn reserve(target: &Arc<PartFile>, size: u64) -> Result<()> {
    let target = target.clone();
    blocking(move || target.reserve(size)).await
}

async fn start_over(target: &Arc<PartFile>, shared: &Shared, why: String) -> Result<()> {
    tracing::warn!(path = %target.path().display(), why, "a download restarts from zero");
    shared.start_over(why);
    clear(target).await
}

async fn clear(target: &Arc<PartFile>) -> Result<()> {
    let target = target.clone();
    blocking(move || target.clear()).await
}
