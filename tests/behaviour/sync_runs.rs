//! Syncs carried out: both sides are the same afterwards, and nothing is lost that was not to be deleted.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use sbg::ErrorKind;
use sbg::files::Entry;
use sbg::transfer::{Shard, SyncOperation};
use sbg_emulator::{Action, Emulator, FaultRule};
use sbg_tests::{MIB, Stage, assert_refused, eventually};
use serde_json::Value;

/// The content of each file by path; folders end in `/`.
type Tree = BTreeMap<String, Vec<u8>>;

fn tree(entries: &[(&str, &str)]) -> Tree {
    entries.iter().map(|(path, content)| ((*path).to_owned(), content.as_bytes().to_vec())).collect()
}

/// A platform, and a client with a state folder.
async fn stage(state: &Path) -> Stage {
    let builder = Emulator::builder().min_part_size(1).rate_limit(1_000_000);
    Stage::tuned(builder, |client| client.state_folder(Some(state.into()))).await
}

fn write(folder: &Path, tree: &Tree) -> Result<()> {
    fs::create_dir_all(folder)?;
    for (path, content) in tree {
        let local = folder.join(path);
        fs::create_dir_all(if path.ends_with('/') { &local } else { local.parent().context("a folder")? })?;
        if !path.ends_with('/') {
            fs::write(local, content)?;
        }
    }
    Ok(())
}

fn local(folder: &Path) -> Result<Tree> {
    let mut found = Tree::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(next) = waiting.pop() {
        for entry in fs::read_dir(next)? {
            let path = entry?.path();
            let mut name = path.strip_prefix(folder)?.to_string_lossy().into_owned();
            let content = if path.is_dir() {
                name.push('/');
                waiting.push(path);
                Vec::new()
            } else {
                fs::read(path)?
            };
            found.insert(name, content);
        }
    }
    Ok(found)
}

async fn remote(stage: &Stage) -> Result<Tree> {
    let entries: Vec<Entry> =
        stage.client.project(&stage.project).files().walk().entries().try_collect().await?;
    let content = |entry: Entry| match stage.emulator.file_content(&entry.file.id) {
        Some(bytes) if !entry.is_folder() => (entry.path, bytes),
        _ => (format!("{}/", entry.path), Vec::new()),
    };
    Ok(entries.into_iter().map(content).collect())
}

#[tokio::test]
async fn sync_mirrors_in_both_directions() -> Result<()> {
    let state = tempfile::tempdir()?;
    let stage = stage(state.path()).await;
    let (here, there) = (stage.path("here"), stage.path("there"));
    let mut files = tree(&[("a", "1"), ("x/b", "22"), ("x/y/c", ""), ("x/", ""), ("x/y/", ""), ("e/", "")]);
    write(&here, &files)?;
    let up = || stage.client.sync(&here).to(&stage.project).delete(true);
    let down = || stage.client.sync(&there).from(&stage.project).delete(true);
    let report = up().await?.into_result()?;
    assert_eq!((report.bytes(), report.results.len()), (3, 6));
    down().await?.into_result()?;
    assert_eq!((&remote(&stage).await?, &local(&there)?), (&files, &files));

    fs::remove_dir_all(here.join("x/y"))?;
    fs::write(here.join("a"), "changed")?;
    write(&here, &tree(&[("n/m/d", "4")]))?;
    files.retain(|path, _| !path.starts_with("x/y"));
    files.extend(tree(&[("a", "changed"), ("n/", ""), ("n/m/", ""), ("n/m/d", "4")]));
    let report = up().await?.into_result()?;
    let done: Vec<_> = report.results.iter().map(|done| done.action.to_string()).collect();
    let expected = [
        "create folder n",
        "create folder n/m",
        "copy changed  a (7 bytes)",
        "copy new      n/m/d (1 bytes)",
        "delete        x/y/c (0 bytes)",
        "delete folder x/y",
    ];
    assert_eq!((done, report.identical), (expected.map(str::to_owned).to_vec(), 1));
    down().await?.into_result()?;
    assert_eq!((&remote(&stage).await?, &local(&there)?), (&files, &files));
    assert!(up().plan().await?.is_empty() && down().plan().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn files_stay_unless_deletes_are_wanted() -> Result<()> {
    let state = tempfile::tempdir()?;
    let stage = stage(state.path()).await;
    let here = stage.path("here");
    stage.file("kept/a", "1");
    write(&here, &tree(&[("b", "2")]))?;
    stage.client.sync(&here).to(&stage.project).await?.into_result()?;
    assert_eq!(remote(&stage).await?, tree(&[("kept/", ""), ("kept/a", "1"), ("b", "2")]));
    stage.client.sync(stage.path("there")).from(&stage.project).path("kept").await?.into_result()?;
    assert_eq!(local(&stage.path("there"))?, tree(&[("a", "1")]));
    Ok(())
}

#[tokio::test]
async fn missing_remote_path_is_created() -> Result<()> {
    let state = tempfile::tempdir()?;
    let stage = stage(state.path()).await;
    let here = stage.path("here");
    stage.file("runs/old", "1");
    write(&here, &tree(&[("a", "1"), ("x/b", "2")]))?;
    let up = stage.client.sync(&here).to(&stage.project).path("/runs/2026/").delete(true);
    assert_eq!(up.clone().plan().await?.actions().len(), 3);
    assert_eq!(remote(&stage).await?.len(), 2, "a plan creates nothing");
    up.clone().await?.into_result()?;
    let files = remote(&stage).await?;
    assert_eq!((files.len(), &files["runs/2026/x/b"]), (6, &b"2".to_vec()));
    assert!(up.plan().await?.is_empty());

    let folder = stage.client.project(&stage.project).files().resolve_path("runs").await?;
    let down = stage.client.sync(stage.path("there")).from(&folder);
    down.clone().path("2026").await?.into_result()?;
    assert_eq!(local(&stage.path("there"))?, local(&here)?);
    let words = ["there is no folder `2027`"];
    assert_refused(down.clone().path("2027").plan().await, ErrorKind::NotFound, &words);
    let words = ["`old` is a file on the platform"];
    assert_refused(down.path("old").plan().await, ErrorKind::InvalidInput, &words);
    Ok(())
}

#[tokio::test]
async fn deletes_use_bulk_calls() -> Result<()> {
    let state = tempfile::tempdir()?;
    let stage = stage(state.path()).await;
    let here = stage.path("here");
    for number in 0..150 {
        stage.file(&format!("old/{number}"), "1");
    }
    write(&here, &Tree::new())?;
    stage.emulator.clear_requests();
    let sync = stage.client.sync(&here).to(&stage.project).delete(true).force_delete(true);
    sync.await?.into_result()?;
    assert_eq!(stage.calls("POST", "/bulk/files/delete").len(), 2 + 1, "files, then the folder");
    assert_eq!(stage.calls("POST", "/bulk/files/get").len(), 2);
    assert!(stage.calls("DELETE", "").is_empty());
    assert!(remote(&stage).await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn changes_since_the_plan_are_kept() -> Result<()> {
    let state = tempfile::tempdir()?;
    let stage = stage(state.path()).await;
    let here = stage.path("here");
    write(&here, &tree(&[("new", "1"), ("also new", "1")]))?;
    let ids: Vec<_> = ["a", "b", "c", "d"].map(|name| stage.file(&format!("old/{name}"), "1")).into();
    let sync = stage.client.sync(&here).to(&stage.project).delete(true).force_delete(true);
    let plan = sync.plan().await?;
    stage.file("new", "somebody else's");
    stage.emulator.clock().advance(std::time::Duration::from_secs(10));
    stage.client.file(&ids[0]).edit().name("renamed").await?;
    stage.client.file(&ids[1]).delete().await?;
    let report = plan.clone().await?;
    let failures: Vec<_> = report.failures().map(|(path, _)| path).collect();
    // Because a copy failed, nothing is deleted.
    assert_eq!(failures, ["new", "old/a", "old/b", "old/c", "old/d", "old"]);
    let files = remote(&stage).await?;
    assert_eq!((&files["new"], &files["also new"]), (&b"somebody else's".to_vec(), &b"1".to_vec()));

    fs::write(here.join("new"), "somebody else's")?;
    let sync = stage.client.sync(&here).to(&stage.project).delete(true).force_delete(true);
    let plan = sync.exclude("new").plan().await?;
    let id = stage.client.project(&stage.project).files().resolve_path("old/c").await?.id;
    stage.emulator.clock().advance(std::time::Duration::from_secs(10));
    stage.client.file(&id).edit().name("moved").await?;
    stage.file("old/appeared", "1");
    let report = plan.await?;
    let failures: Vec<_> = report.failures().map(|(path, error)| (path, error.kind())).collect();
    assert_eq!(failures, [("old/c", ErrorKind::Conflict), ("old", ErrorKind::Conflict)]);
    let files = remote(&stage).await?;
    assert!(files.contains_key("old/moved") && files.contains_key("old/appeared"));
    assert!(!files.contains_key("old/d") && !files.contains_key("old/renamed"));
    Ok(())
}

#[tokio::test]
async fn local_changes_since_the_plan_are_kept() -> Result<()> {
    let state = tempfile::tempdir()?;
    let stage = stage(state.path()).await;
    let there = stage.path("there");
    stage.file("new", "1");
    write(&there, &tree(&[("x/a", "1"), ("x/b", "1"), ("y/c", "1"), ("y.sbg-part", "partial")]))?;
    let sync = stage.client.sync(&there).from(&stage.project).delete(true).force_delete(true);
    let plan = sync.clone().plan().await?;
    fs::write(there.join("new"), "mine")?;
    let report = plan.await?;
    assert_eq!(report.failures().count(), 6, "{report:?}");
    assert_eq!(fs::read(there.join("new"))?, b"mine");

    let plan = sync.exclude("new").plan().await?;
    fs::write(there.join("x/a"), "changed")?;
    fs::write(there.join("y/appeared"), "1")?;
    let report = plan.await?;
    let failures: Vec<_> = report.failures().map(|(path, error)| (path, error.kind())).collect();
    let conflict = ErrorKind::Conflict;
    assert_eq!(failures, [("x/a", conflict), ("y", conflict), ("x", conflict)]);
    let left: Vec<_> = local(&there)?.into_keys().collect();
    assert_eq!(left, ["new", "x/", "x/a", "y.sbg-part", "y/", "y/appeared"]);
    Ok(())
}

#[tokio::test]
async fn parallel_shards_mirror_the_tree() -> Result<()> {
    let stage = Stage::start().await;
    let here = stage.path("here");
    let files = (0..60).map(|number| (format!("{}/{}/{number}", number % 2, number % 3), vec![b'1']));
    let files: Tree = files.collect();
    write(&here, &files)?;
    // Each creates the folders that it needs, at the same time.
    let shard =
        |index| Shard::new(index, 4).map(|shard| stage.client.sync(&here).to(&stage.project).shard(shard));
    let reports = tokio::try_join!(shard(0)?, shard(1)?, shard(2)?, shard(3)?)?;
    for report in [reports.0, reports.1, reports.2, reports.3] {
        report.into_result()?;
    }
    let mut there = remote(&stage).await?;
    there.retain(|path, _| !path.ends_with('/'));
    assert_eq!(there, files);
    Ok(())
}

#[tokio::test]
async fn journal_has_a_line_for_each_action() -> Result<()> {
    let state = tempfile::tempdir()?;
    let stage = stage(state.path()).await;
    let (here, journal) = (stage.path("here"), stage.path("sync.jsonl"));
    write(&here, &tree(&[("x/a", "123"), ("bad", "1")]))?;
    stage.fault(
        FaultRule::api(Action::Status { code: 403, body: None, headers: Vec::new() })
            .method("POST")
            .path("/complete")
            .nth(1),
    );
    let sync = stage.client.sync(&here).to(&stage.project).journal(&journal);
    assert_eq!(sync.clone().await?.failures().count(), 1);
    sync.clone().await?.into_result()?;
    let text = fs::read_to_string(&journal)?;
    let lines: Vec<Value> = text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    assert_eq!(lines.len(), 1 + 3 + 1 + 1, "{text}");
    assert!(lines.iter().all(|line| line["time"].is_string()), "{text}");
    assert_eq!((&lines[0]["sync"], &lines[0]["actions"]), (&"up".into(), &3.into()));
    assert_eq!((&lines[1]["operation"], &lines[1]["path"]), (&"create_folder".into(), &"x".into()));
    assert_eq!(lines.iter().filter(|line| line["error"].is_string()).count(), 1);
    assert_eq!((&lines[4]["actions"], &lines[5]["operation"]), (&1.into(), &"copy_new".into()));

    let unwritable = sync.journal(stage.path("missing/sync.jsonl")).await;
    assert_refused(unwritable, ErrorKind::Io, &["cannot write the journal"]);
    Ok(())
}

#[tokio::test]
async fn revoked_token_ends_the_sync_with_a_report() -> Result<()> {
    let state = tempfile::tempdir()?;
    let stage = stage(state.path()).await;
    let here = stage.path("here");
    let files = (0..400).map(|number| (format!("{}/{number:03}", number % 4), vec![b'1']));
    write(&here, &files.collect())?;
    let revoked = Action::Status { code: 401, body: None, headers: Vec::new() };
    let sync = stage.client.sync(&here).to(&stage.project).delete(true);
    let running = sync.clone().start();
    eventually("some are done", || running.progress().parts >= 50).await;
    let fault = stage.fault(FaultRule::api(revoked));
    let report = running.wait().await?;
    let done = report.results.iter().filter(|done| done.result.is_ok()).count();
    assert!((50..404).contains(&done), "{done}");
    assert!(report.failures().all(|(_, error)| error.kind() == ErrorKind::Unauthorized));
    // Only what was on its way has failed by a call.
    assert!(stage.emulator.faults().fired(fault) < 200);
    stage.emulator.faults().clear();
    let report = sync.await?.into_result()?;
    assert!(report.identical + report.assumed.len() as u64 + 32 >= done as u64 - 4);
    assert_eq!(remote(&stage).await?.len(), 404);
    Ok(())
}

#[tokio::test]
async fn stopped_sync_resumes() -> Result<()> {
    let state = tempfile::tempdir()?;
    let builder = Emulator::builder().min_part_size(1);
    let limited = |client: sbg::ClientBuilder| {
        client.state_folder(Some(state.path().into())).download_bandwidth(MIB as u64)
    };
    let stage = Stage::tuned(builder, limited).await;
    let there = stage.path("there");
    for number in 0..40 {
        stage.file(&format!("{number}"), vec![b'1'; MIB / 16]);
    }
    let sync = stage.client.sync(&there).from(&stage.project);
    let running = sync.clone().start();
    eventually("some have arrived", || running.progress().parts >= 10).await;
    running.stop();
    assert_refused(running.wait().await, ErrorKind::Cancelled, &[]);
    let report = sync.await?.into_result()?;
    assert!(report.identical + report.assumed.len() as u64 >= 10, "{report:?}");
    assert!(report.results.iter().all(|done| done.action.operation == SyncOperation::CopyNew));
    assert_eq!(local(&there)?.len(), 40);
    Ok(())
}
