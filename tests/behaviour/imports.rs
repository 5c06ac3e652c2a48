//! Imports of files that lie elsewhere.

use std::time::Duration;

use anyhow::{Context as _, Result};
use sbg::ErrorKind;
use sbg::drs::DrsItem;
use sbg::files::ItemResults as _;
use sbg::types::DrsImportState;
use sbg_tests::{Stage, assert_refused};
use serde_json::json;

#[tokio::test]
async fn files_of_drs_servers_are_linked_and_each_has_its_result() -> Result<()> {
    let stage = Stage::start().await;
    let item = |uri: &str| DrsItem::new(uri).to_project(&stage.project);
    let items = [
        item("drs://caninedc.org/b-form").name("b-form.bam").metadata("species", "Canis lupus"),
        item("drs://caninedc.org/missing"),
    ];
    let started = stage.client.drs_imports().start(items).tags(["canine"]).await?;
    let wait = stage.client.drs_import(&started.id).wait().poll_interval(Duration::from_millis(5));
    // Whatever takes its time on the platform is over after a day.
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
