//! The list of datasets.

use sbg_raw::ClientDatasetsExt as _;

use crate::client::Client;
use crate::error::{Error, Result};
use crate::ids::check_segment;
use crate::request::call::{fetch_page, set};
use crate::request::list::{Fetched, List, PageRequest};
use crate::request::query::Query;
use crate::types;

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
    pub(super) owner: Option<String>,
    pub(super) visibility: Option<String>,
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
