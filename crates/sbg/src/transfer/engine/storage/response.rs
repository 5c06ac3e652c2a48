//! Interprets the response to a ranged GET. Pure.
//!
//! Storage servers express the same result in many ways: an empty object alone has five. `docs/storage.md` lists what each server sends;
//! a test has a row for each.

use std::ops::Range;

use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, StatusCode};

/// The meaning of the response to a ranged GET.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::transfer) enum Ranged {
    /// The range, or as much of it as exists, of an object of `size` bytes.
    Part { range: Range<u64>, size: u64 },
    /// The whole object from its first byte, whatever was requested. No size if the body is chunked.
    Whole { size: Option<u64> },
    /// An object without bytes.
    Empty,
    /// An object that ends before the range begins.
    BeyondEnd,
    /// A refusal of the range that does not give the size of the object.
    NotSatisfiable,
    /// A body that was compressed in transit.
    Compressed,
    /// Something else.
    Unexpected,
}

/// Interprets the head of the response to a GET of the non-empty range `wanted`.
pub(in crate::transfer) fn read(status: StatusCode, headers: &HeaderMap, wanted: &Range<u64>) -> Ranged {
    let length = number(headers, &CONTENT_LENGTH);
    match (status, content_range(headers)) {
        (
            StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE,
            Some(ContentRange { range: None, size }),
        ) => {
            if size == 0 && wanted.start == 0 {
                Ranged::Empty
            } else if size <= wanted.start {
                Ranged::BeyondEnd
            } else {
                Ranged::Unexpected
            }
        }
        (StatusCode::RANGE_NOT_SATISFIABLE, None) if !headers.contains_key(CONTENT_RANGE) => {
            Ranged::NotSatisfiable
        }
        (StatusCode::PARTIAL_CONTENT, Some(ContentRange { range: Some(range), size })) => {
            let expected = wanted.start..wanted.end.min(size);
            if range == expected && length.is_none_or(|length| length == range.end - range.start) {
                Ranged::Part { range, size }
            } else {
                Ranged::Unexpected
            }
        }
        (StatusCode::OK, None) => match length {
            Some(0) => Ranged::Empty,
            Some(size) => Ranged::Whole { size: Some(size) },
            // Stored objects have a length; a response with an encoding instead was compressed in transit.
            None if headers.contains_key(CONTENT_ENCODING) => Ranged::Compressed,
            None if is_chunked(headers) => Ranged::Whole { size: None },
            // Only the end of the connection would mark the end of the object, and a lost connection looks the same.
            None => Ranged::Unexpected,
        },
        _ => Ranged::Unexpected,
    }
}

/// The content of a `Content-Range` header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::transfer) struct ContentRange {
    /// The bytes in the body; `None` if it has none.
    pub(in crate::transfer) range: Option<Range<u64>>,
    /// Size of the object.
    pub(in crate::transfer) size: u64,
}

fn content_range(headers: &HeaderMap) -> Option<ContentRange> {
    parse_content_range(headers.get(CONTENT_RANGE)?.to_str().ok()?)
}

/// Parses the forms of RFC 9110, and those of servers that express an empty range: `0--1/0` and `0-0/0` for an empty object, `10-9/10` at
/// the end of any object.
fn parse_content_range(text: &str) -> Option<ContentRange> {
    let (range, size) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
    let size: u64 = size.parse().ok()?;
    if range == "*" {
        return Some(ContentRange { range: None, size });
    }
    let (first, last) = range.split_once('-')?;
    let first: u64 = first.parse().ok()?;
    if first == 0 && size == 0 && matches!(last, "-1" | "0") {
        return Some(ContentRange { range: None, size });
    }
    let last: u64 = last.parse().ok()?;
    if first == size && last.checked_add(1) == Some(first) {
        return Some(ContentRange { range: None, size });
    }
    (first <= last && last < size).then(|| ContentRange { range: Some(first..last + 1), size })
}

fn number(headers: &HeaderMap, name: &HeaderName) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

fn is_chunked(headers: &HeaderMap) -> bool {
    let codings = headers.get(TRANSFER_ENCODING).and_then(|value| value.to_str().ok());
    codings.is_some_and(|codings| codings.to_ascii_lowercase().contains("chunked"))
}

/// Describes the response for an error message.
pub(in crate::transfer) fn describe(status: StatusCode, headers: &HeaderMap) -> String {
    let shown = |name: HeaderName| {
        let value = headers.get(&name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        value.map(|value| format!("{name}: {}", crate::error::one_line(&value)))
    };
    let headers = [CONTENT_RANGE, CONTENT_LENGTH, CONTENT_ENCODING, TRANSFER_ENCODING];
    let headers: Vec<String> = headers.into_iter().filter_map(shown).collect();
    let headers = if headers.is_empty() { "no length and no range".to_owned() } else { headers.join(", ") };
    format!("HTTP {} with {headers}", status.as_u16())
}

/// For the fuzz target: parses a `Content-Range` header.
#[cfg(fuzzing)]
pub fn fuzz_content_range(text: &str) {
    let Some(ContentRange { range, size }) = parse_content_range(text) else { return };
    if let Some(range) = range {
        assert!(range.start < range.end && range.end <= size, "a range lies inside of its object");
        let written = format!("bytes {}-{}/{size}", range.start, range.end - 1);
        assert_eq!(parse_content_range(&written), Some(ContentRange { range: Some(range), size }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One row for each form that real servers send.
    #[test]
    fn every_response_form_is_parsed() {
        let check =
            |wanted: Range<u64>, status: u16, headers: &[(&'static str, &'static str)], expected: Ranged| {
                let map = headers.iter().map(|(name, value)| {
                    (HeaderName::from_static(name), http::HeaderValue::from_static(value))
                });
                let read = read(StatusCode::from_u16(status).unwrap(), &map.collect(), &wanted);
                assert_eq!(read, expected, "{wanted:?} {status} {headers:?}");
            };
        let range = |text| ("content-range", text);
        let length = |text| ("content-length", text);
        // Empty objects: S3 and compatible services, Swift and Azure, static servers, two emulators.
        check(0..10, 416, &[length("300")], Ranged::NotSatisfiable);
        check(0..10, 416, &[range("bytes */0")], Ranged::Empty);
        check(0..10, 200, &[length("0")], Ranged::Empty);
        check(0..10, 206, &[range("bytes 0--1/0"), length("0")], Ranged::Empty);
        check(0..10, 206, &[range("bytes 0-0/0"), length("1")], Ranged::Empty);
        // A range that begins at the end or beyond.
        check(10..20, 206, &[range("bytes 10-9/10"), length("0")], Ranged::BeyondEnd);
        check(10..20, 416, &[range("bytes */10")], Ranged::BeyondEnd);
        check(10..20, 416, &[range("bytes */0")], Ranged::BeyondEnd);
        check(10..20, 416, &[], Ranged::NotSatisfiable);
        check(5..9, 416, &[range("bytes */10")], Ranged::Unexpected);
        // The range, clipped at the end of the object.
        check(0..10, 206, &[range("bytes 0-9/100"), length("10")], Ranged::Part { range: 0..10, size: 100 });
        check(0..10, 206, &[range("bytes 0-9/100")], Ranged::Part { range: 0..10, size: 100 });
        check(90..200, 206, &[range("bytes 90-99/100")], Ranged::Part { range: 90..100, size: 100 });
        check(0..10, 206, &[range("bytes 0-4/100")], Ranged::Unexpected);
        check(0..10, 206, &[range("bytes 1-10/100")], Ranged::Unexpected);
        check(0..10, 206, &[range("bytes 0-9/100"), length("11")], Ranged::Unexpected);
        check(0..10, 206, &[range("bytes 0-9/*")], Ranged::Unexpected);
        check(0..10, 206, &[length("10")], Ranged::Unexpected);
        // The whole object instead of a range.
        check(0..10, 200, &[length("4")], Ranged::Whole { size: Some(4) });
        check(0..10, 200, &[length("400")], Ranged::Whole { size: Some(400) });
        check(7..10, 200, &[length("400")], Ranged::Whole { size: Some(400) });
        check(0..10, 200, &[length("4"), ("content-encoding", "gzip")], Ranged::Whole { size: Some(4) });
        check(0..10, 200, &[("transfer-encoding", "chunked")], Ranged::Whole { size: None });
        let compressed = [("transfer-encoding", "chunked"), ("content-encoding", "gzip")];
        check(0..10, 200, &compressed, Ranged::Compressed);
        check(0..10, 200, &[], Ranged::Unexpected);
        check(0..10, 200, &[range("bytes 0-9/100"), length("10")], Ranged::Unexpected);
        check(0..10, 204, &[], Ranged::Unexpected);
    }

    #[test]
    fn content_range_parses_exactly_or_not() {
        let check = |text: &str, expected: Option<(Option<Range<u64>>, u64)>| {
            let expected = expected.map(|(range, size)| ContentRange { range, size });
            assert_eq!(parse_content_range(text), expected, "{text}");
        };
        check("bytes 0-9/10", Some((Some(0..10), 10)));
        check("bytes 5-5/10", Some((Some(5..6), 10)));
        check("bytes */0", Some((None, 0)));
        check("bytes 0--1/0", Some((None, 0)));
        check("bytes 0-0/0", Some((None, 0)));
        check("bytes 10-9/10", Some((None, 10)));
        check("bytes 5-10/10", None);
        check("bytes 6-5/10", None);
        check("bytes 11-10/10", None);
        check("bytes 0-9/*", None);
        check("bytes NaN-3/10", None);
        check("0-9/10", None);
        check("bytes 0-18446744073709551615/18446744073709551615", None);
    }
}
