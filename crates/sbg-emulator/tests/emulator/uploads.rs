//! Uploads in parts.

use reqwest::Method;
use sbg_emulator::{Emulator, Origin};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;

use crate::{TestEnv, header, send};

const PROJECT: &str = "rfranklin/demo";

/// An emulator that accepts parts of any size.
async fn env() -> TestEnv {
    let env = TestEnv::with(Emulator::builder().min_part_size(1)).await;
    env.emulator.create_project("demo");
    env
}

async fn init(env: &TestEnv, size: usize, part_size: usize) -> String {
    let body = json!({"project": PROJECT, "name": "up.bin", "size": size, "part_size": part_size});
    env.post("/upload/multipart", body).await.text("upload_id")
}

/// Sends one part and returns its entity tag, quoted.
async fn put(env: &TestEnv, upload: &str, number: u32, body: &'static str) -> String {
    let url = env.get(&format!("/upload/multipart/{upload}/part/{number}")).await.text("url");
    // The client library omits the length of an empty body, but the store requires it.
    let request = env.http.put(url).header("Content-Length", body.len()).body(body);
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    header(response.headers(), "etag").to_owned()
}

fn report(number: u32, etag: &str) -> Value {
    json!({"part_number": number, "response": {"headers": {"ETag": etag}}})
}

#[tokio::test]
async fn uploaded_parts_become_a_file() {
    let env = env().await;
    let upload = init(&env, 10, 4).await;
    let path = format!("/upload/multipart/{upload}");
    let first = put(&env, &upload, 1, "AAAA").await;
    // The official client reports to this path, with the slash and without the quotes of the tag.
    let reported = env.post(&format!("{path}/part/"), report(1, first.trim_matches('"'))).await;
    assert_eq!(reported.json, report(1, first.trim_matches('"')));
    let second = put(&env, &upload, 2, "CCCC").await;
    env.post(&path, json!({"parts": [report(2, &second)]})).await;
    let info = env.get(&format!("{path}?list_parts=true")).await.json;
    assert_eq!((&info["part_size"], &info["uploaded_parts_count"]), (&json!(4), &json!(2)));
    assert_eq!(info["parts"].as_array().unwrap().len(), 2);
    let third = put(&env, &upload, 3, "GG").await;
    let file = env.post(&format!("{path}/complete"), json!({"parts": [report(3, &third)]})).await;
    assert_eq!((file.text("name"), &file.json["size"]), ("up.bin".to_owned(), &json!(10)));
    assert_eq!(env.emulator.file_content(&file.text("id")).unwrap(), b"AAAACCCCGG");
    assert_eq!(env.get(&path).await.code(), 8003);
    let url = env.download_url(&file.text("id")).await;
    let read = env.read(&url, None).await.unwrap();
    assert!(header(read.headers(), "etag").ends_with("-3\""));
    assert_eq!(read.text().await.unwrap(), "AAAACCCCGG");
}

#[tokio::test]
async fn invalid_upload_is_rejected() {
    let mut env = env().await;
    env.emulator.create_file(PROJECT, "taken", "x");
    let refused = |code: u64, body: Value| {
        let request = env.request(Method::POST, "/upload/multipart").json(&body);
        async move { assert_eq!(send(request).await.code(), code, "{body}") }
    };
    refused(8013, json!({"project": PROJECT})).await;
    refused(8013, json!({"project": PROJECT, "name": "a/b"})).await;
    refused(8013, json!({"project": PROJECT, "name": "a".repeat(256)})).await;
    refused(8013, json!({"project": PROJECT, "name": "a", "size": 6_000_000_000_000_u64})).await;
    refused(90000, json!({"project": PROJECT, "name": "a", "size": -1})).await;
    refused(8010, json!({"project": "demo", "name": "a"})).await;
    refused(5029, json!({"name": "a"})).await;
    refused(5031, json!({"project": PROJECT, "parent": "1", "name": "a"})).await;
    refused(5026, json!({"parent": "1", "name": "a"})).await;
    refused(3002, json!({"project": "rfranklin/none", "name": "a"})).await;
    refused(8005, json!({"project": PROJECT, "name": "taken"})).await;
    env.as_user("fcrick");
    refused_as(&env, 3001).await;
}

async fn refused_as(env: &TestEnv, code: u64) {
    let body = json!({"project": PROJECT, "name": "a"});
    assert_eq!(env.post("/upload/multipart", body).await.code(), code);
}

#[tokio::test]
async fn overwrite_replaces_the_old_file() {
    let env = env().await;
    let old = env.emulator.create_file(PROJECT, "up.bin", "old");
    let body = json!({"project": PROJECT, "name": "up.bin", "size": 3});
    let upload = env.post("/upload/multipart?overwrite=True", body).await.text("upload_id");
    let etag = put(&env, &upload, 1, "new").await;
    let done =
        env.post(&format!("/upload/multipart/{upload}/complete"), json!({"parts": [report(1, &etag)]})).await;
    assert_ne!(done.text("id"), old);
    assert_eq!(env.get(&format!("/files/{old}")).await.code(), 5002);
    assert_eq!(env.get(&format!("/files?project={PROJECT}")).await.column("id"), [done.text("id")]);
}

#[tokio::test]
async fn completion_checks_parts_etags_and_size() {
    let env = env().await;
    let upload = init(&env, 8, 4).await;
    let complete = format!("/upload/multipart/{upload}/complete");
    assert_eq!(env.post(&complete, Value::Null).await.code(), 8007);
    let first = put(&env, &upload, 1, "AAAA").await;
    let second = put(&env, &upload, 2, "CCCC").await;
    let parts = |reports: Value| env.post(&complete, json!({"parts": reports}));
    assert_eq!(parts(json!([report(2, &second)])).await.code(), 8007);
    assert_eq!(parts(json!([report(1, "")])).await.code(), 8007);
    assert_eq!(parts(json!([report(1, &second)])).await.code(), 8007);
    assert_eq!(parts(json!([report(3, &second)])).await.code(), 8012);
    assert_eq!(parts(json!([{"part_number": 1}])).await.code(), 8014);
    assert_eq!(parts(json!(7)).await.code(), 8015);
    put(&env, &upload, 2, "CCC").await;
    assert_eq!(parts(json!([report(1, &first), report(2, &second)])).await.code(), 8007);
    let second = put(&env, &upload, 2, "CCCC").await;
    assert_eq!(parts(json!([report(2, &second)])).await.status, 200);
}

#[tokio::test]
async fn small_parts_are_rejected_except_the_last() {
    let env = TestEnv::start().await;
    env.emulator.create_project("demo");
    let body = json!({"project": PROJECT, "name": "up.bin"});
    let upload = env.post("/upload/multipart", body).await.text("upload_id");
    let reports =
        [report(1, &put(&env, &upload, 1, "A").await), report(2, &put(&env, &upload, 2, "C").await)];
    let refused = env.post(&format!("/upload/multipart/{upload}/complete"), json!({"parts": reports})).await;
    assert_eq!(refused.code(), 8007);
    assert!(refused.text("message").contains("Part 1 is smaller"));
}

#[tokio::test]
async fn empty_file_has_one_empty_part_or_none() {
    let env = env().await;
    for name in ["none", "one"] {
        let body = json!({"project": PROJECT, "name": name, "size": 0});
        let upload = env.post("/upload/multipart", body).await.text("upload_id");
        let path = format!("/upload/multipart/{upload}");
        if name == "one" {
            let etag = put(&env, &upload, 1, "").await;
            assert_eq!(env.post(&format!("{path}/part"), report(1, &etag)).await.status, 200);
        }
        let done = env.post(&format!("{path}/complete"), Value::Null).await;
        assert_eq!((done.status.as_u16(), &done.json["size"]), (200, &json!(0)), "{name}");
    }
}

#[tokio::test]
async fn uploads_are_listed_until_aborted() {
    let mut env = env().await;
    let upload = init(&env, 8, 4).await;
    let url = env.get(&format!("/upload/multipart/{upload}/part/1")).await.text("url");
    let listed = env.get("/upload/multipart").await;
    assert_eq!(listed.column("upload_id"), [upload.as_str()]);
    // All are on one page, so there are no links to others.
    assert_eq!(listed.json.as_object().unwrap().keys().collect::<Vec<_>>(), ["href", "items"]);
    let path = format!("/upload/multipart/{upload}");
    env.as_user("fcrick");
    assert_eq!(env.delete(&path).await.code(), 8001);
    assert!(env.get("/upload/multipart").await.column("upload_id").is_empty());
    env.as_user("rfranklin");
    assert_eq!(env.delete(&path).await.status, 204);
    assert_eq!(env.delete(&path).await.code(), 8003);
    assert_eq!(env.http.put(url).body("AAAA").send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn part_numbers_follow_the_size() {
    let env = env().await;
    let upload = init(&env, 10, 4).await;
    for number in ["0", "4", "x", "-1", "10001"] {
        let refused = env.get(&format!("/upload/multipart/{upload}/part/{number}")).await;
        assert_eq!(refused.code(), 8012, "{number}");
    }
    let url = env.get(&format!("/upload/multipart/{upload}/part/3")).await;
    assert_eq!(url.json["method"], "PUT");
    assert_eq!(url.json["report"], json!({"success_codes": [200], "headers": ["ETag"]}));
}

#[tokio::test]
async fn part_size_comes_from_request_or_platform() {
    let env = TestEnv::start().await;
    env.emulator.create_project("demo");
    let part_size = async |wanted: Option<u64>| {
        let mut body = json!({"project": PROJECT, "name": "n", "size": 100});
        if let Some(wanted) = wanted {
            body["part_size"] = json!(wanted);
        }
        env.post("/upload/multipart", body).await.json["part_size"].as_u64().unwrap()
    };
    assert_eq!(part_size(Some(8 << 20)).await, 8 << 20);
    assert_eq!(part_size(Some(1000)).await, 32 << 20);
    assert_eq!(part_size(None).await, 32 << 20);
}

#[tokio::test]
async fn part_needs_a_length_and_a_whole_body() {
    let env = env().await;
    let upload = init(&env, 8, 4).await;
    let url = env.get(&format!("/upload/multipart/{upload}/part/1")).await.text("url");
    let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let raw = async |request: String| {
        let mut stream = tokio::net::TcpStream::connect(host).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        stream
    };
    let chunked = format!(
        "PUT /{path} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n4\r\nAAAA\r\n0\r\n\r\n"
    );
    let mut stream = raw(chunked).await;
    let mut head = [0; 12];
    tokio::io::AsyncReadExt::read_exact(&mut stream, &mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 411");
    drop(raw(format!("PUT /{path} HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\nAA")).await);
    let refused =
        env.post(&format!("/upload/multipart/{upload}/complete"), json!({"parts": [report(1, "x")]})).await;
    assert!(refused.text("message").contains("Part 1 has not arrived"), "{refused:?}");
    // Nothing waits for the response, so poll.
    let statuses = loop {
        let seen = env.emulator.requests().into_iter().filter(|request| request.origin == Origin::Storage);
        let statuses: Vec<Option<u16>> = seen.map(|request| request.status).collect();
        if statuses.len() > 1 {
            break statuses;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    };
    assert_eq!(statuses, [Some(411), None]);
}
