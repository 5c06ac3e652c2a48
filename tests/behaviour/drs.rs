//! Objects of the Data Repository Service, on the emulator's own server.

use std::io::SeekFrom;
use std::time::Duration;

use anyhow::{Context as _, Result};
use futures::TryStreamExt as _;
use sbg::ErrorKind;
use sbg::drs::DrsHosts;
use sbg::transfer::VerifiedAgainst;
use sbg_emulator::{Action, Emulator, FaultRule, Origin};
use sbg_tests::{MIB, Stage, assert_refused, eventually, quick_retry};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

/// The URI of a file on the server of the emulator.
fn uri_of(stage: &Stage, id: &str) -> String {
    let host = stage.emulator.url().trim_start_matches("http://").trim_end_matches("/v2");
    format!("drs://{host}/{id}")
}

#[tokio::test]
async fn drs_object_is_downloaded_and_verified() -> Result<()> {
    let stage = Stage::start().await;
    let id = stage.file("b-form.bam", "photograph 51");
    let object = stage.client.drs_object(uri_of(&stage, &id));
    let found = object.get().await?;
    assert_eq!((found.name.as_deref(), found.size), (Some("b-form.bam"), Some(13)));
    assert_eq!(found.self_uri.as_deref(), Some(object.uri()));

    let done = object.download(stage.path("b-form.bam")).await?;
    stage.assert_downloaded(&done.path, &id);
    let verified = done.verified.iter().filter(|digest| digest.against == VerifiedAgainst::DrsServer);
    let algorithms: Vec<_> = verified.map(|verified| verified.digest.algorithm().name()).collect();
    assert_eq!(algorithms, ["crc32c", "md5"]);
    for request in stage.emulator.requests() {
        assert_eq!(
            request.header("x-sbg-auth-token").is_some(),
            request.origin == Origin::Api,
            "{request:?}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn drs_object_is_read_in_every_way() -> Result<()> {
    let stage = Stage::start().await;
    let id = stage.file("b-form.bam", "photograph 51");
    let object = stage.client.drs_object(uri_of(&stage, &id));
    let pieces: Vec<_> = object.stream().try_collect().await?;
    assert_eq!(pieces.concat(), b"photograph 51");
    assert_eq!(object.read_range(11..).await?, b"51"[..]);
    assert_eq!(object.content().await?, b"photograph 51"[..]);
    let access = object.access().await?;
    assert!(access.url.expose().starts_with(stage.emulator.storage_url()), "{access:?}");
    let info =
        stage.client.drs().service_info(uri_of(&stage, "").trim_matches('/').trim_start_matches("drs://"));
    assert_eq!(info.await?.type_.context("a type")?.artifact.as_deref(), Some("drs"));
    Ok(())
}

#[tokio::test]
async fn expired_url_of_a_drs_object_is_renewed() -> Result<()> {
    let lifetime = Duration::from_secs(60);
    let stage = Stage::with(Emulator::builder().min_part_size(1).url_lifetime(lifetime)).await;
    let fault = stage.fault(FaultRule::storage(Action::Reset));
    let id = stage.large_file("large", 20 * MIB);
    let download = stage.client.drs_object(uri_of(&stage, &id)).download(stage.path("large")).start();
    eventually("the first URL is used", || !stage.storage("GET").is_empty()).await;
    stage.emulator.clock().advance(lifetime);
    stage.emulator.faults().remove(fault);
    download.wait().await?;
    stage.assert_downloaded(&stage.path("large"), &id);
    assert_eq!(stage.calls("GET", "/access/aws-us-east-1").len(), 2);
    Ok(())
}

#[tokio::test]
async fn drs_object_is_read_in_place_by_one_url() -> Result<()> {
    let lifetime = Duration::from_secs(60);
    let stage = Stage::with(Emulator::builder().min_part_size(1).url_lifetime(lifetime)).await;
    let id = stage.large_file("large", 9 * MIB);
    let object = stage.client.drs_object(uri_of(&stage, &id));
    let bytes = object.content().await?;
    stage.emulator.clear_requests();

    let mut reader = object.reader();
    reader.seek(SeekFrom::End(-3)).await?;
    let mut end = Vec::new();
    reader.read_to_end(&mut end).await?;
    assert_eq!(end, bytes[9 * MIB - 3..]);
    let ranges = [5 * MIB as u64..5 * MIB as u64 + 7, 0..4];
    let parts = reader.read_ranges(ranges.clone()).await?;
    assert_eq!((&parts[0], &parts[1]), (&bytes.slice(5 * MIB..5 * MIB + 7), &bytes.slice(..4)));
    assert_eq!(stage.calls("GET", "/access/aws-us-east-1").len(), 1);

    stage.emulator.clock().advance(lifetime);
    // The first and the last block are in the cache.
    reader.seek(SeekFrom::Start(3 * MIB as u64)).await?;
    let mut three = [0; 3];
    reader.read_exact(&mut three).await?;
    assert_eq!(three, bytes[3 * MIB..3 * MIB + 3]);
    assert_eq!(stage.calls("GET", "/access/aws-us-east-1").len(), 2, "the URL has expired");
    assert_eq!(object.read_ranges(ranges).await?, parts);
    Ok(())
}

#[tokio::test]
async fn drs_download_resumes_where_it_stopped() -> Result<()> {
    let stage = Stage::start().await;
    let id = stage.large_file("large", 40 * MIB);
    let object = stage.client.drs_object(uri_of(&stage, &id));
    let fault = stage.fault(FaultRule::storage(Action::Stall(9 * MIB as u64)).nth(2));
    let download = object.download(stage.path("large")).start();
    eventually("some bytes have come", || download.progress().bytes > 8 * MIB as u64).await;
    download.stop();
    assert_refused(download.wait().await, ErrorKind::Cancelled, &[]);
    stage.emulator.faults().remove(fault);
    let done = object.download(stage.path("large")).await?;
    assert!(done.resumed > 0, "{done:?}");
    stage.assert_downloaded(&done.path, &id);
    Ok(())
}

#[tokio::test]
async fn drs_bundle_has_no_access_method() -> Result<()> {
    let stage = Stage::start().await;
    let id = stage.file("reads/a.fastq", "ACGT");
    let folder = stage.client.file(&id).get().await?.parent.context("a folder")?;
    let bundle = stage.client.drs_object(uri_of(&stage, &folder));
    let contents = bundle.get().await?.contents.context("contents")?;
    let inside = contents[0].drs_uri.clone().unwrap_or_default();
    assert_eq!(stage.client.drs_object(&inside[0]).content().await?, b"ACGT"[..]);
    assert_refused(
        bundle.download(stage.path("a")).await,
        ErrorKind::NoAccessMethod,
        &["a bundle of 1 objects"],
    );
    assert_eq!(stage.local_names(), [""; 0]);
    Ok(())
}

#[tokio::test]
async fn corrupt_drs_object_leaves_no_file() -> Result<()> {
    let stage = Stage::start().await;
    stage.fault(FaultRule::storage(Action::CorruptByte(3)));
    let id = stage.file("b-form.bam", "photograph 51");
    let download = stage.client.drs_object(uri_of(&stage, &id)).download(stage.path("b-form.bam"));
    assert_refused(download.await, ErrorKind::Integrity, &["cannot download", "while the DRS server lists"]);
    assert_eq!(stage.local_names(), [""; 0]);
    Ok(())
}

#[tokio::test]
async fn errors_of_drs_servers_are_distinct() -> Result<()> {
    let stage = Stage::tuned(Emulator::builder(), |client| client.retry_policy(quick_retry())).await;
    let get = async |uri: &str| stage.client.drs_object(uri).get().await;
    assert_refused(get(&uri_of(&stage, "b-form")).await, ErrorKind::NotFound, &["does not exist"]);
    assert_refused(get("drs://127.0.0.1:1/b-form").await, ErrorKind::Network, &["127.0.0.1"]);
    stage.emulator.clear_requests();
    for uri in ["b-form", "https://caninedc.org/b-form", "drs://caninedc.org", "drs://caninedc.org/b?x"] {
        assert_refused(get(uri).await, ErrorKind::InvalidInput, &["is not a DRS URI"]);
        let download = stage.client.drs_object(uri).download(stage.path("b-form"));
        assert_refused(download.await, ErrorKind::InvalidInput, &["is not a DRS URI"]);
    }
    stage.assert_no_requests();
    Ok(())
}

#[tokio::test]
async fn compact_id_leads_to_the_server_of_its_prefix() -> Result<()> {
    let stage = Stage::start().await;
    let id = stage.file("b-form.bam", "photograph 51");
    let host = uri_of(&stage, "").trim_start_matches("drs://").trim_end_matches('/').to_owned();
    let hosts = DrsHosts::default().prefix("dg.LAB", host.clone()).resolver(None::<String>);
    let client =
        sbg_tests::client_of(stage.emulator.url(), &stage.emulator.token()).drs_hosts(hosts).build()?;
    for uri in [format!("drs://dg.lab:{id}"), format!("drs://dg.Lab/{id}")] {
        assert_eq!(client.drs_object(&uri).content().await?, b"photograph 51"[..], "{uri}");
        assert_eq!(client.drs().resolve(&uri).await?.host, host);
    }
    assert_refused(
        client.drs().resolve("drs://doi:10.5072").await,
        ErrorKind::InvalidInput,
        &["`doi`", "DrsHosts"],
    );
    Ok(())
}
