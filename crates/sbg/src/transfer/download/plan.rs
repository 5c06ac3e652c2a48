//! What to download, and how.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use crate::error::{Error, ErrorKind, Result};
use crate::transfer::digest::{Algorithm, Digest, VerifiedAgainst};
use crate::transfer::local::folder::Folder;

/// What to download, and how.
#[derive(Debug)]
pub(super) struct Plan {
    /// Identifies the object across all platforms and servers.
    pub(super) source: String,
    pub(super) path: PathBuf,
    /// The folder that the path is confined to.
    pub(super) root: Option<Arc<Folder>>,
    pub(super) overwrite: bool,
    pub(super) digests: Vec<Algorithm>,
    /// Digests that the object must have, and where each comes from.
    pub(super) expected: Vec<(Digest, VerifiedAgainst)>,
    /// The expected size, if known.
    pub(super) size: Option<u64>,
    /// The modification time of the local file.
    pub(super) modified: Option<SystemTime>,
}

impl Plan {
    /// The digests to compute.
    pub(super) fn algorithms(&self) -> impl Iterator<Item = Algorithm> {
        let expected = self.expected.iter().map(|(digest, _)| digest.algorithm());
        self.digests.iter().copied().chain(expected)
    }

    /// Checks the size of the object against the expected one.
    pub(super) fn check_size(&self, size: u64) -> Result<()> {
        match self.size {
            Some(expected) if expected != size => {
                let message =
                    format!("the file has {expected} bytes by its listing, but the storage has {size}");
                Err(Error::new(ErrorKind::Integrity, message))
            }
            _ => Ok(()),
        }
    }
}
