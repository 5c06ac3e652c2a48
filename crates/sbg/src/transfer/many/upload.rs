//! Many files up: a list, or a folder tree.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::future::IntoFuture;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use futures::StreamExt as _;
use futures::future::BoxFuture;

use super::conflict::{numbered, seconds};
use super::{Conflict, FileReport, Group, Outcome, Report};
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::fields::Fields;
use crate::place::{Place, place_setters};
use crate::transfer::engine::{Tools, blocking};
use crate::transfer::handle::{Shared, Transfer};
use crate::types::{self, FileType};

impl Client {
    /// Uploads local files, each under its name: name the place, then `.await`, or [`start`](UploadMany::start) it to watch it.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let upload = client.upload_all(["a.fastq", "b.fastq"]).to_project("rfranklin/fibre-diffraction");
    /// upload.await?.into_result()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn upload_all<P: Into<PathBuf>>(&self, paths: impl IntoIterator<Item = P>) -> UploadMany {
        UploadMany::new(self, What::Files(paths.into_iter().map(Into::into).collect()))
    }

    /// Uploads all that lies in a local folder and in its folders: name the place, then `.await`, or [`start`](UploadMany::start) it to
    /// watch it. Folders are made on the platform where there are none. Links to files are followed, links to folders are not.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let report = client.upload_tree("results").to_project("rfranklin/fibre-diffraction").await?.into_result()?;
    /// println!("{} files", report.files.len());
    /// # Ok(())
    /// # }
    /// ```
    pub fn upload_tree(&self, folder: impl Into<PathBuf>) -> UploadMany {
        UploadMany::new(self, What::Tree(folder.into()))
    }
}

#[derive(Clone, Debug)]
enum What {
    Files(Vec<PathBuf>),
    Tree(PathBuf),
}

/// An upload of many files to start.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let report = client.upload_tree("results").to_project("rfranklin/fibre-diffraction").await?;
/// println!("{} bytes", report.bytes());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is uploaded until it is started or awaited"]
pub struct UploadMany {
    client: Client,
    what: What,
    place: Place,
    conflict: Conflict,
}

/// A place that is known to be one.
#[derive(Clone, Debug)]
enum Spot {
    Project(String),
    Folder(String),
}

impl UploadMany {
    fn new(client: &Client, what: What) -> Self {
        Self { client: client.clone(), what, place: Place::default(), conflict: Conflict::default() }
    }

    place_setters! {
        /// Uploads to the root of this project, `owner/project`.
        ///
        /// ```
        /// # fn example(client: sbg::Client) {
        /// let upload = client.upload_tree("results").to_project("rfranklin/fibre-diffraction");
        /// # }
        /// ```
        to_project;
        /// Uploads into this folder.
        ///
        /// ```
        /// # fn example(client: sbg::Client) {
        /// let upload = client.upload_tree("results").to_folder("567890abc9b0307bc0414164");
        /// # }
        /// ```
        to_folder;
    }

    /// What happens where a file of the same name is there. It fails by default.
    ///
    /// A file that is the same is left as it is in any case: one of the same size that was not made before the local file was changed.
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

    /// Starts the uploads on the threads of the transfer engine. The handle ends with an error where the folder cannot be read, or one
    /// cannot be made on the platform; what becomes of each file is in the [`Report`], also of those that cannot be read.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let upload = client.upload_tree("results").to_project("rfranklin/fibre-diffraction").start();
    /// println!("{} bytes", upload.wait().await?.bytes());
    /// # Ok(())
    /// # }
    /// ```
    pub fn start(self) -> Transfer<Report> {
        let engine = self.client.engine();
        let tools = engine.tools();
        Transfer::start(engine, move |shared| self.run(tools, shared))
    }

    async fn run(self, tools: Tools, shared: Arc<Shared>) -> Result<Report> {
        Group::run(&shared, |group| Box::pin(self.start_all(tools, group))).await
    }

    async fn start_all(self, tools: Tools, group: &mut Group) -> Result<()> {
        let Self { client, what, place, conflict } = self;
        let place = place.checked("files are uploaded to")?;
        let place = match place.parent {
            Some(folder) => Spot::Folder(folder),
            None => Spot::Project(place.project.unwrap_or_default()),
        };
        let client = client.on_engine();
        let (local, failed) = blocking(move || find(what)).await?;
        let counters = group.shared.counters.clone();
        counters.plan(local.iter().map(|file| file.size).sum(), local.len() + failed.len());
        for report in failed {
            group.done(report);
        }
        let mut folders = Folders { client: client.clone(), known: HashMap::new() };
        for file in local {
            group.shared.running().await;
            let (place, names) = folders.find(&place, &file.folders).await?;
            let (path, local) = (file.path(), file.file.clone());
            let name = match choose(&file, names, conflict) {
                Ok(Choice::Send(name)) => name,
                other => {
                    let id = names.there.get(&file.name).map(|known| known.id.clone());
                    let outcome = other.and_then(|choice| match choice {
                        Choice::Leave(outcome) => Ok(outcome),
                        Choice::Send(_) => Err(Error::cancelled()),
                    });
                    counters.plan_fewer(file.size);
                    group.done(FileReport { path, local, id, outcome });
                    continue;
                }
            };
            let upload = client.upload(&local).name(name).overwrite(conflict == Conflict::Overwrite);
            let upload = match place {
                Spot::Project(id) => upload.to_project(id),
                Spot::Folder(id) => upload.to_folder(id),
            };
            let (tools, piece) = (tools.clone(), group.piece());
            let work = async move {
                let done = upload.run(tools, piece.clone()).await;
                if done.is_err() {
                    piece.counters.take_out(file.size);
                }
                let id = done.as_ref().ok().map(|made| made.id.clone());
                let outcome = done.map(|_| Outcome::Transferred(file.size));
                FileReport { path, local, id, outcome }
            };
            group.start(Box::pin(work)).await?;
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
struct Local {
    file: PathBuf,
    /// The folders that it lies in, below the one that is uploaded.
    folders: Vec<String>,
    name: String,
    size: u64,
    modified: Option<SystemTime>,
}

impl Local {
    fn path(&self) -> String {
        let mut path = self.folders.join("/");
        if !path.is_empty() {
            path.push('/');
        }
        path + &self.name
    }
}

/// The local files to upload, folders before what lies in them, and what cannot be uploaded.
fn find(what: What) -> Result<(Vec<Local>, Vec<FileReport>)> {
    let mut finds = Finds::default();
    match what {
        What::Files(paths) => paths.into_iter().for_each(|path| finds.file(path, &[])),
        What::Tree(root) => {
            // Without the folder there is nothing to tell of.
            fs::read_dir(&root).map_err(|error| cannot_read(&root, error))?;
            let mut waiting = vec![(root, Vec::new())];
            while let Some((folder, names)) = waiting.pop() {
                match entries(&folder) {
                    Ok(entries) => {
                        let below = entries.into_iter().filter_map(|path| finds.entry(path, &names));
                        waiting.extend(below);
                    }
                    Err(error) => finds.fail(folder, &names, error),
                }
            }
        }
    }
    Ok((finds.files, finds.failed))
}

/// What lies in a folder, in order.
fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let read = || fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>();
    let mut entries = read().map_err(|error| cannot_read(folder, error))?;
    entries.sort();
    Ok(entries)
}

fn cannot_read(path: &Path, error: io::Error) -> Error {
    Error::io(format!("cannot read `{}`", path.display()), error)
}

/// What is found.
#[derive(Default)]
struct Finds {
    files: Vec<Local>,
    failed: Vec<FileReport>,
}

impl Finds {
    /// Takes what lies in a folder of these names. Gives a folder back with its names: what is in it comes later.
    fn entry(&mut self, path: PathBuf, names: &[String]) -> Option<(PathBuf, Vec<String>)> {
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

    fn file(&mut self, path: PathBuf, names: &[String]) {
        let metadata = fs::metadata(&path).map_err(|error| cannot_read(&path, error));
        match metadata.and_then(|metadata| Ok((text(&path)?, metadata))) {
            Ok((name, metadata)) => {
                let (size, modified) = (metadata.len(), metadata.modified().ok());
                self.files.push(Local { file: path, folders: names.to_vec(), name, size, modified });
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

/// What lies in a place, by name, and the names that files of this transfer go to.
#[derive(Debug, Default)]
struct Names {
    there: HashMap<String, types::File>,
    claimed: HashSet<String>,
}

/// What to do with a file.
#[derive(Debug)]
enum Choice {
    /// Upload it under this name.
    Send(String),
    Leave(Outcome),
}

/// What to do with a file. A name that another file of this transfer goes to is taken, whether or not that one is there yet.
fn choose(file: &Local, names: &mut Names, conflict: Conflict) -> Result<Choice> {
    let claimed = !names.claimed.insert(file.name.clone());
    let known = names.there.get(&file.name);
    if !claimed {
        match known {
            None => return Ok(Choice::Send(file.name.clone())),
            Some(known) if is_same(file, known) => return Ok(Choice::Leave(Outcome::Identical)),
            Some(_) => {}
        }
    }
    match conflict {
        Conflict::Skip => Ok(Choice::Leave(Outcome::Skipped)),
        Conflict::Rename => {
            let mut numbers = (2..=u32::MAX).map(|number| numbered(&file.name, number));
            let free = numbers.find(|name| !names.there.contains_key(name) && !names.claimed.contains(name));
            let none = || Error::invalid(format!("there is no free name for `{}`", file.name));
            let free = free.ok_or_else(none)?;
            names.claimed.insert(free.clone());
            Ok(Choice::Send(free))
        }
        // Which of them should replace the other nobody has said.
        Conflict::Fail | Conflict::Overwrite if claimed => {
            Err(Error::invalid(format!("another file of this transfer goes to `{}`", file.path())))
        }
        // The platform refuses a name that is taken, or takes it where it is told to.
        Conflict::Fail | Conflict::Overwrite => Ok(Choice::Send(file.name.clone())),
    }
}

fn is_same(file: &Local, known: &types::File) -> bool {
    let made = known.created_on.as_ref().and_then(crate::raw::Timestamp::to_jiff);
    known.type_ != Some(FileType::Folder)
        && known.size.is_some_and(|size| u64::try_from(size) == Ok(file.size))
        && made
            .zip(file.modified.and_then(seconds))
            .is_some_and(|(made, modified)| made.as_second() >= modified)
}

/// The folders on the platform, and what lies in them.
struct Folders {
    client: Client,
    known: HashMap<Vec<String>, (Spot, Names)>,
}

impl Folders {
    /// The place of a folder below `root`, made where there is none, with what lies in it.
    async fn find(&mut self, root: &Spot, names: &[String]) -> Result<(Spot, &mut Names)> {
        for depth in 0..=names.len() {
            let path = &names[..depth];
            if self.known.contains_key(path) {
                continue;
            }
            let found = match path.split_last() {
                None => (root.clone(), self.list(root).await?),
                Some((name, parents)) => self.open(parents, name).await?,
            };
            self.known.insert(path.to_vec(), found);
        }
        self.known
            .get_mut(names)
            .map(|(place, names)| (place.clone(), names))
            .ok_or_else(|| Error::new(ErrorKind::Cancelled, "a folder was lost"))
    }

    async fn open(&self, parents: &[String], name: &str) -> Result<(Spot, Names)> {
        let Some((parent, Names { there, .. })) = self.known.get(parents) else {
            return Err(Error::cancelled());
        };
        match there.get(name) {
            Some(known) if known.type_ == Some(FileType::Folder) => {
                let place = Spot::Folder(known.id.clone());
                let there = self.list(&place).await?;
                Ok((place, there))
            }
            Some(_) => Err(Error::invalid(format!(
                "`{name}` is a file on the platform, so no folder can be made there"
            ))),
            None => {
                let create = self.client.files().create_folder(name);
                let create = match parent {
                    Spot::Project(id) => create.in_project(&**id),
                    Spot::Folder(id) => create.in_folder(id),
                };
                Ok((Spot::Folder(create.await?.id), Names::default()))
            }
        }
    }

    async fn list(&self, place: &Spot) -> Result<Names> {
        let query = match place {
            Spot::Project(id) => self.client.files().query().project(&**id),
            Spot::Folder(id) => self.client.files().query().parent(id),
        };
        let fields = Fields::only(["id", "name", "type", "size", "created_on"]);
        let mut items = query.fields(fields).limit(100).items();
        let mut names = Names::default();
        while let Some(file) = items.next().await.transpose()? {
            names.there.insert(file.name.clone().unwrap_or_default(), file);
        }
        Ok(names)
    }
}
