//! Calls to DRS servers of others, and what they respond.

use anyhow::Result;
use httpmock::HttpMockResponse;
use sbg::ErrorKind;
use sbg::drs::DrsHosts;
use sbg_tests::{assert_refused, client_of};
use serde_json::{Value, json};

use crate::{Seen, TOKEN, Wire, response};

/// The host of a server, as in a DRS URI.
fn host(wire: &Wire) -> String {
    wire.server.address().to_string()
}

fn uri(wire: &Wire) -> String {
    format!("drs://{}/b-form", host(wire))
}

/// A DRS server with the object `b-form`, whose bytes it serves itself.
async fn server(object: impl Fn(&str) -> Value + Send + Sync + 'static) -> Wire {
    Wire::responding(move |seen| match &*seen.target {
        "/bytes" => bytes(),
        "/ga4gh/drs/v1/objects/b-form/access/web" => response(
            200,
            &json!({"url": format!("{}/bytes", origin(seen)), "headers": ["X-Key: 0123456789abcdef"]}),
        ),
        "/ga4gh/drs/v1/objects/b-form" => response(200, &object(&origin(seen))),
        _ => response(404, &json!({"msg": "no such object", "status_code": 404})),
    })
    .await
}

fn origin(seen: &Seen) -> String {
    format!("http://{}", seen.header("host")[0])
}

fn bytes() -> HttpMockResponse {
    HttpMockResponse::builder().status(200).header("etag", "\"a\"").body("abc").build()
}

/// The object with the bytes `abc`.
fn abc(_: &str) -> Value {
    json!({
        "id": "b-form",
        "size": 3,
        "checksums": [
            {"type": "sha-256", "checksum": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
            {"type": "md5", "checksum": "900150983cd24fb0d6963f7d28e17f72"},
        ],
        "access_methods": [{"type": "https", "access_id": "web"}],
    })
}

#[tokio::test]
async fn servers_of_others_get_no_token() -> Result<()> {
    let platform = Wire::answering(json!({})).await;
    let other = server(abc).await;
    let folder = tempfile::tempdir()?;
    let object = platform.client.drs_object(uri(&other));
    let done = object.download(folder.path().join("b-form")).await?;
    assert_eq!(std::fs::read(done.path)?, b"abc");
    assert_eq!(done.verified.len(), 2);
    assert!(!platform.client.drs().resolve(uri(&other)).await?.gets_token);
    let seen = other.all();
    assert_eq!(seen.len(), 3, "{seen:?}");
    for request in &seen {
        for name in ["x-sbg-auth-token", "authorization", "x-sbg-session-id", "x-sbg-advance-access"] {
            assert!(request.header(name).is_empty(), "{request:?}");
        }
        assert!(!format!("{request:?}").contains(TOKEN));
    }
    assert!(platform.all().is_empty());
    Ok(())
}

#[tokio::test]
async fn only_named_hosts_get_the_token() -> Result<()> {
    let platform = server(abc).await;
    platform.client.drs_object(uri(&platform)).get().await?;
    assert_eq!(platform.last().header("x-sbg-auth-token"), [TOKEN]);

    let other = server(abc).await;
    let hosts = DrsHosts::default().own([host(&other)]);
    let client = client_of(&platform.server.url("/v2"), TOKEN).drs_hosts(hosts).build()?;
    client.drs_object(uri(&other)).get().await?;
    assert_eq!(other.last().header("x-sbg-auth-token"), [TOKEN]);
    client.drs_object(uri(&platform)).get().await?;
    assert!(platform.last().header("x-sbg-auth-token").is_empty(), "the host is not named");
    Ok(())
}

#[tokio::test]
async fn headers_of_the_access_url_are_sent_and_hidden() -> Result<()> {
    let platform = Wire::answering(json!({})).await;
    let other = server(abc).await;
    let object = platform.client.drs_object(uri(&other));
    object.content().await?;
    let last = other.last();
    assert_eq!((last.line().as_str(), last.header("x-key")), ("GET /bytes", vec!["0123456789abcdef"]));
    let access = object.access().await?;
    assert!(!format!("{access:?}").contains("0123456789abcdef"));
    assert_eq!(access.headers[0].1.expose(), "0123456789abcdef");
    Ok(())
}

#[tokio::test]
async fn headers_do_not_follow_redirects_to_another_host() -> Result<()> {
    let platform = Wire::answering(json!({})).await;
    let region = Wire::responding(|_| bytes()).await;
    let to = region.server.url("/moved");
    let other = Wire::responding(move |seen| match &*seen.target {
        "/bytes" => HttpMockResponse::builder().status(302).header("location", &to).build(),
        _ => {
            let url =
                json!({"url": format!("{}/bytes", origin(seen)), "headers": ["X-Key: 0123456789abcdef"]});
            response(200, &json!({"id": "b-form", "access_methods": [{"type": "https", "access_url": url}]}))
        }
    })
    .await;
    assert_eq!(platform.client.drs_object(uri(&other)).content().await?, b"abc"[..]);
    assert_eq!(other.last().header("x-key").len(), 1);
    assert!(region.last().header("x-key").is_empty());
    Ok(())
}

#[tokio::test]
async fn quoted_header_of_the_access_url_is_redacted() -> Result<()> {
    let platform = Wire::answering(json!({})).await;
    let other = Wire::responding(|seen| match &*seen.target {
        "/bytes" => HttpMockResponse::builder().status(403).body("bad key 0123456789abcdef").build(),
        _ => {
            let url =
                json!({"url": format!("{}/bytes", origin(seen)), "headers": ["X-Key: 0123456789abcdef"]});
            response(200, &json!({"id": "b-form", "access_methods": [{"type": "https", "access_url": url}]}))
        }
    })
    .await;
    let error = assert_refused(
        platform.client.drs_object(uri(&other)).content().await,
        ErrorKind::Storage,
        &["bad key ***"],
    );
    assert!(!format!("{error:?}").contains("0123456789abcdef"));
    Ok(())
}

#[tokio::test]
async fn wrong_size_and_checksum_are_errors() -> Result<()> {
    let platform = Wire::answering(json!({})).await;
    let folder = tempfile::tempdir()?;
    let check = async |change: fn(&mut Value), words: &[&str]| {
        let other = server(move |at| {
            let mut object = abc(at);
            change(&mut object);
            object
        })
        .await;
        let download = platform.client.drs_object(uri(&other)).download(folder.path().join("b-form"));
        assert_refused(download.await, ErrorKind::Integrity, words);
    };
    check(|object| object["size"] = 4.into(), &["has 4 bytes", "has 3"]).await;
    let wrong = |object: &mut Value| object["checksums"][0]["checksum"] = "0".repeat(64).into();
    check(wrong, &["sha256:ba78", "while the DRS server lists sha256:0000"]).await;
    assert_eq!(std::fs::read_dir(folder.path())?.count(), 0);
    Ok(())
}

#[tokio::test]
async fn refused_access_method_is_followed_by_the_next() -> Result<()> {
    let platform = Wire::answering(json!({})).await;
    let other = server(|_| {
        let methods = json!([{"type": "s3", "access_id": "s3"}, {"type": "gs", "access_id": "web"}]);
        json!({"id": "b-form", "access_methods": methods})
    })
    .await;
    assert_eq!(platform.client.drs_object(uri(&other)).content().await?, b"abc"[..]);
    let only =
        server(|_| json!({"id": "b-form", "access_methods": [{"type": "s3", "access_id": "s3"}]})).await;
    assert_refused(
        platform.client.drs_object(uri(&only)).access().await,
        ErrorKind::NotFound,
        &["no such object"],
    );
    Ok(())
}

#[tokio::test]
async fn refusal_without_a_token_is_explained() -> Result<()> {
    let platform = Wire::answering(json!({})).await;
    let other = Wire::responding(|_| response(401, &json!({"msg": "log in first"}))).await;
    let got = platform.client.drs_object(uri(&other)).get().await;
    assert_refused(got, ErrorKind::Unauthorized, &["log in first", "no token was sent"]);
    Ok(())
}

#[tokio::test]
async fn staged_object_is_awaited() -> Result<()> {
    let platform = Wire::answering(json!({})).await;
    let calls = std::sync::atomic::AtomicU32::new(0);
    let other = Wire::responding(move |seen| {
        if calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0 {
            return HttpMockResponse::builder().status(202).header("retry-after", "0").build();
        }
        response(200, &abc(&seen.target))
    })
    .await;
    let object = platform.client.drs_object(uri(&other)).get().await?;
    assert_eq!((object.size, other.all().len()), (Some(3), 2));
    Ok(())
}

#[tokio::test]
async fn registry_knows_the_server_of_a_prefix() -> Result<()> {
    let other = server(abc).await;
    let url = other.server.url("/ga4gh/drs/v1/objects/b-form");
    let registry = Wire::responding(move |seen| match &*seen.target {
        "/api/lab:b-form" => response(
            200,
            &json!({"payload": {"resolvedResources": [
                {"compactIdentifierResolvedUrl": "https://caninedc.org/page/b-form"},
                {"compactIdentifierResolvedUrl": url, "official": true},
            ]}}),
        ),
        _ => response(404, &json!({"errorMessage": "no such prefix"})),
    })
    .await;
    let platform = Wire::tuned(
        |_| response(200, &json!({})),
        |client| client.drs_hosts(DrsHosts::default().resolver(Some(registry.server.url("/api")))),
    )
    .await;
    assert_eq!(platform.client.drs_object("drs://lab:b-form").content().await?, b"abc"[..]);
    assert!(registry.all().iter().all(|request| request.header("x-sbg-auth-token").is_empty()));
    assert_refused(platform.client.drs().resolve("drs://shed:b").await, ErrorKind::NotFound, &[]);
    Ok(())
}

#[tokio::test]
async fn secure_platform_uses_secure_servers_only() -> Result<()> {
    let client = client_of("cgc", TOKEN).build()?;
    let other = server(abc).await;
    // TLS fails on a server without it; nothing that it can read is sent.
    let got = client.drs_object(uri(&other)).get().await;
    assert!(got.is_err() && other.all().is_empty());
    Ok(())
}
