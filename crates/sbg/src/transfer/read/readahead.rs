//! Decides how far to read ahead: not at all after a seek, and more and more while blocks are read one after another. Pure.

use std::ops::Range;

/// The readahead of one reader, in blocks.
#[derive(Clone, Debug)]
pub(super) struct Readahead {
    /// Most blocks ahead of the one that is read.
    most: u64,
    /// Blocks ahead of the one that is read; 0 after a seek.
    window: u64,
    /// The block read last.
    last: Option<u64>,
    /// End of the blocks that were requested.
    requested: u64,
}

impl Readahead {
    /// Growth of the window for each block that follows the one before.
    const GROWTH: u64 = 4;

    pub(super) fn new(most: u64) -> Self {
        Self { most, window: 0, last: None, requested: 0 }
    }

    /// The blocks to request in advance when this block is read. The end may lie beyond that of the file.
    pub(super) fn visit(&mut self, block: u64) -> Range<u64> {
        let next = block.saturating_add(1);
        match self.last.replace(block) {
            Some(last) if last == block => {}
            Some(last) if last.checked_add(1) == Some(block) => {
                self.window = (self.window * Self::GROWTH).clamp(1, self.most.max(1)).min(self.most);
            }
            _ => {
                self.window = 0;
                self.requested = next;
            }
        }
        self.requested = self.requested.max(next);
        // Blocks are requested many at a time: each request takes a round trip.
        if self.requested - next > self.window / 2 || self.window == 0 {
            return next..next;
        }
        let from = std::mem::replace(&mut self.requested, next.saturating_add(self.window));
        from..self.requested
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readahead_grows_on_sequential_reading() {
        let mut ahead = Readahead::new(64);
        let requested: Vec<_> =
            (0..40).map(|block| ahead.visit(block)).filter(|range| !range.is_empty()).collect();
        assert_eq!(requested[..4], [2..3, 3..7, 7..20, 20..69]);
        assert!(requested.windows(2).all(|pair| pair[0].end == pair[1].start), "{requested:?}");
        assert!(requested.iter().all(|range| range.end <= 40 + 64));
    }

    #[test]
    fn readahead_stops_on_seeks() {
        let mut ahead = Readahead::new(64);
        for block in 0..10 {
            ahead.visit(block);
        }
        for block in [500, 3, 700, 90, 4, 4] {
            assert!(ahead.visit(block).is_empty(), "{block}");
        }
        assert_eq!(ahead.visit(5), 6..7, "it starts small again");
    }

    #[test]
    fn disabled_readahead_requests_nothing() {
        let mut ahead = Readahead::new(0);
        assert!((0..10).all(|block| ahead.visit(block).is_empty()));
        assert!(Readahead::new(8).visit(u64::MAX).is_empty());
    }
}
