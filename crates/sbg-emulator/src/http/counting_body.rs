//! Counts the bytes of response bodies as they are sent, for the log: after a disconnect or a fault the client gets fewer than the
//! head promises.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use hyper::body::{Body, Buf as _, Frame, SizeHint};

use super::request_log::RequestLog;

/// A body that reports to the log how many bytes were handed to the connection.
pub(crate) struct CountingBody<B> {
    body: B,
    log: Arc<RequestLog>,
    /// The number of the request in the log.
    number: u64,
}

impl<B> CountingBody<B> {
    pub(crate) fn new(body: B, log: Arc<RequestLog>, number: u64) -> Self {
        Self { body, log, number }
    }
}

impl<B: Body + Unpin> Body for CountingBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if let Some(data) = frame.as_ref().and_then(|frame| frame.as_ref().ok()).and_then(Frame::data_ref) {
            self.log.sent(self.number, data.remaining());
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
