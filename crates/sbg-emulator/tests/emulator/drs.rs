//! Imports from DRS servers.

use serde_json::{Value, json};

use crate::{ApiResponse, TestEnv};

const PROJECT: &str = "rfranklin/demo";

async fn finished(env: &TestEnv, body: Value) -> ApiResponse {
    let started = env.post("/bulk/drs/imports/create", body).await;
    assert_eq!(
        (started.text("state"), &started.json["result"]),
        ("SUBMITTED".to_owned(), &json!([])),
        "{started:?}"
    );
    env.advance_clock(10);
    env.get(&format!("/bulk/drs/imports/{}", started.text("id"))).await
}

#[tokio::test]
async fn drs_import_creates_files_one_by_one() {
    let env = TestEnv::start().await;
    env.emulator.create_project("demo");
    let items = json!([
        {"drs_uri": "drs://server.org/a1", "project": PROJECT, "name": "a.bam", "metadata": {"sample_id": "S1"}},
        {"drs_uri": "drs://dg.4503:b2", "project": PROJECT},
        {"drs_uri": "drs://server.org/missing", "project": PROJECT},
    ]);
    let done = finished(&env, json!({"items": items, "tags": ["drs"]})).await;
    assert_eq!(done.text("state"), "FINISHED");
    let file = &done.json["result"][0]["resource"];
    assert_eq!(
        (&file["name"], &file["tags"], &file["metadata"]["sample_id"]),
        (&"a.bam".into(), &json!(["drs"]), &"S1".into())
    );
    assert_eq!(done.json["result"][1]["resource"]["name"], "b2");
    assert_eq!(done.json["result"][2]["error"]["code"], 10225);
    assert_eq!(env.get(&format!("/files?project={PROJECT}")).await.column("name"), ["a.bam", "b2"]);
}

#[tokio::test]
async fn import_walks_through_its_states() {
    let env =
        TestEnv::with(sbg_emulator::Emulator::builder().state_time(std::time::Duration::from_secs(10))).await;
    env.emulator.create_project("demo");
    let items = json!([{"drs_uri": "drs://server.org/missing", "project": PROJECT}]);
    let import = env.post("/bulk/drs/imports/create", json!({"items": items})).await;
    let id = import.text("id");
    assert!(id.len() == 19 && id.bytes().all(|byte| byte.is_ascii_digit()), "{id}");
    for state in ["RESOLVING", "RUNNING", "FINISHED", "FINISHED"] {
        env.advance_clock(10);
        assert_eq!(env.get(&format!("/bulk/drs/imports/{id}")).await.text("state"), state);
    }
}

#[tokio::test]
async fn drs_import_resolves_name_conflicts() {
    let env = TestEnv::start().await;
    env.emulator.create_project("demo");
    env.emulator.create_file(PROJECT, "a", "old");
    let import = async |conflict: Option<&str>| {
        let items = json!([{"drs_uri": "drs://server.org/a", "project": PROJECT}]);
        let mut body = json!({"items": items});
        if let Some(conflict) = conflict {
            body["conflict_resolution"] = conflict.into();
        }
        finished(&env, body).await
    };
    let skipped = import(None).await;
    assert_eq!(
        (skipped.text("state"), &skipped.json["result"][0]["error"]["code"]),
        ("FINISHED".to_owned(), &10223.into())
    );
    assert_eq!(import(Some("AUTORENAME")).await.json["result"][0]["resource"]["name"], "_1_a");
    let replaced = import(Some("OVERWRITE")).await;
    let id = replaced.json["result"][0]["resource"]["id"].as_str().unwrap();
    assert_eq!(env.emulator.file_content(id).unwrap(), b"drs://server.org/a\n");
}

#[tokio::test]
async fn invalid_drs_import_is_rejected() {
    let env = TestEnv::start().await;
    let code =
        async |items: Value| env.post("/bulk/drs/imports/create", json!({"items": items})).await.code();
    assert_eq!(code(json!([])).await, 90000);
    assert_eq!(code(json!([{"drs_uri": "http://x/y", "project": PROJECT}])).await, 10246);
    assert_eq!(code(json!([{"drs_uri": "drs://x", "project": PROJECT}])).await, 10246);
    assert_eq!(code(json!([{"drs_uri": "drs://x/y"}])).await, 10228);
    assert_eq!(
        code(json!([{"drs_uri": "drs://x/y", "project": PROJECT, "metadata": {"a": {}}}])).await,
        10248
    );
    assert_eq!(env.get("/bulk/drs/imports/none").await.code(), 10211);
}
