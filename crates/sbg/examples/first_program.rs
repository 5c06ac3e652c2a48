//! The program of the README: `first_program PROJECT [PATH]` lists the files of a project and downloads one of them.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use sbg::Client;

#[tokio::main]
async fn main() -> ExitCode {
    if let Err(error) = run().await {
        // One line: what failed, a hint where there is one, and the causes.
        eprintln!("error: {error:#}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

async fn run() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let project = arguments.next().context("usage: first_program OWNER/PROJECT [PATH]")?;

    // Endpoint and token come from the environment or from ~/.sevenbridges/credentials.
    let client = Client::from_env()?;
    println!("signed in as {}", client.users().me().await?.username);

    // A list of any length: pages are fetched ahead while you work on the items.
    let files = client.project(&project).files();
    let mut items = files.query().items();
    while let Some(file) = items.try_next().await? {
        println!("{}  {}", file.id, file.name.unwrap_or_default());
    }

    // Downloads are parallel and verified. After a crash, the same call resumes.
    if let Some(path) = arguments.next() {
        let file = files.resolve_path(&path).await?;
        let local = file.name.context("a file without a name")?;
        client.file(&file.id).download(&local).await.with_context(|| format!("cannot download {path}"))?;
        println!("saved {local}");
    }
    Ok(())
}
