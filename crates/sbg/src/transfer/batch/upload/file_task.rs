//! The upload of one file of a batch.

use std::sync::Arc;

use parking_lot::Mutex;

use super::remote_folders::{FolderNames, ListedName, RemoteFolder};
use crate::client::Client;
use crate::error::{Error, Result};
use crate::transfer::batch::comparison::{Comparison, FilePair, LocalState};
use crate::transfer::batch::conflict::numbered;
use crate::transfer::batch::scan::{LocalFile, state};
use crate::transfer::batch::{Conflict, FileReport, Outcome};
use crate::transfer::engine::runtime::Context;
use crate::transfer::engine::task::blocking;
use crate::transfer::handle::Shared;
use crate::transfer::local::source_file::open_without_waiting;
use crate::transfer::local::stat::Stat;

/// One file of the batch.
pub(super) struct FileTask {
    pub(super) client: Client,
    /// Its path in the record, if it can have one.
    pub(super) key: Option<String>,
    pub(super) local: LocalFile,
    pub(super) folder: RemoteFolder,
    pub(super) names: Arc<Mutex<FolderNames>>,
    /// Whether another file of this transfer claimed its name, whether or not it has arrived.
    pub(super) claimed: bool,
    pub(super) conflict: Conflict,
    pub(super) comparison: Arc<Comparison>,
    pub(super) context: Context,
    pub(super) shared: Arc<Shared>,
}

impl FileTask {
    pub(super) async fn run(self) -> FileReport {
        let (path, local, size, shared) =
            (self.local.path(), self.local.file.clone(), self.local.size, self.shared.clone());
        let known = self.names.lock().there.get(&self.local.name).cloned();
        let mut id = known.as_ref().map(|known| known.remote.id.clone());
        let outcome = match self.choose(known).await {
            Ok(Choice::Leave(outcome)) => Ok(outcome),
            Ok(Choice::Send(name, before)) => self.send(name, before).await.map(|(new, outcome)| {
                id = Some(new);
                outcome
            }),
            Err(error) => Err(error),
        };
        if !matches!(outcome, Ok(Outcome::Transferred(_))) {
            shared.counters.take_out(size);
        }
        FileReport { path, local, id, outcome }
    }

    async fn choose(&self, known: Option<ListedName>) -> Result<Choice> {
        let path = self.local.file.clone();
        let before = blocking(move || state(&path)).await?;
        let name = &self.local.name;
        if !self.claimed {
            match (&known, &before) {
                (None, _) => return Ok(Choice::Send(name.clone(), before)),
                (Some(known), Some(before)) if !known.is_folder => {
                    let key = self.key.as_deref().unwrap_or_default();
                    let path = self.local.file.clone();
                    let open = move || open_without_waiting(&path);
                    let two = FilePair { key, path: &self.local.file, local: before, remote: &known.remote };
                    if let Some(outcome) = self.comparison.same(two, open, &self.shared).await? {
                        return Ok(Choice::Leave(outcome));
                    }
                }
                _ => {}
            }
        }
        match self.conflict {
            Conflict::Skip => Ok(Choice::Leave(Outcome::Skipped)),
            Conflict::Rename => {
                let mut names = self.names.lock();
                let mut numbers = (2..=u32::MAX).map(|number| numbered(name, number));
                let free =
                    numbers.find(|name| !names.there.contains_key(name) && !names.claimed.contains(name));
                let none = || Error::invalid(format!("there is no free name for `{name}`"));
                let free = free.ok_or_else(none)?;
                names.claimed.insert(free.clone());
                Ok(Choice::Send(free, before))
            }
            // It is undefined which of the two should replace the other.
            Conflict::Fail | Conflict::Overwrite if self.claimed => {
                let message =
                    format!("two files of this transfer have the destination `{}`", self.local.path());
                Err(Error::invalid(message).with_hint("rename one of them, or choose `Conflict::Rename`"))
            }
            // The platform refuses a name that is taken, unless told to overwrite.
            Conflict::Fail | Conflict::Overwrite => Ok(Choice::Send(name.clone(), before)),
        }
    }

    /// Uploads the file under this name, and records it if that is its own name. Returns its id on the platform.
    async fn send(self, name: String, before: Option<LocalState>) -> Result<(String, Outcome)> {
        let Self { client, key, local, folder, conflict, comparison, context, shared, .. } = self;
        let is_own = name == local.name;
        let upload = client.upload(&local.file).name(name).overwrite(conflict == Conflict::Overwrite);
        let upload = upload.to(folder.destination());
        let (done, source) = upload.run_recorded(context, shared).await?;
        if let (Some(key), Some(before), true) = (&key, &before, is_own) {
            let after = source.metadata().ok().as_ref().and_then(Stat::of);
            comparison.uploaded(key, before, after, source.crc32c(), &done.file);
        }
        Ok((done.file.id, Outcome::Transferred(done.bytes)))
    }
}

/// What to do with a file.
enum Choice {
    /// Upload it under this name. The file was in this state before.
    Send(String, Option<LocalState>),
    Leave(Outcome),
}
