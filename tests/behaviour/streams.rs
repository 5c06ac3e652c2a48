//! Transfers to memory and from a reader.

use std::pin::Pin;
use std::task::{Context, Poll};
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
    let upload = stage.client.upload_reader("a", reader).size(1_000_003).to(&stage.project);
    let file = upload.part_size(100_000).await?;
    stage.assert_uploaded(&file.id, &bytes);
    let file = stage.client.upload_reader("b", tokio::io::empty()).size(0).to(&stage.project).await?;
    stage.assert_uploaded(&file.id, b"");
    Ok(())
}

#[tokio::test]
async fn reader_of_wrong_length_creates_no_file() -> Result<()> {
    let stage = Stage::start().await;
    let run = async |size| {
        let upload = stage.client.upload_reader("a", std::io::Cursor::new(vec![0; 1000])).size(size);
        upload.to(&stage.project).part_size(100).await
    };
    assert_refused(
        run(1001).await,
        ErrorKind::Integrity,
        &["ended before the 1001 bytes that `size()` announced"],
    );
    assert_refused(
        run(999).await,
        ErrorKind::Integrity,
        &["more than the 999 bytes that `size()` announced"],
    );
    assert!(stage.client.uploads().list().await?.is_empty());
    assert!(stage.client.project(&stage.project).files().query().all().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn stream_has_pieces_of_the_requested_size() -> Result<()> {
    let stage = Stage::start().await;
    let file = stage.client.file(stage.large_file("large", 1_000_003));
    let pieces: Vec<_> = file.stream().piece_size(300_000).readahead(2).try_collect().await?;
    assert_eq!(
        pieces.iter().map(bytes::Bytes::len).collect::<Vec<_>>(),
        [300_000, 300_000, 300_000, 100_003]
    );
    assert!(pieces.concat() == stage.emulator.file_content(file.id()).expect("the file"));
    assert_eq!(stage.storage("GET").len(), 4);
    let none: Result<Vec<_>, _> = file.stream().piece_size(0).try_collect().await;
    assert_refused(none, ErrorKind::InvalidInput, &["at least 1 byte"]);
    Ok(())
}

#[tokio::test]
async fn stream_sends_nothing_until_polled() -> Result<()> {
    let stage = Stage::start().await;
    let mut stream = stage.client.file(stage.file("a", "ACGT")).stream();
    stage.assert_no_requests();
    assert_eq!(stream.try_next().await?.expect("a piece"), "ACGT");
    Ok(())
}

#[tokio::test]
async fn reader_of_unknown_length_is_spooled() -> Result<()> {
    let stage = Stage::start().await;
    stage.fault(FaultRule::storage(Action::Reset).method("PUT").every(4));
    let bytes = random_bytes(1_000_003);
    let folder = tempfile::tempdir()?;
    let reader = std::io::Cursor::new(bytes.clone());
    let upload = stage.client.upload_reader("a", reader).to(&stage.project).part_size(100_000);
    let file = upload.spool_folder(folder.path()).await?;
    stage.assert_uploaded(&file.id, &bytes);
    assert_eq!(std::fs::read_dir(folder.path())?.count(), 0, "nothing stays in the folder");
    let file = stage.client.upload_reader("b", tokio::io::empty()).to(&stage.project).await?;
    stage.assert_uploaded(&file.id, b"");
    Ok(())
}

#[tokio::test]
async fn dropped_upload_of_a_spooled_reader_restarts() -> Result<()> {
    let stage = Stage::start().await;
    // The last part is sent after others are confirmed.
    let gone = Action::Status { code: 404, body: None, headers: Vec::new() };
    stage.fault(FaultRule::storage(gone).path("/60").nth(1));
    let bytes = random_bytes(6000);
    let reader = std::io::Cursor::new(bytes.clone());
    let file = stage.client.upload_reader("a", reader).to(&stage.project).part_size(100).await?;
    assert!(file.started_over.is_some());
    stage.assert_uploaded(&file.id, &bytes);
    Ok(())
}

#[tokio::test]
async fn spool_failure_names_the_folder() -> Result<()> {
    let stage = Stage::start().await;
    let upload = stage.client.upload_reader("a", &b"ACGT"[..]).to(&stage.project);
    let missing = stage.path("missing");
    let hint = ["cannot spool", "missing", "`spool_folder` sets another folder"];
    assert_refused(upload.spool_folder(missing).await, ErrorKind::Io, &hint);
    stage.assert_no_requests();
    Ok(())
}

#[tokio::test]
async fn failing_reader_creates_no_upload() -> Result<()> {
    let stage = Stage::start().await;
    let reader = failing_reader();
    let upload = stage.client.upload_reader("a", reader).to(&stage.project);
    assert_refused(upload.await, ErrorKind::Io, &["cannot read the bytes to upload"]);
    stage.assert_no_requests();
    Ok(())
}

/// A reader that fails after a few bytes.
fn failing_reader() -> impl tokio::io::AsyncRead + Send + Unpin + 'static {
    struct Dead;

    impl tokio::io::AsyncRead for Dead {
        fn poll_read(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            _: &mut tokio::io::ReadBuf<'_>,
        ) -> Poll<std::io::Result<()>> {
            Poll::Ready(Err(std::io::Error::other("the program died")))
        }
    }

    tokio::io::AsyncReadExt::chain(&b"ACGT"[..], Dead)
}
