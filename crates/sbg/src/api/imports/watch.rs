//! Waiting for many imports or exports with few calls.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::json;

use crate::error::{Error, Result};
use crate::types::{self, StorageJobState};
use crate::wait::{State, Wait};

/// How often in a row a job may not be got among others before it is given up. Each call has been retried already.
const MOST_FAILURES: u32 = 5;

/// An import or an export.
pub(crate) trait Job: Clone + serde::de::DeserializeOwned + Send + 'static {
    fn state(&self) -> Option<&StorageJobState>;
}

impl Job for types::Import {
    fn state(&self) -> Option<&StorageJobState> {
        self.state.as_ref()
    }
}

impl Job for types::Export {
    fn state(&self) -> Option<&StorageJobState> {
        self.state.as_ref()
    }
}

/// How far a job in this state is.
pub(crate) fn state(state: Option<&StorageJobState>) -> State {
    let name = state.map_or("unknown", StorageJobState::as_str).to_owned();
    State { name, over: matches!(state, Some(StorageJobState::Completed | StorageJobState::Failed)) }
}

/// Waits until all jobs are over, and asks only for those that are not.
pub(crate) fn all<J: Job, F>(
    what: &str,
    ids: Result<Vec<String>>,
    get: impl Fn(Vec<String>) -> F + Clone + Send + Sync + 'static,
) -> Wait<Vec<Result<J>>>
where
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
                |(place, job): (usize, &Watched<J>)| (!job.is_over()).then(|| (place, job.id.clone()));
            let (places, ids): (Vec<usize>, Vec<String>) =
                lock(&watched).iter().enumerate().filter_map(pending).unzip();
            let answers = get(ids).await?;
            let mut watched = lock(&watched);
            for (place, answer) in places.into_iter().zip(answers) {
                watched[place].learn(answer);
            }
            Ok(watched.iter().map(Watched::show).collect())
        }
    })
}

fn lock<T>(watched: &Mutex<T>) -> MutexGuard<'_, T> {
    watched.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A job among those that are waited for.
#[derive(Debug)]
struct Watched<J> {
    id: String,
    /// The latest that is known of it; an error is the end of it.
    known: Option<Result<J>>,
    /// Failures in a row to get it.
    failures: u32,
}

impl<J: Job> Watched<J> {
    fn new(id: String) -> Self {
        Self { id, known: None, failures: 0 }
    }

    fn is_over(&self) -> bool {
        match &self.known {
            Some(Ok(job)) => state(job.state()).over,
            Some(Err(_)) => true,
            None => false,
        }
    }

    fn learn(&mut self, answer: Result<J>) {
        match &answer {
            Ok(_) => self.failures = 0,
            // What was known before is still the best that can be told.
            Err(error) if error.is_transient() && self.failures < MOST_FAILURES => {
                self.failures += 1;
                return;
            }
            Err(_) => {}
        }
        self.known = Some(answer);
    }

    /// What to tell of it: a job of which nothing is known yet has its id and no state.
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
        let name = job.as_ref().map_or_else(|_| "with an error".to_owned(), |job| state(job.state()).name);
        *counts.entry(name).or_default() += 1;
    }
    let counts: Vec<String> = counts.into_iter().map(|(name, count)| format!("{count} {name}")).collect();
    State { name: counts.join(", "), over: jobs.iter().flatten().all(|job| state(job.state()).over) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::error::ErrorKind;

    fn import(id: &str, state: &str) -> types::Import {
        serde_json::from_value(json!({ "id": id, "state": state })).unwrap()
    }

    #[tokio::test]
    async fn only_jobs_that_are_not_over_are_asked_for_and_one_that_is_gone_holds_up_no_other() {
        let asked: Arc<Mutex<Vec<Vec<String>>>> = Arc::default();
        let log = asked.clone();
        let ids = ["done", "gone", "slow", "shy"].map(str::to_owned).to_vec();
        let wait = all("the imports", Ok(ids), move |ids: Vec<String>| {
            lock(&log).push(ids.clone());
            let round = lock(&log).len();
            async move {
                let answer = |id: String| match (id.as_str(), round) {
                    ("done", _) => Ok(import("done", "COMPLETED")),
                    ("gone", _) => Err(Error::new(ErrorKind::Api, "gone").with_status(404)),
                    ("slow", 1) => Ok(import("slow", "RUNNING")),
                    ("shy", 1) => Err(Error::new(ErrorKind::Api, "busy").with_status(503)),
                    (id, _) => Ok(import(id, "FAILED")),
                };
                Ok(ids.into_iter().map(answer).collect())
            }
        });
        let told: Arc<Mutex<Vec<String>>> = Arc::default();
        let names = told.clone();
        let wait = wait.on_change(move |jobs| lock(&names).push(state_of_all(jobs).name));
        let jobs = wait.first_pause(Duration::from_millis(1)).await.unwrap();
        let states: Vec<_> =
            jobs.iter().map(|job| job.as_ref().ok().and_then(|job| job.state.clone())).collect();
        let failed = Some(StorageJobState::Failed);
        assert_eq!(states, [Some(StorageJobState::Completed), None, failed.clone(), failed]);
        assert_eq!(*lock(&asked), [vec!["done", "gone", "slow", "shy"], vec!["slow", "shy"]]);
        let expected =
            ["1 COMPLETED, 1 RUNNING, 1 unknown, 1 with an error", "1 COMPLETED, 2 FAILED, 1 with an error"];
        assert_eq!(*lock(&told), expected);
    }

    #[tokio::test]
    async fn a_job_that_cannot_be_got_again_and_again_is_given_up() {
        let busy = |ids: Vec<String>| async move {
            Ok(ids.iter().map(|_| Err(Error::new(ErrorKind::Api, "busy").with_status(503))).collect())
        };
        let wait: Wait<Vec<Result<types::Export>>> = all("the exports", Ok(vec!["e".to_owned()]), busy);
        let jobs = wait.first_pause(Duration::ZERO).longest_pause(Duration::ZERO).await.unwrap();
        assert!(jobs[0].as_ref().unwrap_err().is_transient());
    }
}
