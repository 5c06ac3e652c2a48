//! Bodies of requests, read to the end: whole, in pieces, or thrown away.

use std::io;

use bytes::{Bytes, BytesMut};
use http::{header, request::Parts};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};

/// Reads a body and throws it away.
pub(crate) async fn drain(body: Incoming) -> io::Result<()> {
    each_piece(body, drop).await
}

/// Reads a body, at most `limit` bytes. `None` if it is longer; it is read to its end all the same. An error if the client
/// went away before the end.
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

/// Reads a body in the pieces in which it comes. An error if the client went away before the end.
pub(crate) async fn each_piece(mut body: Incoming, mut take: impl FnMut(Bytes)) -> io::Result<()> {
    while let Some(frame) = body.frame().await {
        if let Ok(piece) = frame.map_err(io::Error::other)?.into_data() {
            take(piece);
        }
    }
    Ok(())
}

/// Whether the head announces how long the body is.
pub(crate) fn has_length(head: &Parts, body: &Incoming) -> bool {
    head.headers.contains_key(header::CONTENT_LENGTH) && body.size_hint().exact().is_some()
}
