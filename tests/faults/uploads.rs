//! Uploads to an object store that misbehaves: the file is correct in the end, or there is no file and no unfinished upload.

use std::time::Duration;

use anyhow::Result;
use sbg::ErrorKind;
use sbg::transfer::Status;
use sbg_emulator::{Action, Emulator, FaultRule};
use sbg_tests::{Stage, assert_refused, eventually, random_bytes};

use crate::status;

/// Uploads ten parts under this fault, compares, and returns the number of sent parts.
async fn survives(rule: FaultRule) -> Result<usize> {
    survives_on(Stage::start().await, rule).await
}

async fn survives_on(stage: Stage, rule: FaultRule) -> Result<usize> {
    let fault = stage.fault(rule);
    let bytes = random_bytes(1_000_000);
    let path = stage.local("a", &bytes);
    let upload = stage.client.upload(path).to(&stage.project).part_size(100_000).start();
    let file = upload.wait().await?;
    assert!(stage.emulator.faults().fired(fault) > 0, "the fault was met");
    stage.assert_uploaded(&file.id, &bytes);
    let progress = upload.progress();
    assert_eq!((progress.bytes, progress.parts), (1_000_000, 10), "nothing counts twice");
    assert_eq!(stage.calls("POST", "/complete").len(), 1);
    Ok(stage.storage("PUT").len())
}

/// Fails to upload ten parts under this fault, and leaves no file and no unfinished upload.
async fn fails(rule: FaultRule, kind: ErrorKind, words: &[&str]) -> Result<Stage> {
    fails_on(Stage::start().await, rule, kind, words).await
}

async fn fails_on(stage: Stage, rule: FaultRule, kind: ErrorKind, words: &[&str]) -> Result<Stage> {
    stage.fault(rule);
    let path = stage.local("a", random_bytes(1000));
    let upload = stage.client.upload(path).to(&stage.project).part_size(100).start();
    assert_refused(upload.wait().await, kind, words);
    assert_eq!(upload.status(), Status::Failed);
    assert!(stage.client.uploads().list().await?.is_empty(), "the upload is aborted");
    assert!(stage.client.project(&stage.project).files().query().all().await?.is_empty());
    Ok(stage)
}

#[tokio::test]
async fn transiently_refused_part_is_resent() -> Result<()> {
    for code in [408, 429, 500, 503] {
        assert_eq!(survives(FaultRule::storage(status(code)).nth(3)).await?, 11, "{code}");
    }
    survives(FaultRule::storage(status(503)).every(3)).await?;
    Ok(())
}

#[tokio::test]
async fn part_refused_once_gets_another_url() -> Result<()> {
    assert_eq!(survives(FaultRule::storage(status(403)).nth(5)).await?, 11);
    Ok(())
}

#[tokio::test]
async fn part_without_etag_is_resent() -> Result<()> {
    let rule = FaultRule::storage(Action::NoETag).first(2);
    assert_eq!(survives_on(Stage::with_etags().await, rule).await?, 12);
    Ok(())
}

#[tokio::test]
async fn part_is_resent_after_a_connection_reset() -> Result<()> {
    for action in [Action::Reset, Action::LostResponse] {
        survives(FaultRule::storage(action).nth(4)).await?;
    }
    survives(FaultRule::storage(Action::Reset).every(4)).await?;
    Ok(())
}

#[tokio::test]
async fn part_is_resent_when_the_storage_is_silent() -> Result<()> {
    let impatient = |client: sbg::ClientBuilder| client.read_timeout(Duration::from_millis(300));
    let stage = Stage::tuned(Emulator::builder().min_part_size(1), impatient).await;
    stage.fault(FaultRule::storage(Action::Delay(Duration::from_secs(600))).nth(2));
    let bytes = random_bytes(500);
    let file = stage.client.upload(stage.local("a", &bytes)).to(&stage.project).part_size(100).await?;
    stage.assert_uploaded(&file.id, &bytes);
    assert!(stage.storage("PUT").len() >= 6);
    Ok(())
}

#[tokio::test]
async fn refused_parts_abort_the_upload() -> Result<()> {
    for code in [400, 403, 404] {
        let words = ["the storage refused", &format!("HTTP {code}")];
        let stage = fails(FaultRule::storage(status(code)), ErrorKind::Storage, &words).await?;
        assert_eq!(stage.calls("POST", "/complete").len(), 0, "what is not stored is not completed");
    }
    Ok(())
}

#[tokio::test]
async fn one_refused_part_fails_the_upload() -> Result<()> {
    let stage = fails(FaultRule::storage(status(400)).nth(7), ErrorKind::Storage, &["HTTP 400"]).await?;
    assert_eq!(stage.calls("POST", "/complete").len(), 0);
    Ok(())
}

#[tokio::test]
async fn part_stored_with_another_etag_fails_the_upload() -> Result<()> {
    let rule = FaultRule::storage(Action::ChangedETag).nth(3);
    let stage = Stage::with_etags().await;
    fails_on(stage, rule, ErrorKind::Conflict, &["upload_complete", "code 8007", "another ETag"]).await?;
    Ok(())
}

#[tokio::test]
async fn refused_completion_aborts_the_upload() -> Result<()> {
    let rule = FaultRule::api(status(500)).path("/complete");
    let stage = fails(rule, ErrorKind::Server, &["upload_complete", "HTTP 500"]).await?;
    assert_eq!(stage.calls("POST", "/complete").len(), 5);
    let rule = FaultRule::api(status(403)).path("/complete");
    let stage = fails(rule, ErrorKind::Forbidden, &["upload_complete", "HTTP 403"]).await?;
    assert_eq!(stage.calls("POST", "/complete").len(), 1);
    Ok(())
}

#[tokio::test]
async fn completion_is_retried_after_500_and_503() -> Result<()> {
    for code in [500, 503] {
        let stage = Stage::start().await;
        stage.fault(FaultRule::api(status(code)).path("/complete").first(1));
        let bytes = random_bytes(1000);
        let path = stage.local("a", &bytes);
        let file = stage.client.upload(path).to(&stage.project).await?;
        stage.assert_uploaded(&file.id, &bytes);
        assert_eq!(stage.calls("POST", "/complete").len(), 2, "{code}");
    }
    Ok(())
}

#[tokio::test]
async fn redirected_parts_are_sent_to_the_new_url() -> Result<()> {
    for redirect in [302, 307, 308] {
        let elsewhere = Action::RedirectWith { status: redirect, url: "/moved{path}".to_owned() };
        // Each part is sent twice but counts once.
        assert_eq!(survives(FaultRule::storage(elsewhere)).await?, 20, "{redirect}");
    }
    let see_other = Action::RedirectWith { status: 303, url: "/moved{path}".to_owned() };
    let words = ["redirects the request with a status that changes the method", "HTTP 303"];
    fails(FaultRule::storage(see_other), ErrorKind::Storage, &words).await?;
    let circle = Action::RedirectWith { status: 307, url: "{path}".to_owned() };
    fails(FaultRule::storage(circle), ErrorKind::Storage, &["more than 5 times"]).await?;
    Ok(())
}

#[tokio::test]
async fn refused_part_url_fails_the_upload() -> Result<()> {
    let rule = FaultRule::api(status(403)).path("/part/").nth(4);
    fails(rule, ErrorKind::Forbidden, &["upload_part_url", "HTTP 403"]).await?;
    Ok(())
}

#[tokio::test]
async fn failed_abort_keeps_the_original_error() -> Result<()> {
    let stage =
        Stage::tuned(Emulator::builder(), |client| client.retry_policy(sbg_tests::quick_retry())).await;
    stage.fault(FaultRule::storage(status(400)));
    stage.fault(FaultRule::api(status(500)).method("DELETE"));
    let upload = stage.client.upload(stage.local("a", "a")).to(&stage.project).await;
    assert_refused(upload, ErrorKind::Storage, &["the storage refused", "HTTP 400"]);
    assert_eq!(stage.client.uploads().list().await?.len(), 1, "it is there to be looked after");
    Ok(())
}

#[tokio::test]
async fn upload_waits_for_rate_limit_and_maintenance() -> Result<()> {
    for action in [Action::RateLimited { reset_header: false }, Action::Maintenance] {
        let quick = |client: sbg::ClientBuilder| {
            client.error_handler(
                sbg::pipeline::MaintenanceSleeper::default().interval(Duration::from_millis(5)),
            )
        };
        let stage = Stage::tuned(Emulator::builder().min_part_size(1), quick).await;
        let fault = stage.fault(FaultRule::api(action).method("GET").path("/part/").nth(4));
        let bytes = random_bytes(1000);
        let upload = stage.client.upload(stage.local("a", &bytes)).to(&stage.project);
        let file = upload.part_size(100).await?;
        assert_eq!(stage.emulator.faults().fired(fault), 1);
        stage.assert_uploaded(&file.id, &bytes);
        assert_eq!((stage.storage("PUT").len(), stage.calls("GET", "").len()), (10, 11), "asked again once");
    }
    Ok(())
}

#[tokio::test]
async fn slow_part_outlasts_the_read_timeout() -> Result<()> {
    let slow = Emulator::builder().bandwidth(4 << 20);
    let stage = Stage::tuned(slow, |client| client.read_timeout(Duration::from_millis(2500))).await;
    // Six seconds of continuous transfer.
    let bytes = random_bytes(24 << 20);
    let upload = stage.client.upload(stage.local("a", &bytes)).to(&stage.project);
    let file = upload.part_size(24 << 20).await?;
    stage.assert_uploaded(&file.id, &bytes);
    assert_eq!(stage.storage("PUT").len(), 1);
    Ok(())
}

#[tokio::test]
async fn second_part_waits_until_the_rate_is_known() -> Result<()> {
    const PART: u64 = 3 << 19;
    let stage = Stage::start().await;
    stage.fault(FaultRule::storage(Action::Delay(Duration::from_secs(1))).nth(1));
    let bytes = random_bytes(8 * usize::try_from(PART)?);
    let upload = stage.client.upload(stage.local("a", &bytes)).to(&stage.project).part_size(PART).start();
    // All parts are ready to be sent, but the first one is not confirmed.
    let ready = || stage.calls("GET", "").iter().filter(|call| call.status == Some(200)).count() == 8;
    eventually("all URLs are there", || ready() && !stage.storage("PUT").is_empty()).await;
    let puts = stage.storage("PUT");
    assert!(puts.len() == 1 && puts[0].status.is_none(), "{puts:?}");
    stage.assert_uploaded(&upload.wait().await?.id, &bytes);
    Ok(())
}
