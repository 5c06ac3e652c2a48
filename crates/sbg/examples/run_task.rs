//! Runs an app on a file, waits for the task, and prints its results: `run_task OWNER/PROJECT APP INPUT FILE_PATH`.
//!
//! `FILE_PATH` is a path in the project, such as `reads/sample-1.fastq`.

use std::time::Duration;

use anyhow::{Result, ensure};
use sbg::Client;
use sbg::tasks::{TaskExt as _, TaskOutput};
use sbg::types::TaskStatus;

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [project, app, input, path] = &arguments[..] else {
        eprintln!("usage: run_task OWNER/PROJECT APP INPUT FILE_PATH");
        std::process::exit(2);
    };
    let client = Client::from_env()?;
    let file = client.project(project).files().resolve_path(path).await?;

    let create = client.tasks().create(app, project).name(format!("{app} on {path}"));
    let task = create.input(input, file).run(true).await?;
    for problem in task.errors() {
        eprintln!("{problem}");
    }
    println!("task {}", task.id);

    let day = Duration::from_secs(24 * 60 * 60);
    let done =
        client.task(&task.id).wait().timeout(day).on_change(|task| println!("{:?}", task.status)).await?;
    ensure!(done.status == Some(TaskStatus::Completed), "the task has ended as {:?}", done.status);
    for (name, output) in done.outputs() {
        match output {
            TaskOutput::File(file) => println!("{name}: {} ({})", file.name.unwrap_or_default(), file.id),
            other => println!("{name}: {}", other.to_json()),
        }
    }
    println!("it has cost {:.2}", done.price().unwrap_or(0.0));
    Ok(())
}
