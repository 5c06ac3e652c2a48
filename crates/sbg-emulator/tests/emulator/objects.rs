//! The object store: signatures, ranges, conditions.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use sbg_emulator::{Emulator, Origin};

use crate::{TestEnv, header};

#[tokio::test]
async fn storage_is_a_separate_origin_without_token() {
    let env = TestEnv::start().await;
    let id = env.file("ACGTACGT");
    let url = env.download_url(&id).await;
    assert!(url.starts_with(env.emulator.storage_url()));
    assert!(!env.emulator.url().starts_with(env.emulator.storage_url()));
    let response = env.read(&url, None).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(header(response.headers(), "content-length"), "8");
    assert_eq!(header(response.headers(), "accept-ranges"), "bytes");
    assert!(header(response.headers(), "last-modified").ends_with(" GMT"));
    assert_eq!(response.text().await.unwrap(), "ACGTACGT");
    let seen = env.emulator.requests().pop().unwrap();
    assert_eq!((seen.origin, seen.header("x-sbg-auth-token")), (Origin::Storage, None));
}

#[tokio::test]
async fn url_is_signed_for_one_method_and_object() {
    let env = TestEnv::start().await;
    let url = env.download_url(&env.file("x")).await;
    for (method, url) in [
        (Method::HEAD, url.clone()),
        (Method::PUT, url.clone()),
        (Method::GET, url.replace("/main/", "/main/0")),
        (Method::GET, url.split('?').next().unwrap().to_owned()),
    ] {
        let response = env.http.request(method.clone(), &url).send().await.unwrap();
        assert_eq!(response.status(), 403, "{method} {url}");
        let text = response.text().await.unwrap();
        assert!(method == Method::HEAD || text.contains("<Code>SignatureDoesNotMatch</Code>"), "{text}");
    }
}

#[tokio::test]
async fn url_expires_by_the_emulator_clock() {
    let env = TestEnv::with(Emulator::builder().url_lifetime(Duration::from_secs(60))).await;
    let id = env.file("x");
    let url = env.download_url(&id).await;
    assert_eq!(env.read(&url, None).await.unwrap().status(), 200);
    env.emulator.clock().advance(Duration::from_secs(61));
    let late = env.read(&url, None).await.unwrap();
    assert_eq!(late.status(), 403);
    let text = late.text().await.unwrap();
    assert!(text.contains("<Code>AccessDenied</Code><Message>Request has expired</Message>"), "{text}");
    let fresh = env.download_url(&id).await;
    assert_eq!(env.read(&fresh, None).await.unwrap().status(), 200);
}

#[tokio::test]
async fn ranges_are_served_exactly() {
    let env = TestEnv::start().await;
    let url = env.download_url(&env.file("0123456789")).await;
    let check = async |range: &str, status: u16, content_range: Option<&str>, body: &str| {
        let response = env.read(&url, Some(range)).await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{range}");
        let sent = response.headers().get("content-range").map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(sent.as_deref(), content_range, "{range}");
        let text = response.text().await.unwrap();
        assert!(status == 416 || text == body, "{range}: {text}");
    };
    check("bytes=2-5", 206, Some("bytes 2-5/10"), "2345").await;
    check("bytes=8-100", 206, Some("bytes 8-9/10"), "89").await;
    check("bytes=7-", 206, Some("bytes 7-9/10"), "789").await;
    check("bytes=-2", 206, Some("bytes 8-9/10"), "89").await;
    check("bytes=10-", 416, Some("bytes */10"), "").await;
    check("bytes=5-2", 200, None, "0123456789").await;
    check("bytes=0-1,3-4", 200, None, "0123456789").await;
    let empty = env.emulator.create_file("rfranklin/demo", "empty", "");
    let url = env.download_url(&empty).await;
    assert_eq!(env.read(&url, Some("bytes=0-0")).await.unwrap().status(), 416);
    assert_eq!(env.read(&url, None).await.unwrap().text().await.unwrap(), "");
}

#[tokio::test]
async fn conditional_requests_are_obeyed() {
    let env = TestEnv::start().await;
    let url = env.download_url(&env.file("0123456789")).await;
    let etag = header(env.read(&url, None).await.unwrap().headers(), "etag").to_owned();
    assert!(etag.len() == 34 && etag.starts_with('"'));
    let status = async |name: &str, value: &str| -> StatusCode {
        let request = env.http.get(&url).header("Range", "bytes=0-1").header(name, value);
        request.send().await.unwrap().status()
    };
    assert_eq!(status("If-Match", &etag).await, 206);
    assert_eq!(status("If-Match", "\"other\"").await, 412);
    assert_eq!(status("If-None-Match", &etag).await, 304);
    assert_eq!(status("If-None-Match", "\"other\"").await, 206);
    assert_eq!(status("If-Range", &etag).await, 206);
    assert_eq!(status("If-Range", "\"other\"").await, 200);
}

#[tokio::test]
async fn large_file_takes_no_memory() {
    let env = TestEnv::start().await;
    env.emulator.create_project("demo");
    let id = env.emulator.create_large_file("rfranklin/demo", "big", 5 << 40);
    let url = env.download_url(&id).await;
    let start = 3_u64 << 40;
    let response = env.read(&url, Some(&format!("bytes={start}-{}", start + 99))).await.unwrap();
    assert_eq!(
        header(response.headers(), "content-range"),
        format!("bytes {start}-{}/{}", start + 99, 5_u64 << 40)
    );
    assert_eq!(response.bytes().await.unwrap().len(), 100);
}
