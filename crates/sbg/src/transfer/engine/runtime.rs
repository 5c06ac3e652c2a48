//! The threads and connections of the transfers of a client.

use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::sync::{Arc, Once, OnceLock};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

use super::bandwidth::Throttle;
use super::concurrency::{Direction, Limiter, Limiters};
use super::platform_clock::PlatformClock;
use super::storage::Storage;
use super::storage::url::host;
use crate::error::{Error, Result};
use crate::transfer::local::descriptors::Descriptors;
use crate::transfer::part_size;

/// Threads that move bytes. Writing to files is done on them, in place: two keep a fast disk and a fast network busy, and more than
/// four bring nothing.
fn threads() -> usize {
    std::thread::available_parallelism().map_or(2, |threads| threads.get().clamp(2, 4))
}

/// Runs transfers apart from the runtime of the caller.
///
/// Connections belong to the runtime on which they were opened, so the engine has pools of its own, for the API as well: a connection
/// that the caller's runtime opened stands still whenever that runtime does.
pub(crate) struct Engine {
    runtime: OnceLock<Runtime>,
    tools: Tools,
}

/// What a transfer works with.
#[derive(Clone, Debug)]
pub(in crate::transfer) struct Tools {
    /// The API, over connections of the engine.
    pub(in crate::transfer) api: sbg_raw::Client,
    /// The object storage. Knows no token.
    pub(in crate::transfer) storage: Storage,
    /// The connections to the storage.
    limiters: Arc<Limiters>,
    /// The bandwidth of downloads.
    pub(in crate::transfer) down: Arc<Throttle>,
    /// The bandwidth of uploads.
    pub(in crate::transfer) up: Arc<Throttle>,
    /// Where the journals of uploads lie. Without it an upload cannot be gone on with by another process.
    pub(in crate::transfer) state_folder: Option<Arc<StateFolder>>,
    /// The files that transfers have open.
    pub(in crate::transfer) descriptors: Arc<Descriptors>,
    /// Whether lock files of killed runs were removed from it.
    pub(in crate::transfer) swept: Arc<Once>,
    /// The time by the clock of the platform.
    pub(in crate::transfer) platform_clock: Arc<PlatformClock>,
    /// Whether the storage must have TLS.
    https_only: bool,
}

impl Tools {
    /// The connections to the storage that an address names.
    pub(in crate::transfer) fn limiter(&self, direction: Direction, url: &str) -> Result<Arc<Limiter>> {
        Ok(self.limiters.get(direction, &host(url, self.https_only)?))
    }

    /// Bytes per second that uploads can expect, as far as that is known.
    pub(in crate::transfer) fn upload_rate(&self) -> Option<f64> {
        part_size::line_rate(self.limiters.upload_rate(), self.up.cap())
    }
}

/// Where the journals of uploads lie.
#[derive(Clone, Debug)]
pub(crate) struct StateFolder {
    pub(crate) path: PathBuf,
    /// Whether the program has named it: then an upload fails where it cannot be used, and otherwise does without it.
    pub(crate) named: bool,
}

/// How the transfers of a client behave, as its builder was told.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// A connection to the storage on which nothing moves for this time is given up.
    pub(crate) idle: Duration,
    /// Most bytes per second of all downloads together.
    pub(crate) download_bandwidth: Option<u64>,
    /// Most bytes per second of all uploads together.
    pub(crate) upload_bandwidth: Option<u64>,
    /// Where the journals of uploads lie.
    pub(crate) state_folder: Option<StateFolder>,
    /// Whether the storage must have TLS.
    pub(crate) https_only: bool,
}

impl Engine {
    pub(crate) fn new(api: sbg_raw::Client, storage: reqwest::Client, settings: Settings) -> Self {
        let tools = Tools {
            api,
            storage: Storage::new(storage, settings.idle),
            limiters: Arc::default(),
            down: Arc::new(Throttle::new(settings.download_bandwidth)),
            up: Arc::new(Throttle::new(settings.upload_bandwidth)),
            state_folder: settings.state_folder.map(Arc::new),
            descriptors: Arc::default(),
            platform_clock: Arc::default(),
            swept: Arc::new(Once::new()),
            https_only: settings.https_only,
        };
        Self { runtime: OnceLock::new(), tools }
    }

    /// The API, over connections of the engine.
    pub(crate) fn api(&self) -> sbg_raw::Client {
        self.tools.api.clone()
    }

    pub(in crate::transfer) fn tools(&self) -> Tools {
        self.tools.clone()
    }

    /// Starts work on the threads of the engine. Fails where there can be no threads.
    pub(in crate::transfer) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) -> Result<()> {
        drop(self.runtime()?.spawn(work));
        Ok(())
    }

    fn runtime(&self) -> Result<&Runtime> {
        if let Some(runtime) = self.runtime.get() {
            return Ok(runtime);
        }
        let runtime = Builder::new_multi_thread()
            .worker_threads(threads())
            .thread_name("sbg-transfer")
            .enable_all()
            .build()
            .map_err(|error| Error::io("cannot start the threads of the transfer engine", error))?;
        // Two first transfers may come at once: the second runtime is not needed then.
        if let Err(second) = self.runtime.set(runtime) {
            second.shutdown_background();
        }
        self.runtime.get().ok_or_else(Error::cancelled)
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // Dropping a runtime waits for its threads, which is not allowed in an asynchronous context.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("running", &self.runtime.get().is_some()).finish_non_exhaustive()
    }
}
