//! Open folders and the names in them.
//!
//! A path is resolved on every use, and anyone who can write to a folder on it can change the target. A name in an open folder cannot be
//! redirected: links are never followed, and only regular files are opened, without blocking.
//!
//! Systems other than Unix resolve names by path; the target is checked before it is opened.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use parking_lot::Mutex;

#[cfg(not(unix))]
use super::folder_by_path as system;
#[cfg(unix)]
use super::folder_unix as system;
use super::open_mode::Open;
use super::stat::{Stat, nanos};
use crate::error::{Error, Result};
use crate::local_file::FileKind;

/// An open folder.
#[derive(Debug)]
pub(in crate::transfer) struct Folder {
    handle: system::Handle,
    path: PathBuf,
}

/// The target folder of many files, opened on first use.
#[derive(Debug)]
pub(in crate::transfer) struct Root {
    path: PathBuf,
    opened: Mutex<Option<Arc<Folder>>>,
}

/// A name in an open folder; it may not exist.
#[derive(Clone, Debug)]
pub(in crate::transfer) struct Leaf {
    folder: Arc<Folder>,
    name: OsString,
}

/// Metadata of a name.
#[derive(Debug)]
pub(in crate::transfer) struct Node(system::Status);

impl Folder {
    /// Opens the folder at this path. Links in the path are followed.
    pub(in crate::transfer) fn open(path: &Path) -> io::Result<Self> {
        let shown = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        Ok(Self { handle: system::open_folder(shown)?, path: path.to_owned() })
    }

    /// The open folder, found at this path.
    #[cfg(unix)]
    pub(in crate::transfer) fn of(folder: File, path: &Path) -> Self {
        Self { handle: folder.into(), path: path.to_owned() }
    }

    /// Where it was when it was opened.
    pub(in crate::transfer) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the folder at this path. Creates it and its parents if missing.
    pub(in crate::transfer) fn create(path: &Path) -> Result<Self> {
        let about = |error| Error::io(format!("cannot use the folder `{}`", path.display()), error);
        std::fs::create_dir_all(path).map_err(about)?;
        Self::open(path).map_err(about)
    }

    /// Resolves a path that begins with the path of this folder. Creates missing folders in between; refuses links and anything else that
    /// is not a folder.
    pub(in crate::transfer) fn below(self: &Arc<Self>, path: &Path) -> Result<Leaf> {
        let shown = path.display();
        let outside =
            || Error::invalid(format!("`{shown}` is outside of the folder `{}`", self.path.display()));
        let relative = path.strip_prefix(&self.path).map_err(|_| outside())?;
        let mut folder = self.clone();
        let mut names = relative.components().peekable();
        while let Some(component) = names.next() {
            let Component::Normal(name) = component else { return Err(outside()) };
            let leaf = Leaf { folder, name: name.to_owned() };
            if names.peek().is_none() {
                return Ok(leaf);
            }
            folder = Arc::new(leaf.folder_here()?);
        }
        Err(Error::invalid(format!("`{shown}` is a folder; name the file to write")))
    }

    /// Resolves a path that begins with the path of this folder, and creates nothing: `None` if a folder on the path is missing.
    pub(in crate::transfer) fn find(self: &Arc<Self>, path: &Path) -> Result<Option<Leaf>> {
        let outside = || {
            let (path, folder) = (path.display(), self.path.display());
            Error::invalid(format!("`{path}` is outside of the folder `{folder}`"))
        };
        let relative = path.strip_prefix(&self.path).map_err(|_| outside())?;
        let mut found: Option<Leaf> = None;
        for component in relative.components() {
            let Component::Normal(name) = component else { return Err(outside()) };
            let folder = match found {
                None => self.clone(),
                Some(leaf) => match leaf.existing_folder()? {
                    Some(folder) => Arc::new(folder),
                    None => return Ok(None),
                },
            };
            found = Some(Leaf { folder, name: name.to_owned() });
        }
        Ok(found)
    }

    /// Creates the folder at a path that begins with the path of this one, and those in between.
    pub(in crate::transfer) fn make(self: &Arc<Self>, path: &Path) -> Result<()> {
        // `below` creates the parents of this name; the name itself is not used.
        self.below(&path.join("any")).map(drop)
    }

    /// A name in this folder.
    pub(in crate::transfer) fn leaf(self: &Arc<Self>, name: impl Into<OsString>) -> Leaf {
        Leaf { folder: self.clone(), name: name.into() }
    }

    /// Longest file name in bytes that the file system supports.
    pub(in crate::transfer) fn longest_name(&self) -> usize {
        system::longest_name(&self.handle)
    }

    /// Makes the names in the folder durable. Errors are ignored: not every system can sync a folder.
    pub(in crate::transfer) fn sync(&self) {
        system::sync(&self.handle);
    }
}

impl Root {
    pub(in crate::transfer) fn new(path: PathBuf) -> Self {
        Self { path, opened: Mutex::new(None) }
    }

    /// The folder, created if missing.
    pub(in crate::transfer) fn folder(&self) -> Result<Arc<Folder>> {
        let mut opened = self.opened.lock();
        if let Some(folder) = &*opened {
            return Ok(folder.clone());
        }
        let folder = Arc::new(Folder::create(&self.path)?);
        *opened = Some(folder.clone());
        Ok(folder)
    }
}

impl Leaf {
    /// The last name of a path. Its parents may be links.
    pub(in crate::transfer) fn of(path: &Path) -> io::Result<Self> {
        let Some(name) = path.file_name() else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it has no name"));
        };
        let folder = Folder::open(path.parent().unwrap_or(Path::new("")))?;
        Ok(Self { folder: Arc::new(folder), name: name.to_owned() })
    }

    /// Another name in the same folder.
    pub(in crate::transfer) fn sibling(&self, name: impl Into<OsString>) -> Self {
        Self { folder: self.folder.clone(), name: name.into() }
    }

    pub(in crate::transfer) fn folder(&self) -> &Folder {
        &self.folder
    }

    pub(in crate::transfer) fn name(&self) -> &OsStr {
        &self.name
    }

    pub(in crate::transfer) fn path(&self) -> PathBuf {
        self.folder.path.join(&self.name)
    }

    /// Metadata of the name; `None` if it does not exist.
    pub(in crate::transfer) fn look(&self) -> io::Result<Option<Node>> {
        match system::look(&self.folder.handle, &self.name) {
            Ok(status) => Ok(Some(Node(status))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Opens the regular file of this name. Anything else is left alone and named in the error.
    pub(in crate::transfer) fn open(&self, how: Open) -> io::Result<File> {
        let irregular = |found: FileKind| {
            let message = format!("it is {}, not a regular file: move it away", found.name());
            io::Error::new(io::ErrorKind::InvalidInput, message)
        };
        if matches!(how, Open::CreateNew(_)) {
            // It does not exist yet, so it is a new regular file.
            return system::open_file(&self.folder.handle, &self.name, how);
        }
        // Merely opening a device can have side effects.
        match self.look()?.map(|node| node.kind()) {
            Some(FileKind::Regular) => {}
            Some(found) => return Err(irregular(found)),
            None if how == Open::Read => return Err(io::ErrorKind::NotFound.into()),
            None => {}
        }
        let file = system::open_file(&self.folder.handle, &self.name, how)?;
        // The file may have been replaced in between.
        match FileKind::of(file.metadata()?.file_type()) {
            FileKind::Regular => Ok(file),
            found => Err(irregular(found)),
        }
    }

    /// Fails unless the name is missing or a regular file. Returns its metadata.
    pub(in crate::transfer) fn expect_regular(&self) -> Result<Option<Node>> {
        let shown = self.path();
        let about = |error| Error::io(format!("cannot use `{}`", shown.display()), error);
        let node = self.look().map_err(about)?;
        match node.as_ref().map(Node::kind) {
            None | Some(FileKind::Regular) => Ok(node),
            Some(found) => {
                Err(self.refusal(found, "not a regular file: move it away, or choose another path"))
            }
        }
    }

    /// Whether the name refers to this very file.
    pub(in crate::transfer) fn is(&self, file: &File) -> io::Result<bool> {
        match self.look()? {
            Some(node) => system::is_same(&node.0, file),
            None => Ok(false),
        }
    }

    pub(in crate::transfer) fn remove(&self) -> io::Result<()> {
        system::remove(&self.folder.handle, &self.name)
    }

    /// Removes the empty folder of this name.
    pub(in crate::transfer) fn remove_folder(&self) -> io::Result<()> {
        system::remove_folder(&self.folder.handle, &self.name)
    }

    /// Renames the file within its folder. Replaces an existing file.
    pub(in crate::transfer) fn rename(&self, to: &Self) -> io::Result<()> {
        system::rename(&self.folder.handle, &self.name, &to.name)
    }

    /// Renames the file within its folder in one step; the new name must be free. A process that is killed leaves the file under one
    /// name, not under two.
    pub(in crate::transfer) fn rename_new(&self, to: &Self) -> io::Result<()> {
        if let Some(renamed) = system::rename_new(&self.folder.handle, &self.name, &to.name) {
            return renamed;
        }
        // A link fails if the name is taken; a rename does not. File systems without links get the rename.
        match system::link(&self.folder.handle, &self.name, &to.name) {
            Ok(()) => self.remove(),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
            Err(_) if to.look()?.is_some() => Err(io::ErrorKind::AlreadyExists.into()),
            Err(_) => self.rename(to),
        }
    }

    /// The folder of this name, created if missing.
    fn folder_here(&self) -> Result<Folder> {
        if let Some(folder) = self.existing_folder()? {
            return Ok(folder);
        }
        let handle = match system::create_folder(&self.folder.handle, &self.name) {
            // Another transfer may have created it in the meantime.
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => system::open_below(&self.folder.handle, &self.name),
        };
        handle.map(|handle| Folder { handle, path: self.path() }).map_err(|error| self.cannot_enter(error))
    }

    /// The folder of this name; `None` if there is nothing of this name.
    fn existing_folder(&self) -> Result<Option<Folder>> {
        match system::open_below(&self.folder.handle, &self.name) {
            Ok(handle) => Ok(Some(Folder { handle, path: self.path() })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.cannot_enter(error)),
        }
    }

    fn cannot_enter(&self, error: io::Error) -> Error {
        match self.look() {
            Ok(Some(node)) if node.kind() != FileKind::Folder => {
                self.refusal(node.kind(), "where a folder should be: move it away, or choose another path")
            }
            _ => Error::io(format!("cannot use the folder `{}`", self.path().display()), error),
        }
    }

    fn refusal(&self, found: FileKind, what_to_do: &str) -> Error {
        Error::invalid(format!("`{}` is {}, {what_to_do}", self.path().display(), found.name()))
    }
}

impl Node {
    pub(in crate::transfer) fn kind(&self) -> FileKind {
        system::kind(&self.0)
    }

    /// Size of the file in bytes.
    fn len(&self) -> u64 {
        system::len(&self.0)
    }

    /// Modification time, if the system reports it.
    fn modified(&self) -> Option<SystemTime> {
        system::modified(&self.0)
    }

    /// Identity of the file, if the system reports it.
    pub(in crate::transfer) fn stat(&self) -> Option<Stat> {
        let (changed, inode) = system::changed_and_inode(&self.0);
        Some(Stat { size: self.len(), modified: nanos(self.modified()?)?, changed, inode })
    }

    /// Copies the permissions to another file, without the setuid and setgid bits.
    pub(in crate::transfer) fn copy_permissions(&self, to: &File) -> io::Result<()> {
        system::copy_permissions(&self.0, to)
    }
}

/// Whether a file has other hard links.
pub(in crate::transfer) fn has_other_names(file: &File) -> io::Result<bool> {
    system::has_other_names(file)
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::transfer::local::open_mode::Access;

    fn pipe(path: &Path) {
        assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
    }

    #[test]
    fn creating_folders_follows_no_links() {
        let (inside, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let root = Arc::new(Folder::open(inside.path()).unwrap());
        let at = |path: &str| root.below(&inside.path().join(path));
        let leaf = at("a/b/c").unwrap();
        assert_eq!((leaf.path(), inside.path().join("a/b").is_dir()), (inside.path().join("a/b/c"), true));
        assert!(leaf.look().unwrap().is_none());
        symlink(outside.path(), inside.path().join("a/link")).unwrap();
        fs::write(inside.path().join("a/file"), "kept").unwrap();
        pipe(&inside.path().join("a/pipe"));
        let check = |path: &str, found: &str| {
            let error = at(path).unwrap_err().to_string();
            let refused = inside.path().join(path.rsplit_once('/').unwrap().0);
            let expected = format!("`{}` is {found}, where a folder should be", refused.display());
            assert!(error.contains(&expected), "{error}");
        };
        check("a/link/x", "a symbolic link");
        check("a/file/x", "a regular file");
        check("a/pipe/x", "a named pipe");
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
        for path in ["a/../../x", "../x", ""] {
            assert!(at(path).is_err(), "{path}");
        }
        assert!(root.below(&outside.path().join("x")).is_err());
    }

    #[test]
    fn moved_folder_still_receives_its_writes() {
        let parent = tempfile::tempdir().unwrap();
        let (path, moved) = (parent.path().join("a"), parent.path().join("b"));
        fs::create_dir(&path).unwrap();
        let leaf = Leaf::of(&path.join("file")).unwrap();
        fs::rename(&path, &moved).unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        symlink(elsewhere.path(), &path).unwrap();
        drop(leaf.open(Open::Write(Access::Usual)).unwrap());
        leaf.rename_new(&leaf.sibling("done")).unwrap();
        assert!(moved.join("done").is_file());
        assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
    }

    #[test]
    fn only_regular_files_are_opened() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| Leaf::of(&folder.path().join(name)).unwrap();
        pipe(&at("pipe").path());
        let _listening = std::os::unix::net::UnixListener::bind(at("socket").path()).unwrap();
        symlink("file", at("link").path()).unwrap();
        fs::create_dir(at("folder").path()).unwrap();
        for (name, found) in [
            ("pipe", "a named pipe"),
            ("socket", "a socket"),
            ("link", "a symbolic link"),
            ("folder", "a folder"),
        ] {
            for how in [Open::Read, Open::Write(Access::Private)] {
                let error = at(name).open(how).unwrap_err().to_string();
                assert!(error.starts_with(&format!("it is {found}, not a regular file")), "{error}");
            }
            let error = at(name).open(Open::CreateNew(Access::Private)).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
            assert!(at(name).expect_regular().unwrap_err().to_string().contains(found));
        }
        assert!(!at("file").path().exists());
        assert_eq!(at("file").open(Open::Read).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn rename_to_existing_name_fails() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| Leaf::of(&folder.path().join(name)).unwrap();
        fs::write(at("new").path(), "new").unwrap();
        symlink("nothing", at("taken").path()).unwrap();
        let error = at("new").rename_new(&at("taken")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        at("new").rename_new(&at("free")).unwrap();
        assert_eq!(fs::read(at("free").path()).unwrap(), b"new");
        assert!(!at("new").path().exists());
    }
}
