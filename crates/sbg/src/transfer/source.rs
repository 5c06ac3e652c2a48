//! The local file of an upload: read at any place, and watched for changes.

use std::fs::{File, Metadata};
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use bytes::{Bytes, BytesMut};
use futures::{Stream, stream};

use crate::error::{Error, ErrorKind, Result};

/// Bytes that are read at once: what a connection holds in memory of a part.
const BLOCK: u64 = 1024 * 1024;

/// An open file that must not change while it is read.
#[derive(Debug)]
pub(super) struct Source {
    file: File,
    path: PathBuf,
    size: u64,
    modified: Option<SystemTime>,
}

impl Source {
    pub(super) fn open(path: &Path) -> Result<Arc<Self>> {
        let shown = path.display();
        let about = |error| Error::io(format!("cannot read `{shown}`"), error);
        // Asked before opening, because opening a pipe would wait for a writer.
        if !std::fs::metadata(path).map_err(about)?.is_file() {
            return Err(Error::invalid(format!("only a regular file can be uploaded; `{shown}` is none")));
        }
        let file = File::open(path).map_err(about)?;
        let metadata = file.metadata().map_err(about)?;
        Ok(Arc::new(Self {
            path: path.to_owned(),
            size: metadata.len(),
            modified: modified(&metadata),
            file,
        }))
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Fails when the file has another size or time of change than when it was opened.
    pub(super) fn check_unchanged(&self) -> Result<()> {
        let shown = self.path.display();
        let metadata =
            self.file.metadata().map_err(|error| Error::io(format!("cannot read `{shown}`"), error))?;
        if metadata.len() == self.size && modified(&metadata) == self.modified {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Integrity, format!("`{shown}` changed while it was uploaded")))
    }

    /// The bytes of `range`, block by block. A file that has become shorter ends the stream with an error.
    pub(super) fn stream(
        self: Arc<Self>,
        range: Range<u64>,
        sent: impl Fn(u64) + Send + 'static,
    ) -> impl Stream<Item = io::Result<Bytes>> + Send {
        let blocks = super::plan::parts(range, BLOCK).map(move |block| {
            let length = usize::try_from(block.end - block.start).map_err(io::Error::other)?;
            let mut bytes = BytesMut::zeroed(length);
            read_exact_at(&self.file, &mut bytes, block.start)?;
            sent(block.end - block.start);
            Ok(bytes.freeze())
        });
        stream::iter(blocks)
    }
}

fn modified(metadata: &Metadata) -> Option<SystemTime> {
    metadata.modified().ok()
}

#[cfg(unix)]
fn read_exact_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, offset)
}

#[cfg(windows)]
fn read_exact_at(file: &File, mut buffer: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !buffer.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, buffer, offset)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => {
                buffer = &mut buffer[count..];
                offset += count as u64;
            }
        }
    }
    Ok(())
}
