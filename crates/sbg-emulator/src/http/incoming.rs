//! Bodies of requests, read to the end: whole, in chunks, or discarded.

use std::io;

use bytes::{Bytes, BytesMut};
use http::{header, request::Parts};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};

/// Reads and discards a body.
pub(crate) async fn drain(body: Incoming) -> io::Result<()> {
    each_piece(body, drop).await
}

/// Reads a body of at most `limit` bytes. `None` if it is longer; it is still read to its end. An error if the client
/// disconnects before the end.
pub(crate) async fn collect(body: Incoming, limit: u64) -> io::Result<Option<Bytes>> {
    let (mut text, mut length) = (BytesMut::new(), 0);
    each_piece(body, |piece| {
        length += piece.len() as u64;
        if length <= limit {
            text.extend_from_slice(&piece);
        }
    })
    .await?;
    Ok((length <= limit).then(|| text.freeze()))
}

/// Reads a body chunk by chunk. An error if the client disconnects before the end.
pub(crate) async fn each_piece(mut body: Incoming, mut take: impl FnMut(Bytes)) -> io::Result<()> {
    while let Some(frame) = body.frame().await {
        if let Ok(piece) = frame.map_err(io::Error::other)?.into_data() {
            take(piece);
        }
    }
    Ok(())
}

/// Whether the head declares the length of the body.
pub(crate) fn has_length(head: &Parts, body: &Incoming) -> bool {
    head.headers.contains_key(header::CONTENT_LENGTH) && body.size_hint().exact().is_some()
}
