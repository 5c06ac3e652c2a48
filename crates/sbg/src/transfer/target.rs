//! The local file of a download: written at any place under a temporary name, and given its own name only when it is complete.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind, Result};

/// A file in the making. Dropped before [`finish`](Self::finish), it leaves nothing behind.
#[derive(Debug)]
pub(super) struct Target {
    file: File,
    part: PathBuf,
    path: PathBuf,
    overwrite: bool,
    finished: bool,
}

impl Target {
    /// Creates `PATH.part`. Refused where `PATH` exists and is not to be overwritten, and where another download is at it.
    pub(super) fn create(path: &Path, overwrite: bool) -> Result<Self> {
        if path.file_name().is_none() || path.is_dir() {
            return Err(Error::invalid(format!("`{}` is a folder; name the file to write", path.display())));
        }
        if !overwrite && path.exists() {
            return Err(already_there(path));
        }
        let mut name = path.as_os_str().to_owned();
        name.push(OsString::from(".part"));
        let part = PathBuf::from(name);
        let file =
            OpenOptions::new().write(true).create_new(true).open(&part).map_err(|error| {
                match error.kind() {
                    io::ErrorKind::AlreadyExists => {
                        let message = format!(
                            "`{}` exists: another download is at it, or one was killed; remove it to go on",
                            part.display()
                        );
                        Error::new(ErrorKind::Busy, message)
                    }
                    _ => Error::io(format!("cannot create `{}`", part.display()), error),
                }
            })?;
        Ok(Self { file, part, path: path.to_owned(), overwrite, finished: false })
    }

    /// Makes room for the whole file, so that a full disk shows at once.
    pub(super) fn reserve(&self, size: u64) -> Result<()> {
        reserve(&self.file, size).map_err(|error| {
            Error::io(format!("no room for the {size} bytes of `{}`", self.path.display()), error)
        })
    }

    pub(super) fn write_at(&self, bytes: &[u8], offset: u64) -> Result<()> {
        write_all_at(&self.file, bytes, offset)
            .map_err(|error| Error::io(format!("cannot write `{}`", self.part.display()), error))
    }

    /// Makes the bytes durable and gives the file its name.
    pub(super) fn finish(mut self, size: u64) -> Result<PathBuf> {
        let about = |error| Error::io(format!("cannot finish `{}`", self.path.display()), error);
        self.file.sync_all().map_err(about)?;
        let written = self.file.metadata().map_err(about)?.len();
        if written != size {
            let message = format!("`{}` has {written} bytes where {size} were written", self.part.display());
            return Err(Error::new(ErrorKind::Integrity, message));
        }
        if self.overwrite {
            std::fs::rename(&self.part, &self.path).map_err(about)?;
        } else {
            rename_where_nothing_is(&self.part, &self.path).map_err(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => already_there(&self.path),
                _ => about(error),
            })?;
        }
        self.finished = true;
        sync_folder_of(&self.path);
        Ok(self.path.clone())
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        if !self.finished
            && let Err(error) = std::fs::remove_file(&self.part)
        {
            tracing::warn!(path = %self.part.display(), %error, "cannot remove what is left of a download");
        }
    }
}

fn already_there(path: &Path) -> Error {
    Error::invalid(format!("`{}` exists already", path.display()))
        .with_hint("to replace it, set `overwrite(true)`")
}

/// A link fails where the name is taken, which a rename does not; file systems without links get the rename.
fn rename_where_nothing_is(from: &Path, to: &Path) -> io::Result<()> {
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
        return Ok(());
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

#[cfg(unix)]
fn write_all_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, offset)
}

#[cfg(windows)]
fn write_all_at(file: &File, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let count = std::os::windows::fs::FileExt::seek_write(file, bytes, offset)?;
        bytes = &bytes[count..];
        offset += count as u64;
    }
    Ok(())
}
