//! Bulk calls: any number of items, a result for each, in order.

use anyhow::Result;
use sbg::files::{FileChange, FileOverwrite};
use sbg::types::File;
use sbg::{ErrorKind, Fields};
use sbg_emulator::{Action, FaultRule};
use sbg_tests::{Stage, assert_refused};

/// Files of a project, by id.
fn files(stage: &Stage, count: usize) -> Vec<String> {
    (0..count).map(|number| stage.file(&format!("{number:04}"), "")).collect()
}

#[tokio::test]
async fn bulk_items_are_chunked_and_kept_in_order() -> Result<()> {
    let stage = Stage::start().await;
    let ids = files(&stage, 1234);
    let got: Vec<sbg::Result<File>> = stage.client.files().bulk_get(&ids).await?;
    let got_ids: Vec<String> = got.into_iter().map(|file| Ok(file?.id)).collect::<sbg::Result<_>>()?;
    assert_eq!(got_ids, ids);
    let calls = stage.calls("POST", "/bulk/files/get");
    assert_eq!(calls.len(), 13);
    let sizes = calls.iter().map(|call| -> usize {
        let body: serde_json::Value = serde_json::from_slice(&call.body).expect("JSON");
        body["file_ids"].as_array().map_or(0, Vec::len)
    });
    let mut sizes: Vec<usize> = sizes.collect();
    sizes.sort_unstable();
    assert_eq!((sizes[0], sizes[1], sizes[12]), (34, 100, 100));
    Ok(())
}

#[tokio::test]
async fn failed_chunk_does_not_hide_the_others() -> Result<()> {
    let stage = Stage::start().await;
    let ids = files(&stage, 350);
    let refused = Action::Status { code: 400, body: None, headers: Vec::new() };
    stage.fault(FaultRule::api(refused).method("POST").path("/bulk/files/get").nth(2));
    let got = stage.client.files().bulk_get(&ids).await?;
    assert_eq!(got.len(), 350);
    let failed: Vec<usize> = (0..).zip(&got).filter(|(_, file)| file.is_err()).map(|(at, _)| at).collect();
    // Chunks are sent in parallel, so any of them can arrive second.
    assert!(failed.len() == 100 || failed.len() == 50, "{}", failed.len());
    assert!(
        failed[0].is_multiple_of(100) && failed.iter().zip(failed[0]..).all(|(at, expected)| *at == expected)
    );
    for (file, id) in got.iter().zip(&ids) {
        match file {
            Ok(file) => assert_eq!(file.id, *id),
            Err(error) => assert_eq!((error.status(), error.operation()), (Some(400), Some("bulk_file_get"))),
        }
    }
    Ok(())
}

#[tokio::test]
async fn failed_bulk_item_has_its_error_in_place() -> Result<()> {
    let stage = Stage::start().await;
    let mut ids = files(&stage, 3);
    ids.insert(1, "567890abc9b0307bc0414164".to_owned());
    let got = stage.client.files().bulk_get(&ids).await?;
    assert_eq!(got.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true, true]);
    let error = got[1].as_ref().unwrap_err();
    assert!(error.is_not_found() && error.code().is_some(), "{error:?}");

    let deleted = stage.client.files().bulk_delete(&ids).await?;
    assert_eq!(deleted.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true, true]);
    assert!(stage.client.project(&stage.project).files().query().all().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn bulk_fields_select_file_fields() -> Result<()> {
    let stage = Stage::start().await;
    let ids = files(&stage, 2);
    let get = |fields: Fields| stage.client.files().bulk_get(&ids).fields(fields);
    for file in get(Fields::only(["name"])).await? {
        let file = file?;
        assert!(file.name.is_some() && file.size.is_none() && ids.contains(&file.id), "{file:?}");
    }
    for file in get(Fields::all().without("name")).await? {
        let file = file?;
        assert!(file.name.is_none() && file.size.is_some(), "{file:?}");
    }
    let missing = stage.client.files().bulk_get(["567890abc9b0307bc0414164"]);
    let missing = missing.fields(Fields::only(["name"])).await?;
    assert!(missing[0].as_ref().unwrap_err().is_not_found(), "errors come whatever is selected");
    Ok(())
}

#[tokio::test]
async fn bulk_edit_merges_and_overwrite_erases_metadata() -> Result<()> {
    let stage = Stage::start().await;
    let id = stage.file("a", "");
    stage.client.file(&id).metadata().merge([("sample_id", "S1"), ("lane", "1")]).await?;
    stage.client.file(&id).edit().tags(["dna"]).await?;

    let change = FileChange::new(&id).merge_metadata("sample_id", "S2").remove_metadata("lane").name("b");
    let edited = stage.client.files().bulk_edit([change.merge_metadata("platform", "X-ray")]).await?;
    let edited = edited[0].as_ref().expect("a file");
    assert_eq!((edited.name.as_deref(), edited.tags.as_deref()), (Some("b"), Some(&["dna".to_owned()][..])));
    let metadata = stage.client.file(&id).metadata().await?;
    assert_eq!((&metadata["sample_id"], &metadata["platform"]), (&"S2".into(), &"X-ray".into()));
    assert!(metadata.get("lane").is_none_or(serde_json::Value::is_null));

    let overwrite = FileOverwrite::new(&id).metadata("library_id", "L1");
    let written = stage.client.files().bulk_overwrite([overwrite]).await?;
    let written = written[0].as_ref().expect("a file");
    assert_eq!((written.name.as_deref(), written.tags.as_deref()), (Some("b"), Some(&[][..])));
    let metadata = stage.client.file(&id).metadata().await?;
    assert_eq!(metadata.keys().collect::<Vec<_>>(), ["library_id"]);
    Ok(())
}

#[tokio::test]
async fn empty_or_duplicate_bulk_calls_are_never_sent() -> Result<()> {
    let stage = Stage::start().await;
    let (files, invalid) = (stage.client.files(), ErrorKind::InvalidInput);
    let nothing = ["at least one item"];
    assert_refused(files.bulk_get([""; 0]).await, invalid, &nothing);
    assert_refused(files.bulk_delete([""; 0]).await, invalid, &nothing);
    assert_refused(files.bulk_edit([]).await, invalid, &nothing);
    assert_refused(files.bulk_overwrite([]).await, invalid, &nothing);
    assert_refused(stage.client.tasks().bulk_get([""; 0]).await, invalid, &nothing);
    assert_refused(stage.client.tasks().wait_all([""; 0]).await, invalid, &nothing);
    assert_refused(stage.client.imports().bulk_start([]).await, invalid, &nothing);
    assert_refused(stage.client.imports().bulk_get([""; 0]).await, invalid, &nothing);
    assert_refused(stage.client.exports().bulk_start([]).await, invalid, &nothing);
    assert_refused(stage.client.exports().wait_all([""; 0]).await, invalid, &nothing);
    assert_refused(stage.client.files().bulk_copy([""; 0], "a/b").await, invalid, &nothing);

    assert_refused(files.bulk_get(["a", "a/b"]).await, invalid, &["not a file id: `a/b`"]);
    assert_refused(stage.client.tasks().bulk_get(["x"]).await, invalid, &["not a task id: `x`", "UUID"]);
    assert_refused(stage.client.imports().wait_all(["a b"]).await, invalid, &["not an import id"]);
    let twice = [FileChange::new("a").name("x"), FileChange::new("a").name("y")];
    assert_refused(files.bulk_edit(twice).await, invalid, &["the file `a` has two changes"]);
    assert_refused(files.bulk_edit([FileChange::new("a")]).await, invalid, &["changes nothing"]);
    let twice = [FileOverwrite::new("a"), FileOverwrite::new("a")];
    assert_refused(files.bulk_overwrite(twice).await, invalid, &["the file `a` has two changes"]);
    let exports = [true, false].map(|copy| stage.client.exports().start("5f1", "a/b", "x").copy_only(copy));
    assert_refused(stage.client.exports().bulk_start(exports).await, invalid, &["cannot mix `copy_only`"]);
    stage.assert_no_requests();
    Ok(())
}
