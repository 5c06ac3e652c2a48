//! Open files and connections that the system has room for.
//!
//! A process may have so many of both together (`ulimit -n`). Where many transfers are started at once, those that would take the last
//! ones wait until another has ended, and enough is left for the connections of those that go on.

use std::error::Error as StdError;
use std::fs::File;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::error::{Error, Result};
use crate::transfer::engine::blocking;

/// Time between two attempts where nothing tells that there is room again: other parts of the program open and close files as well.
const STEP: Duration = Duration::from_secs(1);

/// Attempts while no transfer has a file that it could close.
const MOST_ATTEMPTS: u32 = 10;

const HINT: &str = "the program has too many files and connections open: raise the limit with `ulimit -n`";

/// The transfers that have files open.
#[derive(Debug, Default)]
pub(in crate::transfer) struct Descriptors {
    held: Mutex<u64>,
    released: Notify,
    /// Those that wait stand in one line, whose first one makes attempts.
    line: tokio::sync::Mutex<()>,
}

/// The files of one transfer, until this is dropped. They are to be closed before.
#[derive(Debug)]
pub(in crate::transfer) struct Held(Arc<Descriptors>);

impl Drop for Held {
    fn drop(&mut self) {
        *self.0.held() -= 1;
        self.0.released.notify_one();
    }
}

impl Descriptors {
    /// Opens the first file of a transfer, `file`, as soon as there is room for it and for what comes later, or until `stop`.
    pub(in crate::transfer) async fn open<T: Send + 'static>(
        self: &Arc<Self>,
        stop: &CancellationToken,
        open: impl Fn() -> Result<T> + Clone + Send + 'static,
        file: fn(&T) -> &File,
    ) -> Result<(T, Held)> {
        let cancelled = || Err(Error::cancelled());
        let (mut turn, mut alone) = (None, 0);
        loop {
            if turn.is_none() && self.line.try_lock().is_err() {
                turn = tokio::select! {
                    turn = self.line.lock() => Some(turn),
                    () = stop.cancelled() => return cancelled(),
                };
            }
            let (open, this) = (open.clone(), self.clone());
            let attempt = move || {
                let opened = open()?;
                let held = this.hold(file(&opened));
                // Closed here where there is no room: that may take a while.
                Ok(held.map(|held| (opened, held)))
            };
            match blocking(attempt).await {
                Ok(Some(opened)) => return Ok(opened),
                Ok(None) => {}
                Err(error) if !is_exhausted(&error) => return Err(error),
                Err(error) => {
                    alone = if *self.held() == 0 { alone + 1 } else { 0 };
                    if alone >= MOST_ATTEMPTS {
                        return Err(error.with_hint(HINT));
                    }
                }
            }
            tracing::debug!("a transfer waits until another has closed its files");
            tokio::select! {
                next = self.line.lock(), if turn.is_none() => turn = Some(next),
                () = self.released.notified(), if turn.is_some() => {}
                () = tokio::time::sleep(STEP), if turn.is_some() => {}
                () = stop.cancelled() => return cancelled(),
            }
        }
    }

    /// Counts a transfer with this file, unless the system would be short of descriptors then. The first one is always counted: nobody
    /// else could make room for it.
    fn hold(self: &Arc<Self>, file: &File) -> Option<Held> {
        let mut held = self.held();
        if *held > 0 && !has_room(file, *held) {
            return None;
        }
        *held += 1;
        drop(held);
        Some(Held(self.clone()))
    }

    fn held(&self) -> MutexGuard<'_, u64> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether one more file for each of `held` transfers, and their connections, can be opened after this one. A new descriptor has the
/// lowest number that is free, so that the number tells how many are in use at least.
#[cfg(unix)]
fn has_room(file: &File, held: u64) -> bool {
    use std::os::fd::AsRawFd as _;

    let Some(limit) = rustix::process::getrlimit(rustix::process::Resource::Nofile).current else {
        return true;
    };
    let number = u64::try_from(file.as_raw_fd()).unwrap_or(u64::MAX);
    number.saturating_add(held) < limit - reserve(limit)
}

/// Other systems have no limit that matters.
#[cfg(not(unix))]
fn has_room(_: &File, _: u64) -> bool {
    true
}

/// Descriptors that are left to connections.
#[cfg(unix)]
fn reserve(limit: u64) -> u64 {
    (limit / 4).min(96)
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
