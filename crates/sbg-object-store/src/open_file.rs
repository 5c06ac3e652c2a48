//! A file and its reader, and the end of the file between two reads of it.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use sbg::Result;
use sbg::transfer::FileReader;
use sbg::types::File;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::metadata;

/// Bytes at the end of a file that are read for a short read of it.
const TAIL: u64 = 64 * 1024;

/// A read of the end that is as short as this looks for the length of the metadata before it, as in Parquet, Arrow and ORC files.
const SHORT: u64 = 16;

/// Most ends that are kept at a time: 32 MiB.
const MOST: usize = 512;

/// Room for the ends of all files of a store.
#[derive(Clone, Debug)]
pub(crate) struct Tails(Arc<Semaphore>);

impl Default for Tails {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MOST)))
    }
}

/// A file and its reader, which all reads share.
#[derive(Debug)]
pub(crate) struct OpenFile {
    pub(crate) file: File,
    pub(crate) reader: FileReader,
    tails: Tails,
    /// The end of the file, from a short read of it to the next read in it.
    tail: Mutex<Option<Tail>>,
}

#[derive(Debug)]
struct Tail {
    start: u64,
    bytes: Bytes,
    _room: OwnedSemaphorePermit,
}

impl OpenFile {
    pub(crate) fn new(file: File, reader: FileReader, tails: &Tails) -> Self {
        Self { file, reader, tails: tails.clone(), tail: Mutex::default() }
    }

    /// Reads a range. A short read of the end of the file fetches more of it, for the read that follows: one request instead of two.
    pub(crate) async fn read(&self, range: &Range<u64>) -> Result<Bytes> {
        if let Some(bytes) = self.kept(range) {
            return Ok(bytes);
        }
        let end = metadata::size(&self.file).and_then(|size| tail_of(range, size));
        let room = end.and_then(|tail| Some((tail, self.tails.0.clone().try_acquire_owned().ok()?)));
        let Some((tail, room)) = room else {
            let read = self.reader.read_ranges([range.clone()]).await?;
            return Ok(read.into_iter().next().unwrap_or_default());
        };
        let start = tail.start;
        let read = self.reader.read_ranges([tail]).await?;
        let bytes = read.into_iter().next().unwrap_or_default();
        let wanted = part(start, &bytes, range);
        *self.tail.lock().unwrap_or_else(PoisonError::into_inner) = Some(Tail { start, bytes, _room: room });
        Ok(wanted)
    }

    /// A range of the kept end, which is not kept any longer.
    fn kept(&self, range: &Range<u64>) -> Option<Bytes> {
        let mut tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        let there = tail.as_ref()?;
        let covers = there.start <= range.start && range.end <= there.start + there.bytes.len() as u64;
        let there = covers.then(|| tail.take()).flatten()?;
        Some(part(there.start, &there.bytes, range))
    }
}

/// The end to read instead of this range, if it is a short one at the end of a file of this size, and not all of it.
fn tail_of(range: &Range<u64>, size: u64) -> Option<Range<u64>> {
    let short = 0 < range.start && range.start < size && range.end == size && size - range.start <= SHORT;
    short.then(|| size.saturating_sub(TAIL)..size)
}

/// The part of `bytes`, which begin at the offset `start` of the file.
fn part(start: u64, bytes: &Bytes, range: &Range<u64>) -> Bytes {
    let at = |offset: u64| usize::try_from(offset - start).unwrap_or(usize::MAX).min(bytes.len());
    bytes.slice(at(range.start)..at(range.end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_reads_of_the_end_are_extended() {
        let check = |range: Range<u64>, size: u64, expected: Option<Range<u64>>| {
            assert_eq!(tail_of(&range, size), expected, "{range:?} of {size}");
        };
        check(99_992..100_000, 100_000, Some(34_464..100_000));
        check(92..100, 100, Some(0..100));
        check(0..100, 100, None);
        check(0..8, 8, None);
        check(91..99, 100, None);
        check(100..100, 100, None);
        assert_eq!(part(10, &Bytes::from("abcd"), &(12..14)), "cd");
    }
}
