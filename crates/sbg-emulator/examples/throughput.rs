//! How fast the object store of the emulator is on this machine: `cargo run --release --example throughput`.
//!
//! Reads go through plain sockets, so that the numbers are those of the emulator and not of an HTTP client.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    thread,
    time::Instant,
};

use sbg_emulator::Emulator;

const GIB: u64 = 1 << 30;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let emulator = Emulator::builder().start_blocking()?;
    let project = emulator.create_project("bench");
    let file = emulator.create_large_file(&project, "large", 4 * GIB);
    let target = signed(&emulator, "GET", &format!("/files/{file}/download_info"), "")?;
    for connections in [1, 2, 4, 8] {
        let share = 4 * GIB / connections;
        let rate = timed(4 * GIB, connections, |number| read(&target, number * share, share));
        println!("download, {connections} connections: {rate:.2} GB/s");
    }
    // Twice, because fresh memory costs more than what is used again.
    for connections in [1, 4, 1, 4] {
        let body = format!("{{\"project\":\"{project}\",\"name\":\"up\",\"part_size\":{GIB}}}");
        let upload = call(&emulator, "POST", "/upload/multipart", &body)?;
        let upload = text(&upload, "upload_id")?;
        let targets = (1..=connections)
            .map(|part| signed(&emulator, "GET", &format!("/upload/multipart/{upload}/part/{part}"), ""))
            .collect::<Result<Vec<_>, _>>()?;
        let share = GIB / connections;
        let rate =
            timed(GIB, connections, |number| write(&targets[usize::try_from(number).unwrap_or(0)], share));
        println!("upload, {connections} connections: {rate:.2} GB/s");
        call(&emulator, "DELETE", &format!("/upload/multipart/{upload}"), "")?;
    }
    Ok(())
}

/// Runs a job on each of so many threads and returns the bytes per nanosecond of all of them.
fn timed(bytes: u64, threads: u64, job: impl Fn(u64) -> std::io::Result<u64> + Sync) -> f64 {
    let started = Instant::now();
    let done: u64 = thread::scope(|scope| {
        let jobs: Vec<_> = (0..threads)
            .map(|number| {
                scope.spawn({
                    let job = &job;
                    move || job(number)
                })
            })
            .collect();
        jobs.into_iter().map(|job| job.join().expect("no panic").expect("no error")).sum()
    });
    assert_eq!(done, bytes);
    let nanos = started.elapsed().as_nanos();
    #[expect(clippy::cast_precision_loss, reason = "a rate is shown with two digits")]
    let rate = bytes as f64 / nanos as f64;
    rate
}

fn read(target: &(String, String), start: u64, length: u64) -> std::io::Result<u64> {
    let (host, path) = target;
    let mut stream = TcpStream::connect(host)?;
    let end = start + length - 1;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nhost: {host}\r\nrange: bytes={start}-{end}\r\nconnection: close\r\n\r\n"
    )?;
    let mut buffer = vec![0; 1 << 20];
    let count = stream.read(&mut buffer)?;
    let head =
        buffer[..count].windows(4).position(|end| end == b"\r\n\r\n").expect("a head in the first bytes");
    let mut body = count - head - 4;
    let mut total = body as u64;
    while {
        body = stream.read(&mut buffer)?;
        body > 0
    } {
        total += body as u64;
    }
    Ok(total)
}

fn write(target: &(String, String), length: u64) -> std::io::Result<u64> {
    let (host, path) = target;
    let mut stream = TcpStream::connect(host)?;
    write!(
        stream,
        "PUT {path} HTTP/1.1\r\nhost: {host}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
    )?;
    let chunk = vec![7; 1 << 20];
    let mut left = length;
    while left > 0 {
        let take = usize::try_from(left).unwrap_or(chunk.len()).min(chunk.len());
        stream.write_all(&chunk[..take])?;
        left -= take as u64;
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    Ok(length)
}

/// Asks the API for a signed URL and splits it into host and path.
fn signed(
    emulator: &Emulator,
    method: &str,
    path: &str,
    body: &str,
) -> Result<(String, String), Box<dyn std::error::Error>> {
    let url = text(&call(emulator, method, path, body)?, "url")?;
    let (host, path) = url.strip_prefix("http://").and_then(|rest| rest.split_once('/')).ok_or("no URL")?;
    Ok((host.to_owned(), format!("/{path}")))
}

fn call(emulator: &Emulator, method: &str, path: &str, body: &str) -> std::io::Result<String> {
    let host = emulator.url().trim_start_matches("http://").trim_end_matches("/v2");
    let mut stream = TcpStream::connect(host)?;
    let (token, length) = (emulator.token(), body.len());
    write!(
        stream,
        "{method} /v2{path} HTTP/1.1\r\nhost: {host}\r\nx-sbg-auth-token: {token}\r\ncontent-length: {length}\r\n\
         connection: close\r\n\r\n{body}"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default())
}

fn text(json: &str, name: &str) -> Result<String, Box<dyn std::error::Error>> {
    let value: serde_json::Value = serde_json::from_str(json)?;
    Ok(value[name].as_str().ok_or(name.to_owned())?.to_owned())
}
