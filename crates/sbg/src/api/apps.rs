//! Apps: tools and workflows in CWL, and their revisions.

#[cfg(feature = "packages")]
mod code_package;
mod cwl;
#[cfg(feature = "cwl")]
mod pack;
mod path;
mod push;

use sbg_raw::ClientAppsExt as _;
use serde_json::Value;

use self::cwl::post_cwl;
use self::path::of_app;
use crate::api::checks::check_name;
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::ids::{AppId, Given, IntoId, ProjectId, check_given, checked, text_of};
use crate::projects::ProjectHandle;
use crate::raw::types as bodies;
use crate::request::call::{Get, awaitable, fetch_page, set};
use crate::request::fields::Fields;
use crate::request::list::{Fetched, List, PageRequest};
use crate::request::query::Query;
use crate::types;

#[cfg(feature = "packages")]
pub use code_package::CodePackage;
pub use cwl::Cwl;
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
            let message = format!("an app is installed without a revision, as `{}`", id.without_revision());
            return Err(Error::invalid(message).with_hint("`create_revision` of an app adds one to it"));
        }
        post_cwl(&self.client, &id, cwl).await
    }
}

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
    project: Option<Given<ProjectId>>,
    visibility: Option<types::AppVisibility>,
    terms: Vec<String>,
    ids: Vec<Given<AppId>>,
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
            return Err(Error::invalid("a term to search apps for is empty"));
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

/// An app or one of its revisions, by id. Creating it makes no request.
///
/// ```
/// # fn example(client: sbg::Client) -> sbg::Result<()> {
/// let app = client.app("rfranklin/demo/helix-angle");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct AppHandle {
    client: Client,
    id: Given<AppId>,
}

impl AppHandle {
    /// The id, with the revision if the handle names one.
    ///
    /// ```
    /// # fn example(client: sbg::Client) -> sbg::Result<()> {
    /// assert_eq!(client.app("rfranklin/demo/helix-angle/3").id(), "rfranklin/demo/helix-angle/3");
    /// # Ok(())
    /// # }
    /// ```
    pub fn id(&self) -> &str {
        text_of(&self.id)
    }

    fn checked(&self) -> Result<&AppId> {
        Ok(checked(&self.id)?)
    }

    /// This revision of the app.
    ///
    /// ```
    /// # fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let first = client.app("rfranklin/demo/helix-angle").revision(0);
    /// assert_eq!(first.id(), "rfranklin/demo/helix-angle/0");
    /// # Ok(())
    /// # }
    /// ```
    pub fn revision(&self, revision: u32) -> Self {
        let id = self.id.clone().map(|id| id.with_revision(revision));
        Self { client: self.client.clone(), id }
    }

    /// The latest revision of the app at the time of the call.
    ///
    /// ```
    /// # fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let latest = client.app("rfranklin/demo/helix-angle/3").latest();
    /// assert_eq!(latest.id(), "rfranklin/demo/helix-angle");
    /// # Ok(())
    /// # }
    /// ```
    pub fn latest(&self) -> Self {
        let id = self.id.clone().map(|id| id.without_revision());
        Self { client: self.client.clone(), id }
    }

    /// Gets the app with its description.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let latest = client.app("rfranklin/demo/helix-angle").get().await?;
    /// let first = client.app("rfranklin/demo/helix-angle").revision(0).get().await?;
    /// assert_eq!(first.revision, Some(0));
    /// # Ok(())
    /// # }
    /// ```
    pub fn get(&self) -> Get<types::App> {
        let Self { client, id } = self.clone();
        Get::new(&client, AppList::IDENTITY, move |client, fields| async move {
            let id = id?;
            let app = match id.revision() {
                Some(revision) => {
                    let call = of_app!(client.raw().app_revision_get(), id).revision_number(revision);
                    set!(call, fields = fields).send().await?
                }
                None => {
                    let call = of_app!(client.raw().app_get(), id);
                    set!(call, fields = fields).send().await?
                }
            };
            Ok(app.into_inner())
        })
    }

    /// Gets only the CWL description of the app.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let cwl = client.app("rfranklin/demo/helix-angle").raw().await?;
    /// println!("{}", cwl["cwlVersion"]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn raw(&self) -> Get<Value> {
        let Self { client, id } = self.clone();
        Get::new(&client, &[], move |client, fields| async move {
            let id = id?;
            let document = match id.revision() {
                Some(revision) => {
                    let call = of_app!(client.raw().app_revision_raw_get(), id).revision_number(revision);
                    set!(call, fields = fields).send().await?
                }
                None => {
                    let call = of_app!(client.raw().app_raw_get(), id);
                    set!(call, fields = fields).send().await?
                }
            };
            Ok(document.into_inner().0)
        })
    }

    /// Adds a revision to the app. If the handle names a revision, it must be the next one. Otherwise one more call finds the latest
    /// revision, and the new one follows it.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let app = client.app("rfranklin/demo/helix-angle");
    /// let mut cwl = app.raw().await?;
    /// cwl["sbg:revisionNotes"] = "Steeper".into();
    /// let revised = app.create_revision(cwl).await?;
    /// println!("{}", revised.id);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: an invalid description. Otherwise the error of the call (code 6003 for a revision that already
    /// exists).
    pub async fn create_revision(&self, cwl: impl Into<Cwl>) -> Result<types::App> {
        let cwl = cwl.into();
        cwl.check()?;
        let id = self.checked()?;
        let id = match id.revision() {
            Some(_) => id.clone(),
            None => id.with_revision(self.next_revision().await?),
        };
        post_cwl(&self.client, &id, cwl).await
    }

    async fn next_revision(&self) -> Result<u32> {
        let latest = self.get().fields(Fields::only(["id", "revision"])).await?;
        let number = latest.revision.and_then(|number| u32::try_from(number).ok());
        let number = number.or_else(|| latest.id.parse::<AppId>().ok()?.revision());
        number.and_then(|number| number.checked_add(1)).ok_or_else(|| {
            let message = format!("the platform returned no latest revision of `{}`", self.id());
            Error::new(ErrorKind::UnexpectedResponse, message)
        })
    }

    /// Copies the app to a project, up to the revision that the handle names, or the latest.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// use sbg::types::AppCopyStrategy;
    ///
    /// let public = client.app("admin/sbg-public-data/bwa-mem");
    /// let copy = public.copy_to("rfranklin/demo").name("bwa").strategy(AppCopyStrategy::Direct).await?;
    /// println!("{}", copy.id);
    /// # Ok(())
    /// # }
    /// ```
    pub fn copy_to(&self, project: impl IntoId<ProjectId>) -> AppCopy {
        AppCopy { app: self.clone(), project: project.into_id(), name: None, strategy: None }
    }

    /// Updates this copy from the app that it was copied from: adds all revisions of that app with their notes.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let app = client.app("rfranklin/demo/bwa").sync().await?;
    /// println!("now at revision {:?}", app.revision);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The error of the call.
    pub async fn sync(&self) -> Result<types::App> {
        let id = self.checked()?;
        Ok(of_app!(self.client.raw().app_sync(), id).send().await?.into_inner())
    }
}

/// A copy of an app to create.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let copy = client.app("admin/sbg-public-data/bwa-mem").copy_to("rfranklin/demo").await?;
/// println!("{}", copy.id);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct AppCopy {
    app: AppHandle,
    project: Given<ProjectId>,
    name: Option<String>,
    strategy: Option<types::AppCopyStrategy>,
}

impl AppCopy {
    /// Name of the copy. Default: the name of the app.
    ///
    /// ```
    /// # fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let copy = client.app("admin/sbg-public-data/bwa-mem").copy_to("rfranklin/demo").name("bwa");
    /// # Ok(())
    /// # }
    /// ```
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Which revisions to copy and where the copy gets its updates. Default: `Clone`.
    ///
    /// `Clone` copies all revisions, `Transient` the latest one; both get updates from the source of the copied app. `CloneDirect`
    /// copies all revisions, `Direct` the latest one; both get updates from the copied app itself.
    ///
    /// ```
    /// # fn example(client: sbg::Client) -> sbg::Result<()> {
    /// use sbg::types::AppCopyStrategy;
    ///
    /// let public = client.app("admin/sbg-public-data/bwa-mem");
    /// let latest_revision_alone = public.copy_to("rfranklin/demo").strategy(AppCopyStrategy::Transient);
    /// # Ok(())
    /// # }
    /// ```
    pub fn strategy(mut self, strategy: types::AppCopyStrategy) -> Self {
        self.strategy = Some(strategy);
        self
    }

    /// Sends the call. The same as `.await`.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let copy = client.app("admin/sbg-public-data/bwa-mem").copy_to("rfranklin/demo");
    /// println!("{}", copy.send().await?.id);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: an invalid project, or a name that is empty or contains a slash. Otherwise the error of the call.
    pub async fn send(self) -> Result<types::App> {
        let AppHandle { client, id } = self.app;
        let id = id?;
        self.name.as_deref().map_or(Ok(()), check_name)?;
        let body =
            bodies::AppCopy { project: self.project?.into(), name: self.name, strategy: self.strategy };
        let copy = match id.revision() {
            Some(revision) => {
                let call = of_app!(client.raw().app_revision_copy(), id).revision_number(revision);
                call.body(body).send().await?
            }
            None => of_app!(client.raw().app_copy(), id).body(body).send().await?,
        };
        Ok(copy.into_inner())
    }
}

awaitable!(AppCopy => types::App, app.client);
