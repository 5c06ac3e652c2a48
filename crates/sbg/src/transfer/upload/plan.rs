//! What to upload, its destination, and the reports of its parts.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::transfer::local::source_file::SourceFile;

/// What to upload, and how.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) source: Arc<SourceFile>,
    pub(super) name: String,
    pub(super) destination: UploadDestination,
    pub(super) part_size: u64,
    pub(super) endpoint: String,
}

/// The destination, which also decides which API calls are used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::transfer) enum UploadDestination {
    /// To a project or into a folder. Journals have the name that version 0.1.0 used.
    #[serde(rename = "Place")]
    Files { project: Option<String>, folder: Option<String>, overwrite: bool },
    /// To an automation, as the code of a package.
    Automation { id: String },
}

impl UploadDestination {
    /// Whether a file of the same name is replaced.
    pub(super) fn overwrites(&self) -> bool {
        matches!(self, Self::Files { overwrite: true, .. })
    }
}

/// The storage's response to a part, in the form that the platform expects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PartReport {
    pub(super) part: i32,
    pub(super) headers: BTreeMap<String, String>,
}

/// A part that the storage has confirmed.
#[derive(Clone, Debug)]
pub(super) struct Confirmed {
    pub(super) report: PartReport,
    /// Whether it was reported to the platform.
    pub(super) reported: bool,
}
