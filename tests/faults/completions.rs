//! Completions of uploads with lost responses: the client finds out the result before it repeats the completion or fails.

use anyhow::Result;
use sbg::ClientBuilder;
use sbg_emulator::{Action, Emulator, FaultRule};
use sbg_tests::{Stage, quick_retry};
use serde_json::json;

async fn stage() -> Stage {
    let quick = |client: ClientBuilder| client.retry_policy(quick_retry());
    Stage::tuned(Emulator::builder().min_part_size(1), quick).await
}

/// Makes the platform show the upload as not yet completed, this many times.
fn shown(stage: &Stage, times: u64) -> sbg_emulator::FaultId {
    // Part URLs have the same path prefix.
    stage.fault(FaultRule::api(Action::CutBody(u64::MAX)).method("GET").path("/part/"));
    let body = Some(json!({"upload_id": "u"}));
    let shown = Action::Status { code: 200, body, headers: Vec::new() };
    stage.fault(FaultRule::api(shown).method("GET").path("/upload/multipart/").first(times))
}

#[tokio::test]
async fn slow_completion_is_polled_and_not_repeated() -> Result<()> {
    let stage = stage().await;
    stage.fault(FaultRule::api(Action::LostResponse).path("/complete"));
    let shown = shown(&stage, 3);
    let file = stage.client.upload(stage.local("a", "ACGT")).to(&stage.project).await?;
    stage.assert_uploaded(&file.id, b"ACGT");
    assert_eq!(stage.emulator.faults().fired(shown), 3);
    assert_eq!(stage.calls("POST", "/complete").len(), 1);
    Ok(())
}

#[tokio::test]
async fn refused_repeat_completion_is_a_success() -> Result<()> {
    let stage = stage().await;
    stage.fault(FaultRule::api(Action::LostResponse).path("/complete").nth(1));
    // As often as the client polls after a broken connection.
    let shown = shown(&stage, 5);
    let file = stage.client.upload(stage.local("a", "ACGT")).to(&stage.project).await?;
    stage.assert_uploaded(&file.id, b"ACGT");
    assert_eq!(stage.emulator.faults().fired(shown), 5);
    assert_eq!(stage.calls("POST", "/complete").len(), 2, "the second one is refused");
    assert!(stage.calls("DELETE", "").is_empty(), "nothing is aborted");
    Ok(())
}
