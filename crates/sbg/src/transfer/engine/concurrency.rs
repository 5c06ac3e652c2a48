//! Adapts the number of connections to one host in one direction.
//!
//! The number starts small, doubles while that raises the goodput, then probes one connection at a time, and drops when the host is
//! overloaded. All transfers of a client share the limiter of a host, first come, first served.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::Instant;

use super::controller::{Controller, enough};
use super::in_flight::{InFlight, past_buffers};

/// Initial number of connections. Uploads on slow connections are bounded by their bytes in flight anyway.
const FIRST: usize = 8;
const FIRST_UP: usize = 16;

/// Bounds of the interval at which the number of connections is adapted. Within them it follows the response time; for uploads, where
/// that is the time of a whole part, it is short while the number doubles and long afterwards.
const SHORTEST_TICK: Duration = Duration::from_millis(100);
/// For uploads: long enough for new connections to fill their buffers.
const SHORTEST_TICK_UP: Duration = Duration::from_millis(250);
const LONGEST_TICK: Duration = Duration::from_secs(1);

/// Overload signals within this time count as one.
const SAME_OVERLOAD: Duration = Duration::from_secs(1);

/// The connections to one host in one direction.
#[derive(Debug)]
pub(in crate::transfer) struct Limiter {
    /// Hands out connections, first come, first served.
    permits: Arc<Semaphore>,
    state: Mutex<LimiterState>,
    /// The current limit.
    limit: watch::Sender<usize>,
    direction: Direction,
    shortest_tick: Duration,
    /// Held by the next part to send, so that parts are sent in order.
    turn: tokio::sync::Mutex<()>,
    /// Notified when more bytes may be in flight.
    room: Notify,
}

#[derive(Debug)]
struct LimiterState {
    controller: Controller,
    /// Connections to remove when they are returned.
    owed: usize,
    in_use: usize,
    /// Whether a transfer waited for a connection during this tick.
    busy: bool,
    moved: u64,
    tick_began: Instant,
    tick: Duration,
    /// When the host was last overloaded.
    overloaded: Option<Instant>,
    /// Whether this tick is ignored: bytes of an upload count when they enter the buffers of a connection, and new connections have
    /// empty buffers.
    settling: bool,
    /// Bytes per second of one connection in the last tick.
    each: Option<f64>,
    began: Instant,
    /// The parts of uploads that are in flight.
    in_flight: InFlight,
}

/// Permission to use one connection.
#[derive(Debug)]
pub(in crate::transfer) struct Permit {
    limiter: Arc<Limiter>,
    slot: Option<OwnedSemaphorePermit>,
}

/// Permission to use one connection for one part of an upload.
#[derive(Debug)]
pub(in crate::transfer) struct PartPermit {
    meter: PartMeter,
    confirmed: bool,
    /// Dropped last: until then the connection is in use.
    _permit: Permit,
}

/// Counts the bytes of one part that are written to its connection.
#[derive(Clone, Debug)]
pub(in crate::transfer) struct PartMeter {
    limiter: Arc<Limiter>,
    length: u64,
    sent: Arc<AtomicU64>,
}

impl PartMeter {
    /// Reports bytes of the part that were written.
    pub(in crate::transfer) fn sent(&self, bytes: u64) {
        let before = self.sent.fetch_add(bytes, Ordering::Relaxed);
        self.limiter.count(bytes, past_buffers(before + bytes) - past_buffers(before));
    }

    /// Reports that the part is sent again from its start.
    pub(in crate::transfer) fn restart(&self) {
        let before = self.sent.swap(0, Ordering::Relaxed);
        self.limiter.state.lock().in_flight.lost(past_buffers(before));
    }

    fn past_buffers(&self) -> u64 {
        past_buffers(self.sent.load(Ordering::Relaxed))
    }
}

impl Limiter {
    pub(in crate::transfer) fn new(direction: Direction) -> Arc<Self> {
        let (first, tick) = match direction {
            Direction::Up => (FIRST_UP, SHORTEST_TICK_UP),
            Direction::Down => (FIRST, SHORTEST_TICK),
        };
        let state = LimiterState {
            controller: Controller::new(first, enough()),
            owed: 0,
            in_use: 0,
            busy: false,
            moved: 0,
            tick_began: Instant::now(),
            tick,
            overloaded: None,
            settling: direction == Direction::Up,
            each: None,
            began: Instant::now(),
            in_flight: InFlight::default(),
        };
        let limit = watch::Sender::new(first);
        Arc::new(Self {
            permits: Arc::new(Semaphore::new(first)),
            state: Mutex::new(state),
            limit,
            direction,
            shortest_tick: tick,
            turn: tokio::sync::Mutex::default(),
            room: Notify::new(),
        })
    }

    /// Waits until a part of `length` bytes may be sent, and for a connection for it.
    pub(in crate::transfer) async fn acquire_for(self: Arc<Self>, length: u64) -> PartPermit {
        let limiter = self.clone();
        let _turn = limiter.turn.lock().await;
        loop {
            let mut room = std::pin::pin!(limiter.room.notified());
            // Registered before the check, so no notification is missed.
            room.as_mut().enable();
            {
                let mut state = limiter.state.lock();
                if state.in_flight.has_room(length) {
                    break;
                }
                state.in_flight.waits();
            }
            room.await;
        }
        let permit = self.acquire().await;
        {
            let mut state = limiter.state.lock();
            let now = state.began.elapsed();
            state.in_flight.begin(length, now);
        }
        let meter = PartMeter { limiter: limiter.clone(), length, sent: Arc::default() };
        PartPermit { meter, confirmed: false, _permit: permit }
    }

    /// The upload rate to this host in bytes per second, once known.
    pub(in crate::transfer) fn upload_rate(&self) -> Option<f64> {
        self.state.lock().in_flight.line()
    }

    /// Waits for a connection.
    pub(in crate::transfer) async fn acquire(self: Arc<Self>) -> Permit {
        if self.permits.available_permits() == 0 {
            self.state.lock().busy = true;
        }
        // The semaphore is never closed.
        let slot = self.permits.clone().acquire_owned().await.ok();
        let mut state = self.state.lock();
        if state.in_use == 0 {
            // Idle time says nothing about the network.
            state.tick_began = Instant::now();
            state.moved = 0;
            state.busy = false;
        }
        state.in_use += 1;
        drop(state);
        Permit { limiter: self, slot }
    }

    /// The limit, now and as it changes.
    pub(in crate::transfer) fn limit(&self) -> watch::Receiver<usize> {
        self.limit.subscribe()
    }

    /// Bytes per second of one connection, once known.
    pub(in crate::transfer) fn each(&self) -> Option<f64> {
        self.state.lock().each
    }

    /// The smallest number of bytes that justifies another request: what a connection moves in a tenth of a second. `u64::MAX` before
    /// that is known.
    pub(in crate::transfer) fn worth(&self) -> u64 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is positive, and large ones are cut"
        )]
        let bytes = |each: f64| (each / 10.0) as u64;
        self.state.lock().each.map_or(u64::MAX, bytes)
    }

    /// Reports the time to the response headers.
    pub(in crate::transfer) fn answered(&self, after: Duration) {
        let mut state = self.state.lock();
        let tick = (after * 4).clamp(self.shortest_tick, LONGEST_TICK);
        // A single slow response does not mean a slow path.
        state.tick = (state.tick * 3 + tick) / 4;
    }

    /// Reports bytes that have moved.
    pub(in crate::transfer) fn moved(&self, bytes: u64) {
        self.count(bytes, 0);
    }

    /// Counts bytes that have moved, and those of a part that have left the buffers of its connection.
    fn count(&self, bytes: u64, past_buffers: u64) {
        let mut state = self.state.lock();
        state.moved += bytes;
        if past_buffers > 0 {
            let now = state.began.elapsed();
            state.in_flight.sent(past_buffers, now);
            if state.in_flight.is_waited_for() {
                state.in_flight.measure(now);
                self.room.notify_waiters();
            }
        }
        let elapsed = state.tick_began.elapsed();
        if elapsed < state.tick {
            return;
        }
        #[expect(clippy::cast_precision_loss, reason = "a rate needs no more than 52 bits")]
        let goodput = state.moved as f64 / elapsed.as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "there are at most 64")]
        let connections = state.in_use.max(1) as f64;
        state.each = Some(goodput / connections);
        // If the limit was not reached, the goodput says nothing about it.
        let settling = std::mem::take(&mut state.settling);
        let busy = std::mem::take(&mut state.busy) || self.permits.available_permits() == 0;
        if busy && !settling {
            let before = state.controller.limit();
            let limit = state.controller.tick(goodput);
            self.change(&mut state, before, limit);
            if self.direction == Direction::Up {
                state.settling = limit > before;
                if !state.controller.is_doubling() {
                    state.tick = LONGEST_TICK;
                }
            }
        }
        state.busy = self.permits.available_permits() == 0;
        state.tick_began = Instant::now();
        state.moved = 0;
        if self.direction == Direction::Up {
            let now = state.began.elapsed();
            state.in_flight.measure(now);
            self.room.notify_waiters();
        }
    }

    /// Reports an overload. Signals within a second count as one.
    pub(in crate::transfer) fn overloaded(&self) {
        let mut state = self.state.lock();
        if state.overloaded.is_none_or(|last| last.elapsed() >= SAME_OVERLOAD) {
            state.overloaded = Some(Instant::now());
            let before = state.controller.limit();
            let limit = state.controller.overloaded();
            self.change(&mut state, before, limit);
        }
    }

    fn change(&self, state: &mut LimiterState, before: usize, limit: usize) {
        if limit > before {
            let more = limit - before;
            let kept = more.min(state.owed);
            state.owed -= kept;
            self.permits.add_permits(more - kept);
        } else {
            let fewer = before - limit;
            state.owed += fewer - self.permits.forget_permits(fewer);
        }
        if limit != before {
            tracing::debug!(before, limit, "connections to a storage host");
            self.limit.send_replace(limit);
        }
    }
}

impl Permit {
    /// The limiter that the connection counts for.
    pub(in crate::transfer) fn limiter(&self) -> &Arc<Limiter> {
        &self.limiter
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut state = self.limiter.state.lock();
        state.in_use -= 1;
        if state.owed > 0
            && let Some(slot) = self.slot.take()
        {
            state.owed -= 1;
            slot.forget();
        }
    }
}

impl PartPermit {
    /// Counts the bytes of the part.
    pub(in crate::transfer) fn meter(&self) -> &PartMeter {
        &self.meter
    }

    /// Returns the connection after the storage has confirmed the part.
    pub(in crate::transfer) fn confirmed(mut self) {
        self.confirmed = true;
    }
}

impl Drop for PartPermit {
    fn drop(&mut self) {
        let PartMeter { limiter, length, .. } = &self.meter;
        let mut state = limiter.state.lock();
        let now = state.began.elapsed();
        state.in_flight.end(*length, self.meter.past_buffers(), self.confirmed, now);
        limiter.room.notify_waiters();
    }
}

/// The direction of the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::transfer) enum Direction {
    Down,
    Up,
}

/// A limiter for each host and direction.
#[derive(Debug, Default)]
pub(super) struct Limiters(Mutex<HashMap<(Direction, String), Arc<Limiter>>>);

impl Limiters {
    pub(super) fn get(&self, direction: Direction, host: &str) -> Arc<Limiter> {
        let mut limiters = self.0.lock();
        limiters.entry((direction, host.to_owned())).or_insert_with(|| Limiter::new(direction)).clone()
    }

    /// The best rate of uploads to any host.
    pub(super) fn upload_rate(&self) -> Option<f64> {
        let limiters = self.0.lock();
        let up = limiters.iter().filter(|((direction, _), _)| *direction == Direction::Up);
        up.filter_map(|(_, limiter)| limiter.upload_rate()).max_by(f64::total_cmp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transfer::engine::controller::MOST;

    #[tokio::test]
    async fn permits_never_exceed_the_limit() {
        let limiter = Limiter::new(Direction::Down);
        let mut permits = Vec::new();
        for _ in 0..FIRST {
            permits.push(limiter.clone().acquire().await);
        }
        assert!(tokio::time::timeout(Duration::from_millis(5), limiter.clone().acquire()).await.is_err());
        limiter.overloaded();
        limiter.overloaded();
        assert_eq!(*limiter.limit().borrow(), 5, "one overload counts once");
        // Three are owed: as many must be returned before another is handed out.
        permits.truncate(5);
        assert!(tokio::time::timeout(Duration::from_millis(5), limiter.clone().acquire()).await.is_err());
        permits.truncate(4);
        assert!(tokio::time::timeout(Duration::from_millis(50), limiter.clone().acquire()).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn overload_counts_again_without_traffic() {
        let limiter = Limiter::new(Direction::Down);
        let limits: Vec<usize> = {
            let mut limits = Vec::new();
            for _ in 0..3 {
                limiter.overloaded();
                limiter.overloaded();
                limits.push(*limiter.limit().borrow());
                tokio::time::advance(SAME_OVERLOAD).await;
            }
            limits
        };
        assert_eq!(limits, [5, 3, 2]);
    }

    #[tokio::test(start_paused = true)]
    async fn uploads_skip_the_first_tick_after_growth() {
        let ticks = async |direction| {
            let limiter = Limiter::new(direction);
            let mut permits = Vec::new();
            for _ in 0..MOST {
                permits.push(tokio::spawn(limiter.clone().acquire()));
            }
            tokio::task::yield_now().await;
            let mut limits = Vec::new();
            for _ in 0..4 {
                tokio::time::advance(LONGEST_TICK).await;
                let limit = *limiter.limit().borrow();
                limiter.moved(1000 * limit as u64);
                tokio::task::yield_now().await;
                limits.push(*limiter.limit().borrow());
            }
            limits
        };
        assert_eq!(ticks(Direction::Down).await, [16, 32, 64, 64]);
        assert_eq!(ticks(Direction::Up).await, [16, 32, 32, 64]);
    }

    #[tokio::test(start_paused = true)]
    async fn upload_ticks_are_short_until_growth_stops() {
        let limiter = Limiter::new(Direction::Up);
        let _permits: Vec<_> = (0..MOST).map(|_| tokio::spawn(limiter.clone().acquire())).collect();
        tokio::task::yield_now().await;
        let mut limits = Vec::new();
        for _ in 0..4 {
            assert_eq!(limiter.state.lock().tick, SHORTEST_TICK_UP);
            tokio::time::advance(SHORTEST_TICK_UP).await;
            limiter.moved(1000);
            limits.push(*limiter.limit().borrow());
        }
        assert_eq!((limits, limiter.state.lock().tick), (vec![16, 32, 32, 16], LONGEST_TICK));
    }

    #[tokio::test(start_paused = true)]
    async fn limit_doubles_when_every_connection_is_used() {
        let limiter = Limiter::new(Direction::Down);
        let (mut permits, mut limits) = (Vec::new(), Vec::new());
        for _ in 0..4 {
            let limit = *limiter.limit().borrow();
            while permits.len() < limit {
                permits.push(limiter.clone().acquire().await);
            }
            tokio::time::advance(LONGEST_TICK).await;
            limiter.moved(1000 * limit as u64);
            limits.push(*limiter.limit().borrow());
        }
        assert_eq!(limits, [16, 32, 64, 64]);
    }

    #[tokio::test(start_paused = true)]
    async fn parts_go_one_by_one_until_the_rate_is_known() {
        const PART: u64 = 8 << 20;
        let limiter = Limiter::new(Direction::Up);
        let first = limiter.clone().acquire_for(PART).await;
        let second = tokio::spawn(limiter.clone().acquire_for(PART));
        tokio::time::advance(Duration::from_secs(2)).await;
        // Bytes accepted by the buffers of a connection say nothing about the line.
        limiter.moved(1 << 20);
        tokio::task::yield_now().await;
        assert!(!second.is_finished());
        tokio::time::advance(Duration::from_secs(6)).await;
        first.confirmed();
        let second = second.await.unwrap();
        let third = tokio::spawn(limiter.clone().acquire_for(PART));
        tokio::task::yield_now().await;
        assert!(!third.is_finished(), "a megabyte per second has one part in flight");
        assert!(limiter.upload_rate().is_some_and(|rate| (1.0e6..1.1e6).contains(&rate)));
        drop(second);
        assert!(third.await.is_ok());
    }
}
