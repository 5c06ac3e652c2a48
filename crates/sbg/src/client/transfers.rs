//! The transfers of a client: their settings, and the engine that runs them.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::tls::Tls;
use super::{Client, ClientBuilder, Shared};
use crate::config::Config;
use crate::error::Result;
use crate::transfer::{self, Engine, KeptUrls};

/// A connection to the object storage is closed after this time without data, or sooner if the read timeout is shorter.
const STORAGE_SILENCE: Duration = Duration::from_secs(30);

/// The settings of transfers.
#[derive(Debug, Default)]
pub(super) struct Transfers {
    download_bandwidth: Option<u64>,
    upload_bandwidth: Option<u64>,
    state_folder: StateFolder,
}

/// Where uploads save their journals.
#[derive(Debug, Default)]
enum StateFolder {
    #[default]
    Default,
    At(PathBuf),
    None,
}

impl ClientBuilder {
    /// Bandwidth limit in bytes per second, shared by all downloads of this client. Unlimited by default.
    ///
    /// ```
    /// let ten_megabytes_a_second = sbg::Client::builder().download_bandwidth(10_000_000);
    /// ```
    pub fn download_bandwidth(mut self, bytes_per_second: u64) -> Self {
        self.transfers.download_bandwidth = Some(bytes_per_second);
        self
    }

    /// Bandwidth limit in bytes per second, shared by all uploads of this client. Unlimited by default.
    ///
    /// ```
    /// let ten_megabytes_a_second = sbg::Client::builder().upload_bandwidth(10_000_000);
    /// ```
    pub fn upload_bandwidth(mut self, bytes_per_second: u64) -> Self {
        self.transfers.upload_bandwidth = Some(bytes_per_second);
        self
    }

    /// Folder for the journals of uploads, which let another process resume them; `None` for none. By default `$XDG_STATE_HOME/sbg` or
    /// `~/.local/state/sbg`, on Windows `%LOCALAPPDATA%\sbg`. It is created when needed, and holds paths, ids and checksums, but no
    /// secrets. If it cannot be used, an upload fails if you set the folder here, and runs without a journal if it is the default.
    ///
    /// It also holds the records of trees and lists, which show the next transfer what has not changed; see
    /// [`Compare`](crate::transfer::Compare).
    ///
    /// The folder must belong to the user and be closed to others (mode 0700, as it is created), because journals are trusted.
    ///
    /// ```
    /// let elsewhere = sbg::Client::builder().state_folder(Some("/scratch/rfranklin/sbg".into()));
    /// let nowhere = sbg::Client::builder().state_folder(None);
    /// ```
    pub fn state_folder(mut self, folder: Option<PathBuf>) -> Self {
        self.transfers.state_folder = folder.map_or(StateFolder::None, StateFolder::At);
        self
    }

    /// The engine; `api` calls the API over its connections.
    pub(super) fn engine(&self, config: &Config, tls: &Tls, api: sbg_raw::Client) -> Result<Arc<Engine>> {
        let Transfers { download_bandwidth, upload_bandwidth, state_folder } = &self.transfers;
        let settings = transfer::Settings {
            idle: self.read_timeout.min(STORAGE_SILENCE),
            download_bandwidth: *download_bandwidth,
            upload_bandwidth: *upload_bandwidth,
            https_only: config.endpoint.url().scheme() == "https",
            state_folder: match state_folder {
                StateFolder::Default => {
                    transfer::default_state_folder().map(|path| transfer::StateFolder::new(path, false))
                }
                StateFolder::At(path) => Some(transfer::StateFolder::new(path.clone(), true)),
                StateFolder::None => None,
            },
        };
        Ok(Arc::new(Engine::new(api, self.storage_client(config, tls)?, settings)))
    }
}

impl Client {
    pub(crate) fn engine(&self) -> Arc<Engine> {
        self.shared.engine.clone()
    }

    pub(crate) fn kept_urls(&self) -> &KeptUrls {
        &self.shared.kept_urls
    }

    /// The same client for work on the threads of the transfer engine: its generated calls use the engine's connections, which keep
    /// working when the caller's runtime is blocked.
    pub(crate) fn on_engine(&self) -> Self {
        let shared = Shared {
            raw: self.shared.engine.api(),
            pipeline: self.shared.pipeline.clone(),
            engine: self.shared.engine.clone(),
            kept_urls: self.shared.kept_urls.clone(),
            endpoint: self.shared.endpoint.clone(),
            drs: self.shared.drs.clone(),
        };
        Self { shared: Arc::new(shared) }
    }
}
