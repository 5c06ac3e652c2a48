//! Waiting for tasks: for one, or for many with few calls.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sbg_raw::ClientTasksExt as _;
use serde_json::json;

use super::{TaskHandle, bulk_get, task_errors};
use crate::client::Client;
use crate::error::{Error, Result};
use crate::types::{self, TaskStatus};
use crate::wait::{State, Wait};

/// How often in a row a task may not be got among others before it is given up. Each call has been retried already.
const MOST_FAILURES: u32 = 5;

pub(super) fn one(task: TaskHandle) -> Wait<types::Task> {
    Wait::new(format!("task `{}`", task.id), state, move || {
        let task = task.clone();
        async move {
            let found = task.client.raw().task_get().task_id(task.checked()?).send().await?.into_inner();
            startable(found)
        }
    })
}

fn state(task: &types::Task) -> State {
    State { name: status_name(task).to_owned(), over: is_over(task) }
}

fn status_name(task: &types::Task) -> &str {
    task.status.as_ref().map_or("unknown", TaskStatus::as_str)
}

/// Whether the task will not change any more. A state that nobody knows yet may be on the way to another one.
fn is_over(task: &types::Task) -> bool {
    matches!(task.status, Some(TaskStatus::Completed | TaskStatus::Failed | TaskStatus::Aborted))
}

/// The task, unless it is a draft that cannot run: to wait for that one would be to wait for ever.
fn startable(task: types::Task) -> Result<types::Task> {
    let errors = task_errors(&task);
    if task.status != Some(TaskStatus::Draft) || errors.is_empty() {
        return Ok(task);
    }
    let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
    let message = format!("task `{}` is a draft that cannot run: {}", task.id, errors.join("; "));
    Err(Error::invalid(message).with_hint("mend its inputs with `edit`, then `run` it"))
}

pub(super) fn all(client: Client, ids: Vec<String>) -> Wait<Vec<Result<types::Task>>> {
    let what = format!("the wait for {} tasks", ids.len());
    let watched = ids.into_iter().map(Watched::new).collect();
    let watched: Arc<Mutex<Vec<Watched>>> = Arc::new(Mutex::new(watched));
    Wait::new(what, state_of_all, move || {
        let (client, watched) = (client.clone(), watched.clone());
        async move {
            let (places, ids) = lock(&watched).iter().enumerate().filter_map(Watched::pending).unzip();
            let (places, ids): (Vec<usize>, Vec<String>) = (places, ids);
            let answers = bulk_get(&client, ids).await?;
            let mut watched = lock(&watched);
            for (place, answer) in places.into_iter().zip(answers) {
                watched[place].learn(answer);
            }
            Ok(watched.iter().map(Watched::show).collect())
        }
    })
}

fn lock(watched: &Mutex<Vec<Watched>>) -> MutexGuard<'_, Vec<Watched>> {
    watched.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A task among those that are waited for.
#[derive(Debug)]
struct Watched {
    id: String,
    /// The latest that is known of it.
    known: Option<Result<types::Task>>,
    over: bool,
    /// Failures in a row to get it.
    failures: u32,
}

impl Watched {
    fn new(id: String) -> Self {
        Self { id, known: None, over: false, failures: 0 }
    }

    fn pending((place, watched): (usize, &Self)) -> Option<(usize, String)> {
        (!watched.over).then(|| (place, watched.id.clone()))
    }

    fn learn(&mut self, answer: Result<types::Task>) {
        let answer = answer.and_then(startable);
        match &answer {
            Ok(task) => {
                self.failures = 0;
                self.over = is_over(task);
            }
            Err(error) => {
                self.failures += 1;
                self.over = !error.is_transient() || self.failures > MOST_FAILURES;
                if !self.over {
                    // What was known before is still the best that can be told.
                    return;
                }
            }
        }
        self.known = Some(answer);
    }

    /// What to tell of it: an error stands for the end of it, so one that may pass is shown as a task of which nothing is known.
    fn show(&self) -> Result<types::Task> {
        self.known.clone().unwrap_or_else(|| {
            serde_json::from_value(json!({ "id": self.id }))
                .map_err(|error| Error::invalid(error.to_string()))
        })
    }
}

fn state_of_all(tasks: &Vec<Result<types::Task>>) -> State {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for task in tasks {
        *counts.entry(task.as_ref().map_or("with an error", status_name)).or_default() += 1;
    }
    let counts: Vec<String> = counts.into_iter().map(|(name, count)| format!("{count} {name}")).collect();
    State { name: counts.join(", "), over: tasks.iter().flatten().all(is_over) }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::error::ErrorKind;

    const ID: &str = "3f1b7c6e-1b7c-4f0e-9a57-0e3b6c2a9d11";

    fn task(status: &Value) -> types::Task {
        serde_json::from_value(json!({"id": ID, "status": status})).unwrap()
    }

    #[test]
    fn tasks_are_over_in_three_states_only() {
        for (status, over) in [
            (json!("COMPLETED"), true),
            (json!("failed"), true),
            (json!("ABORTED"), true),
            (json!("ABORTING"), false),
            (json!("DRAFT"), false),
            (json!("Active"), false),
            (json!(null), false),
        ] {
            assert_eq!(is_over(&task(&status)), over, "{status}");
        }
    }

    #[test]
    fn a_draft_with_errors_is_not_waited_for() {
        let draft = |errors: Value| {
            serde_json::from_value(json!({"id": ID, "status": "DRAFT", "errors": errors})).unwrap()
        };
        assert!(startable(draft(json!([]))).is_ok());
        let error = startable(draft(json!(["Missing `reads`.", {"message": "No file."}]))).unwrap_err();
        let expected = format!(
            "task `{ID}` is a draft that cannot run: Missing `reads`.; No file.; mend its inputs with `edit`, then `run` it"
        );
        assert_eq!((error.kind(), error.to_string()), (ErrorKind::InvalidInput, expected));
    }

    #[test]
    fn errors_that_may_pass_do_not_end_the_wait_for_a_task() {
        let busy = || Err(Error::new(ErrorKind::Connect, "busy"));
        let mut watched = Watched::new(ID.to_owned());
        watched.learn(busy());
        assert_eq!(watched.show().unwrap().id, ID);
        watched.learn(Ok(task(&json!("RUNNING"))));
        for _ in 0..MOST_FAILURES {
            watched.learn(busy());
            assert!(!watched.over);
            assert_eq!(watched.show().unwrap(), task(&json!("RUNNING")));
        }
        watched.learn(busy());
        assert!(watched.over && watched.show().is_err());

        let mut gone = Watched::new(ID.to_owned());
        gone.learn(Err(Error::new(ErrorKind::Api, "gone").with_status(404)));
        assert!(gone.over && gone.show().is_err());
    }

    #[test]
    fn the_state_of_all_counts_the_states() {
        let tasks = vec![
            Ok(task(&json!("RUNNING"))),
            Ok(task(&json!("COMPLETED"))),
            Ok(task(&json!("RUNNING"))),
            Err(Error::cancelled()),
        ];
        let state = state_of_all(&tasks);
        assert_eq!((state.name.as_str(), state.over), ("1 COMPLETED, 2 RUNNING, 1 with an error", false));
        assert!(state_of_all(&tasks[1..2].to_vec()).over);
    }
}
