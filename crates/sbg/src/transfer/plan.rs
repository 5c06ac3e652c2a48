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
/// Each part costs a call of the API, so there are few: a small file goes in one, others in about 400. The least size is what a
/// connection of 25 MB/s sends in well under a second, so that a file of some hundred MiB fills many connections.
pub(super) fn upload_part_size(size: u64) -> Result<u64> {
    check_size(size)?;
    if size <= 64 * MIB {
        return Ok(size.max(1));
    }
    let few = (size / 400).checked_next_power_of_two().unwrap_or(LARGEST_PART).clamp(16 * MIB, LARGEST_PART);
    Ok(few.max(size.div_ceil(MOST_PARTS)))
}

/// Size of the parts of `size` bytes that are read once and held in memory until they are confirmed.
pub(super) fn reader_part_size(size: u64) -> Result<u64> {
    check_size(size)?;
    Ok(size.div_ceil(MOST_PARTS).max(16 * MIB))
}

fn check_size(size: u64) -> Result<()> {
    let most = MOST_PARTS * LARGEST_PART;
    if size > most {
        return Err(Error::invalid(format!("{size} bytes are more than the {most} that an upload can have")));
    }
    Ok(())
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
        fn parts_of_an_upload_cover_the_file_once_within_the_limits(size in any_size()) {
            for chosen in [upload_part_size(size), reader_part_size(size)] {
                let Ok(part_size) = chosen else {
                    prop_assert!(size > MOST_PARTS * LARGEST_PART);
                    continue;
                };
                prop_assert!((1..=LARGEST_PART).contains(&part_size));
                prop_assert!(assert_covered(0..size, part_size)? <= MOST_PARTS);
            }
        }

        #[test]
        fn ranges_of_a_download_cover_any_gap_once(start in any_size(), length in any_size()) {
            let part_size = download_part_size(length);
            prop_assert!((8 * MIB..=64 * MIB).contains(&part_size));
            assert_covered(start..start + length, part_size)?;
        }

        #[test]
        fn parts_of_any_size_cover_the_file_once(size in 0..100_000_u64, part_size in 0..1_000_u64) {
            assert_covered(0..size, part_size.max(1))?;
            prop_assert_eq!(parts(0..size, part_size).count() as u64, size.div_ceil(part_size.max(1)));
        }
    }

    #[test]
    fn an_upload_beyond_the_limits_is_refused() {
        assert!(upload_part_size(MOST_PARTS * LARGEST_PART).is_ok());
        assert!(upload_part_size(MOST_PARTS * LARGEST_PART + 1).is_err());
    }

    #[test]
    fn a_small_file_goes_in_one_part_and_others_in_few() {
        let check =
            |size: u64, expected: u64| assert_eq!(upload_part_size(size).ok(), Some(expected), "{size}");
        check(0, 1);
        check(1, 1);
        check(64 * MIB, 64 * MIB);
        check(64 * MIB + 1, 16 * MIB);
        check(512 * MIB, 16 * MIB);
        check(100 * 1024 * MIB, 256 * MIB);
        check(5 * 1024 * 1024 * MIB, LARGEST_PART);
    }
}
