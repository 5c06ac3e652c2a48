//! The conformance tests of `object_store`, on the emulator.

use object_store::integration::{
    copy_if_not_exists, copy_rename_nonexistent_object, get_nonexistent_object, get_opts,
    list_uses_directories_correctly, list_with_delimiter, list_with_offset_exclusivity,
    multipart_out_of_order, multipart_race_condition, put_get_delete_list, put_opts, rename_and_copy,
    stream_get,
};
use object_store::path::Path;
use sbg_object_store::SbgStore;
use sbg_tests::Stage;

/// An empty project.
async fn store() -> (Stage, SbgStore) {
    let stage = Stage::start().await;
    let store = SbgStore::project(stage.client.clone(), &stage.project);
    (stage, store)
}

#[tokio::test]
async fn objects_are_put_read_listed_and_deleted() {
    let (_stage, store) = store().await;
    put_get_delete_list(&store).await;
}

#[tokio::test]
async fn conditions_of_reads_hold() {
    let (_stage, store) = store().await;
    get_opts(&store).await;
}

#[tokio::test]
async fn puts_create_or_overwrite() {
    let (_stage, store) = store().await;
    put_opts(&store, false).await;
}

#[tokio::test]
async fn large_objects_are_written_in_parts() {
    let (_stage, store) = store().await;
    stream_get(&store).await;
}

#[tokio::test]
async fn parts_come_in_any_order() {
    let (_stage, store) = store().await;
    multipart_out_of_order(&store).await;
    multipart_race_condition(&store, true).await;
}

#[tokio::test]
async fn lists_have_folders() {
    let (_stage, first) = store().await;
    list_uses_directories_correctly(&first).await;
    let (_stage, second) = store().await;
    list_with_delimiter(&second).await;
    let (_stage, third) = store().await;
    list_with_offset_exclusivity(&third).await;
}

#[tokio::test]
async fn objects_are_copied_and_renamed() {
    let (_stage, store) = store().await;
    rename_and_copy(&store).await;
    copy_if_not_exists(&store).await;
    copy_rename_nonexistent_object(&store).await;
}

#[tokio::test]
async fn missing_objects_are_not_found() {
    let (_stage, store) = store().await;
    let error = get_nonexistent_object(&store, Some(Path::from("there/is/none"))).await.unwrap_err();
    assert!(matches!(error, object_store::Error::NotFound { .. }), "{error}");
}
