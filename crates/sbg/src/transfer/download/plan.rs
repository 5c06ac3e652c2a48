//! What to download, and how.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use crate::error::{Error, ErrorKind, Result};
use crate::transfer::digest::{Algorithm, Digest};
use crate::transfer::local::folder::Folder;

/// What to download, and how.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) file_id: String,
    /// Names the file among those of all platforms.
    pub(super) source: String,
    pub(super) path: PathBuf,
    /// The folder in which the path lies, and out of which nothing leads.
    pub(super) root: Option<Arc<Folder>>,
    pub(super) overwrite: bool,
    pub(super) digests: Vec<Algorithm>,
    pub(super) expected: Vec<Digest>,
    /// The bytes that the file is known to have.
    pub(super) size: Option<u64>,
    /// The time of modification that the local file gets.
    pub(super) modified: Option<SystemTime>,
}

impl Plan {
    /// Refuses an object of another size than the file is known to have.
    pub(super) fn check_size(&self, size: u64) -> Result<()> {
        match self.size {
            Some(expected) if expected != size => {
                let message = format!("the file has {expected} bytes, and the storage has {size} of it");
                Err(Error::new(ErrorKind::Integrity, message))
            }
            _ => Ok(()),
        }
    }
}
