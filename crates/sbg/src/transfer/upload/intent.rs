//! Uploads that a killed run began without learning their ids.
//!
//! Before an upload is requested from the platform, the journal saves that intent. A run that finds an intent searches for the upload on
//! the platform. The platform does not report who began an upload, so one is adopted only if it is the only match: it has the name and
//! the destination, it began right after the intent, no part of it was reported, and no other journal names it.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use http::header::DATE;
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use sbg_raw::ClientUploadExt as _;

use super::journal::{self, Intent};
use super::protocol::RemoteUpload;
use super::remote::UploadStatus;
use crate::error::Result;
use crate::ids::check_segment;
use crate::transfer::engine::runtime::Context;
use crate::transfer::engine::task::blocking;
use crate::transfer::local::folder::Folder;
use crate::transfer::part_size;
use crate::transfer::upload::plan::Plan;
use crate::transfer::upload::plan::UploadDestination;

/// Maximum clock difference: after comparison with the `Date` of a response, and without it.
const COMPARED: Duration = Duration::from_secs(5);
const NOT_COMPARED: Duration = Duration::from_secs(60);

/// Maximum time between an intent and the start of its upload: longer than a call may take.
const LATEST: Duration = Duration::from_secs(15 * 60);

/// The result of the search for the upload of an intent.
pub(super) enum Lookup {
    /// The upload, and its part size.
    Upload(RemoteUpload, u64),
    /// The upload could not be used and was aborted; the text says why.
    Aborted(&'static str),
    /// The platform cannot be queried, does not know the upload, or has several that match.
    Nothing,
}

/// Searches for the upload of an intent.
pub(super) async fn find(
    plan: &Plan,
    context: &Context,
    intent: &Intent,
    folder: Arc<Folder>,
) -> Result<Lookup> {
    if matches!(plan.destination, UploadDestination::Automation { .. }) {
        // The platform does not list code uploads; they expire there.
        return Ok(Lookup::Nothing);
    }
    let response = context.api.upload_list().send().await?;
    let between = TimeWindow::of(intent, response.headers(), Timestamp::now());
    let listed = response.into_inner().items.into_iter().map(UploadStatus::from).collect();
    let known = blocking(move || Ok(journal::upload_ids(&folder))).await?;
    let Some(upload_id) = only_match(listed, plan, intent.stamp.size, &known, &between) else {
        return Ok(Lookup::Nothing);
    };
    if check_segment("upload id", &upload_id).is_err() {
        return Ok(Lookup::Nothing);
    }
    let route = RemoteUpload { api: context.api.clone(), destination: plan.destination.clone(), upload_id };
    // The list does not contain all fields.
    let Some(remote) = route.remote().await? else { return Ok(Lookup::Nothing) };
    if !is_match(&remote, plan, intent.stamp.size, &between) {
        return Ok(Lookup::Nothing);
    }
    if intent.stamp != *plan.source.stamp() {
        route.abort().await;
        return Ok(Lookup::Aborted("the file has changed since"));
    }
    let part_size = remote.part_size.and_then(|size| u64::try_from(size).ok());
    let fits = |size: &u64| part_size::fits(plan.source.size(), *size);
    Ok(part_size.filter(fits).map_or(Lookup::Nothing, |part_size| Lookup::Upload(route, part_size)))
}

/// The period in which the upload of an intent must have begun, by the platform's clock.
#[derive(Clone, Copy, Debug)]
struct TimeWindow {
    earliest: Timestamp,
    latest: Timestamp,
}

impl TimeWindow {
    /// `headers` are those of a response received at `now`, by the local clock.
    fn of(intent: &Intent, headers: &HeaderMap, now: Timestamp) -> Self {
        let dated = headers.get(DATE).and_then(|date| rfc2822::parse(date.to_str().ok()?).ok());
        let (ahead, tolerance) = match dated {
            Some(date) => (date.timestamp().as_second() - now.as_second(), COMPARED),
            None => (0, NOT_COMPARED),
        };
        let at = |seconds: i64| Timestamp::from_second(seconds).unwrap_or(Timestamp::MIN);
        let seconds = |time: Duration| i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
        let began = intent.intended.saturating_add(ahead);
        Self {
            earliest: at(began.saturating_sub(seconds(tolerance))),
            latest: at(began.saturating_add(seconds(LATEST))),
        }
    }
}

fn is_match(remote: &UploadStatus, plan: &Plan, size: u64, between: &TimeWindow) -> bool {
    remote.goes_to(&plan.destination, &plan.name)
        // Without a name and a time it cannot be recognized.
        && remote.name.is_some()
        && remote.initiated.is_some_and(|at| (between.earliest..=between.latest).contains(&at))
        && remote.holds(size, None)
        && remote.is_untouched()
}

/// The id of the only matching upload; `None` if none or several match.
fn only_match(
    listed: Vec<UploadStatus>,
    plan: &Plan,
    size: u64,
    known: &HashSet<String>,
    between: &TimeWindow,
) -> Option<String> {
    let mut matching = listed
        .into_iter()
        .filter(|remote| is_match(remote, plan, size, between) && !known.contains(&remote.upload_id));
    matching.next().filter(|_| matching.next().is_none()).map(|remote| remote.upload_id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transfer::local::source_file::SourceFile;

    const INTENDED: i64 = 1_700_000_000;

    fn order(folder: &tempfile::TempDir) -> Plan {
        let path = folder.path().join("a");
        std::fs::write(&path, "ACGT").unwrap();
        Plan {
            source: SourceFile::open(&path).unwrap(),
            name: "a".to_owned(),
            destination: UploadDestination::Files {
                project: Some("rfranklin/demo".to_owned()),
                folder: None,
                overwrite: false,
            },
            part_size: 4,
            endpoint: "https://api.example.org/v2".to_owned(),
        }
    }

    fn remote(id: &str, after: i64) -> UploadStatus {
        UploadStatus {
            upload_id: id.to_owned(),
            name: Some("a".to_owned()),
            project: Some("rfranklin/demo".to_owned()),
            initiated: Timestamp::from_second(INTENDED + after).ok(),
            ..UploadStatus::default()
        }
    }

    fn between(plan: &Plan, headers: &HeaderMap, now: i64) -> TimeWindow {
        let intent = Intent { intended: INTENDED, ..plan.intent() };
        TimeWindow::of(&intent, headers, Timestamp::from_second(now).unwrap())
    }

    #[test]
    fn only_a_matching_upload_is_adopted() {
        let folder = tempfile::tempdir().unwrap();
        let plan = order(&folder);
        let between = between(&plan, &HeaderMap::new(), INTENDED + 60);
        let check = |listed: Vec<UploadStatus>, known: &[&str], expected: Option<&str>| {
            let known = known.iter().map(|id| (*id).to_owned()).collect();
            assert_eq!(only_match(listed, &plan, 4, &known, &between).as_deref(), expected);
        };
        check(vec![], &[], None);
        check(vec![remote("u1", 1)], &[], Some("u1"));
        check(vec![remote("u1", 1)], &["u1"], None);
        check(vec![remote("u1", 1), remote("u2", 2)], &[], None);
        check(vec![remote("u1", 1), remote("u2", 2)], &["u1"], Some("u2"));
        check(vec![remote("u1", -3600)], &[], None);
        check(vec![remote("u1", 3600)], &[], None);
        check(vec![UploadStatus { name: Some("b".to_owned()), ..remote("u1", 1) }], &[], None);
        check(vec![UploadStatus { name: None, ..remote("u1", 1) }], &[], None);
        check(vec![UploadStatus { project: Some("x/y".to_owned()), ..remote("u1", 1) }], &[], None);
        check(vec![UploadStatus { size: Some(5), ..remote("u1", 1) }], &[], None);
        check(vec![UploadStatus { initiated: None, ..remote("u1", 1) }], &[], None);
        check(vec![UploadStatus { parts_count: Some(1), ..remote("u1", 1) }], &[], None);
    }

    #[test]
    fn upload_times_use_the_platform_clock() {
        let folder = tempfile::tempdir().unwrap();
        let plan = order(&folder);
        // The local clock is an hour behind the platform's.
        let date = "Tue, 14 Nov 2023 23:14:20 GMT";
        let headers = HeaderMap::from_iter([(DATE, date.parse().unwrap())]);
        let between = between(&plan, &headers, INTENDED + 60);
        assert!(is_match(&remote("u1", 3600), &plan, 4, &between));
        assert!(!is_match(&remote("u1", 0), &plan, 4, &between));
    }
}
