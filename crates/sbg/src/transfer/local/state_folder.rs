//! The state folder with the upload journals. It must belong to the user alone, because journals are acted upon.

#[cfg(unix)]
use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::path::Path;

use crate::error::{Error, Result};

/// Creates the folder if missing. Refuses a folder of another user. A folder that others can access is restricted to the user if it holds
/// nothing that could be theirs, and refused otherwise.
pub(in crate::transfer) fn prepare(path: &Path) -> Result<()> {
    let about = |error| Error::io(format!("cannot use the folder `{}`", path.display()), error);
    let mut folder = std::fs::DirBuilder::new();
    folder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
    folder.create(path).map_err(about)?;
    #[cfg(unix)]
    check_folder(path).map_err(about)?;
    Ok(())
}

#[cfg(unix)]
fn check_folder(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

    let folder = File::open(path)?;
    let metadata = folder.metadata()?;
    check_owner(&metadata)?;
    let mode = metadata.mode() & 0o777;
    let others = 0o077;
    if mode & others == 0 {
        return Ok(());
    }
    let is_writable = mode & 0o022 != 0;
    // Others may rely on a folder that also holds other files.
    let is_ours = |name: &OsStr| {
        let name = name.to_string_lossy();
        !is_writable && (name.contains(".upload") || name.contains(".tree"))
    };
    for entry in std::fs::read_dir(path)? {
        if !is_ours(&entry?.file_name()) {
            let may = if is_writable { "write to" } else { "read" };
            return refuse(format!(
                "others can {may} it (mode {mode:o}): name a folder of your own, or close it with `chmod 700`"
            ));
        }
    }
    folder.set_permissions(std::fs::Permissions::from_mode(0o700))
}

/// Refuses a journal that another user may have written.
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
    fn new_state_folder_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/sbg");
        prepare(&path).unwrap();
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o700, 0o700));
        prepare(&path).unwrap();
    }

    #[test]
    fn open_state_folder_is_closed_or_refused() {
        let check = |found: u32, entry: Option<&str>, refused: Option<&str>| {
            let folder = tempfile::tempdir().unwrap();
            if let Some(entry) = entry {
                fs::write(folder.path().join(entry), "").unwrap();
            }
            fs::set_permissions(folder.path(), Permissions::from_mode(found)).unwrap();
            match (prepare(folder.path()), refused) {
                (Ok(()), None) => assert_eq!(mode(folder.path()), 0o700),
                (Err(error), Some(expected)) => {
                    assert!(error.to_string().contains("cannot use the folder"), "{error}");
                    assert!(why(&error).contains(expected), "{}", why(&error));
                    assert_eq!(mode(folder.path()), found, "it stays as it was");
                }
                (outcome, expected) => panic!("{outcome:?} instead of {expected:?}"),
            }
        };
        check(0o700, Some("notes"), None);
        check(0o755, None, None);
        check(0o777, None, None);
        check(0o755, Some("0123.upload"), None);
        check(0o755, Some("notes"), Some("others can read it (mode 755)"));
        check(0o775, Some("0123.upload"), Some("others can write to it (mode 775)"));
        check(0o702, Some("0123.upload"), Some("close it with `chmod 700`"));
    }

    #[test]
    fn state_folder_of_another_user_is_refused() {
        // The system's root folder belongs to root.
        if rustix::process::geteuid().is_root() {
            let folder = tempfile::tempdir().unwrap();
            std::os::unix::fs::chown(folder.path(), Some(12345), None).unwrap();
            let why = why(&prepare(folder.path()).unwrap_err());
            assert!(why.contains("belongs to another user (12345, and you are 0)"), "{why}");
        } else {
            let why = why(&prepare(Path::new("/")).unwrap_err());
            assert!(why.contains("belongs to another user (0"), "{why}");
        }
    }
}
