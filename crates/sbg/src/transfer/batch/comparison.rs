//! Decides whether a file is up to date, and records the files that were transferred.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use jiff::SignedDuration;
use jiff::fmt::rfc2822;

use super::sameness::{Facts, Learned, RemoteFile, Stored, Verdict, judge};
use super::{Compare, Outcome};
use crate::error::{Error, ErrorKind, Result};
use crate::transfer::digest::{self, Algorithm, Digest};
use crate::transfer::download::Fingerprints;
use crate::transfer::download::probe::{Opened, open};
use crate::transfer::download::signed_url::RenewableUrl;
use crate::transfer::download::source::UrlSource;
use crate::transfer::engine::retry::Retry;
use crate::transfer::engine::runtime::Context;
use crate::transfer::engine::storage::{FirstResponse, Probe, Version};
use crate::transfer::engine::task::blocking;
use crate::transfer::handle::Shared;
use crate::transfer::local::record::{Pair, Record, Tree};
use crate::transfer::local::stat::Stat;
use crate::transfer::upload::remove_stale_locks;
use crate::types;

/// Once the platform's clock is this far past a modification time, a later change is certain to get a different one.
const SETTLED: SignedDuration = SignedDuration::from_secs(2);

/// Tolerance in nanoseconds between the platform's modification time and the local one set from it: the platform's clocks may disagree.
const TOLERANCE: u64 = 2_000_000_000;

/// Compares the files of one tree.
#[derive(Debug)]
pub(in crate::transfer) struct Comparison {
    compare: Compare,
    uploading: bool,
    context: Context,
    /// `None` without a state folder.
    record: Option<Record>,
}

/// A local file at some moment.
#[derive(Clone, Copy, Debug)]
pub(in crate::transfer) struct LocalState {
    pub(in crate::transfer) stat: Stat,
    pub(in crate::transfer) at: SystemTime,
}

/// A local and a remote file that may be the same.
#[derive(Clone, Copy, Debug)]
pub(in crate::transfer) struct FilePair<'a> {
    /// Their path in the record.
    pub(in crate::transfer) key: &'a str,
    pub(in crate::transfer) path: &'a Path,
    pub(in crate::transfer) local: &'a LocalState,
    pub(in crate::transfer) remote: &'a RemoteFile,
}

/// What the comparison of two files has found out.
#[derive(Default)]
struct Steps {
    learned: Learned,
    /// Whether the file may have changed since it was read without looking different.
    racy: Option<bool>,
    /// When the storage was queried.
    asked: Option<Instant>,
}

impl Comparison {
    /// Opens the record of the tree. Fails if a state folder that the program has set is unusable.
    pub(in crate::transfer) async fn open(
        compare: Compare,
        uploading: bool,
        context: &Context,
        tree: impl FnOnce() -> Tree + Send + 'static,
    ) -> Result<Arc<Self>> {
        let record = match context.state_folder.clone() {
            None => None,
            Some(folder) => {
                let (named, swept) = (folder.named, context.swept.clone());
                let open = move || {
                    let folder = folder.open()?;
                    let record = Record::open(&folder, &tree())?;
                    // Killed runs may have left locks, and this run may have nothing to upload.
                    swept.call_once(|| remove_stale_locks(&folder));
                    Ok(record)
                };
                match blocking(open).await {
                    Ok(record) => Some(record),
                    Err(error) if !named && matches!(error.kind(), ErrorKind::Io | ErrorKind::DiskFull) => {
                        tracing::warn!(%error, "transfers of a tree are not recorded");
                        None
                    }
                    Err(error) => return Err(error),
                }
            }
        };
        Ok(Arc::new(Self { compare, uploading, context: context.clone(), record }))
    }

    /// The outcome if two files are the same; `None` if they differ or may differ.
    pub(in crate::transfer) async fn same(
        &self,
        FilePair { key, path, local, remote }: FilePair<'_>,
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
                    // Read at most once.
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

    /// The updated pair after a comparison; `None` if it found out nothing new.
    fn renewed(
        &self,
        pair: Option<Pair>,
        local: &LocalState,
        remote: &RemoteFile,
        steps: Steps,
    ) -> Option<Pair> {
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

    /// Whether a change after this moment is certain to get a different modification time.
    fn is_settled(&self, modified_on: Option<i64>, moment: Instant) -> bool {
        let modified =
            modified_on.and_then(|modified| jiff::Timestamp::from_nanosecond(modified.into()).ok());
        let now = self.context.platform_clock.at_least(moment);
        now.zip(modified).is_some_and(|(now, modified)| now.duration_since(modified) > SETTLED)
    }

    /// Queries the storage for the version of an object, by requesting its first byte.
    async fn ask(&self, id: &str, shared: &Shared) -> Result<Stored> {
        let signed_url = RenewableUrl::new(UrlSource::file(&self.context, id));
        let mut retry = Retry::default();
        shared.running().await;
        let opened = tokio::select! {
            opened = open(&self.context, &signed_url, &(0..1), &shared.counters, &mut retry) => opened?,
            () = shared.stop.cancelled() => return Err(Error::cancelled()),
        };
        let Opened { found, .. } = opened;
        let Probe::Object(opening) = found else { return Ok(Stored { size: Some(0), ..Stored::default() }) };
        let FirstResponse { version, size, digests, .. } = *opening;
        let modified = version.last_modified.as_deref().and_then(|date| rfc2822::parse(date).ok());
        let modified = modified.and_then(|date| i64::try_from(date.timestamp().as_nanosecond()).ok());
        Ok(Stored { crc32c: digests.iter().find_map(Digest::crc32c), version, size, modified })
    }

    /// Records a downloaded file; the download began at this moment.
    pub(super) fn downloaded(
        &self,
        key: &str,
        remote: RemoteFile,
        (arrived, digests): (Fingerprints, &[Digest]),
        (began, at): (Instant, SystemTime),
    ) {
        let Some(local) = arrived.local else { return };
        let is_as_set = |modified_on: i64| local.modified.abs_diff(modified_on) < TOLERANCE;
        if !remote.modified_on.is_none_or(is_as_set) {
            // Another program has already written to it.
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

    /// Records an uploaded file. If the file no longer matches `before`, it may have changed in the meantime: then only the bytes sent identify
    /// it, not its size and times.
    pub(super) fn uploaded(
        &self,
        key: &str,
        before: &LocalState,
        after: Option<Stat>,
        crc32c: Option<u32>,
        file: &types::File,
    ) {
        let pair = Pair {
            local: before.stat,
            racy: after != Some(before.stat) || before.stat.is_racy_for_copies(before.at),
            id: file.id.clone(),
            modified_on: remote_of(file).modified_on,
            // The id was unknown until the upload was complete, and a file that replaces this one gets another id.
            settled: true,
            version: None,
            crc32c,
        };
        self.put(key, pair);
    }

    fn put(&self, key: &str, pair: Pair) {
        // Not moved to a blocking thread: a line is short, and the write does not wait for the disk.
        if let Some(record) = &self.record {
            record.put(key, pair);
        }
    }
}

/// The fields of the file that are compared.
pub(in crate::transfer) fn remote_of(file: &types::File) -> RemoteFile {
    let at = |time: &Option<crate::raw::Timestamp>| {
        let time = time.as_ref().and_then(crate::raw::Timestamp::to_jiff);
        time.and_then(|time| i64::try_from(time.as_nanosecond()).ok())
    };
    RemoteFile {
        id: file.id.clone(),
        size: file.size.and_then(|size| u64::try_from(size).ok()),
        created_on: at(&file.created_on),
        modified_on: at(&file.modified_on),
    }
}

/// The modification time that a download sets.
pub(super) fn modified_of(remote: &RemoteFile) -> Option<SystemTime> {
    let modified_on = remote.modified_on?;
    let distance = Duration::from_nanos(modified_on.unsigned_abs());
    if modified_on < 0 { UNIX_EPOCH.checked_sub(distance) } else { UNIX_EPOCH.checked_add(distance) }
}

/// CRC-32C of a local file, and whether the file may change after the read without looking different. Fails if the file does not match
/// `stat` before and after.
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
