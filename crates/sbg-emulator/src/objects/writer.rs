//! An object while it arrives: each chunk is hashed while it is in the cache of the processor.

use bytes::{Bytes, BytesMut};
use jiff::Timestamp;
use xxhash_rust::xxh3::Xxh3;

use super::{object::Object, segment::Segment};

/// Smaller chunks are combined, so that a slow client does not cause a buffer for each byte.
const SMALL: usize = 16 * 1024;

/// The chunks so far.
pub(crate) struct ObjectWriter {
    hasher: Xxh3,
    /// Whether the bytes are kept.
    keep: bool,
    length: u64,
    segments: Vec<Segment>,
    small: BytesMut,
}

impl ObjectWriter {
    pub(crate) fn new(keep: bool) -> Self {
        Self { hasher: Xxh3::new(), keep, length: 0, segments: Vec::new(), small: BytesMut::new() }
    }

    pub(crate) fn push(&mut self, piece: Bytes) {
        self.hasher.update(&piece);
        self.length += piece.len() as u64;
        if !self.keep {
            return;
        }
        if piece.len() < SMALL {
            self.small.extend_from_slice(&piece);
            if self.small.len() >= SMALL {
                self.flush();
            }
        } else {
            self.flush();
            self.segments.push(Segment::Memory(piece));
        }
    }

    /// The object. If its bytes were not kept, it has the size and tag of what was sent, and the content of the pattern.
    pub(crate) fn finish(mut self, modified: Timestamp) -> Object {
        self.flush();
        if !self.keep {
            self.segments.push(Segment::Pattern(self.length));
        }
        Object::hashed(self.segments, &self.hasher, modified)
    }

    fn flush(&mut self) {
        if !self.small.is_empty() {
            self.segments.push(Segment::Memory(self.small.split().freeze()));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn arrive(keep: bool) -> Arc<Object> {
        let mut writer = ObjectWriter::new(keep);
        for size in [1, 20_000, 3, 4, 9_000, 9_000, 0, 16_384, 5] {
            writer.push(Bytes::from(vec![u8::try_from(size % 251).unwrap_or_default(); size]));
        }
        Arc::new(writer.finish(Timestamp::UNIX_EPOCH))
    }

    #[test]
    fn pieces_of_any_size_stay_in_order() {
        let kept = arrive(true);
        let whole = Object::new(vec![kept.to_vec().into()], Timestamp::UNIX_EPOCH);
        assert_eq!((kept.size(), kept.etag()), (54_397, whole.etag()));
        assert_eq!(kept.to_vec()[..1], [1]);
        assert_eq!(kept.to_vec()[54_392..], [5; 5]);
    }

    #[test]
    fn discarded_object_keeps_size_and_etag() {
        let (kept, discarded) = (arrive(true), arrive(false));
        assert_eq!((discarded.size(), discarded.etag()), (kept.size(), kept.etag()));
        assert_ne!(discarded.to_vec(), kept.to_vec());
    }
}
