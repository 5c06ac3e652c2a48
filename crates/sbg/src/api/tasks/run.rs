//! Running and cloning a task, and its inputs.

use std::collections::BTreeMap;

use sbg_raw::ClientTasksExt as _;

use super::{TASK_ID, TaskExt as _, TaskHandle, TaskInput, TaskInputsEdit, value};
use crate::error::{Error, Result};
use crate::ids::check_uuid;
use crate::request::call::{Get, awaitable, set};
use crate::request::fields::Fields;
use crate::types;

/// A task to start.
///
/// ```no_run
/// # async fn example(task: sbg::tasks::TaskHandle) -> sbg::Result<()> {
/// let run = task.run().without_batch().interruptible(false);
/// println!("{:?}", run.await?.status);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct TaskRun {
    pub(super) task: TaskHandle,
    pub(super) batch: Option<bool>,
    pub(super) interruptible: Option<bool>,
}

impl TaskRun {
    /// Runs a batch task as a single task.
    ///
    /// ```
    /// # fn example(task: sbg::tasks::TaskHandle) {
    /// let run = task.run().without_batch();
    /// # }
    /// ```
    pub fn without_batch(mut self) -> Self {
        self.batch = Some(false);
        self
    }

    /// Whether to use interruptible (spot) instances. Default: the task's setting.
    ///
    /// ```
    /// # fn example(task: sbg::tasks::TaskHandle) {
    /// let run = task.run().interruptible(true);
    /// # }
    /// ```
    pub fn interruptible(mut self, interruptible: bool) -> Self {
        self.interruptible = Some(interruptible);
        self
    }

    /// Sends the call. The same as `.await`.
    ///
    /// ```no_run
    /// # async fn example(task: sbg::tasks::TaskHandle) -> sbg::Result<()> {
    /// match task.run().send().await {
    ///     Err(error) if error.code() == Some(7010) => println!("it has been started already"),
    ///     started => println!("{:?}", started?.status),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: an invalid id. Otherwise the error of the call (code 7010 for a task that is not a draft). Code 7024
    /// says only that the task has errors, so they are added to the error's [details](crate::Error::details), under `errors`, and to
    /// its hint.
    pub async fn send(self) -> Result<types::Task> {
        let call = self.task.client.raw().task_run().task_id(self.task.checked()?);
        let call = set!(call, batch = self.batch, use_interruptible_instances = self.interruptible);
        match call.send().await.map_err(Error::from) {
            Err(error) if error.code() == Some(VALIDATION_ERRORS) => {
                Err(self.task.with_its_errors(error).await)
            }
            sent => Ok(sent?.into_inner()),
        }
    }
}

/// The code for a task that cannot start because of errors, which only the task itself lists.
const VALIDATION_ERRORS: i32 = 7024;

impl TaskHandle {
    /// Adds the errors of the task to `error`. If the task cannot be fetched, `error` stays unchanged.
    async fn with_its_errors(&self, error: Error) -> Error {
        let Ok(task) = self.get().fields(Fields::only(["id", "errors"])).send().await else { return error };
        let problems = task.errors();
        if problems.is_empty() {
            return error;
        }
        let words: Vec<String> = problems.iter().map(ToString::to_string).collect();
        let errors = problems.into_iter().map(|problem| problem.json).collect();
        error.with_detail("errors", errors).with_hint(format!("errors of the task: {}", words.join("; ")))
    }
}

awaitable!(TaskRun => types::Task, task.client);

/// A task to clone.
///
/// ```no_run
/// # async fn example(task: sbg::tasks::TaskHandle) -> sbg::Result<()> {
/// let again = task.clone_task().await?;
/// println!("{} runs as {}", task.id(), again.id);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct TaskClone {
    pub(super) task: TaskHandle,
    pub(super) run: bool,
}

impl TaskClone {
    /// Whether to run the new task at once, which costs money. Default: `true`; `false` creates a draft to change.
    ///
    /// ```
    /// # fn example(task: sbg::tasks::TaskHandle) {
    /// let draft = task.clone_task().run(false);
    /// # }
    /// ```
    pub fn run(mut self, run: bool) -> Self {
        self.run = run;
        self
    }

    /// Sends the call. The same as `.await`.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, task: sbg::tasks::TaskHandle) -> sbg::Result<()> {
    /// let again = task.clone_task().send().await?;
    /// client.task(again.id).wait().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: an invalid id. Otherwise the error of the call.
    pub async fn send(self) -> Result<types::Task> {
        let call = self.task.client.raw().task_clone().task_id(self.task.checked()?);
        Ok(set!(call, action = action(self.run)).send().await?.into_inner())
    }
}

awaitable!(TaskClone => types::Task, task.client);

/// The query parameter that starts a new task.
pub(super) fn action(run: bool) -> Option<types::TaskAction> {
    run.then_some(types::TaskAction::Run)
}

/// The inputs of a task. Creating it makes no request.
///
/// ```no_run
/// # async fn example(task: sbg::tasks::TaskHandle) -> sbg::Result<()> {
/// let inputs = task.inputs().get().await?;
/// println!("{} inputs, reads: {:?}", inputs.len(), inputs.get("reads"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct TaskInputs {
    pub(super) task: TaskHandle,
}

impl TaskInputs {
    /// Gets the inputs by id.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, task: sbg::tasks::TaskHandle) -> sbg::Result<()> {
    /// let inputs = task.inputs().get().await?;
    /// client.tasks().create("rfranklin/demo/helix-angle", "rfranklin/demo").inputs(inputs).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn get(&self) -> Get<BTreeMap<String, TaskInput>> {
        let TaskHandle { client, id } = self.task.clone();
        Get::new(&client, &[], move |client, fields| async move {
            check_uuid(TASK_ID, &id)?;
            let call = client.raw().task_inputs_get().task_id(id);
            Ok(value::values_from_json(&set!(call, fields = fields).send().await?.into_inner()))
        })
    }

    /// Changes inputs of a draft: set them, then `.await`. Inputs not set stay unchanged.
    ///
    /// ```no_run
    /// # async fn example(task: sbg::tasks::TaskHandle) -> sbg::Result<()> {
    /// let inputs = task.inputs().edit().input("threshold", 5).unset("regions").await?;
    /// assert_eq!(inputs["threshold"], 5.into());
    /// # Ok(())
    /// # }
    /// ```
    pub fn edit(&self) -> TaskInputsEdit {
        TaskInputsEdit::new(self.task.clone())
    }
}
