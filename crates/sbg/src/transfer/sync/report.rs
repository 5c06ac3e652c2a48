//! The results of a sync.

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use super::plan::{SyncAction, SyncPlan, SyncProblem};
use crate::error::{Error, Result};

/// The results of a sync. It serializes to JSON.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let report = client.sync("results").to("rfranklin/fibre-diffraction").await?;
/// for (path, error) in report.failures() {
///     eprintln!("{path}: {error}");
/// }
/// println!("{} bytes copied", report.bytes());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct SyncReport {
    /// The result of each action, in the order of the plan.
    pub results: Vec<SyncResult>,
    /// The paths that could not be synced.
    pub problems: Vec<SyncProblem>,
    /// Number of files that were known to be the same on both sides.
    pub identical: u64,
    /// The files that were only assumed to be the same, by size and time.
    pub assumed: Vec<String>,
    /// Why nothing was deleted although that was asked for.
    pub deletes_withheld: Option<String>,
}

/// The result of one action.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let report = client.sync("results").to("rfranklin/fibre-diffraction").await?;
/// for done in report.results.iter().filter(|done| done.result.is_ok()) {
///     println!("{}", done.action);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SyncResult {
    /// The action.
    pub action: SyncAction,
    /// The bytes copied, with those of an earlier run; 0 for actions that copy nothing. Or the error.
    pub result: Result<u64>,
}

impl Serialize for SyncResult {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { action: SyncAction { operation, path, bytes, .. }, result } = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("operation", operation)?;
        map.serialize_entry("path", path)?;
        if let Some(bytes) = bytes {
            map.serialize_entry("bytes", bytes)?;
        }
        map.serialize_entry("done", &result.is_ok())?;
        if let Err(error) = result {
            map.serialize_entry("error", &error.to_string())?;
        }
        map.end()
    }
}

impl SyncReport {
    /// The report of a plan, with a result for each of its actions.
    pub(super) fn of(plan: SyncPlan, results: Vec<SyncResult>) -> Self {
        let SyncPlan { problems, identical, assumed, deletes_withheld, .. } = plan;
        Self { results, problems, identical, assumed, deletes_withheld }
    }

    /// What failed, with its path: actions, and paths that could not be synced.
    pub fn failures(&self) -> impl Iterator<Item = (&str, &Error)> {
        let actions = self.results.iter();
        let actions = actions.filter_map(|done| Some((&*done.action.path, done.result.as_ref().err()?)));
        self.problems.iter().map(|problem| (&*problem.path, &problem.error)).chain(actions)
    }

    /// Total bytes of the files that were copied.
    pub fn bytes(&self) -> u64 {
        self.results.iter().filter_map(|done| done.result.as_ref().ok()).sum()
    }

    /// This report, if everything was done.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// client.sync("results").to("rfranklin/fibre-diffraction").await?.into_result()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The first failure, with its path and the number of other failures. [`ErrorKind::Io`](crate::ErrorKind::Io) if nothing was
    /// deleted because a folder could not be listed.
    pub fn into_result(self) -> Result<Self> {
        let mut failures = self.failures();
        if let Some((path, error)) = failures.next() {
            let others = failures.count();
            let more = if others > 0 { format!(" ({others} more failed)") } else { String::new() };
            return Err(Error::new(error.kind(), format!("`{path}` failed{more}")).with_source(error.clone()));
        }
        drop(failures);
        match &self.deletes_withheld {
            Some(why) => Err(Error::new(crate::ErrorKind::Io, format!("nothing was deleted: {why}"))),
            None => Ok(self),
        }
    }
}
