//! Downloads from an object store that misbehaves: the file is correct in the end, or there is no file.

use std::time::Duration;

use anyhow::Result;
use sbg::ErrorKind;
use sbg::transfer::Status;
use sbg_emulator::{Action, Emulator, FaultRule, Recorded};
use sbg_tests::{MIB, Stage, assert_refused};

use crate::status;

/// Three ranges.
const SIZE: usize = 20 * MIB;

/// Downloads a file of three ranges under this fault, compares it, and returns the requests to the object store.
async fn survives(rule: FaultRule) -> Result<Vec<Recorded>> {
    let stage = Stage::start().await;
    let fault = stage.fault(rule);
    let id = stage.large_file("large", SIZE);
    let done = stage.client.file(&id).download(stage.path("large")).await?;
    assert_eq!(done.bytes, SIZE as u64);
    assert!(stage.emulator.faults().fired(fault) > 0, "the fault was met");
    stage.assert_downloaded(&stage.path("large"), &id);
    assert_eq!(stage.local_names(), ["large"]);
    Ok(stage.storage("GET"))
}

/// Fails to download a file of three ranges under this fault and leaves nothing behind.
async fn fails(rule: FaultRule, kind: ErrorKind, words: &[&str]) -> Result<Stage> {
    let stage = fails_in_the_middle(rule, kind, words).await?;
    assert_eq!(stage.local_names(), ["there"]);
    Ok(stage)
}

/// Fails to download a file of three ranges under this fault and leaves the old file unchanged.
async fn fails_in_the_middle(rule: FaultRule, kind: ErrorKind, words: &[&str]) -> Result<Stage> {
    let stage = Stage::start().await;
    stage.fault(rule);
    let id = stage.large_file("large", SIZE);
    let there = stage.local("there", "old");
    let download = stage.client.file(&id).download(&there).overwrite(true).start();
    assert_refused(download.wait().await, kind, words);
    assert_eq!((download.status(), std::fs::read(&there)?), (Status::Failed, b"old".to_vec()));
    Ok(stage)
}

/// The first byte of each requested range.
fn starts(requests: &[Recorded]) -> Vec<usize> {
    let range =
        |request: &Recorded| request.header("range")?.strip_prefix("bytes=")?.split_once('-')?.0.parse().ok();
    requests.iter().map(|request| range(request).expect("a range")).collect()
}

#[tokio::test]
async fn short_range_leaves_no_hole() -> Result<()> {
    // Three ranges, and the rest of the short one. Connections that have nothing to do may split ranges further.
    let requests = survives(FaultRule::storage(Action::ShortRange).nth(1)).await?;
    assert!(requests.len() >= 4, "{:?}", starts(&requests));
    survives(FaultRule::storage(Action::ShortRange).nth(3)).await?;
    Ok(())
}

#[tokio::test]
async fn same_short_range_twice_is_final() -> Result<()> {
    let words = ["bytes 0-8388607", "content-range: bytes 0-4194303/20971520", "2 attempts"];
    let stage = fails(FaultRule::storage(Action::ShortRange), ErrorKind::Storage, &words).await?;
    assert_eq!(stage.storage("GET").len(), 2);
    Ok(())
}

#[tokio::test]
async fn shifted_range_is_never_written() -> Result<()> {
    survives(FaultRule::storage(Action::ShiftedRange).nth(1)).await?;

    // With five ranges, at least two of the three are not the last one, which would also be shorter.
    for nth in [2, 3, 4] {
        let stage = Stage::start().await;
        stage.fault(FaultRule::storage(Action::ShiftedRange).nth(nth));
        let id = stage.large_file("large", 40 * MIB);
        stage.client.file(&id).download(stage.path("large")).await?;
        stage.assert_downloaded(&stage.path("large"), &id);
        assert!(stage.storage("GET").len() > 5);
    }
    Ok(())
}

#[tokio::test]
async fn full_body_is_never_written_as_a_range() -> Result<()> {
    survives(FaultRule::storage(Action::FullBodyInsteadOfRange).nth(1)).await?;
    // The three ranges and the refused one; a slow range may be split.
    assert!(survives(FaultRule::storage(Action::FullBodyInsteadOfRange).nth(3)).await?.len() >= 4);
    Ok(())
}

#[tokio::test]
async fn wrong_total_is_detected() -> Result<()> {
    let integrity = ErrorKind::Integrity;
    fails(FaultRule::storage(Action::WrongTotal).nth(2), integrity, &["changed on the platform", "size"])
        .await?;
    fails(FaultRule::storage(Action::WrongTotal).nth(1), integrity, &["changed on the platform"]).await?;

    // The whole small file does not match a wrong total size, so it is requested again.
    let stage = Stage::start().await;
    stage.fault(FaultRule::storage(Action::WrongTotal).nth(1));
    let id = stage.file("small", "photograph 51");
    assert_eq!(stage.client.file(&id).download(stage.path("small")).await?.bytes, 13);
    stage.assert_downloaded(&stage.path("small"), &id);
    Ok(())
}

#[tokio::test]
async fn versions_of_a_file_are_never_mixed() -> Result<()> {
    for nth in [1, 2, 3] {
        let rule = FaultRule::storage(Action::ChangedETag).nth(nth);
        fails(rule, ErrorKind::Integrity, &["the file changed on the platform while it was downloaded"])
            .await?;
    }
    Ok(())
}

#[tokio::test]
async fn download_resumes_after_a_connection_reset() -> Result<()> {
    survives(FaultRule::storage(Action::Reset).first(2)).await?;
    survives(FaultRule::storage(Action::LostResponse).nth(2)).await?;
    survives(FaultRule::storage(Action::CutBody(0)).nth(2)).await?;
    let requests = survives(FaultRule::storage(Action::CutBody(3_000_000)).first(3)).await?;
    let again = starts(&requests).split_off(3);
    assert_eq!(again.len(), 3);
    for start in again {
        assert!(start % (8 * MIB) > 0, "{start}: what has come is not asked for again");
    }
    Ok(())
}

#[tokio::test]
async fn repeated_resets_do_not_fail_a_download() -> Result<()> {
    // Fifteen interruptions, more than a range may have without progress.
    survives(FaultRule::storage(Action::CutBody(1_000_000)).first(15)).await?;
    Ok(())
}

#[tokio::test]
async fn busy_storage_is_retried() -> Result<()> {
    for code in [408, 429, 500, 503] {
        let requests = survives(FaultRule::storage(status(code)).nth(2)).await?;
        let refused = requests.iter().position(|request| request.status == Some(code)).expect("a refusal");
        let starts = starts(&requests);
        assert_eq!(starts.iter().filter(|start| **start == starts[refused]).count(), 2, "{code}: {starts:?}");
    }
    survives(FaultRule::storage(status(503)).first(3)).await?;
    survives(FaultRule::storage(status(503)).every(2)).await?;
    Ok(())
}

#[tokio::test]
async fn silent_storage_is_retried() -> Result<()> {
    let impatient = |client: sbg::ClientBuilder| client.read_timeout(Duration::from_millis(300));
    let stage = Stage::tuned(Emulator::builder(), impatient).await;
    stage.fault(FaultRule::storage(Action::Stall(1_000_000)).nth(2));
    let id = stage.large_file("large", SIZE);
    stage.client.file(&id).download(stage.path("large")).await?;
    stage.assert_downloaded(&stage.path("large"), &id);
    assert!(stage.storage("GET").len() >= 4);
    Ok(())
}

#[tokio::test]
async fn refusal_is_final_after_one_url_renewal() -> Result<()> {
    let stage =
        fails(FaultRule::storage(status(403)), ErrorKind::Storage, &["the storage refused", "HTTP 403"])
            .await?;
    assert_eq!(stage.storage("GET").len(), 2);
    assert_eq!(stage.calls("GET", "/download_info").len(), 2);
    Ok(())
}

#[tokio::test]
async fn missing_object_fails_at_once() -> Result<()> {
    let stage =
        fails(FaultRule::storage(status(404)), ErrorKind::Storage, &["the storage refused", "HTTP 404"])
            .await?;
    assert_eq!(stage.storage("GET").len(), 1);
    Ok(())
}

#[tokio::test]
async fn endless_redirect_is_refused() -> Result<()> {
    let elsewhere = Action::Redirect("/main/a".to_owned());
    let stage = fails(FaultRule::storage(elsewhere), ErrorKind::Storage, &["redirected", "5 times"]).await?;
    assert_eq!(stage.storage("GET").len(), 6);
    Ok(())
}

#[tokio::test]
async fn failed_download_keeps_its_partial_file() -> Result<()> {
    let rule = FaultRule::storage(status(400)).nth(3);
    let stage = fails_in_the_middle(rule, ErrorKind::Storage, &["HTTP 400"]).await?;
    assert_eq!(stage.storage("GET").len(), 3);
    assert_eq!(stage.local_names(), ["there", "there.sbg-part", "there.sbg-part.journal"]);
    Ok(())
}

#[tokio::test]
async fn faults_never_leak_the_token_to_the_storage() -> Result<()> {
    let stage = Stage::start().await;
    for action in [Action::Reset, status(503), status(403), Action::ShortRange] {
        stage.fault(FaultRule::storage(action).method("GET").every(7));
    }
    stage.fault(FaultRule::storage(status(500)).method("PUT").every(3));
    let id = stage.large_file("large", SIZE);
    stage.client.file(&id).download(stage.path("large")).await?;
    stage.assert_downloaded(&stage.path("large"), &id);
    let upload = stage.client.upload(stage.path("large")).to(&stage.project).part_size(4 << 20);
    upload.name("copy").await?;
    let token = stage.emulator.token();
    for request in stage.storage("GET").iter().chain(&stage.storage("PUT")) {
        let shown = format!("{} {} {:?}", request.path, request.query, request.headers);
        assert!(!shown.contains(&token) && !shown.contains("x-sbg"), "{shown}");
    }
    Ok(())
}

#[tokio::test]
async fn object_of_unexpected_size_is_rejected() -> Result<()> {
    let nothing = Action::Status {
        code: 416,
        body: Some("".into()),
        headers: vec![("content-range".to_owned(), "bytes */0".to_owned())],
    };
    let (size, more) = (SIZE as u64, format!("the storage has {}", SIZE + 1));
    for (lie, storage) in [(nothing, "the storage has 0"), (Action::WrongTotal, &*more)] {
        let stage = Stage::start().await;
        let id = stage.large_file("large", SIZE);
        let fault = stage.fault(FaultRule::storage(lie));
        let tree = stage.client.project(&stage.project).files().download_tree(stage.path("tree")).await?;
        let failed: Vec<_> = tree.failures().map(|(_, error)| (error.kind(), error.to_string())).collect();
        assert!(
            matches!(&failed[..], [(ErrorKind::Integrity, said)] if said.contains(&format!("{size} bytes")) && said.contains(storage)),
            "{failed:?}"
        );
        assert_eq!(stage.local_names(), ["tree"]);
        assert_eq!(std::fs::read_dir(stage.path("tree"))?.count(), 0);

        stage.emulator.faults().remove(fault);
        let other = stage.client.file(&id).download(stage.path("other")).expect_size(size - 1).await;
        assert_refused(
            other,
            ErrorKind::Integrity,
            &[&*format!("{} bytes", size - 1), &format!("the storage has {size}")],
        );
        stage.client.file(&id).download(stage.path("right")).expect_size(size).await?;
        stage.assert_downloaded(&stage.path("right"), &id);
        assert_eq!(stage.local_names(), ["right", "tree"]);
    }
    Ok(())
}
