//! Finds files: by path, by walking a folder tree, or with the query language of the platform.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::sync::Arc;

use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{FutureExt as _, StreamExt as _, stream};
use sbg_raw::ClientFilesExt as _;

use super::{Destination, FileHandle, FileQuery, Files};
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::ids::text_of;
use crate::projects::ProjectFiles;
use crate::raw::types as bodies;
use crate::request::call::{refuse_fields, set};
use crate::request::fields::Fields;
use crate::request::list::{Fetched, List, PageRequest};
use crate::request::page::Page;
use crate::request::query::Query;
use crate::request::stream::Items;
use crate::types::{self, FileType};

/// Maximum depth of a walk. Real folder trees are not a tenth as deep; the limit stops a walk if the platform returns endless folders.
const DEEPEST: usize = 1000;

/// Folders that a walk lists in parallel.
const FOLDERS_AT_ONCE: usize = 32;

impl Files {
    /// Searches files with an expression in the query language of the platform, such as
    /// `IN "/Projects/fibre-diffraction" WHERE tags IN ("dna") RECURSIVE`.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let mut hits = client.files().search(r#"IN "/Projects/p" WHERE file_extension IN ("FASTQ") RECURSIVE"#).items();
    /// while let Some(hit) = hits.try_next().await? {
    ///     println!("{}", hit.id);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn search(&self, expression: impl Into<String>) -> Query<FileSearch> {
        Query::new(self.client.clone(), FileSearch { expression: expression.into() })
    }
}

/// The hits of a search.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let page = client.files().search(r#"IN "/Projects/demo" WHERE tags IN ("dna") RECURSIVE"#).page().await?;
/// println!("{:?} hits", page.total);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct FileSearch {
    expression: String,
}

impl List for FileSearch {
    type Item = types::FileSearchHit;

    const NAME: &'static str = "found files";

    fn by_token(&self) -> bool {
        true
    }

    fn check(&self) -> Result<()> {
        if self.expression.trim().is_empty() {
            return Err(Error::invalid(
                "the search has no expression; the shortest is `IN \"/Projects/NAME\"`",
            ));
        }
        Ok(())
    }

    async fn fetch(self, client: Client, at: PageRequest) -> Result<Fetched<types::FileSearchHit>> {
        refuse_fields(&at, "hits of a search")?;
        let call = client.raw().file_search().body(bodies::FileSearch { query: self.expression });
        let limit = at.limit_param();
        let page = set!(call, cont_token = at.token, limit = limit).send().await?.into_inner();
        let total = page.count.as_ref().and_then(|count| u64::try_from(*count).ok());
        Ok(Fetched::with_token(page.result_set, total, page.cont_token))
    }
}

/// An entry of a walk.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let mut entries = client.project("rfranklin/fibre-diffraction").files().walk().entries();
/// while let Some(entry) = entries.try_next().await? {
///     println!("{} {:?}", entry.path, entry.file.size);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Entry {
    /// Path below the start of the walk, with `/` between the names.
    pub path: String,
    /// The file or folder.
    pub file: types::File,
}

impl Entry {
    /// Whether this is a folder.
    ///
    /// ```
    /// # fn example(walk: sbg::files::Walk) {
    /// let files_alone = walk.filter(|entry| !entry.is_folder());
    /// # }
    /// ```
    pub fn is_folder(&self) -> bool {
        is_folder(&self.file)
    }
}

pub(super) fn is_folder(file: &types::File) -> bool {
    file.type_ == Some(FileType::Folder)
}

impl ProjectFiles {
    /// Everything in the project: files, folders and their contents.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let mut entries = client.project("rfranklin/fibre-diffraction").files().walk().entries();
    /// while let Some(entry) = entries.try_next().await? {
    ///     println!("{}", entry.path);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn walk(&self) -> Walk {
        let files = self.clone();
        Walk::new(self.client().clone(), None, move |fields| {
            let query = files.query().fields(fields).page_size(100);
            async move { query.page().await }.boxed()
        })
    }

    /// Every file and folder in the project with exactly this name, at any depth. Lists all folders; if the location is known,
    /// [`resolve_path`](Self::resolve_path) or a query by `name` makes fewer calls.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let files = client.project("rfranklin/fibre-diffraction").files();
    /// if let Some(found) = files.find("51.fastq").try_next().await? {
    ///     println!("{} is {}", found.path, found.file.id);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn find(&self, name: impl Into<String>) -> Items<Entry> {
        let name = name.into();
        self.walk().filter(move |entry| entry.file.name.as_ref() == Some(&name)).entries()
    }

    /// The file or folder at `path`, such as `patterns/b-form/51.fastq`. Makes one call for each part of the path.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let files = client.project("rfranklin/fibre-diffraction").files();
    /// match files.resolve_path("reads/lane-1/51.fastq.gz").await {
    ///     Ok(file) => println!("{}", file.id),
    ///     Err(error) if error.is_not_found() => println!("not uploaded yet"),
    ///     Err(error) => return Err(error),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: a path without names, or with `.` or `..` in it. [`ErrorKind::NotFound`] if nothing has this path;
    /// otherwise the error of a call.
    pub async fn resolve_path(&self, path: &str) -> Result<types::File> {
        let mut found: Option<types::File> = None;
        for name in names(path)? {
            let missing = || {
                let project = text_of(self.id());
                Error::new(ErrorKind::NotFound, format!("there is no `{name}` in `{path}` of {project}"))
            };
            found = Some(self.named(found.as_ref(), name, path).await?.ok_or_else(missing)?);
        }
        found.ok_or_else(|| {
            Error::invalid("the path is empty; for the root of a project, use its `root_folder`")
        })
    }

    /// Creates the missing folders of this path and returns the last folder.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let files = client.project("rfranklin/fibre-diffraction").files();
    /// let folder = files.create_folder_all("results/2026/november").await?;
    /// client.upload("51.tiff").to(&folder).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] before any request for a path without names, or with `.` or `..` in it; [`ErrorKind::NotFound`] if a
    /// file is in the way; otherwise the error of a call.
    pub async fn create_folder_all(&self, path: &str) -> Result<types::File> {
        let mut found: Option<types::File> = None;
        for name in names(path)? {
            let folder = match self.named(found.as_ref(), name, path).await? {
                Some(folder) => folder,
                None => self.create_or_find(found.as_ref(), name, path).await?,
            };
            if !is_folder(&folder) {
                let message = format!("cannot create the folder `{path}`: `{name}` is a file");
                return Err(Error::new(ErrorKind::Conflict, message));
            }
            found = Some(folder);
        }
        found.ok_or_else(|| Error::invalid("cannot create a folder: the path is empty"))
    }

    /// Creates a folder, or finds it if someone else creates it at the same time.
    async fn create_or_find(
        &self,
        parent: Option<&types::File>,
        name: &str,
        path: &str,
    ) -> Result<types::File> {
        let parent_folder = parent.map_or_else(|| Destination::project(self.id()), Destination::folder);
        match self.client().files().create_folder(name, parent_folder).send().await {
            Err(error) if error.is_conflict() => self.named(parent, name, path).await?.ok_or(error),
            created => created,
        }
    }

    /// The file or folder with this name at the root of the project or in a folder.
    async fn named(
        &self,
        parent: Option<&types::File>,
        name: &str,
        path: &str,
    ) -> Result<Option<types::File>> {
        let query: FileQuery = match parent {
            None => self.query(),
            Some(folder) if is_folder(folder) => self.client().files().query().parent(folder),
            Some(file) => {
                let name = file.name.as_deref().unwrap_or_default();
                let message = format!("`{name}` in `{path}` is a file, not a folder");
                return Err(Error::new(ErrorKind::NotFound, message));
            }
        };
        let files = query.name(name).fields(Fields::all()).all().await?;
        Ok(files.into_iter().find(|file| file.name.as_deref() == Some(name)))
    }
}

/// The names of a path that starts at the root of a project.
pub(super) fn names(path: &str) -> Result<impl Iterator<Item = &str>> {
    if let Some(odd) = path.split('/').find(|name| matches!(*name, "." | "..")) {
        return Err(Error::invalid(format!(
            "`{odd}` is not allowed in the path `{path}`: paths start at the root of the project"
        )));
    }
    Ok(path.split('/').filter(|name| !name.is_empty()))
}

impl FileHandle {
    /// Everything in this folder: files, folders and their contents.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, folder: sbg::types::File) -> sbg::Result<()> {
    /// let entries: Vec<_> = client.file(&folder).walk().entries().try_collect().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn walk(&self) -> Walk {
        let folder = self.clone();
        Walk::new(self.client.clone(), Some(self.id()), move |fields| {
            let query = folder.list().fields(fields).page_size(100);
            async move { query.page().await }.boxed()
        })
    }
}

type FirstPage = Arc<dyn Fn(Fields) -> BoxFuture<'static, Result<Page<types::File>>> + Send + Sync>;

type Choice = Arc<dyn Fn(&Entry) -> bool + Send + Sync>;

/// A walk over a folder tree. Several folders are listed in parallel. The contents of a folder come after the folder itself; there is
/// no other order.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let walk = client.project("rfranklin/fibre-diffraction").files().walk();
/// let reads: Vec<_> = walk.filter(|entry| entry.path.ends_with(".fastq.gz")).entries().try_collect().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use = "a walk does nothing until its entries are asked for"]
pub struct Walk {
    client: Client,
    /// The folder where the walk starts; `None` for a project, since the id of its root is not known.
    root: Option<String>,
    first: FirstPage,
    max_depth: usize,
    descend: Choice,
    filter: Choice,
    fields: Fields,
}

impl Walk {
    fn new(
        client: Client,
        root: Option<&str>,
        first: impl Fn(Fields) -> BoxFuture<'static, Result<Page<types::File>>> + Send + Sync + 'static,
    ) -> Self {
        Self {
            client,
            root: root.map(str::to_owned),
            first: Arc::new(first),
            max_depth: usize::MAX,
            descend: Arc::new(|_| true),
            filter: Arc::new(|_| true),
            fields: Fields::all(),
        }
    }

    /// How many levels to walk: 1 lists only the start folder. Default: all levels, which fails below 1000 folders.
    ///
    /// ```
    /// # fn example(walk: sbg::files::Walk) {
    /// let root_and_its_folders = walk.max_depth(2);
    /// # }
    /// ```
    pub fn max_depth(mut self, depth: usize) -> Self {
        self.max_depth = depth;
        self
    }

    /// Which folders to enter. Default: all. A folder that is not entered is still an entry.
    ///
    /// ```
    /// # fn example(walk: sbg::files::Walk) {
    /// let without_hidden_folders = walk.descend(|folder| !folder.path.contains("/."));
    /// # }
    /// ```
    pub fn descend(mut self, into: impl Fn(&Entry) -> bool + Send + Sync + 'static) -> Self {
        self.descend = Arc::new(into);
        self
    }

    /// Which entries to return. Default: all. A folder that is filtered out is still entered, unless [`descend`](Self::descend) refuses
    /// it.
    ///
    /// ```
    /// # fn example(walk: sbg::files::Walk) {
    /// let reads = walk.filter(|entry| entry.path.ends_with(".fastq.gz"));
    /// # }
    /// ```
    pub fn filter(mut self, give: impl Fn(&Entry) -> bool + Send + Sync + 'static) -> Self {
        self.filter = Arc::new(give);
        self
    }

    /// The fields to return for each file. Default: all. `name` and `type` are always requested.
    ///
    /// ```
    /// # fn example(walk: sbg::files::Walk) {
    /// let with_sizes = walk.fields(sbg::Fields::only(["size"]));
    /// # }
    /// ```
    pub fn fields(mut self, fields: Fields) -> Self {
        self.fields = Fields::only(["name", "type"]).and(fields);
        self
    }

    /// Streams the entries.
    ///
    /// ```no_run
    /// # async fn example(walk: sbg::files::Walk) -> sbg::Result<()> {
    /// let mut entries = walk.entries();
    /// while let Some(entry) = entries.try_next().await? {
    ///     println!("{}", entry.path);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn entries(self) -> Items<Entry> {
        if self.max_depth == 0 {
            return Items::new(stream::empty());
        }
        let first = (self.first)(self.fields.clone());
        let met = self.root.clone().into_iter().collect();
        let state = Walking {
            walk: self,
            waiting: VecDeque::new(),
            met,
            listing: FuturesUnordered::new(),
            ready: VecDeque::new(),
        };
        state.listing.push(async move { Ok((first.await?, String::new(), 1)) }.boxed());
        Items::new(stream::unfold(Some(state), |state| async move {
            let mut state = state?;
            match state.next().await {
                Ok(Some(entry)) => Some((Ok(entry), Some(state))),
                Ok(None) => None,
                Err(error) => Some((Err(error), None)),
            }
        }))
    }
}

impl fmt::Debug for Walk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Walk")
            .field("max_depth", &self.max_depth)
            .field("fields", &self.fields)
            .finish_non_exhaustive()
    }
}

/// A page of a folder, the path of the folder, and the depth of its contents.
type Listed = (Page<types::File>, String, usize);

struct Walking {
    walk: Walk,
    /// Folders still to list: id, path, depth of their contents.
    waiting: VecDeque<(String, String, usize)>,
    /// Folders already entered, so that a folder that contains itself does not make the walk endless.
    met: HashSet<String>,
    listing: FuturesUnordered<BoxFuture<'static, Result<Listed>>>,
    ready: VecDeque<Entry>,
}

impl Walking {
    async fn next(&mut self) -> Result<Option<Entry>> {
        loop {
            if let Some(entry) = self.ready.pop_front() {
                return Ok(Some(entry));
            }
            while self.listing.len() < FOLDERS_AT_ONCE {
                let Some((id, path, depth)) = self.waiting.pop_front() else { break };
                let query = self.walk.client.file(id).list().fields(self.walk.fields.clone()).page_size(100);
                self.listing.push(async move { Ok((query.page().await?, path, depth)) }.boxed());
            }
            match self.listing.next().await {
                Some(listed) => self.take(listed?)?,
                None => return Ok(None),
            }
        }
    }

    fn take(&mut self, (mut page, folder, depth): Listed) -> Result<()> {
        for file in std::mem::take(&mut page.items) {
            let name = file.name.as_deref().unwrap_or(&file.id);
            let path = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
            let entry = Entry { path, file };
            if entry.is_folder()
                && depth < self.walk.max_depth
                && (self.walk.descend)(&entry)
                && self.met.insert(entry.file.id.clone())
            {
                if depth == DEEPEST {
                    let message =
                        format!("the platform returned folders nested more than {DEEPEST} levels deep");
                    return Err(Error::new(ErrorKind::UnexpectedResponse, message));
                }
                self.waiting.push_back((entry.file.id.clone(), entry.path.clone(), depth + 1));
            }
            if (self.walk.filter)(&entry) {
                self.ready.push_back(entry);
            }
        }
        if page.has_next() {
            let next = async move {
                let next = page.next_page().await?;
                // The page has a next one, so this is never `None`.
                next.map(|next| (next, folder, depth)).ok_or_else(Error::cancelled)
            };
            self.listing.push(next.boxed());
        }
        Ok(())
    }
}
