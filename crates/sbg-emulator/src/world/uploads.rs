//! Uploads in parts: start, report parts, complete.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    World,
    files::{AUTOMATION, Container, check_name},
    ids::is_project_id,
    permissions::Need,
};
use crate::{
    error::{ApiError, Outcome},
    json_object::JsonObject,
    objects::{object::Object, profile::PartRules},
};

/// The maximum number of parts of an upload.
const MAX_PARTS: u64 = 10_000;
/// The largest object: 5 TiB.
const MAX_SIZE: u64 = 5 * 1024 * 1024 * 1024 * 1024;
/// The largest part size: the field has 32 bits, so the largest power of two.
const MAX_PART_SIZE: u64 = 1024 * 1024 * 1024;

/// The part sizes of this platform.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PartPolicy {
    pub(crate) default: u64,
    pub(crate) min: u64,
    /// The responses of the storage to parts, which clients have to report.
    pub(crate) rules: PartRules,
}

impl PartPolicy {
    /// The part size of an upload: the requested one if it is possible, and large enough for the limit of parts.
    fn choose(self, wanted: Option<u64>, size: Option<u64>) -> u64 {
        let wanted =
            wanted.filter(|size| (self.min.max(1)..=MAX_PART_SIZE).contains(size)).unwrap_or(self.default);
        size.map_or(wanted, |size| wanted.max(size.div_ceil(MAX_PARTS)))
    }
}

/// An upload in progress.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Upload {
    pub(crate) id: String,
    owner: String,
    pub(crate) project: String,
    folder: String,
    pub(crate) name: String,
    pub(crate) size: Option<u64>,
    pub(crate) part_size: u64,
    pub(crate) initiated: Timestamp,
    overwrite: bool,
    /// Entity tags of the reported parts, without quotes; empty if the storage sends none.
    pub(crate) reported: BTreeMap<u32, String>,
}

impl Upload {
    /// Whether it is code of an automation.
    pub(crate) fn is_code(&self) -> bool {
        self.project.starts_with(AUTOMATION)
    }

    /// The number of parts; at least one, because an empty file may be sent as one empty part.
    pub(super) fn planned_parts(&self) -> u64 {
        self.size.map_or(MAX_PARTS, |size| size.div_ceil(self.part_size).clamp(1, MAX_PARTS))
    }

    fn check_part_number(&self, number: u64) -> Outcome<u32> {
        u32::try_from(number).ok().filter(|_| (1..=self.planned_parts()).contains(&number)).ok_or_else(|| {
            ApiError::new(8012).detail(format_args!("Expected 1 to {}.", self.planned_parts()))
        })
    }

    /// Checks the report of one part: its number and its entity tag.
    fn read_report(&self, rules: &PartRules, report: JsonObject<'_>) -> Outcome<(u32, String)> {
        let number = report.value("part_number").and_then(Value::as_u64).ok_or(ApiError::new(8012))?;
        let number = self.check_part_number(number)?;
        if !rules.etag {
            return Ok((number, String::new()));
        }
        let invalid = || ApiError::new(8014).detail("Expecting `response.headers.ETag`.");
        let headers = report
            .value("response")
            .and_then(|response| response.get("headers"))
            .and_then(Value::as_object)
            .ok_or_else(invalid)?;
        let etag = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("etag")).map(|(_, value)| value);
        let etag = etag.and_then(Value::as_str).ok_or_else(invalid)?;
        Ok((number, etag.trim_matches('"').to_owned()))
    }
}

/// The id of an upload of a file or of code.
#[derive(Clone, Copy, Debug)]
pub(crate) enum UploadId<'a> {
    File(&'a str),
    Code(&'a str),
}

/// The properties of a new upload.
#[derive(Debug)]
pub(crate) struct NewUpload<'a> {
    pub(crate) project: Option<&'a str>,
    pub(crate) parent: Option<&'a str>,
    pub(crate) name: Option<&'a str>,
    pub(crate) size: Option<u64>,
    pub(crate) part_size: Option<u64>,
    pub(crate) overwrite: bool,
}

impl World {
    /// Starts an upload.
    pub(crate) fn init_upload(&mut self, actor: &str, new: &NewUpload<'_>) -> Outcome<&Upload> {
        let name = new.name.ok_or_else(|| ApiError::new(8013).detail("`name` is required."))?;
        check_name(name, 8013)?;
        if new.size.is_some_and(|size| size > MAX_SIZE) {
            return Err(ApiError::new(8013).detail("A file has at most 5 TiB."));
        }
        check_part_size(new.part_size)?;
        let container = match (new.project, new.parent) {
            (Some(project), None) if !is_project_id(project) => return Err(ApiError::new(8010)),
            (project, parent) => Container::of(project, parent)?,
        };
        let folder = self.destination(actor, container)?;
        match self.child(&folder.id, name) {
            Some(present) if present.is_folder() => {
                return Err(ApiError::new(8005).detail("The name belongs to a folder."));
            }
            Some(_) if !new.overwrite => return Err(ApiError::new(8005)),
            _ => {}
        }
        let upload = Upload {
            owner: actor.to_owned(),
            project: folder.project.clone(),
            folder: folder.id.clone(),
            name: name.to_owned(),
            size: new.size,
            part_size: self.part_policy.choose(new.part_size, new.size),
            initiated: self.clock.timestamp(),
            overwrite: new.overwrite,
            reported: BTreeMap::new(),
            id: self.ids.upload(),
        };
        self.store.open_upload(&upload.id);
        Ok(self.uploads.entry(upload.id.clone()).or_insert(upload))
    }

    /// Starts an upload of the code of an automation, which is in no folder.
    pub(crate) fn init_code_upload(
        &mut self,
        actor: &str,
        automation: &str,
        new: &NewUpload<'_>,
    ) -> Outcome<&Upload> {
        self.automation(actor, automation, Need::Write)?;
        let name = new.name.ok_or_else(|| ApiError::new(8013).detail("`name` is required."))?;
        check_name(name, 8013)?;
        if new.size.is_none_or(|size| size == 0 || size > MAX_SIZE) {
            return Err(ApiError::new(8013).detail("`size` must be at least 1, and at most 5 TiB."));
        }
        check_part_size(new.part_size)?;
        let upload = Upload {
            owner: actor.to_owned(),
            project: format!("{AUTOMATION}{automation}"),
            folder: String::new(),
            name: name.to_owned(),
            size: new.size,
            part_size: self.part_policy.choose(new.part_size, new.size),
            initiated: self.clock.timestamp(),
            overwrite: false,
            reported: BTreeMap::new(),
            id: self.ids.upload(),
        };
        self.store.open_upload(&upload.id);
        Ok(self.uploads.entry(upload.id.clone()).or_insert(upload))
    }

    /// The uploads of files that a user has started, the oldest first.
    pub(crate) fn list_uploads(&self, actor: &str) -> Vec<&Upload> {
        let mut uploads: Vec<&Upload> =
            self.uploads.values().filter(|upload| upload.owner == actor && !upload.is_code()).collect();
        uploads.sort_by_key(|upload| upload.initiated);
        uploads
    }

    /// An upload of the actor, who must still have write permission at its destination.
    pub(crate) fn upload(&self, actor: &str, id: UploadId<'_>) -> Outcome<&Upload> {
        let (id, is_code) = match id {
            UploadId::File(id) => (id, false),
            UploadId::Code(id) => (id, true),
        };
        let upload = self.uploads.get(id).filter(|upload| upload.is_code() == is_code);
        let upload = upload.ok_or(ApiError::new(8003))?;
        let writes = self.home(actor, &upload.project, Need::Write).is_ok();
        if upload.owner == actor && writes { Ok(upload) } else { Err(ApiError::new(8001)) }
    }

    fn upload_mut(&mut self, actor: &str, id: UploadId<'_>) -> Outcome<&mut Upload> {
        let id = self.upload(actor, id)?.id.clone();
        self.uploads.get_mut(&id).ok_or(ApiError::new(8003))
    }

    /// Ends an upload and deletes its parts.
    pub(crate) fn abort_upload(&mut self, actor: &str, id: UploadId<'_>) -> Outcome<()> {
        let id = self.upload(actor, id)?.id.clone();
        self.forget_upload(&id);
        Ok(())
    }

    fn forget_upload(&mut self, id: &str) {
        self.uploads.remove(id);
        self.store.close_upload(id);
    }

    /// The URL of a part and its expiry.
    pub(crate) fn part_url(
        &self,
        actor: &str,
        id: UploadId<'_>,
        number: &str,
        lifetime: std::time::Duration,
    ) -> Outcome<(String, Timestamp)> {
        let upload = self.upload(actor, id)?;
        let number = upload.check_part_number(number.parse().map_err(|_| ApiError::new(8012))?)?;
        Ok(self.store.part_url(&upload.id, number, lifetime))
    }

    /// The responses of the storage to parts.
    pub(crate) fn part_rules(&self) -> PartRules {
        self.part_policy.rules
    }

    /// Records a reported part. Whether it really exists is checked on completion.
    pub(crate) fn report_part(
        &mut self,
        actor: &str,
        id: UploadId<'_>,
        report: JsonObject<'_>,
    ) -> Outcome<(u32, String)> {
        let (number, etag) = self.upload(actor, id)?.read_report(&self.part_policy.rules, report)?;
        self.upload_mut(actor, id)?.reported.insert(number, etag.clone());
        Ok((number, etag))
    }

    /// Records several parts: all of them, or none if one report is wrong.
    pub(crate) fn report_parts(
        &mut self,
        actor: &str,
        id: UploadId<'_>,
        body: JsonObject<'_>,
    ) -> Outcome<()> {
        let upload = self.upload(actor, id)?;
        let list = body.value("parts").and_then(Value::as_array).ok_or(ApiError::new(8015))?;
        let reports = list
            .iter()
            .map(|report| {
                let report = JsonObject::of(report).ok_or(ApiError::new(8015))?;
                upload.read_report(&self.part_policy.rules, report)
            })
            .collect::<Outcome<Vec<_>>>()?;
        self.upload_mut(actor, id)?.reported.extend(reports);
        Ok(())
    }

    /// Joins the parts to a file and returns its id. Nothing changes unless all checks pass.
    pub(crate) fn complete_upload(&mut self, actor: &str, id: UploadId<'_>) -> Outcome<String> {
        let upload = self.upload(actor, id)?;
        let object = self.join_parts(upload)?;
        let (project, folder, name) = (upload.project.clone(), upload.folder.clone(), upload.name.clone());
        let id = upload.id.clone();
        if upload.is_code() {
            self.forget_upload(&id);
            return Ok(self.add_hidden_file(&project, &name, object));
        }
        if !self.files.contains_key(&folder) {
            return Err(ApiError::new(8004).detail("The destination folder was deleted."));
        }
        let replaced = match self.child(&folder, &name) {
            Some(present) if present.is_folder() || !upload.overwrite => return Err(ApiError::new(8005)),
            present => present.map(|file| file.id.clone()),
        };
        if let Some(replaced) = replaced {
            self.remove(&replaced);
        }
        self.forget_upload(&id);
        Ok(self.add_file(&project, &folder, &name, object))
    }

    fn join_parts(&self, upload: &Upload) -> Outcome<Object> {
        let failed = |reason: std::fmt::Arguments<'_>| ApiError::new(8007).detail(reason);
        let mut parts = Vec::new();
        for (expected, (&number, etag)) in (1_u32..).zip(&upload.reported) {
            if number != expected {
                return Err(failed(format_args!("Part {expected} is missing.")));
            }
            let part = self.store.part(&upload.id, number);
            let part = part.ok_or_else(|| failed(format_args!("Part {number} has not arrived.")))?;
            if self.part_policy.rules.etag && !part.etag().eq_ignore_ascii_case(etag) {
                return Err(failed(format_args!("Part {number} has another ETag than was reported.")));
            }
            parts.push(part);
        }
        if let Some((_, rest)) = parts.split_last()
            && let Some(small) = rest.iter().position(|part| part.size() < self.part_policy.min)
        {
            return Err(failed(format_args!("Part {} is smaller than the minimum allowed size.", small + 1)));
        }
        let size: u64 = parts.iter().map(|part| part.size()).sum();
        match upload.size {
            Some(declared) if declared != size => {
                Err(failed(format_args!("The parts have {size} bytes, not {declared}.")))
            }
            None if parts.is_empty() => Err(failed(format_args!("No part was reported."))),
            _ => Ok(Object::join(parts.iter().map(AsRef::as_ref), self.clock.timestamp())),
        }
    }
}

/// A part size below the minimum is raised, but an impossible size is refused.
fn check_part_size(wanted: Option<u64>) -> Outcome<()> {
    match wanted {
        Some(size) if !(1..=MAX_PART_SIZE).contains(&size) => {
            Err(ApiError::new(8013)
                .detail(format_args!("`part_size` must be between 1 and {MAX_PART_SIZE}.")))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requested_part_size_is_used_within_limits() {
        const MIB: u64 = 1024 * 1024;
        let policy = PartPolicy { default: 32 * MIB, min: 5 * MIB, ..PartPolicy::default() };
        assert_eq!(policy.choose(None, None), 32 * MIB);
        assert_eq!(policy.choose(Some(8 * MIB), Some(100 * MIB)), 8 * MIB);
        assert_eq!(policy.choose(Some(MIB), None), 32 * MIB);
        assert_eq!(policy.choose(Some(2 * MAX_PART_SIZE), None), 32 * MIB);
        assert_eq!(policy.choose(Some(8 * MIB), Some(MAX_SIZE)), MAX_SIZE.div_ceil(10_000));
    }
}
