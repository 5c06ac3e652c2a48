//! Imports from servers of the Data Repository Service.
//!
//! There is no network here, so the servers are simulated: an object of any server is a short text with its URI, and
//! one whose id is `missing` does not exist.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    World,
    files::{Container, Content, FileNode, check_name, checked_metadata},
    scheduler::Step,
};
use crate::{
    error::{ApiError, Outcome},
    json_object::{JsonObject, strings},
    objects::object::Object,
};

/// A job that imports some files.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct DrsImport {
    /// A long number.
    pub(crate) id: String,
    owner: String,
    pub(crate) state: DrsState,
    pub(crate) started: Timestamp,
    pub(crate) finished: Option<Timestamp>,
    items: Vec<DrsItem>,
    conflict: Conflict,
    tags: Vec<String>,
    /// One for each item when the job has finished: the id of a file, or an error.
    pub(crate) results: Vec<Outcome<String>>,
}

/// The state of a job. Success is per item.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) enum DrsState {
    Submitted,
    Resolving,
    Running,
    Finished,
}

impl DrsState {
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
struct DrsItem {
    uri: String,
    /// A project, or a folder.
    to: (bool, String),
    name: String,
    metadata: Map<String, Value>,
}

/// What to do if the name is taken.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
enum Conflict {
    Skip,
    Overwrite,
    Autorename,
}

impl World {
    /// Starts an import and returns its id. An invalid URI refuses the whole request.
    pub(crate) fn start_drs_import(
        &mut self,
        actor: &str,
        body: JsonObject<'_>,
        items: &[Value],
    ) -> Outcome<String> {
        let conflict = match body.text("conflict_resolution")? {
            None | Some("SKIP") => Conflict::Skip,
            Some("OVERWRITE") => Conflict::Overwrite,
            Some("AUTORENAME") => Conflict::Autorename,
            Some(_) => {
                return Err(ApiError::new(10232)
                    .detail("`conflict_resolution` must be SKIP, OVERWRITE or AUTORENAME."));
            }
        };
        let tags = body.value("tags").map(|tags| strings(tags, "tags")).transpose()?.unwrap_or_default();
        let items = items.iter().map(read_item).collect::<Outcome<Vec<DrsItem>>>()?;
        let import = DrsImport {
            id: self.ids.number(),
            owner: actor.to_owned(),
            state: DrsState::Submitted,
            started: self.clock.timestamp(),
            finished: None,
            items,
            conflict,
            tags,
            results: Vec::new(),
        };
        let id = import.id.clone();
        self.scheduler.next(import.started, Step::DrsImport(id.clone()));
        self.drs_imports.insert(id.clone(), import);
        Ok(id)
    }

    /// An import of the actor.
    pub(crate) fn drs_import(&self, actor: &str, id: &str) -> Outcome<&DrsImport> {
        let import = self.drs_imports.get(id).ok_or(ApiError::new(10211))?;
        if import.owner == actor { Ok(import) } else { Err(ApiError::new(9005)) }
    }

    pub(super) fn step_drs_import(&mut self, id: &str, at: Timestamp) {
        let Some(import) = self.drs_imports.get_mut(id) else { return };
        let next = match import.state {
            DrsState::Submitted => DrsState::Resolving,
            DrsState::Resolving => DrsState::Running,
            DrsState::Running => {
                let import = import.clone();
                let results = import.items.iter().map(|item| self.fetch(&import, item, at)).collect();
                if let Some(import) = self.drs_imports.get_mut(id) {
                    (import.results, import.finished) = (results, Some(at));
                    import.state = DrsState::Finished;
                }
                return;
            }
            DrsState::Finished => return,
        };
        import.state = next;
        self.scheduler.next(at, Step::DrsImport(id.to_owned()));
    }

    fn fetch(&mut self, import: &DrsImport, item: &DrsItem, at: Timestamp) -> Outcome<String> {
        let (in_project, container) = (item.to.0, item.to.1.as_str());
        let container = if in_project { Container::Project(container) } else { Container::Folder(container) };
        let folder = self.destination(&import.owner, container).map_err(|error| match error.code {
            3001 | 5001 => ApiError::new(10221),
            3002 | 5026 => ApiError::new(10213),
            _ => error,
        })?;
        if item.uri.ends_with("/missing") {
            return Err(ApiError::new(10225));
        }
        let mut name = item.name.clone();
        let (folder_id, project) = (folder.id.clone(), folder.project.clone());
        if let Some(present) = self.child(&folder.id, &name) {
            match import.conflict {
                Conflict::Skip => return Err(ApiError::new(10223)),
                Conflict::Autorename => name = Self::free_name(folder, &name),
                Conflict::Overwrite => {
                    let present = present.id.clone();
                    self.remove_tree(&present);
                }
            }
        }
        let object = Arc::new(Object::new(vec![format!("{}\n", item.uri).into()], at));
        let key = self.ids.uuid();
        self.store.publish(&key, &object);
        let mut file = FileNode::folder(String::new(), &name, &project, Some(&folder_id), at);
        file.content = Content::File { key, object };
        file.metadata.clone_from(&item.metadata);
        file.tags.clone_from(&import.tags);
        Ok(self.insert(file))
    }
}

fn read_item(item: &Value) -> Outcome<DrsItem> {
    let item = JsonObject::of(item).ok_or(ApiError::new(10232))?;
    let uri = item.text("drs_uri")?.unwrap_or_default();
    // `drs://host/id`, or `drs://prefix:id` where a registry knows the host.
    let rest = uri.strip_prefix("drs://").ok_or(ApiError::new(10246))?;
    let id = rest.split_once(['/', ':']).filter(|(host, id)| !host.is_empty() && !id.is_empty());
    let (_, id) = id.ok_or(ApiError::new(10246))?;
    let to = match (item.text("project")?, item.text("parent")?) {
        (Some(_), Some(_)) => return Err(ApiError::new(5031)),
        (Some(project), None) => (true, project.to_owned()),
        (None, Some(parent)) => (false, parent.to_owned()),
        (None, None) => return Err(ApiError::new(10228)),
    };
    let name = match item.text("name")?.filter(|name| !name.is_empty()) {
        Some(name) => name,
        None => id.rsplit(['/', ':']).next().unwrap_or(id),
    };
    check_name(name, 10235)?;
    let metadata = item.object("metadata")?.map_or_else(
        || Ok(Map::new()),
        |given| checked_metadata(Map::new(), given.map()).map_err(|_| ApiError::new(10248)),
    )?;
    Ok(DrsItem { uri: uri.to_owned(), to, name: name.to_owned(), metadata })
}
