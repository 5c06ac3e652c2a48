//! The start of an upload: resumes one that an earlier run left, or begins a new one.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::intent::{self, Lookup};
use super::journal::{self, Intent, Journal, Record, Saved, UploadKey};
use super::protocol::{self, NewUpload, RemoteUpload};
use crate::error::{Error, ErrorKind, Result};
use crate::ids::check_segment;
use crate::transfer::engine::runtime::Context;
use crate::transfer::engine::storage::confirmation::etag;
use crate::transfer::engine::task::blocking;
use crate::transfer::handle::Shared;
use crate::transfer::local::folder::Folder;
use crate::transfer::local::state_folder::StateFolder;
use crate::transfer::part_size;
use crate::transfer::upload::plan::PartReport;
use crate::transfer::upload::plan::{Confirmed, Plan};
use crate::types;

/// An upload that the platform knows.
pub(super) struct StartedUpload {
    pub(super) route: RemoteUpload,
    pub(super) part_size: u64,
    pub(super) confirmed: BTreeMap<usize, Confirmed>,
    /// Whether an earlier run has sent parts.
    pub(super) resumed: bool,
    pub(super) record: Option<Record>,
}

/// How an upload starts.
pub(super) enum UploadStart {
    Started(Box<StartedUpload>),
    /// Already complete: an earlier run was killed after it had requested the completion.
    Completed(Box<types::File>),
}

/// Resumes the upload that an earlier run left, or begins a new one.
pub(super) async fn begin(plan: &Plan, context: &Context, shared: &Arc<Shared>) -> Result<UploadStart> {
    let Some(folder) = context.state_folder.clone() else {
        return begin_new(plan, context, None).await;
    };
    let named = folder.named;
    let Opened { record, folder, left } = match open(plan, context, shared, folder).await {
        Ok(opened) => opened,
        // For example in a container with a read-only file system.
        Err(error) if !named && matches!(error.kind(), ErrorKind::Io | ErrorKind::DiskFull) => {
            tracing::warn!(%error, "an upload is not journaled, so it cannot be resumed by another process");
            return begin_new(plan, context, None).await;
        }
        Err(error) => return Err(error),
    };
    let leftover = match left {
        None => return begin_intended(plan, context, Some(record)).await,
        Some(Err(why)) => Leftover::Useless(why),
        Some(Ok(Saved::Upload(journal))) => resume(plan, context, journal).await?,
        Some(Ok(Saved::Intent(intent))) => adopt(plan, context, &intent, folder).await?,
    };
    match leftover {
        Leftover::There { route, part_size, confirmed, resumed } => {
            let begun = StartedUpload { route, part_size, confirmed, resumed, record: Some(record) };
            Ok(UploadStart::Started(Box::new(begun)))
        }
        Leftover::Completed(file) => {
            record.remove();
            Ok(UploadStart::Completed(file))
        }
        Leftover::Useless(why) => {
            tracing::warn!(path = %plan.source.path().display(), why, "an upload restarts from zero");
            shared.start_over(why);
            begin_new(plan, context, Some(record)).await
        }
        Leftover::Nothing => begin_new(plan, context, Some(record)).await,
    }
}

/// The record of an upload.
struct Opened {
    record: Record,
    folder: Arc<Folder>,
    /// What another run left there. If that is nothing, the intent of this upload is saved.
    left: Option<Result<Saved, String>>,
}

/// Opens the record of the upload.
async fn open(
    plan: &Plan,
    context: &Context,
    shared: &Arc<Shared>,
    folder: Arc<StateFolder>,
) -> Result<Opened> {
    let (intent, stop, swept) = (plan.intent(), shared.stop.clone(), context.swept.clone());
    let open = move || {
        let folder = folder.open()?;
        let record = Record::open(&folder, &intent.key, &|| stop.is_cancelled())?;
        swept.call_once(|| journal::remove_stale_locks(&folder));
        let left = record.load(&intent.key);
        if left.is_none() {
            // The wait for the lock is not part of the time.
            record.save_first(&Intent { intended: Timestamp::now().as_second(), ..intent.clone() });
        }
        Ok(Opened { record, folder, left })
    };
    context.descriptors.more(&shared.stop, open).await
}

/// Begins a new upload. The intent is journaled before the platform is called.
pub(super) async fn begin_new(plan: &Plan, context: &Context, record: Option<Record>) -> Result<UploadStart> {
    let record = match record {
        Some(record) => {
            let intent = plan.intent();
            let save = move || {
                record.save(&intent);
                Ok(record)
            };
            Some(blocking(save).await?)
        }
        None => None,
    };
    begin_intended(plan, context, record).await
}

/// Begins a new upload, whose intent the record has.
async fn begin_intended(plan: &Plan, context: &Context, record: Option<Record>) -> Result<UploadStart> {
    let size = plan.source.size();
    let request = NewUpload { name: plan.name.clone(), size, part_size: plan.part_size };
    let (route, part_size) = match protocol::begin(&context.api, &plan.destination, &request).await {
        Ok(begun) => begun,
        Err(error) => {
            // If the platform may have started the upload anyway, the next run searches for it.
            if let Some(record) = record.filter(|_| !may_have_begun(&error)) {
                record.remove();
            }
            return Err(error);
        }
    };
    let given = part_size.and_then(|size| u64::try_from(size).ok()).filter(|size| *size > 0);
    let part_size = given.unwrap_or(plan.part_size);
    if !part_size::fits(size, part_size) {
        route.abort().await;
        if let Some(record) = record {
            record.remove();
        }
        let message =
            format!("the platform requires parts of {part_size} bytes, too small for a file of {size} bytes");
        return Err(Error::new(ErrorKind::UnexpectedResponse, message));
    }
    let begun = StartedUpload { route, part_size, confirmed: BTreeMap::new(), resumed: false, record };
    Ok(UploadStart::Started(Box::new(begun)))
}

/// Whether the call may have been executed.
fn may_have_begun(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Network | ErrorKind::Timeout | ErrorKind::UnexpectedResponse)
        || error.status().is_some_and(|status| status >= 500 || !error.is_refused())
}

/// The state of the upload that a journal names.
enum Leftover {
    There {
        route: RemoteUpload,
        part_size: u64,
        confirmed: BTreeMap<usize, Confirmed>,
        resumed: bool,
    },
    Completed(Box<types::File>),
    /// It cannot be used; the text says why.
    Useless(String),
    /// No upload was found.
    Nothing,
}

/// Adopts the upload that a killed run started, if the platform knows it.
async fn adopt(plan: &Plan, context: &Context, intent: &Intent, folder: Arc<Folder>) -> Result<Leftover> {
    match intent::find(plan, context, intent, folder).await {
        Ok(Lookup::Upload(route, part_size)) => {
            tracing::info!(upload_id = route.upload_id, "resuming an upload that a killed run started");
            let confirmed = BTreeMap::new();
            Ok(Leftover::There { route, part_size, confirmed, resumed: false })
        }
        Ok(Lookup::Aborted(why)) => Ok(Leftover::Useless(why.to_owned())),
        Ok(Lookup::Nothing) => Ok(Leftover::Nothing),
        Err(error) if error.is_transient() || error.kind() == ErrorKind::Cancelled => Err(error),
        // No bytes were sent yet, so a restart loses nothing.
        Err(error) => {
            tracing::warn!(%error, "cannot look for an upload that a killed run may have started");
            Ok(Leftover::Nothing)
        }
    }
}

/// Queries the platform for the state of the upload that a journal names.
async fn resume(plan: &Plan, context: &Context, journal: Journal) -> Result<Leftover> {
    let Journal { stamp, upload_id, part_size, parts, completing, .. } = journal;
    // Others may be able to write to the journal. Its id becomes a path segment, and its parts are planned right away.
    if check_segment("upload id", &upload_id).is_err() || !part_size::fits(stamp.size, part_size) {
        return Ok(Leftover::Useless(
            "the journal cannot be used: its upload id or part size is invalid".to_owned(),
        ));
    }
    let route = RemoteUpload { api: context.api.clone(), destination: plan.destination.clone(), upload_id };
    let remote = match route.remote().await {
        // The upload belongs to another user, or the caller may no longer write there: a new upload shows which.
        Err(error) if error.is_forbidden() => {
            return Ok(Leftover::Useless(format!("the platform does not show the upload: {error}")));
        }
        remote => remote?,
    };
    let changed = stamp != *plan.source.stamp();
    let Some(remote) = remote else {
        // If files are replaced, an old one of the same name and size could be mistaken for this upload.
        if completing
            && !changed
            && !plan.destination.overwrites()
            && let Some(file) = route.find(&plan.name, plan.source.size()).await?
        {
            return Ok(Leftover::Completed(Box::new(file)));
        }
        return Ok(Leftover::Useless("the platform no longer knows the upload".to_owned()));
    };
    if !remote.goes_to(&plan.destination, &plan.name) || !remote.holds(stamp.size, Some(part_size)) {
        // Nothing is sent to that upload, and it is not aborted either.
        return Ok(Leftover::Useless("the journal names another upload of the platform".to_owned()));
    }
    if changed {
        route.abort().await;
        return Ok(Leftover::Useless("the file has changed since".to_owned()));
    }
    let confirmed = confirmed(parts, remote.parts);
    Ok(Leftover::There { route, part_size, confirmed, resumed: true })
}

/// The parts on which the journal and the platform do not disagree.
fn confirmed(parts: Vec<PartReport>, reported: Vec<PartReport>) -> BTreeMap<usize, Confirmed> {
    let number = |report: &PartReport| usize::try_from(report.part).unwrap_or(0);
    let mut confirmed: BTreeMap<_, _> =
        parts.into_iter().map(|report| (number(&report), Confirmed { report, reported: false })).collect();
    for report in reported {
        match confirmed.get_mut(&number(&report)) {
            Some(known) if agree(&known.report, &report) => known.reported = true,
            // Another process sent parts, or the journal is outdated: the part is sent again.
            _ => drop(confirmed.remove(&number(&report))),
        }
    }
    confirmed
}

/// Whether two reports may be of the same part. Some storages send no `ETag`, and the platform may not list what was reported.
fn agree(ours: &PartReport, theirs: &PartReport) -> bool {
    match (etag(&ours.headers), etag(&theirs.headers)) {
        (Some(ours), Some(theirs)) => ours == theirs,
        _ => true,
    }
}

impl Plan {
    pub(super) fn key(&self) -> UploadKey {
        UploadKey {
            endpoint: self.endpoint.clone(),
            path: journal::text(self.source.path()),
            destination: self.destination.clone(),
            name: self.name.clone(),
        }
    }

    pub(super) fn intent(&self) -> Intent {
        Intent {
            key: self.key(),
            stamp: self.source.stamp().clone(),
            part_size: self.part_size,
            intended: Timestamp::now().as_second(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(part: i32, etag: Option<&str>) -> PartReport {
        let headers = etag.map(|etag| ("ETag".to_owned(), etag.to_owned()));
        PartReport { part, headers: headers.into_iter().collect() }
    }

    #[test]
    fn parts_are_kept_unless_the_platform_disagrees() {
        let journal = vec![
            report(1, Some("a")),
            report(2, Some("b")),
            report(3, None),
            report(4, Some("")),
            report(5, Some("e")),
            report(6, Some("f")),
        ];
        let platform = vec![
            report(1, Some("\"a\"")),
            report(2, Some("other")),
            report(3, None),
            report(4, Some("")),
            report(5, None),
            report(7, Some("g")),
        ];
        let confirmed = confirmed(journal, platform);
        let kept: Vec<_> = confirmed.iter().map(|(number, part)| (*number, part.reported)).collect();
        assert_eq!(kept, [(1, true), (3, true), (4, true), (5, true), (6, false)]);
    }
}
