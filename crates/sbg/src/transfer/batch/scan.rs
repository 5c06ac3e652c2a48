//! Scans local files and folder trees.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use super::comparison::LocalState;
use crate::error::{Error, Result};
use crate::local_file::FileKind;
use crate::transfer::local::stat::Stat;

/// A local file.
#[derive(Debug)]
pub(in crate::transfer) struct LocalFile {
    pub(in crate::transfer) file: PathBuf,
    /// Its parent folders, relative to the scanned folder.
    pub(in crate::transfer) folders: Arc<[String]>,
    pub(in crate::transfer) name: String,
    pub(in crate::transfer) size: u64,
    /// Its state during the scan; `None` if it cannot be recognized later.
    pub(in crate::transfer) state: Option<LocalState>,
}

impl LocalFile {
    /// The path below the scanned folder, with `/` between the names.
    pub(in crate::transfer) fn path(&self) -> String {
        path_of(&self.folders, &self.name)
    }
}

/// The path of a name in a folder.
fn path_of(folders: &[String], name: &str) -> String {
    let mut path = folders.join("/");
    if !path.is_empty() {
        path.push('/');
    }
    path + name
}

/// An entry that cannot be read.
#[derive(Debug)]
pub(in crate::transfer) struct Unreadable {
    pub(in crate::transfer) path: String,
    pub(in crate::transfer) local: PathBuf,
    pub(in crate::transfer) error: Error,
    /// Whether it is a folder, or may be one, so that its contents are unknown.
    pub(in crate::transfer) is_folder: bool,
}

/// How to treat links to files. Links to folders are never followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::transfer) enum FileLinks {
    Followed,
    /// A link is an entry that is not a file.
    Kept,
}

/// The result of a scan: folders come before their contents.
#[derive(Debug, Default)]
pub(in crate::transfer) struct Scan {
    pub(in crate::transfer) files: Vec<LocalFile>,
    pub(in crate::transfer) folders: Vec<Arc<[String]>>,
    pub(in crate::transfer) unreadable: Vec<Unreadable>,
    /// Folders without files and subfolders.
    pub(in crate::transfer) empty: Vec<Arc<[String]>>,
    /// Paths of entries that are neither files nor folders, such as links to folders.
    pub(in crate::transfer) others: Vec<(String, FileKind)>,
    /// Paths of folders that were not entered.
    pub(in crate::transfer) skipped: Vec<String>,
}

impl Scan {
    /// Scans these files.
    pub(in crate::transfer) fn of_files(paths: Vec<PathBuf>) -> Self {
        let mut scan = Self::default();
        for path in paths {
            scan.file(path, &Arc::default());
        }
        scan
    }

    /// Scans a folder tree. Enters the folders whose path `enter` accepts; the others are left out.
    ///
    /// Fails if the folder itself cannot be read.
    pub(in crate::transfer) fn of_tree(
        root: PathBuf,
        links: FileLinks,
        enter: impl Fn(&str) -> bool,
    ) -> Result<Self> {
        let mut scan = Self::default();
        fs::read_dir(&root).map_err(|error| cannot_read(&root, error))?;
        let mut waiting: Vec<(PathBuf, Arc<[String]>)> = vec![(root, Arc::default())];
        while let Some((folder, names)) = waiting.pop() {
            let entries = match entries(&folder) {
                Ok(entries) => entries,
                Err(error) => {
                    let path = names.join("/");
                    scan.unreadable.push(Unreadable { path, local: folder, error, is_folder: true });
                    continue;
                }
            };
            let files = scan.files.len();
            let below = entries.into_iter().filter_map(|path| scan.entry(path, &names, links));
            let below: Vec<_> = below.collect();
            if below.is_empty() && scan.files.len() == files && !names.is_empty() {
                scan.empty.push(names);
            }
            for (folder, names) in below {
                let path = names.join("/");
                if enter(&path) {
                    scan.folders.push(names.clone());
                    waiting.push((folder, names));
                } else {
                    scan.skipped.push(path);
                }
            }
        }
        Ok(scan)
    }

    /// Adds an entry of the folder with these names. If it is a folder, returns it with its names, to be scanned later.
    fn entry(
        &mut self,
        path: PathBuf,
        names: &Arc<[String]>,
        links: FileLinks,
    ) -> Option<(PathBuf, Arc<[String]>)> {
        match fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_dir() => match text(&path) {
                Ok(name) => return Some((path, names.iter().cloned().chain([name]).collect())),
                // It has no counterpart on the platform.
                Err(error) => self.fail(path, names, error, false),
            },
            Ok(metadata) if metadata.is_symlink() && (links == FileLinks::Kept || path.is_dir()) => {
                self.other(&path, names, FileKind::Link);
            }
            Ok(metadata) if links == FileLinks::Kept && !metadata.is_file() => {
                self.other(&path, names, FileKind::of(metadata.file_type()));
            }
            Ok(_) => self.file(path, names),
            Err(error) => {
                let is_gone = error.kind() == io::ErrorKind::NotFound;
                let error = cannot_read(&path, error);
                self.fail(path, names, error, !is_gone);
            }
        }
        None
    }

    fn other(&mut self, path: &Path, names: &[String], kind: FileKind) {
        self.others.push((shown_path(path, names), kind));
    }

    fn file(&mut self, path: PathBuf, names: &Arc<[String]>) {
        let at = SystemTime::now();
        let metadata = fs::metadata(&path).map_err(|error| cannot_read(&path, error));
        match metadata.and_then(|metadata| Ok((text(&path)?, metadata))) {
            Ok((name, metadata)) => {
                let (size, state) = (metadata.len(), state_of(metadata, at));
                self.files.push(LocalFile { file: path, folders: names.clone(), name, size, state });
            }
            Err(error) => self.fail(path, names, error, false),
        }
    }

    fn fail(&mut self, local: PathBuf, names: &[String], error: Error, is_folder: bool) {
        let path = shown_path(&local, names);
        self.unreadable.push(Unreadable { path, local, error, is_folder });
    }
}

/// The path of an entry below the scanned folder. Characters that are not valid text are replaced.
fn shown_path(local: &Path, names: &[String]) -> String {
    path_of(names, &local.file_name().unwrap_or(local.as_os_str()).to_string_lossy())
}

/// The entries of a folder, sorted.
fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let read = || fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>();
    let mut entries = read().map_err(|error| cannot_read(folder, error))?;
    entries.sort();
    Ok(entries)
}

fn cannot_read(path: &Path, error: io::Error) -> Error {
    Error::io(format!("cannot read `{}`", path.display()), error)
}

fn text(path: &Path) -> Result<String> {
    let name = path.file_name().and_then(|name| name.to_str()).map(str::to_owned);
    let none = || {
        Error::invalid(format!(
            "the name of `{}` is not UTF-8, so the platform cannot have it",
            path.display()
        ))
    };
    name.ok_or_else(none)
}

/// The current state of a file; `None` if it cannot be recognized later.
pub(super) fn state(path: &Path) -> Result<Option<LocalState>> {
    let at = SystemTime::now();
    let metadata = fs::metadata(path).map_err(|error| cannot_read(path, error))?;
    Ok(state_of(metadata, at))
}

fn state_of(metadata: Metadata, at: SystemTime) -> Option<LocalState> {
    let stat = Some(metadata).filter(Metadata::is_file).as_ref().and_then(Stat::of)?;
    Some(LocalState { stat, at })
}
