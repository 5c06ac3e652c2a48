//! Bodies of answers: slices of bytes that are already in memory, and the ways in which a body may fail to end.

use std::{
    collections::VecDeque,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

use crate::wire::Control;

/// The most that is handed to the connection at once. Larger frames save calls; smaller ones let a slow client cost less.
const FRAME: usize = 512 * 1024;

/// What comes after the last byte.
#[derive(Debug)]
enum End {
    Finish,
    /// The connection closes.
    Cut(Arc<Control>),
    /// Nothing, for as long as the client waits.
    Stall,
}

/// The body of an answer.
#[derive(Debug)]
pub(crate) struct WireBody {
    segments: VecDeque<Bytes>,
    /// Bytes that are still to come according to the head.
    declared: u64,
    /// Bytes that will really come.
    left: u64,
    end: End,
}

impl WireBody {
    pub(crate) fn new(segments: Vec<Bytes>) -> Self {
        let length = segments.iter().map(|segment| segment.len() as u64).sum();
        Self { segments: segments.into(), declared: length, left: length, end: End::Finish }
    }

    /// The body ends after so many bytes, together with the connection.
    pub(crate) fn cut(mut self, after: u64, control: Arc<Control>) -> Self {
        self.left = self.left.min(after);
        self.end = End::Cut(control);
        self
    }

    /// The body stops after so many bytes and never ends.
    pub(crate) fn stall(mut self, after: u64) -> Self {
        self.left = self.left.min(after);
        self.end = End::Stall;
        self
    }
}

impl Body for WireBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let this = &mut *self;
        while this.left > 0 {
            let Some(front) = this.segments.front_mut() else { break };
            let take = front.len().min(FRAME).min(usize::try_from(this.left).unwrap_or(usize::MAX));
            let frame = front.split_to(take);
            if front.is_empty() {
                this.segments.pop_front();
            }
            if !frame.is_empty() {
                this.left -= take as u64;
                this.declared -= take as u64;
                return Poll::Ready(Some(Ok(Frame::data(frame))));
            }
        }
        match &this.end {
            End::Finish => Poll::Ready(None),
            // The connection closes itself at its next flush, which is when these bytes are out. No waker is needed: the
            // flush follows in the same turn.
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
        SizeHint::with_exact(self.declared)
    }
}
