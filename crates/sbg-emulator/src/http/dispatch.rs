//! What happens to every request of either origin: it is recorded, delayed, given a fault or handed to the handler of its origin.

use std::{io, sync::Arc, time::Instant};

use bytes::Bytes;
use http::{Request, request::Parts};
use hyper::body::Incoming;

use super::{
    body::ResponseBody,
    connection::ConnectionControl,
    console, control,
    counting_body::CountingBody,
    handler::{Exchange, Handlers},
    incoming::drain,
    origin::Origin,
    request_log::{Finished, Recorded, UNLOGGED},
};
use crate::{
    faults::{action::Action, response::replacement},
    shared::Shared,
};

/// Responds to one request. An error closes the connection without a response.
pub(crate) async fn dispatch(
    shared: Arc<Shared>,
    handlers: Handlers,
    origin: Origin,
    connection: u64,
    control: Arc<ConnectionControl>,
    request: Request<Incoming>,
) -> io::Result<http::Response<CountingBody<ResponseBody>>> {
    let (head, body) = request.into_parts();
    let counted = |body, number| CountingBody::new(body, Arc::clone(&shared.log), number);
    if origin == Origin::Api && control::is_control(head.uri.path()) {
        let response = control::respond(&shared, &head, body).await?;
        return Ok(response.into_http().map(|body| counted(body, UNLOGGED)));
    }
    if let Some(response) = console::respond(&shared, &head).filter(|_| origin == Origin::Api) {
        drain(body).await?;
        return Ok(response.into_http().map(|body| counted(body, UNLOGGED)));
    }
    let (began, method, path) = (Instant::now(), head.method.clone(), head.uri.path().to_owned());
    let finish = |status| {
        let (method, path, elapsed) = (method.clone(), path.clone(), began.elapsed());
        shared.log.finish(Finished { origin, method, path, status, elapsed });
    };
    let number = shared.log.arrive(|| recorded(origin, connection, &head));
    let decision = shared.faults.decide(origin, method.as_str(), &path);
    if let Some(bytes_per_second) = decision.bandwidth {
        control.limit(bytes_per_second);
    }
    shared.clock.advance(decision.jump);
    if !shared.config.latency.is_zero() {
        tokio::time::sleep(shared.config.latency).await;
    }
    for delay in decision.delays {
        delay.wait().await;
    }
    let fault = decision.action;
    let close = || {
        finish(None);
        control.reset();
        io::Error::new(io::ErrorKind::ConnectionReset, "closed by a fault rule")
    };
    let replaced = fault.as_ref().and_then(|fault| replacement(&shared, origin, &head, fault));
    let response = match (&fault, replaced) {
        (Some(Action::Reset), _) => return Err(close()),
        (Some(Action::RefuseEarly(_)), Some(response)) => {
            // The HTTP layer closes the connection after a response to a request that it has not read.
            drop(body);
            response
        }
        (_, Some(response)) => {
            // The body is read to its end: a server that closes while the client still sends would look like a reset.
            drain(body).await?;
            response
        }
        (_, None) => {
            let exchange = Exchange { shared: Arc::clone(&shared), number, head, body, fault: fault.clone() };
            handlers.of(origin)(exchange).await?
        }
    };
    if matches!(fault, Some(Action::LostResponse)) {
        return Err(close());
    }
    finish(Some(response.status));
    shared.log.respond(number, response.status, response.json_text());
    let missing = response.missing;
    Ok(response.into_http().map(|body| {
        let body = match fault {
            _ if missing > 0 => body.missing(missing, control),
            Some(Action::CorruptByte(at)) => body.corrupt(at),
            Some(Action::CutBody(after)) => body.cut(after, control),
            Some(Action::Stall(after)) => body.stall(after),
            _ => body,
        };
        counted(body, number)
    }))
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
