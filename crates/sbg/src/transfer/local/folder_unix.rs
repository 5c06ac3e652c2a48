//! Names in open folders, by the Unix `*at` calls that take a folder and a name.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::fs::{self, AtFlags, FileType, Mode, OFlags};

use crate::local_file::FileKind;
use crate::transfer::local::open_mode::{Access, Open};

pub(super) type Handle = OwnedFd;
pub(super) type Status = fs::Stat;

/// For lookups only, where the system supports that: the folder need not be readable.
#[cfg(any(target_os = "linux", target_os = "android"))]
const FOLDER: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

pub(super) fn open_folder(path: &Path) -> io::Result<Handle> {
    Ok(fs::open(path, FOLDER, Mode::empty())?)
}

pub(super) fn open_below(folder: &Handle, name: &OsStr) -> io::Result<Handle> {
    Ok(fs::openat(folder, name, FOLDER | OFlags::NOFOLLOW, Mode::empty())?)
}

pub(super) fn create_folder(folder: &Handle, name: &OsStr) -> io::Result<()> {
    Ok(fs::mkdirat(folder, name, Mode::RWXU | Mode::RWXG | Mode::RWXO)?)
}

pub(super) fn look(folder: &Handle, name: &OsStr) -> io::Result<Status> {
    Ok(fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)?)
}

pub(super) fn open_file(folder: &Handle, name: &OsStr, how: Open) -> io::Result<File> {
    let (flags, access) = match how {
        Open::Read => (OFlags::RDONLY, Access::Usual),
        Open::Write(access) => (OFlags::RDWR | OFlags::CREATE, access),
        Open::Append(access) => (OFlags::RDWR | OFlags::APPEND | OFlags::CREATE, access),
        Open::CreateNew(access) => (OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL, access),
    };
    let mode = match access {
        Access::Usual => 0o666,
        Access::Private => 0o600,
    };
    // Without `NONBLOCK`, opening a pipe that has no other end blocks forever.
    let guards = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    Ok(File::from(fs::openat(folder, name, flags | guards, Mode::from_raw_mode(mode))?))
}

pub(super) fn remove(folder: &Handle, name: &OsStr) -> io::Result<()> {
    Ok(fs::unlinkat(folder, name, AtFlags::empty())?)
}

pub(super) fn remove_folder(folder: &Handle, name: &OsStr) -> io::Result<()> {
    Ok(fs::unlinkat(folder, name, AtFlags::REMOVEDIR)?)
}

pub(super) fn rename(folder: &Handle, from: &OsStr, to: &OsStr) -> io::Result<()> {
    Ok(fs::renameat(folder, from, folder, to)?)
}

/// `None` if the system has no such rename.
#[cfg(target_os = "linux")]
pub(super) fn rename_new(folder: &Handle, from: &OsStr, to: &OsStr) -> Option<io::Result<()>> {
    use rustix::io::Errno;

    match fs::renameat_with(folder, from, folder, to, fs::RenameFlags::NOREPLACE) {
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => None,
        renamed => Some(renamed.map_err(io::Error::from)),
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn rename_new(_: &Handle, _: &OsStr, _: &OsStr) -> Option<io::Result<()>> {
    None
}

pub(super) fn link(folder: &Handle, from: &OsStr, to: &OsStr) -> io::Result<()> {
    Ok(fs::linkat(folder, from, folder, to, AtFlags::empty())?)
}

pub(super) fn sync(folder: &Handle) {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    if let Ok(folder) = fs::openat(folder, ".", flags, Mode::empty()) {
        fs::fsync(folder).ok();
    }
}

pub(super) fn longest_name(folder: &Handle) -> usize {
    /// The usual limit of file systems; some report more because they count differently.
    const USUAL: usize = 255;

    let told = fs::fstatvfs(folder).ok().and_then(|status| usize::try_from(status.f_namemax).ok());
    told.filter(|longest| (64..USUAL).contains(longest)).unwrap_or(USUAL)
}

pub(super) fn is_same(status: &Status, file: &File) -> io::Result<bool> {
    let opened = fs::fstat(file)?;
    Ok((opened.st_dev, opened.st_ino) == (status.st_dev, status.st_ino))
}

pub(super) fn has_other_names(file: &File) -> io::Result<bool> {
    Ok(fs::fstat(file)?.st_nlink > 1)
}

pub(super) fn kind(status: &Status) -> FileKind {
    match FileType::from_raw_mode(status.st_mode) {
        FileType::RegularFile => FileKind::Regular,
        FileType::Directory => FileKind::Folder,
        FileType::Symlink => FileKind::Link,
        FileType::Fifo => FileKind::Pipe,
        FileType::Socket => FileKind::Socket,
        FileType::CharacterDevice | FileType::BlockDevice => FileKind::Device,
        FileType::Unknown => FileKind::Other,
    }
}

pub(super) fn len(status: &Status) -> u64 {
    u64::try_from(status.st_size).unwrap_or(0)
}

/// Change time in nanoseconds since 1970, and the inode number.
pub(super) fn changed_and_inode(status: &Status) -> (i64, u64) {
    let nanoseconds = i64::try_from(status.st_ctime_nsec).unwrap_or(0);
    (status.st_ctime.saturating_mul(1_000_000_000).saturating_add(nanoseconds), status.st_ino)
}

pub(super) fn modified(status: &Status) -> Option<SystemTime> {
    let nanoseconds = u32::try_from(status.st_mtime_nsec).ok()?;
    let after = |seconds| Duration::new(seconds, nanoseconds);
    match u64::try_from(status.st_mtime) {
        Ok(seconds) => UNIX_EPOCH.checked_add(after(seconds)),
        Err(_) => UNIX_EPOCH.checked_sub(Duration::from_secs(status.st_mtime.unsigned_abs())),
    }
}

pub(super) fn copy_permissions(from: &Status, to: &File) -> io::Result<()> {
    let mode = Mode::from_raw_mode(from.st_mode) & (Mode::RWXU | Mode::RWXG | Mode::RWXO);
    Ok(fs::fchmod(to, mode)?)
}
