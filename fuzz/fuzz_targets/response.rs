//! Error responses of the API, and responses that are not JSON: they become a short error that is safe to print.
//!
//! An input is a line with the status, a line with the request id of the header, and the body.

#![no_main]

use http::{HeaderMap, HeaderValue};
use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|data: &[u8]| -> Corpus {
    let mut pieces = data.splitn(3, |byte| *byte == b'\n');
    let (Some(status), Some(id), Some(body)) = (pieces.next(), pieces.next(), pieces.next()) else {
        return Corpus::Reject;
    };
    let Some(status) = std::str::from_utf8(status).ok().and_then(|status| status.parse().ok()) else {
        return Corpus::Reject;
    };
    let id = HeaderValue::from_bytes(id).ok();
    let headers: HeaderMap =
        id.map(|id| (http::HeaderName::from_static("x-request-id"), id)).into_iter().collect();
    sbg::fuzzing::response(status, headers, body);
    Corpus::Keep
});
