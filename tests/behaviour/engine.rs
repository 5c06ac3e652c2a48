//! The transfer engine as a user sees it: states, callbacks, bandwidth limits, and unusable folders.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::Result;
use sbg::transfer::{Progress, Status};
use sbg::{ClientBuilder, ErrorKind};
use sbg_emulator::{Action, Emulator, FaultRule};
use sbg_tests::{MIB, Stage, assert_refused, eventually, random_bytes};

/// Longer than any test takes.
const FOREVER: Duration = Duration::from_secs(600);

/// A platform whose client waits for a silent storage longer than any test takes.
async fn patient() -> Stage {
    let patient = |client: ClientBuilder| client.read_timeout(FOREVER);
    Stage::tuned(Emulator::builder().min_part_size(1), patient).await
}

#[tokio::test]
async fn download_passes_through_all_states() -> Result<()> {
    let stage = patient().await;
    let asked = stage.fault(FaultRule::api(Action::Delay(Duration::from_millis(200))).path("/download_info"));
    let held = stage.fault(FaultRule::storage(Action::Stall(1000)));
    let id = stage.large_file("large", 10 * MIB);
    let download = stage.client.file(&id).download(stage.path("large")).start();
    assert_eq!(download.status(), Status::Preparing);
    let invalid = ErrorKind::InvalidInput;
    assert_refused(download.resume(), invalid, &["the transfer cannot be resumed: it is preparing"]);
    eventually("it runs", || download.status() == Status::Running).await;
    download.pause()?;
    assert_eq!(download.status(), Status::Paused);
    stage.emulator.faults().remove(asked);
    stage.emulator.faults().remove(held);
    // The workers must notice the pause: a shorter one closes no connection.
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(download.status(), Status::Paused);
    download.resume()?;
    download.wait().await?;
    assert_eq!(download.status(), Status::Completed);
    for over in [download.pause(), download.resume()] {
        assert_refused(over, invalid, &["it is completed"]);
    }
    // A completed transfer stays completed.
    download.stop();
    download.abort();
    assert_eq!(download.status(), Status::Completed);
    stage.assert_downloaded(&stage.path("large"), &id);
    Ok(())
}

#[tokio::test]
async fn ended_transfer_cannot_be_paused_or_resumed() -> Result<()> {
    let stage = patient().await;
    let failed = stage.client.upload(stage.path("nothing")).to(&stage.project).start();
    assert_refused(failed.wait().await, ErrorKind::Io, &["cannot read", "nothing`"]);
    stage.fault(FaultRule::storage(Action::Delay(FOREVER)));
    let stopped = stage.client.upload(stage.local("a", "a")).to(&stage.project).start();
    stopped.stop();
    assert_refused(stopped.wait().await, ErrorKind::Cancelled, &[]);
    for (upload, status, name) in
        [(failed, Status::Failed, "has failed"), (stopped, Status::Stopped, "is stopped")]
    {
        assert_eq!(upload.status(), status);
        for over in [upload.pause(), upload.resume()] {
            assert_refused(over, ErrorKind::InvalidInput, &[&format!("it {name}")]);
        }
    }
    Ok(())
}

#[tokio::test]
async fn download_pause_interrupts_a_pending_response() -> Result<()> {
    // The response to the first range, before anything is known about the file, and to another range.
    for nth in [1, 2] {
        let stage = patient().await;
        let held = stage.fault(FaultRule::storage(Action::Delay(FOREVER)).nth(nth));
        let id = stage.large_file("large", 10 * MIB);
        let download = stage.client.file(&id).download(stage.path("large")).start();
        eventually("the answer is waited for", || stage.emulator.faults().fired(held) == 1).await;
        let asked = stage.storage("GET").len();
        download.pause()?;
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(stage.storage("GET").len(), asked, "nothing is asked for in a pause");
        download.resume()?;
        // Without a new request, this would wait forever.
        download.wait().await?;
        stage.assert_downloaded(&stage.path("large"), &id);
        assert!(stage.storage("GET").len() > asked);
    }
    Ok(())
}

#[tokio::test]
async fn upload_pause_interrupts_a_pending_response() -> Result<()> {
    let stage = patient().await;
    stage.fault(FaultRule::storage(Action::Delay(FOREVER)).nth(1));
    let upload = stage.client.upload(stage.local("a", "photograph 51")).to(&stage.project).start();
    eventually("the answer is waited for", || stage.storage("PUT").len() == 1).await;
    upload.pause()?;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!((stage.storage("PUT").len(), upload.progress().bytes), (1, 0));
    upload.resume()?;
    stage.assert_uploaded(&upload.wait().await?.id, b"photograph 51");
    assert_eq!(stage.storage("PUT").len(), 2);
    Ok(())
}

#[tokio::test]
async fn callbacks_report_progress_and_completion() -> Result<()> {
    let stage = Stage::start().await;
    let id = stage.large_file("large", 20 * MIB);
    let (tell_progress, progress) = mpsc::channel();
    let (tell_end, end) = mpsc::channel();
    let download = stage.client.file(&id).download(stage.path("large")).start();
    download
        .on_progress(Duration::from_millis(1), move |progress| {
            tell_progress.send(progress).unwrap_or_default();
        })
        .on_done(move |done| tell_end.send(done).unwrap_or_default());
    let done = download.wait().await?;
    let told = tokio::task::spawn_blocking(move || end.recv_timeout(Duration::from_secs(20))).await??;
    assert_eq!(told?, done);
    // The channel closes after the last event.
    let told: Vec<Progress> = tokio::task::spawn_blocking(move || progress.into_iter().collect()).await?;
    assert_eq!(told.last(), Some(&download.progress()));
    assert!(told.is_sorted_by_key(|progress| progress.bytes), "{told:?}");
    Ok(())
}

#[tokio::test]
async fn callback_reports_failures_stops_and_past_ends() -> Result<()> {
    let stage = Stage::start().await;
    let hear = async |download: &sbg::transfer::Transfer<sbg::transfer::Downloaded>| -> Result<_> {
        let (tell, told) = mpsc::channel();
        download.on_done(move |done| tell.send(done).unwrap_or_default());
        Ok(tokio::task::spawn_blocking(move || told.recv_timeout(Duration::from_secs(20))).await??)
    };
    let failed = stage.client.file("5678").download(stage.path("a")).start();
    assert!(assert_refused(hear(&failed).await?, ErrorKind::NotFound, &[]).is_not_found());

    stage.fault(FaultRule::storage(Action::Delay(FOREVER)));
    let stopped = stage.client.file(stage.file("a", "a")).download(stage.path("a")).start();
    stopped.stop();
    assert_refused(hear(&stopped).await?, ErrorKind::Cancelled, &[]);
    assert_refused(hear(&stopped).await?, ErrorKind::Cancelled, &[]);
    Ok(())
}

#[tokio::test]
async fn bandwidth_cap_is_shared_by_all_transfers() -> Result<()> {
    let rate = 4 * MIB;
    let capped = |client: ClientBuilder| client.download_bandwidth(rate as u64).upload_bandwidth(rate as u64);
    let stage = Stage::tuned(Emulator::builder().min_part_size(1), capped).await;
    let ids = ["a", "b"].map(|name| stage.large_file(name, 3 * MIB));
    let began = Instant::now();
    let downloads = ids.each_ref().map(|id| stage.client.file(id).download(stage.path(id)).start());
    for (id, download) in ids.iter().zip(&downloads) {
        stage.assert_downloaded(&download.wait().await?.path, id);
    }
    // 6 MiB at 4 MiB per second; the burst allowance is worth 50 ms.
    assert!(began.elapsed() >= Duration::from_millis(1400), "{:?}", began.elapsed());

    let bytes = random_bytes(3 * MIB);
    let began = Instant::now();
    let upload = |name| -> sbg::Result<_> {
        let upload = stage.client.upload(stage.local(name, &bytes)).to(&stage.project);
        Ok(upload.part_size(MIB as u64).start())
    };
    for upload in [upload("up-a")?, upload("up-b")?] {
        stage.assert_uploaded(&upload.wait().await?.id, &bytes);
    }
    assert!(began.elapsed() >= Duration::from_millis(1400), "{:?}", began.elapsed());
    Ok(())
}

#[tokio::test]
async fn unwritable_target_fails_before_any_request() -> Result<()> {
    let stage = Stage::start().await;
    let file = stage.client.file(stage.file("a", "a"));
    let missing = file.download(stage.path("no/such/folder/a")).await;
    let error = assert_refused(missing, ErrorKind::Io, &["cannot create", "no/such/folder/a.sbg-part`"]);
    let why = std::error::Error::source(&error).map(ToString::to_string);
    assert!(why.is_some_and(|why| why.contains("os error 2")), "{error:?}");
    std::fs::create_dir(stage.path("folder"))?;
    let folder = file.download(stage.path("folder")).await;
    assert_refused(folder, ErrorKind::InvalidInput, &["folder` is a folder; name the file to write"]);
    for nameless in ["/", "..", ""] {
        let refused = file.download(nameless).overwrite(true).await;
        assert_refused(refused, ErrorKind::InvalidInput, &["is a folder; name the file"]);
    }
    let below = file.download(stage.local("file", "").join("a")).await;
    assert_refused(below, ErrorKind::Io, &["cannot create", "file/a.sbg-part`"]);
    stage.assert_no_requests();
    assert_eq!(stage.local_names(), ["file", "folder"]);
    Ok(())
}

/// Tests may run as root, which can write everywhere except to folders such as `/proc/self`.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn unwritable_folder_is_an_error() -> Result<()> {
    let stage = Stage::start().await;
    let file = stage.client.file(stage.file("a", "a"));
    let refused = file.download("/proc/self/a").await;
    assert_refused(refused, ErrorKind::Io, &["cannot create `/proc/self/a.sbg-part`"]);
    stage.assert_no_requests();
    Ok(())
}

#[tokio::test]
async fn unreadable_source_fails_before_any_request() -> Result<()> {
    let stage = Stage::start().await;
    let upload = |path: std::path::PathBuf| stage.client.upload(path).to(&stage.project);
    let missing = upload(stage.path("no/such/file")).await;
    assert_refused(missing, ErrorKind::Io, &["cannot read", "no/such/file`"]);
    let below = upload(stage.local("file", "").join("a")).await;
    assert_refused(below, ErrorKind::Io, &["cannot read", "file/a`"]);
    let folder = upload(stage.folder.path().to_owned()).await;
    assert_refused(folder, ErrorKind::InvalidInput, &["not a regular file"]);
    stage.assert_no_requests();
    Ok(())
}

#[cfg(unix)]
#[tokio::test]
async fn upload_follows_links_to_regular_files() -> Result<()> {
    use std::os::unix::fs::symlink;

    let stage = Stage::start().await;
    symlink("/dev/null", stage.path("device"))?;
    let device = stage.client.upload(stage.path("device")).to(&stage.project).await;
    assert_refused(device, ErrorKind::InvalidInput, &["not a regular file", "device`: not a regular file"]);
    symlink("nowhere", stage.path("broken"))?;
    let broken = stage.client.upload(stage.path("broken")).to(&stage.project).await;
    assert_refused(broken, ErrorKind::Io, &["cannot read", "broken`"]);
    stage.assert_no_requests();
    stage.local("file", "photograph 51");
    symlink("file", stage.path("link"))?;
    let file = stage.client.upload(stage.path("link")).to(&stage.project).await?;
    assert_eq!(file.name.as_deref(), Some("link"));
    stage.assert_uploaded(&file.id, b"photograph 51");
    Ok(())
}
