//! The settings of an emulator.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use crate::objects::{flavor::StorageFlavor, profile::StorageProfile, quirk::StorageQuirk};

/// What [`Builder`](crate::Builder) collects.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "these are switches that have nothing to do with each other"
)]
pub(crate) struct Config {
    pub(crate) listen: SocketAddr,
    pub(crate) storage_listen: Option<SocketAddr>,
    pub(crate) token: Option<String>,
    pub(crate) rate_limit: u32,
    pub(crate) url_lifetime: Duration,
    pub(crate) part_size: u64,
    pub(crate) min_part_size: u64,
    pub(crate) latency: Duration,
    pub(crate) bandwidth: Option<u64>,
    pub(crate) record: bool,
    pub(crate) strict: bool,
    /// Whether the console is served, if that was set.
    pub(crate) console: Option<bool>,
    /// The reference of the API that is served at `/docs`.
    pub(crate) docs: Option<PathBuf>,
    pub(crate) traffic: Option<PathBuf>,
    pub(crate) state_time: Duration,
    pub(crate) clock_behind: Duration,
    pub(crate) volume_folders: Vec<(String, PathBuf)>,
    pub(crate) demo: bool,
    pub(crate) tls: bool,
    pub(crate) data: Option<PathBuf>,
    pub(crate) discard_uploads: bool,
    /// The flavor that was set, and the one to use if none was.
    pub(crate) storage: Option<StorageFlavor>,
    pub(crate) default_storage: StorageFlavor,
    pub(crate) quirks: Vec<StorageQuirk>,
}

impl Config {
    /// How the object store behaves.
    pub(crate) fn storage_profile(&self) -> StorageProfile {
        StorageProfile::new(self.storage.unwrap_or(self.default_storage), &self.quirks)
    }
}
