//! The list of apps.

use sbg_raw::ClientAppsExt as _;

use crate::client::Client;
use crate::error::{Error, Result};
use crate::ids::{AppId, Given, IntoId, ProjectId, check_given};
use crate::request::call::{fetch_page, set};
use crate::request::list::{Fetched, List, PageRequest};
use crate::request::query::Query;
use crate::types;

/// The list of apps.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let page = client.apps().query().project("rfranklin/fibre-diffraction").page().await?;
/// println!("{:?} apps", page.total);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct AppList {
    pub(super) project: Option<Given<ProjectId>>,
    pub(super) visibility: Option<types::AppVisibility>,
    pub(super) terms: Vec<String>,
    pub(super) ids: Vec<Given<AppId>>,
}

impl Query<AppList> {
    /// Only apps of this project, `owner/project`.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let query = client.apps().query().project("rfranklin/fibre-diffraction");
    /// # }
    /// ```
    pub fn project(mut self, id: impl IntoId<ProjectId>) -> Self {
        self.list.project = Some(id.into_id());
        self
    }

    /// Lists the public apps of the platform, or the apps in the caller's projects (the default).
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// use sbg::types::AppVisibility;
    ///
    /// let query = client.apps().query().visibility(AppVisibility::Public);
    /// # }
    /// ```
    pub fn visibility(mut self, visibility: types::AppVisibility) -> Self {
        self.list.visibility = Some(visibility);
        self
    }

    /// Only apps that match this term; with several calls, all of the terms.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let query = client.apps().query().search("bwa").search("mem");
    /// # }
    /// ```
    pub fn search(mut self, term: impl Into<String>) -> Self {
        self.list.terms.push(term.into());
        self
    }

    /// Only this app, `owner/project/app`; with several calls, any of the apps.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let query = client.apps().query().id("rfranklin/demo/helix-angle").id("rfranklin/demo/pitch");
    /// # }
    /// ```
    pub fn id(mut self, id: impl IntoId<AppId>) -> Self {
        self.list.ids.push(id.into_id().map(|id| id.without_revision()));
        self
    }
}

impl List for AppList {
    type Item = types::App;

    const NAME: &'static str = "apps";

    fn check(&self) -> Result<()> {
        if self.terms.iter().any(|term| term.trim().is_empty()) {
            return Err(Error::invalid("a search term for apps is empty"));
        }
        check_given(self.project.as_ref())?;
        Ok(self.ids.iter().try_for_each(|id| check_given(Some(id)))?)
    }

    async fn fetch(self, client: Client, at: PageRequest) -> Result<Fetched<types::App>> {
        let some = |values: Vec<String>| (!values.is_empty()).then_some(values);
        let ids = self.ids.into_iter().map(|id| Ok(String::from(id?))).collect::<Result<_>>()?;
        let call = client.raw().app_list().offset(at.offset_param());
        let call =
            set!(call, project = self.project.transpose()?.map(String::from), visibility = self.visibility);
        let call = set!(call, q = some(self.terms), id = some(ids));
        fetch_page!(set!(call, limit = at.limit_param(), fields = at.fields))
    }
}
