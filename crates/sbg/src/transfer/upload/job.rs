//! An upload under way: what the platform has already, what is sent, and how it is completed.

use std::collections::BTreeMap;
use std::ops::Range;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::StreamExt as _;
use tokio::sync::watch;
use tokio::task::{JoinSet, spawn_blocking};

use super::begin::{Beginning, Begun, begin};
use super::journal::{Journal, Ledger};
use super::route::{Destination, PartAddress, Report, Route};
use crate::error::{Error, ErrorKind, Result};
use crate::transfer::engine::{Direction, Tools, blocking, joined};
use crate::transfer::handle::Shared;
use crate::transfer::limiter::Limiter;
use crate::transfer::plan;
use crate::transfer::progress::Counters;
use crate::transfer::retry::{Retry, Then};
use crate::transfer::source::{Content, Source};
use crate::transfer::storage::{Moving, PartRequest, StorageError};
use crate::types;

/// Parts whose address is asked for ahead of the connection that will send them.
const AHEAD: usize = 16;

/// Parts that are reported together. The last ones go along with the completion.
const REPORTED_TOGETHER: usize = 32;

/// Time between two journals: what a killed process sends again at most.
const JOURNAL_INTERVAL: Duration = Duration::from_secs(1);

/// How long an upload that is stopped while it begins waits for the answer of the platform.
const LAST_ANSWER: Duration = Duration::from_secs(2);

/// What to upload, and how.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) source: Arc<Source>,
    pub(super) name: String,
    pub(super) destination: Destination,
    pub(super) part_size: u64,
    pub(super) endpoint: String,
}

/// Does the whole upload of a file.
pub(super) async fn run(order: Order, tools: Tools, shared: Arc<Shared>) -> Result<types::File> {
    let stop = shared.stop.clone();
    let begun = {
        let mut beginning = pin!(begin(&order, &tools, &shared));
        tokio::select! {
            begun = &mut beginning => begun?,
            // The platform may know the upload already: only its answer tells what is to be aborted, or kept.
            () = stop.cancelled() => match tokio::time::timeout(LAST_ANSWER, beginning).await {
                Ok(Ok(begun)) => begun,
                _ => return Err(Error::cancelled()),
            },
        }
    };
    let Begun { route, part_size, confirmed, record } = match begun {
        Beginning::Begun(begun) => *begun,
        Beginning::Completed(file) => {
            shared.counters.plan(order.source.size(), 1);
            shared.counters.add_there(order.source.size());
            shared.counters.part_done();
            return Ok(*file);
        }
    };
    let mut parts: Vec<Range<u64>> = plan::parts(0..order.source.size(), part_size).collect();
    if parts.is_empty() {
        // An empty file is one empty part.
        parts.push(0..0);
    }
    let resumable = record.is_some();
    let journal = match record {
        Some(record) => {
            let journal = Journal {
                key: order.key(),
                stamp: order.source.stamp().clone(),
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
    let job = Job { journal, confirmed: Mutex::new(confirmed), ..Job::bare(tools, shared, route) };
    let job = Arc::new(job);
    let mut workers = JoinSet::new();
    let result = tokio::select! {
        result = job.send_all(&order, &parts, &mut workers) => result,
        never = job.write_journals() => match never {},
        () = stop.cancelled() => Err(Error::cancelled()),
    };
    workers.shutdown().await;
    let keep = match &result {
        Ok(_) => false,
        Err(error) => resumable && !job.shared.is_discarded() && is_worth_resuming(error),
    };
    if result.is_err() && !keep {
        job.route.abort().await;
    }
    job.close(keep).await;
    result
}

/// Whether the same upload, started again, may come to a better end.
fn is_worth_resuming(error: &Error) -> bool {
    use ErrorKind as K;

    let passing = matches!(
        error.kind(),
        K::Cancelled | K::Connect | K::Dns | K::Io | K::Proxy | K::Storage | K::Timeout | K::Tls
    );
    // A token that has expired, a bill that is not paid: somebody will see to it.
    let refused = error.kind() == K::Api && matches!(error.status(), Some(401..=403));
    passing || refused || error.is_transient()
}

/// A part that the storage has confirmed.
#[derive(Clone, Debug)]
pub(super) struct Confirmed {
    pub(super) report: Report,
    /// Whether the platform was told.
    pub(super) reported: bool,
}

/// The bytes of one attempt at a part. They count until it is over: the connection may ask for more of them afterwards.
#[derive(Debug)]
struct Attempt {
    counters: Arc<Counters>,
    sent: Mutex<Option<u64>>,
}

impl Attempt {
    fn new(counters: Arc<Counters>) -> Self {
        Self { counters, sent: Mutex::new(Some(0)) }
    }

    fn add(&self, count: u64) {
        if let Some(sent) = &mut *self.sent.lock().unwrap_or_else(PoisonError::into_inner) {
            *sent += count;
            self.counters.add_bytes(count);
        }
    }

    /// Takes back what was sent, because it is sent once more: to where the storage redirects it.
    fn restart(&self) {
        if let Some(sent) = &mut *self.sent.lock().unwrap_or_else(PoisonError::into_inner) {
            self.counters.take_back(std::mem::take(sent));
        }
    }

    /// Takes back what was sent: it has to be sent again.
    fn close(&self) {
        if let Some(sent) = self.sent.lock().unwrap_or_else(PoisonError::into_inner).take() {
            self.counters.take_back(sent);
        }
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
            reporting: tokio::sync::Mutex::default(),
            journal: None,
            connections: watch::Sender::default(),
        }
    }

    /// Sends what the storage has not confirmed yet, and completes the upload.
    async fn send_all(
        self: &Arc<Self>,
        order: &Order,
        parts: &[Range<u64>],
        workers: &mut JoinSet<Result<()>>,
    ) -> Result<types::File> {
        let (there, bytes) = {
            let mut confirmed = self.confirmed();
            confirmed.retain(|number, _| (1..=parts.len()).contains(number));
            let length = |number: &usize| parts[number - 1].end - parts[number - 1].start;
            (confirmed.len(), confirmed.keys().map(length).sum())
        };
        self.shared.counters.add_there(bytes);
        (0..there).for_each(|_| self.shared.counters.part_done());
        self.shared.counters.plan(order.source.size(), parts.len());
        let missing: Vec<usize> = {
            let confirmed = self.confirmed();
            (1..=parts.len()).filter(|number| !confirmed.contains_key(number)).collect()
        };
        for number in missing {
            let content = Content::File(order.source.clone(), parts[number - 1].clone());
            self.spawn(number, content, workers).await?;
        }
        self.join(workers).await?;
        order.source.check_unchanged()?;
        self.complete(parts.len(), &order.name, order.source.size()).await
    }

    /// Begins to send a part, as soon as there may be a connection for it before long.
    pub(super) async fn spawn(
        self: &Arc<Self>,
        number: usize,
        content: Content,
        workers: &mut JoinSet<Result<()>>,
    ) -> Result<()> {
        let mut connections = self.connections.subscribe();
        loop {
            let room = *connections.borrow_and_update() + AHEAD;
            tokio::select! {
                biased;
                Some(done) = workers.join_next() => joined(done)?,
                () = std::future::ready(()), if workers.len() < room => break,
                Ok(()) = connections.changed() => {}
            }
        }
        workers.spawn(self.clone().send(number, content));
        Ok(())
    }

    /// Waits until all parts are sent.
    pub(super) async fn join(&self, workers: &mut JoinSet<Result<()>>) -> Result<()> {
        while !workers.is_empty() {
            self.join_one(workers).await?;
        }
        Ok(())
    }

    /// Waits until one more part is sent.
    pub(super) async fn join_one(&self, workers: &mut JoinSet<Result<()>>) -> Result<()> {
        workers.join_next().await.map_or(Ok(()), joined)
    }

    /// Sends one part until the storage confirms it.
    async fn send(self: Arc<Self>, number: usize, content: Content) -> Result<()> {
        let part = i32::try_from(number).map_err(|_| Error::invalid("too many parts"))?;
        let counters = &self.shared.counters;
        let mut retry = Retry::default();
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
            let connection = limiter.clone().acquire().await;
            let limit = *limiter.limit().borrow();
            self.connections.send_if_modified(|known| std::mem::replace(known, limit) != limit);
            if address.age.is_over() {
                // It has grown old while it waited for the connection.
                continue;
            }
            let attempt = Arc::new(Attempt::new(counters.clone()));
            let outcome = tokio::select! {
                outcome = self.put(&address, &content, &attempt, &limiter) => Some(outcome),
                () = self.shared.pause_wanted() => None,
            };
            drop(connection);
            if let Some(Ok(headers)) = outcome {
                return self.confirm(number, Report { part, headers }).await;
            }
            attempt.close();
            let mut then = Then::Again;
            if let Some(Err(failure)) = outcome {
                // A file that was cut short breaks the request: say that, not what the connection looked like.
                content.check_unchanged()?;
                then = retry.after(failure, address.age.is_old(), &limiter, counters).await?;
            }
            kept = (then == Then::Again).then_some(address);
        }
    }

    /// One attempt at a part. Gives the headers to report.
    async fn put(
        &self,
        address: &PartAddress,
        content: &Content,
        attempt: &Arc<Attempt>,
        limiter: &Arc<Limiter>,
    ) -> Result<BTreeMap<String, String>, StorageError> {
        let moving = Moving::new();
        let unread = Arc::default();
        let body = || {
            attempt.restart();
            let (counted, moved, throttle, told) =
                (attempt.clone(), limiter.clone(), self.tools.up.clone(), moving.clone());
            reqwest::Body::wrap_stream(content.clone().blocks(Arc::clone(&unread)).then(move |block| {
                let (counted, moved, throttle, moving) =
                    (counted.clone(), moved.clone(), throttle.clone(), told.clone());
                async move {
                    let length = block.as_ref().map_or(0, |block| block.len() as u64);
                    moving.hold();
                    throttle.take(length).await;
                    moving.touch();
                    counted.add(length);
                    moved.moved(length);
                    block
                }
            }))
        };
        let PartAddress { url, headers, success, wanted, .. } = address;
        let part = PartRequest { url, headers, length: content.length(), success, wanted };
        let answer = self.tools.storage.put(part, body, &moving).await;
        match unread.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(error) if answer.is_err() => Err(StorageError::Fatal(error)),
            _ => answer,
        }
    }

    /// Writes down that a part is there, and tells the platform of it when it is time.
    async fn confirm(&self, number: usize, report: Report) -> Result<()> {
        self.confirmed().insert(number, Confirmed { report: report.clone(), reported: false });
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

    /// Lets go of the journal, which stays where somebody may go on with the upload.
    async fn close(&self, keep: bool) {
        if let Some(journal) = self.journal.clone() {
            let parts = || self.confirmed().values().map(|part| part.report.clone()).collect();
            let parts = keep.then(parts);
            spawn_blocking(move || journal.close(parts)).await.ok();
        }
    }

    pub(super) fn confirmed(&self) -> MutexGuard<'_, BTreeMap<usize, Confirmed>> {
        self.confirmed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_a_connection_asks_for_after_its_attempt_do_not_count() {
        let counters = Arc::new(Counters::new());
        let attempt = Attempt::new(counters.clone());
        attempt.add(100);
        attempt.close();
        attempt.add(50);
        attempt.close();
        assert_eq!(counters.snapshot().bytes, 0);
    }
}
