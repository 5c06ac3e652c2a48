//! Downloads of many files: a list, a folder tree, the outputs of a task.

use std::collections::BTreeSet;
use std::fmt;
use std::future::IntoFuture;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use futures::future::BoxFuture;
use futures::stream::{self, BoxStream};
use futures::{Stream, StreamExt as _};

use super::comparison::{Comparison, FilePair, LocalState, modified_of, remote_of};
use super::conflict::{Claims, join};
use super::sameness::RemoteFile;
use super::{Compare, Conflict, FileReport, Group, Outcome, Report};
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::files::{Entry, FileHandle};
use crate::ids::check_segment;
use crate::ids::text_of;
use crate::local_file::FileKind;
use crate::projects::ProjectFiles;
use crate::request::fields::Fields;
use crate::request::stream::Items;
use crate::tasks::{TaskExt as _, TaskFile, TaskHandle};
use crate::transfer::engine::runtime::Context;
use crate::transfer::engine::task::blocking;
use crate::transfer::handle::{Shared, Transfer};
use crate::transfer::local::folder::{Leaf, Root};
use crate::transfer::local::open_mode::Open;
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
        let claims = Arc::new(Claims::default());
        let (endpoint, name, local) = (client.endpoint().as_str().to_owned(), what.root(), folder.clone());
        let tree = move || Tree::new(&endpoint, name, &local);
        let comparison = Comparison::open(compare, false, &context, tree).await?;
        let is_tree = matches!(what, Input::Tree { .. }) && select.is_none();
        let is_selected = |path: &str| select.as_ref().is_none_or(|select| select(path));
        // Folders come before their contents.
        let mut empty = BTreeSet::new();
        let root = Arc::new(Root::new(folder.clone()));
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
            let one = FileTask {
                file: client.file(&remote.id),
                path: entry.path,
                remote,
                comparison: comparison.clone(),
                folder: folder.clone(),
                root: root.clone(),
                conflict,
                claims: claims.clone(),
                context: context.clone(),
                shared: group.piece(),
            };
            // Boxed because it is large and there are many.
            group.start(Box::pin(one.run())).await?;
        }
        if is_tree {
            for (path, local, error) in blocking(move || make_folders(&folder, &root, empty)).await? {
                group.shared.counters.plan_more(0, 1);
                group.done(FileReport { path, local, id: None, outcome: Err(error) });
            }
        }
        Ok(())
    }
}

/// Creates the local folder of a tree and the folders that are empty on the platform. Returns those that cannot be created.
fn make_folders(
    folder: &Path,
    root: &Root,
    empty: BTreeSet<String>,
) -> Result<Vec<(String, PathBuf, Error)>> {
    let root = root.folder()?;
    let made = |path: String| match join(folder, &path) {
        Ok(local) => root.make(&local).err().map(|error| (path, local, error)),
        Err(error) => Some((path, folder.to_owned(), error)),
    };
    Ok(empty.into_iter().filter_map(made).collect())
}

/// An entry of the listing.
enum Listed {
    Entry(Box<Entry>),
    /// The file cannot be downloaded.
    Failed {
        id: String,
        error: Error,
    },
}

impl From<Entry> for Listed {
    fn from(entry: Entry) -> Self {
        Self::Entry(Box::new(entry))
    }
}

/// All requested files, as they become known.
async fn listed(client: &Client, what: Input) -> Result<BoxStream<'static, Result<Listed>>> {
    let found = |entry: Result<Entry>| entry.map(Listed::from);
    let wanted = match what {
        Input::Tree { walk, .. } => return Ok(walk().map(found).boxed()),
        Input::Files(wanted) => return Ok(named(client, wanted).map(Ok).boxed()),
        Input::Outputs(id) => client.task(id).get().await?,
    };
    let files = named(client, wanted.output_files().into_iter().map(DownloadItem::from).collect()).map(Ok);
    let client = client.clone();
    let folders = stream::iter(wanted.output_folders()).flat_map(move |folder| {
        let name = folder.name.clone().unwrap_or_else(|| folder.id.clone());
        let below = move |entry: Result<Entry>| {
            entry.map(|entry| Entry { path: format!("{name}/{}", entry.path), ..entry }.into())
        };
        client.file(folder.id).walk().entries().map(below)
    });
    Ok(files.chain(folders).boxed())
}

/// Files per bulk call.
const ASKED_TOGETHER: usize = 100;

/// Concurrent bulk calls.
const CALLS: usize = 4;

/// Looks up the names of files that have none yet.
fn named(client: &Client, wanted: Vec<DownloadItem>) -> impl Stream<Item = Listed> + Send + use<> {
    let mut wanted = wanted.into_iter().peekable();
    let chunks = std::iter::from_fn(move || {
        wanted.peek()?;
        Some(wanted.by_ref().take(ASKED_TOGETHER).collect::<Vec<_>>())
    });
    let client = client.clone();
    let found = stream::iter(chunks).map(move |chunk| {
        let client = client.clone();
        async move { stream::iter(name_all(&client, chunk).await) }
    });
    found.buffered(CALLS).flatten()
}

async fn name_all(client: &Client, wanted: Vec<DownloadItem>) -> Vec<Listed> {
    let mut found: Vec<(String, Option<Result<types::File>>)> = Vec::with_capacity(wanted.len());
    for DownloadItem { id, known } in wanted {
        // A malformed id must not fail the call for the others.
        let malformed = check_segment("file id", &id).err().map(|error| Err(error.into()));
        let known = known.map(|file| *file).filter(|file| file.name.is_some());
        found.push((id, known.map(Ok).or(malformed)));
    }
    let ids: Vec<_> = found.iter().filter(|(_, file)| file.is_none()).map(|(id, _)| id.clone()).collect();
    let asked = match &ids[..] {
        [] => Ok(Vec::new()),
        [id] => Ok(vec![client.file(id).get().await]),
        _ => client.files().bulk_get(ids).await,
    };
    let (mut asked, error) = match asked {
        Ok(asked) => (asked.into_iter(), None),
        Err(error) => (Vec::new().into_iter(), Some(error)),
    };
    let unfinished = || {
        error.clone().unwrap_or_else(|| Error::new(ErrorKind::UnexpectedResponse, "a response is missing"))
    };
    let entry = |(id, known): (String, Option<Result<types::File>>)| match known
        .or_else(|| asked.next())
        .unwrap_or_else(|| Err(unfinished()))
    {
        Ok(file) => {
            let path = file.name.clone().unwrap_or_else(|| file.id.clone());
            Entry { path, file }.into()
        }
        Err(error) => Listed::Failed { id, error },
    };
    found.into_iter().map(entry).collect()
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

/// One file of the batch.
struct FileTask {
    file: FileHandle,
    path: String,
    remote: RemoteFile,
    comparison: Arc<Comparison>,
    folder: PathBuf,
    root: Arc<Root>,
    conflict: Conflict,
    claims: Arc<Claims>,
    context: Context,
    shared: Arc<Shared>,
}

impl FileTask {
    async fn run(self) -> FileReport {
        let (path, id, size) = (self.path.clone(), Some(self.remote.id.clone()), self.remote.size);
        let shared = self.shared.clone();
        let (local, outcome) = match join(&self.folder, &path) {
            Err(error) => (self.folder, Err(error)),
            Ok(local) => match self.choose(&local).await {
                Err(error) => (local, Err(error)),
                Ok(Choice::Leave(outcome)) => (local, Ok(outcome)),
                Ok(Choice::Write { to, overwrite }) => {
                    let outcome = self.download(&to, overwrite, to == local).await;
                    (to, outcome)
                }
            },
        };
        if !matches!(outcome, Ok(Outcome::Transferred(_))) {
            shared.counters.take_out(size.unwrap_or(0));
        }
        FileReport { path, local, id, outcome }
    }

    /// Decides what to do, from what exists locally.
    async fn choose(&self, local: &Path) -> Result<Choice> {
        let (to, claims) = (local.to_owned(), self.claims.clone());
        let root = self.root.clone();
        let (there, leaf) = blocking(move || {
            let leaf = root.folder()?.below(&to)?;
            Ok((look(&leaf, &to, &claims)?, leaf))
        })
        .await?;
        if let There::File(found) = &there {
            let open = move || leaf.open(Open::Read);
            let two = FilePair { key: &self.path, path: local, local: found, remote: &self.remote };
            if let Some(outcome) = self.comparison.same(two, open, &self.shared).await? {
                return Ok(Choice::Leave(outcome));
            }
        }
        let (to, conflict, claims) = (local.to_owned(), self.conflict, self.claims.clone());
        blocking(move || resolve(to, &there, conflict, &claims)).await
    }

    /// Downloads the file, and records it if it got its own name.
    async fn download(self, to: &Path, overwrite: bool, own_name: bool) -> Result<Outcome> {
        let began = (Instant::now(), SystemTime::now());
        let root = self.root.clone();
        let root = blocking(move || root.folder()).await?;
        let download = self.file.download(to).inside(&root).overwrite(overwrite);
        let mut download = download.modified(modified_of(&self.remote));
        if let Some(size) = self.remote.size {
            download = download.expect_size(size);
        }
        let (done, arrived) = download.run_recorded(self.context, self.shared).await?;
        if own_name {
            self.comparison.downloaded(&self.path, self.remote, (arrived, &done.digests), began);
        }
        Ok(Outcome::Transferred(done.bytes))
    }
}

/// What to do with a file.
#[derive(Debug, PartialEq)]
enum Choice {
    Write { to: PathBuf, overwrite: bool },
    Leave(Outcome),
}

/// What exists at the path of a file.
#[derive(Debug)]
enum There {
    Nothing,
    File(LocalState),
    /// Not a regular file, or without times, so it cannot be compared.
    Other,
    /// Another file of this transfer claimed the path, whether or not it has arrived.
    Claimed,
}

/// Checks what exists at the path.
fn look(leaf: &Leaf, local: &Path, claims: &Claims) -> Result<There> {
    if !claims.take(local) {
        return Ok(There::Claimed);
    }
    let at = SystemTime::now();
    let node = leaf.look().map_err(|error| Error::io(format!("cannot use `{}`", local.display()), error))?;
    let Some(node) = node else { return Ok(There::Nothing) };
    let stat = node.stat().filter(|_| node.kind() == FileKind::Regular);
    Ok(stat.map_or(There::Other, |stat| There::File(LocalState { stat, at })))
}

/// Decides what to do about a different file at the path.
fn resolve(local: PathBuf, there: &There, conflict: Conflict, claims: &Claims) -> Result<Choice> {
    let claimed = matches!(there, There::Claimed);
    if matches!(there, There::Nothing) {
        return Ok(Choice::Write { to: local, overwrite: false });
    }
    match conflict {
        Conflict::Skip => Ok(Choice::Leave(Outcome::Skipped)),
        Conflict::Rename => {
            let free = claims.take_numbered(&local);
            let none = || Error::invalid(format!("there is no free name for `{}`", local.display()));
            Ok(Choice::Write { to: free.ok_or_else(none)?, overwrite: false })
        }
        // It is undefined which of the two should replace the other.
        Conflict::Fail | Conflict::Overwrite if claimed => {
            Err(Error::invalid(format!("another file of this transfer goes to `{}`", local.display())))
        }
        // Without `overwrite` the download itself fails, with the reason.
        Conflict::Fail | Conflict::Overwrite => {
            Ok(Choice::Write { overwrite: conflict == Conflict::Overwrite, to: local })
        }
    }
}
