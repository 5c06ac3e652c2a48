//! The folder of the journals of uploads, which belongs to the user alone: what a journal says is acted upon.

use std::fs::File;
use std::io;
use std::path::Path;

use crate::error::{Error, Result};

/// Makes the folder where there is none, and refuses one that others can get at. One that others can only read is closed to them, unless
/// the user has `named` it: then it may serve other ends.
pub(in crate::transfer) fn prepare(path: &Path, named: bool) -> Result<()> {
    let about = |error| Error::io(format!("cannot use the folder `{}`", path.display()), error);
    let mut folder = std::fs::DirBuilder::new();
    folder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
    folder.create(path).map_err(about)?;
    // What it is now counts, and not what it was when it was looked at: so it is opened first.
    #[cfg(unix)]
    check_folder(&File::open(path).map_err(about)?, named).map_err(about)?;
    Ok(())
}

#[cfg(unix)]
fn check_folder(folder: &File, named: bool) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

    let metadata = folder.metadata()?;
    check_owner(&metadata)?;
    let mode = metadata.mode() & 0o777;
    if mode & 0o022 == 0 && !named && mode & 0o077 != 0 {
        return folder.set_permissions(std::fs::Permissions::from_mode(mode & 0o700));
    }
    if mode & 0o077 != 0 {
        let may = if mode & 0o022 == 0 { "read" } else { "write to" };
        return refuse(format!("others can {may} it (mode {mode:o}): close it to them with `chmod 700`"));
    }
    Ok(())
}

/// Refuses a journal that somebody else may have written.
pub(in crate::transfer) fn check_journal(file: &File) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;

        let metadata = file.metadata()?;
        check_owner(&metadata)?;
        let mode = metadata.mode() & 0o777;
        if mode & 0o022 != 0 {
            return refuse(format!("others can write to it (mode {mode:o})"));
        }
    }
    #[cfg(not(unix))]
    let _ = file;
    Ok(())
}

#[cfg(unix)]
fn check_owner(metadata: &std::fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt as _;

    let user = rustix::process::geteuid().as_raw();
    if metadata.uid() == user {
        return Ok(());
    }
    refuse(format!("it belongs to another user ({}, and you are {user})", metadata.uid()))
}

#[cfg(unix)]
fn refuse<T>(why: String) -> io::Result<T> {
    Err(io::Error::new(io::ErrorKind::PermissionDenied, why))
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn why(error: &Error) -> String {
        std::error::Error::source(error).unwrap().to_string()
    }

    #[test]
    fn new_state_folder_is_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/sbg");
        prepare(&path, true).unwrap();
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o700, 0o700));
        prepare(&path, true).unwrap();
    }

    #[test]
    fn state_folder_open_to_others_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let check = |found: u32, named: bool, expected: Result<u32, &str>| {
            fs::set_permissions(folder.path(), Permissions::from_mode(found)).unwrap();
            let outcome = prepare(folder.path(), named).map(|()| mode(folder.path()));
            match (outcome, expected) {
                (Ok(mode), Ok(expected)) => assert_eq!(mode, expected),
                (Err(error), Err(expected)) => {
                    let text = error.to_string();
                    assert!(text.contains("cannot use the folder") && text.contains(expected), "{text}");
                    assert_eq!(mode(folder.path()), found, "it stays as it was");
                }
                (outcome, expected) => panic!("{outcome:?} instead of {expected:?}"),
            }
        };
        check(0o700, true, Ok(0o700));
        check(0o755, false, Ok(0o700));
        check(0o755, true, Err("others can read it (mode 755): close it to them with `chmod 700`"));
        for named in [false, true] {
            check(0o775, named, Err("others can write to it (mode 775)"));
            check(0o702, named, Err("others can write to it (mode 702)"));
        }
    }

    #[test]
    fn state_folder_of_another_user_is_refused() {
        // The folder of the system belongs to root.
        if rustix::process::geteuid().is_root() {
            let folder = tempfile::tempdir().unwrap();
            std::os::unix::fs::chown(folder.path(), Some(12345), None).unwrap();
            let why = why(&prepare(folder.path(), true).unwrap_err());
            assert!(why.contains("belongs to another user (12345, and you are 0)"), "{why}");
        } else {
            let why = why(&prepare(Path::new("/"), true).unwrap_err());
            assert!(why.contains("belongs to another user (0"), "{why}");
        }
    }
}
