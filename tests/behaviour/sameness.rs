//! Repeated syncs of a tree: which files are transferred, which are not, and which are only assumed to be identical.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result, bail};
use sbg::transfer::{Compare, Conflict, DownloadMany, Outcome, Report, UploadMany};
use sbg::{Client, ErrorKind};
use sbg_emulator::{Emulator, StorageFlavor};
use sbg_tests::{Stage, assert_refused, client_of};

const MOVED: Outcome = Outcome::Transferred(4);

/// A platform, and a client with its records in the local folder `state`.
async fn stage() -> Result<Stage> {
    stage_with(Emulator::builder().min_part_size(1)).await
}

async fn stage_with(builder: sbg_emulator::Builder) -> Result<Stage> {
    let mut stage = Stage::with(builder).await;
    stage.client = client(&stage)?;
    Ok(stage)
}

fn client(stage: &Stage) -> Result<Client> {
    let client = client_of(stage.emulator.url(), &stage.emulator.token());
    Ok(client.state_folder(Some(stage.path("state"))).build()?)
}

fn download(stage: &Stage) -> DownloadMany {
    let files = stage.client.project(&stage.project).files();
    files.download_tree(stage.path("tree")).on_conflict(Conflict::Overwrite)
}

fn upload(stage: &Stage) -> UploadMany {
    let upload = stage.client.upload_tree(stage.path("tree")).to(&stage.project);
    upload.on_conflict(Conflict::Overwrite)
}

/// Advances the clock so that a later change has another time on the platform.
fn settle(stage: &Stage) {
    stage.emulator.clock().advance(Duration::from_secs(10));
}

/// The outcomes of the files, ordered by path.
fn outcomes(report: Report) -> Result<Vec<Outcome>> {
    Ok(report.into_result()?.files.into_iter().filter_map(|file| file.outcome.ok()).collect())
}

/// Writes a file of the local tree.
fn write(stage: &Stage, path: &str, content: &str) -> Result<PathBuf> {
    let path = stage.path("tree").join(path);
    fs::create_dir_all(path.parent().context("a folder")?)?;
    fs::write(&path, content)?;
    Ok(path)
}

fn set_modified(path: &Path, time: SystemTime) -> Result<()> {
    Ok(File::options().write(true).open(path)?.set_modified(time)?)
}

/// The id of the file at this path, read with a client that keeps no records.
async fn id_of(stage: &Stage, path: &str) -> Result<String> {
    Ok(stage.client_of("rfranklin").project(&stage.project).files().resolve_path(path).await?.id)
}

/// Fails unless both sides have this content.
async fn assert_content(stage: &Stage, path: &str, content: &str) -> Result<()> {
    assert_eq!(fs::read_to_string(stage.path("tree").join(path))?, content);
    stage.assert_uploaded(&id_of(stage, path).await?, content.as_bytes());
    Ok(())
}

/// Fails if the second sync of an unchanged tree sends more requests than it may.
fn assert_only_lists(stage: &Stage, files: usize, folders: usize) {
    let storage = stage.storage("GET").len() + stage.storage("PUT").len();
    let calls = stage.emulator.requests().len();
    assert_eq!(storage, 0, "nothing is asked of the storage");
    assert!(calls <= files / 100 + folders, "{calls} calls for {files} files in {folders} folders");
}

#[tokio::test]
async fn second_download_of_unchanged_tree_only_lists() -> Result<()> {
    let stage = stage_with(Emulator::builder().rate_limit(1_000_000)).await?;
    let (files, folders) = (2_000, 20);
    for number in 0..files {
        stage.file(&format!("{:02}/{number:04}", number % folders), format!("{number:04}"));
    }
    settle(&stage);
    assert_eq!(outcomes(download(&stage).await?)?, vec![MOVED; files]);
    stage.emulator.clear_requests();
    assert_eq!(outcomes(download(&stage).await?)?, vec![Outcome::Identical; files]);
    assert_only_lists(&stage, files, folders + 1);
    // Another process reads the same record.
    let files_of = client(&stage)?.project(&stage.project).files();
    assert_eq!(outcomes(files_of.download_tree(stage.path("tree")).await?)?, vec![Outcome::Identical; files]);
    Ok(())
}

#[tokio::test]
async fn second_upload_of_unchanged_tree_only_lists() -> Result<()> {
    let stage = stage_with(Emulator::builder().min_part_size(1).rate_limit(1_000_000)).await?;
    let (files, folders) = (500, 5);
    for number in 0..files {
        write(&stage, &format!("{:02}/{number:04}", number % folders), &format!("{number:04}"))?;
    }
    assert_eq!(outcomes(upload(&stage).await?)?, vec![MOVED; files]);
    stage.emulator.clear_requests();
    assert_eq!(outcomes(upload(&stage).await?)?, vec![Outcome::Identical; files]);
    assert_only_lists(&stage, files, folders + 1);
    // Uploaded files need not be downloaded.
    assert_eq!(outcomes(download(&stage).await?)?, vec![Outcome::Identical; files]);
    Ok(())
}

#[tokio::test]
async fn download_sets_the_modification_time() -> Result<()> {
    let stage = stage().await?;
    let id = stage.file("a", "ACGT");
    stage.emulator.clock().advance(Duration::from_secs(3600));
    outcomes(download(&stage).await?)?;
    let file = stage.client.file(&id).get().await?;
    let modified = file.modified_on.and_then(|time| time.to_jiff()).context("a time")?;
    let local = fs::metadata(stage.path("tree/a"))?.modified()?;
    assert_eq!(jiff::Timestamp::try_from(local)?, modified);
    Ok(())
}

/// How far the local clock is ahead of the platform's.
const CLOCKS: [Duration; 2] = [Duration::ZERO, Duration::from_secs(600)];

/// A platform whose clock is behind the local one.
async fn stage_behind(by: Duration) -> Result<Stage> {
    stage_with(Emulator::builder().min_part_size(1).clock_behind(by)).await
}

/// A file that was downloaded in the same second in which it was created, as far as clocks show, and its id. A machine under load may
/// need several attempts.
async fn downloaded_at_once(ahead: Duration) -> Result<(Stage, String)> {
    for _ in 0..100 {
        let stage = stage_behind(ahead).await?;
        let made = stage.emulator.clock().now();
        let id = stage.file("a", "ACGT");
        outcomes(download(&stage).await?)?;
        if stage.emulator.clock().now().duration_since(made)? < Duration::from_secs(1) {
            return Ok((stage, id));
        }
    }
    bail!("no download takes less than a second")
}

#[tokio::test]
async fn replacement_in_the_same_second_is_downloaded() -> Result<()> {
    for ahead in CLOCKS {
        let (stage, id) = downloaded_at_once(ahead).await?;
        // Id, size and modification time stay the same.
        assert!(stage.emulator.replace_file(&id, "TGCA"));
        assert_eq!(outcomes(download(&stage).await?)?, [MOVED], "{ahead:?}");
        assert_content(&stage, "a", "TGCA").await?;

        // An upload that replaces the file gives it a new id.
        let other = stage.local("a", "CCCC");
        let elsewhere = stage.client_of("rfranklin");
        elsewhere.upload(&other).to(&stage.project).overwrite(true).await?;
        assert_eq!(outcomes(download(&stage).await?)?, [MOVED], "{ahead:?}");
        assert_content(&stage, "a", "CCCC").await?;
        assert_eq!(outcomes(download(&stage).await?)?, [Outcome::Identical], "{ahead:?}");
    }
    Ok(())
}

#[tokio::test]
async fn replacement_in_the_same_second_is_uploaded() -> Result<()> {
    for ahead in CLOCKS {
        let stage = stage_behind(ahead).await?;
        let path = write(&stage, "a", "ACGT")?;
        outcomes(upload(&stage).await?)?;
        let modified = fs::metadata(&path)?.modified()?;
        for (content, other) in [("TGCA", "a.new"), ("CCCC", "a")] {
            // Once by rename and once in place, both with the previous modification time.
            let written = write(&stage, other, content)?;
            set_modified(&written, modified)?;
            fs::rename(written, &path)?;
            assert_eq!(outcomes(upload(&stage).await?)?, [MOVED], "{content}, {ahead:?}");
            assert_content(&stage, "a", content).await?;
        }
        assert_eq!(outcomes(upload(&stage).await?)?, [Outcome::Identical], "{ahead:?}");
    }
    Ok(())
}

/// All files are written after a sync, while the local clock is ten minutes ahead.
#[tokio::test]
async fn fast_clock_hides_no_later_change() -> Result<()> {
    let stage = stage_behind(CLOCKS[1]).await?;
    let id = stage.file("down", "ACGT");
    let path = write(&stage, "up", "ACGT")?;
    outcomes(download(&stage).await?)?;
    outcomes(upload(&stage).await?)?;
    settle(&stage);
    // The platform dates the new content before the local file was written.
    let other = stage.local("down", "TGCA");
    let elsewhere = stage.client_of("rfranklin");
    elsewhere.upload(&other).to(&stage.project).overwrite(true).await?;
    assert!(!id_of(&stage, "down").await?.eq(&id));
    assert_eq!(outcomes(download(&stage).await?)?, [MOVED, Outcome::Identical]);
    assert_content(&stage, "down", "TGCA").await?;
    fs::write(path, "TGCA")?;
    assert_eq!(outcomes(upload(&stage).await?)?, [Outcome::Identical, MOVED]);
    assert_content(&stage, "up", "TGCA").await
}

#[tokio::test]
async fn fast_clock_hides_no_change() -> Result<()> {
    let stage = stage().await?;
    let ahead = SystemTime::now() + Duration::from_secs(600);
    // Both files were written by a machine whose clock is ten minutes ahead.
    set_modified(&write(&stage, "down", "ACGT")?, ahead)?;
    stage.file("down", "TGCA");
    assert_eq!(outcomes(download(&stage).await?)?, [MOVED], "a later time proves nothing");
    assert_content(&stage, "down", "TGCA").await?;

    let path = write(&stage, "up", "ACGT")?;
    set_modified(&path, ahead)?;
    assert_eq!(outcomes(upload(&stage).await?)?, [Outcome::Identical, MOVED]);
    assert_eq!(outcomes(upload(&stage).await?)?, [Outcome::Identical; 2], "nor does an earlier one");
    fs::write(&path, "CCCC")?;
    set_modified(&path, ahead)?;
    assert_eq!(outcomes(upload(&stage).await?)?, [Outcome::Identical, MOVED]);
    assert_content(&stage, "up", "CCCC").await
}

#[tokio::test]
async fn content_comparison_finds_local_damage() -> Result<()> {
    let stage = stage().await?;
    stage.file("a", "ACGT");
    stage.file("b", "ACGT");
    settle(&stage);
    outcomes(download(&stage).await?)?;
    let path = stage.path("tree/a");
    let modified = fs::metadata(&path)?.modified()?;
    fs::write(&path, "ACGA")?;
    set_modified(&path, modified)?;
    stage.emulator.clear_requests();
    let by_time = download(&stage).compare(Compare::SizeAndTime).await?;
    assert_eq!(by_time.assumed().count(), 2, "size and time do not show it");
    let by_content = outcomes(download(&stage).compare(Compare::Content).await?)?;
    assert_eq!(by_content, [MOVED, Outcome::Identical]);
    assert_eq!(stage.storage("GET").len(), 1, "the other one is read here alone");
    assert_content(&stage, "a", "ACGT").await
}

#[tokio::test]
async fn content_comparison_uses_storage_checksums() -> Result<()> {
    let builder = Emulator::builder().min_part_size(1).storage(StorageFlavor::Gcs);
    let stage = stage_with(builder).await?;
    stage.file("a", "ACGT");
    stage.file("b", "ACGT");
    // Neither has a record, and only one has the same bytes.
    write(&stage, "a", "ACGT")?;
    write(&stage, "b", "TGCA")?;
    let by_content = |stage: &Stage| download(stage).compare(Compare::Content);
    assert_eq!(outcomes(by_content(&stage).await?)?, [Outcome::Identical, MOVED]);
    assert_content(&stage, "b", "ACGT").await
}

#[tokio::test]
async fn old_time_of_a_copied_file_hides_no_change() -> Result<()> {
    let stage = stage().await?;
    let old = SystemTime::now() - Duration::from_secs(30 * 24 * 3600);
    let path = write(&stage, "a", "ACGT")?;
    outcomes(upload(&stage).await?)?;
    settle(&stage);
    // As `tar x` and `cp -p` write files.
    fs::remove_file(&path)?;
    set_modified(&write(&stage, "a", "TGCA")?, old)?;
    assert_eq!(outcomes(upload(&stage).await?)?, [MOVED]);
    assert_content(&stage, "a", "TGCA").await?;
    Ok(())
}

/// The change time of a file, which no program can set, reveals the change even without a record.
#[cfg(unix)]
#[tokio::test]
async fn copied_file_is_not_assumed_to_be_uploaded() -> Result<()> {
    let stage = Stage::start().await;
    stage.file("a", "ACGT");
    let path = write(&stage, "a", "TGCA")?;
    // The file on the platform is older than the copy, but newer than the modification time of the copy.
    let created = stage.client.file(id_of(&stage, "a").await?).get().await?.created_on;
    let created = created.and_then(|time| time.to_jiff()).context("a time")?;
    while jiff::Timestamp::try_from(SystemTime::now())?.as_second() <= created.as_second() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    set_modified(&path, SystemTime::UNIX_EPOCH)?;
    assert_eq!(outcomes(upload(&stage).await?)?, [MOVED]);
    assert_content(&stage, "a", "TGCA").await
}

#[tokio::test]
async fn tag_and_metadata_edits_move_no_bytes() -> Result<()> {
    let stage = stage().await?;
    let id = stage.file("down", "ACGT");
    settle(&stage);
    outcomes(download(&stage).await?)?;
    write(&stage, "up", "ACGT")?;
    outcomes(upload(&stage).await?)?;
    let ids = [id, id_of(&stage, "up").await?];
    for edited in ["tags", "metadata"] {
        for id in &ids {
            settle(&stage);
            let before = stage.client.file(id).get().await?.modified_on;
            if edited == "tags" {
                stage.client.file(id).edit().tags(["edited"]).await?;
            } else {
                stage.client.file(id).metadata().merge([("sample_id", "S1")]).await?;
            }
            assert_ne!(stage.client.file(id).get().await?.modified_on, before, "the edit changes the time");
        }
        settle(&stage);
        for direction in ["down", "up"] {
            stage.emulator.clear_requests();
            let report = if direction == "down" { download(&stage).await? } else { upload(&stage).await? };
            assert_eq!(outcomes(report)?, [Outcome::Identical; 2], "{edited}, {direction}");
            let asked = stage.storage("GET");
            let expected = if direction == "down" { 2 } else { 0 };
            assert_eq!(
                asked.len(),
                expected,
                "one request for each that was edited, and none once it is known"
            );
            assert!(asked.iter().all(|request| request.header("range") == Some("bytes=0-0")), "{asked:?}");
            assert_eq!(stage.storage("PUT").len(), 0);
        }
    }
    Ok(())
}

#[tokio::test]
async fn tag_edits_of_uploads_move_no_bytes() -> Result<()> {
    let stage = stage().await?;
    write(&stage, "a", "ACGT")?;
    outcomes(upload(&stage).await?)?;
    let id = id_of(&stage, "a").await?;
    settle(&stage);
    stage.client.file(&id).edit().tags(["edited"]).await?;
    stage.emulator.clear_requests();
    assert_eq!(outcomes(upload(&stage).await?)?, [Outcome::Identical]);
    assert_eq!((stage.storage("GET").len(), stage.storage("PUT").len()), (1, 0));
    // The object was replaced without the platform, then the file was edited.
    settle(&stage);
    assert!(stage.emulator.replace_file(&id, "TGCA"));
    stage.client.file(&id).edit().tags(["edited again"]).await?;
    assert_eq!(outcomes(upload(&stage).await?)?, [MOVED]);
    assert_content(&stage, "a", "ACGT").await
}

#[tokio::test]
async fn touched_file_is_read_but_not_transferred() -> Result<()> {
    let stage = stage().await?;
    stage.file("a", "ACGT");
    settle(&stage);
    outcomes(download(&stage).await?)?;
    set_modified(&stage.path("tree/a"), SystemTime::now())?;
    stage.emulator.clear_requests();
    assert_eq!(outcomes(download(&stage).await?)?, [Outcome::Identical]);
    assert_eq!(outcomes(upload(&stage).await?)?, [Outcome::Identical]);
    assert_eq!((stage.storage("GET").len(), stage.storage("PUT").len()), (0, 0));
    Ok(())
}

#[tokio::test]
async fn sameness_without_record_is_assumed() -> Result<()> {
    let stage = Stage::start().await;
    stage.file("down", "ACGT");
    assert_eq!(outcomes(download(&stage).await?)?, [MOVED]);
    let report = download(&stage).await?;
    assert_eq!(report.assumed().map(|file| file.path.as_str()).collect::<Vec<_>>(), ["down"]);
    assert_eq!(outcomes(report)?, [Outcome::Assumed]);
    write(&stage, "up", "ACGT")?;
    settle(&stage);
    assert_eq!(outcomes(upload(&stage).await?)?, [Outcome::Assumed, MOVED]);
    assert_eq!(outcomes(upload(&stage).await?)?, [Outcome::Assumed; 2]);
    Ok(())
}

#[tokio::test]
async fn empty_folders_are_created_both_ways() -> Result<()> {
    let stage = stage().await?;
    for folder in ["tree/a/b/empty", "tree/empty", "tree/full"] {
        fs::create_dir_all(stage.path(folder))?;
    }
    write(&stage, "full/x", "ACGT")?;
    assert_eq!(outcomes(upload(&stage).await?)?, [MOVED]);
    let files = stage.client.project(&stage.project).files();
    let entries: Vec<_> = files.walk().entries().try_collect().await?;
    let mut paths: Vec<_> = entries.iter().map(|entry| entry.path.as_str()).collect();
    paths.sort_unstable();
    assert_eq!(paths, ["a", "a/b", "a/b/empty", "empty", "full", "full/x"]);
    assert_eq!(outcomes(upload(&stage).await?)?, [Outcome::Identical], "they are made once");

    outcomes(files.download_tree(stage.path("back")).await?)?;
    for folder in ["back/a/b/empty", "back/empty", "back/full"] {
        assert!(stage.path(folder).is_dir(), "{folder}");
    }
    outcomes(files.download_tree(stage.path("some")).select(|path| path.ends_with('x')).await?)?;
    assert!(stage.path("some/full/x").exists() && !stage.path("some/empty").exists());

    // A file with a name conflict is in the report.
    let blocked = stage.path("blocked");
    fs::create_dir(&blocked)?;
    fs::write(blocked.join("empty"), "a file")?;
    let report = files.download_tree(&blocked).await?;
    let failed: Vec<_> = report.failures().map(|(file, error)| (&*file.path, error.kind())).collect();
    assert_eq!(failed, [("empty", ErrorKind::InvalidInput)]);
    assert_refused(report.into_result(), ErrorKind::InvalidInput, &["`empty` failed"]);
    assert_eq!(fs::read_to_string(blocked.join("empty"))?, "a file");
    Ok(())
}

#[tokio::test]
async fn unusable_state_folder_is_named() -> Result<()> {
    let stage = stage().await?;
    stage.file("a", "ACGT");
    fs::write(stage.path("state"), "a file")?;
    assert_refused(download(&stage).await, ErrorKind::Io, &["cannot use the folder `", "/state`"]);
    fs::create_dir(stage.path("tree"))?;
    assert_refused(upload(&stage).await, ErrorKind::Io, &["cannot use the folder `", "/state`"]);
    assert_eq!(fs::read_to_string(stage.path("state"))?, "a file");
    stage.assert_no_requests();
    Ok(())
}
