//! Batches: uploads and downloads of lists and folder trees over the same connections.

mod compare;
mod comparison;
mod conflict;
mod download;
mod report;
mod sameness;
mod upload;

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
const AT_ONCE: usize = 32;

/// The files of a batch.
#[derive(Debug)]
struct Group {
    shared: Arc<Shared>,
    /// Stops the files in progress, but not the batch.
    halt: CancellationToken,
    workers: JoinSet<FileReport>,
    reports: Vec<FileReport>,
}

impl Group {
    /// Starts the whole transfer on the engine. `start_all` starts the files; it is dropped when the transfer is stopped.
    fn transfer(
        engine: Arc<Engine>,
        start_all: impl FnOnce(Context, &mut Self) -> BoxFuture<'_, Result<()>> + Send + 'static,
    ) -> Transfer<Report> {
        Transfer::start(engine, move |context, shared| async move {
            let halt = shared.stop.child_token();
            let mut group =
                Self { shared: shared.clone(), halt, workers: JoinSet::new(), reports: Vec::new() };
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
    fn done(&mut self, report: FileReport) {
        self.shared.counters.part_done();
        self.reports.push(report);
    }

    /// Waits for all files and returns their results, sorted by path. If not all could be started, those in progress are stopped first,
    /// so that they can be resumed.
    async fn finish(mut self, mut started: Result<()>) -> Result<Report> {
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
