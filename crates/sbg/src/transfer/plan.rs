//! How a file is cut into parts. Pure.

use std::ops::Range;

use crate::error::{Error, Result};

const MIB: u64 = 1024 * 1024;

/// Most parts of an upload, a limit of the object storage.
pub(super) const MOST_PARTS: u64 = 10_000;

/// Largest part of an upload: the platform takes the size as a 32-bit number and allows up to 1 GiB.
pub(super) const LARGEST_PART: u64 = 1024 * MIB;

/// Size of the parts of an upload of `size` bytes.
///
/// Each part costs a call of the API, so there are few: a small file goes in one, others in about 400.
pub(super) fn upload_part_size(size: u64) -> Result<u64> {
    if size > MOST_PARTS * LARGEST_PART {
        return Err(Error::invalid(format!(
            "{size} bytes are more than the {} that an upload can have",
            MOST_PARTS * LARGEST_PART
        )));
    }
    if size <= 64 * MIB {
        return Ok(size.max(1));
    }
    let few = (size / 400).checked_next_power_of_two().unwrap_or(LARGEST_PART).clamp(32 * MIB, LARGEST_PART);
    Ok(few.max(size.div_ceil(MOST_PARTS)))
}

/// Size of the ranges of a download of `size` bytes.
pub(super) fn download_part_size(size: u64) -> u64 {
    (size / 256).checked_next_power_of_two().unwrap_or(64 * MIB).clamp(8 * MIB, 64 * MIB)
}

/// The bytes of every part: they cover `range` once, in order, and each but the last has `part_size` bytes.
pub(super) fn parts(range: Range<u64>, part_size: u64) -> impl Iterator<Item = Range<u64>> {
    let part_size = part_size.max(1);
    let mut start = range.start;
    std::iter::from_fn(move || {
        if start >= range.end {
            return None;
        }
        let end = start.saturating_add(part_size).min(range.end);
        let part = start..end;
        start = end;
        Some(part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_the_file_once_within_the_limits() {
        for exponent in 0..=43 {
            for size in [
                (1_u64 << exponent) - 1,
                1 << exponent,
                (1 << exponent) + 1,
                3 << exponent,
                10_000 << exponent,
            ] {
                let Ok(part_size) = upload_part_size(size) else {
                    assert!(size > MOST_PARTS * LARGEST_PART, "{size}");
                    continue;
                };
                assert!((1..=LARGEST_PART).contains(&part_size), "{size}: {part_size}");
                assert!(size.div_ceil(part_size) <= MOST_PARTS, "{size}: {part_size}");
                for part_size in [part_size, download_part_size(size)] {
                    let mut end = 0;
                    for part in parts(0..size, part_size) {
                        assert!(
                            part.start == end && part.end > end && part.end - part.start <= part_size,
                            "{size}: {part:?}"
                        );
                        end = part.end;
                    }
                    assert_eq!(end, size);
                }
            }
        }
    }

    #[test]
    fn an_upload_beyond_the_limits_is_refused() {
        assert!(upload_part_size(MOST_PARTS * LARGEST_PART).is_ok());
        assert!(upload_part_size(MOST_PARTS * LARGEST_PART + 1).is_err());
    }
}
