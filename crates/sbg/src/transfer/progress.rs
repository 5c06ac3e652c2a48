//! The progress of a transfer.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

/// The progress of a transfer.
///
/// ```
/// # fn example(client: sbg::Client) -> sbg::Result<()> {
/// let download = client.file("567890abc9b0307bc0414164").download("reads.bam").start();
/// let now = download.progress();
/// println!("{} of {:?} bytes, {:?} to go", now.bytes, now.total, now.eta);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Progress {
    /// Bytes moved: written to the file of a download, or sent to the storage by an upload.
    pub bytes: u64,
    /// Size of the file in bytes; `None` before it is known.
    pub total: Option<u64>,
    /// Parts completed.
    pub parts: u32,
    /// Number of parts; 0 before it is known.
    pub parts_total: u32,
    /// Files and folders that a sync has listed, on both sides together, to make its plan; 0 for other transfers.
    pub listed: u64,
    /// Files that a sync has found on both sides and compared.
    pub compared: u64,
    /// Time since the start; the total time once the transfer is over.
    pub elapsed: Duration,
    /// Recent bytes per second; the average once the transfer is over. Bytes of an earlier run do not count.
    pub rate: f64,
    /// Estimated time left at this rate; `None` while there is no estimate.
    pub eta: Option<Duration>,
}

/// The window that the rate is measured over.
const WINDOW: Duration = Duration::from_secs(10);

/// Time between two samples.
const SAMPLE: Duration = Duration::from_millis(250);

/// The counters behind [`Progress`], shared by the workers of a transfer.
#[derive(Debug)]
pub(super) struct Counters {
    bytes: AtomicU64,
    total: AtomicU64,
    parts: AtomicU32,
    parts_total: AtomicU32,
    listed: AtomicU64,
    compared: AtomicU64,
    started: Instant,
    /// When the transfer last made progress.
    gained: Mutex<Option<Instant>>,
    recent: Mutex<Recent>,
    took: Mutex<Option<Duration>>,
    /// The counters of the batch that this file belongs to.
    whole: Option<Arc<Counters>>,
}

/// Recent progress, for the rate.
#[derive(Debug, Default)]
struct Recent {
    /// Bytes moved, without those of an earlier run, and when the last of them moved.
    moved: u64,
    last: Duration,
    /// Bytes moved by certain times since the start, in order. The first sample is at or before the start of the window.
    samples: VecDeque<(Duration, u64)>,
}

impl Recent {
    fn add(&mut self, now: Duration, count: u64) {
        if self.samples.back().is_none_or(|(last, _)| now >= *last + SAMPLE) {
            if now >= self.last + SAMPLE {
                // Nothing has moved recently.
                self.samples.push_back((self.last, self.moved));
            }
            self.samples.push_back((now, self.moved));
            while self.samples.get(1).is_some_and(|(second, _)| *second + WINDOW <= now) {
                self.samples.pop_front();
            }
        }
        self.moved += count;
        self.last = now;
    }

    /// Bytes per second of the window that ends now.
    fn rate(&self, now: Duration) -> f64 {
        // Nothing has moved between the last sample before the window and the start of the window.
        let begin = now.saturating_sub(WINDOW);
        if self.last < begin {
            return 0.0;
        }
        let before = self.samples.iter().take_while(|(at, _)| *at <= begin).last();
        let (at, moved) =
            before.or(self.samples.front()).map_or((now, self.moved), |(at, moved)| (*at, *moved));
        per_second(self.moved.saturating_sub(moved), now.saturating_sub(at.max(begin)))
    }
}

#[expect(clippy::cast_precision_loss, reason = "a rate needs no more than 52 bits")]
fn per_second(bytes: u64, time: Duration) -> f64 {
    if time.is_zero() { 0.0 } else { bytes as f64 / time.as_secs_f64() }
}

/// An unknown total.
const UNKNOWN: u64 = u64::MAX;

impl Counters {
    pub(super) fn new() -> Self {
        Self::of(None)
    }

    /// The counters of one file of a batch, which also add to those of the batch.
    pub(super) fn piece(whole: Arc<Self>) -> Self {
        Self::of(Some(whole))
    }

    fn of(whole: Option<Arc<Self>>) -> Self {
        Self {
            bytes: AtomicU64::new(0),
            total: AtomicU64::new(UNKNOWN),
            parts: AtomicU32::new(0),
            parts_total: AtomicU32::new(0),
            listed: AtomicU64::new(0),
            compared: AtomicU64::new(0),
            started: Instant::now(),
            gained: Mutex::new(None),
            recent: Mutex::default(),
            took: Mutex::new(None),
            whole,
        }
    }

    pub(super) fn plan(&self, total: u64, parts: usize) {
        // `Release`: a reader that sees the total also sees the bytes added before it.
        self.total.store(total, Ordering::Release);
        self.parts_total.store(u32::try_from(parts).unwrap_or(u32::MAX), Ordering::Relaxed);
    }

    /// Increases the planned totals, as more work becomes known.
    pub(super) fn plan_more(&self, bytes: u64, parts: u32) {
        self.change_total(|total| total.saturating_add(bytes));
        self.parts_total.fetch_add(parts, Ordering::Relaxed);
    }

    /// Reduces the planned total by the bytes of a file that is not transferred.
    pub(super) fn plan_fewer(&self, bytes: u64) {
        self.change_total(|total| total.saturating_sub(bytes));
    }

    fn change_total(&self, change: impl Fn(u64) -> u64) {
        let known = |total: u64| Some(change(if total == UNKNOWN { 0 } else { total }));
        // The closure never returns `None`, so this cannot fail.
        let _ = self.total.fetch_update(Ordering::Relaxed, Ordering::Relaxed, known);
    }

    /// Adds bytes that have moved.
    pub(super) fn add_bytes(&self, count: u64) {
        self.add_there(count);
        let mut counters = Some(self);
        while let Some(one) = counters {
            one.recent.lock().add(one.started.elapsed(), count);
            counters = one.whole.as_deref();
        }
    }

    /// Adds bytes of an earlier run.
    pub(super) fn add_there(&self, count: u64) {
        self.bytes.fetch_add(count, Ordering::Relaxed);
        if let Some(whole) = &self.whole {
            whole.add_there(count);
        }
    }

    /// Subtracts bytes of a part that must be sent again.
    pub(super) fn take_back(&self, count: u64) {
        self.bytes.fetch_sub(count, Ordering::Relaxed);
        let mut recent = self.recent.lock();
        recent.moved = recent.moved.saturating_sub(count);
        drop(recent);
        if let Some(whole) = &self.whole {
            whole.take_back(count);
        }
    }

    /// Subtracts all bytes, because they must be sent again.
    pub(super) fn start_over(&self) {
        self.take_back(self.bytes.load(Ordering::Relaxed));
        self.parts.store(0, Ordering::Relaxed);
    }

    /// Removes a file that did not arrive from the totals of the batch.
    pub(super) fn take_out(&self, size: u64) {
        self.take_back(self.bytes.load(Ordering::Relaxed));
        if let Some(whole) = &self.whole {
            whole.plan_fewer(size);
        }
    }

    /// Records progress: bytes that will not have to move again.
    pub(super) fn gain(&self) {
        *self.gained.lock() = Some(Instant::now());
        if let Some(whole) = &self.whole {
            whole.gain();
        }
    }

    /// Time since the whole transfer last made progress; `None` before it has.
    pub(super) fn since_gain(&self) -> Option<Duration> {
        match &self.whole {
            Some(whole) => whole.since_gain(),
            None => {
                let gained = *self.gained.lock();
                gained.map(|gained| gained.elapsed())
            }
        }
    }

    /// Adds files and folders that were listed.
    pub(super) fn add_listed(&self, count: usize) {
        self.listed.fetch_add(count as u64, Ordering::Relaxed);
    }

    /// Adds a file that was compared.
    pub(super) fn add_compared(&self) {
        self.compared.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn part_done(&self) {
        self.parts.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn finish(&self) {
        *self.took.lock() = Some(self.started.elapsed());
    }

    pub(super) fn snapshot(&self) -> Progress {
        let took = *self.took.lock();
        let elapsed = took.unwrap_or_else(|| self.started.elapsed());
        let total = Some(self.total.load(Ordering::Acquire)).filter(|total| *total != UNKNOWN);
        let bytes = self.bytes.load(Ordering::Relaxed);
        let rate = match took {
            Some(took) => per_second(self.recent.lock().moved, took),
            None => self.recent.lock().rate(elapsed),
        };
        #[expect(clippy::cast_precision_loss, reason = "a time needs no more than 52 bits")]
        let eta = total
            .filter(|_| rate > 0.0)
            .and_then(|total| Duration::try_from_secs_f64(total.saturating_sub(bytes) as f64 / rate).ok());
        Progress {
            bytes,
            total,
            parts: self.parts.load(Ordering::Relaxed),
            parts_total: self.parts_total.load(Ordering::Relaxed),
            listed: self.listed.load(Ordering::Relaxed),
            compared: self.compared.load(Ordering::Relaxed),
            elapsed,
            rate,
            eta,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks a rate, within the error of one sample.
    fn assert_rate(counters: &Counters, expected: f64) {
        let rate = counters.snapshot().rate;
        assert!((rate - expected).abs() <= expected * 0.1, "{rate}, not {expected}");
    }

    #[tokio::test(start_paused = true)]
    async fn rate_excludes_resumed_bytes_and_pauses() {
        let whole = Arc::new(Counters::new());
        let piece = Counters::piece(whole.clone());
        piece.plan(1_000_000, 1);
        piece.add_there(900_000);
        let run = async |milliseconds: u64, each: u64| {
            for _ in 0..milliseconds / 100 {
                piece.add_bytes(each);
                tokio::time::advance(Duration::from_millis(100)).await;
            }
        };
        run(2_000, 100).await;
        assert_rate(&piece, 1000.0);
        assert_rate(&whole, 1000.0);
        assert_eq!(whole.snapshot().bytes, 902_000);
        let eta = piece.snapshot().eta.map(|eta| eta.as_secs());
        assert!(eta.is_some_and(|eta| (88..=108).contains(&eta)), "{eta:?}");

        // After a pause of an hour nothing has moved recently; then it continues at another rate.
        tokio::time::advance(Duration::from_secs(3600)).await;
        assert_eq!((piece.snapshot().rate, piece.snapshot().eta), (0.0, None));
        run(20_000, 500).await;
        assert_rate(&piece, 5000.0);
        piece.finish();
        assert_rate(&piece, 102_000.0 / 3622.0);
    }

    #[tokio::test(start_paused = true)]
    async fn failed_file_is_removed_from_the_total() {
        let whole = Arc::new(Counters::new());
        whole.plan_more(100, 1);
        whole.plan_more(30, 1);
        let piece = Counters::piece(whole.clone());
        piece.add_there(10);
        piece.add_bytes(5);
        piece.take_out(30);
        assert_eq!((whole.snapshot().bytes, whole.snapshot().total), (0, Some(100)));
    }

    #[tokio::test(start_paused = true)]
    async fn files_share_the_time_since_progress() {
        let whole = Arc::new(Counters::new());
        let (one, other) = (Counters::piece(whole.clone()), Counters::piece(whole.clone()));
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(one.since_gain(), None);
        other.gain();
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(one.since_gain(), Some(Duration::from_secs(1)));
    }
}
