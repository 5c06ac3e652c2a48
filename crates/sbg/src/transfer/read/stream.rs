//! Reads remote files into memory, piece by piece.

use std::fmt;
use std::ops::{Bound, Range, RangeBounds};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{self, Poll};

use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt as _, stream};
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::AbortOnDropHandle;

use super::kept_urls::url_of;
use super::range_reader::RangeReader;
use crate::drs::DrsObjectHandle;
use crate::error::{Error, ErrorKind, Result};
use crate::files::FileHandle;
use crate::transfer::download::probe::{Object, Opened, open};
use crate::transfer::download::sequential::{Next, Sequential};
use crate::transfer::download::source::Remote;
use crate::transfer::engine::concurrency::Permit;
use crate::transfer::engine::retry::Retry;
use crate::transfer::engine::runtime::{Context, Engine};
use crate::transfer::engine::storage::{Identity, Probe, RangeBody};
use crate::transfer::engine::task::joined;
use crate::transfer::part_size;
use crate::transfer::progress::Counters;

/// Default size of a piece in bytes.
const PIECE: u64 = 4 * 1024 * 1024;

/// Default number of pieces fetched ahead of the reader.
const AHEAD: usize = 4;

impl FileHandle {
    /// Streams the bytes of the file in order. Up to four pieces of 4 MiB are fetched ahead; see
    /// [`piece_size`](FileStream::piece_size) and [`readahead`](FileStream::readahead). Broken connections resume where they broke. If the
    /// file changes in the meantime, the stream ends with an error.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// use futures::TryStreamExt as _;
    ///
    /// let mut bytes = client.file("567890abc9b0307bc0414164").stream();
    /// let mut lines = 0;
    /// while let Some(piece) = bytes.try_next().await? {
    ///     lines += piece.iter().filter(|byte| **byte == b'\n').count();
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn stream(&self) -> FileStream {
        self.stream_range(..)
    }

    /// Streams a range of the file, as [`stream`](Self::stream) does. A range that extends beyond the end of the file is cut there; one
    /// that begins beyond it is an error.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// use futures::TryStreamExt as _;
    ///
    /// let mut header = client.file("567890abc9b0307bc0414164").stream_range(..4096);
    /// while let Some(piece) = header.try_next().await? {
    ///     println!("{} bytes", piece.len());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn stream_range(&self, range: impl RangeBounds<u64>) -> FileStream {
        read(Remote::File(self.clone()), range, u64::MAX, Delivery::Pieces)
    }

    /// Reads a range of the file. A range that extends beyond the end of the file is cut there.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for a range that begins beyond the end of the file; or any error of
    /// the calls.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let magic = client.file("567890abc9b0307bc0414164").read_range(..4).await?;
    /// assert_eq!(magic, b"BAM\x01"[..]);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn read_range(&self, range: impl RangeBounds<u64>) -> Result<Bytes> {
        collect(read(Remote::File(self.clone()), range, u64::MAX, Delivery::AtOnce)).await
    }
}

impl DrsObjectHandle {
    /// Streams the bytes of the object, as [`FileHandle::stream`] does. Its size and checksums are not verified.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// use futures::TryStreamExt as _;
    ///
    /// let mut bytes = client.drs_object("drs://caninedc.org/b-form").stream();
    /// while let Some(piece) = bytes.try_next().await? {
    ///     println!("{} bytes", piece.len());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn stream(&self) -> FileStream {
        self.stream_range(..)
    }

    /// Streams a range of the object, as [`FileHandle::stream_range`] does.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// use futures::TryStreamExt as _;
    ///
    /// let mut header = client.drs_object("drs://caninedc.org/b-form").stream_range(..4096);
    /// while let Some(piece) = header.try_next().await? {
    ///     println!("{} bytes", piece.len());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn stream_range(&self, range: impl RangeBounds<u64>) -> FileStream {
        read(Remote::Drs(self.clone()), range, u64::MAX, Delivery::Pieces)
    }

    /// Reads a range of the object, as [`FileHandle::read_range`] does.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for a range that begins beyond the end of the object; or any error of
    /// the calls.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let magic = client.drs_object("drs://caninedc.org/b-form").read_range(..4).await?;
    /// assert_eq!(magic, b"BAM\x01"[..]);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn read_range(&self, range: impl RangeBounds<u64>) -> Result<Bytes> {
        collect(read(Remote::Drs(self.clone()), range, u64::MAX, Delivery::AtOnce)).await
    }
}

/// Streams a range. A file larger than `limit` yields an error before any bytes.
fn read(remote: Remote, range: impl RangeBounds<u64>, limit: u64, delivery: Delivery) -> FileStream {
    let range = half_open(&range);
    let wanted = Wanted { range, limit, delivery, piece_size: PIECE, readahead: AHEAD };
    FileStream { remote, wanted, running: None }
}

/// All bytes. Fails if there are more than `limit`.
pub(super) async fn read_all(remote: Remote, limit: u64) -> Result<Bytes> {
    collect(read(remote, .., limit, Delivery::AtOnce)).await
}

/// The requested range, and how to deliver it.
#[derive(Clone, Debug)]
struct Wanted {
    range: Range<u64>,
    /// Largest file accepted.
    limit: u64,
    delivery: Delivery,
    /// Bytes of a piece.
    piece_size: u64,
    /// Pieces fetched ahead.
    readahead: usize,
}

/// How the bytes are delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Delivery {
    /// As they arrive.
    Pieces,
    /// Only once all have arrived, so that reading can restart.
    AtOnce,
}

/// Joins a stream into one piece.
async fn collect(mut pieces: FileStream) -> Result<Bytes> {
    let Some(first) = pieces.next().await.transpose()? else { return Ok(Bytes::new()) };
    let Some(second) = pieces.next().await.transpose()? else { return Ok(first) };
    let mut all = BytesMut::from(first);
    all.extend_from_slice(&second);
    while let Some(piece) = pieces.next().await.transpose()? {
        all.extend_from_slice(&piece);
    }
    Ok(all.freeze())
}

/// The bytes of a file, in order, in pieces. The first request is sent when the stream is first polled. Dropping the stream stops
/// fetching.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// use futures::TryStreamExt as _;
///
/// let mut pieces = client.file("567890abc9b0307bc0414164").stream();
/// while let Some(piece) = pieces.try_next().await? {
///     println!("{} bytes", piece.len());
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is read from a stream unless it is polled"]
pub struct FileStream {
    remote: Remote,
    wanted: Wanted,
    /// `None` until the first poll.
    running: Option<Running>,
}

impl FileStream {
    /// Bytes of a piece, 4 MiB by default; the last one may be shorter. 0 ends the stream with an error. Has no effect once the stream was
    /// polled.
    ///
    /// ```no_run
    /// # fn example(client: sbg::Client) {
    /// let stream = client.file("567890abc9b0307bc0414164").stream().piece_size(1 << 20);
    /// # }
    /// ```
    pub fn piece_size(mut self, bytes: u64) -> Self {
        self.wanted.piece_size = bytes;
        self
    }

    /// Pieces fetched at once, ahead of the reader: 4 by default, and at least 1. Memory holds up to two more. Has no effect once the
    /// stream was polled.
    ///
    /// ```no_run
    /// # fn example(client: sbg::Client) {
    /// let stream = client.file("567890abc9b0307bc0414164").stream().readahead(16);
    /// # }
    /// ```
    pub fn readahead(mut self, pieces: usize) -> Self {
        self.wanted.readahead = pieces.max(1);
        self
    }
}

/// The work behind a stream that was polled.
struct Running {
    pieces: mpsc::Receiver<Result<Bytes>>,
    _stop: DropGuard,
    /// Keeps the threads of the engine alive while they have work.
    _engine: Arc<Engine>,
}

impl Running {
    fn start(remote: Remote, wanted: Wanted) -> Self {
        let engine = remote.engine();
        let (give, pieces) = mpsc::channel(1);
        let stop = CancellationToken::new();
        let (context, ended) = (engine.context(), stop.clone());
        let failed = give.clone();
        let begun = engine.spawn(async move {
            tokio::select! {
                () = ended.cancelled() => {}
                () = produce(context, remote, wanted, give) => {}
            }
        });
        if let Err(error) = begun {
            // The channel has room for one, and there is no other sender.
            failed.try_send(Err(error)).ok();
        }
        Self { pieces, _stop: stop.drop_guard(), _engine: engine }
    }
}

impl Stream for FileStream {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut task::Context<'_>) -> Poll<Option<Self::Item>> {
        let Self { remote, wanted, running } = &mut *self;
        let running = running.get_or_insert_with(|| Running::start(remote.clone(), wanted.clone()));
        running.pieces.poll_recv(context)
    }
}

impl fmt::Debug for FileStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileStream").field("wanted", &self.wanted).finish_non_exhaustive()
    }
}

/// Fetches pieces in order until all are delivered, one fails, or the receiver is dropped.
async fn produce(context: Context, remote: Remote, wanted: Wanted, give: mpsc::Sender<Result<Bytes>>) {
    let done = match begin(context, &remote, &wanted).await {
        Ok(StreamStart::Nothing) => Ok(()),
        Ok(StreamStart::Pieces(pieces)) => give_pieces(*pieces, &wanted, &give).await,
        Ok(StreamStart::Sequential(reader)) => give_in_order(*reader, &wanted, &give).await,
        Err(error) => Err(error),
    };
    if let Err(error) = done {
        let error = error.of_transfer(|| format!("cannot read the file `{}`", remote.name()));
        give.send(Err(error)).await.ok();
    }
}

/// How a file is read.
enum StreamStart {
    Nothing,
    /// In ranges, several at once.
    Pieces(Box<Pieces>),
    /// In one response.
    Sequential(Box<Sequential>),
}

/// A file read in ranges; the first request has begun.
struct Pieces {
    reader: RangeReader,
    first: Range<u64>,
    body: RangeBody,
    permit: Permit,
}

/// Opens the file.
async fn begin(context: Context, remote: &Remote, wanted: &Wanted) -> Result<StreamStart> {
    remote.check("read")?;
    if wanted.piece_size == 0 {
        return Err(Error::invalid("the piece size must be at least 1 byte"));
    }
    let range = &wanted.range;
    if range.start >= range.end {
        return if range.start == range.end { Ok(StreamStart::Nothing) } else { Err(beyond(range)) };
    }
    let signed_url = url_of(&context, remote).await?;
    let first = range.start..range.end.min(range.start.saturating_add(wanted.piece_size));
    let counters = Counters::new();
    let opened = open(&context, &signed_url, &first, &counters, &mut Retry::default()).await?;
    let Opened { found, limiter, permit } = opened;
    let opening = match found {
        Probe::Object(opening) => *opening,
        Probe::Empty if range.start == 0 => return Ok(StreamStart::Nothing),
        Probe::Empty | Probe::Shorter => return Err(beyond(range)),
    };
    match opening.size {
        Some(size) if size > wanted.limit => Err(too_large(remote.name(), size, wanted.limit)),
        Some(size) if size <= range.start => Err(beyond(range)),
        Some(size) if !opening.whole && opening.version.is_certain() => {
            let identity = Identity { size, version: opening.version };
            let object = Object { context, signed_url, limiter, identity };
            let reader = RangeReader { object, counters };
            let first = first.start..first.end.min(size);
            Ok(StreamStart::Pieces(Box::new(Pieces { reader, first, body: opening.body, permit })))
        }
        _ => Ok(StreamStart::Sequential(Box::new(Sequential::new(
            context,
            signed_url,
            range.clone(),
            opening,
            permit,
        )))),
    }
}

/// Fetches ranges in parallel and delivers them in order.
async fn give_pieces(pieces: Pieces, wanted: &Wanted, give: &mpsc::Sender<Result<Bytes>>) -> Result<()> {
    let Pieces { reader, first, body, permit } = pieces;
    let end = wanted.range.end.min(reader.object.identity.size);
    let rest = part_size::parts(first.end..end, wanted.piece_size);
    let reader = Arc::new(reader);
    let others = rest.map(|range| (range, None));
    let pieces =
        stream::iter(std::iter::once((first, Some((body, permit)))).chain(others)).map(|(range, begun)| {
            let reader = reader.clone();
            // Each on its own task: it is fetched while the stream is not polled, and aborted when the stream is dropped.
            let piece = AbortOnDropHandle::new(tokio::spawn(async move { reader.bytes(range, begun).await }));
            async move { joined(piece.await) }
        });
    let mut pieces = std::pin::pin!(pieces.buffered(wanted.readahead));
    while let Some(piece) = pieces.next().await {
        if give.send(Ok(piece?)).await.is_err() {
            break;
        }
    }
    Ok(())
}

/// Delivers the bytes of one response after another.
async fn give_in_order(
    mut reader: Sequential,
    wanted: &Wanted,
    give: &mpsc::Sender<Result<Bytes>>,
) -> Result<()> {
    let counters = Counters::new();
    let piece_size = usize::try_from(wanted.piece_size).unwrap_or(usize::MAX);
    let (mut piece, mut given) = (BytesMut::new(), false);
    loop {
        match reader.next(&counters).await? {
            Next::Piece(bytes) => piece.extend_from_slice(&bytes),
            Next::Restarted if given => {
                let message = "the connection to the storage broke, and the storage sends no version of the file, so the stream cannot resume";
                return Err(Error::new(ErrorKind::Storage, message)
                    .with_hint("read the file again from its beginning, or download it"));
            }
            Next::Restarted => piece.clear(),
            Next::End => break,
        }
        if reader.position() > wanted.limit {
            return Err(too_large(reader.name(), reader.position(), wanted.limit));
        }
        if wanted.delivery == Delivery::AtOnce {
            continue;
        }
        while piece.len() >= piece_size {
            given = true;
            if give.send(Ok(piece.split_to(piece_size).freeze())).await.is_err() {
                return Ok(());
            }
        }
    }
    if !piece.is_empty() {
        give.send(Ok(piece.freeze())).await.ok();
    }
    Ok(())
}

fn too_large(name: &str, size: u64, limit: u64) -> Error {
    let message = format!("the file `{name}` has {size} bytes or more, above the limit of {limit}");
    Error::invalid(message).with_hint("`download` it, or set a larger `limit`")
}

/// The range as start and end; `u64::MAX` for no end.
pub(super) fn half_open(range: &impl RangeBounds<u64>) -> Range<u64> {
    let start = match range.start_bound() {
        Bound::Included(start) => *start,
        Bound::Excluded(before) => before.saturating_add(1),
        Bound::Unbounded => 0,
    };
    let end = match range.end_bound() {
        Bound::Included(last) => last.saturating_add(1),
        Bound::Excluded(end) => *end,
        Bound::Unbounded => u64::MAX,
    };
    start..end
}

pub(super) fn beyond(range: &Range<u64>) -> Error {
    Error::invalid(format!("the range {}..{} is not in the file", range.start, range.end))
}
