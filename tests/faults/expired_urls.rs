//! Signed URLs that expire during a transfer: they are renewed, once for all ranges or parts.

use std::time::Duration;

use anyhow::Result;
use sbg::{ClientBuilder, ErrorKind};
use sbg_emulator::{Action, Emulator, FaultRule, Recorded};
use sbg_tests::{MIB, Stage, assert_refused, eventually, random_bytes};

use crate::status;

const LIFETIME: Duration = Duration::from_secs(60);

async fn stage() -> Stage {
    Stage::with(Emulator::builder().min_part_size(1).url_lifetime(LIFETIME)).await
}

/// Whether the storage refused a request; the status depends on the kind of storage.
fn is_refused(request: &Recorded) -> bool {
    request.status.is_some_and(|status| status >= 400)
}

#[tokio::test]
async fn url_expired_before_the_first_byte_is_renewed() -> Result<()> {
    let stage = stage().await;
    let fault = stage.fault(FaultRule::storage(Action::Reset));
    let id = stage.file("a", "photograph 51");
    let download = stage.client.file(&id).download(stage.path("a")).start();
    eventually("the first address is used", || !stage.storage("GET").is_empty()).await;
    stage.emulator.clock().advance(LIFETIME);
    stage.emulator.faults().remove(fault);
    download.wait().await?;
    stage.assert_downloaded(&stage.path("a"), &id);
    assert_eq!(stage.calls("GET", "/download_info").len(), 2);
    Ok(())
}

#[tokio::test]
async fn expired_url_is_renewed_once_for_all_ranges() -> Result<()> {
    let stage = stage().await;
    // The first range succeeds, and all others are blocked until their URL has expired.
    stage.fault(FaultRule::storage(Action::CutBody(u64::MAX)).nth(1));
    let fault = stage.fault(FaultRule::storage(Action::Reset));
    let id = stage.large_file("large", 60 * MIB);
    let download = stage.client.file(&id).download(stage.path("large")).start();
    eventually("all ranges were asked for", || {
        let asked = stage.storage("GET");
        let ranges: std::collections::BTreeSet<_> =
            asked.iter().filter_map(|request| request.header("range")).collect();
        ranges.len() == 8
    })
    .await;
    stage.emulator.clock().advance(LIFETIME);
    stage.emulator.faults().remove(fault);
    download.wait().await?;
    stage.assert_downloaded(&stage.path("large"), &id);
    assert_eq!(stage.calls("GET", "/download_info").len(), 2, "one renewal is enough for seven ranges");
    let refused = stage.storage("GET").iter().filter(|request| is_refused(request)).count();
    assert!((1..=7).contains(&refused), "{refused}");
    Ok(())
}

#[tokio::test]
async fn url_may_expire_repeatedly() -> Result<()> {
    let stage = stage().await;
    // Many pieces, with a pause before each.
    stage.fault(FaultRule::storage(Action::CutBody(200_000)));
    let id = stage.large_file("large", 4 * MIB);
    let download = stage.client.file(&id).download(stage.path("large")).start();
    for renewals in 1..=3 {
        let before = download.progress().bytes;
        eventually("a piece has come", || download.progress().bytes > before).await;
        stage.emulator.clock().advance(LIFETIME);
        eventually("the address is renewed", || stage.calls("GET", "/download_info").len() > renewals).await;
    }
    download.wait().await?;
    stage.assert_downloaded(&stage.path("large"), &id);
    assert_eq!(stage.calls("GET", "/download_info").len(), 4);
    Ok(())
}

#[tokio::test]
async fn expired_part_url_is_replaced() -> Result<()> {
    let stage = stage().await;
    let fault = stage.fault(FaultRule::storage(Action::Reset));
    let bytes = random_bytes(500);
    let upload = stage.client.upload(stage.local("a", &bytes)).to(&stage.project).part_size(100).start();
    eventually("all parts were begun", || stage.storage("PUT").len() >= 5).await;
    stage.emulator.clock().advance(LIFETIME);
    stage.emulator.faults().remove(fault);
    let file = upload.wait().await?;
    stage.assert_uploaded(&file.id, &bytes);
    Ok(())
}

#[tokio::test]
async fn url_is_renewed_before_it_expires() -> Result<()> {
    // Five seconds of transfer with URLs that are valid for three.
    let slow = |client: ClientBuilder| client.download_bandwidth(8 * MIB as u64);
    let platform = Emulator::builder().url_lifetime(Duration::from_secs(3));
    let stage = Stage::tuned(platform, slow).await;
    stage.fault(FaultRule::storage(Action::CutBody(700_000)));
    let id = stage.large_file("large", 40 * MIB);
    stage.client.file(&id).download(stage.path("large")).await?;
    stage.assert_downloaded(&stage.path("large"), &id);
    assert!(stage.calls("GET", "/download_info").len() >= 2);
    let asked = stage.storage("GET");
    assert!(!asked.iter().any(is_refused), "none is refused: {asked:?}");
    Ok(())
}

#[tokio::test]
async fn refused_url_is_renewed_once() -> Result<()> {
    for code in [401, 403] {
        let stage = stage().await;
        stage.fault(FaultRule::storage(status(code)));
        let id = stage.large_file("large", 40 * MIB);
        let download = stage.client.file(&id).download(stage.path("large")).await;
        assert_refused(download, ErrorKind::Storage, &["the storage refused", &format!("HTTP {code}")]);
        assert_eq!(stage.calls("GET", "/download_info").len(), 2);
        assert_eq!(stage.storage("GET").len(), 2);
    }
    Ok(())
}

#[tokio::test]
async fn url_refused_mid_download_is_renewed_once() -> Result<()> {
    let stage = stage().await;
    stage.fault(FaultRule::storage(Action::CutBody(u64::MAX)).nth(1));
    stage.fault(FaultRule::storage(status(403)));
    let id = stage.large_file("large", 60 * MIB);
    let download = stage.client.file(&id).download(stage.path("large")).await;
    assert_refused(download, ErrorKind::Storage, &["the storage refused", "HTTP 403"]);
    assert_eq!(stage.calls("GET", "/download_info").len(), 2);
    assert_eq!(
        stage.local_names(),
        ["large.sbg-part", "large.sbg-part.journal"],
        "another address may do better"
    );
    Ok(())
}

#[tokio::test]
async fn waiting_part_renews_its_url_before_use() -> Result<()> {
    // Parts wait for a connection longer than their URLs are valid. A URL is renewed a second before it expires, time enough for a busy
    // machine to send a request. The client itself is slow, because a slow server would read the head of a request late.
    let platform = Emulator::builder().min_part_size(1).url_lifetime(Duration::from_secs(6));
    let stage = Stage::tuned(platform, |client| client.upload_bandwidth(400_000)).await;
    let bytes = random_bytes(16 * 500_000);
    let upload = stage.client.upload(stage.local("a", &bytes)).to(&stage.project);
    let file = upload.part_size(500_000).await?;
    stage.assert_uploaded(&file.id, &bytes);
    let sent = stage.storage("PUT");
    let refused: Vec<_> = sent.iter().filter(|request| is_refused(request)).collect();
    assert!(refused.is_empty(), "none is refused: {refused:?}");
    let asked = stage.calls("GET", "").iter().filter(|call| call.path.contains("/part/")).count();
    assert!(asked > sent.len(), "{asked} URLs");
    Ok(())
}
