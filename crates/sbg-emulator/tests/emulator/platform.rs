//! Tokens, the rate limit, and requests that are refused before any operation.

use std::time::Duration;

use reqwest::Method;
use sbg_emulator::Emulator;
use serde_json::json;

use crate::{TestEnv, header, send};

#[tokio::test]
async fn index_needs_no_token() {
    let env = TestEnv::start().await;
    let index = send(env.http.get(format!("{}/", env.emulator.url()))).await;
    assert_eq!(index.status, 200);
    assert_eq!(index.text("files_url"), format!("{}/files", env.emulator.url()));
    assert!(!index.headers.contains_key("x-ratelimit-limit"));
}

#[tokio::test]
async fn missing_or_wrong_token_is_refused() {
    let env = TestEnv::start().await;
    let url = format!("{}/user", env.emulator.url());
    for request in [env.http.get(&url), env.http.get(&url).header("X-SBG-Auth-Token", "wrong")] {
        let response = send(request).await;
        assert_eq!((response.status.as_u16(), response.code()), (401, 90001));
        assert_eq!(response.json["status"], 401);
        assert_eq!(response.json["message"], "Unauthorized.");
        assert!(response.json["more_info"].is_string());
    }
}

#[tokio::test]
async fn bearer_token_is_accepted() {
    let env = TestEnv::start().await;
    let request = env.http.get(format!("{}/user", env.emulator.url())).bearer_auth(env.emulator.token());
    assert_eq!(send(request).await.text("username"), "rfranklin");
}

#[tokio::test]
async fn users_see_only_themselves() {
    let env = TestEnv::start().await;
    assert_eq!(env.get("/users/rfranklin").await.json["role"], "ADMIN");
    assert_eq!(env.get("/users/fcrick").await.code(), 2001);
    assert_eq!(env.get("/users/nobody").await.code(), 2002);
    assert_eq!(
        env.get("/user?fields=username,city").await.json,
        json!({"username": "rfranklin", "city": "London"})
    );
}

#[tokio::test]
async fn unknown_paths_and_methods_get_api_errors() {
    let env = TestEnv::start().await;
    let unknown = env.get("/no/such/thing").await;
    assert_eq!((unknown.status.as_u16(), unknown.code()), (404, 90003));
    let outside = send(env.http.get(env.emulator.url().replace("/v2", "/v3"))).await;
    assert_eq!((outside.status.as_u16(), outside.code()), (404, 90003));
    let method = send(env.request(Method::DELETE, "/projects")).await;
    assert_eq!((method.status.as_u16(), method.code()), (405, 90006));
    assert_eq!(header(&method.headers, "allow"), "GET, POST");
    let empty = send(env.request(Method::PATCH, "/projects/rfranklin/demo")).await;
    assert_eq!((empty.status.as_u16(), empty.code()), (400, 90000));
}

#[tokio::test]
async fn trailing_slash_is_ignored() {
    let env = TestEnv::start().await;
    assert_eq!(env.get("/projects/?offset=0").await.status, 200);
}

#[tokio::test]
async fn invalid_json_bodies_are_rejected() {
    let env = TestEnv::start().await;
    let post = |kind: &str, body: String| {
        send(env.request(Method::POST, "/projects").header("Content-Type", kind).body(body))
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
async fn responses_show_the_rate_limit() {
    let env = TestEnv::start().await;
    let first = env.get("/user").await;
    assert_eq!(header(&first.headers, "x-ratelimit-limit"), "1000");
    assert_eq!(header(&first.headers, "x-ratelimit-remaining"), "999");
    assert_eq!(header(&first.headers, "x-request-id").len(), 32);
    let missing = env.get("/no/such/thing").await;
    assert_eq!(header(&missing.headers, "x-ratelimit-remaining"), "998");
    let limit = env.get("/rate_limit").await;
    assert_eq!(limit.json["rate"]["remaining"], 998);
    assert_eq!(limit.json["rate"]["reset"].to_string(), header(&first.headers, "x-ratelimit-reset"));
    assert_eq!(
        limit.json["instance_limit"],
        json!({"limit": -1, "remaining": 9_223_372_036_854_775_807_i64})
    );
}

#[tokio::test]
async fn rate_limit_resets_with_its_window() {
    let mut env = TestEnv::with(Emulator::builder().rate_limit(2)).await;
    env.get("/user").await;
    env.get("/user").await;
    let late = env.get("/user").await;
    assert_eq!((late.status.as_u16(), late.code()), (429, 1000));
    assert_eq!(header(&late.headers, "x-ratelimit-remaining"), "0");
    env.emulator.clock().advance(Duration::from_secs(301));
    assert_eq!(env.get("/user").await.status, 200);
    env.as_user("fcrick");
    assert_eq!(env.get("/user").await.status, 200);
}

#[tokio::test]
async fn requests_are_recorded_with_responses() {
    let env = TestEnv::start().await;
    env.post("/projects?fields=id", json!({"name": "Demo"})).await;
    let requests = env.emulator.requests();
    assert_eq!(format!("{requests:?}"), "[Api POST /v2/projects?fields=id -> 200]");
    assert_eq!(requests[0].request_json(), Some(json!({"name": "Demo"})));
    assert_eq!(requests[0].response_json(), Some(json!({"id": "rfranklin/demo"})));
    assert_eq!(requests[0].header("x-sbg-auth-token"), Some(env.emulator.token().as_str()));
    env.emulator.clear_requests();
    assert!(env.emulator.requests().is_empty());
}
