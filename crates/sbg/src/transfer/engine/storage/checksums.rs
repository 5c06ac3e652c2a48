//! Checksums of a whole object in the headers of a response. Pure.

use http::HeaderMap;

use crate::transfer::digest::{Algorithm, Digest};

/// The digests of the whole object in the headers of a GET. Checksums of checksums (`COMPOSITE`) and values that cannot be parsed are
/// ignored.
///
/// Sources: `x-goog-hash` of Google Cloud Storage, `x-amz-checksum-*` with `x-amz-checksum-type: FULL_OBJECT` of S3,
/// `x-ms-blob-content-md5` of Azure.
pub(in crate::transfer) fn announced(headers: &HeaderMap) -> Vec<Digest> {
    let mut digests = Vec::new();
    let mut add = |algorithm: Algorithm, text: &str| {
        let digest = Digest::of_base64(algorithm, text);
        digests.extend(digest.filter(|digest| !digests.contains(digest)));
    };
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    for value in headers.get_all("x-goog-hash").iter().filter_map(|value| value.to_str().ok()) {
        for (name, hash) in value.split(',').filter_map(|entry| entry.trim().split_once('=')) {
            match name {
                "crc32c" => add(Algorithm::Crc32c, hash),
                "md5" => add(Algorithm::Md5, hash),
                _ => {}
            }
        }
    }
    if text("x-amz-checksum-type").is_some_and(|kind| kind.eq_ignore_ascii_case("FULL_OBJECT")) {
        for (name, algorithm) in
            [("x-amz-checksum-crc32c", Algorithm::Crc32c), ("x-amz-checksum-sha256", Algorithm::Sha256)]
        {
            if let Some(hash) = text(name) {
                add(algorithm, hash);
            }
        }
    }
    if let Some(hash) = text("x-ms-blob-content-md5") {
        add(Algorithm::Md5, hash);
    }
    digests
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_object_checksums_are_read() {
        let check = |headers: &[(&'static str, &'static str)], expected: &[&str]| {
            let pairs = headers.iter().map(|(name, value)| {
                (http::HeaderName::from_static(name), http::HeaderValue::from_static(value))
            });
            let mut map = HeaderMap::new();
            for (name, value) in pairs {
                map.append(name, value);
            }
            let found: Vec<String> = announced(&map).iter().map(ToString::to_string).collect();
            assert_eq!(found, expected, "{headers:?}");
        };
        // The digests of `abc`.
        let (crc32c, md5) = ("crc32c:364b3fb7", "md5:900150983cd24fb0d6963f7d28e17f72");
        check(&[("x-goog-hash", "crc32c=Nks/tw==,md5=kAFQmDzST7DWlj99KOF/cg==")], &[crc32c, md5]);
        check(
            &[("x-goog-hash", "crc32c=Nks/tw=="), ("x-goog-hash", "md5=kAFQmDzST7DWlj99KOF/cg==")],
            &[crc32c, md5],
        );
        check(&[("x-ms-blob-content-md5", "kAFQmDzST7DWlj99KOF/cg==")], &[md5]);
        check(&[("x-amz-checksum-crc32c", "Nks/tw=="), ("x-amz-checksum-type", "FULL_OBJECT")], &[crc32c]);
        check(&[("x-amz-checksum-crc32c", "Nks/tw=="), ("x-amz-checksum-type", "COMPOSITE")], &[]);
        check(&[("x-amz-checksum-crc32c", "Nks/tw==-3"), ("x-amz-checksum-type", "FULL_OBJECT")], &[]);
        check(&[("x-amz-checksum-crc32c", "Nks/tw==")], &[]);
        check(&[("x-goog-hash", "crc32c=short,sha1=x")], &[]);
        check(&[("etag", "\"900150983cd24fb0d6963f7d28e17f72\"")], &[]);
    }
}
