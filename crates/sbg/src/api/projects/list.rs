//! The list of projects.

use sbg_raw::ClientProjectsExt as _;

use crate::api::checks::check_tags;
use crate::client::Client;
use crate::error::{Error, Result};
use crate::ids::check_segment;
use crate::request::call::{fetch_page, set};
use crate::request::list::{Fetched, List, PageRequest};
use crate::request::query::Query;
use crate::types;

/// The list of projects.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// for project in client.projects().query().all().await? {
///     println!("{}", project.id);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct ProjectList {
    pub(super) owner: Option<String>,
    pub(super) name: Option<String>,
    pub(super) category: Option<String>,
    pub(super) tags: Vec<String>,
}

impl Query<ProjectList> {
    /// Only projects of this owner, a username or a division. Excludes [`category`](Self::category).
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let query = client.projects().query().owner("rfranklin");
    /// # }
    /// ```
    pub fn owner(mut self, owner: impl Into<String>) -> Self {
        self.list.owner = Some(owner.into());
        self
    }

    /// Only projects with this text in their name, ignoring case.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let query = client.projects().query().name("fibre");
    /// # }
    /// ```
    pub fn name(mut self, part: impl Into<String>) -> Self {
        self.list.name = Some(part.into());
        self
    }

    /// Only projects of this category, such as `PRIVATE`.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let query = client.projects().query().category("PRIVATE");
    /// # }
    /// ```
    pub fn category(mut self, category: impl Into<String>) -> Self {
        self.list.category = Some(category.into());
        self
    }

    /// Only projects with this tag; with several calls, all of the tags.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let query = client.projects().query().tag("dna").tag("b form");
    /// # }
    /// ```
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.list.tags.push(tag.into());
        self
    }
}

impl List for ProjectList {
    type Item = types::Project;

    const NAME: &'static str = "projects";

    fn check(&self) -> Result<()> {
        check_tags(&self.tags)?;
        if let Some(owner) = &self.owner {
            check_segment("owner", owner)?;
            if self.category.is_some() {
                return Err(Error::invalid("projects of an owner cannot be filtered by category"));
            }
        }
        Ok(())
    }

    async fn fetch(self, client: Client, at: PageRequest) -> Result<Fetched<types::Project>> {
        let tags = (!self.tags.is_empty()).then(|| self.tags.join(","));
        match self.owner {
            Some(owner) => {
                let call = client.raw().project_list_by_owner().owner(owner).offset(at.offset_param());
                fetch_page!(set!(
                    call,
                    name = self.name,
                    tags = tags,
                    limit = at.limit_param(),
                    fields = at.fields
                ))
            }
            None => {
                let call = client.raw().project_list().offset(at.offset_param());
                let call = set!(call, name = self.name, category = self.category, tags = tags);
                fetch_page!(set!(call, limit = at.limit_param(), fields = at.fields))
            }
        }
    }
}
