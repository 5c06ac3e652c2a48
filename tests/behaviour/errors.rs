//! What an error message says: what was tried, what the platform responded, and what to do about it.

use anyhow::Result;
use sbg::ErrorKind;
use sbg_emulator::{Action, Emulator, FaultRule};
use sbg_tests::{Stage, assert_refused, builder_without_files, quick_retry};
use serde_json::{Value, json};

/// A platform that responds to all calls with this status, body and headers.
async fn answering(code: u16, body: Value, headers: &[(&str, &str)]) -> Stage {
    let stage = Stage::tuned(Emulator::builder(), |client| client.retry_policy(quick_retry())).await;
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    stage.fault(FaultRule::api(Action::Status { code, body: Some(body), headers }));
    stage
}

#[tokio::test]
async fn storage_permission_errors_say_what_to_do() -> Result<()> {
    let check = async |code: u16, message: &str, hint: &str| {
        let stage = answering(403, json!({"status": 403, "code": code, "message": message}), &[]).await;
        let error = assert_refused(stage.client.users().me().await, ErrorKind::Forbidden, &[]);
        assert_eq!(error.to_string(), format!("user_me: {message} (HTTP 403, code {code}); {hint}"));
        assert_eq!((error.hint(), error.code_info().map(|info| info.group)), (Some(hint), Some("9xxx")));
    };
    check(
        9026,
        "The volume is not configured for writing access.",
        "the volume was attached read-only: give it the access mode `RW` if the storage behind it allows writing",
    )
    .await;
    check(
        9057,
        "This environment only supports `RO` buckets of type `GCS`.",
        "attach the volume with the access mode `RO`",
    )
    .await;
    check(
        9201,
        "Provided access key is not valid.",
        "the storage behind the volume refused: check the keys of the volume and the permissions of \
         these keys in the cloud account",
    )
    .await;
    check(
        9020,
        "Insufficient privileges to access the requested volume.",
        "the permission on the volume is missing, not on the project: ask an administrator of the volume",
    )
    .await;
    Ok(())
}

#[tokio::test]
async fn refused_signed_url_is_a_storage_error() -> Result<()> {
    let stage = Stage::start().await;
    stage.fault(FaultRule::storage(Action::Status { code: 403, body: None, headers: Vec::new() }));
    let download = stage.client.file(stage.file("a", "a")).download(stage.path("a")).await;
    let words = ["HTTP 403", "; the storage refused the URL that the platform signed"];
    assert_refused(download, ErrorKind::Storage, &words);
    Ok(())
}

#[tokio::test]
async fn missing_project_error_shows_the_id_form() -> Result<()> {
    let stage = Stage::start().await;
    let error = stage.client.project("rfranklin/no-such-project").get().await.expect_err("it is not there");
    let request = error.request_id().expect("the platform names its requests");
    let expected = format!(
        "project_get: Requested project or member does not exist. (HTTP 404, code 3002, request {request}); the id of a project is `owner/short-name`, as in its URL, not its displayed name"
    );
    assert_eq!(error.to_string(), expected);
    Ok(())
}

#[tokio::test]
async fn overlong_url_error_suggests_asking_for_less() -> Result<()> {
    let stage = answering(414, "<html><h1>414 Request-URI Too Large</h1></html>".into(), &[]).await;
    let words = ["user_me", "414 Request-URI Too Large", "HTTP 414", "; ask for less at once"];
    assert_refused(stage.client.users().me().await, ErrorKind::InvalidRequest, &words);
    Ok(())
}

#[tokio::test]
async fn refused_token_error_names_its_profile() -> Result<()> {
    let stage = Stage::start().await;
    let home = tempfile::tempdir()?;
    let paths = sbg::config::ConfigPaths::under(home.path());
    let path = paths.credentials.clone().expect("a path");
    std::fs::create_dir(path.parent().expect("a folder"))?;
    let stale = "0123456789abcdef0123456789abcdef";
    std::fs::write(&path, format!("[lab]\napi_endpoint = {}\nauth_token = {stale}\n", stage.emulator.url()))?;
    let client = builder_without_files().config_paths(paths).profile("lab").build()?;
    let error = client.users().me().await.expect_err("the token is unknown");
    let hint = format!("the token came from profile `lab` of {}:3", path.display());
    assert_eq!((error.hint(), error.is_unauthorized()), (Some(hint.as_str()), true));
    assert!(error.to_string().ends_with(&format!("); {hint}")), "{error}");
    assert!(!format!("{error} {error:?}").contains(stale));
    Ok(())
}

#[tokio::test]
async fn server_text_cannot_control_the_terminal() -> Result<()> {
    let message = format!("No\u{1b}[2J such\r\n\tfile.{}", " Sorry.".repeat(1000));
    let body = json!({"code": 5002, "message": message, "more_info": "a\u{7}b"});
    let stage = answering(404, body, &[("x-request-id", "r-17")]).await;
    let error = assert_refused(stage.client.users().me().await, ErrorKind::NotFound, &["request r-17"]);
    assert!(error.message().starts_with("No[2J such file. Sorry."), "{error}");
    assert!(error.to_string().len() < 1200, "{error}");
    assert_eq!((error.more_info(), error.request_id()), (Some("ab"), Some("r-17")));
    Ok(())
}

#[tokio::test]
async fn malformed_response_error_names_the_call() -> Result<()> {
    for body in [json!([]), json!({"first_name": "Rosalind"}), json!({"username": 5})] {
        let stage = Stage::tuned(Emulator::builder(), |client| client.retry_policy(quick_retry())).await;
        stage.fault(FaultRule::api(Action::Reset).first(1));
        let headers = vec![("x-request-id".to_owned(), "r-17".to_owned())];
        stage.fault(FaultRule::api(Action::Status { code: 200, body: Some(body.clone()), headers }));
        let words = [
            "user_me: the response does not match the specification",
            "(HTTP 200, request r-17, 2 attempts)",
        ];
        let error = assert_refused(stage.client.users().me().await, ErrorKind::UnexpectedResponse, &words);
        assert!(error.to_string().contains(&format!("`{body}`")), "{error}");
        assert_eq!((error.operation(), error.status()), (Some("user_me"), Some(200)));
        assert_eq!((error.request_id(), error.attempts()), (Some("r-17"), 2));
    }
    Ok(())
}

#[tokio::test]
async fn malformed_response_error_hides_secrets() -> Result<()> {
    let credentials = json!({"access_key_id": "hush-id", "secret_access_key": 4711, "role_arn": "arn"});
    let stage = answering(200, json!({"service": {"credentials": credentials}, "id": 5}), &[]).await;
    let volume = stage.client.volume("rfranklin/v").get().await;
    let error =
        assert_refused(volume, ErrorKind::UnexpectedResponse, &["volume_get", "\"role_arn\":\"arn\""]);
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("hush") && !shown.contains("4711"), "{shown}");
    Ok(())
}

#[tokio::test]
async fn echoed_request_secrets_are_redacted() -> Result<()> {
    let echo = "cannot read {\"secret_access_key\": \"hush-hush\", \"access_key_id\": \"AKIAHUSH\"}";
    let stage = answering(400, json!({"code": 9000, "message": echo}), &[]).await;
    let service = sbg::volumes::Service::s3("bucket", "AKIAHUSH", "hush-hush");
    let created = stage.client.volumes().create("v", service).await;
    let error = assert_refused(
        created,
        ErrorKind::InvalidRequest,
        &["volume_create", "\"secret_access_key\": \"***\""],
    );
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("hush-hush") && !shown.contains("AKIAHUSH"), "{shown}");
    Ok(())
}
