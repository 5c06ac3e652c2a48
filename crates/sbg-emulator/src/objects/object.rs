//! Objects of the store: immutable bytes with an entity tag.

use std::{
    fmt::Write as _,
    io,
    sync::{Arc, OnceLock},
};

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3;

use super::{
    blobs::Blobs,
    checksums,
    content::Content,
    reader::Reader,
    segment::{Blob, Segment},
};

/// An object: bytes, an entity tag and a time. Copies of a file share one object.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(from = "Description", into = "Description")]
pub(crate) struct Object {
    content: Arc<Content>,
    etag: String,
    modified: Timestamp,
    /// Whether the content is gzip, which a header says.
    gzip: bool,
    crc32c: OnceLock<u32>,
    md5: OnceLock<[u8; 16]>,
}

/// An object in the saved state.
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
        let content = Content::new(from.segments, from.mask);
        Self { gzip: from.gzip, ..Self::with_etag(content, from.etag, from.modified) }
    }
}

impl From<Object> for Description {
    fn from(from: Object) -> Self {
        let Object { content, etag, modified, gzip, .. } = from;
        let (segments, mask) = (content.segments().to_vec(), content.mask());
        Self { etag, modified, segments, gzip, mask }
    }
}

impl Object {
    /// An object from bytes in memory.
    ///
    /// The tag is a fast hash of the content in the format of an MD5. Real stores do not promise an MD5 either (encrypted
    /// objects have none), and computing one would cost more than the rest of an upload.
    pub(crate) fn new(content: Vec<Bytes>, modified: Timestamp) -> Self {
        let mut hasher = Xxh3::new();
        for bytes in &content {
            hasher.update(bytes);
        }
        Self::hashed(content.into_iter().map(Segment::Memory).collect(), &hasher, modified)
    }

    /// An object whose content was hashed while it arrived.
    pub(crate) fn hashed(segments: Vec<Segment>, hasher: &Xxh3, modified: Timestamp) -> Self {
        Self::with_etag(Content::new(segments, 0), hex::encode(hasher.digest128().to_be_bytes()), modified)
    }

    /// An object joined from parts: its tag is made from theirs and ends with their number.
    pub(crate) fn join<'a>(parts: impl IntoIterator<Item = &'a Object>, modified: Timestamp) -> Self {
        let mut segments = Vec::new();
        let mut hasher = Xxh3::new();
        let mut count = 0_u32;
        for part in parts {
            segments.extend_from_slice(part.content.segments());
            hasher.update(part.etag.as_bytes());
            count += 1;
        }
        let mut etag = hex::encode(hasher.digest128().to_be_bytes());
        let _ = write!(etag, "-{count}");
        Self::with_etag(Content::new(segments, 0), etag, modified)
    }

    /// An object of `size` bytes of the pattern.
    pub(crate) fn pattern(size: u64, modified: Timestamp) -> Self {
        // Hashing the content would take seconds for sizes that are otherwise free.
        let etag = hex::encode(xxhash_rust::xxh3::xxh3_128(&size.to_be_bytes()).to_be_bytes());
        Self::with_etag(Content::new(vec![Segment::Pattern(size)], 0), etag, modified)
    }

    fn with_etag(content: Content, etag: String, modified: Timestamp) -> Self {
        Self {
            content: Arc::new(content),
            etag,
            modified,
            gzip: false,
            crc32c: OnceLock::new(),
            md5: OnceLock::new(),
        }
    }

    /// The same object, marked as gzip.
    pub(crate) fn with_gzip(self) -> Self {
        Self { gzip: true, ..self }
    }

    /// An object of the same size with another value in every byte, and younger by at least a second: tags made from the
    /// time have a resolution of one second.
    pub(crate) fn replaced(&self, now: Timestamp) -> Self {
        let content = Content::new(self.content.segments().to_vec(), !self.content.mask());
        Self { gzip: self.gzip, ..Self::with_etag(content, another_etag(&self.etag), now) }.younger_than(self)
    }

    /// The object with a modification time at least a second after that of another.
    pub(crate) fn younger_than(self, other: &Self) -> Self {
        let least = other.modified.saturating_add(SignedDuration::from_secs(1)).unwrap_or(self.modified);
        Self { modified: self.modified.max(least), ..self }
    }

    pub(crate) fn size(&self) -> u64 {
        self.content.size()
    }

    /// The entity tag without quotes.
    pub(crate) fn etag(&self) -> &str {
        &self.etag
    }

    pub(crate) fn modified(&self) -> Timestamp {
        self.modified
    }

    /// Whether the content is gzip.
    pub(crate) fn is_gzip(&self) -> bool {
        self.gzip
    }

    /// The CRC-32C of the content.
    pub(crate) fn crc32c(&self) -> u32 {
        *self.crc32c.get_or_init(|| match self.content.segments() {
            [Segment::Pattern(size)] => checksums::crc32c_of_pattern(*size, self.content.mask()),
            _ => checksums::crc32c(self.chunks()),
        })
    }

    /// The MD5 of the content. Storages have none for objects joined from parts, and a pattern may have any size.
    pub(crate) fn md5(&self) -> Option<[u8; 16]> {
        let joined = self.etag.contains('-');
        if joined || self.content.segments().iter().any(|segment| matches!(segment, Segment::Pattern(_))) {
            return None;
        }
        Some(*self.md5.get_or_init(|| checksums::md5(self.chunks())))
    }

    /// Moves the bytes from memory to a file. A small object, or one that cannot be written, stays in memory: it is saved with
    /// the rest of the state.
    pub(crate) fn kept_in(mut self, blobs: &Blobs) -> Self {
        if let Some(blob) = blobs.keep(&self.content) {
            Arc::make_mut(&mut self.content).move_to(&blob);
        }
        self
    }

    /// Finds the files of an object that was just deserialized. An error if one is missing or too short.
    pub(crate) fn find_files(&mut self, find: impl Fn(&Blob) -> io::Result<Arc<Blob>>) -> io::Result<()> {
        Arc::make_mut(&mut self.content).find_files(find)
    }

    /// Reads bytes from `start` up to, not including, `end`.
    pub(crate) fn read(&self, start: u64, end: u64) -> Reader {
        Reader::new(Arc::clone(&self.content), start, end)
    }

    /// Reads everything, up to the first chunk that cannot be read.
    pub(crate) fn chunks(&self) -> impl Iterator<Item = Bytes> + use<> {
        self.read(0, self.size()).map_while(Result::ok)
    }

    pub(crate) fn to_vec(&self) -> Vec<u8> {
        self.chunks().fold(Vec::new(), |mut all, chunk| {
            all.extend_from_slice(&chunk);
            all
        })
    }
}

/// The entity tag of another version of an object.
pub(super) fn another_etag(etag: &str) -> String {
    etag.chars().rev().collect::<String>() + "0"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::segment::PERIOD;

    fn object(parts: &[&'static str]) -> Object {
        let content = parts.iter().map(|part| Bytes::from_static(part.as_bytes())).collect();
        Object::new(content, Timestamp::UNIX_EPOCH)
    }

    fn slice(object: &Object, start: u64, end: u64) -> Vec<u8> {
        object.read(start, end).map(Result::unwrap).collect::<Vec<_>>().concat()
    }

    #[test]
    fn slice_crosses_segments() {
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
    fn etag_depends_only_on_content() {
        assert_eq!(object(&["ab", "cd"]).etag(), object(&["abcd"]).etag());
        assert_ne!(object(&["abcd"]).etag(), object(&["abce"]).etag());
        assert_eq!(object(&[]).etag().len(), 32);
    }

    #[test]
    fn parts_join_in_order() {
        let parts = [object(&["ab"]), object(&["cd"])];
        let joined = Object::join(&parts, Timestamp::UNIX_EPOCH);
        assert_eq!(joined.to_vec(), b"abcd");
        assert!(joined.etag().ends_with("-2"));
    }

    #[test]
    fn pattern_repeats_to_the_requested_size() {
        let object = Object::pattern(3 * PERIOD + 5, Timestamp::UNIX_EPOCH);
        assert_eq!(object.to_vec().len() as u64, object.size());
        assert_eq!(slice(&object, 7, 20), slice(&object, PERIOD + 7, PERIOD + 20));
        assert_ne!(slice(&object, 7, 20), slice(&object, 8, 21));
        assert_eq!(Object::pattern(0, Timestamp::UNIX_EPOCH).size(), 0);
    }

    #[test]
    fn object_round_trips_through_json() {
        let pattern = Object::pattern(100, Timestamp::UNIX_EPOCH);
        let object = Object::join([&object(&["abc"]), &pattern], Timestamp::UNIX_EPOCH);
        let text = serde_json::to_string(&object).unwrap();
        let again: Object = serde_json::from_str(&text).unwrap();
        assert_eq!((again.etag(), again.size()), (object.etag(), 103));
        assert_eq!(again.to_vec(), object.to_vec());
    }

    #[test]
    fn pattern_crc32c_matches_its_bytes() {
        for size in [0, 1, PERIOD - 1, PERIOD, PERIOD + 1, 2 * PERIOD, 7 * PERIOD + 51] {
            let object = Object::pattern(size, Timestamp::UNIX_EPOCH);
            assert_eq!(object.crc32c(), checksums::crc32c(object.chunks()), "{size}");
            let replaced = object.replaced(Timestamp::UNIX_EPOCH);
            assert_eq!(replaced.crc32c(), checksums::crc32c(replaced.chunks()), "{size}");
        }
    }

    #[test]
    fn only_single_piece_objects_have_an_md5() {
        let piece = Object::new(vec!["abc".into()], Timestamp::UNIX_EPOCH);
        assert_eq!(piece.md5().map(hex::encode).as_deref(), Some("900150983cd24fb0d6963f7d28e17f72"));
        assert_eq!(piece.crc32c(), 0x364b_3fb7);
        let joined = Object::join([&piece], Timestamp::UNIX_EPOCH);
        assert_eq!((joined.md5(), joined.crc32c()), (None, 0x364b_3fb7));
        assert_eq!(Object::pattern(3, Timestamp::UNIX_EPOCH).md5(), None);
    }
}
