//! Batches: uploads and downloads of lists and folder trees over the same connections.

mod compare;
pub(super) mod comparison;
pub(super) mod conflict;
pub(super) mod download;
mod report;
pub(super) mod sameness;
pub(super) mod scan;
pub(super) mod upload;

use std::future::Future;
use std::sync::Arc;

use futures::future::BoxFuture;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::engine::runtime::{Context, Engine};
use super::handle::{Shared, Transfer};
use crate::error::{Error, Result};
use crate::transfer::engine::task::joined;

pub use compare::Compare;
pub use conflict::Conflict;
pub use download::{DownloadItem, DownloadMany};
pub use report::{FileReport, Outcome, Report};
pub use upload::UploadMany;

/// Files in progress at once. Connections bound the bytes that move; this many small files keep the connections busy while others wait for
/// the API.
pub(super) const AT_ONCE: usize = 32;

/// Called with the result of each file.
type OnDone = Box<dyn FnMut(&FileReport) + Send>;

/// The files of a batch.
pub(super) struct Group {
    pub(super) shared: Arc<Shared>,
    /// Stops the files in progress, but not the batch.
    halt: CancellationToken,
    workers: JoinSet<FileReport>,
    reports: Vec<FileReport>,
    on_done: Option<OnDone>,
}

impl Group {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let halt = shared.stop.child_token();
        Self { shared, halt, workers: JoinSet::new(), reports: Vec::new(), on_done: None }
    }

    /// Calls `call` with the result of each file, as soon as it is known.
    pub(super) fn on_done(mut self, call: impl FnMut(&FileReport) + Send + 'static) -> Self {
        self.on_done = Some(Box::new(call));
        self
    }

    /// Starts the whole transfer on the engine. `start_all` starts the files; it is dropped when the transfer is stopped.
    fn transfer(
        engine: Arc<Engine>,
        start_all: impl FnOnce(Context, &mut Self) -> BoxFuture<'_, Result<()>> + Send + 'static,
    ) -> Transfer<Report> {
        Transfer::start(engine, move |context, shared| async move {
            let mut group = Self::new(shared.clone());
            let started = tokio::select! {
                started = start_all(context, &mut group) => started,
                () = shared.stop.cancelled() => Ok(()),
            };
            group.finish(started).await
        })
    }

    /// The state that one file shares with the batch.
    fn piece(&self) -> Arc<Shared> {
        self.shared.piece(&self.halt)
    }

    /// Starts work on a file as soon as a slot is free.
    async fn start(&mut self, work: impl Future<Output = FileReport> + Send + 'static) -> Result<()> {
        while self.workers.len() >= AT_ONCE {
            self.join_one().await?;
        }
        self.workers.spawn(work);
        Ok(())
    }

    async fn join_one(&mut self) -> Result<()> {
        let Some(done) = self.workers.join_next().await else { return Ok(()) };
        let report = joined(done.map(Ok))?;
        self.done(report);
        Ok(())
    }

    /// Records the result of a file.
    pub(super) fn done(&mut self, report: FileReport) {
        self.shared.counters.part_done();
        if let Some(call) = &mut self.on_done {
            call(&report);
        }
        self.reports.push(report);
    }

    /// Waits for all files and returns their results, sorted by path. If not all could be started, those in progress are stopped first,
    /// so that they can be resumed.
    pub(super) async fn finish(mut self, mut started: Result<()>) -> Result<Report> {
        while !self.workers.is_empty() {
            if started.is_err() {
                self.halt.cancel();
            }
            let done = self.join_one().await;
            started = started.and(done);
        }
        if self.shared.stop.is_cancelled() {
            return Err(Error::cancelled());
        }
        started?;
        self.reports.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(Report { files: self.reports })
    }
}
