//! Uploads in parts.

use reqwest::Method;
use sbg_emulator::{Emulator, Origin};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;

use crate::{Bench, header, send};

const PROJECT: &str = "rfranklin/demo";

/// An emulator that takes parts of any size.
async fn bench() -> Bench {
    let bench = Bench::with(Emulator::builder().min_part_size(1)).await;
    bench.emulator.create_project("demo");
    bench
}

async fn init(bench: &Bench, size: usize, part_size: usize) -> String {
    let body = json!({"project": PROJECT, "name": "up.bin", "size": size, "part_size": part_size});
    bench.post("/upload/multipart", body).await.text("upload_id")
}

/// Sends one part and returns its tag as the store quotes it.
async fn put(bench: &Bench, upload: &str, number: u32, body: &'static str) -> String {
    let url = bench.get(&format!("/upload/multipart/{upload}/part/{number}")).await.text("url");
    // The length is named because the client library leaves it out for an empty body, and the store insists on it.
    let request = bench.http.put(url).header("Content-Length", body.len()).body(body);
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    header(answer.headers(), "etag").to_owned()
}

fn report(number: u32, etag: &str) -> Value {
    json!({"part_number": number, "response": {"headers": {"ETag": etag}}})
}

#[tokio::test]
async fn parts_become_a_file() {
    let bench = bench().await;
    let upload = init(&bench, 10, 4).await;
    let path = format!("/upload/multipart/{upload}");
    let first = put(&bench, &upload, 1, "AAAA").await;
    // The official client reports to this path, with the slash, and without the quotes of the tag.
    let reported = bench.post(&format!("{path}/part/"), report(1, first.trim_matches('"'))).await;
    assert_eq!(reported.json, report(1, first.trim_matches('"')));
    let second = put(&bench, &upload, 2, "CCCC").await;
    bench.post(&path, json!({"parts": [report(2, &second)]})).await;
    let info = bench.get(&format!("{path}?list_parts=true")).await.json;
    assert_eq!((&info["part_size"], &info["uploaded_parts_count"]), (&json!(4), &json!(2)));
    assert_eq!(info["parts"].as_array().unwrap().len(), 2);
    let third = put(&bench, &upload, 3, "GG").await;
    let file = bench.post(&format!("{path}/complete"), json!({"parts": [report(3, &third)]})).await;
    assert_eq!((file.text("name"), &file.json["size"]), ("up.bin".to_owned(), &json!(10)));
    assert_eq!(bench.emulator.file_content(&file.text("id")).unwrap(), b"AAAACCCCGG");
    assert_eq!(bench.get(&path).await.code(), 8003);
    let url = bench.download_url(&file.text("id")).await;
    let read = bench.read(&url, None).await.unwrap();
    assert!(header(read.headers(), "etag").ends_with("-3\""));
    assert_eq!(read.text().await.unwrap(), "AAAACCCCGG");
}

#[tokio::test]
async fn an_upload_is_refused_before_it_begins() {
    let mut bench = bench().await;
    bench.emulator.create_file(PROJECT, "taken", "x");
    let refused = |code: u64, body: Value| {
        let request = bench.request(Method::POST, "/upload/multipart").json(&body);
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
    bench.become_user("fcrick");
    refused_as(&bench, 3001).await;
}

async fn refused_as(bench: &Bench, code: u64) {
    let body = json!({"project": PROJECT, "name": "a"});
    assert_eq!(bench.post("/upload/multipart", body).await.code(), code);
}

#[tokio::test]
async fn overwriting_puts_a_new_file_in_place_of_the_old() {
    let bench = bench().await;
    let old = bench.emulator.create_file(PROJECT, "up.bin", "old");
    let body = json!({"project": PROJECT, "name": "up.bin", "size": 3});
    let upload = bench.post("/upload/multipart?overwrite=True", body).await.text("upload_id");
    let etag = put(&bench, &upload, 1, "new").await;
    let done = bench
        .post(&format!("/upload/multipart/{upload}/complete"), json!({"parts": [report(1, &etag)]}))
        .await;
    assert_ne!(done.text("id"), old);
    assert_eq!(bench.get(&format!("/files/{old}")).await.code(), 5002);
    assert_eq!(bench.get(&format!("/files?project={PROJECT}")).await.column("id"), [done.text("id")]);
}

#[tokio::test]
async fn completing_checks_parts_tags_and_size() {
    let bench = bench().await;
    let upload = init(&bench, 8, 4).await;
    let complete = format!("/upload/multipart/{upload}/complete");
    assert_eq!(bench.post(&complete, Value::Null).await.code(), 8007);
    let first = put(&bench, &upload, 1, "AAAA").await;
    let second = put(&bench, &upload, 2, "CCCC").await;
    let parts = |reports: Value| bench.post(&complete, json!({"parts": reports}));
    assert_eq!(parts(json!([report(2, &second)])).await.code(), 8007);
    assert_eq!(parts(json!([report(1, "")])).await.code(), 8007);
    assert_eq!(parts(json!([report(1, &second)])).await.code(), 8007);
    assert_eq!(parts(json!([report(3, &second)])).await.code(), 8012);
    assert_eq!(parts(json!([{"part_number": 1}])).await.code(), 8014);
    assert_eq!(parts(json!(7)).await.code(), 8015);
    put(&bench, &upload, 2, "CCC").await;
    assert_eq!(parts(json!([report(1, &first), report(2, &second)])).await.code(), 8007);
    let second = put(&bench, &upload, 2, "CCCC").await;
    assert_eq!(parts(json!([report(2, &second)])).await.status, 200);
}

#[tokio::test]
async fn small_parts_are_refused_unless_they_are_the_last() {
    let bench = Bench::start().await;
    bench.emulator.create_project("demo");
    let body = json!({"project": PROJECT, "name": "up.bin"});
    let upload = bench.post("/upload/multipart", body).await.text("upload_id");
    let reports =
        [report(1, &put(&bench, &upload, 1, "A").await), report(2, &put(&bench, &upload, 2, "C").await)];
    let refused =
        bench.post(&format!("/upload/multipart/{upload}/complete"), json!({"parts": reports})).await;
    assert_eq!(refused.code(), 8007);
    assert!(refused.text("message").contains("Part 1 is smaller"));
}

#[tokio::test]
async fn an_empty_file_is_one_empty_part_or_none() {
    let bench = bench().await;
    for name in ["none", "one"] {
        let body = json!({"project": PROJECT, "name": name, "size": 0});
        let upload = bench.post("/upload/multipart", body).await.text("upload_id");
        let path = format!("/upload/multipart/{upload}");
        if name == "one" {
            let etag = put(&bench, &upload, 1, "").await;
            assert_eq!(bench.post(&format!("{path}/part"), report(1, &etag)).await.status, 200);
        }
        let done = bench.post(&format!("{path}/complete"), Value::Null).await;
        assert_eq!((done.status.as_u16(), &done.json["size"]), (200, &json!(0)), "{name}");
    }
}

#[tokio::test]
async fn uploads_are_listed_until_they_are_aborted() {
    let mut bench = bench().await;
    let upload = init(&bench, 8, 4).await;
    let url = bench.get(&format!("/upload/multipart/{upload}/part/1")).await.text("url");
    let listed = bench.get("/upload/multipart").await;
    assert_eq!(listed.column("upload_id"), [upload.as_str()]);
    // All are on one page, so there are no links to others.
    assert_eq!(listed.json.as_object().unwrap().keys().collect::<Vec<_>>(), ["href", "items"]);
    let path = format!("/upload/multipart/{upload}");
    bench.become_user("fcrick");
    assert_eq!(bench.delete(&path).await.code(), 8001);
    assert!(bench.get("/upload/multipart").await.column("upload_id").is_empty());
    bench.become_user("rfranklin");
    assert_eq!(bench.delete(&path).await.status, 204);
    assert_eq!(bench.delete(&path).await.code(), 8003);
    assert_eq!(bench.http.put(url).body("AAAA").send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn parts_have_numbers_that_the_size_allows() {
    let bench = bench().await;
    let upload = init(&bench, 10, 4).await;
    for number in ["0", "4", "x", "-1", "10001"] {
        let refused = bench.get(&format!("/upload/multipart/{upload}/part/{number}")).await;
        assert_eq!(refused.code(), 8012, "{number}");
    }
    let url = bench.get(&format!("/upload/multipart/{upload}/part/3")).await;
    assert_eq!(url.json["method"], "PUT");
    assert_eq!(url.json["report"], json!({"success_codes": [200], "headers": ["ETag"]}));
}

#[tokio::test]
async fn the_part_size_comes_from_the_request_or_the_platform() {
    let bench = Bench::start().await;
    bench.emulator.create_project("demo");
    let part_size = async |wanted: Option<u64>| {
        let mut body = json!({"project": PROJECT, "name": "n", "size": 100});
        if let Some(wanted) = wanted {
            body["part_size"] = json!(wanted);
        }
        bench.post("/upload/multipart", body).await.json["part_size"].as_u64().unwrap()
    };
    assert_eq!(part_size(Some(8 << 20)).await, 8 << 20);
    assert_eq!(part_size(Some(1000)).await, 32 << 20);
    assert_eq!(part_size(None).await, 32 << 20);
}

#[tokio::test]
async fn a_part_needs_a_length_and_a_whole_body() {
    let bench = bench().await;
    let upload = init(&bench, 8, 4).await;
    let url = bench.get(&format!("/upload/multipart/{upload}/part/1")).await.text("url");
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
        bench.post(&format!("/upload/multipart/{upload}/complete"), json!({"parts": [report(1, "x")]})).await;
    assert!(refused.text("message").contains("Part 1 has not arrived"), "{refused:?}");
    // Nobody waits for an answer, so it may be seen late.
    let statuses = loop {
        let seen = bench.emulator.requests().into_iter().filter(|request| request.origin == Origin::Storage);
        let statuses: Vec<Option<u16>> = seen.map(|request| request.status).collect();
        if statuses.len() > 1 {
            break statuses;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    };
    assert_eq!(statuses, [Some(411), None]);
}
