//! Jobs that copy, move and delete files and folders in the background.

use std::time::Duration;

use sbg_emulator::Emulator;
use serde_json::{Value, json};

use crate::{ApiResponse, TestEnv};

const PROJECT: &str = "rfranklin/demo";

/// A folder `f` with `1.txt` and a folder `deep` with `2.txt`; returns the ids of the folder and of the first file.
async fn env() -> (TestEnv, String, String) {
    let env = TestEnv::with(Emulator::builder().state_time(Duration::from_secs(10))).await;
    env.emulator.create_project("demo");
    let file = env.emulator.create_file(PROJECT, "f/1.txt", "one");
    env.emulator.create_file(PROJECT, "f/deep/2.txt", "two");
    let folder = env.get(&format!("/files/{file}")).await.text("parent");
    (env, folder, file)
}

async fn finished(env: &TestEnv, kind: &str, items: Value) -> ApiResponse {
    let started = env.post(&format!("/async/files/{kind}"), json!({"items": items})).await;
    assert_eq!(started.text("state"), "SUBMITTED", "{started:?}");
    assert!(started.json.get("result").is_none());
    env.advance_clock(30);
    env.get(started.json["href"].as_str().unwrap()).await
}

async fn names(env: &TestEnv, folder: &str) -> Vec<String> {
    env.get(&format!("/files/{folder}/list")).await.column("name")
}

#[tokio::test]
async fn copy_job_runs_and_copies_a_tree() {
    let (env, folder, _) = env().await;
    let other = env.emulator.create_project("other");
    let items = json!([{"file": folder, "project": other}, {"file": "none", "project": other}]);
    let job = env.post("/async/files/copy", json!({"items": items})).await;
    let path = format!("/async/files/copy/{}", job.text("id"));
    for (state, total) in [("RESOLVING", 0), ("RUNNING", 2), ("FINISHED", 2)] {
        env.advance_clock(10);
        let job = env.get(&path).await;
        assert_eq!((job.text("state"), &job.json["total_files"]), (state.to_owned(), &total.into()));
    }
    let job = env.get(&path).await;
    assert_eq!((&job.json["completed_files"], &job.json["failed_files"]), (&2.into(), &1.into()));
    assert_eq!(job.json["result"][1]["error"]["code"], 5002);
    let copy = job.json["result"][0]["resource"]["id"].as_str().unwrap();
    assert_eq!(names(&env, copy).await, ["1.txt", "deep"]);
    assert_eq!(names(&env, &folder).await, ["1.txt", "deep"]);
    assert_eq!(env.get("/async/files").await.column("type"), ["COPY"]);
    assert_eq!(env.get(&path.replace("copy", "move")).await.code(), 57039);
}

#[tokio::test]
async fn move_keeps_file_ids_but_not_folder_ids() {
    let (env, folder, file) = env().await;
    let root = env.get("/projects/rfranklin/demo").await.text("root_folder");
    let to = env.post("/files", json!({"name": "to", "type": "folder", "parent": root})).await.text("id");
    let job =
        finished(&env, "move", json!([{"file": folder, "parent": to, "project": "", "name": "g"}])).await;
    let moved = job.json["result"][0]["resource"].clone();
    assert_eq!(moved["name"], "g");
    assert_ne!(moved["id"], folder);
    assert_eq!(env.get(&format!("/files/{file}")).await.json["parent"], moved["id"]);
    assert_eq!(names(&env, &root).await, ["to"]);
}

#[tokio::test]
async fn folder_deletion_removes_its_contents() {
    let (env, folder, file) = env().await;
    let job = finished(&env, "delete", json!([{"file": folder}])).await;
    assert_eq!(
        (&job.json["completed_files"], &job.json["result"][0]["resource"]["id"]),
        (&2.into(), &folder.into())
    );
    assert_eq!(env.get(&format!("/files/{file}")).await.code(), 5002);
    let root = env.get("/projects/rfranklin/demo").await.text("root_folder");
    let job = finished(&env, "delete", json!([{"file": root}])).await;
    assert_eq!(job.json["result"][0]["error"]["code"], 5001);
}

#[tokio::test]
async fn invalid_folder_job_has_an_error_code() {
    let (env, folder, file) = env().await;
    let root = env.get("/projects/rfranklin/demo").await.text("root_folder");
    let deep = env.get(&format!("/files/{folder}/list")).await.column("id")[1].clone();
    let other = env.emulator.create_project("other");
    let code = async |kind: &str, item: Value| {
        finished(&env, kind, json!([item])).await.json["result"][0]["error"]["code"].clone()
    };
    assert_eq!(code("copy", json!({"file": root, "project": other})).await, 57020);
    assert_eq!(code("copy", json!({"file": folder, "parent": deep})).await, 57010);
    assert_eq!(code("copy", json!({"file": folder, "parent": root})).await, 57009);
    assert_eq!(code("move", json!({"file": root, "project": other})).await, 57022);
    assert_eq!(code("move", json!({"file": folder, "parent": folder})).await, 57012);
    assert_eq!(code("move", json!({"file": folder, "project": PROJECT})).await, 57011);
    assert_eq!(code("copy", json!({"file": file, "parent": folder, "name": "deep"})).await, 5003);
    assert_eq!(code("copy", json!({"file": file, "parent": "none"})).await, 5026);
}

#[tokio::test]
async fn invalid_job_request_is_rejected() {
    let (mut env, folder, file) = env().await;
    let code = async |env: &TestEnv, kind: &str, items: Value| {
        env.post(&format!("/async/files/{kind}"), json!({"items": items})).await.code()
    };
    assert_eq!(code(&env, "copy", json!([])).await, 57038);
    assert_eq!(code(&env, "copy", json!(null)).await, 57038);
    assert_eq!(code(&env, "copy", json!([1])).await, 57023);
    assert_eq!(code(&env, "copy", json!([{"project": PROJECT}])).await, 57002);
    assert_eq!(code(&env, "copy", json!([{"file": file}])).await, 57003);
    assert_eq!(code(&env, "copy", json!([{"file": file, "project": PROJECT, "parent": folder}])).await, 5031);
    let twice = json!({"file": file, "parent": folder});
    assert_eq!(code(&env, "copy", json!([twice, twice])).await, 57005);
    assert_eq!(code(&env, "delete", json!([{"file": file}, {"file": file}])).await, 57008);
    assert_eq!(code(&env, "delete", json!(vec![json!({"file": "x"}); 101])).await, 90000);
    let job = env.post("/async/files/delete", json!({"items": [{"file": file}]})).await.text("id");
    env.as_user("fcrick");
    assert_eq!(env.get(&format!("/async/files/delete/{job}")).await.code(), 57431);
    assert_eq!(
        finished(&env, "delete", json!([{"file": folder}])).await.json["result"][0]["error"]["code"],
        5001
    );
}
