//! Checksums of whole objects in response headers, as each kind of storage sends them.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::{HeaderMap, HeaderName};

use super::{object::Object, profile::Checksums};
use crate::http::response::Response;

const AMZ_MODE: HeaderName = HeaderName::from_static("x-amz-checksum-mode");

/// Adds the checksums that a storage sends with a read of this status.
pub(super) fn announce(
    kind: Checksums,
    object: &Object,
    request: &HeaderMap,
    response: Response,
) -> Response {
    let whole = response.status == 200;
    match kind {
        Checksums::Absent => response,
        Checksums::Goog => {
            let mut hash = format!("crc32c={}", BASE64_STANDARD.encode(object.crc32c().to_be_bytes()));
            if let Some(md5) = object.md5() {
                hash = format!("{hash},md5={}", BASE64_STANDARD.encode(md5));
            }
            response.header(HeaderName::from_static("x-goog-hash"), hash)
        }
        Checksums::Azure => match object.md5() {
            Some(md5) => {
                let name = if whole { "content-md5" } else { "x-ms-blob-content-md5" };
                response.header(HeaderName::from_static(name), BASE64_STANDARD.encode(md5))
            }
            None => response,
        },
        Checksums::AmzOnRequest => {
            if !whole
                || request.get(AMZ_MODE).is_none_or(|mode| !mode.as_bytes().eq_ignore_ascii_case(b"enabled"))
            {
                return response;
            }
            response
                .header(
                    HeaderName::from_static("x-amz-checksum-crc32c"),
                    BASE64_STANDARD.encode(object.crc32c().to_be_bytes()),
                )
                .header(HeaderName::from_static("x-amz-checksum-type"), "FULL_OBJECT")
        }
    }
}
