//! How far a transfer has come.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
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
    /// The counters of the whole that this is a piece of.
    whole: Option<Arc<Counters>>,
}

/// Stands for a total that is not known.
const UNKNOWN: u64 = u64::MAX;

impl Counters {
    pub(super) fn new() -> Self {
        Self::of(None)
    }

    /// The counters of a piece: what moves there moves in the whole.
    pub(super) fn piece(whole: Arc<Self>) -> Self {
        Self::of(Some(whole))
    }

    fn of(whole: Option<Arc<Self>>) -> Self {
        Self {
            bytes: AtomicU64::new(0),
            total: AtomicU64::new(UNKNOWN),
            parts: AtomicU32::new(0),
            parts_total: AtomicU32::new(0),
            started: Instant::now(),
            took: Mutex::new(None),
            whole,
        }
    }

    pub(super) fn plan(&self, total: u64, parts: usize) {
        // Whoever sees the total sees the bytes that were there before it was known.
        self.total.store(total, Ordering::Release);
        self.parts_total.store(u32::try_from(parts).unwrap_or(u32::MAX), Ordering::Relaxed);
    }

    /// Makes what is to be done larger, where that becomes known bit by bit.
    pub(super) fn plan_more(&self, bytes: u64, parts: u32) {
        let known = |total: u64| Some(if total == UNKNOWN { bytes } else { total + bytes });
        // The function never gives up, so this cannot fail.
        let _ = self.total.fetch_update(Ordering::Relaxed, Ordering::Relaxed, known);
        self.parts_total.fetch_add(parts, Ordering::Relaxed);
    }

    pub(super) fn add_bytes(&self, count: u64) {
        self.bytes.fetch_add(count, Ordering::Relaxed);
        if let Some(whole) = &self.whole {
            whole.add_bytes(count);
        }
    }

    /// Takes back bytes of a part that has to be sent again.
    pub(super) fn take_back(&self, count: u64) {
        self.bytes.fetch_sub(count, Ordering::Relaxed);
        if let Some(whole) = &self.whole {
            whole.take_back(count);
        }
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
        let total = Some(self.total.load(Ordering::Acquire)).filter(|total| *total != UNKNOWN);
        let bytes = self.bytes.load(Ordering::Relaxed);
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
