//! Projects: owners, names and settings.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    World,
    files::FileNode,
    ids::{PUBLIC_PROJECT, is_uuid, short_name},
    members::{Members, Shared},
    permissions::{Need, Permissions},
};
use crate::{
    error::{ApiError, Outcome},
    json_object::boolean,
};

/// A project.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Project {
    /// `owner/short-name`; it never changes.
    pub(crate) id: String,
    pub(crate) owner: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) tags: Vec<String>,
    pub(crate) settings: Map<String, Value>,
    pub(crate) root_folder: String,
    pub(crate) billing_group: String,
    pub(crate) created: Timestamp,
    pub(crate) modified: Timestamp,
    /// By username, team id or division id.
    pub(crate) members: Members,
}

/// The properties of a new project, or the changes of an edit.
#[derive(Debug, Default)]
pub(crate) struct ProjectEdit {
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) billing_group: Option<String>,
    pub(crate) tags: Option<Vec<String>>,
    /// Merged into the current settings.
    pub(crate) settings: Option<Map<String, Value>>,
}

/// Which projects a list contains.
#[derive(Debug, Default)]
pub(crate) struct ProjectFilter {
    pub(crate) owner: Option<String>,
    /// Part of the name, in any case.
    pub(crate) name: Option<String>,
    /// All of these.
    pub(crate) tags: Vec<String>,
}

impl World {
    /// The projects that a user is a member of, in the order of their ids.
    pub(crate) fn list_projects(&self, actor: &str, filter: &ProjectFilter) -> Vec<&Project> {
        let name = filter.name.as_deref().map(str::to_lowercase);
        self.projects
            .values()
            .filter(|project| self.granted(&project.members, actor).is_some())
            .filter(|project| filter.owner.as_ref().is_none_or(|owner| *owner == project.owner))
            .filter(|project| name.as_deref().is_none_or(|name| project.name.to_lowercase().contains(name)))
            .filter(|project| filter.tags.iter().all(|tag| project.tags.contains(tag)))
            .collect()
    }

    /// A project for an action that needs a permission.
    pub(crate) fn project(&self, actor: &str, id: &str, need: Need) -> Outcome<&Project> {
        let project = self.projects.get(id).ok_or(ApiError::new(3002))?;
        let allowed = self.access(project, actor).is_some_and(|permissions| permissions.allow(need));
        if allowed { Ok(project) } else { Err(ApiError::new(3001)) }
    }

    pub(super) fn project_mut(&mut self, id: &str) -> Outcome<&mut Project> {
        self.projects.get_mut(id).ok_or(ApiError::new(3002))
    }

    /// The permissions of a user in a project, directly, through teams and through divisions. `None` without any.
    pub(crate) fn access(&self, project: &Project, actor: &str) -> Option<Permissions> {
        let granted = self.granted(&project.members, actor);
        if project.id == PUBLIC_PROJECT {
            return Some(
                granted.unwrap_or_default().union(Permissions { copy: true, ..Permissions::default() }),
            );
        }
        granted
    }

    /// Creates a project of the actor.
    pub(crate) fn create_project(&mut self, actor: &str, edit: ProjectEdit) -> Outcome<&Project> {
        let name = edit.name.filter(|name| !name.trim().is_empty()).ok_or(ApiError::new(3007))?;
        let billing_group = match edit.billing_group {
            Some(id) => self.usable_billing_group(actor, &id)?,
            None => self.first_billing_group(actor).ok_or(ApiError::new(3008))?,
        };
        let mut settings = default_settings();
        merge_settings(&mut settings, edit.settings.unwrap_or_default())?;
        let id = format!("{actor}/{}", short_name(&name));
        if self.projects.contains_key(&id) {
            return Err(ApiError::new(3003));
        }
        let now = self.clock.timestamp();
        let root_name = self.ids.uuid();
        let root = FileNode::folder(self.ids.file(), &root_name, &id, None, now);
        let project = Project {
            root_folder: root.id.clone(),
            owner: actor.to_owned(),
            name,
            description: edit.description.unwrap_or_default(),
            tags: edit.tags.unwrap_or_default(),
            settings,
            billing_group,
            created: now,
            modified: now,
            members: Members::new(Shared::Project, actor),
            id: id.clone(),
        };
        self.files.insert(root.id.clone(), root);
        Ok(self.projects.entry(id).or_insert(project))
    }

    /// Changes a project: the description needs write permission, the rest an administrator.
    pub(crate) fn edit_project(&mut self, actor: &str, id: &str, edit: ProjectEdit) -> Outcome<&Project> {
        let administers = edit.name.is_some()
            || edit.billing_group.is_some()
            || edit.tags.is_some()
            || edit.settings.is_some();
        let project = self.project(actor, id, if administers { Need::Admin } else { Need::Write })?;
        if edit.name.as_ref().is_some_and(|name| name.trim().is_empty()) {
            return Err(ApiError::new(3007));
        }
        let mut settings = project.settings.clone();
        merge_settings(&mut settings, edit.settings.unwrap_or_default())?;
        let billing_group = match edit.billing_group {
            Some(group) => self.usable_billing_group(actor, &group)?,
            None => project.billing_group.clone(),
        };
        let now = self.clock.timestamp();
        let project = self.project_mut(id)?;
        if let Some(name) = edit.name {
            project.name = name;
        }
        if let Some(description) = edit.description {
            project.description = description;
        }
        if let Some(tags) = edit.tags {
            project.tags = tags;
        }
        project.settings = settings;
        project.billing_group = billing_group;
        project.modified = now;
        Ok(project)
    }

    /// Deletes a project with its content.
    pub(crate) fn delete_project(&mut self, actor: &str, id: &str) -> Outcome<()> {
        self.project(actor, id, Need::Admin)?;
        let files: Vec<_> = self.files.extract_if(|_, file| file.project == id).collect();
        for (_, file) in &files {
            self.settle_storage(file);
        }
        drop(files);
        let tasks: Vec<String> =
            self.tasks.values().filter(|task| task.project == id).map(|task| task.id.clone()).collect();
        for task in tasks {
            self.tasks.remove(&task);
        }
        self.apps.retain(|_, app| app.project != id);
        self.projects.remove(id);
        let (gone, kept) =
            std::mem::take(&mut self.uploads).into_iter().partition(|(_, upload)| upload.project == id);
        self.uploads = kept;
        for upload in std::collections::BTreeMap::into_keys(gone) {
            self.store.close_upload(&upload);
        }
        self.store.sweep();
        Ok(())
    }

    fn first_billing_group(&self, actor: &str) -> Option<String> {
        self.billing_groups.iter().find(|group| group.owner == actor).map(|group| group.id.clone())
    }

    fn usable_billing_group(&self, actor: &str, id: &str) -> Outcome<String> {
        if !is_uuid(id) {
            return Err(ApiError::new(4005));
        }
        let group = self.billing_groups.iter().find(|group| group.id == id).ok_or(ApiError::new(4002))?;
        if group.owner == actor { Ok(group.id.clone()) } else { Err(ApiError::new(4006)) }
    }
}

fn default_settings() -> Map<String, Value> {
    let settings = json!({
        "locked": false,
        "controlled": false,
        "location": "aws:us-east-1",
        "use_interruptible_instances": true,
        "use_memoization": false,
        "use_elastic_disk": false,
        "intermediate_files": { "retention": "LIMITED", "duration": 24 },
    });
    if let Value::Object(settings) = settings { settings } else { Map::new() }
}

fn merge_settings(present: &mut Map<String, Value>, changes: Map<String, Value>) -> Outcome<()> {
    for (key, value) in changes {
        let value = match (key.as_str(), value) {
            (_, Value::Null) => continue,
            (
                "locked"
                | "controlled"
                | "use_interruptible_instances"
                | "use_memoization"
                | "use_elastic_disk"
                | "allow_network_access",
                value,
            ) if boolean(&value).is_some() => boolean(&value).into(),
            ("location", value @ Value::String(_)) => value,
            ("intermediate_files", Value::Object(files)) => intermediate_files(present, &files)?,
            (
                "locked"
                | "controlled"
                | "location"
                | "use_interruptible_instances"
                | "use_memoization"
                | "use_elastic_disk"
                | "allow_network_access"
                | "intermediate_files",
                _,
            ) => return Err(ApiError::bad_request(format_args!("`settings.{key}` has the wrong type."))),
            // Settings of particular environments are kept unchanged.
            (_, value) => value,
        };
        present.insert(key, value);
    }
    Ok(())
}

fn intermediate_files(present: &Map<String, Value>, changes: &Map<String, Value>) -> Outcome<Value> {
    let mut files = present.get("intermediate_files").cloned().unwrap_or_else(|| json!({}));
    match changes.get("duration") {
        None | Some(Value::Null) => {}
        Some(duration) if duration.as_u64().is_some_and(|hours| (1..=120).contains(&hours)) => {
            files["duration"] = duration.clone();
        }
        Some(_) => {
            return Err(ApiError::bad_request(
                "`settings.intermediate_files.duration` must be between 1 and 120.",
            ));
        }
    }
    match changes.get("retention").map(Value::as_str) {
        None | Some(Some("LIMITED")) => Ok(files),
        Some(_) => Err(ApiError::bad_request("`settings.intermediate_files.retention` must be LIMITED.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn project_settings_are_merged_and_validated() {
        let mut settings = default_settings();
        let changes =
            json!({"locked": true, "use_memoization": "true", "intermediate_files": {"duration": 48}});
        merge_settings(&mut settings, changes.as_object().unwrap().clone()).unwrap();
        assert_eq!(settings["locked"], true);
        assert_eq!(settings["use_memoization"], true);
        assert_eq!(settings["intermediate_files"], json!({"retention": "LIMITED", "duration": 48}));
        let wrong =
            |changes: Value| merge_settings(&mut default_settings(), changes.as_object().unwrap().clone());
        assert!(wrong(json!({"locked": "yes"})).is_err());
        assert!(wrong(json!({"intermediate_files": {"duration": 121}})).is_err());
        assert!(wrong(json!({"intermediate_files": 3})).is_err());
    }
}
