//! Runs two batches in sequence: the first has a task for each sample, the second a task for each output file of the first:
//! `chained_batches OWNER/PROJECT FOLDER FIRST_APP FIRST_INPUT SECOND_APP SECOND_INPUT`.

use std::time::Duration;

use anyhow::{Result, ensure};
use sbg::tasks::{TaskExt as _, TaskFile};
use sbg::types::{Task, TaskStatus};
use sbg::{Client, Fields};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [project, folder, first_app, first_input, second_app, second_input] = &arguments[..] else {
        eprintln!(
            "usage: chained_batches OWNER/PROJECT FOLDER FIRST_APP FIRST_INPUT SECOND_APP SECOND_INPUT"
        );
        std::process::exit(2);
    };
    let client = Client::from_env()?;
    let folder = client.project(project).files().resolve_path(folder).await?;
    let reads = client.file(&folder.id).list().all().await?;

    let create = client.tasks().create(first_app, project).name("A task for each sample");
    let first =
        create.input(first_input, reads).batch_by_metadata(first_input, ["sample_id"]).run(true).await?;
    let merged = outputs_of(&client, &first).await?;
    println!("the first batch has made {} files", merged.len());

    let create = client.tasks().create(second_app, project).name("A task for each file");
    let second = create.input(second_input, merged).batch_by_item(second_input).run(true).await?;
    for file in outputs_of(&client, &second).await? {
        println!("{}  {}", file.id, file.name.unwrap_or_default());
    }
    Ok(())
}

/// Waits for a batch and collects the output files of its children.
async fn outputs_of(client: &Client, batch: &Task) -> Result<Vec<TaskFile>> {
    let handle = client.task(&batch.id);
    handle.wait().timeout(DAY).await?;
    let mut children = handle.children().fields(Fields::all()).items();
    let mut files = Vec::new();
    while let Some(child) = children.try_next().await? {
        ensure!(child.status == Some(TaskStatus::Completed), "task {} is {:?}", child.id, child.status);
        files.extend(child.output_files());
    }
    Ok(files)
}
