//! A download under way: what is there already, what is asked for, and how it is put together.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::{MissedTickBehavior, interval};

use super::Downloaded;
use super::address::Address;
use super::journal::{self, Journal, Left, Writer};
use super::open::{Object, Opened, open};
use crate::error::{Error, ErrorKind, Result};
use crate::transfer::digest::{self, Algorithm, Digest};
use crate::transfer::engine::Tools;
use crate::transfer::handle::Shared;
use crate::transfer::lane::Permit;
use crate::transfer::retry::Retry;
use crate::transfer::segments::Segments;
use crate::transfer::storage::{Found, RangeBody, Trouble};
use crate::transfer::target::Target;

/// Length of the first range, which is asked for before the size of the file is known.
const FIRST_RANGE: u64 = 8 * 1024 * 1024;

/// Smaller files are fetched again rather than written down.
const LEAST_JOURNAL: u64 = 16 * 1024 * 1024;

/// Time between two journals: what a killed process loses at most.
const JOURNAL_INTERVAL: Duration = Duration::from_secs(1);

/// Time between two looks at connections that stand still.
const TICK: Duration = Duration::from_secs(1);

/// What to download, and how.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) file_id: String,
    /// Names the file among those of all platforms.
    pub(super) source: String,
    pub(super) path: PathBuf,
    pub(super) overwrite: bool,
    pub(super) digests: Vec<Algorithm>,
    pub(super) expected: Vec<Digest>,
}

/// Does the whole download.
pub(super) async fn run(order: Order, tools: Tools, shared: Arc<Shared>) -> Result<Downloaded> {
    let stop = shared.stop.clone();
    let (path, overwrite) = (order.path.clone(), order.overwrite);
    let (source, stopped) = (order.source.clone(), stop.clone());
    // Not given up when the download is stopped: as long as it goes on, it has the file.
    let (target, left) = blocking(move || {
        let target = Target::open(&path, overwrite)?;
        let left = journal::left(&target, &source, &|| stopped.is_cancelled());
        let left = left.map_err(|error| {
            if stopped.is_cancelled() {
                return Error::cancelled();
            }
            Error::io("cannot read what another download has left", error)
        });
        Ok((target, left?))
    })
    .await?;
    let target = Arc::new(target);
    let mut workers = JoinSet::new();
    let work = async {
        let begun = prepare(&order, &tools, &shared, &target, left).await?;
        let Some(begun) = begun else {
            shared.counters.plan(0, 0);
            return Ok((0, Digest::of_crc32c(0), Origin::default()));
        };
        let Begun { object, first, origin, segments } = begun;
        let writer = Arc::new(Writer::new(target.journal().to_owned()));
        let job = Arc::new(Job {
            object,
            shared: shared.clone(),
            target: target.clone(),
            source: order.source.clone(),
            segments: Mutex::new(segments),
            stuck: watch::Sender::default(),
            writer,
        });
        let crc32c = job.run(first, &mut workers).await?;
        Ok((job.object.identity.size, crc32c, origin))
    };
    let result = tokio::select! {
        result = work => result,
        () = stop.cancelled() => Err(Error::cancelled()),
    };
    // They hold the file: it can be finished, or cleared away, only when they are gone.
    workers.shutdown().await;
    // A mixture, or what nobody wants, is of no use to the next one.
    let useless = matches!(&result, Err(error) if error.kind() == ErrorKind::Integrity);
    if useless || shared.is_discarded() {
        target.keep(false);
    }
    let (bytes, crc32c, origin) = result?;
    let (target, digests, expected) = (target.clone(), order.digests, order.expected);
    blocking(move || {
        let digests = check(&target, crc32c, &digests, &expected).inspect_err(|_| target.keep(false))?;
        let path = target.finish(bytes)?;
        Ok(Downloaded { path, bytes, digests, resumed: origin.resumed, started_over: origin.started_over })
    })
    .await
}

/// Runs work that waits for the disk, apart from the threads that move bytes.
pub(in crate::transfer) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let ended = |error| Error::new(ErrorKind::Cancelled, format!("a worker ended: {error}"));
    spawn_blocking(work).await.map_err(ended)?
}

/// Computes the digests that were asked for, and compares those that were given.
fn check(target: &Target, crc32c: Digest, wanted: &[Algorithm], expected: &[Digest]) -> Result<Vec<Digest>> {
    let mut missing: Vec<Algorithm> =
        wanted.iter().copied().chain(expected.iter().map(Digest::algorithm)).collect();
    missing.retain(|algorithm| *algorithm != Algorithm::Crc32c);
    missing.sort_unstable();
    missing.dedup();
    let mut digests = vec![crc32c];
    if !missing.is_empty() {
        let read = digest::of_file(target.file(), &missing);
        digests.extend(read.map_err(|error| Error::io("cannot read what was downloaded", error))?);
    }
    for expected in expected {
        if !digests.contains(expected) {
            let found = digests.iter().find(|found| found.algorithm() == expected.algorithm());
            let found = found.map(ToString::to_string).unwrap_or_default();
            let message = format!("what was downloaded has the digest {found}, not {expected}");
            return Err(Error::new(ErrorKind::Integrity, message));
        }
    }
    Ok(digests)
}

/// Where the bytes come from that are there before the first one arrives.
#[derive(Clone, Debug, Default)]
struct Origin {
    /// Bytes that another run has left.
    resumed: u64,
    /// Why what another run has left was thrown away.
    started_over: Option<String>,
}

/// A download whose object is known.
struct Begun {
    object: Object,
    /// The range that the first answer brings, and its body.
    first: Option<(u64, RangeBody, Permit)>,
    origin: Origin,
    segments: Segments,
}

/// Gets to know the object, and decides what of an earlier run can be used. `None` stands for an empty object.
async fn prepare(
    order: &Order,
    tools: &Tools,
    shared: &Shared,
    target: &Target,
    left: Left,
) -> Result<Option<Begun>> {
    let mut origin = Origin::default();
    let mut there = Vec::new();
    let mut known = None;
    match left {
        Left::Nothing => target.clear()?,
        Left::Useless(why) => start_over(target, &mut origin, why)?,
        Left::Usable(journal) => {
            there = journal.extents;
            known = Some(journal.identity);
        }
    }
    let address = Address::new(tools.clone(), order.file_id.clone());
    loop {
        shared.running().await;
        // What was left says where the first gap is; without a gap one byte tells whether the object is still the same.
        let gap = match &known {
            Some(known) => Segments::new(known.size, there.iter().copied()).take(u64::MAX).unwrap_or(0..1),
            None => 0..FIRST_RANGE,
        };
        let wanted = gap.start..gap.end.min(gap.start + FIRST_RANGE);
        let opened = tokio::select! {
            opened = open(tools, &address, wanted) => opened?,
            // A pause gives connections up, this one too.
            () = shared.pause_wanted() => continue,
        };
        let Opened { found, lane, permit } = opened;
        let (identity, range, body) = match found {
            Found::Empty if known.is_none() => return Ok(None),
            Found::Range(identity, range, body) if known.as_ref().is_none_or(|known| *known == identity) => {
                (identity, range, *body)
            }
            Found::Range(..) | Found::Empty | Found::Shorter => {
                (known, there) = (None, Vec::new());
                start_over(target, &mut origin, "the file changed on the platform".to_owned())?;
                continue;
            }
        };
        if known.is_none() {
            target.reserve(identity.size)?;
        }
        let mut segments = Segments::new(identity.size, there);
        origin.resumed = segments.written();
        let first = segments.take_first(&range).then_some((range.start, body, permit));
        shared.counters.add_bytes(origin.resumed);
        shared.counters.plan(identity.size, segments.waiting() + usize::from(first.is_some()));
        let object = Object { tools: tools.clone(), address, lane, identity };
        return Ok(Some(Begun { object, first, origin, segments }));
    }
}

fn start_over(target: &Target, origin: &mut Origin, why: String) -> Result<()> {
    tracing::warn!(path = %target.path().display(), why, "a download starts over");
    origin.started_over = Some(why);
    target.clear()
}

/// A download whose bytes are on their way.
#[derive(Debug)]
struct Job {
    object: Object,
    shared: Arc<Shared>,
    target: Arc<Target>,
    source: String,
    segments: Mutex<Segments>,
    /// Ranges whose connections are to be given up, by first byte.
    stuck: watch::Sender<Vec<u64>>,
    writer: Arc<Writer>,
}

impl Job {
    /// Fetches everything, and gives the checksum of the whole.
    async fn run(
        self: &Arc<Self>,
        first: Option<(u64, RangeBody, Permit)>,
        workers: &mut JoinSet<Result<()>>,
    ) -> Result<Digest> {
        let _save_last = SaveLast(self.clone());
        let result = tokio::select! {
            result = self.fetch_all(first, workers) => result,
            never = self.write_journals() => match never {},
        };
        result?;
        let extents = self.segments().extents();
        match extents[..] {
            [whole] if (whole.start, whole.end) == (0, self.object.identity.size) => {
                Ok(Digest::of_crc32c(whole.crc32c))
            }
            _ => Err(Error::new(ErrorKind::Integrity, "ranges of the file are missing")),
        }
    }

    async fn fetch_all(
        self: &Arc<Self>,
        first: Option<(u64, RangeBody, Permit)>,
        workers: &mut JoinSet<Result<()>>,
    ) -> Result<()> {
        if let Some((start, body, permit)) = first {
            workers.spawn(self.clone().fetch(start, permit, Some(body)));
        }
        // Kept from one round to the next, so that this download keeps its place in the queue; given up where nothing is to be fetched.
        let mut queued = None;
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let worth = self.object.lane.worth();
            let has_work = self.segments().has_work(worth);
            if !has_work {
                queued = None;
                if workers.is_empty() {
                    return Ok(());
                }
            }
            let permit = queued.get_or_insert_with(|| Box::pin(self.object.lane.clone().acquire()));
            tokio::select! {
                biased;
                Some(done) = workers.join_next() => {
                    done.map_err(|error| Error::new(ErrorKind::Cancelled, format!("a worker ended: {error}")))??;
                }
                _ = ticks.tick() => {
                    let stuck = self.segments().tick();
                    if !stuck.is_empty() {
                        tracing::debug!(?stuck, "connections stand still and are given up");
                        self.stuck.send_replace(stuck);
                    }
                }
                granted = permit, if has_work => {
                    queued = None;
                    let (split, taken) = {
                        let mut segments = self.segments();
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

    /// Fetches the range that begins at `start`, from `body` first if it was begun already; after a failure from where it broke.
    async fn fetch(self: Arc<Self>, start: u64, permit: Permit, mut body: Option<RangeBody>) -> Result<()> {
        let mut permit = Some(permit);
        let mut retry = Retry::default();
        loop {
            let rest = self.segments().rest(start);
            if rest.is_empty() {
                break;
            }
            if body.is_none() {
                if self.shared.is_paused() {
                    // Nobody else should wait for the connections of one that is paused.
                    permit = None;
                }
                self.shared.running().await;
            }
            let connection = match permit.take() {
                Some(permit) => permit,
                None => self.object.lane.clone().acquire().await,
            };
            let (generation, url) = self.object.address.get().await?;
            let outcome = tokio::select! {
                outcome = self.attempt(start, &rest, &url, body.take()) => outcome,
                // The connection is given up: the range goes on from here after the pause.
                () = self.shared.pause_wanted() => Ok(()),
                // Another connection goes on from here.
                () = stuck(self.stuck.subscribe(), start) => Ok(()),
            };
            drop(connection);
            let progressed = {
                let mut segments = self.segments();
                segments.release(start);
                segments.rest(start).start > rest.start
            };
            if progressed {
                retry = Retry::default();
            }
            if let Err(trouble) = outcome {
                retry.after(trouble, &self.object.lane, || self.object.address.expire(generation)).await?;
            }
        }
        if self.segments().finish(start) {
            self.shared.counters.part_done();
        }
        Ok(())
    }

    /// One request, whose bytes go to the file as they come.
    async fn attempt(
        &self,
        start: u64,
        rest: &Range<u64>,
        url: &str,
        body: Option<RangeBody>,
    ) -> Result<(), Trouble> {
        let mut body = self.object.body(rest, url, body).await?;
        while let Some(piece) = body.next().await? {
            self.object.tools.down.take(piece.len() as u64).await;
            let (at, wanted, crc32c) = {
                let mut segments = self.segments();
                let (at, wanted) = segments.claim(start, piece.len());
                (at, wanted, segments.crc32c(start))
            };
            let bytes = &piece[..wanted];
            self.target.write_at(bytes, at).map_err(Trouble::Final)?;
            let crc32c = crc32c::crc32c_append(crc32c, bytes);
            self.segments().commit(start, crc32c);
            self.shared.counters.add_bytes(wanted as u64);
            self.object.lane.moved(wanted as u64);
            if wanted < piece.len() {
                // Somebody else fetches the rest by now.
                return Ok(());
            }
        }
        Ok(())
    }

    async fn write_journals(&self) -> std::convert::Infallible {
        loop {
            tokio::time::sleep(JOURNAL_INTERVAL).await;
            if !self.is_journaled() {
                continue;
            }
            let (journal, writer) = (self.journal(), self.writer.clone());
            match spawn_blocking(move || writer.save(&journal)).await {
                Ok(Ok(())) => self.target.keep(true),
                Ok(Err(error)) => tracing::warn!(%error, "cannot write the journal of a download"),
                Err(error) => tracing::warn!(%error, "cannot write the journal of a download"),
            }
        }
    }

    fn is_journaled(&self) -> bool {
        self.object.identity.size >= LEAST_JOURNAL && self.object.identity.is_certain()
    }

    fn journal(&self) -> Journal {
        Journal {
            source: self.source.clone(),
            identity: self.object.identity.clone(),
            extents: self.segments().extents(),
            boot: crate::transfer::journal::boot(),
        }
    }

    fn segments(&self) -> MutexGuard<'_, Segments> {
        self.segments.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits until the range that begins at `start` is said to be stuck.
async fn stuck(mut told: watch::Receiver<Vec<u64>>, start: u64) {
    loop {
        if told.changed().await.is_err() {
            // Nobody is left to tell.
            std::future::pending::<()>().await;
        }
        if told.borrow_and_update().contains(&start) {
            return;
        }
    }
}

/// Writes the journal once more when a download ends, however it ends.
struct SaveLast(Arc<Job>);

impl Drop for SaveLast {
    fn drop(&mut self) {
        let job = &self.0;
        let complete = job.segments().is_complete();
        if !complete && job.is_journaled() && !job.shared.is_discarded() {
            match job.writer.save(&job.journal()) {
                Ok(()) => job.target.keep(true),
                Err(error) => tracing::warn!(%error, "cannot write the journal of a download"),
            }
        }
        job.writer.close();
    }
}
