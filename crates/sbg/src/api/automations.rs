//! Automations: programs that the platform runs for a user, with their members, code packages and runs.

mod members;
mod packages;
mod runs;
mod setup;

pub use packages::{
    AutomationPackageCreate, AutomationPackageEdit, AutomationPackageHandle, AutomationPackageList,
    AutomationPackages,
};
pub use runs::{
    AutomationRunCreate, AutomationRunEdit, AutomationRunHandle, AutomationRunList, AutomationRunRerun,
    AutomationRuns,
};

use self::setup::{automation_setters, check_memory, check_object};
use crate::billing::check_billing_group;
use crate::client::Client;
use crate::error::{Error, Result};
use crate::ids::check_segment;
use crate::members::Members;
use crate::raw::Secret;
use crate::raw::types as bodies;
use crate::request::call::{Get, awaitable, body_clearers, body_setters, fetch_page, refuse_fields, set};
use crate::request::list::{Fetched, List, PageRequest};
use crate::request::query::Query;
use crate::types;
use sbg_raw::ClientAutomationsExt as _;

impl Client {
    /// The automations that the caller is a member of.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let page = client.automations().query().page().await?;
    /// println!("{} automations", page.items.len());
    /// # Ok(())
    /// # }
    /// ```
    pub fn automations(&self) -> Automations {
        Automations { client: self.clone() }
    }

    /// An automation, by id.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let automation = client.automation("5f3d2c1b-indexing").get().await?;
    /// println!("{:?} has {:?} MB", automation.name, automation.memory_limit);
    /// # Ok(())
    /// # }
    /// ```
    pub fn automation(&self, id: impl Into<String>) -> AutomationHandle {
        AutomationHandle { client: self.clone(), id: id.into() }
    }
}

/// The automations that the caller is a member of.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let automations = client.automations();
/// let mut all = automations.query().include_archived(true).items();
/// while let Some(automation) = all.try_next().await? {
///     println!("{} {:?}", automation.id, automation.archived);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Automations {
    client: Client,
}

impl Automations {
    /// The automations, without archived ones.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// for automation in client.automations().query().name("Index").all().await? {
    ///     println!("{}", automation.id);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn query(&self) -> Query<AutomationList> {
        Query::new(self.client.clone(), AutomationList::default())
    }

    /// Creates an automation without code: set the optional fields, then `.await`. It needs a [package](AutomationHandle::packages)
    /// before it can run.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let create = client.automations().create("Index new patterns").description("A task for every pattern that arrives");
    /// let automation = create.memory_limit(2000).await?;
    /// println!("{}", automation.id);
    /// # Ok(())
    /// # }
    /// ```
    pub fn create(&self, name: impl Into<String>) -> AutomationCreate {
        let body = bodies::AutomationCreate {
            name: name.into(),
            billing_group: None,
            description: None,
            memory_limit: None,
            project_based: None,
            secret_settings: None,
        };
        AutomationCreate { client: self.client.clone(), body }
    }
}

/// The list of automations.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let query: sbg::Query<sbg::automations::AutomationList> = client.automations().query().project_based(true);
/// println!("{} automations", query.all().await?.len());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct AutomationList {
    name: Option<String>,
    include_archived: Option<bool>,
    project_based: Option<bool>,
}

impl Query<AutomationList> {
    /// Whether to include archived automations.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let query = client.automations().query().name("Index new patterns");
    /// # }
    /// ```
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.list.name = Some(name.into());
        self
    }

    /// Whether to list archived automations as well.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let query = client.automations().query().include_archived(true);
    /// # }
    /// ```
    pub fn include_archived(mut self, included: bool) -> Self {
        self.list.include_archived = Some(included);
        self
    }

    /// Only automations that belong to projects, or only those that do not.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let query = client.automations().query().project_based(false);
    /// # }
    /// ```
    pub fn project_based(mut self, project_based: bool) -> Self {
        self.list.project_based = Some(project_based);
        self
    }
}

impl List for AutomationList {
    type Item = types::Automation;

    const NAME: &'static str = "automations";

    async fn fetch(self, client: Client, at: PageRequest) -> Result<Fetched<types::Automation>> {
        refuse_fields(&at, "automations")?;
        let call = client.raw().automation_list().offset(at.offset_param());
        let call = set!(call, name = self.name, include_archived = self.include_archived);
        fetch_page!(set!(call, project_based = self.project_based, limit = at.limit_param()))
    }
}

fn check_name(name: &str) -> Result<()> {
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
    client: Client,
    body: bodies::AutomationCreate,
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
    id: String,
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

    fn checked(&self) -> Result<&str> {
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

fn checked_id(id: &str) -> Result<&str> {
    Ok(check_segment("automation id", id)?)
}

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
    automation: AutomationHandle,
    body: bodies::AutomationEdit,
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
    /// Refused before any request: an empty change, or a value that [`AutomationCreate::send`] refuses. Otherwise the error of the
    /// call.
    pub async fn send(self) -> Result<types::Automation> {
        if self.body == bodies::AutomationEdit::default() {
            return Err(Error::invalid("the edit of the automation changes nothing"));
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secret_settings_are_redacted() {
        let client = Client::builder().endpoint("cgc").token("t").build().unwrap();
        let settings = json!({ "password": "hush" });
        let create = client.automations().create("a").secret_settings(settings.clone());
        let edit = client.automation("a").edit().secret_settings(settings.clone());
        let run = client.automation_runs().create("p").secret_settings(settings.clone());
        let rerun = client.automation_run("r").rerun().secret_settings(settings);
        let shown = format!("{create:?} {edit:?} {run:?} {rerun:?}");
        assert!(!shown.contains("hush") && shown.contains("***"), "{shown}");
    }
}
