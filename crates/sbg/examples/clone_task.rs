//! Runs a task again with another value of an input: `clone_task OWNER/PROJECT TASK_NAME INPUT VALUE [--abort]`.
//!
//! The value is JSON, or else a string. With `--abort` the new task is aborted right after its start.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use sbg::tasks::TaskExt as _;
use sbg::types::{Task, TaskOrder, TaskOrderBy};
use sbg::{Client, Fields};
use serde_json::Value;

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let abort = arguments.pop_if(|last| last == "--abort").is_some();
    let [project, name, input, value] = &arguments[..] else {
        eprintln!("usage: clone_task OWNER/PROJECT TASK_NAME INPUT VALUE [--abort]");
        std::process::exit(2);
    };
    let value: Value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value.as_str()));
    let client = Client::from_env()?;
    let model = latest(&client, project, name).await?;
    println!("{name} is {:?}", model.status);

    // Without `run(false)` the clone would run with the old inputs.
    let draft = client.task(&model.id).clone_task().run(false).await?;
    let task = client.task(&draft.id);
    let edited = task.edit().name(format!("{name}, again")).input(input, value).await?;
    if let Some(problem) = edited.errors().first() {
        task.delete().await?;
        bail!("{problem}");
    }
    task.run().await?;

    if abort {
        match task.abort().await {
            Err(error) if error.code() == Some(7011) => println!("it was over before"),
            aborted => println!("aborted: {:?}", aborted?.status),
        }
    }
    let done = task.wait().timeout(Duration::from_secs(24 * 60 * 60)).await?;
    println!("{} is {:?}", done.name.as_deref().unwrap_or_default(), done.status);
    for (name, output) in done.outputs() {
        println!("{name}: {}", output.to_json());
    }
    Ok(())
}

/// The latest task of this name. There is no query by name, so this reads the whole list.
async fn latest(client: &Client, project: &str, name: &str) -> Result<Task> {
    let query = client.project(project).tasks().query().fields(Fields::only(["name", "status"]));
    let mut tasks = query.order_by(TaskOrderBy::CreatedTime, TaskOrder::Desc).items();
    while let Some(task) = tasks.try_next().await? {
        if task.name.as_deref() == Some(name) {
            return Ok(task);
        }
    }
    None.with_context(|| format!("no task of {project} is called {name}"))
}
