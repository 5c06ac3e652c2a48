//! Many files at once: lists and folder trees, up and down, over the same connections.

mod conflict;
mod download;
mod report;
mod upload;

use std::future::Future;
use std::sync::Arc;

use tokio::task::JoinSet;

use super::handle::Shared;
use crate::error::{Error, ErrorKind, Result};

pub use conflict::Conflict;
pub use download::{DownloadMany, Wanted};
pub use report::{FileReport, Outcome, Report};
pub use upload::UploadMany;

/// Files that are under way at once. What moves is bounded by the connections; this keeps enough small files going that the answers of
/// the API are not waited for one by one.
const AT_ONCE: usize = 32;

/// The files of a transfer of many.
#[derive(Debug, Default)]
struct Crew {
    workers: JoinSet<FileReport>,
    reports: Vec<FileReport>,
}

impl Crew {
    /// Starts work on a file as soon as there is a place.
    async fn start(
        &mut self,
        shared: &Arc<Shared>,
        work: impl Future<Output = FileReport> + Send + 'static,
    ) -> Result<()> {
        while self.workers.len() >= AT_ONCE {
            self.join_one(shared).await?;
        }
        self.workers.spawn(work);
        Ok(())
    }

    async fn join_one(&mut self, shared: &Shared) -> Result<()> {
        let Some(done) = self.workers.join_next().await else { return Ok(()) };
        let report =
            done.map_err(|error| Error::new(ErrorKind::Cancelled, format!("a worker ended: {error}")))?;
        shared.counters.part_done();
        self.reports.push(report);
        Ok(())
    }

    /// Waits for all, and gives what became of them in the order of their paths.
    async fn finish(mut self, shared: &Shared) -> Result<Report> {
        while !self.workers.is_empty() {
            self.join_one(shared).await?;
        }
        if shared.stop.is_cancelled() {
            return Err(Error::cancelled());
        }
        self.reports.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(Report { files: self.reports })
    }
}
