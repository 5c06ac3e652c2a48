//! The API index, the rate limit, and users.

use anyhow::Result;
use sbg::types::UserRole;
use sbg::{ErrorKind, Fields};
use sbg_tests::{Stage, assert_refused, client_of};

#[tokio::test]
async fn index_names_the_api_urls() -> Result<()> {
    let stage = Stage::start().await;
    let index = stage.client.api_index().await?;
    assert_eq!(index.projects_url, Some(format!("{}/projects", stage.emulator.url())));
    assert_eq!(index.upload_url, Some(format!("{}/upload", stage.emulator.url())));
    Ok(())
}

#[tokio::test]
async fn rate_limit_comes_from_call_or_last_response() -> Result<()> {
    let stage = Stage::start().await;
    assert_eq!(stage.client.latest_rate_limit(), None);
    let standing = stage.client.rate_limit().await?;
    let rate = standing.rate.expect("a rate");
    assert_eq!(rate.limit, Some(1000));
    assert_eq!(rate.remaining, Some(1000));

    let latest = stage.client.latest_rate_limit().expect("an answer has come");
    assert_eq!((latest.limit(), latest.remaining()), (1000, 1000));
    assert_eq!(latest.reset_time().map(sbg::jiff::Timestamp::as_second), rate.reset);
    assert_eq!(stage.emulator.requests().len(), 1);
    Ok(())
}

#[tokio::test]
async fn me_is_the_user_of_the_token() -> Result<()> {
    let stage = Stage::start().await;
    let me = stage.client.users().me().await?;
    assert_eq!(me.username, "rfranklin");
    assert_eq!(me.first_name.as_deref(), Some("Rosalind"));
    assert_eq!(me.role, Some(UserRole::Admin));
    assert_eq!(stage.client_of("fcrick").users().me().send().await?.username, "fcrick");

    let short = stage.client.users().me().fields(Fields::only(["email"])).await?;
    assert_eq!(short.email.as_deref(), Some("rosalind.franklin@example.org"));
    assert_eq!(short.username, "rfranklin", "the identity is always asked for");
    assert_eq!(short.city, None);
    Ok(())
}

#[tokio::test]
async fn users_cannot_see_each_other() -> Result<()> {
    let stage = Stage::start().await;
    let crick = stage.client_of("fcrick");
    assert_eq!(crick.user("fcrick").get().await?.email.as_deref(), Some("francis.crick@example.org"));

    let error = assert_refused(
        crick.user("rfranklin").get().await,
        ErrorKind::Forbidden,
        &["user_get", "403", "2001"],
    );
    assert!(error.is_forbidden() && !error.is_transient());
    assert_eq!((error.status(), error.code(), error.attempts()), (Some(403), Some(2001), 1));
    assert_eq!(error.operation(), Some("user_get"));
    assert!(error.request_id().is_some_and(|id| id.len() == 32), "{error:?}");

    let error = assert_refused(crick.user("nobody").get().await, ErrorKind::NotFound, &["404", "2002"]);
    assert!(error.is_not_found());
    Ok(())
}

#[tokio::test]
async fn unknown_token_error_names_its_source() -> Result<()> {
    let stage = Stage::start().await;
    let client = client_of(stage.emulator.url(), "0123456789abcdef0123456789abcdef").build()?;
    let error = assert_refused(
        client.users().me().await,
        ErrorKind::Unauthorized,
        &["HTTP 401", "the token came from the program itself"],
    );
    assert!(error.is_unauthorized());
    Ok(())
}
