//! Headers: authentication, advance access, and no unnecessary information.

use anyhow::Result;
use sbg::config::Auth;
use sbg::raw::ClientFilesExt as _;
use serde_json::json;

use crate::{TOKEN, Wire, project, response};

#[tokio::test]
async fn call_carries_token_and_user_agent() -> Result<()> {
    let wire = Wire::answering(json!({"username": "rfranklin"})).await;
    wire.client.users().me().await?;
    let seen = wire.last();
    assert_eq!(seen.header("x-sbg-auth-token"), [TOKEN]);
    assert_eq!(seen.header("user-agent"), [concat!("sbg/", env!("CARGO_PKG_VERSION"))]);
    assert_eq!(seen.header("accept"), ["application/json"]);
    let mut names: Vec<_> = seen.headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
    names.sort();
    assert_eq!(names, ["accept", "host", "user-agent", "x-sbg-auth-token"], "no api-version, no referer");
    Ok(())
}

#[tokio::test]
async fn user_agent_includes_the_program_name() -> Result<()> {
    let answer = json!({"username": "rfranklin"});
    let wire =
        Wire::tuned(move |_| response(200, &answer), |client| client.user_agent("my-pipeline/2.1")).await;
    wire.client.users().me().await?;
    let expected = concat!("sbg/", env!("CARGO_PKG_VERSION"), " my-pipeline/2.1");
    assert_eq!(wire.last().header("user-agent"), [expected]);
    Ok(())
}

#[tokio::test]
async fn each_auth_kind_has_its_header() -> Result<()> {
    let check = async |auth: Auth, header: &str, value: String| -> Result<()> {
        let answer = json!({"username": "rfranklin"});
        let wire = Wire::tuned(move |_| response(200, &answer), |client| client.auth(auth)).await;
        wire.client.users().me().await?;
        for name in ["x-sbg-auth-token", "authorization", "x-sbg-session-id"] {
            let expected = if name == header { vec![value.as_str()] } else { Vec::new() };
            assert_eq!(wire.last().header(name), expected, "{name}");
        }
        Ok(())
    };
    check(Auth::token(TOKEN), "x-sbg-auth-token", TOKEN.to_owned()).await?;
    check(Auth::oauth(TOKEN), "authorization", format!("Bearer {TOKEN}")).await?;
    check(Auth::session(TOKEN), "x-sbg-session-id", TOKEN.to_owned()).await?;
    check(Auth::token(format!(" {TOKEN}\n")), "x-sbg-auth-token", TOKEN.to_owned()).await
}

#[tokio::test]
async fn advance_access_header_goes_with_every_call() -> Result<()> {
    let answer = json!({"items": [], "username": "rfranklin"});
    let wire = Wire::tuned(move |_| response(200, &answer), |client| client.advance_access(true)).await;
    wire.client.users().me().await?;
    wire.client.files().query().project(project()).page().await?;
    let scroll = wire.client.raw().file_scroll().project("rfranklin/demo").token("init").send().await;
    scroll.map_err(sbg::Error::from)?;
    assert_eq!(wire.all().len(), 3);
    assert!(wire.all().iter().all(|seen| seen.header("x-sbg-advance-access") == ["advance"]));

    let answer = json!({"username": "rfranklin"});
    let wire = Wire::tuned(move |_| response(200, &answer), |client| client).await;
    wire.client.users().me().await?;
    assert!(wire.last().header("x-sbg-advance-access").is_empty());
    let refused = wire.client.raw().file_scroll().project("rfranklin/demo").token("init").send().await;
    assert_eq!(refused.map_err(sbg::Error::from).unwrap_err().kind(), sbg::ErrorKind::AdvanceAccess);
    assert_eq!(wire.all().len(), 1, "a gated call is refused before it is sent");
    Ok(())
}
