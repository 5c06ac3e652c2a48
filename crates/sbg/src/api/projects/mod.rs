//! Projects and their members.

mod create;
mod edit;
mod files;
mod handle;
mod list;
mod members;

use crate::client::Client;
use crate::ids::{IntoId, ProjectId};
use crate::raw::types as bodies;
use crate::request::query::Query;

pub use create::ProjectCreate;
pub use edit::ProjectEdit;
pub use files::ProjectFiles;
pub use handle::ProjectHandle;
pub use list::ProjectList;

impl Client {
    /// The projects that the caller is a member of.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let newest = client.projects().query().page_size(1).page().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn projects(&self) -> Projects {
        Projects { client: self.clone() }
    }

    /// A project, by id.
    ///
    /// ```
    /// # fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let project = client.project("rfranklin/fibre-diffraction");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// The id has the form `owner/project`. An invalid id fails when a call is made.
    pub fn project(&self, id: impl IntoId<ProjectId>) -> ProjectHandle {
        ProjectHandle { client: self.clone(), id: id.into_id() }
    }
}

/// The projects that the caller is a member of.
///
/// ```
/// # fn example(client: sbg::Client) {
/// let projects = client.projects();
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Projects {
    client: Client,
}

impl Projects {
    /// The projects, with basic fields only; [`fields`](Query::fields) selects others.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let page = client.projects().query().name("fibre").page_size(10).page().await?;
    /// for project in &page.items {
    ///     println!("{}", project.id);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn query(&self) -> Query<ProjectList> {
        Query::new(self.client.clone(), ProjectList::default())
    }

    /// Creates a project. Set the optional fields, then `.await`.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let project = client.projects().create("Fibre diffraction").description("Patterns of the B form").await?;
    /// println!("{}", project.id);
    /// # Ok(())
    /// # }
    /// ```
    pub fn create(&self, name: impl Into<String>) -> ProjectCreate {
        let body = bodies::ProjectCreate {
            name: name.into(),
            billing_group: None,
            description: None,
            settings: None,
            tags: Vec::new(),
        };
        ProjectCreate { client: self.client.clone(), body }
    }
}
