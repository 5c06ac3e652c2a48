//! Waiting for something on the platform to be over: a task, an import, a job.

mod many;

use std::fmt;
use std::future::{Future, IntoFuture};
use std::time::{Duration, Instant};

use futures::future::BoxFuture;

use crate::error::{Error, ErrorKind, Result};

pub(crate) use many::all;

/// Failures in a row to ask how it stands, after which the wait is given up. Each has been retried already.
const MOST_FAILURES: u32 = 5;

type Ask<T> = Box<dyn Fn() -> BoxFuture<'static, Result<T>> + Send + Sync>;
type Told<T> = Box<dyn FnMut(&T) + Send>;

/// A wait until something is over: `.await` it, or set its bounds first.
///
/// The platform is asked rarely: at first after a second, then ever more seldom, up to [`longest_pause`](Self::longest_pause). Dropping
/// the wait changes nothing on the platform.
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
    first_pause: Duration,
    longest_pause: Duration,
    timeout: Option<Duration>,
    told: Option<Told<T>>,
}

/// How far something has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct State {
    /// What the platform calls the state.
    pub(crate) name: String,
    /// Whether it will not change any more.
    pub(crate) over: bool,
}

/// Something on the platform that takes time.
pub(crate) trait Job: Send + 'static {
    /// How far it is.
    fn state(&self) -> State;

    /// The job, unless it would never be over: to wait for that one would be to wait for ever.
    fn if_it_can_end(self) -> Result<Self>
    where
        Self: Sized,
    {
        Ok(self)
    }
}

impl State {
    /// The state that the platform calls `name`, unless it tells none.
    pub(crate) fn named(name: Option<&str>, over: bool) -> Self {
        Self { name: name.unwrap_or("unknown").to_owned(), over }
    }
}

/// Waits for one job, such as ``task `ID` ``; `get` gets it.
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
    /// Waits for `what`, such as ``task `ID` ``; `ask` gets it, `state` tells how far it is.
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
            first_pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(30),
            timeout: None,
            told: None,
        }
    }

    /// Longest time to wait in all; without it, the wait lasts as long as it takes.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, task_id: String) -> sbg::Result<()> {
    /// use std::time::Duration;
    ///
    /// let day = Duration::from_secs(24 * 60 * 60);
    /// match client.task(task_id).wait().timeout(day).await {
    ///     Err(error) if error.kind() == sbg::ErrorKind::Timeout => println!("still running"),
    ///     task => println!("{:?}", task?.status),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Time before the platform is asked a second time; 1 s by default. The pauses grow from there.
    ///
    /// ```
    /// # fn example(client: sbg::Client, task_id: String) {
    /// use std::time::Duration;
    ///
    /// let wait = client.task(task_id).wait().first_pause(Duration::from_secs(10));
    /// # }
    /// ```
    pub fn first_pause(mut self, pause: Duration) -> Self {
        self.first_pause = pause;
        self
    }

    /// Longest time between two questions; 30 s by default.
    ///
    /// ```
    /// # fn example(client: sbg::Client, task_id: String) {
    /// use std::time::Duration;
    ///
    /// let wait = client.task(task_id).wait().longest_pause(Duration::from_secs(5 * 60));
    /// # }
    /// ```
    pub fn longest_pause(mut self, pause: Duration) -> Self {
        self.longest_pause = pause;
        self
    }

    /// Calls `told` with what the platform answered, at first and then whenever the state has changed.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, task_id: String) -> sbg::Result<()> {
    /// let task = client.task(task_id).wait().on_change(|task| println!("{:?}", task.status)).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_change(mut self, told: impl FnMut(&T) + Send + 'static) -> Self {
        self.told = Some(Box::new(told));
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
    /// [`ErrorKind::Timeout`] when it is not over in time; or whatever asking brings, when that fails several times in a row.
    pub async fn send(mut self) -> Result<T> {
        let started = Instant::now();
        let mut pause = self.first_pause;
        let mut known: Option<State> = None;
        let mut failures = 0;
        loop {
            match (self.ask)().await {
                Ok(answer) => {
                    failures = 0;
                    let state = (self.state)(&answer);
                    if known.as_ref() != Some(&state)
                        && let Some(told) = &mut self.told
                    {
                        told(&answer);
                    }
                    if state.over {
                        return Ok(answer);
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
            if let Some(timeout) = self.timeout {
                let left = timeout.saturating_sub(started.elapsed());
                if left.is_zero() {
                    let state = known.map_or_else(|| "unknown".to_owned(), |state| state.name);
                    let message =
                        format!("{} is not over after {timeout:?}; its state is {state}", self.what);
                    return Err(Error::new(ErrorKind::Timeout, message));
                }
                pause = pause.min(left);
            }
            tokio::time::sleep(pause).await;
            pause = pause.mul_f64(1.5).min(self.longest_pause);
        }
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
        .first_pause(Duration::from_millis(1))
    }

    #[tokio::test]
    async fn a_wait_ends_when_it_is_over_and_tells_of_changes() {
        let (asked, told) = (Arc::default(), Arc::new(AtomicU32::new(0)));
        let counted = told.clone();
        let wait = counting(&asked).on_change(move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
        });
        assert_eq!(wait.await.unwrap(), 5);
        assert_eq!((asked.load(Ordering::Relaxed), told.load(Ordering::Relaxed)), (6, 4));
    }

    #[tokio::test]
    async fn a_timeout_names_the_state() {
        let error = counting(&Arc::default()).timeout(Duration::ZERO).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
        assert_eq!(error.to_string(), "the count is not over after 0ns; its state is step 0");
    }
}
