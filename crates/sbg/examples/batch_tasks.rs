//! Runs an app as a batch on all files of a folder, with a task for each file or for each group of files with the same value of a
//! metadata field: `batch_tasks OWNER/PROJECT APP INPUT FOLDER [FIELD]`.

use std::time::Duration;

use anyhow::Result;
use sbg::{Client, Fields};

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [project, app, input, folder, field @ ..] = &arguments[..] else {
        eprintln!("usage: batch_tasks OWNER/PROJECT APP INPUT FOLDER [FIELD]");
        std::process::exit(2);
    };
    let client = Client::from_env()?;
    let folder = client.project(project).files().resolve_path(folder).await?;
    let files = client.file(&folder.id).list().all().await?;
    println!("{} files", files.len());

    let create = client.tasks().create(app, project).name("Batch").input(input, files).run(true);
    let batch = match field.first() {
        Some(field) => create.batch_by_metadata(input, [field]).await?,
        None => create.batch_by_item(input).await?,
    };
    let handle = client.task(&batch.id);
    let done = handle.wait().timeout(Duration::from_secs(24 * 60 * 60)).await?;
    println!("the batch is {:?}", done.status);

    let mut children = handle.children().fields(Fields::only(["name", "status", "batch_group"])).items();
    while let Some(child) = children.try_next().await? {
        println!("{}: {:?}", child.name.unwrap_or_default(), child.status);
    }
    Ok(())
}
