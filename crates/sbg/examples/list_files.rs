//! Lists all files at the root of a project: `list_files PROJECT`.

use std::time::Instant;

use anyhow::Result;
use sbg::{Client, ProjectId};

#[tokio::main]
async fn main() -> Result<()> {
    let Some(project) = std::env::args().nth(1) else {
        eprintln!("usage: list_files OWNER/PROJECT");
        std::process::exit(2);
    };
    let project: ProjectId = project.parse()?;
    let client = Client::from_env()?;

    let started = Instant::now();
    let mut count = 0_u64;
    let mut files = client.files().query().project(&project).items();
    while let Some(_file) = files.try_next().await? {
        count += 1;
    }
    println!("{count} files in {:.2} s", started.elapsed().as_secs_f64());
    Ok(())
}
