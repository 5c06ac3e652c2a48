//! The source of an upload: a local file, read at any offset and checked for changes, or bytes from a reader.

use std::collections::BTreeMap;
use std::fs::{File, Metadata};
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::{Bytes, BytesMut};
use futures::{Stream, stream};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use super::pread;
use crate::error::{Error, ErrorKind, Result};

/// Bytes read at once: the part data that a connection holds in memory.
const BLOCK: u64 = 256 * 1024;

/// Identifies a file, to detect changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::transfer) struct Stamp {
    pub(in crate::transfer) size: u64,
    /// Nanoseconds since 1970.
    modified: Option<u128>,
    /// Inode number.
    inode: u64,
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        let since = |time: SystemTime| time.duration_since(UNIX_EPOCH).ok();
        Self {
            size: metadata.len(),
            modified: metadata.modified().ok().and_then(since).map(|since| since.as_nanos()),
            inode: inode(metadata),
        }
    }
}

#[cfg(unix)]
fn inode(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

/// Other systems have no inode number without opening the file; size and time must do.
#[cfg(not(unix))]
fn inode(_: &Metadata) -> u64 {
    0
}

/// An open file that must not change while it is read.
#[derive(Debug)]
pub(in crate::transfer) struct SourceFile {
    file: File,
    path: PathBuf,
    stamp: Stamp,
    /// End and CRC-32C of each part read, by its start.
    read: Mutex<BTreeMap<u64, (u64, u32)>>,
}

impl SourceFile {
    pub(in crate::transfer) fn open(path: &Path) -> Result<Arc<Self>> {
        let shown = path.display();
        let about = |error| Error::io(format!("cannot read `{shown}`"), error);
        let irregular = || Error::invalid(format!("cannot upload `{shown}`: not a regular file"));
        // Merely opening a device can have side effects, and the file may be replaced before it is opened.
        if !std::fs::metadata(path).map_err(about)?.is_file() {
            return Err(irregular());
        }
        let file = open_without_waiting(path).map_err(about)?;
        let metadata = file.metadata().map_err(about)?;
        if !metadata.is_file() {
            return Err(irregular());
        }
        let stamp = Stamp::of(&metadata);
        let path = path.canonicalize().map_err(about)?;
        Ok(Arc::new(Self { file, path, stamp, read: Mutex::default() }))
    }

    /// An open file. `path` is for messages.
    pub(in crate::transfer) fn of(file: File, path: PathBuf) -> io::Result<Self> {
        let stamp = Stamp::of(&file.metadata()?);
        Ok(Self { file, path, stamp, read: Mutex::default() })
    }

    pub(in crate::transfer) fn file(&self) -> &File {
        &self.file
    }

    /// The absolute path, without links; of a spooled file, its name on the platform.
    pub(in crate::transfer) fn path(&self) -> &Path {
        &self.path
    }

    pub(in crate::transfer) fn size(&self) -> u64 {
        self.stamp.size
    }

    pub(in crate::transfer) fn stamp(&self) -> &Stamp {
        &self.stamp
    }

    /// Fails if the size or modification time has changed since the file was opened.
    pub(in crate::transfer) fn check_unchanged(&self) -> Result<()> {
        let shown = self.path.display();
        let metadata =
            self.file.metadata().map_err(|error| Error::io(format!("cannot read `{shown}`"), error))?;
        if Stamp::of(&metadata) == self.stamp {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Integrity, format!("`{shown}` changed while it was uploaded")))
    }

    /// Metadata of the open file.
    pub(in crate::transfer) fn metadata(&self) -> io::Result<Metadata> {
        self.file.metadata()
    }

    /// CRC-32C of the whole file; `None` until all of it was read.
    pub(in crate::transfer) fn crc32c(&self) -> Option<u32> {
        let read = self.read.lock();
        let (mut at, mut whole) = (0, 0);
        for (start, (end, crc32c)) in &*read {
            let length = usize::try_from(end.checked_sub(*start)?).ok()?;
            at = (*start == at).then_some(*end)?;
            // Combining is slow compared to a small file, which is read at once.
            whole = if *start == 0 { *crc32c } else { crc32c::crc32c_combine(whole, *crc32c, length) };
        }
        (at == self.size()).then_some(whole)
    }

    fn was_read(&self, range: &Range<u64>, crc32c: u32) {
        let mut read = self.read.lock();
        read.insert(range.start, (range.end, crc32c));
    }

    fn read(&self, range: &Range<u64>) -> io::Result<Bytes> {
        let length = usize::try_from(range.end - range.start).map_err(io::Error::other)?;
        let mut bytes = BytesMut::zeroed(length);
        // A file that was truncated fails here.
        pread::read_exact_at(&self.file, &mut bytes, range.start)?;
        Ok(bytes.freeze())
    }
}

/// Opens a file for reading. Does not block on a pipe without a writer.
pub(in crate::transfer) fn open_without_waiting(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;

        let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed();
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, flags);
    }
    options.open(path)
}

/// The bytes of a part. They can be sent repeatedly.
#[derive(Clone, Debug)]
pub(in crate::transfer) enum PartContent {
    File(Arc<SourceFile>, Range<u64>),
    Memory(Bytes),
}

impl PartContent {
    pub(in crate::transfer) fn length(&self) -> u64 {
        match self {
            Self::File(_, range) => range.end - range.start,
            Self::Memory(bytes) => bytes.len() as u64,
        }
    }

    /// Fails if sending again would send different bytes.
    pub(in crate::transfer) fn check_unchanged(&self) -> Result<()> {
        match self {
            Self::File(source, _) => source.check_unchanged(),
            Self::Memory(_) => Ok(()),
        }
    }

    /// The bytes as a stream of blocks. A read error ends the stream and is stored in `failed`, because the sender only sees a broken
    /// request.
    pub(in crate::transfer) fn blocks(
        self,
        failed: Arc<Mutex<Option<Error>>>,
    ) -> impl Stream<Item = io::Result<Bytes>> + Send {
        let blocks = crate::transfer::part_size::parts(0..self.length(), BLOCK);
        let mut crc32c = 0;
        stream::iter(blocks.map(move |block| match &self {
            Self::File(source, range) => {
                let read = source.read(&(range.start + block.start..range.start + block.end));
                if let Ok(bytes) = &read {
                    crc32c = crc32c::crc32c_append(crc32c, bytes);
                    if range.start + block.end == range.end {
                        source.was_read(range, crc32c);
                    }
                }
                read.inspect_err(|error| {
                    let again = io::Error::new(error.kind(), error.to_string());
                    let error = Error::io(format!("cannot read `{}`", source.path.display()), again);
                    *failed.lock() = Some(error);
                })
            }
            Self::Memory(bytes) => {
                let at = |offset| usize::try_from(offset).map_err(io::Error::other);
                Ok(bytes.slice(at(block.start)?..at(block.end)?))
            }
        }))
    }
}

#[cfg(test)]
mod tests {
    use futures::StreamExt as _;

    use super::*;

    #[tokio::test]
    async fn crc32c_is_known_once_all_parts_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let bytes: Vec<u8> = (0..700_000_u32).map(|at| at.to_le_bytes()[0] ^ at.to_le_bytes()[1]).collect();
        std::fs::write(&path, &bytes).unwrap();
        let source = SourceFile::open(&path).unwrap();
        // Out of order, and one of them twice, as after a failure.
        for range in [600_000..700_000, 0..300_000, 0..300_000, 300_000..600_000] {
            assert_eq!(source.crc32c(), None, "{range:?} is missing");
            let blocks = PartContent::File(source.clone(), range).blocks(Arc::default());
            blocks.for_each(async |block| drop(block.unwrap())).await;
        }
        assert_eq!(source.crc32c(), Some(crc32c::crc32c(&bytes)));
        std::fs::write(&path, "").unwrap();
        assert_eq!(SourceFile::open(&path).unwrap().crc32c(), Some(0));
    }
}
