//! Files: permissions, lists, edits, copies and moves. Folders are in [`super::folders`].

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{World, ids::is_project_id, permissions::Need};
use crate::{
    error::{ApiError, Outcome},
    objects::object::Object,
};

/// The prefix of the id of a dataset where a project is expected. No project has such an id.
pub(crate) const DATASET: &str = "dataset:";

/// The prefix of the id of an automation where a project is expected.
pub(crate) const AUTOMATION: &str = "automation:";

/// The maximum number of pairs of metadata.
const MAX_METADATA: usize = 1000;
/// The maximum size of a key of metadata, in bytes.
const MAX_METADATA_KEY: usize = 100;
/// The maximum size of a value of metadata, in bytes.
const MAX_METADATA_VALUE: usize = 300;

/// A file or a folder.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct FileNode {
    pub(crate) id: String,
    pub(crate) name: String,
    /// The id of its project; for files of datasets and automations [`DATASET`] or [`AUTOMATION`] and the id.
    pub(crate) project: String,
    /// The folder of the file; only root folders have none.
    pub(crate) parent: Option<String>,
    pub(crate) content: Content,
    pub(crate) created: Timestamp,
    pub(crate) modified: Timestamp,
    pub(crate) tags: Vec<String>,
    pub(crate) metadata: Map<String, Value>,
    /// The task that created it.
    pub(crate) origin_task: Option<String>,
    /// The dataset that it was copied from.
    pub(crate) origin_dataset: Option<String>,
    /// The location of the bytes, if they are on a volume.
    pub(crate) alias: Option<Alias>,
}

/// A file whose bytes are on a volume.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Alias {
    /// `owner/name`
    pub(crate) volume: String,
    /// Without the prefix of the volume.
    pub(crate) location: String,
}

/// What is in it.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) enum Content {
    File {
        /// The key in the object store.
        key: String,
        object: Arc<Object>,
    },
    /// Ids by name.
    Folder(BTreeMap<String, String>),
}

impl FileNode {
    pub(crate) fn folder(
        id: String,
        name: &str,
        project: &str,
        parent: Option<&str>,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            name: name.to_owned(),
            project: project.to_owned(),
            parent: parent.map(str::to_owned),
            content: Content::Folder(BTreeMap::new()),
            created: now,
            modified: now,
            tags: Vec::new(),
            metadata: Map::new(),
            origin_task: None,
            origin_dataset: None,
            alias: None,
        }
    }

    pub(crate) fn is_folder(&self) -> bool {
        matches!(self.content, Content::Folder(_))
    }

    /// The project of the file; `None` for files of datasets and automations.
    pub(crate) fn project_id(&self) -> Option<&str> {
        Some(self.project.as_str()).filter(|id| !id.contains(':'))
    }

    /// The dataset of the file.
    pub(crate) fn dataset(&self) -> Option<&str> {
        self.project.strip_prefix(DATASET)
    }

    /// The object of a file, or the error of this action for folders.
    pub(crate) fn object(&self, code_for_folders: u32) -> Outcome<(&str, &Arc<Object>)> {
        match &self.content {
            Content::File { key, object } => Ok((key, object)),
            Content::Folder(_) => Err(ApiError::new(code_for_folders)),
        }
    }
}

/// A location of files.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Container<'a> {
    Project(&'a str),
    Folder(&'a str),
    Dataset(&'a str),
}

impl<'a> Container<'a> {
    /// Requires exactly one of the two.
    pub(crate) fn of(project: Option<&'a str>, parent: Option<&'a str>) -> Outcome<Self> {
        match (project, parent) {
            (Some(_), Some(_)) => Err(ApiError::new(5031)),
            (None, None) => Err(ApiError::new(5029)),
            (None, Some(parent)) => Ok(Self::Folder(parent)),
            (Some(project), None) if is_project_id(project) => Ok(Self::Project(project)),
            (Some(_), None) => Err(ApiError::new(5005)),
        }
    }
}

/// Which files of a folder a list contains.
#[derive(Debug, Default)]
pub(crate) struct FileFilter {
    /// Any of these names.
    pub(crate) names: Vec<String>,
    /// Any of these tags.
    pub(crate) tags: Vec<String>,
    /// Any of the values for each key.
    pub(crate) metadata: BTreeMap<String, Vec<String>>,
    pub(crate) origin_task: Option<String>,
    pub(crate) origin_dataset: Option<String>,
}

impl FileFilter {
    fn shows(&self, file: &FileNode) -> bool {
        (self.names.is_empty() || self.names.contains(&file.name))
            && (self.tags.is_empty() || self.tags.iter().any(|tag| file.tags.contains(tag)))
            && self.origin_task.as_ref().is_none_or(|task| file.origin_task.as_ref() == Some(task))
            && self
                .origin_dataset
                .as_ref()
                .is_none_or(|dataset| file.origin_dataset.as_ref() == Some(dataset))
            && self
                .metadata
                .iter()
                .all(|(key, wanted)| file.metadata.get(key).is_some_and(|value| has_value(value, wanted)))
    }
}

fn has_value(value: &Value, wanted: &[String]) -> bool {
    match value {
        Value::String(text) => wanted.contains(text),
        Value::Array(items) => items.iter().any(|item| has_value(item, wanted)),
        _ => false,
    }
}

/// What a request changes of a file.
#[derive(Debug, Default)]
pub(crate) struct FileEdit {
    pub(crate) name: Option<String>,
    pub(crate) tags: Option<Vec<String>>,
    /// Replaces all metadata.
    pub(crate) metadata: Option<Map<String, Value>>,
}

impl World {
    /// A file or folder for an action that needs a permission. `denied` is the error code without it.
    pub(crate) fn file(&self, actor: &str, id: &str, need: Need, denied: u32) -> Outcome<&FileNode> {
        let file = self.files.get(id).ok_or(ApiError::new(5002))?;
        self.home(actor, &file.project, need).map_err(|_| ApiError::new(denied))?;
        Ok(file)
    }

    /// Checks a permission in a project, a dataset or an automation.
    pub(super) fn home(&self, actor: &str, id: &str, need: Need) -> Outcome<()> {
        if let Some(dataset) = id.strip_prefix(DATASET) {
            self.dataset(actor, dataset, need).map(|_| ())
        } else if let Some(automation) = id.strip_prefix(AUTOMATION) {
            self.automation(actor, automation, need).map(|_| ())
        } else {
            self.project(actor, id, need).map(|_| ())
        }
    }

    /// The folder of a location.
    fn folder_of<'a>(&'a self, actor: &str, container: Container<'a>, need: Need) -> Outcome<&'a str> {
        Ok(match container {
            Container::Project(project) => &self.project(actor, project, need)?.root_folder,
            Container::Dataset(dataset) => &self.dataset(actor, dataset, need)?.root_folder,
            Container::Folder(folder) => folder,
        })
    }

    /// A file, without a check of permissions.
    pub(crate) fn any_file(&self, id: &str) -> Option<&FileNode> {
        self.files.get(id)
    }

    pub(super) fn file_mut(&mut self, id: &str) -> Outcome<&mut FileNode> {
        self.files.get_mut(id).ok_or(ApiError::new(5002))
    }

    /// The destination of a copy or an upload: a folder that the actor can write to.
    pub(crate) fn destination(&self, actor: &str, container: Container<'_>) -> Outcome<&FileNode> {
        let id = self.folder_of(actor, container, Need::Write)?;
        self.files.get(id).ok_or(ApiError::new(5026))?;
        let folder = self.file(actor, id, Need::Write, 5001)?;
        if folder.is_folder() { Ok(folder) } else { Err(ApiError::new(5022)) }
    }

    /// The content of a folder, sorted by name.
    pub(crate) fn list_files(
        &self,
        actor: &str,
        container: Container<'_>,
        filter: &FileFilter,
    ) -> Outcome<Vec<&FileNode>> {
        let id = self.folder_of(actor, container, Need::Read)?;
        let children = self.children(self.file(actor, id, Need::Read, 5001)?)?;
        Ok(children.into_iter().filter(|file| filter.shows(file)).collect())
    }

    /// Changes name, tags and metadata of a file.
    pub(crate) fn edit_file(&mut self, actor: &str, id: &str, edit: FileEdit) -> Outcome<&FileNode> {
        let denied = match &edit {
            FileEdit { name: Some(_), .. } => 5008,
            FileEdit { metadata: Some(_), .. } => 5009,
            FileEdit { tags: Some(_), .. } => 5011,
            _ => 5001,
        };
        let file = self.file(actor, id, Need::Write, denied)?;
        if file.is_folder() {
            return Err(ApiError::new(match &edit {
                FileEdit { name: None, metadata: Some(_), .. } => 5025,
                FileEdit { name: None, tags: Some(_), .. } => 5027,
                _ => 5023,
            }));
        }
        let metadata = edit.metadata.map(|metadata| checked_metadata(Map::new(), &metadata)).transpose()?;
        if let Some(name) = &edit.name {
            let (from, parent) = (file.name.clone(), file.parent.clone().unwrap_or_default());
            check_name(name, 5024)?;
            if *name != from {
                self.check_free(&parent, name, 5003)?;
                self.relink(id, &from, &parent, name, &parent)?;
            }
        }
        let now = self.clock.timestamp();
        let file = self.file_mut(id)?;
        if let Some(tags) = edit.tags {
            file.tags = tags;
        }
        if let Some(metadata) = metadata {
            file.metadata = metadata;
        }
        file.modified = now;
        Ok(file)
    }

    /// Sets the tags of a file.
    pub(crate) fn set_tags(&mut self, actor: &str, id: &str, tags: Vec<String>) -> Outcome<&[String]> {
        if self.file(actor, id, Need::Write, 5011)?.is_folder() {
            return Err(ApiError::new(5027));
        }
        let file = self.edit_file(actor, id, FileEdit { tags: Some(tags), ..FileEdit::default() })?;
        Ok(&file.tags)
    }

    /// Merges or replaces the metadata of a file. Null removes a key.
    pub(crate) fn set_metadata(
        &mut self,
        actor: &str,
        id: &str,
        changes: &Map<String, Value>,
        replace: bool,
    ) -> Outcome<&Map<String, Value>> {
        let file = self.file(actor, id, Need::Write, 5009)?;
        if file.is_folder() {
            return Err(ApiError::new(5025));
        }
        let present = if replace { Map::new() } else { file.metadata.clone() };
        let metadata = checked_metadata(present, changes)?;
        let now = self.clock.timestamp();
        let file = self.file_mut(id)?;
        file.metadata = metadata;
        file.modified = now;
        Ok(&file.metadata)
    }

    /// Copies a file. The copy shares the bytes; a taken name gets a number unless the request has a name.
    pub(crate) fn copy_file(
        &mut self,
        actor: &str,
        id: &str,
        container: Container<'_>,
        name: Option<&str>,
    ) -> Outcome<&FileNode> {
        let source = self.file(actor, id, Need::Read, 5001)?;
        source.object(5018)?;
        self.file(actor, id, Need::Copy, 5014)?;
        let folder = self.destination(actor, container)?;
        let name = if let Some(name) = name {
            check_name(name, 5024)?;
            self.check_free(&folder.id, name, 5003)?;
            name.to_owned()
        } else {
            Self::free_name(folder, &source.name)
        };
        let now = self.clock.timestamp();
        let copy = FileNode {
            name,
            project: folder.project.clone(),
            parent: Some(folder.id.clone()),
            created: now,
            modified: now,
            id: String::new(),
            origin_dataset: source.dataset().map(str::to_owned).or_else(|| source.origin_dataset.clone()),
            ..source.clone()
        };
        let id = self.insert(copy);
        self.files.get(&id).ok_or(ApiError::new(5007))
    }

    /// Moves a file to another folder of its project, optionally with another name.
    pub(crate) fn move_file(
        &mut self,
        actor: &str,
        id: &str,
        parent: &str,
        name: Option<&str>,
    ) -> Outcome<&FileNode> {
        let file = self.file(actor, id, Need::Write, 5032)?;
        file.object(5033)?;
        let folder = self.destination(actor, Container::Folder(parent))?;
        if folder.project != file.project {
            return Err(ApiError::new(5015));
        }
        let name = name.unwrap_or(&file.name).to_owned();
        check_name(&name, 5024)?;
        let (from, old) = (file.name.clone(), file.parent.clone().unwrap_or_default());
        if (&name, parent) != (&from, &old) {
            self.check_free(parent, &name, 5003)?;
            self.relink(id, &from, &old, &name, parent)?;
        }
        let now = self.clock.timestamp();
        let file = self.file_mut(id)?;
        file.modified = now;
        Ok(file)
    }

    /// Deletes a file or an empty folder.
    pub(crate) fn delete_file(&mut self, actor: &str, id: &str) -> Outcome<()> {
        let file = self.file(actor, id, Need::Write, 5001)?;
        match &file.content {
            Content::Folder(children) if !children.is_empty() => return Err(ApiError::new(5021)),
            Content::Folder(_) if file.parent.is_none() => {
                return Err(ApiError::new(5001).detail("The root folder of a project cannot be deleted."));
            }
            _ => {}
        }
        self.remove(id);
        Ok(())
    }

    /// A signed URL to read a file.
    pub(crate) fn download_url(
        &mut self,
        actor: &str,
        id: &str,
        lifetime: std::time::Duration,
    ) -> Outcome<String> {
        let file = self.file(actor, id, Need::Read, 5001)?;
        let (key, object) = file.object(5017)?;
        self.file(actor, id, Need::Copy, 5001)?;
        if !self.is_available(file) {
            return Err(ApiError::new(5034));
        }
        let (url, size, project) = (self.store.read_url(key, lifetime), object.size(), file.project.clone());
        self.charge_download(actor, &project, size);
        Ok(url)
    }

    /// Replaces the object of a key, for all files that share it.
    pub(crate) fn replace_object(&mut self, key: &str, object: Object) -> Arc<Object> {
        let object = self.store.keep(object);
        for file in self.files.values_mut() {
            if let Content::File { key: shown, object: present } = &mut file.content
                && shown == key
            {
                *present = Arc::clone(&object);
            }
        }
        self.store.publish(key, &object);
        object
    }

    /// Replaces the content of a file in place: its id and URLs stay. Returns false if it does not exist.
    pub(crate) fn replace_content(&mut self, id: &str, object: Object) -> bool {
        let Some((key, present)) = self.files.get(id).and_then(|file| file.object(5017).ok()) else {
            return false;
        };
        let (key, object) = (key.to_owned(), object.younger_than(present));
        self.replace_object(&key, object);
        true
    }

    /// The object of a file, for tests.
    pub(crate) fn object_of(&self, id: &str) -> Option<Arc<Object>> {
        self.files.get(id)?.object(5017).ok().map(|(_, object)| Arc::clone(object))
    }
}

/// Names have no slash and at most 255 characters.
pub(crate) fn check_name(name: &str, code: u32) -> Outcome<()> {
    if name.is_empty() || name.contains('/') || name.chars().count() > 255 {
        return Err(ApiError::new(code).detail("A name has 1 to 255 characters and no slash."));
    }
    Ok(())
}

/// Metadata values are strings or lists of strings; numbers and booleans become strings, null removes the key.
pub(super) fn checked_metadata(
    mut present: Map<String, Value>,
    changes: &Map<String, Value>,
) -> Outcome<Map<String, Value>> {
    for (key, value) in changes {
        if key.trim().is_empty() {
            return Err(ApiError::new(5035));
        }
        if key.len() > MAX_METADATA_KEY {
            let reason = format_args!("A key has at most {MAX_METADATA_KEY} bytes.");
            return Err(ApiError::new(5006).detail(reason));
        }
        match value {
            Value::Null => {
                present.shift_remove(key);
            }
            Value::Array(items) => {
                let items = items.iter().map(scalar).collect::<Outcome<Vec<Value>>>()?;
                present.insert(key.clone(), Value::Array(items));
            }
            value => {
                present.insert(key.clone(), scalar(value)?);
            }
        }
    }
    if present.len() > MAX_METADATA {
        return Err(ApiError::new(5006).detail(format_args!("A file has at most {MAX_METADATA} pairs.")));
    }
    Ok(present)
}

fn scalar(value: &Value) -> Outcome<Value> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        _ => return Err(ApiError::new(5006)),
    };
    if text.len() > MAX_METADATA_VALUE {
        let reason = format_args!("A value has at most {MAX_METADATA_VALUE} bytes.");
        return Err(ApiError::new(5006).detail(reason));
    }
    Ok(Value::String(text))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn metadata_merge_removes_null_keys() {
        let check = |changes: Value, expected: Outcome<Value>| {
            let present = json!({"sample_id": "S1", "library_id": "L1"});
            let merged = checked_metadata(present.as_object().unwrap().clone(), changes.as_object().unwrap());
            assert_eq!(merged.map(Value::Object), expected);
        };
        check(json!({}), Ok(json!({"sample_id": "S1", "library_id": "L1"})));
        check(json!({"sample_id": null, "x": 3}), Ok(json!({"library_id": "L1", "x": "3"})));
        check(json!({"sample_id": ["a", "b"]}), Ok(json!({"sample_id": ["a", "b"], "library_id": "L1"})));
        check(json!({"x": {"deep": 1}}), Err(ApiError::new(5006)));
        check(json!({" ": "x"}), Err(ApiError::new(5035)));
        let too_long = |most: usize, what: &str| {
            Err(ApiError::new(5006).detail(format_args!("A {what} has at most {most} bytes.")))
        };
        check(json!({"x": "v".repeat(301)}), too_long(300, "value"));
        check(json!({"k".repeat(101): "x"}), too_long(100, "key"));
        let many: Map<String, Value> = (0..999).map(|number| (format!("k{number}"), json!("v"))).collect();
        check(many.into(), Err(ApiError::new(5006).detail("A file has at most 1000 pairs.")));
    }

    #[test]
    fn destination_is_one_project_or_folder() {
        let code = |project, parent| Container::of(project, parent).map_err(|error| error.code).err();
        assert_eq!(code(Some("a/b"), None), None);
        assert_eq!(code(None, Some("1")), None);
        assert_eq!(code(Some("a/b"), Some("1")), Some(5031));
        assert_eq!(code(None, None), Some(5029));
        assert_eq!(code(Some("ab"), None), Some(5005));
        assert_eq!(code(Some("a/b/c"), None), Some(5005));
    }

    #[test]
    fn file_names_are_validated() {
        let check = |name: &str| check_name(name, 5024).is_ok();
        assert!(check("a b (1).fastq.gz"));
        assert!(check(&"é".repeat(255)));
        assert!(!check(&"a".repeat(256)));
        assert!(!check("a/b"));
        assert!(!check(""));
    }
}
