//! Obstacles on the local disk: the error names them, they stay unchanged, and nothing is written through them.

use std::error::Error as _;
use std::fs;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::Result;
use sbg::ErrorKind;
use sbg::drs::DrsManifest;
use sbg::tasks::TaskTable;
use sbg::transfer::{Conflict, Outcome, Sheet};
use sbg_emulator::{Action, FaultRule};
use sbg_tests::{Stage, assert_refused, client_of, eventually};

fn pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().expect("mkfifo").success());
}

#[tokio::test]
async fn downloads_replace_only_regular_files() -> Result<()> {
    let stage = Stage::start().await;
    let id = stage.file("a", "ACGT");
    pipe(&stage.path("pipe"));
    let _listening = UnixListener::bind(stage.path("socket"))?;
    symlink("/dev/null", stage.path("device"))?;
    symlink("nothing", stage.path("dangling"))?;
    let before = stage.local_names();
    for (name, found) in [
        ("pipe", "pipe` is a named pipe"),
        ("socket", "socket` is a socket"),
        ("device", "`/dev/null` is a device"),
        ("dangling", "dangling` is a broken symbolic link"),
    ] {
        let download = stage.client.file(&id).download(stage.path(name)).overwrite(true).await;
        assert_refused(download, ErrorKind::InvalidInput, &[found, "choose another path"]);
    }
    stage.assert_no_requests();
    assert_eq!(stage.local_names(), before);
    assert!(fs::metadata(stage.path("pipe"))?.file_type().is_fifo());
    assert!(!stage.path("nothing").exists());
    Ok(())
}

#[tokio::test]
async fn journals_that_are_pipes_or_links_are_refused() -> Result<()> {
    let stage = Stage::start().await;
    let id = stage.file("a", "ACGT");
    let theirs = stage.local("theirs", "theirs");
    for name in ["a.sbg-part", "a.sbg-part.journal", "a.sbg-part.journal.new"] {
        let path = stage.path(name);
        pipe(&path);
        let download = stage.client.file(&id).download(stage.path("a")).await;
        assert_refused(
            download,
            ErrorKind::InvalidInput,
            &[&format!("{name}` is a named pipe"), "move it away"],
        );
        fs::remove_file(&path)?;
        symlink(&theirs, &path)?;
        let download = stage.client.file(&id).download(stage.path("a")).await;
        assert_refused(download, ErrorKind::InvalidInput, &[&format!("{name}` is a symbolic link")]);
        fs::remove_file(&path)?;
    }
    stage.assert_no_requests();
    assert_eq!(fs::read(theirs)?, b"theirs");
    Ok(())
}

#[tokio::test]
async fn hard_linked_partial_file_is_not_written() -> Result<()> {
    let stage = Stage::start().await;
    let id = stage.file("a", "ACGT");
    let theirs = stage.local("theirs", "theirs");
    fs::hard_link(&theirs, stage.path("a.sbg-part"))?;
    stage.client.file(&id).download(stage.path("a")).await?;
    stage.assert_downloaded(&stage.path("a"), &id);
    assert_eq!(fs::read(theirs)?, b"theirs");
    assert_eq!(stage.local_names(), ["a", "theirs"]);
    Ok(())
}

#[tokio::test]
async fn tree_download_follows_no_links() -> Result<()> {
    let stage = Stage::start().await;
    for path in ["linked/a", "deep/linked/b", "file", "deep/fine/c"] {
        stage.file(path, path.to_owned());
    }
    let outside = tempfile::tempdir()?;
    let theirs = outside.path().join("theirs");
    fs::write(&theirs, "theirs")?;
    let tree = stage.path("tree");
    fs::create_dir_all(tree.join("deep"))?;
    symlink(outside.path(), tree.join("linked"))?;
    symlink(outside.path(), tree.join("deep/linked"))?;
    symlink(&theirs, tree.join("file"))?;
    for conflict in [Conflict::Overwrite, Conflict::Fail] {
        let files = stage.client.project(&stage.project).files();
        let report = files.download_tree(&tree).on_conflict(conflict).await?;
        for file in &report.files {
            let expected = match &*file.path {
                "linked/a" => "tree/linked` is a symbolic link",
                "deep/linked/b" => "tree/deep/linked` is a symbolic link",
                "file" => "tree/file` is a symbolic link",
                _ => {
                    assert!(
                        matches!(file.outcome, Ok(Outcome::Transferred(_) | Outcome::Assumed)),
                        "{file:?}"
                    );
                    continue;
                }
            };
            assert_refused(file.outcome.clone(), ErrorKind::InvalidInput, &[expected]);
        }
        assert_eq!(report.files.len(), 4);
    }
    assert_eq!(fs::read(tree.join("deep/fine/c"))?, b"deep/fine/c");
    let there: Vec<_> = fs::read_dir(outside.path())?.collect::<std::io::Result<_>>()?;
    assert_eq!((there.len(), fs::read(&theirs)?), (1, b"theirs".to_vec()));

    // The folder itself may be a link, because the user named it.
    symlink("tree", stage.path("link"))?;
    let files = stage.client.project(&stage.project).files();
    let report = files.download_tree(stage.path("link")).select(|path| path.ends_with('c')).await?;
    assert!(matches!(report.files[0].outcome, Ok(Outcome::Assumed)), "{report:?}");
    Ok(())
}

#[tokio::test]
async fn state_folder_open_to_others_is_refused() -> Result<()> {
    let stage = Stage::start().await;
    let path = stage.local("a", "ACGT");
    let state = stage.path("state");
    let client = client_of(stage.emulator.url(), &stage.emulator.token());
    let client = client.state_folder(Some(state.clone())).build()?;
    fs::create_dir(&state)?;
    fs::write(state.join("notes"), "of somebody")?;
    for (mode, may) in [(0o775, "write to"), (0o755, "read")] {
        fs::set_permissions(&state, fs::Permissions::from_mode(mode))?;
        let upload = client.upload(&path).to(&stage.project).await;
        let error = assert_refused(upload, ErrorKind::Io, &["cannot use the folder", "state`"]);
        let why = error.source().map(ToString::to_string).unwrap_or_default();
        assert!(why.contains(&format!("others can {may} it")) && why.contains("chmod 700"), "{why}");
    }
    stage.assert_no_requests();
    fs::remove_dir_all(&state)?;
    client.upload(&path).to(&stage.project).await?;
    assert_eq!(fs::metadata(&state)?.permissions().mode() & 0o777, 0o700);
    Ok(())
}

#[tokio::test]
async fn files_in_the_state_folder_are_private() -> Result<()> {
    let stage = Stage::start().await;
    let (tree, state) = (stage.path("tree"), stage.path("state"));
    fs::create_dir(&tree)?;
    fs::write(tree.join("a"), "ACGT")?;
    let client = client_of(stage.emulator.url(), &stage.emulator.token());
    let client = client.state_folder(Some(state.clone())).build()?;
    // The upload waits for its completion, so its journal is still there.
    let complete = stage.fault(FaultRule::api(Action::Delay(Duration::from_secs(3600))).path("/complete"));
    let upload = client.upload_tree(&tree).to(&stage.project).start();
    eventually("the upload is to be completed", || stage.emulator.faults().fired(complete) > 0).await;
    let mut found = Vec::new();
    for entry in fs::read_dir(&state)? {
        let entry = entry?;
        assert_eq!(entry.metadata()?.permissions().mode() & 0o777, 0o600, "{:?}", entry.path());
        let name = entry.file_name().to_string_lossy().into_owned();
        found.push(name.split_once('.').map(|(_, kinds)| kinds.to_owned()).unwrap_or_default());
    }
    found.sort();
    assert_eq!(found, ["tree", "upload", "upload.lock"]);
    upload.abort();
    assert_refused(upload.wait().await, ErrorKind::Cancelled, &[]);
    Ok(())
}

#[tokio::test]
async fn sheets_are_bounded_regular_files() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let at = |name: &str| folder.path().join(name);
    pipe(&at("pipe"));
    fs::create_dir(at("folder"))?;
    // Sparse: it takes no room on the disk.
    fs::File::create(at("endless"))?.set_len(1 << 40)?;
    let read = |path: &Path| {
        [
            Sheet::read(path).map(|sheet| sheet.len()),
            TaskTable::read(path).map(|table| table.len()),
            DrsManifest::read(path).map(|manifest| manifest.len()),
        ]
    };
    for (path, found) in [
        (at("pipe"), "it is a named pipe: name a regular file"),
        (at("folder"), "it is a folder: name a regular file"),
        ("/dev/zero".into(), "it is a device: name a regular file"),
        (at("endless"), "it has more than 268435456 bytes: check that it is the right file"),
    ] {
        for outcome in read(&path) {
            let error = assert_refused(outcome, ErrorKind::Io, &["cannot read `", &path.to_string_lossy()]);
            assert_eq!(error.source().map(ToString::to_string).unwrap_or_default(), found);
        }
    }
    Ok(())
}

#[tokio::test]
async fn names_of_255_bytes_round_trip() -> Result<()> {
    let stage = Stage::start().await;
    let names = ["a".repeat(255), "b".repeat(240), format!("{}.bam", "é".repeat(125)), "c".repeat(235)];
    for name in &names {
        stage.file(name, name.clone());
    }
    let files = stage.client.project(&stage.project).files();
    let tree = stage.path("tree");
    files.download_tree(&tree).await?.into_result()?;
    for name in &names {
        assert_eq!(fs::read(tree.join(name))?, name.as_bytes());
        fs::write(tree.join(name), "another")?;
    }
    let report = files.download_tree(&tree).on_conflict(Conflict::Rename).await?.into_result()?;
    for file in &report.files {
        assert_eq!(fs::read(&file.local)?, file.path.as_bytes(), "{file:?}");
        assert_ne!(file.local, tree.join(&file.path));
    }
    assert_eq!(fs::read_dir(&tree)?.count(), 2 * names.len());

    let upload = stage.client.upload_tree(&tree).to(&stage.project).on_conflict(Conflict::Rename);
    let report = upload.await?.into_result()?;
    for file in &report.files {
        stage.assert_uploaded(file.id.as_deref().unwrap_or_default(), &fs::read(&file.local)?);
    }
    Ok(())
}
