//! Uploads that resume after a stop, uploads that must restart from zero, and how parts are reported to the platform.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result};
use sbg::raw::ClientUploadExt as _;
use sbg::transfer::Uploaded;
use sbg::types::{UploadPartReport, UploadPartReportResponse};
use sbg::{Client, ClientBuilder, ErrorKind};
use sbg_emulator::{Action, Emulator, FaultRule, Recorded};
use sbg_tests::{Stage, assert_refused, client_of, eventually, quick_retry, random_bytes, with_environment};
use serde_json::Value;
use tempfile::TempDir;

use crate::status;

/// Longer than any test takes.
pub(crate) const FOREVER: Duration = Duration::from_secs(600);

pub(crate) const PART: u64 = 1000;

/// Twenty parts.
const SIZE: usize = 20_000;

/// A platform, a local file, and a folder for the journals of uploads.
pub(crate) struct Bench {
    pub(crate) stage: Stage,
    pub(crate) path: PathBuf,
    pub(crate) bytes: Vec<u8>,
    pub(crate) state: TempDir,
}

impl Bench {
    pub(crate) async fn new() -> Result<Self> {
        let stage = Stage::with(Emulator::builder().min_part_size(1).rate_limit(100_000)).await;
        let bytes = random_bytes(SIZE);
        Ok(Self { path: stage.local("a", &bytes), stage, bytes, state: tempfile::tempdir()? })
    }

    /// A platform with a stopped upload, of which all but five parts were confirmed.
    pub(crate) async fn stopped() -> Result<Self> {
        let bench = Self::new().await?;
        bench.stop_in_the_middle().await?;
        Ok(bench)
    }

    pub(crate) async fn stop_in_the_middle(&self) -> Result<()> {
        self.stage.fault(FaultRule::storage(Action::Delay(FOREVER)).every(4));
        let upload = self.client()?.upload(&self.path).to(&self.stage.project);
        let upload = upload.part_size(PART).start();
        eventually("five parts are missing", || upload.progress().parts == 15).await;
        upload.stop();
        assert_refused(upload.wait().await, ErrorKind::Cancelled, &[]);
        assert!(self.stage.calls("DELETE", "").is_empty(), "the platform keeps it");
        assert_eq!(self.journals(), 1);
        self.forget();
        Ok(())
    }

    /// A separate client, as in another process.
    pub(crate) fn client(&self) -> sbg::Result<Client> {
        self.client_with(|client| client)
    }

    /// A separate client that `tune` configures.
    pub(crate) fn client_with(
        &self,
        tune: impl FnOnce(ClientBuilder) -> ClientBuilder,
    ) -> sbg::Result<Client> {
        let client = client_of(self.stage.emulator.url(), &self.stage.emulator.token());
        tune(client.state_folder(Some(self.state.path().to_owned()))).build()
    }

    /// Removes the faults and the recorded requests.
    pub(crate) fn forget(&self) {
        self.stage.emulator.faults().clear();
        self.stage.emulator.clear_requests();
    }

    pub(crate) fn journals(&self) -> usize {
        std::fs::read_dir(self.state.path()).map_or(0, Iterator::count)
    }

    pub(crate) fn journal(&self) -> Result<PathBuf> {
        let mut entries = std::fs::read_dir(self.state.path())?;
        Ok(entries.next().context("a journal")??.path())
    }

    /// Uploads, and checks that the platform has the file.
    pub(crate) async fn go_on(&self) -> Result<Uploaded> {
        let upload = self.client()?.upload(&self.path).to(&self.stage.project);
        let upload = upload.part_size(PART).start();
        let file = upload.wait().await?;
        self.stage.assert_uploaded(&file.id, &std::fs::read(&self.path)?);
        let progress = upload.progress();
        assert_eq!(Some(progress.bytes), progress.total);
        assert_eq!(progress.parts, progress.parts_total);
        assert_eq!(self.journals(), 0, "nothing is left to go on with");
        Ok(file)
    }

    /// Numbers of the sent parts, in order.
    pub(crate) fn sent(&self) -> Vec<usize> {
        let number = |path: &str| path.rsplit('/').next()?.parse().ok();
        let puts = self.stage.storage("PUT");
        let mut sent: Vec<_> = puts.iter().map(|put| number(&put.path).expect("a number")).collect();
        sent.sort_unstable();
        sent
    }

    pub(crate) fn begun(&self) -> usize {
        self.stage.calls("POST", "/upload/multipart").len()
    }

    pub(crate) async fn under_way(&self) -> sbg::Result<Vec<String>> {
        let uploads = self.stage.client.uploads().list().await?;
        Ok(uploads.into_iter().map(|upload| upload.upload_id).collect())
    }

    /// Uploads again, and fails unless everything is sent again.
    pub(crate) async fn assert_starts_over(&self) -> Result<()> {
        self.go_on().await?;
        let parts = std::fs::metadata(&self.path)?.len().div_ceil(PART);
        assert_eq!(self.sent(), (1..=usize::try_from(parts)?).collect::<Vec<_>>());
        assert_eq!(self.begun(), 1);
        Ok(())
    }
}

#[tokio::test]
async fn stopped_upload_sends_only_missing_parts() -> Result<()> {
    let bench = Bench::stopped().await?;
    assert_eq!(bench.under_way().await?.len(), 1);
    let done = bench.go_on().await?;
    assert_eq!((done.bytes, done.resumed, done.started_over), (SIZE as u64, 15 * PART, None));
    assert_eq!(bench.sent().len(), 5);
    assert_eq!(bench.stage.calls("GET", "").iter().filter(|call| call.path.contains("/part/")).count(), 5);
    assert_eq!(bench.begun(), 0, "it is the same upload");
    assert!(bench.under_way().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn upload_resumes_after_its_handle_is_dropped() -> Result<()> {
    let bench = Bench::new().await?;
    bench.stage.fault(FaultRule::storage(Action::Delay(FOREVER)).every(4));
    let upload = bench.client()?.upload(&bench.path).to(&bench.stage.project).part_size(PART).start();
    eventually("five parts are missing", || upload.progress().parts == 15).await;
    drop(upload);
    // The lock is released with the last worker.
    eventually("nobody is at it", || bench.journals() == 1).await;
    bench.forget();
    bench.go_on().await?;
    assert_eq!((bench.sent().len(), bench.begun()), (5, 0));
    Ok(())
}

#[tokio::test]
async fn failed_upload_resumes() -> Result<()> {
    let bench = Bench::stopped().await?;
    bench.stage.fault(FaultRule::storage(status(400)));
    let upload = bench.client()?.upload(&bench.path).to(&bench.stage.project).part_size(PART);
    assert_refused(upload.await, ErrorKind::Storage, &["HTTP 400"]);
    bench.forget();
    bench.go_on().await?;
    assert_eq!((bench.sent().len(), bench.begun()), (5, 0));
    Ok(())
}

#[tokio::test]
async fn fully_sent_upload_is_only_completed() -> Result<()> {
    let bench = Bench::new().await?;
    bench.stage.fault(FaultRule::api(Action::Delay(FOREVER)).path("/complete"));
    let upload = bench.client()?.upload(&bench.path).to(&bench.stage.project).part_size(PART).start();
    eventually("it is being completed", || !bench.stage.calls("POST", "/complete").is_empty()).await;
    upload.stop();
    assert_refused(upload.wait().await, ErrorKind::Cancelled, &[]);
    bench.forget();
    bench.go_on().await?;
    assert_eq!((bench.sent().len(), bench.begun()), (0, 0));
    Ok(())
}

#[tokio::test]
async fn upload_completed_unseen_is_detected() -> Result<()> {
    for overwrite in [false, true] {
        let bench = Bench::new().await?;
        let upload = || -> Result<_> {
            let client = bench.client_with(|client| client.retry_policy(quick_retry()))?;
            Ok(client.upload(&bench.path).to(&bench.stage.project).part_size(PART).overwrite(overwrite))
        };
        // The upload is completed, but neither this response nor any about the upload arrives.
        bench.stage.fault(FaultRule::api(Action::LostResponse).path("/complete"));
        bench.stage.fault(FaultRule::api(Action::CutBody(u64::MAX)).path("/part/"));
        bench.stage.fault(FaultRule::api(Action::Reset).method("GET"));
        let first = upload()?.start();
        assert_refused(first.wait().await, ErrorKind::Network, &["upload_get"]);
        assert_eq!(bench.journals(), 1);
        bench.forget();

        let upload = upload()?.start();
        let file = upload.wait().await?;
        bench.stage.assert_uploaded(&file.id, &bench.bytes);
        assert_eq!((upload.progress().bytes, bench.journals()), (SIZE as u64, 0));
        // With `overwrite`, the file found on the platform could be the one to replace, so it proves nothing.
        let sent = if overwrite { 20 } else { 0 };
        assert_eq!((bench.sent().len(), bench.begun()), (sent, usize::from(overwrite)));
        assert!(bench.under_way().await?.is_empty());
    }
    Ok(())
}

#[tokio::test]
async fn modified_file_aborts_and_restarts_the_upload() -> Result<()> {
    let bench = Bench::stopped().await?;
    let other = random_bytes(SIZE).iter().map(|byte| !byte).collect::<Vec<_>>();
    std::fs::write(&bench.path, other)?;
    let later = SystemTime::now() + Duration::from_secs(5);
    std::fs::File::options().write(true).open(&bench.path)?.set_modified(later)?;
    bench.assert_starts_over().await?;
    assert_eq!(bench.stage.calls("DELETE", "").len(), 1);
    assert!(bench.under_way().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn resized_file_aborts_and_restarts_the_upload() -> Result<()> {
    let bench = Bench::stopped().await?;
    let modified = std::fs::metadata(&bench.path)?.modified()?;
    let file = std::fs::File::options().write(true).open(&bench.path)?;
    file.set_len(SIZE as u64 - PART)?;
    file.set_modified(modified)?;
    drop(file);
    bench.assert_starts_over().await?;
    assert_eq!(bench.stage.calls("DELETE", "").len(), 1);
    assert!(bench.under_way().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn upload_unknown_to_the_platform_restarts() -> Result<()> {
    let bench = Bench::stopped().await?;
    let id = bench.under_way().await?.pop().context("an upload")?;
    bench.stage.client.uploads().abort(&id).await?;
    bench.forget();
    bench.assert_starts_over().await
}

#[tokio::test]
async fn upload_with_a_damaged_journal_restarts() -> Result<()> {
    let bench = Bench::new().await?;
    for number in 0..4 {
        bench.stage.local("a", [&bench.bytes[..], &[number]].concat());
        bench.stage.fault(FaultRule::storage(Action::Delay(FOREVER)).nth(7));
        let upload = bench.client()?.upload(&bench.path).to(&bench.stage.project).overwrite(true);
        let upload = upload.part_size(PART).start();
        eventually("one part is missing", || upload.progress().parts == 20).await;
        upload.stop();
        assert_refused(upload.wait().await, ErrorKind::Cancelled, &[]);
        bench.forget();
        let path = bench.journal()?;
        let mut journal = std::fs::read(&path)?;
        match number {
            0 => journal[10] ^= 1,
            1 => journal.truncate(journal.len() / 2),
            2 => journal.clear(),
            _ => journal = format!("{{}}\n{:08x}\n", crc32c::crc32c(b"{}")).into_bytes(),
        }
        std::fs::write(&path, journal)?;
        let upload = bench.client()?.upload(&bench.path).to(&bench.stage.project).overwrite(true);
        let file = upload.part_size(PART).await?;
        bench.stage.assert_uploaded(&file.id, &std::fs::read(&bench.path)?);
        assert_eq!((bench.sent().len(), bench.begun(), bench.journals()), (21, 1, 0), "{number}");
    }
    Ok(())
}

#[tokio::test]
async fn part_with_another_etag_is_resent() -> Result<()> {
    let (stage, bytes) = (Stage::with_etags().await, random_bytes(SIZE));
    let bench = Bench { path: stage.local("a", &bytes), stage, bytes, state: tempfile::tempdir()? };
    bench.stop_in_the_middle().await?;
    let id = bench.under_way().await?.pop().context("an upload")?;
    let journal = std::fs::read_to_string(bench.journal()?)?;
    let journal: Value = serde_json::from_str(journal.lines().next().context("a line")?)?;
    let there = usize::try_from(journal["parts"][0]["part"].as_u64().context("a number")?)?;
    let headers = [("ETag".to_owned(), "of somebody else".to_owned())].into();
    let response = UploadPartReportResponse { headers };
    let body = UploadPartReport { part_number: i32::try_from(there)?, response };
    bench.stage.client.raw().upload_part_report().upload_id(&id).body(body).send().await?;
    bench.forget();
    bench.go_on().await?;
    assert_eq!((bench.sent().len(), bench.begun()), (6, 0));
    assert!(bench.sent().contains(&there));
    Ok(())
}

#[tokio::test]
async fn aborted_upload_leaves_nothing() -> Result<()> {
    let bench = Bench::stopped().await?;
    // First a resumed upload, then a new one.
    for _ in 0..2 {
        bench.stage.fault(FaultRule::storage(Action::Delay(FOREVER)).every(3));
        let upload = bench.client()?.upload(&bench.path).to(&bench.stage.project);
        let upload = upload.part_size(PART).start();
        eventually("parts are sent", || !bench.stage.storage("PUT").is_empty()).await;
        upload.abort();
        assert_refused(upload.wait().await, ErrorKind::Cancelled, &[]);
        assert_eq!(bench.journals(), 0);
        assert!(bench.under_way().await?.is_empty());
        bench.forget();
    }
    bench.assert_starts_over().await
}

#[tokio::test]
async fn upload_aborted_before_resuming_leaves_nothing() -> Result<()> {
    let bench = Bench::stopped().await?;
    let asked = bench.stage.fault(FaultRule::api(Action::Delay(FOREVER)).method("GET"));
    let upload = bench.client()?.upload(&bench.path).to(&bench.stage.project).part_size(PART).start();
    eventually("the platform is asked", || !bench.stage.calls("GET", "").is_empty()).await;
    upload.abort();
    bench.stage.emulator.faults().release(asked);
    assert_refused(upload.wait().await, ErrorKind::Cancelled, &[]);
    assert_eq!(bench.journals(), 0);
    assert!(bench.under_way().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn upload_aborted_during_init_leaves_nothing() -> Result<()> {
    let bench = Bench::new().await?;
    let begins = bench.stage.fault(FaultRule::api(Action::Delay(FOREVER)).method("POST"));
    let upload = bench.client()?.upload(&bench.path).to(&bench.stage.project).part_size(PART).start();
    eventually("it begins", || bench.begun() == 1).await;
    upload.abort();
    let released = bench.stage.emulator.faults().release(begins);
    assert_refused(upload.wait().await, ErrorKind::Cancelled, &[]);
    assert_eq!((released.map(|count| count.fired), bench.journals()), (Some(1), 0));
    assert!(bench.under_way().await?.is_empty());
    assert_eq!(bench.stage.storage("PUT").len(), 0);
    Ok(())
}

#[tokio::test]
async fn same_upload_cannot_run_twice() -> Result<()> {
    let bench = Bench::new().await?;
    let fault = bench.stage.fault(FaultRule::storage(Action::Delay(FOREVER)).nth(20));
    let upload = |client: Client| client.upload(&bench.path).to(&bench.stage.project);
    let first = upload(bench.client()?).part_size(PART).start();
    eventually("one part is missing", || first.progress().parts == 19).await;
    for client in [bench.client()?, bench.client()?] {
        let second = upload(client).part_size(PART).await;
        assert_refused(second, ErrorKind::Locked, &["another upload of", "a`", "is running"]);
    }
    assert_eq!(bench.begun(), 1, "the platform is not asked");
    // Another name is another upload.
    let other = upload(bench.client()?).name("b").await?;
    bench.stage.assert_uploaded(&other.id, &bench.bytes);
    first.stop();
    assert_refused(first.wait().await, ErrorKind::Cancelled, &[]);
    bench.stage.emulator.faults().remove(fault);
    bench.stage.emulator.clear_requests();
    bench.go_on().await?;
    assert_eq!((bench.sent().len(), bench.begun()), (1, 0));
    Ok(())
}

#[tokio::test]
async fn unusable_state_folder_is_an_error() -> Result<()> {
    let bench = Bench::new().await?;
    let file = bench.stage.local("file", "");
    let client = client_of(bench.stage.emulator.url(), &bench.stage.emulator.token());
    let client = client.state_folder(Some(file.join("state"))).build()?;
    let upload = client.upload(&bench.path).to(&bench.stage.project).await;
    assert_refused(upload, ErrorKind::Io, &["cannot use the folder", "file/state`"]);
    bench.stage.assert_no_requests();
    Ok(())
}

#[cfg(target_os = "linux")]
#[test]
fn default_state_folder_is_optional() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let bench = runtime.block_on(Bench::new())?;
    let (url, token) = (bench.stage.emulator.url(), &bench.stage.emulator.token());
    let text = |path: &std::path::Path| path.to_str().map(str::to_owned).context("a path in UTF-8");
    let (path, file) = (text(&bench.path)?, text(&bench.stage.local("file", ""))?);
    let variables = [
        ("SB_API_ENDPOINT", url),
        ("SB_AUTH_TOKEN", token),
        ("HOME", &file),
        ("XDG_STATE_HOME", &file),
        ("FILE_TO_SEND", &path),
    ];
    let test = "resuming_uploads::default_state_folder_is_optional";
    with_environment(test, &variables, || {
        let client = Client::from_env().expect("credentials");
        let path = std::env::var_os("FILE_TO_SEND").expect("a path");
        let upload = client.upload(path).to("rfranklin/demo").part_size(PART);
        runtime.block_on(async { upload.await }).expect("the file is uploaded");
    });
    Ok(())
}

#[cfg(target_os = "linux")]
#[test]
fn upload_journals_use_the_user_state_folder() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let bench = runtime.block_on(Bench::new())?;
    bench.stage.fault(FaultRule::storage(Action::Delay(FOREVER)).every(4));
    let (url, token) = (bench.stage.emulator.url(), &bench.stage.emulator.token());
    let text = |path: &std::path::Path| path.to_str().map(str::to_owned).context("a path in UTF-8");
    let (path, state) = (text(&bench.path)?, text(bench.state.path())?);
    let variables = [
        ("SB_API_ENDPOINT", url),
        ("SB_AUTH_TOKEN", token),
        ("HOME", &state),
        ("XDG_STATE_HOME", &state),
        ("FILE_TO_SEND", &path),
    ];
    let test = "resuming_uploads::upload_journals_use_the_user_state_folder";
    let mut asked = false;
    with_environment(test, &variables, || {
        asked = true;
        let client = Client::from_env().expect("credentials");
        let path = std::env::var_os("FILE_TO_SEND").expect("a path");
        let upload = client.upload(path).to("rfranklin/demo").part_size(PART).start();
        runtime.block_on(eventually("five parts are missing", || upload.progress().parts == 15));
        upload.stop();
        assert_refused(runtime.block_on(upload.wait()), ErrorKind::Cancelled, &[]);
    });
    if asked {
        // This is the other process, which has its own platform and folder.
        return Ok(());
    }
    bench.forget();
    let client = bench.client_with(|client| client.state_folder(Some(bench.state.path().join("sbg"))))?;
    let upload = client.upload(&bench.path).to(&bench.stage.project).part_size(PART);
    let file = runtime.block_on(async { upload.await })?;
    bench.stage.assert_uploaded(&file.id, &bench.bytes);
    assert_eq!((bench.sent().len(), bench.begun()), (5, 0));
    Ok(())
}

/// The calls that report many parts at once.
fn batches(stage: &Stage) -> Vec<Recorded> {
    let id = |path: &str| path.strip_prefix("/v2/upload/multipart/").is_some_and(|rest| !rest.contains('/'));
    stage.calls("POST", "").into_iter().filter(|post| id(&post.path)).collect()
}

/// The number of parts that a call reports.
fn reported(call: &Recorded) -> usize {
    let body = call.request_json().expect("JSON");
    body["parts"].as_array().expect("parts").len()
}

#[tokio::test]
async fn parts_are_reported_in_batches() -> Result<()> {
    let stage = Stage::start().await;
    let bytes = random_bytes(100 * 100);
    let upload = stage.client.upload(stage.local("a", &bytes)).to(&stage.project);
    let file = upload.part_size(100).await?;
    stage.assert_uploaded(&file.id, &bytes);
    let together: Vec<_> = batches(&stage).iter().map(reported).collect();
    assert!((1..=3).contains(&together.len()) && together.iter().all(|parts| *parts >= 32), "{together:?}");
    let rest = reported(&stage.calls("POST", "/complete")[0]);
    assert_eq!(together.iter().sum::<usize>() + rest, 100, "each part is reported once");
    assert_eq!(stage.calls("POST", "/part").len(), 0);
    Ok(())
}

#[tokio::test]
async fn refused_batch_reports_go_with_the_completion() -> Result<()> {
    for code in [404, 405, 501] {
        let stage = Stage::start().await;
        stage.fault(FaultRule::api(status(code)).method("POST").path("/upload/multipart/").first(1));
        let bytes = random_bytes(100 * 100);
        let upload = stage.client.upload(stage.local("a", &bytes)).to(&stage.project);
        let file = upload.part_size(100).await?;
        stage.assert_uploaded(&file.id, &bytes);
        assert_eq!(batches(&stage).len(), 1, "it is not asked again after {code}");
        assert_eq!(reported(&stage.calls("POST", "/complete")[0]), 100);
        assert_eq!(stage.storage("PUT").len(), 100);
    }
    Ok(())
}

#[tokio::test]
async fn automation_code_upload_resumes() -> Result<()> {
    let bench = Bench::new().await?;
    let automation = bench.client()?.automations().create("index").await?.id;
    bench.stage.fault(FaultRule::storage(Action::Delay(FOREVER)).every(4));
    let upload =
        bench.client()?.automation(&automation).packages().upload(&bench.path).part_size(PART).start();
    eventually("five parts are missing", || bench.stage.calls("POST", "/part").len() == 15).await;
    eventually("all are confirmed", || {
        bench.stage.calls("POST", "/part").iter().all(|call| call.status == Some(200))
    })
    .await;
    upload.stop();
    assert_refused(upload.wait().await, ErrorKind::Cancelled, &[]);
    bench.forget();

    let code = bench.client()?.automation(&automation).packages().upload(&bench.path).part_size(PART).await?;
    bench.stage.assert_uploaded(&code.id, &bench.bytes);
    assert_eq!(bench.sent().len(), 5);
    let reported = bench.stage.calls("POST", "/part");
    assert_eq!(reported.len(), 5, "what was reported is not reported again");
    assert!(reported.iter().all(|call| call.path.starts_with("/v2/automation/upload/")));
    assert_eq!(bench.stage.calls("POST", "/complete").len(), 1);
    assert_eq!(bench.journals(), 0);

    bench.forget();
    bench.stage.fault(FaultRule::storage(Action::Delay(FOREVER)));
    let other = bench.stage.local("b", "code");
    let upload = bench.client()?.automation(&automation).packages().upload(&other).start();
    eventually("it is sent", || !bench.stage.storage("PUT").is_empty()).await;
    upload.abort();
    assert_refused(upload.wait().await, ErrorKind::Cancelled, &[]);
    let aborted = bench.stage.calls("DELETE", "");
    assert!(aborted.len() == 1 && aborted[0].path.starts_with("/v2/automation/upload/"), "{aborted:?}");

    let empty = bench.stage.local("empty", "");
    let refused = bench.client()?.automation(&automation).packages().upload(empty).await;
    assert_refused(refused, ErrorKind::InvalidInput, &["cannot be empty"]);
    let misplaced = bench.client()?.automation(&automation).packages().upload(&other);
    let misplaced = misplaced.to(&bench.stage.project).await;
    assert_refused(misplaced, ErrorKind::InvalidInput, &["takes no project"]);
    Ok(())
}

#[tokio::test]
async fn upload_resumes_with_a_new_token() -> Result<()> {
    for (code, kind) in [(401, ErrorKind::Unauthorized), (402, ErrorKind::Quota), (403, ErrorKind::Forbidden)]
    {
        let bench = Bench::new().await?;
        // The last URL is requested after others have been used for a while.
        bench.stage.fault(FaultRule::api(Action::Delay(Duration::from_millis(700))).path("/part/").nth(20));
        bench.stage.fault(FaultRule::api(status(code)).path("/part/").nth(20));
        let upload = bench.client()?.upload(&bench.path).to(&bench.stage.project).part_size(PART);
        let refused = assert_refused(upload.await, kind, &["upload_part_url"]);
        assert_eq!((refused.status(), bench.journals()), (Some(code), 1));
        assert!(bench.stage.calls("DELETE", "").is_empty(), "the platform keeps it");
        bench.forget();
        bench.go_on().await?;
        assert_eq!(bench.begun(), 0, "it is the same upload");
        assert!(bench.sent().len() < 20, "what is there is not sent again");
    }
    Ok(())
}

#[tokio::test]
async fn upload_resumes_right_after_its_handle_drops() -> Result<()> {
    let bench = Bench::new().await?;
    let held = bench.stage.fault(FaultRule::storage(Action::Delay(FOREVER)).every(4));
    let upload = bench.client()?.upload(&bench.path).to(&bench.stage.project).part_size(PART).start();
    let arrived = || bench.stage.storage("PUT").len() == 20;
    eventually("five parts are missing", || arrived() && upload.progress().parts == 15).await;
    bench.stage.emulator.faults().remove(held);
    bench.stage.emulator.clear_requests();
    drop(upload);
    bench.go_on().await?;
    assert_eq!((bench.sent().len(), bench.begun()), (5, 0));
    Ok(())
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn upload_of_a_non_utf8_path_resumes() -> Result<()> {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;

    let bench = Bench::new().await?;
    let path = bench.stage.folder.path().join(OsStr::from_bytes(b"a\xff"));
    std::fs::rename(&bench.path, &path)?;
    let upload = || -> Result<_> {
        let upload = bench.client()?.upload(&path).to(&bench.stage.project).name("a");
        Ok(upload.part_size(PART).start())
    };
    bench.stage.fault(FaultRule::storage(Action::Delay(FOREVER)).every(4));
    let first = upload()?;
    eventually("five parts are missing", || first.progress().parts == 15).await;
    first.stop();
    assert_refused(first.wait().await, ErrorKind::Cancelled, &[]);
    bench.forget();
    bench.stage.assert_uploaded(&upload()?.wait().await?.id, &bench.bytes);
    assert_eq!((bench.sent().len(), bench.begun()), (5, 0));
    Ok(())
}
