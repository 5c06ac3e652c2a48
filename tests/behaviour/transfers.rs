//! Round trips: uploaded bytes are downloaded unchanged.

use std::collections::BTreeSet;

use anyhow::Result;
use sbg::ErrorKind;
use sbg_emulator::Origin;
use sbg_tests::{MIB, Stage, assert_refused, assert_same_bytes, random_bytes};

/// Uploads `count` bytes in parts of `part_size`, downloads them, and compares.
async fn round_trip(count: usize, part_size: u64) -> Result<()> {
    let stage = Stage::start().await;
    let bytes = random_bytes(count);
    let upload = stage.client.upload(stage.local("up", &bytes)).to(&stage.project).part_size(part_size);
    let file = upload.await?;
    assert_eq!(file.size, Some(i64::try_from(count)?));
    stage.assert_uploaded(&file.id, &bytes);

    let done = stage.client.file(&file.id).download(stage.path("down")).await?;
    assert_eq!((done.bytes, done.path), (count as u64, stage.path("down")));
    assert_same_bytes(&std::fs::read(stage.path("down"))?, &bytes);
    assert_eq!(stage.local_names(), ["down", "up"]);
    assert_eq!(stage.storage("PUT").len(), count.div_ceil(usize::try_from(part_size)?).max(1));
    assert!(stage.client.uploads().list().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn empty_file_round_trips() -> Result<()> {
    round_trip(0, 100).await
}

#[tokio::test]
async fn one_byte_file_round_trips() -> Result<()> {
    round_trip(1, 100).await
}

#[tokio::test]
async fn file_of_whole_parts_round_trips() -> Result<()> {
    round_trip(300, 100).await
}

#[tokio::test]
async fn file_with_a_short_last_part_round_trips() -> Result<()> {
    round_trip(30 * 10_000 + 1, 10_000).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn file_of_many_ranges_round_trips() -> Result<()> {
    round_trip(21 * MIB + 7, 5 << 20).await
}

#[tokio::test]
async fn downloads_at_range_boundaries_are_whole() -> Result<()> {
    let stage = Stage::start().await;
    for size in [8 * MIB - 1, 8 * MIB, 8 * MIB + 1, 16 * MIB, 16 * MIB + 1] {
        let id = stage.large_file(&format!("{size}"), size);
        let path = stage.path(&size.to_string());
        assert_eq!(stage.client.file(&id).download(&path).await?.bytes, size as u64);
        stage.assert_downloaded(&path, &id);
    }
    Ok(())
}

#[tokio::test]
async fn file_costs_one_download_info() -> Result<()> {
    let stage = Stage::start().await;
    let id = stage.large_file("large", 40 * MIB);
    stage.client.file(&id).download(stage.path("large")).await?;
    assert_eq!(stage.calls("GET", "/download_info").len(), 1);
    // A slow range may be split, but none is fetched twice.
    let requests = stage.storage("GET");
    let ranges: BTreeSet<_> = requests.iter().map(|request| request.header("range")).collect();
    assert!(ranges.len() >= 5 && ranges.len() == requests.len(), "{ranges:?}");
    Ok(())
}

#[tokio::test]
async fn download_replaces_a_file_only_with_overwrite() -> Result<()> {
    let stage = Stage::start().await;
    let id = stage.file("a", "new");
    let path = stage.local("a", "old");
    let file = stage.client.file(&id);
    let refused = file.download(&path).await;
    assert_refused(refused, ErrorKind::InvalidInput, &["already exists", "`overwrite(true)`"]);
    assert_eq!(std::fs::read(&path)?, b"old");
    assert_eq!(file.download(&path).overwrite(true).await?.bytes, 3);
    assert_eq!(std::fs::read(&path)?, b"new");
    assert_eq!(stage.local_names(), ["a"]);
    Ok(())
}

#[tokio::test]
async fn many_transfers_run_in_parallel() -> Result<()> {
    let stage = Stage::start().await;
    let bytes = random_bytes(50_000);
    let mut uploads = Vec::new();
    for number in 0..12 {
        let path = stage.local(&format!("up-{number}"), &bytes[number..]);
        uploads.push(stage.client.upload(path).to(&stage.project).part_size(10_000).start());
    }
    let mut downloads = Vec::new();
    for (number, upload) in uploads.iter().enumerate() {
        let file = upload.wait().await?;
        downloads.push(stage.client.file(&file.id).download(stage.path(&format!("down-{number}"))).start());
    }
    for (number, download) in downloads.iter().enumerate() {
        assert_same_bytes(&std::fs::read(download.wait().await?.path)?, &bytes[number..]);
    }
    Ok(())
}

#[tokio::test]
async fn token_is_never_sent_to_the_storage() -> Result<()> {
    round_trip_and_search(&Stage::start().await).await
}

async fn round_trip_and_search(stage: &Stage) -> Result<()> {
    let upload = stage.client.upload(stage.local("a", random_bytes(1000))).to(&stage.project);
    let file = upload.part_size(100).await?;
    stage.client.file(&file.id).download(stage.path("b")).await?;
    let token = stage.emulator.token();
    let requests = stage.emulator.requests();
    let (stored, called): (Vec<_>, Vec<_>) =
        requests.into_iter().partition(|request| request.origin == Origin::Storage);
    assert_eq!(stored.len(), 11);
    for request in stored {
        let shown = format!("{} {:?} {:?}", request.query, request.headers, request.body);
        assert!(!shown.contains(&token), "{shown}");
        let names: Vec<_> = request.headers.iter().map(|(name, _)| name.as_str()).collect();
        assert!(!names.iter().any(|name| name.starts_with("x-sbg") || *name == "authorization"), "{names:?}");
    }
    for request in called {
        assert_eq!(request.header("x-sbg-auth-token"), Some(&*token));
        assert!(!request.query.contains(&token));
    }
    Ok(())
}
