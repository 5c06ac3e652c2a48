//! Reads a remote file in place, as if it were a local one.

use std::fmt;
use std::io::{self, SeekFrom};
use std::ops::RangeBounds;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures::future::BoxFuture;
use parking_lot::Mutex;
use tokio::io::{AsyncBufRead, AsyncRead, AsyncSeek, ReadBuf};

use super::readahead::Readahead;
use super::remote_file::{RemoteFile, Settings};
use super::stream::half_open;
use crate::drs::DrsObjectHandle;
use crate::error::{Error, ErrorKind, Result};
use crate::files::FileHandle;
use crate::transfer::download::source::Remote;

/// Default size of a block in bytes.
const BLOCK: u64 = 256 * 1024;

/// Largest size of a block in bytes.
const LARGEST_BLOCK: u64 = 64 * 1024 * 1024;

/// Default number of cached blocks: 32 MiB.
const BLOCKS: usize = 128;

/// Most bytes that are read ahead.
const AHEAD: u64 = 16 * 1024 * 1024;

impl FileHandle {
    /// Opens the file for reading in place: for programs that need parts of a large file, and libraries that read local files.
    ///
    /// Nothing is requested before the first read. One signed URL is requested for all reads of the file, and renewed when it expires.
    /// The size of a file from a list is used as it is.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, file: sbg::types::File) -> std::io::Result<()> {
    /// use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
    ///
    /// let mut reader = client.file(&file).reader();
    /// reader.seek(std::io::SeekFrom::End(-8)).await?;
    /// let mut footer = [0; 8];
    /// reader.read_exact(&mut footer).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn reader(&self) -> FileReader {
        FileReader::of(Remote::File(self.clone()))
    }

    /// Reads several ranges of the file: those close together in one request, the requests side by side. The results are in the order of
    /// the ranges. A range that extends beyond the end of the file is cut there.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let parts = client.file("567890abc9b0307bc0414164").read_ranges([0..4, 1_000_000..1_065_536]).await?;
    /// assert_eq!(parts[0], b"BAM\x01"[..]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] for a range that begins beyond the end of the file; or any error of the calls.
    pub async fn read_ranges<R: RangeBounds<u64>>(
        &self,
        ranges: impl IntoIterator<Item = R>,
    ) -> Result<Vec<Bytes>> {
        self.reader().read_ranges(ranges).await
    }
}

impl DrsObjectHandle {
    /// Opens the object for reading in place, as [`FileHandle::reader`] does. Its checksums are not verified.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> std::io::Result<()> {
    /// use tokio::io::AsyncReadExt as _;
    ///
    /// let mut magic = [0; 4];
    /// client.drs_object("drs://caninedc.org/b-form").reader().read_exact(&mut magic).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn reader(&self) -> FileReader {
        FileReader::of(Remote::Drs(self.clone()))
    }

    /// Reads several ranges of the object, as [`FileHandle::read_ranges`] does.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let object = client.drs_object("drs://caninedc.org/b-form");
    /// let parts = object.read_ranges([0..4, 1_000_000..1_065_536]).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] for a range that begins beyond the end of the object; or any error of the calls.
    pub async fn read_ranges<R: RangeBounds<u64>>(
        &self,
        ranges: impl IntoIterator<Item = R>,
    ) -> Result<Vec<Bytes>> {
        self.reader().read_ranges(ranges).await
    }
}

/// A remote file that is read in place: [`AsyncRead`], [`AsyncSeek`] and [`AsyncBufRead`]. Made by [`FileHandle::reader`] and
/// [`DrsObjectHandle::reader`];
/// [`blocking::FileReader`](crate::blocking::FileReader) is the same for programs without an async runtime.
///
/// It reads whole blocks and keeps those read last. While blocks are read one after another it reads ahead, up to 16 MiB; a seek stops
/// that. Failures are retried as in downloads. A connection that breaks resumes where it broke.
///
/// All bytes are of one version of the file: if it is replaced while it is read, reads fail with [`ErrorKind::Integrity`]. An error of a
/// read is an [`io::Error`] that holds the [`Error`](crate::Error).
///
/// Clones have positions of their own and share the blocks and requests. Memory is bounded by the cache and one block for each clone.
/// Dropping the last clone stops the requests.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> std::io::Result<()> {
/// use tokio::io::AsyncBufReadExt as _;
///
/// let mut lines = client.file("567890abc9b0307bc0414164").reader().block_size(64 * 1024).lines();
/// while let Some(line) = lines.next_line().await? {
///     println!("{line}");
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is requested before the first read"]
pub struct FileReader {
    remote: Arc<RemoteFile>,
    position: u64,
    /// The block at the position, if it was read.
    current: Option<(u64, Bytes)>,
    pending: Option<(u64, Waiting<Bytes>)>,
    /// A seek relative to an end that is not known yet.
    from_end: Option<(i64, Waiting<u64>)>,
    readahead: Readahead,
}

/// A future that can be kept in a type that is `Sync`, since only `&mut self` reaches it.
struct Waiting<T>(Mutex<BoxFuture<'static, Result<T>>>);

impl<T> Waiting<T> {
    fn new(future: impl Future<Output = Result<T>> + Send + 'static) -> Self {
        Self(Mutex::new(Box::pin(future)))
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<T>> {
        self.0.get_mut().as_mut().poll(context)
    }
}

impl FileReader {
    fn of(remote: Remote) -> Self {
        Self::new(remote, Settings { block_size: BLOCK, cache_blocks: BLOCKS })
    }

    fn new(remote: Remote, settings: Settings) -> Self {
        let ahead = (AHEAD / settings.block_size).min(settings.cache_blocks as u64 / 2);
        let remote = Arc::new(RemoteFile::new(remote, settings));
        let readahead = Readahead::new(ahead);
        Self { remote, position: 0, current: None, pending: None, from_end: None, readahead }
    }

    /// Size of a block in bytes, from 1 to 64 MiB; 256 KiB by default. Set it before reading: it empties the cache.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let reader = client.file("567890abc9b0307bc0414164").reader().block_size(64 * 1024);
    /// # }
    /// ```
    pub fn block_size(self, bytes: u64) -> Self {
        let block_size = bytes.clamp(1, LARGEST_BLOCK);
        Self::new(self.remote.remote().clone(), Settings { block_size, ..self.remote.settings() })
    }

    /// Most blocks in the cache, at least 1; 128 by default, which are 32 MiB. Set it before reading: it empties the cache.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let reader = client.file("567890abc9b0307bc0414164").reader().cache_blocks(16);
    /// # }
    /// ```
    pub fn cache_blocks(self, count: usize) -> Self {
        Self::new(
            self.remote.remote().clone(),
            Settings { cache_blocks: count.max(1), ..self.remote.settings() },
        )
    }

    /// Size of the file in bytes. Sends a request only if neither a list nor an earlier read has reported it.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// println!("{} bytes", client.file("567890abc9b0307bc0414164").reader().size().await?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Any error of the calls.
    pub async fn size(&self) -> Result<u64> {
        self.remote.clone().known_size().await
    }

    /// Reads several ranges of the version that the reader has opened, past its cache and without moving it; as
    /// [`FileHandle::read_ranges`].
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let reader = client.file("567890abc9b0307bc0414164").reader();
    /// let columns = reader.read_ranges([512..4096, 1_000_000..1_100_000]).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] for a range that begins beyond the end of the file; or any error of the calls.
    pub async fn read_ranges<R: RangeBounds<u64>>(
        &self,
        ranges: impl IntoIterator<Item = R>,
    ) -> Result<Vec<Bytes>> {
        let ranges = ranges.into_iter().map(|range| half_open(&range)).collect();
        self.remote.ranges(ranges).await
    }

    /// Reads one range, as [`read_ranges`](Self::read_ranges) reads several.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let reader = client.file("567890abc9b0307bc0414164").reader();
    /// let header = reader.read_range(..512).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] for a range that begins beyond the end of the file; or any error of the calls.
    pub async fn read_range(&self, range: impl RangeBounds<u64>) -> Result<Bytes> {
        let bytes = self.remote.ranges(vec![half_open(&range)]).await?;
        Ok(bytes.into_iter().next().unwrap_or_default())
    }

    fn move_to(&mut self, position: u64) {
        self.position = position;
        let block = position / self.remote.settings().block_size;
        if self.current.as_ref().is_some_and(|(number, _)| *number != block) {
            self.current = None;
        }
    }

    /// Completes a seek relative to the end.
    fn poll_seek(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some((offset, size)) = &mut self.from_end {
            let (offset, size) = (*offset, ready!(size.poll(context)));
            self.from_end = None;
            self.move_to(relative(size.map_err(to_io)?, offset)?);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncBufRead for FileReader {
    fn poll_fill_buf(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        ready!(this.poll_seek(context))?;
        let size = this.remote.settings().block_size;
        let number = this.position / size;
        if this.remote.size().is_some_and(|size| this.position >= size) {
            return Poll::Ready(Ok(&[]));
        }
        if this.current.as_ref().is_none_or(|(current, _)| *current != number) {
            this.current = None;
            if this.pending.as_ref().is_none_or(|(pending, _)| *pending != number) {
                let block = this.remote.clone().block(number, this.readahead.visit(number));
                this.pending = Some((number, Waiting::new(block)));
            }
            if let Some((_, pending)) = &mut this.pending {
                let block = ready!(pending.poll(context));
                this.pending = None;
                this.current = Some((number, block.map_err(to_io)?));
            }
        }
        let block = this.current.as_ref().map_or(&[][..], |(_, block)| block);
        let offset = usize::try_from(this.position % size).unwrap_or(usize::MAX);
        Poll::Ready(Ok(block.get(offset..).unwrap_or_default()))
    }

    fn consume(self: Pin<&mut Self>, amount: usize) {
        let this = self.get_mut();
        this.move_to(this.position.saturating_add(amount as u64));
    }
}

impl AsyncRead for FileReader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if buffer.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        let bytes = ready!(self.as_mut().poll_fill_buf(context))?;
        let count = bytes.len().min(buffer.remaining());
        buffer.put_slice(&bytes[..count]);
        self.consume(count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncSeek for FileReader {
    fn start_seek(self: Pin<&mut Self>, to: SeekFrom) -> io::Result<()> {
        let this = self.get_mut();
        this.from_end = None;
        let position = match (to, this.remote.size()) {
            (SeekFrom::Start(position), _) => position,
            (SeekFrom::Current(offset), _) => relative(this.position, offset)?,
            (SeekFrom::End(offset), Some(size)) => relative(size, offset)?,
            (SeekFrom::End(offset), None) => {
                this.from_end = Some((offset, Waiting::new(this.remote.clone().known_size())));
                return Ok(());
            }
        };
        this.move_to(position);
        Ok(())
    }

    fn poll_complete(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<u64>> {
        let this = self.get_mut();
        ready!(this.poll_seek(context))?;
        Poll::Ready(Ok(this.position))
    }
}

impl Clone for FileReader {
    /// A reader at the same position that shares blocks and requests.
    fn clone(&self) -> Self {
        Self {
            remote: self.remote.clone(),
            position: self.position,
            current: self.current.clone(),
            pending: None,
            from_end: None,
            readahead: self.readahead.clone(),
        }
    }
}

impl fmt::Debug for FileReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileReader")
            .field("file", &self.remote.remote().name())
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}

fn relative(position: u64, offset: i64) -> io::Result<u64> {
    let invalid =
        || io::Error::new(io::ErrorKind::InvalidInput, "the position is before the start of the file");
    position.checked_add_signed(offset).ok_or_else(invalid)
}

/// The error of a read, with the error of the client inside.
fn to_io(error: Error) -> io::Error {
    let kind = match error.kind() {
        ErrorKind::NotFound => io::ErrorKind::NotFound,
        ErrorKind::Forbidden | ErrorKind::Unauthorized => io::ErrorKind::PermissionDenied,
        ErrorKind::InvalidInput => io::ErrorKind::InvalidInput,
        ErrorKind::Integrity => io::ErrorKind::InvalidData,
        ErrorKind::Timeout => io::ErrorKind::TimedOut,
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, error)
}
