//! Datasets of CAVATICA: files shared under one name, and their members. All calls are in advance access; enable them with
//! [`ClientBuilder::advance_access`](crate::ClientBuilder::advance_access).

mod edit;
mod handle;
mod list;
mod members;

use crate::client::Client;
use crate::ids::{DatasetId, IntoId};
use crate::request::query::Query;

pub use edit::DatasetEdit;
pub use handle::DatasetHandle;
pub use list::DatasetList;

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
