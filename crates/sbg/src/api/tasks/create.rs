//! Creation of tasks.

use std::collections::BTreeMap;

use sbg_raw::ClientTasksExt as _;

use super::run::action;
use super::setup::{check_batch, check_task_name, checked_inputs, setup_setters};
use super::{ExecutionSettings, OutputLocation, TaskValue};
use crate::client::Client;
use crate::error::{Error, Result};
use crate::ids::{AppId, Given, ProjectId};
use crate::raw::Nullable;
use crate::raw::types as bodies;
use crate::request::call::{awaitable, body_setters, set};
use crate::types;

/// A task to create.
///
/// ```no_run
/// # async fn example(project: sbg::projects::ProjectHandle, reads: sbg::types::File) -> sbg::Result<()> {
/// let draft = project.tasks().create("rfranklin/fibre-diffraction/helix-angle").input("reads", reads);
/// let task = draft.name("Helix angle of S1").run(true).await?;
/// println!("{} {:?}", task.id, task.status);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct TaskCreate {
    client: Client,
    app: Given<AppId>,
    project: Given<ProjectId>,
    /// Everything but the ids, the inputs, the settings and the location, which are added on sending.
    body: bodies::TaskCreate,
    inputs: BTreeMap<String, TaskValue>,
    settings: Option<ExecutionSettings>,
    location: Option<OutputLocation>,
    run: bool,
    batch: Option<bool>,
}

impl TaskCreate {
    pub(super) fn new(client: Client, app: Given<AppId>, project: Given<ProjectId>) -> Self {
        let body = bodies::TaskCreate {
            project: String::new(),
            app: String::new(),
            name: None,
            description: Nullable::Absent,
            inputs: serde_json::Map::new(),
            batch: None,
            batch_input: None,
            batch_by: None,
            use_interruptible_instances: None,
            execution_settings: None,
            output_location: None,
            main_location: None,
            main_location_alias: None,
            nodes_override: None,
            nodes_location: BTreeMap::new(),
        };
        Self {
            client,
            app,
            project,
            body,
            inputs: BTreeMap::new(),
            settings: None,
            location: None,
            run: false,
            batch: None,
        }
    }

    body_setters! {
        /// Name of the task. Default: chosen by the platform.
        ///
        /// ```
        /// # fn example(project: sbg::projects::ProjectHandle, app: sbg::AppId) {
        /// let draft = project.tasks().create(app).name("Helix angle of S1");
        /// # }
        /// ```
        name(name: String);
    }

    setup_setters!("project.tasks().create(app)");

    /// Makes it a batch task, divided as the app defines.
    ///
    /// ```
    /// # fn example(project: sbg::projects::ProjectHandle, app: sbg::AppId, reads: Vec<sbg::types::File>) {
    /// let batch = project.tasks().create(app).input("reads", reads).batch_by_default();
    /// # }
    /// ```
    pub fn batch_by_default(mut self) -> Self {
        self.body.batch = Some(true);
        self
    }

    /// Creates a single task even if the app or this request asks for a batch. Only with [`run`](Self::run).
    ///
    /// ```
    /// # fn example(project: sbg::projects::ProjectHandle, app: sbg::AppId) {
    /// let single = project.tasks().create(app).without_batch().run(true);
    /// # }
    /// ```
    pub fn without_batch(mut self) -> Self {
        self.batch = Some(false);
        self
    }

    /// Where to put the outputs. Default: the root of the project.
    ///
    /// ```
    /// # fn example(project: sbg::projects::ProjectHandle, app: sbg::AppId) {
    /// use sbg::tasks::OutputLocation;
    ///
    /// let draft = project.tasks().create(app).output_location(OutputLocation::new("/Analysis/run-1"));
    /// # }
    /// ```
    pub fn output_location(mut self, location: OutputLocation) -> Self {
        self.location = Some(location);
        self
    }

    /// Whether to run the task at once, which costs money. Otherwise it is a draft. With invalid inputs it stays a draft; see
    /// [`errors`](super::TaskExt::errors).
    ///
    /// ```no_run
    /// # async fn example(project: sbg::projects::ProjectHandle, app: sbg::AppId) -> sbg::Result<()> {
    /// use sbg::tasks::TaskExt as _;
    ///
    /// let task = project.tasks().create(app).input("threshold", 3).run(true).await?;
    /// if task.status == Some(sbg::types::TaskStatus::Draft) {
    ///     println!("did not start: {:?}", task.errors());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn run(mut self, run: bool) -> Self {
        self.run = run;
        self
    }

    /// Sends the call. The same as `.await`.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, project: sbg::projects::ProjectHandle) -> sbg::Result<()> {
    /// let task = project.tasks().create("rfranklin/fibre-diffraction/helix-angle").run(true).send().await?;
    /// let done = client.task(task.id).wait().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: an invalid id of the app, the project or an input, an empty name, an empty batch, or invalid
    /// settings. Otherwise the error of the call. Inputs that the app does not accept do not fail the call.
    pub async fn send(self) -> Result<types::Task> {
        let Self { client, app, project, mut body, inputs, settings, location, run, batch } = self;
        (body.app, body.project) = (app?.into(), project?.into());
        check_task_name(body.name.as_deref())?;
        check_batch(body.batch_input.as_deref(), body.batch_by.as_ref())?;
        if batch == Some(false) && !run {
            return Err(Error::invalid(
                "a batch can only be switched off when the task runs at once: set `run(true)`",
            ));
        }
        body.inputs = checked_inputs(&inputs)?;
        body.execution_settings = settings.map(ExecutionSettings::checked).transpose()?;
        body.output_location = location.map(OutputLocation::checked).transpose()?;
        let call = set!(client.raw().task_create(), action = action(run), batch = batch);
        Ok(call.body(body).send().await?.into_inner())
    }
}

awaitable!(TaskCreate => types::Task, client);
