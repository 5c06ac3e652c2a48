//! Outages of the API and of the storage: a transfer waits until they end, but not if waiting cannot help.

use std::time::Duration;

use anyhow::Result;
use futures::TryStreamExt as _;
use sbg::{ClientBuilder, ErrorKind};
use sbg_emulator::{Action, Emulator, FaultRule, StorageFlavor};
use sbg_tests::{MIB, Stage, assert_refused, eventually, quick_retry, random_bytes};

use crate::status;

/// Longer than any test takes.
const FOREVER: Duration = Duration::from_secs(600);

/// More requests than one call sends before it fails.
const MANY: u64 = 30;

/// A platform whose API resets the first [`MANY`] calls to this path.
async fn out(path: &str) -> Stage {
    let quick = |client: ClientBuilder| client.retry_policy(quick_retry());
    let stage = Stage::tuned(Emulator::builder().min_part_size(1), quick).await;
    stage.fault(FaultRule::api(Action::Reset).path(path).first(MANY));
    stage
}

#[tokio::test]
async fn upload_waits_while_the_api_is_down() -> Result<()> {
    let stage = out("/part/").await;
    let bytes = random_bytes(500);
    let upload = stage.client.upload(stage.local("a", &bytes)).to(&stage.project);
    let file = upload.part_size(100).await?;
    stage.assert_uploaded(&file.id, &bytes);
    assert_eq!(stage.storage("PUT").len(), 5);
    Ok(())
}

#[tokio::test]
async fn downloads_wait_while_the_api_is_down() -> Result<()> {
    let stage = out("/download_info").await;
    let id = stage.large_file("large", 20 * MIB);
    stage.client.file(&id).download(stage.path("large")).await?;
    stage.assert_downloaded(&stage.path("large"), &id);

    let stage = out("/download_info").await;
    let id = stage.file("a", "photograph 51");
    let pieces: Vec<_> = stage.client.file(&id).stream().try_collect().await?;
    assert_eq!(pieces.concat(), b"photograph 51");

    let stage = out("/download_info").await;
    (0..5).for_each(|number| drop(stage.file(&format!("{number}"), "content")));
    let files = stage.client.project(&stage.project).files();
    assert_eq!(files.download_tree(stage.path("tree")).await?.into_result()?.files.len(), 5);
    Ok(())
}

#[tokio::test]
async fn download_survives_an_api_outage_midway() -> Result<()> {
    let quick = |client: ClientBuilder| client.retry_policy(quick_retry());
    let stage = Stage::tuned(Emulator::builder(), quick).await;
    // The URL is refused after the first range, and no new one is available for a while.
    stage.fault(FaultRule::storage(Action::CutBody(u64::MAX)).nth(1));
    stage.fault(FaultRule::storage(status(403)).first(7));
    stage.fault(FaultRule::api(Action::CutBody(u64::MAX)).path("/download_info").nth(1));
    let outage = stage.fault(FaultRule::api(Action::Reset).path("/download_info").first(MANY));
    let id = stage.large_file("large", 60 * MIB);
    stage.client.file(&id).download(stage.path("large")).await?;
    stage.assert_downloaded(&stage.path("large"), &id);
    assert_eq!(stage.emulator.faults().fired(outage), MANY);
    Ok(())
}

#[tokio::test]
async fn waiting_for_the_api_frees_connections() -> Result<()> {
    let patient = |client: ClientBuilder| client.read_timeout(FOREVER);
    let stage = Stage::tuned(Emulator::builder(), patient).await;
    let id = stage.large_file("large", 60 * MIB);
    stage.fault(FaultRule::storage(Action::CutBody(u64::MAX)).nth(1));
    let refused = stage.fault(FaultRule::storage(status(403)));
    let renewal = format!("{id}/download_info");
    let held = stage.fault(FaultRule::api(Action::Delay(FOREVER)).path(&renewal).nth(2));
    let download = stage.client.file(&id).download(stage.path("large")).start();
    eventually("the renewal is waited for", || stage.emulator.faults().fired(held) == 1).await;
    eventually("all of them are refused", || stage.storage("GET").len() == 8).await;
    stage.emulator.faults().remove(refused);
    let other = stage.large_file("other", 20 * MIB);
    stage.client.file(&other).download(stage.path("other")).await?;
    stage.assert_downloaded(&stage.path("other"), &other);
    download.abort();
    assert_refused(download.wait().await, ErrorKind::Cancelled, &[]);
    Ok(())
}

#[tokio::test]
async fn refusal_without_its_body_is_still_a_refusal() -> Result<()> {
    let patient = |client: ClientBuilder| client.read_timeout(FOREVER);
    let lifetime = Duration::from_secs(60);
    // On other storages, the status alone does not show that the URL may have expired, or a small object comes with status 200.
    let s3 = Emulator::builder().url_lifetime(lifetime).storage(StorageFlavor::S3);
    let stage = Stage::tuned(s3, patient).await;
    // The first URL has expired when it is used, but only the head of the response shows it.
    stage.fault(FaultRule::storage(Action::ClockJump(2 * lifetime)).nth(1));
    stage.fault(FaultRule::storage(Action::Stall(0)).nth(1));
    let id = stage.file("a", "photograph 51");
    stage.client.file(&id).download(stage.path("a")).await?;
    stage.assert_downloaded(&stage.path("a"), &id);
    let statuses: Vec<_> = stage.storage("GET").iter().map(|request| request.status).collect();
    assert_eq!(statuses, [Some(403), Some(206)]);
    Ok(())
}

#[tokio::test]
async fn stalled_abort_does_not_hold_up_the_error() -> Result<()> {
    let stage = Stage::start().await;
    stage.fault(FaultRule::storage(status(400)));
    stage.fault(FaultRule::api(Action::Delay(FOREVER)).method("DELETE"));
    let upload = stage.client.upload(stage.local("a", "a")).to(&stage.project).await;
    assert_refused(upload, ErrorKind::Storage, &["the storage refused", "HTTP 400"]);
    assert_eq!(stage.calls("DELETE", "").len(), 1);
    Ok(())
}
