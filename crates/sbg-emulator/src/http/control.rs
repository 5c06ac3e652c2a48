//! Faults, clock and request counters over HTTP, for programs without a handle: paths below `/_emulator` on the port of the API.
//!
//! These requests need no token, are not hit by faults and are not counted. Bodies are text, as on the command line.
//! `local_access` keeps web pages out.

use std::{io, time::Duration};

use bytes::Bytes;
use http::{Method, header, request::Parts};
use hyper::body::Incoming;
use serde_json::{Value, json};

use super::{incoming::collect, local_access::admit, response::Response};
use crate::{
    clock::rfc3339,
    faults::rules::{FaultCount, FaultId, FaultRule},
    shared::Shared,
};

const ROOT: &str = "/_emulator";
/// More than any list of rules needs.
const MAX_BODY: u64 = 1024 * 1024;

/// Whether a path belongs to the control endpoint.
pub(crate) fn is_control(path: &str) -> bool {
    path.strip_prefix(ROOT).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Responds to one request.
pub(crate) async fn respond(shared: &Shared, head: &Parts, body: Incoming) -> io::Result<Response> {
    let Some(body) = collect(body, MAX_BODY).await? else {
        return Ok(refuse(413, "the body is too large"));
    };
    if let Err(reason) = admit(head) {
        return Ok(refuse(403, &reason));
    }
    let Ok(text) = String::from_utf8(body.into()) else {
        return Ok(refuse(400, "the body is not valid UTF-8"));
    };
    let path = head.uri.path().strip_prefix(ROOT).unwrap_or_default();
    let steps: Vec<&str> = path.split('/').filter(|step| !step.is_empty()).collect();
    Ok(match (steps.as_slice(), &head.method) {
        (["faults"], &Method::GET) => Response::json(200, &rules(shared, |_| true)),
        (["faults"], &Method::POST) => add(shared, &text, false),
        (["faults"], &Method::PUT) => add(shared, &text, true),
        (["faults"], &Method::DELETE) => {
            shared.faults.clear();
            Response::empty(204)
        }
        (["faults"], _) => wrong_method("GET, POST, PUT, DELETE"),
        (["faults", id], &Method::DELETE) => {
            let removed = id.parse().ok().and_then(|id| shared.faults.remove(FaultId(id)));
            removed.map_or_else(
                || refuse(404, "the rule does not exist"),
                |count| Response::json(200, &rule(&count)),
            )
        }
        (["faults", _], _) => wrong_method("DELETE"),
        (["clock"], &Method::GET) => Response::json(200, &clock(shared)),
        (["clock"], &Method::POST) => advance(shared, &text),
        (["clock"], _) => wrong_method("GET, POST"),
        (["requests"], &Method::GET) => Response::json(200, &requests(shared)),
        (["requests"], &Method::DELETE) => {
            shared.log.clear();
            Response::empty(204)
        }
        (["requests"], _) => wrong_method("GET, DELETE"),
        (["state"], &Method::GET) => Response::json(200, &state(shared, head)),
        (["state"], _) => wrong_method("GET"),
        _ => refuse(
            404,
            "not found: use /_emulator/faults, /_emulator/clock, /_emulator/requests or /_emulator/state",
        ),
    })
}

/// Adds the rules of a text, one a line: all of them, or none if one cannot be parsed.
fn add(shared: &Shared, text: &str, replace: bool) -> Response {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let parsed = match lines.map(str::parse).collect::<Result<Vec<FaultRule>, _>>() {
        Ok(parsed) if parsed.is_empty() && !replace => {
            return refuse(400, "expected fault rules, one a line");
        }
        Ok(parsed) => parsed,
        Err(error) => return refuse(400, &error.to_string()),
    };
    let added = shared.faults.add_all(parsed, replace);
    Response::json(201, &rules(shared, |id| added.contains(&id)))
}

fn rules(shared: &Shared, shown: impl Fn(FaultId) -> bool) -> Value {
    let counters = shared.faults.counters();
    let items: Vec<Value> = counters.iter().filter(|count| shown(count.id)).map(rule).collect();
    json!({ "items": items })
}

fn rule(count: &FaultCount) -> Value {
    json!({
        "id": count.id.0,
        "rule": count.rule.to_string(),
        "matched": count.matched,
        "fired": count.fired,
    })
}

fn clock(shared: &Shared) -> Value {
    let ahead = Duration::from_nanos(shared.clock.ahead_nanos());
    json!({ "now": rfc3339(shared.clock.timestamp()), "ahead_seconds": ahead.as_secs_f64() })
}

/// Advances the clock by the seconds in a text.
fn advance(shared: &Shared, text: &str) -> Response {
    let by = text.trim().parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let Some(by) = by else { return refuse(400, "expected a number of seconds of at least 0") };
    shared.clock.advance(by);
    Response::json(200, &clock(shared))
}

/// The number of requests of each kind. Requests that a fault dropped have no status.
fn requests(shared: &Shared) -> Value {
    let counts = shared.log.counts();
    let items: Vec<Value> = counts
        .iter()
        .map(|((origin, method, status), count)| {
            json!({ "origin": origin.name(), "method": method, "status": status, "count": count })
        })
        .collect();
    json!({ "total": counts.values().sum::<u64>(), "items": items })
}

/// What the console shows: the platform, the clock, the rules, and the latest requests after the number in the query.
fn state(shared: &Shared, head: &Parts) -> Value {
    let after = head.uri.query().and_then(|query| query.strip_prefix("after=")?.parse().ok()).unwrap_or(0);
    let requests: Vec<Value> = shared
        .log
        .latest(after)
        .map(|(number, request)| {
            json!({
                "number": number,
                "origin": request.origin.name(),
                "method": request.method.as_str(),
                "path": request.path,
                "status": request.status,
                "milliseconds": request.elapsed.as_secs_f64() * 1000.0,
            })
        })
        .collect();
    let overview = {
        let mut world = shared.world();
        world.settle();
        world.overview()
    };
    json!({
        "clock": clock(shared),
        "faults": rules(shared, |_| true)["items"],
        "requests": requests,
        "platform": overview,
    })
}

fn wrong_method(allowed: &str) -> Response {
    refuse(405, &format!("allowed: {allowed}")).header(header::ALLOW, allowed)
}

fn refuse(status: u16, message: &str) -> Response {
    Response::text(status, "text/plain", Bytes::from(format!("{message}\n")))
}
