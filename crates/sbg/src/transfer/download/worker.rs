//! Runs a download: fetches the missing ranges, writes and journals them, and verifies the file.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use super::downloaded::{Downloaded, Fingerprints};
use super::journal::{self, Journal, Writer};
use super::plan::Plan;
use super::probe::Object;
use super::ranges::RangeMap;
use super::resume::{Prepared, RangedDownload, prepare};
use super::source::UrlSource;
use super::whole;
use crate::error::{Error, ErrorKind, Result};
use crate::transfer::digest::{self, Algorithm, Digest, VerifiedAgainst, VerifiedDigest};
use crate::transfer::engine::concurrency::Permit;
use crate::transfer::engine::retry::{Retry, RetryAction};
use crate::transfer::engine::runtime::Context;
use crate::transfer::engine::storage::{Identity, Link, RangeBody, StorageError, Version};
use crate::transfer::engine::task::{blocking, joined};
use crate::transfer::handle::Shared;
use crate::transfer::local::part_file::{PartFile, Tail};
use crate::transfer::local::stat::Stat;

/// Smaller files are not journaled and restart from zero.
const LEAST_JOURNAL: u64 = 16 * 1024 * 1024;

/// Time between two journals: what a killed process loses at most.
const JOURNAL_INTERVAL: Duration = Duration::from_secs(1);

/// Time between two checks for stalled connections.
const TICK: Duration = Duration::from_secs(1);

/// Runs the whole download.
pub(super) async fn run(
    plan: Plan,
    urls: UrlSource,
    context: Context,
    shared: Arc<Shared>,
) -> Result<(Downloaded, Fingerprints)> {
    let stop = shared.stop.clone();
    let (path, root, overwrite) = (plan.path.clone(), plan.root.clone(), plan.overwrite);
    let (source, stopped) = (plan.source.clone(), stop.clone());
    // Not cancelled when the download is stopped: while it runs, it holds the file.
    let open = move || {
        let stopped = || stopped.is_cancelled();
        let target = PartFile::open(&path, root.as_ref(), overwrite, &stopped)?;
        let left = journal::left(&target, &source, &stopped);
        let about = |error| Error::io("cannot read the partial file of an earlier download", error);
        Ok((target, left.map_err(|error| unless_stopped(&stopped, about(error)))?))
    };
    let opened = context.descriptors.open(&stop, open, |(target, _)| target.file()).await;
    let ((mut target, left), held) =
        opened.map_err(|error| unless_stopped(&|| stop.is_cancelled(), error))?;
    target.hold(held);
    let target = Arc::new(target);
    let mut workers = JoinSet::new();
    let mut begun = None;
    let work = async {
        let begun_with = match prepare(&plan, &context, &shared, &target, left, urls).await? {
            Prepared::Empty => {
                shared.counters.plan(0, 0);
                return Ok(Fetched {
                    bytes: 0,
                    crc32c: Digest::of_crc32c(0),
                    resumed: 0,
                    announced: Vec::new(),
                    version: Version::default(),
                });
            }
            Prepared::Whole(reader, announced) => {
                let (bytes, crc32c, version) = whole::fetch(*reader, &plan, &shared, &target).await?;
                return Ok(Fetched { bytes, crc32c, resumed: 0, announced, version });
            }
            Prepared::Ranges(begun) => *begun,
        };
        let RangedDownload { object, first, resumed, segments, digests: announced } = begun_with;
        // Other digests are computed from the file afterwards, so its bytes should stay in the page cache.
        if only_crc32c(&plan) {
            target.bypass_page_cache(object.identity.size);
        }
        let job = begun.insert(Arc::new(Worker {
            object,
            shared: shared.clone(),
            target: target.clone(),
            source: plan.source.clone(),
            segments: Mutex::new(segments),
            stuck: watch::Sender::default(),
            writer: Arc::new(Writer::new(target.journal().clone())),
        }));
        let crc32c = job.run(first, &mut workers).await?;
        let Identity { size: bytes, version } = job.object.identity.clone();
        Ok(Fetched { bytes, crc32c, resumed, announced, version })
    };
    let result = tokio::select! {
        result = work => result,
        () = stop.cancelled() => Err(Error::cancelled()),
    };
    // Workers hold the file: it can be finished or removed only after they have ended.
    workers.shutdown().await;
    let useless = matches!(&result, Err(error) if error.kind() == ErrorKind::Integrity);
    blocking(move || {
        if let Some(job) = begun {
            job.save_last();
        }
        // Mixed versions, or an aborted download, cannot be resumed.
        if useless || shared.is_discarded() {
            target.keep(false);
        }
        let fetched = result?;
        let stopped = || shared.stop.is_cancelled();
        let checked = check(&target, &fetched, &plan, &stopped);
        let (digests, verified) = checked.inspect_err(|error| match error.kind() {
            ErrorKind::Cancelled if !shared.is_discarded() => {}
            _ => target.keep(false),
        })?;
        let Fetched { bytes, resumed, version, .. } = fetched;
        if let Some(modified) = plan.modified {
            target.set_modified(modified)?;
        }
        let path = target.finish(bytes)?;
        let version = Some(version).filter(Version::is_certain);
        // From the open file: its name may already refer to another one.
        let arrived =
            Fingerprints { local: target.file().metadata().ok().as_ref().and_then(Stat::of), version };
        let started_over = shared.started_over();
        Ok((Downloaded { path, bytes, digests, verified, resumed, started_over }, arrived))
    })
    .await
}

/// Whether CRC-32C, which is computed during the download, is the only digest needed.
fn only_crc32c(plan: &Plan) -> bool {
    plan.algorithms().all(|algorithm| algorithm == Algorithm::Crc32c)
}

/// The error; or `Cancelled` after a stop, which is then the cause of the failure.
fn unless_stopped(stopped: &dyn Fn() -> bool, error: Error) -> Error {
    if stopped() { Error::cancelled() } else { error }
}

/// An object whose bytes are all in the file.
struct Fetched {
    bytes: u64,
    crc32c: Digest,
    /// Bytes reused from an earlier run.
    resumed: u64,
    /// Digests of the whole object that the storage sent.
    announced: Vec<Digest>,
    version: Version,
}

/// Computes the requested digests, and compares those given by the caller and the storage. A digest from the storage is skipped if it
/// would have to be computed only for this comparison.
fn check(
    target: &PartFile,
    fetched: &Fetched,
    plan: &Plan,
    stopped: &dyn Fn() -> bool,
) -> Result<(Vec<Digest>, Vec<VerifiedDigest>)> {
    let mut missing: Vec<Algorithm> = plan.algorithms().collect();
    missing.retain(|algorithm| *algorithm != Algorithm::Crc32c);
    missing.sort_unstable();
    missing.dedup();
    let mut digests = vec![fetched.crc32c.clone()];
    if !missing.is_empty() {
        let read = digest::of_file(target.file(), &missing, stopped);
        let about = |error| {
            unless_stopped(stopped, Error::io("cannot read the downloaded bytes to verify them", error))
        };
        digests.extend(read.map_err(about)?);
    }
    let expected = plan.expected.iter().map(|(digest, against)| (digest, *against));
    let announced = fetched.announced.iter().map(|digest| (digest, VerifiedAgainst::Storage));
    let mut verified = Vec::new();
    for (given, against) in expected.chain(announced) {
        let Some(found) = digests.iter().find(|found| found.algorithm() == given.algorithm()) else {
            continue;
        };
        if found != given {
            let whose = match against {
                VerifiedAgainst::Expected => "not",
                VerifiedAgainst::DrsServer => "while the DRS server lists",
                VerifiedAgainst::Storage => "while the storage announces",
            };
            let message = format!("the downloaded file has the digest {found}, {whose} {given}");
            return Err(Error::new(ErrorKind::Integrity, message));
        }
        verified.push(VerifiedDigest { digest: given.clone(), against });
    }
    Ok((digests, verified))
}

/// A running download.
#[derive(Debug)]
struct Worker {
    object: Object,
    shared: Arc<Shared>,
    target: Arc<PartFile>,
    source: String,
    segments: Mutex<RangeMap>,
    /// Ranges whose connections should be closed, by first byte.
    stuck: watch::Sender<Vec<u64>>,
    writer: Arc<Writer>,
}

impl Worker {
    /// Fetches everything, and returns the checksum of the whole.
    async fn run(
        self: &Arc<Self>,
        first: Option<(u64, RangeBody, Permit)>,
        workers: &mut JoinSet<Result<()>>,
    ) -> Result<Digest> {
        let result = tokio::select! {
            result = self.fetch_all(first, workers) => result,
            never = self.write_journals() => match never {},
        };
        result?;
        let whole = self.segments.lock().whole();
        let missing = || Error::new(ErrorKind::Integrity, "ranges of the file are missing");
        whole.map(Digest::of_crc32c).ok_or_else(missing)
    }

    async fn fetch_all(
        self: &Arc<Self>,
        first: Option<(u64, RangeBody, Permit)>,
        workers: &mut JoinSet<Result<()>>,
    ) -> Result<()> {
        if let Some((start, body, permit)) = first {
            workers.spawn(self.clone().fetch(start, permit, Some(body)));
        }
        // Kept across iterations, so that this download keeps its position in the queue; dropped if there is nothing to fetch.
        let mut queued = None;
        let mut limit = self.object.limiter.limit();
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let worth = self.object.limiter.worth();
            let has_work = self.segments.lock().has_work(worth);
            if !has_work && workers.is_empty() {
                return Ok(());
            }
            // Ranges whose workers wait to retry hold no connection, and more workers would not help.
            let paused = self.shared.is_paused();
            let wants_more = has_work && !paused && workers.len() < *limit.borrow_and_update();
            if !wants_more {
                queued = None;
            }
            let permit = queued.get_or_insert_with(|| Box::pin(self.object.limiter.clone().acquire()));
            tokio::select! {
                biased;
                Some(done) = workers.join_next() => joined(done)?,
                _ = ticks.tick() => {
                    // Uses the measured bytes of each connection per tick, which is one second; without a measurement no connection
                    // counts as slow.
                    let stuck = self.segments.lock().tick(self.object.limiter.each());
                    if !stuck.is_empty() {
                        tracing::debug!(?stuck, "closing stalled connections");
                        self.stuck.send_replace(stuck);
                    }
                }
                () = self.shared.running(), if paused => {}
                Ok(()) = limit.changed(), if !wants_more => {}
                granted = permit, if wants_more => {
                    queued = None;
                    let (split, taken) = {
                        let mut segments = self.segments.lock();
                        (segments.waiting() == 0, segments.take(worth))
                    };
                    if let Some(range) = taken {
                        self.shared.counters.plan_more(0, u32::from(split));
                        workers.spawn(self.clone().fetch(range.start, granted, None));
                    }
                }
            }
        }
    }

    /// Fetches the range that begins at `start`, first from `body` if it was already begun. After a failure, resumes where it broke.
    async fn fetch(self: Arc<Self>, start: u64, permit: Permit, mut body: Option<RangeBody>) -> Result<()> {
        let (object, counters) = (&self.object, &self.shared.counters);
        let mut permit = Some(permit);
        let mut retry = Retry::default();
        loop {
            let rest = self.segments.lock().rest(start);
            if rest.is_empty() {
                break;
            }
            if body.is_none() {
                if self.shared.is_paused() {
                    // A paused download must not hold a connection that others wait for.
                    permit = None;
                }
                self.shared.running().await;
            }
            // A body that was already begun has its connection and needs no URL.
            let (connection, signed, begun) = match (body.take(), permit.take()) {
                (Some(body), Some(connection)) => (connection, None, Some(body)),
                (_, permit) => match object.connect(permit).await {
                    Ok((connection, signed)) => (connection, Some(signed), None),
                    Err(error) => {
                        retry.after_call(error, counters).await?;
                        continue;
                    }
                },
            };
            let link = signed.as_ref().map(|signed| &signed.link);
            let outcome = tokio::select! {
                outcome = self.attempt(start, &rest, link, begun) => outcome,
                // The connection is closed; the range resumes from here after the pause.
                () = self.shared.pause_wanted() => Ok(()),
                // Another connection resumes from here.
                () = stuck(self.stuck.subscribe(), start) => Ok(()),
            };
            drop(connection);
            let progressed = {
                let mut segments = self.segments.lock();
                segments.release(start);
                segments.rest(start).start > rest.start
            };
            if progressed {
                retry = Retry::default();
            }
            if let Err(failure) = outcome {
                let old = signed.as_ref().is_some_and(|signed| signed.age.is_old());
                let then = retry.after(failure, old, &object.limiter, counters).await?;
                if let (RetryAction::Renew, Some(signed)) = (then, &signed) {
                    object.signed_url.expire(signed);
                }
            }
        }
        if self.segments.lock().finish(start) {
            counters.part_done();
        }
        Ok(())
    }

    /// Sends one request and writes its bytes to the file as they arrive.
    async fn attempt(
        &self,
        start: u64,
        rest: &Range<u64>,
        link: Option<&Link>,
        begun: Option<RangeBody>,
    ) -> Result<(), StorageError> {
        let mut body = match (begun, link) {
            (Some(body), _) => body,
            (None, Some(link)) => self.object.body(rest, link).await?,
            (None, None) => return Ok(()),
        };
        let mut tail = Tail::default();
        loop {
            let next = body.next().await;
            if let Ok(Some(piece)) = next {
                if self.take_in(start, &mut tail, &piece, false).await?.is_empty() {
                    // Done: another connection may have taken over the rest.
                    return Ok(());
                }
                continue;
            }
            if tail.len() > 0 {
                // However the body ends, the received bytes are written.
                self.take_in(start, &mut tail, &[], true).await?;
            }
            return next.map(drop);
        }
    }

    /// Writes the tail of a range and the `piece` after it. Unless the piece is the `last` one, a new tail may remain. Returns the bytes
    /// still to fetch of the range.
    async fn take_in(
        &self,
        start: u64,
        tail: &mut Tail,
        piece: &[u8],
        last: bool,
    ) -> Result<Range<u64>, StorageError> {
        // Claimed before waiting for bandwidth: from here on the connection is not what is slow.
        let (at, wanted, last, crc32c) = {
            let mut segments = self.segments.lock();
            let (at, wanted) = segments.claim(start, tail.len() + piece.len());
            let last = last || segments.rest(start).end == at + wanted as u64;
            (at, wanted, last, segments.crc32c(start))
        };
        tail.truncate(wanted);
        let bytes = &piece[..wanted - tail.len()];
        self.object.context.down.take(bytes.len() as u64).await;
        let crc32c = crc32c::crc32c_append(crc32c, tail.bytes());
        self.target.write(tail, bytes, at, last).map_err(StorageError::Fatal)?;
        let crc32c = crc32c::crc32c_append(crc32c, &bytes[..bytes.len() - tail.len()]);
        let written = (wanted - tail.len()) as u64;
        let left = {
            let mut segments = self.segments.lock();
            segments.commit(start, at + written, crc32c);
            segments.rest(start)
        };
        self.shared.counters.add_bytes(written);
        self.shared.counters.gain();
        self.object.limiter.moved(bytes.len() as u64);
        Ok(left)
    }

    async fn write_journals(&self) -> std::convert::Infallible {
        let mut last = None;
        loop {
            tokio::time::sleep(JOURNAL_INTERVAL).await;
            let journal = self.journal();
            if !self.is_journaled() || last.as_ref() == Some(&journal) {
                continue;
            }
            let (saved, writer) = (journal.clone(), self.writer.clone());
            let about = |error| Error::io("the journal", error);
            match blocking(move || writer.save(&saved).map_err(about)).await {
                Ok(()) => {
                    self.target.keep(true);
                    last = Some(journal);
                }
                Err(error) => tracing::warn!(%error, "cannot write the journal of a download"),
            }
        }
    }

    /// Saves the journal a last time when the download ends, however it ends.
    fn save_last(&self) {
        if self.is_journaled() && !self.shared.is_discarded() {
            match self.writer.save(&self.journal()) {
                Ok(()) => self.target.keep(true),
                Err(error) => tracing::warn!(%error, "cannot write the journal of a download"),
            }
        }
        self.writer.close();
    }

    fn is_journaled(&self) -> bool {
        self.object.identity.size >= LEAST_JOURNAL && self.object.identity.version.is_certain()
    }

    fn journal(&self) -> Journal {
        Journal {
            source: self.source.clone(),
            identity: self.object.identity.clone(),
            extents: self.segments.lock().extents(),
            boot: self.target.boot(),
        }
    }
}

/// Waits until the range that begins at `start` is reported as stuck.
async fn stuck(mut told: watch::Receiver<Vec<u64>>, start: u64) {
    loop {
        if told.changed().await.is_err() {
            // No sender is left.
            std::future::pending::<()>().await;
        }
        if told.borrow_and_update().contains(&start) {
            return;
        }
    }
}
