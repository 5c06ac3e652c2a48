//! How fast the emulator is on this machine: `cargo run --release --package sbg-emulator --example throughput`.
//!
//! Bytes go through plain sockets, with nothing but the encryption in between, so that the numbers are as much those of the
//! emulator and as little those of an HTTP client as can be. Client and emulator share the processors.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
    thread,
    time::Instant,
};

use sbg_emulator::{Builder, Emulator};

const GIB: u64 = 1 << 30;
const CHUNK: usize = 1 << 20;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    starts()?;
    answers()?;
    for discard in [false, true] {
        println!("uploads are {}", if discard { "discarded" } else { "kept" });
        let builder = || Emulator::builder().discard_uploads(discard);
        transfers("http", builder())?;
        #[cfg(feature = "tls")]
        transfers("https", builder().tls(true))?;
    }
    Ok(())
}

/// How long it takes to start one, and to end it.
fn starts() -> io::Result<()> {
    const COUNT: u32 = 200;
    let started = Instant::now();
    for _ in 0..COUNT {
        Emulator::builder().start_blocking()?;
    }
    println!("start and end: {:?}", started.elapsed() / COUNT);
    let started = Instant::now();
    let all = (0..COUNT).map(|_| Emulator::builder().start_blocking()).collect::<io::Result<Vec<_>>>()?;
    println!("start of {} at a time: {:?} each", all.len(), started.elapsed() / COUNT);
    Ok(())
}

/// How many small answers it gives.
fn answers() -> io::Result<()> {
    const COUNT: u32 = 20_000;
    let emulator = Emulator::builder().rate_limit(u32::MAX).record(false).start_blocking()?;
    let link = Link::new(&emulator);
    for connections in [1, 2, 4] {
        let started = Instant::now();
        thread::scope(|scope| {
            for _ in 0..connections {
                scope.spawn(|| {
                    let mut stream = link.connect(&link.api).expect("a connection");
                    for _ in 0..COUNT / connections {
                        let head = link.request("GET", "/user", "");
                        stream.write_all(head.as_bytes()).expect("sent");
                        let answer = answer(&mut stream).expect("an answer");
                        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("rfranklin"));
                    }
                });
            }
        });
        println!(
            "API, {connections} connections: {:.0} answers a second",
            f64::from(COUNT) / started.elapsed().as_secs_f64()
        );
    }
    Ok(())
}

fn transfers(scheme: &str, builder: Builder) -> Result<(), Box<dyn std::error::Error>> {
    let emulator = builder.start_blocking()?;
    let link = Link::new(&emulator);
    let project = emulator.create_project("bench");
    let file = emulator.create_large_file(&project, "large", 4 * GIB);
    let target = link.signed(&format!("/files/{file}/download_info"))?;
    for connections in [1, 2, 4] {
        let share = 4 * GIB / connections;
        let rate = timed(4 * GIB, connections, |number| link.read(&target, number * share, share));
        println!("{scheme} download, {connections} connections: {rate:.2} GB/s");
    }
    // Twice, because fresh memory costs more than what is used again.
    for connections in [1, 4, 1, 4] {
        let body = format!("{{\"project\":\"{project}\",\"name\":\"up\",\"part_size\":{GIB}}}");
        let upload = text(&link.call("POST", "/upload/multipart", &body)?, "upload_id")?;
        let targets = (1..=connections)
            .map(|part| link.signed(&format!("/upload/multipart/{upload}/part/{part}")))
            .collect::<Result<Vec<_>, _>>()?;
        let share = GIB / connections;
        let rate = timed(GIB, connections, |number| {
            link.write(&targets[usize::try_from(number).unwrap_or_default()], share)
        });
        println!("{scheme} upload, {connections} connections: {rate:.2} GB/s");
        link.call("DELETE", &format!("/upload/multipart/{upload}"), "")?;
    }
    Ok(())
}

/// Runs a job on each of so many threads and returns the bytes per nanosecond of all of them.
fn timed(bytes: u64, threads: u64, job: impl Fn(u64) -> io::Result<u64> + Sync) -> f64 {
    let started = Instant::now();
    let done: u64 = thread::scope(|scope| {
        let job = &job;
        let jobs: Vec<_> = (0..threads).map(|number| scope.spawn(move || job(number))).collect();
        jobs.into_iter().map(|job| job.join().expect("no panic").expect("no error")).sum()
    });
    assert_eq!(done, bytes);
    let nanos = started.elapsed().as_nanos();
    #[expect(clippy::cast_precision_loss, reason = "a rate is shown with two digits")]
    let rate = bytes as f64 / nanos as f64;
    rate
}

trait Stream: Read + Write {}

impl<T: Read + Write> Stream for T {}

/// The way to an emulator.
struct Link {
    /// Host and port.
    api: String,
    token: String,
    #[cfg(feature = "tls")]
    trust: Option<std::sync::Arc<tokio_rustls::rustls::ClientConfig>>,
}

impl Link {
    fn new(emulator: &Emulator) -> Self {
        Self {
            api: host(emulator.url()).to_owned(),
            token: emulator.token(),
            #[cfg(feature = "tls")]
            trust: emulator.ca_pem().map(trust),
        }
    }

    #[cfg_attr(not(feature = "tls"), expect(clippy::unused_self, reason = "there is nothing to trust"))]
    fn connect(&self, host: &str) -> io::Result<Box<dyn Stream>> {
        let stream = TcpStream::connect(host)?;
        stream.set_nodelay(true)?;
        #[cfg(feature = "tls")]
        if let Some(trust) = &self.trust {
            use tokio_rustls::rustls::{ClientConnection, StreamOwned, pki_types::ServerName};
            let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
            let mut session = ClientConnection::new(trust.clone(), name).map_err(io::Error::other)?;
            session.set_buffer_limit(Some(CHUNK));
            // The TLS library by itself reads a quarter of a record at a time.
            return Ok(Box::new(StreamOwned::new(session, Buffered::new(stream))));
        }
        Ok(Box::new(stream))
    }

    fn request(&self, method: &str, path: &str, body: &str) -> String {
        let (host, token, length) = (&self.api, &self.token, body.len());
        format!(
            "{method} /v2{path} HTTP/1.1\r\nhost: {host}\r\nx-sbg-auth-token: {token}\r\ncontent-length: {length}\r\n\r\n{body}"
        )
    }

    fn call(&self, method: &str, path: &str, body: &str) -> io::Result<String> {
        let mut stream = self.connect(&self.api)?;
        stream.write_all(self.request(method, path, body).as_bytes())?;
        let answer = answer(&mut stream)?;
        Ok(answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default())
    }

    /// Asks the API for a signed URL and splits it into host and path.
    fn signed(&self, path: &str) -> Result<(String, String), Box<dyn std::error::Error>> {
        let url = text(&self.call("GET", path, "")?, "url")?;
        let (_, rest) = url.split_once("://").ok_or("no URL")?;
        let (host, path) = rest.split_once('/').ok_or("no URL")?;
        Ok((host.to_owned(), format!("/{path}")))
    }

    fn read(&self, (host, path): &(String, String), start: u64, length: u64) -> io::Result<u64> {
        let mut stream = self.connect(host)?;
        let end = start + length - 1;
        let head = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nrange: bytes={start}-{end}\r\n\r\n");
        stream.write_all(head.as_bytes())?;
        let mut buffer = vec![0; CHUNK];
        let count = stream.read(&mut buffer)?;
        let head = buffer[..count].windows(4).position(|end| end == b"\r\n\r\n");
        let mut total = (count - head.expect("a head in the first bytes") - 4) as u64;
        while total < length {
            match stream.read(&mut buffer)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => total += count as u64,
            }
        }
        Ok(total)
    }

    fn write(&self, (host, path): &(String, String), length: u64) -> io::Result<u64> {
        let mut stream = self.connect(host)?;
        let head = format!("PUT {path} HTTP/1.1\r\nhost: {host}\r\ncontent-length: {length}\r\n\r\n");
        stream.write_all(head.as_bytes())?;
        let chunk = vec![7; CHUNK];
        let mut left = length;
        while left > 0 {
            let take = usize::try_from(left).unwrap_or(CHUNK).min(CHUNK);
            stream.write_all(&chunk[..take])?;
            left -= take as u64;
        }
        stream.flush()?;
        let answer = answer(&mut stream)?;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        Ok(length)
    }
}

/// Reads one answer: its head, and as many bytes after it as that says.
fn answer(stream: &mut impl Read) -> io::Result<String> {
    let (mut text, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let count = stream.read(&mut buffer)?;
        text.extend_from_slice(&buffer[..count]);
        let answer = String::from_utf8_lossy(&text);
        if let Some((head, body)) = answer.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return Ok(answer.into_owned());
            }
        }
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// A socket that is read in large pieces and written to as it is.
#[cfg(feature = "tls")]
struct Buffered(io::BufReader<TcpStream>);

#[cfg(feature = "tls")]
impl Buffered {
    fn new(stream: TcpStream) -> Self {
        Self(io::BufReader::with_capacity(CHUNK, stream))
    }
}

#[cfg(feature = "tls")]
impl Read for Buffered {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

#[cfg(feature = "tls")]
impl Write for Buffered {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.get_mut().write(bytes)
    }

    fn write_vectored(&mut self, pieces: &[io::IoSlice<'_>]) -> io::Result<usize> {
        self.0.get_mut().write_vectored(pieces)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.get_mut().flush()
    }
}

#[cfg(feature = "tls")]
fn trust(pem: &str) -> std::sync::Arc<tokio_rustls::rustls::ClientConfig> {
    use tokio_rustls::rustls::{
        ClientConfig, RootCertStore,
        pki_types::{CertificateDer, pem::PemObject as _},
    };
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(pem.as_bytes()).expect("PEM")).expect("a certificate");
    std::sync::Arc::new(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())
}

fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}

fn text(json: &str, name: &str) -> Result<String, Box<dyn std::error::Error>> {
    let value: serde_json::Value = serde_json::from_str(json)?;
    Ok(value[name].as_str().ok_or(name.to_owned())?.to_owned())
}
