//! A file that is opened once, by its first request, for everything that reads it afterwards.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use bytes::{Bytes, BytesMut};
use futures::{StreamExt as _, stream};
use tokio_util::task::AbortOnDropHandle;

use super::coalesce::coalesce;
use super::kept_urls::url_of;
use super::range_reader::{Begun, RangeReader};
use super::stream::beyond;
use crate::error::{Error, ErrorKind, Result};
use crate::transfer::download::probe::{Object, Opened, open};
use crate::transfer::download::sequential::{Next, Sequential};
use crate::transfer::download::source::Remote;
use crate::transfer::engine::retry::Retry;
use crate::transfer::engine::runtime::Context;
use crate::transfer::engine::storage::{Identity, Probe};
use crate::transfer::engine::task::joined;
use crate::transfer::progress::Counters;

/// Largest request in bytes; longer ranges are read by several side by side.
pub(super) const PIECE: u64 = 4 * 1024 * 1024;

/// Requests at once for one call; the connections to a host are limited as well.
const SIDE_BY_SIDE: usize = 16;

/// Where the bytes of the file come from.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// Ranges of one version of the object.
    Ranges(Arc<RangeReader>),
    /// All bytes of a small object that the storage does not send ranges of.
    Memory(Bytes),
}

impl Source {
    /// Size of the file in bytes.
    pub(super) fn size(&self) -> u64 {
        match self {
            Self::Ranges(reader) => reader.object.identity.size,
            Self::Memory(bytes) => bytes.len() as u64,
        }
    }
}

/// A file, opened or not.
#[derive(Debug)]
pub(super) struct OpenFile {
    context: Context,
    pub(super) remote: Remote,
    source: OnceLock<Source>,
    /// Held while the file is opened; others wait for the result.
    opening: tokio::sync::Mutex<()>,
    /// Most bytes of a file that is read as a whole because the storage sends no ranges of it.
    limit: u64,
}

impl OpenFile {
    pub(super) fn new(remote: Remote, limit: u64) -> Self {
        let context = remote.engine().context();
        Self { context, remote, source: OnceLock::new(), opening: tokio::sync::Mutex::default(), limit }
    }

    /// The size, as the storage or else a list has reported it.
    pub(super) fn size(&self) -> Option<u64> {
        self.source.get().map(Source::size).or_else(|| self.remote.known_size())
    }

    /// Opens the file with a request for this range, unless it is open. Then the response has begun, and has to be used.
    pub(super) async fn open(&self, first: &Range<u64>) -> Result<(Source, Option<Begun>)> {
        if let Some(source) = self.source.get() {
            return Ok((source.clone(), None));
        }
        let _opening = self.opening.lock().await;
        if let Some(source) = self.source.get() {
            return Ok((source.clone(), None));
        }
        let (source, begun) = self.first_request(first).await?;
        if let Some(listed) = self.remote.known_size().filter(|listed| *listed != source.size()) {
            let message =
                format!("the file changed since it was listed: it has {} bytes, not {listed}", source.size());
            return Err(Error::new(ErrorKind::Integrity, message).with_hint("list it again"));
        }
        Ok((self.source.get_or_init(|| source).clone(), begun))
    }

    async fn first_request(&self, first: &Range<u64>) -> Result<(Source, Option<Begun>)> {
        let signed_url = url_of(&self.context, &self.remote).await?;
        let (counters, mut first) = (Counters::new(), first.clone());
        loop {
            let opened = open(&self.context, &signed_url, &first, &counters, &mut Retry::default()).await?;
            let Opened { found, limiter, permit } = opened;
            let opening = match found {
                Probe::Object(opening) => *opening,
                Probe::Shorter if first.start > 0 => {
                    // The range lies beyond the end. The first byte tells the size.
                    first = 0..1;
                    continue;
                }
                Probe::Empty | Probe::Shorter => return Ok((Source::Memory(Bytes::new()), None)),
            };
            match opening.size {
                Some(size) if !opening.whole && opening.version.is_certain() => {
                    let identity = Identity { size, version: opening.version };
                    let object = Object { context: self.context.clone(), signed_url, limiter, identity };
                    let begun = (first != (0..1)).then_some((opening.body, permit));
                    return Ok((Source::Ranges(Arc::new(RangeReader { object, counters })), begun));
                }
                _ if first.start > 0 && !opening.whole => first = 0..self.limit.saturating_add(1),
                _ => {
                    let context = self.context.clone();
                    let whole = Sequential::new(context, signed_url, 0..u64::MAX, opening, permit);
                    return Ok((Source::Memory(self.whole(whole, &counters).await?), None));
                }
            }
        }
    }

    /// All bytes of a small object.
    async fn whole(&self, mut reader: Sequential, counters: &Counters) -> Result<Bytes> {
        let mut bytes = BytesMut::new();
        loop {
            match reader.next(counters).await? {
                Next::Piece(piece) => bytes.extend_from_slice(&piece),
                Next::Restarted => bytes.clear(),
                Next::End => return Ok(bytes.freeze()),
            }
            if bytes.len() as u64 > self.limit {
                let message = format!(
                    "the storage sends no ranges of the file, and it has more than the {} bytes that are cached",
                    self.limit
                );
                return Err(Error::new(ErrorKind::Storage, message)
                    .with_hint("read it with `stream()`, or download it"));
            }
        }
    }

    /// Reads ranges: those close together in one request, the requests side by side. A range that extends beyond the end of the file is
    /// cut there; one that begins beyond it is an error.
    pub(super) async fn ranges(&self, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        if let Some(reversed) = ranges.iter().find(|range| range.start > range.end) {
            return Err(beyond(reversed));
        }
        let clipped = |size: Option<u64>| -> Vec<_> {
            let end = |range: &Range<u64>| size.unwrap_or_else(|| range.start.saturating_add(PIECE));
            ranges.iter().map(|range| range.start..range.end.min(end(range))).collect()
        };
        let Some(first) = coalesce(&clipped(self.size()), PIECE).into_iter().next() else {
            let outside = ranges.iter().find(|range| !range.is_empty());
            return outside.map_or_else(|| Ok(vec![Bytes::new(); ranges.len()]), |range| Err(beyond(range)));
        };
        let (source, begun) = self.open(&first).await?;
        let size = source.size();
        if let Some(outside) = ranges.iter().find(|range| !range.is_empty() && range.start >= size) {
            return Err(beyond(outside));
        }
        let clipped = clipped(Some(size));
        let reader = match source {
            Source::Memory(bytes) => {
                return Ok(clipped.iter().map(|range| sliced(&bytes, 0, range)).collect());
            }
            Source::Ranges(reader) => reader,
        };
        let mut begun = begun;
        let requests = coalesce(&clipped, PIECE).into_iter().map(|range| {
            let (reader, begun) = (reader.clone(), begun.take());
            async move {
                let of = range.clone();
                let bytes =
                    AbortOnDropHandle::new(tokio::spawn(async move { reader.bytes(of, begun).await }));
                joined(bytes.await).map(|bytes| (range, bytes))
            }
        });
        let requests: Vec<_> = requests.collect();
        let mut pieces = stream::iter(requests).buffered(SIDE_BY_SIDE);
        let mut read = Vec::new();
        while let Some(piece) = pieces.next().await {
            read.push(piece?);
        }
        Ok(clipped.iter().map(|range| joined_from(&read, range)).collect())
    }
}

/// The bytes of a range, from pieces in order that cover it.
fn joined_from(pieces: &[(Range<u64>, Bytes)], range: &Range<u64>) -> Bytes {
    let parts = pieces.iter().filter(|(piece, _)| piece.start < range.end && range.start < piece.end);
    let mut parts = parts.map(|(piece, bytes)| {
        sliced(bytes, piece.start, &(range.start.max(piece.start)..range.end.min(piece.end)))
    });
    let Some(first) = parts.next().filter(|_| !range.is_empty()) else { return Bytes::new() };
    let Some(second) = parts.next() else { return first };
    let mut all = BytesMut::from(first);
    all.extend_from_slice(&second);
    parts.for_each(|part| all.extend_from_slice(&part));
    all.freeze()
}

/// The part of `bytes`, which begin at the offset `start` of the file.
pub(super) fn sliced(bytes: &Bytes, start: u64, range: &Range<u64>) -> Bytes {
    let at =
        |offset: u64| usize::try_from(offset.saturating_sub(start)).unwrap_or(usize::MAX).min(bytes.len());
    bytes.slice(at(range.start)..at(range.end).max(at(range.start)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_join_to_the_requested_range() {
        let pieces =
            [(10..14, Bytes::from("abcd")), (14..16, Bytes::from("ef")), (20..22, Bytes::from("xy"))];
        let check = |range: Range<u64>, expected: &str| {
            assert_eq!(joined_from(&pieces, &range), expected, "{range:?}");
        };
        check(10..14, "abcd");
        check(11..13, "bc");
        check(12..16, "cdef");
        check(20..22, "xy");
        check(12..12, "");
        assert_eq!(sliced(&Bytes::from("abcd"), 10, &(13..20)), "d");
        assert_eq!(sliced(&Bytes::from("abcd"), 10, &(20..30)), "");
    }
}
