//! Writes that bypass the page cache.
//!
//! A large download through the page cache evicts the data of other programs, and finding a free page for each write costs processor
//! time. If the file system is known to write whole blocks directly and the disk is fast, large pieces are written in blocks past the
//! cache. Unaligned bytes at either end, small pieces and writes that the file system refuses go through the page cache. On a slow disk
//! everything does: the cache decouples the network from the disk and orders the writes.

use std::cell::RefCell;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use super::pread;

/// Alignment of direct writes, in memory and in the file. No disk has larger blocks.
const BLOCK: usize = 4096;

/// Smaller writes go through the page cache.
const LEAST_WRITE: usize = 64 * 1024;

/// Largest direct write in bytes. Each writing thread keeps a buffer of this size.
const LARGEST_WRITE: usize = 512 * 1024;

/// Smaller files are cheap to cache, and are likely to be read next.
pub(in crate::transfer) const LEAST_FILE: u64 = 64 * 1024 * 1024;

/// A second handle to an open file, for direct writes.
#[derive(Debug)]
pub(in crate::transfer) struct DirectFile {
    file: File,
    worth: Worth,
}

impl DirectFile {
    /// Opens `file` a second time. `None` if direct writes are not known to be fast and safe.
    pub(in crate::transfer) fn open(file: &File) -> Option<Self> {
        Some(Self { file: reopen(file)?, worth: Worth::default() })
    }

    /// Simulates a direct write that the file system refused.
    #[cfg(test)]
    pub(in crate::transfer) fn refuse(&self) {
        self.worth.refused();
    }

    /// The blocks among `length` bytes at `offset` that are worth a direct write.
    pub(in crate::transfer) fn blocks(&self, offset: u64, length: usize) -> Option<Range<usize>> {
        if self.worth.is_lost() {
            return None;
        }
        whole_blocks(offset, length).filter(|blocks| blocks.len() >= LEAST_WRITE)
    }

    /// Writes whole blocks at `offset`: those of `head`, then those of `rest`. `cached` is the same file, through the page cache.
    pub(in crate::transfer) fn write(
        &self,
        cached: &File,
        head: &[u8],
        rest: &[u8],
        offset: u64,
    ) -> io::Result<()> {
        let (mut head, mut rest, mut at) = (head, rest, offset);
        BUFFER.with_borrow_mut(|buffer| {
            while !(head.is_empty() && rest.is_empty()) {
                let bytes = buffer.fill(&mut head, &mut rest);
                self.write_once(cached, bytes, at)?;
                at += bytes.len() as u64;
            }
            Ok(())
        })
    }

    fn write_once(&self, cached: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        let started = Instant::now();
        match pread::write_all_at(&self.file, bytes, offset) {
            Ok(()) => {
                self.worth.took(started.elapsed());
                Ok(())
            }
            Err(error) if is_refusal(&error) => {
                tracing::debug!(%error, "the file system refuses direct writes");
                self.worth.refused();
                pread::write_all_at(cached, bytes, offset)
            }
            Err(error) => Err(error),
        }
    }
}

/// A direct write that takes longer is slow.
const SLOW: Duration = Duration::from_millis(5);

/// The disk counts as slow when slow writes exceed fast ones by this many: fewer may only mean a busy machine.
const MOST_SLOW: u32 = 16;

/// Whether direct writes to a file still pay off.
#[derive(Debug, Default)]
struct Worth {
    /// Slow writes beyond the fast ones.
    slow: AtomicU32,
}

impl Worth {
    fn is_lost(&self) -> bool {
        self.slow.load(Ordering::Relaxed) >= MOST_SLOW
    }

    fn refused(&self) {
        self.slow.store(MOST_SLOW, Ordering::Relaxed);
    }

    fn took(&self, time: Duration) {
        let count = |slow: u32| match slow {
            MOST_SLOW.. => None,
            slow if time > SLOW => Some(slow + 1),
            slow => slow.checked_sub(1),
        };
        // `Err` means that the count does not change.
        self.slow.fetch_update(Ordering::Relaxed, Ordering::Relaxed, count).ok();
    }
}

/// The part of `length` bytes at `offset` that consists of whole blocks of the file.
fn whole_blocks(offset: u64, length: usize) -> Option<Range<usize>> {
    let into_block = usize::try_from(offset % BLOCK as u64).ok()?;
    let start = (BLOCK - into_block) % BLOCK;
    let count = length.checked_sub(start)? / BLOCK;
    (count > 0).then(|| start..start + count * BLOCK)
}

/// Whether the system does not support the direct write, as opposed to a write that failed.
fn is_refusal(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported)
}

/// Opens the same file for direct writes, even if it has been moved.
#[cfg(target_os = "linux")]
fn reopen(file: &File) -> Option<File> {
    use std::os::fd::AsRawFd as _;
    use std::os::unix::fs::OpenOptionsExt as _;

    /// Other file systems use the page cache anyway (btrfs), wait for a server (NFS), or are memory (tmpfs).
    const EXT4: u32 = 0xEF53;
    const XFS: u32 = 0x5846_5342;

    let file_system = u32::try_from(rustix::fs::fstatfs(file).ok()?.f_type).ok()?;
    if file_system != EXT4 && file_system != XFS {
        return None;
    }
    let direct = rustix::fs::OFlags::DIRECT.bits().cast_signed();
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    File::options().write(true).custom_flags(direct).open(path).ok()
}

#[cfg(not(target_os = "linux"))]
fn reopen(_file: &File) -> Option<File> {
    None
}

thread_local! {
    static BUFFER: RefCell<Buffer> = RefCell::default();
}

/// A buffer aligned to the block size.
#[derive(Default)]
struct Buffer(Vec<u8>);

impl Buffer {
    /// Fills the buffer from the start of `head`, then of `rest`, and advances both.
    fn fill<'a>(&mut self, head: &mut &'a [u8], rest: &mut &'a [u8]) -> &[u8] {
        self.0.resize(LARGEST_WRITE + BLOCK, 0);
        let start = self.0.as_ptr().align_offset(BLOCK);
        let buffer = &mut self.0[start..start + LARGEST_WRITE];
        let mut filled = 0;
        for bytes in [head, rest] {
            let (now, later) = bytes.split_at(bytes.len().min(buffer.len() - filled));
            buffer[filled..filled + now.len()].copy_from_slice(now);
            filled += now.len();
            *bytes = later;
        }
        &buffer[..filled]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_blocks_are_aligned() {
        let check = |offset, length, expected| assert_eq!(whole_blocks(offset, length), expected);
        check(0, BLOCK, Some(0..BLOCK));
        check(0, BLOCK - 1, None);
        check(0, 0, None);
        check(1, BLOCK, None);
        check(1, 2 * BLOCK - 1, Some(BLOCK - 1..2 * BLOCK - 1));
        check(4095, 3 * BLOCK, Some(1..1 + 2 * BLOCK));
        check(4096, 2 * BLOCK + 5, Some(0..2 * BLOCK));
    }

    #[test]
    fn small_writes_use_the_page_cache() {
        let file = tempfile::tempfile().unwrap();
        let direct = DirectFile { file, worth: Worth::default() };
        assert_eq!(direct.blocks(0, LEAST_WRITE), Some(0..LEAST_WRITE));
        assert_eq!(direct.blocks(1, LEAST_WRITE), None);
    }

    #[test]
    fn slow_disk_falls_back_to_the_page_cache() {
        let worth = Worth::default();
        let (fast, slow) = (Duration::from_millis(1), Duration::from_millis(9));
        for _ in 0..100 {
            worth.took(fast);
            worth.took(slow);
        }
        assert!(!worth.is_lost(), "a busy machine is slow now and then");
        for _ in 0..MOST_SLOW {
            worth.took(slow);
        }
        assert!(worth.is_lost());
        worth.took(fast);
        assert!(worth.is_lost(), "nothing is tried again");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn tmpfs_is_not_written_directly() {
        let Ok(file) = tempfile::tempfile_in("/dev/shm") else { return };
        assert!(DirectFile::open(&file).is_none());
    }

    /// Every file system with direct writes refuses unaligned bytes.
    #[cfg(target_os = "linux")]
    #[test]
    fn refused_direct_write_uses_the_page_cache() {
        let file = tempfile::tempfile_in(env!("CARGO_MANIFEST_DIR")).unwrap();
        let Some(direct) = DirectFile::open(&file) else { return };
        direct.write_once(&file, b"unaligned", 3).unwrap();
        assert_eq!(direct.blocks(0, LEAST_WRITE), None, "refused once, not tried again");
        let mut read = [0; 12];
        pread::read_exact_at(&file, &mut read, 0).unwrap();
        assert_eq!(&read, b"\0\0\0unaligned");
    }

    #[test]
    fn failed_direct_write_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "").unwrap();
        let read_only = File::open(&path).unwrap();
        let direct = DirectFile { file: read_only, worth: Worth::default() };
        let cached = File::options().write(true).open(&path).unwrap();
        direct.write(&cached, &[], &[1; BLOCK], 0).unwrap_err();
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 0, "not written by another way");
    }
}
