//! How far a transfer has come.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How far a transfer has come.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Progress {
    /// Bytes that have arrived: written to the file, or confirmed by the storage in the case of an upload's finished parts.
    pub bytes: u64,
    /// Size of the file in bytes; `None` before it is known.
    pub total: Option<u64>,
    /// Parts that are done.
    pub parts: u32,
    /// Number of parts; 0 before it is known.
    pub parts_total: u32,
    /// Time since the start, or that the whole took.
    pub elapsed: Duration,
    /// Bytes per second, on average since the start.
    pub rate: f64,
    /// Time that the rest will take at this rate; `None` before that can be told.
    pub eta: Option<Duration>,
}

/// The counters behind [`Progress`], shared by the workers of a transfer.
#[derive(Debug)]
pub(super) struct Counters {
    bytes: AtomicU64,
    total: AtomicU64,
    parts: AtomicU32,
    parts_total: AtomicU32,
    started: Instant,
    took: Mutex<Option<Duration>>,
}

/// Stands for a total that is not known.
const UNKNOWN: u64 = u64::MAX;

impl Counters {
    pub(super) fn new() -> Self {
        Self {
            bytes: AtomicU64::new(0),
            total: AtomicU64::new(UNKNOWN),
            parts: AtomicU32::new(0),
            parts_total: AtomicU32::new(0),
            started: Instant::now(),
            took: Mutex::new(None),
        }
    }

    pub(super) fn plan(&self, total: u64, parts: usize) {
        self.total.store(total, Ordering::Relaxed);
        self.parts_total.store(u32::try_from(parts).unwrap_or(u32::MAX), Ordering::Relaxed);
    }

    pub(super) fn add_bytes(&self, count: u64) {
        self.bytes.fetch_add(count, Ordering::Relaxed);
    }

    /// Takes back bytes of a part that has to be sent again.
    pub(super) fn take_back(&self, count: u64) {
        self.bytes.fetch_sub(count, Ordering::Relaxed);
    }

    pub(super) fn part_done(&self) {
        self.parts.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn finish(&self) {
        *self.took.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(self.started.elapsed());
    }

    pub(super) fn snapshot(&self) -> Progress {
        let took = *self.took.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let elapsed = took.unwrap_or_else(|| self.started.elapsed());
        let bytes = self.bytes.load(Ordering::Relaxed);
        let total = Some(self.total.load(Ordering::Relaxed)).filter(|total| *total != UNKNOWN);
        #[expect(clippy::cast_precision_loss, reason = "a rate needs no more than 52 bits")]
        let rate = if elapsed.is_zero() { 0.0 } else { bytes as f64 / elapsed.as_secs_f64() };
        #[expect(clippy::cast_precision_loss, reason = "a time needs no more than 52 bits")]
        let eta = total
            .filter(|_| rate > 0.0)
            .and_then(|total| Duration::try_from_secs_f64(total.saturating_sub(bytes) as f64 / rate).ok());
        Progress {
            bytes,
            total,
            parts: self.parts.load(Ordering::Relaxed),
            parts_total: self.parts_total.load(Ordering::Relaxed),
            elapsed,
            rate,
            eta,
        }
    }
}
