//! Changes of tasks and of their inputs.

use std::collections::BTreeMap;

use sbg_raw::ClientTasksExt as _;

use super::setup::{check_batch, check_task_name, checked_inputs, setup_setters};
use super::value::values_from_json;
use super::{ExecutionSettings, OutputLocation, TaskHandle, TaskInput, TaskValue};
use crate::error::{Error, Result};
use crate::ids::{AppId, Given, IntoId, ProjectId};
use crate::raw::Nullable;
use crate::raw::types as bodies;
use crate::request::call::{awaitable, body_clearers, body_setters};
use crate::types;

/// A change of a task.
///
/// ```no_run
/// # async fn example(task: sbg::tasks::TaskHandle) -> sbg::Result<()> {
/// use sbg::tasks::TaskExt as _;
///
/// let draft = task.edit().name("Helix angle, second try").input("threshold", 5).await?;
/// println!("{:?}", draft.errors());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct TaskEdit {
    task: TaskHandle,
    app: Option<Given<AppId>>,
    project: Option<Given<ProjectId>>,
    /// Everything but the ids, the inputs, the settings and the location, which are added on sending.
    body: bodies::TaskEdit,
    inputs: BTreeMap<String, TaskValue>,
    settings: Option<ExecutionSettings>,
    location: Option<OutputLocation>,
}

impl TaskEdit {
    pub(super) fn new(task: TaskHandle) -> Self {
        Self {
            task,
            app: None,
            project: None,
            body: bodies::TaskEdit::default(),
            inputs: BTreeMap::new(),
            settings: None,
            location: None,
        }
    }

    body_setters! {
        /// New name.
        ///
        /// ```
        /// # fn example(task: sbg::tasks::TaskHandle) {
        /// let edit = task.edit().name("Helix angle, second try");
        /// # }
        /// ```
        name(name: String);
    }

    setup_setters!("task.edit()");

    body_clearers! {
        /// Removes the description.
        ///
        /// ```
        /// # fn example(task: sbg::tasks::TaskHandle) {
        /// let edit = task.edit().clear_description();
        /// # }
        /// ```
        clear_description(description);
    }

    /// Removes the value of an input.
    ///
    /// ```
    /// # fn example(task: sbg::tasks::TaskHandle) {
    /// let edit = task.edit().unset_input("regions");
    /// # }
    /// ```
    pub fn unset_input(self, input: impl Into<String>) -> Self {
        self.input(input, TaskValue::Null)
    }

    /// Makes it a single task, and clears its batch input and criteria.
    ///
    /// ```
    /// # fn example(task: sbg::tasks::TaskHandle) {
    /// let edit = task.edit().without_batch().input("reads", sbg::tasks::TaskValue::file("567890abc9b0307bc0414164"));
    /// # }
    /// ```
    pub fn without_batch(mut self) -> Self {
        self.body.batch = Some(false);
        self.body.batch_input = Nullable::Null;
        self.body.batch_by = Nullable::Null;
        self
    }

    /// Where to put the outputs. The provider's contract does not have this for existing tasks, but the official Python client sends
    /// it: check the response.
    ///
    /// ```no_run
    /// # async fn example(task: sbg::tasks::TaskHandle) -> sbg::Result<()> {
    /// use sbg::tasks::OutputLocation;
    ///
    /// let draft = task.edit().output_location(OutputLocation::new("/Analysis/run-2")).await?;
    /// println!("{:?}", draft.output_location);
    /// # Ok(())
    /// # }
    /// ```
    pub fn output_location(mut self, location: OutputLocation) -> Self {
        self.location = Some(location);
        self
    }

    /// Another app to run, `owner/project/app`, or another revision of it, `owner/project/app/revision`.
    ///
    /// ```
    /// # fn example(task: sbg::tasks::TaskHandle) {
    /// let edit = task.edit().app("rfranklin/fibre-diffraction/helix-angle/4");
    /// # }
    /// ```
    pub fn app(mut self, id: impl IntoId<AppId>) -> Self {
        self.app = Some(id.into_id());
        self
    }

    /// Another project to run in, `owner/project`.
    ///
    /// ```
    /// # fn example(task: sbg::tasks::TaskHandle) {
    /// let edit = task.edit().project("rfranklin/b-form");
    /// # }
    /// ```
    pub fn project(mut self, id: impl IntoId<ProjectId>) -> Self {
        self.project = Some(id.into_id());
        self
    }

    /// Sends the call. The same as `.await`.
    ///
    /// ```no_run
    /// # async fn example(task: sbg::tasks::TaskHandle) -> sbg::Result<()> {
    /// match task.edit().input("threshold", 5).send().await {
    ///     Err(error) if error.code() == Some(7026) => println!("it has been started already"),
    ///     edited => println!("{:?}", edited?.inputs),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: an empty change, an empty name, an invalid id, an empty batch, or invalid settings. Otherwise the
    /// error of the call (code 7026 for a task that is not a draft).
    pub async fn send(self) -> Result<types::Task> {
        let Self { task, app, project, mut body, inputs, settings, location } = self;
        body.app = app.transpose()?.map(String::from);
        body.project = project.transpose()?.map(String::from);
        body.inputs = checked_inputs(&inputs)?;
        body.execution_settings = settings.map(ExecutionSettings::checked).transpose()?;
        body.output_location = location.map(OutputLocation::checked).transpose()?;
        if body == bodies::TaskEdit::default() {
            return Err(Error::invalid("the edit of the task changes nothing: set at least one field"));
        }
        check_task_name(body.name.as_deref())?;
        check_batch(body.batch_input.value().map(String::as_str), body.batch_by.value())?;
        let call = task.client.raw().task_edit().task_id(task.checked()?);
        Ok(call.body(body).send().await?.into_inner())
    }
}

awaitable!(TaskEdit => types::Task, task.client);

/// A change of the inputs of a draft.
///
/// ```no_run
/// # async fn example(task: sbg::tasks::TaskHandle, reads: Vec<sbg::types::File>) -> sbg::Result<()> {
/// let inputs = task.inputs().edit().input("reads", reads).input("threshold", 5).await?;
/// println!("{:?}", inputs.keys());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct TaskInputsEdit {
    task: TaskHandle,
    inputs: BTreeMap<String, TaskValue>,
}

impl TaskInputsEdit {
    pub(super) fn new(task: TaskHandle) -> Self {
        Self { task, inputs: BTreeMap::new() }
    }

    /// Sets an input, as [`TaskEdit::input`] does.
    ///
    /// ```
    /// # fn example(task: sbg::tasks::TaskHandle) {
    /// let edit = task.inputs().edit().input("regions", ["chr1", "chr2"]);
    /// # }
    /// ```
    pub fn input(mut self, input: impl Into<String>, value: impl Into<TaskInput>) -> Self {
        self.inputs.insert(input.into(), value.into());
        self
    }

    /// Removes the value of an input.
    ///
    /// ```
    /// # fn example(task: sbg::tasks::TaskHandle) {
    /// let edit = task.inputs().edit().unset("regions");
    /// # }
    /// ```
    pub fn unset(self, input: impl Into<String>) -> Self {
        self.input(input, TaskValue::Null)
    }

    /// Sends the call and returns all inputs after the change. The same as `.await`.
    ///
    /// ```no_run
    /// # async fn example(task: sbg::tasks::TaskHandle) -> sbg::Result<()> {
    /// let inputs = task.inputs().edit().input("threshold", 5).send().await?;
    /// assert_eq!(inputs["threshold"], 5.into());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: an empty change or an invalid id. Otherwise the error of the call.
    pub async fn send(self) -> Result<BTreeMap<String, TaskInput>> {
        if self.inputs.is_empty() {
            return Err(Error::invalid("the edit of the inputs changes nothing: set at least one input"));
        }
        let body = bodies::TaskInputsEdit(checked_inputs(&self.inputs)?);
        let call = self.task.client.raw().task_inputs_edit().task_id(self.task.checked()?);
        Ok(values_from_json(&call.body(body).send().await?.into_inner()))
    }
}

awaitable!(TaskInputsEdit => BTreeMap<String, TaskInput>, task.client);
