//! Downloads of many files: a list, a folder tree, the outputs of a task.

mod file_task;
mod listing;

use std::collections::BTreeSet;
use std::fmt;
use std::future::IntoFuture;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::StreamExt as _;
use futures::future::BoxFuture;

use self::file_task::FileTask;
use self::listing::{Listed, listed};
use super::comparison::{Comparison, remote_of};
use super::conflict::{Claims, join};
use super::sameness::RemoteFile;
use super::{Compare, Conflict, FileReport, Group, Report};
use crate::client::Client;
use crate::error::{Error, Result};
use crate::files::{Entry, FileHandle};
use crate::ids::text_of;
use crate::projects::ProjectFiles;
use crate::request::fields::Fields;
use crate::request::stream::Items;
use crate::tasks::{TaskFile, TaskHandle};
use crate::transfer::engine::runtime::Context;
use crate::transfer::engine::task::blocking;
use crate::transfer::handle::Transfer;
use crate::transfer::local::folder::Root;
use crate::transfer::local::record::Tree;
use crate::types;

/// A file to download in a batch: an entry of a listing, or an id alone, whose name is then queried.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let files = client.project("rfranklin/fibre-diffraction").files().query().all().await?;
/// client.download_all(&files, "patterns").await?.into_result()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct DownloadItem {
    id: String,
    known: Option<Box<types::File>>,
}

impl From<types::File> for DownloadItem {
    fn from(file: types::File) -> Self {
        Self { id: file.id.clone(), known: Some(Box::new(file)) }
    }
}

impl From<&types::File> for DownloadItem {
    fn from(file: &types::File) -> Self {
        file.clone().into()
    }
}

impl From<TaskFile> for DownloadItem {
    fn from(file: TaskFile) -> Self {
        Self { id: file.id, known: None }
    }
}

impl From<String> for DownloadItem {
    fn from(id: String) -> Self {
        Self { id, known: None }
    }
}

impl From<&str> for DownloadItem {
    fn from(id: &str) -> Self {
        id.to_owned().into()
    }
}

impl Client {
    /// Downloads files into a local folder, under their names: `.await` it, or [`start`](DownloadMany::start) it to watch it.
    ///
    /// Entries of listings cost one call each; ids alone cost one more call per hundred. A file that cannot be downloaded is in the
    /// report, and the others continue.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let files = client.project("rfranklin/fibre-diffraction").files().query().items();
    /// let files: Vec<_> = files.try_collect().await?;
    /// let report = client.download_all(files, "patterns").await?.into_result()?;
    /// println!("{} bytes", report.bytes());
    /// # Ok(())
    /// # }
    /// ```
    pub fn download_all<W: Into<DownloadItem>>(
        &self,
        files: impl IntoIterator<Item = W>,
        folder: impl Into<PathBuf>,
    ) -> DownloadMany {
        let files = files.into_iter().map(Into::into).collect();
        DownloadMany::new(self, Input::Files(files), folder.into())
    }
}

impl FileHandle {
    /// Downloads everything in this folder and its subfolders, including empty folders: `.await` it, or [`start`](DownloadMany::start) it
    /// to watch it.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let report = client.file("567890abc9b0307bc0414164").download_tree("patterns").await?;
    /// println!("{} files", report.files.len());
    /// # Ok(())
    /// # }
    /// ```
    pub fn download_tree(&self, folder: impl Into<PathBuf>) -> DownloadMany {
        let handle = self.client.on_engine().file(self.id());
        let root = format!("folder {}", self.id());
        let walk = Box::new(move || handle.walk().fields(fields()).entries());
        DownloadMany::new(&self.client, Input::Tree { root, walk }, folder.into())
    }
}

impl ProjectFiles {
    /// Downloads all files of the project in their folders, including empty folders: `.await` it, or [`start`](DownloadMany::start) it to
    /// watch it.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let report = client.project("rfranklin/fibre-diffraction").files().download_tree("patterns").await?;
    /// println!("{} files", report.files.len());
    /// # Ok(())
    /// # }
    /// ```
    pub fn download_tree(&self, folder: impl Into<PathBuf>) -> DownloadMany {
        let files = self.on_engine();
        let root = format!("project {}", text_of(self.id()));
        let walk = Box::new(move || files.walk().fields(fields()).entries());
        DownloadMany::new(self.client(), Input::Tree { root, walk }, folder.into())
    }
}

impl TaskHandle {
    /// Downloads the outputs of the task: files with their secondary files, and folders with their contents. `.await` it, or
    /// [`start`](DownloadMany::start) it to watch it.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let task = client.task("4e3a6f2b-2f1c-4f6e-8d1a-1b2c3d4e5f60");
    /// task.download_outputs("results").select(|path| path.ends_with(".vcf")).await?.into_result()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn download_outputs(&self, folder: impl Into<PathBuf>) -> DownloadMany {
        DownloadMany::new(&self.client, Input::Outputs(self.id().to_owned()), folder.into())
    }
}

enum Input {
    Files(Vec<DownloadItem>),
    Tree {
        /// Identifies the tree in its record.
        root: String,
        walk: Box<dyn FnOnce() -> Items<Entry> + Send>,
    },
    Outputs(String),
}

impl Input {
    /// Identifies the source in the record.
    fn root(&self) -> String {
        match self {
            Self::Files(_) => "files".to_owned(),
            Self::Tree { root, .. } => root.clone(),
            Self::Outputs(id) => format!("task {id}"),
        }
    }
}

/// The fields needed of each file.
fn fields() -> Fields {
    Fields::only(["id", "name", "type", "size", "created_on", "modified_on"])
}

type Select = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// A download of many files to start.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let report = client.project("rfranklin/fibre-diffraction").files().download_tree("patterns").await?;
/// println!("{} bytes", report.bytes());
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is downloaded until it is started or awaited"]
pub struct DownloadMany {
    client: Client,
    what: Input,
    folder: PathBuf,
    conflict: Conflict,
    compare: Compare,
    select: Option<Select>,
}

impl DownloadMany {
    fn new(client: &Client, what: Input, folder: PathBuf) -> Self {
        let (conflict, compare) = (Conflict::default(), Compare::default());
        Self { client: client.clone(), what, folder, conflict, compare, select: None }
    }

    /// What to do if a local file of the same name exists. The file fails by default.
    ///
    /// A file that is up to date is never moved; [`compare`](Self::compare) sets how that is decided.
    ///
    /// ```
    /// # fn example(client: sbg::Client) -> sbg::Result<()> {
    /// use sbg::transfer::Conflict;
    ///
    /// let download = client.project("rfranklin/fibre-diffraction").files().download_tree("patterns").on_conflict(Conflict::Overwrite);
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_conflict(mut self, conflict: Conflict) -> Self {
        self.conflict = conflict;
        self
    }

    /// How to decide that a file is up to date; by the record of earlier transfers by default.
    ///
    /// ```
    /// # fn example(client: sbg::Client) -> sbg::Result<()> {
    /// use sbg::transfer::Compare;
    ///
    /// let files = client.project("rfranklin/fibre-diffraction").files();
    /// let download = files.download_tree("patterns").compare(Compare::Content);
    /// # Ok(())
    /// # }
    /// ```
    pub fn compare(mut self, compare: Compare) -> Self {
        self.compare = compare;
        self
    }

    /// Selects files by their path, with `/` between the names; all files by default. Empty folders are created only if all files are
    /// downloaded.
    ///
    /// ```
    /// # fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let download = client.project("rfranklin/fibre-diffraction").files().download_tree("patterns").select(|path| path.ends_with(".bam"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn select(mut self, select: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        self.select = Some(Arc::new(select));
        self
    }

    /// Starts the downloads on the threads of the transfer engine. The handle fails if the files cannot be listed; the result of each
    /// file is in the [`Report`].
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let download = client.project("rfranklin/fibre-diffraction").files().download_tree("patterns").start();
    /// println!("{} bytes", download.wait().await?.bytes());
    /// # Ok(())
    /// # }
    /// ```
    pub fn start(self) -> Transfer<Report> {
        Group::transfer(self.client.engine(), |context, group| Box::pin(self.start_all(context, group)))
    }

    async fn start_all(self, context: Context, group: &mut Group) -> Result<()> {
        let Self { client, what, folder, conflict, compare, select } = self;
        let client = client.on_engine();
        let (endpoint, name, local) = (client.endpoint().as_str().to_owned(), what.root(), folder.clone());
        let tree = move || Tree::new(&endpoint, name, &local);
        let comparison = Comparison::open(compare, false, &context, tree).await?;
        let is_tree = matches!(what, Input::Tree { .. }) && select.is_none();
        let is_selected = |path: &str| select.as_ref().is_none_or(|select| select(path));
        // Folders come before their contents.
        let mut empty = BTreeSet::new();
        let downloads = Downloads::new(client.clone(), folder.clone(), comparison, context);
        let mut found = listed(&client, what).await?;
        while let Some(found) = found.next().await.transpose()? {
            let entry = match found {
                Listed::Entry(entry) => *entry,
                Listed::Failed { id, error } => {
                    if is_selected(&id) {
                        group.shared.counters.plan_more(0, 1);
                        let (path, local) = (id.clone(), folder.clone());
                        group.done(FileReport { path, local, id: Some(id), outcome: Err(error) });
                    }
                    continue;
                }
            };
            if is_tree && let Some((above, _)) = entry.path.rsplit_once('/') {
                empty.remove(above);
            }
            if entry.is_folder() {
                if is_tree {
                    empty.insert(entry.path);
                }
                continue;
            }
            if !is_selected(&entry.path) {
                continue;
            }
            let remote = remote_of(&entry.file);
            group.shared.counters.plan_more(remote.size.unwrap_or(0), 1);
            downloads.start(group, entry.path, remote, conflict, false).await?;
        }
        if is_tree {
            for (path, local, error) in downloads.make_folders(empty).await? {
                group.shared.counters.plan_more(0, 1);
                group.done(FileReport { path, local, id: None, outcome: Err(error) });
            }
        }
        Ok(())
    }
}

/// What the downloads of a batch share.
#[derive(Clone, Debug)]
pub(in crate::transfer) struct Downloads {
    client: Client,
    folder: PathBuf,
    root: Arc<Root>,
    comparison: Arc<Comparison>,
    claims: Arc<Claims>,
    context: Context,
}

impl Downloads {
    pub(in crate::transfer) fn new(
        client: Client,
        folder: PathBuf,
        comparison: Arc<Comparison>,
        context: Context,
    ) -> Self {
        let (root, claims) = (Arc::new(Root::new(folder.clone())), Arc::default());
        Self { client, folder, root, comparison, claims, context }
    }

    /// Starts the download of a file to this path below the folder, as soon as a slot is free. A local file that is known to differ is
    /// not compared.
    pub(in crate::transfer) async fn start(
        &self,
        group: &mut Group,
        path: String,
        remote: RemoteFile,
        conflict: Conflict,
        differs: bool,
    ) -> Result<()> {
        let one = FileTask {
            file: self.client.file(&remote.id),
            path,
            remote,
            comparison: self.comparison.clone(),
            folder: self.folder.clone(),
            root: self.root.clone(),
            conflict,
            differs,
            claims: self.claims.clone(),
            context: self.context.clone(),
            shared: group.piece(),
        };
        // Boxed because it is large and there are many.
        group.start(Box::pin(one.run())).await
    }

    /// Creates the local folder and these folders below it. Returns those that cannot be created.
    pub(in crate::transfer) async fn make_folders(
        &self,
        paths: BTreeSet<String>,
    ) -> Result<Vec<(String, PathBuf, Error)>> {
        let (folder, root) = (self.folder.clone(), self.root.clone());
        blocking(move || make_folders(&folder, &root, paths)).await
    }
}

fn make_folders(
    folder: &Path,
    root: &Root,
    paths: BTreeSet<String>,
) -> Result<Vec<(String, PathBuf, Error)>> {
    let root = root.folder()?;
    let made = |path: String| match join(folder, &path) {
        Ok(local) => root.make(&local).err().map(|error| (path, local, error)),
        Err(error) => Some((path, folder.to_owned(), error)),
    };
    Ok(paths.into_iter().filter_map(made).collect())
}

impl IntoFuture for DownloadMany {
    type Output = Result<Report>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        self.start().into_future()
    }
}

impl fmt::Debug for DownloadMany {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DownloadMany")
            .field("folder", &self.folder)
            .field("conflict", &self.conflict)
            .finish_non_exhaustive()
    }
}
