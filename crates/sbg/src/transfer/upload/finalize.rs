//! The end of an upload: it is completed once, and what became of it is found out where the platform does not say.

use std::time::Duration;

use tokio::time::Instant;

use super::worker::Job;
use crate::error::{Error, ErrorKind, Result};
use crate::transfer::engine::task::blocking;
use crate::types;

/// Attempts at a completion whose answers are lost.
const COMPLETIONS: u32 = 5;

/// How long a platform may go on with a completion whose connection broke, before it is sent again.
const BROKEN: Duration = Duration::from_secs(2);

/// The same where it has failed or refused for its load: it is not at it any more.
const REFUSED: Duration = Duration::from_millis(500);

/// The same where it, or what lies in between, has taken too long to answer: it is likely to be at it.
const SLOW: Duration = Duration::from_secs(90);

/// First and longest time between two looks.
const LOOK: Duration = Duration::from_millis(100);
const LONGEST_LOOK: Duration = Duration::from_secs(15);

/// What has become of an upload that the platform was asked to complete.
enum Became {
    File(Box<types::File>),
    /// It is there to be completed.
    Waiting,
    /// The platform does not know it any more, and there is no file.
    Gone,
}

impl Job {
    /// Completes the upload when every planned part is confirmed, and checks what has become of it.
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
                let message = format!("the platform made a file of {made} bytes out of {size}");
                Err(Error::new(ErrorKind::Integrity, message))
            }
            _ => Ok(file),
        }
    }

    /// Completes the upload, and finds out what happened where the answer is lost.
    async fn complete_once_more(&self, name: &str, size: u64) -> Result<types::File> {
        let mut attempt = 1;
        loop {
            let error = match self.route.complete(self.unreported()).await {
                Ok(file) => return Ok(file),
                Err(error) => error,
            };
            let lost = is_lost(&error);
            // A repeated one may be refused because the one before is done, or about to be.
            if !lost && attempt == 1 {
                return Err(error);
            }
            tracing::info!(%error, "asking what became of a completion");
            let patience = match (error.kind(), error.status()) {
                (_, Some(500 | 503)) => REFUSED,
                (ErrorKind::Network, _) => BROKEN,
                _ => SLOW,
            };
            match self.became(name, size, patience).await? {
                Became::File(file) => return Ok(*file),
                Became::Waiting if lost && attempt < COMPLETIONS => attempt += 1,
                Became::Waiting | Became::Gone => return Err(error),
            }
        }
    }

    /// Looks what has become of the upload until there is a file, for so long at most.
    async fn became(&self, name: &str, size: u64, patience: Duration) -> Result<Became> {
        let began = Instant::now();
        let mut wait = LOOK;
        loop {
            let became = self.look(name, size).await;
            let over = began.elapsed() + wait > patience;
            match became {
                Ok(Became::File(_)) => return became,
                Err(error) if over || !error.is_transient() => return Err(error),
                became if over => return became,
                _ => tokio::time::sleep(wait).await,
            }
            wait = (2 * wait).min(LONGEST_LOOK);
        }
    }

    async fn look(&self, name: &str, size: u64) -> Result<Became> {
        if self.route.remote().await?.is_some() {
            return Ok(Became::Waiting);
        }
        let found = self.route.find(name, size).await?;
        Ok(found.map_or(Became::Gone, |file| Became::File(Box::new(file))))
    }
}

/// Whether a call may have been carried out although its answer never came.
fn is_lost(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Network | ErrorKind::Timeout)
        || matches!(error.status(), Some(500 | 502 | 503 | 504))
}
