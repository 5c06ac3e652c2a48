//! `tasks`: lists tasks, waits for them, and gets their outputs.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use sbg::prelude::*;
use sbg::tasks::TaskValue;
use sbg::types::{self, TaskListStatus, TaskOrder, TaskOrderBy};
use sbg::{Fields, ProjectId};

use super::cat;
use super::changes::changed;
use super::run::show;
use super::transfers::{Moved, TransferOptions};
use crate::context::Context;
use crate::exit::{explain, usage};
use crate::failures::Failures;
use crate::path;
use crate::progress::Counted;
use crate::records::{self, Record};
use crate::units::parse_duration;

/// List tasks, wait for them, and get their outputs, logs and costs
#[derive(Debug, Subcommand)]
pub(crate) enum Tasks {
    /// List tasks, the newest first
    Ls(List),
    /// Wait until tasks have ended; fails if one has not completed
    Wait(Wait),
    /// List or print the logs of a task
    Logs(Logs),
    /// Abort tasks
    Abort(Several),
    /// Run tasks again; of a batch, those that failed
    Rerun(Several),
    /// List or download the outputs of a task
    Outputs(Outputs),
    /// Show what tasks have cost
    Cost(Several),
}

#[derive(Args, Debug)]
pub(crate) struct List {
    #[arg(value_parser = path::project)]
    project: Option<ProjectId>,
    /// Only tasks with this status, such as RUNNING
    #[arg(long, value_parser = parse_status)]
    status: Option<TaskListStatus>,
    /// Only the tasks of this batch
    #[arg(long, value_name = "ID")]
    parent: Option<String>,
    /// At most this many
    #[arg(long, value_name = "TASKS")]
    limit: Option<usize>,
}

#[derive(Args, Debug)]
pub(crate) struct Wait {
    /// Ids or URLs; `-` reads them from standard input
    #[arg(required = true)]
    tasks: Vec<String>,
    /// Longest time to wait, such as 6h; 7 days by default
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    timeout: Option<Duration>,
}

#[derive(Args, Debug)]
pub(crate) struct Logs {
    task: String,
    /// Print the log with this name, such as cmd.log
    #[arg(long, value_name = "NAME")]
    print: Option<String>,
}

/// One or several tasks.
#[derive(Args, Debug)]
pub(crate) struct Several {
    /// Ids or URLs; `-` reads them from standard input
    #[arg(required = true)]
    tasks: Vec<String>,
}

#[derive(Args, Debug)]
pub(crate) struct Outputs {
    task: String,
    /// Download to this folder
    #[arg(long, value_name = "FOLDER")]
    to: Option<PathBuf>,
    #[command(flatten)]
    options: TransferOptions,
}

impl Tasks {
    pub(crate) async fn run(self, context: &Context) -> Result<()> {
        match self {
            Self::Ls(command) => command.run(context).await,
            Self::Wait(command) => command.run(context).await,
            Self::Logs(command) => command.run(context).await,
            Self::Abort(command) => abort(context, &command.tasks).await,
            Self::Rerun(command) => rerun(context, &command.tasks).await,
            Self::Outputs(command) => command.run(context).await,
            Self::Cost(command) => cost(context, &command.tasks).await,
        }
    }
}

const LISTED: [&str; 13] = [
    "id",
    "name",
    "status",
    "project",
    "app",
    "batch",
    "parent",
    "created_by",
    "created_time",
    "start_time",
    "end_time",
    "price",
    "execution_status",
];

fn parse_status(text: &str) -> Result<TaskListStatus, String> {
    text.to_uppercase()
        .parse()
        .map_err(|_| "expected a status such as DRAFT, RUNNING, COMPLETED or FAILED".to_owned())
}

impl List {
    async fn run(self, context: &Context) -> Result<()> {
        let query = context.client()?.tasks().query().fields(Fields::only(LISTED));
        let query = query.order_by(TaskOrderBy::CreatedTime, TaskOrder::Desc);
        let query = if let Some(project) = &self.project { query.project(project) } else { query };
        let query = if let Some(parent) = &self.parent { query.parent(path::task(parent)) } else { query };
        let query = if let Some(status) = self.status { query.status(status) } else { query };
        let mut tasks = query.items();
        let mut left = self.limit.unwrap_or(usize::MAX);
        while left > 0
            && let Some(task) = tasks.try_next().await?
        {
            left -= 1;
            let record = records::task(&task);
            let cells = [&task.id, record.text("status"), record.text("created_time"), record.text("name")];
            context.out.row(&record, cells)?;
        }
        Ok(())
    }
}

impl Wait {
    async fn run(self, context: &Context) -> Result<()> {
        let client = context.client()?;
        let ids = ids(&self.tasks)?;
        context.when_stopped("the tasks continue; the same command waits for them again");
        let wait = client.tasks().wait_all(&ids);
        let wait = if let Some(timeout) = self.timeout { wait.timeout(timeout) } else { wait };
        let mut failures = Failures::default();
        for (id, task) in ids.iter().zip(wait.await?) {
            let result = task.with_context(|| format!("cannot wait for the task {id}"));
            let result = result.and_then(|task| show(context, &task, true));
            if let Err(error) = &result {
                context.screen.warn(&explain(error).0);
            }
            failures.count(&result);
        }
        failures.into_result()
    }
}

impl Logs {
    async fn run(self, context: &Context) -> Result<()> {
        let client = context.client()?;
        let id = path::task(&self.task);
        let details = client.task(&id).execution_details().await.context("the task has no logs")?;
        let jobs: Vec<types::TaskJob> = details.jobs.unwrap_or_default();
        let mut printed = false;
        for job in &jobs {
            let of_job = job.name.clone().unwrap_or_default();
            for (name, file) in job.log_files() {
                match &self.print {
                    None => {
                        let record = Record::new("log")
                            .with("task", id.clone())
                            .with("job", of_job.clone())
                            .with("name", name.clone())
                            .with("file", file.clone());
                        context.out.row(&record, [&of_job, &name, &file])?;
                    }
                    Some(wanted) if *wanted == name => {
                        cat::print(context, &client.file(&file).get().await?, None).await?;
                        printed = true;
                    }
                    Some(_) => {}
                }
            }
        }
        match self.print {
            Some(wanted) if !printed => {
                Err(usage(format!("the task has no log `{wanted}`; `sbg tasks logs` lists them")))
            }
            _ => Ok(()),
        }
    }
}

async fn abort(context: &Context, tasks: &[String]) -> Result<()> {
    let client = context.client()?;
    let mut failures = Failures::default();
    for id in ids(tasks)? {
        let result = client.task(&id).abort().await.context("cannot abort it");
        failures.count(&result);
        changed(context, records::change("abort", &id, &id), &id, &result)?;
    }
    failures.into_result()
}

async fn rerun(context: &Context, tasks: &[String]) -> Result<()> {
    let client = context.client()?;
    let mut failures = Failures::default();
    for id in ids(tasks)? {
        let handle = client.task(&id);
        let task = handle.get().fields(Fields::only(["id", "batch"])).await?;
        let again: Vec<Result<types::Task>> = if task.batch == Some(true) {
            let reruns = handle.rerun_failed().await?;
            if reruns.is_empty() {
                context.screen.note(&format!("{id}: no task of the batch has failed"));
            }
            reruns.into_iter().map(|rerun| rerun.task.map_err(Into::into)).collect()
        } else {
            vec![handle.clone_task().run(true).await.map_err(Into::into)]
        };
        for result in again {
            let result = result.and_then(|task| show(context, &task, false));
            if let Err(error) = &result {
                context.screen.warn(&format!("{id}: {}", explain(error).0));
            }
            failures.count(&result);
        }
    }
    failures.into_result()
}

impl Outputs {
    async fn run(self, context: &Context) -> Result<()> {
        let client = context.client()?;
        let id = path::task(&self.task);
        if let Some(folder) = &self.to {
            let download = client.task(&id).download_outputs(folder);
            let download = download.on_conflict(self.options.conflict()).compare(self.options.compare());
            let label = format!("outputs of {id}");
            let report = context.transfer(&label, Counted::Files, download.start()).await?;
            let mut moved = Moved::default();
            moved.all(context, "down", "", &report)?;
            return moved.finish(context, "downloaded");
        }
        let task = client.task(&id).get().await?;
        for (name, value) in task.outputs() {
            show_output(context, &id, &name, &value)?;
        }
        Ok(())
    }
}

fn show_output(context: &Context, task: &str, output: &str, value: &TaskValue) -> Result<()> {
    let record = Record::new("output").with("task", task).with("output", output);
    match value {
        TaskValue::Null => Ok(()),
        TaskValue::List(values) => {
            values.iter().try_for_each(|value| show_output(context, task, output, value))
        }
        TaskValue::File(file) => {
            let name = file.name.clone().unwrap_or_default();
            let record = record.with("file", file.id.clone()).with("name", name.clone());
            context.out.row(&record, [output, &file.id, &name])
        }
        TaskValue::Folder(folder) => {
            let name = folder.name.clone().unwrap_or_default();
            let record = record.with("folder", folder.id.clone()).with("name", name.clone());
            context.out.row(&record, [output, &folder.id, &format!("{name}/")])
        }
        other => {
            let value = other.to_json();
            context.out.row(&record.with("value", value.clone()), [output, "", &value.to_string()])
        }
    }
}

async fn cost(context: &Context, tasks: &[String]) -> Result<()> {
    let costs = context.client()?.tasks().costs(ids(tasks)?).await?;
    for (id, price) in &costs.tasks {
        let amount = price.as_ref().and_then(|price| price.amount.as_ref()).and_then(types::Number::as_f64);
        let currency = price.as_ref().and_then(|price| price.currency.as_deref());
        let record = records::cost("task", amount, currency).with("task", id.clone());
        let shown = amount.map_or_else(|| "-".to_owned(), |amount| format!("{amount:.2}"));
        context.out.row(&record, [id, &shown, currency.unwrap_or_default()])?;
    }
    for (currency, amount) in &costs.totals {
        let record = records::cost("total", Some(*amount), Some(currency));
        context.out.row(&record, ["total", &format!("{amount:.2}"), currency])?;
    }
    Ok(())
}

/// The ids of tasks, from standard input where the only name is `-`.
fn ids(given: &[String]) -> Result<Vec<String>> {
    if given != ["-"] {
        return Ok(given.iter().map(|name| path::task(name)).collect());
    }
    let lines: Vec<String> =
        std::io::stdin().lines().collect::<Result<_, _>>().context("cannot read standard input")?;
    let ids: Vec<String> =
        lines.iter().map(|line| line.trim()).filter(|line| !line.is_empty()).map(path::task).collect();
    if ids.is_empty() { Err(usage("standard input names no task")) } else { Ok(ids) }
}
