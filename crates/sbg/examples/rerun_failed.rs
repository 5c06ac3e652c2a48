//! Runs the failed children of a batch again: `rerun_failed OWNER/PROJECT BATCH_NAME`.

use std::time::Duration;

use anyhow::{Context as _, Result};
use sbg::Client;
use sbg::types::{TaskOrder, TaskOrderBy};

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [project, name] = &arguments[..] else {
        eprintln!("usage: rerun_failed OWNER/PROJECT BATCH_NAME");
        std::process::exit(2);
    };
    let client = Client::from_env()?;
    let tasks = client.project(project).tasks().query().order_by(TaskOrderBy::CreatedTime, TaskOrder::Desc);
    let tasks = tasks.all().await?;
    let batch = tasks.into_iter().find(|task| task.name.as_ref() == Some(name));
    let batch = batch.with_context(|| format!("no task of {project} is called {name}"))?;

    let reruns = client.task(&batch.id).rerun_failed().await?;
    println!("failed children: {}", reruns.len());
    let mut started = Vec::new();
    for rerun in reruns {
        match rerun.task {
            Ok(task) => started.push(task.id),
            Err(error) => println!("{} was not started: {error}", rerun.child),
        }
    }
    if started.is_empty() {
        return Ok(());
    }
    let done = client.tasks().wait_all(started).timeout(Duration::from_secs(24 * 60 * 60)).await?;
    for task in done {
        let task = task?;
        println!("again, {}: {:?}", task.name.unwrap_or_default(), task.status);
    }
    Ok(())
}
