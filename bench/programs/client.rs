//! The measured jobs with `sbg`: one job per run.
//!
//! Each job does the same as its namesake in `workloads.py` and prints the same, written as the documentation shows and with default
//! settings.

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
    /// Download a file
    Download { file_id: String, target: PathBuf },
    /// Upload a file
    Upload { source: PathBuf, project: ProjectId },
    /// Download all files of a project
    DownloadAll { project: ProjectId, folder: PathBuf },
    /// Upload all files of a folder
    UploadAll { folder: PathBuf, project: ProjectId },
    /// List all files of a project; prints the number of files
    ListAll { project: ProjectId },
    /// Get the details of a file repeatedly, one call after the other; prints the number of correct responses
    Calls { file_id: String, count: usize },
    /// Get and delete the files whose ids are listed in a file; prints both counts
    Bulk { ids: PathBuf },
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let work = work(client()?, arguments.job);
    tokio::time::timeout(Duration::from_secs(arguments.limit), work).await.context("time limit exceeded")?
}

fn client() -> Result<Client> {
    let mut builder = Client::builder();
    // The variable with the certificates that the Python client trusts.
    if let Some(path) = std::env::var_os("REQUESTS_CA_BUNDLE") {
        builder = builder.root_certificates(fs::read(path)?);
    }
    Ok(builder.build()?)
}

async fn work(client: Client, job: Job) -> Result<()> {
    match job {
        Job::Download { file_id, target } => drop(client.file(file_id).download(target).await?),
        Job::Upload { source, project } => drop(client.upload(source).to(project).await?),
        Job::DownloadAll { project, folder } => {
            client.project(project).files().download_tree(folder).await?.into_result()?;
        }
        Job::UploadAll { folder, project } => {
            client.upload_tree(folder).to(project).await?.into_result()?;
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
