//! Lists with continuation tokens, and volumes, which have only these.

use std::collections::BTreeSet;

use anyhow::Result;
use sbg::types::File;
use sbg::volumes::{Service, VolumeEntry};
use sbg::{ErrorKind, Page};
use sbg_emulator::Emulator;
use sbg_tests::{Stage, assert_refused};

const INVALID: ErrorKind = ErrorKind::InvalidInput;

/// A project with this many files in a folder and as many beside it, and a client with advance access.
async fn stage_with(count: usize) -> Stage {
    let stage = Stage::tuned(Emulator::builder(), |client| client.advance_access(true)).await;
    for number in 0..count {
        stage.file(&format!("{number:04}"), "");
        stage.file(&format!("folder/{number:04}"), "");
    }
    stage
}

fn names(files: &[File]) -> Vec<&str> {
    files.iter().filter_map(|file| file.name.as_deref()).collect()
}

#[tokio::test]
async fn file_lists_are_read_to_the_end_by_tokens() -> Result<()> {
    let stage = stage_with(230).await;
    let files = stage.client.project(&stage.project).files();
    let by_offset: Vec<File> = files.query().items().try_collect().await?;
    stage.emulator.clear_requests();
    let by_token: Vec<File> = files.query().cont_token().items().try_collect().await?;
    assert_eq!(names(&by_token), names(&by_offset));
    let asked = stage.emulator.requests();
    assert_eq!(asked.len(), 3);
    assert_eq!(asked[0].query_values("token"), ["init"]);
    let tokens: BTreeSet<_> = asked.iter().flat_map(|request| request.query_values("token")).collect();
    assert_eq!(tokens.len(), 3, "each page has a token of its own");
    assert!(asked.iter().all(|request| request.query_values("offset").is_empty()));
    assert!(asked.iter().all(|request| request.header("x-sbg-advance-access").is_some()));

    let folder = files.resolve_path("folder").await?;
    stage.emulator.clear_requests();
    let in_folder: Vec<File> =
        stage.client.file(&folder).list().cont_token().page_size(100).items().try_collect().await?;
    assert_eq!(names(&in_folder), (0..230).map(|number| format!("{number:04}")).collect::<Vec<_>>());
    assert_eq!(stage.emulator.requests().len(), 3);
    Ok(())
}

#[tokio::test]
async fn list_continues_from_a_saved_token() -> Result<()> {
    let stage = stage_with(5).await;
    let query = stage.client.files().query().project(&stage.project);
    let first = query.clone().cont_token().page_size(4).page().await?;
    let kept = first.next_token().expect("a second page").to_owned();
    let rest: Vec<File> = query.clone().cont_token().continue_from(&kept).items().try_collect().await?;
    assert_eq!(names(&rest), ["0004", "folder"]);
    let last = query.clone().cont_token().continue_from(&kept).page().await?;
    assert_eq!((names(&last.items), last.next_token()), (vec!["0004", "folder"], None));

    let by_offset = query.clone().page_size(4).page().await?;
    assert!(by_offset.has_next() && by_offset.next_token().is_none());
    let refused = query.continue_from(kept).page().await;
    assert_refused(refused.map(|page| page.items), INVALID, &["not read by continuation token"]);

    let expression = format!("IN \"/Projects/{}\" RECURSIVE", stage.project);
    let search = || stage.client.files().search(&*expression).page_size(4);
    let hits = search().page().await?;
    let rest = search().continue_from(hits.next_token().expect("more hits")).items();
    let rest: Vec<_> = rest.try_collect().await?;
    let all: Vec<_> = search().items().try_collect().await?;
    assert_eq!(all[4..], rest);
    Ok(())
}

#[tokio::test]
async fn token_page_leads_forward_only() -> Result<()> {
    let stage = stage_with(5).await;
    let query = stage.client.files().query().project(&stage.project).cont_token();
    let first = query.page_size(4).page().await?;
    assert!(first.has_next() && !first.has_previous());
    let last = first.next_page().await?.expect("a second page");
    assert_eq!(names(&last.items), ["0004", "folder"]);
    assert!(!last.has_next() && !last.has_previous());
    assert!(last.next_page().await?.is_none() && last.previous_page().await?.is_none());
    Ok(())
}

#[tokio::test]
async fn token_rules_are_checked_before_any_request() -> Result<()> {
    let stage = stage_with(1).await;
    let query = || stage.client.files().query().project(&stage.project).cont_token();
    let folder = || stage.client.file("567890abc9b0307bc0414164").list().cont_token();
    for words in [["continuation token", "not by both"]] {
        assert_refused(query().offset(10).page().await, INVALID, &words);
        assert_refused(query().offset(0).items().try_next().await, INVALID, &words);
        assert_refused(folder().offset(10).page().await, INVALID, &words);
    }
    let by_metadata = query().metadata("sample_id", "S1");
    assert_refused(by_metadata.clone().page().await, INVALID, &["cannot be filtered by metadata"]);
    assert_refused(by_metadata.pages().try_next().await, INVALID, &["cannot be filtered by metadata"]);

    let without = Stage::start().await;
    let words = ["advance access", "Client::builder().advance_access(true)"];
    let query = without.client.files().query().project(&without.project).cont_token();
    assert_refused(query.page().await, ErrorKind::AdvanceAccess, &words);
    let folder = without.client.file("567890abc9b0307bc0414164").list().cont_token();
    assert_refused(folder.items().try_next().await, ErrorKind::AdvanceAccess, &words);
    stage.assert_no_requests();
    without.assert_no_requests();
    Ok(())
}

/// A volume with `count` objects in a folder.
async fn volume_with(count: usize) -> Result<Stage> {
    let stage = Stage::start().await;
    for number in 0..count {
        stage.emulator.put_object("bucket", &format!("in/photographs/{number:03}.tiff"), "x")?;
    }
    stage.emulator.put_object("bucket", "in/README.txt", "x")?;
    let service = Service::s3("bucket", "AKIAIOSFODNN7EXAMPLE", "secret").prefix("in/");
    stage.client.volumes().create("patterns", service).await?;
    Ok(stage)
}

#[tokio::test]
async fn volume_is_listed_folder_by_folder() -> Result<()> {
    let stage = volume_with(130).await?;
    let volume = stage.client.volume("rfranklin/patterns");
    let root = volume.list().page().await?;
    let entries: Vec<_> = root.items.iter().map(|entry| (entry.path(), entry.is_folder())).collect();
    assert_eq!(entries, [("photographs/", true), ("README.txt", false)]);
    assert!(!root.has_next() && root.next_page().await?.is_none());

    stage.emulator.clear_requests();
    let objects = volume.list().prefix("photographs/").all().await?;
    let expected: Vec<_> = (0..130).map(|number| format!("photographs/{number:03}.tiff")).collect();
    assert_eq!(objects.iter().map(VolumeEntry::path).collect::<Vec<_>>(), expected);
    assert_eq!(stage.emulator.requests().len(), 2);

    let pages: Vec<Page<VolumeEntry>> =
        volume.list().prefix("photographs/").page_size(50).pages().try_collect().await?;
    assert_eq!(pages.iter().map(|page| page.items.len()).collect::<Vec<_>>(), [50, 50, 30]);
    let object = volume.object("photographs/051.tiff").await?;
    assert_eq!(object.location, "photographs/051.tiff");
    Ok(())
}

#[tokio::test]
async fn invalid_volume_listings_are_never_sent() -> Result<()> {
    let stage = Stage::start().await;
    let volume = stage.client.volume("rfranklin/patterns");
    for limit in [0, 101] {
        assert_refused(volume.list().page_size(limit).page().await, INVALID, &["from 1 to 100"]);
        assert_refused(volume.list().page_size(limit).items().try_next().await, INVALID, &["from 1 to 100"]);
    }
    assert_refused(volume.object("").await, INVALID, &["is not an object of a volume"]);
    assert_refused(volume.object("photographs/").await, INVALID, &["list a folder by its prefix"]);
    stage.assert_no_requests();
    Ok(())
}
