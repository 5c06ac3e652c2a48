//! The traits in which kinds of object storage differ.

use http::HeaderName;

use super::storage_error::{ErrorForm, Refusal};

/// The response to a range of an empty object.
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
    /// 206 with `Content-Range: bytes 0-0/0` that promises a byte and ends without one (`missing-byte`).
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

/// The format of entity tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ETagForm {
    Quoted,
    /// Quoted, with upper-case digits.
    Capitals,
    /// Without quotes.
    Bare,
    /// Made from the time of the last change and the size; weak while the object is younger than a second.
    Time,
    Absent,
}

/// The response to a range that extends past the end of the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LongRange {
    /// The range is cut off at the end of the object, and refused if nothing is left.
    Clipped,
    /// The range is ignored: 200 and the whole object, unless the request has `x-oss-range-behavior: standard`.
    Ignored,
}

/// Checksums of whole objects in responses to reads.
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
    /// The statuses that the platform announces to clients, sorted and without duplicates.
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

/// Every trait in which kinds of object storage differ.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "these are traits that have nothing to do with each other")]
pub(crate) struct StorageProfile {
    /// Whether `Range` is supported. Otherwise, every read is 200 and the whole object.
    pub(crate) ranges: bool,
    /// Whether ranges such as `bytes=-3` are supported.
    pub(crate) suffix_ranges: bool,
    pub(crate) long_range: LongRange,
    /// Whether a range that begins exactly at the end of an object is 206 without a byte.
    pub(crate) empty_range_at_end: bool,
    /// Responses to ranges of empty objects.
    pub(crate) empty_object: EmptyRange,
    /// Whether `If-Match` is supported.
    pub(crate) if_match: bool,
    pub(crate) etag: ETagForm,
    pub(crate) last_modified: bool,
    /// Whether gzip objects are decompressed for clients that do not accept gzip.
    pub(crate) transcodes: bool,
    pub(crate) checksums: Checksums,
    pub(crate) parts: PartRules,
    pub(crate) errors: ErrorForm,
    /// The refusal of an expired URL.
    pub(crate) expired: Refusal,
    /// The refusal of a URL that is not signed for the request.
    pub(crate) unsigned: Refusal,
    /// The refusal of a part of an unknown or dropped upload.
    pub(crate) no_upload: Refusal,
}
