//! What imports and exports have in common: how they are fetched, their progress and their result.

use std::fmt;
use std::future::Future;

use serde::de::DeserializeOwned;

use super::StorageJobList;
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::request::list::{Fetched, PageRequest};
use crate::request::wait::{Job, State};
use crate::types::{self, StorageJobState};

/// A job that copies between the platform and a volume: [`Import`](types::Import) or [`Export`](types::Export). Only this crate
/// implements it.
///
/// ```no_run
/// use sbg::storage_jobs::{StorageJob, StorageJobExt as _, StorageJobs};
///
/// async fn names<J: StorageJob>(jobs: StorageJobs<J>, ids: Vec<String>) -> sbg::Result<Vec<Option<String>>> {
///     let jobs = jobs.wait_all(ids).await?;
///     jobs.into_iter().map(|job| Ok(job?.file()?.name)).collect()
/// }
/// ```
pub trait StorageJob: Clone + fmt::Debug + DeserializeOwned + Send + Sync + 'static {
    /// What errors call it.
    #[doc(hidden)]
    const KIND: &'static str;

    /// What errors call a list of them.
    #[doc(hidden)]
    const LIST: &'static str;

    /// What errors call its id.
    #[doc(hidden)]
    const ID: &'static str;

    /// The fields that imports and exports share.
    #[doc(hidden)]
    fn parts(&self) -> JobParts<'_>;

    /// Fetches a page of a list.
    #[doc(hidden)]
    fn page(
        list: StorageJobList<Self>,
        client: Client,
        at: PageRequest,
    ) -> impl Future<Output = Result<Fetched<Self>>> + Send + 'static;

    /// Gets a job.
    #[doc(hidden)]
    fn fetch(
        client: Client,
        id: String,
        fields: Option<String>,
    ) -> impl Future<Output = Result<Self>> + Send + 'static;

    /// Gets many jobs.
    #[doc(hidden)]
    fn fetch_many(
        client: Client,
        ids: Vec<String>,
    ) -> impl Future<Output = Result<Vec<Result<Self>>>> + Send + 'static;
}

/// The fields that imports and exports share.
#[derive(Clone, Copy, Debug)]
pub struct JobParts<'j> {
    pub(super) id: &'j str,
    pub(super) state: Option<&'j StorageJobState>,
    pub(super) result: Option<&'j types::File>,
    pub(super) error: Option<&'j types::Error>,
}

impl<J: StorageJob> Job for J {
    fn state(&self) -> State {
        State::of_job(self.parts().state.map(StorageJobState::as_str))
    }
}

/// The result of an import or an export. Import the trait to call its method.
///
/// ```no_run
/// # async fn example(client: sbg::Client, id: String) -> sbg::Result<()> {
/// use sbg::storage_jobs::StorageJobExt as _;
///
/// let file = client.import(id).wait().await?.file()?;
/// println!("{}", file.id);
/// # Ok(())
/// # }
/// ```
pub trait StorageJobExt {
    /// The file or folder of a completed job. For an import, the imported one. For an export, the file after the export: an alias of
    /// the exported object, unless the export was a copy.
    ///
    /// ```
    /// use sbg::storage_jobs::StorageJobExt as _;
    ///
    /// let import: sbg::types::Import = serde_json::from_str(
    ///     r#"{
    ///         "id": "3Q7TVdzmdUnDTYkRWiRsoX",
    ///         "state": "COMPLETED",
    ///         "result": {"id": "567890abc9b0307bc0414164", "name": "photograph-51.tiff"}
    ///     }"#,
    /// )?;
    /// assert_eq!(import.file()?.name.as_deref(), Some("photograph-51.tiff"));
    ///
    /// let failed: sbg::types::Export = serde_json::from_str(
    ///     r#"{
    ///         "id": "6jcv1gCwfvKXV1QdAhVuP7",
    ///         "state": "FAILED",
    ///         "error": {"status": 409, "code": 9108, "message": "The object exists."}
    ///     }"#,
    /// )?;
    /// assert_eq!(failed.file().unwrap_err().to_string(), "The object exists. (HTTP 409, code 9108)");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The error of a failed job; [`ErrorKind::InvalidInput`] for a job that has not ended, or that came from a list and so has no
    /// result.
    fn file(&self) -> Result<types::File>;
}

impl<J: StorageJob> StorageJobExt for J {
    fn file(&self) -> Result<types::File> {
        let JobParts { id, state, result, error } = self.parts();
        let what = format!("{} `{id}`", J::KIND);
        match (state, result, error) {
            (Some(StorageJobState::Failed), _, Some(error)) => Err(Error::from_item(error)),
            (Some(StorageJobState::Failed), _, None) => {
                let message = format!("{what} failed, and the platform does not say why");
                Err(Error::new(ErrorKind::JobFailed, message))
            }
            _ if !self.state().over => {
                Err(Error::invalid(format!("{what} has not ended: wait for it with `wait()`")))
            }
            (_, Some(file), _) => Ok(file.clone()),
            (_, None, Some(error)) => Err(Error::from_item(error)),
            (_, None, None) => Err(Error::invalid(format!(
                "{what} has no result, as in a list: get it by its id, with all fields"
            ))),
        }
    }
}
