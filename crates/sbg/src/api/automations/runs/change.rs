//! Changes and reruns of a run.

use sbg_raw::ClientAutomationsExt as _;
use serde_json::Value;

use super::super::setup::{memory_setter, secret_setter};
use super::{AutomationRunHandle, check_options};
use crate::error::{Error, Result};
use crate::ids::check_segment;
use crate::raw::Secret;
use crate::raw::types as bodies;
use crate::request::call::{awaitable, body_setters};
use crate::types;

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
    pub(super) run: AutomationRunHandle,
    pub(super) body: bodies::AutomationRunEdit,
}

impl AutomationRunEdit {
    body_setters! {
        /// New display name.
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
    /// Refused before any request: an empty change, inputs or settings that are not an object, a memory limit of 0 or an invalid id.
    /// Otherwise the error of the call.
    pub async fn send(self) -> Result<types::AutomationRun> {
        if self.body == bodies::AutomationRunEdit::default() {
            return Err(Error::invalid("the edit of the run changes nothing: set at least one field"));
        }
        let objects = [self.body.inputs.as_ref(), self.body.settings.as_ref(), None];
        check_options(objects, None, self.body.memory_limit)?;
        let call = self.run.client.raw().automation_run_edit().run_id(self.run.checked()?);
        Ok(call.body(self.body).send().await?.into_inner())
    }
}

awaitable!(AutomationRunEdit => types::AutomationRun, run.client);

/// A run to start, based on an earlier one.
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
    pub(super) run: AutomationRunHandle,
    pub(super) body: bodies::AutomationRunRerun,
}

impl AutomationRunRerun {
    body_setters! {
        /// Whether to merge inputs and settings into those of the earlier run (`true`) or to use them alone (`false`). Default: `true`.
        ///
        /// ```
        /// # fn example(run: sbg::automations::AutomationRunHandle) {
        /// let all = serde_json::json!({"project": "rfranklin/b-form", "threshold": 5});
        /// let again = run.rerun().inputs(all).merge(false);
        /// # }
        /// ```
        merge(merge: bool);
        /// Id of the code package to run. Default: that of the earlier run.
        ///
        /// ```
        /// # fn example(run: sbg::automations::AutomationRunHandle, newer: sbg::types::AutomationPackage) {
        /// let again = run.rerun().package(newer.id);
        /// # }
        /// ```
        package(package: String);
        /// Display name.
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
        /// Id of an earlier run to resume.
        ///
        /// ```
        /// # fn example(run: sbg::automations::AutomationRunHandle) {
        /// let again = run.rerun().resume_from(run.id());
        /// # }
        /// ```
        resume_from(resume_from: String);
    }

    secret_setter! {
        /// Secret settings, replacing those of the automation, a JSON object.
        ///
        /// ```
        /// # fn example(run: sbg::automations::AutomationRunHandle, token: String) {
        /// let again = run.rerun().secret_settings(serde_json::json!({"token": token}));
        /// # }
        /// ```
    }

    /// Sends the call. The same as `.await`. Each call starts a new run.
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
    /// Refused before any request: an invalid id, or inputs or settings that are not an object. Otherwise the error of the call.
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

awaitable!(AutomationRunRerun => types::AutomationRun, run.client);
