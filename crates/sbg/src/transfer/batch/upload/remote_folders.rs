//! The remote folders of an upload: found, created if missing, and their contents by name.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use parking_lot::Mutex;

use crate::api::destination::NamedDestination;
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::files::{Destination, FileQuery};
use crate::request::fields::Fields;
use crate::transfer::batch::comparison::remote_of;
use crate::transfer::batch::sameness::RemoteFile;
use crate::types::{self, FileType};

/// Folders that are created in parallel.
const CREATED_AT_ONCE: usize = 8;

/// A validated destination.
#[derive(Clone, Debug)]
pub(in crate::transfer) enum RemoteFolder {
    Project(String),
    Folder(String),
}

impl RemoteFolder {
    /// The destination as set on a builder. `what` is missing its destination if none was set.
    pub(in crate::transfer) fn of(to: NamedDestination, what: &str) -> Result<Self> {
        let to = to.checked(what)?;
        Ok(match to.parent {
            Some(folder) => Self::Folder(folder),
            None => Self::Project(to.project.unwrap_or_default()),
        })
    }

    pub(super) fn destination(&self) -> Destination {
        match self {
            Self::Project(id) => Destination::project(&**id),
            Self::Folder(id) => Destination::folder(id),
        }
    }

    /// Identifies the destination in the record of a tree.
    pub(in crate::transfer) fn name(&self) -> String {
        match self {
            Self::Project(id) => format!("project {id}"),
            Self::Folder(id) => format!("folder {id}"),
        }
    }

    /// Queries its contents.
    pub(in crate::transfer) fn query(&self, client: &Client) -> FileQuery {
        match self {
            Self::Project(id) => client.files().query().project(&**id),
            Self::Folder(id) => client.files().query().parent(id),
        }
    }
}

/// A file or folder on the platform.
#[derive(Clone, Debug)]
pub(super) struct ListedName {
    pub(super) remote: RemoteFile,
    pub(super) is_folder: bool,
}

/// The contents of a remote folder by name, and the names claimed by files of this transfer.
#[derive(Debug, Default)]
pub(super) struct FolderNames {
    pub(super) there: HashMap<String, ListedName>,
    pub(super) claimed: HashSet<String>,
}

/// A remote folder and its contents.
type Known = (RemoteFolder, Arc<Mutex<FolderNames>>);

/// The folders below a root, and their contents.
#[derive(Debug)]
pub(in crate::transfer) struct Folders {
    client: Client,
    root: RemoteFolder,
    known: HashMap<Vec<String>, Known>,
}

impl Folders {
    pub(in crate::transfer) fn new(client: Client, root: RemoteFolder) -> Self {
        Self { client, root, known: HashMap::new() }
    }

    /// The folders found by an earlier listing: the root, and the id of each folder below it by path. They are not listed again, so
    /// their contents are taken to have none of the names of this transfer.
    pub(in crate::transfer) fn listed<'p>(
        client: Client,
        root: RemoteFolder,
        folders: impl IntoIterator<Item = (&'p str, &'p str)>,
    ) -> Self {
        let names = |path: &str| path.split('/').map(str::to_owned).collect();
        let below = folders.into_iter().map(|(path, id)| (names(path), RemoteFolder::Folder(id.to_owned())));
        let known = [(Vec::new(), root.clone())].into_iter().chain(below);
        let known = known.map(|(names, folder)| (names, (folder, Arc::default()))).collect();
        Self { client, root, known }
    }

    /// The folder with this path, created if missing, and its contents.
    pub(super) async fn find(&mut self, names: &[String]) -> Result<Known> {
        for depth in 0..=names.len() {
            let path = &names[..depth];
            if self.known.contains_key(path) {
                continue;
            }
            let (folder, there) = match path.split_last() {
                None => (self.root.clone(), self.list(&self.root).await?),
                Some((name, parents)) => self.open(parents, name).await?,
            };
            self.known.insert(path.to_vec(), (folder, Arc::new(Mutex::new(there))));
        }
        self.known.get(names).cloned().ok_or_else(|| Error::new(ErrorKind::Cancelled, "a folder was lost"))
    }

    /// The folder with this path, created if missing.
    pub(in crate::transfer) async fn folder(&mut self, names: &[String]) -> Result<RemoteFolder> {
        Ok(self.find(names).await?.0)
    }

    /// Creates these missing folders, several in parallel, parents first. Returns a result for each, in another order.
    pub(in crate::transfer) async fn create_all(
        &mut self,
        mut paths: Vec<Vec<String>>,
    ) -> Vec<(Vec<String>, Result<()>)> {
        paths.sort_by_key(Vec::len);
        let mut results = Vec::with_capacity(paths.len());
        for level in paths.chunk_by(|one, other| one.len() == other.len()) {
            let mut opening = FuturesUnordered::new();
            let mut opened = Vec::with_capacity(level.len());
            for path in level {
                if opening.len() == CREATED_AT_ONCE {
                    opened.extend(opening.next().await);
                }
                opening.push(self.open_path(path.clone()));
            }
            while let Some(one) = opening.next().await {
                opened.push(one);
            }
            drop(opening);
            for (path, opened) in opened {
                let result = opened.map(|(folder, there)| {
                    self.known.insert(path.clone(), (folder, Arc::new(Mutex::new(there))));
                });
                results.push((path, result));
            }
        }
        results
    }

    async fn open_path(&self, path: Vec<String>) -> (Vec<String>, Result<(RemoteFolder, FolderNames)>) {
        let opened = match path.split_last() {
            Some((name, parents)) => self.open(parents, name).await,
            None => Err(Error::cancelled()),
        };
        (path, opened)
    }

    async fn open(&self, parents: &[String], name: &str) -> Result<(RemoteFolder, FolderNames)> {
        let Some((parent, siblings)) = self.known.get(parents) else {
            return Err(Error::invalid(format!("the folder `{}` could not be created", parents.join("/"))));
        };
        let known = siblings.lock().there.get(name).cloned();
        let id = match known {
            Some(known) if known.is_folder => known.remote.id,
            Some(_) => return Err(is_a_file(name)),
            None => {
                let create = self.client.files().create_folder(name, parent.destination());
                match create.await {
                    Ok(created) => return Ok((RemoteFolder::Folder(created.id), FolderNames::default())),
                    // Another process may have created it in the meantime.
                    Err(error) if error.is_conflict() => match self.named(parent, name).await? {
                        Some(found) if is_folder(&found) => found.id,
                        Some(_) => return Err(is_a_file(name)),
                        None => return Err(error),
                    },
                    Err(error) => return Err(error),
                }
            }
        };
        let folder = RemoteFolder::Folder(id);
        let there = self.list(&folder).await?;
        Ok((folder, there))
    }

    async fn named(&self, parent: &RemoteFolder, name: &str) -> Result<Option<types::File>> {
        let found = parent.query(&self.client).name(name).fields(fields()).all().await?;
        Ok(found.into_iter().find(|file| file.name.as_deref() == Some(name)))
    }

    async fn list(&self, folder: &RemoteFolder) -> Result<FolderNames> {
        let mut items = folder.query(&self.client).fields(fields()).page_size(100).items();
        let mut names = FolderNames::default();
        while let Some(file) = items.next().await.transpose()? {
            let (remote, is_folder) = (remote_of(&file), is_folder(&file));
            names.there.insert(file.name.unwrap_or_default(), ListedName { remote, is_folder });
        }
        Ok(names)
    }
}

fn fields() -> Fields {
    Fields::only(["id", "name", "type", "size", "created_on", "modified_on"])
}

fn is_folder(file: &types::File) -> bool {
    file.type_ == Some(FileType::Folder)
}

fn is_a_file(name: &str) -> Error {
    Error::invalid(format!("cannot create the folder `{name}`: a file on the platform has that name"))
}
