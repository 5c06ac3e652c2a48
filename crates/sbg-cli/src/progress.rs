//! Standard error: progress bars on a terminal, plain lines elsewhere, notes, and the waits of the client.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::Arc;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::Timestamp;
use parking_lot::Mutex;
use sbg::pipeline::Waiting;
use sbg::transfer::{Progress, Transfer};
use tokio::time::Instant;

use crate::global::Global;
use crate::text::printable;
use crate::units;

/// The least time between two lines where there is no terminal.
const LINE: Duration = Duration::from_millis(1);
/// Time between two frames of a bar.
const FRAME: Duration = Duration::from_millis(100);
/// Waits up to this length are reported only if asked for.
const SHORT_WAIT: Duration = Duration::from_secs(2);

/// What a transfer counts besides bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counted {
    /// The parts of one file, which are not shown.
    Parts,
    /// The files of a batch.
    Files,
}

/// Where progress and notes go.
#[derive(Clone, Debug)]
pub(crate) struct Screen {
    bars: Option<MultiProgress>,
    quiet: bool,
    verbose: bool,
    /// Time between two lines where there is no terminal.
    every: Duration,
    /// The end of the last announced wait.
    announced: Arc<Mutex<Option<Timestamp>>>,
}

impl Screen {
    pub(crate) fn new(global: &Global) -> Self {
        let bars = (!global.quiet && io::stderr().is_terminal())
            .then(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr()));
        let (quiet, verbose, every) = (global.quiet, global.verbose > 0, global.progress_every.max(LINE));
        Self { bars, quiet, verbose, every, announced: Arc::default() }
    }

    /// A line about the progress.
    pub(crate) fn note(&self, text: &str) {
        if !self.quiet {
            self.line(text);
        }
    }

    /// A line that is printed even if quiet: something failed, and the rest continues.
    pub(crate) fn warn(&self, text: &str) {
        self.line(text);
    }

    fn line(&self, text: &str) {
        let text = printable(text);
        // The terminal may be closed, which must not end a command that is saving what it has.
        let _ = match &self.bars {
            Some(bars) => bars.println(text),
            None => writeln!(io::stderr(), "{text}"),
        };
    }

    /// The same screen, to announce the waits of a client.
    pub(crate) fn waits(&self) -> Self {
        self.clone()
    }

    /// Announces a wait, with the time at which it ends.
    pub(crate) fn announce(&self, waiting: &Waiting) {
        if self.quiet || (waiting.wait < SHORT_WAIT && !self.verbose) {
            return;
        }
        let Ok(end) = Timestamp::now().checked_add(waiting.wait) else { return };
        let end = end.round(jiff::Unit::Second).unwrap_or(end);
        {
            let mut announced = self.announced.lock();
            // All calls that are queued wait for the same window.
            if announced.is_some_and(|last| last.duration_since(end).unsigned_abs() <= SHORT_WAIT) {
                return;
            }
            *announced = Some(end);
        }
        let (why, time) = (reason(&waiting.reason), units::duration(waiting.wait));
        self.line(&format!("waiting until {end} ({time}): {why}"));
    }

    /// Shows the progress of a transfer until it ends.
    pub(crate) async fn show<T: Clone + Send + Sync + 'static>(
        &self,
        label: &str,
        counted: Counted,
        transfer: &Transfer<T>,
    ) {
        match &self.bars {
            _ if self.quiet => std::future::pending().await,
            Some(bars) => {
                let bar = Bar::new(bars, label);
                let mut clock = tokio::time::interval(FRAME);
                loop {
                    clock.tick().await;
                    bar.update(counted, &transfer.progress());
                }
            }
            None => {
                let mut clock = tokio::time::interval_at(Instant::now() + self.every, self.every);
                loop {
                    clock.tick().await;
                    self.line(&line(label, counted, &transfer.progress()));
                }
            }
        }
    }
}

/// A bar that disappears with the transfer, also when the command is interrupted.
struct Bar(ProgressBar);

impl Bar {
    fn new(bars: &MultiProgress, label: &str) -> Self {
        let bar = bars.add(ProgressBar::no_length());
        bar.set_message(printable(label).into_owned());
        Self(bar)
    }

    fn update(&self, counted: Counted, progress: &Progress) {
        const KNOWN: &str = "{msg} {wide_bar} {prefix}";
        const UNKNOWN: &str = "{msg} {spinner} {prefix}";
        let style = if progress.total.is_some() { KNOWN } else { UNKNOWN };
        if let Ok(style) = ProgressStyle::with_template(style) {
            self.0.set_style(style.progress_chars("=> "));
        }
        self.0.set_prefix(numbers(counted, progress));
        if let Some(total) = progress.total {
            self.0.set_length(total);
        }
        self.0.set_position(progress.bytes);
        self.0.tick();
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// Why a client waits, in words.
fn reason(reason: &str) -> &str {
    match reason {
        "rate limit" | "RateLimitSleeper" => "the rate limit is used up",
        "MaintenanceSleeper" => "the platform is under maintenance",
        "retry" => "a call failed and is retried",
        other => other,
    }
}

fn line(label: &str, counted: Counted, progress: &Progress) -> String {
    format!("{label}: {} after {}", numbers(counted, progress), units::duration(progress.elapsed))
}

/// Bytes, files, rate and time left; before they are known, how much was listed and compared.
fn numbers(counted: Counted, progress: &Progress) -> String {
    if progress.total.is_none() && progress.listed > 0 {
        let compared =
            if progress.compared > 0 { format!(", compared {}", progress.compared) } else { String::new() };
        return format!("listed {} files and folders{compared}", progress.listed);
    }
    let of = progress.total.map(|total| format!(" of {}", units::bytes(total))).unwrap_or_default();
    let mut parts = vec![format!("{}{of}", units::bytes(progress.bytes))];
    if counted == Counted::Files {
        parts.push(format!("{} of {} files", progress.parts, progress.parts_total));
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rate is positive and finite"
    )]
    let rate = progress.rate as u64;
    parts.push(format!("{}/s", units::bytes(rate)));
    parts.extend(progress.eta.map(|eta| format!("{} left", units::duration(eta))));
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_have_reasons_in_words() {
        assert_eq!(reason("rate limit"), "the rate limit is used up");
        assert_eq!(reason("my handler"), "my handler");
    }
}
