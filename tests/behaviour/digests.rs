//! Digests of downloads: computed and compared; a file with another digest is discarded.

use anyhow::{Context as _, Result};
use sbg::ErrorKind;
use sbg::transfer::{Algorithm, Digest, Status};
use sbg_tests::{MIB, Stage, assert_refused, sha256};

/// Digests that do not match the downloads.
const WRONG: [&str; 3] = [
    "crc32c:00000000",
    "md5:00000000000000000000000000000000",
    "sha256:0000000000000000000000000000000000000000000000000000000000000000",
];

#[tokio::test]
async fn download_reports_the_requested_digests() -> Result<()> {
    let stage = Stage::start().await;
    let id = stage.file("abc", "abc");
    let (crc32c, md5) = ("crc32c:364b3fb7", "md5:900150983cd24fb0d6963f7d28e17f72");
    let sha256 = format!("sha256:{}", sha256(b"abc"));
    let check = async |algorithms: &[Algorithm], expected: &[&str]| -> Result<()> {
        let mut download = stage.client.file(&id).download(stage.path("abc")).overwrite(true);
        for algorithm in algorithms {
            download = download.digest(*algorithm);
        }
        let digests: Vec<_> = download.await?.digests.iter().map(ToString::to_string).collect();
        assert_eq!(digests, expected, "{algorithms:?}");
        Ok(())
    };
    check(&[], &[crc32c]).await?;
    check(&[Algorithm::Crc32c], &[crc32c]).await?;
    check(&[Algorithm::Md5], &[crc32c, md5]).await?;
    let all = [Algorithm::Sha256, Algorithm::Md5, Algorithm::Crc32c, Algorithm::Md5];
    check(&all, &[crc32c, md5, &sha256]).await?;
    Ok(())
}

#[tokio::test]
async fn multi_range_digest_matches_the_bytes() -> Result<()> {
    let stage = Stage::start().await;
    let id = stage.large_file("large", 20 * MIB + 1);
    let content = stage.emulator.file_content(&id).context("a file")?;
    let expected = [
        Digest::new(Algorithm::Crc32c, &format!("{:08x}", crc32c::crc32c(&content)))?,
        Digest::new(Algorithm::Sha256, &sha256(&content))?,
    ];
    let download = stage.client.file(&id).download(stage.path("large"));
    let done = download.expect(expected[0].clone()).expect(expected[1].clone()).await?;
    assert_eq!(done.digests, expected);
    Ok(())
}

#[tokio::test]
async fn empty_file_has_digests() -> Result<()> {
    let stage = Stage::start().await;
    let id = stage.file("empty", "");
    let digest = format!("sha256:{}", sha256(b"")).parse()?;
    let done = stage.client.file(&id).download(stage.path("empty")).expect(digest).await?;
    assert_eq!((done.bytes, done.digests[0].to_string()), (0, "crc32c:00000000".to_owned()));
    Ok(())
}

#[tokio::test]
async fn file_with_wrong_digest_is_discarded() -> Result<()> {
    let stage = Stage::start().await;
    // The large download leaves a journal when it fails, the small one does not.
    for size in [3, 20 * MIB] {
        let id = stage.large_file("large", size);
        for wrong in WRONG {
            let download =
                stage.client.file(&id).download(stage.path("large")).expect(wrong.parse()?).start();
            let words = ["the downloaded file has the digest", &format!("not {wrong}")];
            assert_refused(download.wait().await, ErrorKind::Integrity, &words);
            assert_eq!(download.status(), Status::Failed);
            assert_eq!(stage.local_names(), [""; 0], "{wrong}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn wrong_digest_keeps_the_old_file() -> Result<()> {
    let stage = Stage::start().await;
    let id = stage.file("a", "new");
    let path = stage.local("a", "old");
    let right = "md5:22af645d1859cb5ca6da0c484f1f37ea";
    for wrong in WRONG {
        let download = stage.client.file(&id).download(&path).overwrite(true);
        let download = download.expect(right.parse()?).expect(wrong.parse()?);
        assert_refused(download.await, ErrorKind::Integrity, &[wrong]);
        assert_eq!((std::fs::read(&path)?, stage.local_names()), (b"old".to_vec(), vec!["a".to_owned()]));
    }
    let download = stage.client.file(&id).download(&path).overwrite(true).expect(right.parse()?);
    assert_eq!(download.await?.digests.len(), 2);
    assert_eq!(std::fs::read(&path)?, b"new");
    Ok(())
}
