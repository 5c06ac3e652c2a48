//! What happens to every request of either origin: it is noted, it meets the fault rules and the latency, it is answered.

use std::{io, sync::Arc};

use bytes::{Bytes, BytesMut};
use http::{HeaderName, Request, Response, header, request::Parts};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};

use crate::{
    Shared,
    answer::Answer,
    api,
    body::WireBody,
    control,
    error::ApiError,
    faults::Action,
    log::{Origin, Recorded, UNLOGGED},
    meter::Metered,
    object_http,
    storage_error::StorageError,
    wire::Control,
};

/// Answers one request. An error closes the connection without an answer.
pub(crate) async fn answer(
    shared: Arc<Shared>,
    origin: Origin,
    connection: u64,
    control: Arc<Control>,
    request: Request<Incoming>,
) -> io::Result<Response<Metered<WireBody>>> {
    let (head, body) = request.into_parts();
    if origin == Origin::Api && control::is_control(head.uri.path()) {
        let answer = control::answer(&shared, &head, body).await?;
        return Ok(answer.into_response().map(|body| Metered::new(body, shared, UNLOGGED)));
    }
    let number = shared.log.arrive(|| recorded(origin, connection, &head));
    let verdict = shared.faults.judge(origin, head.method.as_str(), head.uri.path());
    if let Some(bytes_per_second) = verdict.bandwidth {
        control.limit(bytes_per_second);
    }
    shared.clock.advance(verdict.jump);
    let wait = shared.config.latency + verdict.delay;
    if !wait.is_zero() {
        tokio::time::sleep(wait).await;
    }
    let action = verdict.action;
    let answer = if matches!(action, Some(Action::Reset)) {
        shared.log.count(origin, head.method.as_str(), None);
        control.reset();
        return Err(dropped());
    } else if let Some(answer) = action.as_ref().and_then(|action| instead(&shared, origin, &head, action)) {
        if matches!(action, Some(Action::RefuseEarly(_))) {
            // The HTTP layer closes the connection after a response to a request that it has not read.
            drop(body);
        } else {
            // The body is read to its end: a server that closes while the client still sends would look like a reset.
            drain(body).await?;
        }
        answer
    } else {
        match origin {
            Origin::Api => api::answer(&shared, number, &head, body).await?,
            Origin::Storage => object_http::answer(&shared, number, &head, body, action.as_ref()).await?,
        }
    };
    if matches!(action, Some(Action::LostAnswer)) {
        shared.log.count(origin, head.method.as_str(), None);
        control.reset();
        return Err(dropped());
    }
    shared.log.count(origin, head.method.as_str(), Some(answer.status));
    shared.log.answer(number, answer.status, answer.json_text());
    let missing = answer.missing;
    Ok(answer.into_response().map(|body| {
        let body = match action {
            _ if missing > 0 => body.missing(missing, control),
            Some(Action::CorruptByte(at)) => body.corrupt(at),
            Some(Action::CutBody(after)) => body.cut(after, control),
            Some(Action::Stall(after)) => body.stall(after),
            _ => body,
        };
        Metered::new(body, shared, number)
    }))
}

/// The answer that a fault gives in place of the real one.
fn instead(shared: &Shared, origin: Origin, head: &Parts, action: &Action) -> Option<Answer> {
    // The usual error of a status.
    let usual = |status: u16| match origin {
        Origin::Api => Answer::json(status, &usual_error(status).body()),
        Origin::Storage => shared.storage.errors.error(StorageError::of_status(status), status),
    };
    let redirect = |status: u16, url: &str| {
        let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
        Answer::empty(status).header(header::LOCATION, url.replace("{path}", path))
    };
    let answer = match action {
        Action::Status { code, body, headers } => {
            let mut answer = match body {
                Some(serde_json::Value::String(text)) => Answer::text(*code, "text/plain", text.clone()),
                Some(body) => Answer::json(*code, body),
                None => usual(*code),
            };
            for (name, value) in headers {
                if let Ok(name) = name.parse::<HeaderName>() {
                    answer.headers.retain(|(present, _)| *present != name);
                    answer = answer.header(name, value);
                }
            }
            answer
        }
        Action::RateLimited { reset_header } => {
            let answer = Answer::json(429, &ApiError::new(1000).body())
                .header(HeaderName::from_static("x-ratelimit-limit"), shared.config.rate_limit)
                .header(HeaderName::from_static("x-ratelimit-remaining"), 0);
            if *reset_header {
                // The next second: a client that obeys it comes back soon, so tests are short.
                let reset = shared.clock.epoch_seconds() + 1;
                answer.header(HeaderName::from_static("x-ratelimit-reset"), reset)
            } else {
                answer
            }
        }
        Action::ExpiredUrl => match origin {
            Origin::Api => usual(403),
            Origin::Storage => shared.storage.errors.refuse(shared.storage.expired),
        },
        Action::Maintenance => Answer::json(503, &ApiError::new(0).body()),
        Action::HtmlError => Answer::text(
            502,
            "text/html",
            "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>\n",
        ),
        Action::EmptyBody(status) => Answer::empty(*status),
        Action::Redirect(url) => redirect(302, url),
        Action::RedirectWith { status, url } => redirect(*status, url),
        Action::StorageError(error) => match origin {
            Origin::Api => usual(error.status()),
            Origin::Storage => shared.storage.errors.error(*error, error.status()),
        },
        Action::RefuseEarly(status) => usual(*status).header(header::CONNECTION, "close"),
        _ => return None,
    };
    Some(answer)
}

/// The error of the platform that goes with a status.
fn usual_error(status: u16) -> ApiError {
    let code = match status {
        400 => 90000,
        401 => 90001,
        403 => 90002,
        404 => 90003,
        405 => 90006,
        409 => 90007,
        415 => 90008,
        429 => 1000,
        503 => 90005,
        _ => 90004,
    };
    ApiError::new(code).with_status(status)
}

fn recorded(origin: Origin, connection: u64, head: &Parts) -> Recorded {
    Recorded {
        origin,
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head
            .headers
            .iter()
            .map(|(name, value)| {
                (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
            })
            .collect(),
        body: Bytes::new(),
        connection,
        status: None,
        response: Bytes::new(),
        sent: 0,
    }
}

fn dropped() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, "dropped by a fault rule")
}

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
