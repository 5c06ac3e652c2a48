//! Storages that refuse a part before reading it, and close the connection.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Result;
use sbg::ErrorKind;
use sbg_tests::{MIB, assert_refused, random_bytes};
use serde_json::json;

use crate::{Wire, project, response};

/// How a server closes a connection without reading the request.
#[derive(Clone, Copy, Debug)]
enum End {
    /// Immediately, which resets the connection.
    Reset,
    /// Closes its sending side, and discards what the client still sends.
    Drain,
}

/// A server that responds to each request after reading its head.
struct Early {
    url: String,
    requests: Arc<AtomicUsize>,
}

impl Early {
    fn start(status: &'static str, code: &'static str, end: End) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}/part", listener.local_addr()?);
        let requests = Arc::new(AtomicUsize::new(0));
        let seen = requests.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let seen = seen.clone();
                std::thread::spawn(move || refuse(stream, status, code, end, &seen));
            }
        });
        Ok(Self { url, requests })
    }
}

/// Refuses one request; a broken connection is ignored.
fn refuse(mut stream: TcpStream, status: &str, code: &str, end: End, seen: &AtomicUsize) -> Option<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    seen.fetch_add(1, Ordering::SeqCst);
    let body = format!("<Error><Code>{code}</Code><Message>refused early</Message></Error>");
    let length = body.len();
    let response =
        format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
    stream.write_all(response.as_bytes()).ok()?;
    if matches!(end, End::Drain) {
        stream.shutdown(Shutdown::Write).ok()?;
        std::io::copy(&mut stream, &mut std::io::sink()).ok()?;
    }
    Some(())
}

/// An API whose parts all have this URL.
async fn api(url: String) -> Wire {
    Wire::responding(move |seen| {
        let body = match seen.target.as_str() {
            "/v2/upload/multipart" => json!({"upload_id": "u1", "part_size": 8 * MIB}),
            _ => json!({"url": url}),
        };
        response(200, &body)
    })
    .await
}

#[tokio::test]
async fn early_refusal_of_an_upload_is_read() -> Result<()> {
    let bytes = random_bytes(8 * MIB);
    for (status, code, most) in [("403 Forbidden", "AccessDenied", 4), ("413 Too Large", "EntityTooLarge", 2)]
    {
        for end in [End::Reset, End::Drain] {
            // The response and the reset race, so try several times.
            for _ in 0..5 {
                let storage = Early::start(status, code, end)?;
                let api = api(storage.url.clone()).await;
                let file = tempfile::NamedTempFile::new()?;
                std::fs::write(file.path(), &bytes)?;
                let upload = api.client.upload(file.path()).to(project()).await;
                let error = assert_refused(upload, ErrorKind::Storage, &["the storage refused", code]);
                assert_eq!(error.status().map(|status| status.to_string()).as_deref(), Some(&status[..3]));
                let requests = storage.requests.load(Ordering::SeqCst);
                assert!(requests <= most, "{status} {end:?}: {requests} requests");
                assert_eq!(api.last().line(), "DELETE /v2/upload/multipart/u1");
            }
        }
    }
    Ok(())
}
