//! Limits requests: so many in parallel, and no more than the rate limit window allows. All that have to wait share one queue, API calls
//! of the caller and of transfers alike.

use std::collections::VecDeque;
use std::time::Duration;

use http::HeaderMap;
use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, sleep};

use super::rate_limit::{RateLimit, Room, Window, until_reset};

/// The limits that all calls of a client share.
#[derive(Debug)]
pub(crate) struct Scheduler {
    /// Most requests in flight.
    parallel: u64,
    /// Whether to wait for a new window instead of getting a 429.
    paced: bool,
    state: Mutex<State>,
    /// Wakes the whole queue when a window turns out to be spent, because from then on only its end moves the queue.
    spent: Notify,
}

#[derive(Debug)]
struct State {
    under_way: u64,
    window: Window,
    /// The waiting requests, in order of arrival; each is notified when it gets a slot. The queue moves without any of them being polled,
    /// because a future may stay unpolled for any time.
    line: VecDeque<oneshot::Sender<()>>,
    /// End of the spent window that the queue has been notified of.
    spent_until: Option<Instant>,
    latest: Option<RateLimit>,
}

impl Scheduler {
    /// At most `parallel` requests at once; `paced` says whether to wait for a new window instead of getting a 429, and `share` which
    /// part of a window may be used.
    pub(crate) fn new(parallel: usize, paced: bool, share: f64) -> Self {
        Self::of(parallel as u64, paced, share)
    }

    /// Limits for another server: the same settings, its whole rate limit, and nothing in flight.
    pub(crate) fn another(&self) -> Self {
        Self::of(self.parallel, self.paced, 1.0)
    }

    fn of(parallel: u64, paced: bool, share: f64) -> Self {
        let state = State {
            under_way: 0,
            window: Window::new(share),
            line: VecDeque::new(),
            spent_until: None,
            latest: None,
        };
        Self { parallel, paced, state: Mutex::new(state), spent: Notify::new() }
    }

    /// Waits until a request may leave. Calls `callback` once with the time to wait, if the window is spent.
    pub(crate) async fn acquire(&self, callback: impl FnOnce(Duration)) -> Slot<'_> {
        let mut callback = Some(callback);
        let (turn, granted) = oneshot::channel();
        self.state.lock().line.push_back(turn);
        let mut ticket = Ticket { scheduler: self, granted };
        loop {
            // Created before the queue is checked, so that no notification after the check is missed.
            let spent = self.spent.notified();
            let room = self.admit();
            if let Room::Spent(left) = room
                && let Some(callback) = callback.take()
            {
                callback(left);
            }
            let end_of_window = async {
                match room {
                    Room::Spent(left) | Room::Unclear(Some(left)) => sleep(left).await,
                    Room::Free | Room::Unclear(None) => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                // The sender stays in the queue until it is used, so this is never an error.
                _ = &mut ticket.granted => return Slot { scheduler: self, lost: true },
                () = spent => {}
                () = end_of_window => {}
            }
        }
    }

    /// Grants slots to the front of the queue while there is room, and returns what the next one waits for.
    fn admit(&self) -> Room {
        let state = &mut *self.state.lock();
        let now = Instant::now();
        while !state.line.is_empty() {
            if state.under_way >= self.parallel {
                return Room::Unclear(None);
            }
            let room = if self.paced { state.window.room(state.under_way, now) } else { Room::Free };
            if let Room::Spent(left) = room
                && state.spent_until.replace(now + left) != Some(now + left)
            {
                self.spent.notify_waiters();
            }
            if room != Room::Free {
                return room;
            }
            // A cancelled request is skipped.
            if state.line.pop_front().is_some_and(|turn| turn.send(()).is_ok()) {
                state.under_way += 1;
            }
        }
        Room::Free
    }

    /// The rate limit from the latest response.
    pub(crate) fn latest(&self) -> Option<RateLimit> {
        self.state.lock().latest
    }
}

/// A turn in the queue. Dropping it leaves the queue.
struct Ticket<'s> {
    scheduler: &'s Scheduler,
    granted: oneshot::Receiver<()>,
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        self.granted.close();
        // The slot may have been granted just before the drop: pass it on to the next one.
        if self.granted.try_recv().is_ok() {
            Slot { scheduler: self.scheduler, lost: false }.never_left();
        }
    }
}

/// The right to have a request in flight, until it completes or is dropped.
#[must_use = "the request may be under way as long as this lives"]
#[derive(Debug)]
pub(crate) struct Slot<'s> {
    scheduler: &'s Scheduler,
    /// Whether the platform may have counted the request although no response confirms it.
    lost: bool,
}

impl Slot<'_> {
    /// The request got a response: learns from its headers, and holds back all requests for `closed`, if the server asked for that.
    pub(crate) fn completed(mut self, headers: &HeaderMap, closed: Option<Duration>) {
        if let Some(wait) = closed {
            self.scheduler.state.lock().window.close(wait, Instant::now());
        }
        let Some(said) = RateLimit::read(headers) else { return };
        let mut state = self.scheduler.state.lock();
        state.latest = Some(said);
        if let Some(until_reset) = until_reset(headers) {
            state.window.learn(said, until_reset, Instant::now());
        }
        drop(state);
        self.lost = false;
    }

    /// The request did not reach the platform.
    pub(crate) fn never_left(mut self) {
        self.lost = false;
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        {
            let mut state = self.scheduler.state.lock();
            state.under_way -= 1;
            if self.lost {
                state.window.lose();
            }
        }
        self.scheduler.admit();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures::FutureExt as _;

    use super::*;

    const END_OF_WINDOW: u64 = 100;

    /// The headers of a response at second `now` of a window that ends at second `reset`.
    fn headers(remaining: u64, now: u64, reset: u64) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let date = jiff::Timestamp::from_second(now.try_into().unwrap()).unwrap();
        headers.insert("date", date.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string().parse().unwrap());
        headers.insert("x-ratelimit-limit", "5".parse().unwrap());
        headers.insert("x-ratelimit-remaining", remaining.into());
        headers.insert("x-ratelimit-reset", reset.into());
        headers
    }

    /// A scheduler whose window is spent.
    async fn spent(parallel: usize, paced: bool) -> Arc<Scheduler> {
        let scheduler = Arc::new(Scheduler::new(parallel, paced, 1.0));
        scheduler
            .acquire(|_| panic!("nothing is known yet"))
            .await
            .completed(&headers(0, 0, END_OF_WINDOW), None);
        scheduler
    }

    fn seconds(since: Instant) -> u64 {
        since.elapsed().as_secs()
    }

    #[tokio::test(start_paused = true)]
    async fn spent_window_delays_calls_until_its_end() {
        let scheduler = spent(1, true).await;
        let (started, mut callback) = (Instant::now(), None);
        scheduler.acquire(|left| callback = Some(left)).await.never_left();
        assert_eq!((seconds(started), callback), (END_OF_WINDOW, Some(Duration::from_secs(END_OF_WINDOW))));
        assert_eq!(
            scheduler.latest().map(|latest| latest.remaining()),
            Some(0),
            "what the response said stays"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn disabled_pacing_never_waits() {
        let scheduler = spent(2, false).await;
        let started = Instant::now();
        let first = scheduler.acquire(|_| panic!("nobody waits for a window")).await;
        scheduler.acquire(|_| panic!("nobody waits for a window")).await.never_left();
        first.completed(&headers(0, 0, END_OF_WINDOW), None);
        assert_eq!(seconds(started), 0);
        assert_eq!(scheduler.latest().map(|latest| latest.limit()), Some(5));
    }

    /// A platform that allows five requests in each window counts the requests; the queue never sends a sixth.
    #[tokio::test(start_paused = true)]
    async fn calls_leave_in_order_within_each_window() {
        let scheduler = spent(3, true).await;
        let started = Instant::now();
        let left: Arc<Mutex<Vec<(u64, u64)>>> = Arc::default();
        let calls: Vec<_> = (0..23)
            .map(|number| {
                let (scheduler, left) = (scheduler.clone(), left.clone());
                tokio::spawn(async move {
                    let slot = scheduler.acquire(|_| ()).await;
                    let window = seconds(started) / END_OF_WINDOW;
                    let counted = {
                        let mut left = left.lock();
                        left.push((number, window));
                        left.iter().filter(|(_, other)| *other == window).count() as u64
                    };
                    sleep(Duration::from_millis(50 + 7 * (number % 4))).await;
                    let remaining = 5_u64.checked_sub(counted).expect("no more than the window allows");
                    slot.completed(&headers(remaining, seconds(started), (window + 1) * END_OF_WINDOW), None);
                })
            })
            .collect();
        for call in calls {
            call.await.unwrap();
        }
        let left = left.lock();
        let numbers: Vec<_> = left.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, (0..23).collect::<Vec<_>>());
        let windows: Vec<_> =
            (1..=5).map(|window| left.iter().filter(|left| left.1 == window).count()).collect();
        assert_eq!(windows, [5, 5, 5, 5, 3]);
    }

    #[tokio::test(start_paused = true)]
    async fn cancelled_or_unpolled_call_blocks_no_other() {
        let scheduler = spent(5, true).await;
        let gives_up = tokio::spawn({
            let scheduler = scheduler.clone();
            async move { scheduler.acquire(|_| ()).await.never_left() }
        });
        let mut not_polled = Box::pin(scheduler.acquire(|_| ()));
        assert!(not_polled.as_mut().now_or_never().is_none());
        tokio::task::yield_now().await;
        gives_up.abort();
        let started = Instant::now();
        for _ in 0..2 {
            scheduler.acquire(|_| ()).await.completed(&headers(4, END_OF_WINDOW, 2 * END_OF_WINDOW), None);
        }
        assert_eq!(seconds(started), END_OF_WINDOW);
        not_polled.now_or_never().expect("its slot was kept").never_left();
        assert_eq!(scheduler.state.lock().under_way, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn slot_of_a_cancelled_call_goes_to_the_next() {
        let scheduler = Scheduler::new(1, true, 1.0);
        let first = scheduler.acquire(|_| ()).await;
        let mut second = Box::pin(scheduler.acquire(|_| ()));
        assert!(second.as_mut().now_or_never().is_none());
        first.never_left();
        drop(second);
        scheduler.acquire(|_| ()).now_or_never().expect("the slot is free").never_left();
    }

    #[tokio::test(start_paused = true)]
    async fn queued_call_learns_that_the_window_is_spent() {
        let scheduler = Arc::new(Scheduler::new(1, true, 1.0));
        let first = scheduler.acquire(|_| ()).await;
        let mut callback = None;
        let mut second = Box::pin(scheduler.acquire(|left| callback = Some(left)));
        assert!(second.as_mut().now_or_never().is_none());
        first.completed(&headers(0, 0, END_OF_WINDOW), None);
        let started = Instant::now();
        second.await.never_left();
        assert_eq!((seconds(started), callback), (END_OF_WINDOW, Some(Duration::from_secs(END_OF_WINDOW))));
    }

    #[tokio::test(start_paused = true)]
    async fn retry_after_holds_the_whole_queue() {
        let scheduler = Arc::new(Scheduler::new(2, true, 1.0));
        let started = Instant::now();
        let first = scheduler.acquire(|_| ()).await;
        let second = scheduler.acquire(|_| ()).await;
        let mut callback = None;
        let mut third = Box::pin(scheduler.acquire(|left| callback = Some(left)));
        assert!(third.as_mut().now_or_never().is_none());
        first.completed(&HeaderMap::new(), Some(Duration::from_secs(40)));
        second.never_left();
        third.await.never_left();
        assert_eq!((seconds(started), callback), (40, Some(Duration::from_secs(40))));
        scheduler.acquire(|_| panic!("the wait is over")).await.never_left();
    }

    #[tokio::test(start_paused = true)]
    async fn only_sent_requests_use_up_the_window() {
        let scheduler = Scheduler::new(9, true, 1.0);
        scheduler.acquire(|_| ()).await.completed(&headers(2, 0, END_OF_WINDOW), None);
        for _ in 0..9 {
            scheduler.acquire(|_| ()).await.never_left();
        }
        drop(scheduler.acquire(|_| ()).await);
        drop(scheduler.acquire(|_| ()).await);
        assert!(scheduler.acquire(|_| ()).now_or_never().is_none());
    }
}
