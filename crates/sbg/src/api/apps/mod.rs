//! Apps: tools and workflows in CWL, and their revisions.

#[cfg(feature = "packages")]
mod code_package;
mod copy;
mod cwl;
mod handle;
mod list;
#[cfg(feature = "cwl")]
mod pack;
mod path;
mod push;

use self::cwl::post_cwl;
use crate::client::Client;
use crate::error::{Error, Result};
use crate::ids::{AppId, Given, IntoId, ProjectId};
use crate::projects::ProjectHandle;
use crate::request::query::Query;
use crate::types;

#[cfg(feature = "packages")]
pub use code_package::CodePackage;
pub use copy::AppCopy;
pub use cwl::Cwl;
pub use handle::AppHandle;
pub use list::AppList;
#[cfg(feature = "cwl")]
pub use pack::Pack;
pub use push::Pushed;

impl Client {
    /// The apps that the caller can use.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let mut bwa = client.apps().query().search("bwa").items();
    /// while let Some(app) = bwa.try_next().await? {
    ///     println!("{}", app.id);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn apps(&self) -> Apps {
        Apps { client: self.clone() }
    }

    /// An app by id: the latest revision, or the one that the id names.
    ///
    /// ```
    /// # fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let latest = client.app("admin/sbg-public-data/bwa-mem");
    /// let third = client.app("admin/sbg-public-data/bwa-mem/3");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// The id has the form `owner/project/app` or `owner/project/app/revision`. An invalid id fails when a call is made.
    pub fn app(&self, id: impl IntoId<AppId>) -> AppHandle {
        AppHandle { client: self.clone(), id: id.into_id() }
    }
}

/// The apps that the caller can use.
///
/// ```
/// # fn example(client: sbg::Client) {
/// let apps = client.apps();
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Apps {
    client: Client,
}

impl Apps {
    /// The apps, with basic fields only; [`fields`](Query::fields) selects others. Each id names the latest revision.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// use sbg::types::AppVisibility;
    ///
    /// let mut public = client.apps().query().visibility(AppVisibility::Public).search("bwa").items();
    /// while let Some(app) = public.try_next().await? {
    ///     println!("{} {:?}", app.id, app.name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn query(&self) -> Query<AppList> {
        Query::new(self.client.clone(), AppList::default())
    }

    /// Creates an app from its CWL description, as revision 0. Returns the app with the id of that revision and the description as
    /// stored by the platform.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, text: String) -> sbg::Result<()> {
    /// use sbg::apps::Cwl;
    ///
    /// let json = serde_json::json!({"class": "CommandLineTool", "cwlVersion": "v1.2", "inputs": [], "outputs": []});
    /// client.apps().install("rfranklin/demo/from-json", json).await?;
    /// let app = client.apps().install("rfranklin/demo/from-yaml", Cwl::yaml(text)).await?;
    /// assert_eq!(app.id, "rfranklin/demo/from-yaml/0");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: an id that is not of the form `owner/project/app`, or an invalid description. Otherwise the error of
    /// the call (code 6003 for an app that already exists).
    pub async fn install(&self, id: impl IntoId<AppId>, cwl: impl Into<Cwl>) -> Result<types::App> {
        let (id, cwl) = (id.into_id()?, cwl.into());
        if id.revision().is_some() {
            let message =
                format!("an app to install has no revision in its id: use `{}`", id.without_revision());
            return Err(Error::invalid(message).with_hint("`app(id).create_revision(cwl)` adds a revision"));
        }
        post_cwl(&self.client, &id, cwl).await
    }
}

impl ProjectHandle {
    /// The apps of the project.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// for app in client.project("rfranklin/fibre-diffraction").apps().query().all().await? {
    ///     println!("{} {:?}", app.id, app.revision);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn apps(&self) -> ProjectApps {
        ProjectApps { apps: self.files().client().apps(), id: self.files().id().clone() }
    }
}

/// The apps of a project.
///
/// ```
/// # fn example(client: sbg::Client) -> sbg::Result<()> {
/// let apps = client.project("rfranklin/fibre-diffraction").apps();
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct ProjectApps {
    apps: Apps,
    id: Given<ProjectId>,
}

impl ProjectApps {
    /// The apps of the project, with basic fields only; [`fields`](Query::fields) selects others.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let query = client.project("rfranklin/fibre-diffraction").apps().query().search("helix");
    /// let app = query.items().try_next().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn query(&self) -> Query<AppList> {
        self.apps.query().project(&self.id)
    }
}
