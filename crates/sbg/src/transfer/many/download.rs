//! Many files down: a list, a folder tree, the outputs of a task.

use std::fmt;
use std::future::IntoFuture;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use futures::future::BoxFuture;
use futures::{StreamExt as _, stream};

use super::conflict::{join, numbered, seconds};
use super::{Conflict, Crew, FileReport, Outcome, Report};
use crate::client::Client;
use crate::error::{Error, Result};
use crate::files::{Entry, FileHandle};
use crate::page::Items;
use crate::projects::ProjectFiles;
use crate::tasks::{TaskFile, TaskHandle, output_files, output_folders};
use crate::transfer::download::blocking;
use crate::transfer::engine::Tools;
use crate::transfer::handle::{Shared, Transfer};
use crate::types;

/// A file to download among others: what a listing told of it, or its id alone, which costs another call for its name.
#[derive(Clone, Debug)]
pub struct Wanted {
    id: String,
    known: Option<Box<types::File>>,
}

impl From<types::File> for Wanted {
    fn from(file: types::File) -> Self {
        Self { id: file.id.clone(), known: Some(Box::new(file)) }
    }
}

impl From<&types::File> for Wanted {
    fn from(file: &types::File) -> Self {
        file.clone().into()
    }
}

impl From<TaskFile> for Wanted {
    fn from(file: TaskFile) -> Self {
        Self { id: file.id, known: None }
    }
}

impl From<String> for Wanted {
    fn from(id: String) -> Self {
        Self { id, known: None }
    }
}

impl From<&str> for Wanted {
    fn from(id: &str) -> Self {
        id.to_owned().into()
    }
}

impl Client {
    /// Downloads files into a local folder, under their names: `.await` it, or [`start`](DownloadMany::start) it to watch it.
    ///
    /// Files as listings give them cost one call each; ids alone cost two.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let files = client.project("rfranklin/fibre-diffraction")?.files().query().items();
    /// let files: Vec<_> = files.try_collect().await?;
    /// let report = client.download_all(files, "patterns").await?.complete()?;
    /// println!("{} bytes", report.bytes());
    /// # Ok(())
    /// # }
    /// ```
    pub fn download_all<W: Into<Wanted>>(
        &self,
        files: impl IntoIterator<Item = W>,
        folder: impl Into<PathBuf>,
    ) -> DownloadMany {
        let files = files.into_iter().map(Into::into).collect();
        DownloadMany::new(self, What::Files(files), folder.into())
    }
}

impl FileHandle {
    /// Downloads all that lies in this folder and in its folders: `.await` it, or [`start`](DownloadMany::start) it to watch it.
    pub fn download_tree(&self, folder: impl Into<PathBuf>) -> DownloadMany {
        let handle = self.client.on_engine().file(self.id());
        DownloadMany::new(&self.client, What::Tree(Box::new(move || handle.walk().entries())), folder.into())
    }
}

impl ProjectFiles {
    /// Downloads all files of the project, with their folders: `.await` it, or [`start`](DownloadMany::start) it to watch it.
    pub fn download_tree(&self, folder: impl Into<PathBuf>) -> DownloadMany {
        let files = self.on_engine();
        DownloadMany::new(self.client(), What::Tree(Box::new(move || files.walk().entries())), folder.into())
    }
}

impl TaskHandle {
    /// Downloads the outputs of the task: files with their secondary files, and folders with all that lies in them. `.await` it, or
    /// [`start`](DownloadMany::start) it to watch it.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let task = client.task("4e3a6f2b-2f1c-4f6e-8d1a-1b2c3d4e5f60");
    /// task.download_outputs("results").select(|path| path.ends_with(".vcf")).await?.complete()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn download_outputs(&self, folder: impl Into<PathBuf>) -> DownloadMany {
        DownloadMany::new(&self.client, What::Outputs(self.id().to_owned()), folder.into())
    }
}

enum What {
    Files(Vec<Wanted>),
    Tree(Box<dyn FnOnce() -> Items<Entry> + Send>),
    Outputs(String),
}

type Select = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// A download of many files to start.
#[must_use = "nothing is downloaded until it is started or awaited"]
pub struct DownloadMany {
    client: Client,
    what: What,
    folder: PathBuf,
    conflict: Conflict,
    select: Select,
}

impl DownloadMany {
    fn new(client: &Client, what: What, folder: PathBuf) -> Self {
        let (client, select) = (client.clone(), Arc::new(|_: &str| true));
        Self { client, what, folder, conflict: Conflict::default(), select }
    }

    /// What happens where a local file of the same name is there. It fails by default.
    ///
    /// A file that is the same is left as it is in any case: one of the same size that was not changed before the file on the platform.
    pub fn on_conflict(mut self, conflict: Conflict) -> Self {
        self.conflict = conflict;
        self
    }

    /// Which files to download, by their path, with `/` between the names; all of them by default.
    pub fn select(mut self, select: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        self.select = Arc::new(select);
        self
    }

    /// Starts the downloads on the threads of the transfer engine. The handle ends with an error where the files cannot be listed;
    /// what becomes of each file is in the [`Report`].
    pub fn start(self) -> Transfer<Report> {
        let engine = self.client.engine();
        let tools = engine.tools();
        Transfer::start(engine, move |shared| self.run(tools, shared))
    }

    async fn run(self, tools: Tools, shared: Arc<Shared>) -> Result<Report> {
        let Self { client, what, folder, conflict, select } = self;
        let client = client.on_engine();
        let mut entries = listed(&client, what).await?;
        let mut crew = Crew::default();
        loop {
            let entry = tokio::select! {
                entry = entries.next() => entry,
                () = shared.stop.cancelled() => None,
            };
            let Some(entry) = entry.transpose()? else { break };
            if entry.is_folder() || !select(&entry.path) {
                continue;
            }
            let size = entry.file.size.and_then(|size| u64::try_from(size).ok()).unwrap_or(0);
            shared.counters.plan_more(size, 1);
            let one = One {
                file: client.file(&entry.file.id),
                entry,
                folder: folder.clone(),
                conflict,
                tools: tools.clone(),
                shared: shared.piece(),
            };
            crew.start(&shared, one.run()).await?;
        }
        crew.finish(&shared).await
    }
}

/// All files that are wanted, as far as they are known.
async fn listed(client: &Client, what: What) -> Result<Items<Entry>> {
    let wanted = match what {
        What::Tree(walk) => return Ok(walk()),
        What::Files(wanted) => return Ok(named(client, wanted)),
        What::Outputs(id) => client.task(id).get().await?,
    };
    let files = named(client, output_files(&wanted).into_iter().map(Wanted::from).collect());
    let client = client.clone();
    let folders = stream::iter(output_folders(&wanted)).flat_map(move |folder| {
        let name = folder.name.clone().unwrap_or_else(|| folder.id.clone());
        let below = move |entry: Result<Entry>| {
            entry.map(|entry| Entry { path: format!("{name}/{}", entry.path), ..entry })
        };
        client.file(folder.id).walk().entries().map(below)
    });
    Ok(Items::new(files.chain(folders)))
}

/// Files by their names, which are asked for where they are not known.
fn named(client: &Client, wanted: Vec<Wanted>) -> Items<Entry> {
    let client = client.clone();
    let entries = stream::iter(wanted).map(move |wanted| {
        let client = client.clone();
        async move {
            let known = wanted.known.map(|file| *file).filter(|file| file.name.is_some());
            let file = match known {
                Some(file) => file,
                None => client.file(wanted.id).get().await?,
            };
            let path = file.name.clone().unwrap_or_else(|| file.id.clone());
            Ok(Entry { path, file })
        }
    });
    Items::new(entries.buffered(super::AT_ONCE))
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
    entry: Entry,
    folder: PathBuf,
    conflict: Conflict,
    tools: Tools,
    shared: Arc<Shared>,
}

impl One {
    async fn run(self) -> FileReport {
        let Self { file, entry, folder, conflict, tools, shared } = self;
        let (path, id) = (entry.path.clone(), Some(entry.file.id.clone()));
        let local = match join(&folder, &path) {
            Ok(local) => local,
            Err(error) => return FileReport { path, local: folder, id, outcome: Err(error) },
        };
        let choice = blocking(move || choose(local, &entry.file, conflict)).await;
        let (local, outcome) = match choice {
            Err(error) => (folder, Err(error)),
            Ok(Choice::Leave(local, outcome)) => (local, Ok(outcome)),
            Ok(Choice::Write { local, overwrite }) => {
                let download = file.download(&local).overwrite(overwrite);
                let done = download.run(tools, shared.clone()).await;
                if done.is_err() {
                    // What did not arrive does not count in the whole.
                    shared.counters.take_back(shared.counters.snapshot().bytes);
                }
                (local, done.map(|done| Outcome::Moved(done.bytes)))
            }
        };
        FileReport { path, local, id, outcome }
    }
}

/// What to do with a file.
#[derive(Debug, PartialEq)]
enum Choice {
    Write { local: PathBuf, overwrite: bool },
    Leave(PathBuf, Outcome),
}

/// Looks at what is there, and makes the folder of the file.
fn choose(local: PathBuf, file: &types::File, conflict: Conflict) -> Result<Choice> {
    let about = |error| Error::io(format!("cannot use `{}`", local.display()), error);
    if let Some(folder) = local.parent() {
        std::fs::create_dir_all(folder).map_err(about)?;
    }
    let there = match std::fs::metadata(&local) {
        Ok(there) => there,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(Choice::Write { local, overwrite: false });
        }
        Err(error) => return Err(about(error)),
    };
    let modified = there.modified().map_err(about)?;
    if there.is_file() && is_same(there.len(), modified, file) {
        return Ok(Choice::Leave(local, Outcome::Identical));
    }
    Ok(match conflict {
        Conflict::Skip => Choice::Leave(local, Outcome::Skipped),
        Conflict::Rename => Choice::Write { local: free_name(&local), overwrite: false },
        // Without `overwrite` the download fails by itself, and says why.
        Conflict::Fail | Conflict::Overwrite => {
            Choice::Write { overwrite: conflict == Conflict::Overwrite, local }
        }
    })
}

fn is_same(size: u64, modified: SystemTime, file: &types::File) -> bool {
    let changed =
        file.modified_on.as_ref().or(file.created_on.as_ref()).and_then(crate::raw::Timestamp::to_jiff);
    file.size.is_some_and(|there| u64::try_from(there) == Ok(size))
        && seconds(modified).zip(changed).is_some_and(|(modified, changed)| modified >= changed.as_second())
}

fn free_name(local: &Path) -> PathBuf {
    let name = local.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut numbers = 2..=u32::MAX;
    let free = numbers.find_map(|number| {
        let path = local.with_file_name(numbered(&name, number));
        (!path.exists()).then_some(path)
    });
    free.unwrap_or_else(|| local.to_owned())
}
