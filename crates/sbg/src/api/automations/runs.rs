//! The runs of automations.

use jiff::{RoundMode, Timestamp, TimestampRound, Unit};
use sbg_raw::ClientAutomationsExt as _;
use serde_json::{Map, Value};

use super::checked_id;
use super::setup::{check_memory, check_object, memory_setter, secret_setter};
use crate::call::{awaitable, body_setters, fetch_page, refuse_fields, set};
use crate::client::Client;
use crate::error::{Error, Result};
use crate::files::FileHandle;
use crate::ids::{Given, IntoId, ProjectId, check_given, check_segment};
use crate::page::{Fetched, List, PageRequest, Query};
use crate::raw::Secret;
use crate::types::{self, AutomationRunStatus};
use crate::wait::{self, Job, State, Wait};

impl Client {
    /// The runs of automations.
    pub fn automation_runs(&self) -> AutomationRuns {
        AutomationRuns { client: self.clone() }
    }

    /// A run of an automation, by id.
    pub fn automation_run(&self, id: impl Into<String>) -> AutomationRunHandle {
        AutomationRunHandle { client: self.clone(), id: id.into() }
    }
}

/// The runs of automations.
#[derive(Clone, Debug)]
pub struct AutomationRuns {
    client: Client,
}

impl AutomationRuns {
    /// The runs of all automations that the caller may see.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// use jiff::{Timestamp, ToSpan};
    /// use sbg::types::{AutomationRunOrder, AutomationRunStatus};
    ///
    /// let runs = client.automation_runs().query().status(AutomationRunStatus::Failed);
    /// let runs = runs.created_from(Timestamp::now() - 24.hours()).order_by("created_on", AutomationRunOrder::Desc);
    /// for run in runs.send().await? {
    ///     println!("{} {:?}", run.id, run.message);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn query(&self) -> Query<AutomationRunList> {
        Query::new(self.client.clone(), AutomationRunList::default())
    }

    /// Starts a run of a code package: set its inputs and what else is to be said, then `.await`. The billing group of the automation
    /// pays.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, package_id: String) -> sbg::Result<()> {
    /// let inputs = serde_json::json!({"x": 1, "y": 2, "z": 3});
    /// let run = client.automation_runs().create(package_id).name("Patterns of May").inputs(inputs).await?;
    /// let run = client.automation_run(run.id).wait().await?;
    /// println!("{:?} {:?}", run.status, run.outputs);
    /// # Ok(())
    /// # }
    /// ```
    pub fn create(&self, package_id: impl Into<String>) -> AutomationRunCreate {
        let body = types::AutomationRunCreate {
            package: package_id.into(),
            // The one client that makes this call always sends inputs.
            inputs: Some(Map::new().into()),
            memory_limit: None,
            name: None,
            resume_from: None,
            secret_settings: None,
            settings: None,
        };
        AutomationRunCreate { client: self.client.clone(), body }
    }
}

/// The list of the runs of automations.
#[derive(Clone, Debug, Default)]
pub struct AutomationRunList {
    automation: Option<String>,
    package: Option<String>,
    name: Option<String>,
    status: Option<AutomationRunStatus>,
    created_by: Option<String>,
    created_from: Option<Timestamp>,
    created_to: Option<Timestamp>,
    project: Option<Given<ProjectId>>,
    order: Option<(String, types::AutomationRunOrder)>,
}

impl Query<AutomationRunList> {
    /// Only runs of this automation, by id.
    pub fn automation(mut self, id: impl Into<String>) -> Self {
        self.list.automation = Some(id.into());
        self
    }

    /// Only runs of this code package, by id.
    pub fn package(mut self, id: impl Into<String>) -> Self {
        self.list.package = Some(id.into());
        self
    }

    /// Only runs of this name.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.list.name = Some(name.into());
        self
    }

    /// Only runs in this state.
    pub fn status(mut self, status: AutomationRunStatus) -> Self {
        self.list.status = Some(status);
        self
    }

    /// Only runs that this user created.
    pub fn created_by(mut self, username: impl Into<String>) -> Self {
        self.list.created_by = Some(username.into());
        self
    }

    /// Only runs that were created after this time.
    pub fn created_from(mut self, time: Timestamp) -> Self {
        self.list.created_from = Some(time);
        self
    }

    /// Only runs that were created before this time.
    pub fn created_to(mut self, time: Timestamp) -> Self {
        self.list.created_to = Some(time);
        self
    }

    /// Only runs in this project, `owner/project`, of automations that belong to projects.
    pub fn project(mut self, id: impl IntoId<ProjectId>) -> Self {
        self.list.project = Some(id.into_id());
        self
    }

    /// Sorts the runs by a property, such as `created_on`.
    pub fn order_by(mut self, property: impl Into<String>, order: types::AutomationRunOrder) -> Self {
        self.list.order = Some((property.into(), order));
        self
    }
}

impl List for AutomationRunList {
    type Item = types::AutomationRun;

    fn check(&self) -> Result<()> {
        self.automation.as_deref().map_or(Ok(""), checked_id)?;
        check_given(self.project.as_ref())?;
        if let Some(package) = &self.package {
            check_segment("package id", package)?;
        }
        if let (Some(from), Some(to)) = (self.created_from, self.created_to)
            && from > to
        {
            return Err(Error::invalid(format!("no run was created from {from} to {to}: swap the times")));
        }
        Ok(())
    }

    async fn fetch(self, client: Client, at: PageRequest) -> Result<Fetched<types::AutomationRun>> {
        refuse_fields(&at, "runs of automations")?;
        let from = self.created_from.map(|time| whole_seconds(time, RoundMode::Floor));
        let to = self.created_to.map(|time| whole_seconds(time, RoundMode::Ceil));
        let (order_by, order) = self.order.unzip();
        let status = self.status.map(|status| status.as_str().to_owned());
        let call = client.raw().automation_run_list().offset(at.offset_param());
        let call = set!(call, automation_id = self.automation, package_id = self.package, name = self.name);
        let call =
            set!(call, status = status, created_by = self.created_by, project_id = self.project.transpose()?);
        let call = set!(call, created_from = from, created_to = to);
        fetch_page!(set!(call, order_by = order_by, order = order, limit = at.limit_param()))
    }
}

/// A time as the platform writes it, without fractions of a second: rounded so that nothing of the period is left out.
fn whole_seconds(time: Timestamp, mode: RoundMode) -> types::Timestamp {
    let seconds = TimestampRound::new().smallest(Unit::Second).mode(mode);
    time.round(seconds).unwrap_or(time).into()
}

/// A run to start.
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct AutomationRunCreate {
    client: Client,
    body: types::AutomationRunCreate,
}

impl AutomationRunCreate {
    body_setters! {
        /// Name to display.
        name(name: String);
        /// Inputs of the run, a JSON object.
        inputs(inputs: Value);
        /// Settings of the run in the place of those of the automation, a JSON object.
        settings(settings: Value);
        /// Identifier of an earlier run to go on from.
        resume_from(resume_from: String);
    }

    memory_setter!();

    secret_setter! {
        /// Secret settings in the place of those of the automation, a JSON object.
    }

    /// Sends the call. The same as `.await`. Each call starts a run of its own.
    ///
    /// # Errors
    ///
    /// A malformed id, inputs or settings that are no object, or a memory limit of 0, before anything is sent; or whatever the call
    /// brings.
    pub async fn send(self) -> Result<types::AutomationRun> {
        check_segment("package id", &self.body.package)?;
        let secret_settings = self.body.secret_settings.as_ref().map(Secret::expose);
        check_options(
            [self.body.inputs.as_ref(), self.body.settings.as_ref(), secret_settings],
            self.body.resume_from.as_deref(),
            self.body.memory_limit,
        )?;
        Ok(self.client.raw().automation_run_create().body(self.body).send().await?.into_inner())
    }
}

awaitable!(AutomationRunCreate => types::AutomationRun);

fn check_options(
    [inputs, settings, secret_settings]: [Option<&Value>; 3],
    resume_from: Option<&str>,
    memory_limit: Option<i64>,
) -> Result<()> {
    check_object("inputs", inputs)?;
    check_object("settings", settings)?;
    check_object("secret settings", secret_settings)?;
    if let Some(run) = resume_from {
        check_segment("run id", run)?;
    }
    check_memory(memory_limit)
}

/// A run of an automation, by id. Makes no request until it is told to.
#[derive(Clone, Debug)]
pub struct AutomationRunHandle {
    client: Client,
    id: String,
}

impl AutomationRunHandle {
    /// The id of the run.
    pub fn id(&self) -> &str {
        &self.id
    }

    fn checked(&self) -> Result<&str> {
        Ok(check_segment("run id", &self.id)?)
    }

    /// Gets the run.
    ///
    /// # Errors
    ///
    /// A malformed id, before anything is sent; or whatever the call brings.
    pub async fn get(&self) -> Result<types::AutomationRun> {
        Ok(self.client.raw().automation_run_get().run_id(self.checked()?).send().await?.into_inner())
    }

    /// Changes the run: set the fields to change, then `.await`. What is not set stays as it is.
    pub fn edit(&self) -> AutomationRunEdit {
        AutomationRunEdit { run: self.clone(), body: types::AutomationRunEdit::default() }
    }

    /// Starts a new run after the model of this one: set what is to differ, then `.await`.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, id: String) -> sbg::Result<()> {
    /// let again = client.automation_run(id).rerun().inputs(serde_json::json!({"y": 3})).await?;
    /// println!("{}", again.id);
    /// # Ok(())
    /// # }
    /// ```
    pub fn rerun(&self) -> AutomationRunRerun {
        let body = types::AutomationRunRerun { merge: Some(true), ..types::AutomationRunRerun::default() };
        AutomationRunRerun { run: self.clone(), body }
    }

    /// Asks the platform to end the run. [`wait`](Self::wait) tells when it has ended.
    ///
    /// # Errors
    ///
    /// A malformed id, before anything is sent; or whatever the call brings.
    pub async fn stop(&self) -> Result<()> {
        self.client.raw().automation_run_stop().run_id(self.checked()?).send().await?;
        Ok(())
    }

    /// Waits until the run has ended: finished, failed or aborted, which its `status` tells.
    pub fn wait(&self) -> Wait<types::AutomationRun> {
        let handle = self.clone();
        wait::one(format!("run `{}`", self.id), move || {
            let handle = handle.clone();
            async move { handle.get().await }
        })
    }

    /// The file with what the run has printed, to be read or downloaded; `None` as long as there is none. Gets the run first.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, id: String) -> sbg::Result<()> {
    /// if let Some(log) = client.automation_run(id).log_file().await? {
    ///     log.download("automation.log").await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// A malformed id, before anything is sent; or whatever the call brings.
    pub async fn log_file(&self) -> Result<Option<FileHandle>> {
        let log = self.get().await?.execution_details.and_then(|details| details.log_file);
        Ok(log.map(|file| self.client.file(file.id)))
    }

    /// Gets the state file of the run, whatever JSON the run keeps there.
    ///
    /// # Errors
    ///
    /// A malformed id, before anything is sent; or whatever the call brings.
    pub async fn state(&self) -> Result<Value> {
        Ok(self.client.raw().automation_run_state().run_id(self.checked()?).send().await?.into_inner().0)
    }
}

impl Job for types::AutomationRun {
    fn state(&self) -> State {
        use AutomationRunStatus::{Aborted, Failed, Finished};

        let status = self.status.as_ref();
        let over = matches!(status, Some(Finished | Failed | Aborted));
        State::named(status.map(AutomationRunStatus::as_str), over)
    }
}

/// A change of a run.
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct AutomationRunEdit {
    run: AutomationRunHandle,
    body: types::AutomationRunEdit,
}

impl AutomationRunEdit {
    body_setters! {
        /// New name to display.
        name(name: String);
        /// Inputs of the run, a JSON object.
        inputs(inputs: Value);
        /// Settings of the run, a JSON object.
        settings(settings: Value);
    }

    memory_setter!();

    /// Sends the call. The same as `.await`.
    ///
    /// # Errors
    ///
    /// A change of nothing, inputs or settings that are no object, a memory limit of 0 or a malformed id, before anything is sent; or
    /// whatever the call brings.
    pub async fn send(self) -> Result<types::AutomationRun> {
        if self.body == types::AutomationRunEdit::default() {
            return Err(Error::invalid("the edit of the run changes nothing"));
        }
        let objects = [self.body.inputs.as_ref(), self.body.settings.as_ref(), None];
        check_options(objects, None, self.body.memory_limit)?;
        let call = self.run.client.raw().automation_run_edit().run_id(self.run.checked()?);
        Ok(call.body(self.body).send().await?.into_inner())
    }
}

awaitable!(AutomationRunEdit => types::AutomationRun);

/// A run to start after the model of an earlier one.
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct AutomationRunRerun {
    run: AutomationRunHandle,
    body: types::AutomationRunRerun,
}

impl AutomationRunRerun {
    body_setters! {
        /// Whether to lay inputs and settings over those of the earlier run, rather than to take them alone. `true` when it is not set.
        merge(merge: bool);
        /// Identifier of the code package to run; that of the earlier run when it is not set.
        package(package: String);
        /// Name to display.
        name(name: String);
        /// Inputs of the run, a JSON object.
        inputs(inputs: Value);
        /// Settings of the run, a JSON object.
        settings(settings: Value);
        /// Identifier of an earlier run to go on from.
        resume_from(resume_from: String);
    }

    secret_setter! {
        /// Secret settings in the place of those of the automation, a JSON object.
    }

    /// Sends the call. The same as `.await`. Each call starts a run of its own.
    ///
    /// # Errors
    ///
    /// A malformed id, or inputs or settings that are no object, before anything is sent; or whatever the call brings.
    pub async fn send(self) -> Result<types::AutomationRun> {
        if let Some(package) = &self.body.package {
            check_segment("package id", package)?;
        }
        let secret_settings = self.body.secret_settings.as_ref().map(Secret::expose);
        check_options(
            [self.body.inputs.as_ref(), self.body.settings.as_ref(), secret_settings],
            self.body.resume_from.as_deref(),
            None,
        )?;
        let call = self.run.client.raw().automation_run_rerun().run_id(self.run.checked()?);
        Ok(call.body(self.body).send().await?.into_inner())
    }
}

awaitable!(AutomationRunRerun => types::AutomationRun);

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn periods_are_in_whole_seconds() {
        let time: Timestamp = "2024-05-02T10:00:00.4+02:00".parse().unwrap();
        assert_eq!(whole_seconds(time, RoundMode::Floor).as_str(), "2024-05-02T08:00:00Z");
        assert_eq!(whole_seconds(time, RoundMode::Ceil).as_str(), "2024-05-02T08:00:01Z");
    }

    #[test]
    fn a_run_is_over_when_it_finished_failed_or_was_aborted() {
        let check = |status: Value, name: &str, over: bool| {
            let run: types::AutomationRun =
                serde_json::from_value(json!({ "id": "r", "status": status })).unwrap();
            assert_eq!(run.state(), State { name: name.to_owned(), over });
        };
        check(json!("FINISHED"), "FINISHED", true);
        check(json!("FAILED"), "FAILED", true);
        check(json!("ABORTED"), "ABORTED", true);
        check(json!("QUEUED_FOR_TERMINATION"), "QUEUED_FOR_TERMINATION", false);
        check(json!("PAUSED"), "PAUSED", false);
        check(Value::Null, "unknown", false);
    }
}
