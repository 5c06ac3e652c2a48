//! Imports: files and folders of a volume become files of the platform whose bytes stay on the volume.

use std::{collections::HashSet, sync::Arc};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    World,
    files::{Alias, Container, Content, FileNode, check_name},
    permissions::Need,
    scheduler::Step,
    volumes::Volume,
};
use crate::{
    error::{ApiError, Outcome},
    json_object::JsonObject,
    objects::object::Object,
};

/// A job between a volume and the platform, in either direction.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Progress {
    pub(crate) id: String,
    pub(crate) owner: String,
    pub(crate) serial: u64,
    pub(crate) state: JobState,
    pub(crate) started: Timestamp,
    pub(crate) finished: Option<Timestamp>,
    pub(crate) error: Option<ApiError>,
    /// The resulting file or folder.
    pub(crate) result: Option<String>,
}

/// The state of a job.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) enum JobState {
    Pending,
    Running,
    Completed,
    Failed,
}

impl JobState {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Running => "RUNNING",
            Self::Completed => "COMPLETED",
            Self::Failed => "FAILED",
        }
    }

    pub(crate) fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Failed)
    }

    /// Refuses names of unknown states. Empty ones are ignored.
    pub(crate) fn check_names<'a>(mut names: impl Iterator<Item = &'a str>) -> Outcome<()> {
        let known = ["", "PENDING", "RUNNING", "COMPLETED", "FAILED"];
        if names.all(|name| known.iter().any(|state| state.eq_ignore_ascii_case(name))) {
            Ok(())
        } else {
            Err(ApiError::new(9011).detail("`state` must be PENDING, RUNNING, COMPLETED or FAILED."))
        }
    }
}

impl Progress {
    pub(super) fn new(id: String, owner: &str, serial: u64, started: Timestamp) -> Self {
        Self {
            id,
            owner: owner.to_owned(),
            serial,
            state: JobState::Pending,
            started,
            finished: None,
            error: None,
            result: None,
        }
    }

    pub(super) fn finish(&mut self, at: Timestamp, outcome: Outcome<String>) {
        self.finished = Some(at);
        match outcome {
            Ok(result) => {
                self.state = JobState::Completed;
                self.result = Some(result);
            }
            Err(error) => {
                self.state = JobState::Failed;
                self.error = Some(error);
            }
        }
    }
}

/// An import.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Import {
    pub(crate) progress: Progress,
    pub(crate) volume: String,
    pub(crate) location: String,
    pub(crate) project: String,
    pub(crate) parent: String,
    pub(crate) name: String,
    pub(crate) overwrite: bool,
    pub(crate) autorename: bool,
    pub(crate) preserve: Option<bool>,
}

/// An import in progress.
struct Arrival<'a> {
    import: &'a Import,
    volume: &'a Volume,
    at: Timestamp,
    /// The files so far.
    made: HashSet<String>,
}

impl World {
    /// Starts an import and returns its id.
    pub(crate) fn start_import(&mut self, actor: &str, body: JsonObject<'_>) -> Outcome<String> {
        let syntax = |reason: &str| ApiError::new(9011).detail(reason);
        let source = body.object("source")?.ok_or_else(|| syntax("`source` is required."))?;
        let destination = body.object("destination")?.ok_or_else(|| syntax("`destination` is required."))?;
        let volume = self.active_volume(actor, source.required("volume", 9011)?, Need::Copy)?.id.clone();
        let location = source.required("location", 9011)?.to_owned();
        let container = Container::of(destination.text("project")?, destination.text("parent")?)?;
        let folder = self.import_destination(actor, container)?;
        let name = match destination.text("name")? {
            Some(name) => name,
            None => location.trim_end_matches('/').rsplit('/').next().unwrap_or_default(),
        };
        if name.is_empty() {
            return Err(ApiError::new(9018));
        }
        check_name(name, 9011)?;
        let import = Import {
            volume,
            project: folder.project.clone(),
            parent: folder.id.clone(),
            name: name.to_owned(),
            location,
            overwrite: body.flag("overwrite")?.unwrap_or(false),
            autorename: body.flag("autorename")?.unwrap_or(false),
            preserve: body.flag("preserve_folder_structure")?,
            progress: self.new_progress(actor),
        };
        let id = import.progress.id.clone();
        self.scheduler.next(import.progress.started, Step::Import(id.clone()));
        self.imports.insert(id.clone(), import);
        Ok(id)
    }

    fn import_destination(&self, actor: &str, container: Container<'_>) -> Outcome<&FileNode> {
        self.destination(actor, container).map_err(|error| match error.code {
            3001 | 5001 => ApiError::new(9003),
            3002 => ApiError::new(9012),
            _ => error,
        })
    }

    pub(super) fn new_progress(&mut self, actor: &str) -> Progress {
        self.jobs_made += 1;
        Progress::new(self.ids.job(), actor, self.jobs_made, self.clock.timestamp())
    }

    /// The imports that a user has started, the latest first.
    pub(crate) fn list_imports(&self, actor: &str, keep: impl Fn(&Import) -> bool) -> Vec<&Import> {
        let own = self.imports.values().filter(|import| import.progress.owner == actor);
        let mut imports: Vec<&Import> = own.filter(|import| keep(import)).collect();
        imports.sort_by_key(|import| std::cmp::Reverse(import.progress.serial));
        imports
    }

    /// An import of the actor.
    pub(crate) fn import(&self, actor: &str, id: &str) -> Outcome<&Import> {
        let import = self.imports.get(id).ok_or(ApiError::new(9008))?;
        if import.progress.owner == actor { Ok(import) } else { Err(ApiError::new(9005)) }
    }

    pub(super) fn step_import(&mut self, id: &str, at: Timestamp) {
        let Some(import) = self.imports.get_mut(id) else { return };
        match import.progress.state {
            JobState::Pending => {
                import.progress.state = JobState::Running;
                self.scheduler.next(at, Step::Import(id.to_owned()));
            }
            JobState::Running => {
                let import = import.clone();
                let outcome = self.carry_in(&import, at);
                if let Some(import) = self.imports.get_mut(id) {
                    import.progress.finish(at, outcome);
                }
            }
            JobState::Completed | JobState::Failed => {}
        }
    }

    /// Creates the files of an import and returns the id of the file or folder.
    fn carry_in(&mut self, import: &Import, at: Timestamp) -> Outcome<String> {
        let actor = &import.progress.owner;
        let volume = self.active_volume(actor, &import.volume, Need::Copy)?.clone();
        let project = &import.project;
        self.project(actor, project, Need::Write).map_err(|_| ApiError::new(9102))?;
        let bucket = self.bucket(&volume).ok_or(ApiError::new(9105))?;
        let key = volume.service.key(&import.location);
        let mut arrival = Arrival { import, volume: &volume, at, made: HashSet::new() };
        if !key.ends_with('/')
            && let Some(object) = bucket.get(&key)
        {
            let file = self.import_file(&mut arrival, &import.parent, &import.name, &import.location, object);
            return file.ok_or(ApiError::new(9108));
        }
        let prefix = format!("{}/", key.trim_end_matches('/'));
        let found: Vec<(String, Arc<Object>)> = bucket
            .list(&prefix)
            .into_iter()
            .filter_map(|entry| Some((entry.key.clone(), bucket.get(&entry.key)?)))
            .collect();
        if found.is_empty() {
            return Err(ApiError::new(9105));
        }
        let root =
            self.import_folder(&mut arrival, &import.parent, &import.name).ok_or(ApiError::new(9108))?;
        for (key, object) in found {
            let steps: Vec<&str> = key[prefix.len()..].split('/').collect();
            let Some((name, folders)) = steps.split_last() else { continue };
            let folders = if import.preserve == Some(false) { &[] } else { folders };
            let folder = folders
                .iter()
                .try_fold(root.clone(), |folder, step| self.import_folder(&mut arrival, &folder, step));
            if let Some(folder) = folder {
                self.import_file(&mut arrival, &folder, name, volume.service.location(&key), object);
            }
        }
        Ok(root)
    }

    /// The folder of this name; an existing one is merged. `None` if a file has the name and the import does not rename.
    fn import_folder(&mut self, arrival: &mut Arrival<'_>, parent: &str, name: &str) -> Option<String> {
        let (import, at) = (arrival.import, arrival.at);
        match self.child(parent, name) {
            Some(present) if !present.is_folder() => {
                let free = Self::free_name(self.files.get(parent)?, name);
                import.autorename.then(|| self.ensure_folder(&import.project, parent, &free, at))
            }
            _ => Some(self.ensure_folder(&import.project, parent, name, at)),
        }
    }

    /// Adds one file of an import and returns its id. `None` if its name is taken and it is skipped.
    fn import_file(
        &mut self,
        arrival: &mut Arrival<'_>,
        folder: &str,
        name: &str,
        location: &str,
        object: Arc<Object>,
    ) -> Option<String> {
        let import = arrival.import;
        let name = match self.child(folder, name) {
            None => name.to_owned(),
            // Without their folders, files of the same name can meet in one folder.
            Some(present) if import.autorename || arrival.made.contains(&present.id) => {
                Self::free_name(self.files.get(folder)?, name)
            }
            Some(present) if import.overwrite && !present.is_folder() => {
                let present = present.id.clone();
                self.remove(&present);
                name.to_owned()
            }
            Some(_) => return None,
        };
        let key = self.ids.uuid();
        self.store.publish(&key, &object);
        let mut file = FileNode::folder(String::new(), &name, &import.project, Some(folder), arrival.at);
        file.content = Content::File { key, object };
        file.alias = Some(Alias { volume: arrival.volume.id.clone(), location: location.to_owned() });
        let id = self.insert(file);
        arrival.made.insert(id.clone());
        Some(id)
    }

    /// The folder of this name in a folder; a missing one is created.
    pub(super) fn ensure_folder(&mut self, project: &str, parent: &str, name: &str, at: Timestamp) -> String {
        match self.child(parent, name).filter(|child| child.is_folder()) {
            Some(child) => child.id.clone(),
            None => self.insert(FileNode::folder(String::new(), name, project, Some(parent), at)),
        }
    }

    /// Ends the jobs of a volume that is about to be deactivated, or refuses.
    pub(super) fn end_volume_jobs(&mut self, volume: &str, force: bool) -> Outcome<()> {
        let imports = self.imports.values_mut().filter(|import| import.volume == volume);
        let exports = self.exports.values_mut().filter(|export| export.volume == volume);
        let jobs =
            imports.map(|import| &mut import.progress).chain(exports.map(|export| &mut export.progress));
        let open: Vec<&mut Progress> = jobs.filter(|job| !job.state.is_final()).collect();
        if !open.is_empty() && !force {
            return Err(
                ApiError::new(90007).detail("Imports or exports are running; `force=true` ends them.")
            );
        }
        let now = self.clock.timestamp();
        for job in open {
            job.finish(now, Err(ApiError::new(9069)));
        }
        Ok(())
    }
}
