//! The journal of a download, from which another process resumes.

use std::fs::File;
use std::io;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use super::ranges::Extent;
use crate::transfer::engine::storage::Identity;
use crate::transfer::local::folder::Leaf;
use crate::transfer::local::journal::{self, JournalError};
use crate::transfer::local::part_file::PartFile;
use crate::transfer::local::pread;

/// The journal of a download.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Journal {
    /// Platform and file, so that a journal is not used for another file of the same name.
    pub(super) source: String,
    pub(super) identity: Identity,
    /// The written extents.
    pub(super) extents: Vec<Extent>,
    /// The boot of the operating system in which it was written.
    pub(super) boot: Option<String>,
}

/// The state left by an earlier run.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Previous {
    Nothing,
    /// It cannot be used, for this reason.
    Useless(String),
    Usable(Journal),
}

/// Reads and verifies the state left by an earlier run.
pub(super) fn left(target: &PartFile, source: &str, stopped: &dyn Fn() -> bool) -> io::Result<Previous> {
    let length = target.file().metadata()?.len();
    let mut journal: Journal = match journal::load(target.journal()) {
        // Files without a journal are small and restart from zero.
        Err(JournalError::Missing) => return Ok(Previous::Nothing),
        Err(JournalError::Damaged(why)) => {
            return Ok(Previous::Useless(format!("the journal cannot be used: {why}")));
        }
        Ok(journal) => journal,
    };
    if journal.source != source {
        return Ok(Previous::Useless("the partial file belongs to the download of another file".to_owned()));
    }
    if length != journal.identity.size {
        return Ok(Previous::Useless("another program changed the partial file".to_owned()));
    }
    if !journal.identity.version.is_certain() {
        return Ok(Previous::Useless("the storage sends no version of the file".to_owned()));
    }
    if !in_order(&journal.extents, length) {
        return Ok(Previous::Useless("the journal cannot be used: it is inconsistent".to_owned()));
    }
    if journal.boot.is_none() || journal.boot != journal::boot() {
        // Bytes written before a system crash may never have reached the disk.
        journal.extents = intact(target.file(), &journal.extents, stopped)?;
    }
    Ok(Previous::Usable(journal))
}

fn in_order(extents: &[Extent], size: u64) -> bool {
    let mut end = 0;
    extents.iter().all(|extent| {
        let fits = extent.start >= end && extent.start < extent.end && extent.end <= size;
        end = extent.end;
        fits
    })
}

/// The extents whose checksum matches the bytes on disk. A large file takes a while, so `stopped` is polled.
fn intact(file: &File, extents: &[Extent], stopped: &dyn Fn() -> bool) -> io::Result<Vec<Extent>> {
    let mut block = vec![0; 1024 * 1024];
    let mut good = Vec::new();
    for extent in extents {
        let (mut at, mut crc) = (extent.start, 0);
        while at < extent.end {
            if stopped() {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let wanted = usize::try_from(extent.end - at).unwrap_or(usize::MAX).min(block.len());
            pread::read_exact_at(file, &mut block[..wanted], at)?;
            crc = crc32c::crc32c_append(crc, &block[..wanted]);
            at += wanted as u64;
        }
        if crc == extent.crc32c {
            good.push(*extent);
        }
    }
    Ok(good)
}

/// Writes the journal until it is closed, so that a late write cannot recreate a removed journal.
#[derive(Debug)]
pub(super) struct Writer {
    leaf: Leaf,
    open: Mutex<bool>,
}

impl Writer {
    pub(super) fn new(leaf: Leaf) -> Self {
        Self { leaf, open: Mutex::new(true) }
    }

    pub(super) fn save(&self, journal: &Journal) -> io::Result<()> {
        let open = self.open.lock();
        if *open { journal::save(&self.leaf, journal) } else { Ok(()) }
    }

    pub(super) fn close(&self) {
        *self.open.lock() = false;
    }
}

/// For the fuzz target: the ranges still to fetch according to a journal of these bytes.
#[cfg(fuzzing)]
pub fn fuzz(bytes: &[u8]) {
    for journal in journal::parse_both::<Journal>(bytes) {
        let size = journal.identity.size.min(1 << 40);
        if !in_order(&journal.extents, size) {
            continue;
        }
        let there: u64 = journal.extents.iter().map(|extent| extent.end - extent.start).sum();
        let mut segments = super::ranges::RangeMap::new(size, journal.extents);
        assert_eq!(segments.written(), there, "what is there is counted once");
        match segments.take(u64::MAX) {
            Some(range) => {
                assert!(range.start < range.end && range.end <= size, "a range lies inside of its file")
            }
            None => assert_eq!(there, size, "nothing is left to fetch when all is there"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transfer::engine::storage::Version;
    use crate::transfer::local::part_file::Tail;

    fn extent(range: std::ops::Range<u64>, crc32c: u32) -> Extent {
        Extent { start: range.start, end: range.end, crc32c }
    }

    #[test]
    fn overlapping_or_outside_extents_are_rejected() {
        let check = |ranges: &[(u64, u64)], expected| {
            let extents: Vec<_> = ranges.iter().map(|range| extent(range.0..range.1, 0)).collect();
            assert_eq!(in_order(&extents, 10), expected, "{ranges:?}");
        };
        check(&[], true);
        check(&[(0, 10)], true);
        check(&[(0, 3), (3, 4), (9, 10)], true);
        check(&[(0, 11)], false);
        check(&[(0, 4), (3, 5)], false);
        check(&[(4, 5), (0, 2)], false);
        check(&[(3, 3)], false);
    }

    #[test]
    fn reboot_keeps_only_verified_extents() {
        let folder = tempfile::tempdir().unwrap();
        let target = PartFile::open(&folder.path().join("file"), None, false, &|| true).unwrap();
        target.write(&mut Tail::default(), b"0123456789", 0, true).unwrap();
        let good = extent(0..4, crc32c::crc32c(b"0123"));
        let lost = extent(6..9, crc32c::crc32c(b"abc"));
        let mut journal = Journal {
            source: "here/1".to_owned(),
            identity: Identity {
                size: 10,
                version: Version { etag: Some("e".to_owned()), last_modified: None },
            },
            extents: vec![good, lost],
            boot: Some("another".to_owned()),
        };
        journal::save(target.journal(), &journal).unwrap();
        let Ok(Previous::Usable(left)) = left(&target, "here/1", &|| false) else { panic!("usable") };
        assert_eq!(left.extents, [good]);

        let useless = |journal: &Journal, source: &str| {
            journal::save(target.journal(), journal).unwrap();
            matches!(super::left(&target, source, &|| false), Ok(Previous::Useless(_)))
        };
        assert!(useless(&journal, "here/2"));
        journal.identity.version.etag = None;
        assert!(useless(&journal, "here/1"));
        journal.identity.version.etag = Some("e".to_owned());
        journal.identity.size = 11;
        assert!(useless(&journal, "here/1"));
    }
}
