//! One import or export.

use std::marker::PhantomData;

use super::{StorageJob, StorageJobList};
use crate::client::Client;
use crate::ids::check_segment;
use crate::request::call::Get;
use crate::request::list::List as _;
use crate::request::wait::{self, Wait};

/// An import or an export, by id: [`ImportHandle`](super::ImportHandle) or [`ExportHandle`](super::ExportHandle). Creating it makes no
/// request.
///
/// ```no_run
/// # async fn example(client: sbg::Client, id: String) -> sbg::Result<()> {
/// use sbg::storage_jobs::StorageJobExt as _;
///
/// let import = client.import(id).wait().await?;
/// println!("{:?}", import.file()?.storage);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct StorageJobHandle<J> {
    client: Client,
    id: String,
    kind: PhantomData<fn() -> J>,
}

impl<J: StorageJob> StorageJobHandle<J> {
    pub(super) fn new(client: Client, id: String) -> Self {
        Self { client, id, kind: PhantomData }
    }

    /// The id of the job.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// assert_eq!(client.import("3Q7TVdzmdUnDTYkRWiRsoX").id(), "3Q7TVdzmdUnDTYkRWiRsoX");
    /// # }
    /// ```
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Gets the job.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, id: String) -> sbg::Result<()> {
    /// let import = client.import(id).get().await?;
    /// println!("{:?} since {:?}", import.state, import.started_on);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn get(&self) -> Get<J> {
        let id = self.id.clone();
        Get::new(&self.client, StorageJobList::<J>::IDENTITY, move |client, fields| async move {
            check_segment(J::ID, &id)?;
            J::fetch(client, id, fields).await
        })
    }

    /// Waits until the job has completed or failed; [`file`](super::StorageJobExt::file) returns the file or the error.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, id: String) -> sbg::Result<()> {
    /// use sbg::storage_jobs::StorageJobExt as _;
    ///
    /// let hour = std::time::Duration::from_secs(60 * 60);
    /// let export = client.export(id).wait().timeout(hour).await?;
    /// println!("{}", export.file()?.id);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn wait(&self) -> Wait<J> {
        let handle = self.clone();
        wait::one(format!("{} `{}`", J::KIND, self.id), move || handle.get().send())
    }
}
