//! Uploads of many files: a list, or a folder tree.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::future::IntoFuture;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use futures::StreamExt as _;
use futures::future::BoxFuture;

use super::comparison::{self, Comparison, FilePair, remote_of};
use super::conflict::numbered;
use super::sameness::RemoteFile;
use super::{Compare, Conflict, FileReport, Group, Outcome, Report};
use crate::api::destination::{NamedDestination, destination_setters};
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::files::Destination;
use crate::request::fields::Fields;
use crate::transfer::engine::runtime::Context;
use crate::transfer::engine::task::blocking;
use crate::transfer::handle::{Shared, Transfer};
use crate::transfer::local::record::Tree;
use crate::transfer::local::source_file::open_without_waiting;
use crate::transfer::local::stat::Stat;
use crate::types::FileType;

impl Client {
    /// Uploads local files, each under its name: set the destination, then `.await`, or [`start`](UploadMany::start) it to watch it.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let upload = client.upload_all(["a.fastq", "b.fastq"]).to("rfranklin/fibre-diffraction");
    /// upload.await?.into_result()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn upload_all<P: Into<PathBuf>>(&self, paths: impl IntoIterator<Item = P>) -> UploadMany {
        UploadMany::new(self, Input::Files(paths.into_iter().map(Into::into).collect()))
    }

    /// Uploads a local folder with all files and subfolders: set the destination, then `.await`, or [`start`](UploadMany::start) it to
    /// watch it. Missing folders are created on the platform, including empty ones. Links to files are followed, links to folders are
    /// not.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let report = client.upload_tree("results").to("rfranklin/fibre-diffraction").await?.into_result()?;
    /// println!("{} files", report.files.len());
    /// # Ok(())
    /// # }
    /// ```
    pub fn upload_tree(&self, folder: impl Into<PathBuf>) -> UploadMany {
        UploadMany::new(self, Input::Tree(folder.into()))
    }
}

#[derive(Clone, Debug)]
enum Input {
    Files(Vec<PathBuf>),
    Tree(PathBuf),
}

/// An upload of many files to start.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let report = client.upload_tree("results").to("rfranklin/fibre-diffraction").await?;
/// println!("{} bytes", report.bytes());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is uploaded until it is started or awaited"]
pub struct UploadMany {
    client: Client,
    what: Input,
    to: NamedDestination,
    conflict: Conflict,
    compare: Compare,
}

/// A validated destination.
#[derive(Clone, Debug)]
enum RemoteFolder {
    Project(String),
    Folder(String),
}

impl RemoteFolder {
    fn destination(&self) -> Destination {
        match self {
            Self::Project(id) => Destination::project(&**id),
            Self::Folder(id) => Destination::folder(id),
        }
    }

    /// Identifies the destination in the record of a tree.
    fn name(&self) -> String {
        match self {
            Self::Project(id) => format!("project {id}"),
            Self::Folder(id) => format!("folder {id}"),
        }
    }
}

impl UploadMany {
    fn new(client: &Client, what: Input) -> Self {
        let (conflict, compare) = (Conflict::default(), Compare::default());
        Self { client: client.clone(), what, to: NamedDestination::default(), conflict, compare }
    }

    destination_setters! {
        /// The project or folder to upload to.
        ///
        /// ```
        /// # fn example(client: sbg::Client) {
        /// let upload = client.upload_tree("results").to("rfranklin/fibre-diffraction");
        /// # }
        /// ```
        to;
    }

    /// What to do if a file of the same name exists. The file fails by default.
    ///
    /// A file that is up to date is never moved; [`compare`](Self::compare) sets how that is decided.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// use sbg::transfer::Conflict;
    ///
    /// let upload = client.upload_tree("results").on_conflict(Conflict::Skip);
    /// # }
    /// ```
    pub fn on_conflict(mut self, conflict: Conflict) -> Self {
        self.conflict = conflict;
        self
    }

    /// How to decide that a file is up to date; by the record of earlier transfers by default.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// use sbg::transfer::Compare;
    ///
    /// let upload = client.upload_tree("results").to("rfranklin/demo").compare(Compare::Content);
    /// # }
    /// ```
    pub fn compare(mut self, compare: Compare) -> Self {
        self.compare = compare;
        self
    }

    /// Starts the uploads on the threads of the transfer engine. The handle fails if the local folder cannot be read or a remote folder
    /// cannot be created; the result of each file is in the [`Report`], including files that cannot be read.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let upload = client.upload_tree("results").to("rfranklin/fibre-diffraction").start();
    /// println!("{} bytes", upload.wait().await?.bytes());
    /// # Ok(())
    /// # }
    /// ```
    pub fn start(self) -> Transfer<Report> {
        Group::transfer(self.client.engine(), |context, group| Box::pin(self.start_all(context, group)))
    }

    async fn start_all(self, context: Context, group: &mut Group) -> Result<()> {
        let Self { client, what, to, conflict, compare } = self;
        let place = to.checked("the upload")?;
        let place = match place.parent {
            Some(folder) => RemoteFolder::Folder(folder),
            None => RemoteFolder::Project(place.project.unwrap_or_default()),
        };
        let client = client.on_engine();
        let (endpoint, root) = (client.endpoint().as_str().to_owned(), place.name());
        // Files of a list are recorded by their own paths.
        let folder = match &what {
            Input::Tree(folder) => Some(folder.clone()),
            Input::Files(_) => None,
        };
        let is_tree = folder.is_some();
        let tree = move || Tree::new(&endpoint, root, folder.as_deref().unwrap_or(Path::new("/")));
        let comparison = Comparison::open(compare, true, &context, tree).await?;
        let Scan { files, failed, empty } = blocking(move || find(what)).await?;
        let counters = group.shared.counters.clone();
        counters.plan(files.iter().map(|file| file.size).sum(), files.len() + failed.len());
        for report in failed {
            group.done(report);
        }
        let mut folders = Folders { client: client.clone(), known: HashMap::new() };
        for names in empty {
            group.shared.running().await;
            folders.find(&place, &names).await?;
        }
        for local in files {
            group.shared.running().await;
            let (place, names) = folders.find(&place, &local.folders).await?;
            let claimed = !lock(&names).claimed.insert(local.name.clone());
            let key = if is_tree { Some(local.path()) } else { absolute(&local.file) };
            let one = FileTask {
                client: client.clone(),
                key,
                local,
                place,
                names,
                claimed,
                conflict,
                comparison: comparison.clone(),
                context: context.clone(),
                shared: group.piece(),
            };
            group.start(Box::pin(one.run())).await?;
        }
        Ok(())
    }
}

impl IntoFuture for UploadMany {
    type Output = Result<Report>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        self.start().into_future()
    }
}

/// A local file to upload.
#[derive(Debug)]
struct LocalFile {
    file: PathBuf,
    /// Its parent folders, relative to the uploaded folder.
    folders: Arc<[String]>,
    name: String,
    size: u64,
}

impl LocalFile {
    fn path(&self) -> String {
        let mut path = self.folders.join("/");
        if !path.is_empty() {
            path.push('/');
        }
        path + &self.name
    }
}

/// The absolute path, if it is valid text.
fn absolute(path: &Path) -> Option<String> {
    std::path::absolute(path).ok()?.to_str().map(str::to_owned)
}

/// Scans the input: the files to upload, with folders before their contents; entries that cannot be uploaded; and empty folders.
fn find(what: Input) -> Result<Scan> {
    let mut finds = Scan::default();
    match what {
        Input::Files(paths) => paths.into_iter().for_each(|path| finds.file(path, &Arc::default())),
        Input::Tree(root) => {
            // Without the folder there is nothing to report.
            fs::read_dir(&root).map_err(|error| cannot_read(&root, error))?;
            let mut waiting: Vec<(PathBuf, Arc<[String]>)> = vec![(root, Arc::default())];
            while let Some((folder, names)) = waiting.pop() {
                match entries(&folder) {
                    Ok(entries) => {
                        let files = finds.files.len();
                        let below = entries.into_iter().filter_map(|path| finds.entry(path, &names));
                        let below: Vec<_> = below.collect();
                        if below.is_empty() && finds.files.len() == files && !names.is_empty() {
                            finds.empty.push(names);
                        }
                        waiting.extend(below);
                    }
                    Err(error) => finds.fail(folder, &names, error),
                }
            }
        }
    }
    Ok(finds)
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

/// The result of a scan.
#[derive(Default)]
struct Scan {
    files: Vec<LocalFile>,
    failed: Vec<FileReport>,
    /// Paths of folders without anything to upload.
    empty: Vec<Arc<[String]>>,
}

impl Scan {
    /// Adds an entry of the folder with these names. If it is a folder, returns it with its names, to be scanned later.
    fn entry(&mut self, path: PathBuf, names: &Arc<[String]>) -> Option<(PathBuf, Arc<[String]>)> {
        match fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_dir() => match text(&path) {
                Ok(name) => return Some((path, names.iter().cloned().chain([name]).collect())),
                Err(error) => self.fail(path, names, error),
            },
            // Links to folders are not followed.
            Ok(metadata) if metadata.is_symlink() && path.is_dir() => {}
            Ok(_) => self.file(path, names),
            Err(error) => {
                let error = cannot_read(&path, error);
                self.fail(path, names, error);
            }
        }
        None
    }

    fn file(&mut self, path: PathBuf, names: &Arc<[String]>) {
        let metadata = fs::metadata(&path).map_err(|error| cannot_read(&path, error));
        match metadata.and_then(|metadata| Ok((text(&path)?, metadata))) {
            Ok((name, metadata)) => {
                self.files.push(LocalFile { file: path, folders: names.clone(), name, size: metadata.len() });
            }
            Err(error) => self.fail(path, names, error),
        }
    }

    fn fail(&mut self, local: PathBuf, names: &[String], error: Error) {
        let name = local.file_name().unwrap_or(local.as_os_str()).to_string_lossy();
        let path = names.iter().map(|name| &**name).chain([&*name]).collect::<Vec<_>>().join("/");
        self.failed.push(FileReport { path, local, id: None, outcome: Err(error) });
    }
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

/// A file or folder on the platform.
#[derive(Clone, Debug)]
struct ListedName {
    remote: RemoteFile,
    is_folder: bool,
}

/// The contents of a remote folder by name, and the names claimed by files of this transfer.
#[derive(Debug, Default)]
struct FolderNames {
    there: HashMap<String, ListedName>,
    claimed: HashSet<String>,
}

fn lock(names: &Mutex<FolderNames>) -> MutexGuard<'_, FolderNames> {
    names.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One file of the batch.
struct FileTask {
    client: Client,
    /// Its path in the record, if it can have one.
    key: Option<String>,
    local: LocalFile,
    place: RemoteFolder,
    names: Arc<Mutex<FolderNames>>,
    /// Whether another file of this transfer claimed its name, whether or not it has arrived.
    claimed: bool,
    conflict: Conflict,
    comparison: Arc<Comparison>,
    context: Context,
    shared: Arc<Shared>,
}

impl FileTask {
    async fn run(self) -> FileReport {
        let (path, local, size, shared) =
            (self.local.path(), self.local.file.clone(), self.local.size, self.shared.clone());
        let known = lock(&self.names).there.get(&self.local.name).cloned();
        let mut id = known.as_ref().map(|known| known.remote.id.clone());
        let outcome = match self.choose(known).await {
            Ok(Choice::Leave(outcome)) => Ok(outcome),
            Ok(Choice::Send(name, before)) => self.send(name, before).await.map(|(new, outcome)| {
                id = Some(new);
                outcome
            }),
            Err(error) => Err(error),
        };
        if !matches!(outcome, Ok(Outcome::Transferred(_))) {
            shared.counters.take_out(size);
        }
        FileReport { path, local, id, outcome }
    }

    async fn choose(&self, known: Option<ListedName>) -> Result<Choice> {
        let path = self.local.file.clone();
        let before = blocking(move || stat(&path)).await?;
        let name = &self.local.name;
        if !self.claimed {
            match (&known, &before) {
                (None, _) => return Ok(Choice::Send(name.clone(), before)),
                (Some(known), Some(before)) if !known.is_folder => {
                    let key = self.key.as_deref().unwrap_or_default();
                    let path = self.local.file.clone();
                    let open = move || open_without_waiting(&path);
                    let two = FilePair { key, path: &self.local.file, local: before, remote: &known.remote };
                    if let Some(outcome) = self.comparison.same(two, open, &self.shared).await? {
                        return Ok(Choice::Leave(outcome));
                    }
                }
                _ => {}
            }
        }
        match self.conflict {
            Conflict::Skip => Ok(Choice::Leave(Outcome::Skipped)),
            Conflict::Rename => {
                let mut names = lock(&self.names);
                let mut numbers = (2..=u32::MAX).map(|number| numbered(name, number));
                let free =
                    numbers.find(|name| !names.there.contains_key(name) && !names.claimed.contains(name));
                let none = || Error::invalid(format!("there is no free name for `{name}`"));
                let free = free.ok_or_else(none)?;
                names.claimed.insert(free.clone());
                Ok(Choice::Send(free, before))
            }
            // It is undefined which of the two should replace the other.
            Conflict::Fail | Conflict::Overwrite if self.claimed => {
                Err(Error::invalid(format!("another file of this transfer goes to `{}`", self.local.path())))
            }
            // The platform refuses a name that is taken, unless told to overwrite.
            Conflict::Fail | Conflict::Overwrite => Ok(Choice::Send(name.clone(), before)),
        }
    }

    /// Uploads the file under this name, and records it if that is its own name. Returns its id on the platform.
    async fn send(self, name: String, before: Option<comparison::LocalState>) -> Result<(String, Outcome)> {
        let Self { client, key, local, place, conflict, comparison, context, shared, .. } = self;
        let is_own = name == local.name;
        let upload = client.upload(&local.file).name(name).overwrite(conflict == Conflict::Overwrite);
        let upload = match place {
            RemoteFolder::Project(id) => upload.to(id),
            RemoteFolder::Folder(id) => upload.to(id),
        };
        let (done, source) = upload.run_recorded(context, shared).await?;
        if let (Some(key), Some(before), true) = (&key, &before, is_own) {
            let after = source.metadata().ok().as_ref().and_then(Stat::of);
            comparison.uploaded(key, before, after, source.crc32c(), &done.file);
        }
        Ok((done.file.id, Outcome::Transferred(done.bytes)))
    }
}

/// What to do with a file.
enum Choice {
    /// Upload it under this name. The file was in this state before.
    Send(String, Option<comparison::LocalState>),
    Leave(Outcome),
}

/// The current state of a file; `None` if it cannot be recognized later.
fn stat(path: &Path) -> Result<Option<comparison::LocalState>> {
    let at = SystemTime::now();
    let metadata = fs::metadata(path).map_err(|error| cannot_read(path, error))?;
    let stat = Some(metadata).filter(fs::Metadata::is_file).as_ref().and_then(Stat::of);
    Ok(stat.map(|stat| comparison::LocalState { stat, at }))
}

/// Remote folders and their contents.
struct Folders {
    client: Client,
    known: HashMap<Vec<String>, (RemoteFolder, Arc<Mutex<FolderNames>>)>,
}

impl Folders {
    /// The folder with this path below `root`, created if missing, and its contents.
    async fn find(
        &mut self,
        root: &RemoteFolder,
        names: &[String],
    ) -> Result<(RemoteFolder, Arc<Mutex<FolderNames>>)> {
        for depth in 0..=names.len() {
            let path = &names[..depth];
            if self.known.contains_key(path) {
                continue;
            }
            let (place, there) = match path.split_last() {
                None => (root.clone(), self.list(root).await?),
                Some((name, parents)) => self.open(parents, name).await?,
            };
            self.known.insert(path.to_vec(), (place, Arc::new(Mutex::new(there))));
        }
        self.known.get(names).cloned().ok_or_else(|| Error::new(ErrorKind::Cancelled, "a folder was lost"))
    }

    async fn open(&self, parents: &[String], name: &str) -> Result<(RemoteFolder, FolderNames)> {
        let Some((parent, siblings)) = self.known.get(parents) else {
            return Err(Error::cancelled());
        };
        let known = lock(siblings).there.get(name).cloned();
        match known {
            Some(known) if known.is_folder => {
                let place = RemoteFolder::Folder(known.remote.id);
                let there = self.list(&place).await?;
                Ok((place, there))
            }
            Some(_) => Err(Error::invalid(format!(
                "`{name}` is a file on the platform, so no folder can be made there"
            ))),
            None => {
                let created = self.client.files().create_folder(name, parent.destination()).await?;
                Ok((RemoteFolder::Folder(created.id), FolderNames::default()))
            }
        }
    }

    async fn list(&self, place: &RemoteFolder) -> Result<FolderNames> {
        let query = match place {
            RemoteFolder::Project(id) => self.client.files().query().project(&**id),
            RemoteFolder::Folder(id) => self.client.files().query().parent(id),
        };
        let fields = Fields::only(["id", "name", "type", "size", "created_on", "modified_on"]);
        let mut items = query.fields(fields).page_size(100).items();
        let mut names = FolderNames::default();
        while let Some(file) = items.next().await.transpose()? {
            let (remote, is_folder) = (remote_of(&file), file.type_ == Some(FileType::Folder));
            names.there.insert(file.name.unwrap_or_default(), ListedName { remote, is_folder });
        }
        Ok(names)
    }
}
