//! Files read in place: by seeking, in ranges, by several readers, and while they change.

use std::io::{BufRead as _, Cursor, Read as _, Seek as _, SeekFrom};
use std::time::Duration;

use anyhow::Result;
use futures::future::{join_all, try_join_all};
use sbg::transfer::FileReader;
use sbg::{ErrorKind, Fields};
use sbg_emulator::{Action, FaultRule};
use sbg_tests::{MIB, Stage, assert_refused, assert_same_bytes, random_bytes};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncSeekExt as _};

/// Size of a block by default.
const BLOCK: usize = 256 * 1024;

/// The calls for a signed URL, and the requests to the storage.
fn requests(stage: &Stage) -> (usize, usize) {
    (stage.calls("GET", "/download_info").len(), stage.storage("GET").len())
}

/// The error of the client inside an error of a read.
fn inner<T: std::fmt::Debug>(result: std::io::Result<T>) -> sbg::Result<T> {
    result.map_err(|error| error.downcast().expect("an error of the client"))
}

/// A response that no retry helps against.
fn not_found() -> Action {
    Action::Status { code: 404, body: None, headers: Vec::new() }
}

/// The listed file, whose size is known.
async fn listed(stage: &Stage) -> Result<sbg::types::File> {
    let mut files = stage.client.files().query().project(&stage.project).fields(Fields::all()).all().await?;
    assert_eq!(files.len(), 1);
    Ok(files.remove(0))
}

/// Reads `length` bytes at `start`.
async fn read_at(reader: &mut FileReader, start: usize, length: usize) -> std::io::Result<Vec<u8>> {
    reader.seek(SeekFrom::Start(start as u64)).await?;
    let mut bytes = vec![0; length];
    reader.read_exact(&mut bytes).await?;
    Ok(bytes)
}

#[tokio::test]
async fn reader_equals_a_local_file() -> Result<()> {
    let stage = Stage::start().await;
    stage.fault(FaultRule::storage(Action::CutBody(100)).every(7));
    let bytes = random_bytes(3000);
    let file = stage.client.file(stage.file("a", bytes.clone()));
    let mut random = fastrand::Rng::with_seed(19);
    for (block_size, blocks) in [(1, 3), (7, 1), (100, 2), (1000, 5), (5000, 1)] {
        let mut remote = file.reader().block_size(block_size).cache_blocks(blocks);
        let mut local = Cursor::new(&bytes);
        for _ in 0..60 {
            let to = match random.u8(..4) {
                0 => SeekFrom::Start(random.u64(..3200)),
                1 => SeekFrom::End(-random.i64(..3000)),
                2 => SeekFrom::Current(random.i64(-20..200)),
                _ => SeekFrom::Current(0),
            };
            match std::io::Seek::seek(&mut local, to) {
                Ok(position) => assert_eq!(remote.seek(to).await?, position),
                Err(_) => assert!(remote.seek(to).await.is_err(), "{to:?}"),
            }
            let length = random.u64(..300);
            let (mut expected, mut got) = (Vec::new(), Vec::new());
            std::io::Read::take(&mut local, length).read_to_end(&mut expected)?;
            (&mut remote).take(length).read_to_end(&mut got).await?;
            assert_eq!(got, expected, "{block_size} {blocks} {to:?}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn reads_of_a_file_share_one_url() -> Result<()> {
    let stage = Stage::start().await;
    let file = stage.client.file(stage.file("a", random_bytes(10_000)));
    for number in 0..50 {
        assert_eq!(file.reader().read_range(number * 100..number * 100 + 50).await?.len(), 50);
    }
    assert_eq!(requests(&stage), (1, 50));
    read_at(&mut file.reader(), 5000, 10).await?;
    assert_eq!(requests(&stage), (1, 51));
    Ok(())
}

#[tokio::test]
async fn refused_kept_url_is_renewed() -> Result<()> {
    let stage = Stage::start().await;
    let file = stage.client.file(stage.file("a", random_bytes(100)));
    file.reader().read_range(..10).await?;
    stage.fault(FaultRule::storage(Action::ExpiredUrl).nth(1));
    assert_eq!(file.reader().read_range(..10).await?.len(), 10);
    assert_eq!(requests(&stage), (2, 3));
    let mut reader = file.reader().block_size(10);
    read_at(&mut reader, 0, 10).await?;
    stage.fault(FaultRule::storage(Action::ExpiredUrl).nth(1));
    read_at(&mut reader, 50, 10).await?;
    assert_eq!(requests(&stage), (3, 6));
    Ok(())
}

#[tokio::test]
async fn seek_reads_one_block() -> Result<()> {
    let stage = Stage::start().await;
    let file = stage.client.file(stage.large_file("large", 200 * MIB));
    let mut reader = file.reader();
    for start in [150 * MIB + 5, 3 * MIB, 90 * MIB] {
        read_at(&mut reader, start, 1000).await?;
    }
    let sent: Vec<_> = stage.storage("GET").iter().map(|request| request.sent).collect();
    assert_eq!(sent, [BLOCK as u64; 3]);
    read_at(&mut reader, 3 * MIB + 2000, 1000).await?;
    assert_eq!(requests(&stage), (1, 3), "the block is cached");
    Ok(())
}

#[tokio::test]
async fn sequential_reading_takes_few_requests() -> Result<()> {
    let stage = Stage::start().await;
    let id = stage.large_file("large", 60 * MIB + 17);
    let mut bytes = Vec::new();
    stage.client.file(&id).reader().read_to_end(&mut bytes).await?;
    assert_same_bytes(&bytes, &stage.emulator.file_content(&id).expect("the file"));
    let (urls, ranges) = requests(&stage);
    assert_eq!(urls, 1);
    assert!(ranges <= 30, "{ranges} requests for 60 MiB");
    Ok(())
}

#[tokio::test]
async fn listed_size_costs_no_request() -> Result<()> {
    let stage = Stage::start().await;
    stage.file("a", random_bytes(1000));
    let file = listed(&stage).await?;
    stage.emulator.clear_requests();
    let mut reader = stage.client.file(&file).reader();
    assert_eq!(reader.size().await?, 1000);
    assert_eq!(reader.seek(SeekFrom::End(-10)).await?, 990);
    reader.seek(SeekFrom::Start(5000)).await?;
    assert_eq!(reader.read(&mut [0; 10]).await?, 0, "there is nothing beyond the end");
    let past = stage.client.file(&file).reader().read_range(1000..1010).await;
    assert_refused(past, ErrorKind::InvalidInput, &["1000..1010", "not in the file"]);
    stage.assert_no_requests();
    Ok(())
}

#[tokio::test]
async fn unknown_size_costs_one_request() -> Result<()> {
    let stage = Stage::start().await;
    let file = stage.client.file(stage.file("a", random_bytes(1000)));
    let mut reader = file.reader();
    assert_eq!(reader.seek(SeekFrom::End(-10)).await?, 990);
    assert_eq!(reader.read(&mut [0; 100]).await?, 10);
    assert_eq!(reader.read(&mut [0; 100]).await?, 0);
    assert_eq!(requests(&stage), (1, 1));
    let mut beyond = file.reader();
    beyond.seek(SeekFrom::Start(2 * BLOCK as u64)).await?;
    assert_eq!(beyond.read(&mut [0; 100]).await?, 0);
    let empty = stage.client.file(stage.file("b", "")).reader();
    assert_eq!(empty.size().await?, 0);
    assert!(reader.seek(SeekFrom::Current(-2000)).await.is_err());
    Ok(())
}

#[tokio::test]
async fn clones_share_blocks_and_requests() -> Result<()> {
    let stage = Stage::start().await;
    stage.fault(FaultRule::storage(Action::Delay(Duration::from_millis(50))));
    let file = stage.client.file(stage.large_file("large", 20 * MIB));
    let reader = file.reader();
    let reads = (0..20).map(|number| {
        let mut reader = reader.clone();
        async move { read_at(&mut reader, (number % 4) * BLOCK, 1000).await }
    });
    try_join_all(reads).await?;
    assert_eq!(requests(&stage), (1, 4));
    Ok(())
}

#[tokio::test]
async fn cache_keeps_no_more_blocks_than_it_may() -> Result<()> {
    let stage = Stage::start().await;
    let file = stage.client.file(stage.file("a", random_bytes(1000)));
    let mut reader = file.reader().block_size(100).cache_blocks(2);
    for start in [0, 300, 600, 300, 600, 0] {
        read_at(&mut reader, start, 10).await?;
    }
    assert_eq!(requests(&stage), (1, 4), "only the first block was read twice");
    let many = (0..10).map(|number| {
        let mut reader = reader.clone();
        async move { read_at(&mut reader, number * 100, 10).await }
    });
    try_join_all(many).await?;
    Ok(())
}

#[tokio::test]
async fn replaced_file_is_an_error() -> Result<()> {
    let stage = Stage::with_etags().await;
    let id = stage.file("a", random_bytes(1000));
    let mut reader = stage.client.file(&id).reader().block_size(100);
    read_at(&mut reader, 0, 10).await?;
    assert!(stage.emulator.replace_file(&id, vec![7; 1000]));
    let words = [id.as_str(), "changed on the platform"];
    let read = read_at(&mut reader, 500, 10).await;
    assert_eq!(read.as_ref().map_err(std::io::Error::kind).unwrap_err(), std::io::ErrorKind::InvalidData);
    assert_refused(inner(read), ErrorKind::Integrity, &words);
    assert_refused(reader.read_range(800..810).await, ErrorKind::Integrity, &words);
    assert_refused(inner(read_at(&mut reader, 500, 10).await), ErrorKind::Integrity, &words);
    let mut anew = stage.client.file(&id).reader();
    assert_eq!(read_at(&mut anew, 500, 10).await?, [7; 10]);
    Ok(())
}

#[tokio::test]
async fn file_changed_since_it_was_listed_is_an_error() -> Result<()> {
    let stage = Stage::start().await;
    let id = stage.file("a", random_bytes(1000));
    let file = listed(&stage).await?;
    assert!(stage.emulator.replace_file(&id, vec![7; 500]));
    let read = inner(read_at(&mut stage.client.file(&file).reader(), 0, 10).await);
    assert_refused(read, ErrorKind::Integrity, &["since it was listed", "500 bytes, not 1000"]);
    Ok(())
}

#[tokio::test]
async fn near_ranges_are_read_in_one_request() -> Result<()> {
    let stage = Stage::start().await;
    let file = stage.client.file(stage.large_file("large", 100 * MIB));
    let all = stage.emulator.file_content(file.id()).expect("the file");
    let starts = [50 * MIB, 0, 1000, 50 * MIB + 70_000, 99 * MIB, 7];
    let ranges = starts.map(|start| start as u64..start as u64 + 500);
    let read = file.read_ranges(ranges).await?;
    for (bytes, start) in read.iter().zip(starts) {
        assert_same_bytes(bytes, &all[start..start + 500]);
    }
    assert_eq!(requests(&stage), (1, 3));
    let (start, end) = (10 * MIB + 1, 31 * MIB);
    let long = file.reader().read_range(start as u64..end as u64).await?;
    assert!(long == all[start..end]);
    Ok(())
}

#[tokio::test]
async fn ranges_end_with_the_file() -> Result<()> {
    let stage = Stage::start().await;
    let file = stage.client.file(stage.file("a", "0123456789"));
    assert_eq!(file.read_ranges([8..100, 3..3, 0..2]).await?, ["89", "", "01"]);
    assert_eq!(file.reader().read_range(4..).await?, "456789");
    assert_eq!(file.reader().read_range(..=2).await?, "012");
    assert_eq!(file.reader().read_range(3..3).await?, "");
    assert!(file.read_ranges([0..0; 0]).await?.is_empty());
    assert_refused(file.read_ranges([0..2, 10..11]).await, ErrorKind::InvalidInput, &["10..11"]);
    #[expect(clippy::reversed_empty_ranges, reason = "that is the mistake")]
    let reversed = file.reader().read_range(5..2).await;
    assert_refused(reversed, ErrorKind::InvalidInput, &["5..2"]);
    Ok(())
}

#[tokio::test]
async fn failed_block_is_requested_again() -> Result<()> {
    let stage = Stage::start().await;
    let file = stage.client.file(stage.file("a", random_bytes(1000)));
    let mut reader = file.reader();
    stage.fault(FaultRule::storage(not_found()).nth(1));
    stage.fault(FaultRule::storage(not_found()).nth(2));
    let failed = join_all([read_at(&mut reader.clone(), 0, 10), read_at(&mut reader.clone(), 5, 10)]).await;
    for read in failed {
        assert_refused(inner(read), ErrorKind::Storage, &["cannot read the file", "NoSuchKey"]);
    }
    read_at(&mut reader, 0, 10).await?;
    Ok(())
}

#[tokio::test]
async fn small_files_are_read_without_ranges() -> Result<()> {
    let stage = Stage::start().await;
    stage.fault(FaultRule::storage(Action::FullBodyInsteadOfRange));
    let bytes = random_bytes(1000);
    let file = stage.client.file(stage.file("a", bytes.clone()));
    let mut reader = file.reader().block_size(100).cache_blocks(10);
    assert_eq!(read_at(&mut reader, 450, 300).await?, bytes[450..750]);
    assert_eq!(reader.read_range(5..10).await?, bytes[5..10]);
    assert_eq!(requests(&stage), (1, 1));
    let mut small = file.reader().block_size(100).cache_blocks(9);
    let read = inner(read_at(&mut small, 0, 10).await);
    assert_refused(read, ErrorKind::Storage, &["sends no ranges", "more than the 900 bytes", "stream()"]);
    Ok(())
}

#[tokio::test]
async fn dropped_reader_requests_nothing_more() -> Result<()> {
    let stage = Stage::start().await;
    let stalled = stage.fault(FaultRule::storage(Action::Stall(0)));
    let file = stage.client.file(stage.large_file("large", 20 * MIB));
    let mut reader = file.reader();
    let read = tokio::spawn(async move { read_at(&mut reader, 0, 10).await });
    sbg_tests::eventually("the read is on its way", || stage.emulator.faults().fired(stalled) == 1).await;
    read.abort();
    assert!(read.await.is_err());
    stage.emulator.faults().clear();
    read_at(&mut file.reader(), 0, 10).await?;
    assert_eq!(requests(&stage), (1, 2));
    Ok(())
}

#[tokio::test]
async fn folder_is_not_read() -> Result<()> {
    let stage = Stage::start().await;
    stage.file("folder/a", "a");
    let folder = listed(&stage).await?;
    stage.emulator.clear_requests();
    let folder = stage.client.file(&folder);
    assert_refused(inner(folder.reader().read(&mut [0]).await), ErrorKind::InvalidInput, &["is a folder"]);
    assert_refused(folder.reader().read_range(0..1).await, ErrorKind::InvalidInput, &["is a folder"]);
    stage.assert_no_requests();
    Ok(())
}

#[tokio::test]
async fn lines_are_read_from_the_buffer() -> Result<()> {
    fn sendable(_: impl Send + Sync + Unpin + Clone) {}
    let stage = Stage::start().await;
    let file = stage.client.file(stage.file("a", "one\ntwo\nthree"));
    sendable(file.reader());
    let mut lines = file.reader().block_size(5).lines();
    let mut read = Vec::new();
    while let Some(line) = lines.next_line().await? {
        read.push(line);
    }
    assert_eq!(read, ["one", "two", "three"]);
    Ok(())
}

#[test]
fn blocking_reader_reads_and_seeks() -> Result<()> {
    let emulator = sbg_tests::watched(sbg_emulator::Emulator::builder()).start_blocking()?;
    let client = sbg::blocking::Client::build(sbg_tests::client_of(emulator.url(), &emulator.token()))?;
    let id = emulator.create_file(&emulator.create_project("demo"), "a", "one\ntwo\nthree");
    let mut reader = client.read(client.file(&id).reader().block_size(5));
    let lines: Vec<_> = reader.by_ref().lines().collect::<std::io::Result<_>>()?;
    assert_eq!(lines, ["one", "two", "three"]);
    reader.seek(SeekFrom::End(-5))?;
    let mut text = String::new();
    reader.read_to_string(&mut text)?;
    assert_eq!(text, "three");
    let mut other = reader.clone();
    other.seek(SeekFrom::Start(4))?;
    let mut word = [0; 3];
    other.read_exact(&mut word)?;
    assert_eq!(&word, b"two");
    assert_eq!(other.read_range(8..)?, "three");
    assert_eq!(other.read_ranges([0..3, 4..7])?, ["one", "two"]);
    assert_eq!(other.read_range(100..).unwrap_err().kind(), ErrorKind::InvalidInput);
    Ok(())
}
