//! A server that writes raw responses, for those that no HTTP library would send.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// The head of a request.
#[derive(Clone, Debug)]
pub struct Head(String);

impl Head {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.0.lines().skip(1).filter_map(|line| line.split_once(':'));
        lines.find(|(present, _)| present.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    /// The requested range: its first and its last byte.
    pub fn range(&self) -> Option<(usize, usize)> {
        let (first, last) = self.header("range")?.strip_prefix("bytes=")?.split_once('-')?;
        Some((first.parse().ok()?, last.parse().ok()?))
    }
}

/// A server of raw responses, each on a new connection.
#[derive(Clone)]
pub struct Raw {
    url: String,
    heads: Arc<Mutex<Vec<Head>>>,
}

impl Raw {
    /// Serves the result of `respond`: whole responses with status lines. It gets the number of the request, from 1.
    pub async fn serving(respond: impl Fn(&Head, usize) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let heads: Arc<Mutex<Vec<Head>>> = Arc::default();
        let (log, respond) = (heads.clone(), Arc::new(respond));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (log, respond) = (log.clone(), respond.clone());
                tokio::spawn(async move {
                    // A client may disconnect once it has what it needs.
                    serve(stream, &log, &*respond).await.ok();
                });
            }
        });
        Self { url, heads }
    }

    /// The URL of a path on the server.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// The requests so far.
    pub fn heads(&self) -> Vec<Head> {
        self.heads.lock().clone()
    }
}

async fn serve(
    mut stream: TcpStream,
    log: &Mutex<Vec<Head>>,
    respond: &(dyn Fn(&Head, usize) -> Vec<u8> + Send + Sync),
) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        bytes.push(stream.read_u8().await?);
    }
    let head = Head(String::from_utf8_lossy(&bytes).into_owned());
    let number = {
        let mut log = log.lock();
        log.push(head.clone());
        log.len()
    };
    stream.write_all(&respond(&head, number)).await?;
    stream.shutdown().await
}

/// A response with these raw headers, which closes the connection.
pub fn response(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("HTTP/1.1 {status}\r\nconnection: close\r\n{headers}\r\n").into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// A body in one chunk, with the final chunk.
pub fn chunked(body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("{:x}\r\n", body.len()).into_bytes();
    bytes.extend_from_slice(body);
    bytes.extend_from_slice(b"\r\n0\r\n\r\n");
    bytes
}
