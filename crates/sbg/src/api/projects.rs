//! Projects and their members.

mod edit;
mod members;

use sbg_raw::ClientProjectsExt as _;

use super::checks::check_tags;
use crate::billing::check_billing_group;
use crate::client::Client;
use crate::error::{Error, Result};
use crate::files::{FileQuery, Files};
use crate::ids::{Given, IntoId, ProjectId, check_segment, checked, text_of};
use crate::members::Members;
use crate::raw::types as bodies;
use crate::request::call::{Get, awaitable, body_setters, fetch_page, set};
use crate::request::list::{Fetched, List, PageRequest};
use crate::request::query::Query;
use crate::types;

pub use edit::ProjectEdit;

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
    owner: Option<String>,
    name: Option<String>,
    category: Option<String>,
    tags: Vec<String>,
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

fn check_name(name: &str) -> Result<()> {
    if name.trim().is_empty() { Err(Error::invalid("a project needs a name")) } else { Ok(()) }
}

/// A project to create.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let project = client.projects().create("Fibre diffraction").tags(["dna"]).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct ProjectCreate {
    client: Client,
    body: bodies::ProjectCreate,
}

impl ProjectCreate {
    body_setters! {
        /// What the project is for.
        ///
        /// ```
        /// # fn example(client: sbg::Client) {
        /// let create = client.projects().create("Fibre diffraction").description("Patterns of the B form");
        /// # }
        /// ```
        description(description: String);
        /// Id of the billing group that pays. Default: the caller's first.
        ///
        /// ```
        /// # fn example(client: sbg::Client) {
        /// let payer = "3f1b7c6e-1b7c-4f0e-9a57-0e3b6c2a9d11";
        /// let create = client.projects().create("Fibre diffraction").billing_group(payer);
        /// # }
        /// ```
        billing_group(billing_group: String);
        /// How tasks run in the project.
        ///
        /// ```
        /// # fn example(client: sbg::Client) {
        /// use sbg::types::ProjectCreateSettings;
        ///
        /// let settings = ProjectCreateSettings { use_interruptible_instances: Some(true), ..Default::default() };
        /// let create = client.projects().create("Fibre diffraction").settings(settings);
        /// # }
        /// ```
        settings(settings: types::ProjectCreateSettings);
    }

    /// Tags of the project.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let create = client.projects().create("Fibre diffraction").tags(["dna", "b form"]);
    /// # }
    /// ```
    pub fn tags<T: Into<String>>(mut self, tags: impl IntoIterator<Item = T>) -> Self {
        self.body.tags = tags.into_iter().map(Into::into).collect();
        self
    }

    /// Sends the call. The same as `.await`.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let project = client.projects().create("Fibre diffraction").send().await?;
    /// println!("{}", project.id);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: an empty name, an invalid billing group or tag. Otherwise the error of the call.
    pub async fn send(self) -> Result<types::Project> {
        check_name(&self.body.name)?;
        check_billing_group(self.body.billing_group.as_deref())?;
        check_tags(&self.body.tags)?;
        Ok(self.client.raw().project_create().body(self.body).send().await?.into_inner())
    }
}

awaitable!(ProjectCreate => types::Project, client);

/// A project, by id. Creating it makes no request.
///
/// ```
/// # fn example(client: sbg::Client) -> sbg::Result<()> {
/// let project = client.project("rfranklin/fibre-diffraction");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct ProjectHandle {
    client: Client,
    id: Given<ProjectId>,
}

impl ProjectHandle {
    /// The id of the project.
    ///
    /// ```
    /// # fn example(client: sbg::Client) -> sbg::Result<()> {
    /// assert_eq!(client.project("rfranklin/fibre-diffraction").id(), "rfranklin/fibre-diffraction");
    /// # Ok(())
    /// # }
    /// ```
    pub fn id(&self) -> &str {
        text_of(&self.id)
    }

    fn checked(&self) -> Result<&ProjectId> {
        Ok(checked(&self.id)?)
    }

    /// Gets the project.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let project = client.project("rfranklin/fibre-diffraction").get().await?;
    /// println!("{:?}", project.description);
    /// # Ok(())
    /// # }
    /// ```
    pub fn get(&self) -> Get<types::Project> {
        let Self { client, id } = self.clone();
        Get::new(&client, ProjectList::IDENTITY, move |client, fields| async move {
            let id = id?;
            let call = client.raw().project_get().project_owner(id.owner()).project(id.project());
            Ok(set!(call, fields = fields).send().await?.into_inner())
        })
    }

    /// Changes the project: set the fields to change, then `.await`. Fields not set stay unchanged.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// client.project("rfranklin/fibre-diffraction").edit().name("Fibre diffraction, 1952").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn edit(&self) -> ProjectEdit {
        ProjectEdit { client: self.client.clone(), id: self.id.clone(), body: bodies::ProjectEdit::default() }
    }

    /// Deletes the project and everything in it. Cannot be undone.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// client.project("rfranklin/fibre-diffraction").delete().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The error of the call.
    pub async fn delete(&self) -> Result<()> {
        let id = self.checked()?;
        let call = self.client.raw().project_delete();
        call.project_owner(id.owner()).project(id.project()).send().await?;
        Ok(())
    }

    /// The files at the root of the project.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let files = client.project("rfranklin/fibre-diffraction").files();
    /// let reads = files.resolve_path("reads/51.fastq.gz").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn files(&self) -> ProjectFiles {
        ProjectFiles { files: self.client.files(), id: self.id.clone() }
    }

    /// The members of the project.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let members = client.project("rfranklin/fibre-diffraction").members().query().all().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn members(&self) -> Members<Self> {
        Members::new(self.clone())
    }
}

/// The files at the root of a project.
///
/// ```
/// # fn example(client: sbg::Client) -> sbg::Result<()> {
/// let files = client.project("rfranklin/fibre-diffraction").files();
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct ProjectFiles {
    files: Files,
    id: Given<ProjectId>,
}

impl ProjectFiles {
    pub(crate) fn client(&self) -> &Client {
        &self.files.client
    }

    pub(crate) fn id(&self) -> &Given<ProjectId> {
        &self.id
    }

    /// The same files, for use on the threads of the transfer engine.
    #[cfg(feature = "transfer")]
    pub(crate) fn on_engine(&self) -> Self {
        Self { files: self.client().on_engine().files(), id: self.id.clone() }
    }

    /// The files and folders at the root of the project.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let query = client.project("rfranklin/fibre-diffraction").files().query().name("51.fastq.gz");
    /// let file = query.items().try_next().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn query(&self) -> FileQuery {
        self.files.query().project(&self.id)
    }
}
