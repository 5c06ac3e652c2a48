//! Transfers to memory and from a reader.

use std::time::Duration;

use anyhow::Result;
use futures::{StreamExt as _, TryStreamExt as _};
use sbg::ErrorKind;
use sbg_emulator::{Action, FaultRule};
use sbg_tests::{MIB, Stage, assert_refused, random_bytes};

#[tokio::test]
async fn file_streams_in_order_despite_faults() -> Result<()> {
    let stage = Stage::start().await;
    stage.fault(FaultRule::storage(Action::CutBody(1_500_000)).every(3));
    stage.fault(FaultRule::storage(Action::Status { code: 503, body: None, headers: Vec::new() }).nth(4));
    let id = stage.large_file("large", 30 * MIB + 17);
    let pieces: Vec<_> = stage.client.file(&id).stream().try_collect().await?;
    assert!(pieces.len() > 4);
    assert!(pieces.concat() == stage.emulator.file_content(&id).expect("the file"));
    assert_eq!(stage.calls("GET", "/download_info").len(), 1);
    Ok(())
}

#[tokio::test]
async fn read_range_returns_the_requested_bytes() -> Result<()> {
    let stage = Stage::start().await;
    let file = stage.client.file(stage.file("a", "0123456789"));
    assert_eq!(file.read_range(2..5).await?, "234");
    assert_eq!(file.read_range(2..=5).await?, "2345");
    assert_eq!(file.read_range(..3).await?, "012");
    assert_eq!(file.read_range(8..).await?, "89");
    assert_eq!(file.read_range(8..100).await?, "89", "a range ends with the file");
    assert_eq!(file.read_range(..).await?, "0123456789");
    assert_eq!(file.read_range(4..4).await?, "");
    assert_refused(file.read_range(10..12).await, ErrorKind::InvalidInput, &["10..12", "not in the file"]);
    let empty = stage.client.file(stage.file("b", ""));
    assert_eq!(empty.read_range(..).await?, "");
    assert_refused(empty.read_range(1..).await, ErrorKind::InvalidInput, &["not in the file"]);

    let large = stage.client.file(stage.large_file("large", 20 * MIB));
    let all = stage.emulator.file_content(large.id()).expect("the file");
    let (start, end) = (3 * MIB + 1, 17 * MIB - 1);
    assert!(large.read_range(start as u64..end as u64).await? == all[start..end]);
    Ok(())
}

#[tokio::test]
async fn stream_fetches_little_ahead_and_stops_on_drop() -> Result<()> {
    let stage = Stage::start().await;
    let id = stage.large_file("large", 400 * MIB);
    let mut stream = stage.client.file(&id).stream();
    assert!(stream.next().await.is_some_and(|piece| piece.is_ok()));
    tokio::time::sleep(Duration::from_millis(300)).await;
    let asked = stage.storage("GET").len();
    assert!(asked <= 8, "{asked} pieces were asked for by a reader that took one");
    drop(stream);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(stage.storage("GET").len(), asked);
    Ok(())
}

#[tokio::test]
async fn changed_file_ends_the_stream() -> Result<()> {
    let stage = Stage::start().await;
    stage.fault(FaultRule::storage(Action::ChangedETag).nth(3));
    let id = stage.large_file("large", 30 * MIB);
    let read: Result<Vec<_>, _> = stage.client.file(&id).stream().try_collect().await;
    assert_refused(read, ErrorKind::Integrity, &["changed on the platform"]);
    Ok(())
}

#[tokio::test]
async fn reader_is_uploaded_in_parts() -> Result<()> {
    let stage = Stage::start().await;
    stage.fault(FaultRule::storage(Action::Reset).method("PUT").every(4));
    let bytes = random_bytes(1_000_003);
    let reader = std::io::Cursor::new(bytes.clone());
    let upload = stage.client.upload_reader("a", reader, 1_000_003).to(&stage.project);
    let file = upload.part_size(100_000).await?;
    stage.assert_uploaded(&file.id, &bytes);
    let file = stage.client.upload_reader("b", tokio::io::empty(), 0).to(&stage.project).await?;
    stage.assert_uploaded(&file.id, b"");
    Ok(())
}

#[tokio::test]
async fn reader_of_wrong_length_creates_no_file() -> Result<()> {
    let stage = Stage::start().await;
    let run = async |size| {
        let upload = stage.client.upload_reader("a", std::io::Cursor::new(vec![0; 1000]), size);
        upload.to(&stage.project).part_size(100).await
    };
    assert_refused(run(1001).await, ErrorKind::Integrity, &["ended before the 1001 announced bytes"]);
    assert_refused(run(999).await, ErrorKind::Integrity, &["more than the 999 announced bytes"]);
    assert!(stage.client.uploads().list().await?.is_empty());
    assert!(stage.client.project(&stage.project).files().query().all().await?.is_empty());
    Ok(())
}
