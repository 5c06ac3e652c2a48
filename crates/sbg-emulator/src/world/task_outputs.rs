//! Destinations of task outputs: folders of the project, or a volume.

use jiff::Timestamp;
use serde_json::Value;

use super::{
    World,
    files::{Alias, check_name},
    permissions::Need,
    tasks::Task,
};
use crate::objects::object::Object;

/// The prefix of paths on volumes.
const VOLUMES: &str = "volumes://";

impl World {
    /// Writes an output to its destination and returns the id of the file. The error is the message of the failed task.
    pub(super) fn place_output(
        &mut self,
        task: &Task,
        port: &str,
        name: &str,
        object: Object,
        at: Timestamp,
    ) -> Result<String, String> {
        let path = output_path(task, port).unwrap_or_default();
        let Some(rest) = path.strip_prefix(VOLUMES) else {
            let folder = self.output_folder(task, &path, at)?;
            return Ok(self.add_output(task, &folder, name, object));
        };
        let actor = task.executed_by.as_deref().unwrap_or_default();
        let (volume, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let named =
            self.volumes.values().filter(|known| known.name == volume && known.active && known.writable);
        let ids: Vec<String> = named.map(|known| known.id.clone()).collect();
        let volume = ids.into_iter().find_map(|id| self.volume(actor, &id, Need::Write).ok().cloned());
        let volume = volume.ok_or_else(|| format!("The volume of `{path}` cannot be written to."))?;
        let alias = setting(task, "main_location_alias").map(|path| filled(path, task)).unwrap_or_default();
        let folder = self.output_folder(task, &alias, at)?;
        let file = self.add_output(task, &folder, name, object);
        let stored = self.files.get(&file).and_then(|file| {
            Some((format!("{}/{}", prefix.trim_matches('/'), file.name), file.object(5017).ok()?.1.clone()))
        });
        if let Some((location, object)) = stored {
            let location = location.trim_start_matches('/').to_owned();
            let key = volume.service.key(&location);
            let written = self.bucket_mut(&volume.service.bucket).put(&key, &object);
            written.map_err(|error| format!("`{location}` cannot be written to the volume: {error}."))?;
            if let Ok(file) = self.file_mut(&file) {
                file.alias = Some(Alias { volume: volume.id, location });
            }
        }
        Ok(file)
    }

    fn add_output(&mut self, task: &Task, folder: &str, name: &str, object: Object) -> String {
        let name = self.files.get(folder).map_or(name.to_owned(), |folder| Self::free_name(folder, name));
        self.add_file(&task.project, folder, &name, object)
    }

    /// A folder of the project by its path; missing folders are created.
    fn output_folder(&mut self, task: &Task, path: &str, at: Timestamp) -> Result<String, String> {
        let project = self.projects.get(&task.project).ok_or("The project is gone.")?;
        let mut folder = project.root_folder.clone();
        for step in path.split('/').filter(|step| !step.is_empty()) {
            let in_the_way = self.child(&folder, step).is_some_and(|child| !child.is_folder());
            if in_the_way || check_name(step, 5024).is_err() {
                return Err(format!("There cannot be a folder `{path}`."));
            }
            folder = self.ensure_folder(&task.project, &folder, step, at);
        }
        Ok(folder)
    }
}

/// The path for an output in the settings: its own, or that of all outputs.
fn output_path(task: &Task, port: &str) -> Option<String> {
    let own = || {
        let nodes = task.output_location.as_ref()?.get("nodes_location")?;
        nodes.get(port)?.get("output_location")?.as_str()
    };
    let overrides = task.output_location.as_ref().and_then(|place| place.get("nodes_override")?.as_bool());
    let own = if overrides == Some(true) { own() } else { None };
    own.or_else(|| setting(task, "main_location")).map(|path| filled(path, task))
}

fn setting<'a>(task: &'a Task, name: &str) -> Option<&'a str> {
    task.output_location.as_ref()?.get(name).and_then(Value::as_str)
}

/// Replaces the tokens in angle brackets. Slashes in names would be folders.
fn filled(path: &str, task: &Task) -> String {
    path.replace("<task_id>", &task.id).replace("<task_name>", &task.name.replace('/', "_"))
}
