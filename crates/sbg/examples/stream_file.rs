//! Reads a file of a project without saving it, first a range of its first line, then all lines as a stream:
//! `stream_file OWNER/PROJECT PATH`.

use anyhow::Result;
use futures::TryStreamExt as _;
use sbg::Client;

/// Bytes to read for the first line.
const HEAD: u64 = 4096;

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [project, path] = &arguments[..] else {
        eprintln!("usage: stream_file OWNER/PROJECT PATH");
        std::process::exit(2);
    };
    let client = Client::from_env()?;
    let found = client.project(project).files().resolve_path(path).await?;
    let file = client.file(&found);

    let head = file.read_range(..HEAD).await?;
    let first = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    println!("it begins with {}", String::from_utf8_lossy(first));

    let (mut bytes, mut lines) = (0, 0);
    let mut pieces = file.stream();
    while let Some(piece) = pieces.try_next().await? {
        bytes += piece.len();
        lines += piece.split(|byte| *byte == b'\n').count() - 1;
    }
    println!("{lines} lines in {bytes} bytes");
    Ok(())
}
