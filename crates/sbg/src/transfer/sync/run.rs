//! Carries out the plan of a sync: folders, then copies, then deletes.

use std::collections::{BTreeMap, HashMap};
use std::future::IntoFuture;
use std::sync::{Arc, OnceLock};

use futures::future::BoxFuture;

use super::deletes;
use super::journal::Journal;
use super::plan::{Direction, SyncAction, SyncOperation, SyncPlan};
use super::report::{SyncReport, SyncResult};
use super::selection::above;
use crate::error::{Error, ErrorKind, Result};
use crate::transfer::batch::download::Downloads;
use crate::transfer::batch::scan::LocalFile;
use crate::transfer::batch::upload::{Folders, Uploads};
use crate::transfer::batch::{Conflict, FileReport, Group, Outcome};
use crate::transfer::engine::runtime::Context;
use crate::transfer::engine::task::blocking;
use crate::transfer::handle::{Shared, Transfer};

impl SyncPlan {
    /// Carries out the plan on the threads of the transfer engine. The handle fails if the plan is [refused](Self::check) or the sync is
    /// stopped; the result of each action is in the [`SyncReport`].
    ///
    /// Deletes come last, and only if everything was copied. A file that has changed since the plan was made is not deleted.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let sync = client.sync("results").to("rfranklin/fibre-diffraction").plan().await?.start();
    /// println!("{} bytes", sync.wait().await?.bytes());
    /// # Ok(())
    /// # }
    /// ```
    pub fn start(self) -> Transfer<SyncReport> {
        let engine = self.inputs.client.engine();
        Transfer::start(engine, move |context, shared| run(self, context, shared))
    }
}

impl IntoFuture for SyncPlan {
    type Output = Result<SyncReport>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        self.start().into_future()
    }
}

/// Carries out the plan.
pub(super) async fn run(plan: SyncPlan, context: Context, shared: Arc<Shared>) -> Result<SyncReport> {
    plan.check()?;
    let plan = Arc::new(plan);
    let opened = plan.clone();
    let journal = blocking(move || Journal::open(&opened)).await?;
    shared.counters.plan(plan.bytes(), plan.copies().count());
    let mut run =
        Run { plan, journal, shared: shared.clone(), results: HashMap::new(), fatal: Arc::default() };
    let mut group = run.group();
    let started = tokio::select! {
        started = run.copy(&mut group, context) => started,
        () = shared.stop.cancelled() => Ok(()),
    };
    for file in group.finish(started).await?.files {
        run.copied(file);
    }
    tokio::select! {
        () = run.delete() => Ok(run.report()),
        () = shared.stop.cancelled() => Err(Error::cancelled()),
    }
}

struct Run {
    plan: Arc<SyncPlan>,
    journal: Journal,
    shared: Arc<Shared>,
    /// The results of actions by path: of a path either a file or a folder is treated.
    results: HashMap<String, Result<u64>>,
    /// An error after which no other copy can succeed.
    fatal: Arc<OnceLock<Error>>,
}

impl Run {
    /// The group of the copies, which writes each result to the journal at once.
    fn group(&self) -> Group {
        let (plan, journal, fatal) = (self.plan.clone(), self.journal.clone(), self.fatal.clone());
        let copies = plan.actions.iter().enumerate().filter(|(_, action)| action.operation.is_copy());
        let by_path: HashMap<String, usize> =
            copies.map(|(index, action)| (action.path.clone(), index)).collect();
        Group::new(self.shared.clone()).on_done(move |file: &FileReport| {
            if let Err(error) = &file.outcome
                && is_fatal(error)
            {
                // The first one is kept.
                let _ = fatal.set(error.clone());
            }
            if let Some(action) = by_path.get(&file.path).and_then(|index| plan.actions.get(*index)) {
                journal.write(action, &bytes_of(file));
            }
        })
    }

    async fn copy(&mut self, group: &mut Group, context: Context) -> Result<()> {
        match self.plan.direction {
            Direction::Up => self.upload(group, context).await,
            Direction::Down => self.download(group, context).await,
        }
    }

    async fn upload(&mut self, group: &mut Group, context: Context) -> Result<()> {
        let plan = self.plan.clone();
        let inputs = &plan.inputs;
        let (client, remote) = (inputs.client.clone(), &inputs.remote);
        let root = match &*remote.missing {
            [] => remote.folder.clone(),
            missing => Folders::new(client.clone(), remote.folder.clone()).folder(missing).await?,
        };
        let listed = inputs.folders.iter().map(|(path, id)| (&**path, &**id));
        let mut folders = Folders::listed(client.clone(), root, listed);
        let mut failed = BTreeMap::new();
        let wanted = plan.actions.iter().filter(|action| action.operation == SyncOperation::CreateFolder);
        let created = folders.create_all(wanted.map(|action| names(&action.path)).collect()).await;
        for (names, created) in created {
            self.created(names.join("/"), created.err(), &mut failed);
        }
        let mut uploads = Uploads { client, folders, comparison: inputs.comparison.clone(), context };
        for action in plan.copies() {
            self.shared.running().await;
            let mut folders = names(&action.path);
            let name = folders.pop().unwrap_or_default();
            let file = inputs.local.join(&action.path);
            let size = action.bytes.unwrap_or(0);
            let local = LocalFile { file, folders: folders.into(), name, size, state: None };
            let started = match self.refusal(&action.path, &failed) {
                None => uploads.start(group, local, Some(action.path.clone()), conflict(action)).await,
                Some(error) => Err(error),
            };
            self.started(group, action, started);
        }
        Ok(())
    }

    async fn download(&mut self, group: &mut Group, context: Context) -> Result<()> {
        let plan = self.plan.clone();
        let inputs = &plan.inputs;
        let comparison = inputs.comparison.clone();
        let downloads = Downloads::new(inputs.client.clone(), inputs.local.clone(), comparison, context);
        let wanted = plan.actions.iter().filter(|action| action.operation == SyncOperation::CreateFolder);
        let wanted: Vec<_> = wanted.map(|action| action.path.clone()).collect();
        let refused = downloads.make_folders(wanted.iter().cloned().collect()).await?;
        let mut refused: HashMap<_, _> = refused.into_iter().map(|(path, _, error)| (path, error)).collect();
        let mut failed = BTreeMap::new();
        for path in wanted {
            let error = refused.remove(&path);
            self.created(path, error, &mut failed);
        }
        for action in plan.copies() {
            self.shared.running().await;
            let started = match (self.refusal(&action.path, &failed), action.remote.clone()) {
                (None, Some(remote)) => {
                    let differs = action.operation == SyncOperation::CopyChanged;
                    downloads.start(group, action.path.clone(), remote, conflict(action), differs).await
                }
                (error, _) => Err(error.unwrap_or_else(Error::cancelled)),
            };
            self.started(group, action, started);
        }
        Ok(())
    }

    /// Records the result of creating a folder.
    fn created(&mut self, path: String, error: Option<Error>, failed: &mut BTreeMap<String, Error>) {
        if let Some(error) = &error {
            failed.insert(path.clone(), error.clone());
            if is_fatal(error) {
                let _ = self.fatal.set(error.clone());
            }
        }
        let action = SyncAction::new(SyncOperation::CreateFolder, path);
        self.set(&action, error.map_or(Ok(0), Err));
    }

    /// Why a file is not copied: nothing else can succeed, or its folder could not be created.
    fn refusal(&self, path: &str, failed: &BTreeMap<String, Error>) -> Option<Error> {
        let of_folder = || above(path).find_map(|folder| failed.get(folder)).cloned();
        self.fatal.get().cloned().or_else(of_folder)
    }

    /// Records a copy that could not be started.
    fn started(&self, group: &mut Group, action: &SyncAction, started: Result<()>) {
        if let Err(error) = started {
            self.shared.counters.plan_fewer(action.bytes.unwrap_or(0));
            let local = self.plan.inputs.local.join(&action.path);
            group.done(FileReport { path: action.path.clone(), local, id: None, outcome: Err(error) });
        }
    }

    /// Takes the result of a copy, which the journal already has.
    fn copied(&mut self, file: FileReport) {
        let bytes = bytes_of(&file);
        self.results.insert(file.path, bytes);
    }

    async fn delete(&mut self) {
        let plan = self.plan.clone();
        let of = |operation: SyncOperation| {
            let actions = plan.actions.iter().filter(move |action| action.operation == operation);
            actions.cloned().collect::<Vec<_>>()
        };
        let (files, mut folders) = (of(SyncOperation::DeleteFile), of(SyncOperation::DeleteFolder));
        let depth = |action: &SyncAction| action.path.matches('/').count();
        folders.sort_by_key(|action| std::cmp::Reverse(depth(action)));
        if self.results.values().any(Result::is_err) {
            for action in files.iter().chain(&folders) {
                let message = "not deleted, because something could not be copied";
                self.set(action, Err(Error::new(ErrorKind::Cancelled, message)));
            }
            return;
        }
        for chunk in files.chunks(deletes::AT_ONCE) {
            self.shared.running().await;
            let done = deletes::files(&plan, chunk.to_vec()).await;
            self.deleted(chunk, done);
        }
        for level in folders.chunk_by(|one, other| depth(one) == depth(other)) {
            for chunk in level.chunks(deletes::AT_ONCE) {
                self.shared.running().await;
                let done = deletes::folders(&plan, chunk.to_vec()).await;
                self.deleted(chunk, done);
            }
        }
    }

    fn deleted(&mut self, actions: &[SyncAction], results: Vec<Result<()>>) {
        for (action, result) in actions.iter().zip(results) {
            self.set(action, result.map(|()| 0));
        }
    }

    fn set(&mut self, action: &SyncAction, result: Result<u64>) {
        self.journal.write(action, &result);
        self.results.insert(action.path.clone(), result);
    }

    fn report(mut self) -> SyncReport {
        let missing = || Err(Error::new(ErrorKind::Cancelled, "not done"));
        let results = self.plan.actions.iter().map(|action| {
            let result = self.results.remove(&action.path).unwrap_or_else(missing);
            SyncResult { action: action.clone(), result }
        });
        let results = results.collect();
        SyncReport::of((*self.plan).clone(), results)
    }
}

/// A new file must not replace one that has appeared since the plan was made.
fn conflict(action: &SyncAction) -> Conflict {
    match action.operation {
        SyncOperation::CopyChanged => Conflict::Overwrite,
        _ => Conflict::Fail,
    }
}

fn bytes_of(file: &FileReport) -> Result<u64> {
    match &file.outcome {
        Ok(Outcome::Transferred(bytes)) => Ok(*bytes),
        Ok(_) => Ok(0),
        Err(error) => Err(error.clone()),
    }
}

fn is_fatal(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Unauthorized | ErrorKind::DiskFull | ErrorKind::Quota)
}

fn names(path: &str) -> Vec<String> {
    path.split('/').map(str::to_owned).collect()
}
