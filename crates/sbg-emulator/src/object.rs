//! Objects of the store: bytes that never change once they are there.

use std::{
    fmt::Write as _,
    io,
    sync::{Arc, OnceLock},
};

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3;

use crate::{blobs::Blob, checksums, etag, reader::Reader, segment::Segment, signing::hex};

/// Bytes in segments, as they arrived. Copies of a file share one object.
#[derive(Debug, Deserialize, Serialize)]
#[serde(from = "Description", into = "Description")]
pub(crate) struct Object {
    segments: Vec<Segment>,
    /// Where each segment begins.
    starts: Vec<u64>,
    size: u64,
    etag: String,
    modified: Timestamp,
    /// Whether the content is encoded as gzip, which a header says.
    gzip: bool,
    /// What each byte of the segments is changed by: 0 unless the content was replaced in place.
    mask: u8,
    crc32c: OnceLock<u32>,
    md5: OnceLock<[u8; 16]>,
}

/// What is written down of an object.
#[derive(Deserialize, Serialize)]
struct Description {
    etag: String,
    modified: Timestamp,
    segments: Vec<Segment>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    gzip: bool,
    #[serde(default, skip_serializing_if = "is_zero")]
    mask: u8,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(mask: &u8) -> bool {
    *mask == 0
}

impl From<Description> for Object {
    fn from(from: Description) -> Self {
        let object = Self::with_etag(from.segments, from.etag, from.modified);
        Self { gzip: from.gzip, mask: from.mask, ..object }
    }
}

impl From<Object> for Description {
    fn from(from: Object) -> Self {
        let Object { segments, etag, modified, gzip, mask, .. } = from;
        Self { etag, modified, segments, gzip, mask }
    }
}

impl Clone for Object {
    fn clone(&self) -> Self {
        let object = Self::with_etag(self.segments.clone(), self.etag.clone(), self.modified);
        Self { gzip: self.gzip, mask: self.mask, ..object }
    }
}

impl Object {
    /// An object that came in one piece.
    ///
    /// The tag is a fast hash of the content in the form of an MD5. Real stores do not promise an MD5 either (encrypted
    /// objects have none), and computing one would cost more than all the rest of an upload.
    pub(crate) fn new(content: Vec<Bytes>, modified: Timestamp) -> Self {
        let mut hasher = Xxh3::new();
        for bytes in &content {
            hasher.update(bytes);
        }
        Self::hashed(content.into_iter().map(Segment::Memory).collect(), &hasher, modified)
    }

    /// An object whose content went through a hasher.
    pub(crate) fn hashed(segments: Vec<Segment>, hasher: &Xxh3, modified: Timestamp) -> Self {
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
        // Hashing it all would take seconds for sizes that are otherwise free.
        let etag = hex(&xxhash_rust::xxh3::xxh3_128(&size.to_be_bytes()).to_be_bytes());
        Self::with_etag(vec![Segment::Pattern(size)], etag, modified)
    }

    fn with_etag(mut segments: Vec<Segment>, etag: String, modified: Timestamp) -> Self {
        segments.retain(|segment| segment.len() > 0);
        let mut size = 0;
        let starts = segments
            .iter()
            .map(|segment| {
                let start = size;
                size += segment.len();
                start
            })
            .collect();
        Self {
            segments,
            starts,
            size,
            etag,
            modified,
            gzip: false,
            mask: 0,
            crc32c: OnceLock::new(),
            md5: OnceLock::new(),
        }
    }

    /// The same object with a header that says that its content is encoded as gzip.
    pub(crate) fn with_gzip(self) -> Self {
        Self { gzip: true, ..self }
    }

    /// An object of the same size with another value in every byte, which is younger by at least a second: tags that are made from the
    /// time have no more than seconds.
    pub(crate) fn replaced(&self, now: Timestamp) -> Self {
        let object = Self::with_etag(self.segments.clone(), etag::changed(&self.etag), now);
        Self { gzip: self.gzip, mask: !self.mask, ..object }.younger_than(self)
    }

    /// The object with a time of its last change that is at least a second after that of another.
    pub(crate) fn younger_than(self, other: &Self) -> Self {
        let least = other.modified.saturating_add(SignedDuration::from_secs(1)).unwrap_or(self.modified);
        Self { modified: self.modified.max(least), ..self }
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

    /// Whether the content is encoded as gzip.
    pub(crate) fn is_gzip(&self) -> bool {
        self.gzip
    }

    /// What each byte of the segments is changed by.
    pub(crate) fn mask(&self) -> u8 {
        self.mask
    }

    /// The CRC-32C of the content.
    pub(crate) fn crc32c(self: &Arc<Self>) -> u32 {
        *self.crc32c.get_or_init(|| match self.segments[..] {
            [Segment::Pattern(size)] => checksums::crc32c_of_pattern(size, self.mask),
            _ => checksums::crc32c(self),
        })
    }

    /// The MD5 of the content. Storages have none of objects that were joined from parts, and a pattern may have any size.
    pub(crate) fn md5(self: &Arc<Self>) -> Option<[u8; 16]> {
        let joined = self.etag.contains('-');
        if joined || self.segments.iter().any(|segment| matches!(segment, Segment::Pattern(_))) {
            return None;
        }
        Some(*self.md5.get_or_init(|| checksums::md5(self)))
    }

    /// The segment that has a byte, the position of the byte in it, and the number of the segment.
    pub(crate) fn locate(&self, at: u64) -> Option<(&Segment, u64, usize)> {
        let number = self.starts.partition_point(|&begin| begin <= at).checked_sub(1)?;
        let segment = self.segments.get(number)?;
        Some((segment, at - self.starts[number], number)).filter(|(segment, at, _)| *at < segment.len())
    }

    /// The bytes that are in memory and nowhere else.
    pub(crate) fn in_memory(&self) -> impl Iterator<Item = &Bytes> {
        self.segments.iter().filter_map(|segment| match segment {
            Segment::Memory(bytes) => Some(bytes),
            _ => None,
        })
    }

    /// The same object with its bytes in a file, which holds what [`Object::in_memory`] names, one after the other.
    pub(crate) fn moved_to(mut self, blob: &Arc<Blob>) -> Self {
        let mut at = 0;
        for segment in &mut self.segments {
            if let Segment::Memory(bytes) = segment {
                let length = bytes.len() as u64;
                *segment = Segment::File { blob: Arc::clone(blob), at, length };
                at += length;
            }
        }
        self
    }

    /// Puts the files in place that a description names.
    pub(crate) fn find_files(&mut self, find: impl Fn(&Blob) -> io::Result<Arc<Blob>>) -> io::Result<()> {
        for segment in &mut self.segments {
            if let Segment::File { blob, at, length } = segment {
                let found = find(blob)?;
                found.check(*at + *length)?;
                *blob = found;
            }
        }
        Ok(())
    }

    /// Reads bytes from `start` up to, not including, `end`.
    pub(crate) fn read(self: &Arc<Self>, start: u64, end: u64) -> Reader {
        Reader::new(Arc::clone(self), start, end)
    }

    /// Reads everything. What cannot be read ends the reading.
    pub(crate) fn chunks(self: &Arc<Self>) -> impl Iterator<Item = Bytes> + use<> {
        self.read(0, self.size).map_while(Result::ok)
    }

    pub(crate) fn to_vec(self: &Arc<Self>) -> Vec<u8> {
        self.chunks().fold(Vec::new(), |mut all, chunk| {
            all.extend_from_slice(&chunk);
            all
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segment::PERIOD;

    fn object(parts: &[&'static str]) -> Arc<Object> {
        let content = parts.iter().map(|part| Bytes::from_static(part.as_bytes())).collect();
        Arc::new(Object::new(content, Timestamp::UNIX_EPOCH))
    }

    fn slice(object: &Arc<Object>, start: u64, end: u64) -> Vec<u8> {
        object.read(start, end).map(Result::unwrap).collect::<Vec<_>>().concat()
    }

    #[test]
    fn a_slice_crosses_segments() {
        let object = object(&["abc", "", "defg", "h"]);
        let check = |start, end, expected: &str| {
            assert_eq!(slice(&object, start, end), expected.as_bytes(), "{start}..{end}");
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
        let parts = [object(&["ab"]), object(&["cd"])];
        let joined = Arc::new(Object::join(parts.iter().map(AsRef::as_ref), Timestamp::UNIX_EPOCH));
        assert_eq!(joined.to_vec(), b"abcd");
        assert!(joined.etag().ends_with("-2"));
    }

    #[test]
    fn a_pattern_has_the_size_that_was_asked_for_and_repeats() {
        let object = Arc::new(Object::pattern(3 * PERIOD + 5, Timestamp::UNIX_EPOCH));
        assert_eq!(object.to_vec().len() as u64, object.size());
        assert_eq!(slice(&object, 7, 20), slice(&object, PERIOD + 7, PERIOD + 20));
        assert_ne!(slice(&object, 7, 20), slice(&object, 8, 21));
        assert_eq!(Object::pattern(0, Timestamp::UNIX_EPOCH).size(), 0);
    }

    #[test]
    fn a_description_brings_the_same_object_back() {
        let pattern = Object::pattern(100, Timestamp::UNIX_EPOCH);
        let object = Arc::new(Object::join([&*object(&["abc"]), &pattern], Timestamp::UNIX_EPOCH));
        let text = serde_json::to_string(&*object).unwrap();
        let again: Arc<Object> = Arc::new(serde_json::from_str(&text).unwrap());
        assert_eq!((again.etag(), again.size()), (object.etag(), 103));
        assert_eq!(again.to_vec(), object.to_vec());
    }
}
