//! The platform's description of an upload in progress. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::transfer::upload::plan::{PartReport, UploadDestination};
use crate::types;

/// An upload in progress, as described by the platform.
#[derive(Clone, Debug, Default)]
pub(super) struct UploadStatus {
    pub(super) upload_id: String,
    pub(super) name: Option<String>,
    pub(super) project: Option<String>,
    pub(super) parent: Option<String>,
    pub(super) size: Option<i64>,
    pub(super) part_size: Option<i64>,
    pub(super) initiated: Option<Timestamp>,
    pub(super) parts_count: Option<i64>,
    /// The reported parts, if the platform lists them.
    pub(super) parts: Vec<PartReport>,
}

fn reported(part: i32, headers: Option<BTreeMap<String, String>>) -> PartReport {
    PartReport { part, headers: headers.unwrap_or_default() }
}

impl From<types::MultipartUpload> for UploadStatus {
    fn from(upload: types::MultipartUpload) -> Self {
        let parts = upload.parts.unwrap_or_default().into_iter();
        let parts = parts.map(|part| reported(part.part_number, part.response.and_then(|said| said.headers)));
        Self {
            parts: parts.collect(),
            upload_id: upload.upload_id,
            name: upload.name,
            project: upload.project,
            parent: upload.parent,
            size: upload.size,
            part_size: upload.part_size,
            initiated: upload.initiated.and_then(|time| time.to_jiff()),
            parts_count: upload.uploaded_parts_count,
        }
    }
}

impl From<types::AutomationUpload> for UploadStatus {
    fn from(upload: types::AutomationUpload) -> Self {
        let parts = upload.parts.unwrap_or_default().into_iter();
        let parts = parts.map(|part| reported(part.part_number, part.response.and_then(|said| said.headers)));
        Self {
            parts: parts.collect(),
            upload_id: upload.upload_id,
            name: upload.name,
            size: upload.size,
            part_size: upload.part_size,
            initiated: upload.initiated.and_then(|time| time.to_jiff()),
            parts_count: upload.uploaded_parts_count,
            ..Self::default()
        }
    }
}

impl UploadStatus {
    /// Whether the platform's description is consistent with an upload to this destination under this name.
    pub(super) fn goes_to(&self, destination: &UploadDestination, name: &str) -> bool {
        let same = |said: &Option<String>, expected: &Option<String>| match (said, expected) {
            (Some(said), Some(expected)) => said.eq_ignore_ascii_case(expected),
            _ => true,
        };
        let matches = match destination {
            // An upload to a project's root may name the root folder, and one to a folder may name its project.
            UploadDestination::Files { project: Some(project), .. } => {
                same(&self.project, &Some(project.clone()))
            }
            UploadDestination::Files { folder, .. } => same(&self.parent, folder),
            UploadDestination::Automation { .. } => self.project.is_none(),
        };
        matches && self.name.as_deref().is_none_or(|said| said == name)
    }

    /// Whether the description is consistent with a file of this size in parts of this size.
    pub(super) fn holds(&self, size: u64, part_size: Option<u64>) -> bool {
        let same =
            |said: Option<i64>, expected: u64| said.is_none_or(|said| u64::try_from(said) == Ok(expected));
        same(self.size, size) && part_size.is_none_or(|part_size| same(self.part_size, part_size))
    }

    /// Whether no part was reported.
    pub(super) fn is_untouched(&self) -> bool {
        self.parts.is_empty() && self.parts_count.unwrap_or(0) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upload_to_another_destination_is_detected() {
        let destination = |project: Option<&str>, folder: Option<&str>| UploadDestination::Files {
            project: project.map(str::to_owned),
            folder: folder.map(str::to_owned),
            overwrite: false,
        };
        let remote = |name: Option<&str>, project: Option<&str>, parent: Option<&str>| UploadStatus {
            name: name.map(str::to_owned),
            project: project.map(str::to_owned),
            parent: parent.map(str::to_owned),
            ..UploadStatus::default()
        };
        let project = destination(Some("rfranklin/demo"), None);
        assert!(remote(Some("a"), Some("rfranklin/demo"), None).goes_to(&project, "a"));
        assert!(remote(None, None, None).goes_to(&project, "a"), "what is not said contradicts nothing");
        assert!(!remote(Some("b"), Some("rfranklin/demo"), None).goes_to(&project, "a"));
        assert!(!remote(Some("a"), Some("rfranklin/other"), None).goes_to(&project, "a"));
        let folder = destination(None, Some("5678"));
        assert!(remote(Some("a"), Some("rfranklin/demo"), Some("5678")).goes_to(&folder, "a"));
        assert!(remote(Some("a"), Some("rfranklin/demo"), None).goes_to(&folder, "a"));
        assert!(!remote(Some("a"), None, Some("1234")).goes_to(&folder, "a"));
        let code = UploadDestination::Automation { id: "1".to_owned() };
        assert!(remote(Some("a"), None, None).goes_to(&code, "a"));
    }

    #[test]
    fn upload_of_another_size_is_detected() {
        let remote = UploadStatus { size: Some(10), part_size: Some(5), ..UploadStatus::default() };
        assert!(remote.holds(10, Some(5)) && remote.holds(10, None));
        assert!(!remote.holds(11, Some(5)) && !remote.holds(10, Some(4)));
        assert!(UploadStatus::default().holds(10, Some(5)));
    }
}
