//! Syncs with deletes that are killed again and again: in the end both sides have exactly the same files, and the journal is whole.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use fastrand::Rng;
use sbg_tests::Stage;

use crate::syncs::{
    FILES, KILLS, Written, assert_local, assert_remote, make_folders, name, platform, replace_some, run,
    run_and_kill, sync, write_some,
};

/// Deletes some of the local files.
fn delete_some(folder: &Path, random: &mut Rng, count: usize, written: &mut Written) -> Result<()> {
    for _ in 0..count {
        let path = name(random.usize(..FILES));
        if written.remove(&path).is_some() {
            fs::remove_file(folder.join(path))?;
        }
    }
    Ok(())
}

/// Deletes some of the files on the platform.
async fn delete_some_there(
    stage: &Stage,
    random: &mut Rng,
    count: usize,
    written: &mut Written,
) -> Result<()> {
    for _ in 0..count {
        let path = name(random.usize(..FILES));
        if written.remove(&path).is_some() {
            let file = stage.client.project(&stage.project).files().resolve_path(&path).await?;
            stage.client.file(&file).delete().await?;
        }
    }
    Ok(())
}

/// Removes the partial files of downloads that were killed and whose source is gone: a sync leaves them alone.
fn remove_partial(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        for file in fs::read_dir(entry?.path())? {
            let path = file?.path();
            if path.to_string_lossy().contains(".sbg-part") {
                fs::remove_file(path)?;
            }
        }
    }
    Ok(())
}

/// Fails unless each line of the journal is whole, although processes were killed while they wrote it.
fn assert_journal(path: &Path) -> Result<()> {
    let text = fs::read_to_string(path)?;
    let lines = text.lines().map(serde_json::from_str::<serde_json::Value>);
    let broken = lines.clone().filter(Result::is_err).count();
    let deleted = lines.flatten().filter(|line| line["operation"] == "delete_file").count();
    ensure!(broken == 0, "{broken} lines are broken: {text}");
    ensure!(deleted > 0, "deletes are in the journal: {text}");
    Ok(())
}

#[tokio::test]
async fn killed_mirrors_to_the_platform_match() -> Result<()> {
    let stage = Stage::with(platform()).await;
    let (state, tree, mut random) = (stage.path("state"), stage.path("tree"), Rng::with_seed(8));
    let mut written = Written::new();
    let mut kills = 0;
    while kills < KILLS {
        write_some(&tree, &mut random, 12, &mut written)?;
        delete_some(&tree, &mut random, 4, &mut written)?;
        let command = sync(&stage, "mirror-up", &tree, &state);
        kills += u32::from(run_and_kill(&stage, command, &mut random).await?);
    }
    delete_some(&tree, &mut random, 10, &mut written)?;
    run(sync(&stage, "mirror-up", &tree, &state)).await?;
    // Uploads of files that were deleted after a kill stay until they expire or are aborted.
    for upload in stage.client.uploads().list().await? {
        stage.client.uploads().abort(&upload.upload_id).await?;
    }
    assert_remote(&stage, &written).await?;
    let again = run(sync(&stage, "mirror-up", &tree, &state)).await?;
    ensure!(again.contains("moved 0\n"), "{again}");
    assert_journal(&stage.path("journal.jsonl"))
}

#[tokio::test]
async fn killed_mirrors_from_the_platform_match() -> Result<()> {
    let stage = Stage::with(platform()).await;
    let (state, tree, mut random) = (stage.path("state"), stage.path("tree"), Rng::with_seed(9));
    let writer = stage.client_of("rfranklin");
    let folders = make_folders(&writer, &stage).await?;
    let mut written = Written::new();
    let mut kills = 0;
    while kills < KILLS {
        replace_some(&writer, &folders, &mut random, 12, &mut written).await?;
        delete_some_there(&stage, &mut random, 4, &mut written).await?;
        let command = sync(&stage, "mirror-down", &tree, &state);
        kills += u32::from(run_and_kill(&stage, command, &mut random).await?);
    }
    delete_some_there(&stage, &mut random, 10, &mut written).await?;
    run(sync(&stage, "mirror-down", &tree, &state)).await?;
    remove_partial(&tree)?;
    assert_local(&tree, &written).context("the mirror")?;
    let again = run(sync(&stage, "mirror-down", &tree, &state)).await?;
    ensure!(again.contains("moved 0\n"), "{again}");
    assert_journal(&stage.path("journal.jsonl"))
}
