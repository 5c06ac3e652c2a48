//! Waits for many jobs of one kind with few calls.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;

use parking_lot::Mutex;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::wait::{Job, MOST_FAILURES, State, Wait};
use crate::error::{Error, Result};

/// Waits until all jobs with these ids have ended; polls only those that have not. An invalid id makes the wait fail.
///
/// Returns a result for each id, in the order of the ids. A job that cannot be fetched gets its error; the wait for the others continues.
pub(crate) fn all<J, F>(
    what: impl Into<String>,
    ids: Result<Vec<String>>,
    get: impl Fn(Vec<String>) -> F + Clone + Send + Sync + 'static,
) -> Wait<Vec<Result<J>>>
where
    J: Job + Clone + DeserializeOwned,
    F: Future<Output = Result<Vec<Result<J>>>> + Send + 'static,
{
    let watched = ids.map(|ids| {
        let watched: Vec<Watched<J>> = ids.into_iter().map(Watched::new).collect();
        Arc::new(Mutex::new(watched))
    });
    Wait::new(what, state_of_all, move || {
        let (get, watched) = (get.clone(), watched.clone());
        async move {
            let watched = watched?;
            let pending =
                |(index, job): (usize, &Watched<J>)| (!job.is_over()).then(|| (index, job.id.clone()));
            let (indexes, ids): (Vec<usize>, Vec<String>) =
                watched.lock().iter().enumerate().filter_map(pending).unzip();
            let responses = get(ids).await?;
            let mut watched = watched.lock();
            for (index, response) in indexes.into_iter().zip(responses) {
                watched[index].learn(response.and_then(J::if_it_can_end));
            }
            Ok(watched.iter().map(Watched::show).collect())
        }
    })
}

/// One of the watched jobs.
#[derive(Debug)]
struct Watched<J> {
    id: String,
    /// Its latest known state; an error is final.
    known: Option<Result<J>>,
    /// Consecutive failures to fetch it.
    failures: u32,
}

impl<J: Job + Clone + DeserializeOwned> Watched<J> {
    fn new(id: String) -> Self {
        Self { id, known: None, failures: 0 }
    }

    fn is_over(&self) -> bool {
        match &self.known {
            Some(Ok(job)) => job.state().over,
            Some(Err(_)) => true,
            None => false,
        }
    }

    fn learn(&mut self, response: Result<J>) {
        match &response {
            Ok(_) => self.failures = 0,
            // Keep the last known state.
            Err(error) if error.is_transient() && self.failures < MOST_FAILURES => {
                self.failures += 1;
                return;
            }
            Err(_) => {}
        }
        self.known = Some(response);
    }

    /// The result to report: a job without any known state has its id and no state.
    fn show(&self) -> Result<J> {
        self.known.clone().unwrap_or_else(|| {
            serde_json::from_value(json!({ "id": self.id }))
                .map_err(|error| Error::invalid(error.to_string()))
        })
    }
}

fn state_of_all<J: Job>(jobs: &Vec<Result<J>>) -> State {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for job in jobs {
        let name = job.as_ref().map_or_else(|_| "with an error".to_owned(), |job| job.state().name);
        *counts.entry(name).or_default() += 1;
    }
    let counts: Vec<String> = counts.into_iter().map(|(name, count)| format!("{count} {name}")).collect();
    State { name: counts.join(", "), over: jobs.iter().flatten().all(|job| job.state().over) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde::Deserialize;

    use super::*;

    #[derive(Clone, Debug, Deserialize, PartialEq)]
    struct Chore {
        id: String,
        state: Option<String>,
    }

    impl Job for Chore {
        fn state(&self) -> State {
            let state = self.state.as_deref();
            State::named(state, matches!(state, Some("DONE" | "FAILED")))
        }

        fn if_it_can_end(self) -> Result<Self> {
            match self.state.as_deref() {
                Some("STUCK") => Err(Error::invalid("stuck")),
                _ => Ok(self),
            }
        }
    }

    fn chore(id: &str, state: &str) -> Chore {
        Chore { id: id.to_owned(), state: Some(state.to_owned()) }
    }

    fn busy<J>() -> Result<J> {
        Err(Error::refused(503, None, "busy"))
    }

    #[tokio::test]
    async fn only_unfinished_jobs_are_polled() {
        let asked: Arc<Mutex<Vec<Vec<String>>>> = Arc::default();
        let log = asked.clone();
        let ids = ["done", "gone", "slow", "shy", "stuck"].map(str::to_owned).to_vec();
        let wait = all("the chores", Ok(ids), move |ids: Vec<String>| {
            log.lock().push(ids.clone());
            let round = log.lock().len();
            async move {
                let response = |id: String| match (id.as_str(), round) {
                    ("done", _) => Ok(chore("done", "DONE")),
                    ("gone", _) => Err(Error::refused(404, None, "gone")),
                    ("stuck", _) => Ok(chore("stuck", "STUCK")),
                    ("slow", 1) => Ok(chore("slow", "RUNNING")),
                    ("shy", 1) => busy(),
                    (id, _) => Ok(chore(id, "FAILED")),
                };
                Ok(ids.into_iter().map(response).collect())
            }
        });
        let changes: Arc<Mutex<Vec<String>>> = Arc::default();
        let names = changes.clone();
        let wait = wait.on_change(move |jobs| names.lock().push(state_of_all(jobs).name));
        let jobs = wait.poll_interval(Duration::from_millis(1)).await.unwrap();
        let states: Vec<_> =
            jobs.iter().map(|job| job.as_ref().ok().and_then(|job| job.state.clone())).collect();
        let expected = [Some("DONE"), None, Some("FAILED"), Some("FAILED"), None];
        assert_eq!(states, expected.map(|state| state.map(str::to_owned)));
        assert_eq!(*asked.lock(), [vec!["done", "gone", "slow", "shy", "stuck"], vec!["slow", "shy"]]);
        let expected = ["1 DONE, 1 RUNNING, 1 unknown, 2 with an error", "1 DONE, 2 FAILED, 2 with an error"];
        assert_eq!(*changes.lock(), expected);
    }

    #[test]
    fn job_that_keeps_failing_is_abandoned() {
        let mut watched: Watched<Chore> = Watched::new("e".to_owned());
        watched.learn(busy());
        assert_eq!(watched.show().unwrap(), Chore { id: "e".to_owned(), state: None });
        watched.learn(Ok(chore("e", "RUNNING")));
        for _ in 0..MOST_FAILURES {
            watched.learn(busy());
            assert!(!watched.is_over());
            assert_eq!(watched.show().unwrap(), chore("e", "RUNNING"));
        }
        watched.learn(busy());
        assert!(watched.is_over() && watched.show().is_err());
    }

    #[tokio::test]
    async fn malformed_ids_fail_the_wait() {
        let get = |_: Vec<String>| async { panic!("nothing is asked") };
        let wait: Wait<Vec<Result<Chore>>> = all("the chores", Err(Error::invalid("no id")), get);
        assert_eq!(wait.await.unwrap_err().message(), "no id");
    }
}
