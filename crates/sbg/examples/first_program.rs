//! The program of the README: `first_program PROJECT [PATH]` lists the files of a project and downloads one of them.

use anyhow::{Context as _, Result};
use sbg::Client;

#[tokio::main]
async fn main() -> std::process::ExitCode {
    // An error is one line: what failed, a hint where there is one, and the causes.
    let result = run().await.inspect_err(|error| eprintln!("error: {error:#}"));
    u8::from(result.is_err()).into()
}

async fn run() -> Result<()> {
    let project = std::env::args().nth(1).context("usage: first_program OWNER/PROJECT [PATH]")?;
    let client = Client::from_env()?; // from the environment, or from ~/.sevenbridges/credentials
    let files = client.project(&project).files();
    let mut items = files.query().items(); // a list of any length
    while let Some(file) = items.try_next().await? {
        println!("{}  {}", file.id, file.name.unwrap_or_default());
    }
    if let Some(path) = std::env::args().nth(2) {
        let file = files.resolve_path(&path).await?;
        let download = client.file(&file).download(file.name.context("a file without a name")?);
        println!("saved {}", download.await?.path.display()); // parallel, verified; resumes after a crash
    }
    Ok(())
}
