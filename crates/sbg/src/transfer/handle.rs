//! The handle of a running transfer.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::future::BoxFuture;
use futures::{FutureExt as _, Stream, StreamExt as _, stream};
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

use super::engine::runtime::{Context, Engine};
use super::progress::{Counters, Progress};
use crate::error::{Error, ErrorKind, Result};
use crate::transfer::engine::task::panicked;

/// The state of a transfer.
///
/// ```
/// # fn example(client: sbg::Client) {
/// let download = client.file("567890abc9b0307bc0414164").download("reads.bam").start();
/// if download.status() == sbg::transfer::Status::Running {
///     println!("{} bytes so far", download.progress().bytes);
/// }
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Status {
    /// Started; no bytes have moved yet.
    Preparing,
    /// Parts are moving.
    Running,
    /// Nothing moves until [`Transfer::resume`].
    Paused,
    /// Completed and verified.
    Completed,
    /// Stopped before it completed.
    Stopped,
    /// Failed; [`Transfer::wait`] returns the error.
    Failed,
}

/// A running transfer: watch it, await it, stop it.
///
/// Dropping the handle [stops](Self::stop) the transfer, and the next one resumes it. [`abort`](Self::abort) deletes what has moved.
/// Either way no file appears under its name before it is complete.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let download = client.file("567890abc9b0307bc0414164").download("reads.bam").start();
/// println!("{} bytes", download.wait().await?.bytes);
/// # Ok(())
/// # }
/// ```
pub struct Transfer<T> {
    shared: Arc<Shared>,
    outcome: watch::Receiver<Option<Result<T>>>,
    /// Keeps the threads of the engine alive while they have work.
    engine: Arc<Engine>,
}

/// State shared by the handle and the workers of a transfer.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) counters: Arc<Counters>,
    pub(super) stop: CancellationToken,
    signals: Arc<Signals>,
    /// Why an earlier run could not be resumed.
    started_over: Mutex<Option<String>>,
}

/// Signals from the handle to the workers.
#[derive(Debug, Default)]
struct Signals {
    paused: watch::Sender<bool>,
    discarded: AtomicBool,
}

impl Shared {
    fn new() -> Self {
        Self {
            counters: Arc::new(Counters::new()),
            stop: CancellationToken::new(),
            signals: Arc::default(),
            started_over: Mutex::default(),
        }
    }

    /// The state of one file of a batch: it has its own counters, which add to those of the batch, obeys the signals of the batch, and
    /// is stopped by a child of `stop`.
    pub(super) fn piece(&self, stop: &CancellationToken) -> Arc<Self> {
        Arc::new(Self {
            counters: Arc::new(Counters::piece(self.counters.clone())),
            stop: stop.child_token(),
            signals: self.signals.clone(),
            started_over: Mutex::default(),
        })
    }

    /// Records why an earlier run cannot be resumed.
    pub(super) fn start_over(&self, why: impl Into<String>) {
        *self.started_over.lock() = Some(why.into());
    }

    pub(super) fn started_over(&self) -> Option<String> {
        self.started_over.lock().clone()
    }

    pub(super) fn is_paused(&self) -> bool {
        *self.signals.paused.borrow()
    }

    /// Whether to delete everything that has moved.
    pub(super) fn is_discarded(&self) -> bool {
        self.signals.discarded.load(Ordering::Relaxed)
    }

    /// Waits until the transfer is not paused.
    pub(super) async fn running(&self) {
        // This value owns the sender, so waiting cannot fail.
        self.signals.paused.subscribe().wait_for(|paused| !paused).await.ok();
    }

    /// Waits until the transfer is paused.
    pub(super) async fn pause_wanted(&self) {
        self.signals.paused.subscribe().wait_for(|paused| *paused).await.ok();
    }
}

impl<T: Clone + Send + Sync + 'static> Transfer<T> {
    /// Starts `work` on the engine.
    pub(super) fn start<F>(
        engine: Arc<Engine>,
        work: impl FnOnce(Context, Arc<Shared>) -> F + Send + 'static,
    ) -> Self
    where
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let (shared, context) = (Arc::new(Shared::new()), engine.context());
        let (tell, outcome) = watch::channel(None);
        let (for_work, told) = (shared.clone(), tell.clone());
        let begun = engine.spawn(async move {
            let working = async { work(context, for_work.clone()).await };
            let done = AssertUnwindSafe(working).catch_unwind().await;
            for_work.counters.finish();
            told.send_replace(Some(done.unwrap_or_else(|panic| Err(panicked(&*panic)))));
        });
        if let Err(error) = begun {
            tell.send_replace(Some(Err(error)));
        }
        Self { shared, outcome, engine }
    }

    /// Waits for the transfer and returns its result. Can be called again.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let download = client.file("567890abc9b0307bc0414164").download("reads.bam").start();
    /// println!("{:?}", download.wait().await?.path);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The error that made the transfer fail; [`ErrorKind::Cancelled`] if it was stopped.
    pub async fn wait(&self) -> Result<T> {
        wait_for(self.outcome.clone()).await
    }

    /// The state of the transfer.
    ///
    /// ```
    /// # fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let download = client.file("567890abc9b0307bc0414164").download("reads.bam").start();
    /// println!("{:?}", download.status());
    /// # Ok(())
    /// # }
    /// ```
    pub fn status(&self) -> Status {
        match &*self.outcome.borrow() {
            Some(Ok(_)) => Status::Completed,
            Some(Err(error)) if error.kind() == ErrorKind::Cancelled => Status::Stopped,
            Some(Err(_)) => Status::Failed,
            None if self.shared.is_paused() => Status::Paused,
            None if self.progress().total.is_none() => Status::Preparing,
            None => Status::Running,
        }
    }

    /// The progress of the transfer.
    ///
    /// ```
    /// # fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let download = client.file("567890abc9b0307bc0414164").download("reads.bam").start();
    /// let now = download.progress();
    /// println!("{} of {:?} bytes", now.bytes, now.total);
    /// # Ok(())
    /// # }
    /// ```
    pub fn progress(&self) -> Progress {
        self.shared.counters.snapshot()
    }

    /// A stream of the progress: one item every `interval`, and one at the end.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// use std::pin::pin;
    /// use std::time::Duration;
    ///
    /// use futures::StreamExt as _;
    ///
    /// let download = client.file("567890abc9b0307bc0414164").download("reads.bam").start();
    /// let mut progress = pin!(download.progress_stream(Duration::from_secs(1)));
    /// while let Some(now) = progress.next().await {
    ///     println!("{:.0} bytes/s", now.rate);
    /// }
    /// # Ok(())
    /// # }
    /// ```
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

    /// Why an earlier run could not be resumed, if there was one. For a batch, see the results of its files.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let upload = client.upload("pattern-51.fastq").to("rfranklin/fibre-diffraction").start();
    /// upload.wait().await?;
    /// if let Some(why) = upload.started_over() {
    ///     println!("the upload restarted: {why}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn started_over(&self) -> Option<String> {
        self.shared.started_over()
    }

    /// Pauses the transfer until [`resume`](Self::resume). Connections are closed; bytes that have arrived are kept.
    ///
    /// ```
    /// # fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let download = client.file("567890abc9b0307bc0414164").download("reads.bam").start();
    /// download.pause()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] when the transfer is already paused or over.
    pub fn pause(&self) -> Result<()> {
        match self.status() {
            Status::Preparing | Status::Running => {
                self.shared.signals.paused.send_replace(true);
                Ok(())
            }
            status => Err(not_allowed("paused", status)),
        }
    }

    /// Resumes after [`pause`](Self::pause).
    ///
    /// ```
    /// # fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let download = client.file("567890abc9b0307bc0414164").download("reads.bam").start();
    /// download.pause()?;
    /// download.resume()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] when the transfer is not paused.
    pub fn resume(&self) -> Result<()> {
        match self.status() {
            Status::Paused => {
                self.shared.signals.paused.send_replace(false);
                Ok(())
            }
            status => Err(not_allowed("resumed", status)),
        }
    }

    /// Stops the transfer; [`wait`](Self::wait) returns when it has stopped. Bytes that have moved are kept, so the same transfer,
    /// started again by any process, resumes.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let download = client.file("567890abc9b0307bc0414164").download("reads.bam").start();
    /// download.stop();
    /// assert!(download.wait().await.is_err());
    /// // Later, here or in another process, it resumes.
    /// client.file("567890abc9b0307bc0414164").download("reads.bam").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn stop(&self) {
        self.shared.stop.cancel();
    }

    /// Stops the transfer and deletes what has moved: the partial file here, and the parts on the platform. [`wait`](Self::wait)
    /// returns when that is done.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let download = client.file("567890abc9b0307bc0414164").download("reads.bam").start();
    /// download.abort();
    /// # }
    /// ```
    pub fn abort(&self) {
        self.shared.signals.discarded.store(true, Ordering::Relaxed);
        self.shared.stop.cancel();
    }

    /// Calls `callback` with the progress every `interval` and once at the end. It does not run on the threads that
    /// move bytes, so it may block.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// use std::time::Duration;
    ///
    /// let download = client.file("567890abc9b0307bc0414164").download("reads.bam").start();
    /// download.on_progress(Duration::from_secs(1), |now| println!("{} bytes", now.bytes));
    /// # }
    /// ```
    pub fn on_progress(
        &self,
        interval: Duration,
        mut callback: impl FnMut(Progress) + Send + 'static,
    ) -> &Self {
        let mut progress = Box::pin(self.progress_stream(interval));
        self.on_the_side(async move {
            while let Some(progress) = progress.next().await {
                let call = move || {
                    callback(progress);
                    callback
                };
                match spawn_blocking(call).await {
                    Ok(again) => callback = again,
                    // It panicked, and the panic hook has reported it.
                    Err(_) => break,
                }
            }
        })
    }

    /// Calls `callback` with the result when the transfer has completed, stopped or failed. It does not run on the threads
    /// that move bytes, so it may block.
    ///
    /// ```
    /// # fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let download = client.file("567890abc9b0307bc0414164").download("reads.bam").start();
    /// download.on_done(|outcome| println!("{outcome:?}"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_done(&self, callback: impl FnOnce(Result<T>) + Send + 'static) -> &Self {
        let outcome = self.outcome.clone();
        self.on_the_side(async move {
            let outcome = wait_for(outcome).await;
            spawn_blocking(move || callback(outcome)).await.ok();
        })
    }

    /// Runs the task that calls a callback of the user.
    fn on_the_side(&self, work: impl Future<Output = ()> + Send + 'static) -> &Self {
        if let Err(error) = self.engine.spawn(work) {
            // The transfer has failed for the same reason.
            tracing::warn!(%error, "cannot run a callback of a transfer");
        }
        self
    }
}

async fn wait_for<T: Clone>(mut outcome: watch::Receiver<Option<Result<T>>>) -> Result<T> {
    match outcome.wait_for(Option::is_some).await {
        Ok(result) => result.clone().unwrap_or_else(|| Err(Error::cancelled())),
        // The worker is gone: the engine was shut down.
        Err(_) => Err(Error::cancelled()),
    }
}

fn not_allowed(verb: &str, status: Status) -> Error {
    let state = match status {
        Status::Failed => "has failed".to_owned(),
        other => format!("is {}", format!("{other:?}").to_lowercase()),
    };
    Error::invalid(format!("the transfer cannot be {verb}: it {state}"))
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
