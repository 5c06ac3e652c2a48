//! The blocking client: in synchronous code, and where it must not be used.

use anyhow::Result;
use futures::StreamExt as _;
use sbg::ErrorKind;
use sbg::blocking::Client;
use sbg_emulator::Emulator;
use sbg_tests::{Stage, assert_refused, client_of, watched};

fn emulator() -> Result<(Emulator, Client)> {
    let emulator = watched(Emulator::builder().min_part_size(1)).start_blocking()?;
    let client = Client::build(client_of(emulator.url(), &emulator.token()))?;
    Ok((emulator, client))
}

#[test]
fn plain_function_makes_calls_and_reads_lists() -> Result<()> {
    let (_emulator, client) = emulator()?;
    assert_eq!(client.run(client.users().me())?.username, "rfranklin");
    for number in 0..120 {
        client.run(client.projects().create(format!("p{number:03}")))?;
    }
    let all = client.run(client.projects().query().all())?;
    let names: Vec<_> = client.iter(client.projects().query().items()).collect::<sbg::Result<_>>()?;
    assert_eq!((all.len(), names.len()), (120, 120));
    let first = client.iter(client.projects().query().items()).next().expect("a project")?;
    assert_eq!(first.id, all[0].id);
    Ok(())
}

#[test]
fn plain_function_moves_files() -> Result<()> {
    let (emulator, client) = emulator()?;
    let project = emulator.create_project("demo");
    let folder = tempfile::tempdir()?;
    let (from, to) = (folder.path().join("a"), folder.path().join("b"));
    std::fs::write(&from, b"ACGT")?;
    let uploaded = client.run(client.upload(&from).to(&project))?;
    client.run(client.file(&uploaded.id).download(&to))?;
    assert_eq!(std::fs::read(&to)?, b"ACGT");
    let content = client.run(client.file(&uploaded.id).content())?;
    assert_eq!(&content[..], b"ACGT");
    Ok(())
}

#[test]
fn iterator_ends_with_the_first_error() -> Result<()> {
    let (_emulator, client) = emulator()?;
    let mut items = client.iter(client.files().query().items());
    assert_refused(
        items.next().expect("an error"),
        ErrorKind::InvalidInput,
        &["set where to list files: a project"],
    );
    assert!(items.next().is_none());
    Ok(())
}

#[tokio::test]
async fn blocking_call_in_a_runtime_is_an_error() -> Result<()> {
    let stage = Stage::start().await;
    let client = Client::new(stage.client.clone())?;
    let words = ["would stop the async runtime", "`sbg::Client`"];
    assert_refused(client.run(client.users().me()), ErrorKind::Runtime, &words);
    let mut items = client.iter(client.projects().query().items());
    assert_refused(items.next().expect("an error"), ErrorKind::Runtime, &words);
    stage.assert_no_requests();
    // Dropping the client drops its runtime, which must not panic either.
    drop((items, client));
    assert_eq!(stage.client.projects().query().items().count().await, 1);
    Ok(())
}

#[test]
fn clones_share_a_runtime_between_threads() -> Result<()> {
    let (emulator, client) = emulator()?;
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let client = client.clone();
                scope.spawn(move || client.run(client.users().me()).map(|me| me.username))
            })
            .collect();
        for thread in threads {
            assert_eq!(thread.join().expect("no panic").expect("a user"), "rfranklin");
        }
    });
    assert_eq!(emulator.requests().len(), 4);
    Ok(())
}
