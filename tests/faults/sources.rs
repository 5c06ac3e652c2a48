//! Local files that change during the upload, and journals of other uploads: nothing else is touched.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, SystemTime};

use anyhow::Result;
use sbg::ErrorKind;
use sbg::raw::ClientUploadExt as _;
use sbg::types::UploadInit;
use sbg_emulator::FaultRule;
use sbg_tests::{Stage, assert_refused, eventually, random_bytes};

use crate::resuming_uploads::{Bench, PART};
use crate::status;

/// Uploads ten parts of a file that `change` modifies while the storage refuses them.
async fn changed(change: impl FnOnce(&Path) -> std::io::Result<()>) -> Result<()> {
    let stage = Stage::start().await;
    let fault = stage.fault(FaultRule::storage(status(503)));
    let path = stage.local("a", random_bytes(1000));
    let upload = stage.client.upload(&path).to(&stage.project).part_size(100).start();
    eventually("the upload has begun", || !stage.storage("PUT").is_empty()).await;
    change(&path)?;
    stage.emulator.faults().remove(fault);
    assert_refused(upload.wait().await, ErrorKind::Integrity, &["a` changed while it was uploaded"]);
    assert!(stage.client.uploads().list().await?.is_empty(), "the upload is aborted");
    assert!(stage.client.project(&stage.project).files().query().all().await?.is_empty());
    assert_eq!(stage.calls("POST", "/complete").len(), 0);
    Ok(())
}

#[tokio::test]
async fn upload_of_a_truncated_file_is_refused() -> Result<()> {
    changed(|path| OpenOptions::new().write(true).open(path)?.set_len(50)).await
}

#[tokio::test]
async fn upload_of_a_growing_file_is_refused() -> Result<()> {
    changed(|path| OpenOptions::new().append(true).open(path)?.write_all(b"more")).await
}

#[tokio::test]
async fn upload_of_a_rewritten_file_is_refused() -> Result<()> {
    changed(|path| {
        std::fs::write(path, vec![0; 1000])?;
        File::options().write(true).open(path)?.set_modified(SystemTime::now() + Duration::from_secs(5))
    })
    .await
}

#[tokio::test]
async fn replaced_file_is_uploaded_as_opened() -> Result<()> {
    let stage = Stage::start().await;
    let fault = stage.fault(FaultRule::storage(status(503)));
    let bytes = random_bytes(1000);
    let path = stage.local("a", &bytes);
    let upload = stage.client.upload(&path).to(&stage.project).part_size(100).start();
    eventually("the upload has begun", || !stage.storage("PUT").is_empty()).await;
    std::fs::rename(stage.local("b", "another file"), &path)?;
    stage.emulator.faults().remove(fault);
    stage.assert_uploaded(&upload.wait().await?.id, &bytes);
    Ok(())
}

/// The journal has the id of another upload, and the file has changed since, so that the upload in the journal would be aborted.
#[tokio::test]
async fn journal_of_another_upload_aborts_nothing() -> Result<()> {
    let bench = Bench::stopped().await?;
    let body = UploadInit {
        name: "theirs".to_owned(),
        project: Some(bench.stage.project.as_str().to_owned()),
        parent: None,
        size: Some(i64::try_from(bench.bytes.len())?),
        part_size: Some(i32::try_from(PART)?),
        md5: None,
    };
    let theirs = bench.stage.client.raw().upload_init().body(body).send().await?.into_inner().upload_id;
    let path = bench.journal()?;
    let text = std::fs::read_to_string(&path)?;
    let mut journal: serde_json::Value = serde_json::from_str(text.lines().next().unwrap_or_default())?;
    journal["upload_id"] = theirs.clone().into();
    let json = journal.to_string();
    std::fs::write(&path, format!("{json}\n{:08x}\n", crc32c::crc32c(json.as_bytes())))?;
    std::fs::write(&bench.path, random_bytes(bench.bytes.len() + 1))?;
    bench.forget();

    let upload = bench.client()?.upload(&bench.path).to(&bench.stage.project).part_size(PART);
    let done = upload.await?;
    bench.stage.assert_uploaded(&done.id, &std::fs::read(&bench.path)?);
    assert!(done.started_over.is_some_and(|why| why.contains("another upload")));
    assert!(bench.stage.calls("DELETE", "").is_empty());
    let under_way = bench.stage.client.uploads().list().await?;
    assert!(under_way.iter().any(|upload| upload.upload_id == theirs), "{under_way:?}");
    Ok(())
}
