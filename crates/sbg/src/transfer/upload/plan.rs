//! What to upload, where it goes, and what is said of its parts.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::transfer::local::source_file::Source;

/// What to upload, and how.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) source: Arc<Source>,
    pub(super) name: String,
    pub(super) destination: Destination,
    pub(super) part_size: u64,
    pub(super) endpoint: String,
}

/// Where the file goes, and with it which calls bring it there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::transfer) enum Destination {
    /// To a project or into a folder.
    Place { project: Option<String>, folder: Option<String>, overwrite: bool },
    /// To an automation, as the code of a package.
    Automation { id: String },
}

impl Destination {
    /// Whether a file of the same name is replaced.
    pub(super) fn overwrites(&self) -> bool {
        matches!(self, Self::Place { overwrite: true, .. })
    }
}

/// What the storage answered to a part, as the platform wants to hear it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Report {
    pub(super) part: i32,
    pub(super) headers: BTreeMap<String, String>,
}

/// A part that the storage has confirmed.
#[derive(Clone, Debug)]
pub(super) struct Confirmed {
    pub(super) report: Report,
    /// Whether the platform was told.
    pub(super) reported: bool,
}
