//! Responses of storage servers to ranged GETs: a test for each row of `docs/storage.md`, for all ways to read a file.

use anyhow::Result;
use futures::TryStreamExt as _;
use sbg::{Client, ErrorKind};
use sbg_tests::{MIB, assert_refused, assert_same_bytes, random_bytes};

use crate::raw::{Head, Raw, chunked, response};
use crate::{Wire, api_for};

/// A storage server, and a client with a file on it.
struct Stage {
    storage: Raw,
    api: Wire,
    folder: tempfile::TempDir,
}

impl Stage {
    async fn with(respond: impl Fn(&Head, usize) -> Vec<u8> + Send + Sync + 'static) -> Result<Self> {
        let storage = Raw::serving(respond).await;
        let api = api_for(storage.url("/bucket/object?X-Signature=c2lnbmF0dXJl")).await;
        Ok(Self { storage, api, folder: tempfile::tempdir()? })
    }

    fn client(&self) -> &Client {
        &self.api.client
    }

    /// Downloads the file, optionally with its expected size, and returns the bytes and the number of requests.
    async fn download(&self, size: Option<u64>) -> Result<(Vec<u8>, usize)> {
        let before = self.storage.heads().len();
        let download = self.client().file("5678").download(self.folder.path().join("object")).overwrite(true);
        let download = size.into_iter().fold(download, sbg::transfer::Download::expect_size);
        let done = download.await?;
        let bytes = std::fs::read(&done.path)?;
        assert_eq!(done.bytes, bytes.len() as u64);
        assert_eq!(std::fs::read_dir(self.folder.path())?.count(), 1, "nothing is left beside the file");
        Ok((bytes, self.storage.heads().len() - before))
    }

    /// Fails unless all ways to read the file return these bytes. A download may send at most `most` requests.
    async fn brings(&self, bytes: &[u8], most: usize) -> Result<()> {
        for size in [None, Some(bytes.len() as u64)] {
            let (downloaded, requests) = self.download(size).await?;
            assert_same_bytes(&downloaded, bytes);
            assert!(requests <= most, "{requests} requests with the size {size:?}");
        }
        let file = self.client().file("5678");
        assert_same_bytes(&file.content().await?, bytes);
        let pieces: Vec<_> = file.stream().try_collect().await?;
        assert_same_bytes(&pieces.concat(), bytes);
        assert_same_bytes(&file.read_range(..).await?, bytes);
        if bytes.len() > 7 {
            assert_same_bytes(&file.read_range(3..7).await?, &bytes[3..7]);
            let rest = bytes.len() as u64 - 2;
            assert_same_bytes(&file.read_range(rest..).await?, &bytes[bytes.len() - 2..]);
            assert_same_bytes(&file.read_range(rest..rest + 100).await?, &bytes[bytes.len() - 2..]);
        }
        let beyond = bytes.len() as u64 + 1;
        assert_refused(
            file.read_range(beyond..beyond + 5).await,
            ErrorKind::InvalidInput,
            &["not in the file"],
        );
        Ok(())
    }
}

/// A storage that supports ranges and clips them, as S3 and most others do.
fn ranged(bytes: &[u8], head: &Head, headers: &str) -> Vec<u8> {
    let Some((first, last)) = head.range() else { return whole(bytes, headers) };
    if first >= bytes.len() {
        let headers = format!("content-range: bytes */{}\r\ncontent-length: 0\r\n", bytes.len());
        return response("416 Range Not Satisfiable", &headers, b"");
    }
    let end = (last + 1).min(bytes.len());
    let headers = format!(
        "content-range: bytes {first}-{}/{}\r\ncontent-length: {}\r\n{headers}",
        end - 1,
        bytes.len(),
        end - first
    );
    response("206 Partial Content", &headers, &bytes[first..end])
}

fn whole(bytes: &[u8], headers: &str) -> Vec<u8> {
    response("200 OK", &format!("content-length: {}\r\n{headers}", bytes.len()), bytes)
}

const ETAG: &str = "etag: \"v1\"\r\n";

#[tokio::test]
async fn empty_object_416_without_content_range() -> Result<()> {
    let stage = Stage::with(|head, _| match head.range() {
        Some(_) => response("416 Range Not Satisfiable", "content-length: 0\r\n", b""),
        None => whole(b"", ETAG),
    });
    stage.await?.brings(b"", 2).await
}

#[tokio::test]
async fn empty_object_416_with_content_range() -> Result<()> {
    Stage::with(|head, _| ranged(b"", head, ETAG)).await?.brings(b"", 1).await
}

#[tokio::test]
async fn empty_object_200_of_length_0() -> Result<()> {
    let stage = Stage::with(|head, _| match head.range() {
        Some((first, _)) if first > 0 => ranged(b"", head, ETAG),
        _ => whole(b"", ETAG),
    });
    stage.await?.brings(b"", 1).await
}

#[tokio::test]
async fn empty_object_206_with_total_0() -> Result<()> {
    let stage = Stage::with(|head, _| match head.range() {
        Some(_) => {
            response("206 Partial Content", "content-range: bytes 0--1/0\r\ncontent-length: 0\r\n", b"")
        }
        None => whole(b"", ETAG),
    });
    let stage = stage.await?;
    let (bytes, requests) = stage.download(None).await?;
    assert_eq!((bytes.len(), requests), (0, 1));
    assert!(stage.client().file("5678").content().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn empty_object_206_announcing_a_byte() -> Result<()> {
    let stage = Stage::with(|head, _| match head.range() {
        Some((first, _)) if first > 0 => ranged(b"", head, ETAG),
        Some(_) => {
            response("206 Partial Content", "content-range: bytes 0-0/0\r\ncontent-length: 1\r\n", b"")
        }
        None => whole(b"", ETAG),
    });
    stage.await?.brings(b"", 1).await
}

#[tokio::test]
async fn empty_206_at_the_end_is_out_of_range() -> Result<()> {
    let stage = Stage::with(|head, _| match head.range() {
        Some((10, _)) => {
            response("206 Partial Content", "content-range: bytes 10-9/10\r\ncontent-length: 0\r\n", b"")
        }
        _ => ranged(b"0123456789", head, ETAG),
    });
    let stage = stage.await?;
    stage.brings(b"0123456789", 1).await?;
    let at_end = stage.client().file("5678").read_range(10..12).await;
    assert_refused(at_end, ErrorKind::InvalidInput, &["not in the file"]);
    Ok(())
}

#[tokio::test]
async fn whole_object_is_accepted_for_overlong_range() -> Result<()> {
    let bytes = random_bytes(9 * MIB);
    let served = bytes.clone();
    let stage = Stage::with(move |head, _| match head.range() {
        Some((_, last)) if last >= served.len() => whole(&served, ETAG),
        _ => ranged(&served, head, ETAG),
    });
    let stage = stage.await?;
    stage.brings(&bytes, 2).await?;
    let download = |head: &Head| head.range().is_none_or(|(_, last)| last < bytes.len());
    assert!(stage.storage.heads()[..4].iter().all(download), "a known size is never gone beyond");
    Ok(())
}

#[tokio::test]
async fn small_whole_object_needs_one_request() -> Result<()> {
    let stage = Stage::with(move |head, _| match head.range() {
        Some((_, last)) if last >= 11 => whole(b"ACGTACGTACG", ETAG),
        _ => ranged(b"ACGTACGTACG", head, ETAG),
    });
    stage.await?.brings(b"ACGTACGTACG", 1).await
}

#[tokio::test]
async fn storage_without_ranges_is_read_in_one_response() -> Result<()> {
    let bytes = random_bytes(9 * MIB);
    let served = bytes.clone();
    let stage = Stage::with(move |_, _| whole(&served, "last-modified: Mon, 30 Nov 2026 10:00:00 GMT\r\n"));
    stage.await?.brings(&bytes, 1).await
}

#[tokio::test]
async fn chunked_object_ends_with_its_last_chunk() -> Result<()> {
    let bytes = random_bytes(MIB);
    let served = bytes.clone();
    let stage = Stage::with(move |_, _| {
        response("200 OK", &format!("transfer-encoding: chunked\r\n{ETAG}"), &chunked(&served))
    });
    let stage = stage.await?;
    for size in [None, Some(bytes.len() as u64)] {
        let (downloaded, requests) = stage.download(size).await?;
        assert_same_bytes(&downloaded, &bytes);
        assert_eq!(requests, 1);
    }
    let file = stage.client().file("5678");
    assert_same_bytes(&file.read_range(3..7).await?, &bytes[3..7]);
    assert_refused(file.content().limit(1000).await, ErrorKind::InvalidInput, &["1000"]);
    let short = file.download(stage.folder.path().join("short")).expect_size(5).await;
    assert_refused(short, ErrorKind::Integrity, &["5 bytes"]);
    Ok(())
}

#[tokio::test]
async fn connection_end_does_not_end_an_object() -> Result<()> {
    let stage = Stage::with(|_, _| response("200 OK", ETAG, b"ACGT")).await?;
    let download = stage.client().file("5678").download(stage.folder.path().join("object")).await;
    let error = assert_refused(
        download,
        ErrorKind::Storage,
        &["object`", "bytes 0-8388607", "HTTP 200", "no length"],
    );
    assert_eq!((error.attempts(), stage.storage.heads().len()), (2, 2));
    Ok(())
}

#[tokio::test]
async fn stored_gzip_is_downloaded_unchanged() -> Result<()> {
    let stored = random_bytes(1000);
    let served = stored.clone();
    // Google decompresses the object unless the client accepts gzip.
    let stage = Stage::with(move |head, _| {
        if head.header("accept-encoding") == Some("gzip") {
            return ranged(&served, head, &format!("content-encoding: gzip\r\n{ETAG}"));
        }
        response("200 OK", "transfer-encoding: chunked\r\netag: W/\"v1\"\r\n", &chunked(b"unpacked"))
    });
    stage.await?.brings(&stored, 1).await
}

#[tokio::test]
async fn transport_compression_is_declined() -> Result<()> {
    let stage = Stage::with(|head, _| {
        if head.header("accept-encoding").is_some_and(|codings| codings.contains("gzip")) {
            let headers = "transfer-encoding: chunked\r\ncontent-encoding: gzip\r\netag: W/\"v1\"\r\n";
            return response("200 OK", headers, &chunked(b"packed"));
        }
        ranged(b"plain text of a file", head, ETAG)
    });
    stage.await?.brings(b"plain text of a file", 2).await
}

#[tokio::test]
async fn weak_and_strong_etag_are_one_version() -> Result<()> {
    let bytes = random_bytes(9 * MIB);
    let served = bytes.clone();
    let stage = Stage::with(move |head, number| {
        ranged(&served, head, if number % 2 == 1 { "etag: W/\"v1\"\r\n" } else { "etag: \"v1\"\r\n" })
    });
    stage.await?.brings(&bytes, 2).await
}

#[tokio::test]
async fn unquoted_etag_is_quoted_in_if_match() -> Result<()> {
    let bytes = random_bytes(9 * MIB);
    let served = bytes.clone();
    let stage = Stage::with(move |head, _| ranged(&served, head, "etag: v1\r\n")).await?;
    assert_same_bytes(&stage.download(None).await?.0, &bytes);
    assert_eq!(stage.storage.heads()[1].header("if-match"), Some("\"v1\""));
    Ok(())
}

#[tokio::test]
async fn object_without_validator_uses_one_response() -> Result<()> {
    let bytes = random_bytes(9 * MIB);
    let served = bytes.clone();
    let stage = Stage::with(move |head, _| ranged(&served, head, "")).await?;
    stage.brings(&bytes, 2).await?;
    let heads = stage.storage.heads();
    let ranges: Vec<_> = heads[..2].iter().map(Head::range).collect();
    assert_eq!(ranges, [Some((0, 8 * MIB - 1)), Some((0, bytes.len() - 1))]);
    Ok(())
}

/// The first bytes of a response body, with its head.
fn cut(mut response: Vec<u8>, bytes: usize) -> Vec<u8> {
    let head = response.windows(4).position(|end| end == b"\r\n\r\n").expect("a head") + 4;
    response.truncate(head + bytes);
    response
}

#[tokio::test]
async fn download_without_validator_restarts_from_zero() -> Result<()> {
    let (old, new) = (random_bytes(2 * MIB), vec![7; 2 * MIB]);
    let expected = new.clone();
    // Only the bytes show that the object was replaced in between.
    let stage = Stage::with(move |head, number| match number {
        1 => cut(ranged(&old, head, ""), MIB),
        _ => ranged(&new, head, ""),
    });
    let (bytes, requests) = stage.await?.download(None).await?;
    assert_same_bytes(&bytes, &expected);
    assert_eq!(requests, 2);
    Ok(())
}

#[tokio::test]
async fn stream_without_validator_never_mixes_versions() -> Result<()> {
    let bytes = random_bytes(9 * MIB);
    let served = bytes.clone();
    let stage = Stage::with(move |head, number| match number {
        2 | 3 => cut(ranged(&served, head, ""), 5 * MIB),
        _ => ranged(&served, head, ""),
    });
    let stage = stage.await?;
    let file = stage.client().file("5678");
    let stream: sbg::Result<Vec<_>> = file.stream().try_collect().await;
    assert_refused(stream, ErrorKind::Storage, &["sends no version", "from its beginning"]);
    assert_same_bytes(&file.read_range(..).await?, &bytes);
    Ok(())
}

#[tokio::test]
async fn broken_response_of_a_known_version_resumes() -> Result<()> {
    let bytes = random_bytes(2 * MIB);
    let served = bytes.clone();
    // The server ignores ranges, so the bytes that are already there must be skipped.
    let stage = Stage::with(move |_, number| match number {
        1 => cut(whole(&served, ETAG), MIB),
        _ => whole(&served, ETAG),
    });
    let stage = stage.await?;
    assert_same_bytes(&stage.download(None).await?.0, &bytes);
    assert!(stage.storage.heads()[1].range().is_some_and(|(first, _)| first > 0), "the rest is asked for");
    Ok(())
}

#[tokio::test]
async fn three_breaks_at_the_same_byte_are_final() -> Result<()> {
    let bytes = random_bytes(1000);
    let stage = Stage::with(move |_, _| cut(whole(&bytes, ETAG), 500)).await?;
    let download = stage.client().file("5678").download(stage.folder.path().join("object")).await;
    let error =
        assert_refused(download, ErrorKind::Network, &["object`", "3 responses ended after 500 bytes"]);
    assert_eq!((error.attempts(), stage.storage.heads().len()), (3, 3));
    assert_eq!(std::fs::read_dir(stage.folder.path())?.count(), 0);
    Ok(())
}

#[tokio::test]
async fn another_version_is_never_resumed() -> Result<()> {
    let bytes = random_bytes(2 * MIB);
    for headers in ["etag: \"v2\"\r\n", ""] {
        let served = bytes.clone();
        let stage = Stage::with(move |_, number| match number {
            1 => cut(whole(&served, ETAG), MIB),
            _ => whole(&served, headers),
        });
        let stage = stage.await?;
        let download = stage.client().file("5678").download(stage.folder.path().join("object")).await;
        assert_refused(download, ErrorKind::Integrity, &["changed on the platform", "ETag"]);
        assert_eq!(std::fs::read_dir(stage.folder.path())?.count(), 0);
    }
    Ok(())
}

#[tokio::test]
async fn status_416_alone_does_not_prove_emptiness() -> Result<()> {
    let stage = Stage::with(|head, _| match head.range() {
        Some(_) => response("416 Range Not Satisfiable", "content-length: 0\r\n", b""),
        None => whole(b"bytes after all", ETAG),
    });
    let stage = stage.await?;
    let download = stage.client().file("5678").download(stage.folder.path().join("object")).await;
    assert_refused(download, ErrorKind::Storage, &["not empty"]);
    Ok(())
}

#[tokio::test]
async fn announced_checksums_are_verified() -> Result<()> {
    use sbg::transfer::{Algorithm, VerifiedAgainst};

    let (right, wrong) = ("crc32c=Nks/tw==,md5=kAFQmDzST7DWlj99KOF/cg==", "crc32c=AAAAAA==");
    for (hash, good) in [(right, true), (wrong, false)] {
        let stage =
            Stage::with(move |head, _| ranged(b"abc", head, &format!("{ETAG}x-goog-hash: {hash}\r\n")));
        let stage = stage.await?;
        let download = stage.client().file("5678").download(stage.folder.path().join("object"));
        if !good {
            assert_refused(
                download.await,
                ErrorKind::Integrity,
                &["crc32c:364b3fb7", "storage announces", "crc32c:00000000"],
            );
            assert_eq!(std::fs::read_dir(stage.folder.path())?.count(), 0);
            continue;
        }
        let names = |done: &sbg::transfer::Downloaded| {
            let of_storage =
                done.verified.iter().filter(|verified| verified.against == VerifiedAgainst::Storage);
            of_storage.map(|verified| verified.digest.algorithm()).collect::<Vec<_>>()
        };
        let download = download.overwrite(true);
        assert_eq!(names(&download.clone().await?), [Algorithm::Crc32c]);
        // An MD5 requires reading the file again, so it is only compared if it is computed anyway.
        assert_eq!(names(&download.digest(Algorithm::Md5).await?), [Algorithm::Crc32c, Algorithm::Md5]);
    }
    Ok(())
}
