//! Transfers that are stopped, dropped or broken midway: they end, leave nothing running, and keep their progress.

use std::time::Duration;

use anyhow::Result;
use futures::StreamExt as _;
use sbg::transfer::Status;
use sbg::{ClientBuilder, ErrorKind};
use sbg_emulator::{Action, Emulator, FaultRule};
use sbg_tests::{MIB, Stage, assert_refused, eventually};

/// Longer than any test takes.
const FOREVER: Duration = Duration::from_secs(600);

async fn patient() -> Stage {
    let patient = |client: ClientBuilder| client.read_timeout(FOREVER);
    Stage::tuned(Emulator::builder().min_part_size(1), patient).await
}

fn refused() -> Action {
    Action::Status { code: 403, body: None, headers: Vec::new() }
}

#[tokio::test]
async fn paused_batch_upload_can_be_stopped_or_aborted() -> Result<()> {
    for abort in [false, true] {
        let stage = patient().await;
        std::fs::create_dir(stage.path("tree"))?;
        for number in 0..40 {
            stage.local(&format!("tree/{number}"), "content");
        }
        stage.fault(FaultRule::storage(Action::Delay(FOREVER)));
        let upload = stage.client.upload_tree(stage.path("tree")).to(&stage.project).start();
        upload.pause()?;
        if abort {
            upload.abort();
        } else {
            upload.stop();
        }
        assert_refused(upload.wait().await, ErrorKind::Cancelled, &[]);
        assert_eq!(upload.status(), Status::Stopped);
    }
    Ok(())
}

#[tokio::test]
async fn batch_can_stop_while_the_platform_is_silent() -> Result<()> {
    let stage = patient().await;
    stage.fault(FaultRule::api(Action::Delay(FOREVER)));
    let upload = stage.client.upload_all([stage.local("a", "a")]).to(&stage.project).start();
    let files = stage.client.project(&stage.project).files();
    let download = files.download_tree(stage.path("tree")).start();
    let outputs =
        stage.client.task("4e3a6f2b-2f1c-4f6e-8d1a-1b2c3d4e5f60").download_outputs(stage.path("out"));
    let outputs = outputs.start();
    eventually("all of them wait", || stage.emulator.requests().len() >= 3).await;
    for transfer in [upload, download, outputs] {
        transfer.stop();
        assert_refused(transfer.wait().await, ErrorKind::Cancelled, &[]);
    }
    Ok(())
}

#[tokio::test]
async fn failed_listing_keeps_partial_files() -> Result<()> {
    let stage = patient().await;
    let large = stage.large_file("large", 24 * MIB);
    stage.file("folder/a", "a");
    stage.fault(FaultRule::storage(Action::Stall(3_000_000)));
    let files = stage.client.project(&stage.project).files();
    let folder = files.resolve_path("folder").await?;
    // Long enough for the large file to start.
    let listing = format!("/files/{}/list", folder.id);
    stage.fault(FaultRule::api(Action::Delay(Duration::from_millis(700))).path(&listing));
    stage.fault(FaultRule::api(refused()).path(&listing));
    let download = files.download_tree(stage.path("tree")).start();
    let error = assert_refused(download.wait().await, ErrorKind::Forbidden, &["folder_list"]);
    assert_eq!(error.status(), Some(403));
    let names = || {
        let entries = std::fs::read_dir(stage.path("tree")).expect("a folder");
        let mut names: Vec<_> = entries.map(|entry| entry.expect("an entry").file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(names(), ["large.sbg-part", "large.sbg-part.journal"], "nobody is at it any more");
    stage.emulator.faults().clear();
    let done = stage.client.file(&large).download(stage.path("tree/large")).await?;
    assert!(done.resumed >= 3_000_000, "{}", done.resumed);
    stage.assert_downloaded(&stage.path("tree/large"), &large);
    Ok(())
}

#[tokio::test]
async fn panic_is_reported_as_a_failure() -> Result<()> {
    let stage = Stage::start().await;
    stage.file("a", "a");
    let files = stage.client.project(&stage.project).files();
    let download =
        files.download_tree(stage.path("tree")).select(|_| panic!("a defect of the caller")).start();
    assert_refused(download.wait().await, ErrorKind::Panic, &["panicked", "a defect of the caller"]);
    assert_eq!(download.status(), Status::Failed);
    Ok(())
}

#[tokio::test]
async fn blocking_or_panicking_callback_is_harmless() -> Result<()> {
    let stage = Stage::start().await;
    let id = stage.large_file("large", 40 * MIB);
    let (open, gate) = std::sync::mpsc::channel::<()>();
    let held = stage.client.file(&id).download(stage.path("held")).start();
    let gate = std::sync::Arc::new(std::sync::Mutex::new(gate));
    for _ in 0..8 {
        let gate = gate.clone();
        held.on_progress(Duration::from_millis(1), move |_| {
            gate.lock().map(|gate| gate.recv().ok()).ok();
        });
    }
    held.on_done(|_| panic!("a defect of the caller"));
    held.wait().await?;
    stage.client.file(&id).download(stage.path("other")).await?;
    stage.assert_downloaded(&stage.path("other"), &id);
    drop(open);
    Ok(())
}

#[tokio::test]
async fn dropped_stream_sends_no_more_requests() -> Result<()> {
    let stage = Stage::start().await;
    let busy = Action::Status { code: 503, body: None, headers: Vec::new() };
    stage.fault(FaultRule::storage(Action::CutBody(u64::MAX)).nth(1));
    stage.fault(FaultRule::storage(busy));
    let id = stage.large_file("large", 40 * MIB);
    let mut stream = stage.client.file(&id).stream();
    assert!(stream.next().await.is_some_and(|piece| piece.is_ok()));
    eventually("others are asked for", || stage.storage("GET").len() >= 5).await;
    drop(stream);
    // Requests in flight may still arrive.
    tokio::time::sleep(Duration::from_millis(50)).await;
    let asked = stage.storage("GET").len();
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(stage.storage("GET").len(), asked);
    Ok(())
}

#[tokio::test]
async fn download_resumes_right_after_its_handle_drops() -> Result<()> {
    let stage = patient().await;
    let stalled = stage.fault(FaultRule::storage(Action::Stall(3_000_000)).every(2));
    let id = stage.large_file("large", 24 * MIB);
    let download = stage.client.file(&id).download(stage.path("large")).start();
    eventually("most has come", || download.progress().bytes >= 16 * MIB as u64).await;
    stage.emulator.faults().remove(stalled);
    drop(download);
    let done = stage.client.file(&id).download(stage.path("large")).await?;
    assert!(done.resumed >= 16 * MIB as u64, "{}", done.resumed);
    stage.assert_downloaded(&stage.path("large"), &id);
    Ok(())
}
