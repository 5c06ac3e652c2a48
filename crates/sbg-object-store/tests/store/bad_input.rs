//! Files that change, move and are in the way, and writes that nobody waits for.

use std::time::Duration;

use futures::future::BoxFuture;
use futures::{FutureExt as _, StreamExt as _, TryStreamExt as _};
use httpmock::MockServer;
use object_store::path::Path;
use object_store::{Error, GetOptions, GetRange, ObjectStore, ObjectStoreExt as _, PutPayload};
use sbg_emulator::{Action, Emulator, FaultRule, Origin};
use sbg_object_store::SbgStore;
use sbg_tests::{MIB, Stage, client_of, eventually};
use serde_json::json;

/// Longer than any test.
const FOREVER: Duration = Duration::from_secs(3600);

async fn stage() -> (Stage, SbgStore) {
    let stage = Stage::start().await;
    let store = SbgStore::project(stage.client.clone(), &stage.project);
    (stage, store)
}

fn path(path: &str) -> Path {
    Path::from(path)
}

#[tokio::test]
async fn two_files_of_one_path_are_an_error() {
    let server = MockServer::start_async().await;
    let files = json!({"items": [
        {"id": "5678900000000000000000aa", "name": "reads.bam", "type": "file", "size": 4},
        {"id": "5678900000000000000000bb", "name": "reads.bam", "type": "file", "size": 4},
    ], "links": []});
    server
        .mock_async(|when, then| {
            when.any_request();
            then.status(200).header("content-type", "application/json").body(files.to_string());
        })
        .await;
    let client = client_of(&server.url("/v2"), "0123456789abcdef0123456789abcdef").build().unwrap();
    let store = SbgStore::project(client, "rfranklin/demo");
    let error = store.head(&path("reads.bam")).await.unwrap_err().to_string();
    assert!(error.contains("two files have the path `reads.bam`"), "{error}");
    assert!(error.contains("00aa") && error.contains("00bb"), "both are named: {error}");
}

#[tokio::test]
async fn folder_is_not_a_file() {
    let (stage, store) = stage().await;
    stage.file("reads/S1.bam", "ACGT");
    for wanted in ["reads", "reads/S1.bam/deeper"] {
        let error = store.get(&path(wanted)).await.unwrap_err();
        assert!(matches!(error, Error::NotFound { .. }), "{wanted}: {error}");
    }
    let error = store.put(&path("reads/S1.bam/deeper"), "x".into()).await.unwrap_err().to_string();
    assert!(error.contains("cannot create the folder `reads/S1.bam`: it is a file"), "{error}");
}

#[tokio::test]
async fn ranges_end_at_the_end_of_the_file() {
    let (stage, store) = stage().await;
    stage.file("reads.txt", "ACGTACGT");
    let file = path("reads.txt");
    assert_eq!(store.get_range(&file, 4..100).await.unwrap(), "ACGT", "cut at the end");
    store.get_range(&file, 8..9).await.unwrap_err();
    store.get_ranges(&file, &[0..2, 100..101]).await.unwrap_err();
    for range in [GetRange::Offset(9), GetRange::Bounded(20..30)] {
        let options = GetOptions { range: Some(range), ..GetOptions::default() };
        store.get_opts(&file, options).await.unwrap_err();
    }
    assert_eq!(store.get_ranges(&file, &[6..8, 0..2]).await.unwrap(), ["GT", "AC"]);
}

#[tokio::test]
async fn end_of_a_file_is_read_once_for_its_length_and_metadata() {
    let (stage, store) = stage().await;
    let content: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
    stage.file("table.parquet", content.clone());
    let (file, size) = (path("table.parquet"), content.len() as u64);
    stage.emulator.clear_requests();
    for range in [size - 8..size, size - 5000..size - 8, size - 8..size, size - 60_000..size] {
        let expected = &content[usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap()];
        assert_eq!(store.get_range(&file, range.clone()).await.unwrap(), expected, "{range:?}");
    }
    assert_eq!(stage.storage("GET").len(), 2, "each pair of reads costs one request");
}

#[tokio::test]
async fn replaced_content_is_never_mixed() {
    let (stage, store) = stage().await;
    let id = stage.file("reads.txt", "ACGTACGT");
    let file = path("reads.txt");
    assert_eq!(store.get_range(&file, 0..4).await.unwrap(), "ACGT");
    assert!(stage.emulator.replace_file(&id, "TTTTTTTT"));
    let error = store.get_range(&file, 4..8).await.unwrap_err();
    assert!(matches!(error, Error::Precondition { .. }), "{error}");
    assert_eq!(store.get_range(&file, 4..8).await.unwrap(), "TTTT", "a new read is of the new version");
}

#[tokio::test]
async fn overwritten_file_is_found_again_by_its_path() {
    let (stage, store) = stage().await;
    let first = stage.file("reads.txt", "ACGT");
    let file = path("reads.txt");
    assert_eq!(store.get(&file).await.unwrap().bytes().await.unwrap(), "ACGT");
    stage.client.file(&first).delete().await.unwrap();
    stage.file("reads.txt", "TGCA");
    assert_eq!(store.get(&file).await.unwrap().bytes().await.unwrap(), "TGCA");
}

#[tokio::test]
async fn list_that_changes_meanwhile_has_no_file_twice() {
    let (stage, store) = stage().await;
    let ids: Vec<_> = (0..250).map(|number| stage.file(&format!("reads/{number:03}.txt"), "x")).collect();
    stage.file("last/reads.txt", "x");
    let mut files = store.list(None);
    let mut found = vec![files.try_next().await.unwrap().unwrap().location];
    stage.client.files().bulk_delete(&ids[200..]).await.unwrap();
    stage.file("reads/new.txt", "x");
    found.extend(files.map_ok(|file| file.location).try_collect::<Vec<_>>().await.unwrap());
    let count = found.len();
    found.sort();
    found.dedup();
    assert_eq!(found.len(), count, "no file twice");
    let present = (0..200).map(|number| path(&format!("reads/{number:03}.txt")));
    assert!(present.chain([path("last/reads.txt")]).all(|file| found.contains(&file)), "{found:?}");
}

#[tokio::test]
async fn folder_that_vanishes_while_it_is_listed_has_no_files() {
    let (stage, store) = stage().await;
    stage.file("reads/S1.txt", "x");
    stage.file("other.txt", "x");
    let listed: Vec<_> =
        store.list(Some(&path("reads"))).map_ok(|file| file.location).try_collect().await.unwrap();
    assert_eq!(listed, [path("reads/S1.txt")]);
    let folder = stage.client.project(&stage.project).files().resolve_path("reads").await.unwrap();
    let file = stage.client.project(&stage.project).files().resolve_path("reads/S1.txt").await.unwrap();
    stage.client.file(&file).delete().await.unwrap();
    stage.client.file(&folder).delete().await.unwrap();
    let left = store.list(Some(&path("reads"))).try_collect::<Vec<_>>().await.unwrap();
    assert!(left.is_empty(), "{left:?}");
    let error = store.get(&path("reads/S1.txt")).await.unwrap_err();
    assert!(matches!(error, Error::NotFound { .. }), "{error}");
}

/// The calls that begin, complete and abort uploads.
fn uploads(stage: &Stage) -> Vec<String> {
    let api = stage.emulator.requests().into_iter().filter(|request| request.origin == Origin::Api);
    let uploads = api.filter(|request| request.path.contains("/upload/"));
    uploads.map(|request| format!("{} {}", request.method, request.path)).collect()
}

#[tokio::test]
async fn multipart_upload_that_is_dropped_sends_nothing() {
    let (stage, store) = stage().await;
    let mut upload = store.put_multipart(&path("big.bin")).await.unwrap();
    upload.put_part(PutPayload::from(vec![1; MIB])).await.unwrap();
    drop(upload);
    assert_eq!(uploads(&stage), Vec::<String>::new());
    let error = store.head(&path("big.bin")).await.unwrap_err();
    assert!(matches!(error, Error::NotFound { .. }), "{error}");
}

#[tokio::test]
async fn write_that_is_dropped_is_aborted() {
    // Clients of users keep journals of uploads, to resume them.
    let state = tempfile::tempdir().unwrap();
    let kept = Some(state.path().to_owned());
    let stage = Stage::tuned(Emulator::builder().min_part_size(1), |client| client.state_folder(kept)).await;
    let store = SbgStore::project(stage.client.clone(), &stage.project);
    let stalled = stage.fault(FaultRule::storage(Action::Delay(FOREVER)).method("PUT"));
    let put = async {
        store.put(&path("put.bin"), PutPayload::from(vec![1; MIB])).await?;
        Ok::<(), Error>(())
    };
    let complete = async {
        let mut upload = store.put_multipart(&path("parts.bin")).await?;
        upload.put_part(PutPayload::from(vec![1; MIB])).await?;
        upload.complete().await?;
        Ok::<(), Error>(())
    };
    let aborted = || {
        let requests = stage.emulator.requests().into_iter();
        let deletes =
            requests.filter(|request| request.method == "DELETE" && request.path.contains("/upload/"));
        deletes.filter(|request| request.status.is_some_and(|status| status < 300)).count()
    };
    let writes: [BoxFuture<'_, Result<(), Error>>; 2] = [put.boxed(), complete.boxed()];
    for (number, write) in writes.into_iter().enumerate() {
        tokio::select! {
            written = write => panic!("the part waits: {written:?}"),
            () = eventually("the part is on its way", || stage.emulator.faults().fired(stalled) > number as u64) => {}
        }
        // The write is dropped here.
        eventually("the upload is aborted", || aborted() == number + 1).await;
    }
    stage.emulator.faults().clear();
    for name in ["put.bin", "parts.bin"] {
        let error = store.head(&path(name)).await.unwrap_err();
        assert!(matches!(error, Error::NotFound { .. }), "no half object: {error}");
    }
    assert!(stage.client.uploads().list().await.unwrap().is_empty());
}

#[tokio::test]
async fn parts_that_failed_are_not_left_out() {
    let (stage, store) = stage().await;
    let mut upload = store.put_multipart(&path("big.bin")).await.unwrap();
    upload.put_part(PutPayload::from(vec![1; MIB])).await.unwrap();
    // A part that was never awaited.
    drop(upload.put_part(PutPayload::from(vec![2; MIB])));
    let error = upload.complete().await.unwrap_err().to_string();
    assert!(error.contains("1048576 of 2097152 bytes were put"), "{error}");
    assert_eq!(uploads(&stage), Vec::<String>::new());
}

#[tokio::test]
async fn deletes_report_each_file() {
    let (stage, store) = stage().await;
    stage.file("a.txt", "x");
    stage.file("b.txt", "x");
    let paths = ["a.txt", "none.txt", "b.txt"].map(|name| Ok(path(name)));
    let deleted: Vec<_> = store.delete_stream(futures::stream::iter(paths).boxed()).collect().await;
    assert_eq!(deleted[0].as_ref().unwrap(), &path("a.txt"));
    assert!(matches!(deleted[1], Err(Error::NotFound { .. })), "{deleted:?}");
    assert_eq!(deleted[2].as_ref().unwrap(), &path("b.txt"));
}
