//! Counts the lines of a BGZF file (`bgzip`) in a project, as a stream: `bgzip_lines OWNER/PROJECT PATH`. The last line is their number.

use anyhow::{Context as _, Result};
use noodles::bgzf;
use sbg_genomics::{Arguments, find};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _};

#[tokio::main]
async fn main() -> Result<()> {
    let Arguments { project, path, .. } = Arguments::read("bgzip_lines", 0)?;
    let client = sbg::Client::from_env()?;
    let found = find(&client, &project, &path, &[]).await?;
    let mut text = bgzf::r#async::io::Reader::new(client.file(&found.file).reader());
    let (mut lines, mut line_ended) = (0_u64, true);
    loop {
        let bytes = text.fill_buf().await.with_context(|| format!("cannot read `{path}`"))?;
        let Some(last) = bytes.last() else { break };
        lines += bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
        line_ended = *last == b'\n';
        let length = bytes.len();
        text.consume(length);
    }
    // A file that ends in the middle of a block has bytes that do not belong to one.
    let rest = text.into_inner().read(&mut [0]).await?;
    anyhow::ensure!(rest == 0, "`{path}` is not BGZF up to its end");
    println!("{}", lines + u64::from(!line_ended));
    Ok(())
}
