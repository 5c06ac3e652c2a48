//! Invalid input is refused before a request is sent, with a helpful message and no side effects.

use anyhow::Result;
use sbg::files::Destination;
use sbg::pipeline::RetryPolicy;
use sbg::raw::ClientFilesExt as _;
use sbg::{Client, ErrorKind};
use sbg_emulator::{Action, FaultRule};
use sbg_tests::{MIB, Stage, assert_refused};

const INVALID: ErrorKind = ErrorKind::InvalidInput;

#[tokio::test]
async fn project_id_without_a_slash_is_rejected() -> Result<()> {
    let stage = Stage::start().await;
    let client = &stage.client;
    let words = ["not a project id: `demo`", "expected `owner/project`, as in `rfranklin/my-project`"];
    assert_refused(client.project("demo").get().await, INVALID, &words);
    assert_refused(client.upload("a").to("demo").await, INVALID, &words);
    assert_refused(client.files().create_folder("a", "demo").await, INVALID, &words);
    assert_refused(client.file("5678").copy_to("demo".to_owned()).await, INVALID, &words);
    for id in ["", "/", "a/", "/b", "a/b/c", "a/..", "a b/c", "a/b?c", "a/b%2e", "a/b\n"] {
        assert_refused(
            client.project(id).get().await,
            INVALID,
            &["not a project id", "expected `owner/project`"],
        );
    }
    stage.assert_no_requests();
    Ok(())
}

#[tokio::test]
async fn file_query_needs_exactly_one_location() -> Result<()> {
    let stage = Stage::start().await;
    let query = || stage.client.files().query();
    assert_refused(
        query().page().await,
        INVALID,
        &["set where to list files: a project, a parent folder or a dataset"],
    );
    let both = query().project(&stage.project).parent("5678");
    assert_refused(
        both.clone().page().await,
        INVALID,
        &["set only one of project, parent folder and dataset"],
    );
    assert_refused(
        both.items().try_next().await,
        INVALID,
        &["set only one of project, parent folder and dataset"],
    );
    assert_refused(query().parent("56/78").page().await, INVALID, &["not a folder id: `56/78`"]);
    stage.assert_no_requests();
    Ok(())
}

#[tokio::test]
async fn destination_must_be_a_project_or_a_folder() -> Result<()> {
    let stage = Stage::start().await;
    let client = &stage.client;
    let upload = || client.upload(stage.local("a", "a"));
    let missing = "set a project or a folder with `to()`";
    assert_refused(upload().await, INVALID, &["the upload has no destination", missing]);
    assert_refused(client.upload_tree(".").await, INVALID, &["the upload has no destination", missing]);
    assert_refused(upload().to("demo").await, INVALID, &["not a project id: `demo`", "`owner/project`"]);
    assert_refused(upload().to("../x").await, INVALID, &["not a project id: `../x`"]);
    assert_refused(client.files().create_folder("x", "").await, INVALID, &["not a project id: ``"]);
    let folder = Destination::folder("../x");
    assert_refused(client.file("5678").copy_to(folder).await, INVALID, &["not a folder id: `../x`"]);
    stage.assert_no_requests();
    Ok(())
}

#[tokio::test]
async fn only_regular_files_are_uploaded() -> Result<()> {
    let stage = Stage::start().await;
    let upload = |path: &std::path::Path| stage.client.upload(path).to(&stage.project);
    let missing = stage.path("missing.fastq");
    let shown = format!("cannot read `{}`", missing.display());
    let error = assert_refused(upload(&missing).await, ErrorKind::Io, &[&shown]);
    let cause = std::error::Error::source(&error).expect("a cause").to_string();
    assert!(cause.contains("No such file"), "{cause}");

    let words = ["not a regular file"];
    assert_refused(upload(stage.folder.path()).await, INVALID, &words);
    stage.assert_no_requests();
    Ok(())
}

#[tokio::test]
async fn invalid_names_and_part_sizes_are_never_sent() -> Result<()> {
    let stage = Stage::start().await;
    let path = stage.local("a", "a");
    let upload = || stage.client.upload(&path).to(&stage.project);
    assert_refused(upload().name("a/b").await, INVALID, &["the name `a/b` has a slash"]);
    assert_refused(upload().name(" ").await, INVALID, &["is empty"]);
    assert_refused(upload().name("x".repeat(256)).await, INVALID, &["is longer than 255 characters"]);
    assert_refused(
        upload().part_size(0).await,
        INVALID,
        &["the part size must be from 1 to 1073741824 bytes, not 0"],
    );
    assert_refused(upload().part_size(u64::MAX).await, INVALID, &["the part size must be from 1 to"]);
    let folder = stage.client.files().create_folder("a/b", &stage.project);
    assert_refused(folder.await, INVALID, &["has a slash"]);
    assert_refused(stage.client.file("5678").move_to("a").name("b/c").await, INVALID, &["has a slash"]);
    stage.assert_no_requests();
    Ok(())
}

#[tokio::test]
async fn path_changing_ids_are_never_sent() -> Result<()> {
    let stage = Stage::start().await;
    for id in ["", ".", "..", "a/b", "a?b", "a#b", "a%2fb", "a b"] {
        let file = stage.client.file(id);
        let words = ["not a file id"];
        assert_refused(file.get().await, INVALID, &words);
        assert_refused(file.delete().await, INVALID, &words);
        assert_refused(file.edit().name("x").await, INVALID, &words);
        assert_refused(file.download_info().await, INVALID, &words);
        assert_refused(file.metadata().await, INVALID, &words);
        assert_refused(file.edit().tags(["x"]).await, INVALID, &words);
        assert_refused(file.download(stage.path("x")).await, INVALID, &words);
        assert_refused(file.move_to("5678").await, INVALID, &words);
        assert_refused(file.list().page().await, INVALID, &["not a folder id"]);
        // A username may have a division prefix.
        let username = if id == "a/b" { "a/b/c" } else { id };
        assert_refused(stage.client.user(username).get().await, INVALID, &["not a username"]);
        assert_refused(stage.client.uploads().get(id).await, INVALID, &["not an upload id"]);
    }
    stage.assert_no_requests();
    assert_eq!(stage.local_names(), [""; 0]);
    Ok(())
}

#[tokio::test]
async fn download_keeps_an_existing_file() -> Result<()> {
    let stage = Stage::start().await;
    let file = stage.client.file(stage.file("a", "new"));
    let there = stage.local("a", "old");
    assert_refused(file.download(&there).await, INVALID, &["`", "a` already exists", "`overwrite(true)`"]);
    assert_refused(
        file.download(stage.folder.path()).await,
        INVALID,
        &["is a folder; name the file to write"],
    );
    assert_eq!((std::fs::read(&there)?, stage.local_names()), (b"old".to_vec(), vec!["a".to_owned()]));

    let nowhere = stage.path("missing").join("a");
    let error = assert_refused(
        file.download(&nowhere).await,
        ErrorKind::Io,
        &["cannot create", "missing/a.sbg-part`"],
    );
    assert!(std::error::Error::source(&error).is_some());
    assert_eq!(stage.local_names(), ["a"]);
    stage.assert_no_requests();
    Ok(())
}

#[tokio::test]
async fn download_too_large_for_the_disk_leaves_nothing() -> Result<()> {
    let stage = Stage::start().await;
    // Five TiB, of which the object store only needs the first range.
    let headers = vec![("content-range".to_owned(), "bytes 0-8388607/5497558138880".to_owned())];
    let first_range = "x".repeat(8 * MIB).into();
    stage.fault(FaultRule::storage(Action::Status { code: 206, body: Some(first_range), headers }));
    let file = stage.client.file(stage.file("huge", ""));
    let there = stage.local("there", "old");
    for path in [stage.path("huge"), there.clone()] {
        let download = file.download(path).overwrite(true).await;
        let error =
            assert_refused(download, ErrorKind::DiskFull, &["no room for the 5497558138880 bytes of"]);
        assert!(std::error::Error::source(&error).is_some());
    }
    assert_eq!(std::fs::read(&there)?, b"old");
    assert_eq!(stage.local_names(), ["there"]);
    assert_eq!(stage.storage("GET").len(), 2, "the size is known after the first range");
    Ok(())
}

#[tokio::test]
async fn upload_to_missing_folder_sends_no_bytes() -> Result<()> {
    let stage = Stage::start().await;
    let upload = stage.client.upload(stage.local("a", "a")).to("567890abc9b0307bc0414164").await;
    let error = assert_refused(upload, ErrorKind::NotFound, &["upload_init", "code 5026"]);
    assert!(error.is_not_found());
    let upload = stage.client.upload(stage.local("a", "a")).to("rfranklin/missing").await;
    assert!(assert_refused(upload, ErrorKind::NotFound, &["upload_init"]).is_not_found());
    assert_eq!(stage.storage("PUT").len(), 0);
    Ok(())
}

#[tokio::test]
async fn advance_access_must_be_enabled() -> Result<()> {
    let stage = Stage::start().await;
    let scroll = stage.client.raw().file_scroll().project("rfranklin/demo").token("init").send().await;
    let words = ["file_scroll", "advance access", "Client::builder().advance_access(true)"];
    assert_refused(scroll.map_err(sbg::Error::from), ErrorKind::AdvanceAccess, &words);
    stage.assert_no_requests();
    Ok(())
}

#[tokio::test]
async fn overlong_query_is_never_sent() -> Result<()> {
    let stage = Stage::start().await;
    let mut query = stage.client.files().query().project(&stage.project);
    for number in 0..300 {
        query = query.name(format!("a-rather-long-name-{number}.fastq"));
    }
    assert_refused(query.page().await, INVALID, &["file_list", "the limit is 6000", "fewer filter values"]);
    stage.assert_no_requests();
    Ok(())
}

#[tokio::test]
async fn unreachable_host_is_a_connect_error() -> Result<()> {
    let quick = sbg_tests::client_of("http://127.0.0.1:9/v2", "0123456789abcdef0123456789abcdef");
    let client: Client = quick.retry_policy(RetryPolicy::default().max_attempts(2)).build()?;
    let words = ["user_me", "cannot connect", "2 attempts"];
    let error = assert_refused(client.users().me().await, ErrorKind::Network, &words);
    assert!(error.is_transient() && error.status().is_none());
    // A request that was never sent can be retried, even if it is not idempotent.
    assert_refused(client.projects().create("x").await, ErrorKind::Network, &["2 attempts"]);
    Ok(())
}
