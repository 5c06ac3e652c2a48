//! Folder trees whose transfer is stopped or killed: the next transfer moves only what is missing.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use sbg::ErrorKind;
use sbg::files::Entry;
use sbg::transfer::{Outcome, Report};
use sbg_emulator::{Action, FaultRule, Recorded};
use sbg_tests::{MIB, Stage, assert_refused, assert_same_bytes, client_of, eventually, random_bytes};
use serde_json::Value;

use crate::processes::helper;
use crate::resuming::covered;

/// Longer than any test takes.
const FOREVER: Duration = Duration::from_secs(600);

/// Number of small files in a tree.
const SMALL: usize = 20;

/// Number of small files that the first transfer does not complete.
const HELD: usize = 5;

/// Size of the large file in a downloaded tree.
const DOWN: usize = 24 * MIB;

/// Size of the large file in an uploaded tree: too large for one part, so it has five.
const UP: usize = 32 * MIB + 1;

/// How the first transfer ends.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Stopped,
    Killed,
}

fn small(number: usize) -> String {
    format!("deep/{number:02}")
}

fn content(number: usize) -> String {
    format!("photograph {number}")
}

/// The contents of the journals in this folder whose names end with `end`.
fn journals(folder: &Path, end: &str) -> Vec<Value> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let named = entries.map(|entry| entry.path()).filter(|path| path.to_string_lossy().ends_with(end));
    // A journal that is being replaced may be missing for a moment.
    let texts = named.filter_map(|path| fs::read_to_string(path).ok());
    texts.filter_map(|text| serde_json::from_str(text.lines().next()?).ok()).collect()
}

/// Numbers of transferred and of identical files.
fn counts(report: &Report) -> (usize, usize) {
    let count = |wanted: fn(&Outcome) -> bool| {
        report.files.iter().filter(|file| file.outcome.as_ref().is_ok_and(wanted)).count()
    };
    (
        count(|outcome| matches!(outcome, Outcome::Transferred(_))),
        count(|outcome| matches!(outcome, Outcome::Identical | Outcome::Assumed)),
    )
}

/// Removes the faults and the recorded requests.
fn forget(stage: &Stage) {
    stage.emulator.faults().clear();
    stage.emulator.clear_requests();
}

/// Bytes of the large file that are journaled in this folder.
fn written_down(tree: &Path) -> u64 {
    let length = |extent: &Value| Some(extent["end"].as_u64()? - extent["start"].as_u64()?);
    let of_journal = |journal: Value| {
        let extents = journal["extents"].as_array()?.iter();
        extents.map(length).sum::<Option<u64>>()
    };
    journals(tree, ".sbg-part.journal").into_iter().filter_map(of_journal).sum()
}

/// Downloads a tree until all but a few small files and a piece of the large one are complete, and ends the transfer with `end`. Then
/// downloads it again.
async fn a_tree_comes_down_in_two_transfers(end: End) -> Result<()> {
    let stage = Stage::start().await;
    let ids: Vec<_> = (0..SMALL).map(|number| stage.file(&small(number), content(number))).collect();
    let large = stage.large_file("large", DOWN);
    for id in &ids[..HELD] {
        stage.fault(FaultRule::api(Action::Delay(FOREVER)).path(format!("{id}/download_info")));
    }
    stage.fault(FaultRule::storage(Action::Stall(3_000_000)));
    let tree = stage.path("tree");
    let there = || (HELD..SMALL).all(|number| tree.join(small(number)).exists());
    if end == End::Stopped {
        let download = stage.client.project(&stage.project).files().download_tree(&tree).start();
        eventually("it is as far as it comes", || there() && download.progress().bytes >= 3_000_000).await;
        download.stop();
        assert_refused(download.wait().await, ErrorKind::Cancelled, &[]);
    } else {
        let mut command = helper("download-tree", &stage);
        command.arg(stage.project.as_str()).arg(&tree).stdout(Stdio::null());
        let mut child = command.spawn()?;
        eventually("it is as far as it comes", || there() && written_down(&tree) > 0).await;
        child.kill()?;
        child.wait()?;
    }
    let known = written_down(&tree);
    assert!(known > 0, "a piece of the large file is there");
    forget(&stage);

    let files = stage.client_of("rfranklin").project(&stage.project).files();
    let report = files.download_tree(&tree).await?.into_result()?;
    assert_eq!(counts(&report), (HELD + 1, SMALL - HELD));
    assert_eq!(stage.calls("GET", "/download_info").len(), HELD + 1, "what is there is not asked for");
    let info = stage.calls("GET", &format!("{large}/download_info"));
    let info = info.first().and_then(Recorded::response_json).context("an answer")?;
    let url = info["url"].as_str().context("an address")?;
    let mut asked = stage.storage("GET");
    asked.retain(|request| url.contains(&request.path));
    assert!(covered(&asked) <= DOWN as u64 - known, "the piece that is there is not fetched again");

    for (number, id) in ids.iter().enumerate() {
        stage.assert_downloaded(&tree.join(small(number)), id);
    }
    stage.assert_downloaded(&tree.join("large"), &large);
    for (folder, files) in [(tree.clone(), 2), (tree.join("deep"), SMALL)] {
        assert_eq!(fs::read_dir(folder)?.count(), files, "nothing is left beside the files");
    }
    Ok(())
}

#[tokio::test]
async fn stopped_tree_download_fetches_the_rest() -> Result<()> {
    a_tree_comes_down_in_two_transfers(End::Stopped).await
}

#[tokio::test]
async fn killed_tree_download_fetches_the_rest() -> Result<()> {
    a_tree_comes_down_in_two_transfers(End::Killed).await
}

/// Uploads a tree until all but a few small files are completed and three of the five parts of the large one are confirmed, and ends the
/// transfer with `end`. Then uploads it again.
async fn a_tree_goes_up_in_two_transfers(end: End) -> Result<()> {
    let stage = Stage::start().await;
    let (tree, state, bytes) = (stage.path("tree"), stage.path("state"), random_bytes(UP));
    // Files created on the platform are newer than the local files, by at least a whole second.
    stage.emulator.clock().advance(Duration::from_secs(1));
    fs::create_dir_all(tree.join("deep"))?;
    (0..SMALL).try_for_each(|number| fs::write(tree.join(small(number)), content(number)))?;
    fs::write(tree.join("large"), &bytes)?;
    for part in ["/part/4", "/part/5"] {
        stage.fault(FaultRule::api(Action::Delay(FOREVER)).path(part));
    }
    // Only small files get this far.
    stage.fault(FaultRule::api(Action::Delay(FOREVER)).method("POST").path("/complete").first(HELD as u64));
    let client = || {
        let client = client_of(stage.emulator.url(), &stage.emulator.token());
        client.state_folder(Some(state.clone())).build()
    };
    let confirmed = |requests: &[Recorded]| {
        requests.iter().filter(|request| request.status.is_some_and(|status| status < 300)).count()
    };
    // The client may not have received every response yet; its journals show what it has.
    let far = || {
        let completions = stage.calls("POST", "/complete");
        let journals = journals(&state, ".upload");
        let parts = |journal: &Value| journal["parts"].as_array().map_or(0, Vec::len);
        (completions.len(), confirmed(&completions), confirmed(&stage.storage("PUT")))
            == (SMALL, SMALL - HELD, SMALL + 3)
            && journals.len() == HELD + 1
            && journals.iter().any(|journal| parts(journal) == 3)
    };
    if end == End::Stopped {
        let upload = client()?.upload_tree(&tree).to(&stage.project).start();
        eventually("it is as far as it comes", far).await;
        upload.stop();
        assert_refused(upload.wait().await, ErrorKind::Cancelled, &[]);
    } else {
        let mut command = helper("upload-tree", &stage);
        command.arg(stage.project.as_str()).arg(&tree).arg(&state).stdout(Stdio::null());
        let mut child = command.spawn()?;
        eventually("it is as far as it comes", far).await;
        child.kill()?;
        child.wait()?;
    }
    assert_eq!(journals(&state, ".upload").len(), HELD + 1);
    forget(&stage);

    let report = client()?.upload_tree(&tree).to(&stage.project).await?.into_result()?;
    assert_eq!(counts(&report), (HELD + 1, SMALL - HELD));
    assert_eq!(stage.calls("POST", "/upload/multipart").len(), 0, "they are the uploads that were begun");
    assert_eq!(stage.calls("POST", "/complete").len(), HELD + 1);
    assert_eq!(stage.storage("PUT").len(), 2, "the two parts that are missing are sent, and no others");

    let entries: Vec<Entry> =
        stage.client.project(&stage.project).files().walk().entries().try_collect().await?;
    let files: Vec<_> = entries.iter().filter(|entry| !entry.is_folder()).collect();
    assert_eq!(files.len(), SMALL + 1);
    for entry in files {
        let there = stage.emulator.file_content(&entry.file.id).context("a file")?;
        assert_same_bytes(&there, &fs::read(tree.join(&entry.path))?);
    }
    ensure!(stage.client.uploads().list().await?.is_empty(), "nothing is left under way");
    let left: Vec<_> = fs::read_dir(&state)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    ensure!(
        left.len() == 1 && left[0].extension() == Some("tree".as_ref()),
        "only the record is left: {left:?}"
    );
    Ok(())
}

#[tokio::test]
async fn stopped_tree_upload_sends_the_rest() -> Result<()> {
    a_tree_goes_up_in_two_transfers(End::Stopped).await
}

#[tokio::test]
async fn killed_tree_upload_sends_the_rest() -> Result<()> {
    a_tree_goes_up_in_two_transfers(End::Killed).await
}
