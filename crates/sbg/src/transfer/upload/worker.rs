//! Runs an upload: sends the missing parts, reports them, and completes it.

use std::collections::BTreeMap;
use std::future::Future;
use std::ops::Range;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::StreamExt as _;
use parking_lot::{Mutex, MutexGuard};
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet, spawn_blocking};

use super::attempt::{PartAttempt, PartFailures};
use super::dropped::{PartError, PartRefusal, lacks_parts};
use super::init::{StartedUpload, UploadStart, begin, begin_new};
use super::journal::{Journal, Ledger, Record};
use super::plan::{Confirmed, Plan};
use super::protocol::{PartUrl, RemoteUpload};
use super::uploaded::Uploaded;
use crate::error::{Error, ErrorKind, Result};
use crate::transfer::engine::concurrency::{Direction, PartMeter};
use crate::transfer::engine::retry::{Retry, RetryAction};
use crate::transfer::engine::runtime::Context;
use crate::transfer::engine::storage::part_body::BodyControl;
use crate::transfer::engine::storage::{Activity, PartRequest, StorageError};
use crate::transfer::engine::task::{blocking, joined};
use crate::transfer::handle::Shared;
use crate::transfer::local::source_file::PartContent;
use crate::transfer::part_size;
use crate::transfer::upload::plan::PartReport;
use crate::types;

/// Parts whose URL is requested ahead of a connection.
const AHEAD: usize = 16;

/// Parts reported in one call. The last ones go with the completion.
const REPORTED_TOGETHER: usize = 32;

/// Time between two journal saves: at most this much is sent again after a kill.
const JOURNAL_INTERVAL: Duration = Duration::from_secs(1);

/// How long an upload that is stopped while it begins waits for the platform's response.
const LAST_RESPONSE: Duration = Duration::from_secs(2);

/// Runs the whole upload of a file. If the storage has dropped it, restarts from zero, once.
pub(super) async fn run(plan: Plan, context: Context, shared: Arc<Shared>) -> Result<Uploaded> {
    let begun = stoppable(&shared, begin(&plan, &context, &shared)).await?;
    let (error, record) = match attempt(&plan, &context, &shared, begun).await? {
        AttemptEnd::Complete(done) => return Ok(*done),
        AttemptEnd::Dropped(error, record) => (error, record),
    };
    tracing::warn!(path = %plan.source.path().display(), %error, "an upload restarts from zero");
    shared.start_over(format!("the storage dropped the upload: {error}"));
    shared.counters.start_over();
    let begun = stoppable(&shared, begin_new(&plan, &context, record)).await?;
    match attempt(&plan, &context, &shared, begun).await? {
        AttemptEnd::Complete(done) => Ok(*done),
        AttemptEnd::Dropped(error, _) => Err(error),
    }
}

fn complete(plan: &Plan, shared: &Shared, file: types::File, resumed: u64) -> AttemptEnd {
    let (bytes, started_over) = (plan.source.size(), shared.started_over());
    AttemptEnd::Complete(Box::new(Uploaded { file, bytes, resumed, started_over }))
}

/// Runs the start of an upload, which may be stopped.
async fn stoppable(
    shared: &Shared,
    starting: impl Future<Output = Result<UploadStart>>,
) -> Result<UploadStart> {
    let mut starting = pin!(starting);
    tokio::select! {
        begun = &mut starting => begun,
        // The platform may already know the upload: only its response tells what to abort or keep.
        () = shared.stop.cancelled() => match tokio::time::timeout(LAST_RESPONSE, starting).await {
            Ok(Ok(begun)) => Ok(begun),
            _ => Err(Error::cancelled()),
        },
    }
}

/// How an upload ended without failing.
enum AttemptEnd {
    Complete(Box<Uploaded>),
    /// The storage no longer knows the upload. It was aborted, and its journal removed.
    Dropped(Error, Option<Record>),
}

/// Sends the missing parts of an upload, and completes it.
async fn attempt(
    plan: &Plan,
    context: &Context,
    shared: &Arc<Shared>,
    begun: UploadStart,
) -> Result<AttemptEnd> {
    let StartedUpload { route, part_size, confirmed, resumed, record } = match begun {
        UploadStart::Started(begun) => *begun,
        UploadStart::Completed(file) => {
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
            // Saved before the first part, so that no upload is lost track of.
            Some(Arc::new(blocking(move || Ok(Ledger::open(record, journal))).await?))
        }
        None => None,
    };
    let job = Worker::bare(context.clone(), shared.clone(), route);
    let job = Arc::new(Worker { journal, confirmed: Mutex::new(confirmed), resumed, ..job });
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
        Err(PartError::Dropped(error)) => Ok(AttemptEnd::Dropped(error, record)),
        Err(PartError::Failed(error)) => Err(error),
    }
}

/// Whether starting the same upload again may succeed.
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
    // The user can fix an expired token or an unpaid bill.
    let refused = error.is_refused() && matches!(error.kind(), K::Unauthorized | K::Quota | K::Forbidden);
    passing || refused || error.is_transient()
}

/// The result of a part. A panic becomes an error.
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
    /// The platform refused a report of several parts.
    AtTheEnd,
}

/// A running upload.
#[derive(Debug)]
pub(super) struct Worker {
    pub(super) context: Context,
    pub(super) shared: Arc<Shared>,
    pub(super) route: RemoteUpload,
    confirmed: Mutex<BTreeMap<usize, Confirmed>>,
    /// Whether an earlier run has sent parts.
    resumed: bool,
    /// Whether the storage has confirmed a part to this run.
    has_confirmed: AtomicBool,
    /// Held during a report of several parts. After one was refused, parts are reported at the end.
    reporting: tokio::sync::Mutex<Reporting>,
    pub(super) journal: Option<Arc<Ledger>>,
    /// Known limit of connections; 0 until the first URL reveals the host.
    connections: watch::Sender<usize>,
}

impl Worker {
    /// An upload without a journal, which no other process can resume.
    pub(super) fn bare(context: Context, shared: Arc<Shared>, route: RemoteUpload) -> Self {
        Self {
            context,
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

    /// Counts the parts that an earlier run sent. Returns their bytes.
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

    /// Sends the parts not confirmed yet, and completes the upload.
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
            let content = PartContent::File(plan.source.clone(), parts[number - 1].clone());
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

    /// Starts to send a part as soon as a connection is likely to be free soon.
    pub(super) async fn spawn(
        self: &Arc<Self>,
        number: usize,
        content: PartContent,
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
    async fn send(self: Arc<Self>, number: usize, content: PartContent) -> Result<(), PartError> {
        let part = i32::try_from(number).map_err(|_| Error::invalid("the upload has too many parts"))?;
        let counters = &self.shared.counters;
        let mut retry = Retry::default();
        let mut failures = PartFailures::default();
        // A URL costs a call, so it is kept until it is refused or too old.
        let mut kept = None;
        loop {
            self.shared.running().await;
            let address = match kept.take().filter(|address: &PartUrl| !address.age.is_over()) {
                Some(address) => address,
                None => match self.route.part_url(part).await {
                    Ok(address) => address,
                    Err(error) => {
                        retry.after_call(error, counters).await?;
                        continue;
                    }
                },
            };
            let limiter = self.context.limiter(Direction::Up, &address.url)?;
            let connection = limiter.clone().acquire_for(content.length()).await;
            let limit = *limiter.limit().borrow();
            self.connections.send_if_modified(|known| std::mem::replace(known, limit) != limit);
            if address.age.is_over() {
                // It expired while waiting for the connection.
                continue;
            }
            let attempt = Arc::new(PartAttempt::new(counters.clone()));
            let flow = BodyControl::new(failures.hold_back());
            let outcome = tokio::select! {
                outcome = self.put(&address, &content, &attempt, connection.meter(), flow) => Some(outcome),
                () = self.shared.pause_wanted() => None,
            };
            if let Some(Ok(headers)) = outcome {
                connection.confirmed();
                return Ok(self.confirm(number, PartReport { part, headers }).await?);
            }
            drop(connection);
            attempt.close();
            let mut then = RetryAction::Again;
            if let Some(Err(failure)) = outcome {
                // A truncated file breaks the request: report that, not the broken connection.
                content.check_unchanged()?;
                let old = address.age.is_old();
                failures.add(failure.error(), old);
                if self.refusal(failure.error(), &failures).is_dropped() {
                    return Err(PartError::Dropped(failure.error().clone()));
                }
                then = retry.after(failure, old, &limiter, counters).await?;
                if old && failures.is_broken {
                    // The broken connection may have hidden a response that the URL has expired.
                    then = RetryAction::Renew;
                }
            }
            kept = (then == RetryAction::Again).then_some(address);
        }
    }

    fn refusal<'e>(&self, error: &'e Error, failures: &PartFailures) -> PartRefusal<'e> {
        PartRefusal {
            status: error.status(),
            code: error.storage_code(),
            resumed: self.resumed,
            confirmed: self.has_confirmed.load(Ordering::Relaxed),
            attempts: failures.count,
        }
    }

    /// One attempt at a part. Returns the headers to report.
    async fn put(
        &self,
        address: &PartUrl,
        content: &PartContent,
        attempt: &Arc<PartAttempt>,
        meter: &PartMeter,
        flow: BodyControl,
    ) -> Result<BTreeMap<String, String>, StorageError> {
        let moving = Activity::new();
        let unread = Arc::default();
        let body = || {
            attempt.restart();
            meter.restart();
            let (counted, meter, throttle, told) =
                (attempt.clone(), meter.clone(), self.context.up.clone(), moving.clone());
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
        let PartUrl { url, headers, success, wanted, .. } = address;
        let length = content.length();
        let part = PartRequest { url, headers, length, success, wanted, flow: &flow };
        let response = self.context.storage.put(part, body, &moving).await;
        match unread.lock().take() {
            Some(error) if response.is_err() => Err(StorageError::Fatal(error)),
            _ if response.is_ok() && !attempt.has_sent(length) => {
                let message = "the storage confirmed a part before all of it was sent";
                Err(StorageError::Unexpected(Error::new(ErrorKind::Storage, message)))
            }
            _ => response,
        }
    }

    /// Journals a confirmed part, and reports it to the platform if enough have accumulated.
    async fn confirm(&self, number: usize, report: PartReport) -> Result<()> {
        self.confirmed().insert(number, Confirmed { report: report.clone(), reported: false });
        self.has_confirmed.store(true, Ordering::Relaxed);
        self.shared.counters.part_done();
        self.shared.counters.gain();
        if let Some(journal) = &self.journal {
            journal.confirm(report);
        }
        if !self.route.takes_many_reports() {
            return match self.report_all().await {
                // The next report, or the completion, includes this part.
                Err(error) if error.is_transient() => Ok(()),
                told => told,
            };
        }
        // While another report is in progress, this part is left to the next one.
        let Ok(mut reporting) = self.reporting.try_lock() else { return Ok(()) };
        let unreported = self.unreported();
        if *reporting == Reporting::Together && unreported.len() >= REPORTED_TOGETHER {
            match self.route.report_many(&unreported).await {
                Ok(()) => self.mark_reported(&unreported),
                // The completion includes them as well, so nothing is lost.
                Err(error) => {
                    tracing::debug!(%error, "parts are reported at the end");
                    *reporting = Reporting::AtTheEnd;
                }
            }
        }
        Ok(())
    }

    /// Saves the journal periodically if it has changed.
    async fn write_journals(&self) -> std::convert::Infallible {
        loop {
            tokio::time::sleep(JOURNAL_INTERVAL).await;
            if let Some(journal) = self.journal.clone() {
                spawn_blocking(move || journal.save()).await.ok();
            }
        }
    }

    /// Reports the unreported parts, one by one.
    pub(super) async fn report_all(&self) -> Result<()> {
        let _turn = self.reporting.lock().await;
        for report in self.unreported() {
            self.route.report(report.clone()).await?;
            self.mark_reported(&[report]);
        }
        Ok(())
    }

    pub(super) fn unreported(&self) -> Vec<PartReport> {
        let confirmed = self.confirmed();
        confirmed.values().filter(|part| !part.reported).map(|part| part.report.clone()).collect()
    }

    fn mark_reported(&self, reports: &[PartReport]) {
        let mut confirmed = self.confirmed();
        for report in reports {
            if let Some(part) = confirmed.values_mut().find(|part| part.report == *report) {
                part.reported = true;
            }
        }
    }

    /// Closes the journal; keeps it if the upload may be resumed. Returns its record, which is still locked.
    async fn close(&self, keep: bool) -> Option<Record> {
        let journal = self.journal.clone()?;
        let parts = || self.confirmed().values().map(|part| part.report.clone()).collect();
        let parts = keep.then(parts);
        spawn_blocking(move || journal.close(parts)).await.ok().flatten()
    }

    pub(super) fn confirmed(&self) -> MutexGuard<'_, BTreeMap<usize, Confirmed>> {
        self.confirmed.lock()
    }
}
