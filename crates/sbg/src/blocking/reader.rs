//! Files read in place on the calling thread.

use std::fmt;
use std::io::{self, BufRead, Read, Seek, SeekFrom};
use std::sync::Arc;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncSeekExt as _};

use super::{Client, Owned};
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
