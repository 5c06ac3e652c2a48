//! The journal of an upload, from which another process resumes.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::error::{Error, ErrorKind, Result};
use crate::transfer::local::folder::{Folder, Leaf};
use crate::transfer::local::journal::{self, JournalError};
use crate::transfer::local::lock::{Locked, open_locked, remove_stale};
use crate::transfer::local::source_file::Stamp;
use crate::transfer::upload::plan::{PartReport, UploadDestination};

/// The default folder of the journals; `None` if the user has no home folder.
pub(crate) fn default_state_folder() -> Option<PathBuf> {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = if cfg!(windows) {
        variable("LOCALAPPDATA")
    } else {
        let home = || std::env::home_dir().map(|home| home.join(".local/state"));
        // The specification of the variable says to ignore relative paths.
        variable("XDG_STATE_HOME").filter(|path| path.is_absolute()).or_else(home)
    };
    base.map(|base| base.join("sbg"))
}

/// The journal of an upload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Journal {
    /// Identifies the upload; version 0.1.0 used this field name.
    #[serde(rename = "errand")]
    pub(super) key: UploadKey,
    /// The state of the local file.
    pub(super) stamp: Stamp,
    pub(super) upload_id: String,
    pub(super) part_size: u64,
    /// The parts that the storage has confirmed.
    pub(super) parts: Vec<PartReport>,
    /// Whether the completion may have been requested.
    pub(super) completing: bool,
}

/// Saved before an upload is requested, so that it can be found even if its id never arrives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Intent {
    #[serde(rename = "errand")]
    pub(super) key: UploadKey,
    pub(super) stamp: Stamp,
    pub(super) part_size: u64,
    /// Seconds since 1970, by the local clock.
    pub(super) intended: i64,
}

/// The possible contents of a journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Saved {
    Upload(Journal),
    Intent(Intent),
}

impl Saved {
    fn load(journal: &Leaf) -> Result<Self, JournalError> {
        match journal::load_owned::<Journal>(journal) {
            Ok(journal) => Ok(Self::Upload(journal)),
            Err(JournalError::Missing) => Err(JournalError::Missing),
            Err(damaged) => journal::load_owned(journal).map(Self::Intent).map_err(|_| damaged),
        }
    }

    fn key(&self) -> &UploadKey {
        match self {
            Self::Upload(journal) => &journal.key,
            Self::Intent(intent) => &intent.key,
        }
    }
}

/// Suffixes of the names of a journal and of its lock file.
const JOURNAL: &str = "upload";
const LOCK: &str = ".upload.lock";

/// Ids of the uploads named by the journals in this folder.
pub(super) fn upload_ids(folder: &Arc<Folder>) -> HashSet<String> {
    let is_journal = |name: &OsStr| Path::new(name).extension() == Some(OsStr::new(JOURNAL));
    let journals = names(folder).filter(|name| is_journal(name)).map(|name| folder.leaf(name));
    journals
        .filter_map(|journal| journal::load_owned::<Journal>(&journal).ok())
        .map(|journal| journal.upload_id)
        .collect()
}

/// Removes the lock files of killed runs.
pub(in crate::transfer) fn remove_stale_locks(folder: &Arc<Folder>) {
    let locks = names(folder).filter(|name| name.to_string_lossy().ends_with(LOCK));
    for lock in locks.map(|name| folder.leaf(name)) {
        if let Err(error) = remove_stale(&lock) {
            tracing::debug!(path = %lock.path().display(), %error, "a lock file stays");
        }
    }
}

fn names(folder: &Folder) -> impl Iterator<Item = OsString> {
    fs::read_dir(folder.path()).into_iter().flatten().flatten().map(|entry| entry.file_name())
}

/// Source and destination. Two uploads with the same key are the same upload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct UploadKey {
    pub(super) endpoint: String,
    /// As returned by [`text`].
    pub(super) path: String,
    pub(super) destination: UploadDestination,
    pub(super) name: String,
}

/// A path as text if it is valid text; otherwise its bytes in a form that no absolute path has.
pub(super) fn text(path: &Path) -> String {
    let bytes = || format!("hex:{}", hex::encode(path.as_os_str().as_encoded_bytes()));
    path.to_str().map_or_else(bytes, str::to_owned)
}

/// The journal file of a key. Locked until this is dropped.
#[derive(Debug)]
pub(super) struct Record {
    journal: Leaf,
    lock_file: Leaf,
    _lock: Locked,
}

impl Record {
    /// Opens the record of a key. Fails if another upload has the same key and does not release it within two seconds, or before
    /// `stopped` returns true.
    pub(super) fn open(folder: &Arc<Folder>, key: &UploadKey, stopped: &dyn Fn() -> bool) -> Result<Self> {
        let about = |error| Error::io(format!("cannot use the folder `{}`", folder.path().display()), error);
        let name = serde_json::to_vec(key).map_err(|error| about(error.into()))?;
        let name = hex::encode(&Sha256::digest(name)[..16]);
        let journal = folder.leaf(format!("{name}.{JOURNAL}"));
        let lock_file = folder.leaf(format!("{name}{LOCK}"));
        let Some(lock) = open_locked(&lock_file, stopped).map_err(about)? else {
            let shown = &key.path;
            let message = format!("another upload of `{shown}` to the same destination is running");
            return Err(Error::new(ErrorKind::Locked, message));
        };
        Ok(Self { journal, lock_file, _lock: lock })
    }

    /// What another run saved; the text says why it cannot be used.
    pub(super) fn load(&self, key: &UploadKey) -> Option<Result<Saved, String>> {
        match Saved::load(&self.journal) {
            Err(JournalError::Missing) => None,
            Err(JournalError::Damaged(why)) => Some(Err(format!("the journal cannot be used: {why}"))),
            // The upload that it names is left alone.
            Ok(saved) if saved.key() != key => Some(Err("the journal is that of another upload".to_owned())),
            Ok(saved) => Some(Ok(saved)),
        }
    }

    /// Replaces the journal.
    pub(super) fn save(&self, journal: &impl Serialize) {
        warn_unless_saved(journal::save(&self.journal, journal));
    }

    /// Saves the intent of an upload that has no journal yet. If it is damaged by a crash nothing is lost, because the platform does not
    /// know the upload yet.
    pub(super) fn save_first(&self, intent: &Intent) {
        warn_unless_saved(journal::save_first(&self.journal, intent));
    }

    pub(super) fn remove(&self) {
        journal::remove(&self.journal);
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        // Before the lock is released, so no other process can have locked it yet.
        self.lock_file.remove().ok();
    }
}

/// Without a journal the upload continues, but another process cannot resume it.
fn warn_unless_saved(saved: io::Result<()>) {
    if let Err(error) = saved {
        tracing::warn!(%error, "cannot write the journal of an upload");
    }
}

/// The journal of a running upload, until it is closed: a late write must neither recreate a removed journal nor hold the lock.
#[derive(Debug)]
pub(super) struct Ledger(Mutex<Option<Open>>);

#[derive(Debug)]
struct Open {
    record: Record,
    journal: Journal,
    /// Whether all changes are on disk.
    saved: bool,
}

impl Open {
    fn save(&mut self) {
        self.record.save(&self.journal);
        self.saved = true;
    }
}

impl Ledger {
    /// Saves the journal for the first time.
    pub(super) fn open(record: Record, journal: Journal) -> Self {
        let mut open = Open { record, journal, saved: false };
        open.save();
        Self(Mutex::new(Some(open)))
    }

    /// Records a confirmed part, for the next [`save`](Self::save).
    pub(super) fn confirm(&self, report: PartReport) {
        self.change(|open| {
            open.journal.parts.retain(|known| known.part != report.part);
            open.journal.parts.push(report);
            open.saved = false;
        });
    }

    /// Saves unsaved changes.
    pub(super) fn save(&self) {
        self.change(|open| {
            if !open.saved {
                open.save();
            }
        });
    }

    /// Saves that the completion is about to be requested.
    pub(super) fn completing(&self) {
        self.change(|open| {
            open.journal.completing = true;
            open.save();
        });
    }

    fn change(&self, change: impl FnOnce(&mut Open)) {
        if let Some(open) = &mut *self.0.lock() {
            change(open);
        }
    }

    /// Leaves the journal with these parts for the next upload of the same key, or removes it if there is nothing to resume. Returns the
    /// record, which is still locked.
    pub(super) fn close(&self, parts: Option<Vec<PartReport>>) -> Option<Record> {
        let Open { record, journal, .. } = self.0.lock().take()?;
        match parts {
            Some(parts) => record.save(&Journal { parts, ..journal }),
            None => record.remove(),
        }
        Some(record)
    }
}

/// For the fuzz target: parses a journal from these bytes.
#[cfg(fuzzing)]
pub fn fuzz(bytes: &[u8]) {
    for journal in journal::parse_both::<Journal>(bytes) {
        let again = serde_json::to_vec(&journal).expect("what was read can be written");
        assert_eq!(serde_json::from_slice::<Journal>(&again).ok(), Some(journal));
    }
    for intent in journal::parse_both::<Intent>(bytes) {
        let again = serde_json::to_vec(&intent).expect("what was read can be written");
        assert_eq!(serde_json::from_slice::<Intent>(&again).ok(), Some(intent));
    }
}
