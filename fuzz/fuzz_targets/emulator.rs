//! HTTP requests to the emulator: each gets a response like that of the platform, never a 5xx.
//!
//! An input is a text of HTTP requests, separated by lines of `====`: a request line (`POST /files/{file}/list`), headers, an empty line, a
//! body. Paths are below `/v2` of the API; paths that start with `~` are those of the object storage. Names in braces are replaced by ids
//! of the demo data: see `World::names`.

#![no_main]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use libfuzzer_sys::{Corpus, fuzz_target};
use sbg_emulator::Emulator;
use serde_json::{Value, json};

/// Longer than any response takes, unless the emulator hangs.
const PATIENCE: Duration = Duration::from_secs(20);
/// Maximum number of requests in a row.
const REQUESTS: usize = 8;

thread_local! {
    static WORLD: RefCell<Option<World>> = const { RefCell::new(None) };
}

fuzz_target!(|data: &[u8]| -> Corpus {
    let text = String::from_utf8_lossy(data);
    WORLD.with_borrow_mut(|kept| {
        let world = kept.get_or_insert_with(World::new);
        let requests: Vec<Request> =
            text.split("\n====\n").take(REQUESTS).filter_map(|request| world.read(request)).collect();
        if requests.is_empty() {
            return Corpus::Reject;
        }
        let mut changed = false;
        for request in &requests {
            let response = world.send(request);
            response.check(request);
            changed |= request.method != Method::GET && response.status < 300;
        }
        // An input must not depend on those before it, so that failures can be reproduced.
        if changed {
            *kept = None;
        }
        Corpus::Keep
    })
});

struct Request {
    method: Method,
    /// The origin form: path and query.
    target: String,
    headers: HeaderMap,
    body: String,
    storage: bool,
}

struct Response {
    status: u16,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

/// An emulator with demo data.
struct World {
    emulator: Emulator,
    names: Vec<(&'static str, String)>,
}

impl World {
    fn new() -> Self {
        let builder = Emulator::builder().demo(true).rate_limit(u32::MAX).min_part_size(1).record(false);
        let emulator = builder.start_blocking().expect("loopback ports are free");
        let project = emulator.create_project("fuzz");
        let file = emulator.create_file(&project, "folder/file.txt", "one\ntwo\n");
        let mut world = Self { names: vec![("{token}", emulator.token())], emulator };
        let folder = text(&world.call("GET", &format!("/files/{file}"), &Value::Null), "/parent");
        let init = json!({"project": project, "name": "part.txt", "size": 4});
        let upload = text(&world.call("POST", "/upload/multipart", &init), "/upload_id");
        let part =
            text(&world.call("GET", &format!("/upload/multipart/{upload}/part/1"), &Value::Null), "/url");
        let download =
            text(&world.call("GET", &format!("/files/{file}/download_info"), &Value::Null), "/url");
        let first = |path: &str| text(&world.call("GET", path, &Value::Null), "/items/0/id");
        let found = [
            ("{task}", first("/tasks")),
            ("{group}", first("/billing/groups")),
            ("{import}", first("/storage/imports")),
            ("{export}", first("/storage/exports")),
            ("{team}", first("/teams?division=kings-college")),
            ("{project}", project),
            ("{file}", file),
            ("{folder}", folder),
            ("{upload}", upload),
            ("{part}", storage_path(&part)),
            ("{download}", storage_path(&download)),
        ];
        world.names.extend(found);
        world
    }

    /// The request in an input; `None` if it is not valid HTTP.
    fn read(&self, text: &str) -> Option<Request> {
        let mut text = text.to_owned();
        for (name, value) in &self.names {
            text = text.replace(name, value);
        }
        let (head, body) = text.split_once("\n\n").unwrap_or((text.trim_end(), ""));
        let mut lines = head.lines();
        let (method, target) = lines.next()?.split_once(' ')?;
        let (storage, target) = match target.strip_prefix('~') {
            Some(target) => (true, target.to_owned()),
            None => (false, format!("/v2{target}")),
        };
        let uri: Uri = Some(target).filter(|target| target.is_ascii())?.parse().ok()?;
        let mut headers = HeaderMap::new();
        for line in lines {
            let (name, value) = line.split_once(':')?;
            headers.append(
                HeaderName::from_bytes(name.as_bytes()).ok()?,
                HeaderValue::from_str(value.trim()).ok()?,
            );
        }
        // They delimit the request, which is up to the HTTP library.
        for framing in ["content-length", "transfer-encoding", "connection", "expect", "upgrade", "host"] {
            headers.remove(framing);
        }
        let method: Method = method.parse().ok()?;
        let plain = uri.scheme().is_none() && uri.path().starts_with('/') && method != Method::CONNECT;
        let target = uri.path_and_query().filter(|_| plain)?.to_string();
        Some(Request { method, target, headers, body: body.to_owned(), storage })
    }

    /// Sends a request and expects a response.
    fn send(&self, request: &Request) -> Response {
        let origin = if request.storage { self.emulator.storage_url() } else { self.emulator.url() };
        let host = origin.trim_start_matches("http://").trim_end_matches("/v2");
        let mut stream = TcpStream::connect(host).expect("the emulator listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        let mut head = format!(
            "{} {} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n",
            request.method, request.target
        )
        .into_bytes();
        for (name, value) in &request.headers {
            head.extend_from_slice(name.as_str().as_bytes());
            head.extend_from_slice(b": ");
            head.extend_from_slice(value.as_bytes());
            head.extend_from_slice(b"\r\n");
        }
        head.extend_from_slice(format!("content-length: {}\r\n\r\n", request.body.len()).as_bytes());
        head.extend_from_slice(request.body.as_bytes());
        // A server may respond before it has read the whole request.
        let _ = stream.write_all(&head);
        Response::read(stream, request.method == Method::HEAD)
            .unwrap_or_else(|error| panic!("no response to {} {}: {error}", request.method, request.target))
    }

    /// The JSON response to a call of `rfranklin` with advance access.
    fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let text =
            format!("{method} {path}\nX-SBG-Auth-Token: {{token}}\nX-SBG-Advance-Access: advance\n\n{body}");
        let response = self.send(&self.read(&text).expect("a request"));
        assert!(response.status < 300, "{method} {path}: {}", response.status);
        serde_json::from_slice(&response.body).unwrap_or_default()
    }
}

impl Response {
    fn read(stream: TcpStream, without_body: bool) -> std::io::Result<Self> {
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| std::io::Error::other(format!("the status line is {line:?}")))?;
        let mut headers = BTreeMap::new();
        loop {
            line.clear();
            reader.read_line(&mut line)?;
            match line.trim_end().split_once(':') {
                Some((name, value)) => {
                    headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
                }
                None => break,
            }
        }
        let mut body = Vec::new();
        if !without_body {
            reader.read_to_end(&mut body)?;
        }
        Ok(Self { status, headers, body })
    }

    /// No response is a 5xx, and errors have the documented form.
    fn check(&self, request: &Request) {
        let what = format!("{} {} -> {}", request.method, request.target, self.status);
        assert!(self.status < 500, "{what}");
        // A HEAD request, or one that the HTTP library rejected, for example because it is too long.
        if request.method == Method::HEAD || matches!(self.status, 414 | 431) {
            return;
        }
        let body = || serde_json::from_slice::<Value>(&self.body).unwrap_or_default();
        if request.storage || self.status < 400 {
            if self.headers.get("content-type").is_some_and(|kind| kind == "application/json") {
                assert!(!body().is_null() || self.body == b"null", "{what}: no JSON");
            }
            return;
        }
        let body = body();
        assert_eq!(body["status"], self.status, "{what}: {body}");
        assert!(
            body["code"].is_u64() && body["message"].is_string() && body["more_info"].is_string(),
            "{what}: {body}"
        );
        assert!(self.headers.contains_key("x-request-id"), "{what}");
    }
}

fn text(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Path and query of a URL of the object storage.
fn storage_path(url: &str) -> String {
    let uri: Uri = url.parse().expect("an address");
    format!("~{}", uri.path_and_query().map_or("/", |path| path.as_str()))
}
