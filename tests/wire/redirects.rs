//! Redirects of the storage, refusals that are not retried, and URLs that cannot be sent as they are.

use anyhow::Result;
use sbg::ErrorKind;
use sbg_tests::assert_refused;

use crate::api_for;
use crate::raw::{Raw, response};

fn object() -> Vec<u8> {
    response(
        "206 Partial Content",
        "content-range: bytes 0-3/4\r\ncontent-length: 4\r\netag: \"a\"\r\n",
        b"ACGT",
    )
}

#[tokio::test]
async fn storage_redirect_leads_to_another_host() -> Result<()> {
    for status in ["302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let region = Raw::serving(|_, _| object()).await;
        let to = region.url("/bucket/object?X-Signature=c2ln");
        let storage = Raw::serving(move |_, _| {
            response(status, &format!("location: {to}\r\ncontent-length: 0\r\n"), b"")
        })
        .await;
        let api = api_for(storage.url("/bucket/object?X-Signature=c2ln")).await;
        let bytes = api.client.file("5678").content().await?;
        assert_eq!(&bytes[..], b"ACGT", "{status}");
        let head = &region.heads()[0];
        assert!(head.range().is_some() && head.header("x-sbg-auth-token").is_none(), "{head:?}");
    }
    Ok(())
}

#[tokio::test]
async fn endless_storage_redirect_is_refused() -> Result<()> {
    let storage = Raw::serving(|_, number| {
        response(
            "307 Temporary Redirect",
            &format!("location: /again/{number}\r\ncontent-length: 0\r\n"),
            b"",
        )
    });
    let storage = storage.await;
    let api = api_for(storage.url("/bucket/object")).await;
    assert_refused(
        api.client.file("5678").content().await,
        ErrorKind::Storage,
        &["redirected", "more than 5 times"],
    );
    assert_eq!(storage.heads().len(), 6);
    Ok(())
}

#[tokio::test]
async fn non_normalized_url_is_never_requested() -> Result<()> {
    let folder = tempfile::tempdir()?;
    for path in ["/bucket/x/../object", "/bucket/./object", "/bucket/%2e%2e/object", "/bucket/x/%2e/object"] {
        let storage = Raw::serving(|_, _| object()).await;
        let api = api_for(storage.url(path)).await;
        let file = api.client.file("5678");
        let words = ["would be changed before it is sent"];
        assert_refused(file.content().await, ErrorKind::UnexpectedResponse, &words);
        assert_refused(file.download(folder.path().join("a")).await, ErrorKind::UnexpectedResponse, &words);
        assert!(storage.heads().is_empty(), "{path}");
        assert_eq!(std::fs::read_dir(folder.path())?.count(), 0);
    }
    Ok(())
}

#[tokio::test]
async fn redirect_to_a_non_normalized_url_is_refused() -> Result<()> {
    let storage = Raw::serving(|_, _| {
        response("307 Temporary Redirect", "location: /bucket/x/../other\r\ncontent-length: 0\r\n", b"")
    });
    let storage = storage.await;
    let api = api_for(storage.url("/bucket/object")).await;
    assert_refused(
        api.client.file("5678").content().await,
        ErrorKind::Storage,
        &["redirects", "invalid URL"],
    );
    assert_eq!(storage.heads().len(), 1);
    Ok(())
}

#[tokio::test]
async fn final_storage_refusal_is_named() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let cases = [
        ("404 Not Found", "NoSuchKey", 1, "does not have the object"),
        ("403 Forbidden", "InvalidObjectState", 1, "restore it first"),
        ("400 Bad Request", "InvalidArgument", 1, "400"),
        // A URL that is refused although it is new is renewed once.
        ("403 Forbidden", "AccessDenied", 2, "refused the URL"),
    ];
    for (status, code, requests, word) in cases {
        let body = format!("<Error><Code>{code}</Code></Error>");
        let storage = Raw::serving(move |_, _| {
            response(status, &format!("content-length: {}\r\n", body.len()), body.as_bytes())
        });
        let storage = storage.await;
        let api = api_for(storage.url("/bucket/object")).await;
        let download = api.client.file("5678").download(folder.path().join("reads.bam")).await;
        let words = ["reads.bam`", "bytes 0-8388607", code, word];
        let error = assert_refused(download, ErrorKind::Storage, &words);
        assert_eq!(error.storage_code(), Some(code));
        assert_eq!((error.attempts() as usize, storage.heads().len()), (requests, requests), "{code}");
    }
    Ok(())
}

#[tokio::test]
async fn transient_storage_refusals_are_retried() -> Result<()> {
    let cases = [
        ("400 Bad Request", "RequestTimeout"),
        ("409 Conflict", "OperationAborted"),
        ("500 Internal Server Error", "InternalError"),
        ("503 Slow Down", "SlowDown"),
        ("403 Forbidden", "RequestTimeTooSkewed"),
        ("400 Bad Request", "ExpiredToken"),
    ];
    for (status, code) in cases {
        let body = format!("<Error><Code>{code}</Code></Error>");
        let storage = Raw::serving(move |_, number| match number {
            1 => response(status, &format!("content-length: {}\r\n", body.len()), body.as_bytes()),
            _ => object(),
        });
        let storage = storage.await;
        let api = api_for(storage.url("/bucket/object")).await;
        assert_eq!(&api.client.file("5678").content().await?[..], b"ACGT", "{code}");
        assert_eq!(storage.heads().len(), 2, "{code}");
    }
    Ok(())
}
