//! The object store over HTTP: reads with ranges and conditions, writes of parts, errors in XML.

use std::{io, sync::Arc};

use http::{HeaderMap, HeaderName, Method, header, request::Parts};
use hyper::body::Incoming;

use crate::{
    Shared,
    answer::Answer,
    arriving::Arriving,
    body::Content,
    clock::http_date,
    faults::Action,
    front::{drain, each_piece, has_length},
    object::Object,
    signing::Refusal,
    store::Target,
};

/// The largest part that object stores take.
const MAX_PART: u64 = 5 * 1024 * 1024 * 1024;

/// Answers one request.
pub(crate) async fn answer(
    shared: &Arc<Shared>,
    number: u64,
    head: &Parts,
    body: Incoming,
    fault: Option<&Action>,
) -> io::Result<Answer> {
    let path = head.uri.path();
    if let Err(refusal) = shared.store.check(head.method.as_str(), path, head.uri.query().unwrap_or_default())
    {
        drain(body).await?;
        return Ok(match refusal {
            Refusal::Expired => expired(),
            Refusal::Signature => error(
                403,
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided.",
            ),
        });
    }
    match (shared.store.target(path), &head.method) {
        (Target::Object(object), &Method::GET) => {
            drain(body).await?;
            Ok(read(&object, &head.headers, fault))
        }
        (Target::Part { upload, number: part }, &Method::PUT) => {
            write(shared, number, (&upload, part), head, body, fault).await
        }
        (Target::Nothing, &Method::PUT) => {
            drain(body).await?;
            Ok(error(404, "NoSuchUpload", "The specified upload does not exist."))
        }
        _ => {
            drain(body).await?;
            Ok(error(404, "NoSuchKey", "The specified key does not exist."))
        }
    }
}

/// The answer to a signed URL that was valid once.
pub(crate) fn expired() -> Answer {
    error(403, "AccessDenied", "Request has expired")
}

/// An error in the form of object stores.
pub(crate) fn error(status: u16, code: &str, message: &str) -> Answer {
    let xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    );
    Answer::text(status, "application/xml", xml)
}

async fn write(
    shared: &Arc<Shared>,
    log_number: u64,
    (upload, number): (&str, u32),
    head: &Parts,
    body: Incoming,
    fault: Option<&Action>,
) -> io::Result<Answer> {
    if !has_length(head, &body) {
        drain(body).await?;
        return Ok(error(411, "MissingContentLength", "You must provide the Content-Length HTTP header."));
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
        return Ok(error(400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size"));
    }
    let part = arriving.finish(shared.store.clock().timestamp());
    let etag = part.etag().to_owned();
    if !shared.store.put_part(upload, number, part) {
        return Ok(error(404, "NoSuchUpload", "The specified upload does not exist."));
    }
    shared.changed();
    Ok(match fault {
        Some(Action::NoETag) => Answer::empty(200),
        Some(Action::ChangedETag) => Answer::empty(200).header(header::ETAG, quoted(&changed(&etag))),
        _ => Answer::empty(200).header(header::ETAG, quoted(&etag)),
    })
}

fn read(object: &Arc<Object>, headers: &HeaderMap, fault: Option<&Action>) -> Answer {
    let etag = match fault {
        Some(Action::ChangedETag) => changed(object.etag()),
        _ => object.etag().to_owned(),
    };
    if let Some(wanted) = text(headers, &header::IF_MATCH)
        && !names(wanted, &etag)
    {
        return error(
            412,
            "PreconditionFailed",
            "At least one of the pre-conditions you specified did not hold",
        );
    }
    if text(headers, &header::IF_NONE_MATCH).is_some_and(|present| names(present, &etag)) {
        return described(Answer::empty(304), object, &etag, fault);
    }
    let size = object.size();
    let range = match text(headers, &header::RANGE) {
        _ if matches!(fault, Some(Action::FullBodyInsteadOfRange)) => Range::All,
        Some(range) if unchanged(headers, object, &etag) => Range::parse(range, size),
        _ => Range::All,
    };
    let (status, mut start, mut end) = match range {
        Range::All => (200, 0, size),
        Range::Part { start, end } => (206, start, end),
        Range::Unsatisfiable => {
            return error(416, "InvalidRange", "The requested range is not satisfiable")
                .header(header::CONTENT_RANGE, format!("bytes */{size}"));
        }
    };
    match fault {
        Some(Action::ShortRange) => {
            end = start + (end - start).div_ceil(2).min((end - start).saturating_sub(1));
        }
        Some(Action::ShiftedRange) if status == 206 => {
            (start, end) = ((start + 1).min(size), (end + 1).min(size));
        }
        _ => {}
    }
    let mut answer = described(Answer::empty(status), object, &etag, fault)
        .header(header::CONTENT_TYPE, "application/octet-stream")
        .header(header::CONTENT_LENGTH, end - start);
    if status == 206 {
        let total = size + u64::from(matches!(fault, Some(Action::WrongTotal)));
        // A range that a fault has emptied cannot be written down; the first byte that was asked for stands for it.
        let last = end.max(start + 1) - 1;
        answer = answer.header(header::CONTENT_RANGE, format!("bytes {start}-{last}/{total}"));
    }
    answer.body = Content::Object(object.read(start, end));
    answer
}

/// The headers that describe the object itself.
fn described(answer: Answer, object: &Object, etag: &str, fault: Option<&Action>) -> Answer {
    let answer = answer
        .header(header::ACCEPT_RANGES, "bytes")
        .header(header::LAST_MODIFIED, http_date(object.modified()));
    if matches!(fault, Some(Action::NoETag)) { answer } else { answer.header(header::ETAG, quoted(etag)) }
}

/// Whether `If-Range` lets the range stand.
fn unchanged(headers: &HeaderMap, object: &Object, etag: &str) -> bool {
    text(headers, &header::IF_RANGE)
        .is_none_or(|condition| condition == quoted(etag) || condition == http_date(object.modified()))
}

/// What a `Range` header asks of an object.
#[derive(Debug, PartialEq)]
enum Range {
    All,
    Part { start: u64, end: u64 },
    Unsatisfiable,
}

impl Range {
    /// Several ranges at once and text that is no range are answered with the whole object, as object stores do.
    fn parse(text: &str, size: u64) -> Self {
        let Some((first, last)) = text.strip_prefix("bytes=").and_then(|spec| spec.split_once('-')) else {
            return Self::All;
        };
        let part = match (first, last) {
            ("", suffix) => suffix.parse().ok().map(|count: u64| (size.saturating_sub(count), size)),
            (first, "") => first.parse().ok().map(|start| (start, size)),
            (first, last) => match (first.parse(), last.parse::<u64>()) {
                (Ok(start), Ok(last)) if start <= last => Some((start, last.saturating_add(1).min(size))),
                _ => None,
            },
        };
        match part {
            None => Self::All,
            Some((start, end)) if start < end => Self::Part { start, end },
            Some(_) => Self::Unsatisfiable,
        }
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Whether a list of entity tags has this one.
fn names(list: &str, etag: &str) -> bool {
    list.split(',').map(str::trim).any(|entry| entry == "*" || entry.trim_matches('"') == etag)
}

fn quoted(etag: &str) -> String {
    format!("\"{etag}\"")
}

/// The tag of an object that has been replaced.
fn changed(etag: &str) -> String {
    etag.chars().rev().collect::<String>() + "0"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_object_stores_read_them() {
        let part = |start, end| Range::Part { start, end };
        let check =
            |text: &str, size, expected| assert_eq!(Range::parse(text, size), expected, "{text} of {size}");
        check("bytes=0-9", 100, part(0, 10));
        check("bytes=90-200", 100, part(90, 100));
        check("bytes=5-", 100, part(5, 100));
        check("bytes=-7", 100, part(93, 100));
        check("bytes=-700", 100, part(0, 100));
        check("bytes=100-", 100, Range::Unsatisfiable);
        check("bytes=100-100", 100, Range::Unsatisfiable);
        check("bytes=-0", 100, Range::Unsatisfiable);
        check("bytes=0-0", 0, Range::Unsatisfiable);
        check("bytes=0-18446744073709551615", 100, part(0, 100));
        check("bytes=9-5", 100, Range::All);
        check("bytes=0-1,5-6", 100, Range::All);
        check("bytes=x-y", 100, Range::All);
        check("bytes=-", 100, Range::All);
        check("lines=0-1", 100, Range::All);
    }
}
