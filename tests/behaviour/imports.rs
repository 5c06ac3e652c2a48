//! Imports from DRS servers.

use std::time::Duration;

use anyhow::{Context as _, Result};
use sbg::ErrorKind;
use sbg::drs::{DrsItem, DrsManifest};
use sbg::files::ItemResults as _;
use sbg::types::DrsImportState;
use sbg_tests::{Stage, assert_refused};
use serde_json::json;

#[tokio::test]
async fn drs_imports_report_each_result() -> Result<()> {
    let stage = Stage::start().await;
    let item = |uri: &str| DrsItem::new(uri).to(&stage.project);
    let items = [
        item("drs://caninedc.org/b-form").name("b-form.bam").metadata("species", "Canis lupus"),
        item("drs://caninedc.org/missing"),
    ];
    let started = stage.client.drs_imports().start(items).tags(["canine"]).await?;
    let wait = stage.client.drs_import(&started.id).wait().poll_interval(Duration::from_millis(5));
    // After a day, everything on the platform has finished.
    let clock = stage.emulator.clock().clone();
    let import = wait.on_change(move |_| clock.advance(Duration::from_secs(24 * 60 * 60))).await?;
    let state = import.state.clone().context("a state")?;
    assert!(matches!(state, DrsImportState::Finished | DrsImportState::Completed), "{state:?}");
    let results = import.results();
    assert_eq!(results.len(), 2);
    let file = results[0].as_ref().ok().context("a file")?;
    let file = stage.client.file(&file.id).get().await?;
    assert_eq!((file.name.as_deref(), file.tags), (Some("b-form.bam"), Some(vec!["canine".to_owned()])));
    assert_eq!(file.metadata.context("metadata")?["species"], json!("Canis lupus"));
    assert_refused(results.into_iter().nth(1).context("a result")?, ErrorKind::NotFound, &["10225"]);
    Ok(())
}

#[tokio::test]
async fn rows_of_a_manifest_fail_alone() -> Result<()> {
    let stage = Stage::start().await;
    let table = "drs_uri,name,species\n\
                 drs://caninedc.org/b-form,b-form.bam,Canis lupus\n\
                 https://caninedc.org/b-form,b.bam,\n\
                 drs://caninedc.org/missing,,\n\
                 drs://caninedc.org/a-form,a/form,\n\
                 drs://caninedc.org/a-form\n";
    let manifest = DrsManifest::parse(table.as_bytes())?;
    let clock = stage.emulator.clock().clone();
    let import = stage.client.drs_imports().manifest(manifest).to(&stage.project).metadata_from_all();
    let report = import.on_change(move |_| clock.advance(Duration::from_secs(24 * 60 * 60))).await?;
    let outcomes: Vec<_> = report
        .rows
        .iter()
        .map(|row| {
            (row.line, row.result.as_ref().map(|file| file.name.as_deref()).map_err(sbg::Error::message))
        })
        .collect();
    assert_eq!(outcomes[0], (2, Ok(Some("b-form.bam"))));
    assert_eq!(
        outcomes[1],
        (3, Err("`https://caninedc.org/b-form` is not a DRS URI: it must begin with `drs://`"))
    );
    assert_eq!(report.rows[2].result.as_ref().unwrap_err().code(), Some(10225));
    assert_eq!(outcomes[3], (5, Err("the name `a/form` has a slash")));
    assert_eq!(outcomes[4], (6, Err("the row has 1 values, and the table has 3 columns")));
    assert_eq!(report.failed().count(), 4);
    let file = report.rows[0].result.as_ref().ok().context("a file")?;
    let file = stage.client.file(&file.id).get().await?;
    assert_eq!(file.metadata.context("metadata")?["species"], json!("Canis lupus"));
    Ok(())
}

#[tokio::test]
async fn a_manifest_is_imported_in_hundreds() -> Result<()> {
    let stage = Stage::start().await;
    let rows: Vec<_> = (0..150).map(|row| format!("drs://caninedc.org/{row},{row}.bam\n")).collect();
    let manifest = DrsManifest::parse(format!("drs_uri,name\n{}", rows.concat()).as_bytes())?;
    let clock = stage.emulator.clock().clone();
    let import = stage.client.drs_imports().manifest(manifest).to(&stage.project);
    let report = import.on_change(move |_| clock.advance(Duration::from_secs(24 * 60 * 60))).await?;
    let named =
        |row: &sbg::drs::RowReport| row.result.as_ref().ok().and_then(|file| file.name.clone()) == row.name;
    assert!(report.rows.iter().all(named), "{:?}", report.rows);
    let requests = stage.emulator.requests();
    let started =
        requests.iter().filter(|request| request.path.ends_with("/bulk/drs/imports/create")).count();
    assert_eq!(started, 2);
    Ok(())
}
