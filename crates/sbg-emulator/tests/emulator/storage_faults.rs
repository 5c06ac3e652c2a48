//! Faults of object storage: their effect for the client, and their format.

use reqwest::{Method, StatusCode, redirect::Policy};
use sbg_emulator::{
    Action, Emulator, FaultRule, StorageError,
    StorageFlavor::{self, Azure, Gcs, Oss, S3, Static, Swift},
};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{TestEnv, header};

const PROJECT: &str = "rfranklin/demo";

async fn env(flavor: StorageFlavor, rule: FaultRule) -> TestEnv {
    let env = TestEnv::with(Emulator::builder().storage(flavor).min_part_size(1).fault(rule)).await;
    env.emulator.create_project("demo");
    env
}

/// A file and its URL.
async fn file(env: &TestEnv) -> (String, String) {
    let id = env.emulator.create_file(PROJECT, "object", "0123456789");
    let url = env.download_url(&id).await;
    (id, url)
}

async fn part_url(env: &TestEnv) -> (String, String) {
    let body = json!({"project": PROJECT, "name": "up.bin", "size": 8, "part_size": 4});
    let id = env.post("/upload/multipart", body).await.text("upload_id");
    let url = env.get(&format!("/upload/multipart/{id}/part/1")).await.text("url");
    (id, url)
}

#[tokio::test]
async fn storage_error_has_status_and_code() {
    use StorageError as E;
    for (error, status, azure) in [
        (E::RequestTimeout, 400, "OperationTimedOut"),
        (E::BadDigest, 400, "Md5Mismatch"),
        (E::IncompleteBody, 400, "IncompleteBody"),
        (E::OperationAborted, 409, "OperationAborted"),
        (E::InternalError, 500, "InternalError"),
        (E::SlowDown, 503, "ServerBusy"),
        (E::RequestTimeTooSkewed, 403, "AuthenticationFailed"),
        (E::ExpiredToken, 400, "ExpiredToken"),
    ] {
        let own = error.to_string();
        let html = StatusCode::from_u16(status).unwrap().to_string();
        for (flavor, words) in [
            (S3, format!("<Code>{own}</Code>")),
            (Gcs, format!("<Code>{own}</Code>")),
            (Azure, format!("<Code>{azure}</Code>")),
            (Swift, format!("<h1>{html}</h1>")),
            (Static, format!("<h1>{html}</h1>")),
        ] {
            let env = env(flavor, FaultRule::storage(Action::StorageError(error))).await;
            let response = env.read(&file(&env).await.1, None).await.unwrap();
            assert_eq!(response.status().as_u16(), status, "{flavor} {error}");
            let code = response.headers().get("x-ms-error-code").cloned();
            assert_eq!(code.is_some_and(|code| code == azure), flavor == Azure, "{flavor} {error}");
            let text = response.text().await.unwrap();
            assert!(text.contains(&words), "{flavor} {error}: {text}");
        }
    }
}

#[tokio::test]
async fn early_refusal_precedes_the_body() {
    for status in [403_u16, 413, 503] {
        let env = env(S3, FaultRule::storage(Action::RefuseEarly(status)).method("PUT")).await;
        let (_, url) = part_url(&env).await;
        let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
        let mut stream = TcpStream::connect(host).await.unwrap();
        // The declared body is never sent.
        let head = format!("PUT /{path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 1000000\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).await.unwrap();
        assert!(response.starts_with(&format!("HTTP/1.1 {status} ")), "{response}");
        assert!(response.to_lowercase().contains("connection: close"), "{response}");
        assert!(response.contains("<Error><Code>"), "{response}");
    }
}

#[tokio::test]
async fn dropped_upload_is_still_listed() {
    let env = env(S3, FaultRule::storage(Action::DropUpload).method("PUT").nth(2)).await;
    let (id, url) = part_url(&env).await;
    let put = async || env.http.put(&url).body("ACGT").send().await.unwrap().status().as_u16();
    assert_eq!([put().await, put().await, put().await], [200, 404, 404]);
    assert_eq!(env.get("/upload/multipart").await.column("upload_id"), [id]);
}

#[tokio::test]
async fn object_is_replaced_between_two_ranges() {
    for flavor in StorageFlavor::ALL {
        let env = env(flavor, FaultRule::storage(Action::ReplaceObject).nth(2)).await;
        let (id, url) = file(&env).await;
        env.advance_clock(2);
        let mut seen = Vec::new();
        for _ in 0..3 {
            let response = env.read(&url, Some("bytes=2-5")).await.unwrap();
            let etag = header(response.headers(), "etag").trim_start_matches("W/").to_owned();
            seen.push((etag, response.bytes().await.unwrap()));
        }
        let after: Vec<u8> = b"0123456789".iter().map(|byte| !byte).collect();
        assert_eq!(seen[0].1, "2345", "{flavor}");
        assert_eq!(seen[1].1, after[2..6], "{flavor}");
        assert_eq!(seen[1], seen[2], "{flavor}");
        assert_ne!(seen[0].0, seen[1].0, "{flavor}");
        assert_eq!(env.emulator.file_content(&id), Some(after), "{flavor}");
    }
}

#[tokio::test]
async fn file_is_replaced_in_place() {
    let env = TestEnv::with(Emulator::builder().storage(Gcs)).await;
    env.emulator.create_project("demo");
    let (id, url) = file(&env).await;
    let before = env.read(&url, None).await.unwrap();
    assert!(env.emulator.replace_file(&id, "TGCA"));
    let after = env.read(&url, None).await.unwrap();
    for name in ["etag", "last-modified", "x-goog-hash"] {
        assert_ne!(header(before.headers(), name), header(after.headers(), name));
    }
    assert_eq!(after.text().await.unwrap(), "TGCA");
    assert_eq!(env.get(&format!("/files/{id}")).await.json["size"], 4);
    assert!(!env.emulator.replace_file("none", ""));
}

#[tokio::test]
async fn redirect_goes_to_another_host_or_path() {
    for status in [302, 307, 308] {
        let env = TestEnv::start().await;
        let url = env.download_url(&env.file("0123456789")).await;
        let port = env.emulator.storage_url().rsplit(':').next().unwrap().to_owned();
        let host = format!("http://localhost:{port}{{path}}");
        for (to, times) in [(host.as_str(), 1), ("/moved{path}", 2)] {
            let action = Action::RedirectWith { status, url: to.to_owned() };
            env.emulator.faults().clear();
            env.emulator.faults().add(FaultRule::storage(action).first(times));
            env.emulator.clear_requests();
            let response = env.read(&url, Some("bytes=2-5")).await.unwrap();
            assert_eq!(response.text().await.unwrap(), "2345", "{to}");
            let statuses: Vec<_> = env.emulator.requests().iter().map(|request| request.status).collect();
            assert_eq!(statuses, [Some(status), Some(206)], "{to}");
        }
        // A redirect rule that hits every request is a loop, unless it redirects to something else.
        env.emulator.faults().clear();
        let endless = Action::RedirectWith { status, url: "{path}".to_owned() };
        env.emulator.faults().add(FaultRule::storage(endless));
        let limited = crate::http().redirect(Policy::limited(3)).build().unwrap();
        assert!(limited.get(&url).send().await.unwrap_err().is_redirect());
    }
}

#[tokio::test]
async fn part_is_accepted_at_its_moved_path() {
    let env = TestEnv::with(Emulator::builder().min_part_size(1)).await;
    env.emulator.create_project("demo");
    let (_, url) = part_url(&env).await;
    let moved = url.replacen("/incoming/", "/moved/incoming/", 1);
    assert_eq!(env.http.put(moved).body("ACGT").send().await.unwrap().status(), 200);
    let elsewhere = url.replacen("/incoming/", "/movedincoming/", 1);
    assert_eq!(env.http.put(elsewhere).body("ACGT").send().await.unwrap().status(), 403);
}

#[tokio::test]
async fn only_ranges_are_shortened() {
    let env = env(Oss, FaultRule::storage(Action::ShortRange)).await;
    let (_, url) = file(&env).await;
    for (range, expected) in
        [(Some("bytes=2-5"), "23"), (Some("bytes=2-50"), "0123456789"), (None, "0123456789")]
    {
        assert_eq!(env.read(&url, range).await.unwrap().text().await.unwrap(), expected, "{range:?}");
    }
}

#[tokio::test]
async fn announced_byte_never_arrives() {
    let env = env(S3, FaultRule::storage(Action::MissingByte)).await;
    let (_, url) = file(&env).await;
    let response = env.read(&url, Some("bytes=2-5")).await.unwrap();
    assert_eq!(response.status(), 206);
    assert_eq!(header(response.headers(), "content-range"), "bytes 2-2/10");
    assert_eq!(header(response.headers(), "content-length"), "1");
    assert!(response.bytes().await.is_err());
    assert_eq!(env.read(&url, None).await.unwrap().text().await.unwrap(), "0123456789");
}

#[tokio::test]
async fn corrupt_byte_keeps_correct_headers() {
    for (position, range, expected) in [
        (0, None, "1123456789"),
        (4, None, "0123556789"),
        (99, None, "0123456788"),
        (1, Some("bytes=2-5"), "2245"),
    ] {
        let env = env(Gcs, FaultRule::storage(Action::CorruptByte(position)).nth(2)).await;
        let (_, url) = file(&env).await;
        let right = env.read(&url, range).await.unwrap();
        let wrong = env.read(&url, range).await.unwrap();
        for name in ["etag", "x-goog-hash", "content-length"] {
            assert_eq!(header(right.headers(), name), header(wrong.headers(), name));
        }
        assert_eq!(wrong.text().await.unwrap(), expected, "{position}");
    }
    // In a later chunk of a large body.
    let env = TestEnv::start().await;
    env.emulator.create_project("demo");
    let id = env.emulator.create_large_file(PROJECT, "large", 3_000_000);
    let url = env.download_url(&id).await;
    env.emulator.faults().add("storage:corrupt=2000000".parse().unwrap());
    let body = env.read(&url, None).await.unwrap().bytes().await.unwrap();
    let right = env.emulator.file_content(&id).unwrap();
    let differing: Vec<_> = (0..right.len()).filter(|&at| body[at] != right[at]).collect();
    assert_eq!(differing, [2_000_000]);
}

#[tokio::test]
async fn status_fault_has_a_matching_code() {
    for (status, code) in
        [(403, "AccessDenied"), (404, "NoSuchKey"), (409, "OperationAborted"), (503, "SlowDown")]
    {
        let action = Action::Status { code: status, body: None, headers: Vec::new() };
        let env = env(S3, FaultRule::storage(action)).await;
        let text = env.read(&file(&env).await.1, None).await.unwrap().text().await.unwrap();
        assert!(text.contains(&format!("<Code>{code}</Code>")), "{text}");
    }
}

#[tokio::test]
async fn storage_faults_on_the_api_use_api_errors() {
    let env = env(S3, FaultRule::api(Action::StorageError(StorageError::SlowDown)).path("/user")).await;
    let user = env.get("/user").await;
    assert_eq!((user.status.as_u16(), user.code()), (503, 90005));
    env.emulator.faults().clear();
    env.emulator.faults().add(FaultRule::api(Action::RefuseEarly(503)).path("/user"));
    let response = env.request(Method::GET, "/user").send().await.unwrap();
    assert_eq!((response.status().as_u16(), header(response.headers(), "connection")), (503, "close"));
}
