//! Many files up: a list, or a folder tree.

use std::collections::HashMap;
use std::fs;
use std::future::IntoFuture;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use futures::StreamExt as _;
use futures::future::BoxFuture;

use super::conflict::{numbered, seconds};
use super::{Conflict, Crew, FileReport, Outcome, Report};
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::fields::Fields;
use crate::place::{Place, place_setters};
use crate::transfer::download::blocking;
use crate::transfer::engine::Tools;
use crate::transfer::handle::{Shared, Transfer};
use crate::types::{self, FileType};

impl Client {
    /// Uploads local files, each under its name: name the place, then `.await`, or [`start`](UploadMany::start) it to watch it.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let upload = client.upload_all(["a.fastq", "b.fastq"]).to_project("rfranklin/fibre-diffraction");
    /// upload.await?.complete()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn upload_all<P: Into<PathBuf>>(&self, paths: impl IntoIterator<Item = P>) -> UploadMany {
        UploadMany::new(self, What::Files(paths.into_iter().map(Into::into).collect()))
    }

    /// Uploads all that lies in a local folder and in its folders: name the place, then `.await`, or [`start`](UploadMany::start) it to
    /// watch it. Folders are made on the platform where there are none. Links to files are followed, links to folders are not.
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
        to_project;
        /// Uploads into this folder.
        to_folder;
    }

    /// What happens where a file of the same name is there. It fails by default.
    ///
    /// A file that is the same is left as it is in any case: one of the same size that was not made before the local file was changed.
    pub fn on_conflict(mut self, conflict: Conflict) -> Self {
        self.conflict = conflict;
        self
    }

    /// Starts the uploads on the threads of the transfer engine. The handle ends with an error where folders cannot be read or made;
    /// what becomes of each file is in the [`Report`].
    pub fn start(self) -> Transfer<Report> {
        let engine = self.client.engine();
        let tools = engine.tools();
        Transfer::start(engine, move |shared| self.run(tools, shared))
    }

    async fn run(self, tools: Tools, shared: Arc<Shared>) -> Result<Report> {
        let Self { client, what, place, conflict } = self;
        let place = place.checked("files are uploaded to")?;
        let place = match place.parent {
            Some(folder) => Spot::Folder(folder),
            None => Spot::Project(place.project.unwrap_or_default()),
        };
        let client = client.on_engine();
        let local = blocking(move || find(what)).await?;
        shared.counters.plan(local.iter().map(|file| file.size).sum(), local.len());
        let mut folders = Folders { client: client.clone(), known: HashMap::new() };
        let mut crew = Crew::default();
        for file in local {
            if shared.stop.is_cancelled() {
                break;
            }
            shared.running().await;
            let (place, there) = folders.find(&place, &file.folders).await?;
            let (path, local) = (file.path(), file.file.clone());
            let (name, outcome) = choose(&file, there, conflict);
            if let Some(outcome) = outcome {
                let id = there.get(&file.name).map(|known| known.id.clone());
                crew.reports.push(FileReport { path, local, id, outcome: Ok(outcome) });
                shared.counters.part_done();
                continue;
            }
            let upload = client.upload(&local).name(name).overwrite(conflict == Conflict::Overwrite);
            let upload = match place {
                Spot::Project(id) => upload.to_project(id),
                Spot::Folder(id) => upload.to_folder(id),
            };
            let (tools, piece) = (tools.clone(), shared.piece());
            let work = async move {
                let done = upload.run(tools, piece.clone()).await;
                if done.is_err() {
                    // What did not arrive does not count in the whole.
                    piece.counters.take_back(piece.counters.snapshot().bytes);
                }
                let id = done.as_ref().ok().map(|made| made.id.clone());
                let outcome = done.map(|_| Outcome::Moved(file.size));
                FileReport { path, local, id, outcome }
            };
            crew.start(&shared, Box::pin(work)).await?;
        }
        crew.finish(&shared).await
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

/// The local files to upload, folders before what lies in them.
fn find(what: What) -> Result<Vec<Local>> {
    let about = |path: &Path, error| Error::io(format!("cannot read `{}`", path.display()), error);
    let mut found = Vec::new();
    match what {
        What::Files(paths) => {
            for path in paths {
                let file = local(path.clone(), Vec::new()).map_err(|error| about(&path, error))?;
                found.push(file);
            }
        }
        What::Tree(root) => {
            let mut waiting = vec![(root, Vec::new())];
            while let Some((folder, names)) = waiting.pop() {
                let entries = fs::read_dir(&folder).map_err(|error| about(&folder, error))?;
                let mut entries: Vec<_> =
                    entries.collect::<io::Result<_>>().map_err(|error| about(&folder, error))?;
                entries.sort_by_key(fs::DirEntry::file_name);
                for entry in entries {
                    let path = entry.path();
                    let kind = entry.file_type().map_err(|error| about(&path, error))?;
                    if kind.is_dir() {
                        let mut below = names.clone();
                        below.push(text(&path).map_err(|error| about(&path, error))?);
                        waiting.push((path, below));
                    } else if path.is_file() {
                        found.push(local(path.clone(), names.clone()).map_err(|error| about(&path, error))?);
                    }
                }
            }
        }
    }
    Ok(found)
}

fn local(path: PathBuf, folders: Vec<String>) -> io::Result<Local> {
    let metadata = fs::metadata(&path)?;
    let name = text(&path)?;
    Ok(Local { file: path, folders, name, size: metadata.len(), modified: metadata.modified().ok() })
}

fn text(path: &Path) -> io::Result<String> {
    let name = path.file_name().and_then(|name| name.to_str()).map(str::to_owned);
    name.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "its name is not UTF-8"))
}

/// What lies in a place, by name.
type Names = HashMap<String, types::File>;

/// The name to upload under, or what becomes of the file without an upload.
fn choose(file: &Local, there: &Names, conflict: Conflict) -> (String, Option<Outcome>) {
    let Some(known) = there.get(&file.name) else { return (file.name.clone(), None) };
    if is_same(file, known) {
        return (file.name.clone(), Some(Outcome::Identical));
    }
    match conflict {
        Conflict::Skip => (file.name.clone(), Some(Outcome::Skipped)),
        Conflict::Rename => {
            let mut numbers = (2..=u32::MAX).map(|number| numbered(&file.name, number));
            (numbers.find(|name| !there.contains_key(name)).unwrap_or_else(|| file.name.clone()), None)
        }
        // The platform refuses a name that is taken, or takes it where it is told to.
        Conflict::Fail | Conflict::Overwrite => (file.name.clone(), None),
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
    async fn find(&mut self, root: &Spot, names: &[String]) -> Result<(Spot, &Names)> {
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
            .get(names)
            .map(|(place, there)| (place.clone(), there))
            .ok_or_else(|| Error::new(ErrorKind::Cancelled, "a folder was lost"))
    }

    async fn open(&self, parents: &[String], name: &str) -> Result<(Spot, Names)> {
        let Some((parent, there)) = self.known.get(parents) else { return Err(Error::cancelled()) };
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
                Ok((Spot::Folder(create.await?.id), Names::new()))
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
        let mut names = Names::new();
        while let Some(file) = items.next().await.transpose()? {
            names.insert(file.name.clone().unwrap_or_default(), file);
        }
        Ok(names)
    }
}
