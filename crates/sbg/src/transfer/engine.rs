//! The threads and connections of the transfers of a client.

use std::fmt;
use std::future::Future;
use std::sync::OnceLock;

use tokio::runtime::{Builder, Runtime};

use crate::error::{Error, Result};

/// Threads that move bytes. Writing to files is done on them, in place: two keep a fast disk and a fast network busy.
const THREADS: usize = 2;

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
pub(super) struct Tools {
    /// The API, over connections of the engine.
    pub(super) api: sbg_raw::Client,
    /// The object storage. Knows no token.
    pub(super) storage: reqwest::Client,
}

impl Engine {
    pub(crate) fn new(api: sbg_raw::Client, storage: reqwest::Client) -> Self {
        Self { runtime: OnceLock::new(), tools: Tools { api, storage } }
    }

    pub(super) fn tools(&self) -> Tools {
        self.tools.clone()
    }

    pub(super) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        match self.runtime() {
            Ok(runtime) => drop(runtime.spawn(work)),
            // Without threads the work is dropped, and whoever waits for it learns that it ended.
            Err(error) => tracing::error!(%error, "the transfer engine cannot start"),
        }
    }

    fn runtime(&self) -> Result<&Runtime> {
        if let Some(runtime) = self.runtime.get() {
            return Ok(runtime);
        }
        let runtime = Builder::new_multi_thread()
            .worker_threads(THREADS)
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
