//! Injected faults.

use std::time::{Duration, Instant};

use sbg_emulator::{Action, Emulator, FaultRule};
use serde_json::json;

use crate::{TestEnv, header, send};

async fn with(rule: FaultRule) -> (TestEnv, String) {
    let env = TestEnv::start().await;
    let id = env.file("0123456789");
    let url = env.download_url(&id).await;
    env.emulator.faults().add(rule);
    (env, url)
}

#[tokio::test]
async fn status_fault_hits_every_nth_request() {
    let status = Action::Status { code: 503, body: None, headers: vec![("Retry-After".into(), "1".into())] };
    let (env, url) = with(FaultRule::storage(status).every(2)).await;
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(env.read(&url, None).await.unwrap().status().as_u16());
    }
    assert_eq!(statuses, [200, 503, 200, 503]);
    let counters = env.emulator.faults().counters();
    assert_eq!((counters[0].matched, counters[0].fired), (4, 2));
    env.emulator.faults().clear();
    assert_eq!(env.read(&url, None).await.unwrap().status(), 200);
}

#[tokio::test]
async fn api_faults_look_like_the_platform() {
    let (env, _) = with(FaultRule::api(Action::Maintenance).nth(1)).await;
    let faults = env.emulator.faults();
    let maintenance = env.get("/user").await;
    assert_eq!((maintenance.status.as_u16(), maintenance.code()), (503, 0));
    faults.add(FaultRule::api(Action::RateLimited { reset_header: true }).nth(1));
    let limited = env.get("/user").await;
    assert_eq!((limited.status.as_u16(), limited.code()), (429, 1000));
    assert!(limited.headers.contains_key("x-ratelimit-reset"));
    faults.add(FaultRule::api(Action::RateLimited { reset_header: false }).nth(1));
    assert!(!env.get("/user").await.headers.contains_key("x-ratelimit-reset"));
    faults.add(FaultRule::api(Action::EmptyBody(500)).nth(1));
    assert_eq!(env.get("/user").await.status, 500);
    faults.add(FaultRule::api(Action::HtmlError).nth(1));
    let html = env.request(reqwest::Method::GET, "/user").send().await.unwrap();
    assert_eq!((html.status().as_u16(), header(html.headers(), "content-type")), (502, "text/html"));
    faults.add(FaultRule::api(Action::Redirect(format!("{}/rate_limit", env.emulator.url()))).nth(1));
    assert!(env.get("/user").await.json["rate"].is_object());
}

#[tokio::test]
async fn lost_response_takes_effect_but_reset_does_not() {
    let env = TestEnv::start().await;
    let create = || env.request(reqwest::Method::POST, "/projects").json(&json!({"name": "demo"})).send();
    env.emulator.faults().add(FaultRule::api(Action::Reset).method("POST").nth(1));
    assert!(create().await.is_err());
    assert!(env.get("/projects").await.column("id").is_empty());
    env.emulator.faults().add(FaultRule::api(Action::LostResponse).method("POST").nth(1));
    assert!(create().await.is_err());
    assert_eq!(env.get("/projects").await.column("id"), ["rfranklin/demo"]);
}

#[tokio::test]
async fn cut_body_ends_after_exact_byte_count() {
    for bytes in [0, 1, 5_000_000] {
        let env = TestEnv::start().await;
        env.emulator.create_project("demo");
        let id = env.emulator.create_large_file("rfranklin/demo", "big", 20_000_000);
        let url = env.download_url(&id).await;
        env.emulator.faults().add(FaultRule::storage(Action::CutBody(bytes)));
        let mut response = env.read(&url, None).await.unwrap();
        assert_eq!(header(response.headers(), "content-length"), "20000000");
        let mut got = 0;
        let error = loop {
            match response.chunk().await {
                Ok(Some(chunk)) => got += chunk.len() as u64,
                Ok(None) => break None,
                Err(error) => break Some(error),
            }
        };
        assert!(error.is_some());
        assert_eq!(got, bytes);
    }
}

#[tokio::test]
async fn stalled_body_stays_open() {
    let (env, url) = with(FaultRule::storage(Action::Stall(4))).await;
    let mut response = env.read(&url, None).await.unwrap();
    assert_eq!(response.chunk().await.unwrap().unwrap(), "0123");
    assert!(tokio::time::timeout(Duration::from_millis(200), response.chunk()).await.is_err());
}

#[tokio::test]
async fn range_faults_send_wrong_ranges() {
    let check = async |action: Action, status: u16, content_range: Option<&str>, body: &str| {
        let (env, url) = with(FaultRule::storage(action.clone())).await;
        let response = env.read(&url, Some("bytes=2-5")).await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{action:?}");
        let sent = response.headers().get("content-range").map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(sent.as_deref(), content_range, "{action:?}");
        assert_eq!(response.text().await.unwrap(), body, "{action:?}");
    };
    check(Action::ShortRange, 206, Some("bytes 2-3/10"), "23").await;
    check(Action::ShiftedRange, 206, Some("bytes 3-6/10"), "3456").await;
    check(Action::FullBodyInsteadOfRange, 200, None, "0123456789").await;
    check(Action::WrongTotal, 206, Some("bytes 2-5/11"), "2345").await;
    check(Action::NoETag, 206, Some("bytes 2-5/10"), "2345").await;
}

#[tokio::test]
async fn changed_etag_fails_if_match() {
    let (env, url) = with(FaultRule::storage(Action::ChangedETag).nth(2)).await;
    let etag = header(env.read(&url, None).await.unwrap().headers(), "etag").to_owned();
    let again = env.http.get(&url).header("If-Match", &etag).send().await.unwrap();
    assert_eq!(again.status(), 412);
}

#[tokio::test]
async fn latency_and_bandwidth_slow_responses() {
    let env =
        TestEnv::with(Emulator::builder().latency(Duration::from_millis(60)).bandwidth(1_000_000)).await;
    env.emulator.faults().add(FaultRule::api(Action::Delay(Duration::from_millis(60))));
    let started = Instant::now();
    env.get("/user").await;
    assert!(started.elapsed() >= Duration::from_millis(120));
    env.emulator.create_project("demo");
    let id = env.emulator.create_large_file("rfranklin/demo", "big", 300_000);
    let url = env.download_url(&id).await;
    let started = Instant::now();
    let body = env.read(&url, None).await.unwrap().bytes().await.unwrap();
    assert_eq!(body.len(), 300_000);
    assert!(started.elapsed() >= Duration::from_millis(250), "{:?}", started.elapsed());
}

#[tokio::test]
async fn fault_on_unread_body_still_responds() {
    let env = TestEnv::start().await;
    env.emulator.faults().add("any:503".parse().unwrap());
    let request = env.request(reqwest::Method::POST, "/projects").body(vec![b' '; 30_000_000]);
    assert_eq!(send(request).await.status, 503);
}
