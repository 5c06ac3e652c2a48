//! Jobs that copy, move and delete whole folders, with a result for each item.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::Result;
use sbg::ErrorKind;
use sbg::files::Entry;
use sbg::files::{ItemResults as _, JobItem};
use sbg::types::{AsyncJob, File};
use sbg_emulator::Emulator;
use sbg_tests::{Stage, assert_refused};

/// A project with a folder `raw`, and a second project.
async fn stage() -> (Stage, String) {
    let builder = Emulator::builder().state_time(Duration::from_millis(20));
    let stage = Stage::with(builder).await;
    for path in ["raw/a.txt", "raw/deep/b.txt", "c.txt"] {
        stage.file(path, path);
    }
    let other = stage.emulator.create_project("models");
    (stage, other)
}

async fn paths(stage: &Stage, project: &str) -> Result<BTreeSet<String>> {
    let entries: Vec<Entry> = stage.client.project(project).files().walk().entries().try_collect().await?;
    Ok(entries.into_iter().map(|entry| entry.path).collect())
}

fn set(paths: &[&str]) -> BTreeSet<String> {
    paths.iter().map(|&path| path.to_owned()).collect()
}

/// Waits for a job and returns the results of its items.
async fn results(stage: &Stage, job: &AsyncJob) -> Result<Vec<sbg::Result<File>>> {
    let wait = stage.client.job(job).wait().poll_interval(Duration::from_millis(5));
    Ok(wait.timeout(Duration::from_secs(20)).await?.results())
}

#[tokio::test]
async fn folder_is_copied_with_its_contents() -> Result<()> {
    let (stage, other) = stage().await;
    let raw = stage.client.project(&stage.project).files().resolve_path("raw").await?;
    let items = [JobItem::new(&raw).to(&other).name("copied")];
    let job = stage.client.jobs().copy_files(items).await?;
    let results = results(&stage, &job).await?;
    assert_eq!(results.len(), 1);
    assert!(results[0].as_ref().is_ok_and(|file| file.name.as_deref() == Some("copied")), "{results:?}");
    let expected = ["copied", "copied/a.txt", "copied/deep", "copied/deep/b.txt"];
    assert_eq!(paths(&stage, &other).await?, set(&expected));
    assert!(paths(&stage, stage.project.as_str()).await?.contains("raw/deep/b.txt"), "the original stays");
    let listed: Vec<AsyncJob> = stage.client.jobs().query().items().try_collect().await?;
    assert_eq!(listed.iter().map(|job| &job.id).collect::<Vec<_>>(), [&job.id]);
    Ok(())
}

#[tokio::test]
async fn folder_is_moved_and_then_deleted() -> Result<()> {
    let (stage, other) = stage().await;
    let (project, files) = (stage.project.as_str(), stage.client.project(&stage.project).files());
    let raw = files.resolve_path("raw").await?;
    let done = stage.client.files().create_folder("done", project).await?;
    let item = || JobItem::new(&raw).name("of today");
    let job = stage.client.jobs().move_files([item().to(&done)]).await?;
    let moved = results(&stage, &job).await?.pop().expect("a result")?;
    let below = ["done/of today", "done/of today/a.txt", "done/of today/deep", "done/of today/deep/b.txt"];
    let mut expected = set(&below);
    expected.extend(set(&["c.txt", "done"]));
    assert_eq!(paths(&stage, project).await?, expected);

    let away = JobItem::new(&moved).to(&other);
    let job = stage.client.jobs().move_files([away]).await?;
    let moved = results(&stage, &job).await?.pop().expect("a result")?;
    let there = ["of today", "of today/a.txt", "of today/deep", "of today/deep/b.txt"];
    assert!(paths(&stage, &other).await?.is_superset(&set(&there)));

    let job = stage.client.jobs().delete_files([&moved.id]).await?;
    assert!(results(&stage, &job).await?.iter().all(Result::is_ok));
    assert_eq!(paths(&stage, project).await?, set(&["c.txt", "done"]));
    Ok(())
}

#[tokio::test]
async fn failed_job_item_has_its_error() -> Result<()> {
    let (stage, other) = stage().await;
    let files = stage.client.project(&stage.project).files();
    let (raw, c) = (files.resolve_path("raw").await?, files.resolve_path("c.txt").await?);
    let missing = "567890abc9b0307bc0414164";
    let items = [&raw.id[..], missing, &c.id[..]].map(|id| JobItem::new(id).to(&other));
    let job = stage.client.jobs().copy_files(items).await?;
    let mut failed = Vec::new();
    let mut done = BTreeSet::new();
    for result in results(&stage, &job).await? {
        match result {
            Ok(file) => drop(done.insert(file.name.unwrap_or_default())),
            Err(error) => failed.push(error),
        }
    }
    assert_eq!(done, set(&["c.txt", "raw"]));
    assert_eq!(failed.len(), 1);
    assert!(failed[0].kind() == ErrorKind::NotFound && failed[0].code().is_some(), "{:?}", failed[0]);
    Ok(())
}

#[tokio::test]
async fn job_wait_reports_changes_and_times_out() -> Result<()> {
    let stage = Stage::with(Emulator::builder().state_time(Duration::from_secs(600))).await;
    let file = stage.file("a", "a");
    let job = stage.client.jobs().delete_files([file]).await?;
    let told: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = told.clone();
    let wait = stage.client.job(&job).wait().poll_interval(Duration::from_millis(5));
    let wait = wait.on_change(move |job| {
        let state = job.state.as_ref().map_or("none", |state| state.as_str()).to_owned();
        log.lock().expect("no panic before").push(state);
    });
    let waited = wait.timeout(Duration::from_millis(60)).await;
    assert_refused(waited, ErrorKind::WaitTimeout, &[&format!("job `{}` has not ended", job.id)]);
    assert_eq!(told.lock().expect("no panic before").len(), 1, "the state did not change");
    assert!(stage.client.delete_job(&job.id).get().await?.results().is_empty());
    Ok(())
}

#[tokio::test]
async fn invalid_jobs_are_never_sent() -> Result<()> {
    let (stage, _) = stage().await;
    let jobs = stage.client.jobs();
    let new = || JobItem::new("567890abc9b0307bc0414164");
    let check = |result: sbg::Result<AsyncJob>, words: &[&str]| {
        assert_refused(result, ErrorKind::InvalidInput, words);
    };
    check(jobs.copy_files([]).await, &["at least one file or folder"]);
    check(jobs.move_files([]).await, &["at least one file or folder"]);
    check(jobs.delete_files([""; 0]).await, &["at least one file or folder"]);
    check(jobs.copy_files([new()]).await, &["the copy has no destination"]);
    check(jobs.move_files([new()]).await, &["the move has no destination"]);
    check(jobs.copy_files([new().to("models")]).await, &["not a project id: `models`"]);
    check(jobs.copy_files([new().to("5f2").name("a/b")]).await, &["has a slash"]);
    check(jobs.copy_files([new().to("5f2"), new().to("5f2")]).await, &["listed twice for one destination"]);
    check(jobs.delete_files(["a", "b", "a"]).await, &["`a` is listed twice"]);
    check(jobs.delete_files(["a b"]).await, &["not a file id"]);
    assert_refused(stage.client.copy_job("a/b").get().await, ErrorKind::InvalidInput, &["not a job id"]);
    stage.assert_no_requests();
    Ok(())
}
