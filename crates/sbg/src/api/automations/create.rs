//! Creates automations.

use sbg_raw::ClientAutomationsExt as _;

use super::setup::{automation_setters, check_memory, check_object};
use crate::billing::check_billing_group;
use crate::client::Client;
use crate::error::{Error, Result};
use crate::raw::{Secret, types as bodies};
use crate::request::call::awaitable;
use crate::types;

pub(super) fn check_name(name: &str) -> Result<()> {
    if name.trim().is_empty() { Err(Error::invalid("an automation needs a name")) } else { Ok(()) }
}

/// An automation to create.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let automation = client.automations().create("Index new patterns").memory_limit(2000).await?;
/// println!("{} belongs to {:?}", automation.id, automation.owner);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct AutomationCreate {
    pub(super) client: Client,
    pub(super) body: bodies::AutomationCreate,
}

impl AutomationCreate {
    automation_setters!("client.automations().create(\"Index new patterns\")");

    /// Sends the call. The same as `.await`.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let automation = client.automations().create("Index new patterns").send().await?;
    /// let packages = client.automation(automation.id).packages();
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: an empty name, an invalid billing group, a memory limit of 0, or settings that are not an object.
    /// Otherwise the error of the call.
    pub async fn send(self) -> Result<types::Automation> {
        check_name(&self.body.name)?;
        check_billing_group(self.body.billing_group.as_deref())?;
        check_memory(self.body.memory_limit)?;
        check_object("secret settings", self.body.secret_settings.as_ref().map(Secret::expose))?;
        Ok(self.client.raw().automation_create().body(self.body).send().await?.into_inner())
    }
}

awaitable!(AutomationCreate => types::Automation, client);
