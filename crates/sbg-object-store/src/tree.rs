//! Finds the file or folder of a path, and keeps what was found.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _};
use object_store::path::Path;
use object_store::{ObjectMeta, Result};
use parking_lot::Mutex;
use sbg::files::{Destination, FileQuery, Walk};
use sbg::types::File;
use sbg::{Client, Fields};

use crate::error::{generic, mapped, not_found, not_implemented};
use crate::metadata::{self, below, child, is_folder};
use crate::open_file::{OpenFile, Tails};

/// Most paths that are kept.
const MOST: usize = 100_000;

/// A folder on the platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Folder {
    /// Everything of an owner: its folders are projects.
    Owner(String),
    /// The root of a project.
    Project(String),
    /// A folder, by id.
    Nested(String),
}

impl Folder {
    /// The files and folders in it.
    fn query(&self, client: &Client) -> Option<FileQuery> {
        let query = client.files().query().fields(Fields::all());
        match self {
            Self::Owner(_) => None,
            Self::Project(id) => Some(query.project(id)),
            Self::Nested(id) => Some(query.parent(id)),
        }
    }

    /// Everything below it.
    fn walk(&self, client: &Client) -> Option<Walk> {
        match self {
            Self::Owner(_) => None,
            Self::Project(id) => Some(client.project(id).files().walk()),
            Self::Nested(id) => Some(client.file(id).walk()),
        }
    }

    /// Where files in it are created.
    pub(crate) fn destination(&self) -> Option<Destination> {
        match self {
            Self::Owner(_) => None,
            Self::Project(id) => Some(Destination::project(id)),
            Self::Nested(id) => Some(Destination::folder(id)),
        }
    }
}

/// What a path leads to.
#[derive(Clone, Debug)]
enum Node {
    Folder(Folder),
    File(Arc<OpenFile>),
}

/// The tree of files below a root.
#[derive(Debug)]
pub(crate) struct Tree {
    client: Client,
    root: Folder,
    keep_for: Duration,
    known: Mutex<HashMap<Path, (Instant, Node)>>,
    tails: Tails,
}

impl Tree {
    pub(crate) fn new(client: Client, root: Folder, keep_for: Duration) -> Self {
        Self { client, root, keep_for, known: Mutex::default(), tails: Tails::default() }
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn root(&self) -> &Folder {
        &self.root
    }

    /// The file of this path; `NotFound` if the path is missing or a folder.
    pub(crate) async fn file(&self, path: &Path) -> Result<Arc<OpenFile>> {
        match self.find(path).await? {
            Some(Node::File(file)) => Ok(file),
            Some(Node::Folder(_)) | None => Err(not_found(path)),
        }
    }

    /// The folder and the name of a file to create. Missing folders are created.
    pub(crate) async fn destination(&self, path: &Path) -> Result<(Destination, String)> {
        let parts: Vec<_> = path.parts().collect();
        let Some((name, parents)) = parts.split_last() else { return Err(not_found(path)) };
        let (mut at, mut folder) = (Path::default(), self.root.clone());
        for part in parents {
            at = at.join(part.clone());
            let found = match self.step(&folder, &at, part.as_ref()).await? {
                Some(found) => found,
                None => self.create_folder(&folder, &at, part.as_ref()).await?,
            };
            folder = match found {
                Node::Folder(folder) => folder,
                Node::File(_) => {
                    return Err(generic(format!("cannot create the folder `{at}`: it is a file")));
                }
            };
        }
        let message = || generic(format!("`{path}` has no project: a path is `project/folder/file`"));
        Ok((folder.destination().ok_or_else(message)?, name.as_ref().to_owned()))
    }

    async fn create_folder(&self, parent: &Folder, path: &Path, name: &str) -> Result<Node> {
        let destination = parent.destination().ok_or_else(|| not_implemented("creating a project"))?;
        match self.client.files().create_folder(name, destination).send().await {
            Ok(folder) => Ok(self.remember(path.clone(), folder)),
            // Someone else has created it at the same time.
            Err(error) if error.is_conflict() => {
                let found = self.look_up(parent, path, name).await?;
                found.ok_or_else(|| mapped(path, error))
            }
            Err(error) => Err(mapped(path, error)),
        }
    }

    /// What this path leads to.
    async fn find(&self, path: &Path) -> Result<Option<Node>> {
        let (mut at, mut node) = (Path::default(), Node::Folder(self.root.clone()));
        for part in path.parts() {
            let Node::Folder(folder) = node else { return Ok(None) };
            at = at.join(part.clone());
            let Some(found) = self.step(&folder, &at, part.as_ref()).await? else { return Ok(None) };
            node = found;
        }
        Ok(Some(node))
    }

    /// The entry of this name in a folder.
    async fn step(&self, folder: &Folder, path: &Path, name: &str) -> Result<Option<Node>> {
        if let Folder::Owner(owner) = folder {
            return Ok(Some(Node::Folder(Folder::Project(format!("{owner}/{name}")))));
        }
        let kept = self
            .known
            .lock()
            .get(path)
            .filter(|(at, _)| at.elapsed() < self.keep_for)
            .map(|kept| kept.1.clone());
        match kept {
            Some(kept) => Ok(Some(kept)),
            None => self.look_up(folder, path, name).await,
        }
    }

    async fn look_up(&self, folder: &Folder, path: &Path, name: &str) -> Result<Option<Node>> {
        let Some(query) = folder.query(&self.client) else { return Ok(None) };
        let found = match query.name(name).all().await {
            Ok(found) => found,
            Err(error) if error.is_not_found() => return Ok(None),
            Err(error) => return Err(mapped(path, error)),
        };
        let mut named = found.into_iter().filter(|file| file.name.as_deref() == Some(name));
        let Some(first) = named.next() else {
            self.forget(path);
            return Ok(None);
        };
        if let Some(second) = named.next() {
            let message = format!("two files have the path `{path}`: `{}` and `{}`", first.id, second.id);
            return Err(generic(message));
        }
        Ok(Some(self.remember(path.clone(), first)))
    }

    /// Keeps what was found. The same version of a file keeps its reader.
    fn remember(&self, path: Path, file: File) -> Node {
        let mut known = self.known.lock();
        let node = match known.get(&path) {
            Some((_, Node::File(kept))) if kept.file == file => Node::File(kept.clone()),
            _ if is_folder(&file) => Node::Folder(Folder::Nested(file.id)),
            _ => {
                let reader = self.client.file(&file).reader();
                Node::File(Arc::new(OpenFile::new(file, reader, &self.tails)))
            }
        };
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(path, (Instant::now(), node.clone()));
        node
    }

    /// Forgets what was found at this path and below it.
    pub(crate) fn forget(&self, path: &Path) {
        self.known.lock().retain(|known, _| !known.prefix_matches(path));
    }

    /// The metadata of a file. A list has reported the size, except for odd platforms.
    pub(crate) async fn meta(&self, path: &Path, open: &OpenFile) -> Result<ObjectMeta> {
        let size = match metadata::size(&open.file) {
            Some(size) => size,
            None => open.reader.size().await.map_err(|error| mapped(path, error))?,
        };
        Ok(metadata::of(&open.file, path.clone(), size))
    }

    /// All files below this path.
    pub(crate) async fn list(self: Arc<Self>, path: Path) -> Result<BoxStream<'static, Result<ObjectMeta>>> {
        let Some(Node::Folder(folder)) = self.find(&path).await? else {
            return Ok(futures::stream::empty().boxed());
        };
        let folders = match &folder {
            Folder::Owner(owner) => self.projects(owner).await?,
            folder => vec![(path, folder.clone())],
        };
        let trees = folders.into_iter().filter_map(move |(path, folder)| {
            let (tree, start) = (self.clone(), path.clone());
            let entries = folder.walk(&self.client)?.entries();
            let files = entries.map_err(move |error| mapped(&path, error)).try_filter_map(move |entry| {
                let (tree, path) = (tree.clone(), below(&start, &entry.path));
                async move {
                    if entry.is_folder() {
                        // The files in it are found without looking it up.
                        tree.remember(path, entry.file);
                        return Ok(None);
                    }
                    tree.listed(path, entry.file).await.map(Some)
                }
            });
            // A folder that is deleted while it is listed has no files.
            let present = files.filter(|file| futures::future::ready(!is_not_found(file)));
            Some(present.boxed())
        });
        Ok(futures::stream::iter(trees.collect::<Vec<_>>()).flatten().boxed())
    }

    /// The files and folders directly below this path.
    pub(crate) async fn children(&self, path: &Path) -> Result<(Vec<Path>, Vec<ObjectMeta>)> {
        let (mut folders, mut files) = (Vec::new(), Vec::new());
        match self.find(path).await? {
            Some(Node::Folder(Folder::Owner(owner))) => {
                folders.extend(self.projects(&owner).await?.into_iter().map(|(path, _)| path));
            }
            Some(Node::Folder(folder)) => {
                let Some(query) = folder.query(&self.client) else { return Ok((folders, files)) };
                let entries = match query.all().await {
                    Ok(entries) => entries,
                    Err(error) if error.is_not_found() => Vec::new(),
                    Err(error) => return Err(mapped(path, error)),
                };
                for entry in entries {
                    let path = child(path, entry.name.as_deref().unwrap_or(&entry.id));
                    if is_folder(&entry) {
                        self.remember(path.clone(), entry);
                        folders.push(path);
                    } else {
                        files.push(self.listed(path, entry).await?);
                    }
                }
            }
            Some(Node::File(_)) | None => {}
        }
        Ok((folders, files))
    }

    async fn listed(&self, path: Path, file: File) -> Result<ObjectMeta> {
        match self.remember(path.clone(), file) {
            Node::File(open) => self.meta(&path, &open).await,
            Node::Folder(_) => Err(not_found(&path)),
        }
    }

    /// The projects of an owner, and their paths.
    async fn projects(&self, owner: &str) -> Result<Vec<(Path, Folder)>> {
        let projects = self.client.projects().query().owner(owner).all().await;
        let projects = projects.map_err(|error| mapped(&Path::default(), error))?;
        let own = projects.into_iter().filter_map(|project| {
            let name = project.id.strip_prefix(owner)?.strip_prefix('/')?;
            Some((child(&Path::default(), name), Folder::Project(project.id.clone())))
        });
        Ok(own.collect())
    }
}

fn is_not_found<T>(result: &Result<T>) -> bool {
    matches!(result, Err(object_store::Error::NotFound { .. }))
}
