//! Ctrl-C, termination and the end of the terminal: the first signal stops cleanly, the second one at once.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio_util::sync::CancellationToken;

/// Set by the first signal.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stop {
    token: CancellationToken,
    signal: Arc<AtomicU8>,
}

impl Stop {
    /// Listens on a task of the runtime. `callback` is called at the first signal.
    pub(crate) fn listen(&self, callback: impl Fn() + Send + 'static) -> io::Result<()> {
        let mut signals = Signals::new()?;
        let stop = self.clone();
        tokio::spawn(async move {
            let signal = signals.next().await;
            stop.signal.store(signal, Ordering::Relaxed);
            stop.token.cancel();
            callback();
            let signal = signals.next().await;
            std::process::exit(i32::from(128 + signal));
        });
        Ok(())
    }

    /// Waits for the first signal.
    pub(crate) async fn signalled(&self) {
        self.token.cancelled().await;
    }

    /// The number of the signal.
    pub(crate) fn signal(&self) -> u8 {
        self.signal.load(Ordering::Relaxed)
    }
}

#[cfg(unix)]
struct Signals {
    interrupt: Option<tokio::signal::unix::Signal>,
    terminate: Option<tokio::signal::unix::Signal>,
    hangup: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let ignored = ignored();
        // A signal that the caller had ignored stays ignored: `nohup` does so to let the command outlive the terminal.
        let listen = |kind: SignalKind| {
            let bit = u32::try_from(kind.as_raw_value()).unwrap_or(1).saturating_sub(1);
            if ignored >> bit & 1 == 1 { Ok(None) } else { signal(kind).map(Some) }
        };
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            hangup: listen(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> u8 {
        async fn one(signal: &mut Option<tokio::signal::unix::Signal>) {
            match signal {
                Some(signal) => drop(signal.recv().await),
                None => std::future::pending().await,
            }
        }
        tokio::select! {
            () = one(&mut self.interrupt) => 2,
            () = one(&mut self.terminate) => 15,
            () = one(&mut self.hangup) => 1,
        }
    }
}

/// The signals that this process ignores, as the kernel prints them; none where it does not.
#[cfg(unix)]
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> u8 {
        let _ = tokio::signal::ctrl_c().await;
        2
    }
}
