//! Files that one transfer has for itself, in this process and among all.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

/// Opens `path`, creates it where there is none, and locks it. `None` where somebody else has it.
///
/// The lock ends with the file, also when the process is killed. Who has it may rename or remove the file.
pub(super) fn open_locked(path: &Path) -> io::Result<Option<File>> {
    loop {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        // Called by its path, because newer versions of the standard library have a method of this name.
        match fs4::FileExt::try_lock(&file) {
            Ok(()) => {}
            Err(fs4::TryLockError::WouldBlock) => return Ok(None),
            Err(fs4::TryLockError::Error(error)) => return Err(error),
        }
        // The one who had the lock before may have renamed or removed the file in between: then this is another one.
        if is_at(&file, path)? {
            return Ok(Some(file));
        }
    }
}

/// Whether `path` is still this very file.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;

    let opened = file.metadata()?;
    match std::fs::metadata(path) {
        Ok(named) => Ok((opened.dev(), opened.ino()) == (named.dev(), named.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// A file that is open cannot be renamed by another here.
#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> io::Result<bool> {
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_has_the_file_until_it_is_closed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let first = open_locked(&path).unwrap();
        assert!(first.is_some());
        assert!(open_locked(&path).unwrap().is_none());
        drop(first);
        assert!(open_locked(&path).unwrap().is_some());
    }

    #[test]
    fn a_file_that_was_renamed_is_not_taken_for_the_one_of_its_old_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let first = open_locked(&path).unwrap();
        std::fs::rename(&path, folder.path().join("other")).unwrap();
        let second = open_locked(&path).unwrap();
        assert!(first.is_some() && second.is_some());
    }
}
