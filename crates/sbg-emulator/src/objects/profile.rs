//! The traits in which kinds of object storage differ.

use http::HeaderName;

use super::storage_error::{ErrorForm, Refusal};

/// What a storage sends when a range of an empty object is asked for.
///
/// ```
/// use sbg_emulator::{EmptyRange, StorageQuirk};
///
/// assert_eq!("empty-range=partial".parse(), Ok(StorageQuirk::EmptyRange(EmptyRange::Partial)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EmptyRange {
    /// 416 without `Content-Range` (`refused`).
    Refused,
    /// 416 with `Content-Range: bytes */0` (`refused-with-size`).
    RefusedWithSize,
    /// 200 without a byte if the range begins at 0, otherwise 416 with `bytes */0` (`whole`).
    Whole,
    /// 206 with `Content-Range: bytes 0--1/0` (`partial`).
    Partial,
    /// 206 with `Content-Range: bytes 0-0/0` that announces a byte and ends without one (`missing-byte`).
    MissingByte,
}

impl EmptyRange {
    pub(super) const NAMES: [(Self, &'static str); 5] = [
        (Self::Refused, "refused"),
        (Self::RefusedWithSize, "refused-with-size"),
        (Self::Whole, "whole"),
        (Self::Partial, "partial"),
        (Self::MissingByte, "missing-byte"),
    ];
}

/// What entity tags look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ETagForm {
    Quoted,
    /// Quoted, with digits in capitals.
    Capitals,
    /// Without quotes.
    Bare,
    /// Made from the time of the last change and the size; weak while the object is younger than a second.
    Time,
    Absent,
}

/// What happens to a range that the object does not have in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LongRange {
    /// It is cut off at the end of the object, and refused if nothing is left.
    Clipped,
    /// It is ignored: 200 and the whole object, unless the request has `x-oss-range-behavior: standard`.
    Ignored,
}

/// Checksums of whole objects that come with reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Checksums {
    Absent,
    /// `x-goog-hash`, with every read.
    Goog,
    /// `x-ms-blob-content-md5`, with ranges, and `Content-MD5` with whole objects.
    Azure,
    /// `x-amz-checksum-crc32c` of the type `FULL_OBJECT`, with whole objects, if the request has `x-amz-checksum-mode: ENABLED`.
    AmzOnRequest,
}

/// Responses to parts of uploads.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PartRules {
    /// The status for a new part, and for one that replaces another.
    pub(crate) statuses: [u16; 2],
    /// Whether the response has an `ETag`, which clients then have to report.
    pub(crate) etag: bool,
    /// The header that carries the number of the request.
    pub(crate) request_id: Option<&'static str>,
}

impl PartRules {
    /// The statuses that the platform names to clients, in order and each once.
    pub(crate) fn success_codes(&self) -> Vec<u16> {
        let mut codes = self.statuses.to_vec();
        codes.sort_unstable();
        codes.dedup();
        codes
    }

    pub(crate) fn request_id(&self) -> Option<HeaderName> {
        self.request_id.map(HeaderName::from_static)
    }
}

/// Everything in which kinds of object storage differ.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "these are traits that have nothing to do with each other")]
pub(crate) struct StorageProfile {
    /// Whether `Range` is read. Without, every read is 200 and the whole object.
    pub(crate) ranges: bool,
    /// Whether ranges such as `bytes=-3` are read.
    pub(crate) suffix_ranges: bool,
    pub(crate) long_range: LongRange,
    /// Whether a range that begins exactly at the end of an object is 206 without a byte.
    pub(crate) empty_range_at_end: bool,
    /// Responses to ranges of empty objects.
    pub(crate) empty_object: EmptyRange,
    /// Whether `If-Match` is read.
    pub(crate) if_match: bool,
    pub(crate) etag: ETagForm,
    pub(crate) last_modified: bool,
    /// Whether objects that are stored as gzip are unpacked for clients that do not accept gzip.
    pub(crate) transcodes: bool,
    pub(crate) checksums: Checksums,
    pub(crate) parts: PartRules,
    pub(crate) errors: ErrorForm,
    /// A signed URL that was valid once.
    pub(crate) expired: Refusal,
    /// A URL that was not signed for the request.
    pub(crate) unsigned: Refusal,
    /// A part of an upload that the storage does not have (any more).
    pub(crate) no_upload: Refusal,
}
