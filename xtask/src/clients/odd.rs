//! A server whose responses are valid and unusual: every field is null, or values and fields are unknown. No platform gives them on demand.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;

use anyhow::{Context as _, Result};

/// Path and body of each response.
const RESPONSES: [(&str, &str); 3] = [
    (
        "/v2/files/nulls",
        r#"{"href": null, "id": "nulls", "name": null, "type": null, "size": null, "project": null, "parent": null, "created_on": null,
            "modified_on": null, "storage": null, "origin": null, "metadata": null, "tags": null}"#,
    ),
    (
        "/v2/files/odd",
        r#"{"id": "odd", "name": "odd.bam", "type": "symlink", "size": 5000000000, "storage": {"type": "TAPE", "shelf": 7},
            "metadata": {"sample_id": "S1", "depth": 30, "runs": ["a", "b"]}, "tags": ["t"], "checksum": {"md5": "0"}}"#,
    ),
    (
        "/v2/tasks/00000000-0000-4000-8000-000000000000",
        r#"{"id": "00000000-0000-4000-8000-000000000000", "status": "HIBERNATING", "price": {"currency": "USD", "amount": "0.23"},
            "execution_status": {"steps_total": 5, "steps_completed": "2"}, "inputs": {"n": 1, "reads": {"class": "File"}},
            "planet": "Mars"}"#,
    ),
];

/// Starts the server on a free port, for as long as this program runs, and returns the URL of its API.
pub fn start() -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").context("cannot listen")?;
    let url = format!("http://{}/v2", listener.local_addr()?);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A client that hangs up fails its own step.
            thread::spawn(move || respond(stream));
        }
    });
    Ok(url)
}

fn respond(mut stream: TcpStream) -> Result<()> {
    let mut request = BufReader::new(stream.try_clone()?).lines();
    let first = request.next().context("no request")??;
    // The requests have no body, so the head ends them.
    while !request.next().context("an incomplete request")??.is_empty() {}
    let target = first.split(' ').nth(1).unwrap_or_default();
    let path = target.split('?').next().unwrap_or_default();
    let (status, body) = match RESPONSES.iter().find(|(known, _)| *known == path) {
        Some((_, body)) => ("200 OK", *body),
        None => {
            ("404 Not Found", r#"{"status": 404, "code": 5002, "message": "Requested file does not exist."}"#)
        }
    };
    write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )?;
    Ok(())
}
