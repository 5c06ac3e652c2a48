//! The download of one file of a batch.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use crate::error::{Error, Result};
use crate::files::FileHandle;
use crate::local_file::FileKind;
use crate::transfer::batch::comparison::{Comparison, FilePair, LocalState, modified_of};
use crate::transfer::batch::conflict::{Claims, join};
use crate::transfer::batch::sameness::RemoteFile;
use crate::transfer::batch::{Conflict, FileReport, Outcome};
use crate::transfer::engine::runtime::Context;
use crate::transfer::engine::task::blocking;
use crate::transfer::handle::Shared;
use crate::transfer::local::folder::{Leaf, Root};
use crate::transfer::local::open_mode::Open;

/// One file of the batch.
pub(super) struct FileTask {
    pub(super) file: FileHandle,
    pub(super) path: String,
    pub(super) remote: RemoteFile,
    pub(super) comparison: Arc<Comparison>,
    pub(super) folder: PathBuf,
    pub(super) root: Arc<Root>,
    pub(super) conflict: Conflict,
    /// Whether an existing file need not be compared, because it is known to differ.
    pub(super) differs: bool,
    pub(super) claims: Arc<Claims>,
    pub(super) context: Context,
    pub(super) shared: Arc<Shared>,
}

impl FileTask {
    pub(super) async fn run(self) -> FileReport {
        let (path, id, size) = (self.path.clone(), Some(self.remote.id.clone()), self.remote.size);
        let shared = self.shared.clone();
        let (local, outcome) = match join(&self.folder, &path) {
            Err(error) => (self.folder, Err(error)),
            Ok(local) => match self.choose(&local).await {
                Err(error) => (local, Err(error)),
                Ok(Choice::Leave(outcome)) => (local, Ok(outcome)),
                Ok(Choice::Write { to, overwrite }) => {
                    let outcome = self.download(&to, overwrite, to == local).await;
                    (to, outcome)
                }
            },
        };
        if !matches!(outcome, Ok(Outcome::Transferred(_))) {
            shared.counters.take_out(size.unwrap_or(0));
        }
        FileReport { path, local, id, outcome }
    }

    /// Decides what to do, from what exists locally.
    async fn choose(&self, local: &Path) -> Result<Choice> {
        let (to, claims) = (local.to_owned(), self.claims.clone());
        let root = self.root.clone();
        let (there, leaf) = blocking(move || {
            let leaf = root.folder()?.below(&to)?;
            Ok((look(&leaf, &to, &claims)?, leaf))
        })
        .await?;
        if let There::File(found) = &there
            && !self.differs
        {
            let open = move || leaf.open(Open::Read);
            let two = FilePair { key: &self.path, path: local, local: found, remote: &self.remote };
            if let Some(outcome) = self.comparison.same(two, open, &self.shared).await? {
                return Ok(Choice::Leave(outcome));
            }
        }
        let (to, conflict, claims) = (local.to_owned(), self.conflict, self.claims.clone());
        blocking(move || resolve(to, &there, conflict, &claims)).await
    }

    /// Downloads the file, and records it if it got its own name.
    async fn download(self, to: &Path, overwrite: bool, own_name: bool) -> Result<Outcome> {
        let began = (Instant::now(), SystemTime::now());
        let root = self.root.clone();
        let root = blocking(move || root.folder()).await?;
        let download = self.file.download(to).inside(&root).overwrite(overwrite);
        let mut download = download.modified(modified_of(&self.remote));
        if let Some(size) = self.remote.size {
            download = download.expect_size(size);
        }
        let (done, arrived) = download.run_recorded(self.context, self.shared).await?;
        if own_name {
            self.comparison.downloaded(&self.path, self.remote, (arrived, &done.digests), began);
        }
        Ok(Outcome::Transferred(done.bytes))
    }
}

/// What to do with a file.
#[derive(Debug, PartialEq)]
enum Choice {
    Write { to: PathBuf, overwrite: bool },
    Leave(Outcome),
}

/// What exists at the path of a file.
#[derive(Debug)]
enum There {
    Nothing,
    File(LocalState),
    /// Not a regular file, or without times, so it cannot be compared.
    Other,
    /// Another file of this transfer claimed the path, whether or not it has arrived.
    Claimed,
}

/// Checks what exists at the path.
fn look(leaf: &Leaf, local: &Path, claims: &Claims) -> Result<There> {
    if !claims.take(local) {
        return Ok(There::Claimed);
    }
    let at = SystemTime::now();
    let node = leaf.look().map_err(|error| Error::io(format!("cannot use `{}`", local.display()), error))?;
    let Some(node) = node else { return Ok(There::Nothing) };
    let stat = node.stat().filter(|_| node.kind() == FileKind::Regular);
    Ok(stat.map_or(There::Other, |stat| There::File(LocalState { stat, at })))
}

/// Decides what to do about a different file at the path.
fn resolve(local: PathBuf, there: &There, conflict: Conflict, claims: &Claims) -> Result<Choice> {
    let claimed = matches!(there, There::Claimed);
    if matches!(there, There::Nothing) {
        return Ok(Choice::Write { to: local, overwrite: false });
    }
    match conflict {
        Conflict::Skip => Ok(Choice::Leave(Outcome::Skipped)),
        Conflict::Rename => {
            let free = claims.take_numbered(&local);
            let none = || Error::invalid(format!("there is no free name for `{}`", local.display()));
            Ok(Choice::Write { to: free.ok_or_else(none)?, overwrite: false })
        }
        // It is undefined which of the two should replace the other.
        Conflict::Fail | Conflict::Overwrite if claimed => {
            let message = format!("two files of this transfer have the destination `{}`", local.display());
            Err(Error::invalid(message).with_hint("rename one of them, or choose `Conflict::Rename`"))
        }
        // Without `overwrite` the download itself fails, with the reason.
        Conflict::Fail | Conflict::Overwrite => {
            Ok(Choice::Write { overwrite: conflict == Conflict::Overwrite, to: local })
        }
    }
}
