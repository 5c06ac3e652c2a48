//! Downloads that resume after a stop, and downloads that restart from zero because the partial file is not reliable.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use sbg::ErrorKind;
use sbg::transfer::{Algorithm, Downloaded};
use sbg_emulator::{Action, FaultRule, Recorded};
use sbg_tests::{MIB, Stage, assert_refused, eventually};
use serde_json::{Value, json};

use crate::status;

/// Three ranges.
const SIZE: usize = 24 * MIB;

/// Minimum progress of the first download.
const LEAST: u64 = 16 * MIB as u64;

/// A platform with a file of three ranges, and the partial file of a stopped download.
struct Left {
    stage: Stage,
    id: String,
    path: PathBuf,
}

impl Left {
    async fn new() -> Result<Self> {
        let stage = Stage::start().await;
        let id = stage.large_file("large", SIZE);
        let left = Self { path: stage.path("large"), id, stage };
        left.leave().await?;
        Ok(left)
    }

    /// Downloads most of the file with a separate client, and stops.
    async fn leave(&self) -> Result<()> {
        self.forget();
        self.stage.fault(FaultRule::storage(Action::Stall(3_000_000)).every(2));
        let client = self.stage.client_of("rfranklin");
        let download = client.file(&self.id).download(&self.path).overwrite(true).start();
        eventually("most has come", || download.progress().bytes >= LEAST).await;
        download.stop();
        assert_refused(download.wait().await, ErrorKind::Cancelled, &[]);
        self.forget();
        Ok(())
    }

    /// Removes the faults and the recorded requests.
    fn forget(&self) {
        self.stage.emulator.faults().clear();
        self.stage.emulator.clear_requests();
    }

    fn part(&self) -> PathBuf {
        self.stage.path("large.sbg-part")
    }

    fn journal(&self) -> PathBuf {
        self.stage.path("large.sbg-part.journal")
    }

    /// Downloads with another client, and checks that the result is the file and nothing else.
    async fn go_on(&self) -> Result<Downloaded> {
        self.go_on_with(&self.id).await
    }

    async fn go_on_with(&self, id: &str) -> Result<Downloaded> {
        let done = self.stage.client_of("rfranklin").file(id).download(&self.path).overwrite(true).await?;
        self.stage.assert_downloaded(&self.path, id);
        let names = self.stage.local_names();
        assert!(!names.iter().any(|name| name.contains(".sbg-part")), "{names:?}");
        Ok(done)
    }

    /// Number of requested bytes; bytes requested twice count once.
    fn asked_for(&self) -> u64 {
        covered(&self.stage.storage("GET"))
    }

    /// Resumes, and fails unless the present bytes are not fetched again.
    async fn assert_resumes(&self) -> Result<Downloaded> {
        let done = self.go_on().await?;
        assert_eq!(done.started_over, None);
        assert_eq!(done.bytes, SIZE as u64);
        assert_eq!(self.asked_for(), SIZE as u64 - done.resumed, "what is there is not fetched again");
        Ok(done)
    }

    /// Downloads again, and fails unless everything is fetched again, for a reason with these words.
    async fn assert_starts_over(&self, words: &[&str]) -> Result<()> {
        let done = self.go_on().await?;
        let why = done.started_over.context("it did not start over")?;
        assert!(words.iter().all(|word| why.contains(word)), "{words:?} are not in: {why}");
        assert_eq!((done.bytes, done.resumed), (SIZE as u64, 0));
        assert_eq!(self.asked_for(), SIZE as u64);
        Ok(())
    }

    /// Downloads again, and fails unless the client notices that the file changed on the platform.
    async fn assert_sees_the_change(&self) -> Result<()> {
        let done = self.go_on().await?;
        assert_eq!(done.started_over.as_deref(), Some("the file changed on the platform"));
        assert_eq!((done.bytes, done.resumed), (SIZE as u64, 0));
        Ok(())
    }

    /// Changes the journal and corrects its checksum.
    fn edit_journal(&self, edit: impl FnOnce(&mut Value)) -> Result<()> {
        let text = std::fs::read_to_string(self.journal())?;
        let mut journal = serde_json::from_str(text.lines().next().context("a line")?)?;
        edit(&mut journal);
        std::fs::write(self.journal(), with_checksum(&journal.to_string()))?;
        Ok(())
    }
}

fn with_checksum(text: &str) -> String {
    format!("{text}\n{:08x}\n", crc32c::crc32c(text.as_bytes()))
}

fn ranges(requests: &[Recorded]) -> Vec<Range<u64>> {
    let range = |request: &Recorded| {
        let (first, last) = request.header("range")?.strip_prefix("bytes=")?.split_once('-')?;
        Some(first.parse().ok()?..last.parse::<u64>().ok()? + 1)
    };
    requests.iter().map(|request| range(request).expect("a range")).collect()
}

/// Number of bytes that these requests ask for; bytes requested more than once count once.
pub(crate) fn covered(requests: &[Recorded]) -> u64 {
    let mut ranges = ranges(requests);
    ranges.sort_by_key(|range| range.start);
    let (mut end, mut count) = (0, 0);
    for range in ranges {
        count += range.end.saturating_sub(range.start.max(end));
        end = end.max(range.end);
    }
    count
}

/// Flips a bit of the byte at this position.
fn damage(path: &Path, at: usize) -> Result<()> {
    let mut bytes = std::fs::read(path)?;
    bytes[at] ^= 1;
    std::fs::write(path, bytes)?;
    Ok(())
}

#[tokio::test]
async fn stopped_download_resumes() -> Result<()> {
    let left = Left::new().await?;
    assert_eq!(left.stage.local_names(), ["large.sbg-part", "large.sbg-part.journal"]);
    let done = left.assert_resumes().await?;
    assert!((LEAST..SIZE as u64).contains(&done.resumed), "{}", done.resumed);
    let content = left.stage.emulator.file_content(&left.id).context("a file")?;
    let crc32c = format!("crc32c:{:08x}", crc32c::crc32c(&content));
    assert_eq!(done.digests.iter().map(ToString::to_string).collect::<Vec<_>>(), [crc32c]);
    assert_eq!(left.stage.calls("GET", "/download_info").len(), 1);
    Ok(())
}

#[tokio::test]
async fn resumed_progress_includes_present_bytes() -> Result<()> {
    let left = Left::new().await?;
    left.stage.fault(FaultRule::storage(Action::Stall(0)).nth(1));
    let client = left.stage.client_of("rfranklin");
    let download = client.file(&left.id).download(&left.path).start();
    eventually("the file is known", || download.progress().total.is_some()).await;
    assert!(download.progress().bytes >= LEAST, "{:?}", download.progress());
    download.stop();
    assert_refused(download.wait().await, ErrorKind::Cancelled, &[]);
    left.forget();
    assert!(left.assert_resumes().await?.resumed >= LEAST, "a stop at once loses nothing");
    Ok(())
}

#[tokio::test]
async fn download_resumes_after_its_handle_is_dropped() -> Result<()> {
    let left = Left::new().await?;
    std::fs::remove_file(left.part())?;
    std::fs::remove_file(left.journal())?;
    left.stage.fault(FaultRule::storage(Action::Stall(3_000_000)).every(2));
    let download = left.stage.client.file(&left.id).download(&left.path).start();
    eventually("most has come", || download.progress().bytes >= LEAST).await;
    drop(download);
    eventually("it is written down", || left.journal().exists()).await;
    left.forget();
    // The file stays locked until the last worker has ended.
    let done = loop {
        let client = left.stage.client_of("rfranklin");
        match client.file(&left.id).download(&left.path).await {
            Err(error) if error.kind() == ErrorKind::Locked => {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            done => break done?,
        }
    };
    assert!(done.resumed >= LEAST);
    assert_eq!(left.asked_for(), SIZE as u64 - done.resumed);
    left.stage.assert_downloaded(&left.path, &left.id);
    Ok(())
}

#[tokio::test]
async fn failed_download_resumes_and_keeps_the_old_file() -> Result<()> {
    let left = Left::new().await?;
    left.stage.local("large", "old");
    left.stage.fault(FaultRule::storage(status(400)));
    let client = left.stage.client_of("rfranklin");
    let failed = client.file(&left.id).download(&left.path).overwrite(true).await;
    assert_refused(failed, ErrorKind::Storage, &["HTTP 400"]);
    left.forget();
    left.stage.fault(FaultRule::api(status(403)));
    let failed = client.file(&left.id).download(&left.path).overwrite(true).await;
    assert_refused(failed, ErrorKind::Forbidden, &["HTTP 403"]);
    assert_eq!(std::fs::read(&left.path)?, b"old");
    left.forget();
    assert!(left.assert_resumes().await?.resumed >= LEAST);
    Ok(())
}

#[tokio::test]
async fn repeatedly_stopped_download_finishes() -> Result<()> {
    let left = Left::new().await?;
    let mut before = LEAST;
    for _ in 0..5 {
        left.stage.fault(FaultRule::storage(Action::Stall(300_000)));
        let client = left.stage.client_of("rfranklin");
        let download = client.file(&left.id).download(&left.path).start();
        eventually("some more has come", || download.progress().bytes > before).await;
        before = download.progress().bytes;
        download.stop();
        assert_refused(download.wait().await, ErrorKind::Cancelled, &[]);
        left.forget();
    }
    assert!(left.assert_resumes().await?.resumed >= before);
    Ok(())
}

#[tokio::test]
async fn finished_partial_file_fetches_one_byte() -> Result<()> {
    let left = Left::new().await?;
    let content = left.stage.emulator.file_content(&left.id).context("a file")?;
    std::fs::write(left.part(), &content)?;
    let whole = json!([{"start": 0, "end": SIZE, "crc32c": crc32c::crc32c(&content)}]);
    left.edit_journal(|journal| journal["extents"] = whole)?;
    let done = left.go_on().await?;
    assert_eq!((done.resumed, done.started_over), (SIZE as u64, None));
    assert_eq!((left.stage.storage("GET").len(), left.asked_for()), (1, 1));
    Ok(())
}

#[tokio::test]
async fn changed_remote_file_restarts_from_zero() -> Result<()> {
    let left = Left::new().await?;
    left.stage.fault(FaultRule::storage(Action::ChangedETag));
    left.assert_sees_the_change().await?;
    assert_eq!(left.asked_for(), SIZE as u64);

    // Another size: smaller or larger than before.
    for size in [SIZE - 1, 10 * SIZE] {
        left.leave().await?;
        std::fs::File::options().write(true).open(left.part())?.set_len(size as u64)?;
        left.edit_journal(|journal| {
            journal["identity"]["size"] = json!(size);
            let extents = journal["extents"].as_array_mut().expect("extents");
            extents.retain(|extent| extent["end"].as_u64().is_some_and(|end| end <= size as u64));
        })?;
        left.assert_sees_the_change().await?;
    }
    Ok(())
}

#[tokio::test]
async fn damaged_journal_is_not_trusted() -> Result<()> {
    let left = Left::new().await?;
    let (part, journal) = (std::fs::read(left.part())?, std::fs::read(left.journal())?);
    let text = String::from_utf8(journal.clone())?;
    let json = text.lines().next().context("a line")?;
    let flipped = |at: usize| {
        let mut bytes = journal.clone();
        bytes[at] ^= 1;
        bytes
    };
    let middle = json.len() / 2;
    let damaged = [
        flipped(middle),
        flipped(json.len() + 1),
        journal[..middle].to_vec(),
        Vec::new(),
        vec![0xff; 100],
        // Intact journals with other contents than this version writes.
        with_checksum("{}").into_bytes(),
        with_checksum(&json.replace("extents", "pieces")).into_bytes(),
    ];
    for (number, journal) in damaged.iter().enumerate() {
        left.forget();
        std::fs::write(left.part(), &part)?;
        std::fs::write(left.journal(), journal)?;
        left.assert_starts_over(&["the journal cannot be used"]).await.with_context(|| number.to_string())?;
    }
    Ok(())
}

#[tokio::test]
async fn contradictory_journal_is_not_trusted() -> Result<()> {
    let left = Left::new().await?;
    let part = std::fs::read(left.part())?;
    let extent = |start: usize, end: usize| json!({"start": start, "end": end, "crc32c": 0});
    let journal = std::fs::read(left.journal())?;
    for extents in [vec![extent(0, SIZE + 1)], vec![extent(0, MIB), extent(MIB - 1, 2 * MIB)]] {
        left.forget();
        std::fs::write(left.part(), &part)?;
        std::fs::write(left.journal(), &journal)?;
        left.edit_journal(|journal| journal["extents"] = json!(extents))?;
        left.assert_starts_over(&["inconsistent"]).await?;
    }
    Ok(())
}

#[tokio::test]
async fn unreadable_journal_is_not_trusted() -> Result<()> {
    let left = Left::new().await?;
    // Huge, but sparse.
    std::fs::File::create(left.journal())?.set_len(1 << 30)?;
    let client = left.stage.client_of("rfranklin");
    let done = client.file(&left.id).download(&left.path).await?;
    let why = done.started_over.context("it did not start over")?;
    assert!(why.contains("it cannot be read"), "{why}");
    left.stage.assert_downloaded(&left.path, &left.id);
    Ok(())
}

#[tokio::test]
async fn folder_in_place_of_a_journal_is_refused() -> Result<()> {
    let left = Left::new().await?;
    let there = std::fs::read(left.part())?;
    std::fs::remove_file(left.journal())?;
    std::fs::create_dir(left.journal())?;
    let download = left.stage.client_of("rfranklin").file(&left.id).download(&left.path).await;
    assert_refused(
        download,
        ErrorKind::InvalidInput,
        &["large.sbg-part.journal` is a folder", "move it away"],
    );
    assert!(left.journal().is_dir());
    assert_eq!(std::fs::read(left.part())?, there);
    Ok(())
}

#[tokio::test]
async fn modified_partial_file_is_not_trusted() -> Result<()> {
    let left = Left::new().await?;
    for length in [0, SIZE as u64 - 1, SIZE as u64 + 1] {
        std::fs::File::options().write(true).open(left.part())?.set_len(length)?;
        left.assert_starts_over(&["another program changed the partial file"]).await?;
        left.leave().await?;
    }
    std::fs::remove_file(left.part())?;
    left.assert_starts_over(&["another program changed the partial file"]).await
}

#[tokio::test]
async fn partial_file_of_another_file_is_not_used() -> Result<()> {
    let left = Left::new().await?;
    // The same size, and even the same ETag.
    let other = left.stage.large_file("other", SIZE);
    let done = left.go_on_with(&other).await?;
    let why = done.started_over.context("it did not start over")?;
    assert!(why.contains("the download of another file"), "{why}");
    assert_eq!((done.resumed, left.asked_for()), (0, SIZE as u64));
    Ok(())
}

#[tokio::test]
async fn missing_journal_restarts_from_zero() -> Result<()> {
    let left = Left::new().await?;
    std::fs::remove_file(left.journal())?;
    let done = left.go_on().await?;
    assert_eq!((done.resumed, left.asked_for()), (0, SIZE as u64));
    Ok(())
}

#[tokio::test]
async fn partial_file_is_verified_after_a_reboot() -> Result<()> {
    let left = Left::new().await?;
    for boot in [json!("another"), Value::Null] {
        left.edit_journal(|journal| journal["boot"] = boot)?;
        assert!(left.assert_resumes().await?.resumed >= LEAST, "what is right is kept");
        left.leave().await?;
    }

    left.edit_journal(|journal| journal["boot"] = json!("another"))?;
    let mut extents = Vec::new();
    left.edit_journal(|journal| extents.clone_from(journal["extents"].as_array().expect("extents")))?;
    let at = |extent: &Value, name: &str| extent[name].as_u64().expect("a place");
    let length = |extent: &Value| at(extent, "end") - at(extent, "start");
    let there: u64 = extents.iter().map(length).sum();
    let lost = extents.first().context("an extent")?;
    let middle = at(lost, "start") + length(lost) / 2;
    damage(&left.part(), usize::try_from(middle)?)?;
    let done = left.assert_resumes().await?;
    assert_eq!(done.resumed, there - length(lost), "what is damaged is fetched again");
    Ok(())
}

#[tokio::test]
async fn small_file_restarts_from_zero() -> Result<()> {
    let stage = Stage::start().await;
    let id = stage.large_file("small", 16 * MIB - 1);
    stage.fault(FaultRule::storage(Action::Stall(1000)).nth(2));
    let download = stage.client.file(&id).download(stage.path("small")).start();
    eventually("something has come", || download.progress().bytes > 0).await;
    download.stop();
    assert_refused(download.wait().await, ErrorKind::Cancelled, &[]);
    assert_eq!(stage.local_names(), [""; 0]);
    let done = stage.client.file(&id).download(stage.path("small")).digest(Algorithm::Md5).await?;
    assert_eq!((done.resumed, done.started_over), (0, None));
    stage.assert_downloaded(&stage.path("small"), &id);

    // The smallest size with a journal.
    let id = stage.large_file("large", 16 * MIB);
    stage.fault(FaultRule::storage(Action::Stall(1000)).nth(2));
    let download = stage.client.file(&id).download(stage.path("large")).start();
    eventually("something has come", || download.progress().bytes > 0).await;
    download.stop();
    assert_refused(download.wait().await, ErrorKind::Cancelled, &[]);
    assert_eq!(stage.local_names(), ["large.sbg-part", "large.sbg-part.journal", "small"]);
    Ok(())
}

/// The file is large enough that its blocks bypass the page cache, and its size is not a multiple of a block.
#[tokio::test]
async fn large_download_resumes_after_a_stop_and_cuts() -> Result<()> {
    const LARGE: usize = 96 * MIB + 1234;
    const CAME: u64 = 24 * MIB as u64;
    let stage = Stage::start().await;
    let (id, path) = (stage.large_file("large", LARGE), stage.path("large"));
    stage.fault(FaultRule::storage(Action::Stall(3_456_789)).every(2));
    let download = stage.client.file(&id).download(&path).start();
    eventually("some ranges have come", || download.progress().bytes >= CAME).await;
    download.stop();
    assert_refused(download.wait().await, ErrorKind::Cancelled, &[]);

    stage.emulator.faults().clear();
    stage.emulator.clear_requests();
    stage.fault(FaultRule::storage(Action::CutBody(1_234_567)).every(3));
    let done = stage.client_of("rfranklin").file(&id).download(&path).await?;
    assert!(done.resumed >= CAME, "{done:?}");
    assert_eq!((done.bytes, done.started_over), (LARGE as u64, None));
    let missing = LARGE as u64 - done.resumed;
    assert_eq!(covered(&stage.storage("GET")), missing, "what is there is not fetched again");
    stage.assert_downloaded(&path, &id);
    assert_eq!(stage.local_names(), ["large"]);
    Ok(())
}
