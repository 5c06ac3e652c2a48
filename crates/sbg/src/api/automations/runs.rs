//! The runs of automations.

mod change;
mod list;

use sbg_raw::ClientAutomationsExt as _;
use serde_json::{Map, Value};

use super::setup::{check_memory, check_object, memory_setter, secret_setter};
use crate::client::Client;
use crate::error::Result;
use crate::files::FileHandle;
use crate::ids::check_segment;
use crate::raw::Secret;
use crate::raw::types as bodies;
use crate::request::call::{Get, awaitable, body_setters};
use crate::request::query::Query;
use crate::request::wait::{self, Job, State, Wait};
use crate::types::{self, AutomationRunStatus};

pub use change::{AutomationRunEdit, AutomationRunRerun};
pub use list::AutomationRunList;

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
/// let all = runs.query().name("Patterns of May").all().await?;
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
    /// for run in runs.all().await? {
    ///     println!("{} {:?}", run.id, run.message);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn query(&self) -> Query<AutomationRunList> {
        Query::new(self.client.clone(), AutomationRunList::default())
    }

    /// Starts a run of a code package: set its inputs and the optional fields, then `.await`. The automation's billing group pays.
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
        let body = bodies::AutomationRunCreate {
            package: package_id.into(),
            // The official client that makes this call always sends inputs.
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
    body: bodies::AutomationRunCreate,
}

impl AutomationRunCreate {
    body_setters! {
        /// Display name.
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
        /// Settings of the run, replacing those of the automation, a JSON object.
        ///
        /// ```
        /// # fn example(client: sbg::Client, package_id: String) {
        /// let create = client.automation_runs().create(package_id).settings(serde_json::json!({"batch_size": 20}));
        /// # }
        /// ```
        settings(settings: Value);
        /// Id of an earlier run to resume.
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
        /// Secret settings, replacing those of the automation, a JSON object.
        ///
        /// ```
        /// # fn example(client: sbg::Client, package_id: String, token: String) {
        /// let create = client.automation_runs().create(package_id);
        /// let create = create.secret_settings(serde_json::json!({"token": token}));
        /// # }
        /// ```
    }

    /// Sends the call. The same as `.await`. Each call starts a new run.
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
    /// Refused before any request: an invalid id, inputs or settings that are not an object, or a memory limit of 0. Otherwise the
    /// error of the call.
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

awaitable!(AutomationRunCreate => types::AutomationRun, client);

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

/// A run of an automation, by id. Creating it makes no request.
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
    #[inline]
    pub fn get(&self) -> Get<types::AutomationRun> {
        let id = self.id.clone();
        Get::whole(&self.client, "runs of automations", move |client| async move {
            let id = check_segment("run id", &id)?;
            Ok(client.raw().automation_run_get().run_id(id).send().await?.into_inner())
        })
    }

    /// Changes the run: set the fields to change, then `.await`. Fields not set stay unchanged.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, id: String) -> sbg::Result<()> {
    /// client.automation_run(id).edit().name("Patterns of May and June").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn edit(&self) -> AutomationRunEdit {
        AutomationRunEdit { run: self.clone(), body: bodies::AutomationRunEdit::default() }
    }

    /// Starts a new run based on this one: set what differs, then `.await`.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, id: String) -> sbg::Result<()> {
    /// let again = client.automation_run(id).rerun().inputs(serde_json::json!({"y": 3})).await?;
    /// println!("{}", again.id);
    /// # Ok(())
    /// # }
    /// ```
    pub fn rerun(&self) -> AutomationRunRerun {
        let body = bodies::AutomationRunRerun { merge: Some(true), ..bodies::AutomationRunRerun::default() };
        AutomationRunRerun { run: self.clone(), body }
    }

    /// Asks the platform to stop the run. [`wait`](Self::wait) waits until it has ended.
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
    /// Refused before any request: an invalid id. Otherwise the error of the call.
    pub async fn stop(&self) -> Result<()> {
        self.client.raw().automation_run_stop().run_id(self.checked()?).send().await?;
        Ok(())
    }

    /// Waits until the run has ended: finished, failed or aborted, as its `status` says.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, id: String) -> sbg::Result<()> {
    /// let hour = std::time::Duration::from_secs(60 * 60);
    /// let run = client.automation_run(id).wait().timeout(hour).await?;
    /// println!("{:?} {:?}", run.status, run.message);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn wait(&self) -> Wait<types::AutomationRun> {
        let handle = self.clone();
        wait::one(format!("run `{}`", self.id), move || handle.get().send())
    }

    /// The file with the output that the run has printed, to read or download; `None` if there is no output yet. Gets the run first.
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
    /// Refused before any request: an invalid id. Otherwise the error of the call.
    pub async fn log_file(&self) -> Result<Option<FileHandle>> {
        let log = self.get().await?.execution_details.and_then(|details| details.log_file);
        Ok(log.map(|file| self.client.file(file.id)))
    }

    /// Gets the state file of the run: any JSON that the run stores there.
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
    /// Refused before any request: an invalid id. Otherwise the error of the call.
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn run_is_over_in_final_states_only() {
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
