//! Pausing, resuming and watching transfers.

use std::time::Duration;

use anyhow::Result;
use futures::StreamExt as _;
use sbg::ErrorKind;
use sbg::transfer::{Downloaded, Progress, Status, Transfer};
use sbg_emulator::{Action, Emulator, FaultRule};
use sbg_tests::{MIB, Stage, assert_refused, eventually, random_bytes};

/// Longer than any test takes.
const FOREVER: Duration = Duration::from_secs(600);

async fn stage() -> Stage {
    Stage::with(Emulator::builder().min_part_size(1)).await
}

/// A download of three equal ranges, one of which stalls.
async fn stalled(stage: &Stage) -> (String, Transfer<Downloaded>) {
    stage.fault(FaultRule::storage(Action::Stall(1000)).nth(2));
    let id = stage.large_file("large", 24 * MIB);
    let download = stage.client.file(&id).download(stage.path("large")).start();
    // On a slow machine the range may be split, and its end arrive.
    eventually("only one range is missing", || {
        let progress = download.progress();
        progress.parts >= 2 && progress.parts + 1 == progress.parts_total
    })
    .await;
    (id, download)
}

#[tokio::test]
async fn paused_download_resumes() -> Result<()> {
    let stage = stage().await;
    let (id, download) = stalled(&stage).await;
    download.pause()?;
    assert_eq!(download.status(), Status::Paused);
    assert_eq!(stage.local_names(), ["large.sbg-part"]);
    let parts = download.progress().parts;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(download.progress().parts, parts);
    download.resume()?;
    download.wait().await?;
    stage.assert_downloaded(&stage.path("large"), &id);
    assert_eq!(download.progress().bytes, 24 * MIB as u64, "nothing counts twice");
    assert_eq!(stage.calls("GET", "/download_info").len(), 1);
    Ok(())
}

#[tokio::test]
async fn paused_upload_resumes_as_the_same_upload() -> Result<()> {
    let stage = stage().await;
    stage.fault(FaultRule::storage(Action::Delay(FOREVER)).method("PUT").nth(3));
    let bytes = random_bytes(1000);
    let upload = stage.client.upload(stage.local("a", &bytes)).to(&stage.project);
    let upload = upload.part_size(100).start();
    eventually("only one part is missing", || upload.progress().parts == 9).await;
    upload.pause()?;
    assert_eq!(upload.status(), Status::Paused);
    eventually("the part is given up", || upload.progress().bytes == 900).await;
    upload.resume()?;
    let file = upload.wait().await?;
    stage.assert_uploaded(&file.id, &bytes);
    assert_eq!((upload.progress().bytes, upload.progress().parts), (1000, 10));
    assert_eq!(stage.calls("POST", "/upload/multipart").len(), 1);
    assert_eq!(stage.storage("PUT").len(), 11, "what was confirmed is not sent again");
    Ok(())
}

#[tokio::test]
async fn paused_transfer_can_be_stopped_or_dropped() -> Result<()> {
    let first = stage().await;
    let (_, download) = stalled(&first).await;
    download.pause()?;
    download.stop();
    assert_refused(download.wait().await, ErrorKind::Cancelled, &["cancelled"]);
    assert_eq!(download.status(), Status::Stopped);
    assert_eq!(first.local_names(), ["large.sbg-part", "large.sbg-part.journal"]);

    let other = stage().await;
    let (_, download) = stalled(&other).await;
    download.pause()?;
    drop(download);
    eventually("it is stopped", || other.local_names() == ["large.sbg-part", "large.sbg-part.journal"]).await;
    Ok(())
}

#[tokio::test]
async fn invalid_state_changes_are_refused() -> Result<()> {
    let stage = stage().await;
    let (_, download) = stalled(&stage).await;
    let invalid = ErrorKind::InvalidInput;
    assert_refused(download.resume(), invalid, &["the transfer cannot be resumed: it is running"]);
    download.pause()?;
    assert_refused(download.pause(), invalid, &["the transfer cannot be paused: it is paused"]);
    download.resume()?;
    download.wait().await?;
    assert_refused(download.pause(), invalid, &["the transfer cannot be paused: it is completed"]);
    assert_refused(download.resume(), invalid, &["the transfer cannot be resumed: it is completed"]);
    assert_eq!(download.status(), Status::Completed);
    Ok(())
}

#[tokio::test]
async fn transfer_paused_at_once_can_resume() -> Result<()> {
    let stage = stage().await;
    let held = stage.fault(FaultRule::storage(Action::Reset));
    let id = stage.file("a", "photograph 51");
    let download = stage.client.file(&id).download(stage.path("a")).start();
    download.pause()?;
    stage.emulator.faults().remove(held);
    download.resume()?;
    download.wait().await?;
    stage.assert_downloaded(&stage.path("a"), &id);
    Ok(())
}

#[tokio::test]
async fn progress_stream_ends_with_the_transfer() -> Result<()> {
    let stage = stage().await;
    let id = stage.large_file("large", 20 * MIB);
    let download = stage.client.file(&id).download(stage.path("large")).start();
    let seen: Vec<Progress> = download.progress_stream(Duration::from_millis(1)).collect().await;
    assert_eq!(download.status(), Status::Completed, "the stream ends with the transfer");
    assert_eq!(seen.last().map(|progress| progress.bytes), Some(20 * MIB as u64));
    assert!(seen.is_sorted_by_key(|progress| progress.bytes), "{seen:?}");
    let after: Vec<Progress> = download.progress_stream(FOREVER).collect().await;
    assert_eq!(after, [download.progress()]);
    Ok(())
}
