//! Exports: files of the platform are written to a volume, where their bytes stay.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    World,
    buckets::is_key,
    files::Alias,
    ids::PUBLIC_PROJECT,
    imports::{JobState, Progress},
    permissions::Need,
    scheduler::Step,
    service::checked_properties,
};
use crate::{
    error::{ApiError, Outcome},
    json_object::JsonObject,
};

/// An export.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Export {
    pub(crate) progress: Progress,
    pub(crate) file: String,
    pub(crate) volume: String,
    pub(crate) location: String,
    pub(crate) overwrite: bool,
    /// Whether the file on the platform stays unchanged.
    pub(crate) copy_only: bool,
    pub(crate) properties: Map<String, Value>,
}

impl World {
    /// Starts an export and returns its id.
    pub(crate) fn start_export(
        &mut self,
        actor: &str,
        body: JsonObject<'_>,
        copy_only: bool,
    ) -> Outcome<String> {
        let syntax = |reason: &str| ApiError::new(9011).detail(reason);
        let source = body.object("source")?.ok_or_else(|| syntax("`source` is required."))?;
        let destination = body.object("destination")?.ok_or_else(|| syntax("`destination` is required."))?;
        let file = source.required("file", 9011)?;
        self.check_exportable(actor, file, copy_only)?;
        let volume = self.active_volume(actor, destination.required("volume", 9011)?, Need::Write)?;
        if !volume.writable {
            return Err(ApiError::new(9026));
        }
        let location = destination.required("location", 9011)?;
        if location.ends_with('/') {
            return Err(ApiError::new(9072));
        }
        if !is_key(location) {
            return Err(syntax("`location` is not a valid path."));
        }
        let mut properties = match volume.service.shown() {
            Value::Object(mut service) => match service.remove("properties") {
                Some(Value::Object(properties)) => properties,
                _ => Map::new(),
            },
            _ => Map::new(),
        };
        properties.extend(checked_properties(body.object("properties")?.map(JsonObject::map))?);
        let export = Export {
            file: file.to_owned(),
            volume: volume.id.clone(),
            location: location.to_owned(),
            overwrite: body.flag("overwrite")?.unwrap_or(false),
            copy_only,
            properties,
            progress: self.new_progress(actor),
        };
        let id = export.progress.id.clone();
        self.scheduler.next(export.progress.started, Step::Export(id.clone()));
        self.exports.insert(id.clone(), export);
        Ok(id)
    }

    /// Refuses files whose bytes are not stored on the platform, public files, and files without permission.
    fn check_exportable(&self, actor: &str, id: &str, copy_only: bool) -> Outcome<()> {
        let file = self.file(actor, id, Need::Copy, 9004).map_err(|error| match error.code {
            5002 => ApiError::new(9009),
            _ => error,
        })?;
        if file.is_folder() || file.alias.is_some() || file.project == PUBLIC_PROJECT {
            return Err(ApiError::new(9006));
        }
        if !copy_only {
            self.file(actor, id, Need::Write, 9004)?;
        }
        Ok(())
    }

    /// The exports that a user has started, the latest first.
    pub(crate) fn list_exports(&self, actor: &str, keep: impl Fn(&Export) -> bool) -> Vec<&Export> {
        let own = self.exports.values().filter(|export| export.progress.owner == actor);
        let mut exports: Vec<&Export> = own.filter(|export| keep(export)).collect();
        exports.sort_by_key(|export| std::cmp::Reverse(export.progress.serial));
        exports
    }

    /// An export of the actor.
    pub(crate) fn export(&self, actor: &str, id: &str) -> Outcome<&Export> {
        let export = self.exports.get(id).ok_or(ApiError::new(9008))?;
        if export.progress.owner == actor { Ok(export) } else { Err(ApiError::new(9005)) }
    }

    pub(super) fn step_export(&mut self, id: &str, at: Timestamp) {
        let Some(export) = self.exports.get_mut(id) else { return };
        match export.progress.state {
            JobState::Pending => {
                export.progress.state = JobState::Running;
                self.scheduler.next(at, Step::Export(id.to_owned()));
            }
            JobState::Running => {
                let export = export.clone();
                let outcome = self.carry_out(&export);
                if let Some(export) = self.exports.get_mut(id) {
                    export.progress.finish(at, outcome);
                }
            }
            JobState::Completed | JobState::Failed => {}
        }
    }

    /// Writes the bytes of an export and returns the id of its file.
    fn carry_out(&mut self, export: &Export) -> Outcome<String> {
        let actor = &export.progress.owner;
        let volume = self.active_volume(actor, &export.volume, Need::Write)?;
        if !volume.writable {
            return Err(ApiError::new(9101));
        }
        let (bucket, key) = (volume.service.bucket.clone(), volume.service.key(&export.location));
        let file = self.files.get(&export.file).ok_or(ApiError::new(9106))?;
        if file.alias.is_some() {
            return Err(ApiError::new(9006));
        }
        let object = Arc::clone(file.object(9006)?.1);
        let bucket = self.bucket_mut(&bucket);
        if bucket.contains(&key) && !export.overwrite {
            return Err(ApiError::new(9107));
        }
        bucket.put(&key, &object).map_err(|error| ApiError::new(9100).detail(error))?;
        if !export.copy_only
            && let Some(file) = self.files.get(&export.file).cloned()
        {
            self.settle_storage(&file);
            if let Ok(file) = self.file_mut(&export.file) {
                file.alias = Some(Alias { volume: export.volume.clone(), location: export.location.clone() });
            }
        }
        Ok(export.file.clone())
    }
}
