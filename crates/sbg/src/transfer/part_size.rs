//! The sizes of the parts of uploads and downloads. Pure.

use std::ops::Range;

use crate::error::{Error, Result};

const MIB: u64 = 1024 * 1024;

/// Maximum number of parts of an upload, a limit of the object storage.
pub(super) const MOST_PARTS: u64 = 10_000;

/// Largest part of an upload: the platform takes the size as a 32-bit number and allows up to 1 GiB.
pub(super) const LARGEST_PART: u64 = 1024 * MIB;

/// Minimum size of a part that this crate chooses: a limit of the object storage.
const SMALLEST_PART: u64 = 5 * MIB;

/// Part size before the rate is measured, for files of up to 4 GiB.
const USUAL_PART: u64 = 8 * MIB;

/// Time that a part may take at the measured rate.
const PART_TIME: f64 = 8.0;

/// Part size for an upload of `size` bytes at a measured `rate` in bytes per second, if known.
///
/// Each part costs an API call, which the rate limit bounds, and a partly sent part is lost when the process is killed. Before the rate is
/// known, a file of up to 4 GiB has parts of 8 MiB, and a larger one about 512 parts. On a slow connection parts shrink to as little as
/// 5 MiB, so that each is confirmed within about eight seconds. On a fast one they grow to up to 64 MiB, as long as there are at least
/// sixteen.
pub(super) fn upload_part_size(size: u64, rate: Option<f64>) -> Result<u64> {
    check_size(size)?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a cast of a float saturates"
    )]
    let in_time = rate.map(|rate| (rate * PART_TIME) as u64);
    if size <= 2 * USUAL_PART && in_time.is_none_or(|bytes| bytes >= size) {
        return Ok(size.max(1));
    }
    let few =
        (size / 512).checked_next_power_of_two().unwrap_or(LARGEST_PART).clamp(USUAL_PART, LARGEST_PART);
    let chosen = match in_time {
        None => few,
        Some(bytes) if bytes < few => bytes.max(SMALLEST_PART),
        Some(bytes) => bytes.min(64 * MIB).min(size / 16).max(few),
    };
    // Whole mebibytes.
    let chosen = (chosen / MIB * MIB).max(SMALLEST_PART);
    Ok(chosen.max(size.div_ceil(MOST_PARTS)))
}

/// Part size for `size` bytes from a reader, which are held in memory until they are confirmed.
pub(super) fn reader_part_size(size: u64) -> Result<u64> {
    check_size(size)?;
    Ok(size.div_ceil(MOST_PARTS).max(USUAL_PART))
}

fn check_size(size: u64) -> Result<()> {
    let most = MOST_PARTS * LARGEST_PART;
    if size > most {
        return Err(Error::invalid(format!(
            "the file is too large: {size} bytes, and an upload can have at most {most}"
        )));
    }
    Ok(())
}

/// Whether a file of `size` bytes can be uploaded in parts of this size.
pub(super) fn fits(size: u64, part_size: u64) -> bool {
    (1..=LARGEST_PART).contains(&part_size) && size.div_ceil(part_size) <= MOST_PARTS
}

/// The rate that parts are planned for. A bandwidth cap is an upper bound of the rate, not an estimate.
pub(super) fn line_rate(measured: Option<f64>, cap: Option<f64>) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "it is small")]
    let slow = |cap: &f64| cap * PART_TIME < USUAL_PART as f64;
    match (measured, cap) {
        (Some(measured), Some(cap)) => Some(measured.min(cap)),
        (Some(measured), None) => Some(measured),
        (None, cap) => cap.filter(slow),
    }
}

/// Size of the ranges of a download of `size` bytes.
pub(super) fn download_part_size(size: u64) -> u64 {
    (size / 256).checked_next_power_of_two().unwrap_or(64 * MIB).clamp(8 * MIB, 64 * MIB)
}

/// The byte range of each part. They cover `range` once, in order, and all but the last have `part_size` bytes.
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
    use proptest::prelude::*;

    use super::*;

    /// Sizes of every order of magnitude, not only the huge ones that are most of all numbers.
    fn any_size() -> impl Strategy<Value = u64> {
        (0..=48_u32, any::<u64>()).prop_map(|(bits, number)| number & ((1 << bits) - 1))
    }

    fn assert_covered(range: Range<u64>, part_size: u64) -> Result<u64, TestCaseError> {
        let (mut end, mut count) = (range.start, 0);
        for part in parts(range.clone(), part_size) {
            prop_assert_eq!(part.start, end);
            prop_assert!(part.end > part.start && part.end - part.start <= part_size);
            prop_assert!(part.end == range.end || part.end - part.start == part_size);
            end = part.end;
            count += 1;
        }
        prop_assert_eq!(end, range.end.max(range.start));
        Ok(count)
    }

    proptest! {
        #[test]
        fn upload_parts_cover_the_file_within_limits(size in any_size(), rate in 0.0..1e11) {
            let chosen = [upload_part_size(size, None), upload_part_size(size, Some(rate)), reader_part_size(size)];
            for chosen in chosen {
                let Ok(part_size) = chosen else {
                    prop_assert!(size > MOST_PARTS * LARGEST_PART);
                    continue;
                };
                prop_assert!((1..=LARGEST_PART).contains(&part_size));
                prop_assert!(assert_covered(0..size, part_size)? <= MOST_PARTS);
            }
        }

        #[test]
        fn download_ranges_cover_any_gap(start in any_size(), length in any_size()) {
            let part_size = download_part_size(length);
            prop_assert!((8 * MIB..=64 * MIB).contains(&part_size));
            assert_covered(start..start + length, part_size)?;
        }

        #[test]
        fn parts_of_any_size_cover_the_file(size in 0..100_000_u64, part_size in 0..1_000_u64) {
            assert_covered(0..size, part_size.max(1))?;
            prop_assert_eq!(parts(0..size, part_size).count() as u64, size.div_ceil(part_size.max(1)));
        }
    }

    #[test]
    fn upload_beyond_the_limits_is_rejected() {
        assert!(upload_part_size(MOST_PARTS * LARGEST_PART, None).is_ok());
        assert!(upload_part_size(MOST_PARTS * LARGEST_PART + 1, None).is_err());
    }

    #[test]
    fn part_size_follows_size_and_rate() {
        let check = |size: u64, rate: Option<f64>, expected: u64| {
            assert_eq!(upload_part_size(size, rate).ok(), Some(expected), "{size} {rate:?}");
        };
        let gib = 1024 * MIB;
        check(0, None, 1);
        check(1, None, 1);
        check(16 * MIB, None, 16 * MIB);
        check(16 * MIB + 1, None, 8 * MIB);
        check(4 * gib, None, 8 * MIB);
        check(100 * gib, None, 256 * MIB);
        check(5 * 1024 * gib, None, LARGEST_PART);

        let slow = Some(1e6);
        check(MIB, slow, MIB);
        check(16 * MIB, slow, 7 * MIB);
        check(16 * MIB, Some(1e5), SMALLEST_PART);
        check(4 * gib, slow, 7 * MIB);
        check(100 * gib, slow, (100 * gib).div_ceil(MOST_PARTS));

        let fast = Some(1e8);
        check(16 * MIB, fast, 16 * MIB);
        check(64 * MIB, fast, 8 * MIB);
        check(512 * MIB, fast, 32 * MIB);
        check(4 * gib, fast, 64 * MIB);
        check(100 * gib, fast, 256 * MIB);
    }
}
