//! Finds out whether a file need not move, and records those that have moved.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use jiff::SignedDuration;
use jiff::fmt::rfc2822;

use super::sameness::{Facts, Learned, Remote, Stored, Verdict, judge};
use super::{Compare, Outcome};
use crate::error::{Error, ErrorKind, Result};
use crate::transfer::digest::{self, Algorithm, Digest};
use crate::transfer::download::Arrived;
use crate::transfer::download::probe::{Opened, open};
use crate::transfer::download::signed_url::Address;
use crate::transfer::engine::retry::Retry;
use crate::transfer::engine::runtime::Tools;
use crate::transfer::engine::storage::{Found, Opening, Version};
use crate::transfer::engine::task::blocking;
use crate::transfer::handle::Shared;
use crate::transfer::local::record::{Pair, Record, Tree};
use crate::transfer::local::stat::Stat;
use crate::transfer::upload::remove_stale_locks;
use crate::types;

/// How much later than a time of modification it must be on the platform until a change surely gets another one.
const SETTLED: SignedDuration = SignedDuration::from_secs(2);

/// Times that two clocks of the platform may disagree by make no difference to a local file whose time was set.
const TOLERANCE: u64 = 2_000_000_000;

/// Compares the files of one tree.
#[derive(Debug)]
pub(super) struct Comparison {
    compare: Compare,
    uploading: bool,
    tools: Tools,
    /// `None` where there is no state folder.
    record: Option<Record>,
}

/// A local file as it was found at a moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Local {
    pub(super) stat: Stat,
    pub(super) at: SystemTime,
}

/// Two files that may be the same.
#[derive(Clone, Copy, Debug)]
pub(super) struct Two<'a> {
    /// Their path in the record.
    pub(super) key: &'a str,
    pub(super) path: &'a Path,
    pub(super) local: &'a Local,
    pub(super) remote: &'a Remote,
}

/// What was learned of two files while they were compared.
#[derive(Default)]
struct Steps {
    learned: Learned,
    /// Whether the local file may change after it was read without looking different.
    racy: Option<bool>,
    /// When the storage was asked.
    asked: Option<Instant>,
}

impl Comparison {
    /// Opens the record of the tree. A folder for it that the program has named must be usable.
    pub(super) async fn open(
        compare: Compare,
        uploading: bool,
        tools: &Tools,
        tree: impl FnOnce() -> Tree + Send + 'static,
    ) -> Result<Arc<Self>> {
        let record = match tools.state_folder.clone() {
            None => None,
            Some(folder) => {
                let path = folder.path.clone();
                let swept = tools.swept.clone();
                let open = move || {
                    let record = Record::open(&path, &tree())?;
                    // Runs that were killed may have left some, and this one may have nothing to upload.
                    swept.call_once(|| remove_stale_locks(&path));
                    Ok(record)
                };
                match blocking(open).await {
                    Ok(record) => Some(record),
                    Err(error)
                        if !folder.named && matches!(error.kind(), ErrorKind::Io | ErrorKind::DiskFull) =>
                    {
                        tracing::warn!(%error, "transfers of a tree are not recorded");
                        None
                    }
                    Err(error) => return Err(error),
                }
            }
        };
        Ok(Arc::new(Self { compare, uploading, tools: tools.clone(), record }))
    }

    /// What becomes of two files if they are the same; `None` where they differ, or may differ.
    pub(super) async fn same(
        &self,
        Two { key, path, local, remote }: Two<'_>,
        open: impl FnOnce() -> io::Result<File> + Send + 'static,
        shared: &Arc<Shared>,
    ) -> Result<Option<Outcome>> {
        let mut open = Some(open);
        let pair = self.record.as_ref().and_then(|record| record.get(key));
        let (compare, uploading) = (self.compare, self.uploading);
        let facts = Facts { compare, uploading, local: &local.stat, remote, pair: pair.as_ref() };
        let mut steps = Steps::default();
        loop {
            match judge(&facts, &steps.learned) {
                Verdict::Different => return Ok(None),
                Verdict::Assumed => return Ok(Some(Outcome::Assumed)),
                Verdict::Identical => break,
                Verdict::ReadLocal => {
                    let (path, stat, shared) = (path.to_owned(), local.stat, shared.clone());
                    // It is read once at most.
                    let open = open.take().ok_or_else(Error::cancelled)?;
                    let read = blocking(move || checksum(open, &path, &stat, &shared)).await?;
                    steps.learned.crc32c = Some(read.0);
                    steps.racy = Some(read.1);
                }
                Verdict::AskStorage => {
                    steps.asked = Some(Instant::now());
                    steps.learned.stored = Some(self.ask(&remote.id, shared).await?);
                }
            }
        }
        if let Some(pair) = self.renewed(pair, local, remote, steps) {
            self.put(key, pair);
        }
        Ok(Some(Outcome::Identical))
    }

    /// The pair that follows from a comparison; `None` where nothing was learned.
    fn renewed(&self, pair: Option<Pair>, local: &Local, remote: &Remote, steps: Steps) -> Option<Pair> {
        let Steps { learned, racy, asked } = steps;
        let is_dated = pair.as_ref().is_none_or(|pair| pair.modified_on.is_some());
        if racy.is_none() && asked.is_none() && is_dated {
            return None;
        }
        let crc32c = learned.crc32c.or(pair.as_ref()?.crc32c);
        let racy = racy.or(pair.as_ref().map(|pair| pair.racy)).unwrap_or(true);
        let settled = match asked {
            Some(asked) => self.is_settled(remote.modified_on, asked),
            None => pair.as_ref().is_some_and(|pair| pair.settled),
        };
        let stored = learned.stored.map(|stored| stored.version);
        let version = stored.filter(Version::is_certain).or(pair.and_then(|pair| pair.version));
        let (local, id, modified_on) = (local.stat, remote.id.clone(), remote.modified_on);
        Some(Pair { local, racy, id, modified_on, settled, version, crc32c })
    }

    /// Whether a change after this moment surely has another time of modification.
    fn is_settled(&self, modified_on: Option<i64>, moment: Instant) -> bool {
        let modified =
            modified_on.and_then(|modified| jiff::Timestamp::from_nanosecond(modified.into()).ok());
        let now = self.tools.platform_clock.at_least(moment);
        now.zip(modified).is_some_and(|(now, modified)| now.duration_since(modified) > SETTLED)
    }

    /// Asks the storage for the version of an object, by its first byte.
    async fn ask(&self, id: &str, shared: &Shared) -> Result<Stored> {
        let address = Address::new(self.tools.clone(), id.to_owned());
        let mut retry = Retry::default();
        shared.running().await;
        let opened = tokio::select! {
            opened = open(&self.tools, &address, &(0..1), &shared.counters, &mut retry) => opened?,
            () = shared.stop.cancelled() => return Err(Error::cancelled()),
        };
        let Opened { found, .. } = opened;
        let Found::Object(opening) = found else { return Ok(Stored { size: Some(0), ..Stored::default() }) };
        let Opening { version, size, digests, .. } = *opening;
        let modified = version.last_modified.as_deref().and_then(|date| rfc2822::parse(date).ok());
        let modified = modified.and_then(|date| i64::try_from(date.timestamp().as_nanosecond()).ok());
        Ok(Stored { crc32c: digests.iter().find_map(Digest::crc32c), version, size, modified })
    }

    /// Records a file that was downloaded; the download began at this moment.
    pub(super) fn downloaded(
        &self,
        key: &str,
        remote: Remote,
        (arrived, digests): (Arrived, &[Digest]),
        (began, at): (Instant, SystemTime),
    ) {
        let Some(local) = arrived.local else { return };
        let is_as_set = |modified_on: i64| local.modified.abs_diff(modified_on) < TOLERANCE;
        if !remote.modified_on.is_none_or(is_as_set) {
            // Somebody has written to it already.
            return;
        }
        let pair = Pair {
            local,
            racy: local.is_racy(at),
            settled: self.is_settled(remote.modified_on, began),
            modified_on: remote.modified_on,
            id: remote.id,
            version: arrived.version,
            crc32c: digests.iter().find_map(Digest::crc32c),
        };
        self.put(key, pair);
    }

    /// Records a file that was uploaded. One that does not look as it did `before` may have changed meanwhile: it is recognized by what was
    /// sent, and no more by how it looks.
    pub(super) fn uploaded(
        &self,
        key: &str,
        before: &Local,
        after: Option<Stat>,
        crc32c: Option<u32>,
        file: &types::File,
    ) {
        let pair = Pair {
            local: before.stat,
            racy: after != Some(before.stat) || before.stat.is_racy_for_copies(before.at),
            id: file.id.clone(),
            modified_on: remote_of(file).modified_on,
            // Nobody knew the id before the upload was complete, and what replaces the file gets another one.
            settled: true,
            version: None,
            crc32c,
        };
        self.put(key, pair);
    }

    fn put(&self, key: &str, pair: Pair) {
        // A line is short, and the system takes it without waiting for the disk.
        if let Some(record) = &self.record {
            record.put(key, pair);
        }
    }
}

/// The file as far as it is compared.
pub(super) fn remote_of(file: &types::File) -> Remote {
    let at = |time: &Option<crate::raw::Timestamp>| {
        let time = time.as_ref().and_then(crate::raw::Timestamp::to_jiff);
        time.and_then(|time| i64::try_from(time.as_nanosecond()).ok())
    };
    Remote {
        id: file.id.clone(),
        size: file.size.and_then(|size| u64::try_from(size).ok()),
        created_on: at(&file.created_on),
        modified_on: at(&file.modified_on),
    }
}

/// The time of modification that a download leaves.
pub(super) fn modified_of(remote: &Remote) -> Option<SystemTime> {
    let modified_on = remote.modified_on?;
    let distance = Duration::from_nanos(modified_on.unsigned_abs());
    if modified_on < 0 { UNIX_EPOCH.checked_sub(distance) } else { UNIX_EPOCH.checked_add(distance) }
}

/// CRC-32C of a local file, and whether it may change after it was read without looking different. A file that does not look like this
/// before and after is an error.
fn checksum(
    open: impl FnOnce() -> io::Result<File>,
    path: &Path,
    stat: &Stat,
    shared: &Shared,
) -> Result<(u32, bool)> {
    let about = |error| Error::io(format!("cannot read `{}`", path.display()), error);
    let at = SystemTime::now();
    let file = open().map_err(about)?;
    let unchanged = || file.metadata().map(|now| Stat::of(&now).as_ref() == Some(stat)).map_err(about);
    let changed = || {
        let message = format!("`{}` changed while it was compared", path.display());
        Error::new(ErrorKind::Integrity, message)
            .with_hint("run the transfer again once no program writes it")
    };
    if !unchanged()? {
        return Err(changed());
    }
    let stopped = || shared.stop.is_cancelled();
    let digests = digest::of_file(&file, &[Algorithm::Crc32c], &stopped);
    let digests = digests.map_err(|error| if stopped() { Error::cancelled() } else { about(error) })?;
    let crc32c = digests.iter().find_map(Digest::crc32c);
    if !unchanged()? {
        return Err(changed());
    }
    Ok((crc32c.ok_or_else(changed)?, stat.is_racy_for_copies(at)))
}
