//! The beginning of an upload: what another run has left and the platform still knows, or a new one.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use super::intent::{self, Found};
use super::journal::{self, Intent, Journal, Record, Saved, UploadKey};
use super::protocol::{self, Request, Route};
use crate::error::{Error, ErrorKind, Result};
use crate::ids::check_segment;
use crate::transfer::engine::runtime::{StateFolder, Tools};
use crate::transfer::engine::storage::confirmation::etag;
use crate::transfer::engine::task::blocking;
use crate::transfer::handle::Shared;
use crate::transfer::local::state_folder;
use crate::transfer::part_size;
use crate::transfer::upload::plan::Report;
use crate::transfer::upload::plan::{Confirmed, Plan};
use crate::types;

/// An upload that the platform knows.
pub(super) struct Begun {
    pub(super) route: Route,
    pub(super) part_size: u64,
    pub(super) confirmed: BTreeMap<usize, Confirmed>,
    /// Whether an earlier run has sent parts of it.
    pub(super) resumed: bool,
    pub(super) record: Option<Record>,
}

/// What there is to do for an upload.
pub(super) enum Beginning {
    Begun(Box<Begun>),
    /// Nothing: another run has asked the platform to complete it, and it has, although that run did not live to hear of it.
    Completed(Box<types::File>),
}

/// Takes up the upload that another run has left, or begins one.
pub(super) async fn begin(plan: &Plan, tools: &Tools, shared: &Arc<Shared>) -> Result<Beginning> {
    let Some(folder) = tools.state_folder.clone() else {
        return begin_anew(plan, tools, None).await;
    };
    let (record, left) = match open(plan, tools, shared, &folder).await {
        Ok(opened) => opened,
        // Such as in a container whose file system can only be read.
        Err(error) if !folder.named && matches!(error.kind(), ErrorKind::Io | ErrorKind::DiskFull) => {
            tracing::warn!(%error, "an upload is not written down, so that no other process can go on with it");
            return begin_anew(plan, tools, None).await;
        }
        Err(error) => return Err(error),
    };
    let taken_up = match left {
        None => return begin_anew(plan, tools, Some(record)).await,
        Some(Err(why)) => TakenUp::Useless(why),
        Some(Ok(Saved::Upload(journal))) => take_up(plan, tools, journal).await?,
        Some(Ok(Saved::Intent(intent))) => adopt(plan, tools, &intent, &folder.path).await?,
    };
    match taken_up {
        TakenUp::There { route, part_size, confirmed, resumed } => {
            let begun = Begun { route, part_size, confirmed, resumed, record: Some(record) };
            Ok(Beginning::Begun(Box::new(begun)))
        }
        TakenUp::Completed(file) => {
            record.remove();
            Ok(Beginning::Completed(file))
        }
        TakenUp::Useless(why) => {
            tracing::warn!(path = %plan.source.path().display(), why, "an upload restarts from zero");
            shared.start_over(why);
            begin_anew(plan, tools, Some(record)).await
        }
        TakenUp::Nothing => begin_anew(plan, tools, Some(record)).await,
    }
}

type Left = Option<Result<Saved, String>>;

/// Opens the record of the upload, with what another run has left there.
async fn open(
    plan: &Plan,
    tools: &Tools,
    shared: &Arc<Shared>,
    folder: &StateFolder,
) -> Result<(Record, Left)> {
    let (key, stop, swept) = (plan.key(), shared.stop.clone(), tools.swept.clone());
    let path = folder.path.clone();
    let open = move || {
        state_folder::prepare(&path)?;
        let record = Record::open(&path, &key, &|| stop.is_cancelled())?;
        swept.call_once(|| journal::remove_stale_locks(&path));
        let left = record.load(&key);
        Ok((record, left))
    };
    tools.descriptors.more(&shared.stop, open).await
}

/// Begins a new upload, of which a journal tells from before the platform knows it.
pub(super) async fn begin_anew(plan: &Plan, tools: &Tools, record: Option<Record>) -> Result<Beginning> {
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
    let size = plan.source.size();
    let request = Request { name: plan.name.clone(), size, part_size: plan.part_size };
    let (route, part_size) = match protocol::begin(&tools.api, &plan.destination, &request).await {
        Ok(begun) => begun,
        Err(error) => {
            // Where the platform may have begun it all the same, the next run looks for it.
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
            format!("the platform asks for parts of {part_size} bytes, too small for a file of {size} bytes");
        return Err(Error::new(ErrorKind::UnexpectedResponse, message));
    }
    let begun = Begun { route, part_size, confirmed: BTreeMap::new(), resumed: false, record };
    Ok(Beginning::Begun(Box::new(begun)))
}

/// Whether the call may have been carried out.
fn may_have_begun(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Network | ErrorKind::Timeout | ErrorKind::UnexpectedResponse)
        || error.status().is_some_and(|status| status >= 500 || !error.is_refused())
}

/// What has become of the upload that a journal names.
enum TakenUp {
    There {
        route: Route,
        part_size: u64,
        confirmed: BTreeMap<usize, Confirmed>,
        resumed: bool,
    },
    Completed(Box<types::File>),
    /// It is of no use; the text tells why.
    Useless(String),
    /// There is none.
    Nothing,
}

/// Takes over the upload that a killed run has begun, if the platform knows it.
async fn adopt(plan: &Plan, tools: &Tools, intent: &Intent, folder: &Path) -> Result<TakenUp> {
    match intent::find(plan, tools, intent, folder).await {
        Ok(Found::Upload(route, part_size)) => {
            tracing::info!(upload_id = route.upload_id, "resuming an upload that was begun by a killed run");
            let confirmed = BTreeMap::new();
            Ok(TakenUp::There { route, part_size, confirmed, resumed: false })
        }
        Ok(Found::Aborted(why)) => Ok(TakenUp::Useless(why.to_owned())),
        Ok(Found::Nothing) => Ok(TakenUp::Nothing),
        Err(error) if error.is_transient() || error.kind() == ErrorKind::Cancelled => Err(error),
        // Nothing was sent yet, so nothing is lost by beginning anew.
        Err(error) => {
            tracing::warn!(%error, "cannot look for an upload that a killed run may have begun");
            Ok(TakenUp::Nothing)
        }
    }
}

/// Asks the platform what it has of the upload that a journal names.
async fn take_up(plan: &Plan, tools: &Tools, journal: Journal) -> Result<TakenUp> {
    let Journal { stamp, upload_id, part_size, parts, completing, .. } = journal;
    // A journal may lie where others can write. Its id becomes a piece of paths, and its parts are planned at once.
    if check_segment("upload id", &upload_id).is_err() || !part_size::fits(stamp.size, part_size) {
        return Ok(TakenUp::Useless("the journal is of no use: it names no upload that could be".to_owned()));
    }
    let route = Route { api: tools.api.clone(), destination: plan.destination.clone(), upload_id };
    let remote = match route.remote().await {
        // The upload is of somebody else, or the caller may not write there any more: beginning anew tells.
        Err(error) if error.is_forbidden() => {
            return Ok(TakenUp::Useless(format!("the platform does not show the upload: {error}")));
        }
        remote => remote?,
    };
    let changed = stamp != *plan.source.stamp();
    let Some(remote) = remote else {
        // Where files are replaced, an old one of the same name and size could be taken for this one.
        if completing
            && !changed
            && !plan.destination.overwrites()
            && let Some(file) = route.find(&plan.name, plan.source.size()).await?
        {
            return Ok(TakenUp::Completed(Box::new(file)));
        }
        return Ok(TakenUp::Useless("the platform does not know the upload any more".to_owned()));
    };
    if !remote.goes_to(&plan.destination, &plan.name) || !remote.holds(stamp.size, Some(part_size)) {
        // Nothing is sent to it, and it is not aborted either.
        return Ok(TakenUp::Useless("the journal names another upload of the platform".to_owned()));
    }
    if changed {
        route.abort().await;
        return Ok(TakenUp::Useless("the file has changed since".to_owned()));
    }
    let confirmed = confirmed(parts, remote.parts);
    Ok(TakenUp::There { route, part_size, confirmed, resumed: true })
}

/// The parts of which the journal and the platform do not disagree.
fn confirmed(parts: Vec<Report>, reported: Vec<Report>) -> BTreeMap<usize, Confirmed> {
    let number = |report: &Report| usize::try_from(report.part).unwrap_or(0);
    let mut confirmed: BTreeMap<_, _> =
        parts.into_iter().map(|report| (number(&report), Confirmed { report, reported: false })).collect();
    for report in reported {
        match confirmed.get_mut(&number(&report)) {
            Some(known) if agree(&known.report, &report) => known.reported = true,
            // Somebody else was at this upload, or the journal is behind: the part is sent again.
            _ => drop(confirmed.remove(&number(&report))),
        }
    }
    confirmed
}

/// Whether two reports may be of the same part. Some storages send no tag, and the platform need not list what it was told.
fn agree(ours: &Report, theirs: &Report) -> bool {
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

    fn report(part: i32, etag: Option<&str>) -> Report {
        let headers = etag.map(|etag| ("ETag".to_owned(), etag.to_owned()));
        Report { part, headers: headers.into_iter().collect() }
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
