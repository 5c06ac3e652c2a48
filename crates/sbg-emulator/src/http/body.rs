//! Bodies of responses: text and streams, and the ways in which faults end them early.

use std::{
    fmt, io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

use super::connection::ConnectionControl;

/// The content of a response.
pub(crate) enum Content {
    Text(Bytes),
    /// Chunks that are read while they are sent, and their total length, if it is known.
    Stream {
        length: Option<u64>,
        chunks: Chunks,
    },
}

/// Chunks, or the error that ends the stream.
pub(crate) type Chunks = Box<dyn Iterator<Item = io::Result<Bytes>> + Send + Sync>;

impl Default for Content {
    fn default() -> Self {
        Self::Text(Bytes::new())
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.debug_tuple("Text").field(text).finish(),
            Self::Stream { length, .. } => {
                f.debug_struct("Stream").field("length", length).finish_non_exhaustive()
            }
        }
    }
}

impl Content {
    /// The text, unless it is a stream.
    pub(crate) fn text(&self) -> Option<&Bytes> {
        match self {
            Self::Text(text) => Some(text),
            Self::Stream { .. } => None,
        }
    }

    /// The length in bytes, if it is known.
    fn length(&self) -> Option<u64> {
        match self {
            Self::Text(bytes) => Some(bytes.len() as u64),
            Self::Stream { length, .. } => *length,
        }
    }
}

impl Iterator for Content {
    type Item = io::Result<Bytes>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Text(bytes) if bytes.is_empty() => None,
            Self::Text(bytes) => Some(Ok(std::mem::take(bytes))),
            Self::Stream { chunks, .. } => chunks.next(),
        }
    }
}

/// What happens after the last byte.
#[derive(Debug)]
enum End {
    Finish,
    /// Close the connection.
    Cut(Arc<ConnectionControl>),
    /// Send nothing more and keep the connection open.
    Stall,
}

/// The body of a response.
#[derive(Debug)]
pub(crate) struct ResponseBody {
    content: Content,
    /// Bytes that the head still promises, if it has a length.
    declared: Option<u64>,
    /// The maximum number of bytes still to send.
    left: u64,
    /// The number of bytes before the one to corrupt.
    corrupt: Option<u64>,
    end: End,
}

impl ResponseBody {
    pub(crate) fn new(content: Content) -> Self {
        let length = content.length();
        let left = length.unwrap_or(u64::MAX);
        Self { content, declared: length, left, corrupt: None, end: End::Finish }
    }

    /// The head promises more bytes than there are; the connection closes after the last one.
    pub(crate) fn missing(mut self, bytes: u64, control: Arc<ConnectionControl>) -> Self {
        self.declared = self.declared.map(|declared| declared + bytes);
        self.end = End::Cut(control);
        self
    }

    /// Flips one bit of the byte at this position, or of the last byte if the body is shorter.
    pub(crate) fn corrupt(mut self, at: u64) -> Self {
        self.corrupt = self.left.checked_sub(1).map(|last| at.min(last));
        self
    }

    /// Ends the body and the connection after this many bytes.
    pub(crate) fn cut(mut self, after: u64, control: Arc<ConnectionControl>) -> Self {
        self.left = self.left.min(after);
        self.end = End::Cut(control);
        self
    }

    /// Stalls after this many bytes and never ends.
    pub(crate) fn stall(mut self, after: u64) -> Self {
        self.left = self.left.min(after);
        self.end = End::Stall;
        self
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let this = &mut *self;
        if this.left > 0
            && let Some(chunk) = this.content.next()
        {
            let mut chunk = chunk?;
            chunk.truncate(usize::try_from(this.left).unwrap_or(usize::MAX));
            this.left -= chunk.len() as u64;
            this.declared = this.declared.map(|declared| declared - chunk.len() as u64);
            if let Some(at) = this.corrupt {
                this.corrupt = at.checked_sub(chunk.len() as u64);
                if let Some(index) = usize::try_from(at).ok().filter(|index| *index < chunk.len()) {
                    let mut wrong = chunk.to_vec();
                    wrong[index] ^= 1;
                    chunk = wrong.into();
                }
            }
            return Poll::Ready(Some(Ok(Frame::data(chunk))));
        }
        match &this.end {
            End::Finish => Poll::Ready(None),
            // The connection closes at its next flush, when these bytes are sent. No waker is needed: the
            // flush follows in the same poll.
            End::Cut(control) => {
                control.cut();
                Poll::Pending
            }
            End::Stall => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.end, End::Finish) && self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        self.declared.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
