//! A bounded cache of numbered blocks: the least recently used one makes room. Pure.

use std::collections::{BTreeMap, HashMap};

/// Blocks by number, at most `capacity` of them.
#[derive(Debug)]
pub(super) struct BlockCache<T> {
    capacity: usize,
    blocks: HashMap<u64, Slot<T>>,
    /// Numbers of blocks by their latest use.
    order: BTreeMap<u64, u64>,
    uses: u64,
}

#[derive(Debug)]
struct Slot<T> {
    used: u64,
    block: T,
}

impl<T> BlockCache<T> {
    pub(super) fn new(capacity: usize) -> Self {
        Self { capacity: capacity.max(1), blocks: HashMap::new(), order: BTreeMap::new(), uses: 0 }
    }

    /// The block of this number, if it is there. Counts as a use.
    pub(super) fn get(&mut self, number: u64) -> Option<&T> {
        let slot = self.blocks.get_mut(&number)?;
        self.uses += 1;
        self.order.remove(&slot.used);
        self.order.insert(self.uses, number);
        slot.used = self.uses;
        Some(&slot.block)
    }

    /// Whether the block of this number is there.
    pub(super) fn contains(&self, number: u64) -> bool {
        self.blocks.contains_key(&number)
    }

    /// Adds a block. Removes the least recently used block that `may_go` if there is no room; returns false if there is none.
    pub(super) fn insert(&mut self, number: u64, block: T, may_go: impl Fn(&T) -> bool) -> bool {
        if self.blocks.len() >= self.capacity && !self.contains(number) {
            let mut candidates = self.order.values().copied();
            let victim =
                candidates.find(|number| self.blocks.get(number).is_some_and(|slot| may_go(&slot.block)));
            let Some(victim) = victim else { return false };
            self.remove(victim);
        }
        self.remove(number);
        self.uses += 1;
        self.order.insert(self.uses, number);
        self.blocks.insert(number, Slot { used: self.uses, block });
        true
    }

    /// Removes a block.
    pub(super) fn remove(&mut self, number: u64) {
        if let Some(slot) = self.blocks.remove(&number) {
            self.order.remove(&slot.used);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn least_recently_used_block_makes_room() {
        let mut cache = BlockCache::new(2);
        assert!(cache.insert(1, 'a', |_| true));
        assert!(cache.insert(2, 'b', |_| true));
        assert_eq!(cache.get(1), Some(&'a'));
        assert!(cache.insert(3, 'c', |_| true));
        assert_eq!([1, 2, 3].map(|number| cache.contains(number)), [true, false, true]);
        assert!(cache.insert(3, 'd', |_| false), "a block replaces itself");
        assert_eq!(cache.get(3), Some(&'d'));
    }

    #[test]
    fn blocks_that_must_stay_are_kept() {
        let mut cache = BlockCache::new(2);
        cache.insert(1, 'a', |_| true);
        cache.insert(2, 'b', |_| true);
        assert!(!cache.insert(3, 'c', |_| false));
        assert!(cache.insert(3, 'c', |block| *block == 'b'));
        assert_eq!([1, 2, 3].map(|number| cache.contains(number)), [true, false, true]);
        cache.remove(1);
        assert!(cache.insert(4, 'd', |_| false), "there is room");
        assert_eq!(cache.order.len(), 2);
    }
}
