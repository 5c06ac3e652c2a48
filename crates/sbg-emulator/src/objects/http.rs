//! The object store over HTTP: reads with ranges and conditions, writes of parts, errors in the form of the storage.

use std::{io, sync::Arc};

use http::{HeaderMap, HeaderName, Method, header, request::Parts};
use hyper::body::Incoming;
use jiff::Timestamp;

use super::{
    checksum_headers,
    etag::ETag,
    object::Object,
    profile::{Checksums, StorageProfile},
    ranges::{Extent, RangeSpec},
    signing::SignatureError,
    storage_error::StorageError,
    unpack::Unpacked,
    writer::ObjectWriter,
};
use crate::{
    clock::http_date,
    faults::{action::Action, rules::MOVED},
    http::{
        body::Content,
        handler::Exchange,
        incoming::{drain, each_piece, has_length},
        response::Response,
    },
    shared::Shared,
    state::store::{Store, Target},
};

/// The largest part that object stores take.
const MAX_PART: u64 = 5 * 1024 * 1024 * 1024;

/// Responds to one request.
pub(crate) async fn respond(exchange: Exchange) -> io::Result<Response> {
    let Exchange { shared, number, head, body, fault } = exchange;
    let (shared, head, fault) = (&shared, &head, fault.as_ref());
    let storage = &shared.storage;
    let path = head.uri.path();
    let path = path.strip_prefix(MOVED).filter(|rest| rest.starts_with('/')).unwrap_or(path);
    if let Err(refusal) = shared.store.check(head.method.as_str(), path, head.uri.query().unwrap_or_default())
    {
        drain(body).await?;
        return Ok(storage.errors.refuse(match refusal {
            SignatureError::Expired => storage.expired,
            SignatureError::Invalid => storage.unsigned,
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

fn error(storage: &StorageProfile, error: StorageError) -> Response {
    storage.errors.error(error, error.status())
}

async fn write(
    shared: &Arc<Shared>,
    log_number: u64,
    (upload, number): (&str, u32),
    head: &Parts,
    body: Incoming,
    fault: Option<&Action>,
) -> io::Result<Response> {
    let storage = &shared.storage;
    if !has_length(head, &body) {
        drain(body).await?;
        return Ok(error(storage, StorageError::MissingContentLength));
    }
    let mut writer = ObjectWriter::new(!shared.config.discard_uploads);
    let mut length = 0;
    // If the client disconnects in the middle, this function ends here and nothing of the part is stored.
    each_piece(body, |piece| {
        if length == 0 {
            shared.log.body(log_number, &piece);
        }
        length += piece.len() as u64;
        if length <= MAX_PART {
            writer.push(piece);
        }
    })
    .await?;
    if length > MAX_PART {
        return Ok(error(storage, StorageError::EntityTooLarge));
    }
    let now = shared.store.clock().timestamp();
    let Some((part, replaced)) = shared.store.put_part(upload, number, writer.finish(now)) else {
        return Ok(storage.errors.refuse(storage.no_upload));
    };
    shared.changed();
    let mut response = Response::empty(storage.parts.statuses[usize::from(replaced)]);
    if let Some(name) = storage.parts.request_id() {
        response = response.header(name, format_args!("{log_number:016X}"));
    }
    let etag = if storage.parts.etag { ETag::new(storage.etag, &part, now) } else { None };
    Ok(match (etag, fault) {
        (None, _) | (_, Some(Action::NoETag)) => response,
        (Some(etag), Some(Action::ChangedETag)) => response.header(header::ETAG, etag.changed()),
        (Some(etag), _) => response.header(header::ETAG, etag),
    })
}

fn read(
    storage: &StorageProfile,
    object: &Arc<Object>,
    request: &HeaderMap,
    fault: Option<&Action>,
    now: Timestamp,
) -> Response {
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

/// The extent after a fault has changed it.
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
    /// The headers that describe the object.
    fn head(&self, status: u16, etag: Option<&ETag<'_>>) -> Response {
        let mut response = Response::empty(status);
        if self.storage.ranges {
            response = response.header(header::ACCEPT_RANGES, "bytes");
        }
        if self.storage.last_modified {
            response = response.header(header::LAST_MODIFIED, http_date(self.object.modified()));
        }
        match etag {
            Some(etag) if !self.hide_etag => response.header(header::ETAG, etag),
            _ => response,
        }
    }

    /// The whole object, decompressed: without a length, and without regard to a range.
    fn unpacked(&self, etag: Option<ETag<'_>>) -> Response {
        let mut response = self.head(200, etag.map(ETag::weakened).as_ref());
        response = response.header(header::CONTENT_TYPE, OCTETS).header(header::VARY, "Accept-Encoding");
        response = self.checksums(response);
        let reader = self.object.read(0, self.object.size());
        response.body = Content::Stream { length: None, chunks: Box::new(Unpacked::new(reader)) };
        response
    }

    fn extent(&self, extent: Extent, etag: Option<&ETag<'_>>, fault: Option<&Action>) -> Response {
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
        let mut response = self
            .head(status, etag)
            .header(header::CONTENT_TYPE, OCTETS)
            .header(header::CONTENT_LENGTH, end - start + missing);
        if self.object.is_gzip() {
            response = response.header(header::CONTENT_ENCODING, "gzip");
        }
        if status == 206 {
            let total = size + u64::from(matches!(fault, Some(Action::WrongTotal)));
            response = match extent {
                // The last byte is the one before the first.
                Extent::Nothing { start } => response.header(
                    header::CONTENT_RANGE,
                    format_args!("bytes {start}-{}/{total}", i128::from(start) - 1),
                ),
                // An empty range cannot be written; the first requested byte stands for it.
                _ => response.header(
                    header::CONTENT_RANGE,
                    format_args!("bytes {start}-{}/{total}", end.max(start + 1) - 1),
                ),
            };
        }
        response = self.checksums(response);
        response.body =
            Content::Stream { length: Some(end - start), chunks: Box::new(self.object.read(start, end)) };
        response.missing = missing;
        response
    }

    fn checksums(&self, response: Response) -> Response {
        let response =
            checksum_headers::announce(self.storage.checksums, self.object, self.request, response);
        if self.storage.checksums == Checksums::Goog {
            let encoding = if self.object.is_gzip() { "gzip" } else { "identity" };
            return response.header(STORED_ENCODING, encoding).header(STORED_LENGTH, self.object.size());
        }
        response
    }
}

const OCTETS: &str = "application/octet-stream";
const STORED_ENCODING: HeaderName = HeaderName::from_static("x-goog-stored-content-encoding");
const STORED_LENGTH: HeaderName = HeaderName::from_static("x-goog-stored-content-length");

/// Whether `If-Range` allows the range.
fn unchanged(request: &HeaderMap, object: &Object, etag: Option<&ETag<'_>>) -> bool {
    text(request, &header::IF_RANGE).is_none_or(|condition| {
        etag.is_some_and(|etag| etag.allows_range(condition)) || condition == http_date(object.modified())
    })
}

/// Whether `Accept-Encoding` accepts gzip.
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
    fn gzip_is_accepted_only_if_named() {
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
