//! Uploads that were started by a run that ended before it learned their ids, and what killed runs leave in the state folder.

use std::process::Stdio;

use anyhow::{Context as _, Result};
use sbg::ErrorKind;
use sbg::raw::ClientUploadExt as _;
use sbg::types::UploadInit;
use sbg_emulator::{Action, FaultRule};
use sbg_tests::{assert_refused, eventually};

use crate::processes::uploader;
use crate::resuming_uploads::{Bench, FOREVER, PART};

/// A platform with an upload of which the client does not know the id.
async fn unheard() -> Result<Bench> {
    let bench = Bench::new().await?;
    bench.stage.fault(FaultRule::api(Action::LostResponse).method("POST").path("/upload/multipart").first(1));
    let upload = bench.client()?.upload(&bench.path).to(&bench.stage.project).part_size(PART);
    assert_refused(upload.await, ErrorKind::Network, &["upload_init"]);
    assert_eq!((bench.under_way().await?.len(), bench.journals()), (1, 1));
    bench.forget();
    Ok(bench)
}

/// Starts an upload as another program of the same user would.
async fn begin_elsewhere(bench: &Bench) -> Result<String> {
    let body = UploadInit {
        name: "a".to_owned(),
        project: Some(bench.stage.project.as_str().to_owned()),
        parent: None,
        size: Some(i64::try_from(bench.bytes.len())?),
        part_size: Some(i32::try_from(PART)?),
        md5: None,
    };
    Ok(bench.stage.client.raw().upload_init().body(body).send().await?.into_inner().upload_id)
}

#[tokio::test]
async fn upload_with_a_lost_id_is_adopted() -> Result<()> {
    let bench = unheard().await?;
    let id = bench.under_way().await?.pop().context("an upload")?;
    bench.forget();
    let done = bench.go_on().await?;
    assert_eq!((bench.begun(), done.started_over), (0, None));
    assert!(bench.stage.storage("PUT").iter().all(|put| put.path.contains(&id)));
    assert!(bench.under_way().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn upload_of_a_killed_run_is_adopted() -> Result<()> {
    let bench = Bench::new().await?;
    bench.stage.fault(FaultRule::api(Action::Stall(0)).method("POST").path("/upload/multipart"));
    let part_size = usize::try_from(PART)?;
    let mut command = uploader(&bench.stage, &bench.path, bench.state.path(), part_size, None);
    let mut child = command.stdout(Stdio::null()).spawn()?;
    eventually("it has begun", || {
        bench.stage.calls("POST", "/upload/multipart").iter().any(|call| call.status == Some(200))
    })
    .await;
    child.kill()?;
    child.wait()?;
    assert_eq!(bench.under_way().await?.len(), 1);
    bench.forget();
    bench.go_on().await?;
    assert_eq!((bench.begun(), bench.journals()), (0, 0), "no lock file is left either");
    assert!(bench.under_way().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn ambiguous_upload_is_left_alone() -> Result<()> {
    let bench = unheard().await?;
    begin_elsewhere(&bench).await?;
    let before = bench.under_way().await?;
    assert_eq!(before.len(), 2);
    bench.forget();
    bench.go_on().await?;
    assert_eq!(bench.begun(), 1);
    assert!(bench.stage.calls("DELETE", "").is_empty());
    assert_eq!(bench.under_way().await?, before);
    Ok(())
}

#[tokio::test]
async fn upload_in_another_journal_is_not_adopted() -> Result<()> {
    let bench = unheard().await?;
    let ours = bench.under_way().await?.pop().context("an upload")?;
    bench.stage.client.uploads().abort(&ours).await?;
    // The same content at another path: its journal has another key.
    let other = bench.stage.local("other", &bench.bytes);
    let held = bench.stage.fault(FaultRule::storage(Action::Delay(FOREVER)));
    let upload = bench.client()?.upload(&other).to(&bench.stage.project).name("a").part_size(PART).start();
    eventually("it has begun", || !bench.stage.storage("PUT").is_empty()).await;
    let theirs = bench.under_way().await?;
    bench.stage.emulator.faults().remove(held);
    bench.stage.emulator.clear_requests();
    let mine = bench.client()?.upload(&bench.path).to(&bench.stage.project).part_size(PART).await?;
    bench.stage.assert_uploaded(&mine.id, &bench.bytes);
    assert_eq!(bench.begun(), 1);
    assert_eq!(bench.under_way().await?, theirs);
    upload.abort();
    assert_refused(upload.wait().await, ErrorKind::Cancelled, &[]);
    Ok(())
}

#[tokio::test]
async fn upload_of_a_changed_file_is_aborted() -> Result<()> {
    let bench = unheard().await?;
    std::fs::write(&bench.path, [&bench.bytes[..], b"more"].concat())?;
    let done = bench.go_on().await?;
    assert!(done.started_over.context("it did not start over")?.contains("changed"));
    assert_eq!((bench.begun(), bench.stage.calls("DELETE", "").len()), (1, 1));
    assert!(bench.under_way().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn refused_upload_leaves_no_journal() -> Result<()> {
    let bench = Bench::new().await?;
    bench.stage.file("a", "there already");
    let upload = bench.client()?.upload(&bench.path).to(&bench.stage.project).await;
    assert!(assert_refused(upload, ErrorKind::Conflict, &["upload_init"]).is_conflict());
    assert_eq!(bench.journals(), 0);
    Ok(())
}

#[tokio::test]
async fn stale_lock_files_are_removed() -> Result<()> {
    let bench = Bench::new().await?;
    let stale = bench.state.path().join("0123456789abcdef0123456789abcdef.upload.lock");
    std::fs::write(&stale, "")?;
    let upload = bench.client()?.upload(&bench.path).to(&bench.stage.project).part_size(PART);
    upload.await?;
    assert_eq!(bench.journals(), 0);
    Ok(())
}
