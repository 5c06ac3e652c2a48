//! Reads a file from start to end and prints the number of its bytes: `read_sequentially reader|stream OWNER/PROJECT PATH SIZE`.

use anyhow::{Result, bail, ensure};
use futures::TryStreamExt as _;
use tokio::io::AsyncBufReadExt as _;

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [how, project, path, size] = &arguments[..] else {
        bail!("usage: read_sequentially reader|stream OWNER/PROJECT PATH SIZE")
    };
    let client = sbg::Client::from_env()?;
    let found = client.project(project).files().resolve_path(path).await?;
    let (file, mut bytes) = (client.file(&found), 0);
    if how == "stream" {
        let mut pieces = file.stream();
        while let Some(piece) = pieces.try_next().await? {
            bytes += piece.len();
        }
    } else {
        let mut reader = file.reader();
        loop {
            let length = reader.fill_buf().await?.len();
            if length == 0 {
                break;
            }
            bytes += length;
            reader.consume(length);
        }
    }
    ensure!(bytes.to_string() == *size, "{bytes} of {size} bytes");
    println!("{bytes}");
    Ok(())
}
