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
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let mut runs = client.automation_runs().query().created_by("rfranklin").items();
    /// while let Some(run) = runs.try_next().await? {
    ///     println!("{} {:?}", run.id, run.status);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn automation_runs(&self) -> AutomationRuns {
        AutomationRuns { client: self.clone() }
    }

    /// A run of an automation, by id.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let run = client.automation_run("1c0ffee1-patterns").get().await?;
    /// println!("{:?} {:?}", run.status, run.message);
    /// # Ok(())
    /// # }
    /// ```
    pub fn automation_run(&self, id: impl Into<String>) -> AutomationRunHandle {
        AutomationRunHandle { client: self.clone(), id: id.into() }
    }
}

/// The runs of automations.
///
/// ```no_run
/// # async fn example(client: sbg::Client, package_id: String) -> sbg::Result<()> {
/// let runs = client.automation_runs();
/// let started = runs.create(package_id).name("Patterns of May").await?;
/// let all = runs.query().name("Patterns of May").send().await?;
/// # Ok(())
/// # }
/// ```
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
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let query: sbg::Query<sbg::automations::AutomationRunList> = client.automation_runs().query();
/// println!("{:?} runs", query.limit(1).send().await?.total);
/// # Ok(())
/// # }
/// ```
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
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let query = client.automation_runs().query().automation("5f3d2c1b-indexing");
    /// # }
    /// ```
    pub fn automation(mut self, id: impl Into<String>) -> Self {
        self.list.automation = Some(id.into());
        self
    }

    /// Only runs of this code package, by id.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let query = client.automation_runs().query().package("7a6b5c4d-indexing");
    /// # }
    /// ```
    pub fn package(mut self, id: impl Into<String>) -> Self {
        self.list.package = Some(id.into());
        self
    }

    /// Only runs of this name.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let query = client.automation_runs().query().name("Patterns of May");
    /// # }
    /// ```
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.list.name = Some(name.into());
        self
    }

    /// Only runs in this state.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let query = client.automation_runs().query().status(sbg::types::AutomationRunStatus::Running);
    /// # }
    /// ```
    pub fn status(mut self, status: AutomationRunStatus) -> Self {
        self.list.status = Some(status);
        self
    }

    /// Only runs that this user created.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let query = client.automation_runs().query().created_by("rfranklin");
    /// # }
    /// ```
    pub fn created_by(mut self, username: impl Into<String>) -> Self {
        self.list.created_by = Some(username.into());
        self
    }

    /// Only runs that were created after this time.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// use jiff::{Timestamp, ToSpan};
    ///
    /// let query = client.automation_runs().query().created_from(Timestamp::now() - 24.hours());
    /// # }
    /// ```
    pub fn created_from(mut self, time: Timestamp) -> Self {
        self.list.created_from = Some(time);
        self
    }

    /// Only runs that were created before this time.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let (from, to) = ("2024-05-01T00:00:00Z".parse().unwrap(), "2024-06-01T00:00:00Z".parse().unwrap());
    /// let query = client.automation_runs().query().created_from(from).created_to(to);
    /// # }
    /// ```
    pub fn created_to(mut self, time: Timestamp) -> Self {
        self.list.created_to = Some(time);
        self
    }

    /// Only runs in this project, `owner/project`, of automations that belong to projects.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let query = client.automation_runs().query().project("rfranklin/fibre-diffraction");
    /// # }
    /// ```
    pub fn project(mut self, id: impl IntoId<ProjectId>) -> Self {
        self.list.project = Some(id.into_id());
        self
    }

    /// Sorts the runs by a property, such as `created_on`.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// use sbg::types::AutomationRunOrder;
    ///
    /// let query = client.automation_runs().query().order_by("created_on", AutomationRunOrder::Desc);
    /// # }
    /// ```
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
///
/// ```no_run
/// # async fn example(client: sbg::Client, package_id: String) -> sbg::Result<()> {
/// let create = client.automation_runs().create(package_id).name("Patterns of May");
/// let run = create.inputs(serde_json::json!({"project": "rfranklin/fibre-diffraction"})).await?;
/// println!("{} {:?}", run.id, run.status);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct AutomationRunCreate {
    client: Client,
    body: types::AutomationRunCreate,
}

impl AutomationRunCreate {
    body_setters! {
        /// Name to display.
        ///
        /// ```
        /// # fn example(client: sbg::Client, package_id: String) {
        /// let create = client.automation_runs().create(package_id).name("Patterns of May");
        /// # }
        /// ```
        name(name: String);
        /// Inputs of the run, a JSON object.
        ///
        /// ```
        /// # fn example(client: sbg::Client, package_id: String) {
        /// let inputs = serde_json::json!({"project": "rfranklin/fibre-diffraction"});
        /// let create = client.automation_runs().create(package_id).inputs(inputs);
        /// # }
        /// ```
        inputs(inputs: Value);
        /// Settings of the run in the place of those of the automation, a JSON object.
        ///
        /// ```
        /// # fn example(client: sbg::Client, package_id: String) {
        /// let create = client.automation_runs().create(package_id).settings(serde_json::json!({"batch_size": 20}));
        /// # }
        /// ```
        settings(settings: Value);
        /// Identifier of an earlier run to go on from.
        ///
        /// ```
        /// # fn example(client: sbg::Client, package_id: String, failed: sbg::types::AutomationRun) {
        /// let create = client.automation_runs().create(package_id).resume_from(failed.id);
        /// # }
        /// ```
        resume_from(resume_from: String);
    }

    memory_setter! {
        /// ```
        /// # fn example(client: sbg::Client, package_id: String) {
        /// let create = client.automation_runs().create(package_id).memory_limit(4000);
        /// # }
        /// ```
    }

    secret_setter! {
        /// Secret settings in the place of those of the automation, a JSON object.
        ///
        /// ```
        /// # fn example(client: sbg::Client, package_id: String, token: String) {
        /// let create = client.automation_runs().create(package_id);
        /// let create = create.secret_settings(serde_json::json!({"token": token}));
        /// # }
        /// ```
    }

    /// Sends the call. The same as `.await`. Each call starts a run of its own.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, package_id: String) -> sbg::Result<()> {
    /// let run = client.automation_runs().create(package_id).send().await?;
    /// let run = client.automation_run(run.id).wait().await?;
    /// # Ok(())
    /// # }
    /// ```
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
///
/// ```no_run
/// # async fn example(client: sbg::Client, id: String) -> sbg::Result<()> {
/// let run = client.automation_run(id);
/// if run.wait().await?.status == Some(sbg::types::AutomationRunStatus::Failed) {
///     run.rerun().await?;
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct AutomationRunHandle {
    client: Client,
    id: String,
}

impl AutomationRunHandle {
    /// The id of the run.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// assert_eq!(client.automation_run("1c0ffee1-patterns").id(), "1c0ffee1-patterns");
    /// # }
    /// ```
    pub fn id(&self) -> &str {
        &self.id
    }

    fn checked(&self) -> Result<&str> {
        Ok(check_segment("run id", &self.id)?)
    }

    /// Gets the run.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, id: String) -> sbg::Result<()> {
    /// let run = client.automation_run(id).get().await?;
    /// println!("{:?} {:?}", run.status, run.outputs);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// A malformed id, before anything is sent; or whatever the call brings.
    pub async fn get(&self) -> Result<types::AutomationRun> {
        Ok(self.client.raw().automation_run_get().run_id(self.checked()?).send().await?.into_inner())
    }

    /// Changes the run: set the fields to change, then `.await`. What is not set stays as it is.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, id: String) -> sbg::Result<()> {
    /// client.automation_run(id).edit().name("Patterns of May and June").await?;
    /// # Ok(())
    /// # }
    /// ```
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
    /// ```no_run
    /// # async fn example(client: sbg::Client, id: String) -> sbg::Result<()> {
    /// let run = client.automation_run(id);
    /// run.stop().await?;
    /// println!("{:?}", run.wait().await?.status);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// A malformed id, before anything is sent; or whatever the call brings.
    pub async fn stop(&self) -> Result<()> {
        self.client.raw().automation_run_stop().run_id(self.checked()?).send().await?;
        Ok(())
    }

    /// Waits until the run has ended: finished, failed or aborted, which its `status` tells.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, id: String) -> sbg::Result<()> {
    /// let hour = std::time::Duration::from_secs(60 * 60);
    /// let run = client.automation_run(id).wait().timeout(hour).await?;
    /// println!("{:?} {:?}", run.status, run.message);
    /// # Ok(())
    /// # }
    /// ```
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
    /// ```no_run
    /// # async fn example(client: sbg::Client, id: String) -> sbg::Result<()> {
    /// let state = client.automation_run(id).state().await?;
    /// println!("{state:#}");
    /// # Ok(())
    /// # }
    /// ```
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
///
/// ```no_run
/// # async fn example(client: sbg::Client, id: String) -> sbg::Result<()> {
/// let run = client.automation_run(id).edit().name("Patterns of May and June").memory_limit(4000).await?;
/// println!("{:?}", run.name);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct AutomationRunEdit {
    run: AutomationRunHandle,
    body: types::AutomationRunEdit,
}

impl AutomationRunEdit {
    body_setters! {
        /// New name to display.
        ///
        /// ```
        /// # fn example(run: sbg::automations::AutomationRunHandle) {
        /// let edit = run.edit().name("Patterns of May and June");
        /// # }
        /// ```
        name(name: String);
        /// Inputs of the run, a JSON object.
        ///
        /// ```
        /// # fn example(run: sbg::automations::AutomationRunHandle) {
        /// let edit = run.edit().inputs(serde_json::json!({"project": "rfranklin/b-form"}));
        /// # }
        /// ```
        inputs(inputs: Value);
        /// Settings of the run, a JSON object.
        ///
        /// ```
        /// # fn example(run: sbg::automations::AutomationRunHandle) {
        /// let edit = run.edit().settings(serde_json::json!({"batch_size": 10}));
        /// # }
        /// ```
        settings(settings: Value);
    }

    memory_setter! {
        /// ```
        /// # fn example(run: sbg::automations::AutomationRunHandle) {
        /// let edit = run.edit().memory_limit(4000);
        /// # }
        /// ```
    }

    /// Sends the call. The same as `.await`.
    ///
    /// ```no_run
    /// # async fn example(run: sbg::automations::AutomationRunHandle) -> sbg::Result<()> {
    /// let edited = run.edit().name("Patterns of May and June").send().await?;
    /// assert_eq!(edited.name.as_deref(), Some("Patterns of May and June"));
    /// # Ok(())
    /// # }
    /// ```
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
///
/// ```no_run
/// # async fn example(run: sbg::automations::AutomationRunHandle) -> sbg::Result<()> {
/// let again = run.rerun().name("Patterns of May, again").inputs(serde_json::json!({"threshold": 5})).await?;
/// println!("{} {:?}", again.id, again.inputs);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct AutomationRunRerun {
    run: AutomationRunHandle,
    body: types::AutomationRunRerun,
}

impl AutomationRunRerun {
    body_setters! {
        /// Whether to lay inputs and settings over those of the earlier run, rather than to take them alone. `true` when it is not set.
        ///
        /// ```
        /// # fn example(run: sbg::automations::AutomationRunHandle) {
        /// let all = serde_json::json!({"project": "rfranklin/b-form", "threshold": 5});
        /// let again = run.rerun().inputs(all).merge(false);
        /// # }
        /// ```
        merge(merge: bool);
        /// Identifier of the code package to run; that of the earlier run when it is not set.
        ///
        /// ```
        /// # fn example(run: sbg::automations::AutomationRunHandle, newer: sbg::types::AutomationPackage) {
        /// let again = run.rerun().package(newer.id);
        /// # }
        /// ```
        package(package: String);
        /// Name to display.
        ///
        /// ```
        /// # fn example(run: sbg::automations::AutomationRunHandle) {
        /// let again = run.rerun().name("Patterns of May, again");
        /// # }
        /// ```
        name(name: String);
        /// Inputs of the run, a JSON object.
        ///
        /// ```
        /// # fn example(run: sbg::automations::AutomationRunHandle) {
        /// let again = run.rerun().inputs(serde_json::json!({"threshold": 5}));
        /// # }
        /// ```
        inputs(inputs: Value);
        /// Settings of the run, a JSON object.
        ///
        /// ```
        /// # fn example(run: sbg::automations::AutomationRunHandle) {
        /// let again = run.rerun().settings(serde_json::json!({"batch_size": 10}));
        /// # }
        /// ```
        settings(settings: Value);
        /// Identifier of an earlier run to go on from.
        ///
        /// ```
        /// # fn example(run: sbg::automations::AutomationRunHandle) {
        /// let again = run.rerun().resume_from(run.id());
        /// # }
        /// ```
        resume_from(resume_from: String);
    }

    secret_setter! {
        /// Secret settings in the place of those of the automation, a JSON object.
        ///
        /// ```
        /// # fn example(run: sbg::automations::AutomationRunHandle, token: String) {
        /// let again = run.rerun().secret_settings(serde_json::json!({"token": token}));
        /// # }
        /// ```
    }

    /// Sends the call. The same as `.await`. Each call starts a run of its own.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, run: sbg::automations::AutomationRunHandle) -> sbg::Result<()> {
    /// let again = run.rerun().send().await?;
    /// println!("{:?}", client.automation_run(again.id).wait().await?.status);
    /// # Ok(())
    /// # }
    /// ```
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
