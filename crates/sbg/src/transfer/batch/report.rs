//! The results of a batch.

use std::path::PathBuf;

use crate::error::{Error, Result};

/// The results of a batch.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let report = client.project("rfranklin/fibre-diffraction").files().download_tree("patterns").await?;
/// for file in &report.files {
///     println!("{} {:?}", file.path, file.outcome);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Report {
    /// The result of each file, sorted by path.
    pub files: Vec<FileReport>,
}

/// The result of one file.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let report = client.project("rfranklin/fibre-diffraction").files().download_tree("patterns").await?;
/// for file in report.files {
///     println!("{} is at {}", file.path, file.local.display());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FileReport {
    /// Path relative to the source, with `/` between the names.
    pub path: String,
    /// The local file.
    pub local: PathBuf,
    /// Id of the file on the platform, if it has one.
    pub id: Option<String>,
    /// The outcome, or the error.
    pub outcome: Result<Outcome>,
}

/// The outcome of a file that did not fail.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// use sbg::transfer::Outcome;
///
/// let report = client.project("rfranklin/fibre-diffraction").files().download_tree("patterns").await?;
/// let moved = report.files.iter().filter(|file| matches!(file.outcome, Ok(Outcome::Transferred(_))));
/// println!("{} files have moved", moved.count());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// Transferred; the number of bytes includes those of an earlier run.
    Transferred(u64),
    /// The same file already existed: a record of an earlier transfer, or its content, proves it.
    Identical,
    /// A file of the same size and time already existed and was left unchanged. Nothing proves that it has the same bytes; to verify
    /// that, use [`Compare::Content`](super::Compare::Content).
    Assumed,
    /// A different file of this name existed and was left unchanged.
    Skipped,
}

impl Report {
    /// The files that failed, with the reason.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let report = client.project("rfranklin/fibre-diffraction").files().download_tree("patterns").await?;
    /// for (file, error) in report.failures() {
    ///     eprintln!("{}: {error}", file.path);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn failures(&self) -> impl Iterator<Item = (&FileReport, &Error)> {
        self.files.iter().filter_map(|file| file.outcome.as_ref().err().map(|error| (file, error)))
    }

    /// The files that are only assumed to be up to date.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let report = client.project("rfranklin/fibre-diffraction").files().download_tree("patterns").await?;
    /// println!("{} files were not compared by content", report.assumed().count());
    /// # Ok(())
    /// # }
    /// ```
    pub fn assumed(&self) -> impl Iterator<Item = &FileReport> {
        self.files.iter().filter(|file| matches!(file.outcome, Ok(Outcome::Assumed)))
    }

    /// Total bytes of the files that were transferred.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// println!("{} bytes have moved", client.project("rfranklin/fibre-diffraction").files().download_tree("patterns").await?.bytes());
    /// # Ok(())
    /// # }
    /// ```
    pub fn bytes(&self) -> u64 {
        let moved = |file: &FileReport| match file.outcome {
            Ok(Outcome::Transferred(bytes)) => bytes,
            _ => 0,
        };
        self.files.iter().map(moved).sum()
    }

    /// This report, if no file failed.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// // An error unless all of them have arrived.
    /// let report = client.project("rfranklin/fibre-diffraction").files().download_tree("patterns").await?.into_result()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The first failure, with the path of its file and the number of other failures.
    pub fn into_result(self) -> Result<Self> {
        let mut failures = self.failures();
        let Some((file, error)) = failures.next() else {
            drop(failures);
            return Ok(self);
        };
        let others = failures.count();
        let more = if others > 0 { format!(" ({others} more failed)") } else { String::new() };
        Err(Error::new(error.kind(), format!("`{}` failed{more}", file.path)).with_source(error.clone()))
    }
}
