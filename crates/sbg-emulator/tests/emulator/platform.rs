//! Who may call, how often, and what is refused before any operation is reached.

use std::time::Duration;

use reqwest::Method;
use sbg_emulator::Emulator;
use serde_json::json;

use crate::{Bench, header, send};

#[tokio::test]
async fn the_index_needs_no_token() {
    let bench = Bench::start().await;
    let index = send(bench.http.get(format!("{}/", bench.emulator.url()))).await;
    assert_eq!(index.status, 200);
    assert_eq!(index.text("files_url"), format!("{}/files", bench.emulator.url()));
    assert!(!index.headers.contains_key("x-ratelimit-limit"));
}

#[tokio::test]
async fn a_missing_or_wrong_token_is_refused_with_the_documented_body() {
    let bench = Bench::start().await;
    let url = format!("{}/user", bench.emulator.url());
    for request in [bench.http.get(&url), bench.http.get(&url).header("X-SBG-Auth-Token", "wrong")] {
        let answer = send(request).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (401, 90001));
        assert_eq!(answer.json["status"], 401);
        assert_eq!(answer.json["message"], "Unauthorized.");
        assert!(answer.json["more_info"].is_string());
    }
}

#[tokio::test]
async fn a_bearer_token_works_as_well() {
    let bench = Bench::start().await;
    let request =
        bench.http.get(format!("{}/user", bench.emulator.url())).bearer_auth(bench.emulator.token());
    assert_eq!(send(request).await.text("username"), "rfranklin");
}

#[tokio::test]
async fn users_see_only_themselves() {
    let bench = Bench::start().await;
    assert_eq!(bench.get("/users/rfranklin").await.json["role"], "ADMIN");
    assert_eq!(bench.get("/users/fcrick").await.code(), 2001);
    assert_eq!(bench.get("/users/nobody").await.code(), 2002);
    assert_eq!(
        bench.get("/user?fields=username,city").await.json,
        json!({"username": "rfranklin", "city": "London"})
    );
}

#[tokio::test]
async fn unknown_paths_and_methods_are_refused_in_the_form_of_the_platform() {
    let bench = Bench::start().await;
    let unknown = bench.get("/no/such/thing").await;
    assert_eq!((unknown.status.as_u16(), unknown.code()), (404, 90003));
    let outside = send(bench.http.get(bench.emulator.url().replace("/v2", "/v3"))).await;
    assert_eq!((outside.status.as_u16(), outside.code()), (404, 90003));
    let method = send(bench.request(Method::DELETE, "/projects")).await;
    assert_eq!((method.status.as_u16(), method.code()), (405, 90006));
    assert_eq!(header(&method.headers, "allow"), "GET, POST");
    let empty = send(bench.request(Method::PATCH, "/projects/rfranklin/demo")).await;
    assert_eq!((empty.status.as_u16(), empty.code()), (400, 90000));
}

#[tokio::test]
async fn a_slash_at_the_end_makes_no_difference() {
    let bench = Bench::start().await;
    assert_eq!(bench.get("/projects/?offset=0").await.status, 200);
}

#[tokio::test]
async fn bodies_that_are_no_json_are_refused() {
    let bench = Bench::start().await;
    let post = |kind: &str, body: String| {
        send(bench.request(Method::POST, "/projects").header("Content-Type", kind).body(body))
    };
    assert_eq!(post("application/json", "{\"name\":".into()).await.code(), 90000);
    assert_eq!(post("application/json", "[1]".into()).await.code(), 90000);
    assert_eq!(post("application/json", "null".into()).await.code(), 3007);
    assert_eq!(post("application/json", "\u{0}".into()).await.status, 400);
    let xml = post("text/xml", "<a/>".into()).await;
    assert_eq!((xml.status.as_u16(), xml.code()), (415, 90008));
    let huge = post("application/json", " ".repeat(11 * 1024 * 1024)).await;
    assert_eq!((huge.status.as_u16(), huge.code()), (413, 90000));
}

#[tokio::test]
async fn every_answer_to_a_known_user_shows_the_rate_limit() {
    let bench = Bench::start().await;
    let first = bench.get("/user").await;
    assert_eq!(header(&first.headers, "x-ratelimit-limit"), "1000");
    assert_eq!(header(&first.headers, "x-ratelimit-remaining"), "999");
    assert_eq!(header(&first.headers, "x-request-id").len(), 32);
    let missing = bench.get("/no/such/thing").await;
    assert_eq!(header(&missing.headers, "x-ratelimit-remaining"), "998");
    let limit = bench.get("/rate_limit").await;
    assert_eq!(limit.json["rate"]["remaining"], 998);
    assert_eq!(limit.json["rate"]["reset"].to_string(), header(&first.headers, "x-ratelimit-reset"));
    assert_eq!(
        limit.json["instance_limit"],
        json!({"limit": -1, "remaining": 9_223_372_036_854_775_807_i64})
    );
}

#[tokio::test]
async fn a_spent_rate_limit_comes_back_when_its_window_ends() {
    let mut bench = Bench::with(Emulator::builder().rate_limit(2)).await;
    bench.get("/user").await;
    bench.get("/user").await;
    let late = bench.get("/user").await;
    assert_eq!((late.status.as_u16(), late.code()), (429, 1000));
    assert_eq!(header(&late.headers, "x-ratelimit-remaining"), "0");
    bench.emulator.clock().advance(Duration::from_secs(301));
    assert_eq!(bench.get("/user").await.status, 200);
    bench.become_user("fcrick");
    assert_eq!(bench.get("/user").await.status, 200);
}

#[tokio::test]
async fn requests_are_recorded_with_their_answers() {
    let bench = Bench::start().await;
    bench.post("/projects?fields=id", json!({"name": "Demo"})).await;
    let requests = bench.emulator.requests();
    assert_eq!(format!("{requests:?}"), "[Api POST /v2/projects?fields=id -> 200]");
    assert_eq!(requests[0].request_json(), Some(json!({"name": "Demo"})));
    assert_eq!(requests[0].response_json(), Some(json!({"id": "rfranklin/demo"})));
    assert_eq!(requests[0].header("x-sbg-auth-token"), Some(bench.emulator.token().as_str()));
    bench.emulator.clear_requests();
    assert!(bench.emulator.requests().is_empty());
}
