//! The object store over HTTP: reads with ranges and conditions, writes of parts, errors in the form of the storage.

use std::{io, sync::Arc};

use http::{HeaderMap, HeaderName, Method, header, request::Parts};
use hyper::body::Incoming;
use jiff::Timestamp;

use crate::{
    Shared,
    answer::Answer,
    arriving::Arriving,
    body::Content,
    checksums,
    clock::http_date,
    etag::ETag,
    faults::Action,
    flavor::{Checksums, StorageProfile},
    front::{drain, each_piece, has_length},
    object::Object,
    ranges::{Extent, RangeSpec},
    signing,
    storage_error::StorageError,
    store::{Store, Target},
    unpack::Unpacked,
};

/// The largest part that object stores take.
const MAX_PART: u64 = 5 * 1024 * 1024 * 1024;

/// What stands before the path of everything in the store, for redirects: what is there is also here.
pub(crate) const MOVED: &str = "/moved";

/// Answers one request.
pub(crate) async fn answer(
    shared: &Arc<Shared>,
    number: u64,
    head: &Parts,
    body: Incoming,
    fault: Option<&Action>,
) -> io::Result<Answer> {
    let storage = &shared.storage;
    let path = head.uri.path();
    let path = path.strip_prefix(MOVED).filter(|rest| rest.starts_with('/')).unwrap_or(path);
    if let Err(refusal) = shared.store.check(head.method.as_str(), path, head.uri.query().unwrap_or_default())
    {
        drain(body).await?;
        return Ok(storage.errors.refuse(match refusal {
            signing::Refusal::Expired => storage.expired,
            signing::Refusal::Signature => storage.unsigned,
        }));
    }
    if matches!(fault, Some(Action::DropUpload)) {
        shared.store.drop_upload_of(path);
    }
    match (shared.store.target(path), &head.method) {
        (Target::Object(object), &Method::GET) => {
            drain(body).await?;
            let object = match (fault, Store::key(path)) {
                (Some(Action::ReplaceObject), Some(key)) => {
                    shared.world().replace_object(key, object.replaced(shared.clock.timestamp()))
                }
                _ => object,
            };
            Ok(read(storage, &object, &head.headers, fault, shared.clock.timestamp()))
        }
        (Target::Part { upload, number: part }, &Method::PUT) => {
            write(shared, number, (&upload, part), head, body, fault).await
        }
        (Target::Nothing, &Method::PUT) => {
            drain(body).await?;
            Ok(storage.errors.refuse(storage.no_upload))
        }
        _ => {
            drain(body).await?;
            Ok(error(storage, StorageError::NoSuchKey))
        }
    }
}

fn error(storage: &StorageProfile, error: StorageError) -> Answer {
    storage.errors.error(error, error.status())
}

async fn write(
    shared: &Arc<Shared>,
    log_number: u64,
    (upload, number): (&str, u32),
    head: &Parts,
    body: Incoming,
    fault: Option<&Action>,
) -> io::Result<Answer> {
    let storage = &shared.storage;
    if !has_length(head, &body) {
        drain(body).await?;
        return Ok(error(storage, StorageError::MissingContentLength));
    }
    let mut arriving = Arriving::new(!shared.config.discard_uploads);
    let mut length = 0;
    // A client that goes away in the middle ends this function here, so nothing of the part is stored.
    each_piece(body, |piece| {
        if length == 0 {
            shared.log.body(log_number, &piece);
        }
        length += piece.len() as u64;
        if length <= MAX_PART {
            arriving.push(piece);
        }
    })
    .await?;
    if length > MAX_PART {
        return Ok(error(storage, StorageError::EntityTooLarge));
    }
    let now = shared.store.clock().timestamp();
    let Some((part, replaced)) = shared.store.put_part(upload, number, arriving.finish(now)) else {
        return Ok(storage.errors.refuse(storage.no_upload));
    };
    shared.changed();
    let mut answer = Answer::empty(storage.parts.statuses[usize::from(replaced)]);
    if let Some(name) = storage.parts.request_id() {
        answer = answer.header(name, format_args!("{log_number:016X}"));
    }
    let etag = if storage.parts.etag { ETag::new(storage.etag, &part, now) } else { None };
    Ok(match (etag, fault) {
        (None, _) | (_, Some(Action::NoETag)) => answer,
        (Some(etag), Some(Action::ChangedETag)) => answer.header(header::ETAG, etag.changed()),
        (Some(etag), _) => answer.header(header::ETAG, etag),
    })
}

fn read(
    storage: &StorageProfile,
    object: &Arc<Object>,
    request: &HeaderMap,
    fault: Option<&Action>,
    now: Timestamp,
) -> Answer {
    let etag = ETag::new(storage.etag, object, now);
    let etag = if matches!(fault, Some(Action::ChangedETag)) { etag.map(ETag::changed) } else { etag };
    let is_in = |list| etag.as_ref().is_some_and(|etag| etag.is_in(list));
    if storage.if_match && text(request, &header::IF_MATCH).is_some_and(|wanted| !is_in(wanted)) {
        return error(storage, StorageError::PreconditionFailed);
    }
    let served = Served { storage, object, request, hide_etag: matches!(fault, Some(Action::NoETag)) };
    if text(request, &header::IF_NONE_MATCH).is_some_and(is_in) {
        return served.head(304, etag.as_ref());
    }
    if storage.transcodes && object.is_gzip() && !accepts_gzip(request) {
        return served.unpacked(etag);
    }
    let range = text(request, &header::RANGE)
        .filter(|_| storage.ranges && !matches!(fault, Some(Action::FullBodyInsteadOfRange)))
        .filter(|_| unchanged(request, object, etag.as_ref()))
        .and_then(RangeSpec::parse);
    let strict = text(request, &OSS_RANGE_BEHAVIOR) == Some("standard");
    let extent = range.map_or(Extent::Whole, |range| storage.extent(range, object.size(), strict));
    served.extent(faulty(extent, fault, object.size()), etag.as_ref(), fault)
}

const OSS_RANGE_BEHAVIOR: HeaderName = HeaderName::from_static("x-oss-range-behavior");

/// The extent that a fault makes of the right one.
fn faulty(extent: Extent, fault: Option<&Action>, size: u64) -> Extent {
    match (fault, extent) {
        (Some(Action::ShortRange), Extent::Part { start, end }) => Extent::Part {
            start,
            end: start + (end - start).div_ceil(2).min((end - start).saturating_sub(1)),
        },
        (Some(Action::ShiftedRange), Extent::Part { start, end }) => {
            Extent::Part { start: (start + 1).min(size), end: (end + 1).min(size) }
        }
        (Some(Action::MissingByte), Extent::Part { start, .. }) => Extent::MissingByte { start },
        (Some(Action::MissingByte), Extent::Refused { .. } | Extent::Nothing { .. }) => {
            Extent::MissingByte { start: 0 }
        }
        (_, extent) => extent,
    }
}

/// A read of one object, as one storage serves it.
struct Served<'a> {
    storage: &'a StorageProfile,
    object: &'a Arc<Object>,
    request: &'a HeaderMap,
    hide_etag: bool,
}

impl Served<'_> {
    /// The headers that describe the object itself.
    fn head(&self, status: u16, etag: Option<&ETag<'_>>) -> Answer {
        let mut answer = Answer::empty(status);
        if self.storage.ranges {
            answer = answer.header(header::ACCEPT_RANGES, "bytes");
        }
        if self.storage.last_modified {
            answer = answer.header(header::LAST_MODIFIED, http_date(self.object.modified()));
        }
        match etag {
            Some(etag) if !self.hide_etag => answer.header(header::ETAG, etag),
            _ => answer,
        }
    }

    /// The whole object, unpacked: without a length, and without regard to a range.
    fn unpacked(&self, etag: Option<ETag<'_>>) -> Answer {
        let mut answer = self.head(200, etag.map(ETag::weakened).as_ref());
        answer = answer.header(header::CONTENT_TYPE, OCTETS).header(header::VARY, "Accept-Encoding");
        answer = self.checksums(answer);
        let reader = self.object.read(0, self.object.size());
        answer.body = Content::Unpacked(Box::new(Unpacked::new(reader)));
        answer
    }

    fn extent(&self, extent: Extent, etag: Option<&ETag<'_>>, fault: Option<&Action>) -> Answer {
        let size = self.object.size();
        let (status, start, end) = match extent {
            Extent::Whole => (200, 0, size),
            Extent::Part { start, end } => (206, start, end),
            Extent::Nothing { start } | Extent::MissingByte { start } => (206, start, start),
            Extent::Refused { with_size } => {
                let refused = error(self.storage, StorageError::InvalidRange);
                return if with_size {
                    refused.header(header::CONTENT_RANGE, format_args!("bytes */{size}"))
                } else {
                    refused
                };
            }
        };
        let missing = u64::from(matches!(extent, Extent::MissingByte { .. }));
        let mut answer = self
            .head(status, etag)
            .header(header::CONTENT_TYPE, OCTETS)
            .header(header::CONTENT_LENGTH, end - start + missing);
        if self.object.is_gzip() {
            answer = answer.header(header::CONTENT_ENCODING, "gzip");
        }
        if status == 206 {
            let total = size + u64::from(matches!(fault, Some(Action::WrongTotal)));
            answer = match extent {
                // The last byte is the one before the first.
                Extent::Nothing { start } => answer.header(
                    header::CONTENT_RANGE,
                    format_args!("bytes {start}-{}/{total}", i128::from(start) - 1),
                ),
                // A range that a fault has emptied cannot be written; the first byte that was asked for stands for it.
                _ => answer.header(
                    header::CONTENT_RANGE,
                    format_args!("bytes {start}-{}/{total}", end.max(start + 1) - 1),
                ),
            };
        }
        answer = self.checksums(answer);
        answer.body = Content::Object(self.object.read(start, end));
        answer.missing = missing;
        answer
    }

    fn checksums(&self, answer: Answer) -> Answer {
        let answer = checksums::announce(self.storage.checksums, self.object, self.request, answer);
        if self.storage.checksums == Checksums::Goog {
            let encoding = if self.object.is_gzip() { "gzip" } else { "identity" };
            return answer.header(STORED_ENCODING, encoding).header(STORED_LENGTH, self.object.size());
        }
        answer
    }
}

const OCTETS: &str = "application/octet-stream";
const STORED_ENCODING: HeaderName = HeaderName::from_static("x-goog-stored-content-encoding");
const STORED_LENGTH: HeaderName = HeaderName::from_static("x-goog-stored-content-length");

/// Whether `If-Range` lets the range stand.
fn unchanged(request: &HeaderMap, object: &Object, etag: Option<&ETag<'_>>) -> bool {
    text(request, &header::IF_RANGE).is_none_or(|condition| {
        etag.is_some_and(|etag| etag.allows_range(condition)) || condition == http_date(object.modified())
    })
}

/// Whether `Accept-Encoding` names gzip, other than to exclude it.
fn accepts_gzip(request: &HeaderMap) -> bool {
    let values = request.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|entry| {
        let (coding, quality) = entry.split_once(';').unwrap_or((entry, ""));
        let excluded = quality.trim().strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0));
        coding.trim().eq_ignore_ascii_case("gzip") && !excluded
    })
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_accepted_where_it_is_named() {
        for (value, expected) in [
            ("gzip", true),
            ("br, GZIP;q=0.5", true),
            ("identity", false),
            ("gzip;q=0", false),
            ("gzip; q=0.000, br", false),
            ("*", false),
        ] {
            let request = HeaderMap::from_iter([(header::ACCEPT_ENCODING, value.parse().expect("a value"))]);
            assert_eq!(accepts_gzip(&request), expected, "{value}");
        }
        assert!(!accepts_gzip(&HeaderMap::new()));
    }
}
