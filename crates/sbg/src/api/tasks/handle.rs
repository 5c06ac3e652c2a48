//! One task.

use sbg_raw::ClientTasksExt as _;

use super::{TASK_ID, TaskClone, TaskEdit, TaskInputs, TaskList, TaskRun};
use crate::client::Client;
use crate::error::Result;
use crate::ids::check_uuid;
use crate::request::call::{Get, set};
use crate::request::list::List as _;
use crate::request::query::Query;
use crate::request::wait;
use crate::request::wait::Wait;
use crate::types;

/// A task, by id. Creating it makes no request.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let task = client.task("3f1b7c6e-1b7c-4f0e-9a57-0e3b6c2a9d11");
/// task.run().await?;
/// let done = task.wait().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct TaskHandle {
    pub(crate) client: Client,
    pub(super) id: String,
}

impl TaskHandle {
    /// The id.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let task = client.task("3f1b7c6e-1b7c-4f0e-9a57-0e3b6c2a9d11");
    /// assert_eq!(task.id(), "3f1b7c6e-1b7c-4f0e-9a57-0e3b6c2a9d11");
    /// # }
    /// ```
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn checked(&self) -> Result<&str> {
        Ok(check_uuid(TASK_ID, &self.id)?)
    }

    /// Gets the task with its inputs and outputs, status and cost.
    ///
    /// ```no_run
    /// # async fn example(task: sbg::tasks::TaskHandle) -> sbg::Result<()> {
    /// use sbg::tasks::TaskExt as _;
    ///
    /// use sbg::Fields;
    ///
    /// let whole = task.get().await?;
    /// println!("{:?} {:?}", whole.status, whole.price());
    /// let short = task.get().fields(Fields::only(["status", "price"])).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn get(&self) -> Get<types::Task> {
        let Self { client, id } = self.clone();
        Get::new(&client, TaskList::IDENTITY, move |client, fields| async move {
            check_uuid(TASK_ID, &id)?;
            Ok(set!(client.raw().task_get().task_id(id), fields = fields).send().await?.into_inner())
        })
    }

    /// Changes the task: set the fields to change, then `.await`. Fields not set stay unchanged. Every field of a draft can change;
    /// other tasks can only be renamed.
    ///
    /// ```no_run
    /// # async fn example(task: sbg::tasks::TaskHandle) -> sbg::Result<()> {
    /// task.edit().name("Helix angle, second try").input("threshold", 5).unset_input("regions").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn edit(&self) -> TaskEdit {
        TaskEdit::new(self.clone())
    }

    /// Deletes the task. Cannot be undone; its output files stay.
    ///
    /// ```no_run
    /// # async fn example(task: sbg::tasks::TaskHandle) -> sbg::Result<()> {
    /// if task.get().await?.status == Some(sbg::types::TaskStatus::Draft) {
    ///     task.delete().await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: an invalid id. Otherwise the error of the call.
    pub async fn delete(&self) -> Result<()> {
        self.client.raw().task_delete().task_id(self.checked()?).send().await?;
        Ok(())
    }

    /// Starts the task, which must be a draft. Running costs money.
    ///
    /// ```no_run
    /// # async fn example(task: sbg::tasks::TaskHandle) -> sbg::Result<()> {
    /// task.run().interruptible(true).await?;
    /// let done = task.wait().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn run(&self) -> TaskRun {
        TaskRun { task: self.clone(), batch: None, interruptible: None }
    }

    /// Aborts a task that is being created, queued or running. Computing until then is charged.
    ///
    /// ```no_run
    /// # async fn example(task: sbg::tasks::TaskHandle) -> sbg::Result<()> {
    /// match task.abort().await {
    ///     Err(error) if error.code() == Some(7011) => println!("it is over already"),
    ///     aborted => println!("{:?}", aborted?.status),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: an invalid id. Otherwise the error of the call (code 7011 for a task in another state).
    pub async fn abort(&self) -> Result<types::Task> {
        Ok(self.client.raw().task_abort().task_id(self.checked()?).send().await?.into_inner())
    }

    /// Creates a task with the app, inputs and settings of this one, and **runs it at once** unless [`TaskClone::run`] says otherwise.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, task: sbg::tasks::TaskHandle) -> sbg::Result<()> {
    /// let draft = client.task(task.clone_task().run(false).await?.id);
    /// draft.edit().input("threshold", 5).await?;
    /// draft.run().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn clone_task(&self) -> TaskClone {
        TaskClone { task: self.clone(), run: true }
    }

    /// The inputs of the task, without the rest of it.
    ///
    /// ```no_run
    /// # async fn example(task: sbg::tasks::TaskHandle) -> sbg::Result<()> {
    /// for (input, value) in task.inputs().get().await? {
    ///     println!("{input}: {}", value.to_json());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn inputs(&self) -> TaskInputs {
        TaskInputs { task: self.clone() }
    }

    /// Gets the jobs of the task, each with its command line, instance and logs; see [`log_files`](crate::tasks::TaskJobExt::log_files).
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, task: sbg::tasks::TaskHandle) -> sbg::Result<()> {
    /// use sbg::tasks::TaskJobExt as _;
    ///
    /// let details = task.execution_details().await?;
    /// for job in details.jobs.iter().flatten() {
    ///     for (name, file_id) in job.log_files() {
    ///         client.file(file_id).download(name).await?;
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn execution_details(&self) -> Get<types::TaskExecutionDetails> {
        let Self { client, id } = self.clone();
        Get::new(&client, &[], move |client, fields| async move {
            check_uuid(TASK_ID, &id)?;
            let call = client.raw().task_execution_details().task_id(id);
            Ok(set!(call, fields = fields).send().await?.into_inner())
        })
    }

    /// The children of this batch task.
    ///
    /// ```no_run
    /// # async fn example(task: sbg::tasks::TaskHandle) -> sbg::Result<()> {
    /// let mut children = task.children().fields(sbg::Fields::all()).items();
    /// while let Some(child) = children.try_next().await? {
    ///     println!("{:?} {:?}", child.batch_group, child.status);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn children(&self) -> Query<TaskList> {
        self.client.tasks().query().parent(&self.id)
    }

    /// Waits until the task has ended: completed, failed or aborted, as its `status` says.
    ///
    /// Waiting for a draft with errors fails, since it would never run. A draft without errors is waited for, so set a
    /// [timeout](Wait::timeout).
    ///
    /// ```no_run
    /// # async fn example(task: sbg::tasks::TaskHandle) -> sbg::Result<()> {
    /// use sbg::tasks::TaskExt as _;
    ///
    /// let hours = |count: u64| std::time::Duration::from_secs(count * 60 * 60);
    /// let report = |task: &sbg::types::Task| println!("{:?}", task.status);
    /// let done = task.wait().timeout(hours(6)).on_change(report).await?;
    /// for file in done.output_files() {
    ///     println!("{} {:?}", file.id, file.name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn wait(&self) -> Wait<types::Task> {
        let task = self.clone();
        wait::one(format!("task `{}`", self.id), move || task.get().send())
    }
}
