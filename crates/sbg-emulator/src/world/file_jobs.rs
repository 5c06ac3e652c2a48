//! Jobs that copy, move and delete files and whole folders in the background.

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    World,
    files::{Container, Content, FileNode, check_name},
    permissions::Need,
    scheduler::Step,
};
use crate::{
    error::{ApiError, Outcome},
    json_object::JsonObject,
};

/// The maximum number of items of a job.
const MAX_ITEMS: usize = 100;

/// A job.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct FileJob {
    pub(crate) id: String,
    pub(super) owner: String,
    pub(super) serial: u64,
    pub(crate) kind: JobKind,
    pub(crate) state: FileJobState,
    items: Vec<JobItem>,
    /// One for each item, when the job has finished.
    pub(crate) results: Vec<JobResult>,
    /// The number of files in all items, when it is known.
    pub(crate) total: usize,
    pub(crate) completed: usize,
    pub(crate) started: Timestamp,
    pub(crate) finished: Option<Timestamp>,
}

/// The result of an item.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) enum JobResult {
    /// The file or the folder, as it is now or as it was last.
    Done(Box<FileNode>),
    Failed(ApiError),
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) enum JobKind {
    Copy,
    Move,
    Delete,
}

impl JobKind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Copy => "COPY",
            Self::Move => "MOVE",
            Self::Delete => "DELETE",
        }
    }
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) enum FileJobState {
    Submitted,
    Resolving,
    Running,
    Finished,
}

impl FileJobState {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Submitted => "SUBMITTED",
            Self::Resolving => "RESOLVING",
            Self::Running => "RUNNING",
            Self::Finished => "FINISHED",
        }
    }
}

#[derive(Clone, Debug, Deserialize, Serialize)]
struct JobItem {
    file: String,
    /// Absent for deletions. A project, or a folder.
    to: Option<(bool, String)>,
    name: Option<String>,
}

impl World {
    /// Starts a job and returns its id.
    pub(crate) fn start_file_job(&mut self, actor: &str, kind: JobKind, items: &[Value]) -> Outcome<String> {
        if items.is_empty() {
            return Err(ApiError::new(57038));
        }
        if items.len() > MAX_ITEMS {
            return Err(ApiError::bad_request(format_args!("`items` has at most {MAX_ITEMS} entries.")));
        }
        let items = items.iter().map(|item| read_item(kind, item)).collect::<Outcome<Vec<JobItem>>>()?;
        let mut seen = HashSet::new();
        if !items.iter().all(|item| seen.insert((&item.file, &item.to))) {
            return Err(ApiError::new(if kind == JobKind::Delete { 57008 } else { 57005 }));
        }
        self.jobs_made += 1;
        let job = FileJob {
            id: self.ids.file(),
            owner: actor.to_owned(),
            serial: self.jobs_made,
            kind,
            state: FileJobState::Submitted,
            items,
            results: Vec::new(),
            total: 0,
            completed: 0,
            started: self.clock.timestamp(),
            finished: None,
        };
        let id = job.id.clone();
        self.scheduler.next(job.started, Step::FileJob(id.clone()));
        self.file_jobs.insert(id.clone(), job);
        Ok(id)
    }

    /// The jobs of a user, the latest first.
    pub(crate) fn list_file_jobs(&self, actor: &str) -> Vec<&FileJob> {
        let mut jobs: Vec<&FileJob> = self.file_jobs.values().filter(|job| job.owner == actor).collect();
        jobs.sort_by_key(|job| std::cmp::Reverse(job.serial));
        jobs
    }

    /// A job of this kind and of the actor.
    pub(crate) fn file_job(&self, actor: &str, id: &str, kind: JobKind) -> Outcome<&FileJob> {
        let job = self.file_jobs.get(id).ok_or(ApiError::new(57039))?;
        if job.kind != kind {
            return Err(ApiError::new(57039));
        }
        if job.owner == actor { Ok(job) } else { Err(ApiError::new(57431)) }
    }

    pub(super) fn step_file_job(&mut self, id: &str, at: Timestamp) {
        let Some(job) = self.file_jobs.get(id) else { return };
        let (total, next) = match job.state {
            FileJobState::Submitted => (0, FileJobState::Resolving),
            FileJobState::Resolving => {
                let files = job.items.iter().filter_map(|item| self.files.get(&item.file));
                (files.map(|file| self.count_files(file)).sum(), FileJobState::Running)
            }
            FileJobState::Running => return self.finish_file_job(id, at),
            FileJobState::Finished => return,
        };
        if let Some(job) = self.file_jobs.get_mut(id) {
            job.total = total;
            job.state = next;
            self.scheduler.next(at, Step::FileJob(id.to_owned()));
        }
    }

    fn count_files(&self, file: &FileNode) -> usize {
        if !file.is_folder() {
            return 1;
        }
        self.descendants(file).iter().filter(|file| !file.is_folder()).count()
    }

    fn finish_file_job(&mut self, id: &str, at: Timestamp) {
        let Some(job) = self.file_jobs.get(id).cloned() else { return };
        let mut completed = 0;
        let mut results = Vec::new();
        for item in &job.items {
            let count = self.files.get(&item.file).map_or(0, |file| self.count_files(file));
            let outcome = match job.kind {
                JobKind::Copy => self.copy_tree(&job.owner, item, at),
                JobKind::Move => self.move_tree(&job.owner, item, at),
                JobKind::Delete => self.delete_tree(&job.owner, item),
            };
            results.push(match outcome {
                Ok(file) => {
                    completed += count;
                    JobResult::Done(Box::new(file))
                }
                Err(error) => JobResult::Failed(error),
            });
        }
        if let Some(job) = self.file_jobs.get_mut(id) {
            job.completed = completed.min(job.total);
            job.results = results;
            job.state = FileJobState::Finished;
            job.finished = Some(at);
        }
    }

    fn delete_tree(&mut self, actor: &str, item: &JobItem) -> Outcome<FileNode> {
        let file = self.file(actor, &item.file, Need::Write, 5001)?.clone();
        if file.is_folder() && file.parent.is_none() {
            return Err(ApiError::new(5001).detail("The root folder of a project cannot be deleted."));
        }
        self.remove_tree(&item.file);
        Ok(file)
    }

    /// The destination folder, which must not be inside the item itself, and the name of the item there.
    fn target(&self, actor: &str, item: &JobItem, codes: TreeCodes) -> Outcome<(FileNode, String)> {
        let file = self.files.get(&item.file).ok_or(ApiError::new(5002))?;
        if file.is_folder() && file.parent.is_none() {
            return Err(ApiError::new(codes.root));
        }
        let container = match &item.to {
            Some((true, project)) => Container::Project(project),
            Some((false, folder)) => Container::Folder(folder),
            None => return Err(ApiError::new(57003)),
        };
        let folder = self.destination(actor, container)?;
        let mut above = Some(folder);
        while let Some(step) = above {
            if step.id == file.id {
                return Err(ApiError::new(codes.inside));
            }
            above = step.parent.as_deref().and_then(|parent| self.files.get(parent));
        }
        if file.is_folder() && item.name.is_none() && file.parent.as_deref() == Some(&folder.id) {
            return Err(ApiError::new(codes.same));
        }
        let name = match &item.name {
            Some(name) => {
                check_name(name, if file.is_folder() { 57019 } else { 57018 })?;
                self.check_free(&folder.id, name, if file.is_folder() { 5030 } else { 5003 })?;
                name.clone()
            }
            None => Self::free_name(folder, &file.name),
        };
        Ok((folder.clone(), name))
    }

    fn copy_tree(&mut self, actor: &str, item: &JobItem, at: Timestamp) -> Outcome<FileNode> {
        self.file(actor, &item.file, Need::Copy, 5014)?;
        let (folder, name) =
            self.target(actor, item, TreeCodes { root: 57020, inside: 57010, same: 57009 })?;
        let copy = self.copy_into(&item.file, &folder, &name, at)?;
        self.files.get(&copy).cloned().ok_or(ApiError::new(5007))
    }

    fn copy_into(&mut self, id: &str, folder: &FileNode, name: &str, at: Timestamp) -> Outcome<String> {
        let source = self.files.get(id).ok_or(ApiError::new(5002))?.clone();
        let children: Vec<(String, String)> = match &source.content {
            Content::Folder(children) => {
                children.iter().map(|(name, id)| (name.clone(), id.clone())).collect()
            }
            Content::File { .. } => Vec::new(),
        };
        let origin_dataset = source.dataset().map(str::to_owned).or_else(|| source.origin_dataset.clone());
        let copy = FileNode {
            name: name.to_owned(),
            project: folder.project.clone(),
            parent: Some(folder.id.clone()),
            content: if source.is_folder() {
                Content::Folder(BTreeMap::default())
            } else {
                source.content.clone()
            },
            created: at,
            modified: at,
            id: String::new(),
            origin_dataset,
            ..source
        };
        let copy = self.insert(copy);
        if let Some(folder) = self.files.get(&copy).cloned() {
            for (name, child) in children {
                self.copy_into(&child, &folder, &name, at)?;
            }
        }
        Ok(copy)
    }

    /// Moves to a folder of any project. Files keep their ids; folders are created again.
    fn move_tree(&mut self, actor: &str, item: &JobItem, at: Timestamp) -> Outcome<FileNode> {
        self.file(actor, &item.file, Need::Write, 5032)?;
        let (folder, name) =
            self.target(actor, item, TreeCodes { root: 57022, inside: 57012, same: 57011 })?;
        let moved = self.move_into(&item.file, &folder.id, &name, at)?;
        self.files.get(&moved).cloned().ok_or(ApiError::new(5002))
    }

    fn move_into(&mut self, id: &str, folder: &str, name: &str, at: Timestamp) -> Outcome<String> {
        let file = self.files.get(id).ok_or(ApiError::new(5002))?.clone();
        let project = self.files.get(folder).ok_or(ApiError::new(5002))?.project.clone();
        let Content::Folder(children) = file.content else {
            self.relink(id, &file.name, file.parent.as_deref().unwrap_or_default(), name, folder)?;
            let moved = self.file_mut(id)?;
            (moved.project, moved.modified) = (project, at);
            return Ok(id.to_owned());
        };
        let created = FileNode::folder(String::new(), name, &project, Some(folder), at);
        let created = self.insert(created);
        for (name, child) in children {
            self.move_into(&child, &created, &name, at)?;
        }
        self.remove(id);
        Ok(created)
    }
}

/// The error codes of a kind of job for folders.
#[derive(Clone, Copy, Debug)]
struct TreeCodes {
    root: u32,
    inside: u32,
    same: u32,
}

fn read_item(kind: JobKind, item: &Value) -> Outcome<JobItem> {
    let item = JsonObject::of(item).ok_or(ApiError::new(57023))?;
    let text = |name: &str| Ok(item.text(name)?.filter(|text| !text.is_empty()).map(str::to_owned));
    let file = text("file")?.ok_or(ApiError::new(57002))?;
    if kind == JobKind::Delete {
        return Ok(JobItem { file, to: None, name: None });
    }
    let to = match (text("project")?, text("parent")?) {
        (Some(_), Some(_)) => return Err(ApiError::new(5031)),
        (Some(project), None) => (true, project),
        (None, Some(parent)) => (false, parent),
        (None, None) => return Err(ApiError::new(57003)),
    };
    Ok(JobItem { file, to: Some(to), name: text("name")? })
}
