//! Joins ranges that lie close together into few requests. Pure.

use std::ops::Range;

/// Ranges that are at most this many bytes apart are read in one request: the bytes between take less time than another request.
const GAP: u64 = 256 * 1024;

/// The requests for these ranges, in order, none longer than `longest`. Each range lies in one request or in several that adjoin.
pub(super) fn coalesce(ranges: &[Range<u64>], longest: u64) -> Vec<Range<u64>> {
    let mut sorted: Vec<_> = ranges.iter().filter(|range| !range.is_empty()).cloned().collect();
    sorted.sort_unstable_by_key(|range| range.start);
    let mut joined: Vec<Range<u64>> = Vec::new();
    for range in sorted {
        match joined.last_mut() {
            Some(last) if range.start <= last.end.saturating_add(GAP) => last.end = last.end.max(range.end),
            _ => joined.push(range),
        }
    }
    joined.into_iter().flat_map(|range| crate::transfer::part_size::parts(range, longest)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[expect(clippy::single_range_in_vec_init, reason = "lists of ranges")]
    #[test]
    fn near_ranges_share_a_request() {
        assert_eq!(coalesce(&[100..200, 0..50], 1000), [0..200]);
        assert_eq!(coalesce(&[0..50, 50 + GAP..60 + GAP], 10 * GAP), [0..60 + GAP]);
        assert_eq!(coalesce(&[0..50, 51 + GAP..60 + GAP], 10 * GAP), [0..50, 51 + GAP..60 + GAP]);
        assert_eq!(coalesce(&[0..50, 10..20, 5..5], 1000), [0..50]);
        assert_eq!(coalesce(&[0..25], 10), [0..10, 10..20, 20..25]);
        assert!(coalesce(&[], 10).is_empty());
    }

    proptest! {
        #[test]
        fn requests_cover_each_range_once(
            starts in prop::collection::vec((0_u64..10_000_000, 0_u64..900_000), 0..12),
            longest in 100_000_u64..2_000_000,
        ) {
            let ranges: Vec<_> = starts.iter().map(|(start, length)| *start..start + length).collect();
            let requests = coalesce(&ranges, longest);
            prop_assert!(requests.windows(2).all(|pair| pair[0].end <= pair[1].start));
            prop_assert!(requests.iter().all(|request| request.end - request.start <= longest));
            for range in ranges.iter().filter(|range| !range.is_empty()) {
                let read_to = |at: u64, request: &Range<u64>| if request.contains(&at) { request.end } else { at };
                prop_assert!(requests.iter().fold(range.start, read_to) >= range.end);
            }
        }
    }
}
