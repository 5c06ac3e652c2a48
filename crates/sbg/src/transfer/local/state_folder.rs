//! The state folder with the upload journals. It must belong to the user alone, because journals are acted upon.

#[cfg(unix)]
use std::ffi::OsStr;
use std::fs::{File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;

use super::folder::Folder;
use crate::error::{Error, Result};

/// The folder of the upload journals and of the records of trees.
#[derive(Debug)]
pub(crate) struct StateFolder {
    path: PathBuf,
    /// Whether the program has set it. Uploads fail if a set folder cannot be used, but continue without the default one.
    pub(in crate::transfer) named: bool,
    opened: Mutex<Option<(Identity, Arc<Folder>)>>,
}

impl StateFolder {
    pub(crate) fn new(path: PathBuf, named: bool) -> Self {
        Self { path, named, opened: Mutex::default() }
    }

    /// The open folder, created if missing. Refuses a folder of another user. A folder that others can access is restricted to the user
    /// if it holds nothing that could be theirs, and refused otherwise.
    ///
    /// Checked on each call, but opened again only if the path leads to another folder or its permissions have changed.
    pub(in crate::transfer) fn open(&self) -> Result<Arc<Folder>> {
        let mut opened = self.opened.lock();
        if let Some((identity, folder)) = &*opened
            && self.path.metadata().ok().and_then(|now| Identity::of_private(&now)) == Some(*identity)
        {
            return Ok(folder.clone());
        }
        let about = |error| Error::io(format!("cannot use the folder `{}`", self.path.display()), error);
        let (identity, folder) = prepare(&self.path).map_err(about)?;
        let folder = Arc::new(folder);
        *opened = identity.map(|identity| (identity, folder.clone()));
        Ok(folder)
    }
}

/// Device and inode number of a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Identity(u64, u64);

impl Identity {
    /// `None` if others can access the folder, or if the system has no such numbers.
    #[cfg(unix)]
    fn of_private(folder: &Metadata) -> Option<Self> {
        use std::os::unix::fs::MetadataExt as _;

        let private = check_owner(folder).is_ok() && folder.mode() & OTHERS == 0;
        private.then(|| Self(folder.dev(), folder.ino()))
    }

    #[cfg(not(unix))]
    fn of_private(_: &Metadata) -> Option<Self> {
        None
    }
}

/// The permissions of everybody but the owner.
#[cfg(unix)]
const OTHERS: u32 = 0o077;

#[cfg(unix)]
fn prepare(path: &Path) -> io::Result<(Option<Identity>, Folder)> {
    use std::os::unix::fs::DirBuilderExt as _;

    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    let folder = File::open(path)?;
    restrict(&folder, path)?;
    Ok((Identity::of_private(&folder.metadata()?), Folder::of(folder, path)))
}

#[cfg(not(unix))]
fn prepare(path: &Path) -> io::Result<(Option<Identity>, Folder)> {
    std::fs::create_dir_all(path)?;
    Ok((None, Folder::open(path)?))
}

#[cfg(unix)]
fn restrict(folder: &File, path: &Path) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

    let metadata = folder.metadata()?;
    check_owner(&metadata)?;
    let mode = metadata.mode() & 0o777;
    if mode & OTHERS == 0 {
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
    use crate::transfer::local::open_mode::{Access, Open};

    fn prepare(path: &Path) -> Result<Arc<Folder>> {
        StateFolder::new(path.to_owned(), true).open()
    }

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
                (Ok(_), None) => assert_eq!(mode(folder.path()), 0o700),
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

    #[test]
    fn open_state_folder_is_checked_again() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("state");
        let state = StateFolder::new(path.clone(), true);
        let first = state.open().unwrap();
        assert!(Arc::ptr_eq(&first, &state.open().unwrap()));
        // Another folder takes its place.
        fs::rename(&path, parent.path().join("moved")).unwrap();
        let second = state.open().unwrap();
        assert!(!Arc::ptr_eq(&first, &second) && path.is_dir());
        drop(second.leaf("a").open(Open::CreateNew(Access::Private)).unwrap());
        assert!(path.join("a").is_file());
        // It is opened to others meanwhile.
        fs::set_permissions(&path, Permissions::from_mode(0o770)).unwrap();
        let why = why(&state.open().unwrap_err());
        assert!(why.contains("others can write to it (mode 770)"), "{why}");
        fs::remove_dir_all(&path).unwrap();
        state.open().unwrap();
        assert_eq!(mode(&path), 0o700);
    }

    #[test]
    fn journal_of_another_user_is_refused() {
        // A file of root, unless the user is root.
        let folder = tempfile::tempdir().unwrap();
        let mut path = Path::new("/etc/passwd").to_owned();
        if rustix::process::geteuid().is_root() {
            path = folder.path().join("0123.upload");
            fs::write(&path, "").unwrap();
            check_journal(&File::open(&path).unwrap()).unwrap();
            std::os::unix::fs::chown(&path, Some(12345), None).unwrap();
        }
        let why = check_journal(&File::open(&path).unwrap()).unwrap_err().to_string();
        assert!(why.contains("belongs to another user ("), "{why}");
    }
}
