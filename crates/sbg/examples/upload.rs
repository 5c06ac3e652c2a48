//! Uploads a file to a project: `upload PATH PROJECT`.

use std::time::Instant;

use anyhow::Result;
use sbg::Client;

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path, project] = &arguments[..] else {
        eprintln!("usage: upload PATH OWNER/PROJECT");
        std::process::exit(2);
    };
    let client = Client::from_env()?;

    let started = Instant::now();
    let file = client.upload(path).to(project.as_str()).await?;
    println!("{} bytes in {:.2} s", file.size.unwrap_or(0), started.elapsed().as_secs_f64());
    Ok(())
}
