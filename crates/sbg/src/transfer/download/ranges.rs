//! Which bytes of a download are written, which are in flight, and which to request next. Pure.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::transfer::part_size;

/// Written bytes, with their CRC-32C.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::transfer) struct Extent {
    pub(in crate::transfer) start: u64,
    pub(in crate::transfer) end: u64,
    pub(in crate::transfer) crc32c: u32,
}

impl Extent {
    fn length(self) -> u64 {
        self.end - self.start
    }

    /// This extent joined with the one right after it.
    fn and(self, next: Self) -> Self {
        let crc32c = combine(self.crc32c, next.crc32c, next.length(), usize::MAX);
        Self { start: self.start, end: next.end, crc32c }
    }
}

/// Combines the checksum of a piece with that of the next `length` bytes. Works in steps if `usize` is too small for the length.
fn combine(mut crc32c: u32, next: u32, mut length: u64, step: usize) -> u32 {
    while length > step as u64 {
        // Appends `step` zeros, whose checksum counts as 0.
        crc32c = crc32c::crc32c_combine(crc32c, 0, step);
        length -= step as u64;
    }
    crc32c::crc32c_combine(crc32c, next, to_usize(length))
}

/// A range in flight, identified by its first byte.
#[derive(Clone, Copy, Debug)]
struct Active {
    /// The end of the bytes written so far.
    written: u64,
    /// The end of the bytes claimed by the current fetch, which cannot be given to another.
    claimed: u64,
    end: u64,
    crc32c: u32,
    /// Bytes written by the last tick; `None` before the first, which is ignored because it does not cover a whole tick.
    seen: Option<u64>,
    /// Consecutive ticks without new bytes, and with far fewer bytes than the others.
    silent: u32,
    slow: u32,
}

/// The ranges of a download.
#[derive(Debug)]
pub(in crate::transfer) struct RangeMap {
    size: u64,
    waiting: VecDeque<Range<u64>>,
    active: BTreeMap<u64, Active>,
    /// Extents by first byte, joined where they touch and are not [too large](RangeMap::joins).
    done: BTreeMap<u64, Extent>,
}

/// Ticks of silence after which a connection is closed while others move.
const SILENT: u32 = 2;

/// Ticks of silence after which a connection is closed in any case.
const SILENT_ALONE: u32 = 6;

/// Consecutive ticks after which a connection is closed that receives less than an eighth of the usual bytes.
const SLOW: u32 = 3;

/// A slow connection is closed only if its range would take more ticks than this.
const LONG: f64 = 5.0;

/// Extents up to this size are always joined. After a system crash an extent is verified as a whole.
const JOINED: u64 = 64 * 1024 * 1024;

/// Minimum size of a piece of a split range: less is not worth a request.
const LEAST_SPLIT: u64 = 2 * 1024 * 1024;

impl RangeMap {
    /// The ranges of an object of `size` bytes, some of which are already written.
    pub(in crate::transfer) fn new(size: u64, there: impl IntoIterator<Item = Extent>) -> Self {
        let mut segments =
            Self { size, waiting: VecDeque::new(), active: BTreeMap::new(), done: BTreeMap::new() };
        for extent in there {
            segments.add(extent);
        }
        let part_size = part_size::download_part_size(size);
        let mut end = 0;
        let mut gaps = Vec::new();
        for extent in segments.done.values() {
            gaps.push(end..extent.start);
            end = extent.end;
        }
        gaps.push(end..size);
        segments.waiting = gaps.into_iter().flat_map(|gap| part_size::parts(gap, part_size)).collect();
        segments
    }

    /// Number of bytes written.
    pub(in crate::transfer) fn written(&self) -> u64 {
        let active = self.active.iter().map(|(start, active)| active.written - start);
        self.done.values().map(|extent| extent.length()).chain(active).sum()
    }

    /// Number of ranges that are neither done nor in flight.
    pub(in crate::transfer) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Whether [`take`](Self::take) would return a range.
    pub(in crate::transfer) fn has_work(&self, worth: u64) -> bool {
        !self.waiting.is_empty() || self.largest_rest(worth).is_some()
    }

    /// The next range to fetch. When none is left, splits the largest range in flight in half, so that the end does not depend on one
    /// slow connection. `worth` is the minimum number of bytes that justify another request.
    pub(in crate::transfer) fn take(&mut self, worth: u64) -> Option<Range<u64>> {
        let range = match self.waiting.pop_front() {
            Some(range) => range,
            None => {
                let (start, rest) = self.largest_rest(worth)?;
                let middle = rest.start + (rest.end - rest.start) / 2;
                self.active.get_mut(&start)?.end = middle;
                middle..rest.end
            }
        };
        self.begin(range.clone());
        Some(range)
    }

    /// Takes the first range, or the part of it that `answered` covers; the rest stays in the queue.
    pub(in crate::transfer) fn take_first(&mut self, answered: &Range<u64>) -> bool {
        let Some(first) = self.waiting.pop_front() else { return false };
        if first.start != answered.start || answered.end > first.end {
            self.waiting.push_front(first);
            return false;
        }
        if answered.end < first.end {
            self.waiting.push_front(answered.end..first.end);
        }
        self.begin(answered.clone());
        true
    }

    fn begin(&mut self, range: Range<u64>) {
        let start = range.start;
        let active = Active {
            written: start,
            claimed: start,
            end: range.end,
            crc32c: 0,
            seen: None,
            silent: 0,
            slow: 0,
        };
        self.active.insert(range.start, active);
    }

    fn largest_rest(&self, worth: u64) -> Option<(u64, Range<u64>)> {
        let rests = self.active.iter().map(|(start, active)| (*start, active.claimed..active.end));
        let (start, rest) = rests.max_by_key(|(_, rest)| rest.end - rest.start)?;
        ((rest.end - rest.start) / 2 >= worth.max(LEAST_SPLIT)).then_some((start, rest))
    }

    /// Counts a tick. Returns the ranges whose connections should be closed: those silent for [`SILENT`] ticks while others moved, or for
    /// [`SILENT_ALONE`] ticks, and those far below the `usual` number of bytes per tick. A silent range is returned once until it moves
    /// again, so that a slow response can still arrive.
    ///
    /// A range with claimed bytes is ignored: it waits for the bandwidth cap or the disk, not for its connection.
    pub(in crate::transfer) fn tick(&mut self, usual: Option<f64>) -> Vec<u64> {
        let mut moving = false;
        let mut slow = Vec::new();
        for (start, active) in &mut self.active {
            let moved = active.seen.map(|seen| active.written - seen);
            active.seen = Some(active.written);
            let Some(moved) = moved.filter(|_| active.claimed == active.written) else {
                (active.silent, active.slow) = (0, 0);
                continue;
            };
            moving |= moved > 0;
            active.silent = if moved > 0 { 0 } else { active.silent + 1 };
            #[expect(clippy::cast_precision_loss, reason = "a rate needs no more than 52 bits")]
            let (speed, left) = (moved as f64, (active.end - active.written) as f64);
            let is_slow = usual.is_some_and(|usual| speed < usual / 8.0) && left > LONG * speed;
            active.slow = if is_slow { active.slow + 1 } else { 0 };
            if moved > 0 && active.slow == SLOW {
                active.slow = 0;
                slow.push(*start);
            }
        }
        let is_stuck = |active: &Active| match active.silent {
            SILENT => moving,
            silent => silent == SILENT_ALONE,
        };
        let stuck = self.active.iter().filter(|(_, active)| is_stuck(active)).map(|(start, _)| *start);
        stuck.chain(slow).collect()
    }

    /// The bytes still to fetch of the range that begins at `start`.
    pub(in crate::transfer) fn rest(&self, start: u64) -> Range<u64> {
        self.active.get(&start).map_or(start..start, |active| active.written..active.end)
    }

    /// Claims the next bytes of a range for a piece of this length. Returns their offset and how many are needed: none if another
    /// connection has taken over the rest.
    pub(in crate::transfer) fn claim(&mut self, start: u64, length: usize) -> (u64, usize) {
        let Some(active) = self.active.get_mut(&start) else { return (start, 0) };
        let wanted = (active.end - active.written).min(length as u64);
        active.claimed = active.written + wanted;
        (active.written, to_usize(wanted))
    }

    /// Marks the claimed bytes up to `end` as written, and sets the CRC-32C of the range up to there. Releases the claim on the rest.
    pub(in crate::transfer) fn commit(&mut self, start: u64, end: u64, crc32c: u32) {
        if let Some(active) = self.active.get_mut(&start) {
            active.written = end.min(active.claimed);
            active.claimed = active.written;
            active.crc32c = crc32c;
        }
    }

    /// Releases claimed bytes that were not written.
    pub(in crate::transfer) fn release(&mut self, start: u64) {
        if let Some(active) = self.active.get_mut(&start) {
            active.claimed = active.written;
        }
    }

    /// CRC-32C of the range so far.
    pub(in crate::transfer) fn crc32c(&self, start: u64) -> u32 {
        self.active.get(&start).map_or(0, |active| active.crc32c)
    }

    /// Moves a fully written range to the done ones. `false` if it is not fully written.
    pub(in crate::transfer) fn finish(&mut self, start: u64) -> bool {
        match self.active.get(&start) {
            Some(active) if active.written == active.end => {
                let extent = Extent { start, end: active.end, crc32c: active.crc32c };
                self.active.remove(&start);
                self.add(extent);
                true
            }
            _ => false,
        }
    }

    /// All written extents in order. Adjacent ones are joined unless they become [too large](Self::joins).
    pub(in crate::transfer) fn extents(&self) -> Vec<Extent> {
        let mut joined: Vec<Extent> = Vec::new();
        for extent in self.all() {
            match joined.last_mut() {
                Some(last) if self.joins(*last, extent) => *last = last.and(extent),
                _ => joined.push(extent),
            }
        }
        joined
    }

    /// CRC-32C of the object, once every byte is written.
    pub(in crate::transfer) fn whole(&self) -> Option<u32> {
        let mut whole = Extent { start: 0, end: 0, crc32c: 0 };
        for extent in self.all() {
            if extent.start != whole.end {
                return None;
            }
            whole = whole.and(extent);
        }
        (whole.end == self.size).then_some(whole.crc32c)
    }

    fn all(&self) -> Vec<Extent> {
        let active = self.active.iter().map(|(start, active)| Extent {
            start: *start,
            end: active.written,
            crc32c: active.crc32c,
        });
        let mut all: Vec<Extent> =
            self.done.values().copied().chain(active).filter(|extent| extent.length() > 0).collect();
        all.sort_unstable_by_key(|extent| extent.start);
        all
    }

    /// Whether two extents are joined. Damage costs a whole extent, but there must not be too many extents.
    fn joins(&self, one: Extent, next: Extent) -> bool {
        one.end == next.start && one.length() + next.length() <= JOINED.max(self.size / 1024)
    }

    fn add(&mut self, mut extent: Extent) {
        if extent.length() == 0 {
            return;
        }
        if let Some((_, before)) = self.done.range(..extent.start).next_back()
            && self.joins(*before, extent)
        {
            let before = *before;
            self.done.remove(&before.start);
            extent = before.and(extent);
        }
        if let Some(after) = self.done.get(&extent.end).copied()
            && self.joins(extent, after)
        {
            self.done.remove(&after.start);
            extent = extent.and(after);
        }
        self.done.insert(extent.start, extent);
    }
}

/// Lengths in memory or passed to a checksum fit into `usize` on every system that can hold the file.
fn to_usize(length: u64) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MIB: u64 = 1024 * 1024;

    fn extent(data: &[u8], range: Range<usize>) -> Extent {
        let crc32c = crc32c::crc32c(&data[range.clone()]);
        Extent { start: range.start as u64, end: range.end as u64, crc32c }
    }

    #[test]
    fn largest_range_is_split_when_none_waits() {
        let mut segments = RangeMap::new(16 * MIB, []);
        assert_eq!(segments.take(0), Some(0..8 * MIB));
        assert_eq!(segments.take(0), Some(8 * MIB..16 * MIB));
        segments.claim(0, 6 * 1024 * 1024);
        assert_eq!(
            segments.take(5 * MIB),
            None,
            "where connections are fast, more is needed to be worth a request"
        );
        assert_eq!(segments.take(0), Some(12 * MIB..16 * MIB));
        assert_eq!(segments.rest(8 * MIB), 8 * MIB..12 * MIB);
        assert_eq!(segments.take(0), Some(14 * MIB..16 * MIB));
        assert_eq!(segments.take(0), Some(10 * MIB..12 * MIB));
        assert_eq!(segments.take(0), None, "what is left is not worth a request");
        assert!(!segments.has_work(0));
    }

    #[test]
    fn split_range_never_exceeds_its_end() {
        let mut segments = RangeMap::new(8 * MIB, []);
        segments.take(0);
        assert_eq!(segments.take(0), Some(4 * MIB..8 * MIB));
        assert_eq!(segments.claim(0, usize::MAX), (0, 4 * 1024 * 1024));
        segments.commit(0, u64::MAX, 7);
        assert_eq!(segments.claim(0, 100), (4 * MIB, 0));
        assert!(segments.finish(0));
    }

    #[test]
    fn silent_range_is_abandoned_once() {
        let mut segments = RangeMap::new(24 * MIB, []);
        let starts: Vec<u64> =
            (0..3).filter_map(|_| segments.take(u64::MAX)).map(|range| range.start).collect();
        let move_on = |segments: &mut RangeMap, start| {
            segments.claim(start, 10);
            segments.commit(start, u64::MAX, 0);
        };
        let mut given = Vec::new();
        for tick in 1..=10 {
            if tick <= 3 {
                move_on(&mut segments, starts[0]);
            }
            given.push(segments.tick(None));
        }
        // The first tick covers only part of a second, so it is ignored.
        let (none, others) = (Vec::new(), starts[1..].to_vec());
        let expected =
            [&none, &none, &others, &none, &none, &none, &others, &none, &starts[..1].to_vec(), &none];
        assert_eq!(given.iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn range_waiting_for_bandwidth_is_not_silent() {
        let mut segments = RangeMap::new(16 * MIB, []);
        segments.take(u64::MAX);
        segments.take(u64::MAX);
        segments.claim(0, 10);
        for _ in 0..20 {
            segments.claim(8 * MIB, 10);
            segments.commit(8 * MIB, u64::MAX, 0);
            assert_eq!(segments.tick(Some(10.0)), [0; 0]);
        }
    }

    #[test]
    fn far_slower_range_is_abandoned() {
        let mut segments = RangeMap::new(24 * MIB, []);
        let starts: Vec<u64> =
            (0..3).filter_map(|_| segments.take(u64::MAX)).map(|range| range.start).collect();
        // The second range is slow; so is the third, but it is nearly done.
        segments.claim(starts[2], 8 * 1024 * 1024 - 400);
        segments.commit(starts[2], u64::MAX, 0);
        let mut given = Vec::new();
        for _ in 0..8 {
            for (start, length) in starts.iter().zip([1000, 100, 100]) {
                let left = segments.rest(*start);
                segments.claim(*start, length.min(to_usize(left.end - left.start)));
                segments.commit(*start, u64::MAX, 0);
                segments.finish(*start);
            }
            given.push(segments.tick(Some(1000.0)));
        }
        let (none, slow) = (vec![], vec![starts[1]]);
        assert_eq!(given, [&none, &none, &none, &slow, &none, &none, &slow, &none].map(Clone::clone));
    }

    #[test]
    fn touching_extents_join_up_to_a_limit() {
        let part = |number: u64| Extent { start: number * 8 * MIB, end: (number + 1) * 8 * MIB, crc32c: 0 };
        let segments = RangeMap::new(1024 * MIB, (0..20).map(part));
        let extents: Vec<_> =
            segments.extents().iter().map(|extent| (extent.start / MIB, extent.end / MIB)).collect();
        assert_eq!(extents, [(0, 64), (64, 128), (128, 160)]);
        let large = RangeMap::new(1024 * 1024 * MIB, (0..20).map(part));
        assert_eq!(large.extents().len(), 1, "so that there are not too many of them");
    }

    #[test]
    fn crc32c_combines_in_steps() {
        let data: Vec<u8> = (0..=255).cycle().take(1000).collect();
        let (one, next) = data.split_at(300);
        let (first, second) = (crc32c::crc32c(one), crc32c::crc32c(next));
        for step in [1, 7, 699, 700, 701] {
            assert_eq!(combine(first, second, 700, step), crc32c::crc32c(&data), "{step}");
        }
    }

    proptest! {
        /// In whatever order ranges arrive, break and are split, each byte is written once.
        #[test]
        fn every_byte_is_written_once(
            size in 0..200 * MIB,
            there in prop::collection::vec((any::<u64>(), 0..20 * MIB), 0..4),
            steps in prop::collection::vec((any::<prop::sample::Index>(), 1..4 * 1024 * 1024_usize, any::<bool>()), 1..400),
        ) {
            let mut pieces: Vec<Range<u64>> = Vec::new();
            for (start, length) in there {
                let start = start % size.max(1);
                let piece = start..(start + length).min(size);
                if pieces.iter().all(|other| piece.end <= other.start || other.end <= piece.start) && !piece.is_empty() {
                    pieces.push(piece);
                }
            }
            let there: Vec<_> = pieces.iter().map(|piece| Extent { start: piece.start, end: piece.end, crc32c: 0 }).collect();
            let mut segments = RangeMap::new(size, there);
            let mut open: Vec<u64> = Vec::new();
            let mut steps = steps.into_iter().cycle().enumerate();
            while segments.written() < size {
                let (round, (which, length, fresh)) = steps.next().unwrap();
                if open.is_empty() || (fresh && segments.has_work(0)) {
                    let range = segments.take(0);
                    prop_assert!(range.is_some());
                    open.extend(range.map(|range| range.start));
                }
                let start = open[which.index(open.len())];
                let (at, wanted) = segments.claim(start, length);
                if (length + round) % 7 == 0 {
                    // The connection breaks before the piece is written.
                    segments.release(start);
                } else {
                    segments.commit(start, u64::MAX, 0);
                    pieces.push(at..at + wanted as u64);
                }
                if segments.finish(start) {
                    open.retain(|other| *other != start);
                }
            }
            pieces.retain(|piece| !piece.is_empty());
            pieces.sort_unstable_by_key(|piece| piece.start);
            let mut end = 0;
            for piece in pieces {
                prop_assert_eq!(piece.start, end);
                end = piece.end;
            }
            prop_assert_eq!(end, size);
            prop_assert!(segments.whole().is_some());
            let lengths = segments.extents().iter().map(|extent| extent.length()).sum::<u64>();
            prop_assert_eq!(lengths, size);
        }

        /// The checksums of pieces combine to the checksum of the whole.
        #[test]
        fn crc32c_of_pieces_combines(data in prop::collection::vec(any::<u8>(), 1..2_000), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8), seed in any::<u64>()) {
            let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(data.len())).chain([data.len()]).collect();
            ends.sort_unstable();
            ends.dedup();
            let mut start = 0;
            let mut extents = Vec::new();
            for end in ends {
                extents.push(extent(&data, start..end));
                start = end;
            }
            let turn = usize::try_from(seed % extents.len() as u64).unwrap();
            extents.rotate_left(turn);
            let segments = RangeMap::new(data.len() as u64, extents);
            prop_assert_eq!(segments.extents(), vec![extent(&data, 0..data.len())]);
        }
    }
}
