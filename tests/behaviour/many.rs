//! Batches of files in both directions: trees, name conflicts, malicious names, and the outcome of each file.

use std::fs;
use std::path::Path;

use anyhow::Result;
use sbg::ErrorKind;
use sbg::transfer::{Conflict, Outcome, Report, Status};
use sbg_emulator::{Action, FaultRule};
use sbg_tests::{MIB, Stage, assert_refused, random_bytes};

/// The outcome of each file, by path.
fn outcomes(report: &Report) -> Vec<(&str, Result<Outcome, ErrorKind>)> {
    let outcome = |file: &sbg::transfer::FileReport| file.outcome.clone().map_err(|error| error.kind());
    report.files.iter().map(|file| (file.path.as_str(), outcome(file))).collect()
}

/// The files below a folder, as paths with `/`.
fn tree(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(next) = waiting.pop() {
        for entry in fs::read_dir(next).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                waiting.push(path);
            } else {
                found.push(path.strip_prefix(folder).expect("below").to_string_lossy().into_owned());
            }
        }
    }
    found.sort();
    found
}

#[tokio::test]
async fn tree_round_trips() -> Result<()> {
    let stage = Stage::start().await;
    let bytes = random_bytes(300_000);
    for (path, content) in
        [("a.txt", &bytes[..10]), ("b/c.bin", &bytes[..]), ("b/d/e.txt", b""), ("b/d/f.txt", b"f")]
    {
        let path = stage.path("tree").join(path);
        fs::create_dir_all(path.parent().expect("a folder"))?;
        fs::write(path, content)?;
    }
    // Files created on the platform from now on are newer than the local files, by at least a whole second.
    stage.emulator.clock().advance(std::time::Duration::from_secs(1));
    let upload = stage.client.upload_tree(stage.path("tree")).to(&stage.project).start();
    let report = upload.wait().await?.into_result()?;
    let paths: Vec<_> = report.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["a.txt", "b/c.bin", "b/d/e.txt", "b/d/f.txt"]);
    assert_eq!((report.bytes(), upload.status()), (300_011, Status::Completed));
    let progress = upload.progress();
    assert_eq!((progress.bytes, progress.total), (300_011, Some(300_011)));
    assert_eq!((progress.parts, progress.parts_total), (4, 4));

    let files = stage.client.project(&stage.project).files();
    let download = files.download_tree(stage.path("back")).start();
    download.wait().await?.into_result()?;
    assert_eq!(tree(&stage.path("back")), tree(&stage.path("tree")));
    assert_eq!(fs::read(stage.path("back/b/c.bin"))?, bytes);
    let progress = download.progress();
    assert_eq!((progress.bytes, progress.total), (300_011, Some(300_011)));
    assert_eq!(stage.calls("GET", "/download_info").len(), 4, "one call a file");

    // Repeat both directions: nothing needs to be transferred.
    let asked = (stage.storage("GET").len(), stage.storage("PUT").len());
    let again = files.download_tree(stage.path("back")).await?;
    // Empty files are certainly identical; the others have no record.
    assert_eq!(again.assumed().count(), 3, "{again:?}");
    assert_eq!(again.into_result()?.bytes(), 0);
    let again = stage.client.upload_tree(stage.path("tree")).to(&stage.project).await?;
    // Empty files are certainly identical; the others have no record.
    assert_eq!(again.assumed().count(), 3, "{again:?}");
    assert_eq!(again.into_result()?.bytes(), 0);
    assert_eq!((stage.storage("GET").len(), stage.storage("PUT").len()), asked);
    Ok(())
}

#[tokio::test]
async fn local_name_conflicts_follow_the_policy() -> Result<()> {
    let stage = Stage::start().await;
    stage.file("a.txt", "new content");
    stage.file("b.txt", "b");
    let files = stage.client.project(&stage.project).files();
    let run = async |conflict| {
        fs::remove_dir_all(stage.path("here")).ok();
        fs::create_dir(stage.path("here"))?;
        fs::write(stage.path("here/a.txt"), "old")?;
        let report = files.download_tree(stage.path("here")).on_conflict(conflict).await?;
        let outcome = report.files[0].outcome.clone().map_err(|error| error.kind());
        assert!(matches!(report.files[1].outcome, Ok(Outcome::Transferred(1))), "the others go on");
        anyhow::Ok((outcome, fs::read_to_string(stage.path("here/a.txt"))?, tree(&stage.path("here"))))
    };
    let (old, new) = ("old".to_owned(), "new content".to_owned());
    let two = || vec!["a.txt".to_owned(), "b.txt".to_owned()];
    assert_eq!(run(Conflict::Fail).await?, (Err(ErrorKind::InvalidInput), old.clone(), two()));
    assert_eq!(run(Conflict::Skip).await?, (Ok(Outcome::Skipped), old.clone(), two()));
    assert_eq!(run(Conflict::Overwrite).await?, (Ok(Outcome::Transferred(11)), new.clone(), two()));
    let three = vec!["a (2).txt".to_owned(), "a.txt".to_owned(), "b.txt".to_owned()];
    assert_eq!(run(Conflict::Rename).await?, (Ok(Outcome::Transferred(11)), old, three));
    assert_eq!(fs::read_to_string(stage.path("here/a (2).txt"))?, new);
    Ok(())
}

#[tokio::test]
async fn platform_name_conflicts_follow_the_policy() -> Result<()> {
    let stage = Stage::start().await;
    let a = stage.local("a.txt", "new content");
    let run = async |conflict| {
        let upload = stage.client.upload_all([&a]).to(&stage.project).on_conflict(conflict);
        let report = upload.await?;
        anyhow::Ok(report.files[0].outcome.clone().map_err(|error| (error.kind(), error.is_conflict())))
    };
    stage.file("a.txt", "old");
    assert!(run(Conflict::Fail).await?.is_err_and(|(kind, _)| kind == ErrorKind::Conflict));
    assert_eq!(run(Conflict::Skip).await?, Ok(Outcome::Skipped));
    assert_eq!(run(Conflict::Rename).await?, Ok(Outcome::Transferred(11)));
    assert_eq!(run(Conflict::Overwrite).await?, Ok(Outcome::Transferred(11)));
    let files = stage.client.project(&stage.project).files().query().page().await?;
    let mut names: Vec<_> = files.items.iter().filter_map(|file| file.name.as_deref()).collect();
    names.sort_unstable();
    assert_eq!(names, ["a (2).txt", "a.txt"]);
    for file in &files.items {
        stage.assert_uploaded(&file.id, b"new content");
    }
    Ok(())
}

#[tokio::test]
async fn failed_file_is_reported_and_others_arrive() -> Result<()> {
    let stage = Stage::start().await;
    let ids: Vec<_> = (0..40).map(|number| stage.file(&format!("{number:02}"), "content")).collect();
    stage.fault(
        FaultRule::api(Action::Status { code: 404, body: None, headers: Vec::new() })
            .path(format!("{}/download_info", ids[7])),
    );
    let files: Vec<_> = stage.client.project(&stage.project).files().query().items().try_collect().await?;
    let download = stage.client.download_all(files, stage.path("here")).start();
    let report = download.wait().await?;
    let failed: Vec<_> = report.failures().map(|(file, error)| (file.path.as_str(), error.kind())).collect();
    assert_eq!(failed, [("07", ErrorKind::NotFound)]);
    assert_eq!((report.files.len(), tree(&stage.path("here")).len()), (40, 39));
    assert_eq!(download.progress().bytes, 39 * 7);
    assert_refused(report.into_result(), ErrorKind::NotFound, &["`07` failed"]);
    Ok(())
}

#[tokio::test]
async fn files_are_downloaded_by_id_alone() -> Result<()> {
    let stage = Stage::start().await;
    let id = stage.file("folder/a.txt", "a");
    let report = stage.client.download_all([id.as_str()], stage.path("here")).await?.into_result()?;
    assert_eq!(outcomes(&report), [("a.txt", Ok(Outcome::Transferred(1)))]);
    assert_eq!(stage.calls("GET", &id).len(), 1);

    // A missing file or an invalid id is reported separately, and the others are downloaded.
    let more: Vec<String> = (0..150).map(|number| stage.file(&format!("{number:03}"), "b")).collect();
    stage.emulator.clear_requests();
    let ids = more[..75].iter().map(String::as_str).chain(["5678", "a/b"]);
    let ids = ids.chain(more[75..].iter().map(String::as_str));
    let download = stage.client.download_all(ids, stage.path("there")).start();
    let report = download.wait().await?;
    let failed: Vec<_> = report.failures().map(|(file, error)| (file.path.as_str(), error.kind())).collect();
    assert_eq!(failed, [("5678", ErrorKind::NotFound), ("a/b", ErrorKind::InvalidInput)]);
    assert!(report.failures().next().is_some_and(|(_, error)| error.is_not_found()));
    assert_eq!((tree(&stage.path("there")).len(), download.progress().parts), (150, 152));
    assert_eq!(stage.calls("POST", "/bulk/files/get").len(), 2, "one call names a hundred");
    assert_refused(report.into_result(), ErrorKind::NotFound, &["`5678` failed (1 more failed)"]);
    Ok(())
}

#[tokio::test]
async fn large_and_small_files_share_connections() -> Result<()> {
    let stage = Stage::start().await;
    let large = stage.large_file("large", 40 * MIB);
    for number in 0..50 {
        stage.file(&format!("small-{number}"), random_bytes(1000));
    }
    let files = stage.client.project(&stage.project).files();
    files.download_tree(stage.path("here")).await?.into_result()?;
    stage.assert_downloaded(&stage.path("here/large"), &large);
    assert_eq!(tree(&stage.path("here")).len(), 51);
    Ok(())
}

#[tokio::test]
async fn batch_is_paused_and_stopped_as_one() -> Result<()> {
    let stage = Stage::start().await;
    stage.fault(FaultRule::storage(Action::Delay(std::time::Duration::from_secs(600))).nth(5));
    for number in 0..20 {
        stage.file(&format!("{number:02}"), "content");
    }
    let files = stage.client.project(&stage.project).files();
    let download = files.download_tree(stage.path("here")).start();
    sbg_tests::eventually("all but one have come", || download.progress().parts == 19).await;
    download.pause()?;
    assert_eq!(download.status(), Status::Paused);
    download.resume()?;
    download.wait().await?.into_result()?;
    assert_eq!(tree(&stage.path("here")).len(), 20);

    stage.fault(FaultRule::storage(Action::Delay(std::time::Duration::from_secs(600))));
    let download = files.download_tree(stage.path("there")).start();
    sbg_tests::eventually("they wait", || download.progress().parts_total == 20).await;
    download.stop();
    assert_refused(download.wait().await, ErrorKind::Cancelled, &["cancelled"]);
    assert_eq!(tree(&stage.path("there")), [""; 0]);
    Ok(())
}
