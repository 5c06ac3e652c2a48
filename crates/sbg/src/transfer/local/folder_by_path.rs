//! Names in folders on systems without calls that take a folder and a name.

use std::ffi::OsStr;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::local_file::FileKind;
use crate::transfer::local::open_mode::Open;

pub(super) type Handle = PathBuf;
pub(super) type Status = Metadata;

pub(super) fn open_folder(path: &Path) -> io::Result<Handle> {
    let folder = path.canonicalize()?;
    if folder.is_dir() { Ok(folder) } else { Err(io::ErrorKind::NotADirectory.into()) }
}

pub(super) fn open_below(folder: &Handle, name: &OsStr) -> io::Result<Handle> {
    if look(folder, name)?.is_dir() {
        Ok(folder.join(name))
    } else {
        Err(io::ErrorKind::NotADirectory.into())
    }
}

pub(super) fn create_folder(folder: &Handle, name: &OsStr) -> io::Result<()> {
    fs::create_dir(folder.join(name))
}

pub(super) fn look(folder: &Handle, name: &OsStr) -> io::Result<Status> {
    folder.join(name).symlink_metadata()
}

pub(super) fn open_file(folder: &Handle, name: &OsStr, how: Open) -> io::Result<File> {
    let mut options = OpenOptions::new();
    match how {
        Open::Read => options.read(true),
        Open::Write(_) => options.read(true).write(true).create(true).truncate(false),
        Open::Append(_) => options.read(true).append(true).create(true),
        Open::CreateNew(_) => options.write(true).create_new(true),
    };
    options.open(folder.join(name))
}

pub(super) fn remove(folder: &Handle, name: &OsStr) -> io::Result<()> {
    fs::remove_file(folder.join(name))
}

pub(super) fn remove_folder(folder: &Handle, name: &OsStr) -> io::Result<()> {
    fs::remove_dir(folder.join(name))
}

pub(super) fn rename(folder: &Handle, from: &OsStr, to: &OsStr) -> io::Result<()> {
    fs::rename(folder.join(from), folder.join(to))
}

pub(super) fn rename_new(_: &Handle, _: &OsStr, _: &OsStr) -> Option<io::Result<()>> {
    None
}

pub(super) fn link(folder: &Handle, from: &OsStr, to: &OsStr) -> io::Result<()> {
    fs::hard_link(folder.join(from), folder.join(to))
}

pub(super) fn sync(_: &Handle) {}

pub(super) fn longest_name(_: &Handle) -> usize {
    255
}

/// Here an open file cannot be replaced by a rename.
pub(super) fn is_same(_: &Status, _: &File) -> io::Result<bool> {
    Ok(true)
}

/// Not available without opening the file in a special way.
pub(super) fn has_other_names(_: &File) -> io::Result<bool> {
    Ok(false)
}

pub(super) fn kind(status: &Status) -> FileKind {
    FileKind::of(status.file_type())
}

pub(super) fn len(status: &Status) -> u64 {
    status.len()
}

/// Not available without opening the file.
pub(super) fn changed_and_inode(_: &Status) -> (i64, u64) {
    (0, 0)
}

pub(super) fn modified(status: &Status) -> Option<SystemTime> {
    status.modified().ok()
}

/// The only permission known here, read-only, would prevent the file from being replaced.
pub(super) fn copy_permissions(_: &Status, _: &File) -> io::Result<()> {
    Ok(())
}
