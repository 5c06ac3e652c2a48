//! Datasets of CAVATICA: files shared under one name, and their members. All calls are in advance access; enable them with
//! [`ClientBuilder::advance_access`](crate::ClientBuilder::advance_access).

mod members;

use sbg_raw::ClientDatasetsExt as _;

use crate::client::Client;
use crate::error::{Error, Result};
use crate::files::FileQuery;
use crate::ids::{DatasetId, Given, IntoId, check_segment, checked, text_of};
use crate::members::Members;
use crate::raw::types as bodies;
use crate::request::call::{Get, awaitable, body_clearers, body_setters, fetch_page, set};
use crate::request::list::{Fetched, List, PageRequest};
use crate::request::query::Query;
use crate::types;

impl Client {
    /// The datasets.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let mut datasets = client.datasets().query().items();
    /// while let Some(dataset) = datasets.try_next().await? {
    ///     println!("{} {:?}", dataset.id, dataset.name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn datasets(&self) -> Datasets {
        Datasets { client: self.clone() }
    }

    /// A dataset, by id.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let dataset = client.dataset("rfranklin/b-form").get().await?;
    /// println!("{:?}", dataset.description);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// The id has the form `owner/dataset`. An invalid id fails when a call is made.
    pub fn dataset(&self, id: impl IntoId<DatasetId>) -> DatasetHandle {
        DatasetHandle { client: self.clone(), id: id.into_id() }
    }
}

/// The datasets.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let datasets = client.datasets();
/// let public = datasets.query().public().all().await?;
/// let mine = datasets.query().all().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Datasets {
    client: Client,
}

impl Datasets {
    /// The datasets of the caller, or the [public](Query::public) ones, or those of an [owner](Query::owner).
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// for dataset in client.datasets().query().public().all().await? {
    ///     println!("{}", dataset.id);
    /// }
    /// let of_owner = client.datasets().query().owner("rfranklin").all().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn query(&self) -> Query<DatasetList> {
        Query::new(self.client.clone(), DatasetList::default())
    }
}

/// The list of datasets.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let query: sbg::Query<sbg::datasets::DatasetList> = client.datasets().query().owner("rfranklin");
/// println!("{:?} datasets", query.page().await?.total);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct DatasetList {
    owner: Option<String>,
    visibility: Option<String>,
}

impl Query<DatasetList> {
    /// The public datasets instead of the caller's. Same as `visibility("public")`.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let query = client.datasets().query().public();
    /// # }
    /// ```
    pub fn public(self) -> Self {
        self.visibility("public")
    }

    /// Datasets of this visibility instead of the caller's; the only known value is `public`. Excludes [`owner`](Self::owner).
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let query = client.datasets().query().visibility("public");
    /// # }
    /// ```
    pub fn visibility(mut self, visibility: impl Into<String>) -> Self {
        self.list.visibility = Some(visibility.into());
        self
    }

    /// Datasets of this owner that the caller can see.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let query = client.datasets().query().owner("rfranklin");
    /// # }
    /// ```
    pub fn owner(mut self, username: impl Into<String>) -> Self {
        self.list.owner = Some(username.into());
        self
    }
}

impl List for DatasetList {
    type Item = types::Dataset;

    const NAME: &'static str = "datasets";

    fn check(&self) -> Result<()> {
        if let Some(owner) = &self.owner {
            check_segment("owner", owner)?;
            if self.visibility.is_some() {
                return Err(Error::invalid("datasets of an owner cannot be filtered by visibility"));
            }
        }
        Ok(())
    }

    async fn fetch(self, client: Client, at: PageRequest) -> Result<Fetched<types::Dataset>> {
        if let Some(owner) = self.owner {
            let call = client.raw().dataset_list_by_owner().owner(owner).offset(at.offset_param());
            return fetch_page!(set!(call, limit = at.limit_param(), fields = at.fields));
        }
        let call = client.raw().dataset_list().offset(at.offset_param());
        let call = set!(call, visibility = self.visibility);
        fetch_page!(set!(call, limit = at.limit_param(), fields = at.fields))
    }
}

/// A dataset, by id. Creating it makes no request.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let dataset = client.dataset("rfranklin/b-form");
/// for file in dataset.files().all().await? {
///     println!("{:?}", file.name);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct DatasetHandle {
    client: Client,
    id: Given<DatasetId>,
}

impl DatasetHandle {
    /// The id of the dataset.
    ///
    /// ```
    /// # fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let dataset = client.dataset("rfranklin/b-form");
    /// assert_eq!(dataset.id(), "rfranklin/b-form");
    /// # Ok(())
    /// # }
    /// ```
    pub fn id(&self) -> &str {
        text_of(&self.id)
    }

    fn checked(&self) -> Result<&DatasetId> {
        Ok(checked(&self.id)?)
    }

    /// Gets the dataset.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let dataset = client.dataset("rfranklin/b-form").get().await?;
    /// println!("{:?}: {:?}", dataset.name, dataset.description);
    /// # Ok(())
    /// # }
    /// ```
    pub fn get(&self) -> Get<types::Dataset> {
        let Self { client, id } = self.clone();
        Get::new(&client, DatasetList::IDENTITY, move |client, fields| async move {
            let id = id?;
            let call = client.raw().dataset_get().owner(id.owner()).dataset(id.dataset());
            Ok(set!(call, fields = fields).send().await?.into_inner())
        })
    }

    /// Changes the dataset: set the fields to change, then `.await`. Fields not set stay unchanged.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// client.dataset("rfranklin/b-form").edit().description("Patterns of wet fibres").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn edit(&self) -> DatasetEdit {
        DatasetEdit { client: self.client.clone(), id: self.id.clone(), body: bodies::DatasetEdit::default() }
    }

    /// Deletes the dataset. Cannot be undone.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// client.dataset("rfranklin/b-form").delete().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The error of the call.
    pub async fn delete(&self) -> Result<()> {
        let id = self.checked()?;
        self.client.raw().dataset_delete().owner(id.owner()).dataset(id.dataset()).send().await?;
        Ok(())
    }

    /// The files of the dataset.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let mut files = client.dataset("rfranklin/b-form").files().metadata("sample_id", "S1").items();
    /// while let Some(file) = files.try_next().await? {
    ///     println!("{} {:?}", file.id, file.name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn files(&self) -> FileQuery {
        self.client.files().query().dataset(&self.id)
    }

    /// The members of the dataset.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// for member in client.dataset("rfranklin/b-form").members().query().all().await? {
    ///     println!("{:?} {:?}", member.username, member.permissions);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn members(&self) -> Members<Self> {
        Members::new(self.clone())
    }
}

/// A change of a dataset.
///
/// ```no_run
/// # async fn example(dataset: sbg::datasets::DatasetHandle) -> sbg::Result<()> {
/// let edited = dataset.edit().name("B form").description("Patterns of wet fibres").await?;
/// println!("{:?}", edited.name);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct DatasetEdit {
    client: Client,
    id: Given<DatasetId>,
    body: bodies::DatasetEdit,
}

impl DatasetEdit {
    body_setters! {
        /// New display name; the id stays.
        ///
        /// ```
        /// # fn example(dataset: sbg::datasets::DatasetHandle) {
        /// let edit = dataset.edit().name("B form");
        /// # }
        /// ```
        name(name: String);
        /// What the dataset contains.
        ///
        /// ```
        /// # fn example(dataset: sbg::datasets::DatasetHandle) {
        /// let edit = dataset.edit().description("Patterns of wet fibres");
        /// # }
        /// ```
        description(description: String);
    }

    body_clearers! {
        /// Removes the description.
        ///
        /// ```
        /// # fn example(dataset: sbg::datasets::DatasetHandle) {
        /// let edit = dataset.edit().clear_description();
        /// # }
        /// ```
        clear_description(description);
    }

    /// Sends the call. The same as `.await`.
    ///
    /// ```no_run
    /// # async fn example(dataset: sbg::datasets::DatasetHandle) -> sbg::Result<()> {
    /// let edited = dataset.edit().name("B form").send().await?;
    /// assert_eq!(edited.name.as_deref(), Some("B form"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: an empty change or an empty name. Otherwise the error of the call.
    pub async fn send(self) -> Result<types::Dataset> {
        if self.body == bodies::DatasetEdit::default() {
            return Err(Error::invalid("the edit of the dataset changes nothing"));
        }
        if self.body.name.as_ref().is_some_and(|name| name.trim().is_empty()) {
            return Err(Error::invalid("a dataset needs a name"));
        }
        let id = self.id?;
        let call = self.client.raw().dataset_edit().owner(id.owner()).dataset(id.dataset());
        Ok(call.body(self.body).send().await?.into_inner())
    }
}

awaitable!(DatasetEdit => types::Dataset, client);
