//! The threads and connections of the transfers of a client.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Once, OnceLock};
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::runtime::{Builder, Runtime};

use super::bandwidth::Throttle;
use super::concurrency::{Direction, Limiter, Limiters};
use super::platform_clock::PlatformClock;
use super::storage::Storage;
use super::storage::url::host;
use crate::error::{Error, Result};
use crate::transfer::local::descriptors::Descriptors;
use crate::transfer::local::state_folder::StateFolder;
use crate::transfer::part_size;

/// Number of threads that move bytes. They also write files: two saturate a fast disk and a fast network, and more than four bring no
/// gain.
fn threads() -> usize {
    std::thread::available_parallelism().map_or(2, |threads| threads.get().clamp(2, 4))
}

/// Runs transfers on its own runtime.
///
/// A connection is driven by the runtime that opened it and stalls when that runtime is blocked. So the engine has its own connection
/// pools, also for the API.
pub(crate) struct Engine {
    runtime: OnceLock<Runtime>,
    context: Context,
}

/// The clients, limits and settings that transfers work with.
#[derive(Clone, Debug)]
pub(in crate::transfer) struct Context {
    /// The API, over connections of the engine.
    pub(in crate::transfer) api: sbg_raw::Client,
    /// The object storage. It has no access to the token.
    pub(in crate::transfer) storage: Storage,
    /// The limiters of connections to the storage.
    limiters: Arc<Limiters>,
    /// The bandwidth of downloads.
    pub(in crate::transfer) down: Arc<Throttle>,
    /// The bandwidth of uploads.
    pub(in crate::transfer) up: Arc<Throttle>,
    /// The folder of the upload journals. Without it another process cannot resume an upload.
    pub(in crate::transfer) state_folder: Option<Arc<StateFolder>>,
    /// The file descriptors of transfers.
    pub(in crate::transfer) descriptors: Arc<Descriptors>,
    /// Guards the removal of lock files of killed runs, which is done once.
    pub(in crate::transfer) swept: Arc<Once>,
    /// The clock of the platform.
    pub(in crate::transfer) platform_clock: Arc<PlatformClock>,
    /// Whether storage URLs must be https.
    https_only: bool,
}

impl Context {
    /// The limiter for the host of a URL.
    pub(in crate::transfer) fn limiter(&self, direction: Direction, url: &str) -> Result<Arc<Limiter>> {
        Ok(self.limiters.get(direction, &host(url, self.https_only)?))
    }

    /// The same, without the folder of the upload journals.
    pub(in crate::transfer) fn without_journals(self) -> Self {
        Self { state_folder: None, ..self }
    }

    /// The expected rate of uploads in bytes per second, if known.
    pub(in crate::transfer) fn upload_rate(&self) -> Option<f64> {
        part_size::line_rate(self.limiters.upload_rate(), self.up.cap())
    }
}

/// The transfer settings of a client builder.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Idle timeout of connections to the storage.
    pub(crate) idle: Duration,
    /// Maximum bytes per second of all downloads together.
    pub(crate) download_bandwidth: Option<u64>,
    /// Maximum bytes per second of all uploads together.
    pub(crate) upload_bandwidth: Option<u64>,
    /// The folder of the upload journals.
    pub(crate) state_folder: Option<StateFolder>,
    /// Whether storage URLs must be https.
    pub(crate) https_only: bool,
}

impl Engine {
    pub(crate) fn new(api: sbg_raw::Client, storage: reqwest::Client, settings: Settings) -> Self {
        let context = Context {
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
        Self { runtime: OnceLock::new(), context }
    }

    /// The API, over connections of the engine.
    pub(crate) fn api(&self) -> sbg_raw::Client {
        self.context.api.clone()
    }

    pub(in crate::transfer) fn context(&self) -> Context {
        self.context.clone()
    }

    /// Spawns work on the engine. Fails if its threads cannot be started.
    pub(in crate::transfer) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) -> Result<()> {
        // In a box, so that what runs it is compiled once for all kinds of work.
        let work: BoxFuture<'static, ()> = Box::pin(work);
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
        // Two transfers may start it at the same time; the second runtime is dropped.
        if let Err(second) = self.runtime.set(runtime) {
            second.shutdown_background();
        }
        self.runtime.get().ok_or_else(Error::cancelled)
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // Dropping a runtime blocks, which panics in an asynchronous context.
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
