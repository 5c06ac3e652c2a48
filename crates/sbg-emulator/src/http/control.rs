//! Faults, clock and request counters over HTTP, for programs without a handle: paths below `/_emulator` on the port of the API.
//!
//! These requests need no token, are not hit by faults and are not counted. Bodies are text, as on the command line.
//!
//! A web page must not reach them through the browser of the person who runs the emulator. So each request has a header that
//! pages cannot send to another site, has no `Origin` from another site, and a `Host` that no web page can have.

use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr},
    time::Duration,
};

use bytes::Bytes;
use http::{Method, header, request::Parts};
use hyper::body::Incoming;
use serde_json::{Value, json};

use super::{incoming::collect, response::Response};
use crate::{
    clock::rfc3339,
    faults::rules::{FaultCount, FaultId, FaultRule},
    shared::Shared,
};

const ROOT: &str = "/_emulator";
/// The required header.
const HEADER: &str = "x-emulator-control";
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
        _ => refuse(404, "not found: use /_emulator/faults, /_emulator/clock or /_emulator/requests"),
    })
}

/// Refuses requests that may come from a web page, with the reason.
fn admit(head: &Parts) -> Result<(), String> {
    if let Some(origin) = head.headers.get(header::ORIGIN) {
        let origin = String::from_utf8_lossy(origin.as_bytes());
        return Err(format!(
            "the request comes from a web page (`Origin: {origin}`): use another program, such as curl"
        ));
    }
    let host = head.headers.get(header::HOST).map(|host| String::from_utf8_lossy(host.as_bytes()));
    if !host.as_deref().is_some_and(is_local) {
        return Err(format!(
            "the request was sent to `{}`: use `localhost`, an IP address or a name without dots",
            host.unwrap_or_default()
        ));
    }
    if head.headers.get(HEADER).is_none_or(|value| value != "1") {
        return Err("missing header `X-Emulator-Control: 1`".to_owned());
    }
    Ok(())
}

/// Whether this is a host that no web page can have. Otherwise, a page could rebind the DNS name that it was loaded from to this
/// address and count as the same site. Containers use names without dots.
fn is_local(host: &str) -> bool {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, port),
        _ => (host, "0"),
    };
    let bracketed = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    let address =
        bracketed.map_or_else(|| name.parse::<Ipv4Addr>().is_ok(), |name| name.parse::<Ipv6Addr>().is_ok());
    let label = |name: &str| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    let name = name.to_ascii_lowercase();
    let local =
        label(&name) || name.strip_suffix(".localhost").is_some_and(|rest| rest.split('.').all(label));
    port.parse::<u16>().is_ok() && (address || local)
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

fn wrong_method(allowed: &str) -> Response {
    refuse(405, &format!("allowed: {allowed}")).header(header::ALLOW, allowed)
}

fn refuse(status: u16, message: &str) -> Response {
    Response::text(status, "text/plain", Bytes::from(format!("{message}\n")))
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    #[test]
    fn local_hosts_are_names_that_the_web_cannot_give() {
        let local = [
            "localhost",
            "LOCALHOST:80",
            "a.localhost:1",
            "127.0.0.1:8080",
            "192.168.0.7",
            "[::1]:8080",
            "[::1]",
        ];
        for host in local.into_iter().chain(["emulator:8080", "lab-box"]) {
            assert!(is_local(host), "{host}");
        }
        let others = [
            "example.org",
            "localhost.example.org",
            "127.0.0.1.example.org:80",
            "evillocalhost.",
            "127.0.0.1.",
            "",
        ];
        for host in others.into_iter().chain([
            ":80",
            "localhost:",
            "localhost:80:80",
            "[::1",
            "[x]:80",
            ".localhost",
            "a@localhost",
        ]) {
            assert!(!is_local(host), "{host}");
        }
    }

    #[test]
    fn requests_of_browsers_are_refused() {
        let check = |headers: &[(&str, &str)], expected: Option<&str>| {
            let request = Request::post("/_emulator/clock");
            let request =
                headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
            let (head, ()) = request.body(()).unwrap().into_parts();
            let refused = admit(&head).err();
            let fits = refused.as_deref().map_or("", |text| text).contains(expected.unwrap_or_default());
            assert!(fits && refused.is_some() == expected.is_some(), "{headers:?}: {refused:?}");
        };
        let (host, own) = (("host", "127.0.0.1:8080"), ("x-emulator-control", "1"));
        check(&[host, own], None);
        check(&[host], Some("missing header `X-Emulator-Control: 1`"));
        check(&[host, ("x-emulator-control", "")], Some("missing header"));
        check(&[host, own, ("origin", "https://example.org")], Some("`Origin: https://example.org`"));
        check(&[host, own, ("origin", "null")], Some("`Origin: null`"));
        check(&[host, own, ("origin", "http://127.0.0.1:8080")], Some("comes from a web page"));
        check(&[("host", "evil.example.org:8080"), own], Some("sent to `evil.example.org:8080`"));
        check(&[own], Some("sent to ``"));
    }
}
