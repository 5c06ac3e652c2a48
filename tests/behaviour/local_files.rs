//! Local files and readers that fail during an upload: each failure is reported, and the other files are uploaded.

use std::fs;
use std::time::Duration;

use anyhow::Result;
use sbg::ErrorKind;
use sbg::transfer::Outcome;
use sbg_emulator::{Action, FaultRule};
use sbg_tests::{Stage, assert_refused, eventually, random_bytes};
use tokio::io::AsyncWriteExt as _;

#[cfg(target_os = "linux")]
#[tokio::test]
async fn unsupported_tree_entries_are_reported() -> Result<()> {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    let stage = Stage::start().await;
    let tree = stage.path("tree");
    fs::create_dir_all(tree.join("folder"))?;
    fs::write(tree.join("folder/good"), "good")?;
    symlink("nowhere", tree.join("folder/dangling"))?;
    symlink("folder", tree.join("link to a folder"))?;
    fs::write(tree.join(OsStr::from_bytes(b"file\xff")), "no text")?;
    fs::create_dir(tree.join(OsStr::from_bytes(b"folder\xff")))?;
    fs::write(tree.join(OsStr::from_bytes(b"folder\xff/below")), "below")?;
    let _socket = UnixListener::bind(tree.join("socket"))?;
    let upload = stage.client.upload_tree(&tree).to(&stage.project).start();
    let report = upload.wait().await?;
    let outcomes: Vec<_> = report
        .files
        .iter()
        .map(|file| (file.path.as_str(), file.outcome.clone().map_err(|error| error.kind())))
        .collect();
    let invalid = Err(ErrorKind::InvalidInput);
    let expected = [
        ("file\u{fffd}", invalid),
        ("folder/dangling", Err(ErrorKind::Io)),
        ("folder/good", Ok(Outcome::Transferred(4))),
        ("folder\u{fffd}", invalid),
        ("socket", invalid),
    ];
    assert_eq!(outcomes, expected, "links to folders are not followed");
    let progress = upload.progress();
    assert_eq!((progress.parts, progress.parts_total), (5, 5));

    let missing = stage.client.upload_tree(stage.path("nothing")).to(&stage.project).await;
    assert_refused(missing, ErrorKind::Io, &["cannot read", "nothing`"]);
    let some = [stage.path("nothing"), stage.local("some", "some")];
    let report = stage.client.upload_all(some).to(&stage.project).await?;
    let failed: Vec<_> = report.failures().map(|(file, error)| (&*file.path, error.kind())).collect();
    assert_eq!((failed, report.bytes()), (vec![("nothing", ErrorKind::Io)], 4));
    Ok(())
}

/// The speed of a loopback interface: a file of one page that cannot be read.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn unreadable_file_fails_at_once() -> Result<()> {
    let path = std::path::Path::new("/sys/class/net/lo/speed");
    if !path.is_file() || fs::read(path).is_ok() {
        return Ok(());
    }
    let stage = Stage::start().await;
    let upload = stage.client.upload(path).to(&stage.project).await;
    assert_refused(upload, ErrorKind::Io, &["cannot read", "speed`"]);
    assert!(stage.storage("PUT").len() <= 1, "it is not sent again");
    assert!(stage.client.uploads().list().await?.is_empty(), "the upload is aborted");
    Ok(())
}

#[tokio::test]
async fn upload_does_not_wait_for_the_reader_to_end() -> Result<()> {
    let stage = Stage::start().await;
    let bytes = random_bytes(1000);
    let (mut writer, reader) = tokio::io::duplex(64);
    let sent = bytes.clone();
    let writing = tokio::spawn(async move {
        writer.write_all(&sent).await?;
        // Stays open until the reader is done.
        std::io::Result::Ok(writer)
    });
    let upload = stage.client.upload_reader("a", reader).size(1000).to(&stage.project);
    let file = upload.part_size(100).await?;
    stage.assert_uploaded(&file.id, &bytes);
    drop(writing.await??);
    Ok(())
}

#[tokio::test]
async fn part_failure_is_noticed_while_reading() -> Result<()> {
    let stage = Stage::start().await;
    let refused = Action::Status { code: 400, body: None, headers: Vec::new() };
    stage.fault(FaultRule::storage(refused));
    let (mut writer, reader) = tokio::io::duplex(1000);
    writer.write_all(&[0; 150]).await?;
    let upload = stage.client.upload_reader("a", reader).size(1000).to(&stage.project);
    assert_refused(upload.part_size(100).await, ErrorKind::Storage, &["HTTP 400"]);
    drop(writer);
    Ok(())
}

#[tokio::test]
async fn reader_upload_outlives_the_client() -> Result<()> {
    let stage = Stage::start().await;
    let held = stage.fault(FaultRule::storage(Action::Delay(Duration::from_millis(300))));
    let client = stage.client_of("rfranklin");
    let reader = std::io::Cursor::new(b"ACGT".to_vec());
    let upload = client.upload_reader("a", reader).size(4).to(&stage.project).start();
    drop(client);
    eventually("it is sent", || stage.emulator.faults().fired(held) == 1).await;
    stage.assert_uploaded(&upload.wait().await?.id, b"ACGT");
    Ok(())
}
