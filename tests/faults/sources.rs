//! Local files that change while they are uploaded: an error, and nothing on the platform.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, SystemTime};

use anyhow::Result;
use sbg::ErrorKind;
use sbg_emulator::FaultRule;
use sbg_tests::{Stage, assert_refused, eventually, random_bytes};

use crate::status;

/// Uploads ten parts of a file that `change` changes while they cannot be stored.
async fn changed(change: impl FnOnce(&Path) -> std::io::Result<()>) -> Result<()> {
    let stage = Stage::start().await;
    let fault = stage.fault(FaultRule::storage(status(503)));
    let path = stage.local("a", random_bytes(1000));
    let upload = stage.client.upload(&path).to_project(&stage.project).part_size(100).start();
    eventually("the upload has begun", || !stage.storage("PUT").is_empty()).await;
    change(&path)?;
    stage.emulator.faults().remove(fault);
    assert_refused(upload.wait().await, ErrorKind::Integrity, &["a` changed while it was uploaded"]);
    assert!(stage.client.uploads().list().await?.is_empty(), "the upload is aborted");
    assert!(stage.client.project(&stage.project)?.files().query().await?.items.is_empty());
    assert_eq!(stage.calls("POST", "/complete").len(), 0);
    Ok(())
}

#[tokio::test]
async fn a_file_that_is_cut_short_while_it_is_uploaded_is_refused() -> Result<()> {
    changed(|path| OpenOptions::new().write(true).open(path)?.set_len(50)).await
}

#[tokio::test]
async fn a_file_that_grows_while_it_is_uploaded_is_refused() -> Result<()> {
    changed(|path| OpenOptions::new().append(true).open(path)?.write_all(b"more")).await
}

#[tokio::test]
async fn a_file_that_is_written_again_while_it_is_uploaded_is_refused() -> Result<()> {
    changed(|path| {
        std::fs::write(path, vec![0; 1000])?;
        File::options().write(true).open(path)?.set_modified(SystemTime::now() + Duration::from_secs(5))
    })
    .await
}

#[tokio::test]
async fn a_file_that_another_one_replaces_is_uploaded_as_it_was() -> Result<()> {
    let stage = Stage::start().await;
    let fault = stage.fault(FaultRule::storage(status(503)));
    let bytes = random_bytes(1000);
    let path = stage.local("a", &bytes);
    let upload = stage.client.upload(&path).to_project(&stage.project).part_size(100).start();
    eventually("the upload has begun", || !stage.storage("PUT").is_empty()).await;
    std::fs::rename(stage.local("b", "another file"), &path)?;
    stage.emulator.faults().remove(fault);
    stage.assert_uploaded(&upload.wait().await?.id, &bytes);
    Ok(())
}
