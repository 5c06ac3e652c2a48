//! Running transfers: runtimes, progress, stopping, dropping, waiting.

use std::time::Duration;

use anyhow::Result;
use sbg::ErrorKind;
use sbg::transfer::{Status, Transfer};
use sbg_emulator::{Action, FaultRule};
use sbg_tests::{MIB, Stage, assert_refused, eventually, random_bytes};

/// Longer than any test takes.
const FOREVER: Duration = Duration::from_secs(600);

/// A transfer can be held in a struct, sent to another task, and shared.
#[expect(dead_code, reason = "it is enough that it compiles")]
fn assert_send_and_sync(
    transfer: Transfer<sbg::types::File>,
) -> impl Send + Sync + std::fmt::Debug + 'static {
    transfer
}

#[test]
fn transfer_runs_while_the_caller_is_blocked() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let stage = runtime.block_on(Stage::start());
    let bytes = random_bytes(100_000);
    let path = stage.local("a", &bytes);
    let upload = stage.client.upload(path).to(&stage.project).part_size(10_000).start();
    // The runtime is not polled here.
    while matches!(upload.status(), Status::Preparing | Status::Running) {
        std::thread::sleep(Duration::from_millis(2));
    }
    assert_eq!(upload.status(), Status::Completed);
    let file = runtime.block_on(upload.wait())?;
    stage.assert_uploaded(&file.id, &bytes);
    Ok(())
}

#[test]
fn client_outlives_its_first_runtime() -> Result<()> {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build();
    let stage = runtime()?.block_on(Stage::start());
    for name in ["a", "b"] {
        let path = stage.local(name, name);
        let upload = stage.client.upload(path).to(&stage.project);
        let file = runtime()?.block_on(async { upload.await })?;
        let named = runtime()?.block_on(stage.client.file(&file.id).get().send())?;
        assert_eq!(named.name.as_deref(), Some(name));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn transfers_run_on_a_multi_thread_runtime() -> Result<()> {
    let stage = Stage::start().await;
    let bytes = random_bytes(100_000);
    let path = stage.local("a", &bytes);
    let upload = stage.client.upload(path).to(&stage.project).part_size(10_000).start();
    let file = tokio::spawn(async move { upload.wait().await }).await??;
    let download = stage.client.file(&file.id).download(stage.path("b"));
    tokio::spawn(async move { download.await }).await??;
    stage.assert_downloaded(&stage.path("b"), &file.id);
    Ok(())
}

#[tokio::test]
async fn progress_never_exceeds_the_total() -> Result<()> {
    let stage = Stage::start().await;
    // Some parts must be sent twice but count once.
    stage.fault(FaultRule::storage(Action::Status { code: 503, body: None, headers: Vec::new() }).every(4));
    let path = stage.local("a", random_bytes(100_000));
    let upload = stage.client.upload(path).to(&stage.project).part_size(10_000).start();
    let mut done = upload.progress().parts;
    while matches!(upload.status(), Status::Preparing | Status::Running) {
        let progress = upload.progress();
        assert!(
            progress.total.is_none_or(|total| total == 100_000 && progress.bytes <= total),
            "{progress:?}"
        );
        assert!(progress.parts >= done, "parts that are done stay done");
        done = progress.parts;
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let file = upload.wait().await?;
    let progress = upload.progress();
    assert_eq!((progress.bytes, progress.total), (100_000, Some(100_000)));
    assert_eq!((progress.parts, progress.parts_total), (10, 10));
    assert!(progress.rate > 0.0 && progress.eta == Some(Duration::ZERO), "{progress:?}");
    assert_eq!(upload.progress(), progress, "the clock stops with the transfer");

    let download = stage.client.file(&file.id).download(stage.path("b")).start();
    download.wait().await?;
    let progress = download.progress();
    assert_eq!((progress.bytes, progress.total, progress.parts), (100_000, Some(100_000), 1));
    Ok(())
}

#[tokio::test]
async fn empty_file_progress_is_complete() -> Result<()> {
    let stage = Stage::start().await;
    let upload = stage.client.upload(stage.local("a", "")).to(&stage.project).start();
    let file = upload.wait().await?;
    assert_eq!((upload.progress().bytes, upload.progress().total), (0, Some(0)));
    let download = stage.client.file(&file.id).download(stage.path("b")).start();
    download.wait().await?;
    assert_eq!((download.progress().bytes, download.progress().total), (0, Some(0)));
    assert_eq!(download.status(), Status::Completed);
    Ok(())
}

#[tokio::test]
async fn repeated_waits_give_the_same_result() -> Result<()> {
    let stage = Stage::start().await;
    let upload = stage.client.upload(stage.local("a", "a")).to(&stage.project).start();
    let (one, other) = tokio::join!(upload.wait(), upload.wait());
    let id = one?.file.id;
    assert_eq!((&other?.id, &upload.wait().await?.id), (&id, &id));

    let download = stage.client.file("5678").download(stage.path("b")).start();
    for _ in 0..2 {
        let error =
            assert_refused(download.wait().await, ErrorKind::NotFound, &["file_download_info", "5002"]);
        assert!(error.is_not_found());
    }
    assert_eq!(download.status(), Status::Failed);
    Ok(())
}

#[tokio::test]
async fn stop_keeps_a_partial_download_and_abort_does_not() -> Result<()> {
    let stage = Stage::start().await;
    stage.fault(FaultRule::storage(Action::Stall(1000)).nth(2));
    let id = stage.large_file("large", 20 * MIB);
    let download = stage.client.file(&id).download(stage.path("large")).start();
    eventually("a range stalls", || stage.storage("GET").len() == 3).await;
    assert_eq!(download.status(), Status::Running);
    assert_eq!(stage.local_names(), ["large.sbg-part"]);
    download.stop();
    assert_refused(download.wait().await, ErrorKind::Cancelled, &["cancelled"]);
    assert_eq!(download.status(), Status::Stopped);
    assert_eq!(stage.local_names(), ["large.sbg-part", "large.sbg-part.journal"]);
    download.stop();

    let asked = stage.storage("GET").len();
    stage.fault(FaultRule::storage(Action::Stall(1000)).nth(1));
    let download = stage.client.file(&id).download(stage.path("large")).start();
    eventually("the range stalls again", || stage.storage("GET").len() > asked).await;
    download.abort();
    assert_refused(download.wait().await, ErrorKind::Cancelled, &["cancelled"]);
    assert_eq!(download.status(), Status::Stopped);
    assert_eq!(stage.local_names(), [""; 0]);
    Ok(())
}

#[tokio::test]
async fn stopped_upload_is_aborted_on_the_platform() -> Result<()> {
    let stage = Stage::start().await;
    stage.fault(FaultRule::storage(Action::Delay(FOREVER)).method("PUT").nth(3));
    let path = stage.local("a", random_bytes(1000));
    let upload = stage.client.upload(path).to(&stage.project).part_size(100).start();
    eventually("a part waits", || stage.storage("PUT").len() == 10).await;
    assert_eq!(stage.client.uploads().list().await?.len(), 1);
    upload.stop();
    assert_refused(upload.wait().await, ErrorKind::Cancelled, &["cancelled"]);
    assert_eq!(upload.status(), Status::Stopped);
    assert!(stage.client.uploads().list().await?.is_empty());
    assert!(stage.client.project(&stage.project).files().query().all().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn upload_stopped_before_init_never_starts() -> Result<()> {
    let stage = Stage::start().await;
    stage.fault(FaultRule::api(Action::Delay(FOREVER)).path("/upload/multipart"));
    let upload = stage.client.upload(stage.local("a", "a")).to(&stage.project).start();
    eventually("the upload is about to begin", || stage.calls("POST", "/upload/multipart").len() == 1).await;
    upload.stop();
    let stopped = tokio::time::timeout(Duration::from_secs(20), upload.wait()).await;
    assert_refused(stopped.expect("a stop is heard at once"), ErrorKind::Cancelled, &["cancelled"]);
    Ok(())
}

#[tokio::test]
async fn dropped_handle_stops_the_transfer() -> Result<()> {
    let stage = Stage::start().await;
    stage.fault(FaultRule::storage(Action::Delay(FOREVER)).nth(2));
    let id = stage.large_file("large", 20 * MIB);
    let download = stage.client.file(&id).download(stage.path("large")).start();
    eventually("a range waits", || stage.storage("GET").len() == 3).await;
    drop(download);
    eventually("what has come is kept", || {
        stage.local_names() == ["large.sbg-part", "large.sbg-part.journal"]
    })
    .await;

    stage.fault(FaultRule::storage(Action::Delay(FOREVER)).method("PUT"));
    let upload = stage.client.upload(stage.local("a", "a")).to(&stage.project).start();
    eventually("a part waits", || stage.storage("PUT").len() == 1).await;
    drop(upload);
    eventually("the upload is aborted", || {
        stage.emulator.requests().iter().any(|request| request.method == "DELETE" && request.status.is_some())
    })
    .await;
    assert!(stage.client.uploads().list().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn transfer_outlives_the_client() -> Result<()> {
    let stage = Stage::start().await;
    let id = stage.file("a", "photograph 51");
    let client = stage.client_of("rfranklin");
    let download = client.file(&id).download(stage.path("a")).start();
    drop(client);
    assert_eq!(download.await?.bytes, 13);
    stage.assert_downloaded(&stage.path("a"), &id);
    Ok(())
}

#[tokio::test]
async fn downloads_to_one_path_do_not_mix() -> Result<()> {
    let stage = Stage::start().await;
    stage.fault(FaultRule::storage(Action::Delay(FOREVER)).nth(1));
    let id = stage.file("a", "photograph 51");
    let first = stage.client.file(&id).download(stage.path("a")).start();
    eventually("the first one waits", || stage.storage("GET").len() == 1).await;
    let second = stage.client.file(&id).download(stage.path("a")).await;
    assert_refused(second, ErrorKind::Locked, &["another download is writing", "a.sbg-part`"]);
    assert_eq!(stage.local_names(), ["a.sbg-part"], "the first one still has its file");
    first.stop();
    assert_refused(first.wait().await, ErrorKind::Cancelled, &[]);
    assert_eq!(stage.client.file(&id).download(stage.path("a")).await?.bytes, 13);
    Ok(())
}
