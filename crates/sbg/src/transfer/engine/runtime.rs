//! The threads and connections of the transfers of a client.

use std::any::Any;
use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, Once, OnceLock, PoisonError};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinError;

use super::bandwidth::Throttle;
use super::concurrency::Limiter;
use super::platform_clock::PlatformClock;
use super::storage::Storage;
use crate::error::{Error, ErrorKind, Result};
use crate::transfer::download::signed_url::host;
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

/// Which way the bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::transfer) enum Direction {
    Down,
    Up,
}

/// A limiter for each host and direction.
#[derive(Debug, Default)]
struct Limiters(Mutex<HashMap<(Direction, String), Arc<Limiter>>>);

impl Limiters {
    fn get(&self, direction: Direction, host: &str) -> Arc<Limiter> {
        let mut limiters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        limiters.entry((direction, host.to_owned())).or_insert_with(|| Limiter::new(direction)).clone()
    }

    /// The best rate of uploads to any host.
    fn upload_rate(&self) -> Option<f64> {
        let limiters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let up = limiters.iter().filter(|((direction, _), _)| *direction == Direction::Up);
        up.filter_map(|(_, limiter)| limiter.upload_rate()).max_by(f64::total_cmp)
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

/// Runs work that waits for the disk, apart from the threads that move bytes.
pub(in crate::transfer) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    joined(tokio::task::spawn_blocking(work).await)
}

/// What has become of a task: a panic is another thing than a stop.
pub(in crate::transfer) fn joined<T>(done: Result<Result<T>, JoinError>) -> Result<T> {
    done.unwrap_or_else(|error| match error.try_into_panic() {
        Ok(panic) => Err(panicked(&*panic)),
        Err(_) => Err(Error::cancelled()),
    })
}

/// The error that stands for a panic.
pub(in crate::transfer) fn panicked(panic: &(dyn Any + Send)) -> Error {
    let said =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(|said| &**said));
    Error::new(ErrorKind::Panic, format!("the transfer panicked: {}", said.unwrap_or("it does not tell why")))
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
