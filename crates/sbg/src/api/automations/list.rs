//! The list of automations.

use sbg_raw::ClientAutomationsExt as _;

use crate::client::Client;
use crate::error::Result;
use crate::request::call::{fetch_page, refuse_fields, set};
use crate::request::list::{Fetched, List, PageRequest};
use crate::request::query::Query;
use crate::types;

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
    pub(super) name: Option<String>,
    pub(super) include_archived: Option<bool>,
    pub(super) project_based: Option<bool>,
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
