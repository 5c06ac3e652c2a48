//! Limits open files to the descriptors of the process.
//!
//! Files and connections share one limit (`ulimit -n`). If many transfers start at once, those that would take the last descriptors wait
//! until another transfer ends. Enough descriptors stay free for the connections of the running ones.

use std::error::Error as StdError;
use std::fs::File;
#[cfg(unix)]
use std::io;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;

use crate::error::{Error, Result};
use crate::transfer::engine::task::blocking;

/// Time between two attempts while no transfer ends: other parts of the program open and close files as well.
const STEP: Duration = Duration::from_secs(1);

/// Attempts while no other transfer holds a file that it could close.
const MOST_ALONE: u32 = 10;

/// Attempts to open further files of a transfer, for which descriptors were reserved.
const MOST_FURTHER: u32 = 60;

const HINT: &str = "the program has too many files and connections open: raise the limit with `ulimit -n`";

/// The transfers with open files.
#[derive(Debug)]
pub(in crate::transfer) struct Descriptors {
    held: Mutex<u64>,
    released: Notify,
    /// Waiting transfers queue here; the first one makes attempts.
    line: tokio::sync::Mutex<()>,
    /// Concurrent attempts. Each opens more files for a moment than it keeps.
    attempts: Semaphore,
}

impl Default for Descriptors {
    fn default() -> Self {
        let attempts = Semaphore::new(usize::try_from(limit() / 32).unwrap_or(usize::MAX).clamp(4, 64));
        Self { held: Mutex::default(), released: Notify::new(), line: tokio::sync::Mutex::new(()), attempts }
    }
}

/// The files of one transfer, counted until this is dropped. Close them first.
#[derive(Debug)]
pub(in crate::transfer) struct DescriptorLease(Arc<Descriptors>);

impl Drop for DescriptorLease {
    fn drop(&mut self) {
        *self.0.held.lock() -= 1;
        self.0.released.notify_one();
    }
}

impl Descriptors {
    /// Opens the first `file` of a transfer once there is room for it and for what follows, or until `stop`.
    pub(in crate::transfer) async fn open<T: Send + 'static>(
        self: &Arc<Self>,
        stop: &CancellationToken,
        open: impl Fn() -> Result<T> + Clone + Send + 'static,
        file: fn(&T) -> &File,
    ) -> Result<(T, DescriptorLease)> {
        let this = self.clone();
        let attempt = move || {
            let opened = open()?;
            let held = this.hold(file(&opened));
            // Dropped here if there is no room, because closing may block.
            Ok(held.map(|held| (opened, held)))
        };
        Box::pin(self.repeat(stop, attempt, true)).await
    }

    /// Opens more files of a transfer that already has its first one.
    pub(in crate::transfer) async fn more<T: Send + 'static>(
        &self,
        stop: &CancellationToken,
        open: impl Fn() -> Result<T> + Clone + Send + 'static,
    ) -> Result<T> {
        Box::pin(self.repeat(stop, move || open().map(Some), false)).await
    }

    /// Repeats an attempt until there is room.
    async fn repeat<T: Send + 'static>(
        &self,
        stop: &CancellationToken,
        attempt: impl Fn() -> Result<Option<T>> + Clone + Send + 'static,
        is_first: bool,
    ) -> Result<T> {
        let cancelled = || Err(Error::cancelled());
        let (mut turn, mut hopeless) = (None, 0);
        // Transfers that already have files go first: they finish and release descriptors.
        if is_first && self.line.try_lock().is_err() {
            turn = tokio::select! {
                turn = self.line.lock() => Some(turn),
                () = stop.cancelled() => return cancelled(),
            };
        }
        loop {
            let permit = tokio::select! {
                permit = self.attempts.acquire() => permit,
                () = stop.cancelled() => return cancelled(),
            };
            let outcome = blocking(attempt.clone()).await;
            drop(permit);
            match outcome {
                Ok(Some(opened)) => return Ok(opened),
                Ok(None) => {}
                Err(error) if !is_exhausted(&error) => return Err(error),
                Err(error) => {
                    // A first file can wait as long as other transfers are running.
                    hopeless = if is_first && *self.held.lock() > 0 { 0 } else { hopeless + 1 };
                    if hopeless >= if is_first { MOST_ALONE } else { MOST_FURTHER } {
                        return Err(error.with_hint(HINT));
                    }
                }
            }
            tracing::debug!("a transfer waits until another has closed its files");
            let in_line = !is_first || turn.is_some();
            tokio::select! {
                next = self.line.lock(), if !in_line => turn = Some(next),
                () = self.released.notified(), if in_line => {}
                () = tokio::time::sleep(STEP), if in_line => {}
                () = stop.cancelled() => return cancelled(),
            }
        }
    }

    /// Counts a transfer with this file, unless descriptors would then run short. The first transfer is always counted, since no other
    /// could make room for it.
    fn hold(self: &Arc<Self>, file: &File) -> Option<DescriptorLease> {
        let mut held = self.held.lock();
        if *held > 0 && !has_room(file, *held) {
            return None;
        }
        *held += 1;
        drop(held);
        Some(DescriptorLease(self.clone()))
    }
}

/// Whether one more file for each of `held` transfers, and their connections, can be opened after this one. A new descriptor gets the
/// lowest free number, so the number is a lower bound of those in use.
#[cfg(unix)]
fn has_room(file: &File, held: u64) -> bool {
    use std::os::fd::AsRawFd as _;

    let limit = limit();
    // Reserved for connections.
    let reserve = (limit / 4).min(96);
    let number = u64::try_from(file.as_raw_fd()).unwrap_or(u64::MAX);
    number.saturating_add(held) < limit - reserve
}

/// The descriptor limit of the process.
#[cfg(unix)]
fn limit() -> u64 {
    rustix::process::getrlimit(rustix::process::Resource::Nofile).current.unwrap_or(u64::MAX)
}

/// Other systems have no limit that matters.
#[cfg(not(unix))]
fn has_room(_: &File, _: u64) -> bool {
    true
}

#[cfg(not(unix))]
fn limit() -> u64 {
    u64::MAX
}

/// Whether the process, or the system, has no descriptor left.
pub(in crate::transfer) fn is_exhausted(error: &(dyn StdError + 'static)) -> bool {
    #[cfg(unix)]
    {
        use rustix::io::Errno;

        let is = |error: &io::Error| {
            let code = error.raw_os_error();
            code == Some(Errno::MFILE.raw_os_error()) || code == Some(Errno::NFILE.raw_os_error())
        };
        let mut next = Some(error);
        while let Some(error) = next {
            if error.downcast_ref::<io::Error>().is_some_and(is) {
                return true;
            }
            next = error.source();
        }
    }
    #[cfg(not(unix))]
    let _ = error;
    false
}

#[cfg(all(test, unix))]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use rustix::io::Errno;

    use super::*;

    fn exhausted() -> Error {
        Error::io("cannot create `a`", Errno::MFILE.into())
    }

    fn file() -> Result<File> {
        tempfile::tempfile().map_err(|error| Error::io("cannot create a file", error))
    }

    #[tokio::test(start_paused = true)]
    async fn transfer_waits_for_free_descriptors() {
        let (descriptors, stop) = (Arc::new(Descriptors::default()), CancellationToken::new());
        let (_file, first) = descriptors.open(&stop, file, |file| file).await.unwrap();
        let attempts = Arc::new(AtomicU32::new(0));
        let counted = attempts.clone();
        let second = {
            let (descriptors, stop) = (descriptors.clone(), stop.clone());
            // More attempts than a lone transfer gets.
            let open =
                move || if counted.fetch_add(1, Ordering::Relaxed) < 50 { Err(exhausted()) } else { file() };
            tokio::spawn(async move { descriptors.open(&stop, open, |file| file).await.map(drop) })
        };
        second.await.unwrap().unwrap();
        assert_eq!(attempts.load(Ordering::Relaxed), 51);
        drop(first);
    }

    #[tokio::test(start_paused = true)]
    async fn lone_transfer_fails_without_descriptors() {
        let (descriptors, stop) = (Arc::new(Descriptors::default()), CancellationToken::new());
        let failed = descriptors.open(&stop, || Err::<File, _>(exhausted()), |file| file).await;
        let text = failed.unwrap_err().to_string();
        assert!(text.contains("cannot create `a`") && text.contains("`ulimit -n`"), "{text}");
    }

    #[tokio::test(start_paused = true)]
    async fn stop_ends_the_wait_for_descriptors() {
        let (descriptors, stop) = (Arc::new(Descriptors::default()), CancellationToken::new());
        let first = descriptors.open(&stop, file, |file| file).await.unwrap();
        stop.cancel();
        let stopped = descriptors.open(&stop, || Err::<File, _>(exhausted()), |file| file).await;
        assert_eq!(stopped.unwrap_err().kind(), crate::ErrorKind::Cancelled);
        drop(first);
    }

    #[tokio::test]
    async fn other_open_errors_are_final() {
        let (descriptors, stop) = (Arc::new(Descriptors::default()), CancellationToken::new());
        let full = || Err::<File, _>(Error::io("cannot create `a`", Errno::NOSPC.into()));
        assert_eq!(
            descriptors.open(&stop, full, |file| file).await.unwrap_err().kind(),
            crate::ErrorKind::DiskFull
        );
    }

    #[test]
    fn exhaustion_is_found_in_the_error_chain() {
        assert!(is_exhausted(&exhausted()));
        assert!(is_exhausted(&Error::io("cannot read `a`", Errno::NFILE.into())));
        assert!(is_exhausted(&io::Error::other(exhausted())));
        assert!(!is_exhausted(&Error::io("cannot read `a`", Errno::NOENT.into())));
    }
}
