//! Options of a single call, and requests without a method of their own.

use std::time::Duration;

use anyhow::Result;
use futures::FutureExt as _;
use sbg::pipeline::RetryPolicy;
use sbg::{ErrorKind, Fields, RequestOptions as _};
use sbg_emulator::{Action, Emulator, FaultRule};
use sbg_tests::{Stage, assert_refused, client_of, quick_retry};
use serde_json::{Value, json};

fn unavailable() -> FaultRule {
    FaultRule::api(Action::Status { code: 503, body: None, headers: Vec::new() })
}

async fn stage() -> Stage {
    Stage::tuned(Emulator::builder(), |client| client.retry_policy(quick_retry())).await
}

#[tokio::test]
async fn timeout_bounds_one_call() -> Result<()> {
    let stage = stage().await;
    let slow = stage.fault(FaultRule::api(Action::Delay(Duration::from_secs(60))));
    let short = Duration::from_millis(20);
    let words = ["user_me", "timed out after 20ms"];
    assert_refused(stage.client.users().me().timeout(short).await, ErrorKind::Timeout, &words);
    let create = stage.client.projects().create("x").timeout(short);
    assert_refused(create.await, ErrorKind::Timeout, &["project_create"]);
    let query = stage.client.projects().query().timeout(short);
    assert_refused(query.all().await, ErrorKind::Timeout, &["project_list"]);
    stage.emulator.faults().remove(slow);
    assert!(stage.client.users().me().timeout(Duration::from_secs(60)).await.is_ok());
    Ok(())
}

#[tokio::test]
async fn retries_are_counted_per_call() -> Result<()> {
    let stage = stage().await;
    stage.fault(unavailable());
    for (retries, sent) in [(0, 1), (1, 2), (7, 8)] {
        stage.emulator.clear_requests();
        let error = stage.client.users().me().retries(retries).await.expect_err("it is unavailable");
        assert_eq!((error.attempts(), stage.emulator.requests().len()), (sent, sent as usize));
    }
    let error = stage.client.users().me().await.expect_err("it is unavailable");
    assert_eq!(error.attempts(), 5, "other calls keep what the client says");
    Ok(())
}

#[tokio::test]
async fn query_parameters_are_added() -> Result<()> {
    let stage = stage().await;
    let query =
        stage.client.projects().query().name("demo").query_param("category", "a b").query_param("tags", "1");
    query.page().await?;
    let calls = stage.calls("GET", "/projects");
    assert_eq!(calls[0].query, "name=demo&offset=0&category=a+b&tags=1");
    Ok(())
}

#[tokio::test]
async fn options_of_a_client_reach_its_handles() -> Result<()> {
    let stage = stage().await;
    stage.fault(unavailable());
    let once = stage.client.clone().retries(0);
    let file = once.file("567890abc9b0307bc0414164");
    assert_eq!(file.get().await.expect_err("it is unavailable").attempts(), 1);
    assert_eq!(file.delete().await.expect_err("it is unavailable").attempts(), 1);
    assert_eq!(file.get().retries(2).await.expect_err("it is unavailable").attempts(), 3);
    Ok(())
}

#[tokio::test]
async fn any_path_can_be_requested() -> Result<()> {
    let stage = stage().await;
    let client = &stage.client;
    let user = client.request("GET", "/user").await?;
    assert_eq!(user["username"], "rfranklin");
    let user: sbg::types::User = client.request("GET", "/user").send_as().await?;
    assert_eq!(user.username, "rfranklin");

    let body = json!({"name": "B form"});
    let project = client.request("POST", "/projects").json(&body).fields(Fields::only(["name"])).await?;
    assert_eq!(project["id"], "rfranklin/b-form");
    let sent = stage.calls("POST", "/projects").remove(0);
    assert_eq!((sent.request_json(), sent.query.as_str()), (Some(body), "fields=name"));

    let deleted = client.request("DELETE", "/projects/rfranklin/b-form").await?;
    assert_eq!(deleted, Value::Null);
    Ok(())
}

#[tokio::test]
async fn any_list_is_read_to_its_end() -> Result<()> {
    let stage = stage().await;
    for number in 0..130 {
        stage.file(&format!("{number:03}"), "x");
    }
    let list = || {
        let request = stage.client.request("GET", "/files");
        request.query_param("project", stage.project.as_str()).list::<sbg::types::File>()
    };
    let files = list().all().await?;
    assert_eq!((files.len(), files[129].name.as_deref()), (130, Some("129")));
    let page = list().page_size(40).offset(100).page().await?;
    assert_eq!((page.items.len(), page.total, page.has_next()), (30, Some(130), false));
    let items: Vec<_> = list().page_size(20).items().try_collect::<Vec<_>>().await?;
    assert_eq!(items.len(), 130);
    Ok(())
}

#[tokio::test]
async fn any_request_is_treated_like_a_call() -> Result<()> {
    let stage = stage().await;
    let client = &stage.client;
    let missing = client.request("GET", "/files/567890abc9b0307bc0414164").await;
    let error = assert_refused(missing, ErrorKind::NotFound, &["file_get", "code 5002"]);
    assert_eq!(error.operation(), Some("file_get"));
    assert_refused(client.request("GET", "/paintings").await, ErrorKind::NotFound, &["request: "]);
    assert_refused(client.request("GET", "/datasets").await, ErrorKind::AdvanceAccess, &["dataset_list"]);

    stage.fault(unavailable());
    for (method, path, sent) in [
        ("GET", "/paintings", 5),
        ("PUT", "/paintings/1", 5),
        ("POST", "/paintings", 1),
        ("POST", "/projects", 1),
    ] {
        stage.emulator.clear_requests();
        let body = json!({"name": "x"});
        let error = client.request(method, path).json(&body).await.expect_err("it is unavailable");
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Server, sent), "{method} {path}");
        assert_eq!(stage.emulator.requests().len(), sent as usize);
    }
    Ok(())
}

#[tokio::test]
async fn invalid_requests_are_never_sent() {
    let stage = stage().await;
    let client = &stage.client;
    let invalid = ErrorKind::InvalidInput;
    assert_refused(client.request("GET IT", "/user").await, invalid, &["not an HTTP method"]);
    for path in ["user", "https://example.org/user", "//example.org/user", "/../user", "/user?x=1"] {
        assert_refused(client.request("GET", path).await, invalid, &["not a path of the API", "`/projects`"]);
        assert_refused(client.request("GET", path).list::<Value>().all().await, invalid, &["not a path"]);
    }
    stage.assert_no_requests();
}

#[tokio::test]
async fn call_without_a_runtime_is_an_error() -> Result<()> {
    let stage = stage().await;
    let outside = std::thread::scope(|scope| {
        let work = scope.spawn(|| {
            let client = &stage.client;
            let words = ["Tokio runtime", "`#[tokio::main]`", "`sbg::blocking`"];
            let me = client.users().me().send().now_or_never().expect("it fails at once");
            assert_refused(me, ErrorKind::Runtime, &words);
            let all = client.projects().query().all().now_or_never().expect("it fails at once");
            assert_refused(all, ErrorKind::Runtime, &words);
            let task = client.task("3f1b7c6e-1b7c-4f0e-9a57-0e3b6c2a9d11");
            let wait = task.wait().timeout(Duration::from_secs(1)).send();
            assert_refused(wait.now_or_never().expect("it fails at once"), ErrorKind::Runtime, &words);
            let mut entries = client.file("5f1").walk().entries();
            let entry = entries.try_next().now_or_never().expect("it fails at once");
            assert_refused(entry, ErrorKind::Runtime, &words);
        });
        work.join()
    });
    assert!(outside.is_ok());
    stage.assert_no_requests();
    Ok(())
}

#[tokio::test]
async fn retry_policy_of_the_client_still_holds() -> Result<()> {
    let stage = stage().await;
    stage.fault(unavailable());
    let client = client_of(stage.emulator.url(), &stage.emulator.token()).retry_policy(RetryPolicy::none());
    let client = client.build()?;
    assert_eq!(client.request("GET", "/user").await.expect_err("it is unavailable").attempts(), 1);
    Ok(())
}
