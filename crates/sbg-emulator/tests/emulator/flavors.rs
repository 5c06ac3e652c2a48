//! Differences between kinds of object storage: one test for each row of the table, over the flavors.

use std::{io::Write as _, time::Duration};

use flate2::{Compression, write::GzEncoder};
use reqwest::{Response, header::HeaderMap};
use sbg_emulator::{
    EmptyRange, Emulator,
    StorageFlavor::{self, Azure, Gcs, Oss, S3, Static, Swift},
    StorageQuirk,
};
use serde_json::{Value, json};

use crate::{TestEnv, header};

const PROJECT: &str = "rfranklin/demo";

async fn env(flavor: StorageFlavor) -> TestEnv {
    with(flavor, &[]).await
}

async fn with(flavor: StorageFlavor, quirks: &[StorageQuirk]) -> TestEnv {
    let builder = Emulator::builder().storage(flavor).min_part_size(1).url_lifetime(Duration::from_secs(60));
    let env = TestEnv::with(quirks.iter().copied().fold(builder, sbg_emulator::Builder::storage_quirk)).await;
    env.emulator.create_project("demo");
    env
}

/// The response for a client: status, `Content-Range`, body if it succeeded.
async fn seen(response: Response) -> (u16, Option<String>, String) {
    let status = response.status().as_u16();
    let range = optional(response.headers(), "content-range");
    let body = response.text().await.unwrap();
    (status, range, if status < 300 { body } else { String::new() })
}

fn optional(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).map(|value| value.to_str().unwrap().to_owned())
}

/// Reads a range of an object of these bytes.
async fn range(env: &TestEnv, content: &'static str, range: &str) -> (u16, Option<String>, String) {
    let id = env.emulator.create_file(PROJECT, "object", content);
    let url = env.download_url(&id).await;
    seen(env.read(&url, Some(range)).await.unwrap()).await
}

fn expected(status: u16, range: Option<&str>, body: &str) -> (u16, Option<String>, String) {
    (status, range.map(str::to_owned), body.to_owned())
}

#[tokio::test]
async fn empty_object_range_follows_the_flavor() {
    for (flavor, wanted) in [
        (S3, expected(416, None, "")),
        (Gcs, expected(206, Some("bytes 0--1/0"), "")),
        (Azure, expected(416, Some("bytes */0"), "")),
        (Oss, expected(200, None, "")),
        (Swift, expected(416, Some("bytes */0"), "")),
        (Static, expected(200, None, "")),
    ] {
        let env = env(flavor).await;
        assert_eq!(range(&env, "", "bytes=0-9").await, wanted, "{flavor}");
    }
    let beyond = range(&env(Static).await, "", "bytes=5-9").await;
    assert_eq!(beyond, expected(416, Some("bytes */0"), ""));
}

#[tokio::test]
async fn empty_object_range_follows_the_quirk() {
    for (form, wanted) in [
        (EmptyRange::Refused, expected(416, None, "")),
        (EmptyRange::RefusedWithSize, expected(416, Some("bytes */0"), "")),
        (EmptyRange::Whole, expected(200, None, "")),
        (EmptyRange::Partial, expected(206, Some("bytes 0--1/0"), "")),
    ] {
        let env = with(Swift, &[StorageQuirk::EmptyRange(form)]).await;
        assert_eq!(range(&env, "", "bytes=0-9").await, wanted, "{form:?}");
    }
    let env = with(S3, &[StorageQuirk::EmptyRange(EmptyRange::MissingByte)]).await;
    let id = env.emulator.create_file(PROJECT, "empty", "");
    let url = env.download_url(&id).await;
    let response = env.read(&url, Some("bytes=0-9")).await.unwrap();
    assert_eq!(response.status(), 206);
    assert_eq!(header(response.headers(), "content-range"), "bytes 0-0/0");
    assert_eq!(header(response.headers(), "content-length"), "1");
    assert!(response.bytes().await.is_err(), "the byte never comes");
}

#[tokio::test]
async fn range_past_the_end_is_clipped_except_by_oss() {
    for flavor in StorageFlavor::ALL {
        let wanted = match flavor {
            Oss => expected(200, None, "0123456789"),
            _ => expected(206, Some("bytes 4-9/10"), "456789"),
        };
        assert_eq!(range(&env(flavor).await, "0123456789", "bytes=4-10").await, wanted, "{flavor}");
    }
}

#[tokio::test]
async fn oss_clips_ranges_on_request() {
    let env = env(Oss).await;
    let id = env.emulator.create_file(PROJECT, "object", "0123456789");
    let url = env.download_url(&id).await;
    let strict = env.http.get(&url).header("x-oss-range-behavior", "standard");
    let response = strict.header("Range", "bytes=4-10").send().await.unwrap();
    assert_eq!(seen(response).await, expected(206, Some("bytes 4-9/10"), "456789"));
}

#[tokio::test]
async fn range_at_the_end_follows_the_flavor() {
    for flavor in StorageFlavor::ALL {
        let wanted = match flavor {
            Azure => expected(206, Some("bytes 10-9/10"), ""),
            Oss => expected(200, None, "0123456789"),
            _ => expected(416, Some("bytes */10"), ""),
        };
        assert_eq!(range(&env(flavor).await, "0123456789", "bytes=10-19").await, wanted, "{flavor}");
    }
}

#[tokio::test]
async fn gcs_and_azure_ignore_suffix_ranges() {
    for flavor in StorageFlavor::ALL {
        let wanted = match flavor {
            Gcs | Azure => expected(200, None, "0123456789"),
            _ => expected(206, Some("bytes 7-9/10"), "789"),
        };
        assert_eq!(range(&env(flavor).await, "0123456789", "bytes=-3").await, wanted, "{flavor}");
    }
}

#[tokio::test]
async fn ranges_can_be_disabled() {
    let env = with(Static, &[StorageQuirk::NoRanges]).await;
    let id = env.emulator.create_file(PROJECT, "object", "0123456789");
    let url = env.download_url(&id).await;
    let response = env.read(&url, Some("bytes=2-5")).await.unwrap();
    assert_eq!(optional(response.headers(), "accept-ranges"), None);
    assert_eq!(seen(response).await, expected(200, None, "0123456789"));
}

#[tokio::test]
async fn if_match_handling_follows_the_flavor() {
    for flavor in StorageFlavor::ALL {
        let env = env(flavor).await;
        let id = env.emulator.create_file(PROJECT, "object", "0123456789");
        let url = env.download_url(&id).await;
        let status = async |condition: &str| {
            env.http.get(&url).header("If-Match", condition).send().await.unwrap().status().as_u16()
        };
        let etag = header(env.read(&url, None).await.unwrap().headers(), "etag").to_owned();
        assert_eq!(status(&etag).await, 200, "{flavor}");
        assert_eq!(status("\"other\"").await, if flavor == Static { 200 } else { 412 }, "{flavor}");
    }
    let env = with(S3, &[StorageQuirk::NoIfMatch]).await;
    let url = env.download_url(&env.emulator.create_file(PROJECT, "object", "0123")).await;
    let response = env.http.get(&url).header("If-Match", "\"other\"").send().await.unwrap();
    assert_eq!(response.status(), 200);
}

#[tokio::test]
async fn etag_form_follows_the_flavor() {
    let etag =
        async |env: &TestEnv, url: &str| optional(env.read(url, None).await.unwrap().headers(), "etag");
    for flavor in [S3, Gcs, Azure, Oss, Swift] {
        let env = env(flavor).await;
        let id = env.emulator.create_file(PROJECT, "object", "0123456789");
        let etag = etag(&env, &env.download_url(&id).await).await.unwrap();
        let opaque = etag.trim_matches('"');
        assert_eq!(opaque.len(), 32, "{flavor}");
        assert_eq!(etag.len(), if flavor == Swift { 32 } else { 34 }, "{flavor}");
        let lower = opaque.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        assert_eq!(lower, flavor != Oss, "{flavor}: {etag}");
    }
    // The clock advances during a test, but not by an hour.
    let env = with(Static, &[]).await;
    let id = env.emulator.create_file(PROJECT, "object", "0123456789");
    env.advance_clock(3600);
    let old = etag(&env, &env.download_url(&id).await).await.unwrap();
    assert!(old.starts_with('"') && old.ends_with("-a\""), "{old}");
    for quirk in [StorageQuirk::NoETag, StorageQuirk::NoValidators] {
        let env = with(Static, &[quirk]).await;
        let id = env.emulator.create_file(PROJECT, "object", "0123456789");
        let response = env.read(&env.download_url(&id).await, None).await.unwrap();
        assert_eq!(optional(response.headers(), "etag"), None);
        let dated = response.headers().contains_key("last-modified");
        assert_eq!(dated, quirk == StorageQuirk::NoETag);
    }
}

fn gzip(content: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn gcs_decompresses_stored_gzip() {
    let content = "ACGT".repeat(100_000);
    // Two gzip members, as bgzip writes them.
    let stored = [gzip(&content), gzip("TTAGGG")].concat();
    let quirk: &[_] = &[StorageQuirk::Transcodes];
    for (flavor, quirks) in [(Gcs, &[] as &[_]), (Static, quirk)] {
        let env = with(flavor, quirks).await;
        let id = env.emulator.create_gzip_file(PROJECT, "reads.txt", stored.clone());
        let url = env.download_url(&id).await;
        let response = env.read(&url, Some("bytes=0-9")).await.unwrap();
        assert_eq!(response.status(), 200);
        let headers = response.headers().clone();
        for absent in ["content-length", "content-encoding", "content-range"] {
            assert_eq!(optional(&headers, absent), None, "{flavor}");
        }
        assert_eq!(header(&headers, "transfer-encoding"), "chunked");
        assert!(header(&headers, "etag").starts_with("W/\""), "{flavor}");
        assert_eq!(response.text().await.unwrap(), format!("{content}TTAGGG"));
        let packed = env.http.get(&url).header("Accept-Encoding", "gzip").header("Range", "bytes=0-9");
        let packed = packed.send().await.unwrap();
        assert_eq!((packed.status().as_u16(), header(packed.headers(), "content-encoding")), (206, "gzip"));
        assert_eq!(packed.bytes().await.unwrap(), stored[..10]);
    }
}

#[tokio::test]
async fn other_flavors_send_stored_gzip_unchanged() {
    let stored = gzip("ACGT");
    for flavor in [S3, Azure, Oss, Swift, Static] {
        let env = env(flavor).await;
        let id = env.emulator.create_gzip_file(PROJECT, "reads.txt", stored.clone());
        let response = env.read(&env.download_url(&id).await, None).await.unwrap();
        assert_eq!(header(response.headers(), "content-encoding"), "gzip", "{flavor}");
        assert_eq!(response.bytes().await.unwrap(), stored, "{flavor}");
    }
}

/// The checksum headers of a read of `123456789`.
async fn checksums(env: &TestEnv, range: Option<&str>, asked: bool) -> Vec<(String, String)> {
    let id = env.emulator.create_file(PROJECT, "object", "123456789");
    let url = env.download_url(&id).await;
    let mut request = env.http.get(&url);
    if let Some(range) = range {
        request = request.header("Range", range);
    }
    if asked {
        request = request.header("x-amz-checksum-mode", "ENABLED");
    }
    let response = request.send().await.unwrap();
    let names = [
        "x-goog-hash",
        "content-md5",
        "x-ms-blob-content-md5",
        "x-amz-checksum-crc32c",
        "x-amz-checksum-type",
    ];
    let present =
        names.iter().filter_map(|name| Some(((*name).to_owned(), optional(response.headers(), name)?)));
    present.collect()
}

#[tokio::test]
async fn checksum_headers_follow_the_flavor() {
    // The check values of both algorithms: CRC-32C e3069283, MD5 25f9e794323b453885f5181f1b624d0b.
    const CRC: &str = "4waSgw==";
    const MD5: &str = "JfnnlDI7RTiF9RgfG2JNCw==";
    let list = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let goog = format!("crc32c={CRC},md5={MD5}");
    let gcs = env(Gcs).await;
    assert_eq!(checksums(&gcs, None, false).await, list(&[("x-goog-hash", &goog)]));
    assert_eq!(checksums(&gcs, Some("bytes=0-3"), false).await, list(&[("x-goog-hash", &goog)]));
    let azure = env(Azure).await;
    assert_eq!(checksums(&azure, None, false).await, list(&[("content-md5", MD5)]));
    assert_eq!(checksums(&azure, Some("bytes=0-3"), false).await, list(&[("x-ms-blob-content-md5", MD5)]));
    let s3 = env(S3).await;
    let amz = list(&[("x-amz-checksum-crc32c", CRC), ("x-amz-checksum-type", "FULL_OBJECT")]);
    assert_eq!(checksums(&s3, None, true).await, amz);
    assert_eq!(checksums(&s3, Some("bytes=0-3"), true).await, []);
    for flavor in [S3, Oss, Swift, Static] {
        assert_eq!(checksums(&env(flavor).await, None, false).await, [], "{flavor}");
    }
}

#[tokio::test]
async fn gcs_has_no_md5_of_large_objects() {
    let env = env(Gcs).await;
    let id = env.emulator.create_large_file(PROJECT, "large", 1 << 50);
    let response = env.read(&env.download_url(&id).await, Some("bytes=0-0")).await.unwrap();
    let hash = header(response.headers(), "x-goog-hash");
    assert!(hash.starts_with("crc32c=") && !hash.contains("md5"), "{hash}");
}

#[tokio::test]
async fn expired_url_error_follows_the_flavor() {
    for (flavor, status, words) in [
        (S3, 403, "<Code>AccessDenied</Code><Message>Request has expired</Message>"),
        (Gcs, 400, "<Code>ExpiredToken</Code>"),
        (Azure, 403, "<Code>AuthorizationFailure</Code>"),
        (Oss, 403, "<Code>AccessDenied</Code><Message>Request has expired.</Message>"),
        (Swift, 401, "401 Unauthorized: Temp URL invalid"),
        (Static, 403, "<h1>403 Forbidden</h1>"),
    ] {
        let env = env(flavor).await;
        let id = env.emulator.create_file(PROJECT, "object", "0123");
        let url = env.download_url(&id).await;
        env.advance_clock(61);
        let response = env.read(&url, None).await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{flavor}");
        let text = response.text().await.unwrap();
        assert!(text.contains(words), "{flavor}: {text}");
        assert!(flavor != Azure || !text.to_lowercase().contains("expire"), "{text}");
        // The fault looks the same.
        let fresh = env.download_url(&id).await;
        env.emulator.faults().add("storage:expired".parse().unwrap());
        let fault = env.read(&fresh, None).await.unwrap();
        assert_eq!((fault.status().as_u16(), fault.text().await.unwrap()), (status, text), "{flavor}");
    }
}

/// Starts an upload of two parts of four bytes, and returns its path.
async fn upload(env: &TestEnv) -> String {
    let body = json!({"project": PROJECT, "name": "up.bin", "size": 8, "part_size": 4});
    let id = env.post("/upload/multipart", body).await.text("upload_id");
    format!("/upload/multipart/{id}")
}

async fn part(env: &TestEnv, upload: &str, number: u32, body: &'static str) -> (Value, Response) {
    let link = env.get(&format!("{upload}/part/{number}")).await;
    (link.json["report"].clone(), env.http.put(link.text("url")).body(body).send().await.unwrap())
}

#[tokio::test]
async fn part_report_follows_the_flavor() {
    for (flavor, codes, statuses, headers) in [
        (S3, json!([200]), [200, 200], json!(["ETag"])),
        (Gcs, json!([200]), [200, 200], json!(["ETag"])),
        (Azure, json!([201]), [201, 201], json!([])),
        (Oss, json!([200]), [200, 200], json!(["ETag"])),
        (Swift, json!([201]), [201, 201], json!(["ETag"])),
        (Static, json!([201, 204]), [201, 204], json!([])),
    ] {
        let env = env(flavor).await;
        let path = upload(&env).await;
        let (report, first) = part(&env, &path, 1, "ACGT").await;
        assert_eq!(report, json!({"success_codes": codes, "headers": headers}), "{flavor}");
        let again = part(&env, &path, 1, "ACGT").await.1;
        assert_eq!([first.status().as_u16(), again.status().as_u16()], statuses, "{flavor}");
        let second = part(&env, &path, 2, "TTTT").await.1;
        let etags = [&first, &second].map(|response| optional(response.headers(), "etag"));
        let tagged = headers != json!([]);
        assert_eq!(etags.each_ref().map(Option::is_some), [tagged, tagged], "{flavor}");
        assert_eq!(first.headers().contains_key("x-ms-request-id"), flavor == Azure, "{flavor}");
        let parts: Vec<_> = (1..)
            .zip(&etags)
            .map(|(number, etag)| {
                let headers = etag.as_ref().map_or(json!({}), |etag| json!({ "ETag": etag }));
                json!({"part_number": number, "response": {"headers": headers}})
            })
            .collect();
        let file = env.post(&format!("{path}/complete"), json!({ "parts": parts })).await;
        let content = env.emulator.file_content(&file.text("id")).unwrap();
        assert_eq!(content, b"ACGTTTTT", "{flavor}");
    }
}

#[tokio::test]
async fn missing_etag_is_rejected_where_required() {
    let env = env(Swift).await;
    let path = upload(&env).await;
    let report = json!({"part_number": 1, "response": {"headers": {}}});
    assert_eq!(env.post(&format!("{path}/part"), report.clone()).await.code(), 8014);
    let env = self::env(Azure).await;
    let path = upload(&env).await;
    assert_eq!(env.post(&format!("{path}/part"), report.clone()).await.json, report);
    let listed = env.get(&format!("{path}?list_parts=true")).await;
    assert_eq!(listed.json["parts"], json!([report]));
}

#[tokio::test]
async fn part_of_dropped_upload_is_refused() {
    for (flavor, words) in [
        (S3, "<Code>NoSuchUpload</Code>"),
        (Gcs, "<Code>NoSuchUpload</Code>"),
        (Azure, "<Code>ContainerNotFound</Code>"),
        (Oss, "<Code>NoSuchUpload</Code>"),
        (Swift, "<h1>404 Not Found</h1>"),
        (Static, "<h1>404 Not Found</h1>"),
    ] {
        let env = env(flavor).await;
        let path = upload(&env).await;
        assert!(part(&env, &path, 1, "ACGT").await.1.status().is_success());
        let id = path.rsplit('/').next().unwrap();
        assert!(env.emulator.drop_upload(id));
        assert!(!env.emulator.drop_upload(id));
        let refused = part(&env, &path, 2, "ACGT").await.1;
        assert_eq!(refused.status(), 404, "{flavor}");
        let text = refused.text().await.unwrap();
        assert!(text.contains(words), "{flavor}: {text}");
        assert_eq!(env.get("/upload/multipart").await.column("upload_id"), [id], "{flavor}");
    }
    for status in [403, 500] {
        let env = with(S3, &[StorageQuirk::DroppedUpload(status)]).await;
        let path = upload(&env).await;
        env.emulator.drop_upload(path.rsplit('/').next().unwrap());
        assert_eq!(part(&env, &path, 1, "ACGT").await.1.status().as_u16(), status);
    }
}

#[tokio::test]
async fn pinned_flavor_overrides_the_default() {
    for builder in [
        Emulator::builder().storage(Azure).default_storage(Static),
        Emulator::builder().default_storage(Static).storage(Azure),
    ] {
        let env = TestEnv::with(builder).await;
        env.emulator.create_project("demo");
        let path = upload(&env).await;
        assert_eq!(part(&env, &path, 1, "ACGT").await.0["success_codes"], json!([201]));
    }
}
