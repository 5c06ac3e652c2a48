//! One automation.

use sbg_raw::ClientAutomationsExt as _;

use super::{AutomationEdit, AutomationPackages, AutomationRunList};
use crate::client::Client;
use crate::error::Result;
use crate::ids::check_segment;
use crate::members::Members;
use crate::raw::types as bodies;
use crate::request::call::Get;
use crate::request::query::Query;
use crate::types;

/// An automation, by id. Creating it makes no request.
///
/// ```no_run
/// # async fn example(client: sbg::Client, id: String) -> sbg::Result<()> {
/// let automation = client.automation(id);
/// for package in automation.packages().query().all().await? {
///     println!("{} {:?}", package.id, package.version);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct AutomationHandle {
    pub(crate) client: Client,
    pub(super) id: String,
}

impl AutomationHandle {
    /// The id of the automation.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// assert_eq!(client.automation("5f3d2c1b-indexing").id(), "5f3d2c1b-indexing");
    /// # }
    /// ```
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn checked(&self) -> Result<&str> {
        checked_id(&self.id)
    }

    /// Gets the automation.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, id: String) -> sbg::Result<()> {
    /// let automation = client.automation(id).get().await?;
    /// println!("{:?} of {:?}: {:?}", automation.name, automation.owner, automation.description);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn get(&self) -> Get<types::Automation> {
        let id = self.id.clone();
        Get::whole(&self.client, "automations", move |client| async move {
            let call = client.raw().automation_get().automation_id(checked_id(&id)?);
            Ok(call.send().await?.into_inner())
        })
    }

    /// Changes the automation: set the fields to change, then `.await`. Fields not set stay unchanged.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, id: String) -> sbg::Result<()> {
    /// client.automation(id).edit().name("Index all patterns").memory_limit(4000).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn edit(&self) -> AutomationEdit {
        AutomationEdit { automation: self.clone(), body: bodies::AutomationEdit::default() }
    }

    /// Archives the automation. Lists leave it out unless they ask for archived ones.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, id: String) -> sbg::Result<()> {
    /// let automation = client.automation(id).archive().await?;
    /// assert_eq!(automation.archived, Some(true));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: an invalid id. Otherwise the error of the call.
    pub async fn archive(&self) -> Result<types::Automation> {
        let call = self.client.raw().automation_archive().automation_id(self.checked()?);
        Ok(call.send().await?.into_inner())
    }

    /// Restores the archived automation.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// for automation in client.automations().query().include_archived(true).name("Index new patterns").all().await? {
    ///     client.automation(automation.id).restore().await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: an invalid id. Otherwise the error of the call.
    pub async fn restore(&self) -> Result<types::Automation> {
        let call = self.client.raw().automation_restore().automation_id(self.checked()?);
        Ok(call.send().await?.into_inner())
    }

    /// The members of the automation.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, id: String) -> sbg::Result<()> {
    /// for member in client.automation(id).members().query().all().await? {
    ///     println!("{:?} {:?}", member.username, member.permissions);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn members(&self) -> Members<Self> {
        Members::new(self.clone())
    }

    /// The code packages of the automation.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, id: String) -> sbg::Result<()> {
    /// let mut packages = client.automation(id).packages().query().items();
    /// while let Some(package) = packages.try_next().await? {
    ///     println!("{} {:?}", package.id, package.version);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn packages(&self) -> AutomationPackages {
        AutomationPackages::new(self.client.clone(), self.id.clone())
    }

    /// The runs of the automation.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, id: String) -> sbg::Result<()> {
    /// let runs = client.automation(id).runs().name("Patterns of May").all().await?;
    /// println!("{} runs", runs.len());
    /// # Ok(())
    /// # }
    /// ```
    pub fn runs(&self) -> Query<AutomationRunList> {
        self.client.automation_runs().query().automation(&self.id)
    }
}

pub(super) fn checked_id(id: &str) -> Result<&str> {
    Ok(check_segment("automation id", id)?)
}
