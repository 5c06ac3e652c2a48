//! The handle of a transfer that was started.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use futures::{Stream, stream};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::engine::Engine;
use super::progress::{Counters, Progress};
use crate::error::{Error, ErrorKind, Result};

/// Where a transfer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Status {
    /// Started; nothing is moved yet.
    Preparing,
    /// Parts are moving.
    Running,
    /// Nothing moves until [`Transfer::resume`].
    Paused,
    /// Done, and checked.
    Completed,
    /// Stopped before it was done.
    Stopped,
    /// Failed; [`Transfer::wait`] tells why.
    Failed,
}

/// A transfer that was started: watch it, wait for it, stop it.
///
/// Dropping the handle stops the transfer. A download that is stopped leaves nothing under its name, an upload no file on the
/// platform.
pub struct Transfer<T> {
    shared: Arc<Shared>,
    outcome: watch::Receiver<Option<Result<T>>>,
    /// Keeps the threads of the engine alive while there is work on them.
    _engine: Arc<Engine>,
}

/// What the handle and the worker of a transfer share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) counters: Counters,
    pub(super) stop: CancellationToken,
    paused: watch::Sender<bool>,
}

impl Shared {
    /// Waits until the transfer is not paused.
    pub(super) async fn running(&self) {
        // The sender is part of this very value, so waiting for it cannot fail.
        self.paused.subscribe().wait_for(|paused| !paused).await.ok();
    }

    /// Waits until the transfer is paused.
    pub(super) async fn pause_wanted(&self) {
        self.paused.subscribe().wait_for(|paused| *paused).await.ok();
    }
}

impl<T: Clone + Send + Sync + 'static> Transfer<T> {
    /// Starts `work` on the engine.
    pub(super) fn start<F>(engine: Arc<Engine>, work: impl FnOnce(Arc<Shared>) -> F + Send + 'static) -> Self
    where
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let shared = Arc::new(Shared {
            counters: Counters::new(),
            stop: CancellationToken::new(),
            paused: watch::Sender::new(false),
        });
        let (tell, outcome) = watch::channel(None);
        let for_work = shared.clone();
        engine.spawn(async move {
            let result = work(for_work.clone()).await;
            for_work.counters.finish();
            tell.send_replace(Some(result));
        });
        Self { shared, outcome, _engine: engine }
    }

    /// Waits until the transfer is done, and tells what became of it. Can be called again.
    ///
    /// # Errors
    ///
    /// Whatever made the transfer fail; [`ErrorKind::Cancelled`] when it was stopped.
    pub async fn wait(&self) -> Result<T> {
        let mut outcome = self.outcome.clone();
        match outcome.wait_for(Option::is_some).await {
            Ok(result) => result.clone().unwrap_or_else(|| Err(Error::cancelled())),
            // The worker is gone without a word: it panicked, or the engine was shut down.
            Err(_) => Err(Error::cancelled()),
        }
    }

    /// Where the transfer stands.
    pub fn status(&self) -> Status {
        match &*self.outcome.borrow() {
            Some(Ok(_)) => Status::Completed,
            Some(Err(error)) if error.kind() == ErrorKind::Cancelled => Status::Stopped,
            Some(Err(_)) => Status::Failed,
            None if *self.shared.paused.borrow() => Status::Paused,
            None if self.progress().total.is_none() => Status::Preparing,
            None => Status::Running,
        }
    }

    /// How far the transfer has come.
    pub fn progress(&self) -> Progress {
        self.shared.counters.snapshot()
    }

    /// Streams the progress, once every `interval` and once more at the end.
    pub fn progress_stream(&self, interval: Duration) -> impl Stream<Item = Progress> + Send + use<T> {
        let state = Some((self.shared.clone(), self.outcome.clone()));
        stream::unfold(state, move |state| async move {
            let (shared, mut outcome) = state?;
            let over = tokio::select! {
                _ = outcome.wait_for(Option::is_some) => true,
                () = tokio::time::sleep(interval) => false,
            };
            let progress = shared.counters.snapshot();
            Some((progress, (!over).then_some((shared, outcome))))
        })
    }

    /// Lets nothing move until [`resume`](Self::resume). Connections are given up; what has arrived stays.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] when the transfer is paused already, or over.
    pub fn pause(&self) -> Result<()> {
        match self.status() {
            Status::Preparing | Status::Running => {
                self.shared.paused.send_replace(true);
                Ok(())
            }
            status => Err(wrong_move("paused", status)),
        }
    }

    /// Goes on after [`pause`](Self::pause).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] when the transfer is not paused.
    pub fn resume(&self) -> Result<()> {
        match self.status() {
            Status::Paused => {
                self.shared.paused.send_replace(false);
                Ok(())
            }
            status => Err(wrong_move("resumed", status)),
        }
    }

    /// Asks the transfer to stop. [`wait`](Self::wait) tells when it has.
    pub fn stop(&self) {
        self.shared.stop.cancel();
    }
}

fn wrong_move(verb: &str, status: Status) -> Error {
    Error::invalid(format!("a transfer that is {} cannot be {verb}", format!("{status:?}").to_lowercase()))
}

impl<T> Drop for Transfer<T> {
    fn drop(&mut self) {
        self.shared.stop.cancel();
    }
}

impl<T: Clone + Send + Sync + 'static> IntoFuture for Transfer<T> {
    type Output = Result<T>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.wait().await })
    }
}

impl<T> fmt::Debug for Transfer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transfer").field("progress", &self.shared.counters.snapshot()).finish_non_exhaustive()
    }
}
