//! Faults, time and counters over HTTP, for those who have no handle: paths below `/_emulator` on the port of the API.
//!
//! These requests need no token, meet no faults and are not counted. Bodies are text, as on the command line.

use std::{io, time::Duration};

use bytes::Bytes;
use http::{Method, header, request::Parts};
use hyper::body::Incoming;
use serde_json::{Value, json};

use crate::{
    Shared,
    answer::Answer,
    clock::rfc3339,
    faults::{FaultCount, FaultId, FaultRule},
    front::collect,
};

const ROOT: &str = "/_emulator";
/// More rules than anyone writes.
const MAX_BODY: u64 = 1024 * 1024;

/// Whether a path is one of these.
pub(crate) fn is_control(path: &str) -> bool {
    path.strip_prefix(ROOT).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Answers one request.
pub(crate) async fn answer(shared: &Shared, head: &Parts, body: Incoming) -> io::Result<Answer> {
    let Some(body) = collect(body, MAX_BODY).await? else {
        return Ok(refuse(413, "the body is too large"));
    };
    let Ok(text) = String::from_utf8(body.into()) else {
        return Ok(refuse(400, "the body is no text"));
    };
    let path = head.uri.path().strip_prefix(ROOT).unwrap_or_default();
    let steps: Vec<&str> = path.split('/').filter(|step| !step.is_empty()).collect();
    Ok(match (steps.as_slice(), &head.method) {
        (["faults"], &Method::GET) => Answer::json(200, &rules(shared, |_| true)),
        (["faults"], &Method::POST) => add(shared, &text, false),
        (["faults"], &Method::PUT) => add(shared, &text, true),
        (["faults"], &Method::DELETE) => {
            shared.faults.clear();
            Answer::empty(204)
        }
        (["faults"], _) => wrong_method("GET, POST, PUT, DELETE"),
        (["faults", id], &Method::DELETE) => {
            let removed = id.parse().ok().and_then(|id| shared.faults.remove(FaultId(id)));
            removed.map_or_else(
                || refuse(404, "there is no such rule"),
                |count| Answer::json(200, &rule(&count)),
            )
        }
        (["faults", _], _) => wrong_method("DELETE"),
        (["clock"], &Method::GET) => Answer::json(200, &clock(shared)),
        (["clock"], &Method::POST) => advance(shared, &text),
        (["clock"], _) => wrong_method("GET, POST"),
        (["requests"], &Method::GET) => Answer::json(200, &requests(shared)),
        (["requests"], &Method::DELETE) => {
            shared.log.clear();
            Answer::empty(204)
        }
        (["requests"], _) => wrong_method("GET, DELETE"),
        _ => refuse(404, "there are /_emulator/faults, /_emulator/clock and /_emulator/requests"),
    })
}

/// Arms the rules of a text, one on each line: all of them, or none if one cannot be read.
fn add(shared: &Shared, text: &str, replace: bool) -> Answer {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let parsed = match lines.map(str::parse).collect::<Result<Vec<FaultRule>, _>>() {
        Ok(parsed) if parsed.is_empty() && !replace => {
            return refuse(400, "expected fault rules, one on each line");
        }
        Ok(parsed) => parsed,
        Err(error) => return refuse(400, &error.to_string()),
    };
    let added = shared.faults.add_all(parsed, replace);
    Answer::json(201, &rules(shared, |id| added.contains(&id)))
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

/// Moves the clock by the seconds of a text.
fn advance(shared: &Shared, text: &str) -> Answer {
    let by = text.trim().parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let Some(by) = by else { return refuse(400, "expected a number of seconds of at least 0") };
    shared.clock.advance(by);
    Answer::json(200, &clock(shared))
}

/// How many requests there were of each kind. Those that a fault dropped have no status.
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

fn wrong_method(allowed: &str) -> Answer {
    refuse(405, &format!("allowed: {allowed}")).header(header::ALLOW, allowed)
}

fn refuse(status: u16, message: &str) -> Answer {
    Answer::text(status, "text/plain", Bytes::from(format!("{message}\n")))
}
