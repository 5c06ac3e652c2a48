//! Many files down: a list, a folder tree, the outputs of a task.

use std::collections::BTreeSet;
use std::fmt;
use std::future::IntoFuture;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use futures::future::BoxFuture;
use futures::stream::{self, BoxStream};
use futures::{Stream, StreamExt as _};

use super::comparison::{Comparison, Local, Two, modified_of, remote_of};
use super::conflict::{Claims, join};
use super::sameness::Remote;
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
use crate::transfer::engine::runtime::Tools;
use crate::transfer::engine::task::blocking;
use crate::transfer::handle::{Shared, Transfer};
use crate::transfer::local::folder::{Leaf, Root};
use crate::transfer::local::open_mode::Open;
use crate::transfer::local::record::Tree;
use crate::types;

/// A file to download among others: what a listing told of it, or its id alone, whose name is asked for.
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
    /// Files as listings give them cost one call each; for ids alone there is one more for each hundred. A file that cannot be had is in
    /// the report, and the others go on.
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
        DownloadMany::new(self, What::Files(files), folder.into())
    }
}

impl FileHandle {
    /// Downloads all that lies in this folder and in its folders, empty ones as well: `.await` it, or [`start`](DownloadMany::start) it to watch it.
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
        DownloadMany::new(&self.client, What::Tree { root, walk }, folder.into())
    }
}

impl ProjectFiles {
    /// Downloads all files of the project, with their folders, empty ones as well: `.await` it, or [`start`](DownloadMany::start) it to watch it.
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
        DownloadMany::new(self.client(), What::Tree { root, walk }, folder.into())
    }
}

impl TaskHandle {
    /// Downloads the outputs of the task: files with their secondary files, and folders with all that lies in them. `.await` it, or
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
        DownloadMany::new(&self.client, What::Outputs(self.id().to_owned()), folder.into())
    }
}

enum What {
    Files(Vec<DownloadItem>),
    Tree {
        /// Names the tree in its record.
        root: String,
        walk: Box<dyn FnOnce() -> Items<Entry> + Send>,
    },
    Outputs(String),
}

impl What {
    /// The name of what is downloaded in its record.
    fn root(&self) -> String {
        match self {
            Self::Files(_) => "files".to_owned(),
            Self::Tree { root, .. } => root.clone(),
            Self::Outputs(id) => format!("task {id}"),
        }
    }
}

/// What is to be known of a file.
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
    what: What,
    folder: PathBuf,
    conflict: Conflict,
    compare: Compare,
    select: Option<Select>,
}

impl DownloadMany {
    fn new(client: &Client, what: What, folder: PathBuf) -> Self {
        let (conflict, compare) = (Conflict::default(), Compare::default());
        Self { client: client.clone(), what, folder, conflict, compare, select: None }
    }

    /// What happens where a local file of the same name is there. It fails by default.
    ///
    /// A file that is the same is left as it is in any case; [`compare`](Self::compare) says how that is found out.
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

    /// How it is found out that a file need not move; by the record of earlier transfers by default.
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

    /// Which files to download, by their path, with `/` between the names; all of them by default. Empty folders are made only where all
    /// files are downloaded.
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

    /// Starts the downloads on the threads of the transfer engine. The handle ends with an error where the files cannot be listed;
    /// what becomes of each file is in the [`Report`].
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let download = client.project("rfranklin/fibre-diffraction").files().download_tree("patterns").start();
    /// println!("{} bytes", download.wait().await?.bytes());
    /// # Ok(())
    /// # }
    /// ```
    pub fn start(self) -> Transfer<Report> {
        Group::transfer(self.client.engine(), |tools, group| Box::pin(self.start_all(tools, group)))
    }

    async fn start_all(self, tools: Tools, group: &mut Group) -> Result<()> {
        let Self { client, what, folder, conflict, compare, select } = self;
        let client = client.on_engine();
        let claims = Arc::new(Claims::default());
        let (endpoint, name, local) = (client.endpoint().as_str().to_owned(), what.root(), folder.clone());
        let tree = move || Tree::new(&endpoint, name, &local);
        let comparison = Comparison::open(compare, false, &tools, tree).await?;
        let is_tree = matches!(what, What::Tree { .. }) && select.is_none();
        let is_selected = |path: &str| select.as_ref().is_none_or(|select| select(path));
        // Folders come before what lies in them.
        let mut empty = BTreeSet::new();
        let root = Arc::new(Root::new(folder.clone()));
        let mut found = listed(&client, what).await?;
        while let Some(found) = found.next().await.transpose()? {
            let entry = match found {
                Found::Entry(entry) => *entry,
                Found::Failed { id, error } => {
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
            let one = One {
                file: client.file(&remote.id),
                path: entry.path,
                remote,
                comparison: comparison.clone(),
                folder: folder.clone(),
                root: root.clone(),
                conflict,
                claims: claims.clone(),
                tools: tools.clone(),
                shared: group.piece(),
            };
            // Boxed, because it is large, and there are many.
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

/// Makes the folder of a tree and the folders in it that are empty on the platform. Returns those that cannot be made.
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

/// What is found of a file that is wanted.
enum Found {
    Entry(Box<Entry>),
    /// It cannot be had.
    Failed {
        id: String,
        error: Error,
    },
}

impl From<Entry> for Found {
    fn from(entry: Entry) -> Self {
        Self::Entry(Box::new(entry))
    }
}

/// All files that are wanted, as far as they are known.
async fn listed(client: &Client, what: What) -> Result<BoxStream<'static, Result<Found>>> {
    let found = |entry: Result<Entry>| entry.map(Found::from);
    let wanted = match what {
        What::Tree { walk, .. } => return Ok(walk().map(found).boxed()),
        What::Files(wanted) => return Ok(named(client, wanted).map(Ok).boxed()),
        What::Outputs(id) => client.task(id).get().await?,
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

/// Files that one call asks for.
const ASKED_TOGETHER: usize = 100;

/// Calls that ask for files at once.
const CALLS: usize = 4;

/// Files by their names, which are asked for where they are not known.
fn named(client: &Client, wanted: Vec<DownloadItem>) -> impl Stream<Item = Found> + Send + use<> {
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

async fn name_all(client: &Client, wanted: Vec<DownloadItem>) -> Vec<Found> {
    let mut found: Vec<(String, Option<Result<types::File>>)> = Vec::with_capacity(wanted.len());
    for DownloadItem { id, known } in wanted {
        // One id that is none must not spoil the call for the others.
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
    let unanswered =
        || error.clone().unwrap_or_else(|| Error::new(ErrorKind::UnexpectedResponse, "an answer is missing"));
    let entry = |(id, known): (String, Option<Result<types::File>>)| match known
        .or_else(|| asked.next())
        .unwrap_or_else(|| Err(unanswered()))
    {
        Ok(file) => {
            let path = file.name.clone().unwrap_or_else(|| file.id.clone());
            Entry { path, file }.into()
        }
        Err(error) => Found::Failed { id, error },
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

/// One of many files.
struct One {
    file: FileHandle,
    path: String,
    remote: Remote,
    comparison: Arc<Comparison>,
    folder: PathBuf,
    root: Arc<Root>,
    conflict: Conflict,
    claims: Arc<Claims>,
    tools: Tools,
    shared: Arc<Shared>,
}

impl One {
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

    /// What to do, by what is there.
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
            let two = Two { key: &self.path, path: local, local: found, remote: &self.remote };
            if let Some(outcome) = self.comparison.same(two, open, &self.shared).await? {
                return Ok(Choice::Leave(outcome));
            }
        }
        let (to, conflict, claims) = (local.to_owned(), self.conflict, self.claims.clone());
        blocking(move || resolve(to, &there, conflict, &claims)).await
    }

    /// Downloads the file, and records it where it has its own name.
    async fn download(self, to: &Path, overwrite: bool, own_name: bool) -> Result<Outcome> {
        let began = (Instant::now(), SystemTime::now());
        let root = self.root.clone();
        let root = blocking(move || root.folder()).await?;
        let download = self.file.download(to).inside(&root).overwrite(overwrite);
        let mut download = download.modified(modified_of(&self.remote));
        if let Some(size) = self.remote.size {
            download = download.expect_size(size);
        }
        let (done, arrived) = download.run_recorded(self.tools, self.shared).await?;
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

/// What is at the path of a file.
#[derive(Debug)]
enum There {
    Nothing,
    File(Local),
    /// What cannot be compared.
    Other,
    /// Another file of this transfer goes there, whether or not it has come yet.
    Claimed,
}

/// Looks at what is there.
fn look(leaf: &Leaf, local: &Path, claims: &Claims) -> Result<There> {
    if !claims.take(local) {
        return Ok(There::Claimed);
    }
    let at = SystemTime::now();
    let node = leaf.look().map_err(|error| Error::io(format!("cannot use `{}`", local.display()), error))?;
    let Some(node) = node else { return Ok(There::Nothing) };
    let stat = node.stat().filter(|_| node.kind() == FileKind::Regular);
    Ok(stat.map_or(There::Other, |stat| There::File(Local { stat, at })))
}

/// What to do with a file that is not the one that is there.
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
        // Which of them should replace the other nobody has said.
        Conflict::Fail | Conflict::Overwrite if claimed => {
            Err(Error::invalid(format!("another file of this transfer goes to `{}`", local.display())))
        }
        // Without `overwrite` the download fails by itself, and says why.
        Conflict::Fail | Conflict::Overwrite => {
            Ok(Choice::Write { overwrite: conflict == Conflict::Overwrite, to: local })
        }
    }
}
