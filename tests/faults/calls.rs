//! API calls: which are retried, and how often.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use parking_lot::Mutex;
use sbg::ErrorKind;
use sbg::pipeline::{
    Attempt, Decision, ErrorHandler, GeneralErrorSleeper, MaintenanceSleeper, RateLimitSleeper, Response,
    RetryPolicy,
};
use sbg_emulator::{Action, Emulator, FaultRule};
use sbg_tests::{Stage, assert_refused, quick_retry};

use crate::status;

/// A client whose retries wait almost no time.
async fn stage() -> Stage {
    Stage::tuned(Emulator::builder(), |client| client.retry_policy(quick_retry())).await
}

#[tokio::test]
async fn rate_limited_call_waits_for_the_reset() -> Result<()> {
    let stage = stage().await;
    stage.fault(FaultRule::api(Action::RateLimited { reset_header: true }).nth(1));
    assert_eq!(stage.client.users().me().await?.username, "rfranklin");
    let statuses: Vec<_> = stage.calls("GET", "/user").iter().map(|request| request.status).collect();
    assert_eq!(statuses, [Some(429), Some(200)]);
    Ok(())
}

#[tokio::test]
async fn rate_limited_call_waits_without_a_reset() -> Result<()> {
    let stage = stage().await;
    stage.fault(FaultRule::api(Action::RateLimited { reset_header: false }).method("POST").nth(1));
    // A refused call was not carried out, so even a creation is retried.
    assert_eq!(stage.client.projects().create("x").await?.id, "rfranklin/x");
    let statuses: Vec<_> = stage.calls("POST", "/projects").iter().map(|request| request.status).collect();
    assert_eq!(statuses, [Some(429), Some(200)]);
    Ok(())
}

#[tokio::test]
async fn rate_limit_without_handler_is_an_error() -> Result<()> {
    let stage = Stage::tuned(Emulator::builder(), sbg::ClientBuilder::without_error_handlers).await;
    stage.fault(FaultRule::api(Action::RateLimited { reset_header: true }));
    let error = assert_refused(
        stage.client.users().me().await,
        ErrorKind::RateLimited,
        &["user_me", "Rate limit exceeded", "HTTP 429", "code 1000"],
    );
    assert!(error.is_rate_limited() && error.is_transient());
    assert_eq!(stage.emulator.requests().len(), 1);
    Ok(())
}

#[tokio::test]
async fn maintenance_is_retried_even_for_a_creation() -> Result<()> {
    let sleeper = MaintenanceSleeper::default().interval(Duration::from_millis(5));
    let stage = Stage::tuned(Emulator::builder(), |client| client.error_handler(sleeper)).await;
    stage.fault(FaultRule::api(Action::Maintenance).first(3));
    assert_eq!(stage.client.projects().create("x").await?.id, "rfranklin/x");
    assert_eq!(stage.calls("POST", "/projects").len(), 4);
    Ok(())
}

#[tokio::test]
async fn endless_maintenance_is_an_error() -> Result<()> {
    let sleeper =
        MaintenanceSleeper::default().interval(Duration::from_millis(100)).max_wait(Duration::from_secs(1));
    let stage = Stage::tuned(Emulator::builder(), |client| client.error_handler(sleeper)).await;
    stage.fault(FaultRule::api(Action::Maintenance));
    let error =
        assert_refused(stage.client.users().me().await, ErrorKind::Maintenance, &["HTTP 503", "code 0"]);
    assert!(error.is_maintenance() && error.is_transient());
    let sent = u32::try_from(stage.emulator.requests().len())?;
    assert!((2..=11).contains(&sent) && error.attempts() == sent, "{sent} {error}");
    Ok(())
}

#[tokio::test]
async fn server_errors_are_retried_if_idempotent() -> Result<()> {
    for code in [500, 502, 503, 504] {
        let stage = stage().await;
        stage.fault(FaultRule::api(status(code)).first(3));
        assert_eq!(stage.client.users().me().await?.username, "rfranklin");
        assert_eq!(stage.emulator.requests().len(), 4);

        stage.emulator.clear_requests();
        stage.emulator.faults().clear();
        stage.fault(FaultRule::api(status(code)).first(1));
        stage.client.project(&stage.project).edit().name("x").await?;
        assert_eq!(stage.calls("PATCH", "/demo").len(), 2, "a change to a given value can be sent again");
    }
    Ok(())
}

#[tokio::test]
async fn deletion_succeeds_if_404_follows_a_5xx() -> Result<()> {
    for code in [500, 502, 503, 504] {
        let stage = stage().await;
        let id = stage.file("a", "a");
        // The platform may have deleted it before the failure. Then the second attempt gets a 404.
        stage.fault(FaultRule::api(status(code)).method("DELETE").nth(1));
        stage.fault(FaultRule::api(status(404)).method("DELETE").nth(1));
        stage.client.file(&id).delete().await?;
        assert_eq!(stage.calls("DELETE", &id).len(), 2, "{code}");
    }
    Ok(())
}

#[tokio::test]
async fn server_errors_of_a_creation_are_not_retried() -> Result<()> {
    for code in [500, 502, 503, 504] {
        let stage = stage().await;
        stage.fault(FaultRule::api(status(code)).method("POST"));
        let words = ["project_create", &format!("HTTP {code}")];
        let error = assert_refused(stage.client.projects().create("x").await, ErrorKind::Server, &words);
        assert!(error.is_transient() && error.attempts() == 1);
        assert_eq!(stage.emulator.requests().len(), 1);
    }
    Ok(())
}

#[tokio::test]
async fn retries_end_at_the_attempt_limit() -> Result<()> {
    let stage = stage().await;
    for code in [500, 502, 503, 504] {
        stage.emulator.clear_requests();
        let rule = stage.fault(FaultRule::api(status(code)));
        let words = [&format!("HTTP {code}"), "5 attempts"];
        let error = assert_refused(stage.client.users().me().await, ErrorKind::Server, &words);
        assert!(error.is_transient() && error.attempts() == 5);
        assert_eq!(stage.emulator.requests().len(), 5);
        stage.emulator.faults().remove(rule);
    }

    let stage = Stage::tuned(Emulator::builder(), |client| client.retry_policy(RetryPolicy::none())).await;
    stage.fault(FaultRule::api(Action::Reset));
    assert_refused(stage.client.users().me().await, ErrorKind::Network, &["user_me"]);
    assert_eq!(stage.emulator.requests().len(), 1);
    Ok(())
}

#[tokio::test]
async fn final_refusals_are_never_retried() -> Result<()> {
    for (code, kind) in [
        (400, ErrorKind::InvalidRequest),
        (401, ErrorKind::Unauthorized),
        (402, ErrorKind::Quota),
        (403, ErrorKind::Forbidden),
        (404, ErrorKind::NotFound),
        (409, ErrorKind::Conflict),
        (501, ErrorKind::InvalidRequest),
    ] {
        let stage = stage().await;
        stage.fault(FaultRule::api(status(code)));
        let error = assert_refused(stage.client.users().me().await, kind, &[&format!("HTTP {code}")]);
        assert!(!error.is_transient(), "{code}");
        assert_eq!(stage.emulator.requests().len(), 1, "{code}");
    }
    Ok(())
}

#[tokio::test]
async fn general_sleeper_retries_every_server_error() -> Result<()> {
    let sleeper = GeneralErrorSleeper::default().interval(Duration::from_millis(2)).max_retries(3);
    let stage = Stage::tuned(Emulator::builder(), |client| {
        client.error_handler(sleeper).retry_policy(RetryPolicy::none())
    })
    .await;
    stage.fault(FaultRule::api(status(500)).first(2));
    stage.client.projects().create("x").await?;
    assert_eq!(stage.emulator.requests().len(), 3);

    stage.emulator.clear_requests();
    stage.fault(FaultRule::api(status(500)));
    assert_refused(stage.client.users().me().await, ErrorKind::Server, &["HTTP 500", "4 attempts"]);
    assert_eq!(stage.emulator.requests().len(), 4);
    Ok(())
}

#[tokio::test]
async fn server_error_handler_waits_count_as_retries() -> Result<()> {
    for (waits, sent) in [(3, 5), (7, 8)] {
        let sleeper = GeneralErrorSleeper::default().interval(Duration::from_millis(2)).max_retries(waits);
        let stage = Stage::tuned(Emulator::builder(), |client| {
            client.error_handler(sleeper).retry_policy(quick_retry())
        })
        .await;
        stage.fault(FaultRule::api(status(503)));
        assert_refused(stage.client.users().me().await, ErrorKind::Server, &["HTTP 503"]);
        assert_eq!(
            stage.emulator.requests().len(),
            sent,
            "{waits} waits of the handler, 5 attempts of the policy"
        );
    }
    Ok(())
}

/// Replaces a missing user by an unknown one, and retries at most twice.
#[derive(Debug)]
struct Anonymous;

impl ErrorHandler for Anonymous {
    fn handle(&self, answer: &Response, attempt: &Attempt) -> Decision {
        match (answer.status(), attempt.operation.id) {
            (404, "user_get") if attempt.number < 2 => Decision::RetryAfter(Duration::ZERO),
            (404, "user_get") => {
                let ok = reqwest::StatusCode::OK;
                Decision::Replace(Response::new(ok, answer.headers().clone(), r#"{"username": "unknown"}"#))
            }
            _ => Decision::Pass,
        }
    }
}

#[tokio::test]
async fn custom_handler_can_retry_or_replace_a_response() -> Result<()> {
    let stage = Stage::tuned(Emulator::builder(), |client| client.error_handler(Anonymous)).await;
    assert_eq!(stage.client.user("nobody").get().await?.username, "unknown");
    assert_eq!(stage.emulator.requests().len(), 2);
    let other = stage.client.file("5678").get().await;
    assert!(assert_refused(other, ErrorKind::NotFound, &["file_get"]).is_not_found());
    Ok(())
}

/// Responds in place of a missing user, with this name.
#[derive(Debug)]
struct Stand {
    name: &'static str,
    asked: Arc<Mutex<Vec<String>>>,
}

impl ErrorHandler for Stand {
    fn name(&self) -> &str {
        self.name
    }

    fn handle(&self, answer: &Response, attempt: &Attempt) -> Decision {
        let mut asked = self.asked.lock();
        asked.push(format!("{} {} {}", self.name, attempt.number, answer.status()));
        match answer.status() {
            404 => {
                let body = format!(r#"{{"username": "{}"}}"#, self.name);
                Decision::Replace(Response::new(reqwest::StatusCode::OK, answer.headers().clone(), body))
            }
            418 => Decision::RetryAfter(Duration::ZERO),
            _ => Decision::Pass,
        }
    }
}

#[tokio::test]
async fn handlers_run_in_order_and_can_be_changed() -> Result<()> {
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let stand = |name| Stand { name, asked: asked.clone() };
    let said = || std::mem::take(&mut *asked.lock());
    let stage = Stage::tuned(Emulator::builder(), |client| client.error_handler(stand("first"))).await;
    let client = &stage.client;
    let nobody = client.user("nobody");

    client.add_error_handler(stand("second"));
    assert_eq!(nobody.get().await?.username, "first", "the first one that answers decides");
    assert_eq!(said(), ["first 1 404", "second 1 200"], "those behind it see its answer");

    // The first handler retries the call, and also gets the new response.
    stage.fault(FaultRule::api(status(418)).nth(1));
    assert_eq!(client.users().me().await?.username, "rfranklin");
    assert_eq!(said(), ["first 1 418", "first 2 200", "second 2 200"]);

    // A handler replaces the one with the same name, and clones share the handlers.
    client.clone().add_error_handler(Stand { name: "first", asked: Arc::default() });
    assert_eq!(nobody.get().await?.username, "first");
    assert_eq!(said(), ["second 1 200"]);
    assert!(client.remove_error_handler("first") && !client.remove_error_handler("first"));
    assert_eq!(nobody.get().await?.username, "second");
    assert!(client.remove_error_handler("second"));
    assert!(nobody.get().await.is_err_and(|error| error.is_not_found()));

    // Default handlers can be replaced in the same way.
    assert!(
        client.remove_error_handler("RateLimitSleeper") && client.remove_error_handler("MaintenanceSleeper")
    );
    stage.emulator.clear_requests();
    stage.fault(FaultRule::api(Action::Maintenance));
    assert_refused(client.users().me().await, ErrorKind::Maintenance, &["HTTP 503", "code 0"]);
    assert_eq!(stage.emulator.requests().len(), 1);
    Ok(())
}

#[tokio::test]
async fn invalid_reset_does_not_hold_up_a_call() -> Result<()> {
    for reset in
        [None, Some(""), Some("soon"), Some("-1"), Some("0"), Some("1e9"), Some("99999999999999999999")]
    {
        let sleeper = RateLimitSleeper::default().max_wait(Duration::from_millis(5));
        let stage = Stage::tuned(Emulator::builder(), |client| client.error_handler(sleeper)).await;
        let mut headers = vec![
            ("x-ratelimit-limit".to_owned(), "1000".to_owned()),
            ("x-ratelimit-remaining".to_owned(), "0".to_owned()),
        ];
        headers.extend(reset.map(|reset| ("x-ratelimit-reset".to_owned(), reset.to_owned())));
        stage.fault(FaultRule::api(Action::Status { code: 429, body: None, headers }).first(3));
        assert_eq!(stage.client.users().me().await?.username, "rfranklin", "{reset:?}");
        assert_eq!(stage.emulator.requests().len(), 4, "{reset:?}");
    }
    Ok(())
}

#[tokio::test]
async fn far_future_window_does_not_delay_calls() -> Result<()> {
    let stage = stage().await;
    for (reset, remaining) in [("99999999999", "0"), ("9223372036854775807", "-5"), ("1", "0")] {
        let headers = [("limit", "1000"), ("remaining", remaining), ("reset", reset)];
        let headers = headers.map(|(name, value)| (format!("x-ratelimit-{name}"), value.to_owned()));
        let body = Some(serde_json::json!({"username": "rfranklin"}));
        let rule = stage.fault(FaultRule::api(Action::Status { code: 200, body, headers: headers.into() }));
        for _ in 0..3 {
            stage.client.users().me().await?;
        }
        stage.emulator.faults().remove(rule);
    }
    assert_eq!(stage.emulator.requests().len(), 9);
    Ok(())
}

#[tokio::test]
async fn handler_waits_do_not_use_up_retries() -> Result<()> {
    let sleeper = MaintenanceSleeper::default().interval(Duration::from_millis(2));
    let stage =
        Stage::tuned(Emulator::builder(), |client| client.error_handler(sleeper).retry_policy(quick_retry()))
            .await;
    // Each maintenance is followed by connection resets.
    for _ in 0..2 {
        stage.fault(FaultRule::api(Action::Maintenance).first(3));
        stage.fault(FaultRule::api(Action::Reset).first(3));
    }
    assert_eq!(stage.client.users().me().await?.username, "rfranklin");
    assert_eq!(stage.emulator.requests().len(), 13);
    Ok(())
}
