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

use super::download::{Address, Object, Opened, open};
use super::engine::{Engine, Tools, joined};
use super::limiter::Permit;
use super::plan;
use super::progress::Counters;
use super::retry::{Retry, Then};
use super::storage::{Found, RangeBody, StorageError};
use crate::error::{Error, Result};
use crate::files::FileHandle;

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
        self.stream_limited(range, u64::MAX)
    }

    /// The same, with an error in place of the first byte of a file that is larger than `limit`.
    pub(super) fn stream_limited(&self, range: impl RangeBounds<u64>, limit: u64) -> FileStream {
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
                () = produce(tools, file, start..end, limit, give) => {}
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
        collect(self.stream_range(range)).await
    }
}

/// All bytes of a stream in one piece.
pub(super) async fn collect(mut pieces: FileStream) -> Result<Bytes> {
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
async fn produce(
    tools: Tools,
    file: FileHandle,
    range: Range<u64>,
    limit: u64,
    give: mpsc::Sender<Result<Bytes>>,
) {
    let (first, rest) = match begin(tools, &file, range, limit).await {
        Ok(Some(begun)) => begun,
        Ok(None) => return,
        Err(error) => {
            give.send(Err(error)).await.ok();
            return;
        }
    };
    let (reader, range, body, permit) = first;
    let others = rest.map(|range| (range, None));
    let pieces =
        stream::iter(std::iter::once((range, Some((body, permit)))).chain(others)).map(|(range, begun)| {
            let reader = reader.clone();
            // On a task of its own each, so that they are fetched while nobody polls, but not when nobody wants them any more.
            let piece = AbortOnDropHandle::new(tokio::spawn(async move { reader.read(range, begun).await }));
            async move { joined(piece.await) }
        });
    let mut pieces = std::pin::pin!(pieces.buffered(AHEAD));
    while let Some(piece) = pieces.next().await {
        let failed = piece.is_err();
        if give.send(piece).await.is_err() || failed {
            return;
        }
    }
}

type First = (Arc<Reader>, Range<u64>, RangeBody, Permit);

/// Opens the file. Gives its first piece, whose body has begun, and the ranges of the others; `None` where there is nothing to read.
async fn begin(
    tools: Tools,
    file: &FileHandle,
    range: Range<u64>,
    limit: u64,
) -> Result<Option<(First, impl Iterator<Item = Range<u64>> + use<>)>> {
    let file_id = file.checked_file("read")?;
    if range.start >= range.end {
        return if range.start == range.end { Ok(None) } else { Err(beyond(&range)) };
    }
    let address = Address::new(tools.clone(), file_id.to_owned());
    let wanted = range.start..range.end.min(range.start.saturating_add(PIECE));
    let counters = Counters::new();
    let Opened { found, limiter, permit } = open(&tools, &address, wanted, &counters).await?;
    match found {
        Found::Empty if range.start == 0 => Ok(None),
        Found::Empty | Found::Shorter => Err(beyond(&range)),
        Found::Range(identity, ..) if identity.size > limit => {
            let message = format!("the file `{file_id}` has {} bytes, more than {limit}", identity.size);
            Err(Error::invalid(message).with_hint("`download` it, or set a larger `limit`"))
        }
        Found::Range(identity, first, body) => {
            let rest = plan::parts(first.end..range.end.min(identity.size), PIECE);
            let object = Object { tools, address, limiter, identity };
            let reader = Arc::new(Reader { object, counters });
            Ok(Some(((reader, first, *body, permit), rest)))
        }
    }
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
