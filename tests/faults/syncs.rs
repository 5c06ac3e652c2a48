//! Trees that are synced while processes are killed and files change: in the end both sides have the latest content.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use fastrand::Rng;
use sbg::files::Entry;
use sbg::transfer::{Conflict, Report};
use sbg::{Client, ErrorKind};
use sbg_emulator::Emulator;
use sbg_tests::{Stage, assert_same_bytes, client_of};

use crate::processes::helper;

/// Number of killed runs in each direction.
pub(crate) const KILLS: u32 = 20;

/// Number of files in a tree.
pub(crate) const FILES: usize = 40;

/// Number of syncs in each direction while files change.
const SYNCS: usize = 12;

/// A slow platform, so that a run can be killed midway.
pub(crate) fn platform() -> sbg_emulator::Builder {
    Emulator::builder().min_part_size(1).rate_limit(1_000_000).latency(Duration::from_millis(5))
}

pub(crate) fn name(number: usize) -> String {
    format!("{}/{number:02}", number % 3)
}

/// Content of one of a few sizes, so that most changes keep the size.
fn content(random: &mut Rng) -> Vec<u8> {
    let mut bytes = vec![0; [1, 5_000, 300_000][random.usize(..3)]];
    random.fill(&mut bytes);
    bytes
}

/// The latest content of each file, by path.
pub(crate) type Written = BTreeMap<String, Vec<u8>>;

/// Writes some of the files below a local folder.
pub(crate) fn write_some(folder: &Path, random: &mut Rng, count: usize, written: &mut Written) -> Result<()> {
    for _ in 0..count {
        let (path, bytes) = (name(random.usize(..FILES)), content(random));
        let local = folder.join(&path);
        fs::create_dir_all(local.parent().context("a folder")?)?;
        let before = fs::metadata(&local).and_then(|metadata| metadata.modified()).ok();
        if random.bool() {
            fs::write(&local, &bytes)?;
        } else {
            // Some programs save to a new file and rename it, sometimes with the previous modification time.
            let new = folder.join("new");
            fs::write(&new, &bytes)?;
            if let (Some(before), true) = (before, random.bool()) {
                fs::File::options().write(true).open(&new)?.set_modified(before)?;
            }
            fs::rename(new, local)?;
        }
        written.insert(path, bytes);
    }
    Ok(())
}

/// Replaces some of the files on the platform, with a client that keeps no records.
pub(crate) async fn replace_some(
    client: &Client,
    folders: &[String],
    random: &mut Rng,
    count: usize,
    written: &mut Written,
) -> Result<()> {
    for _ in 0..count {
        let (number, bytes) = (random.usize(..FILES), content(random));
        let path = name(number);
        let (_, file) = path.rsplit_once('/').context("a name")?;
        let (size, reader) = (bytes.len() as u64, std::io::Cursor::new(bytes.clone()));
        let upload = client.upload_reader(file, reader).size(size).overwrite(true);
        upload.to(&folders[number % folders.len()]).await?;
        written.insert(path, bytes);
    }
    Ok(())
}

/// Creates the folders of the tree on the platform.
pub(crate) async fn make_folders(client: &Client, stage: &Stage) -> Result<Vec<String>> {
    let mut folders = Vec::new();
    for number in 0..3 {
        let folder = client.files().create_folder(number.to_string(), &stage.project).await?;
        folders.push(folder.id);
    }
    Ok(folders)
}

/// Fails unless the local tree has exactly these files.
pub(crate) fn assert_local(folder: &Path, written: &Written) -> Result<()> {
    let mut count = 0;
    for entry in fs::read_dir(folder)? {
        count += fs::read_dir(entry?.path())?.count();
    }
    for (path, bytes) in written {
        assert_same_bytes(&fs::read(folder.join(path)).with_context(|| path.clone())?, bytes);
    }
    assert_eq!(count, written.len(), "nothing is left beside the files");
    Ok(())
}

/// Fails unless the platform has exactly these files.
pub(crate) async fn assert_remote(stage: &Stage, written: &Written) -> Result<()> {
    let entries: Vec<Entry> =
        stage.client.project(&stage.project).files().walk().entries().try_collect().await?;
    let files: Vec<_> = entries.iter().filter(|entry| !entry.is_folder()).collect();
    assert_eq!(files.len(), written.len());
    for entry in files {
        let there = stage.emulator.file_content(&entry.file.id).context("a file")?;
        assert_same_bytes(&there, written.get(&entry.path).context("a file that was written")?);
    }
    ensure!(stage.client.uploads().list().await?.is_empty(), "no upload is left on the platform");
    Ok(())
}

/// Fails unless the state folder has the record of one tree, and otherwise only files with these endings. A run that is killed right
/// after the platform has completed an upload leaves a journal, which names no upload any more.
fn assert_no_lock(state: &Path, others: &[&str]) -> Result<()> {
    let left: Vec<_> = fs::read_dir(state)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    let ending = |path: &Path| path.extension().map(|ending| ending.to_string_lossy().into_owned());
    let mut endings: Vec<String> = left.iter().filter_map(|path| ending(path)).collect();
    endings.retain(|ending| !others.contains(&&**ending));
    ensure!(endings == ["tree"], "no lock is left: {left:?}");
    Ok(())
}

pub(crate) fn sync(stage: &Stage, direction: &str, tree: &Path, state: &Path) -> Command {
    let mut command = helper(direction, stage);
    command.arg(stage.project.as_str()).arg(tree).arg(state).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs a sync and kills it at a random moment after its first transfer has started. Returns whether it was killed before it ended.
pub(crate) async fn run_and_kill(stage: &Stage, mut command: Command, random: &mut Rng) -> Result<bool> {
    stage.emulator.clear_requests();
    let mut child = command.spawn()?;
    while stage.storage("GET").len() + stage.storage("PUT").len() == 0 && child.try_wait()?.is_none() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    tokio::time::sleep(Duration::from_millis(random.u64(..120))).await;
    child.kill()?;
    let output = child.wait_with_output()?;
    let ended = output.status.code();
    ensure!(ended.is_none_or(|code| code == 0), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(ended.is_none())
}

/// Runs a sync to completion.
pub(crate) async fn run(mut command: Command) -> Result<String> {
    let output = tokio::task::spawn_blocking(move || command.output()).await??;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}

#[tokio::test]
async fn killed_tree_downloads_leave_no_stale_bytes() -> Result<()> {
    let stage = Stage::with(platform()).await;
    let (state, tree, mut random) = (stage.path("state"), stage.path("tree"), Rng::with_seed(1));
    let writer = stage.client_of("rfranklin");
    let folders = make_folders(&writer, &stage).await?;
    let mut written = Written::new();
    let mut kills = 0;
    while kills < KILLS {
        replace_some(&writer, &folders, &mut random, 12, &mut written).await?;
        let command = sync(&stage, "sync-down", &tree, &state);
        kills += u32::from(run_and_kill(&stage, command, &mut random).await?);
    }
    run(sync(&stage, "sync-down", &tree, &state)).await?;
    assert_local(&tree, &written)?;
    let again = run(sync(&stage, "sync-down", &tree, &state)).await?;
    assert!(again.contains("moved 0\n"), "{again}");
    assert_no_lock(&state, &[])
}

#[tokio::test]
async fn killed_tree_uploads_leave_no_stale_bytes() -> Result<()> {
    let stage = Stage::with(platform()).await;
    let (state, tree, mut random) = (stage.path("state"), stage.path("tree"), Rng::with_seed(2));
    let mut written = Written::new();
    let mut kills = 0;
    while kills < KILLS {
        write_some(&tree, &mut random, 12, &mut written)?;
        let command = sync(&stage, "sync-up", &tree, &state);
        kills += u32::from(run_and_kill(&stage, command, &mut random).await?);
    }
    run(sync(&stage, "sync-up", &tree, &state)).await?;
    assert_remote(&stage, &written).await?;
    let again = run(sync(&stage, "sync-up", &tree, &state)).await?;
    assert!(again.contains("moved 0\n"), "{again}");
    assert_no_lock(&state, &["upload", "new"])
}

/// The printed number of this name.
pub(crate) fn number(output: &str, name: &str) -> Result<usize> {
    let mut lines = output.lines();
    let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok());
    value.with_context(|| format!("no {name} in {output}"))
}

#[cfg(target_os = "linux")]
#[tokio::test]
#[ignore = "takes a minute in release mode, and more in debug mode"]
async fn second_sync_of_a_large_tree_is_cheap() -> Result<()> {
    let stage = Stage::with(Emulator::builder().min_part_size(1).rate_limit(10_000_000)).await;
    let (state, tree) = (stage.path("state"), stage.path("tree"));
    let (files, folders) = (20_000, 200);
    for number in 0..files {
        stage.file(&format!("{:03}/{number:05}", number % folders), format!("{number:05}"));
    }
    stage.emulator.clock().advance(Duration::from_secs(10));
    let first = run(sync(&stage, "sync-down", &tree, &state)).await?;
    assert_eq!(number(&first, "moved")?, files);
    for direction in ["sync-down", "sync-up", "mirror-down", "mirror-up"] {
        stage.emulator.clear_requests();
        let again = run(sync(&stage, direction, &tree, &state)).await?;
        let (calls, memory) = (stage.emulator.requests().len(), number(&again, "memory")?);
        println!("{direction}: {calls} requests, {memory} KiB; the first download took {}", first.trim());
        assert_eq!(number(&again, "identical")?, files);
        assert_eq!(stage.storage("GET").len() + stage.storage("PUT").len(), 0);
        assert!(calls <= files / 100 + folders + 1, "{calls} calls");
        assert!(memory < 64 * 1024, "{memory} KiB");
    }
    Ok(())
}

/// Fails if a file failed for another reason than a change during its transfer.
fn assert_only_changed(report: &Report) -> Result<()> {
    for (file, error) in report.failures() {
        let changed = error.status() == Some(404)
            || matches!(error.kind(), ErrorKind::Integrity | ErrorKind::Io | ErrorKind::NotFound);
        ensure!(changed, "{}: {error}", file.path);
    }
    Ok(())
}

#[tokio::test]
async fn files_changed_during_a_sync_arrive() -> Result<()> {
    let stage = Stage::with(platform()).await;
    let client = client_of(stage.emulator.url(), &stage.emulator.token());
    let client = client.state_folder(Some(stage.path("state"))).build()?;
    let writer = stage.client_of("rfranklin");
    let other = writer.projects().create("local to platform").await?.id;
    let (up, down) = (stage.path("up"), stage.path("down"));
    let folders = make_folders(&writer, &stage).await?;
    let (mut here, mut there) = (Written::new(), Written::new());
    write_some(&up, &mut Rng::with_seed(3), FILES, &mut here)?;
    replace_some(&writer, &folders, &mut Rng::with_seed(4), FILES, &mut there).await?;

    let downloads = || {
        let files = client.project(&stage.project).files();
        files.download_tree(&down).on_conflict(Conflict::Overwrite)
    };
    let uploads = || client.upload_tree(&up).to(&*other).on_conflict(Conflict::Overwrite);
    // The writers are not cancelled, so their latest content is known.
    let over = Cell::new(false);
    let syncing = async {
        for _ in 0..SYNCS {
            let (brought, sent) = tokio::join!(downloads(), uploads());
            assert_only_changed(&brought?)?;
            // A file may be renamed while its folder is read.
            assert_only_changed(&sent?)?;
        }
        over.set(true);
        anyhow::Ok(())
    };
    let changing_here = async {
        let mut random = Rng::with_seed(5);
        while !over.get() {
            write_some(&up, &mut random, 1, &mut here)?;
            tokio::time::sleep(Duration::from_millis(random.u64(1..10))).await;
        }
        anyhow::Ok(())
    };
    let changing_there = async {
        let mut random = Rng::with_seed(6);
        while !over.get() {
            replace_some(&writer, &folders, &mut random, 1, &mut there).await?;
        }
        anyhow::Ok(())
    };
    tokio::try_join!(syncing, changing_here, changing_there)?;
    replace_some(&writer, &folders, &mut Rng::with_seed(7), FILES, &mut there).await?;
    fs::remove_file(up.join("new")).ok();
    downloads().await?.into_result()?;
    uploads().await?.into_result()?;
    assert_local(&down, &there)?;
    let sent: Vec<Entry> = client.project(&*other).files().walk().entries().try_collect().await?;
    for entry in sent.iter().filter(|entry| !entry.is_folder() && entry.path != "new") {
        let bytes = stage.emulator.file_content(&entry.file.id).context("a file")?;
        assert_same_bytes(&bytes, here.get(&entry.path).context("a file that was written")?);
    }
    assert!(sent.iter().filter(|entry| !entry.is_folder()).count() >= here.len());
    Ok(())
}
