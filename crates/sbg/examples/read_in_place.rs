//! Reads parts of a file of a project in place, as if it were a local file: its first line, its last, and the byte in its middle:
//! `read_in_place OWNER/PROJECT PATH`.

use std::io::SeekFrom;

use anyhow::{Result, ensure};
use sbg::Client;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncSeekExt as _};

/// Bytes before the end in which the last line is looked for.
const TAIL: u64 = 4096;

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [project, path] = &arguments[..] else {
        eprintln!("usage: read_in_place OWNER/PROJECT PATH");
        std::process::exit(2);
    };
    let client = Client::from_env()?;
    let found = client.project(project).files().resolve_path(path).await?;

    let mut reader = client.file(&found).reader();
    let size = reader.size().await?;
    ensure!(size > 0, "`{path}` is empty");
    let mut first = String::new();
    reader.read_line(&mut first).await?;
    println!("first line: {}", first.trim_end());

    reader.seek(SeekFrom::Start(size.saturating_sub(TAIL))).await?;
    let mut tail = String::new();
    reader.read_to_string(&mut tail).await?;
    println!("last line: {}", tail.lines().next_back().unwrap_or_default());

    // Ranges that lie close together share a request.
    let parts = reader.read_ranges([0..4, size / 2..size / 2 + 4]).await?;
    println!("at 0 and in the middle of {size} bytes: {parts:?}");
    Ok(())
}
