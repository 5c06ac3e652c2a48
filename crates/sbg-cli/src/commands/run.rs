//! `run`: starts tasks, from options, a file of inputs or a sheet.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use clap::Args;
use futures::{StreamExt as _, stream};
use sbg::tasks::{ExecutionSettings, InputType, TableTask, TaskCreate, TaskExt as _, TaskInput, TaskTable};
use sbg::types::{self, TaskStatus};
use sbg::{AppId, Client, ProjectId};
use serde_json::{Map, Value};

use super::apps;
use super::inputs::{self, Inputs, Lookup};
use crate::context::Context;
use crate::exit::{self, explain, usage};
use crate::failures::Failures;
use crate::path;
use crate::records;
use crate::units::parse_pair;

/// Start a task, or one for each row of a sheet
///
/// The types of the app decide what a value means: for a file it is a path, an id or a URL. Everything is checked before the first task is
/// created.
#[derive(Args, Debug)]
pub(crate) struct Run {
    /// `owner/project/app`, with `/revision` for an earlier one
    #[arg(value_parser = path::app)]
    app: AppId,
    /// Input; repeat it for a list
    #[arg(short, long, value_name = "KEY=VALUE", value_parser = parse_pair)]
    input: Vec<(String, String)>,
    /// File with inputs in JSON or YAML; `-` reads standard input
    #[arg(long, value_name = "FILE")]
    inputs: Option<PathBuf>,
    /// CSV or TSV file with one task a row: a column for each input, and `name`; `;` separates the values of a list
    #[arg(long, value_name = "FILE", conflicts_with = "name")]
    sheet: Option<PathBuf>,
    /// Name of the task
    #[arg(long)]
    name: Option<String>,
    /// Project to run in; that of the app by default
    #[arg(long, value_parser = path::project)]
    project: Option<ProjectId>,
    /// Create drafts, and run nothing
    #[arg(long, conflicts_with_all = ["wait", "at_once"])]
    draft: bool,
    /// Wait until all tasks have ended
    #[arg(long)]
    wait: bool,
    /// Run at most this many tasks at once, and wait for all
    #[arg(long, value_name = "TASKS", value_parser = clap::value_parser!(u16).range(1..))]
    at_once: Option<u16>,
    /// Instance type
    #[arg(long, value_name = "TYPE")]
    instance: Option<String>,
    /// Use interruptible instances, or not
    #[arg(long, value_name = "YES")]
    interruptible: Option<bool>,
}

/// Tasks that are created at once.
const CREATED_AT_ONCE: usize = 8;

impl Run {
    pub(crate) async fn run(self, context: &Context) -> Result<()> {
        let client = context.client()?;
        let project = self.project.clone().unwrap_or_else(|| self.app.project_id());
        let creates = match &self.sheet {
            Some(sheet) => self.rows(client, &project, sheet).await?,
            None => vec![(0, self.single(client, &project).await?)],
        };
        let creates = creates.into_iter().map(|(line, task)| (line, self.set(task)));
        self.start(context, client, creates.collect()).await
    }

    /// The task of the options.
    async fn single(&self, client: &Client, project: &ProjectId) -> Result<TaskCreate> {
        let (inputs, values) = self.values(client).await?;
        if let [first, ..] = inputs::missing(&inputs, &values)[..]
            && !self.draft
        {
            return Err(usage(format!("the app needs the input `{first}`: set it with `-i {first}=VALUE`")));
        }
        let task = client.tasks().create(&self.app, project).run(!self.draft);
        let task = task.inputs(found(client, &inputs, &values).await?);
        Ok(if let Some(name) = &self.name { task.name(name) } else { task })
    }

    /// The tasks of a sheet, with the line of each. All of it is checked before the first one is created.
    async fn rows(
        &self,
        client: &Client,
        project: &ProjectId,
        sheet: &Path,
    ) -> Result<Vec<(u64, TaskCreate)>> {
        let cannot = || format!("cannot use the sheet `{}`", sheet.display());
        let table = if sheet == Path::new("-") {
            TaskTable::parse(std::io::stdin().lock())
        } else {
            TaskTable::read(sheet)
        };
        let table = table.with_context(cannot)?;
        if table.is_empty() {
            return Err(usage("it has no rows")).with_context(cannot);
        }
        let mut tasks = client.project(project).tasks().create_from(&self.app, table).full_paths(true);
        if self.inputs.is_some() || !self.input.is_empty() {
            let (inputs, values) = self.values(client).await?;
            tasks = tasks.inputs(found(client, &inputs, &values).await?);
        }
        let rows = tasks.run(!self.draft).prepare().await.with_context(cannot)?;
        let checked = |row: TableTask| {
            let task = row.task.with_context(|| format!("{}: line {}", cannot(), row.line))?;
            Ok((row.line, task))
        };
        rows.into_iter().map(checked).collect()
    }

    /// The inputs of the app, and the values of the options.
    async fn values(&self, client: &Client) -> Result<(Inputs, Map<String, Value>)> {
        let cwl = client.app(&self.app).raw().await.with_context(|| format!("cannot use `{}`", self.app))?;
        let inputs = InputType::of_app(&cwl);
        let values = self.given(&inputs).map_err(|error| usage(format!("{error:#}")))?;
        Ok((inputs, values))
    }

    fn given(&self, inputs: &Inputs) -> Result<Map<String, Value>> {
        let mut values = match &self.inputs {
            None => Map::new(),
            Some(file) => {
                let text = apps::read(file)?;
                let parsed = sbg_yaml::parse(&text)
                    .map_err(|error| anyhow!("`{}` is neither JSON nor YAML: {error}", file.display()))?;
                let Value::Object(values) = parsed else { return Err(anyhow!("the inputs must be a map")) };
                if let Some(odd) = values.keys().find(|id| !inputs.contains_key(*id)) {
                    return Err(inputs::unknown(inputs, odd));
                }
                values
            }
        };
        values.extend(inputs::from_pairs(inputs, &self.input)?);
        Ok(values)
    }

    fn set(&self, task: TaskCreate) -> TaskCreate {
        let task = match &self.instance {
            Some(instance) => task.execution_settings(ExecutionSettings::new().instance_type(instance)),
            None => task,
        };
        if let Some(interruptible) = self.interruptible { task.interruptible(interruptible) } else { task }
    }

    /// Creates the tasks, and waits for them if requested. Each is reported as soon as its state is known.
    async fn start(&self, context: &Context, client: &Client, creates: Vec<(u64, TaskCreate)>) -> Result<()> {
        let waits = self.wait || self.at_once.is_some();
        context.when_stopped(
            "tasks that were started continue: `sbg tasks ls` lists them, and `sbg tasks abort` ends them",
        );
        let at_once =
            self.at_once.map_or(if waits { creates.len().min(100) } else { CREATED_AT_ONCE }, usize::from);
        let mut tasks = stream::iter(creates).map(|(line, create)| async move {
            let result = task(client, create, waits, at_once).await;
            (line, result)
        });
        let mut tasks = std::pin::pin!(tasks.by_ref().buffer_unordered(at_once.max(1)));
        let mut failures = Failures::default();
        while let Some((line, result)) = tasks.next().await {
            let result = result.and_then(|task| show(context, &task, waits));
            failures.count(&result);
            let Err(error) = result else { continue };
            let row = if line > 0 { format!("line {line}: ") } else { String::new() };
            if self.sheet.is_none() {
                return Err(error);
            }
            context.screen.warn(&format!("{row}{}", explain(&error).0));
            if exit::code(&error) == exit::REFUSED {
                // The next ones would be refused, too.
                return Err(error.context(format!("{row}no more tasks are started")));
            }
        }
        failures.into_result()
    }
}

/// The values with files and folders in place of their names.
async fn found(
    client: &Client,
    inputs: &Inputs,
    values: &Map<String, Value>,
) -> Result<Vec<(String, TaskInput)>> {
    let mut lookup = Lookup::default();
    lookup.find(client, inputs, [values]).await?;
    Ok(lookup.inputs(inputs, values))
}

async fn task(client: &Client, create: TaskCreate, waits: bool, at_once: usize) -> Result<types::Task> {
    let task = create.await.context("cannot start the task")?;
    if !waits {
        return Ok(task);
    }
    // Many tasks are polled less often, so that they leave something of the rate limit.
    let interval = Duration::from_secs(30.max(at_once as u64));
    Ok(client.task(&task.id).wait().max_poll_interval(interval).await?)
}

/// Prints a task; fails if it has failed.
pub(super) fn show(context: &Context, task: &types::Task, ended: bool) -> Result<()> {
    let record = records::task(task);
    context.out.now(&record, [&task.id, record.text("status"), record.text("name")])?;
    match &task.status {
        Some(TaskStatus::Completed) => Ok(()),
        Some(status) if ended => {
            let why = task.failure().map(|why| format!(": {why}")).unwrap_or_default();
            Err(anyhow!("the task {} is {status}{why}", task.id))
        }
        _ if !task.errors().is_empty() => {
            let errors: Vec<String> = task.errors().iter().map(ToString::to_string).collect();
            Err(anyhow!("the task {} stays a draft: {}", task.id, errors.join("; ")))
        }
        _ => Ok(()),
    }
}
