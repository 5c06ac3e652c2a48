//! An upload under way: what the platform has already, what is sent, and how it is completed.

use std::collections::BTreeMap;
use std::future::Future;
use std::ops::Range;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::StreamExt as _;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet, spawn_blocking};

use super::attempt::{Attempt, Failures};
use super::dropped::{PartError, Refusal, lacks_parts};
use super::init::{Beginning, Begun, begin, begin_anew};
use super::journal::{Journal, Ledger, Record};
use super::plan::{Confirmed, Plan};
use super::protocol::{PartAddress, Route};
use super::uploaded::Uploaded;
use crate::error::{Error, ErrorKind, Result};
use crate::transfer::engine::concurrency::{Direction, PartMeter};
use crate::transfer::engine::retry::{Retry, Then};
use crate::transfer::engine::runtime::Tools;
use crate::transfer::engine::storage::part_body::Flow;
use crate::transfer::engine::storage::{Moving, PartRequest, StorageError};
use crate::transfer::engine::task::{blocking, joined};
use crate::transfer::handle::Shared;
use crate::transfer::local::source_file::Content;
use crate::transfer::part_size;
use crate::transfer::upload::plan::Report;
use crate::types;

/// Parts whose address is asked for ahead of the connection that will send them.
const AHEAD: usize = 16;

/// Parts that are reported together. The last ones go along with the completion.
const REPORTED_TOGETHER: usize = 32;

/// Time between two journals: what a killed process sends again at most.
const JOURNAL_INTERVAL: Duration = Duration::from_secs(1);

/// How long an upload that is stopped while it begins waits for the answer of the platform.
const LAST_ANSWER: Duration = Duration::from_secs(2);

/// Does the whole upload of a file. One that the storage has dropped restarts from zero, once.
pub(super) async fn run(plan: Plan, tools: Tools, shared: Arc<Shared>) -> Result<Uploaded> {
    let begun = stoppable(&shared, begin(&plan, &tools, &shared)).await?;
    let (error, record) = match attempt(&plan, &tools, &shared, begun).await? {
        Ended::Complete(done) => return Ok(*done),
        Ended::Dropped(error, record) => (error, record),
    };
    tracing::warn!(path = %plan.source.path().display(), %error, "an upload restarts from zero");
    shared.start_over(format!("the storage dropped the upload: {error}"));
    shared.counters.start_over();
    let begun = stoppable(&shared, begin_anew(&plan, &tools, record)).await?;
    match attempt(&plan, &tools, &shared, begun).await? {
        Ended::Complete(done) => Ok(*done),
        Ended::Dropped(error, _) => Err(error),
    }
}

fn complete(plan: &Plan, shared: &Shared, file: types::File, resumed: u64) -> Ended {
    let (bytes, started_over) = (plan.source.size(), shared.started_over());
    Ended::Complete(Box::new(Uploaded { file, bytes, resumed, started_over }))
}

/// The beginning of an upload, which may be stopped.
async fn stoppable(shared: &Shared, beginning: impl Future<Output = Result<Beginning>>) -> Result<Beginning> {
    let mut beginning = pin!(beginning);
    tokio::select! {
        begun = &mut beginning => begun,
        // The platform may know the upload already: only its answer tells what is to be aborted, or kept.
        () = shared.stop.cancelled() => match tokio::time::timeout(LAST_ANSWER, beginning).await {
            Ok(Ok(begun)) => Ok(begun),
            _ => Err(Error::cancelled()),
        },
    }
}

/// How an upload has ended that did not fail.
enum Ended {
    Complete(Box<Uploaded>),
    /// The storage does not know it any more. It is aborted and forgotten.
    Dropped(Error, Option<Record>),
}

/// Sends what is missing of an upload, and completes it.
async fn attempt(plan: &Plan, tools: &Tools, shared: &Arc<Shared>, begun: Beginning) -> Result<Ended> {
    let Begun { route, part_size, confirmed, resumed, record } = match begun {
        Beginning::Begun(begun) => *begun,
        Beginning::Completed(file) => {
            let size = plan.source.size();
            shared.counters.plan(size, 1);
            shared.counters.add_there(size);
            shared.counters.part_done();
            return Ok(complete(plan, shared, *file, size));
        }
    };
    let mut parts: Vec<Range<u64>> = part_size::parts(0..plan.source.size(), part_size).collect();
    if parts.is_empty() {
        // An empty file is one empty part.
        parts.push(0..0);
    }
    let resumable = record.is_some();
    let journal = match record {
        Some(record) => {
            let journal = Journal {
                key: plan.key(),
                stamp: plan.source.stamp().clone(),
                upload_id: route.upload_id.clone(),
                part_size,
                parts: confirmed.values().map(|part| part.report.clone()).collect(),
                completing: false,
            };
            // Before the first part, so that no upload is forgotten.
            Some(Arc::new(blocking(move || Ok(Ledger::open(record, journal))).await?))
        }
        None => None,
    };
    let job = Job::bare(tools.clone(), shared.clone(), route);
    let job = Arc::new(Job { journal, confirmed: Mutex::new(confirmed), resumed, ..job });
    let there = job.count_there(&parts);
    shared.counters.plan(plan.source.size(), parts.len());
    let mut workers = JoinSet::new();
    let result = tokio::select! {
        result = job.send_all(plan, &parts, &mut workers) => result,
        never = job.write_journals() => match never {},
        () = shared.stop.cancelled() => Err(Error::cancelled().into()),
    };
    workers.shutdown().await;
    let keep = match &result {
        Ok(_) | Err(PartError::Dropped(_)) => false,
        Err(PartError::Failed(error)) => resumable && !shared.is_discarded() && is_worth_resuming(error),
    };
    if result.is_err() && !keep {
        job.route.abort().await;
    }
    let record = job.close(keep).await;
    match result {
        Ok(file) => Ok(complete(plan, shared, file, there)),
        Err(PartError::Dropped(error)) => Ok(Ended::Dropped(error, record)),
        Err(PartError::Failed(error)) => Err(error),
    }
}

/// Whether the same upload, started again, may come to a better end.
fn is_worth_resuming(error: &Error) -> bool {
    use ErrorKind as K;

    let passing = matches!(
        error.kind(),
        K::Cancelled
            | K::DiskFull
            | K::Dns
            | K::Io
            | K::Network
            | K::Proxy
            | K::Storage
            | K::Timeout
            | K::Tls
    );
    // A token that has expired, a bill that is not paid: somebody will see to it.
    let refused = error.is_refused() && matches!(error.kind(), K::Unauthorized | K::Quota | K::Forbidden);
    passing || refused || error.is_transient()
}

/// What has become of a part; a panic is an error as well.
pub(super) fn sent(done: Result<Result<(), PartError>, JoinError>) -> Result<(), PartError> {
    match done {
        Ok(sent) => sent,
        Err(error) => Ok(joined(Err(error))?),
    }
}

/// When parts are reported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Reporting {
    #[default]
    Together,
    /// The platform does not take them otherwise.
    AtTheEnd,
}

/// An upload whose parts are on their way.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) tools: Tools,
    pub(super) shared: Arc<Shared>,
    pub(super) route: Route,
    confirmed: Mutex<BTreeMap<usize, Confirmed>>,
    /// Whether an earlier run has sent parts.
    resumed: bool,
    /// Whether the storage has confirmed a part to this run.
    has_confirmed: AtomicBool,
    /// One report of many parts at a time, and none after one was refused.
    reporting: tokio::sync::Mutex<Reporting>,
    pub(super) journal: Option<Arc<Ledger>>,
    /// Connections that there may be, as far as is known: 0 before the first address tells the host.
    connections: watch::Sender<usize>,
}

impl Job {
    /// An upload that cannot be gone on with by another process.
    pub(super) fn bare(tools: Tools, shared: Arc<Shared>, route: Route) -> Self {
        Self {
            tools,
            shared,
            route,
            confirmed: Mutex::default(),
            resumed: false,
            has_confirmed: AtomicBool::new(false),
            reporting: tokio::sync::Mutex::default(),
            journal: None,
            connections: watch::Sender::default(),
        }
    }

    /// Counts the parts that were sent before. Gives their bytes.
    fn count_there(&self, parts: &[Range<u64>]) -> u64 {
        let (there, bytes) = {
            let mut confirmed = self.confirmed();
            confirmed.retain(|number, _| (1..=parts.len()).contains(number));
            let length = |number: &usize| parts[number - 1].end - parts[number - 1].start;
            (confirmed.len(), confirmed.keys().map(length).sum())
        };
        self.shared.counters.add_there(bytes);
        (0..there).for_each(|_| self.shared.counters.part_done());
        bytes
    }

    /// Sends what the storage has not confirmed yet, and completes the upload.
    async fn send_all(
        self: &Arc<Self>,
        plan: &Plan,
        parts: &[Range<u64>],
        workers: &mut JoinSet<Result<(), PartError>>,
    ) -> Result<types::File, PartError> {
        let missing: Vec<usize> = {
            let confirmed = self.confirmed();
            (1..=parts.len()).filter(|number| !confirmed.contains_key(number)).collect()
        };
        for number in missing {
            let content = Content::File(plan.source.clone(), parts[number - 1].clone());
            self.spawn(number, content, workers).await?;
        }
        self.join(workers).await?;
        plan.source.check_unchanged()?;
        let completed = self.complete(parts.len(), &plan.name, plan.source.size()).await;
        completed.map_err(|error| {
            if lacks_parts(&error, self.resumed) {
                PartError::Dropped(error)
            } else {
                PartError::Failed(error)
            }
        })
    }

    /// Begins to send a part, as soon as there may be a connection for it before long.
    pub(super) async fn spawn(
        self: &Arc<Self>,
        number: usize,
        content: Content,
        workers: &mut JoinSet<Result<(), PartError>>,
    ) -> Result<(), PartError> {
        let mut connections = self.connections.subscribe();
        loop {
            let room = *connections.borrow_and_update() + AHEAD;
            tokio::select! {
                biased;
                Some(done) = workers.join_next() => sent(done)?,
                () = std::future::ready(()), if workers.len() < room => break,
                Ok(()) = connections.changed() => {}
            }
        }
        workers.spawn(self.clone().send(number, content));
        Ok(())
    }

    /// Waits until all parts are sent.
    pub(super) async fn join(&self, workers: &mut JoinSet<Result<(), PartError>>) -> Result<(), PartError> {
        while !workers.is_empty() {
            self.join_one(workers).await?;
        }
        Ok(())
    }

    /// Waits until one more part is sent.
    pub(super) async fn join_one(
        &self,
        workers: &mut JoinSet<Result<(), PartError>>,
    ) -> Result<(), PartError> {
        workers.join_next().await.map_or(Ok(()), sent)
    }

    /// Sends one part until the storage confirms it.
    async fn send(self: Arc<Self>, number: usize, content: Content) -> Result<(), PartError> {
        let part = i32::try_from(number).map_err(|_| Error::invalid("too many parts"))?;
        let counters = &self.shared.counters;
        let mut retry = Retry::default();
        let mut failures = Failures::default();
        // An address costs a call, so it is kept until it is refused or too old.
        let mut kept = None;
        loop {
            self.shared.running().await;
            let address = match kept.take().filter(|address: &PartAddress| !address.age.is_over()) {
                Some(address) => address,
                None => match self.route.part_address(part).await {
                    Ok(address) => address,
                    Err(error) => {
                        retry.after_call(error, counters).await?;
                        continue;
                    }
                },
            };
            let limiter = self.tools.limiter(Direction::Up, &address.url)?;
            let connection = limiter.clone().acquire_for(content.length()).await;
            let limit = *limiter.limit().borrow();
            self.connections.send_if_modified(|known| std::mem::replace(known, limit) != limit);
            if address.age.is_over() {
                // It has grown old while it waited for the connection.
                continue;
            }
            let attempt = Arc::new(Attempt::new(counters.clone()));
            let flow = Flow::new(failures.hold_back());
            let outcome = tokio::select! {
                outcome = self.put(&address, &content, &attempt, connection.meter(), flow) => Some(outcome),
                () = self.shared.pause_wanted() => None,
            };
            if let Some(Ok(headers)) = outcome {
                connection.confirmed();
                return Ok(self.confirm(number, Report { part, headers }).await?);
            }
            drop(connection);
            attempt.close();
            let mut then = Then::Again;
            if let Some(Err(failure)) = outcome {
                // A file that was cut short breaks the request: say that, not what the connection looked like.
                content.check_unchanged()?;
                let old = address.age.is_old();
                failures.add(failure.error(), old);
                if self.refusal(failure.error(), &failures).is_dropped() {
                    return Err(PartError::Dropped(failure.error().clone()));
                }
                then = retry.after(failure, old, &limiter, counters).await?;
                if old && failures.is_broken {
                    // The response that the break has hidden may be that it has expired.
                    then = Then::Renew;
                }
            }
            kept = (then == Then::Again).then_some(address);
        }
    }

    fn refusal<'e>(&self, error: &'e Error, failures: &Failures) -> Refusal<'e> {
        Refusal {
            status: error.status(),
            code: error.storage_code(),
            resumed: self.resumed,
            confirmed: self.has_confirmed.load(Ordering::Relaxed),
            attempts: failures.count,
        }
    }

    /// One attempt at a part. Gives the headers to report.
    async fn put(
        &self,
        address: &PartAddress,
        content: &Content,
        attempt: &Arc<Attempt>,
        meter: &PartMeter,
        flow: Flow,
    ) -> Result<BTreeMap<String, String>, StorageError> {
        let moving = Moving::new();
        let unread = Arc::default();
        let body = || {
            attempt.restart();
            meter.restart();
            let (counted, meter, throttle, told) =
                (attempt.clone(), meter.clone(), self.tools.up.clone(), moving.clone());
            let gate = flow.gate();
            let numbered = content.clone().blocks(Arc::clone(&unread)).enumerate();
            reqwest::Body::wrap_stream(numbered.then(move |(number, block)| {
                let (counted, meter, throttle, moving) =
                    (counted.clone(), meter.clone(), throttle.clone(), told.clone());
                let mut gate = gate.clone();
                async move {
                    let length = block.as_ref().map_or(0, |block| block.len() as u64);
                    moving.hold();
                    gate.pass(number == 0).await?;
                    throttle.take(length).await;
                    moving.touch();
                    counted.add(length);
                    meter.sent(length);
                    block
                }
            }))
        };
        let PartAddress { url, headers, success, wanted, .. } = address;
        let length = content.length();
        let part = PartRequest { url, headers, length, success, wanted, flow: &flow };
        let answer = self.tools.storage.put(part, body, &moving).await;
        match unread.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(error) if answer.is_err() => Err(StorageError::Fatal(error)),
            _ if answer.is_ok() && !attempt.has_sent(length) => {
                let message = "the storage confirmed a part before all of it was sent";
                Err(StorageError::Unexpected(Error::new(ErrorKind::Storage, message)))
            }
            _ => answer,
        }
    }

    /// Writes down that a part is there, and tells the platform of it when it is time.
    async fn confirm(&self, number: usize, report: Report) -> Result<()> {
        self.confirmed().insert(number, Confirmed { report: report.clone(), reported: false });
        self.has_confirmed.store(true, Ordering::Relaxed);
        self.shared.counters.part_done();
        self.shared.counters.gain();
        if let Some(journal) = &self.journal {
            journal.confirm(report);
        }
        if !self.route.takes_many_reports() {
            return match self.report_all().await {
                // The next part, or the completion, tells of this one as well.
                Err(error) if error.is_transient() => Ok(()),
                told => told,
            };
        }
        // Whoever comes while a report is under way leaves its part to the next one.
        let Ok(mut reporting) = self.reporting.try_lock() else { return Ok(()) };
        let unreported = self.unreported();
        if *reporting == Reporting::Together && unreported.len() >= REPORTED_TOGETHER {
            match self.route.report_many(&unreported).await {
                Ok(()) => self.mark_reported(&unreported),
                // They go along with the completion as well, so nothing is lost.
                Err(error) => {
                    tracing::debug!(%error, "parts are reported at the end");
                    *reporting = Reporting::AtTheEnd;
                }
            }
        }
        Ok(())
    }

    /// Writes the journal from time to time, where there is something new.
    async fn write_journals(&self) -> std::convert::Infallible {
        loop {
            tokio::time::sleep(JOURNAL_INTERVAL).await;
            if let Some(journal) = self.journal.clone() {
                spawn_blocking(move || journal.save()).await.ok();
            }
        }
    }

    /// Reports what was not reported yet, part by part.
    pub(super) async fn report_all(&self) -> Result<()> {
        let _turn = self.reporting.lock().await;
        for report in self.unreported() {
            self.route.report(report.clone()).await?;
            self.mark_reported(&[report]);
        }
        Ok(())
    }

    pub(super) fn unreported(&self) -> Vec<Report> {
        let confirmed = self.confirmed();
        confirmed.values().filter(|part| !part.reported).map(|part| part.report.clone()).collect()
    }

    fn mark_reported(&self, reports: &[Report]) {
        let mut confirmed = self.confirmed();
        for report in reports {
            if let Some(part) = confirmed.values_mut().find(|part| part.report == *report) {
                part.reported = true;
            }
        }
    }

    /// Lets go of the journal, which stays where somebody may resume the upload. Gives its record, which is still locked.
    async fn close(&self, keep: bool) -> Option<Record> {
        let journal = self.journal.clone()?;
        let parts = || self.confirmed().values().map(|part| part.report.clone()).collect();
        let parts = keep.then(parts);
        spawn_blocking(move || journal.close(parts)).await.ok().flatten()
    }

    pub(super) fn confirmed(&self) -> MutexGuard<'_, BTreeMap<usize, Confirmed>> {
        self.confirmed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
