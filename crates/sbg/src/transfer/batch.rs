//! Many files at once: lists and folder trees, up and down, over the same connections.

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

use super::engine::runtime::{Engine, Tools};
use super::handle::{Shared, Transfer};
use crate::error::{Error, Result};
use crate::transfer::engine::task::joined;

pub use compare::Compare;
pub use conflict::Conflict;
pub use download::{DownloadItem, DownloadMany};
pub use report::{FileReport, Outcome, Report};
pub use upload::UploadMany;

/// Files that are under way at once. What moves is bounded by the connections; this keeps enough small files going that the answers of
/// the API are not waited for one by one.
const AT_ONCE: usize = 32;

/// The files of a transfer of many.
#[derive(Debug)]
struct Group {
    shared: Arc<Shared>,
    /// Stops those that are under way, and not the whole.
    halt: CancellationToken,
    workers: JoinSet<FileReport>,
    reports: Vec<FileReport>,
}

impl Group {
    /// Starts the whole transfer on the engine. `start_all` starts the files; it is dropped when the transfer is stopped.
    fn transfer(
        engine: Arc<Engine>,
        start_all: impl FnOnce(Tools, &mut Self) -> BoxFuture<'_, Result<()>> + Send + 'static,
    ) -> Transfer<Report> {
        Transfer::start(engine, move |tools, shared| async move {
            let halt = shared.stop.child_token();
            let mut group =
                Self { shared: shared.clone(), halt, workers: JoinSet::new(), reports: Vec::new() };
            let started = tokio::select! {
                started = start_all(tools, &mut group) => started,
                () = shared.stop.cancelled() => Ok(()),
            };
            group.finish(started).await
        })
    }

    /// What one of the files has to share with the whole.
    fn piece(&self) -> Arc<Shared> {
        self.shared.piece(&self.halt)
    }

    /// Starts work on a file as soon as there is a place.
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

    /// Takes down what became of a file.
    fn done(&mut self, report: FileReport) {
        self.shared.counters.part_done();
        self.reports.push(report);
    }

    /// Waits for all, and gives what became of them in the order of their paths. Where they could not all be started, those that are
    /// under way are stopped first, so that they keep what they have.
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
