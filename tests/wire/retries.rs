//! Retried responses and the waits before retries, as the server sees them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Result;
use futures::future::try_join_all;
use httpmock::HttpMockResponse;
use parking_lot::Mutex;
use sbg::pipeline::{RetryPolicy, Waiting};
use sbg::{ClientBuilder, ErrorKind};
use sbg_tests::{assert_refused, quick_retry};
use serde_json::{Value, json};

use super::{Seen, Wire, project, response};

/// The response of a gateway when the platform does not respond.
const HTML: &str = "<html><body><h1>503 Service Unavailable</h1></body></html>";

type Waits = Arc<Mutex<Vec<Waiting>>>;

/// An error with this body and, if given, with `Retry-After`.
fn refusal(status: u16, retry_after: Option<&str>, body: &str) -> HttpMockResponse {
    let response = HttpMockResponse::builder().status(status).body(body);
    match retry_after {
        Some(wait) => response.header("retry-after", wait).build(),
        None => response.build(),
    }
}

fn user() -> HttpMockResponse {
    response(200, &json!({"username": "rfranklin"}))
}

/// A server that responds to its first request with `first` and to all others with `rest`, and the recorded waits of its client.
async fn failing_once(
    first: impl Fn() -> HttpMockResponse + Send + Sync + 'static,
    rest: impl Fn(&Seen) -> HttpMockResponse + Send + Sync + 'static,
    tune: impl FnOnce(ClientBuilder) -> ClientBuilder,
) -> (Wire, Waits) {
    let waits = Waits::default();
    let log = waits.clone();
    let count = AtomicUsize::new(0);
    let respond = move |seen: &Seen| {
        if count.fetch_add(1, Ordering::SeqCst) == 0 { first() } else { rest(seen) }
    };
    let tell = move |waiting: &Waiting| {
        log.lock().push(waiting.clone());
    };
    (Wire::tuned(respond, |client| tune(client.on_wait(tell))).await, waits)
}

/// Reason and length of each wait in seconds.
fn told(waits: &Waits) -> Vec<(String, u64)> {
    let waits = waits.lock();
    waits.iter().map(|waiting| (waiting.reason.clone(), waiting.wait.as_secs())).collect()
}

/// A list of 250 files in pages of 100, which fails once at this offset.
async fn files_failing_at(offset: usize, status: u16, body: &'static str) -> Wire {
    let failed = AtomicUsize::new(0);
    let respond = move |seen: &Seen| {
        let query = seen.target.split(['?', '&']);
        let at: usize =
            query.filter_map(|pair| pair.strip_prefix("offset=")).map(|at| at.parse().unwrap_or(0)).sum();
        if at == offset && failed.fetch_add(1, Ordering::SeqCst) == 0 {
            return refusal(status, None, body);
        }
        let items: Vec<Value> =
            (at..250).take(100).map(|id| json!({"id": id.to_string(), "name": "x"})).collect();
        let next = json!({"rel": "next", "href": format!("/v2/files?offset={}&limit=100", at + 100), "method": "GET"});
        let links = if at + 100 < 250 { vec![next] } else { Vec::new() };
        HttpMockResponse::builder()
            .status(200)
            .header("content-type", "application/json")
            .header("x-total-matching-query", "250")
            .body(json!({"items": items, "links": links}).to_string())
            .build()
    };
    Wire::tuned(respond, |client| client.retry_policy(quick_retry())).await
}

#[tokio::test]
async fn failed_page_does_not_end_a_list() -> Result<()> {
    let json = r#"{"status": 503, "code": 10001, "message": "Unknown error."}"#;
    for (status, body) in [(500, json), (500, HTML), (503, json), (503, HTML), (502, HTML), (504, "")] {
        for offset in [0, 100, 200] {
            let wire = files_failing_at(offset, status, body).await;
            let files: Vec<_> = wire.client.files().query().project(project()).items().try_collect().await?;
            let ids: Vec<_> = files.into_iter().map(|file| file.id).collect();
            assert_eq!(ids, (0..250).map(|id| id.to_string()).collect::<Vec<_>>(), "{status} {offset}");
            assert_eq!(wire.all().len(), 4, "{status} {offset}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn creation_is_not_retried_after_500_or_503() {
    for status in [500, 503] {
        let (wire, _) =
            failing_once(move || refusal(status, Some("1"), HTML), |_| user(), |client| client).await;
        let words = ["project_create", &format!("HTTP {status}")];
        assert_refused(wire.client.projects().create("x").await, ErrorKind::Server, &words);
        assert_eq!(wire.all().len(), 1);
    }
}

#[tokio::test]
async fn retry_after_of_a_429_is_obeyed_without_reset() -> Result<()> {
    let limited = || refusal(429, Some("1"), r#"{"code": 1000, "message": "Rate limit exceeded!"}"#);
    let (wire, waits) = failing_once(limited, |_| user(), |client| client).await;
    wire.client.users().me().await?;
    assert_eq!(wire.all().len(), 2);
    assert_eq!(told(&waits), [("RateLimitSleeper".to_owned(), 1)]);
    Ok(())
}

#[tokio::test]
async fn retry_after_of_a_503_overrides_the_backoff() -> Result<()> {
    let (wire, waits) = failing_once(
        || refusal(503, Some("1"), HTML),
        |_| user(),
        |client| client.retry_policy(quick_retry()),
    )
    .await;
    wire.client.users().me().await?;
    assert_eq!(wire.all().len(), 2);
    assert_eq!(told(&waits), [("retry".to_owned(), 1)]);
    Ok(())
}

#[tokio::test]
async fn retry_after_date_uses_the_server_clock() -> Result<()> {
    let dated = || {
        HttpMockResponse::builder()
            .status(429)
            .header("date", "Wed, 24 Apr 2019 11:51:20 GMT")
            .header("retry-after", "Wed, 24 Apr 2019 11:51:21 GMT")
            .build()
    };
    let (wire, waits) = failing_once(dated, |_| user(), |client| client).await;
    wire.client.users().me().await?;
    assert_eq!(wire.all().len(), 2);
    assert_eq!(told(&waits), [("RateLimitSleeper".to_owned(), 1)]);
    Ok(())
}

#[tokio::test]
async fn long_retry_after_is_an_error_that_says_when() {
    for (status, seconds) in [(429, "3600"), (503, "3600"), (503, "121"), (429, "331")] {
        let (wire, waits) =
            failing_once(move || refusal(status, Some(seconds), HTML), |_| user(), |client| client).await;
        let words = [&format!("HTTP {status}"), &format!("the server asks to retry after {seconds} s, at 2")];
        let error = assert_refused(
            wire.client.users().me().await,
            if status == 429 { ErrorKind::RateLimited } else { ErrorKind::Server },
            &words.map(String::as_str),
        );
        assert_eq!((error.attempts(), wire.all().len()), (1, 1));
        assert_eq!(told(&waits), []);
        // Other calls do not wait.
        assert!(wire.client.users().me().await.is_ok());
        assert_eq!(told(&waits), []);
    }
}

#[tokio::test]
async fn retry_after_holds_parallel_calls() -> Result<()> {
    for status in [429, 503] {
        let (wire, waits) = failing_once(
            move || refusal(status, Some("1"), "{}"),
            |_| user(),
            |client| client.max_parallel_requests(1),
        )
        .await;
        try_join_all((0..20).map(|_| wire.client.users().me().send())).await?;
        // 20 successful responses and the refused one: no other call was refused.
        assert_eq!(wire.all().len(), 21, "{status}");
        let lines = told(&waits).into_iter().filter(|(reason, _)| reason == "rate limit").count();
        assert_eq!(lines, 19, "{status}: the others have waited in line");
    }
    Ok(())
}

#[tokio::test]
async fn retry_after_does_not_hold_unpaced_calls() -> Result<()> {
    let tune = |client: ClientBuilder| {
        client.without_error_handlers().retry_policy(RetryPolicy::none()).wait_for_rate_limit(false)
    };
    let (wire, waits) = failing_once(|| refusal(429, Some("300"), "{}"), |_| user(), tune).await;
    assert!(wire.client.users().me().await.is_err_and(|error| error.is_rate_limited()));
    tokio::time::timeout(Duration::from_secs(60), wire.client.users().me().send()).await??;
    assert_eq!(told(&waits), []);
    Ok(())
}
