//! The beginning of an upload: what another run has left and the platform still knows, or a new one.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::job::{Confirmed, Order};
use super::journal::{self, Journal, Record, UploadKey};
use super::route::{self, Report, Request, Route};
use crate::error::{Error, ErrorKind, Result};
use crate::ids::check_segment;
use crate::transfer::engine::{Tools, blocking};
use crate::transfer::handle::Shared;
use crate::transfer::plan;
use crate::types;

/// An upload that the platform knows.
pub(super) struct Begun {
    pub(super) route: Route,
    pub(super) part_size: u64,
    pub(super) confirmed: BTreeMap<usize, Confirmed>,
    pub(super) record: Option<Record>,
}

/// What there is to do for an upload.
pub(super) enum Beginning {
    Begun(Box<Begun>),
    /// Nothing: another run has asked the platform to complete it, and it has, although that run did not live to hear of it.
    Completed(Box<types::File>),
}

/// Takes up the upload that another run has left, or begins one.
pub(super) async fn begin(order: &Order, tools: &Tools, shared: &Arc<Shared>) -> Result<Beginning> {
    let Some(folder) = tools.state_folder.clone() else {
        return begin_anew(order, tools, None).await;
    };
    let (key, stop, path) = (order.key(), shared.stop.clone(), folder.path.clone());
    let opened = blocking(move || {
        let record = Record::open(&path, &key, &|| stop.is_cancelled())?;
        let left = record.load(&key);
        Ok((record, left))
    });
    let (record, left) = match opened.await {
        Ok(opened) => opened,
        // Such as in a container whose file system can only be read.
        Err(error) if !folder.named && error.kind() == ErrorKind::Io => {
            tracing::warn!(%error, "an upload is not written down, so that no other process can go on with it");
            return begin_anew(order, tools, None).await;
        }
        Err(error) => return Err(error),
    };
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
                shared.start_over(why);
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
        return Err(Error::new(ErrorKind::UnexpectedResponse, message));
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
    // A journal may lie where others can write. Its id becomes a piece of paths, and its parts are planned at once.
    let fits = (1..=plan::LARGEST_PART).contains(&part_size)
        && order.source.size().div_ceil(part_size) <= plan::MOST_PARTS;
    if check_segment("upload id", &upload_id).is_err() || !fits {
        return Ok(TakenUp::Useless("the journal is of no use: it names no upload that could be".to_owned()));
    }
    let route = Route { api: tools.api.clone(), destination: order.destination.clone(), upload_id };
    if stamp != *order.source.stamp() {
        route.abort().await;
        return Ok(TakenUp::Useless("the file has changed since".to_owned()));
    }
    let reported = match route.reported().await {
        // The upload is of somebody else, or the caller may not write there any more: beginning anew tells.
        Err(error) if error.is_forbidden() => {
            return Ok(TakenUp::Useless(format!("the platform does not show the upload: {error}")));
        }
        reported => reported?,
    };
    let Some(reported) = reported else {
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
    pub(super) fn key(&self) -> UploadKey {
        UploadKey {
            endpoint: self.endpoint.clone(),
            path: journal::text(self.source.path()),
            destination: self.destination.clone(),
            name: self.name.clone(),
        }
    }
}
