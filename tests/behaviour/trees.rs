//! Folder trees: walking, finding, searching.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Result;
use sbg::files::Entry;
use sbg::{ErrorKind, Fields};
use sbg_emulator::{Action, FaultRule};
use sbg_tests::{Stage, assert_refused};

const INVALID: ErrorKind = ErrorKind::InvalidInput;

/// A project with files at several depths.
async fn stage() -> Stage {
    let stage = Stage::start().await;
    for path in ["a.txt", "raw/b.txt", "raw/deep/c.txt", "raw/deep/deeper/a.txt", "done/d.txt"] {
        stage.file(path, path);
    }
    stage
}

fn paths(entries: &[Entry]) -> BTreeSet<&str> {
    entries.iter().map(|entry| entry.path.as_str()).collect()
}

#[tokio::test]
async fn walk_yields_folders_before_their_contents() -> Result<()> {
    let stage = stage().await;
    let entries: Vec<Entry> =
        stage.client.project(&stage.project).files().walk().entries().try_collect().await?;
    let expected = [
        "a.txt",
        "done",
        "done/d.txt",
        "raw",
        "raw/b.txt",
        "raw/deep",
        "raw/deep/c.txt",
        "raw/deep/deeper",
        "raw/deep/deeper/a.txt",
    ];
    assert_eq!((paths(&entries), entries.len()), (BTreeSet::from(expected), expected.len()));
    let position = |path: &str| entries.iter().position(|entry| entry.path == path).expect("an entry");
    for entry in &entries {
        if let Some((folder, _)) = entry.path.rsplit_once('/') {
            assert!(position(folder) < position(&entry.path), "{entry:?}");
            assert!(
                entries[position(folder)].is_folder() && entry.file.id != entries[position(folder)].file.id
            );
        }
    }
    // One call for the root and one for each of the four folders.
    assert_eq!(stage.emulator.requests().len(), 5);
    Ok(())
}

#[tokio::test]
async fn walk_is_limited_by_depth_and_filter() -> Result<()> {
    let stage = stage().await;
    let files = stage.client.project(&stage.project).files();
    let walk = files.walk().max_depth(1);
    let entries: Vec<Entry> = walk.clone().entries().try_collect().await?;
    assert_eq!(paths(&entries), BTreeSet::from(["a.txt", "raw", "done"]));
    let none: Vec<Entry> = walk.max_depth(0).entries().try_collect().await?;
    assert!(none.is_empty());
    assert_eq!(stage.emulator.requests().len(), 1, "nothing is asked for at depth 0");

    let not_deep = files.walk().descend(|folder| folder.path != "raw/deep");
    let entries: Vec<Entry> = not_deep.entries().try_collect().await?;
    let expected = ["a.txt", "done", "done/d.txt", "raw", "raw/b.txt", "raw/deep"];
    assert_eq!(paths(&entries), BTreeSet::from(expected));

    let texts = files.walk().filter(|entry| entry.path.ends_with("a.txt"));
    let entries: Vec<Entry> = texts.entries().try_collect().await?;
    assert_eq!(paths(&entries), BTreeSet::from(["a.txt", "raw/deep/deeper/a.txt"]));

    let raw = files.resolve_path("raw").await?;
    let below: Vec<Entry> =
        stage.client.file(&raw).walk().fields(Fields::only(["id"])).entries().try_collect().await?;
    assert_eq!(
        paths(&below),
        BTreeSet::from(["b.txt", "deep", "deep/c.txt", "deep/deeper", "deep/deeper/a.txt"])
    );
    assert!(below.iter().all(|entry| entry.file.size.is_none()), "only what was asked for comes");
    Ok(())
}

#[tokio::test]
async fn walk_reads_all_pages_and_stops_on_drop() -> Result<()> {
    let stage = Stage::start().await;
    for number in 0..230 {
        stage.file(&format!("many/{number:03}"), "");
    }
    for folder in 0..60 {
        stage.file(&format!("{folder:02}/x"), "");
    }
    let files = stage.client.project(&stage.project).files();
    let entries: Vec<Entry> = files.walk().entries().try_collect().await?;
    assert_eq!(paths(&entries).len(), 230 + 1 + 2 * 60);
    // The root, the folders, and two more pages of the large folder.
    assert_eq!(stage.emulator.requests().len(), 1 + 61 + 2);

    stage.emulator.clear_requests();
    let mut walk = files.walk().entries();
    walk.try_next().await?;
    drop(walk);
    stage.client.users().me().await?;
    assert!(stage.emulator.requests().len() <= 1 + 8 + 1, "no more than the folders that were begun");
    Ok(())
}

#[tokio::test]
async fn walk_limits_parallel_listings() -> Result<()> {
    let stage = Stage::start().await;
    for folder in 0..40 {
        stage.file(&format!("{folder:02}/x"), "");
    }
    let root: Vec<Entry> =
        stage.client.project(&stage.project).files().walk().max_depth(1).entries().try_collect().await?;
    assert_eq!(root.len(), 40);
    stage.fault(FaultRule::api(Action::Delay(std::time::Duration::from_millis(20))).method("GET"));
    // Requests in flight have no status yet.
    let most = Arc::new(AtomicUsize::new(0));
    let watch = async {
        loop {
            let open = stage.emulator.requests().iter().filter(|request| request.status.is_none()).count();
            most.fetch_max(open, Ordering::Relaxed);
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
    };
    let walk = async {
        let entries: Vec<Entry> =
            stage.client.project(&stage.project).files().walk().entries().try_collect().await?;
        Ok::<_, sbg::Error>(entries.len())
    };
    let walked = tokio::select! {
        walked = walk => walked?,
        () = watch => unreachable!("the watch never ends"),
    };
    assert_eq!(walked, 80);
    let most = most.load(Ordering::Relaxed);
    assert!((2..=32).contains(&most), "{most} folders at once");
    Ok(())
}

#[tokio::test]
async fn failed_folder_ends_the_walk() -> Result<()> {
    let stage = stage().await;
    let files = stage.client.project(&stage.project).files();
    let raw = files.resolve_path("raw").await?;
    let status = Action::Status { code: 403, body: None, headers: Vec::new() };
    stage.fault(FaultRule::api(status).path(format!("/files/{}/list", raw.id)));
    let walked: sbg::Result<Vec<Entry>> = files.walk().entries().try_collect().await;
    let error = assert_refused(walked, ErrorKind::Forbidden, &["folder_list"]);
    assert_eq!(error.status(), Some(403));
    let mut of_file = stage.client.file("a/b").walk().entries();
    assert_refused(of_file.try_next().await, INVALID, &["not a folder id: `a/b`"]);
    assert!(of_file.try_next().await?.is_none());
    Ok(())
}

#[tokio::test]
async fn path_resolves_to_its_file() -> Result<()> {
    let stage = stage().await;
    let files = stage.client.project(&stage.project).files();
    for path in ["raw/deep/c.txt", "/raw/deep/c.txt", "raw//deep/c.txt/"] {
        stage.emulator.clear_requests();
        let file = files.resolve_path(path).await?;
        assert_eq!(stage.emulator.file_content(&file.id).as_deref(), Some(&b"raw/deep/c.txt"[..]));
        assert_eq!(stage.emulator.requests().len(), 3, "a call for each part of {path}");
    }
    assert!(
        files.resolve_path("raw/deep").await?.type_.is_some_and(|kind| kind == sbg::types::FileType::Folder)
    );

    let not_found = ErrorKind::NotFound;
    assert_refused(
        files.resolve_path("raw/none/c.txt").await,
        not_found,
        &["there is no `none` in `raw/none/c.txt`"],
    );
    assert_refused(files.resolve_path("a.txt/c").await, not_found, &["`a.txt` in `a.txt/c` is a file"]);
    assert_refused(files.resolve_path("RAW").await, not_found, &["no `RAW`", "rfranklin/demo"]);
    stage.emulator.clear_requests();
    assert_refused(files.resolve_path("").await, INVALID, &["the path is empty"]);
    assert_refused(files.resolve_path("/").await, INVALID, &["the path is empty"]);
    assert_refused(
        files.resolve_path("raw/../a.txt").await,
        INVALID,
        &["`..` is not allowed in the path `raw/../a.txt`"],
    );
    stage.assert_no_requests();
    Ok(())
}

#[tokio::test]
async fn files_are_found_by_name_at_any_depth() -> Result<()> {
    let stage = stage().await;
    let files = stage.client.project(&stage.project).files();
    let found: Vec<Entry> = files.find("a.txt").try_collect().await?;
    assert_eq!(paths(&found), BTreeSet::from(["a.txt", "raw/deep/deeper/a.txt"]));
    let folder = files.find("deep").try_next().await?.expect("a folder");
    assert!(folder.is_folder());
    assert!(files.find("none").try_next().await?.is_none());
    Ok(())
}

#[tokio::test]
async fn search_is_read_to_the_end_by_tokens() -> Result<()> {
    let stage = Stage::tuned(sbg_emulator::Emulator::builder(), |client| client.advance_access(true)).await;
    for number in 0..7 {
        stage.file(&format!("raw/{number}.fastq"), "");
    }
    stage.file("raw/other.bam", "");
    let expression = r#"IN "/Projects/rfranklin/demo" WHERE file_extension IN ("FASTQ") RECURSIVE"#;
    let hits: Vec<_> =
        stage.client.files().search(expression).page_size(3).items().try_collect::<Vec<_>>().await?;
    let names: BTreeSet<_> = hits.iter().map(|hit| hit.name.clone().unwrap_or_default()).collect();
    assert_eq!(names, (0..7).map(|number| format!("{number}.fastq")).collect());
    let asked = stage.calls("POST", "/files/search");
    assert_eq!(asked.len(), 3);
    assert!(
        asked[0].query_values("cont_token").is_empty() && !asked[1].query_values("cont_token").is_empty()
    );

    let page = stage.client.files().search(expression).page_size(5).page().await?;
    assert_eq!((page.items.len(), page.total, page.has_next()), (5, Some(7), true));
    assert!(!page.has_previous() && page.previous_page().await?.is_none());

    stage.emulator.clear_requests();
    let search = |expression: &str| stage.client.files().search(expression);
    assert_refused(search(" ").page().await, INVALID, &["the search has no expression"]);
    assert_refused(search(expression).offset(3).page().await, INVALID, &["not by both"]);
    let named = search(expression).fields(Fields::only(["name"])).page().await;
    assert_refused(named, INVALID, &["hits of a search do not support field selection"]);
    stage.assert_no_requests();
    let wrong = search("WHERE type = 1").page().await;
    assert!(assert_refused(wrong, ErrorKind::InvalidRequest, &["file_search"]).status().is_some());
    Ok(())
}
