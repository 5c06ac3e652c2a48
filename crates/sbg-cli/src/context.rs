//! What a command works with: the client, the output, the progress and the signals.

use std::cell::OnceCell;
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context as _, Result};
use sbg::transfer::Transfer;
use sbg::{Client, ErrorKind};

use crate::exit::Stopped;
use crate::global::Global;
use crate::output::Output;
use crate::progress::{Counted, Screen};
use crate::signals::Stop;

/// The state of one run of the program.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) global: Global,
    pub(crate) out: Output,
    pub(crate) screen: Screen,
    stop: Stop,
    /// Transfers that stop by themselves, after they have saved what they have.
    transfers: AtomicUsize,
    client: OnceCell<Client>,
    hint: OnceCell<String>,
}

impl Context {
    pub(crate) fn new(global: Global) -> Self {
        if global.verbose > 0 {
            log(global.verbose);
        }
        let out = Output::new(global.json);
        let screen = Screen::new(&global);
        let (client, hint) = (OnceCell::new(), OnceCell::new());
        Self { global, out, screen, stop: Stop::default(), transfers: AtomicUsize::new(0), client, hint }
    }

    /// Runs a command on a runtime of its own, until it ends or a signal stops it.
    pub(crate) fn block_on(&self, command: impl Future<Output = Result<()>>) -> Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let result = runtime.block_on(async {
            let screen = self.screen.clone();
            self.stop.listen(move || screen.note("stopping; interrupt again to stop at once"))?;
            tokio::pin!(command);
            tokio::select! {
                result = &mut command => result,
                () = self.stop.signalled() => {
                    if self.transfers.load(Ordering::Relaxed) > 0 { command.await } else { Err(self.stopped()) }
                }
            }
        });
        // Output before an error is part of the result.
        let flushed = self.out.flush();
        runtime.shutdown_background();
        result.and(flushed)
    }

    /// The client of the profile or the environment. Makes no request.
    pub(crate) fn client(&self) -> Result<&Client> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let mut builder = Client::builder().user_agent(concat!("sbg-cli/", env!("CARGO_PKG_VERSION")));
        if let Some(profile) = &self.global.profile {
            builder = builder.profile(profile);
        }
        if self.global.advance_access {
            builder = builder.advance_access(true);
        }
        if let Some(share) = self.global.api_share {
            builder = builder.api_share(share);
        }
        let waits = self.screen.waits();
        let client = builder.on_wait(move |waiting| waits.announce(waiting)).build()?;
        Ok(self.client.get_or_init(|| client))
    }

    /// The message for an interrupt from now on.
    pub(crate) fn when_stopped(&self, hint: impl Into<String>) {
        // The first hint is the most general one, and stays.
        let _ = self.hint.set(hint.into());
    }

    fn stopped(&self) -> anyhow::Error {
        let hint = self.hint.get().cloned();
        let hint = hint.unwrap_or_else(|| "stopped; run the same command to do the rest".to_owned());
        Stopped { signal: self.stop.signal(), hint }.into()
    }

    /// Shows the progress of a transfer until its end. A signal stops it after it has saved what it has.
    pub(crate) async fn transfer<T>(&self, label: &str, counted: Counted, transfer: Transfer<T>) -> Result<T>
    where
        T: Clone + Send + Sync + 'static,
    {
        self.transfers.fetch_add(1, Ordering::Relaxed);
        let shown = self.screen.show(label, counted, &transfer);
        let result = tokio::select! {
            result = transfer.wait() => result,
            () = shown => transfer.wait().await,
            () = self.stop.signalled() => {
                transfer.stop();
                transfer.wait().await
            }
        };
        self.transfers.fetch_sub(1, Ordering::Relaxed);
        match result {
            Err(error) if error.kind() == ErrorKind::Cancelled && self.stop.signal() > 0 => {
                let hint =
                    self.hint.get().cloned().unwrap_or_else(|| {
                        "partial files are kept: run the same command to resume".to_owned()
                    });
                Err(Stopped { signal: self.stop.signal(), hint }.into())
            }
            result => result.with_context(|| format!("cannot finish {label}")),
        }
    }
}

/// Writes the events of the library to standard error.
fn log(verbose: u8) {
    use tracing_subscriber::filter::LevelFilter;
    let level = if verbose > 1 { LevelFilter::DEBUG } else { LevelFilter::INFO };
    let format =
        tracing_subscriber::fmt().with_writer(std::io::stderr).with_max_level(level).with_ansi(false);
    // A second subscriber is refused; the first one stays.
    let _ = format.try_init();
}
