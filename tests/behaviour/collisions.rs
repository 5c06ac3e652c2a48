//! Files with conflicting names: none is lost, and none is mistaken for another.

use std::fs;

use anyhow::Result;
use sbg::ErrorKind;
use sbg::transfer::{Conflict, Outcome, Report};
use sbg_tests::{MIB, Stage};

/// The outcome of each file, by path and local name.
fn outcomes(report: &Report) -> Vec<(&str, String, Result<Outcome, ErrorKind>)> {
    let outcome = |file: &sbg::transfer::FileReport| file.outcome.clone().map_err(|error| error.kind());
    let local = |file: &sbg::transfer::FileReport| {
        file.local.file_name().unwrap_or_default().to_string_lossy().into_owned()
    };
    report.files.iter().map(|file| (file.path.as_str(), local(file), outcome(file))).collect()
}

#[tokio::test]
async fn names_like_partial_files_do_not_collide() -> Result<()> {
    let stage = Stage::start().await;
    let x = stage.large_file("x", 20 * MIB);
    let part = stage.large_file("x.part", 18 * MIB);
    let journal = stage.file("x.part.journal", "no journal");
    stage.file("x.sbg-part", "in the way");
    let files = stage.client.project(&stage.project).files();
    for conflict in [Conflict::Fail, Conflict::Overwrite] {
        let folder = stage.path(&format!("{conflict:?}"));
        fs::create_dir(&folder)?;
        let report = files.download_tree(&folder).on_conflict(conflict).await?;
        let failed: Vec<_> = report.failures().map(|(file, error)| (&*file.path, error.kind())).collect();
        assert_eq!(failed, [("x.sbg-part", ErrorKind::InvalidInput)]);
        stage.assert_downloaded(&folder.join("x"), &x);
        stage.assert_downloaded(&folder.join("x.part"), &part);
        stage.assert_downloaded(&folder.join("x.part.journal"), &journal);
        assert_eq!(fs::read_dir(&folder)?.count(), 3);
    }
    Ok(())
}

#[tokio::test]
async fn user_file_ending_in_part_is_left_alone() -> Result<()> {
    let stage = Stage::start().await;
    stage.local("a.part", "of the user");
    let id = stage.file("a", "photograph 51");
    stage.client.file(&id).download(stage.path("a")).await?;
    stage.assert_downloaded(&stage.path("a"), &id);
    assert_eq!(fs::read(stage.path("a.part"))?, b"of the user");
    Ok(())
}

#[tokio::test]
async fn downloaded_files_never_share_a_path() -> Result<()> {
    let stage = Stage::start().await;
    // The files have the same size, so the downloaded one could be mistaken for the other.
    let ids = [stage.file("one/a.txt", "1"), stage.file("other/a.txt", "2")];
    let name = |name: &str| name.to_owned();
    let run = async |conflict| {
        let folder = stage.path(&format!("{conflict:?}"));
        let mut wanted = Vec::new();
        for id in &ids {
            wanted.push(stage.client.file(id).get().await?);
        }
        let download = stage.client.download_all(wanted, &folder).on_conflict(conflict).start();
        let report = download.wait().await?;
        let progress = download.progress();
        assert_eq!(Some(progress.bytes), progress.total, "what does not move does not count");
        let mut contents = Vec::new();
        for entry in fs::read_dir(&folder)? {
            contents.push(fs::read_to_string(entry?.path())?);
        }
        contents.sort();
        anyhow::Ok((report, contents))
    };
    for conflict in [Conflict::Fail, Conflict::Overwrite] {
        let (report, contents) = run(conflict).await?;
        let kinds: Vec<_> = report.failures().map(|(_, error)| error.kind()).collect();
        assert_eq!((kinds, contents.len()), (vec![ErrorKind::InvalidInput], 1), "{conflict:?}");
    }
    let (report, contents) = run(Conflict::Skip).await?;
    assert!(report.files.iter().any(|file| matches!(file.outcome, Ok(Outcome::Skipped))));
    assert_eq!(contents.len(), 1);
    let (report, contents) = run(Conflict::Rename).await?;
    let mut outcomes = outcomes(&report);
    outcomes.sort_by(|one, other| one.1.cmp(&other.1));
    let moved = Ok(Outcome::Transferred(1));
    assert_eq!(outcomes, [("a.txt", name("a (2).txt"), moved), ("a.txt", name("a.txt"), moved)]);
    assert_eq!(contents, ["1", "2"]);
    Ok(())
}

#[tokio::test]
async fn uploaded_files_never_share_a_name() -> Result<()> {
    let stage = Stage::start().await;
    let paths = ["one", "other", "third"].map(|folder| {
        fs::create_dir(stage.path(folder)).expect("a folder");
        stage.local(&format!("{folder}/a.txt"), folder)
    });
    for (conflict, expected) in [
        (Conflict::Fail, vec!["a.txt"]),
        (Conflict::Overwrite, vec!["a.txt"]),
        (Conflict::Skip, vec!["a.txt"]),
        (Conflict::Rename, vec!["a (2).txt", "a (3).txt", "a.txt"]),
    ] {
        let folder = stage.client.files().create_folder(format!("{conflict:?}"), &stage.project).await?;
        let upload = stage.client.upload_all(&paths).to(&folder.id).on_conflict(conflict).start();
        let report = upload.wait().await?;
        let files: Vec<_> =
            stage.client.files().query().parent(&folder.id).items().try_collect::<Vec<_>>().await?;
        let mut names: Vec<_> = files.iter().filter_map(|file| file.name.as_deref()).collect();
        names.sort_unstable();
        assert_eq!(names, expected, "{conflict:?}");
        let failed = report.failures().filter(|(_, error)| error.kind() == ErrorKind::InvalidInput).count();
        let fails = matches!(conflict, Conflict::Fail | Conflict::Overwrite);
        assert_eq!(failed, if fails { 2 } else { 0 }, "{conflict:?}");
        let progress = upload.progress();
        assert_eq!(Some(progress.bytes), progress.total, "what does not move does not count");
    }
    Ok(())
}
