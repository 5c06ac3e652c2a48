//! Objects of the store: bytes that never change once they are there.

use std::fmt::Write as _;

use bytes::Bytes;
use jiff::Timestamp;
use xxhash_rust::xxh3::Xxh3;

use crate::signing::hex;

/// The period of the pattern of large seeded files: a prime.
const PERIOD: usize = 1_048_573;

/// Bytes in segments, as they arrived. Copies of a file share one object.
#[derive(Debug)]
pub(crate) struct Object {
    segments: Vec<Bytes>,
    /// Where each segment begins.
    starts: Vec<u64>,
    size: u64,
    etag: String,
    modified: Timestamp,
}

impl Object {
    /// An object that came in one piece.
    ///
    /// The tag is a fast hash of the content in the form of an MD5. Real stores do not promise an MD5 either (encrypted
    /// objects have none), and computing one would cost more than all the rest of an upload.
    pub(crate) fn new(segments: Vec<Bytes>, modified: Timestamp) -> Self {
        let mut hasher = Xxh3::new();
        for segment in &segments {
            hasher.update(segment);
        }
        Self::with_etag(segments, hex(&hasher.digest128().to_be_bytes()), modified)
    }

    /// An object that came in parts: its tag is made from theirs and says how many there were.
    pub(crate) fn join<'a>(parts: impl IntoIterator<Item = &'a Object>, modified: Timestamp) -> Self {
        let mut segments = Vec::new();
        let mut hasher = Xxh3::new();
        let mut count = 0_u32;
        for part in parts {
            segments.extend(part.segments.iter().cloned());
            hasher.update(part.etag.as_bytes());
            count += 1;
        }
        let mut etag = hex(&hasher.digest128().to_be_bytes());
        let _ = write!(etag, "-{count}");
        Self::with_etag(segments, etag, modified)
    }

    /// So many bytes of a pattern.
    pub(crate) fn pattern(size: u64, modified: Timestamp) -> Self {
        let mut period = vec![0; PERIOD];
        fastrand::Rng::with_seed(PERIOD as u64).fill(&mut period);
        let period = Bytes::from(period);
        let full = size / PERIOD as u64;
        let mut segments: Vec<Bytes> = (0..full).map(|_| period.clone()).collect();
        let rest = usize::try_from(size % PERIOD as u64).unwrap_or_default();
        segments.push(period.slice(..rest));
        // Hashing it all would take seconds for sizes that are otherwise free.
        let etag = hex(&xxhash_rust::xxh3::xxh3_128(&size.to_be_bytes()).to_be_bytes());
        Self::with_etag(segments, etag, modified)
    }

    fn with_etag(mut segments: Vec<Bytes>, etag: String, modified: Timestamp) -> Self {
        segments.retain(|segment| !segment.is_empty());
        let mut size = 0;
        let starts = segments
            .iter()
            .map(|segment| {
                let start = size;
                size += segment.len() as u64;
                start
            })
            .collect();
        Self { segments, starts, size, etag, modified }
    }

    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// The entity tag without quotes.
    pub(crate) fn etag(&self) -> &str {
        &self.etag
    }

    pub(crate) fn modified(&self) -> Timestamp {
        self.modified
    }

    /// Bytes from `start` up to, not including, `end`, without copying them.
    pub(crate) fn slice(&self, start: u64, end: u64) -> Vec<Bytes> {
        let first = self.starts.partition_point(|&begin| begin <= start).saturating_sub(1);
        let mut slices = Vec::new();
        for (segment, &begin) in self.segments.iter().zip(&self.starts).skip(first) {
            if begin >= end {
                break;
            }
            let offset = |at: u64| {
                usize::try_from(at.saturating_sub(begin)).map_or(segment.len(), |at| at.min(segment.len()))
            };
            slices.push(segment.slice(offset(start)..offset(end)));
        }
        slices
    }

    pub(crate) fn to_vec(&self) -> Vec<u8> {
        self.segments.concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(parts: &[&'static str]) -> Object {
        Object::new(
            parts.iter().map(|part| Bytes::from_static(part.as_bytes())).collect(),
            Timestamp::UNIX_EPOCH,
        )
    }

    #[test]
    fn a_slice_crosses_segments() {
        let object = object(&["abc", "", "defg", "h"]);
        let check = |start, end, expected: &str| {
            assert_eq!(object.slice(start, end).concat(), expected.as_bytes(), "{start}..{end}");
        };
        check(0, 8, "abcdefgh");
        check(1, 2, "b");
        check(2, 4, "cd");
        check(3, 8, "defgh");
        check(7, 8, "h");
        check(4, 4, "");
    }

    #[test]
    fn the_tag_depends_on_the_content_and_not_on_how_it_arrived() {
        assert_eq!(object(&["ab", "cd"]).etag(), object(&["abcd"]).etag());
        assert_ne!(object(&["abcd"]).etag(), object(&["abce"]).etag());
        assert_eq!(object(&[]).etag().len(), 32);
    }

    #[test]
    fn parts_join_in_order() {
        let joined = Object::join([&object(&["ab"]), &object(&["cd"])], Timestamp::UNIX_EPOCH);
        assert_eq!(joined.to_vec(), b"abcd");
        assert!(joined.etag().ends_with("-2"));
    }

    #[test]
    fn a_pattern_has_the_size_that_was_asked_for() {
        let object = Object::pattern(3 * PERIOD as u64 + 5, Timestamp::UNIX_EPOCH);
        assert_eq!(object.to_vec().len() as u64, object.size());
        assert_eq!(
            object.slice(7, 20).concat(),
            object.slice(PERIOD as u64 + 7, PERIOD as u64 + 20).concat()
        );
        assert_eq!(Object::pattern(0, Timestamp::UNIX_EPOCH).size(), 0);
    }
}
