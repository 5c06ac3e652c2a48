//! Bodies of answers on their way out, counted: for the log, because a client that breaks off or meets a fault gets less than the
//! head announces.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use hyper::body::{Body, Buf as _, Frame, SizeHint};

use super::request_log::RequestLog;

/// A body that tells the log how much of it was handed to the connection.
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
