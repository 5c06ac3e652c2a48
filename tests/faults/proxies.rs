//! Responses of an intermediary between the client and the platform: HTML, an empty body, another page.

use std::time::Duration;

use anyhow::Result;
use sbg::ErrorKind;
use sbg_emulator::{Action, Emulator, FaultRule};
use sbg_tests::{Stage, assert_refused, client_of, quick_retry};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

const UNEXPECTED: ErrorKind = ErrorKind::UnexpectedResponse;

async fn stage_with(action: Action) -> Stage {
    let stage = Stage::tuned(Emulator::builder(), |client| client.retry_policy(quick_retry())).await;
    stage.fault(FaultRule::api(action));
    stage
}

#[tokio::test]
async fn proxy_html_error_has_status_and_excerpt() -> Result<()> {
    let stage = stage_with(Action::HtmlError).await;
    let words = ["user_me", "HTTP 502", "`<html><head><title>502 Bad Gateway</title>", "5 attempts"];
    let error = assert_refused(stage.client.users().me().await, ErrorKind::Server, &words);
    assert_eq!((error.status(), error.code()), (Some(502), None));
    assert!(error.to_string().len() < 400, "{error}");
    assert_eq!(stage.emulator.requests().len(), 5);
    assert_refused(
        stage.client.projects().create("x").await,
        ErrorKind::Server,
        &["project_create", "HTTP 502"],
    );
    assert_eq!(stage.calls("POST", "/projects").len(), 1);
    Ok(())
}

#[tokio::test]
async fn login_page_error_has_an_excerpt() -> Result<()> {
    let page = format!(
        "<!DOCTYPE html>\n<html>\n<body>Sign in to the hotel{}</body></html>",
        " network".repeat(500)
    );
    let stage = stage_with(Action::Status { code: 200, body: Some(page.into()), headers: Vec::new() }).await;
    let words =
        ["not JSON but `<!DOCTYPE html> <html> <body>Sign in to the hotel network", "...`", "HTTP 200"];
    let error = assert_refused(stage.client.users().me().await, UNEXPECTED, &words);
    assert!(error.to_string().len() < 400, "{error}");
    assert_refused(stage.client.projects().query().page().await, UNEXPECTED, &["project_list", "not JSON"]);
    assert_eq!(stage.emulator.requests().len(), 2);
    Ok(())
}

#[tokio::test]
async fn empty_body_error_has_its_status() -> Result<()> {
    for (code, sent, kind) in [
        (200, 1, UNEXPECTED),
        (204, 1, UNEXPECTED),
        (400, 1, ErrorKind::InvalidRequest),
        (404, 1, ErrorKind::NotFound),
        (502, 5, ErrorKind::Server),
        (503, 5, ErrorKind::Server),
    ] {
        let stage = stage_with(Action::EmptyBody(code)).await;
        let words = ["user_me", "an empty body", &format!("HTTP {code}")];
        let error = assert_refused(stage.client.users().me().await, kind, &words);
        assert_eq!(error.status(), Some(code));
        assert_eq!(stage.emulator.requests().len(), sent, "{code}");
    }
    Ok(())
}

#[tokio::test]
async fn empty_body_is_accepted_where_none_is_needed() -> Result<()> {
    let stage = stage_with(Action::EmptyBody(200)).await;
    stage.client.file("5678").delete().await?;
    stage.client.project(&stage.project).delete().await?;
    Ok(())
}

#[tokio::test]
async fn truncated_or_unexpected_json_is_an_error() -> Result<()> {
    let of = |text: &str| Action::Status { code: 200, body: Some(text.into()), headers: Vec::new() };
    for text in [r#"{"username": "rfran"#, "[]", "null", "42", r#"{"username":5}"#] {
        let stage = stage_with(of(text)).await;
        assert_refused(stage.client.users().me().await, UNEXPECTED, &[text]);
        assert_eq!(stage.emulator.requests().len(), 1, "{text}");
    }
    Ok(())
}

/// A piece of an endless response.
static SPACES: [u8; 65536] = [b' '; 65536];

/// Responds to every request with this head, and then repeats `body` until the client disconnects.
async fn server(head: &'static str, body: &'static [u8], pause: Duration) -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/v2", listener.local_addr()?);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await?;
                stream.write_all(head.as_bytes()).await?;
                loop {
                    stream.write_all(body).await?;
                    tokio::time::sleep(pause).await;
                }
                #[expect(unreachable_code, reason = "it gives the type of the error")]
                std::io::Result::Ok(())
            });
        }
    });
    Ok(url)
}

#[tokio::test]
async fn endless_response_is_cut_off() -> Result<()> {
    let token = "0123456789abcdef0123456789abcdef";
    let words = ["user_me", "larger than the 67108864 bytes that are read"];
    for head in [
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 67108865\r\n\r\n",
        // It is not decompressed, so that a small body cannot become large.
        "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n",
        "HTTP/1.1 500 Internal Server Error\r\n\r\n",
    ] {
        let client = client_of(&server(head, &SPACES, Duration::ZERO).await?, token).build()?;
        let error = assert_refused(client.users().me().await, UNEXPECTED, &words);
        assert_eq!(error.attempts(), 1, "{head}");
    }

    // Each byte comes in time, but the response never ends.
    let url = server("HTTP/1.1 200 OK\r\n\r\n", b" ", Duration::from_millis(10)).await?;
    let client = client_of(&url, token)
        .call_timeout(Duration::from_millis(300))
        .retry_policy(quick_retry().max_attempts(2));
    let words = ["user_me", "the response was not complete after 300ms", "2 attempts"];
    let error = assert_refused(client.build()?.users().me().await, ErrorKind::Timeout, &words);
    assert!(error.is_transient());
    Ok(())
}

#[tokio::test]
async fn transfers_report_html_and_empty_bodies() -> Result<()> {
    let stage = stage_with(Action::HtmlError).await;
    let upload = stage.client.upload(stage.local("a", "a")).to(&stage.project).await;
    assert_refused(upload, ErrorKind::Server, &["upload_init", "502 Bad Gateway"]);
    let download = stage.client.file("5678").download(stage.path("b")).await;
    assert_refused(download, ErrorKind::Server, &["file_download_info", "HTTP 502", "502 Bad Gateway"]);
    assert_eq!(stage.local_names(), ["a"]);
    Ok(())
}

#[tokio::test]
async fn storage_html_error_has_status_and_excerpt() -> Result<()> {
    let stage = Stage::start().await;
    let html = Some("<html>blocked by the firewall</html>".into());
    stage.fault(FaultRule::storage(Action::Status { code: 400, body: html, headers: Vec::new() }));
    let words = ["the storage refused", ": `<html>blocked by the firewall</html>`", "HTTP 400"];
    let download = stage.client.file(stage.file("a", "a")).download(stage.path("a")).await;
    assert_refused(download, ErrorKind::Storage, &words);
    let upload = stage.client.upload(stage.local("b", "b")).to(&stage.project).await;
    assert_refused(upload, ErrorKind::Storage, &words);
    assert_eq!(stage.local_names(), ["b"]);
    Ok(())
}
