//! Changes of an automation.

use sbg_raw::ClientAutomationsExt as _;

use super::AutomationHandle;
use super::create::check_name;
use super::setup::{automation_setters, check_memory, check_object};
use crate::billing::check_billing_group;
use crate::error::{Error, Result};
use crate::raw::{Secret, types as bodies};
use crate::request::call::{awaitable, body_clearers, body_setters};
use crate::types;

/// A change of an automation.
///
/// ```no_run
/// # async fn example(automation: sbg::automations::AutomationHandle) -> sbg::Result<()> {
/// let edited = automation.edit().name("Index all patterns").memory_limit(4000).await?;
/// println!("{:?}", edited.modified_on);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct AutomationEdit {
    pub(super) automation: AutomationHandle,
    pub(super) body: bodies::AutomationEdit,
}

impl AutomationEdit {
    body_setters! {
        /// New display name.
        ///
        /// ```
        /// # fn example(automation: sbg::automations::AutomationHandle) {
        /// let edit = automation.edit().name("Index all patterns");
        /// # }
        /// ```
        name(name: String);
    }

    automation_setters!("automation.edit()");

    body_clearers! {
        /// Removes the description.
        ///
        /// ```
        /// # fn example(automation: sbg::automations::AutomationHandle) {
        /// let edit = automation.edit().clear_description();
        /// # }
        /// ```
        clear_description(description);
    }

    /// Sends the call. The same as `.await`.
    ///
    /// ```no_run
    /// # async fn example(automation: sbg::automations::AutomationHandle) -> sbg::Result<()> {
    /// let edited = automation.edit().name("Index all patterns").send().await?;
    /// assert_eq!(edited.name.as_deref(), Some("Index all patterns"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: an empty change, or a value that
    /// [`AutomationCreate::send`](crate::automations::AutomationCreate::send) refuses. Otherwise the error of the call.
    pub async fn send(self) -> Result<types::Automation> {
        if self.body == bodies::AutomationEdit::default() {
            return Err(Error::invalid("the edit of the automation changes nothing: set at least one field"));
        }
        self.body.name.as_deref().map_or(Ok(()), check_name)?;
        check_billing_group(self.body.billing_group.as_deref())?;
        check_memory(self.body.memory_limit)?;
        check_object("secret settings", self.body.secret_settings.as_ref().map(Secret::expose))?;
        let call = self.automation.client.raw().automation_edit().automation_id(self.automation.checked()?);
        Ok(call.body(self.body).send().await?.into_inner())
    }
}

awaitable!(AutomationEdit => types::Automation, automation.client);
