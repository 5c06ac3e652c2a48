//! Tasks: runs of apps, one at a time or as a batch.

mod cost;
mod create;
mod edit;
mod handle;
mod input_types;
mod list;
mod report;
mod run;
mod settings;
mod setup;
mod state;
mod table;
mod value;

use sbg_raw::ClientBulkExt as _;

use crate::client::Client;
use crate::error::Result;
use crate::ids::{AppId, Given, IntoId, ProjectId, check_uuid};
use crate::projects::ProjectHandle;
use crate::request::bulk::{bulk, checked_ids, in_place};
use crate::request::query::Query;
use crate::request::wait::Wait;
use crate::request::wait_many;
use crate::types;

pub use cost::{Rerun, TaskCosts};
pub use create::TaskCreate;
pub use edit::{TaskEdit, TaskInputsEdit};
pub use handle::TaskHandle;
pub use input_types::{InputKind, InputType};
pub use list::TaskList;
pub use report::{TaskExt, TaskJobExt, TaskProblem};
pub use run::{TaskClone, TaskInputs, TaskRun};
pub use settings::{ExecutionSettings, OutputLocation};
pub use table::{TableReport, TableRowReport, TableTask, TaskTable, TasksFromTable};
pub use value::{TaskFile, TaskFolder, TaskInput, TaskOutput, TaskValue};

/// Name of a task's id in errors.
const TASK_ID: &str = "task id";

impl Client {
    /// The tasks that the caller can see.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let running = client.tasks().query().status(sbg::types::TaskListStatus::Running).all().await?;
    /// println!("{} tasks run", running.len());
    /// # Ok(())
    /// # }
    /// ```
    pub fn tasks(&self) -> Tasks {
        Tasks { client: self.clone() }
    }

    /// A task, by id.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let task = client.task("3f1b7c6e-1b7c-4f0e-9a57-0e3b6c2a9d11").get().await?;
    /// println!("{:?} is {:?}", task.name, task.status);
    /// # Ok(())
    /// # }
    /// ```
    pub fn task(&self, id: impl Into<String>) -> TaskHandle {
        TaskHandle { client: self.clone(), id: id.into() }
    }
}

/// The tasks that the caller can see.
///
/// ```no_run
/// # async fn example(client: sbg::Client, ids: Vec<String>) -> sbg::Result<()> {
/// let tasks = client.tasks();
/// let drafts = tasks.query().status(sbg::types::TaskListStatus::Draft).all().await?;
/// let done = tasks.wait_all(ids).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Tasks {
    client: Client,
}

impl Tasks {
    /// The tasks, with basic fields only; [`fields`](Query::fields) selects others. [`TaskHandle::children`] lists the children of a
    /// batch task.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// use sbg::types::{TaskListStatus, TaskOrder, TaskOrderBy};
    ///
    /// let yesterday = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(24);
    /// let query = client.tasks().query().status(TaskListStatus::Failed).ended_from(yesterday);
    /// let mut failed = query.order_by(TaskOrderBy::EndTime, TaskOrder::Desc).items();
    /// while let Some(task) = failed.try_next().await? {
    ///     println!("{} {:?}", task.id, task.name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn query(&self) -> Query<TaskList> {
        Query::new(self.client.clone(), TaskList::default())
    }

    /// Creates a task of an app in a project, as a draft unless [run](TaskCreate::run) is set. Set its inputs and the optional fields,
    /// then `.await`.
    ///
    /// The task is created even if its inputs are invalid. It then stays a draft, and [`errors`](TaskExt::errors) lists the reasons.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// use sbg::tasks::TaskExt as _;
    ///
    /// let project = "rfranklin/fibre-diffraction";
    /// let reads = client.files().query().project(project).metadata("sample_id", "S1").all().await?;
    /// let task = client
    ///     .tasks()
    ///     .create("rfranklin/fibre-diffraction/helix-angle", project)
    ///     .name("Helix angle of S1")
    ///     .input("reads", reads)
    ///     .input("threshold", 3)
    ///     .run(true)
    ///     .await?;
    /// for problem in task.errors() {
    ///     eprintln!("{problem}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn create(&self, app: impl IntoId<AppId>, project: impl IntoId<ProjectId>) -> TaskCreate {
        TaskCreate::new(self.client.clone(), app.into_id(), project.into_id())
    }

    /// Gets any number of tasks, 100 per call. Returns a result for each id, in the same order.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, ids: Vec<String>) -> sbg::Result<()> {
    /// for task in client.tasks().bulk_get(ids).await? {
    ///     match task {
    ///         Ok(task) => println!("{} {:?}", task.id, task.status),
    ///         Err(error) => eprintln!("{error}"),
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: no ids or an invalid one. Later failures are in the result of each task.
    pub async fn bulk_get<I: Into<String>>(
        &self,
        ids: impl IntoIterator<Item = I>,
    ) -> Result<Vec<Result<types::Task>>> {
        get_all(self.client.clone(), checked_ids(check_uuid, TASK_ID, ids)?).await
    }

    /// Waits until all of these tasks have ended: completed, failed or aborted. Polls them 100 per call, and only those that have not
    /// ended yet.
    ///
    /// Returns a result for each id, in the same order. A task that cannot be fetched has its error there, and so has a draft with
    /// errors, which would never run; the others are still waited for.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, ids: Vec<String>) -> sbg::Result<()> {
    /// let day = std::time::Duration::from_secs(24 * 60 * 60);
    /// for task in client.tasks().wait_all(ids).timeout(day).await? {
    ///     let task = task?;
    ///     println!("{} {:?}", task.id, task.status);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn wait_all<I: Into<String>>(
        &self,
        ids: impl IntoIterator<Item = I>,
    ) -> Wait<Vec<Result<types::Task>>> {
        let client = self.client.clone();
        wait_many::all("the tasks", checked_ids(check_uuid, TASK_ID, ids), move |ids| {
            get_all(client.clone(), ids)
        })
    }
}

async fn get_all(client: Client, task_ids: Vec<String>) -> Result<Vec<Result<types::Task>>> {
    let ids = task_ids.clone();
    let found = bulk!(client, task_ids, bulk_task_get, BulkTaskGet { task_ids }).await?;
    Ok(in_place(&ids, found, |task| &task.id))
}

impl ProjectHandle {
    /// The tasks of the project.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let project = client.project("rfranklin/fibre-diffraction");
    /// for task in project.tasks().query().all().await? {
    ///     println!("{} {:?}", task.id, task.name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn tasks(&self) -> ProjectTasks {
        ProjectTasks { tasks: self.files().client().tasks(), id: self.files().id().clone() }
    }
}

/// The tasks of a project.
///
/// ```
/// # fn example(client: sbg::Client) -> sbg::Result<()> {
/// let tasks = client.project("rfranklin/fibre-diffraction").tasks();
/// let task = tasks.create("rfranklin/fibre-diffraction/helix-angle").name("Helix angle of S1");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct ProjectTasks {
    tasks: Tasks,
    id: Given<ProjectId>,
}

impl ProjectTasks {
    /// The tasks of the project, with basic fields only; [`fields`](Query::fields) selects others.
    ///
    /// ```no_run
    /// # async fn example(project: sbg::projects::ProjectHandle) -> sbg::Result<()> {
    /// use sbg::types::TaskListStatus;
    ///
    /// let mut failed = project.tasks().query().status(TaskListStatus::Failed).items();
    /// while let Some(task) = failed.try_next().await? {
    ///     println!("{} {:?}", task.id, task.name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn query(&self) -> Query<TaskList> {
        self.tasks.query().project(&self.id)
    }

    /// Creates a task of an app in the project, like [`Tasks::create`].
    ///
    /// ```no_run
    /// # async fn example(project: sbg::projects::ProjectHandle) -> sbg::Result<()> {
    /// use sbg::tasks::TaskValue;
    ///
    /// let draft = project.tasks().create("rfranklin/fibre-diffraction/helix-angle").name("Helix angle of S1");
    /// let task = draft.input("reads", TaskValue::file("567890abc9b0307bc0414164")).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn create(&self, app: impl IntoId<AppId>) -> TaskCreate {
        self.tasks.create(app, &self.id)
    }
}
