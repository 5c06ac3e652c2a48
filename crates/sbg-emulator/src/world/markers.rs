//! Markers: named positions on the genome in a file.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{World, permissions::Need};
use crate::{
    error::{ApiError, Outcome},
    json_object::JsonObject,
};

/// A marker.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Marker {
    pub(crate) id: String,
    serial: u64,
    pub(crate) file: String,
    pub(crate) name: String,
    pub(crate) chromosome: String,
    pub(crate) start: u64,
    pub(crate) end: u64,
    /// Whether it is visible to its creator only.
    pub(crate) private: bool,
    pub(crate) created: Timestamp,
    pub(crate) created_by: String,
}

impl World {
    /// The visible markers of a file.
    pub(crate) fn list_markers(&self, actor: &str, file: &str) -> Outcome<Vec<&Marker>> {
        self.file(actor, file, Need::Read, 5001)?;
        let of_file = self.markers.values().filter(|marker| marker.file == file);
        let mut markers: Vec<&Marker> =
            of_file.filter(|marker| !marker.private || marker.created_by == actor).collect();
        markers.sort_by_key(|marker| marker.serial);
        Ok(markers)
    }

    /// A visible marker.
    pub(crate) fn marker(&self, actor: &str, id: &str) -> Outcome<&Marker> {
        let marker = self.markers.get(id).ok_or(ApiError::new(90003))?;
        self.file(actor, &marker.file, Need::Read, 5001)?;
        if marker.private && marker.created_by != actor {
            return Err(ApiError::new(90002));
        }
        Ok(marker)
    }

    /// Marks a position in a file and returns the id of the marker.
    pub(crate) fn create_marker(&mut self, actor: &str, body: JsonObject<'_>) -> Outcome<String> {
        let file = body.required("file", 5004)?;
        let node = self.file(actor, file, Need::Write, 5001)?;
        if node.is_folder() {
            return Err(ApiError::bad_request("A folder cannot be marked."));
        }
        let (start, end) = position(body, None)?;
        let mut marker = Marker {
            id: String::new(),
            serial: self.jobs_made,
            file: file.to_owned(),
            name: body.required("name", 90000)?.to_owned(),
            chromosome: body.required("chromosome", 90000)?.to_owned(),
            start,
            end,
            private: body.flag("private")?.unwrap_or(false),
            created: self.clock.timestamp(),
            created_by: actor.to_owned(),
        };
        marker.id = self.ids.file();
        self.jobs_made += 1;
        let id = marker.id.clone();
        self.markers.insert(id.clone(), marker);
        Ok(id)
    }

    /// Changes a marker.
    pub(crate) fn edit_marker(&mut self, actor: &str, id: &str, body: JsonObject<'_>) -> Outcome<()> {
        let mut marker = self.own_marker(actor, id)?.clone();
        (marker.start, marker.end) = position(body, Some((marker.start, marker.end)))?;
        for (name, text) in [("name", &mut marker.name), ("chromosome", &mut marker.chromosome)] {
            if body.value(name).is_some() {
                body.required(name, 90000)?.clone_into(text);
            }
        }
        self.markers.insert(id.to_owned(), marker);
        Ok(())
    }

    /// Deletes a marker.
    pub(crate) fn delete_marker(&mut self, actor: &str, id: &str) -> Outcome<()> {
        self.own_marker(actor, id)?;
        self.markers.remove(id);
        Ok(())
    }

    /// A marker that the actor may change.
    fn own_marker(&self, actor: &str, id: &str) -> Outcome<&Marker> {
        let marker = self.marker(actor, id)?;
        self.file(actor, &marker.file, Need::Write, 5001)?;
        Ok(marker)
    }
}

/// The bounds in a body; missing ones are taken from `before`.
fn position(body: JsonObject<'_>, before: Option<(u64, u64)>) -> Outcome<(u64, u64)> {
    let given = body.object("position")?;
    let bound = |name: &str, before: Option<u64>| {
        let value = given.map(|given| given.count(name)).transpose()?.flatten();
        value.or(before).ok_or_else(|| ApiError::bad_request(format_args!("`position.{name}` is required.")))
    };
    let (start, end) =
        (bound("start", before.map(|bounds| bounds.0))?, bound("end", before.map(|bounds| bounds.1))?);
    if start > end {
        return Err(ApiError::bad_request("`position.start` must not be after `position.end`."));
    }
    Ok((start, end))
}
