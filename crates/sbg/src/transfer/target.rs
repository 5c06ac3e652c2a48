//! The local file of a download: written at any place under a temporary name, and given its own name only when it is complete.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::journal::{self, with_suffix};
use super::lock::open_locked;
use super::position;
use crate::error::{Error, ErrorKind, Result};

/// A file in the making, `NAME.part`, with the journal `NAME.part.journal`.
///
/// It is locked: another download to the same name is refused as long as this one lives, in this process and in others. Dropped
/// before [`finish`](Self::finish) it leaves nothing behind, unless it is to be [kept](Self::keep).
#[derive(Debug)]
pub(super) struct Target {
    file: File,
    part: PathBuf,
    journal: PathBuf,
    path: PathBuf,
    overwrite: bool,
    keep: AtomicBool,
}

impl Target {
    /// Opens `PATH.part`, which may hold what another run has left. Refused where `PATH` exists and is not to be overwritten, and
    /// where another download is at it.
    pub(super) fn open(path: &Path, overwrite: bool) -> Result<Self> {
        if path.file_name().is_none() || path.is_dir() {
            return Err(Error::invalid(format!("`{}` is a folder; name the file to write", path.display())));
        }
        if !overwrite && path.exists() {
            return Err(already_there(path));
        }
        let part = with_suffix(path, ".part");
        let about = |error| Error::io(format!("cannot create `{}`", part.display()), error);
        let Some(file) = open_locked(&part).map_err(about)? else {
            let message = format!("another download is at `{}`", part.display());
            return Err(Error::new(ErrorKind::Busy, message));
        };
        let journal = with_suffix(&part, ".journal");
        let keep = AtomicBool::new(file.metadata().map_err(about)?.len() > 0);
        Ok(Self { file, journal, part, path: path.to_owned(), overwrite, keep })
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// The name that the file gets in the end.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Where the journal lies.
    pub(super) fn journal(&self) -> &Path {
        &self.journal
    }

    /// Whether what is there stays when the download ends before it is done.
    pub(super) fn keep(&self, keep: bool) {
        self.keep.store(keep, Ordering::Relaxed);
    }

    /// Empties the file, after which there is nothing to keep.
    pub(super) fn clear(&self) -> Result<()> {
        self.keep(false);
        journal::remove(&self.journal);
        self.file.set_len(0).map_err(|error| self.cannot_write(error))
    }

    /// Makes room for the whole file, so that a full disk shows at once.
    pub(super) fn reserve(&self, size: u64) -> Result<()> {
        reserve(&self.file, size).map_err(|error| {
            Error::io(format!("no room for the {size} bytes of `{}`", self.path.display()), error)
        })
    }

    pub(super) fn write_at(&self, bytes: &[u8], offset: u64) -> Result<()> {
        position::write_all_at(&self.file, bytes, offset).map_err(|error| self.cannot_write(error))
    }

    fn cannot_write(&self, error: io::Error) -> Error {
        Error::io(format!("cannot write `{}`", self.part.display()), error)
    }

    /// Makes the bytes durable and gives the file its name.
    pub(super) fn finish(&self, size: u64) -> Result<PathBuf> {
        let about = |error| Error::io(format!("cannot finish `{}`", self.path.display()), error);
        let written = self.file.metadata().map_err(about)?.len();
        if written != size {
            let message = format!("`{}` has {written} bytes where {size} were written", self.part.display());
            return Err(Error::new(ErrorKind::Integrity, message));
        }
        self.file.sync_all().map_err(about)?;
        if self.overwrite {
            std::fs::rename(&self.part, &self.path).map_err(about)?;
        } else {
            rename_where_nothing_is(&self.part, &self.path).map_err(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => already_there(&self.path),
                _ => about(error),
            })?;
        }
        self.keep.store(true, Ordering::Relaxed);
        journal::remove(&self.journal);
        sync_folder_of(&self.path);
        Ok(self.path.clone())
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        if *self.keep.get_mut() {
            return;
        }
        journal::remove(&self.journal);
        if let Err(error) = std::fs::remove_file(&self.part) {
            tracing::warn!(path = %self.part.display(), %error, "cannot remove what is left of a download");
        }
    }
}

fn already_there(path: &Path) -> Error {
    Error::invalid(format!("`{}` exists already", path.display()))
        .with_hint("to replace it, set `overwrite(true)`")
}

/// Renames in one step, so that a process that is killed leaves the file under one name and not under two.
#[cfg(target_os = "linux")]
fn rename_where_nothing_is(from: &Path, to: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    use rustix::io::Errno;

    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // The file system knows no such rename.
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => link_where_nothing_is(from, to),
        renamed => Ok(renamed?),
    }
}

#[cfg(not(target_os = "linux"))]
fn rename_where_nothing_is(from: &Path, to: &Path) -> io::Result<()> {
    link_where_nothing_is(from, to)
}

/// A link fails where the name is taken, which a rename does not; file systems without links get the rename.
fn link_where_nothing_is(from: &Path, to: &Path) -> io::Result<()> {
    match std::fs::hard_link(from, to) {
        Ok(()) => std::fs::remove_file(from),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        Err(_) if to.exists() => Err(io::ErrorKind::AlreadyExists.into()),
        Err(_) => std::fs::rename(from, to),
    }
}

/// The new name is durable once its folder is. What cannot be synced (not every system allows it) is left to the system.
fn sync_folder_of(path: &Path) {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if let Ok(folder) = File::open(folder) {
        folder.sync_all().ok();
    }
}

#[cfg(target_os = "linux")]
fn reserve(file: &File, size: u64) -> io::Result<()> {
    use rustix::fs::{FallocateFlags, fallocate};
    use rustix::io::Errno;

    if size == 0 {
        return file.set_len(0);
    }
    match fallocate(file, FallocateFlags::empty(), 0, size) {
        Ok(()) => Ok(()),
        // The file system cannot reserve: at least the length is right from the start.
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => file.set_len(size),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(target_os = "linux"))]
fn reserve(file: &File, size: u64) -> io::Result<()> {
    file.set_len(size)
}
