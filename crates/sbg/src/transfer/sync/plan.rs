//! The plan of a sync: its actions, in the order in which they are carried out.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::client::Client;
use crate::error::{Error, Result};
use crate::transfer::batch::comparison::Comparison;
use crate::transfer::batch::sameness::RemoteFile;
use crate::transfer::batch::upload::RemoteFolder;
use crate::transfer::local::stat::Stat;

/// What a sync will do. Making the plan has changed nothing; [`start`](Self::start) carries it out.
///
/// It prints as a list with one action a line, and serializes to JSON.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let plan = client.sync("results").to("rfranklin/fibre-diffraction").delete(true).plan().await?;
/// println!("{plan}");
/// if plan.deletes() == 0 {
///     plan.await?.into_result()?;
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Serialize)]
#[must_use = "a plan does nothing until it is started or awaited"]
pub struct SyncPlan {
    pub(super) direction: Direction,
    pub(super) actions: Vec<SyncAction>,
    pub(super) problems: Vec<SyncProblem>,
    pub(super) identical: u64,
    pub(super) assumed: Vec<String>,
    /// Why nothing is deleted although that was asked for.
    pub(super) deletes_withheld: Option<String>,
    #[serde(skip)]
    pub(super) inputs: Inputs,
}

/// What carrying out a plan needs.
#[derive(Clone, Debug)]
pub(super) struct Inputs {
    /// Its calls use the connections of the engine.
    pub(super) client: Client,
    pub(super) local: PathBuf,
    pub(super) remote: RemoteRoot,
    pub(super) comparison: Arc<Comparison>,
    /// The id of each folder on the platform, by path.
    pub(super) folders: BTreeMap<String, String>,
    /// Files in the target that the sync covers.
    pub(super) target_files: usize,
    pub(super) force_delete: bool,
    pub(super) journal: Option<PathBuf>,
}

/// The folder on the platform.
#[derive(Clone, Debug)]
pub(super) struct RemoteRoot {
    /// The folder, or the deepest one above it that exists.
    pub(super) folder: RemoteFolder,
    /// The names of the missing folders between.
    pub(super) missing: Vec<String>,
    /// How it is shown and recorded.
    pub(super) name: String,
}

/// Which side is the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Direction {
    Up,
    Down,
}

/// What an action does.
///
/// ```
/// use sbg::transfer::SyncOperation;
///
/// assert_eq!(SyncOperation::CopyNew.to_string(), "copy new");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SyncOperation {
    /// Creates a folder.
    CreateFolder,
    /// Copies a file that the target lacks. Fails if a file of this path appears in the meantime.
    CopyNew,
    /// Replaces a file that differs.
    CopyChanged,
    /// Deletes a file that the source lacks.
    DeleteFile,
    /// Deletes a folder that the source lacks, once it is empty.
    DeleteFolder,
}

impl SyncOperation {
    pub(super) fn is_delete(self) -> bool {
        matches!(self, Self::DeleteFile | Self::DeleteFolder)
    }

    pub(super) fn is_copy(self) -> bool {
        matches!(self, Self::CopyNew | Self::CopyChanged)
    }
}

impl fmt::Display for SyncOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::CreateFolder => "create folder",
            Self::CopyNew => "copy new",
            Self::CopyChanged => "copy changed",
            Self::DeleteFile => "delete",
            Self::DeleteFolder => "delete folder",
        })
    }
}

/// One action of a plan.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let plan = client.sync("results").to("rfranklin/fibre-diffraction").plan().await?;
/// for action in plan.actions() {
///     println!("{} {}", action.operation, action.path);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SyncAction {
    /// What it does.
    pub operation: SyncOperation,
    /// Path below both roots, with `/` between the names.
    pub path: String,
    /// Size of the file in bytes; `None` for folders, and if the platform does not report it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// The file or folder on the platform, as listed.
    #[serde(skip)]
    pub(super) remote: Option<RemoteFile>,
    /// The local file as listed.
    #[serde(skip)]
    pub(super) local: Option<Stat>,
}

impl SyncAction {
    pub(super) fn new(operation: SyncOperation, path: String) -> Self {
        Self { operation, path, bytes: None, remote: None, local: None }
    }
}

impl fmt::Display for SyncAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:13} {}", self.operation, self.path.escape_debug())?;
        match self.bytes {
            Some(bytes) => write!(f, " ({bytes} bytes)"),
            None => Ok(()),
        }
    }
}

/// A path that cannot be synced, and why. Nothing is done there on either side.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let plan = client.sync("results").to("rfranklin/fibre-diffraction").plan().await?;
/// for problem in plan.problems() {
///     eprintln!("{}: {}", problem.path, problem.error);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct SyncProblem {
    /// Path below both roots, with `/` between the names.
    pub path: String,
    /// What is wrong.
    #[serde(serialize_with = "as_text")]
    pub error: Error,
}

pub(super) fn as_text<S: Serializer>(error: &Error, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(error)
}

impl SyncPlan {
    /// The actions, in the order in which they are carried out.
    pub fn actions(&self) -> &[SyncAction] {
        &self.actions
    }

    /// The paths that cannot be synced, sorted.
    pub fn problems(&self) -> &[SyncProblem] {
        &self.problems
    }

    /// Number of files that are known to be the same on both sides.
    pub fn identical(&self) -> u64 {
        self.identical
    }

    /// The files that are only assumed to be the same, by size and time.
    pub fn assumed(&self) -> &[String] {
        &self.assumed
    }

    /// Total bytes of the files to copy.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let plan = client.sync("results").to("rfranklin/fibre-diffraction").plan().await?;
    /// println!("{} bytes to copy", plan.bytes());
    /// # Ok(())
    /// # }
    /// ```
    pub fn bytes(&self) -> u64 {
        self.copies().filter_map(|action| action.bytes).sum()
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.actions.is_empty()
    }

    /// Number of files to delete.
    pub fn deletes(&self) -> usize {
        self.actions.iter().filter(|action| action.operation == SyncOperation::DeleteFile).count()
    }

    /// Why nothing is deleted although that was asked for: a folder could not be listed, so what it has is unknown.
    pub fn deletes_withheld(&self) -> Option<&str> {
        self.deletes_withheld.as_deref()
    }

    /// Whether the plan may be carried out. Starting it checks this first.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let plan = client.sync("results").to("rfranklin/fibre-diffraction").delete(true).plan().await?;
    /// plan.check()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if it would delete more than half of the files in the target, without
    /// [`force_delete`](super::TreeSync::force_delete).
    pub fn check(&self) -> Result<()> {
        let (deletes, files) = (self.deletes(), self.inputs.target_files);
        if self.inputs.force_delete || deletes * 2 <= files {
            return Ok(());
        }
        let message = format!("the sync would delete {deletes} of the {files} files in the target");
        Err(Error::invalid(message)
            .with_hint("check source and target; `force_delete` allows deleting more than half"))
    }

    pub(super) fn copies(&self) -> impl Iterator<Item = &SyncAction> {
        self.actions.iter().filter(|action| action.operation.is_copy())
    }
}

/// One action a line, then the problems and a summary.
impl fmt::Display for SyncPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for action in &self.actions {
            writeln!(f, "{action}")?;
        }
        for problem in &self.problems {
            writeln!(f, "{:13} {}: {}", "problem", problem.path.escape_debug(), problem.error)?;
        }
        if let Some(why) = &self.deletes_withheld {
            writeln!(f, "nothing is deleted: {why}")?;
        }
        let (copies, bytes, deletes) = (self.copies().count(), self.bytes(), self.deletes());
        let unchanged = self.identical + self.assumed.len() as u64;
        write!(f, "{copies} files to copy ({bytes} bytes), {deletes} to delete, {unchanged} unchanged")
    }
}
