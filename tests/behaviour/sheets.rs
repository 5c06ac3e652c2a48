//! Sheets: uploads of tables of files with metadata and tags, and tables made from listings.

use std::fs;

use anyhow::Result;
use sbg::ErrorKind;
use sbg::files::Entry;
use sbg::transfer::{Outcome, Sheet};
use sbg_emulator::{Action, FaultRule};
use sbg_tests::{Stage, assert_refused};

/// A sheet of these rows, with local files in the folder of the stage.
fn sheet(stage: &Stage, header: &str, rows: &[&str]) -> sbg::Result<Sheet> {
    let mut text = format!("{header}\n");
    for row in rows {
        text.extend([format!("{}/{row}", stage.folder.path().display()), "\n".to_owned()]);
    }
    Sheet::parse(text.as_bytes())
}

#[tokio::test]
async fn sheet_uploads_and_describes_files() -> Result<()> {
    let stage = Stage::start().await;
    for name in ["a", "b", "c"] {
        stage.local(name, name.repeat(3));
    }
    // The local files are older than the uploads, so that they are recognized without a record.
    stage.emulator.clock().advance(std::time::Duration::from_secs(2));
    let rows = ["a,x/y/one,dna;raw,S1,1", "b,x/two,,S2,", "c,,,,"];
    let sheet = sheet(&stage, "local_path,remote_path,tags,sample_id,lane", &rows)?;
    let upload = || stage.client.upload_sheet(sheet.clone()).to(&stage.project);
    let report = upload().await?;
    let lines: Vec<_> = report.rows.iter().map(|row| (row.line, &*row.path, row.outcome)).collect();
    let sent = Some(Outcome::Transferred(3));
    assert_eq!(lines, [(2, "x/y/one", sent), (3, "x/two", sent), (4, "c", sent)]);
    assert_eq!((report.failed().count(), stage.calls("POST", "/bulk/files/edit").len()), (0, 1));
    let one = stage.client.project(&stage.project).files().resolve_path("x/y/one").await?;
    assert_eq!(report.rows[0].result.as_ref().ok(), Some(&one.id));
    assert_eq!(one.tags, Some(vec!["dna".to_owned(), "raw".to_owned()]));
    let metadata = stage.client.file(&one).metadata().await?;
    assert_eq!((&metadata["sample_id"], &metadata["lane"]), (&"S1".into(), &"1".into()));
    stage.assert_uploaded(&one.id, b"aaa");

    // The same again moves nothing; a changed file is replaced.
    stage.client.file(&one).metadata().merge([("species", "Homo sapiens")]).await?;
    stage.local("b", "changed");
    let report = upload().await?;
    let outcomes: Vec<_> = report.rows.iter().filter_map(|row| row.outcome).collect();
    let moved: Vec<_> = outcomes.iter().map(|outcome| *outcome == Outcome::Transferred(7)).collect();
    assert_eq!((report.failed().count(), moved), (0, vec![false, true, false]), "{outcomes:?}");
    let two = stage.client.project(&stage.project).files().resolve_path("x/two").await?;
    assert_eq!(stage.client.file(&two).metadata().await?["sample_id"], "S2");
    assert_eq!(stage.client.file(&one).metadata().await?["species"], "Homo sapiens", "other fields stay");
    Ok(())
}

#[tokio::test]
async fn sheet_is_checked_before_uploads() -> Result<()> {
    let stage = Stage::start().await;
    stage.local("a", "1");
    fs::create_dir(stage.path("folder"))?;
    let sheet = sheet(&stage, "local_path,remote_path", &["a,a", "missing,b", "folder,c"])?;
    let upload = stage.client.upload_sheet(sheet.clone()).to(&stage.project).await;
    let words = [
        "line 3, column `local_path`: cannot read `",
        "line 4, column `local_path`: `",
        "not a regular file",
    ];
    assert_refused(upload, ErrorKind::InvalidInput, &words);
    let upload = stage.client.upload_sheet(sheet).await;
    assert_refused(upload, ErrorKind::InvalidInput, &["the upload has no destination"]);
    let words = ["line 1: there is no column `local_path`; the columns are path, sample_id"];
    assert_refused(Sheet::parse("path,sample_id\na,S1\n".as_bytes()), ErrorKind::InvalidInput, &words);
    assert_refused(Sheet::read(stage.path("no.csv")), ErrorKind::Io, &["cannot read `", "no.csv`"]);
    stage.assert_no_requests();
    Ok(())
}

#[tokio::test]
async fn failed_rows_do_not_stop_the_others() -> Result<()> {
    let stage = Stage::start().await;
    for name in ["a", "b", "c"] {
        stage.local(name, name);
    }
    stage.file("folder/x", "1");
    let sheet = sheet(&stage, "local_path,remote_path,sample_id", &["a,a,S1", "b,folder,S1", "c,c,S1"])?;
    let report = stage.client.upload_sheet(sheet.clone()).to(&stage.project).await?;
    let failed: Vec<_> = report.failed().map(|row| row.line).collect();
    assert_eq!(failed, [3]);

    let refused = Action::Status { code: 403, body: None, headers: Vec::new() };
    stage.fault(FaultRule::api(refused).path("/bulk/files/edit"));
    let report = stage.client.upload_sheet(sheet).to(&stage.project).await?;
    let error = report.rows[0].result.as_ref().expect_err("it is not described");
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    assert!(error.to_string().contains("was uploaded, but its metadata"), "{error}");
    Ok(())
}

#[tokio::test]
async fn listing_becomes_a_sheet() -> Result<()> {
    let stage = Stage::start().await;
    let id = stage.file("x/a", "1");
    stage.file("b", "1");
    stage.client.file(&id).edit().tags(["dna", "raw"]).await?;
    stage.client.file(&id).metadata().merge([("sample_id", "S1, old")]).await?;
    let walk = stage.client.project(&stage.project).files().walk();
    let mut entries: Vec<Entry> = walk.entries().try_collect().await?;
    entries.sort_by(|one, other| one.path.cmp(&other.path));
    let (sheet, mut text) = (Sheet::of(&entries), Vec::new());
    sheet.write(&mut text)?;
    let expected = "local_path,remote_path,tags,sample_id\nb,b,,\nx/a,x/a,dna;raw,\"S1, old\"\n";
    assert_eq!(String::from_utf8(text.clone())?, expected);
    assert_eq!(Sheet::parse(&text[..])?, sheet);
    Ok(())
}
