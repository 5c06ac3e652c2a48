//! The number of connections to the object store, and how stalled connections are replaced.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::Result;
use sbg::{ClientBuilder, ErrorKind};
use sbg_emulator::{Action, Emulator, FaultRule};
use sbg_tests::{MIB, Stage, assert_refused, eventually, random_bytes};

use crate::status;

/// Connections at the start of a download.
const FIRST: usize = 8;
/// The same for uploads.
const FIRST_UP: usize = 16;

/// Number of connections with range requests.
fn connections(stage: &Stage) -> usize {
    let numbers: BTreeSet<_> = stage.storage("GET").iter().map(|request| request.connection).collect();
    numbers.len()
}

#[tokio::test]
async fn more_connections_open_when_each_is_slow() -> Result<()> {
    // Each connection has limited bandwidth, so only more connections are faster.
    let stage = Stage::with(Emulator::builder().bandwidth(2 * MIB as u64)).await;
    let id = stage.large_file("large", 1024 * MIB);
    let download = stage.client.file(&id).download(stage.path("large")).start();
    // No connection is closed before its range is complete, so all of them are in use at once.
    eventually("there are twice as many", || connections(&stage) > 2 * FIRST).await;
    assert!(connections(&stage) <= 64);
    download.abort();
    assert_refused(download.wait().await, ErrorKind::Cancelled, &[]);
    assert_eq!(stage.local_names(), [""; 0]);
    Ok(())
}

#[tokio::test]
async fn overloaded_storage_gets_fewer_requests() -> Result<()> {
    let stage = Stage::start().await;
    // The first range holds its connection, its neighbours are refused because of load, and later requests stall: so the number of
    // requests in flight is the connection limit.
    stage.fault(FaultRule::storage(Action::Stall(1000)).nth(1));
    stage.fault(FaultRule::storage(status(503)).first(FIRST as u64 - 1));
    stage.fault(FaultRule::storage(Action::Stall(1000)));
    let id = stage.large_file("large", 400 * MIB);
    let download = stage.client.file(&id).download(stage.path("large")).start();
    let fewer = FIRST * 7 / 10;
    let expected = 1 + (FIRST - 1) + (fewer - 1);
    eventually("as many are asked for as may be", || stage.storage("GET").len() == expected).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(stage.storage("GET").len(), expected);
    download.abort();
    assert_refused(download.wait().await, ErrorKind::Cancelled, &[]);
    Ok(())
}

#[tokio::test]
async fn idle_connection_takes_over_a_stalled_range() -> Result<()> {
    let patient = |client: ClientBuilder| client.read_timeout(Duration::from_secs(600));
    let slow = Emulator::builder().bandwidth(4 * MIB as u64);
    let stage = Stage::tuned(slow, patient).await;
    // The second range stalls at its start.
    stage.fault(FaultRule::storage(Action::Stall(1000)).nth(2));
    let id = stage.large_file("large", 24 * MIB);
    let download = stage.client.file(&id).download(stage.path("large")).start();
    let whole = 24 * MIB as u64;
    // The stalled connection is replaced long before its timeout: others take half of its range, or all of it.
    eventually("others have fetched most of it", || download.progress().bytes >= whole - 4 * MIB as u64)
        .await;
    let starts: Vec<u64> = stage
        .storage("GET")
        .iter()
        .map(|request| {
            let range = request.header("range").and_then(|range| range.strip_prefix("bytes="));
            range.and_then(|range| range.split_once('-')?.0.parse().ok()).expect("a range")
        })
        .collect();
    let inside = 8 * MIB as u64 + 1..16 * MIB as u64;
    assert!(starts.iter().any(|start| inside.contains(start)), "the rest of the second range: {starts:?}");
    download.wait().await?;
    stage.assert_downloaded(&stage.path("large"), &id);
    assert_eq!(download.progress().bytes, whole, "nothing counts twice");
    Ok(())
}

#[tokio::test]
async fn uploads_open_more_connections() -> Result<()> {
    let stage = Stage::with(Emulator::builder().bandwidth(MIB as u64).min_part_size(1)).await;
    let bytes = random_bytes(64 * MIB);
    let upload = stage.client.upload(stage.local("a", &bytes)).to(&stage.project);
    let upload = upload.part_size(256 * 1024).start();
    let connections = || {
        let numbers: BTreeSet<_> = stage.storage("PUT").iter().map(|request| request.connection).collect();
        numbers.len()
    };
    eventually("there are more than at first", || connections() > FIRST).await;
    upload.abort();
    assert_refused(upload.wait().await, ErrorKind::Cancelled, &[]);
    assert!(stage.client.uploads().list().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn backoff_starts_no_further_ranges() -> Result<()> {
    let stage = Stage::start().await;
    stage.fault(FaultRule::storage(Action::CutBody(u64::MAX)).nth(1));
    let busy = stage.fault(FaultRule::storage(status(503)));
    let id = stage.large_file("large", 400 * MIB);
    let download = stage.client.file(&id).download(stage.path("large")).start();
    eventually("all have failed many times", || stage.storage("GET").len() >= 40).await;
    let asked = stage.storage("GET");
    let ranges: BTreeSet<_> = asked.iter().filter_map(|request| request.header("range")).collect();
    // The first range, and one more for each connection.
    assert!(ranges.len() <= 1 + FIRST, "{ranges:?}");
    stage.emulator.faults().remove(busy);
    download.abort();
    assert_refused(download.wait().await, ErrorKind::Cancelled, &[]);
    Ok(())
}

#[tokio::test]
async fn pause_starts_no_range() -> Result<()> {
    let stage = Stage::start().await;
    stage.fault(FaultRule::storage(Action::Stall(1000)));
    let id = stage.large_file("large", 400 * MIB);
    let download = stage.client.file(&id).download(stage.path("large")).start();
    // On a busy machine the first have been replaced before the last is open.
    eventually("all connections are in use", || stage.storage("GET").len() >= FIRST).await;
    download.pause()?;
    let state = || (stage.storage("GET").len(), download.progress().parts_total);
    let paused = state();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(state(), paused);
    stage.emulator.faults().clear();
    download.resume()?;
    download.wait().await?;
    stage.assert_downloaded(&stage.path("large"), &id);
    Ok(())
}

#[tokio::test]
async fn backoff_keeps_one_url_per_part() -> Result<()> {
    let stage = Stage::with(Emulator::builder().min_part_size(1).rate_limit(100_000)).await;
    let busy = stage.fault(FaultRule::storage(status(503)));
    let bytes = random_bytes(20_000);
    let upload = stage.client.upload(stage.local("a", &bytes)).to(&stage.project);
    let upload = upload.part_size(100).start();
    eventually("all have failed many times", || stage.storage("PUT").len() >= 60).await;
    let addresses = || {
        let asked = stage.calls("GET", "");
        let addresses = asked.iter().filter(|call| call.path.contains("/part/"));
        (addresses.clone().count(), addresses.map(|call| call.path.clone()).collect::<BTreeSet<_>>().len())
    };
    let (asked, parts) = addresses();
    assert_eq!(asked, parts, "an address is kept until it is refused");
    assert!(asked <= 16 + FIRST_UP, "{asked} of 200 parts");
    stage.emulator.faults().remove(busy);
    stage.assert_uploaded(&upload.wait().await?.id, &bytes);
    assert_eq!(addresses(), (200, 200));
    Ok(())
}
