//! Files read in place on the calling thread.

use std::fmt;
use std::io::{self, BufRead, Read, Seek, SeekFrom};
use std::ops::RangeBounds;
use std::sync::Arc;

use bytes::Bytes;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncSeekExt as _};

use super::{Client, Owned};
use crate::error::Result;
use crate::transfer;

impl Client {
    /// Reads a file in place: `client.read(client.file(id).reader())` is [`Read`], [`Seek`] and [`BufRead`].
    ///
    /// ```no_run
    /// use std::io::BufRead as _;
    ///
    /// let client = sbg::blocking::Client::from_env()?;
    /// for line in client.read(client.file("567890abc9b0307bc0414164").reader()).lines() {
    ///     println!("{}", line?);
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read(&self, reader: transfer::FileReader) -> FileReader {
        FileReader { reader, runtime: self.runtime.clone() }
    }
}

/// A remote file that is read in place on the calling thread. Made by [`Client::read`]; see
/// [`transfer::FileReader`](crate::transfer::FileReader) for what it caches and when it fails.
///
/// On a thread of an async runtime every read fails with [`ErrorKind::Runtime`](crate::ErrorKind::Runtime).
///
/// ```no_run
/// use std::io::{Read as _, Seek as _, SeekFrom};
///
/// let client = sbg::blocking::Client::from_env()?;
/// let mut reader = client.read(client.file("567890abc9b0307bc0414164").reader());
/// reader.seek(SeekFrom::End(-8))?;
/// let mut footer = [0; 8];
/// reader.read_exact(&mut footer)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[must_use = "nothing is requested before the first read"]
pub struct FileReader {
    reader: transfer::FileReader,
    runtime: Arc<Owned>,
}

impl FileReader {
    /// Reads several ranges, as [`transfer::FileReader::read_ranges`].
    ///
    /// ```no_run
    /// let client = sbg::blocking::Client::from_env()?;
    /// let reader = client.read(client.file("567890abc9b0307bc0414164").reader());
    /// let parts = reader.read_ranges([0..4, 1_000_000..1_065_536])?;
    /// # Ok::<(), sbg::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for a range that begins beyond the end of the file; or any error of
    /// the calls.
    pub fn read_ranges<R: RangeBounds<u64>>(
        &self,
        ranges: impl IntoIterator<Item = R>,
    ) -> Result<Vec<Bytes>> {
        self.runtime.get()?.block_on(self.reader.read_ranges(ranges))
    }

    /// Reads one range, as [`transfer::FileReader::read_range`].
    ///
    /// ```no_run
    /// let client = sbg::blocking::Client::from_env()?;
    /// let reader = client.read(client.file("567890abc9b0307bc0414164").reader());
    /// let header = reader.read_range(..512)?;
    /// # Ok::<(), sbg::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`read_ranges`](Self::read_ranges).
    pub fn read_range(&self, range: impl RangeBounds<u64>) -> Result<Bytes> {
        self.runtime.get()?.block_on(self.reader.read_range(range))
    }
}

impl Read for FileReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.runtime.get().map_err(io::Error::other)?.block_on(self.reader.read(buffer))
    }
}

impl BufRead for FileReader {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.runtime.get().map_err(io::Error::other)?.block_on(self.reader.fill_buf())
    }

    fn consume(&mut self, amount: usize) {
        self.reader.consume(amount);
    }
}

impl Seek for FileReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.runtime.get().map_err(io::Error::other)?.block_on(self.reader.seek(to))
    }
}

impl fmt::Debug for FileReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reader.fmt(f)
    }
}
