//! Writes the exchanges with the API to a file, so that a specification can be checked against them.
//!
//! Each line is an exchange: `{"method", "path", "query": [[key, value]...], "request", "status", "response"}`, the path below `/v2`,
//! bodies as JSON, missing where there were none. Responses made by a fault rule are not written: the platform did not send them.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write as _},
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

use bytes::Bytes;
use http::{header, request::Parts};
use parking_lot::Mutex;
use serde_json::{Map, Value, json};
use url::form_urlencoded;

use super::response::Response;
use crate::private_file::private;

/// A file of exchanges.
#[derive(Debug)]
pub(crate) struct Traffic {
    file: Mutex<File>,
}

impl Traffic {
    /// Opens a file to append to, or a new file in a directory. A missing file is created.
    pub(crate) fn append(path: &Path) -> io::Result<Self> {
        let path = if path.is_dir() { path.join(name()) } else { path.to_owned() };
        let file = private(OpenOptions::new().create(true).append(true)).open(path)?;
        // An existing file contains tokens from now on.
        #[cfg(unix)]
        if file.metadata()?.is_file() {
            file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
        }
        Ok(Self { file: Mutex::new(file) })
    }

    /// Writes an exchange. `body` is `None` if it was too large to be read.
    pub(crate) fn write(&self, head: &Parts, body: Option<&Bytes>, response: &Response) {
        let line = format!("{}\n", exchange(head, body, response));
        let mut file = self.file.lock();
        // A full disk must not fail the request. A truncated line cannot be parsed, which its reader reports.
        let _ = file.write_all(line.as_bytes());
    }
}

/// The name of a file that no other emulator writes to. It begins with the name of the thread, which identifies the test.
fn name() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    let (process, count) = (std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let thread = std::thread::current().name().unwrap_or("emulator").replace("::", ".");
    format!("{thread}-{process}-{count}.jsonl")
}

fn exchange(head: &Parts, body: Option<&Bytes>, response: &Response) -> Value {
    let path = head.uri.path();
    let query = form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes());
    let mut exchange = Map::new();
    exchange.insert("method".to_owned(), head.method.as_str().into());
    exchange.insert("path".to_owned(), path.strip_prefix("/v2").unwrap_or(path).into());
    exchange.insert("query".to_owned(), query.map(|(name, value)| json!([name, value])).collect());
    let sent_as = head.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    if let Some(request) = body.and_then(|body| value(sent_as, body)) {
        exchange.insert("request".to_owned(), request);
    }
    exchange.insert("status".to_owned(), response.status.into());
    let answered_as = response.headers.iter().find(|(name, _)| *name == header::CONTENT_TYPE);
    let answered_as = answered_as.map(|(_, kind)| kind.as_str());
    if let Some(response) = response.body.text().and_then(|body| value(answered_as, body)) {
        exchange.insert("response".to_owned(), response);
    }
    exchange.into()
}

/// The value of a JSON or YAML body. Text that is neither is a string.
fn value(kind: Option<&str>, body: &[u8]) -> Option<Value> {
    if body.is_empty() {
        return None;
    }
    let text = String::from_utf8_lossy(body);
    let read = match kind {
        Some(kind) if kind.contains("yaml") => sbg_yaml::parse(&text).ok(),
        _ => serde_json::from_str(&text).ok(),
    };
    Some(read.unwrap_or_else(|| text.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exchange_is_recorded_as_one_line() {
        let check = |method: &str,
                     uri: &str,
                     kind: &str,
                     body: &str,
                     response: &Response,
                     expected: Value| {
            let request = http::Request::builder().method(method).uri(uri).header(header::CONTENT_TYPE, kind);
            let (head, ()) = request.body(()).unwrap().into_parts();
            assert_eq!(exchange(&head, Some(&Bytes::copy_from_slice(body.as_bytes())), response), expected);
        };
        check(
            "GET",
            "/v2/files?tag=a%20b&tag=c",
            "application/json",
            "",
            &Response::json(200, &json!({"items": []})),
            json!({"method": "GET", "path": "/files", "query": [["tag", "a b"], ["tag", "c"]], "status": 200, "response": {"items": []}}),
        );
        check(
            "POST",
            "/v2/apps/a/b/c/raw",
            "application/yaml",
            "class: Workflow\n",
            &Response::text(201, "application/yaml", "class: Workflow\n"),
            json!({"method": "POST", "path": "/apps/a/b/c/raw", "query": [], "request": {"class": "Workflow"}, "status": 201, "response": {"class": "Workflow"}}),
        );
        check(
            "DELETE",
            "/v2/files/1",
            "application/json",
            "{",
            &Response::empty(204),
            json!({"method": "DELETE", "path": "/files/1", "query": [], "request": "{", "status": 204}),
        );
    }
}
