//! Connections that break before the request is carried out, after it, or during the response.

use std::time::Duration;

use anyhow::Result;
use sbg::ErrorKind;
use sbg_emulator::{Action, Emulator, FaultRule};
use sbg_tests::{Stage, assert_refused, quick_retry, random_bytes};

async fn stage() -> Stage {
    Stage::tuned(Emulator::builder().min_part_size(1), |client| client.retry_policy(quick_retry())).await
}

#[tokio::test]
async fn get_is_retried_on_connection_reset() -> Result<()> {
    for action in [Action::Reset, Action::LostResponse, Action::CutBody(0), Action::CutBody(20)] {
        let stage = stage().await;
        stage.fault(FaultRule::api(action.clone()).first(2));
        assert_eq!(stage.client.users().me().await?.username, "rfranklin", "{action:?}");
        assert_eq!(stage.emulator.requests().len(), 3, "{action:?}");
    }
    Ok(())
}

#[tokio::test]
async fn creation_with_lost_response_is_not_retried() -> Result<()> {
    for action in [Action::LostResponse, Action::CutBody(0), Action::CutBody(20)] {
        let stage = stage().await;
        stage.fault(FaultRule::api(action.clone()).method("POST"));
        let error = assert_refused(
            stage.client.projects().create("x").await,
            ErrorKind::Network,
            &["project_create", "the connection broke"],
        );
        assert!(error.is_transient() && error.attempts() == 1, "{error:?}");
        assert_eq!(stage.calls("POST", "/projects").len(), 1, "{action:?}");
        assert!(stage.client.project("rfranklin/x").get().await.is_ok(), "it was carried out: {action:?}");
    }
    Ok(())
}

#[tokio::test]
async fn creation_is_not_retried_on_connection_reset() -> Result<()> {
    let stage = stage().await;
    stage.fault(FaultRule::api(Action::Reset).method("POST"));
    // The first request uses a connection that was used before.
    stage.client.users().me().await?;
    for sent in 1..=2 {
        assert_refused(stage.client.projects().create("x").await, ErrorKind::Network, &["project_create"]);
        assert_eq!(stage.calls("POST", "/projects").len(), sent);
    }
    Ok(())
}

#[tokio::test]
async fn silent_server_times_out() -> Result<()> {
    let patient = |client: sbg::ClientBuilder| {
        client.read_timeout(Duration::from_millis(200)).retry_policy(quick_retry())
    };
    let stage = Stage::tuned(Emulator::builder(), patient).await;
    stage.fault(FaultRule::api(Action::Stall(10)).first(1));
    assert_eq!(stage.client.users().me().await?.username, "rfranklin");
    assert_eq!(stage.emulator.requests().len(), 2);

    stage.fault(FaultRule::api(Action::Stall(10)).method("POST"));
    let error = assert_refused(
        stage.client.projects().create("x").await,
        ErrorKind::Timeout,
        &["project_create", "no data arrived for too long"],
    );
    assert!(error.is_transient() && error.attempts() == 1);
    Ok(())
}

#[tokio::test]
async fn deletion_with_lost_response_succeeds() -> Result<()> {
    let stage = stage().await;
    let file = stage.client.file(stage.file("a", "a"));
    stage.fault(FaultRule::api(Action::LostResponse).method("DELETE").nth(1));
    file.delete().await?;
    assert_eq!(stage.calls("DELETE", file.id()).len(), 2);
    let again = file.delete().await;
    assert!(
        assert_refused(again, ErrorKind::NotFound, &["file_delete"]).is_not_found(),
        "this one was not lost"
    );
    Ok(())
}

#[tokio::test]
async fn upload_calls_are_retried_on_connection_reset() -> Result<()> {
    let stage = stage().await;
    stage.fault(FaultRule::api(Action::Reset).path("/part/").first(3));
    stage.fault(FaultRule::api(Action::CutBody(9)).path("/part/").first(3));
    let bytes = random_bytes(1000);
    let file = stage.client.upload(stage.local("a", &bytes)).to(&stage.project).part_size(100).await?;
    stage.assert_uploaded(&file.id, &bytes);
    Ok(())
}

#[tokio::test]
async fn upload_init_with_lost_response_is_not_retried() -> Result<()> {
    let stage = stage().await;
    stage.fault(FaultRule::api(Action::LostResponse).method("POST").path("/upload/multipart"));
    let upload = stage.client.upload(stage.local("a", "a")).to(&stage.project).await;
    assert_refused(upload, ErrorKind::Network, &["upload_init", "the connection broke"]);
    assert_eq!(stage.calls("POST", "/upload/multipart").len(), 1);
    assert_eq!(stage.storage("PUT").len(), 0);
    Ok(())
}

#[tokio::test]
async fn completion_with_lost_response_succeeds() -> Result<()> {
    let stage = stage().await;
    stage.fault(FaultRule::api(Action::LostResponse).path("/complete"));
    let file = stage.client.upload(stage.local("a", "ACGT")).to(&stage.project).await?;
    stage.assert_uploaded(&file.id, b"ACGT");
    assert_eq!(stage.calls("POST", "/complete").len(), 1);
    assert!(stage.client.uploads().list().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn completion_is_retried_on_connection_reset() -> Result<()> {
    let stage = stage().await;
    stage.fault(FaultRule::api(Action::Reset).path("/complete").first(3));
    let file = stage.client.upload(stage.local("a", "ACGT")).to(&stage.project).await?;
    stage.assert_uploaded(&file.id, b"ACGT");
    assert_eq!(stage.calls("POST", "/complete").len(), 4);
    Ok(())
}
