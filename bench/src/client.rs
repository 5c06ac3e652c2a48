//! The work that is measured, done with `sbg`: one job for each run of the program.
//!
//! Each job does what its namesake in `workloads.py` does and prints the same, in the way in which the documentation of the client does
//! it, with the settings that it has from the start.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand};
use sbg::{Client, ProjectId};

#[derive(Parser)]
struct Arguments {
    /// Seconds after which the run counts as failed
    #[arg(long)]
    limit: u64,
    #[command(subcommand)]
    job: Job,
}

#[derive(Subcommand)]
enum Job {
    /// A file of the platform to a local file
    Download { file_id: String, target: PathBuf },
    /// A local file to a project
    Upload { source: PathBuf, project: ProjectId },
    /// All files of a project to a folder
    DownloadAll { project: ProjectId, folder: PathBuf },
    /// All files of a folder to a project
    UploadAll { folder: PathBuf, project: ProjectId },
    /// Lists a project to its end; prints how many files there are
    ListAll { project: ProjectId },
    /// Asks for the details of a file again and again, one call after the other; prints how many answers were right
    Calls { file_id: String, count: usize },
    /// Gets all files that a file names, line by line, and deletes them; prints how many of each it did
    Bulk { ids: PathBuf },
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let work = work(client()?, arguments.job);
    tokio::time::timeout(Duration::from_secs(arguments.limit), work).await.context("the time is over")?
}

fn client() -> Result<Client> {
    let mut builder = Client::builder();
    // The variable by which the Python client learns whom to trust.
    if let Some(path) = std::env::var_os("REQUESTS_CA_BUNDLE") {
        builder = builder.root_certificates(fs::read(path)?);
    }
    Ok(builder.build()?)
}

async fn work(client: Client, job: Job) -> Result<()> {
    match job {
        Job::Download { file_id, target } => drop(client.file(file_id).download(target).await?),
        Job::Upload { source, project } => drop(client.upload(source).to_project(project).await?),
        Job::DownloadAll { project, folder } => {
            client.project(project)?.files().download_tree(folder).await?.into_result()?;
        }
        Job::UploadAll { folder, project } => {
            client.upload_tree(folder).to_project(project).await?.into_result()?;
        }
        Job::ListAll { project } => {
            let mut files = client.files().query().project(&project).items();
            let mut ids = BTreeSet::new();
            while let Some(file) = files.try_next().await? {
                ids.insert(file.id);
            }
            println!("{}", ids.len());
        }
        Job::Calls { file_id, count } => {
            let file = client.file(&file_id);
            let mut right = 0;
            for _ in 0..count {
                right += usize::from(file.get().await?.id == file_id);
            }
            println!("{right}");
        }
        Job::Bulk { ids } => {
            let ids = fs::read_to_string(ids)?;
            let got = client.files().bulk_get(ids.split_whitespace()).await?;
            let deleted = client.files().bulk_delete(ids.split_whitespace()).await?;
            println!("{} {}", got.iter().flatten().count(), deleted.iter().flatten().count());
        }
    }
    Ok(())
}
