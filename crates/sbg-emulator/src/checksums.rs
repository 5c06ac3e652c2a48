//! Checksums of whole objects in the headers of the storages that send them. They are computed when they are first asked for.

use std::sync::Arc;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::{HeaderMap, HeaderName};
use md5::{Digest as _, Md5};

use crate::{
    answer::Answer,
    flavor::Checksums,
    object::Object,
    segment::{PERIOD, pattern},
};

const AMZ_MODE: HeaderName = HeaderName::from_static("x-amz-checksum-mode");

/// Adds the checksums that a storage sends with a read of this status.
pub(crate) fn announce(kind: Checksums, object: &Arc<Object>, request: &HeaderMap, answer: Answer) -> Answer {
    let whole = answer.status == 200;
    match kind {
        Checksums::Absent => answer,
        Checksums::Goog => {
            let mut hash = format!("crc32c={}", BASE64_STANDARD.encode(object.crc32c().to_be_bytes()));
            if let Some(md5) = object.md5() {
                hash = format!("{hash},md5={}", BASE64_STANDARD.encode(md5));
            }
            answer.header(HeaderName::from_static("x-goog-hash"), hash)
        }
        Checksums::Azure => match object.md5() {
            Some(md5) => {
                let name = if whole { "content-md5" } else { "x-ms-blob-content-md5" };
                answer.header(HeaderName::from_static(name), BASE64_STANDARD.encode(md5))
            }
            None => answer,
        },
        Checksums::AmzOnRequest => {
            if !whole
                || request.get(AMZ_MODE).is_none_or(|mode| !mode.as_bytes().eq_ignore_ascii_case(b"enabled"))
            {
                return answer;
            }
            answer
                .header(
                    HeaderName::from_static("x-amz-checksum-crc32c"),
                    BASE64_STANDARD.encode(object.crc32c().to_be_bytes()),
                )
                .header(HeaderName::from_static("x-amz-checksum-type"), "FULL_OBJECT")
        }
    }
}

/// The MD5 of an object that is read from one end to the other.
pub(crate) fn md5(object: &Arc<Object>) -> [u8; 16] {
    let mut hasher = Md5::new();
    object.chunks().for_each(|chunk| hasher.update(&chunk));
    hasher.finalize().into()
}

/// The CRC-32C of an object that is read from one end to the other.
pub(crate) fn crc32c(object: &Arc<Object>) -> u32 {
    object.chunks().fold(0, |crc, chunk| crc32c::crc32c_append(crc, &chunk))
}

/// The CRC-32C of so many bytes of the pattern, each changed by `mask`. It takes as long for a pebibyte as for a few megabytes.
pub(crate) fn crc32c_of_pattern(size: u64, mask: u8) -> u32 {
    let crc_of = |length: u64| {
        let mut bytes = pattern(0).to_vec();
        bytes.truncate(usize::try_from(length).unwrap_or(usize::MAX));
        for byte in &mut bytes {
            *byte ^= mask;
        }
        crc32c::crc32c(&bytes)
    };
    let combine = |first, second, length: u64| {
        crc32c::crc32c_combine(first, second, usize::try_from(length).unwrap_or(usize::MAX))
    };
    let (mut crc, mut periods) = (0, size / PERIOD);
    let (mut block, mut length) = (if periods > 0 { crc_of(PERIOD) } else { 0 }, PERIOD);
    while periods > 0 {
        if !periods.is_multiple_of(2) {
            crc = combine(crc, block, length);
        }
        periods /= 2;
        if periods > 0 {
            block = combine(block, block, length);
            length *= 2;
        }
    }
    combine(crc, crc_of(size % PERIOD), size % PERIOD)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn crc_of_a_pattern_equals_that_of_its_bytes() {
        for size in [0, 1, PERIOD - 1, PERIOD, PERIOD + 1, 2 * PERIOD, 7 * PERIOD + 51] {
            let object = Arc::new(Object::pattern(size, Timestamp::UNIX_EPOCH));
            assert_eq!(object.crc32c(), crc32c(&object), "{size}");
            let replaced = Arc::new(object.replaced(Timestamp::UNIX_EPOCH));
            assert_eq!(replaced.crc32c(), crc32c(&replaced), "{size}");
        }
    }

    #[test]
    fn only_objects_of_one_piece_have_an_md5() {
        let piece = Arc::new(Object::new(vec!["abc".into()], Timestamp::UNIX_EPOCH));
        assert_eq!(
            piece.md5().map(|md5| crate::signing::hex(&md5)).as_deref(),
            Some("900150983cd24fb0d6963f7d28e17f72")
        );
        assert_eq!(piece.crc32c(), 0x364b_3fb7);
        let joined = Arc::new(Object::join([&*piece], Timestamp::UNIX_EPOCH));
        assert_eq!((joined.md5(), joined.crc32c()), (None, 0x364b_3fb7));
        assert_eq!(Arc::new(Object::pattern(3, Timestamp::UNIX_EPOCH)).md5(), None);
    }
}
