//! Downloads the outputs of a task, with secondary files and folders: `task_outputs TASK_ID FOLDER [ENDING]`.
//!
//! With an ending such as `.vcf.gz` only the files with that ending.

use std::time::Duration;

use anyhow::{Result, ensure};
use sbg::Client;
use sbg::transfer::{Conflict, Outcome};
use sbg::types::TaskStatus;

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [task_id, folder, ending @ ..] = &arguments[..] else {
        eprintln!("usage: task_outputs TASK_ID FOLDER [ENDING]");
        std::process::exit(2);
    };
    let ending = ending.first().cloned().unwrap_or_default();
    let client = Client::from_env()?;

    // A running task has no outputs yet.
    let task = client.task(task_id);
    let done = task.wait().timeout(Duration::from_secs(24 * 60 * 60)).await?;
    ensure!(done.status == Some(TaskStatus::Completed), "the task has ended as {:?}", done.status);

    let download = task.download_outputs(folder).select(move |path| path.ends_with(&ending));
    let report = download.on_conflict(Conflict::Rename).await?.into_result()?;
    for file in &report.files {
        let path = file.local.display();
        match file.outcome {
            Ok(Outcome::Transferred(bytes)) => println!("{path}: {bytes} bytes"),
            _ => println!("{path} was there already"),
        }
    }
    println!("{} files", report.files.len());
    Ok(())
}
