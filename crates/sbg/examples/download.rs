//! Downloads a file: `download FILE_ID PATH`.

use std::time::Instant;

use anyhow::Result;
use sbg::Client;

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file_id, path] = &arguments[..] else {
        eprintln!("usage: download FILE_ID PATH");
        std::process::exit(2);
    };
    let client = Client::from_env()?;

    let started = Instant::now();
    let done = client.file(file_id).download(path).await?;
    println!("{} bytes in {:.2} s", done.bytes, started.elapsed().as_secs_f64());
    Ok(())
}
