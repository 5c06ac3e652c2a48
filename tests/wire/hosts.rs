//! The token is sent only to the API host, wherever a response points.

use anyhow::Result;
use httpmock::HttpMockResponse;
use sbg::ErrorKind;
use sbg::types::File;
use sbg_tests::assert_refused;
use serde_json::json;

use crate::{Seen, TOKEN, Wire, project, response};

fn redirect(status: u16, to: &str) -> HttpMockResponse {
    HttpMockResponse::builder().status(status).header("location", to).build()
}

#[tokio::test]
async fn redirect_within_the_api_keeps_the_token() -> Result<()> {
    for status in [301, 302, 307, 308] {
        let wire = Wire::responding(move |seen| match seen.target.as_str() {
            "/v2/user" => redirect(status, "/v2/users/me"),
            _ => response(200, &json!({"username": "rfranklin"})),
        })
        .await;
        assert_eq!(wire.client.users().me().await?.username, "rfranklin");
        let lines: Vec<_> = wire.all().iter().map(Seen::line).collect();
        assert_eq!(lines, ["GET /v2/user", "GET /v2/users/me"], "{status}");
        assert!(wire.all().iter().all(|seen| seen.header("x-sbg-auth-token") == [TOKEN]));
    }
    Ok(())
}

#[tokio::test]
async fn redirect_307_keeps_method_and_body() -> Result<()> {
    let wire = Wire::responding(|seen| match seen.target.as_str() {
        "/v2/projects" => redirect(307, "/v2/new-projects"),
        _ => response(201, &json!({"id": "rfranklin/x"})),
    })
    .await;
    wire.client.projects().create("x").await?;
    assert_eq!(wire.last().line(), "POST /v2/new-projects");
    assert_eq!(wire.last().json(), json!({"name": "x"}));
    Ok(())
}

#[tokio::test]
async fn redirect_never_turns_a_post_into_a_get() -> Result<()> {
    for status in [301, 302, 303] {
        let wire = Wire::responding(move |seen| match seen.method.as_str() {
            "POST" => redirect(status, "/v2/projects/rfranklin/other"),
            _ => response(200, &json!({"id": "rfranklin/other"})),
        })
        .await;
        let created = wire.client.projects().create("x").await;
        assert_refused(
            created,
            ErrorKind::UnexpectedResponse,
            &["project_create", "redirect", &status.to_string()],
        );
        assert_eq!(wire.all().len(), 1, "nothing is created by a GET");
    }
    Ok(())
}

#[tokio::test]
async fn redirect_to_another_host_is_not_followed() -> Result<()> {
    let other = Wire::answering(json!({"username": "somebody", "id": "x/y"})).await;
    for status in [301, 302, 303, 307, 308] {
        let to = other.server.url("/v2/user");
        let wire = Wire::responding(move |_| redirect(status, &to)).await;
        let words =
            ["user_me", "redirect was not followed", "leaves the API host", &format!("HTTP {status}")];
        assert_refused(wire.client.users().me().await, ErrorKind::UnexpectedResponse, &words);
        let words = ["project_create", "redirect was not followed"];
        assert_refused(wire.client.projects().create("x").await, ErrorKind::UnexpectedResponse, &words);
        assert_eq!(wire.all().len(), 2);
    }
    // The same address under another name is another host, too.
    let by_name = other.server.url("/v2/user").replace("127.0.0.1", "localhost");
    let wire = Wire::responding(move |_| redirect(302, &by_name)).await;
    assert_refused(wire.client.users().me().await, ErrorKind::UnexpectedResponse, &["not followed"]);
    assert!(other.all().is_empty(), "{:?}", other.all());
    Ok(())
}

#[tokio::test]
async fn redirect_loop_is_an_error() -> Result<()> {
    let wire = Wire::responding(|_| redirect(302, "/v2/user")).await;
    assert_refused(wire.client.users().me().await, ErrorKind::UnexpectedResponse, &["too many redirects"]);
    assert!(wire.all().len() < 20, "{}", wire.all().len());
    Ok(())
}

#[tokio::test]
async fn href_to_another_host_is_never_fetched() -> Result<()> {
    let other = Wire::answering(json!({"items": [{"id": "evil"}]})).await;
    let elsewhere = other.server.url("/v2/files?offset=2");
    let here = other.server.url("/v2/files?offset=0");
    let wire = Wire::responding(move |seen| {
        let last = seen.target.contains("offset=2");
        let links = json!([{"rel": "next", "href": elsewhere, "method": "GET"}]);
        let items =
            if last { json!([{"id": "3"}]) } else { json!([{"id": "1", "href": elsewhere}, {"id": "2"}]) };
        response(200, &json!({"href": here, "items": items, "links": if last { json!([]) } else { links }}))
    })
    .await;
    let query = || wire.client.files().query().project(project());
    let files: Vec<File> = query().items().try_collect().await?;
    assert_eq!(files.iter().map(|file| file.id.as_str()).collect::<Vec<_>>(), ["1", "2", "3"]);
    let page = query().page().await?;
    let next = page.next_page().await?.expect("a next page");
    assert_eq!(next.items[0].id, "3");
    wire.client.file(&page.items[0].id).delete().await?;
    assert_eq!(wire.all().len(), 5);
    assert!(other.all().is_empty(), "{:?}", other.all());
    Ok(())
}

#[tokio::test]
async fn storage_url_never_gets_the_token() -> Result<()> {
    let storage = Wire::responding(|_| {
        HttpMockResponse::builder()
            .status(206)
            .header("content-range", "bytes 0-3/4")
            .header("etag", "\"1\"")
            .body("ACGT")
            .build()
    })
    .await;
    let address = storage.server.url("/main/a?X-Signature=c2ln");
    let wire = Wire::responding(move |_| response(200, &json!({"url": address}))).await;
    let folder = tempfile::tempdir()?;
    let done = wire.client.file("5678").download(folder.path().join("a")).await?;
    assert_eq!(std::fs::read(done.path)?, b"ACGT");
    let seen = storage.last();
    assert_eq!(seen.line(), "GET /main/a?X-Signature=c2ln");
    assert_eq!(seen.header("range"), ["bytes=0-8388607"]);
    assert!(!format!("{seen:?}").contains(TOKEN), "{seen:?}");
    let sbg = |(name, _): &&(String, String)| name.to_ascii_lowercase().starts_with("x-sbg");
    assert_eq!(seen.headers.iter().find(sbg), None);
    Ok(())
}
