//! Files of the platform that are read into memory, piece by piece.

use std::fmt;
use std::ops::{Bound, Range, RangeBounds};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt as _, stream};
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::AbortOnDropHandle;

use crate::error::{Error, ErrorKind, Result};
use crate::files::FileHandle;
use crate::transfer::download::probe::{Object, Opened, open};
use crate::transfer::download::sequential::{Next, Sequential};
use crate::transfer::download::signed_url::Address;
use crate::transfer::engine::concurrency::Permit;
use crate::transfer::engine::retry::{Retry, Then};
use crate::transfer::engine::runtime::{Engine, Tools};
use crate::transfer::engine::storage::{Found, Identity, RangeBody, StorageError};
use crate::transfer::engine::task::joined;
use crate::transfer::part_size;
use crate::transfer::progress::Counters;

/// Bytes of a piece.
const PIECE: u64 = 4 * 1024 * 1024;

/// Pieces that are fetched at once, ahead of the reader.
const AHEAD: usize = 4;

impl FileHandle {
    /// Streams the bytes of the file, in order. Up to four pieces of 4 MiB are fetched ahead; what breaks is gone on with where it
    /// broke; a file that changes meanwhile ends the stream with an error.
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

    /// Streams a range of the bytes of the file, as [`stream`](Self::stream) does. A range that ends beyond the file ends with it; one
    /// that begins there is an error.
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
        self.read(range, u64::MAX, Delivery::Pieces)
    }

    /// The same, with an error in place of the first byte of a file that is larger than `limit`.
    fn read(&self, range: impl RangeBounds<u64>, limit: u64, delivery: Delivery) -> FileStream {
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
        let engine = self.client.engine();
        let (give, pieces) = mpsc::channel(1);
        let stop = CancellationToken::new();
        let (tools, file, ended) = (engine.tools(), self.clone(), stop.clone());
        let failed = give.clone();
        let begun = engine.spawn(async move {
            tokio::select! {
                () = ended.cancelled() => {}
                () = produce(tools, file, Wanted { range: start..end, limit, delivery }, give) => {}
            }
        });
        if let Err(error) = begun {
            // There is room for one, and nobody else sends.
            failed.try_send(Err(error)).ok();
        }
        FileStream { pieces, _stop: stop.drop_guard(), _engine: engine }
    }

    /// Reads a range of the bytes of the file. A range that ends beyond the file ends with it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for a range that begins beyond the end of the file; or whatever the calls bring.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let magic = client.file("567890abc9b0307bc0414164").read_range(..4).await?;
    /// assert_eq!(magic, b"BAM\x01"[..]);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn read_range(&self, range: impl RangeBounds<u64>) -> Result<Bytes> {
        collect(self.read(range, u64::MAX, Delivery::AtOnce)).await
    }

    /// All bytes of the file, unless they are more than `limit`.
    pub(in crate::transfer) async fn read_all(&self, limit: u64) -> Result<Bytes> {
        collect(self.read(.., limit, Delivery::AtOnce)).await
    }
}

/// What of a file is wanted, and how.
#[derive(Clone, Debug)]
struct Wanted {
    range: Range<u64>,
    /// Largest file that is read.
    limit: u64,
    delivery: Delivery,
}

/// How the bytes are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Delivery {
    /// As they come.
    Pieces,
    /// All are kept until the last has come, where reading may have to restart.
    AtOnce,
}

/// All bytes of a stream in one piece.
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

/// The bytes of a file, in order and in pieces of up to 4 MiB. Dropping it stops the fetching.
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
    pieces: mpsc::Receiver<Result<Bytes>>,
    _stop: DropGuard,
    /// Keeps the threads of the engine alive while there is work on them.
    _engine: Arc<Engine>,
}

impl Stream for FileStream {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.pieces.poll_recv(context)
    }
}

impl fmt::Debug for FileStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileStream").finish_non_exhaustive()
    }
}

/// Fetches pieces in order until all are there, one fails, or nobody wants them any more.
async fn produce(tools: Tools, file: FileHandle, wanted: Wanted, give: mpsc::Sender<Result<Bytes>>) {
    let done = match begin(tools, &file, &wanted).await {
        Ok(Begun::Nothing) => Ok(()),
        Ok(Begun::Pieces(pieces)) => give_pieces(*pieces, &wanted, &give).await,
        Ok(Begun::Sequential(reader)) => give_in_order(*reader, &wanted, &give).await,
        Err(error) => Err(error),
    };
    if let Err(error) = done {
        let error = error.of_transfer(|| format!("cannot read the file `{}`", file.id()));
        give.send(Err(error)).await.ok();
    }
}

/// How a file is read.
enum Begun {
    Nothing,
    /// In ranges, some of them side by side.
    Pieces(Box<Pieces>),
    /// In one response.
    Sequential(Box<Sequential>),
}

/// A file that is read in ranges, of which the first has begun.
struct Pieces {
    reader: Reader,
    first: Range<u64>,
    body: RangeBody,
    permit: Permit,
}

/// Opens the file.
async fn begin(tools: Tools, file: &FileHandle, wanted: &Wanted) -> Result<Begun> {
    let file_id = file.checked_file("read")?;
    let range = &wanted.range;
    if range.start >= range.end {
        return if range.start == range.end { Ok(Begun::Nothing) } else { Err(beyond(range)) };
    }
    let address = Address::new(tools.clone(), file_id.to_owned());
    let first = range.start..range.end.min(range.start.saturating_add(PIECE));
    let counters = Counters::new();
    let opened = open(&tools, &address, &first, &counters, &mut Retry::default()).await?;
    let Opened { found, limiter, permit } = opened;
    let opening = match found {
        Found::Object(opening) => *opening,
        Found::Empty if range.start == 0 => return Ok(Begun::Nothing),
        Found::Empty | Found::Shorter => return Err(beyond(range)),
    };
    match opening.size {
        Some(size) if size > wanted.limit => Err(too_large(file_id, size, wanted.limit)),
        Some(size) if size <= range.start => Err(beyond(range)),
        Some(size) if !opening.whole && opening.version.is_certain() => {
            let identity = Identity { size, version: opening.version };
            let object = Object { tools, address, limiter, identity };
            let reader = Reader { object, counters };
            let first = first.start..first.end.min(size);
            Ok(Begun::Pieces(Box::new(Pieces { reader, first, body: opening.body, permit })))
        }
        _ => Ok(Begun::Sequential(Box::new(Sequential::new(tools, address, range.clone(), opening, permit)))),
    }
}

/// Fetches ranges side by side, and gives them in order.
async fn give_pieces(pieces: Pieces, wanted: &Wanted, give: &mpsc::Sender<Result<Bytes>>) -> Result<()> {
    let Pieces { reader, first, body, permit } = pieces;
    let rest = part_size::parts(first.end..wanted.range.end.min(reader.object.identity.size), PIECE);
    let reader = Arc::new(reader);
    let others = rest.map(|range| (range, None));
    let pieces =
        stream::iter(std::iter::once((first, Some((body, permit)))).chain(others)).map(|(range, begun)| {
            let reader = reader.clone();
            // On a task of its own each, so that they are fetched while nobody polls, but not when nobody wants them any more.
            let piece = AbortOnDropHandle::new(tokio::spawn(async move { reader.read(range, begun).await }));
            async move { joined(piece.await) }
        });
    let mut pieces = std::pin::pin!(pieces.buffered(AHEAD));
    while let Some(piece) = pieces.next().await {
        if give.send(Ok(piece?)).await.is_err() {
            break;
        }
    }
    Ok(())
}

/// Gives what one response after the other brings.
async fn give_in_order(
    mut reader: Sequential,
    wanted: &Wanted,
    give: &mpsc::Sender<Result<Bytes>>,
) -> Result<()> {
    let counters = Counters::new();
    let (mut piece, mut given) = (BytesMut::new(), false);
    loop {
        match reader.next(&counters).await? {
            Next::Piece(bytes) => piece.extend_from_slice(&bytes),
            Next::Restarted if given => {
                let message = "the connection to the storage broke, and the storage names no version of the file by which to resume";
                return Err(Error::new(ErrorKind::Storage, message)
                    .with_hint("read the file again from its beginning, or download it"));
            }
            Next::Restarted => piece.clear(),
            Next::End => break,
        }
        if reader.position() > wanted.limit {
            return Err(too_large(reader.file_id(), reader.position(), wanted.limit));
        }
        if piece.len() as u64 >= PIECE && wanted.delivery == Delivery::Pieces {
            given = true;
            if give.send(Ok(piece.split().freeze())).await.is_err() {
                return Ok(());
            }
        }
    }
    if !piece.is_empty() {
        give.send(Ok(piece.freeze())).await.ok();
    }
    Ok(())
}

fn too_large(file_id: &str, size: u64, limit: u64) -> Error {
    let message =
        format!("the file `{file_id}` has {size} bytes or more, but no more than {limit} are to be read");
    Error::invalid(message).with_hint("`download` it, or set a larger `limit`")
}

fn beyond(range: &Range<u64>) -> Error {
    Error::invalid(format!("the range {}..{} is not in the file", range.start, range.end))
}

/// Reads ranges of a known object into memory.
#[derive(Debug)]
struct Reader {
    object: Object,
    counters: Counters,
}

impl Reader {
    async fn read(&self, range: Range<u64>, begun: Option<(RangeBody, Permit)>) -> Result<Bytes> {
        let length = usize::try_from(range.end - range.start).map_err(|_| Error::cancelled())?;
        let mut bytes = BytesMut::with_capacity(length);
        let mut begun = begun;
        let mut retry = Retry::default();
        while bytes.len() < length {
            let before = bytes.len();
            let rest = range.start + before as u64..range.end;
            let (connection, signed, body) = match begun.take() {
                Some((body, connection)) => (connection, None, Some(body)),
                None => match self.object.connect(None).await {
                    Ok((connection, signed)) => (connection, Some(signed), None),
                    Err(error) => {
                        retry.after_call(error, &self.counters).await?;
                        continue;
                    }
                },
            };
            let url = signed.as_ref().map_or("", |signed| &signed.url);
            let outcome = self.attempt(&rest, url, body, &mut bytes).await;
            drop(connection);
            if bytes.len() > before {
                retry = Retry::default();
            }
            if let Err(failure) = outcome {
                let old = signed.as_ref().is_some_and(|signed| signed.age.is_old());
                let then = retry.after(failure, old, &self.object.limiter, &self.counters).await?;
                if let (Then::Renew, Some(signed)) = (then, &signed) {
                    self.object.address.expire(signed);
                }
            }
        }
        Ok(bytes.freeze())
    }

    async fn attempt(
        &self,
        rest: &Range<u64>,
        url: &str,
        begun: Option<RangeBody>,
        bytes: &mut BytesMut,
    ) -> Result<(), StorageError> {
        let mut body = match begun {
            Some(body) => body,
            None => self.object.body(rest, url).await?,
        };
        while let Some(piece) = body.next().await? {
            self.object.tools.down.take(piece.len() as u64).await;
            bytes.extend_from_slice(&piece);
            self.counters.gain();
            self.object.limiter.moved(piece.len() as u64);
        }
        Ok(())
    }
}
