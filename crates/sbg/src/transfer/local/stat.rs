//! How a local file is recognized, and when a change could go unnoticed.

use std::fs::Metadata;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// Within this period a file may change without a change of its time: no file system in use has coarser times.
const GRANULARITY: Duration = Duration::from_secs(2);

/// Identity of a local file. Times are in nanoseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::transfer) struct Stat {
    pub(in crate::transfer) size: u64,
    pub(in crate::transfer) modified: i64,
    /// When its content, name, owner or mode changed; programs cannot set it. 0 if the system has none.
    pub(in crate::transfer) changed: i64,
    /// Its inode number. 0 if the system has none.
    pub(in crate::transfer) inode: u64,
}

impl Stat {
    /// `None` if the file system has no times.
    pub(in crate::transfer) fn of(metadata: &Metadata) -> Option<Self> {
        let (changed, inode) = changed_and_inode(metadata);
        Some(Self { size: metadata.len(), modified: nanos(metadata.modified().ok()?)?, changed, inode })
    }

    /// Whether the file could be written after `now` and still match.
    pub(in crate::transfer) fn is_racy(&self, now: SystemTime) -> bool {
        is_recent(self.modified, now)
    }

    /// The same if the writing program may set the modification time.
    pub(in crate::transfer) fn is_racy_for_copies(&self, now: SystemTime) -> bool {
        is_recent(self.modified.max(self.changed), now)
    }
}

fn is_recent(time: i64, now: SystemTime) -> bool {
    let granularity = i64::try_from(GRANULARITY.as_nanos()).unwrap_or(i64::MAX);
    nanos(now).is_none_or(|now| time > now.saturating_sub(granularity))
}

#[cfg(unix)]
fn changed_and_inode(metadata: &Metadata) -> (i64, u64) {
    use std::os::unix::fs::MetadataExt as _;

    let changed = metadata.ctime().saturating_mul(1_000_000_000).saturating_add(metadata.ctime_nsec());
    (changed, metadata.ino())
}

#[cfg(not(unix))]
fn changed_and_inode(_: &Metadata) -> (i64, u64) {
    (0, 0)
}

/// Nanoseconds since 1970; `None` for times out of range.
pub(in crate::transfer) fn nanos(time: SystemTime) -> Option<i64> {
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_nanos()).ok(),
        Err(before) => i64::try_from(before.duration().as_nanos()).ok().map(|nanos| -nanos),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recently_modified_file_is_racy() {
        let now = UNIX_EPOCH + Duration::from_secs(1_000);
        let at = |seconds: i64| Stat { size: 1, modified: seconds * 1_000_000_000, changed: 0, inode: 0 };
        for (seconds, racy) in
            [(0, false), (997, false), (998, false), (999, true), (1_000, true), (2_000, true)]
        {
            assert_eq!(at(seconds).is_racy(now), racy, "{seconds}");
        }
        let copied = Stat { changed: 999_000_000_000, ..at(0) };
        assert!(copied.is_racy_for_copies(now) && !copied.is_racy(now));
    }
}
