//! What imports and exports have in common: their progress and their result.

use crate::error::{Error, ErrorKind, Result};
use crate::request::wait::State;
use crate::types::{self, StorageJobState};

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

/// The progress of an import or an export in this state.
pub(super) fn state(state: Option<&StorageJobState>) -> State {
    State::of_job(state.map(StorageJobState::as_str))
}

/// The outcome of an import or an export.
pub(super) fn outcome(
    what: &str,
    state: Option<&StorageJobState>,
    result: Option<&types::File>,
    error: Option<&types::Error>,
) -> Result<types::File> {
    let ended = self::state(state).over;
    match (state, result, error) {
        (Some(StorageJobState::Failed), _, Some(error)) => Err(Error::from_item(error)),
        (Some(StorageJobState::Failed), _, None) => {
            Err(Error::new(ErrorKind::JobFailed, format!("{what} failed, and the platform does not say why")))
        }
        (_, Some(file), _) if ended => Ok(file.clone()),
        (_, None, Some(error)) if ended => Err(Error::from_item(error)),
        (_, None, _) if ended => {
            Err(Error::invalid(format!("{what} came without its result: get it by its id, with all fields")))
        }
        _ => Err(Error::invalid(format!("{what} is not over: wait for it"))),
    }
}
