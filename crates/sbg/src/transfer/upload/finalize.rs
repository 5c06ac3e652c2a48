//! Completes an upload once, and determines the result if the response is lost.

use std::time::Duration;

use tokio::time::Instant;

use super::worker::Worker;
use crate::error::{Error, ErrorKind, Result};
use crate::transfer::engine::task::blocking;
use crate::types;

/// Maximum number of completion requests whose responses are lost.
const COMPLETIONS: u32 = 5;

/// How long to poll after a broken connection before the completion is sent again.
const BROKEN: Duration = Duration::from_secs(2);

/// The same after a 500 or 503: the platform is no longer working on it.
const REFUSED: Duration = Duration::from_millis(500);

/// The same after a timeout of the platform or a gateway: the platform is probably still working on it.
const SLOW: Duration = Duration::from_secs(90);

/// Shortest and longest time between two polls.
const LOOK: Duration = Duration::from_millis(100);
const LONGEST_LOOK: Duration = Duration::from_secs(15);

/// The state of an upload after a completion request.
enum Completion {
    File(Box<types::File>),
    /// The upload still exists and is not complete.
    Waiting,
    /// The upload no longer exists, and there is no file.
    Gone,
}

impl Worker {
    /// Completes the upload once every planned part is confirmed, and checks the size of the result.
    pub(super) async fn complete(&self, planned: usize, name: &str, size: u64) -> Result<types::File> {
        let count = self.confirmed().len();
        if count != planned {
            let message = format!("the storage confirmed {count} of {planned} parts");
            return Err(Error::new(ErrorKind::Integrity, message));
        }
        if !self.route.takes_many_reports() {
            self.report_all().await?;
        }
        if let Some(journal) = self.journal.clone() {
            blocking(move || {
                journal.completing();
                Ok(())
            })
            .await?;
        }
        let file = self.complete_once_more(name, size).await?;
        match file.size.and_then(|size| u64::try_from(size).ok()) {
            Some(made) if made != size => {
                let message =
                    format!("the platform has a file of {made} bytes after an upload of {size} bytes");
                Err(Error::new(ErrorKind::Integrity, message))
            }
            _ => Ok(file),
        }
    }

    /// Completes the upload. If a response is lost, polls for the result and retries.
    async fn complete_once_more(&self, name: &str, size: u64) -> Result<types::File> {
        let mut attempt = 1;
        loop {
            let error = match self.route.complete(self.unreported()).await {
                Ok(file) => return Ok(file),
                Err(error) => error,
            };
            let lost = is_lost(&error);
            // A repeated request may be refused because the previous one has succeeded or is about to.
            if !lost && attempt == 1 {
                return Err(error);
            }
            tracing::info!(%error, "polling for the result of a completion");
            let patience = match (error.kind(), error.status()) {
                (_, Some(500 | 503)) => REFUSED,
                (ErrorKind::Network, _) => BROKEN,
                _ => SLOW,
            };
            match self.became(name, size, patience).await? {
                Completion::File(file) => return Ok(*file),
                Completion::Waiting if lost && attempt < COMPLETIONS => attempt += 1,
                Completion::Waiting | Completion::Gone => return Err(error),
            }
        }
    }

    /// Polls until there is a file, for at most `patience`.
    async fn became(&self, name: &str, size: u64, patience: Duration) -> Result<Completion> {
        let began = Instant::now();
        let mut wait = LOOK;
        loop {
            let became = self.look(name, size).await;
            let over = began.elapsed() + wait > patience;
            match became {
                Ok(Completion::File(_)) => return became,
                Err(error) if over || !error.is_transient() => return Err(error),
                became if over => return became,
                _ => tokio::time::sleep(wait).await,
            }
            wait = (2 * wait).min(LONGEST_LOOK);
        }
    }

    async fn look(&self, name: &str, size: u64) -> Result<Completion> {
        if self.route.remote().await?.is_some() {
            return Ok(Completion::Waiting);
        }
        let found = self.route.find(name, size).await?;
        Ok(found.map_or(Completion::Gone, |file| Completion::File(Box::new(file))))
    }
}

/// Whether a call may have succeeded although its response was lost.
fn is_lost(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Network | ErrorKind::Timeout)
        || matches!(error.status(), Some(500 | 502 | 503 | 504))
}
