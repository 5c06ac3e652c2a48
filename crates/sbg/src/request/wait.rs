//! Waits until a task, an import or another job on the platform has ended.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::time::Instant;

use crate::error::{Error, ErrorKind, Result};
use crate::pipeline::runtime;

/// Shortest pause between two polls, whatever the settings.
const LEAST_INTERVAL: Duration = Duration::from_millis(1);

/// Consecutive polls that may fail before the wait fails. Each has already been retried.
pub(super) const MOST_FAILURES: u32 = 5;

/// Default timeout of a wait.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The final states of jobs of any kind. Sources disagree on which kind uses which word, but no kind uses one of them for a running job.
const FINAL: [&str; 4] = ["COMPLETED", "FINISHED", "FAILED", "ABORTED"];

type Ask<T> = Box<dyn Fn() -> BoxFuture<'static, Result<T>> + Send + Sync>;
type OnChange<T> = Box<dyn FnMut(&T) + Send>;

/// Waits until a task, an import or another job has ended: `.await` it, or set its options first.
///
/// The platform is polled with backoff: the pauses grow from [`poll_interval`](Self::poll_interval) (1 s) to
/// [`max_poll_interval`](Self::max_poll_interval) (30 s). The [timeout](Self::timeout) is seven days by default. Dropping the wait changes
/// nothing on the platform.
///
/// ```no_run
/// # async fn example(client: sbg::Client, task_id: String) -> sbg::Result<()> {
/// let task = client.task(task_id).wait().await?;
/// println!("{:?}", task.status);
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is waited for until it is awaited"]
pub struct Wait<T> {
    what: String,
    ask: Ask<T>,
    state: fn(&T) -> State,
    poll_interval: Duration,
    max_poll_interval: Duration,
    timeout: Duration,
    on_change: Option<OnChange<T>>,
}

/// The state of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct State {
    /// The platform's name for the state.
    pub(crate) name: String,
    /// Whether the state is final.
    pub(crate) over: bool,
}

/// A job on the platform.
pub(crate) trait Job: Send + 'static {
    /// The current state of the job.
    fn state(&self) -> State;

    /// The job; an error if it can never end, because waiting for it would take forever.
    fn if_it_can_end(self) -> Result<Self>
    where
        Self: Sized,
    {
        Ok(self)
    }
}

impl State {
    /// The state of a job with this name, if the platform sent one; final if any source documents that word as final.
    pub(crate) fn of_job(name: Option<&str>) -> Self {
        let over = name.is_some_and(|name| FINAL.iter().any(|known| known.eq_ignore_ascii_case(name)));
        Self::named(name, over)
    }

    /// The state with this name, if the platform sent one.
    pub(crate) fn named(name: Option<&str>, over: bool) -> Self {
        Self { name: name.unwrap_or("unknown").to_owned(), over }
    }
}

/// Waits for one job, such as ``task `ID` ``; `get` fetches it.
pub(crate) fn one<J: Job, F>(what: impl Into<String>, get: impl Fn() -> F + Send + Sync + 'static) -> Wait<J>
where
    F: Future<Output = Result<J>> + Send + 'static,
{
    Wait::new(what, J::state, move || {
        let job = get();
        async move { job.await?.if_it_can_end() }
    })
}

impl<T: Send + 'static> Wait<T> {
    /// Waits for `what`, such as ``task `ID` ``; `ask` fetches it, `state` extracts its state.
    pub(crate) fn new<F>(
        what: impl Into<String>,
        state: fn(&T) -> State,
        ask: impl Fn() -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<T>> + Send + 'static,
    {
        Self {
            what: what.into(),
            ask: Box::new(move || Box::pin(ask())),
            state,
            poll_interval: Duration::from_secs(1),
            max_poll_interval: Duration::from_secs(30),
            timeout: DEFAULT_TIMEOUT,
            on_change: None,
        }
    }

    /// Longest total wait, including the time for responses of the platform; seven days by default. `Duration::MAX` waits without a
    /// limit.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, task_id: String) -> sbg::Result<()> {
    /// use std::time::Duration;
    ///
    /// let day = Duration::from_secs(24 * 60 * 60);
    /// match client.task(task_id).wait().timeout(day).await {
    ///     Err(error) if error.kind() == sbg::ErrorKind::WaitTimeout => println!("still running"),
    ///     task => println!("{:?}", task?.status),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Pause before the second poll; 1 s by default. The pauses grow from there.
    ///
    /// ```
    /// # fn example(client: sbg::Client, task_id: String) {
    /// use std::time::Duration;
    ///
    /// let wait = client.task(task_id).wait().poll_interval(Duration::from_secs(10));
    /// # }
    /// ```
    pub fn poll_interval(mut self, pause: Duration) -> Self {
        self.poll_interval = pause;
        self
    }

    /// Longest pause between two polls; 30 s by default.
    ///
    /// ```
    /// # fn example(client: sbg::Client, task_id: String) {
    /// use std::time::Duration;
    ///
    /// let wait = client.task(task_id).wait().max_poll_interval(Duration::from_secs(5 * 60));
    /// # }
    /// ```
    pub fn max_poll_interval(mut self, pause: Duration) -> Self {
        self.max_poll_interval = pause;
        self
    }

    /// Calls `callback` with each new state: after the first poll, and after each change.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, task_id: String) -> sbg::Result<()> {
    /// let task = client.task(task_id).wait().on_change(|task| println!("{:?}", task.status)).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_change(mut self, callback: impl FnMut(&T) + Send + 'static) -> Self {
        self.on_change = Some(Box::new(callback));
        self
    }

    /// Waits. The same as `.await`.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, task_id: String) -> sbg::Result<()> {
    /// let task = client.task(task_id).wait().send().await?;
    /// println!("{:?}", task.end_time);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::WaitTimeout`] if it has not ended in time; otherwise the error of a poll, if it is permanent or too many polls in a
    /// row fail.
    pub async fn send(mut self) -> Result<T> {
        runtime()?;
        // A deadline that the clock cannot represent means no deadline.
        let deadline = Instant::now().checked_add(self.timeout);
        let mut pause = self.poll_interval.max(LEAST_INTERVAL);
        let mut known: Option<State> = None;
        let mut failures = 0;
        loop {
            let Some(response) = by(deadline, (self.ask)()).await else { return Err(self.timed_out(known)) };
            match response {
                Ok(response) => {
                    failures = 0;
                    let state = (self.state)(&response);
                    if known.as_ref() != Some(&state)
                        && let Some(callback) = &mut self.on_change
                    {
                        callback(&response);
                    }
                    if state.over {
                        return Ok(response);
                    }
                    known = Some(state);
                }
                Err(error) => {
                    failures += 1;
                    if !error.is_transient() || failures > MOST_FAILURES {
                        return Err(error);
                    }
                }
            }
            if by(deadline, tokio::time::sleep(pause)).await.is_none() {
                return Err(self.timed_out(known));
            }
            pause = pause.mul_f64(1.5).min(self.max_poll_interval).max(LEAST_INTERVAL);
        }
    }

    fn timed_out(&self, known: Option<State>) -> Error {
        let state = known.map_or_else(|| "unknown".to_owned(), |state| state.name);
        let timeout = self.timeout;
        let message = format!("{} has not ended after {timeout:?}; its state is {state}", self.what);
        Error::new(ErrorKind::WaitTimeout, message)
    }
}

/// The output of `work`; `None` if the deadline passes first.
async fn by<T>(deadline: Option<Instant>, work: impl Future<Output = T>) -> Option<T> {
    match deadline {
        Some(deadline) => tokio::time::timeout_at(deadline, work).await.ok(),
        None => Some(work.await),
    }
}

impl<T: Send + 'static> IntoFuture for Wait<T> {
    type Output = Result<T>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

impl<T> fmt::Debug for Wait<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wait")
            .field("what", &self.what)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    fn counting(asked: &Arc<AtomicU32>) -> Wait<u32> {
        let asked = asked.clone();
        let state = |count: &u32| State { name: format!("step {}", count / 2), over: *count >= 5 };
        Wait::new("the count", state, move || {
            let count = asked.fetch_add(1, Ordering::Relaxed);
            async move { Ok(count) }
        })
        .poll_interval(Duration::from_millis(1))
    }

    #[tokio::test]
    async fn wait_ends_and_reports_changes() {
        let (asked, changes) = (Arc::default(), Arc::new(AtomicU32::new(0)));
        let counted = changes.clone();
        let wait = counting(&asked).on_change(move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
        });
        assert_eq!(wait.await.unwrap(), 5);
        assert_eq!((asked.load(Ordering::Relaxed), changes.load(Ordering::Relaxed)), (6, 4));
    }

    #[test]
    fn jobs_end_in_every_final_state() {
        for name in ["COMPLETED", "FINISHED", "FAILED", "ABORTED", "finished"] {
            assert!(State::of_job(Some(name)).over, "{name}");
        }
        for name in ["SUBMITTED", "RESOLVING", "RUNNING", "PENDING", "ABORTING", ""] {
            assert!(!State::of_job(Some(name)).over, "{name}");
        }
        assert_eq!(State::of_job(None), State { name: "unknown".to_owned(), over: false });
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_without_a_timeout_ends_after_a_week() {
        let state = |_: &u32| State { name: "RUNNING".to_owned(), over: false };
        let wait =
            Wait::new("the job", state, || async { Ok(1) }).max_poll_interval(Duration::from_secs(3600));
        let (started, error) = (Instant::now(), wait.await.unwrap_err());
        assert_eq!((error.kind(), started.elapsed()), (ErrorKind::WaitTimeout, DEFAULT_TIMEOUT));
    }

    #[tokio::test]
    async fn wait_timeout_names_the_state() {
        let error = counting(&Arc::default()).timeout(Duration::ZERO).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WaitTimeout);
        assert!(!error.is_transient());
        assert_eq!(error.to_string(), "the count has not ended after 0ns; its state is step 0");
    }

    #[tokio::test(start_paused = true)]
    async fn timeout_ends_an_unanswered_poll() {
        let state = |_: &u32| State { name: "none".to_owned(), over: true };
        let wait = Wait::new("the response", state, std::future::pending::<Result<u32>>);
        let error = wait.timeout(Duration::from_secs(60)).await.unwrap_err();
        assert_eq!(error.to_string(), "the response has not ended after 60s; its state is unknown");
    }

    #[tokio::test(start_paused = true)]
    async fn polls_always_pause() {
        let (asked, started) = (Arc::default(), Instant::now());
        counting(&asked).poll_interval(Duration::ZERO).max_poll_interval(Duration::ZERO).await.unwrap();
        assert!(started.elapsed() >= 5 * LEAST_INTERVAL);
        let longest = counting(&Arc::default()).timeout(Duration::MAX).await;
        assert_eq!(longest.unwrap(), 5);
    }

    #[tokio::test(start_paused = true)]
    async fn poll_interval_grows_to_its_maximum() {
        let pauses = async |tune: fn(Wait<u32>) -> Wait<u32>| {
            let asked: Arc<std::sync::Mutex<Vec<Instant>>> = Arc::default();
            let log = asked.clone();
            let state = |count: &u32| State { name: "under way".to_owned(), over: *count == 12 };
            let wait = Wait::new("the count", state, move || {
                let mut log = log.lock().unwrap();
                log.push(Instant::now());
                let count = u32::try_from(log.len()).unwrap();
                async move { Ok(count) }
            });
            tune(wait).await.unwrap();
            let asked = asked.lock().unwrap();
            asked.windows(2).map(|pair| (pair[1] - pair[0]).as_secs()).collect::<Vec<_>>()
        };
        assert_eq!(pauses(|wait| wait).await, [1, 1, 2, 3, 5, 7, 11, 17, 25, 30, 30]);
        let tuned = |wait: Wait<u32>| {
            wait.poll_interval(Duration::from_secs(100)).max_poll_interval(Duration::from_secs(200))
        };
        assert_eq!(pauses(tuned).await, [100, 150, 200, 200, 200, 200, 200, 200, 200, 200, 200]);
    }
}
