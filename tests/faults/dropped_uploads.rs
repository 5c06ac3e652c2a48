//! Uploads that the storage has dropped while the platform still lists them, and journals with the wrong upload id.

use anyhow::{Context as _, Result};
use sbg::ErrorKind;
use sbg::raw::ClientUploadExt as _;
use sbg::types::UploadInit;
use sbg_emulator::{Action, FaultRule};
use sbg_tests::{Stage, assert_refused, eventually, random_bytes};

use crate::resuming_uploads::{Bench, FOREVER, PART};
use crate::status;

/// Stops an upload, makes the storage refuse its parts with this status, and uploads the file again.
async fn restarts(code: u16) -> Result<()> {
    let bench = Bench::stopped().await?;
    let id = bench.under_way().await?.pop().context("an upload")?;
    bench.forget();
    let refused = bench.stage.fault(FaultRule::storage(status(code)).path(&id));
    let done = bench.go_on().await?;
    let why = done.started_over.context("it did not start over")?;
    assert!(why.contains("the storage dropped the upload") && why.contains(&code.to_string()), "{why}");
    assert_eq!(done.resumed, 0);
    assert!(bench.stage.emulator.faults().fired(refused) > 0);
    let new = bench.stage.storage("PUT").iter().filter(|put| !put.path.contains(&id)).count();
    assert_eq!((new, bench.begun()), (20, 1), "all is sent to one new upload");
    let aborted = bench.stage.calls("DELETE", &id);
    assert_eq!(aborted.len(), 1, "the old upload is aborted");
    assert!(bench.under_way().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn dropped_upload_restarts_once() -> Result<()> {
    for code in [404, 410, 403] {
        restarts(code).await.with_context(|| code.to_string())?;
    }
    Ok(())
}

#[tokio::test]
async fn upload_without_its_parts_restarts() -> Result<()> {
    for complete in [false, true] {
        let bench = Bench::new().await?;
        if complete {
            bench.stage.fault(FaultRule::api(Action::Delay(FOREVER)).path("/complete"));
            let upload = bench.client()?.upload(&bench.path).to(&bench.stage.project);
            let upload = upload.part_size(PART).start();
            eventually("all is sent", || !bench.stage.calls("POST", "/complete").is_empty()).await;
            upload.stop();
            assert_refused(upload.wait().await, ErrorKind::Cancelled, &[]);
        } else {
            bench.stop_in_the_middle().await?;
        }
        let id = bench.under_way().await?.pop().context("an upload")?;
        assert!(bench.stage.emulator.drop_upload(&id));
        bench.forget();
        let done = bench.go_on().await?;
        assert!(done.started_over.context("it did not start over")?.contains("dropped the upload"));
        assert_eq!(bench.begun(), 1);
        assert!(bench.under_way().await?.is_empty());
    }
    Ok(())
}

#[tokio::test]
async fn upload_with_repeated_500s_restarts() -> Result<()> {
    restarts(500).await
}

#[tokio::test]
async fn upload_dropped_twice_fails() -> Result<()> {
    let bench = Bench::stopped().await?;
    bench.stage.fault(FaultRule::storage(status(404)));
    let upload = bench.client()?.upload(&bench.path).to(&bench.stage.project).part_size(PART);
    assert_refused(upload.await, ErrorKind::Storage, &["the storage refused", "HTTP 404"]);
    assert_eq!(bench.begun(), 1, "it restarts once");
    Ok(())
}

#[tokio::test]
async fn refused_new_upload_does_not_restart() -> Result<()> {
    for code in [403, 404] {
        let bench = Bench::new().await?;
        bench.stage.fault(FaultRule::storage(status(code)));
        let upload = bench.client()?.upload(&bench.path).to(&bench.stage.project).part_size(PART);
        assert_refused(upload.await, ErrorKind::Storage, &[&format!("HTTP {code}")]);
        assert_eq!(bench.begun(), 1);
    }
    Ok(())
}

#[tokio::test]
async fn dropped_reader_upload_is_an_error() -> Result<()> {
    let stage = Stage::start().await;
    // The last part is sent after others are confirmed.
    stage.fault(FaultRule::storage(status(404)).path("/60"));
    let reader = std::io::Cursor::new(random_bytes(6000));
    let upload = stage.client.upload_reader("a", reader).size(6000).to(&stage.project).part_size(100);
    let error =
        assert_refused(upload.await, ErrorKind::Storage, &["dropped the upload", "cannot be read again"]);
    assert_eq!(error.status(), Some(404));
    assert_eq!(stage.calls("POST", "/upload/multipart").len(), 1);
    assert!(stage.client.uploads().list().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn upload_of_another_file_is_left_alone() -> Result<()> {
    for name in ["b", "a"] {
        let bench = Bench::stopped().await?;
        let id = bench.under_way().await?.pop().context("an upload")?;
        let project = if name == "a" {
            bench.stage.emulator.create_project("other")
        } else {
            bench.stage.project.as_str().to_owned()
        };
        let body = UploadInit {
            name: name.to_owned(),
            project: Some(project),
            parent: None,
            size: Some(i64::try_from(bench.bytes.len())?),
            part_size: Some(i32::try_from(PART)?),
            md5: None,
        };
        let other = bench.stage.client.raw().upload_init().body(body).send().await?.into_inner().upload_id;
        let path = bench.journal()?;
        let journal = std::fs::read_to_string(&path)?.replace(&id, &other);
        let json = journal.lines().next().context("a line")?;
        std::fs::write(&path, format!("{json}\n{:08x}\n", crc32c::crc32c(json.as_bytes())))?;
        for changed in [true, false] {
            if changed {
                // If the file has changed, the upload in the journal would be aborted.
                std::fs::write(&bench.path, [&bench.bytes[..], b"more"].concat())?;
            }
            bench.forget();
            let done = bench.go_on().await?;
            if changed {
                assert!(done.started_over.context("it did not start over")?.contains("another upload"));
            }
            assert!(bench.under_way().await?.contains(&other), "it is still there");
            assert!(bench.stage.storage("PUT").iter().all(|put| !put.path.contains(&other)));
            bench.stage.client.file(&done.file.id).delete().await?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn upload_hidden_by_the_platform_restarts() -> Result<()> {
    let bench = Bench::stopped().await?;
    let id = bench.under_way().await?.pop().context("an upload")?;
    bench.forget();
    bench.stage.fault(FaultRule::api(status(403)).method("GET").path(&id).first(1));
    let upload = bench.client()?.upload(&bench.path).to(&bench.stage.project).part_size(PART).start();
    bench.stage.assert_uploaded(&upload.wait().await?.id, &bench.bytes);
    let why = upload.started_over().context("it did not start over")?;
    assert!(why.contains("does not show the upload"), "{why}");
    assert_eq!((bench.begun(), bench.journals()), (1, 0));
    Ok(())
}
