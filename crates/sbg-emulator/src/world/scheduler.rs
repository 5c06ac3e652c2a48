//! Tasks, jobs and runs that move from one state to the next without a request.
//!
//! Nothing runs in the background. Each request first runs all steps that are due by the emulator's clock, in the
//! order of time, so a test that advances the clock sees the same states as one that waits.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::World;
use crate::clock::later;

/// A task, job or run that moves to its next state.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) enum Step {
    Task(String),
    Import(String),
    Export(String),
    FileJob(String),
    DrsImport(String),
    Run(String),
}

/// Steps in the order in which they are due.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Scheduler {
    #[serde(with = "pairs")]
    due: BTreeMap<(Timestamp, u64), Step>,
    count: u64,
    /// How long everything stays in each state.
    #[serde(skip)]
    state_time: Duration,
}

impl Scheduler {
    pub(super) fn new(state_time: Duration) -> Self {
        Self { due: BTreeMap::new(), count: 0, state_time }
    }

    /// Changes how long everything stays in each state. Scheduled steps keep their time.
    pub(super) fn set_state_time(&mut self, state_time: Duration) {
        self.state_time = state_time;
    }

    /// Schedules a step after the usual time. Of two that are due at once, the one added first comes first.
    pub(super) fn next(&mut self, from: Timestamp, step: Step) {
        self.count += 1;
        self.due.insert((later(from, self.state_time), self.count), step);
    }

    /// Cancels a step.
    pub(super) fn forget(&mut self, step: &Step) {
        self.due.retain(|_, due| due != step);
    }

    fn take(&mut self, now: Timestamp) -> Option<(Timestamp, Step)> {
        let entry = self.due.first_entry()?;
        let at = entry.key().0;
        (at <= now).then(|| (at, entry.remove()))
    }
}

/// A map whose keys are not strings, serialized as a list.
mod pairs {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<K: Serialize, V: Serialize, S: Serializer>(
        map: &BTreeMap<K, V>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_seq(map)
    }

    pub(super) fn deserialize<'de, K, V, D>(from: D) -> Result<BTreeMap<K, V>, D::Error>
    where
        K: Deserialize<'de> + Ord,
        V: Deserialize<'de>,
        D: Deserializer<'de>,
    {
        Ok(Vec::<(K, V)>::deserialize(from)?.into_iter().collect())
    }
}

impl World {
    /// Runs all steps that are due.
    pub(crate) fn settle(&mut self) {
        let now = self.clock.timestamp();
        while let Some((at, step)) = self.scheduler.take(now) {
            self.step(&step, at);
        }
    }

    /// Runs all steps, whatever their time.
    pub(super) fn finish_everything(&mut self) {
        while let Some((at, step)) = self.scheduler.take(Timestamp::MAX) {
            self.step(&step, at);
        }
    }

    fn step(&mut self, step: &Step, at: Timestamp) {
        match step {
            Step::Task(id) => self.step_task(id, at),
            Step::Import(id) => self.step_import(id, at),
            Step::Export(id) => self.step_export(id, at),
            Step::FileJob(id) => self.step_file_job(id, at),
            Step::DrsImport(id) => self.step_drs_import(id, at),
            Step::Run(id) => self.step_run(id, at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_run_in_time_order_when_due() {
        let mut scheduler = Scheduler::new(Duration::from_secs(10));
        let at = |second| Timestamp::from_second(second).unwrap();
        scheduler.next(at(5), Step::Task("b".to_owned()));
        scheduler.next(at(0), Step::Task("a".to_owned()));
        scheduler.next(at(5), Step::Run("c".to_owned()));
        assert_eq!(scheduler.take(at(9)), None);
        assert_eq!(scheduler.take(at(20)), Some((at(10), Step::Task("a".to_owned()))));
        assert_eq!(scheduler.take(at(20)), Some((at(15), Step::Task("b".to_owned()))));
        assert_eq!(scheduler.take(at(20)), Some((at(15), Step::Run("c".to_owned()))));
        assert_eq!(scheduler.take(at(20)), None);
    }
}
