//! Imports from volumes and exports to volumes: copies that the platform makes.

mod export_check;
mod exports;
mod handle;
mod imports;
mod job;
mod list;

use std::marker::PhantomData;

use crate::client::Client;
use crate::error::Result;
use crate::ids::check_segment;
use crate::request::bulk::{checked_ids, in_place};
use crate::request::query::Query;
use crate::request::wait::Wait;
use crate::request::wait_many;

pub use exports::{ExportHandle, ExportList, ExportStart, Exports};
pub use handle::StorageJobHandle;
pub use imports::{ImportHandle, ImportList, ImportStart, Imports};
pub use job::{StorageJob, StorageJobExt};
pub use list::StorageJobList;

/// The imports or the exports that the caller has started: [`Imports`] or [`Exports`].
///
/// ```no_run
/// # async fn example(client: sbg::Client, ids: Vec<String>) -> sbg::Result<()> {
/// let imports = client.imports();
/// let from_patterns = imports.query().volume("rfranklin/patterns").all().await?;
/// let done = imports.wait_all(ids).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct StorageJobs<J> {
    client: Client,
    kind: PhantomData<fn() -> J>,
}

impl<J: StorageJob> StorageJobs<J> {
    fn new(client: Client) -> Self {
        Self { client, kind: PhantomData }
    }

    /// The jobs, with basic fields only; [`fields`](Query::fields) selects others. Imports can be filtered by project, exports cannot.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// use sbg::types::StorageJobStateFilter;
    ///
    /// let failed = client.exports().query().state(StorageJobStateFilter::Failed).all().await?;
    /// println!("{}", failed.len());
    /// # Ok(())
    /// # }
    /// ```
    pub fn query(&self) -> Query<StorageJobList<J>> {
        Query::new(self.client.clone(), StorageJobList::new())
    }

    /// Gets any number of jobs, 100 per call. The results are in the order of the ids.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, ids: Vec<String>) -> sbg::Result<()> {
    /// for import in client.imports().bulk_get(ids).await? {
    ///     match import {
    ///         Ok(import) => println!("{} {:?}", import.id, import.state),
    ///         Err(error) => eprintln!("{error}"),
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: no ids or an invalid one. If a call fails, its error is the result of each of its jobs.
    pub async fn bulk_get<I: Into<String>>(
        &self,
        ids: impl IntoIterator<Item = I>,
    ) -> Result<Vec<Result<J>>> {
        get_all(self.client.clone(), checked_ids(check_segment, J::ID, ids)?).await
    }

    /// Waits until all of these jobs have completed or failed. Polls them 100 per call, and only those that have not ended yet.
    ///
    /// Returns a result for each id, in the same order. A job that cannot be fetched has its error there; the others are still waited
    /// for.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, ids: Vec<String>) -> sbg::Result<()> {
    /// use sbg::storage_jobs::StorageJobExt as _;
    ///
    /// let hour = std::time::Duration::from_secs(60 * 60);
    /// for import in client.imports().wait_all(ids).timeout(hour).await? {
    ///     let file = import?.file()?;
    ///     println!("{}", file.id);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn wait_all<I: Into<String>>(&self, ids: impl IntoIterator<Item = I>) -> Wait<Vec<Result<J>>> {
        let client = self.client.clone();
        let ids = checked_ids(check_segment, J::ID, ids);
        wait_many::all(format!("the {}", J::LIST), ids, move |ids| get_all(client.clone(), ids))
    }
}

async fn get_all<J: StorageJob>(client: Client, ids: Vec<String>) -> Result<Vec<Result<J>>> {
    let found = J::fetch_many(client, ids.clone()).await?;
    Ok(in_place(&ids, found, |job: &J| job.parts().id))
}
