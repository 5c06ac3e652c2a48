//! An upload under way: what the platform has already, what is sent, and how it is completed.

use std::collections::BTreeMap;
use std::ops::Range;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::StreamExt as _;
use tokio::sync::Semaphore;
use tokio::task::{JoinSet, spawn_blocking};

use super::journal::{Errand, Journal, Ledger, Record};
use super::route::{self, Destination, PartAddress, Report, Request, Route};
use crate::error::{Error, ErrorKind, Result};
use crate::transfer::download::{blocking, host};
use crate::transfer::engine::{Direction, Tools};
use crate::transfer::handle::Shared;
use crate::transfer::lane::Lane;
use crate::transfer::plan;
use crate::transfer::retry::Retry;
use crate::transfer::source::{Content, Source};
use crate::transfer::storage::{Moving, Trouble};
use crate::types;

/// Parts whose address is asked for ahead of the connection that will send them.
const AHEAD: usize = 16;

/// Parts that are reported together. The last ones go along with the completion.
const REPORTED_TOGETHER: usize = 32;

/// Attempts at a completion whose answers are lost.
const COMPLETIONS: u32 = 5;

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
        let mut beginning = pin!(begin(&order, &tools));
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
            shared.counters.add_bytes(order.source.size());
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
    let job = Arc::new(Job::new(tools, shared, route, confirmed, record, &order, part_size));
    let mut workers = JoinSet::new();
    let result = tokio::select! {
        result = job.send_all(&order, &parts, &mut workers) => result,
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
    passing || error.is_transient()
}

/// An upload that the platform knows.
struct Begun {
    route: Route,
    part_size: u64,
    confirmed: BTreeMap<usize, Confirmed>,
    record: Option<Record>,
}

/// What there is to do for an upload.
enum Beginning {
    Begun(Box<Begun>),
    /// Nothing: another run has asked the platform to complete it, and it has, although that run did not live to hear of it.
    Completed(Box<types::File>),
}

/// Takes up the upload that another run has left, or begins one.
async fn begin(order: &Order, tools: &Tools) -> Result<Beginning> {
    let Some(folder) = tools.state_folder.clone() else {
        return begin_anew(order, tools, None).await;
    };
    let errand = order.errand();
    let (record, left) = blocking(move || {
        let record = Record::open(&folder, &errand)?;
        let left = record.load(&errand);
        Ok((record, left))
    })
    .await?;
    if let Some(left) = left {
        match take_up(order, tools, left).await? {
            TakenUp::There(route, part_size, confirmed) => {
                let record = Some(record);
                return Ok(Beginning::Begun(Box::new(Begun { route, part_size, confirmed, record })));
            }
            TakenUp::Completed(file) => {
                record.remove();
                return Ok(Beginning::Completed(file));
            }
            TakenUp::Useless(why) => {
                tracing::warn!(path = %order.source.path().display(), why, "an upload starts over");
                record.remove();
            }
        }
    }
    begin_anew(order, tools, Some(record)).await
}

async fn begin_anew(order: &Order, tools: &Tools, record: Option<Record>) -> Result<Beginning> {
    let size = order.source.size();
    let request = Request { name: order.name.clone(), size, part_size: order.part_size };
    let (route, part_size) = route::begin(&tools.api, &order.destination, &request).await?;
    let given = part_size.and_then(|size| u64::try_from(size).ok()).filter(|size| *size > 0);
    let part_size = given.unwrap_or(order.part_size);
    if size.div_ceil(part_size) > plan::MOST_PARTS {
        route.abort().await;
        let message =
            format!("the platform asks for parts of {part_size} bytes, too small for a file of {size} bytes");
        return Err(Error::new(ErrorKind::UnexpectedAnswer, message));
    }
    Ok(Beginning::Begun(Box::new(Begun { route, part_size, confirmed: BTreeMap::new(), record })))
}

/// What has become of the upload that a journal names.
enum TakenUp {
    There(Route, u64, BTreeMap<usize, Confirmed>),
    Completed(Box<types::File>),
    /// It is of no use; the text tells why.
    Useless(String),
}

/// Asks the platform what it has of the upload that a journal names.
async fn take_up(order: &Order, tools: &Tools, left: Result<Journal, String>) -> Result<TakenUp> {
    let journal = match left {
        Ok(journal) => journal,
        Err(why) => return Ok(TakenUp::Useless(why)),
    };
    let Journal { stamp, upload_id, part_size, parts, completing, .. } = journal;
    let route = Route { api: tools.api.clone(), destination: order.destination.clone(), upload_id };
    if stamp != *order.source.stamp() {
        route.abort().await;
        return Ok(TakenUp::Useless("the file has changed since".to_owned()));
    }
    let Some(reported) = route.reported().await? else {
        // Where files are replaced, an old one of the same name and size could be taken for this one.
        if completing
            && !order.destination.overwrites()
            && let Some(file) = route.find(&order.name, order.source.size()).await?
        {
            return Ok(TakenUp::Completed(Box::new(file)));
        }
        return Ok(TakenUp::Useless("the platform does not know the upload any more".to_owned()));
    };
    let number = |report: &Report| usize::try_from(report.part).unwrap_or(0);
    let mut confirmed: BTreeMap<_, _> =
        parts.into_iter().map(|report| (number(&report), Confirmed { report, reported: false })).collect();
    for report in reported {
        match confirmed.get_mut(&number(&report)) {
            Some(known) if etag(&known.report) == etag(&report) => known.reported = true,
            // Somebody else was at this upload, or the journal is behind: the part is sent again.
            _ => drop(confirmed.remove(&number(&report))),
        }
    }
    Ok(TakenUp::There(route, part_size, confirmed))
}

fn etag(report: &Report) -> Option<&str> {
    let mut headers = report.headers.iter();
    let (_, value) = headers.find(|(name, _)| name.eq_ignore_ascii_case("etag"))?;
    Some(value.trim_matches('"'))
}

impl Order {
    fn errand(&self) -> Errand {
        Errand {
            endpoint: self.endpoint.clone(),
            path: self.source.path().to_owned(),
            destination: self.destination.clone(),
            name: self.name.clone(),
        }
    }
}

/// A part that the storage has confirmed.
#[derive(Clone, Debug)]
struct Confirmed {
    report: Report,
    /// Whether the platform was told.
    reported: bool,
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
    journal: Option<Arc<Ledger>>,
    ahead: Arc<Semaphore>,
}

impl Job {
    fn new(
        tools: Tools,
        shared: Arc<Shared>,
        route: Route,
        confirmed: BTreeMap<usize, Confirmed>,
        record: Option<Record>,
        order: &Order,
        part_size: u64,
    ) -> Self {
        let journal = record.map(|record| {
            let journal = Journal {
                errand: order.errand(),
                stamp: order.source.stamp().clone(),
                upload_id: route.upload_id.clone(),
                part_size,
                parts: confirmed.values().map(|part| part.report.clone()).collect(),
                completing: false,
            };
            // Before the first part, so that no upload is forgotten.
            Arc::new(Ledger::open(record, journal))
        });
        Self { journal, confirmed: Mutex::new(confirmed), ..Self::bare(tools, shared, route) }
    }

    /// An upload that cannot be gone on with by another process.
    pub(super) fn bare(tools: Tools, shared: Arc<Shared>, route: Route) -> Self {
        Self {
            tools,
            shared,
            route,
            confirmed: Mutex::default(),
            reporting: tokio::sync::Mutex::default(),
            journal: None,
            ahead: Arc::new(Semaphore::new(AHEAD)),
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
        self.shared.counters.add_bytes(bytes);
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

    /// Begins to send a part, as soon as there is a place in the queue.
    pub(super) async fn spawn(
        self: &Arc<Self>,
        number: usize,
        content: Content,
        workers: &mut JoinSet<Result<()>>,
    ) -> Result<()> {
        loop {
            tokio::select! {
                biased;
                Some(done) = workers.join_next() => ended(done)?,
                place = self.ahead.clone().acquire_owned() => {
                    // The semaphore is never closed.
                    let job = self.clone();
                    workers.spawn(async move {
                        let mut place = place.ok();
                        job.send(number, content, || drop(place.take())).await
                    });
                    return Ok(());
                }
            }
        }
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
        workers.join_next().await.map_or(Ok(()), ended)
    }

    /// Sends one part until the storage confirms it. `underway` is called when it has a connection.
    async fn send(&self, number: usize, content: Content, mut underway: impl FnMut()) -> Result<()> {
        let part = i32::try_from(number).map_err(|_| Error::invalid("too many parts"))?;
        let mut retry = Retry::default();
        loop {
            self.shared.running().await;
            let address = self.route.part_address(part).await?;
            let lane = self.tools.lanes.get(Direction::Up, &host(&address.url)?);
            let connection = lane.clone().acquire().await;
            underway();
            let sent = Arc::new(AtomicU64::new(0));
            let outcome = tokio::select! {
                outcome = self.put(address, &content, &sent, &lane) => Some(outcome),
                () = self.shared.pause_wanted() => None,
            };
            drop(connection);
            if let Some(Ok(headers)) = outcome {
                return self.confirm(number, Report { part, headers }).await;
            }
            self.shared.counters.take_back(sent.load(Ordering::Relaxed));
            if let Some(Err(trouble)) = outcome {
                // A file that was cut short breaks the request: say that, not what the connection looked like.
                content.check_unchanged()?;
                // The next attempt asks for a fresh address anyway.
                retry.after(trouble, &lane, || async {}).await?;
            }
        }
    }

    /// One attempt at a part. Gives the headers to report.
    async fn put(
        &self,
        address: PartAddress,
        content: &Content,
        sent: &Arc<AtomicU64>,
        lane: &Arc<Lane>,
    ) -> Result<BTreeMap<String, String>, Trouble> {
        let PartAddress { url, headers, success, wanted } = address;
        let (sent, lane) = (sent.clone(), lane.clone());
        let (shared, pace) = (self.shared.clone(), self.tools.up.clone());
        let moving = Moving::new();
        let told = moving.clone();
        let blocks = content.clone().blocks().then(move |block| {
            let (sent, lane, shared, pace) = (sent.clone(), lane.clone(), shared.clone(), pace.clone());
            let moving = told.clone();
            async move {
                let length = block.as_ref().map_or(0, |block| block.len() as u64);
                moving.hold();
                pace.take(length).await;
                moving.touch();
                sent.fetch_add(length, Ordering::Relaxed);
                shared.counters.add_bytes(length);
                lane.moved(length);
                block
            }
        });
        let body = reqwest::Body::wrap_stream(blocks);
        let length = content.length();
        let answer = self.tools.storage.put(&url, headers, length, body, &success, &moving).await?;
        let report = wanted.into_iter().filter_map(|name| {
            let value = answer.get(&name)?.to_str().ok()?;
            // The platform wants the tag without its quotation marks, as the specification says.
            let value = if name.eq_ignore_ascii_case("etag") { value.trim_matches('"') } else { value };
            Some((name, value.to_owned()))
        });
        Ok(report.collect())
    }

    /// Writes down that a part is there, and tells the platform of it when it is time.
    async fn confirm(&self, number: usize, report: Report) -> Result<()> {
        self.confirmed().insert(number, Confirmed { report: report.clone(), reported: false });
        self.shared.counters.part_done();
        if let Some(journal) = self.journal.clone() {
            spawn_blocking(move || journal.confirm(report)).await.ok();
        }
        if !self.route.takes_many_reports() {
            return self.report_all().await;
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

    /// Reports what was not reported yet, part by part.
    async fn report_all(&self) -> Result<()> {
        let _turn = self.reporting.lock().await;
        for report in self.unreported() {
            self.route.report(report.clone()).await?;
            self.mark_reported(&[report]);
        }
        Ok(())
    }

    fn unreported(&self) -> Vec<Report> {
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

    /// Completes the upload when every planned part is confirmed, and checks what has become of it.
    pub(super) async fn complete(&self, planned: usize, name: &str, size: u64) -> Result<types::File> {
        let count = self.confirmed().len();
        if count != planned {
            let message = format!("the storage confirmed {count} of {planned} parts");
            return Err(Error::new(ErrorKind::Integrity, message));
        }
        if let Some(journal) = self.journal.clone() {
            spawn_blocking(move || journal.completing()).await.ok();
        }
        let file = self.complete_once_more(name, size).await?;
        match file.size.and_then(|size| u64::try_from(size).ok()) {
            Some(made) if made != size => {
                let message = format!("the platform made a file of {made} bytes out of {size}");
                Err(Error::new(ErrorKind::Integrity, message))
            }
            _ => Ok(file),
        }
    }

    /// Completes the upload, and finds out what happened where the answer is lost.
    async fn complete_once_more(&self, name: &str, size: u64) -> Result<types::File> {
        let mut attempt = 1;
        loop {
            let error = match self.route.complete(self.unreported()).await {
                Ok(file) => return Ok(file),
                Err(error) => error,
            };
            if !is_lost(&error) || attempt >= COMPLETIONS {
                return Err(error);
            }
            attempt += 1;
            tracing::info!(%error, "the answer to a completion is lost; asking what became of it");
            if self.route.reported().await?.is_none() {
                // The platform has done with the upload: the file must be there.
                return self.route.find(name, size).await?.ok_or(error);
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

    fn confirmed(&self) -> MutexGuard<'_, BTreeMap<usize, Confirmed>> {
        self.confirmed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a call may have been carried out although its answer never came.
fn is_lost(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Connect | ErrorKind::Timeout)
        || matches!(error.status(), Some(502 | 504))
}

fn ended(done: Result<Result<()>, tokio::task::JoinError>) -> Result<()> {
    done.map_err(|error| Error::new(ErrorKind::Cancelled, format!("a worker ended: {error}")))?
}
