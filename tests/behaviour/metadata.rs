//! Metadata and tags of files.

use anyhow::Result;
use sbg::ErrorKind;
use sbg_tests::{Stage, assert_refused};

#[tokio::test]
async fn metadata_merge_sets_and_removes_keys() -> Result<()> {
    let stage = Stage::start().await;
    let metadata = stage.client.file(stage.file("a.txt", "a")).metadata();
    let set = metadata.merge([("sample_id", "S1"), ("library_id", "L1")]).await?;
    assert_eq!(set.len(), 2);
    let set = metadata.merge([("library_id", None), ("größe", Some("1 µm"))]).await?;
    assert_eq!(set.keys().collect::<Vec<_>>(), ["größe", "sample_id"]);
    assert_eq!(metadata.get().await?["größe"], "1 µm");
    let only_removed = metadata.remove(["größe"]).await?;
    assert_eq!(only_removed.len(), 1);
    Ok(())
}

#[tokio::test]
async fn metadata_overwrite_leaves_nothing_else() -> Result<()> {
    let stage = Stage::start().await;
    let metadata = stage.client.file(stage.file("a.txt", "a")).metadata();
    metadata.merge([("sample_id", "S1")]).await?;
    let replaced = metadata.overwrite([("platform", "X-ray")]).await?;
    assert_eq!(replaced.len(), 1);
    assert_eq!(metadata.await?["platform"], "X-ray");
    let emptied = stage.client.file(stage.file("a.txt", "a")).metadata().clear().await?;
    assert!(emptied.is_empty());
    Ok(())
}

#[tokio::test]
async fn edited_tags_replace_existing_ones() -> Result<()> {
    let stage = Stage::start().await;
    let file = stage.client.file(stage.file("a.txt", "a"));
    let edited = file.edit().tags(["dna", "photograph 51"]).await?;
    assert_eq!(edited.tags.expect("tags"), ["dna", "photograph 51"]);
    file.edit().tags(vec!["x".to_owned()]).await?;
    assert_eq!(file.get().await?.tags.expect("tags"), ["x"]);
    let cleared = file.edit().clear_tags().await?;
    assert!(cleared.tags.is_none_or(|tags| tags.is_empty()));
    Ok(())
}

#[tokio::test]
async fn folders_have_no_tags_or_metadata() -> Result<()> {
    let stage = Stage::start().await;
    let folder = stage.client.files().create_folder("x", &stage.project).await?;
    let folder = stage.client.file(&folder.id);
    assert_refused(folder.edit().tags(["a"]).await, ErrorKind::InvalidRequest, &["file_edit"]);
    let metadata = folder.metadata().merge([("a", "b")]).await;
    assert_refused(metadata, ErrorKind::InvalidRequest, &["file_metadata_edit", "5025"]);
    Ok(())
}

#[tokio::test]
async fn invalid_tags_and_empty_edits_are_never_sent() -> Result<()> {
    let stage = Stage::start().await;
    let file = stage.client.file(stage.file("a.txt", "a"));
    let invalid = ErrorKind::InvalidInput;
    assert_refused(file.edit().tags(["a,b"]).await, invalid, &["no comma", "`a,b`"]);
    assert_refused(file.edit().tags([""]).await, invalid, &["must have text"]);
    assert_refused(file.edit().await, invalid, &["changes nothing"]);
    assert_refused(file.edit().name("a/b").await, invalid, &["`a/b` has a slash"]);
    let metadata = file.metadata();
    assert_refused(metadata.merge([("", ""); 0]).await, invalid, &["changes nothing"]);
    assert_refused(metadata.remove([""; 0]).await, invalid, &["changes nothing"]);
    assert_refused(metadata.overwrite([("", ""); 0]).await, invalid, &["use `clear()`"]);
    assert_refused(metadata.merge([(" ", "x")]).await, invalid, &["has no name"]);
    assert_refused(metadata.overwrite([("", "x")]).await, invalid, &["has no name"]);
    stage.assert_no_requests();
    Ok(())
}
