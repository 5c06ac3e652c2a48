//! Answers of the API that are refusals, or that are no JSON: they become an error that is short and safe to show.
//!
//! An input is a status, the request id that a header gives, and the body, a line for each of the first two.

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
    sbg::fuzzing::answer(status, headers, body);
    Corpus::Keep
});
