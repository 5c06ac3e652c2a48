//! The `Range` header, and the response of each kind of storage to it.

use super::profile::{EmptyRange, LongRange, StorageProfile};

/// What a `Range` header asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RangeSpec {
    /// From one byte to another, inclusive, or to the end.
    From { start: u64, last: Option<u64> },
    /// The last bytes of the object.
    Suffix(u64),
}

impl RangeSpec {
    /// `None` for several ranges and for invalid ones: storages send the whole object then.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (first, last) = text.strip_prefix("bytes=")?.split_once('-')?;
        Some(match (first, last) {
            ("", suffix) => Self::Suffix(suffix.parse().ok()?),
            (first, "") => Self::From { start: first.parse().ok()?, last: None },
            (first, last) => {
                let (start, last) = (first.parse().ok()?, last.parse().ok()?);
                if start > last {
                    return None;
                }
                Self::From { start, last: Some(last) }
            }
        })
    }
}

/// The part of an object in a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// 200.
    Whole,
    /// 206; `end` is not included.
    Part { start: u64, end: u64 },
    /// 206 without a byte: `bytes 10-9/10`.
    Nothing { start: u64 },
    /// 206 that promises a byte at this position and ends without it.
    MissingByte { start: u64 },
    /// 416, with the size of the object or without.
    Refused { with_size: bool },
}

impl StorageProfile {
    /// The response of this storage to a range. `strict` is whether the request asks OSS for standard behavior.
    pub(crate) fn extent(&self, range: RangeSpec, size: u64, strict: bool) -> Extent {
        let (start, end) = match range {
            RangeSpec::Suffix(_) if !self.suffix_ranges => return Extent::Whole,
            RangeSpec::Suffix(count) => (size.saturating_sub(count), size),
            RangeSpec::From { start, last } => (start, last.map_or(size, |last| last.saturating_add(1))),
        };
        if size == 0 {
            return match self.empty_object {
                EmptyRange::Refused => Extent::Refused { with_size: false },
                EmptyRange::Whole if start == 0 => Extent::Whole,
                EmptyRange::RefusedWithSize | EmptyRange::Whole => Extent::Refused { with_size: true },
                EmptyRange::Partial => Extent::Nothing { start: 0 },
                EmptyRange::MissingByte => Extent::MissingByte { start: 0 },
            };
        }
        if self.long_range == LongRange::Ignored && !strict && (start >= size || end > size) {
            return Extent::Whole;
        }
        if start < size {
            Extent::Part { start, end: end.min(size) }
        } else if start == size && self.empty_range_at_end {
            Extent::Nothing { start }
        } else {
            Extent::Refused { with_size: true }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::flavor::StorageFlavor::{self, Azure, Gcs, Oss, S3, Static, Swift};

    const fn part(start: u64, end: u64) -> Extent {
        Extent::Part { start, end }
    }

    const SIZED: Extent = Extent::Refused { with_size: true };

    fn extent(flavor: StorageFlavor, text: &str, size: u64, strict: bool) -> Extent {
        RangeSpec::parse(text).map_or(Extent::Whole, |range| flavor.profile().extent(range, size, strict))
    }

    #[test]
    fn s3_serves_every_kind_of_range() {
        for (text, size, expected) in [
            ("bytes=0-9", 100, part(0, 10)),
            ("bytes=90-200", 100, part(90, 100)),
            ("bytes=5-", 100, part(5, 100)),
            ("bytes=-7", 100, part(93, 100)),
            ("bytes=-700", 100, part(0, 100)),
            ("bytes=100-", 100, SIZED),
            ("bytes=100-100", 100, SIZED),
            ("bytes=-0", 100, SIZED),
            ("bytes=0-0", 0, Extent::Refused { with_size: false }),
            ("bytes=0-18446744073709551615", 100, part(0, 100)),
            ("bytes=9-5", 100, Extent::Whole),
            ("bytes=0-1,5-6", 100, Extent::Whole),
            ("bytes=x-y", 100, Extent::Whole),
            ("bytes=-", 100, Extent::Whole),
            ("lines=0-1", 100, Extent::Whole),
        ] {
            assert_eq!(extent(S3, text, size, false), expected, "{text} of {size}");
        }
    }

    #[test]
    fn flavors_differ_at_the_end_of_objects() {
        for (flavor, text, size, expected) in [
            (Gcs, "bytes=0-0", 0, Extent::Nothing { start: 0 }),
            (Gcs, "bytes=-3", 10, Extent::Whole),
            (Azure, "bytes=0-0", 0, SIZED),
            (Azure, "bytes=10-19", 10, Extent::Nothing { start: 10 }),
            (Azure, "bytes=11-19", 10, SIZED),
            (Azure, "bytes=-3", 10, Extent::Whole),
            (Oss, "bytes=0-9", 10, part(0, 10)),
            (Oss, "bytes=0-10", 10, Extent::Whole),
            (Oss, "bytes=10-", 10, Extent::Whole),
            (Swift, "bytes=0-0", 0, SIZED),
            (Static, "bytes=0-9", 0, Extent::Whole),
            (Static, "bytes=5-9", 0, SIZED),
            (Static, "bytes=5-90", 10, part(5, 10)),
        ] {
            assert_eq!(extent(flavor, text, size, false), expected, "{flavor}: {text} of {size}");
        }
        assert_eq!(extent(Oss, "bytes=0-10", 10, true), part(0, 10));
        assert_eq!(extent(Oss, "bytes=10-", 10, true), SIZED);
    }
}
